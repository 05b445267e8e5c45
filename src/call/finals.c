/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "answer/traceparent.h"
#include "call/fanout.h"
#include "call/finals.h"
#include "call/signin.h"
#include "call/transfer.h"
#include "conf/conf.h"
#include "egress/policy.h"
#include "log/log.h"
#include "net/reason.h"
#include "net/url.h"
#include "os/clock.h"
#include "shared/signins.h"

struct final {
	struct run *run;
	struct call *call;
	struct http_call http;
	struct http_policy policy;
	char host[BREAKER_NAME];
	struct buf url, bearer;
	struct call_signing signing;
	/* Those of the call, a token, the trace with its state, and NULL. */
	const char *headers[CALL_HEADERS + 4];
	char trace[TRACEPARENT_FIELD];
	int64_t at; /* clock_ms() of its turn; 0: it is on its way, or over */
};

/* All of them. */
struct finals {
	struct final *list;
	size_t n;
	size_t out; /* on their way, or waiting for their turn */
	int64_t deadline;
};

/* What a value leaves with is in the egress log before, or does not leave. */
void
finals_add(struct run *r, struct task *t)
{
	char host[BREAKER_NAME];
	struct call *c;
	size_t i = r->finals.n;

	if (r->provider->finish == NULL)
		return;
	r->provider->finish(&t->q, &r->finals);
	for (; i < r->finals.n; i++) {
		c = r->finals.calls[i];
		if (!c->done &&
		    url_origin(c->url.data, host, sizeof(host)) == 0 &&
		    !transfer_logged(r, t, c, host))
			call_fail(c, PROBLEM_INTERNAL, TRANSFER_UNLOGGED,
			    r->provider->title);
	}
}

static void
finals_failed(const struct final *f, const char *why)
{
	log_warning("relay %s: %s: the call at the end of a lookup failed: %s",
	    f->run->job->relay->name, f->host, why);
}

/* Fills in what is sent; false: it cannot be. */
static bool
finals_fill(struct final *f, int64_t deadline)
{
	struct run *r = f->run;
	struct call *c = f->call;
	size_t i;

	call_signed(c, r->provider->title, &f->url, &f->signing);
	if (c->done || c->url.failed || c->sent.failed || c->query.failed ||
	    url_origin(c->url.data, f->host, sizeof(f->host)) == -1)
		return false;
	for (i = 0; i < c->n_headers; i++)
		f->headers[i] = c->headers[i].data;
	if ((c->flags & CALL_SIGNED) && !signin_have(r, f->host, &f->bearer))
		return false;
	if (f->bearer.len > 0)
		f->headers[i++] = f->bearer.data;
	if (r->job->trace != NULL && policy_is_named(r->job->relay, f->host))
		i += traceparent_fields(r->job->trace, r->job->tracestate,
		    f->trace, f->headers + i);
	f->headers[i] = NULL;
	f->policy = policy_for(r->conf, r->job->relay, f->host);
	f->http =
	    (struct http_call){ .url = call_sent_url(c, &f->url, &f->signing),
		    .sign = call_is_signed(&f->signing),
		    .method = c->method,
		    .headers = f->headers,
		    .body = c->sent.len > 0 ? c->sent.data : NULL,
		    .type = c->type,
		    .timeout = FINALS_TIME,
		    .deadline = deadline,
		    .max_body = CALL_PARSED,
		    .policy = &f->policy,
		    .arg = f };
	return true;
}

static void
finals_ended(const struct final *f)
{
	if (f->http.end != HTTP_ANSWERED && f->http.end != HTTP_ENOUGH)
		finals_failed(f, f->http.why);
	else if (f->http.status < 200 || f->http.status > 299)
		/* Not in the words of the service, which may quote. */
		finals_failed(f, http_reason(f->http.status));
}

/* Puts one together, and gives it its turn. */
static void
finals_prepare(struct finals *all, struct final *f)
{
	const int64_t now = clock_ms();
	int64_t wait;

	buf_init(&f->url, 2 * CALL_URL + 1);
	buf_init(&f->bearer, SIGNINS_MAX + 32);
	if (!finals_fill(f, all->deadline)) {
		finals_failed(f,
		    f->call->problem == PROBLEM_NONE ? "it cannot be made" :
						       call_message(f->call));
		return;
	}
	wait = transfer_turn(f->run, now, all->deadline);
	if (wait == -1) {
		finals_failed(f, "its turn would come too late");
		return;
	}
	f->at = now + wait;
	all->out++;
}

/* Starts those whose turn has come.  Returns when the next one's does. */
static int64_t
finals_start(struct finals *all, int64_t now)
{
	int64_t next = all->deadline;
	struct final *f;

	for (f = all->list; f < all->list + all->n; f++) {
		if (f->at > now && f->at < next)
			next = f->at;
		if (f->at == 0 || f->at > now)
			continue;
		f->at = 0;
		f->run->job->calls++;
		if (http_start(f->run->http, &f->http) == -1) {
			finals_ended(f);
			all->out--;
		}
	}
	return next;
}

/* Waits for those that are under way. */
static void
finals_wait(struct finals *all, struct http *http)
{
	struct http_call *h;
	int64_t now, next;

	while (all->out > 0 && (now = clock_ms()) < all->deadline) {
		next = finals_start(all, now);
		if (all->out > 0)
			http_wait(http, next - now);
		while ((h = http_next(http)) != NULL) {
			finals_ended(h->arg);
			all->out--;
		}
	}
	if (all->out > 0) {
		log_warning("%zu calls at the end of lookups were not answered "
			    "in time",
		    all->out);
		http_cancel_all(http);
	}
}

static void
finals_free(struct finals *all)
{
	size_t i;

	for (i = 0; i < all->n; i++) {
		buf_wipe(&all->list[i].url);
		buf_wipe(&all->list[i].signing.to_sign);
		buf_wipe(&all->list[i].bearer);
	}
	free(all->list);
}

void
finals_make(struct run *runs, size_t n)
{
	struct finals all = { .deadline = clock_ms() + FINALS_TIME };
	struct final *f;
	size_t i, j;

	for (i = 0; i < n; i++)
		all.n += runs[i].finals.n;
	if (all.n == 0)
		return;
	if ((all.list = calloc(all.n, sizeof(*all.list))) == NULL) {
		log_error("no memory left for the calls at the end of lookups");
		return;
	}
	for (i = 0, f = all.list; i < n; i++)
		for (j = 0; j < runs[i].finals.n; j++, f++) {
			f->run = &runs[i];
			f->call = runs[i].finals.calls[j];
			finals_prepare(&all, f);
		}
	finals_wait(&all, runs[0].http);
	finals_free(&all);
}
