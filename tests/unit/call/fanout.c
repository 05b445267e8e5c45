/*
 * The fan-out against a played network on a played clock: http.h and clock_ms()
 * are this file's own, so that a minute of waiting takes no time and every
 * order of events is the same in every run.
 */
#include <sys/queue.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <json-c/json.h>

#include "answer/transport.h"
#include "cache/cache.h"
#include "call/fanout.h"
#include "conf/conf.h"
#include "http/http.h"
#include "json/jsonin.h"
#include "os/clock.h"
#include "shared/shared.h"
#include "token/token.h"
#include "tests/unit/unit.h"

#define HOST    "https://api.example/"
#define RUNNING 64

/* How the network answers: the n-th call of a URL gets its n-th row, the last
 * row again and again. */
struct played {
	const char *path;
	int status;
	const char *body;
	int64_t ms;
	enum http_end end;
	const char *retry_after;
	bool scanned; /* set once it was answered */
};

static int64_t now_ms;
static int64_t tick;      /* ms that a look at the clock takes */
static int64_t performed; /* when transfers last went on */
static struct played *script;
static struct http_call *running[RUNNING];
static int64_t ends_at[RUNNING];
static struct played *row_of[RUNNING];
static size_t most_running, started, cancelled;
static const char *said = ""; /* in a header field */
static bool early;            /* bodies come before their end */
static char asked[8192];      /* paths and tokens, in order */

int64_t
clock_ms(void)
{
	return now_ms += tick;
}

const char *
transport_var(const struct transport *t, const char *name)
{
	(void)t;
	(void)name;
	return NULL;
}

int
http_global(void)
{
	return 0;
}

struct http *
http_new(const struct conf *conf)
{
	(void)conf;
	return NULL;
}

void
http_free(struct http *h)
{
	(void)h;
}

bool
http_header_safe(const char *text)
{
	return strpbrk(text, "\r\n") == NULL;
}

int64_t
http_retry_after(const char *text, int64_t now)
{
	(void)now;
	return *text == '\0' ? -1 : atoi(text) * 1000;
}

static struct played *
row_for(const char *path)
{
	struct played *p, *found = NULL;

	for (p = script; p->path != NULL; p++) {
		if (strcmp(p->path, path) != 0)
			continue;
		found = p;
		if (!p->scanned)
			break;
	}
	ck_assert_msg(found != NULL, "nobody plays %s", path);
	found->scanned = true;
	return found;
}

int
http_start(struct http *h, struct http_call *c)
{
	const char *const *f;
	size_t i, n = 0;

	(void)h;
	ck_assert(strncmp(c->url, HOST, strlen(HOST)) == 0);
	strcat(asked, c->url + strlen(HOST));
	for (f = c->headers; *f != NULL; f++)
		if (strncmp(*f, "Authorization: Bearer ", 22) == 0) {
			strcat(asked, "#");
			strcat(asked, *f + 22);
		}
	strcat(asked, " ");
	started++;
	for (i = 0; running[i] != NULL; i++)
		ck_assert_uint_lt(i + 1, RUNNING);
	running[i] = c;
	row_of[i] = row_for(c->url + strlen(HOST));
	c->status = early ? row_of[i]->status : 0;
	if (early)
		(void)c->take(c, row_of[i]->body, strlen(row_of[i]->body), 10);
	c->began = now_ms;
	c->granted = c->deadline - now_ms < c->timeout ? c->deadline - now_ms :
							 c->timeout;
	ends_at[i] =
	    now_ms + (row_of[i]->ms > c->granted ? c->granted : row_of[i]->ms);
	for (i = 0; i < RUNNING; i++)
		n += running[i] != NULL;
	if (n > most_running)
		most_running = n;
	return 0;
}

void
http_cancel(struct http *h, struct http_call *c)
{
	size_t i;

	(void)h;
	for (i = 0; i < RUNNING; i++)
		if (running[i] == c) {
			running[i] = NULL;
			cancelled++;
		}
}

void
http_cancel_all(struct http *h)
{
	size_t i;

	for (i = 0; i < RUNNING; i++)
		if (running[i] != NULL)
			http_cancel(h, running[i]);
}

/* As with libcurl, what happens while it waits is seen when it is called the
 * next time. */
void
http_wait(struct http *h, int64_t ms)
{
	int64_t until = now_ms + ms;
	size_t i;

	(void)h;
	performed = now_ms;
	for (i = 0; i < RUNNING; i++)
		if (running[i] != NULL && ends_at[i] < until)
			until = ends_at[i];
	if (until > now_ms)
		now_ms = until;
}

struct http_call *
http_next(struct http *h)
{
	static const enum http_end ends[] = { [HTTP_MORE] = HTTP_ANSWERED,
		[HTTP_STOP] = HTTP_ENOUGH,
		[HTTP_REFUSE] = HTTP_REFUSED };
	struct http_call *c = NULL;
	struct played *p;
	size_t i;

	(void)h;
	for (i = 0; i < RUNNING && c == NULL; i++)
		if (running[i] != NULL && ends_at[i] <= performed) {
			c = running[i];
			p = row_of[i];
			running[i] = NULL;
		}
	if (c == NULL)
		return NULL;
	c->end = p->end;
	c->status = p->status;
	if (p->ms > c->granted) {
		c->end = HTTP_LATE;
		c->status = 0;
	}
	snprintf(c->reason, sizeof(c->reason), "Played");
	snprintf(c->why, sizeof(c->why), "played");
	snprintf(c->retry_after, sizeof(c->retry_after), "%s",
	    p->retry_after == NULL ? "" : p->retry_after);
	snprintf(c->kept[0], sizeof(c->kept[0]), "%s", said);
	if (c->end == HTTP_ANSWERED && p->body != NULL)
		c->end = ends[c->take(c, p->body, strlen(p->body), 1 << 20)];
	return c;
}

void
http_do(struct http *h, struct http_call *c)
{
	(void)h;
	(void)c;
	ck_abort_msg("the fan-out never waits for one call");
}

/* The provider: it asks for the value of the observable as a path, and for
 * every string of the array that it gets once more. */
enum { FIRST, MORE, TOKEN };
static unsigned first_flags, more_flags;
static unsigned heard_of_failure, ends_of_scan;
static struct json_object *last_token; /* once it is set, one reference */

static void
request(const struct query *q, const struct call *done)
{
	size_t i;

	if (done == NULL) {
		(void)lookup_call(q->lookup, FIRST, first_flags, HOST "%s",
		    q->observable == NULL ? "health" : q->observable->value);
		return;
	}
	heard_of_failure += done->problem != PROBLEM_NONE;
	for (i = 0; done->step == FIRST && i < jsonin_length(done->result); i++)
		(void)lookup_call(q->lookup, MORE, more_flags, HOST "%s",
		    jsonin_text(jsonin_at(done->result, i)));
}

static void
reply(const struct query *q, struct call *c)
{
	(void)q;
	if (c->status == 404)
		return;
	if (c->status == 401)
		call_fail(c, PROBLEM_AUTHORIZATION, "not you");
	else if (c->status != 200)
		call_fail_at(
		    c, call_status_problem(c->status), "status %d", c->status);
	else
		call_found(c, call_parse(c));
	if (c->step == TOKEN) {
		json_object_put(last_token);
		last_token = json_object_get(c->result);
	}
}

static enum scan_result
scan(const struct query *q, struct call *c, const char *p, size_t n)
{
	(void)q;
	ends_of_scan += n == 0;
	if (n == 0)
		return SCAN_MORE;
	if (memchr(p, '!', n) == NULL)
		return SCAN_BAD;
	call_found(c, json_object_new_string("seen"));
	return SCAN_ENOUGH;
}

static void
scan_free(struct call *c)
{
	(void)c;
}

static void
sign_in(const struct query *q)
{
	struct call *c = lookup_call(q->lookup, TOKEN, 0, HOST "auth");

	buf_adds(&c->form, "user=u");
}

static const char *const claims[] = { "key", NULL };
static struct provider provider = { .name = "played",
	.title = "Played",
	.claims = claims,
	.request = request,
	.reply = reply,
	.scan = scan,
	.scan_free = scan_free,
	.scan_size = 8,
	.sign_in = sign_in };

static struct conf conf;
static struct relay_conf relay;
static struct shared *shared;
static struct claims token;
static char told[32768];
static size_t idles;
static int64_t gone_at;

static bool
complete(void *arg, const struct query *q, bool ends)
{
	const struct call *c;
	size_t i;

	(void)arg;
	sprintf(told + strlen(told), "%s@%lld",
	    q->observable == NULL ? "health" : q->observable->value,
	    (long long)now_ms);
	for (i = 0; i < q->lookup->n; i++) {
		c = q->lookup->calls[i];
		ck_assert(c->done);
		if (c->problem != PROBLEM_NONE)
			sprintf(told + strlen(told), ":%s%s",
			    problem_code(c->problem),
			    c->flags & CALL_OPTIONAL ? "?" : "");
		else
			strcat(told, c->result == NULL ? ":-" : ":+");
	}
	strcat(told, ends ? "! " : " ");
	return true;
}

static void
idle(void *arg)
{
	(void)arg;
	idles++;
}

static bool
gone(void *arg)
{
	(void)arg;
	return gone_at != 0 && now_ms >= gone_at;
}

/* Everything as it is by default, at 1000 ms of the clock. */
static void
setup(void)
{
	now_ms = 1000;
	tick = 0;
	most_running = started = cancelled = idles = 0;
	gone_at = 0;
	asked[0] = told[0] = '\0';
	memset(running, 0, sizeof(running));
	first_flags = more_flags = 0;
	early = false;
	provider.rate = 0;
	conf = (struct conf){ .deadline = 25,
		.timeout = 15,
		.retries = 2,
		.breaker = 5,
		.parallel = 32,
		.max_answer = 1 << 20 };
	relay = (struct relay_conf){ .name = (char *)(uintptr_t) "played",
		.provider = &provider,
		.ttl = -1,
		.rate = -1,
		.breaker = -1 };
	shared = shared_new();
	ck_assert_ptr_nonnull(shared);
	token = (struct claims){ .limit = 100,
		.payload = json_tokener_parse("{\"key\":\"k\"}") };
}

static void
teardown(void)
{
	shared_free(shared);
	json_object_put(token.payload);
	json_object_put(last_token);
	last_token = NULL;
}

/* Asks for the values; NULL: health. */
static struct fanout_job
run(struct played *rows, struct cache *cache, const char *const *values)
{
	struct observable list[512];
	struct fanout_job job = { .relay = &relay,
		.deadline = now_ms + conf.deadline * 1000,
		.complete = complete,
		.idle = idle,
		.gone = gone,
		.n = 1,
		.query = { .route = PROVIDER_OBSERVE, .claims = &token } };
	struct fanout *f = fanout_new(&conf, shared, cache, NULL);

	ck_assert_ptr_nonnull(f);
	script = rows;
	if (values != NULL) {
		for (job.n = 0; values[job.n] != NULL; job.n++)
			list[job.n] =
			    (struct observable){ .type = OBSERVABLE_IP,
				    .value = values[job.n] };
		job.list = list;
	}
	fanout_run(f, &job);
	fanout_free(f);
	return job;
}

#define VALUES(...)               \
	(const char *const[])     \
	{                         \
		__VA_ARGS__, NULL \
	}

START_TEST(calls_run_at_the_same_time)
{
	struct played rows[] = { { "a", 200, "[\"a1\",\"a2\"]", 50,
				     HTTP_ANSWERED, NULL, false },
		{ "b", 200, "[]", 100, HTTP_ANSWERED, NULL, false },
		{ "a1", 200, "{}", 50, HTTP_ANSWERED, NULL, false },
		{ "a2", 404, "", 20, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	run(rows, NULL, VALUES("a", "b"));
	ck_assert_str_eq(told, "a@1100:+:+:- b@1100:+ ");
	ck_assert_str_eq(asked, "a b a1 a2 ");
	ck_assert_uint_gt(idles, 0);
	teardown();
}
END_TEST

START_TEST(no_more_at_a_time_than_may_be)
{
	struct played rows[] = {
		{ "a", 200, "[\"x\",\"x\",\"x\",\"x\",\"x\",\"x\",\"x\"]", 10,
		    HTTP_ANSWERED, NULL, false },
		{ "x", 200, "1", 10, HTTP_ANSWERED, NULL, false }, { 0 }
	};

	setup();
	relay.parallel = 3;
	run(rows, NULL, VALUES("a", "a", "a", "a", "a"));
	ck_assert_uint_eq(most_running, 3);
	ck_assert_uint_eq(started, 40);
	teardown();
}
END_TEST

START_TEST(what_may_pass_is_tried_again)
{
	static const struct {
		int status;
		enum http_end end;
		size_t tries;
		const char *said;
	} cases[] = { { 429, HTTP_ANSWERED, 3, "too many requests" },
		{ 502, HTTP_ANSWERED, 3, "service unavailable" },
		{ 503, HTTP_ANSWERED, 3, "service unavailable" },
		{ 504, HTTP_ANSWERED, 3, "service unavailable" },
		{ 0, HTTP_NO_CONNECTION, 3, "connection error" },
		{ 0, HTTP_CUT, 3, "connection error" },
		{ 200, HTTP_CUT, 3, "unknown" },
		{ 500, HTTP_ANSWERED, 1, "internal error" },
		{ 418, HTTP_ANSWERED, 1, "unknown" },
		{ 0, HTTP_LATE, 1, "connection error" },
		{ 0, HTTP_NO_HOST, 1, "connection error" },
		{ 0, HTTP_PRIVATE, 1, "connection error" },
		{ 0, HTTP_BAD_URL, 1, "connection error" },
		{ 0, HTTP_TLS, 1, "unknown" },
		{ 200, HTTP_TOO_LARGE, 1, "unknown" },
		{ 0, HTTP_GARBLED, 1, "unknown" },
		{ 0, HTTP_FAILED, 1, "internal error" } };
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		struct played rows[] = { { "a", cases[i].status, "x", 1,
					     cases[i].end, NULL, false },
			{ 0 } };

		setup();
		run(rows, NULL, VALUES("a"));
		ck_assert_msg(started == cases[i].tries, "case %zu: %zu tries",
		    i, started);
		ck_assert_msg(strstr(told, cases[i].said) != NULL,
		    "case %zu: %s", i, told);
		teardown();
	}
}
END_TEST

START_TEST(a_later_try_may_succeed)
{
	struct played rows[] = { { "a", 503, "", 1, HTTP_ANSWERED, NULL,
				     false },
		{ "a", 0, "", 1, HTTP_CUT, NULL, false },
		{ "a", 200, "[]", 1, HTTP_ANSWERED, NULL, false }, { 0 } };
	struct fanout_job job;

	setup();
	job = run(rows, NULL, VALUES("a"));
	ck_assert_ptr_nonnull(strstr(told, ":+"));
	ck_assert_uint_eq(job.retried, 2);
	teardown();
}
END_TEST

START_TEST(retry_after_is_obeyed)
{
	struct played rows[] = { { "a", 429, "", 0, HTTP_ANSWERED, "7", false },
		{ "a", 200, "[]", 0, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(told, "a@8000:+ ");
	teardown();
}
END_TEST

START_TEST(retry_after_past_the_deadline_fails_at_once)
{
	struct played rows[] = {
		{ "a", 429, "", 0, HTTP_ANSWERED, "30", false }, { 0 }
	};

	setup();
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(told, "a@1000:too many requests ");
	teardown();
}
END_TEST

START_TEST(the_deadline_ends_what_is_left)
{
	struct played rows[] = { { "a", 200, "[]", 100, HTTP_ANSWERED, NULL,
				     false },
		{ "b", 200, "[]", 90000, HTTP_ANSWERED, NULL, false },
		{ "c", 200, "[]", 1, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	conf.deadline = 3;
	relay.parallel = 1;
	run(rows, NULL, VALUES("a", "b", "c", "c"));
	ck_assert_str_eq(told,
	    "a@1100:+ b@4000:connection error "
	    "c@4000:connection error c@4000:connection error ");
	ck_assert_str_eq(asked, "a b ");
	teardown();
}
END_TEST

START_TEST(a_client_that_left_is_not_worked_for)
{
	struct played rows[] = { { "a", 200, "[\"b\"]", 100, HTTP_ANSWERED,
				     NULL, false },
		{ "b", 200, "[]", 90000, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	gone_at = 1500;
	run(rows, NULL, VALUES("a", "a"));
	ck_assert_str_eq(told, "");
	ck_assert_uint_eq(cancelled, 2);
	ck_assert_int_lt(now_ms, 1500 + 1000);
	teardown();
}
END_TEST

START_TEST(refused_credentials_end_the_request)
{
	struct played rows[] = { { "a", 200, "[]", 10, HTTP_ANSWERED, NULL,
				     false },
		{ "b", 401, "", 20, HTTP_ANSWERED, NULL, false },
		{ "c", 200, "[]", 500, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	run(rows, NULL, VALUES("a", "b", "c"));
	ck_assert_str_eq(told, "a@1010:+ b@1020:authorization error! ");
	ck_assert_uint_eq(cancelled, 1);
	teardown();
}
END_TEST

START_TEST(credentials_refused_later_cost_that_call_alone)
{
	struct played rows[] = { { "a", 200, "[\"x\",\"y\"]", 1, HTTP_ANSWERED,
				     NULL, false },
		{ "x", 401, "", 1, HTTP_ANSWERED, NULL, false },
		{ "y", 200, "[]", 1, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(told, "a@1002:+:authorization error:+ ");
	teardown();
}
END_TEST

START_TEST(the_circuit_opens_and_says_so_at_once)
{
	struct played rows[] = {
		{ "a", 500, "", 10, HTTP_ANSWERED, NULL, false }, { 0 }
	};

	setup();
	relay.parallel = 1;
	run(rows, NULL, VALUES("a", "a", "a", "a", "a", "a", "a"));
	ck_assert_uint_eq(started, 5);
	ck_assert_str_eq(told,
	    "a@1010:internal error a@1020:internal error "
	    "a@1030:internal error a@1040:internal error a@1050:internal error "
	    "a@1050:service unavailable a@1050:service unavailable ");
	/* Another request meets it, too; after half a minute one may try. */
	told[0] = '\0';
	now_ms = 1050 + BREAKER_FIRST - 1;
	run(rows, NULL, VALUES("a"));
	ck_assert_uint_eq(started, 5);
	now_ms = 1050 + BREAKER_FIRST + 1;
	run(rows, NULL, VALUES("a", "a"));
	ck_assert_uint_eq(started, 6);
	teardown();
}
END_TEST

START_TEST(refusals_of_the_service_open_no_circuit)
{
	struct played rows[] = {
		{ "a", 418, "", 1, HTTP_ANSWERED, NULL, false }, { 0 }
	};

	setup();
	run(rows, NULL, VALUES("a", "a", "a", "a", "a", "a", "a", "a"));
	run(rows, NULL, VALUES("a"));
	ck_assert_uint_eq(started, 9);
	teardown();
}
END_TEST

START_TEST(a_lookup_cut_by_the_deadline_says_nothing_of_the_host)
{
	struct played rows[] = { { "slow", 200, "[\"b\"]", 2500, HTTP_ANSWERED,
				     NULL, false },
		{ "b", 200, "[]", 90000, HTTP_ANSWERED, NULL, false },
		{ "quick", 200, "[]", 1, HTTP_ANSWERED, NULL, false }, { 0 } };
	int i;

	setup();
	conf.deadline = 3;
	for (i = 0; i < 6; i++)
		run(rows, NULL, VALUES("slow"));
	told[0] = '\0';
	run(rows, NULL, VALUES("quick"));
	ck_assert_ptr_nonnull(strstr(told, ":+"));
	teardown();
}
END_TEST

START_TEST(a_host_that_hangs_past_the_deadline_opens_its_circuit)
{
	struct played rows[] = {
		{ "a", 200, "[]", 90000, HTTP_ANSWERED, NULL, false }, { 0 }
	};
	int i;

	setup();
	conf.timeout = 60;
	conf.deadline = 3;
	for (i = 0; i < 5; i++)
		run(rows, NULL, VALUES("a"));
	told[0] = '\0';
	now_ms = 20000;
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(told, "a@20000:service unavailable ");
	teardown();
}
END_TEST

START_TEST(a_try_cut_by_the_deadline_does_not_undo_the_one_that_failed)
{
	struct played rows[] = { { "a", 503, "", 500, HTTP_ANSWERED, "2",
				     false },
		{ "a", 200, "[]", 90000, HTTP_ANSWERED, NULL, false }, { 0 } };
	int i;

	setup();
	conf.deadline = 3;
	for (i = 0; i < 5; i++) {
		rows[0].scanned = false;
		run(rows, NULL, VALUES("a"));
	}
	told[0] = '\0';
	now_ms = 20000;
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(told, "a@20000:service unavailable ");
	teardown();
}
END_TEST

/* Asks five times as the rows say; whether the host is then asked once more. */
static bool
asked_after_five(struct played *rows, const char *const *values)
{
	int i;

	for (i = 0; i < 5; i++)
		run(rows, NULL, values);
	told[0] = '\0';
	now_ms += 1000;
	rows[0] =
	    (struct played){ "a", 200, "[]", 1, HTTP_ANSWERED, NULL, false };
	run(rows, NULL, VALUES("a"));
	return strstr(told, "service unavailable") == NULL;
}

/* What came before left it little time: whether it ends a moment before the
 * deadline or is still under way then. */
START_TEST(a_try_that_the_deadline_cut_short_says_nothing_of_the_host)
{
	struct played rows[][3] = {
		{ { "a", 200, "[]", 90000, HTTP_ANSWERED, NULL, false },
		    { "x", 0, "", 3000, HTTP_FAILED, NULL, false }, { 0 } },
		{ { "a", 0, "", 999, HTTP_LATE, NULL, false },
		    { "x", 0, "", 3000, HTTP_FAILED, NULL, false }, { 0 } }
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		setup();
		conf.deadline = 4;
		conf.parallel = 1;
		ck_assert(asked_after_five(rows[i], VALUES("x", "a")));
		teardown();
	}
}
END_TEST

/* It had most of the time that there was, or fell silent with all of it. */
START_TEST(a_try_that_had_its_time_tells_of_the_host)
{
	struct played rows[][2] = {
		{ { "a", 0, "", 2999, HTTP_LATE, NULL, false }, { 0 } },
		{ { "a", 0, "", 100, HTTP_LATE, NULL, false }, { 0 } }
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		setup();
		conf.deadline = i == 0 ? 3 : 25;
		ck_assert(!asked_after_five(rows[i], VALUES("a")));
		teardown();
	}
}
END_TEST

START_TEST(too_many_requests_say_nothing_of_the_host)
{
	struct played rows[] = { { "a", 429, "", 500, HTTP_ANSWERED, "2",
				     false },
		{ "a", 200, "[]", 90000, HTTP_ANSWERED, NULL, false }, { 0 } };
	int i;

	setup();
	conf.deadline = 3;
	for (i = 0; i < 5; i++) {
		rows[0].scanned = false;
		run(rows, NULL, VALUES("a"));
	}
	told[0] = '\0';
	rows[1].ms = 1;
	run(rows, NULL, VALUES("a"));
	ck_assert_ptr_nonnull(strstr(told, ":+"));
	teardown();
}
END_TEST

START_TEST(who_failed_comes_back_after_a_while)
{
	struct played rows[] = { { "a", 503, "", 10, HTTP_ANSWERED, NULL,
				     false },
		{ "a", 200, "[]", 10, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	run(rows, NULL, VALUES("a"));
	ck_assert_int_ge(now_ms, 1020 + 125);
	ck_assert_int_le(now_ms, 1020 + 250);
	teardown();
}
END_TEST

START_TEST(more_than_the_deadline_allows_says_nothing_of_the_host)
{
	struct played rows[] = {
		{ "a", 200, "[]", 1500, HTTP_ANSWERED, NULL, false }, { 0 }
	};
	const char *values[101] = { NULL };
	size_t i;

	setup();
	conf.deadline = 4;
	for (i = 0; i < 100; i++)
		values[i] = "a";
	/* At the end 32 are under way, and have been for a second. */
	run(rows, NULL, values);
	told[0] = '\0';
	run(rows, NULL, VALUES("a"));
	ck_assert_ptr_nonnull(strstr(told, ":+"));
	teardown();
}
END_TEST

START_TEST(what_was_found_by_the_deadline_counts)
{
	struct played rows[] = {
		{ "a", 200, "..!..", 90000, HTTP_ANSWERED, NULL, false }, { 0 }
	};

	setup();
	conf.deadline = 3;
	first_flags = CALL_SCAN;
	early = true;
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(told, "a@4000:+ ");
	teardown();
}
END_TEST

START_TEST(who_waits_for_a_turn_meets_the_open_circuit)
{
	struct played rows[] = {
		{ "a", 500, "", 10, HTTP_ANSWERED, NULL, false }, { 0 }
	};

	setup();
	relay.rate = 1;
	relay.breaker = 3;
	run(rows, NULL, VALUES("a", "a", "a", "a", "a", "a"));
	ck_assert_uint_eq(started, 3);
	teardown();
}
END_TEST

START_TEST(what_this_machine_lacks_says_nothing_of_the_host)
{
	static const enum http_end ends[] = { HTTP_FAILED, HTTP_PRIVATE,
		HTTP_BAD_URL };
	size_t i;

	for (i = 0; i < COUNT(ends); i++) {
		struct played rows[] = { { "down", 500, "", 1, HTTP_ANSWERED,
					     NULL, false },
			{ "a", 0, "", 1, ends[i], NULL, false }, { 0 } };

		setup();
		relay.parallel = 1;
		relay.breaker = 3;
		run(rows, NULL, VALUES("down", "down", "a", "down", "down"));
		ck_assert_uint_eq(started, 4);
		teardown();
	}
}
END_TEST

START_TEST(the_circuit_closes_though_a_token_is_needed)
{
	struct played rows[] = { { "auth", 500, "", 1, HTTP_ANSWERED, NULL,
				     false },
		{ "auth", 200, "\"t1\"", 1, HTTP_ANSWERED, NULL, false },
		{ "a", 200, "[]", 1, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	first_flags = CALL_SIGNED;
	relay.breaker = 1;
	run(rows, NULL, VALUES("a"));
	now_ms += BREAKER_FIRST + 1000;
	told[0] = '\0';
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(asked, "auth auth a#t1 ");
	ck_assert_ptr_nonnull(strstr(told, ":+"));
	teardown();
}
END_TEST

START_TEST(the_circuit_closes_though_the_token_is_old)
{
	struct played rows[] = { { "auth", 200, "\"t1\"", 1, HTTP_ANSWERED,
				     NULL, false },
		{ "auth", 200, "\"t2\"", 1, HTTP_ANSWERED, NULL, false },
		{ "a", 500, "", 1, HTTP_ANSWERED, NULL, false },
		{ "a", 401, "", 1, HTTP_ANSWERED, NULL, false },
		{ "a", 200, "[]", 1, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	first_flags = CALL_SIGNED;
	relay.breaker = 1;
	run(rows, NULL, VALUES("a"));
	now_ms += BREAKER_FIRST + 1000;
	told[0] = '\0';
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(asked, "auth a#t1 a#t1 auth a#t2 ");
	ck_assert_ptr_nonnull(strstr(told, ":+"));
	teardown();
}
END_TEST

START_TEST(a_question_too_long_is_not_asked_nor_ends_the_request)
{
	static char path[CALL_URL];
	struct played rows[] = {
		{ "a", 200, "[]", 1, HTTP_ANSWERED, NULL, false }, { 0 }
	};

	setup();
	memset(path, 'x', sizeof(path) - 1);
	first_flags = CALL_SHARED;
	run(rows, NULL, VALUES(path, "a"));
	ck_assert_str_eq(asked, "a ");
	ck_assert_ptr_nonnull(strstr(told, ":invalid argument? "));
	teardown();
}
END_TEST

START_TEST(calls_wait_for_their_turn)
{
	struct played rows[] = {
		{ "a", 200, "[]", 0, HTTP_ANSWERED, NULL, false }, { 0 }
	};

	setup();
	provider.rate = 4;
	run(rows, NULL, VALUES("a", "a", "a", "a", "a", "a"));
	ck_assert_str_eq(told,
	    "a@1000:+ a@1000:+ a@1000:+ a@1000:+ "
	    "a@2050:+ a@2050:+ ");
	teardown();
}
END_TEST

START_TEST(a_turn_past_the_deadline_fails_at_once)
{
	struct played rows[] = {
		{ "a", 200, "[]", 0, HTTP_ANSWERED, NULL, false }, { 0 }
	};

	setup();
	conf.deadline = 2;
	relay.rate = 1;
	run(rows, NULL, VALUES("a", "a", "a", "a"));
	ck_assert_str_eq(told,
	    "a@1000:too many requests "
	    "a@1000:too many requests a@1000:+ a@2050:+ ");
	teardown();
}
END_TEST

START_TEST(lookups_share_a_call)
{
	struct played rows[] = { { "a", 200, "[\"s\"]", 10, HTTP_ANSWERED, NULL,
				     false },
		{ "b", 200, "[\"s\",\"t\",\"s\"]", 20, HTTP_ANSWERED, NULL,
		    false },
		{ "c", 200, "[\"s\"]", 90, HTTP_ANSWERED, NULL, false },
		{ "s", 200, "1", 50, HTTP_ANSWERED, NULL, false },
		{ "t", 500, "1", 1, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	more_flags = CALL_SHARED;
	run(rows, NULL, VALUES("a", "b", "c"));
	ck_assert_str_eq(asked, "a b c s t ");
	ck_assert_str_eq(told,
	    "a@1060:+:+ b@1060:+:+:internal error:+ "
	    "c@1090:+:+ ");
	teardown();
}
END_TEST

START_TEST(one_sign_in_serves_all)
{
	struct played rows[] = { { "auth", 200, "\"t1\"", 100, HTTP_ANSWERED,
				     NULL, false },
		{ "a", 200, "[]", 10, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	first_flags = CALL_SIGNED;
	run(rows, NULL, VALUES("a", "a"));
	ck_assert_str_eq(asked, "auth a#t1 a#t1 ");
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(asked, "auth a#t1 a#t1 a#t1 ");
	teardown();
}
END_TEST

START_TEST(nothing_keeps_a_token_but_its_table)
{
	struct played rows[] = { { "auth", 200, "\"t1\"", 100, HTTP_ANSWERED,
				     NULL, false },
		{ "a", 200, "[]", 10, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	first_flags = CALL_SIGNED;
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(asked, "auth a#t1 ");
	ck_assert_int_eq(json_object_get_string_len(last_token), 2);
	ck_assert_mem_eq(json_object_get_string(last_token), "\0\0", 2);
	teardown();
}
END_TEST

/* A month's quota: another try would not change it. */
static bool
lasts(const struct call *c)
{
	return c->status == 429 && strcmp(c->said[0], "quota") == 0;
}

START_TEST(what_lasts_is_not_tried_again)
{
	struct played rows[] = {
		{ "a", 429, "", 1, HTTP_ANSWERED, NULL, false }, { 0 }
	};

	setup();
	provider.lasting = lasts;
	said = "quota";
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(asked, "a ");
	said = "speed";
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(asked, "a a a a ");
	provider.lasting = NULL;
	said = "";
	teardown();
}
END_TEST

START_TEST(a_provider_hears_of_optional_calls_that_fail)
{
	struct played rows[] = { { "a", 200, "[\"b\"]", 1, HTTP_ANSWERED, NULL,
				     false },
		{ "b", 500, "", 1, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	heard_of_failure = 0;
	run(rows, NULL, VALUES("a"));
	ck_assert_uint_eq(heard_of_failure, 0);
	rows[0].scanned = false;
	more_flags = CALL_OPTIONAL;
	run(rows, NULL, VALUES("a"));
	ck_assert_uint_eq(heard_of_failure, 1);
	teardown();
}
END_TEST

START_TEST(a_scanned_page_without_content_is_nothing)
{
	struct played rows[] = {
		{ "a", 204, NULL, 1, HTTP_ANSWERED, NULL, false }, { 0 }
	};

	setup();
	first_flags = CALL_SCAN;
	ends_of_scan = 0;
	run(rows, NULL, VALUES("a"));
	ck_assert_uint_eq(ends_of_scan, 0);
	ck_assert_str_eq(asked, "a ");
	teardown();
}
END_TEST

START_TEST(a_token_that_is_refused_is_got_anew)
{
	struct played rows[] = { { "auth", 200, "\"t1\"", 1, HTTP_ANSWERED,
				     NULL, false },
		{ "auth", 200, "\"t2\"", 1, HTTP_ANSWERED, NULL, false },
		{ "a", 200, "[]", 1, HTTP_ANSWERED, NULL, false },
		{ "a", 401, "", 1, HTTP_ANSWERED, NULL, false },
		{ "a", 200, "[]", 1, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	first_flags = CALL_SIGNED;
	run(rows, NULL, VALUES("a"));
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(asked, "auth a#t1 a#t1 auth a#t2 ");
	ck_assert_ptr_null(strstr(told, "error"));
	teardown();
}
END_TEST

START_TEST(a_fresh_token_that_is_refused_is_an_error)
{
	struct played rows[] = { { "auth", 200, "\"t\"", 1, HTTP_ANSWERED, NULL,
				     false },
		{ "a", 401, "", 1, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	first_flags = CALL_SIGNED;
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(asked, "auth a#t auth a#t ");
	ck_assert_ptr_nonnull(strstr(told, "authorization error!"));
	teardown();
}
END_TEST

START_TEST(a_sign_in_that_fails_fails_all_who_wait)
{
	struct played rows[] = { { "auth", 500, "", 10, HTTP_ANSWERED, NULL,
				     false },
		{ "a", 200, "[]", 1, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	first_flags = CALL_SIGNED;
	run(rows, NULL, VALUES("a", "a"));
	ck_assert_str_eq(asked, "auth ");
	ck_assert_str_eq(told, "a@1010:internal error a@1010:internal error ");
	teardown();
}
END_TEST

START_TEST(a_sign_in_that_fails_is_not_begun_again_by_who_waits)
{
	struct played rows[] = { { "auth", 500, "", 15, HTTP_ANSWERED, NULL,
				     false },
		{ "a", 200, "[]", 1, HTTP_ANSWERED, NULL, false }, { 0 } };

	/* It ends just when they look again. */
	setup();
	first_flags = CALL_SIGNED;
	run(rows, NULL, VALUES("a", "a"));
	ck_assert_str_eq(asked, "auth ");
	teardown();
}
END_TEST

START_TEST(a_sign_in_that_fails_fails_what_is_asked_after_it)
{
	struct played rows[] = { { "auth", 500, "", 10, HTTP_ANSWERED, NULL,
				     false },
		{ "a", 200, "[]", 1, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	first_flags = CALL_SIGNED;
	relay.parallel = 1;
	run(rows, NULL, VALUES("a", "a", "a"));
	ck_assert_str_eq(asked, "auth ");
	ck_assert_str_eq(told,
	    "a@1010:internal error a@1010:internal error "
	    "a@1010:internal error ");
	teardown();
}
END_TEST

START_TEST(a_sign_in_left_by_its_client_is_free_for_the_next)
{
	struct played rows[] = { { "auth", 200, "\"t\"", 5000, HTTP_ANSWERED,
				     NULL, false },
		{ "a", 200, "[]", 1, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	first_flags = CALL_SIGNED;
	gone_at = 1100;
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(told, "");
	gone_at = 0;
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(asked, "auth auth a#t ");
	teardown();
}
END_TEST

START_TEST(a_scan_ends_the_transfer)
{
	struct played rows[] = { { "a", 200, "...!...", 1, HTTP_ANSWERED, NULL,
				     false },
		{ "b", 200, ".......", 1, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	first_flags = CALL_SCAN;
	run(rows, NULL, VALUES("a", "b"));
	ck_assert_str_eq(told, "a@1001:+ b@1001:unknown ");
	teardown();
}
END_TEST

/* A cache in a new folder. */
static char folder[64], cache_url[128];

static struct cache *
cache_made(void)
{
	struct cache *cache;

	snprintf(folder, sizeof(folder), "/tmp/ctim-fanout-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(cache_url, sizeof(cache_url), "sqlite:%s/cache.db", folder);
	conf.cache_url = cache_url;
	conf.ttl = conf.negative_ttl = 60;
	cache = cache_new(&conf);
	ck_assert_ptr_nonnull(cache);
	return cache;
}

static void
cache_end(struct cache *cache)
{
	static const char *const names[] = { "cache.db", "cache.db-wal",
		"cache.db-shm" };
	char name[128];

	cache_free(cache);
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(name, sizeof(name), "%s/%s", folder, names[i]);
		(void)unlink(name);
	}
	ck_assert_int_eq(rmdir(folder), 0);
}

START_TEST(results_are_kept_for_the_same_credential_alone)
{
	struct played rows[] = { { "a", 200, "[]", 1, HTTP_ANSWERED, NULL,
				     false },
		{ "n", 404, "", 1, HTTP_ANSWERED, NULL, false },
		{ "e", 500, "", 1, HTTP_ANSWERED, NULL, false }, { 0 } };
	struct cache *cache;
	struct fanout_job job;

	setup();
	cache = cache_made();
	first_flags = CALL_CACHE;
	run(rows, cache, VALUES("a", "n", "e"));
	ck_assert_str_eq(asked, "a n e ");
	job = run(rows, cache, VALUES("a", "n", "e"));
	ck_assert_str_eq(asked, "a n e e ");
	ck_assert_uint_eq(job.cached, 2);
	json_object_put(token.payload);
	token.payload = json_tokener_parse("{\"key\":\"other\"}");
	run(rows, cache, VALUES("a"));
	ck_assert_str_eq(asked, "a n e e a ");
	relay.ttl = 0;
	run(rows, cache, VALUES("a"));
	ck_assert_str_eq(asked, "a n e e a a ");
	cache_end(cache);
	teardown();
}
END_TEST

/* How long one entry takes to be looked for. */
static int64_t
time_of_a_look(struct cache *cache)
{
	const struct cache_part part = { "x", 1 };
	unsigned char name[CACHE_NAME];
	struct buf value;
	int64_t began = now_ms;

	buf_init(&value, CACHE_VALUE);
	ck_assert_int_eq(cache_name(cache, name, &part, 1), 0);
	ck_assert(!cache_get(cache, name, &value));
	buf_free(&value);
	return now_ms - began;
}

/* Each look is fast enough for the cache not to be left alone; together they
 * may have a fifth of the request's time, and nothing is kept after that. */
START_TEST(a_cache_slow_call_after_call_gets_a_part_of_the_time)
{
	static const char *const values[] = { "a", "b", "c", "d", "e", "f", "g",
		"h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t",
		NULL };
	struct played rows[COUNT(values)] = { 0 };
	struct cache *cache;
	int64_t look;
	size_t i, slow;

	for (i = 0; values[i] != NULL; i++)
		rows[i] = (struct played){ values[i], 404, "", 1, HTTP_ANSWERED,
			NULL, false };
	setup();
	cache = cache_made();
	first_flags = CALL_CACHE;
	conf.deadline = 4;
	/* Nobody has anything, and time for a look at a few. */
	tick = 15;
	look = time_of_a_look(cache);
	run(rows, cache, values);
	tick = 0;
	now_ms += 100000;
	ck_assert_uint_eq(run(rows, cache, values).cached, 0);
	/* Now all are there. */
	ck_assert_uint_eq(run(rows, cache, values).cached, 20);
	tick = 15;
	slow = run(rows, cache, values).cached;
	ck_assert_uint_gt(slow, 0);
	ck_assert_msg((int64_t)(slow - 1) * look < 800, "%zu looks of %d ms",
	    slow, (int)look);
	ck_assert_int_gt(20 * look, 1000);
	cache_end(cache);
	teardown();
}
END_TEST

START_TEST(health_is_one_call)
{
	struct played rows[] = {
		{ "health", 200, "{}", 1, HTTP_ANSWERED, NULL, false }, { 0 }
	};

	setup();
	run(rows, NULL, NULL);
	ck_assert_str_eq(told, "health@1001:+ ");
	teardown();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { calls_run_at_the_same_time,
		no_more_at_a_time_than_may_be, what_may_pass_is_tried_again,
		a_later_try_may_succeed, retry_after_is_obeyed,
		retry_after_past_the_deadline_fails_at_once,
		the_deadline_ends_what_is_left,
		a_client_that_left_is_not_worked_for,
		refused_credentials_end_the_request,
		credentials_refused_later_cost_that_call_alone,
		the_circuit_opens_and_says_so_at_once,
		refusals_of_the_service_open_no_circuit,
		a_lookup_cut_by_the_deadline_says_nothing_of_the_host,
		a_host_that_hangs_past_the_deadline_opens_its_circuit,
		a_try_cut_by_the_deadline_does_not_undo_the_one_that_failed,
		a_try_that_the_deadline_cut_short_says_nothing_of_the_host,
		a_try_that_had_its_time_tells_of_the_host,
		too_many_requests_say_nothing_of_the_host,
		who_failed_comes_back_after_a_while,
		more_than_the_deadline_allows_says_nothing_of_the_host,
		what_was_found_by_the_deadline_counts,
		who_waits_for_a_turn_meets_the_open_circuit,
		what_this_machine_lacks_says_nothing_of_the_host,
		the_circuit_closes_though_a_token_is_needed,
		the_circuit_closes_though_the_token_is_old,
		a_question_too_long_is_not_asked_nor_ends_the_request,
		calls_wait_for_their_turn,
		a_turn_past_the_deadline_fails_at_once, lookups_share_a_call,
		one_sign_in_serves_all, nothing_keeps_a_token_but_its_table,
		what_lasts_is_not_tried_again,
		a_provider_hears_of_optional_calls_that_fail,
		a_scanned_page_without_content_is_nothing,
		a_token_that_is_refused_is_got_anew,
		a_fresh_token_that_is_refused_is_an_error,
		a_sign_in_that_fails_fails_all_who_wait,
		a_sign_in_that_fails_is_not_begun_again_by_who_waits,
		a_sign_in_that_fails_fails_what_is_asked_after_it,
		a_sign_in_left_by_its_client_is_free_for_the_next,
		a_scan_ends_the_transfer,
		results_are_kept_for_the_same_credential_alone,
		a_cache_slow_call_after_call_gets_a_part_of_the_time,
		health_is_one_call };

	return unit_run("fanout", tests, COUNT(tests));
}
