/* SPDX-License-Identifier: MIT */
/* Runs under the pool's lock, but for what waits. */
#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

#include "conf/conf.h"
#include "fcgi/net/accept.h"
#include "fcgi/net/balance.h"
#include "fcgi/net/fastcgi.h"
#include "fcgi/pool/pool.h"
#include "fcgi/pool/take.h"
#include "os/clock.h"
#include "relay/session.h"

#define ACCEPTORS  2  /* threads in accept4(2): one takes, one stands by */
#define READS      64 /* times recv(2) for what just came */
#define FIRST_WAIT 1  /* ms for the bytes of a connection that just came */
#define REST_AFTER 1  /* s that a thread sleeps before it gives memory back */

void
take_tell_idle(struct pool *p)
{
	int idle = p->idle - p->waiting;

	atomic_store(&p->slot->large, p->large.waiting);
	atomic_store(&p->slot->idle, p->stopping || idle < 0 ? 0 : idle);
	if (p->idle == 0)
		(void)pthread_cond_signal(&p->full);
}

/* Under the lock. */
static void
take_set_idle(struct pool *p, bool idle)
{
	p->idle += idle ? 1 : -1;
	take_tell_idle(p);
}

/* Under the lock: the whole request of this worker that waits longest. */
static struct connection *
take_ready(struct pool *p)
{
	struct connection *c = p->ready;

	if (c == NULL)
		return NULL;
	if ((p->ready = c->next) == NULL)
		p->ready_end = &p->ready;
	p->waiting--;
	return c;
}

/* Under the lock: the whole request of all workers that waits longest. */
static struct connection *
take_queued(struct pool *p, struct thread *t)
{
	struct connection_note note;
	struct connection *c;
	enum connection_wait wait;
	int fd[BALANCE_FDS];

	while (pool_queued(p) &&
	    balance_take(p->share, fd, &note, sizeof(note)) == 0) {
		c = connection_take(&t->spare);
		wait = CONNECTION_REQUEST;
		if (connection_unpack(c, &note, fd) == -1)
			wait = connection_drop(c, RECORD_STARVED);
		else if (c->whole != 0)
			return c;
		/* Else one that is kept, from a worker that leaves. */
		pool_next(t, c, wait);
	}
	return NULL;
}

/* Reads what is there.  The bytes of a connection that just came are mostly
 * there, or come in a moment, which is less than parking takes; but only a
 * thread that is not missed waits for them. */
static enum record_result
take_read(struct thread *t, struct connection *c)
{
	struct pollfd in = { .fd = c->fd, .events = POLLIN };
	enum record_result result = connection_read(c, t->input, READS);

	if (result == RECORD_MORE && c->began == 0 &&
	    atomic_load(&t->pool->slot->idle) > 0 &&
	    poll(&in, 1, FIRST_WAIT) > 0)
		result = connection_read(c, t->input, READS);
	return result;
}

struct connection *
take_receive(struct thread *t, int fd)
{
	struct connection *c = connection_take(&t->spare);
	enum record_result result;

	connection_open(c, fd);
	result = take_read(t, c);
	if (result == RECORD_WHOLE)
		return c;
	pool_next(t, c,
	    result == RECORD_MORE ? CONNECTION_REQUEST :
				    connection_drop(c, result));
	return NULL;
}

/* Under the lock: somebody waits for the next connection.  Who has made its
 * answer is back sooner than another wakes. */
static void
take_stand_by(struct pool *p)
{
	if (p->accepting == 0 && atomic_load(&p->ending) == 0 && !p->closing)
		(void)pool_wake_top(p);
}

/* Under the lock, which is given up meanwhile: the next connection. */
static struct connection *
take_new(struct pool *p, struct thread *t)
{
	struct connection *c = NULL;
	int fd, error;

	p->accepting++;
	t->accepting = true;
	take_set_idle(p, true);
	(void)pthread_mutex_unlock(&p->lock);
	fd = accept_next(p->listener, p->epoll);
	error = errno;
	(void)pthread_mutex_lock(&p->lock);
	take_set_idle(p, false);
	t->accepting = false;
	p->accepting--;
	take_stand_by(p);
	/* A kick may have been meant for others. */
	if (fd != -1 && (p->waiting > 0 || pool_queued(p)))
		pool_wake_one(p);
	(void)pthread_mutex_unlock(&p->lock);
	if (fd == -1)
		pool_accept_failed(p, error);
	else
		c = take_receive(t, fd);
	(void)pthread_mutex_lock(&p->lock);
	return c;
}

/* Under the lock, which is given up meanwhile: a thread that nobody missed for a
 * while gives back what it keeps for its next request. */
static void
take_rest(struct pool *p, struct thread *t)
{
	t->warm = false;
	(void)pthread_mutex_unlock(&p->lock);
	session_rest(t->session);
	fastcgi_rest(t->fastcgi);
	connection_rest(&t->spare);
	(void)pthread_mutex_lock(&p->lock);
	p->rested++;
}

/* Under the lock, which is given up meanwhile. */
static void
take_sleep(struct pool *p, struct thread *t)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += REST_AFTER;
	t->sleeps = true;
	t->below = p->top;
	p->top = t;
	take_set_idle(p, true);
	while (t->sleeps)
		if (!t->warm)
			(void)pthread_cond_wait(&t->wake, &p->lock);
		else if (pthread_cond_timedwait(&t->wake, &p->lock, &until) ==
			ETIMEDOUT &&
		    t->sleeps)
			take_rest(p, t);
	take_set_idle(p, false);
}

/* Under the lock, once nothing more comes from the overflow thread: whether
 * connections still come from the listen queue. */
static bool
take_drains(const struct pool *p)
{
	return clock_ms() < atomic_load(&p->share->drain) &&
	    accept_pending(p->listener);
}

/* Under the lock, which may be given up meanwhile: whether a request can be
 * answered now.  Else it waits for memory, or has been refused.  One that waits
 * leaves the thread a spare connection less, and it needs one. */
static bool
take_admit(struct pool *p, struct thread *t, struct connection *c)
{
	enum large_result result;

	if (t->spare.n == 0)
		pool_fill(t);
	result = large_enter(&p->large, c, t->spare.n > 0);
	if (result != LARGE_FULL)
		return result == LARGE_GO;
	(void)pthread_mutex_unlock(&p->lock);
	if (t->spare.n > 0)
		pool_refuse(p, c, true);
	else
		pool_next(t, c, connection_drop(c, RECORD_STARVED));
	(void)pthread_mutex_lock(&p->lock);
	return false;
}

/* Under the lock: the clock_ms() until which requests came that are past their
 * time. */
static int64_t
take_late(const struct pool *p)
{
	int64_t now = clock_ms();

	return now >= p->no_later ? INT64_MAX :
				    now - (int64_t)p->conf->deadline * 1000;
}

/* Under the lock, as take_admit(): a whole request that waits for a thread. */
static struct connection *
take_waiting(struct pool *p, struct thread *t)
{
	struct connection *c;

	c = p->large.waiting > 0 ? large_next(&p->large, take_late(p)) : NULL;
	if ((t->waited = c != NULL))
		return c;
	while ((c = take_ready(p)) != NULL || (c = take_queued(p, t)) != NULL)
		if (take_admit(p, t, c))
			return c;
	return NULL;
}

struct connection *
take_next(struct pool *p, struct thread *t)
{
	struct connection *c;

	(void)pthread_mutex_lock(&p->lock);
	if (t->ending)
		atomic_fetch_sub(&p->ending, 1);
	t->ending = false;
	while ((c = take_waiting(p, t)) == NULL) {
		if (!p->closing || take_drains(p)) {
			if (p->accepting >= ACCEPTORS)
				take_sleep(p, t);
			else if ((c = take_new(p, t)) != NULL &&
			    take_admit(p, t, c))
				break;
		} else if (parked_count(p, CONNECTION_REQUEST) > 0 ||
		    p->large.waiting > 0) {
			take_sleep(p, t);
		} else {
			break;
		}
	}
	take_tell_idle(p);
	if (c != NULL) {
		take_stand_by(p);
		/* There may be memory for one more. */
		if (c->taken > 0 && p->large.waiting > 0)
			pool_wake_one(p);
		t->warm = true;
		t->fd = c->fd;
		t->deadline = c->whole + (int64_t)p->conf->deadline * 1000;
		if (t->deadline > p->no_later)
			t->deadline = p->no_later;
		t->keep = !p->closing || p->passing;
		p->served++;
	}
	(void)pthread_mutex_unlock(&p->lock);
	return c;
}
