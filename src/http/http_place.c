/* SPDX-License-Identifier: MIT */
#include <sys/epoll.h>

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "http/http_engine.h"
#include "http/http_place.h"
#include "http/http_trust.h"
#include "os/clock.h"

#define SPARE    64    /* handles that are kept for the next call */
#define IDLE_MIN 16    /* connections that are kept, at least … */
#define IDLE_MAX 256   /* and at most */
#define SHORT    10000 /* ms that memory counts as short */

/* --- what libcurl tells -------------------------------------------------- */

static int
place_watch(CURL *easy, curl_socket_t fd, int what, void *arg, void *known)
{
	struct http_pool *p = arg;
	struct epoll_event ev = { .data.u64 = (uint64_t)p->number << 32 |
		    (uint32_t)fd };
	struct http_transfer *t = NULL;
	int epoll = p->engine->epoll;

	if (what == CURL_POLL_REMOVE) {
		(void)epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
		return 0;
	}
	ev.events = ((what & CURL_POLL_IN) ? EPOLLIN : 0U) |
	    ((what & CURL_POLL_OUT) ? EPOLLOUT : 0U);
	if (epoll_ctl(epoll, known == NULL ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd,
		&ev) == 0) {
		(void)curl_multi_assign(p->multi, fd, p);
		return 0;
	}
	/* Nobody would hear of that socket: http_place_end_deaf() ends it. */
	(void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &t);
	if (t != NULL) {
		t->verdict = errno == ENOMEM ? HTTP_NO_MEMORY : HTTP_FAILED;
		t->deaf = p->engine->deaf = true;
	}
	return 0;
}

static int
place_set_time(CURLM *multi, long ms, void *arg)
{
	struct http_pool *p = arg;

	(void)multi;
	p->due = ms < 0 ? -1 : clock_ms() + ms;
	return 0;
}

/* --- pools --------------------------------------------------------------- */

/* So many connections that the busiest relay finds its own again, and no more
 * than all threads could use at once. */
static long
place_idle(const struct conf *conf)
{
	const struct relay_conf *r;
	long n = conf->parallel;

	for (r = conf->relays; r != NULL; r = r->next)
		if (r->parallel > n)
			n = r->parallel;
	n *= conf->threads;
	return n < IDLE_MIN ? IDLE_MIN : n > IDLE_MAX ? IDLE_MAX : n;
}

static bool
place_same(const struct http_policy *a, const struct http_policy *b)
{
	return a->allow_private == b->allow_private &&
	    (a->ca_file == NULL || b->ca_file == NULL ?
		    a->ca_file == b->ca_file :
		    strcmp(a->ca_file, b->ca_file) == 0);
}

/* Makes what libcurl has of a pool; -1 when memory ran out. */
static int
place_open(struct http_engine *e, struct http_pool *p)
{
	if (p->multi != NULL)
		return 0;
	if (http_pool_open(p, place_idle(e->conf)) == -1)
		return -1;
	(void)curl_multi_setopt(p->multi, CURLMOPT_SOCKETFUNCTION, place_watch);
	(void)curl_multi_setopt(p->multi, CURLMOPT_SOCKETDATA, p);
	(void)curl_multi_setopt(
	    p->multi, CURLMOPT_TIMERFUNCTION, place_set_time);
	(void)curl_multi_setopt(p->multi, CURLMOPT_TIMERDATA, p);
	return 0;
}

/* The pool of a policy; NULL when memory ran out. */
static struct http_pool *
place_pool(struct http_engine *e, const struct http_policy *policy)
{
	struct http_pool *p;

	for (p = e->pools; p != NULL; p = p->next)
		if (place_same(&p->policy, policy))
			break;
	if (p == NULL) {
		if ((p = http_pool_new(policy)) == NULL)
			return NULL;
		p->engine = e;
		p->number = e->pools == NULL ? 0 : e->pools->number + 1;
		p->next = e->pools;
		e->pools = p;
	}
	return place_open(e, p) == 0 ? p : NULL;
}

/* Reads the certificates to trust at the first call that needs them.  The file:
 * the policy's, else the one that libcurl was built with.  -1: end and why of
 * the call are filled in. */
static int
place_trust(struct http_pool *p, CURL *easy, struct http_call *call)
{
	const char *file = p->policy.ca_file;
	char *built = NULL;

	if (p->trust != NULL)
		return 0;
	errno = 0;
	if (file == NULL &&
	    curl_easy_getinfo(easy, CURLINFO_CAINFO, &built) == CURLE_OK)
		file = built;
	if (file != NULL && (p->trust = http_trust_get(file)) != NULL)
		return 0;
	if (errno == ENOMEM) {
		http_end_as(call, HTTP_NO_MEMORY);
		return -1;
	}
	http_end_as(call, HTTP_TLS);
	snprintf(call->why, sizeof(call->why),
	    "the file of trusted certificates cannot be read");
	return -1;
}

/* --- places -------------------------------------------------------------- */

static void
place_put_spare(struct http_engine *e, struct http_transfer *t)
{
	if (!http_transfer_reset(t) || e->n_spare == SPARE) {
		http_transfer_free(t);
		return;
	}
	TAILQ_INSERT_HEAD(&e->spare, t, link);
	e->n_spare++;
}

static struct http_transfer *
place_get_spare(struct http_engine *e)
{
	struct http_transfer *t = TAILQ_FIRST(&e->spare);

	if (t == NULL)
		return http_transfer_new();
	TAILQ_REMOVE(&e->spare, t, link);
	e->n_spare--;
	return t;
}

/* Back to its thread. */
static void
place_give_back(struct http_engine *e, struct http_call *call)
{
	e->ended = true;
	if (call->end == HTTP_NO_MEMORY)
		e->starved_at = clock_ms();
	http_give_back(call);
}

/* Begins a transfer.  -1: it has ended, as the call says. */
static int
place_begin(struct http_engine *e, struct http_host *h, struct http_call *call)
{
	int64_t now = clock_ms();
	struct http_transfer *t;

	/* The call before may have ended at the deadline of both. */
	if (call->deadline != 0 && call->deadline <= now) {
		http_end_as(call, HTTP_LATE);
		return -1;
	}
	if ((t = place_get_spare(e)) == NULL) {
		http_end_as(call, HTTP_NO_MEMORY);
		return -1;
	}
	if (((call->own.https || e->conf->proxy != NULL) &&
		place_trust(h->pool, t->easy, call) == -1) ||
	    http_transfer_begin(t, e->conf, h, call, now) == -1) {
		place_put_spare(e, t);
		return -1;
	}
	if (curl_multi_add_handle(h->pool->multi, t->easy) != CURLM_OK) {
		http_end_as(call, HTTP_NO_MEMORY);
		place_put_spare(e, t);
		return -1;
	}
	call->own.transfer = t;
	h->places++;
	TAILQ_INSERT_TAIL(&e->busy, t, link);
	if (t->alone_at != 0)
		TAILQ_INSERT_TAIL(&e->waiting, t, alone);
	return 0;
}

/* Those whose turn it is get the places that are free. */
static void
place_fill(struct http_engine *e, struct http_host *h)
{
	struct http_call *call;

	while (h->places < e->conf->host_parallel &&
	    (call = http_host_next(h)) != NULL)
		if (place_begin(e, h, call) == -1)
			place_give_back(e, call);
}

/* A call that was handed over gets a place, or waits for one. */
void
http_place_admit(struct http_engine *e, struct http_call *call)
{
	struct http_pool *p = place_pool(e, &call->own.policy);
	struct http_host *h =
	    p == NULL ? NULL : http_host_get(p, call->own.origin);

	if (h == NULL || http_host_wait(h, call) == -1) {
		http_end_as(call, HTTP_NO_MEMORY);
		place_give_back(e, call);
		return;
	}
	place_fill(e, h);
}

/* It has no place any more. */
static void
place_leave(struct http_engine *e, struct http_transfer *t)
{
	struct http_host *h = t->host;

	(void)curl_multi_remove_handle(h->pool->multi, t->easy);
	t->call->own.transfer = NULL;
	if (t->alone_at != 0)
		TAILQ_REMOVE(&e->waiting, t, alone);
	TAILQ_REMOVE(&e->busy, t, link);
	place_put_spare(e, t);
	h->places--;
}

/* Its call goes back. */
static void
place_end(struct http_engine *e, struct http_transfer *t, CURLcode code)
{
	struct http_call *call = t->call;

	http_end_call(t, code);
	if (call->own.https && call->status != 0)
		t->host->http1 = !call->h2;
	t->host->pool->http2 = t->host->pool->http2 || call->h2;
	place_leave(e, t);
	place_give_back(e, call);
}

/*
 * A transfer ends before its answer is whole.  When libcurl 7.88 has no memory for
 * a request of HTTP/2 it ends the transfer, keeps the connection, and sends the
 * request later: the answer goes to the call that has the handle then.  Nothing
 * tells that from another end, so while memory is short each makes the pool
 * unsound.
 */
static void
place_doubt(const struct http_engine *e, struct http_pool *p)
{
	if (p->http2 && clock_ms() - e->starved_at < SHORT)
		p->unsound = true;
}

/* Whether the host is an address: nothing is looked up for it. */
static bool
place_is_address(const struct http_host *h)
{
	const char *host = strstr(h->origin, "://");

	assert(host != NULL);
	host += 3;
	return *host == '[' ||
	    strspn(host, "0123456789.") == strcspn(host, ":");
}

void
http_place_end(struct http_engine *e, struct http_transfer *t, CURLcode code)
{
	struct http_host *h = t->host;

	/* What libcurl has no memory to look up it calls not found; errno may
	 * be another's by now, where several transfers moved. */
	if (code == CURLE_COULDNT_RESOLVE_HOST &&
	    (h->pool->starved || place_is_address(h)))
		code = CURLE_OUT_OF_MEMORY;
	if (code != CURLE_OK)
		place_doubt(e, h->pool);
	place_end(e, t, code);
	if (!h->pool->unsound)
		place_fill(e, h);
}

void
http_place_drop(struct http_engine *e, struct http_call *call)
{
	struct http_transfer *t = call->own.transfer;
	struct http_host *h;

	if (t != NULL) {
		h = t->host;
		place_doubt(e, h->pool);
		place_leave(e, t);
		place_fill(e, h);
	} else if (call->own.line != NULL) {
		http_host_leave(call);
	}
	http_let_go(call);
}

void
http_place_end_deaf(struct http_engine *e)
{
	struct http_transfer *t, *next;

	e->deaf = false;
	for (t = TAILQ_FIRST(&e->busy); t != NULL; t = next) {
		next = TAILQ_NEXT(t, link);
		if (t->deaf)
			http_place_end(e, t, CURLE_OUT_OF_MEMORY);
	}
}

/* After libcurl had no memory to say which socket it waits for, it does not say
 * of which transfer that was, and 7.88 divides by zero when it meets that socket
 * again: so all go, and what it knew of sockets, before others get their places. */
void
http_place_clear(struct http_engine *e, struct http_pool *p, CURLcode code)
{
	struct http_transfer *t, *next;
	struct http_host *h;

	for (t = TAILQ_FIRST(&e->busy); t != NULL; t = next) {
		next = TAILQ_NEXT(t, link);
		if (t->host->pool == p)
			place_end(e, t, code);
	}
	http_pool_close(p);
	/* Without a multi handle none of them begins. */
	(void)place_open(e, p);
	TAILQ_FOREACH(h, &p->hosts, link)
	place_fill(e, h);
}
