/* SPDX-License-Identifier: MIT */
/*
 * http.h, and the public part of http_engine.h, for the half without libcurl.
 * The network half is opened at the first call, and what needs it is made then.
 */
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/http.h"
#include "http/http_engine.h"
#include "net/network.h"

struct http {
	const struct conf *conf;
	const struct http_functions *to; /* NULL: it is not there, or not yet */
	struct http *there; /* the other half's, which has other members */
	bool joined;        /* to an engine: there is nothing to wait for */
};

struct http_engine {
	const struct http_functions *to; /* NULL: it is not there */
	struct http_engine *there;       /* the other half's */
};

int
http_global(void)
{
	return 0; /* the other half does it when it is opened */
}

struct http_engine *
http_engine_new(const struct conf *conf)
{
	const struct network *network = network_get();
	struct http_engine *e = calloc(1, sizeof(*e));

	if (e == NULL || network == NULL)
		return e;
	e->to = network->http;
	if (e->to->global() == -1 ||
	    (e->there = e->to->engine_make(conf)) == NULL) {
		free(e);
		return NULL;
	}
	return e;
}

int
http_engine_start(struct http_engine *e, void (*died)(const char *why))
{
	return e->to == NULL ? 0 : e->to->engine_start(e->there, died);
}

void
http_engine_free(struct http_engine *e)
{
	if (e != NULL && e->to != NULL)
		e->to->engine_free(e->there);
	free(e);
}

struct http *
http_join(struct http_engine *e)
{
	struct http *h = calloc(1, sizeof(*h));

	if (h == NULL)
		return NULL;
	h->joined = true;
	if (e->to == NULL)
		return h;
	if ((h->there = e->to->join(e->there)) == NULL) {
		free(h);
		return NULL;
	}
	h->to = e->to;
	return h;
}

struct http *
http_new(const struct conf *conf)
{
	struct http *h = calloc(1, sizeof(*h));

	if (h != NULL)
		h->conf = conf;
	return h;
}

void
http_free(struct http *h)
{
	if (h != NULL && h->to != NULL)
		h->to->free(h->there);
	free(h);
}

/* Makes the other half's struct.  Returns how a call ends without it,
 * HTTP_ANSWERED when it is there, and the cause in *why. */
static enum http_end
http_reach(struct http *h, const char **why)
{
	const struct network *network;

	if (h->to != NULL)
		return HTTP_ANSWERED;
	if (h->joined || (network = network_get()) == NULL) {
		*why = network_missing();
		return HTTP_FAILED;
	}
	*why = "no memory left";
	if (network->http->global() == -1 ||
	    (h->there = network->http->make(h->conf)) == NULL)
		return HTTP_NO_MEMORY;
	h->to = network->http;
	return HTTP_ANSWERED;
}

/* Whether there is the other half; else the call has ended, and says why. */
static bool
http_reached(struct http *h, struct http_call *call)
{
	const char *why;
	enum http_end end = http_reach(h, &why);

	if (end == HTTP_ANSWERED)
		return true;
	call->status = 0;
	call->reason[0] = call->retry_after[0] = call->date[0] = '\0';
	call->server[0] = '\0';
	memset(call->kept, 0, sizeof(call->kept));
	if (call->redirect != NULL)
		call->redirect[0] = '\0';
	call->until = call->began = call->granted = 0;
	call->h2 = call->fresh = false;
	call->own = (struct http_own){ 0 };
	call->end = end;
	(void)snprintf(call->why, sizeof(call->why), "%s", why);
	return false;
}

int
http_start(struct http *h, struct http_call *call)
{
	return http_reached(h, call) ? h->to->start(h->there, call) : -1;
}

void
http_cancel(struct http *h, struct http_call *call)
{
	if (h->to != NULL)
		h->to->cancel(h->there, call);
}

void
http_cancel_all(struct http *h)
{
	if (h->to != NULL)
		h->to->cancel_all(h->there);
}

void
http_wait(struct http *h, int64_t ms)
{
	if (h->to != NULL)
		h->to->wait(h->there, ms);
	else if (ms > 0)
		(void)poll(NULL, 0, ms > INT_MAX ? INT_MAX : (int)ms);
}

struct http_call *
http_next(struct http *h)
{
	return h->to == NULL ? NULL : h->to->next(h->there);
}

void
http_do(struct http *h, struct http_call *call)
{
	if (http_reached(h, call))
		h->to->run(h->there, call);
}
