/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "http/http_host.h"
#include "http/http_trust.h"

#define HOSTS 256 /* of a pool, that are remembered without a transfer there */

struct http_pool *
http_pool_new(const struct http_policy *policy)
{
	struct http_pool *p;

	if ((p = calloc(1, sizeof(*p))) == NULL)
		return NULL;
	TAILQ_INIT(&p->hosts);
	p->policy = *policy;
	p->due = -1;
	return p;
}

int
http_pool_open(struct http_pool *p, long idle)
{
	if ((p->multi = curl_multi_init()) != NULL &&
	    curl_multi_setopt(p->multi, CURLMOPT_MAXCONNECTS, idle) == CURLM_OK)
		return 0;
	http_pool_close(p);
	return -1;
}

void
http_pool_close(struct http_pool *p)
{
	if (p->multi != NULL)
		(void)curl_multi_cleanup(p->multi);
	p->multi = NULL;
	p->unsound = false;
	p->due = -1;
}

static void
http_host_free(struct http_host *h)
{
	TAILQ_REMOVE(&h->pool->hosts, h, link);
	h->pool->n--;
	(void)curl_share_cleanup(h->sessions);
	free(h);
}

void
http_pool_free(struct http_pool *p)
{
	/* Connections go first: what they still read may be a session. */
	http_pool_close(p);
	while (!TAILQ_EMPTY(&p->hosts))
		http_host_free(TAILQ_FIRST(&p->hosts));
	http_trust_put(p->trust);
	free(p);
}

/* Forgets hosts that were not called for the longest time, until there is room
 * for one more; none where there is a transfer. */
static void
http_host_forget(struct http_pool *p)
{
	struct http_host *h, *before;

	for (h = TAILQ_LAST(&p->hosts, http_hosts); h != NULL && p->n >= HOSTS;
	     h = before) {
		before = TAILQ_PREV(h, http_hosts, link);
		if (h->places == 0 && TAILQ_EMPTY(&h->lines))
			http_host_free(h);
	}
}

static struct http_host *
http_host_new(struct http_pool *p, const char *origin)
{
	struct http_host *h;

	http_host_forget(p);
	if ((h = calloc(1, sizeof(*h))) == NULL)
		return NULL;
	if ((h->sessions = curl_share_init()) == NULL ||
	    curl_share_setopt(h->sessions, CURLSHOPT_SHARE,
		CURL_LOCK_DATA_SSL_SESSION) != CURLSHE_OK) {
		(void)curl_share_cleanup(h->sessions);
		free(h);
		return NULL;
	}
	h->pool = p;
	(void)snprintf(h->origin, sizeof(h->origin), "%s", origin);
	TAILQ_INIT(&h->lines);
	p->n++;
	return h;
}

struct http_host *
http_host_get(struct http_pool *p, const char *origin)
{
	struct http_host *h;

	TAILQ_FOREACH(h, &p->hosts, link)
	if (strcmp(h->origin, origin) == 0)
		break;
	if (h != NULL)
		TAILQ_REMOVE(&p->hosts, h, link);
	else if ((h = http_host_new(p, origin)) == NULL)
		return NULL;
	TAILQ_INSERT_HEAD(&p->hosts, h, link);
	return h;
}

int
http_host_wait(struct http_host *h, struct http_call *call)
{
	struct http_line *l;

	TAILQ_FOREACH(l, &h->lines, link)
	if (l->from == call->own.from)
		break;
	if (l == NULL) {
		if ((l = calloc(1, sizeof(*l))) == NULL)
			return -1;
		l->host = h;
		l->from = call->own.from;
		TAILQ_INIT(&l->calls);
		TAILQ_INSERT_TAIL(&h->lines, l, link);
	}
	TAILQ_INSERT_TAIL(&l->calls, call, own.link);
	call->own.line = l;
	return 0;
}

void
http_host_leave(struct http_call *call)
{
	struct http_line *l = call->own.line;

	TAILQ_REMOVE(&l->calls, call, own.link);
	call->own.line = NULL;
	if (!TAILQ_EMPTY(&l->calls))
		return;
	TAILQ_REMOVE(&l->host->lines, l, link);
	free(l);
}

struct http_call *
http_host_next(struct http_host *h)
{
	struct http_line *l = TAILQ_FIRST(&h->lines);
	struct http_call *call;

	if (l == NULL)
		return NULL;
	call = TAILQ_FIRST(&l->calls);
	TAILQ_REMOVE(&h->lines, l, link);
	TAILQ_INSERT_TAIL(&h->lines, l, link);
	http_host_leave(call);
	return call;
}
