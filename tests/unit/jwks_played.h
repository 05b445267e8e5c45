/* SPDX-License-Identifier: MIT */
/* jwks_played: what the programs of jwks share: a host of keys, a clock and a
 * cache, all played. */
#ifndef CTIM_JWKS_PLAYED_H
#define CTIM_JWKS_PLAYED_H
#include <sys/mman.h>
#include <sys/wait.h>

#include <string.h>
#include <unistd.h>

#include <openssl/sha.h>

#include "base/buf.h"
#include "cache/cache.h"
#include "cache/cache_common.h"
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
	bool remote;
	int theirs; /* looks while which another gateway fetches */
	int leased, released, flushed;
};

bool
cache_is_remote(const struct cache *c)
{
	return c->remote;
}

void
cache_flush(struct cache *c)
{
	c->flushed++;
}

enum cache_lease
cache_lease(struct cache *c, const unsigned char name[CACHE_NAME], int64_t ms)
{
	(void)name;
	ck_assert_int_gt(ms, 0);
	if (!c->remote)
		return CACHE_LEASE_NONE;
	if (c->theirs > 0) {
		c->theirs--;
		return CACHE_LEASE_THEIRS;
	}
	c->leased++;
	return CACHE_LEASE_OURS;
}

void
cache_release(struct cache *c, const unsigned char name[CACHE_NAME])
{
	(void)name;
	c->released++;
}

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
	memset(name, 0, CACHE_NAME);
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

#endif
