/* SPDX-License-Identifier: MIT */
#include <sys/random.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "call/fanout.h"
#include "call/outcome.h"
#include "call/quotas.h"
#include "call/transfer.h"
#include "conf/conf.h"
#include "log/log.h"
#include "os/clock.h"
#include "token/mask.h"
#include "token/token.h"

#define BACKOFF 250 /* ms before the second try, then doubling */

enum scan_result
outcome_scan(struct transfer *x, const char *p, size_t n)
{
	const struct query *q = &x->task->q;
	struct call *c = x->call;
	const struct provider *provider = q->provider;
	enum scan_result result;

	errno = 0;
	if (c->scan == NULL &&
	    (c->scan = calloc(1, provider->scan_size)) == NULL) {
		call_fail_at(c, PROBLEM_INTERNAL, "No memory left");
		return SCAN_BAD;
	}
	result = provider->scan(q, c, p, n);
	/* As in answered(): what could not be compared may be the one. */
	if (errno != ENOMEM)
		return result;
	call_fail_at(c, PROBLEM_INTERNAL, "No memory left");
	return SCAN_BAD;
}

void
outcome_reset(struct transfer *x)
{
	struct call *c = x->call;

	if (c->scan != NULL) {
		x->task->q.provider->scan_free(c);
		free(c->scan);
		c->scan = NULL;
	}
	buf_free(&c->body);
	buf_init(&c->body, CALL_PARSED);
	x->enough = false;
}

/* How a transfer may end without an answer. */
static const struct {
	enum breaker_result said; /* whose fault it is */
	bool unconnected;
	enum problem problem;
	const char *message; /* fail_with() */
} outcome_ends[] = {
	[HTTP_REFUSED] = { BREAKER_WORKED, false, PROBLEM_UNKNOWN,
	    "The answer of {service} is not the JSON that it should be" },
	[HTTP_BAD_URL] = { BREAKER_UNTOLD, true, PROBLEM_CONNECTION,
	    "The URL of {service} cannot be called: {why}" },
	[HTTP_PRIVATE] = { BREAKER_UNTOLD, true, PROBLEM_CONNECTION,
	    "{service} is at a private address, which this gateway does not "
	    "call" },
	[HTTP_NO_HOST] = { BREAKER_FAILED, true, PROBLEM_CONNECTION,
	    "The host of {service} was not found" },
	[HTTP_NO_CONNECTION] = { BREAKER_FAILED, true, PROBLEM_CONNECTION,
	    "No connection to {service}" },
	[HTTP_CUT] = { BREAKER_FAILED, false, PROBLEM_CONNECTION,
	    "The connection to {service} was cut" },
	[HTTP_LATE] = { BREAKER_FAILED, false, PROBLEM_CONNECTION,
	    "{service} did not answer in time" },
	[HTTP_TLS] = { BREAKER_FAILED, false, PROBLEM_UNKNOWN,
	    "Unable to verify SSL certificate: {why}" },
	[HTTP_TOO_LARGE] = { BREAKER_WORKED, false, PROBLEM_UNKNOWN,
	    "The answer of {service} is larger than this gateway takes" },
	[HTTP_GARBLED] = { BREAKER_FAILED, false, PROBLEM_UNKNOWN,
	    "The answer of {service} cannot be read: {why}" },
	[HTTP_NO_MEMORY] = { BREAKER_UNTOLD, false, PROBLEM_INTERNAL,
	    "No memory left for the call to {service}" },
	[HTTP_FAILED] = { BREAKER_UNTOLD, false, PROBLEM_INTERNAL,
	    "The call to {service} could not be made: {why}" }
};

/* Puts the service and the cause into a message. */
static void
fail_with(struct call *c, enum problem p, const char *message,
    const char *service, const char *why)
{
	const char *at;
	struct buf b;

	buf_init(&b, 1024);
	for (at = message; *at != '\0';) {
		if (strncmp(at, "{service}", 9) == 0) {
			(void)buf_adds(&b, service);
			at += 9;
		} else if (strncmp(at, "{why}", 5) == 0) {
			(void)buf_adds(&b, why);
			at += 5;
		} else {
			(void)buf_addc(&b, *at++);
		}
	}
	call_fail_at(c, p, "%s", b.data);
	buf_free(&b);
}

/* Whether the log is to be told: of many calls that fail alike, once. */
static bool
is_news(struct run *r, enum http_end end)
{
	unsigned bit = 1U << end;
	bool news = (r->logged & bit) == 0;

	r->logged |= bit;
	return news;
}

static void
outcome_failed(struct run *r, struct transfer *x)
{
	const struct http_call *h = &x->http;
	const struct query *q = &x->task->q;
	struct call *c = x->call;
	const char *title = r->provider->title;

	if (h->end == HTTP_REFUSED && c->body.starved)
		call_fail_at(c, PROBLEM_INTERNAL, "No memory left");
	if (h->end == HTTP_REFUSED && c->body.failed)
		fail_with(c, PROBLEM_UNKNOWN,
		    outcome_ends[HTTP_TOO_LARGE].message, title, h->why);
	if (h->end == HTTP_CUT && h->status >= 200 && h->status < 300)
		call_fail_at(c, PROBLEM_UNKNOWN,
		    "The answer of %s was cut short", title);
	if (outcome_ends[h->end].unconnected &&
	    r->provider->unreachable != NULL)
		r->provider->unreachable(q, c);
	/* The first problem that a call is given stays. */
	fail_with(c, outcome_ends[h->end].problem, outcome_ends[h->end].message,
	    title, h->why);
	if (is_news(r, h->end))
		log_warning(
		    "relay %s: %s: %s", r->job->relay->name, x->host, h->why);
}

/*
 * What a provider makes of an answer may lack what there was no memory for.
 * Instead of every place where that can be, malloc(3)'s word is looked at: a
 * part must not pass for the whole, nor be kept as that.
 */
static void
answered(struct run *r, struct transfer *x)
{
	struct call *c = x->call;

	errno = 0;
	if (!(c->flags & CALL_SCAN) || c->status < 200 || c->status > 299)
		r->provider->reply(&x->task->q, c);
	else if (!x->enough && c->status != 204 &&
	    outcome_scan(x, NULL, 0) == SCAN_BAD)
		fail_with(c, PROBLEM_UNKNOWN,
		    outcome_ends[HTTP_REFUSED].message, r->provider->title, "");
	if (errno == ENOMEM)
		call_fail_at(c, PROBLEM_INTERNAL, "No memory left");
	if (c->status >= 500 && is_news(r, HTTP_ANSWERED))
		log_warning("relay %s: %s: status %d", r->job->relay->name,
		    x->host, c->status);
}

/* Half to all of what doubles with every try, so that those who failed together
 * do not come back together. */
static int64_t
back_off(int tries)
{
	int64_t most = (int64_t)BACKOFF << (tries - 1);
	uint32_t random;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		random = 0;
	return most / 2 + random % (most / 2 + 1);
}

/* Whether there is to be another try, which is then timed. */
static bool
outcome_again(struct run *r, struct transfer *x, int64_t now)
{
	const struct provider *p = r->provider;
	const struct http_call *h = &x->http;
	bool worth;
	int64_t wait = -1;

	if (h->end == HTTP_ANSWERED || h->end == HTTP_ENOUGH)
		worth = (h->status == 429 ||
			    (h->status >= 502 && h->status <= 504)) &&
		    (p->lasting == NULL || !p->lasting(x->call));
	else
		worth = h->end == HTTP_NO_CONNECTION ||
		    (h->end == HTTP_CUT && !x->enough);
	if (!worth || x->tries > r->conf->retries)
		return false;
	if (h->status != 0)
		wait = http_retry_after(h->retry_after, (int64_t)time(NULL));
	if (wait < 0)
		wait = back_off(x->tries);
	if (wait >= r->job->deadline - now)
		return false;
	/* So it stays, should nothing be heard of the next try. */
	if (h->status != 429)
		x->said = BREAKER_FAILED;
	x->at = now + wait;
	x->turn = false;
	r->job->retried++;
	transfer_move(r, x, &r->timed);
	return true;
}

/* A token that the service no longer takes is got anew, once. */
static bool
sign_again(struct run *r, struct transfer *x, int64_t now)
{
	if (x->http.status != 401 || !(x->call->flags & CALL_SIGNED) ||
	    x->refused != 0)
		return false;
	/* The host answers, and may have to be asked for a token: its circuit
	 * must not wait for this call, which waits for that. */
	transfer_tell(r, x, BREAKER_WORKED);
	x->refused = x->serial;
	x->serial = 0;
	x->turn = false;
	x->tries--;
	x->at = now;
	transfer_move(r, x, &r->timed);
	return true;
}

/* ms that its last try had a place at the host; 0: it never got one. */
static int64_t
transfer_had(const struct transfer *x, int64_t now)
{
	return x->http.began == 0 ? 0 : now - x->http.began;
}

/* How a try ended, for the counts. */
static enum counters_end
outcome_end(const struct http_call *h, bool there)
{
	if (!there)
		return h->end == HTTP_LATE ? COUNTERS_END_TIMEOUT :
					     COUNTERS_END_BROKEN;
	if (h->status >= 500)
		return COUNTERS_END_5XX;
	if (h->status == 429)
		return COUNTERS_END_LIMITED;
	return h->status >= 400 ? COUNTERS_END_4XX : COUNTERS_END_OK;
}

/* Counts a try, unless it never had a place at the host. */
static void
outcome_count(
    struct run *r, struct transfer *x, enum counters_end end, int64_t now)
{
	if (x->http.began != 0)
		counters_upstream(&r->job->place, end, transfer_had(x, now));
}

void
transfer_ended(struct run *r, struct transfer *x)
{
	struct http_call *h = &x->http;
	struct call *c = x->call;
	int64_t now = clock_ms();
	bool there =
	    h->end == HTTP_ANSWERED || h->end == HTTP_ENOUGH || x->enough;

	c->status = h->status;
	memcpy(c->reason, h->reason, sizeof(c->reason));
	_Static_assert(sizeof(c->said) == sizeof(h->kept), "header fields");
	memcpy(c->said, h->kept, sizeof(c->said));
	quotas_take(r, x);
	outcome_count(r, x, outcome_end(h, there), now);
	if (sign_again(r, x, now) || outcome_again(r, x, now))
		return;
	if (there)
		x->said = h->status >= 500 ? BREAKER_FAILED : BREAKER_WORKED;
	/* Unless the deadline left it too little time to say anything of the
	 * host. */
	else if (h->end != HTTP_LATE || h->granted >= r->timeout ||
	    transfer_had(x, now) >= r->fair)
		x->said = outcome_ends[h->end].said;
	if (there)
		answered(r, x);
	else
		outcome_failed(r, x);
	transfer_move(r, x, &r->landed);
}

/* The transfer is the engine's until it is cancelled. */
void
transfer_late(struct run *r, struct transfer *x)
{
	bool flew = x->in == &r->flying;

	if (flew) {
		http_cancel(r->http, &x->http);
		outcome_count(r, x,
		    x->enough ? COUNTERS_END_OK : COUNTERS_END_TIMEOUT,
		    clock_ms());
	}
	if (flew && x->enough) {
		/* Only what nobody wants was still to come. */
		x->said = BREAKER_WORKED;
		transfer_move(r, x, &r->landed);
		return;
	}
	if (flew && transfer_had(x, clock_ms()) >= r->fair)
		x->said = BREAKER_FAILED;
	transfer_give_up(
	    r, x, PROBLEM_CONNECTION, "The deadline of the request has passed");
}

void
outcome_secrets(
    struct mask *m, const struct provider *p, const struct claims *claims)
{
	const struct provider_field *f = p->fields;
	const char *value;
	char by[64];

	for (; f != NULL && f->claim != NULL; f++) {
		value = token_claim(claims, f->claim);
		if (f->kind == FIELD_TEXT || value == NULL)
			continue;
		snprintf(by, sizeof(by), "{%s}", f->claim);
		mask_add(m, value, strlen(value), by);
	}
}

void
outcome_mask(struct transfer *x)
{
	struct call *c = x->call;
	const char *token;
	struct mask m;
	struct buf b;

	if (c->message == NULL)
		return;
	mask_init(&m);
	m.cut = true;
	outcome_secrets(&m, x->run->provider, x->run->job->query.claims);
	if (x->bearer.len > 0) {
		token = strrchr(x->bearer.data, ' ') + 1;
		mask_add(&m, token, strlen(token), "{token}");
	}
	buf_init(&b, 2 * CALL_FIELD + (64 << 10));
	mask_text(&m, c->message, strlen(c->message), &b);
	free(c->message);
	c->message = b.failed ? NULL : strdup(b.data);
	buf_free(&b);
	mask_free(&m);
}
