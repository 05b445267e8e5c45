/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <openssl/crypto.h>

#include "base/hash.h"
#include "cache/cache_common.h"
#include "call/fanout.h"
#include "call/outcome.h"
#include "egress/policy.h"
#include "call/quotas.h"
#include "call/signin.h"
#include "call/transfer.h"
#include "conf/conf.h"
#include "egress/egress_log.h"
#include "log/log.h"
#include "net/url.h"
#include "os/clock.h"
#include "shared/pace.h"
#include "shared/shared.h"

#define ERROR_BODY 65536 /* bytes kept of an error's body */
#define RUN_OUT \
	(256 << 10) /* bytes left of a body that are let
					 * come rather than lose a connection */

void
transfer_move(struct run *r, struct transfer *x, struct transfers *to)
{
	if (x->in != NULL) {
		TAILQ_REMOVE(x->in, x, link);
		r->in_air -= x->in == &r->flying;
	}
	x->in = to;
	if (to != NULL) {
		TAILQ_INSERT_TAIL(to, x, link);
		r->in_air += to == &r->flying;
	}
}

void
transfer_give_up(
    struct run *r, struct transfer *x, enum problem p, const char *format, ...)
{
	char text[512];
	va_list ap;

	if (x->in == &r->flying)
		http_cancel(r->http, &x->http);
	va_start(ap, format);
	(void)vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	call_fail_at(x->call, p, "%s", text);
	transfer_move(r, x, &r->landed);
}

static struct sharing *
sharing_new(struct sharings *list, struct transfer *x)
{
	struct sharing *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->url = strdup(x->call->url.data);
	s->sent = strdup(x->call->sent.data);
	s->apart = strdup(x->call->apart.data);
	if (s->url == NULL || s->sent == NULL || s->apart == NULL) {
		free(s->url);
		free(s->sent);
		free(s->apart);
		free(s);
		return NULL;
	}
	s->leader = x;
	TAILQ_INIT(&s->followers);
	SLIST_INSERT_HEAD(list, s, link);
	return s;
}

static void
copy_outcome(const struct sharing *s, struct call *c)
{
	const char *message =
	    s->message != NULL ? s->message : problem_code(s->problem);

	c->echo = s->fixed || !(c->flags & CALL_BATCH);
	call_found(c, json_object_get(s->result));
	if (s->problem == PROBLEM_NONE)
		return;
	if (s->fixed)
		call_fail(c, s->problem, "%s", message);
	else
		call_fail_at(c, s->problem, "%s", message);
}

/* Whether another lookup makes, or made, this very call. */
static bool
share(struct run *r, struct transfer *x)
{
	const struct buf *url = &x->call->url;
	struct sharings *list;
	struct sharing *s;

	list = &r->sharings[hash_bytes(url->data, url->len).a % SHARING_LISTS];
	SLIST_FOREACH(s, list, link)
	if (strcmp(s->url, url->data) == 0 &&
	    strcmp(s->sent, x->call->sent.data) == 0 &&
	    strcmp(s->apart, x->call->apart.data) == 0)
		break;
	if (s == NULL) {
		x->sharing = sharing_new(list, x);
		return false;
	}
	if (s->leader == NULL) {
		copy_outcome(s, x->call);
		transfer_move(r, x, &r->landed);
	} else {
		transfer_move(r, x, &s->followers);
	}
	return true;
}

/* Whether a call can be made as it is; else it has failed.  What did not fit is
 * not sent in part; it costs this call alone. */
static bool
transfer_check(const struct run *r, struct transfer *x)
{
	struct call *c = x->call;
	size_t i;

	if (c->url.starved || c->sent.starved || c->query.starved ||
	    c->apart.failed) {
		call_fail_at(c, PROBLEM_INTERNAL, "No memory left");
	} else if (c->url.failed || c->sent.failed || c->query.failed) {
		c->flags |= CALL_OPTIONAL;
		call_fail_at(c, PROBLEM_INVALID_ARGUMENT,
		    "The question is too long for %s", r->provider->title);
	}
	for (i = 0; i < c->n_headers; i++)
		if (c->headers[i].failed)
			call_fail_at(c, PROBLEM_INTERNAL, "No memory left");
	if (c->done)
		return false;
	errno = 0;
	if (url_origin(c->url.data, x->host, sizeof(x->host)) == 0)
		return true;
	if (errno == ENOMEM)
		call_fail_at(c, PROBLEM_INTERNAL, "No memory left");
	call_fail_at(c, PROBLEM_CONNECTION, "The URL of %s cannot be called",
	    r->provider->title);
	return false;
}

int
transfer_new(struct run *r, struct task *t, struct call *c)
{
	struct transfer *x;

	if ((x = calloc(1, sizeof(*x))) == NULL)
		return -1;
	x->task = t;
	x->run = r;
	x->call = c;
	x->said = BREAKER_UNTOLD;
	c->core = x;
	buf_init(&x->bearer, SIGNINS_MAX + 32);
	buf_init(&x->url, 2 * CALL_URL + 1);
	r->active++;
	r->job->calls++;
	call_signed(c, r->provider->title, &x->url, &x->signing);
	if (!transfer_check(r, x)) {
		transfer_move(r, x, &r->landed);
	} else if ((c->flags & CALL_SHARED) && share(r, x)) {
		/* It waits for another, or has landed like that. */
	} else if (kept_look_up(r, x)) {
		r->job->cached++;
		transfer_move(r, x, &r->landed);
	} else {
		x->at = clock_ms() + c->wait;
		transfer_move(r, x, c->wait > 0 ? &r->timed : &r->ready);
	}
	return 0;
}

/* What another gateway has told of the host, which is soon known to all of this
 * one. */
static void
circuit_of_others(struct run *r, const struct transfer *x, int64_t now)
{
	int64_t left;

	if (r->cache == NULL || !cache_is_remote(r->cache) ||
	    !breaker_look_due(&r->shared->breakers, x->host, r->breaker, now))
		return;
	left = cache_circuit(r->cache, x->host);
	if (left > 0)
		breaker_adopt(&r->shared->breakers, x->host, now, left);
}

/* The breaker's leave, once for a call and its retries. */
static bool
circuit(struct run *r, struct transfer *x, int64_t now)
{
	enum breaker_way way;
	int64_t left = 0;

	if (x->asked)
		return true;
	circuit_of_others(r, x, now);
	way =
	    breaker_ask(&r->shared->breakers, x->host, r->breaker, now, &left);
	if (way == BREAKER_OPEN) {
		transfer_give_up(r, x, PROBLEM_SERVICE_UNAVAILABLE,
		    "%s failed "
		    "too often and is left alone for %lld s more",
		    r->provider->title, (long long)(left + 999) / 1000);
		return false;
	}
	x->asked = true;
	x->probe = way == BREAKER_TRY;
	return true;
}

/* Its circuit has opened: the log and the other gateways are told. */
static void
circuit_opened(struct run *r, const struct transfer *x)
{
	int64_t left = 0;

	log_warning("relay %s: %s fails; it is left alone for a while",
	    r->job->relay->name, x->host);
	if (r->cache != NULL &&
	    breaker_ask(&r->shared->breakers, x->host, r->breaker, clock_ms(),
		&left) == BREAKER_OPEN)
		cache_circuit_opened(r->cache, x->host, left);
}

void
transfer_tell(struct run *r, struct transfer *x, enum breaker_result said)
{
	if (x->asked &&
	    breaker_tell(&r->shared->breakers, x->host, r->breaker, clock_ms(),
		said, x->probe))
		circuit_opened(r, x);
	x->asked = x->probe = false;
}

int64_t
transfer_turn(struct run *r, int64_t now, int64_t until)
{
	const struct cache_part parts[] = { { "turn", 4 },
		{ r->who.data, r->who.len } };
	int64_t wait = -2;

	if (r->rate.calls == 0)
		return 0;
	if (r->cache != NULL && (r->shared->alone || cache_is_remote(r->cache)))
		wait = cache_turn(r->cache, parts, 2, r->rate, until - now);
	return wait != -2 ? wait :
			    pace_turn(r->shared->pace, r->who.data, r->who.len,
				r->rate, now, until);
}

/* Its turn, where the service allows so many calls a second. */
static bool
paced(struct run *r, struct transfer *x, int64_t now)
{
	int64_t wait;

	if (r->rate.calls == 0 || x->turn || (x->call->flags & CALL_ELSEWHERE))
		return true;
	wait = transfer_turn(r, now, r->job->deadline);
	if (wait == -1) {
		transfer_give_up(r, x, PROBLEM_TOO_MANY_REQUESTS,
		    "%s takes %d calls a %s, and the turn of this one would "
		    "come after the deadline",
		    r->provider->title, r->rate.calls,
		    r->rate.seconds == 1        ? "second" :
			r->rate.seconds == 60   ? "minute" :
			r->rate.seconds == 3600 ? "hour" :
						  "day");
		return false;
	}
	x->turn = true;
	if (wait == 0)
		return true;
	x->at = now + wait;
	transfer_move(r, x, &r->timed);
	return false;
}

static enum http_take
transfer_take(struct http_call *h, const char *p, size_t n, int64_t length)
{
	struct transfer *x = h->arg;
	struct call *c = x->call;
	enum scan_result scanned;
	size_t room;

	if (h->status < 200 || h->status > 299) {
		room = ERROR_BODY - c->body.len;
		if (buf_add(&c->body, p, n < room ? n : room) == -1)
			return HTTP_REFUSE;
		return n < room ? HTTP_MORE : HTTP_STOP;
	}
	if (!(c->flags & CALL_SCAN))
		return buf_add(&c->body, p, n) == 0 ? HTTP_MORE : HTTP_REFUSE;
	if (!x->enough) {
		scanned = outcome_scan(x, p, n);
		if (scanned == SCAN_BAD)
			return HTTP_REFUSE;
		x->enough = scanned == SCAN_ENOUGH;
	}
	/* A new connection costs more than a little that is still to come. */
	return x->enough && (length < 0 || length > RUN_OUT) ? HTTP_STOP :
							       HTTP_MORE;
}

static void
fill_http(struct run *r, struct transfer *x)
{
	struct call *c = x->call;
	size_t i;

	for (i = 0; i < c->n_headers; i++)
		x->headers[i] = c->headers[i].data;
	if (x->serial != 0)
		x->headers[i++] = x->bearer.data;
	if (r->job->trace != NULL && policy_is_named(r->job->relay, x->host))
		i += traceparent_fields(r->job->trace, r->job->tracestate,
		    x->trace, x->headers + i);
	x->headers[i] = NULL;
	x->policy = policy_for(r->conf, r->job->relay, x->host);
	x->http =
	    (struct http_call){ .url = call_sent_url(c, &x->url, &x->signing),
		    .method = c->method,
		    .headers = x->headers,
		    .sign = call_is_signed(&x->signing),
		    .timeout = r->timeout,
		    .deadline = r->job->deadline,
		    .max_body = r->conf->max_answer,
		    .policy = &x->policy,
		    .take = transfer_take,
		    .arg = x,
		    .wanted = r->provider->answer_headers,
		    .quota_names = r->provider->quota };
	ratelimit_init(&x->http.quota);
	if (!(c->flags & CALL_SCAN) && x->http.max_body > CALL_PARSED)
		x->http.max_body = CALL_PARSED;
	if (c->sent.len > 0) {
		x->http.body = c->sent.data;
		x->http.type = c->type != NULL ?
		    c->type :
		    "application/x-www-form-urlencoded";
	}
}

bool
transfer_logged(struct run *r, struct task *t, const struct call *c,
    const char host[BREAKER_NAME])
{
	const struct observable *o = t->q.observable;
	struct egress_line line = {
		.relay = r->job->relay->name, .origin = host, .id = r->job->id
	};

	if (r->conf->egress.log == NULL || o == NULL ||
	    (c->flags & CALL_WITHOUT_VALUE) || strcmp(t->told, host) == 0)
		return true;
	line.type = observable_name(o->type);
	line.value = o->value;
	if (!egress_log_write(r->conf, &line))
		return !r->conf->egress.log_required;
	(void)stpcpy(t->told, host);
	return true;
}

void
transfer_start(struct run *r, struct transfer *x)
{
	int64_t now = clock_ms();

	if (now >= r->job->deadline) {
		transfer_late(r, x);
		return;
	}
	if (!kept_ours(r, x, now))
		return;
	/* The token first: the call that gets it may have to be the probe. */
	if (!quotas_may(r, x) || !signin_want(r, x, now) || !circuit(r, x, now))
		return;
	if (!paced(r, x, now)) {
		/* The circuit may be another when its turn has come. */
		if (x->tries == 0)
			transfer_tell(r, x, BREAKER_UNTOLD);
		return;
	}
	if (!transfer_logged(r, x->task, x->call, x->host)) {
		transfer_give_up(r, x, PROBLEM_INTERNAL, TRANSFER_UNLOGGED,
		    r->provider->title);
		return;
	}
	outcome_reset(x);
	fill_http(r, x);
	x->tries++;
	transfer_move(r, x, &r->flying);
	if (http_start(r->http, &x->http) == -1)
		transfer_ended(r, x);
}

/* Those who waited for the same call. */
static void
tell_followers(struct run *r, struct transfer *x)
{
	struct sharing *s = x->sharing;
	struct transfer *y;

	s->leader = NULL;
	s->result = json_object_get(x->call->result);
	s->problem = x->call->problem;
	s->fixed = x->call->fixed;
	s->message = strdup(call_message(x->call));
	while ((y = TAILQ_FIRST(&s->followers)) != NULL) {
		copy_outcome(s, y->call);
		transfer_move(r, y, &r->landed);
	}
	x->sharing = NULL;
}

void
transfer_over(struct run *r, struct transfer *x)
{
	x->call->done = true;
	outcome_mask(x);
	kept_keep(r, x);
	if (x->sharing != NULL)
		tell_followers(r, x);
}

void
transfer_free(struct run *r, struct transfer *x)
{
	if (x->in == &r->flying)
		http_cancel(r->http, &x->http);
	transfer_tell(r, x, x->said);
	kept_leave(r, x);
	if (x->task == &r->sign) {
		/* Who waits for a token need not wait for this one. */
		if (r->signing)
			signin_forget(r);
		call_wipe(x->call);
		OPENSSL_cleanse(x->call->body.data, x->call->body.len);
	}
	transfer_move(r, x, NULL);
	outcome_reset(x);
	buf_wipe(&x->bearer);
	buf_wipe(&x->url);
	buf_wipe(&x->signing.to_sign);
	x->call->core = NULL;
	free(x);
	r->active--;
}
