/* SPDX-License-Identifier: MIT */
/*
 * Sockets and times of all pools are in one epoll set: libcurl is told which
 * socket can go on, so that a round costs what moves, not what is there.
 */
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "http/http_engine.h"
#include "http/http_place.h"
#include "os/clock.h"

#define STACK  (1024 * 1024) /* bytes */
#define EVENTS 64            /* sockets looked at in a round */
#define BELL   UINT64_MAX    /* of an event: the eventfd */
#define SLEEP  60000         /* ms at most */

const struct conf *
http_engine_conf(const struct http_engine *e)
{
	return e->conf;
}

/* --- the mailbox --------------------------------------------------------- */

/* Under the lock, which it releases. */
static void
engine_put(struct http_engine *e, struct http_call *call, bool cancel)
{
	const uint64_t one = 1;
	bool ring = e->asleep;

	call->own.posted = true;
	call->own.cancel = cancel;
	TAILQ_INSERT_TAIL(&e->posted, call, own.post);
	e->asleep = false;
	(void)pthread_mutex_unlock(&e->lock);
	if (ring && write(e->bell, &one, sizeof(one)) == -1)
		/* It counts to 2^64: there is nothing that can fail. */
		abort();
}

void
http_engine_post(struct http_engine *e, struct http_call *call)
{
	(void)pthread_mutex_lock(&e->lock);
	engine_put(e, call, false);
}

bool
http_engine_withdraw(struct http_engine *e, struct http_call *call)
{
	(void)pthread_mutex_lock(&e->lock);
	if (!call->own.posted) {
		engine_put(e, call, true);
		return true;
	}
	TAILQ_REMOVE(&e->posted, call, own.post);
	call->own.posted = false;
	(void)pthread_mutex_unlock(&e->lock);
	return false;
}

/* The next call of the mailbox, NULL for none; whether it is to be cancelled. */
static struct http_call *
engine_mail(struct http_engine *e, bool *cancel)
{
	struct http_call *call;

	(void)pthread_mutex_lock(&e->lock);
	if ((call = TAILQ_FIRST(&e->posted)) != NULL) {
		TAILQ_REMOVE(&e->posted, call, own.post);
		call->own.posted = false;
		*cancel = call->own.cancel;
	}
	(void)pthread_mutex_unlock(&e->lock);
	return call;
}

/* --- a round ------------------------------------------------------------- */

static void
engine_socket(
    struct http_engine *e, struct http_pool *p, curl_socket_t fd, int events)
{
	CURLMcode code;
	int running;

	if (p->multi == NULL)
		return;
	errno = 0;
	code = curl_multi_socket_action(p->multi, fd, events, &running);
	if (errno == ENOMEM) {
		p->starved = true;
		e->starved_at = clock_ms();
	}
	if (code == CURLM_OUT_OF_MEMORY) {
		http_place_clear(e, p, CURLE_OUT_OF_MEMORY);
	} else if (code != CURLM_OK) {
		/* Nobody knows which transfers would still end.  A process
		 * that serves others ends instead: engine_run(). */
		e->broken = curl_multi_strerror(code);
		if (!e->threaded)
			http_place_clear(e, p, CURLE_FAILED_INIT);
	}
}

/* Lets transfers that have waited for the connection of another get one of
 * their own.  When the first connection to a host hangs, libcurl would let those
 * that wait for it try one after the other, each for the whole connect time-out.
 * A handle can be put back where it was taken from: that allocates nothing. */
static void
engine_separate(struct http_engine *e, int64_t now)
{
	struct http_transfer *t;
	int64_t left;

	while ((t = TAILQ_FIRST(&e->waiting)) != NULL &&
	    (t->moving || t->alone_at <= now)) {
		TAILQ_REMOVE(&e->waiting, t, alone);
		t->alone_at = 0;
		if (t->moving)
			continue;
		left = t->deadline > now ? t->deadline - now : 1;
		(void)curl_multi_remove_handle(t->host->pool->multi, t->easy);
		(void)curl_easy_setopt(t->easy, CURLOPT_PIPEWAIT, 0L);
		(void)curl_easy_setopt(t->easy, CURLOPT_TIMEOUT_MS, (long)left);
		(void)curl_multi_add_handle(t->host->pool->multi, t->easy);
	}
}

/* Transfers that libcurl has ended. */
static void
engine_collect(struct http_engine *e)
{
	struct http_transfer *t;
	struct http_pool *p;
	CURLMsg *m;
	CURLcode code;
	int left;

	if (e->deaf)
		http_place_end_deaf(e);
	for (p = e->pools; p != NULL; p = p->next) {
		while (p->multi != NULL &&
		    (m = curl_multi_info_read(p->multi, &left)) != NULL) {
			if (m->msg != CURLMSG_DONE)
				continue;
			code = m->data.result;
			t = NULL;
			(void)curl_easy_getinfo(
			    m->easy_handle, CURLINFO_PRIVATE, &t);
			http_place_end(e, t, code);
		}
		if (p->unsound)
			http_place_clear(e, p, CURLE_OUT_OF_MEMORY);
		p->starved = false;
	}
}

/* All that can be done without waiting. */
static void
engine_go_on(struct http_engine *e)
{
	struct http_call *call;
	struct http_pool *p;
	int64_t now;
	bool cancel = false;

	while ((call = engine_mail(e, &cancel)) != NULL)
		if (cancel)
			http_place_drop(e, call);
		else
			http_place_admit(e, call);
	now = clock_ms();
	engine_separate(e, now);
	for (p = e->pools; p != NULL; p = p->next)
		if (p->due != -1 && p->due <= now) {
			p->due = -1;
			engine_socket(e, p, CURL_SOCKET_TIMEOUT, 0);
		}
	engine_collect(e);
}

/* How long it may sleep, ms at most.  Once it may, the bell wakes it. */
static int
engine_sleep(struct http_engine *e, int64_t ms)
{
	const struct http_transfer *t = TAILQ_FIRST(&e->waiting);
	const struct http_pool *p;
	int64_t now = clock_ms();

	if (t != NULL && t->alone_at - now < ms)
		ms = t->alone_at - now;
	for (p = e->pools; p != NULL; p = p->next)
		if (p->due != -1 && p->due - now < ms)
			ms = p->due - now;
	(void)pthread_mutex_lock(&e->lock);
	e->asleep = TAILQ_EMPTY(&e->posted) && !e->stopping;
	if (!e->asleep || ms < 0)
		ms = 0;
	(void)pthread_mutex_unlock(&e->lock);
	return ms > SLEEP ? SLEEP : (int)ms;
}

/* A socket can go on. */
static void
engine_event(struct http_engine *e, const struct epoll_event *ev)
{
	struct http_pool *p;
	uint64_t rings;
	int what = 0;

	if (ev->data.u64 == BELL) {
		/* Only to make it still. */
		what = (int)read(e->bell, &rings, sizeof(rings));
		return;
	}
	if (ev->events & EPOLLIN)
		what |= CURL_CSELECT_IN;
	if (ev->events & EPOLLOUT)
		what |= CURL_CSELECT_OUT;
	if (ev->events & (EPOLLERR | EPOLLHUP))
		what |= CURL_CSELECT_ERR;
	for (p = e->pools; p != NULL; p = p->next)
		if (p->number == ev->data.u64 >> 32)
			engine_socket(
			    e, p, (curl_socket_t)(uint32_t)ev->data.u64, what);
}

/* NULL; or why it cannot go on: it cannot wait for anything, or libcurl fails. */
static const char *
engine_round(struct http_engine *e, int64_t ms)
{
	struct epoll_event events[EVENTS];
	int i, n;

	e->ended = false;
	engine_go_on(e);
	if (e->threaded && e->broken != NULL)
		return e->broken; /* not after a sleep */
	n = epoll_wait(e->epoll, events, EVENTS,
	    engine_sleep(e, !e->threaded && e->ended ? 0 : ms));
	if (n == -1 && errno != EINTR)
		return strerror(errno);
	for (i = 0; i < n; i++)
		engine_event(e, &events[i]);
	if (n > 0)
		engine_collect(e);
	return e->broken;
}

void
http_engine_round(struct http_engine *e, int64_t ms)
{
	(void)engine_round(e, ms);
}

/* --- its thread ---------------------------------------------------------- */

static void *
engine_run(void *arg)
{
	struct http_engine *e = arg;
	const char *why;
	bool stopping = false;

	while (!stopping) {
		if ((why = engine_round(e, SLEEP)) != NULL) {
			e->died(why);
			return NULL;
		}
		(void)pthread_mutex_lock(&e->lock);
		stopping = e->stopping;
		(void)pthread_mutex_unlock(&e->lock);
	}
	return NULL;
}

int
http_engine_start(struct http_engine *e, void (*died)(const char *why))
{
	pthread_attr_t attr;
	sigset_t all, before;
	int error;

	e->died = died;
	if ((error = pthread_attr_init(&attr)) != 0)
		return error;
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	e->threaded = true;
	if ((error = pthread_attr_setstacksize(&attr, STACK)) == 0)
		error = pthread_create(&e->thread, &attr, engine_run, e);
	if (error != 0)
		e->threaded = false;
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
	return error;
}

struct http_engine *
http_engine_new(const struct conf *conf)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.u64 = BELL };
	struct http_engine *e;

	if (http_global() == -1 || (e = calloc(1, sizeof(*e))) == NULL)
		return NULL;
	if (pthread_mutex_init(&e->lock, NULL) != 0) {
		free(e);
		return NULL;
	}
	e->conf = conf;
	e->starved_at = INT64_MIN / 2;
	TAILQ_INIT(&e->posted);
	TAILQ_INIT(&e->busy);
	TAILQ_INIT(&e->spare);
	TAILQ_INIT(&e->waiting);
	e->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	e->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (e->bell == -1 || e->epoll == -1 ||
	    epoll_ctl(e->epoll, EPOLL_CTL_ADD, e->bell, &ev) == -1) {
		http_engine_free(e);
		return NULL;
	}
	return e;
}

static void
engine_stop(struct http_engine *e)
{
	const uint64_t one = 1;

	(void)pthread_mutex_lock(&e->lock);
	e->stopping = true;
	(void)pthread_mutex_unlock(&e->lock);
	if (write(e->bell, &one, sizeof(one)) == -1)
		abort();
	(void)pthread_join(e->thread, NULL);
}

void
http_engine_free(struct http_engine *e)
{
	struct http_transfer *t;
	struct http_pool *p;

	if (e == NULL)
		return;
	if (e->threaded)
		engine_stop(e);
	while ((t = TAILQ_FIRST(&e->spare)) != NULL) {
		TAILQ_REMOVE(&e->spare, t, link);
		http_transfer_free(t);
	}
	while ((p = e->pools) != NULL) {
		e->pools = p->next;
		http_pool_free(p);
	}
	if (e->epoll != -1)
		(void)close(e->epoll);
	if (e->bell != -1)
		(void)close(e->bell);
	(void)pthread_mutex_destroy(&e->lock);
	free(e);
}
