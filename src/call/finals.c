/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "call/fanout.h"
#include "call/finals.h"
#include "call/signin.h"
#include "call/transfer.h"
#include "conf/conf.h"
#include "egress/policy.h"
#include "log/log.h"
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
	const char *headers[CALL_HEADERS + 2];
};

void
finals_add(struct run *r, struct task *t)
{
	if (r->provider->finish != NULL)
		r->provider->finish(&t->q, &r->finals);
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

	if (c->done || c->url.failed || c->sent.failed || c->query.failed ||
	    url_origin(c->url.data, f->host, sizeof(f->host)) == -1)
		return false;
	for (i = 0; i < c->n_headers; i++)
		f->headers[i] = c->headers[i].data;
	if ((c->flags & CALL_SIGNED) && !signin_have(r, f->host, &f->bearer))
		return false;
	if (f->bearer.len > 0)
		f->headers[i++] = f->bearer.data;
	f->policy = policy_for(r->conf, r->job->relay, f->host);
	f->http = (struct http_call){ .url = call_whole_url(c, &f->url),
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
		finals_failed(f, f->http.reason);
}

/* Waits for those that are under way. */
static void
finals_wait(struct http *http, size_t out, int64_t deadline)
{
	struct http_call *h;
	int64_t now;

	while (out > 0 && (now = clock_ms()) < deadline) {
		http_wait(http, deadline - now);
		while ((h = http_next(http)) != NULL) {
			finals_ended(h->arg);
			out--;
		}
	}
	if (out > 0) {
		log_warning("%zu calls at the end of lookups were not answered "
			    "in time",
		    out);
		http_cancel_all(http);
	}
}

static void
finals_free(struct final *list, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		buf_wipe(&list[i].url);
		buf_wipe(&list[i].bearer);
	}
	free(list);
}

void
finals_make(struct run *runs, size_t n)
{
	const int64_t deadline = clock_ms() + FINALS_TIME;
	struct final *list, *f;
	size_t all = 0, out = 0, i, j;

	for (i = 0; i < n; i++)
		all += runs[i].finals.n;
	if (all == 0)
		return;
	if ((list = calloc(all, sizeof(*list))) == NULL) {
		log_error("no memory left for the calls at the end of lookups");
		return;
	}
	for (i = 0, f = list; i < n; i++)
		for (j = 0; j < runs[i].finals.n; j++, f++) {
			f->run = &runs[i];
			f->call = runs[i].finals.calls[j];
			buf_init(&f->url, 2 * CALL_URL + 1);
			buf_init(&f->bearer, SIGNINS_MAX + 32);
			runs[i].job->calls++;
			if (!finals_fill(f, deadline))
				finals_failed(f, "it cannot be made");
			else if (http_start(runs[i].http, &f->http) == -1)
				finals_ended(f);
			else
				out++;
		}
	finals_wait(runs[0].http, out, deadline);
	finals_free(list, all);
}
