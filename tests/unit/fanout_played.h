/* SPDX-License-Identifier: MIT */
/*
 * fanout_played: what the programs of the fan-out share: a played network on a
 * played clock.  http.h and clock_ms() are played here, so that a minute of
 * waiting takes no time and every order of events is the same in every run.
 */
#ifndef CTIM_FANOUT_PLAYED_H
#define CTIM_FANOUT_PLAYED_H
#include <sys/queue.h>

#include <stdio.h>
#include <string.h>
#include <time.h>
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
static const char *said = "";  /* in a header field */
static const char *quota_left; /* said in a field of it; NULL: none is */
static bool early;             /* bodies come before their end */
static char asked[8192];       /* paths and tokens, in order */

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
	if (quota_left != NULL) {
		ratelimit_take(&c->quota, RATELIMIT_LEFT, quota_left,
		    strlen(quota_left), (int64_t)time(NULL));
		ratelimit_take(
		    &c->quota, RATELIMIT_RESET, "600", 3, (int64_t)time(NULL));
	}
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
static int64_t more_wait;      /* ms before one more sets out */
static const char *first_sent; /* bodies: the value's own; NULL: none */
static unsigned heard_of_failure, ends_of_scan;
static struct json_object *last_token; /* once it is set, one reference */

static void
request(const struct query *q, const struct call *done)
{
	struct call *c;
	size_t i;

	if (done == NULL) {
		c = lookup_call(q->lookup, FIRST, first_flags, HOST "%s",
		    q->observable == NULL  ? "health" :
			first_sent != NULL ? first_sent :
					     q->observable->value);
		if (first_sent != NULL)
			buf_adds(&c->sent, q->observable->value);
		return;
	}
	heard_of_failure += done->problem != PROBLEM_NONE;
	for (i = 0; done->step == FIRST && i < jsonin_length(done->result); i++)
		lookup_call(q->lookup, MORE, more_flags, HOST "%s",
		    jsonin_text(jsonin_at(done->result, i)))
		    ->wait = more_wait;
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

	buf_adds(&c->sent, "user=u");
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
	more_wait = 0;
	first_sent = NULL;
	early = false;
	quota_left = NULL;
	provider.quota = NULL;
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
		.rate = { -1, 1 },
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

static struct fanout_job
played_job(const struct relay_conf *of)
{
	return (struct fanout_job){ .relay = of,
		.deadline = now_ms + conf.deadline * 1000,
		.complete = complete,
		.idle = idle,
		.gone = gone,
		.n = 1,
		.query = { .route = PROVIDER_OBSERVE, .claims = &token } };
}

/* Asks for the values; NULL: health. */
static struct fanout_job
run(struct played *rows, struct cache *cache, const char *const *values)
{
	struct observable list[512];
	struct fanout_job job = played_job(&relay);
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
	fanout_run(f, &job, 1);
	fanout_free(f);
	return job;
}

#define VALUES(...)               \
	(const char *const[])     \
	{                         \
		__VA_ARGS__, NULL \
	}

#endif
