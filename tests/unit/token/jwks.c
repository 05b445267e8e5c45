#include <sys/mman.h>
#include <sys/wait.h>

#include <string.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "base/buf.h"
#include "cache/cache.h"
#include "http/http.h"
#include "os/clock.h"
#include "os/robustlock.h"
#include "tests/unit/rsakey.h"
#include "shared/keysets.h"
#include "shared/shared.h"
#include "token/jwks.h"
#include "token/jwks_cache.h"

#define HOST   "keys.example:8443"
#define URL    "https://" HOST "/.well-known/jwks"
#define NOW    INT64_C(1700000000)
#define MINUTE 60
#define HOUR   3600
#define DAY    86400

/*
 * The world outside, played: a clock that goes on by a millisecond each time it
 * is read, a host and a cache.  The functions of http.h, cache.h and transport.h
 * that jwks.c needs are here, so the real ones are not linked.
 */
static struct {
	/* Once the clock has been read so often, this happens. */
	int reads;
	int when;
	void (*then)(void);
	int64_t ms;
} world;

int64_t
clock_ms(void)
{
	if (++world.reads == world.when)
		world.then();
	return ++world.ms;
}

/* What the host answers, and what it was asked. */
static struct {
	enum http_end end;
	int status;
	const char *body;
	size_t len; /* 0: a string */
	const char *why;
	int64_t takes; /* ms */
	int asked;
	int64_t timeout; /* of the last call */
} host;

void
http_do(struct http *h, struct http_call *c)
{
	size_t i, n,
	    len = host.body == NULL ? 0 :
	    host.len != 0           ? host.len :
				      strlen(host.body);

	ck_assert_ptr_null(h);
	ck_assert_str_eq(c->url, URL);
	ck_assert_ptr_null(c->body);
	ck_assert_str_eq(c->headers[0], "Accept: application/json");
	ck_assert_ptr_null(c->headers[1]);
	ck_assert_uint_eq(c->max_body, 65536);
	host.asked++;
	host.timeout = c->timeout;
	world.ms += host.takes;
	c->end = host.end;
	c->status = host.status;
	snprintf(c->reason, sizeof(c->reason), "Reason");
	snprintf(
	    c->why, sizeof(c->why), "%s", host.why == NULL ? "" : host.why);
	/* In pieces, as they come from a network. */
	for (i = 0; host.status == 200 && i < len; i += n) {
		n = len - i > 1000 ? 1000 : len - i;
		if (c->take(c, host.body + i, n, -1) != HTTP_MORE) {
			c->end = HTTP_REFUSED;
			return;
		}
	}
}

/* A cache that keeps what is put, with its time to live. */
struct cache {
	unsigned char name[8][CACHE_NAME];
	struct buf value[8];
	int ttl[8];
	size_t n;
	bool broken;
};

int
cache_name(struct cache *c, unsigned char name[CACHE_NAME],
    const struct cache_part *parts, size_t n)
{
	struct buf all;
	size_t i;

	if (c->broken)
		return -1;
	buf_init(&all, 1000);
	for (i = 0; i < n; i++) {
		buf_add(&all, &parts[i].len, sizeof(parts[i].len));
		buf_add(&all, parts[i].p, parts[i].len);
	}
	SHA256((const unsigned char *)all.data, all.len, name);
	buf_free(&all);
	return 0;
}

static size_t
entry(struct cache *c, const unsigned char name[CACHE_NAME])
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (memcmp(c->name[i], name, CACHE_NAME) == 0)
			break;
	return i;
}

bool
cache_get(
    struct cache *c, const unsigned char name[CACHE_NAME], struct buf *value)
{
	size_t i = entry(c, name);

	buf_reset(value);
	return i < c->n &&
	    buf_add(value, c->value[i].data, c->value[i].len) == 0;
}

void
cache_put(struct cache *c, const unsigned char name[CACHE_NAME],
    const char *value, size_t len, int ttl)
{
	size_t i = entry(c, name);

	if (i == c->n) {
		ck_assert_uint_lt(c->n, 8);
		memcpy(c->name[i], name, CACHE_NAME);
		buf_init(&c->value[i], CACHE_VALUE);
		c->n++;
	}
	buf_reset(&c->value[i]);
	buf_add(&c->value[i], value, len);
	c->ttl[i] = ttl;
}

static void
cache_empty(struct cache *c)
{
	while (c->n > 0)
		buf_free(&c->value[--c->n]);
}

/* Moduli that differ; the keys are found, not used, so they need no factors. */
static const char *
set_of(const char *kids)
{
	static char text[4][RSAKEY_TEXT];
	static unsigned turn;
	unsigned char modulus[256];
	char *t = text[turn++ % 4];

	snprintf(t, RSAKEY_TEXT, "{\"keys\":[");
	for (; *kids != '\0'; kids++) {
		memset(modulus, 0x81 + *kids % 32 * 2, sizeof(modulus));
		modulus[0] = 0x80;
		modulus[255] |= 1;
		sprintf(t + strlen(t),
		    "{\"kty\":\"RSA\",\"kid\":\"%c\","
		    "\"e\":\"AQAB\",\"n\":\"",
		    *kids);
		rsakey_encode(t, modulus, sizeof(modulus));
		strcat(t, kids[1] == '\0' ? "\"}" : "\"},");
	}
	return strcat(t, "]}");
}

static void
answers(const char *text)
{
	host.end = HTTP_ANSWERED;
	host.status = 200;
	host.body = text;
	host.len = 0;
}

static void
fails(enum http_end end, const char *why)
{
	host.end = end;
	host.status = 0;
	host.body = NULL;
	host.why = why;
}

/* The threads' common memory, as shared.c makes it. */
static struct shared *shared;

static void
begin(void)
{
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
	ck_assert_int_eq(slots_init(&shared->jwks.slots), 0);
	memset(&world, 0, sizeof(world));
	memset(&host, 0, sizeof(host));
	world.ms = 1000000;
}

static void
end(void)
{
	munmap(shared, sizeof(*shared));
}

static struct jwks *
thread(struct cache *cache)
{
	struct jwks *j = jwks_new(shared, cache, NULL);

	ck_assert_ptr_nonnull(j);
	return j;
}

static uint64_t serial; /* of the last answer */
static const char *cause;

static enum jwks_result
ask(struct jwks *j, const char *kid, int64_t now)
{
	const struct jwk_set *set;
	enum jwks_result result;

	result = jwks_key(
	    j, HOST, kid, now, world.ms + 20000, &set, &serial, &cause);
	ck_assert_int_eq(set != NULL, result == JWKS_KEY);
	if (set != NULL) {
		ck_assert_uint_ne(serial, 0);
		ck_assert_ptr_null(cause);
	}
	return result;
}

START_TEST(a_set_is_fetched_once_an_hour_for_all_threads)
{
	struct jwks *a, *b;
	int i;

	begin();
	a = thread(NULL);
	b = thread(NULL);
	answers(set_of("12"));
	for (i = 0; i < HOUR; i += 7) {
		ck_assert_int_eq(ask(a, "1", NOW + i), JWKS_KEY);
		ck_assert_int_eq(ask(b, "2", NOW + i), JWKS_KEY);
	}
	ck_assert_int_eq(host.asked, 1);
	ck_assert_int_eq(host.timeout, 3000);
	ck_assert_int_eq(ask(b, "1", NOW + HOUR), JWKS_KEY);
	ck_assert_int_eq(ask(a, "1", NOW + HOUR), JWKS_KEY);
	ck_assert_int_eq(host.asked, 2);
	jwks_free(a);
	jwks_free(b);
	end();
}
END_TEST

START_TEST(a_set_that_did_not_change_keeps_its_serial)
{
	struct jwks *j;
	uint64_t before;

	begin();
	j = thread(NULL);
	answers(set_of("1"));
	ck_assert_int_eq(ask(j, "1", NOW), JWKS_KEY);
	before = serial;
	answers(set_of("1"));
	ck_assert_int_eq(ask(j, "1", NOW + HOUR), JWKS_KEY);
	ck_assert_uint_eq(serial, before);
	answers(set_of("1 "));
	ck_assert_int_eq(ask(j, "1", NOW + 2 * HOUR), JWKS_KEY);
	ck_assert_uint_ne(serial, before);
	ck_assert_int_eq(host.asked, 3);
	jwks_free(j);
	end();
}
END_TEST

START_TEST(unknown_kids_fetch_once_a_minute)
{
	struct jwks *a, *b;
	char kid[16];
	int i;

	begin();
	a = thread(NULL);
	b = thread(NULL);
	answers(set_of("1"));
	for (i = 0; i < 6000; i++) {
		snprintf(kid, sizeof(kid), "x%d", i);
		ck_assert_int_eq(
		    ask(i % 2 ? a : b, kid, NOW + i / 20), JWKS_NO_KID);
	}
	/* The first is for the want of a set. */
	ck_assert_int_eq(host.asked, 1 + 5);
	ck_assert_int_eq(ask(a, NULL, NOW + 300), JWKS_NO_KID);
	ck_assert_int_eq(ask(a, "1", NOW + 300), JWKS_KEY);
	ck_assert_int_eq(host.asked, 1 + 6);
	jwks_free(a);
	jwks_free(b);
	end();
}
END_TEST

START_TEST(a_rotated_set_comes_with_its_first_unknown_kid)
{
	struct jwks *a, *b;

	begin();
	a = thread(NULL);
	b = thread(NULL);
	answers(set_of("1"));
	ck_assert_int_eq(ask(a, "1", NOW), JWKS_KEY);
	ck_assert_int_eq(ask(b, "1", NOW), JWKS_KEY);
	answers(set_of("2"));
	ck_assert_int_eq(ask(a, "2", NOW + 1), JWKS_KEY);
	/* The other thread's old keys are gone as well. */
	ck_assert_int_eq(ask(b, "1", NOW + 1), JWKS_NO_KID);
	ck_assert_int_eq(ask(b, "2", NOW + 1), JWKS_KEY);
	ck_assert_int_eq(host.asked, 2);
	/* The next rotation must wait until the minute is over. */
	answers(set_of("3"));
	ck_assert_int_eq(ask(a, "3", NOW + MINUTE), JWKS_NO_KID);
	ck_assert_int_eq(ask(a, "3", NOW + 1 + MINUTE), JWKS_KEY);
	ck_assert_int_eq(host.asked, 3);
	jwks_free(a);
	jwks_free(b);
	end();
}
END_TEST

START_TEST(while_the_host_is_down_the_set_serves_for_a_day)
{
	struct jwks *j;

	begin();
	j = thread(NULL);
	answers(set_of("1"));
	ck_assert_int_eq(ask(j, "1", NOW), JWKS_KEY);
	fails(HTTP_NO_CONNECTION, "connection refused");
	ck_assert_int_eq(ask(j, "1", NOW + HOUR), JWKS_KEY);
	ck_assert_int_eq(ask(j, "1", NOW + HOUR + MINUTE - 1), JWKS_KEY);
	ck_assert_int_eq(host.asked, 2);
	/* An unknown kid does not make it ask more often. */
	ck_assert_int_eq(ask(j, "2", NOW + HOUR + MINUTE - 1), JWKS_NO_KID);
	ck_assert_str_eq(cause, URL ": connection refused");
	ck_assert_int_eq(host.asked, 2);
	ck_assert_int_eq(ask(j, "1", NOW + HOUR + MINUTE), JWKS_KEY);
	ck_assert_int_eq(host.asked, 3);
	ck_assert_int_eq(ask(j, "1", NOW + DAY - 1), JWKS_KEY);
	ck_assert_int_eq(ask(j, "1", NOW + DAY), JWKS_NO_SET);
	ck_assert_str_eq(cause, URL ": connection refused");
	answers(set_of("1"));
	ck_assert_int_eq(ask(j, "1", NOW + DAY + MINUTE), JWKS_KEY);
	jwks_free(j);
	end();
}
END_TEST

START_TEST(a_host_that_never_answered_is_asked_every_ten_seconds)
{
	struct jwks *a, *b;
	int i;

	begin();
	a = thread(NULL);
	b = thread(NULL);
	fails(HTTP_LATE, "timed out");
	for (i = 0; i < 60; i++) {
		ck_assert_int_eq(ask(i % 2 ? a : b, "1", NOW + i), JWKS_NO_SET);
		ck_assert_str_eq(cause, URL ": timed out");
	}
	ck_assert_int_eq(host.asked, 6);
	answers(set_of("1"));
	ck_assert_int_eq(ask(a, "1", NOW + 59), JWKS_NO_SET);
	ck_assert_int_eq(ask(a, "1", NOW + 60), JWKS_KEY);
	jwks_free(a);
	jwks_free(b);
	end();
}
END_TEST

static char large[65537];
static char many[40000];

/* Answers that are no key set; status 0: no answer. */
static const struct {
	enum http_end end;
	int status;
	const char *body;
	size_t len;
	const char *why; /* of the end */
	const char *cause;
} answers_bad[] = { { HTTP_ANSWERED, 200, "", 0, NULL,
			"no JSON object with an array of keys" },
	{ HTTP_ANSWERED, 200, "<html>", 0, NULL,
	    "no JSON object with an array of keys" },
	{ HTTP_ANSWERED, 200, "{\"keys\":5}", 0, NULL,
	    "no JSON object with an array of keys" },
	{ HTTP_ANSWERED, 200, "{\"keys\":[]}\0", 12, NULL,
	    "no JSON object with an array of keys" },
	{ HTTP_ANSWERED, 200, many, 0, NULL, "more than 32 keys" },
	{ HTTP_ANSWERED, 200, large, 65537, NULL, "the key set does not fit" },
	{ HTTP_ANSWERED, 204, "{\"keys\":[]}", 0, NULL,
	    "it answered 204 Reason" },
	{ HTTP_ANSWERED, 302, "{\"keys\":[]}", 0, NULL,
	    "it answered 302 Reason" },
	{ HTTP_ANSWERED, 404, "{\"keys\":[]}", 0, NULL,
	    "it answered 404 Reason" },
	{ HTTP_TOO_LARGE, 0, NULL, 0, "more than 65536 bytes",
	    "more than 65536 bytes" },
	{ HTTP_TLS, 0, NULL, 0, "self-signed certificate",
	    "self-signed certificate" },
	{ HTTP_PRIVATE, 0, NULL, 0, "private address", "private address" } };

START_TEST(what_is_no_key_set_is_told)
{
	struct jwks *j;
	char text[200];
	size_t i;

	memset(large, ' ', sizeof(large));
	strcpy(many, "{\"keys\":[{}");
	for (i = 1; i < 33; i++)
		strcat(many, ",{}");
	strcat(many, "]}");
	for (i = 0; i < COUNT(answers_bad); i++) {
		begin();
		j = thread(NULL);
		host.end = answers_bad[i].end;
		host.status = answers_bad[i].status;
		host.body = answers_bad[i].body;
		host.len = answers_bad[i].len;
		host.why = answers_bad[i].why;
		ck_assert_int_eq(ask(j, "1", NOW), JWKS_NO_SET);
		snprintf(text, sizeof(text), URL ": %s", answers_bad[i].cause);
		ck_assert_str_eq(cause, text);
		jwks_free(j);
		end();
	}
}
END_TEST

START_TEST(a_set_of_64_kilobytes_is_taken)
{
	static char text[65536];
	struct jwks *j;

	begin();
	j = thread(NULL);
	memset(text, ' ', sizeof(text));
	memcpy(text, set_of("1"), strlen(set_of("1")));
	answers(text);
	host.len = sizeof(text);
	ck_assert_int_eq(ask(j, "1", NOW), JWKS_KEY);
	jwks_free(j);
	j = thread(NULL);
	ck_assert_int_eq(ask(j, "1", NOW), JWKS_KEY);
	ck_assert_int_eq(host.asked, 1);
	jwks_free(j);
	end();
}
END_TEST

START_TEST(a_set_without_a_key_for_us_is_a_set)
{
	struct jwks *j;

	begin();
	j = thread(NULL);
	answers("{\"keys\":[{\"kty\":\"EC\",\"kid\":\"1\"}]}");
	ck_assert_int_eq(ask(j, "1", NOW), JWKS_NO_KID);
	ck_assert_ptr_null(cause);
	ck_assert_int_eq(host.asked, 1);
	jwks_free(j);
	end();
}
END_TEST

START_TEST(a_clock_that_was_set_back_makes_sets_and_tries_void)
{
	struct jwks *j;

	begin();
	j = thread(NULL);
	answers(set_of("1"));
	ck_assert_int_eq(ask(j, "1", NOW), JWKS_KEY);
	/* Requests that began before the fetch are no such thing. */
	ck_assert_int_eq(ask(j, "1", NOW - MINUTE), JWKS_KEY);
	ck_assert_int_eq(host.asked, 1);
	ck_assert_int_eq(ask(j, "1", NOW - HOUR), JWKS_KEY);
	ck_assert_int_eq(host.asked, 2);
	/* Nor does a set of the future serve while the host is down. */
	fails(HTTP_NO_HOST, "no such host");
	ck_assert_int_eq(ask(j, "1", NOW - 2 * HOUR), JWKS_NO_SET);
	ck_assert_int_eq(host.asked, 3);
	/* And forward: a day later nothing is left. */
	ck_assert_int_eq(ask(j, "1", NOW + 2 * DAY), JWKS_NO_SET);
	ck_assert_int_eq(host.asked, 4);
	jwks_free(j);
	end();
}
END_TEST

START_TEST(a_request_without_time_left_does_not_fetch)
{
	struct jwks *j;
	const struct jwk_set *set;

	begin();
	j = thread(NULL);
	answers(set_of("1"));
	ck_assert_int_eq(
	    jwks_key(j, HOST, "1", NOW, world.ms, &set, &serial, &cause),
	    JWKS_NO_SET);
	ck_assert_str_eq(
	    cause, "no key set could be had in the request's time");
	ck_assert_int_eq(host.asked, 0);
	jwks_free(j);
	end();
}
END_TEST

START_TEST(a_request_in_a_hurry_does_not_make_the_host_down)
{
	struct jwks *j;
	const struct jwk_set *set;

	begin();
	j = thread(NULL);
	fails(HTTP_LATE, "timed out");
	ck_assert_int_eq(
	    jwks_key(j, HOST, "1", NOW, world.ms + 500, &set, &serial, &cause),
	    JWKS_NO_SET);
	ck_assert_int_le(host.timeout, 500);
	ck_assert_int_gt(host.timeout, 400);
	ck_assert_str_eq(cause, URL ": timed out");
	ck_assert_int_eq(host.asked, 1);
	answers(set_of("1"));
	ck_assert_int_eq(ask(j, "1", NOW), JWKS_KEY);
	ck_assert_int_eq(host.asked, 2);
	jwks_free(j);
	end();
}
END_TEST

START_TEST(a_deadline_that_passes_in_between_still_has_a_timeout)
{
	struct jwks *j;
	const struct jwk_set *set;

	begin();
	j = thread(NULL);
	answers(set_of("1"));
	/* The clock is read for the place, the deadline and the claim. */
	ck_assert_int_eq(
	    jwks_key(j, HOST, "1", NOW, world.ms + 3, &set, &serial, &cause),
	    JWKS_KEY);
	ck_assert_int_eq(host.timeout, 1);
	jwks_free(j);
	end();
}
END_TEST

/* Another worker that fetches, and what comes of it. */
static struct keysets_state seen;

static void
another_claims(int64_t now)
{
	struct buf text;

	buf_init(&text, JWKS_BYTES);
	keysets_look(&shared->jwks, HOST, now, 0, &seen, &text);
	ck_assert(keysets_claim(&shared->jwks, HOST, &seen, world.ms, 5000, 0));
	/* One at a time. */
	ck_assert(
	    !keysets_claim(&shared->jwks, HOST, &seen, world.ms, 5000, 0));
	buf_free(&text);
}

static void
another_stores(void)
{
	const char *text = set_of("2");

	keysets_store(&shared->jwks, HOST, NOW + HOUR, text, strlen(text));
}

static void
another_fails(void)
{
	keysets_failed(&shared->jwks, HOST, NOW + HOUR, "it is down");
}

static void
another_dies(void)
{
	world.ms += 5000;
}

static const struct {
	const char *kid;
	void (*then)(void);
	bool have; /* an old set, with "1" */
	enum jwks_result result;
	int asked; /* by us */
	int waits; /* at least */
} waits[] = {
	/* Without a set, or its kid not in it, the others wait. */
	{ "2", another_stores, false, JWKS_KEY, 0, 20 },
	{ "1", another_stores, false, JWKS_NO_KID, 0, 20 },
	{ "2", another_stores, true, JWKS_KEY, 0, 20 },
	{ "2", another_fails, true, JWKS_NO_KID, 0, 20 },
	{ "2", another_fails, false, JWKS_NO_SET, 0, 20 },
	/* With a stale set they do not. */
	{ "1", another_stores, true, JWKS_KEY, 0, 0 },
	/* Who says nothing is taken for dead. */
	{ "3", another_dies, false, JWKS_KEY, 1, 20 },
	{ "3", another_dies, true, JWKS_KEY, 1, 20 }
};

START_TEST(one_fetches_and_the_others_wait_for_it)
{
	struct jwks *j;
	size_t i;

	for (i = 0; i < COUNT(waits); i++) {
		begin();
		j = thread(NULL);
		answers(set_of("1"));
		if (waits[i].have)
			ck_assert_int_eq(ask(j, "1", NOW), JWKS_KEY);
		answers(set_of("3"));
		another_claims(NOW + HOUR);
		host.asked = world.reads = 0;
		world.when = 20;
		world.then = waits[i].then;
		ck_assert_msg(
		    ask(j, waits[i].kid, NOW + HOUR) == waits[i].result, "%zu",
		    i);
		ck_assert_int_eq(host.asked, waits[i].asked);
		if (waits[i].waits == 0)
			ck_assert_int_lt(world.reads, 20);
		else
			ck_assert_int_ge(world.reads, waits[i].waits);
		jwks_free(j);
		end();
	}
}
END_TEST

START_TEST(who_waits_does_so_until_its_deadline)
{
	struct jwks *j;
	const struct jwk_set *set;

	begin();
	j = thread(NULL);
	another_claims(NOW);
	ck_assert_int_eq(
	    jwks_key(j, HOST, "1", NOW, world.ms + 30, &set, &serial, &cause),
	    JWKS_NO_SET);
	ck_assert_int_eq(host.asked, 0);
	ck_assert_str_eq(
	    cause, "no key set could be had in the request's time");
	jwks_free(j);
	end();
}
END_TEST

START_TEST(a_claim_is_void_once_another_was_there)
{
	struct keysets_state before;

	begin();
	another_claims(NOW);
	before = seen;
	another_stores();
	ck_assert(!keysets_claim(&shared->jwks, HOST, &before, world.ms, 9, 0));
	another_claims(NOW + HOUR);
	keysets_leave(&shared->jwks, HOST);
	another_claims(NOW + HOUR);
	before = seen;
	another_fails();
	ck_assert(keysets_claim(&shared->jwks, HOST, &before, world.ms, 9, 0));
	keysets_failed(&shared->jwks, HOST, NOW + HOUR + 1, "down");
	ck_assert(!keysets_claim(&shared->jwks, HOST, &before, world.ms, 9, 0));
	end();
}
END_TEST

START_TEST(the_longest_unused_host_makes_room)
{
	struct keysets_state state;
	struct buf text;
	uint64_t last = 0, s;
	char name[20];
	int i;

	begin();
	buf_init(&text, JWKS_BYTES);
	for (i = 0; i < JWKS_HOSTS; i++) {
		snprintf(name, sizeof(name), "h%d", i);
		s = keysets_store(&shared->jwks, name, NOW + i, "x", 1);
		ck_assert_uint_gt(s, last);
		last = s;
	}
	/* h0 is used again, so h1 goes. */
	keysets_look(&shared->jwks, "h0", NOW + 100, 0, &state, &text);
	ck_assert_str_eq(text.data, "x");
	s = keysets_store(&shared->jwks, "new", NOW + 101, "y", 1);
	ck_assert_uint_gt(s, last);
	keysets_look(
	    &shared->jwks, "h0", NOW + 102, state.serial, &state, &text);
	ck_assert_int_eq(state.fetched, NOW);
	ck_assert_uint_eq(text.len, 0);
	keysets_look(&shared->jwks, "new", NOW + 102, 0, &state, &text);
	ck_assert_str_eq(text.data, "y");
	/* It comes back under another serial, so no thread takes its old keys
	 * for the new text. */
	keysets_look(&shared->jwks, "h1", NOW + 103, 0, &state, &text);
	ck_assert_uint_eq(state.serial, 0);
	ck_assert_int_eq(state.fetched, 0);
	ck_assert_uint_gt(keysets_store(&shared->jwks, "h1", NOW, "x", 1), s);
	buf_free(&text);
	end();
}
END_TEST

START_TEST(the_table_is_emptied_when_its_holder_died)
{
	struct jwks *j;
	uint64_t before;
	pid_t pid;

	begin();
	j = thread(NULL);
	answers(set_of("1"));
	ck_assert_int_eq(ask(j, "1", NOW), JWKS_KEY);
	before = serial;
	if ((pid = fork()) == 0) {
		/* Half of a store. */
		robustlock_take(&shared->jwks.slots.lock);
		memset(shared->jwks.host[0].text, 'x', 100);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(ask(j, "1", NOW), JWKS_KEY);
	ck_assert_uint_gt(serial, before);
	ck_assert_int_eq(host.asked, 2);
	jwks_free(j);
	end();
}
END_TEST

START_TEST(a_thread_keeps_the_keys_of_many_hosts)
{
	const char *text = set_of("1");
	struct jwks *j;
	const struct jwk_set *set;
	char name[20];
	int i, round;

	begin();
	j = thread(NULL);
	for (round = 0; round < 2; round++)
		for (i = 0; i < JWKS_HOSTS + 3; i++) {
			snprintf(name, sizeof(name), "h%d", i);
			keysets_store(
			    &shared->jwks, name, NOW, text, strlen(text));
			ck_assert_int_eq(
			    jwks_key(j, name, "1", NOW, world.ms + 1000, &set,
				&serial, &cause),
			    JWKS_KEY);
		}
	ck_assert_int_eq(host.asked, 0);
	jwks_free(j);
	end();
}
END_TEST

START_TEST(a_name_that_is_too_long_is_no_host)
{
	char name[JWKS_HOST_MAX + 1];
	struct jwks *j;
	const struct jwk_set *set;

	begin();
	j = thread(NULL);
	memset(name, 'x', JWKS_HOST_MAX);
	name[JWKS_HOST_MAX] = '\0';
	ck_assert_int_eq(
	    jwks_key(j, name, "1", NOW, world.ms + 1000, &set, &serial, &cause),
	    JWKS_NO_SET);
	ck_assert_str_eq(cause, "the name of the host is too long");
	jwks_free(j);
	jwks_free(NULL);
	end();
}
END_TEST

START_TEST(a_process_of_its_own_finds_the_set_in_the_cache)
{
	struct cache cache = { .n = 0 };
	struct jwks *j;
	int i;

	answers(set_of("1"));
	for (i = 0; i < 5; i++) {
		begin();
		answers(set_of(i == 0 ? "1" : "2"));
		j = thread(&cache);
		ck_assert_int_eq(ask(j, "1", NOW + i * 10), JWKS_KEY);
		/* The minute between unknown kids counts for all of them. */
		ck_assert_int_eq(ask(j, "2", NOW + i * 10), JWKS_NO_KID);
		ck_assert_int_eq(host.asked, i == 0 ? 2 : 0);
		jwks_free(j);
		end();
	}
	ck_assert_int_eq(cache.ttl[0], DAY);
	begin();
	answers(set_of("2"));
	j = thread(&cache);
	ck_assert_int_eq(ask(j, "2", NOW + MINUTE), JWKS_KEY);
	ck_assert_int_eq(host.asked, 1);
	jwks_free(j);
	end();
	cache_empty(&cache);
}
END_TEST

START_TEST(a_process_of_its_own_knows_that_the_host_is_down)
{
	struct cache cache = { .n = 0 };
	struct jwks *j;
	int i;

	for (i = 0; i < 10; i++) {
		begin();
		fails(HTTP_NO_CONNECTION, "connection refused");
		j = thread(&cache);
		ck_assert_int_eq(ask(j, "1", NOW + i), JWKS_NO_SET);
		ck_assert_str_eq(cause, URL ": connection refused");
		ck_assert_int_eq(host.asked, i == 0 ? 1 : 0);
		jwks_free(j);
		end();
	}
	ck_assert_int_eq(cache.ttl[0], MINUTE);
	begin();
	answers(set_of("1"));
	j = thread(&cache);
	ck_assert_int_eq(ask(j, "1", NOW + 10), JWKS_KEY);
	ck_assert_int_eq(host.asked, 1);
	jwks_free(j);
	end();
	/* A stale set and a host that is down: asked once a minute. */
	for (i = 0; i < 60; i += 10) {
		begin();
		fails(HTTP_NO_CONNECTION, "connection refused");
		j = thread(&cache);
		ck_assert_int_eq(ask(j, "1", NOW + 2 * HOUR + i), JWKS_KEY);
		ck_assert_int_eq(host.asked, i == 0 ? 1 : 0);
		jwks_free(j);
		end();
	}
	cache_empty(&cache);
}
END_TEST

START_TEST(what_the_cache_has_is_checked_like_what_is_fetched)
{
	static const char *const bad[] = { "", "[]", "{\"keys\":5}", "x" };
	struct cache cache = { .n = 0 };
	struct buf text;
	struct jwks *j;
	const char *good = set_of("1");
	int64_t at;
	size_t i;

	buf_init(&text, JWKS_BYTES);
	for (i = 0; i < COUNT(bad) + 3; i++) {
		begin();
		answers(set_of("2"));
		j = thread(&cache);
		if (i < COUNT(bad))
			jwks_cache_put(&cache, JWKS_CACHED_SET, HOST, NOW,
			    bad[i], strlen(bad[i]));
		else /* Of the future, of before time, too old. */
			jwks_cache_put(&cache, JWKS_CACHED_SET, HOST,
			    i == COUNT(bad)         ? NOW + HOUR :
				i == COUNT(bad) + 1 ? INT64_MIN :
						      NOW - DAY,
			    good, strlen(good));
		ck_assert_int_eq(ask(j, "2", NOW), JWKS_KEY);
		ck_assert_int_eq(host.asked, 1);
		jwks_free(j);
		end();
	}
	/* Shorter than its time, and larger than a set. */
	cache.value[0].len = 7;
	ck_assert(!jwks_cache_get(&cache, JWKS_CACHED_SET, HOST, &at, &text));
	buf_reset(&cache.value[0]);
	for (i = 0; i < JWKS_BYTES + 9; i++)
		buf_addc(&cache.value[0], ' ');
	ck_assert(!jwks_cache_get(&cache, JWKS_CACHED_SET, HOST, &at, &text));
	ck_assert(
	    !jwks_cache_get(&cache, JWKS_CACHED_SET, "other", &at, &text));
	buf_free(&text);
	cache_empty(&cache);
}
END_TEST

START_TEST(a_cache_that_does_not_work_changes_nothing)
{
	struct cache cache = { .broken = true };
	struct jwks *j;

	begin();
	answers(set_of("1"));
	j = thread(&cache);
	ck_assert_int_eq(ask(j, "1", NOW), JWKS_KEY);
	ck_assert_int_eq(ask(j, "1", NOW + 1), JWKS_KEY);
	ck_assert_int_eq(host.asked, 1);
	fails(HTTP_NO_HOST, "no such host");
	ck_assert_int_eq(ask(j, "1", NOW + DAY), JWKS_NO_SET);
	ck_assert_uint_eq(cache.n, 0);
	jwks_free(j);
	end();
}
END_TEST

START_TEST(a_pool_takes_what_a_cgi_request_fetched)
{
	struct cache cache = { .n = 0 };
	const char *text;
	struct jwks *j;

	begin();
	answers(set_of("1"));
	j = thread(&cache);
	ck_assert_int_eq(ask(j, "1", NOW), JWKS_KEY);
	text = set_of("2");
	jwks_cache_put(
	    &cache, JWKS_CACHED_SET, HOST, NOW + HOUR - 5, text, strlen(text));
	ck_assert_int_eq(ask(j, "2", NOW + HOUR), JWKS_KEY);
	ck_assert_int_eq(host.asked, 1);
	jwks_free(j);
	end();
	cache_empty(&cache);
}
END_TEST

START_TEST(who_looks_on_sees_each_host)
{
	static struct keysets_seen list[JWKS_HOSTS];

	begin();
	ck_assert_int_eq(keysets_list(&shared->jwks, 10, list), 0);
	another_stores();
	keysets_failed(&shared->jwks, "down:443", NOW, "it is down");
	ck_assert_int_eq(keysets_list(&shared->jwks, 10, list), 2);
	ck_assert_str_eq(list[0].host, HOST);
	ck_assert_int_eq(list[0].fetched, NOW + HOUR);
	ck_assert(list[0].have && !list[0].failed);
	ck_assert_str_eq(list[1].host, "down:443");
	ck_assert_int_eq(list[1].fetched, 0);
	ck_assert(!list[1].have && list[1].failed);
	end();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		a_set_is_fetched_once_an_hour_for_all_threads,
		a_set_that_did_not_change_keeps_its_serial,
		unknown_kids_fetch_once_a_minute,
		a_rotated_set_comes_with_its_first_unknown_kid,
		while_the_host_is_down_the_set_serves_for_a_day,
		a_host_that_never_answered_is_asked_every_ten_seconds,
		what_is_no_key_set_is_told, a_set_of_64_kilobytes_is_taken,
		a_set_without_a_key_for_us_is_a_set,
		a_clock_that_was_set_back_makes_sets_and_tries_void,
		a_request_without_time_left_does_not_fetch,
		a_request_in_a_hurry_does_not_make_the_host_down,
		a_deadline_that_passes_in_between_still_has_a_timeout,
		one_fetches_and_the_others_wait_for_it,
		who_waits_does_so_until_its_deadline,
		a_claim_is_void_once_another_was_there,
		the_longest_unused_host_makes_room,
		the_table_is_emptied_when_its_holder_died,
		a_thread_keeps_the_keys_of_many_hosts,
		a_name_that_is_too_long_is_no_host,
		a_process_of_its_own_finds_the_set_in_the_cache,
		a_process_of_its_own_knows_that_the_host_is_down,
		what_the_cache_has_is_checked_like_what_is_fetched,
		a_cache_that_does_not_work_changes_nothing,
		a_pool_takes_what_a_cgi_request_fetched,
		who_looks_on_sees_each_host
	};

	return unit_run("jwks", tests, COUNT(tests));
}
