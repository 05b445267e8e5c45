/* SPDX-License-Identifier: MIT */
/*
 * One lock, the pool's, for the threads' states and the requests that wait for
 * one.  It is held for a moment, twice a request.
 *
 * Threads in accept4(2) are woken by SIGURG (which nobody else sends, and which
 * is harmless where it is not caught).  It is only sent under the lock to a
 * thread that is marked as accepting, and the first system call after that mark
 * goes is one that takes EINTR; so no other call ever sees it.  A thread that is
 * marked but not yet in the call misses it, so who depends on it repeats it.
 */
#include <sys/socket.h>
#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answer/transport.h"
#include "conf/conf.h"
#include "fcgi/net/accept.h"
#include "fcgi/net/connection.h"
#include "fcgi/net/fastcgi.h"
#include "fcgi/net/balance.h"
#include "fcgi/pool/pool.h"
#include "fcgi/pool/take.h"
#include "log/log.h"
#include "os/clock.h"
#include "relay/relay.h"
#include "shared/shared.h"

#define REFUSE_TIME 1000 /* ms for an answer that refuses */
#define WATCH_GRACE 700  /* ms after a deadline that an answer is cut */
#define TRIM_EVERY  2000 /* ms between two returns of memory */
#define BACK_OFF    50   /* ms between looks at a socket that was hung up */

static void
kick(struct thread *t)
{
	(void)pthread_kill(t->id, SIGURG);
}

bool
pool_wake_top(struct pool *p)
{
	struct thread *t = p->top;

	if (t == NULL)
		return false;
	p->top = t->below;
	t->sleeps = false;
	(void)pthread_cond_signal(&t->wake);
	return true;
}

void
pool_wake_one(struct pool *p)
{
	int i;

	if (pool_wake_top(p))
		return;
	for (i = 0; i < p->threads; i++)
		if (p->thread[i].accepting) {
			kick(&p->thread[i]);
			return;
		}
}

void
pool_kick_all(struct pool *p)
{
	int i;

	while (pool_wake_top(p))
		;
	for (i = 0; i < p->threads; i++)
		if (p->thread[i].accepting)
			kick(&p->thread[i]);
	if (p->overflowing)
		(void)pthread_kill(p->overflow, SIGURG);
}

bool
pool_queued(const struct pool *p)
{
	return !p->passing && atomic_load(&p->share->queued) > 0;
}

bool
pool_nudge(struct pool *p)
{
	bool waits;

	(void)pthread_mutex_lock(&p->lock);
	waits = p->waiting > 0 && p->idle > 0;
	if (waits || (p->idle > 0 && pool_queued(p)))
		pool_wake_one(p);
	(void)pthread_mutex_unlock(&p->lock);
	return waits;
}

bool
pool_orphaned(const struct pool *p)
{
	return p->master != 0 && getppid() != p->master;
}

void
pool_accept_failed(const struct pool *p, int error)
{
	/* A worker without a master has hung up for all of them. */
	if (error == EINVAL && pool_orphaned(p))
		(void)poll(NULL, 0, BACK_OFF);
	else
		accept_failed(p->listener, p->epoll, error);
}

void
pool_fill(struct thread *t)
{
	(void)connection_fill(
	    &t->spare, t->pool->conf->max_body, &t->pool->room);
}

void
pool_next(struct thread *t, struct connection *c, enum connection_wait wait)
{
	if (wait == CONNECTION_REQUEST && c->answers > 0)
		connection_again(c);
	if (wait != CONNECTION_NOTHING) {
		pool_fill(t);
		if (t->spare.n > 0) {
			parked_add(t->pool, c, wait);
			return;
		}
		log_error("no memory left: a connection is dropped");
	}
	connection_spare(&t->spare, c);
}

static void
pool_answer_relay(void *arg, struct transport *t)
{
	struct thread *self = arg;

	relay_serve(self->session, t);
	self->ending = true;
	atomic_fetch_add(&self->pool->ending, 1);
}

/* An answer: 503. */
static void
pool_answer_busy(void *arg, struct transport *t)
{
	struct thread *self = arg;

	counters_refused(&self->pool->outside->counters);
	relay_busy(self->pool->conf, t, false);
}

/* The same, for want of memory. */
static void
pool_answer_full(void *arg, struct transport *t)
{
	struct thread *self = arg;

	counters_refused(&self->pool->outside->counters);
	relay_busy(self->pool->conf, t, true);
}

/* Serves the connection that the thread has. */
static void
pool_serve(struct thread *t, struct connection *c,
    void (*answer)(void *, struct transport *))
{
	struct pool *p = t->pool;
	enum connection_wait wait;

	wait = fastcgi_serve(t->fastcgi, c, t->deadline, t->keep, answer, t);
	(void)pthread_mutex_lock(&p->lock);
	t->fd = -1;
	large_leave(&p->large, c);
	(void)pthread_mutex_unlock(&p->lock);
	pool_next(t, c, wait);
}

void
pool_refuse(struct pool *p, struct connection *c, bool memory)
{
	struct thread *t = &p->thread[p->threads];

	(void)pthread_mutex_lock(&p->refusing);
	(void)pthread_mutex_lock(&p->lock);
	t->fd = c->fd;
	t->keep = !p->closing || p->passing;
	t->deadline = clock_ms() + REFUSE_TIME;
	(void)pthread_mutex_unlock(&p->lock);
	pool_serve(t, c, memory ? pool_answer_full : pool_answer_busy);
	(void)pthread_mutex_unlock(&p->refusing);
}

bool
pool_hand(struct pool *p, struct connection *c)
{
	bool taken;

	(void)pthread_mutex_lock(&p->lock);
	if ((taken = p->waiting < p->idle)) {
		c->next = NULL;
		*p->ready_end = c;
		p->ready_end = &c->next;
		p->waiting++;
		take_tell_idle(p);
		pool_wake_one(p);
	}
	(void)pthread_mutex_unlock(&p->lock);
	return taken;
}

struct connection *
pool_arrive(struct pool *p, int fd)
{
	struct thread *t = &p->thread[p->threads];
	struct connection *c;

	(void)pthread_mutex_lock(&p->refusing);
	c = take_receive(t, fd);
	pool_fill(t);
	if (c != NULL && t->spare.n == 0) {
		pool_next(t, c, connection_drop(c, RECORD_STARVED));
		c = NULL;
	}
	(void)pthread_mutex_unlock(&p->refusing);
	return c;
}

void *
pool_thread(void *arg)
{
	struct thread *t = arg;
	struct pool *p = t->pool;
	struct connection *c;

	accept_unblock_kick();
	/* Who waited too long for a thread, or memory, is refused. */
	while ((c = take_next(p, t)) != NULL)
		pool_serve(t, c,
		    clock_ms() < t->deadline ? pool_answer_relay :
			t->waited            ? pool_answer_full :
					       pool_answer_busy);
	(void)pthread_mutex_lock(&p->lock);
	p->running--;
	/* Who sleeps may find the end, too. */
	pool_kick_all(p);
	(void)pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* What was freed goes back to the kernel, a while after there was work. */
static void
pool_trim(struct pool *p, int64_t now, uint64_t work)
{
	if (work == p->trimmed || now - p->trimmed_at < TRIM_EVERY)
		return;
	(void)malloc_trim(0);
	p->trimmed = work;
	p->trimmed_at = now;
}

void
pool_watch(struct pool *p)
{
	int64_t now = clock_ms();
	uint64_t work;
	int i;

	(void)pthread_mutex_lock(&p->lock);
	for (i = 0; i <= p->threads; i++)
		if (p->thread[i].fd != -1 &&
		    now > p->thread[i].deadline + WATCH_GRACE)
			(void)shutdown(p->thread[i].fd, SHUT_RDWR);
	/*
	 * A thread became idle while a request was put into the queue, or took
	 * one from there when the kernel had just woken it for another.
	 */
	if (p->idle > 0 &&
	    (p->waiting > 0 || p->large.waiting > 0 || pool_queued(p) ||
		accept_pending(p->listener)))
		pool_wake_one(p);
	work = p->served + p->rested;
	(void)pthread_mutex_unlock(&p->lock);
	parked_tick(p);
	pool_trim(p, now, work);
}
