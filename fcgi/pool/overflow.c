/*
 * The overflow thread looks every few milliseconds while all threads are busy,
 * and sleeps otherwise.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "fcgi/pool/balance.h"
#include "fcgi/pool/overflow.h"
#include "fcgi/pool/pool.h"
#include "os/clock.h"

#define FULL_TICK 5    /* ms between looks while all are busy */
#define PATIENCE  1000 /* ms that a refused connection may be silent */

/* Into the queue.  Returns -1 when that takes no more; fd stays open then. */
static int
enqueue(struct pool *p, int fd)
{
	if (balance_put(p->share, fd, clock_ms()) == -1)
		return -1;
	(void)close(fd);
	(void)pthread_mutex_lock(&p->lock);
	pool_kick_one(p);
	(void)pthread_mutex_unlock(&p->lock);
	return 0;
}

static void
overflow_refuse(struct pool *p, int fd)
{
	(void)pthread_mutex_lock(&p->lock);
	if (p->refusals < POOL_REFUSED) {
		p->refused[p->refusals++] =
		    (struct place){ .fd = fd, .since = clock_ms() };
		fd = -1;
		(void)pthread_cond_signal(&p->refusal);
	}
	(void)pthread_mutex_unlock(&p->lock);
	if (fd != -1)
		(void)close(fd);
}

void
overflow_keep(void *arg, int fd)
{
	struct pool *p = arg;

	if (enqueue(p, fd) == -1)
		overflow_refuse(p, fd);
}

/* pool_accept(), which may wait when another was quicker; a stop ends that. */
static int
overflow_accept(struct pool *p)
{
	int fd, error;

	(void)pthread_mutex_lock(&p->lock);
	p->overflowing = !p->stopping;
	(void)pthread_mutex_unlock(&p->lock);
	if (!p->overflowing)
		return -1;
	fd = pool_accept(p);
	error = errno;
	(void)pthread_mutex_lock(&p->lock);
	p->overflowing = false;
	(void)pthread_mutex_unlock(&p->lock);
	if (fd == -1)
		pool_accept_failed(p, error);
	return fd;
}

/* Whether all threads of all workers are busy. */
static bool
overflow_busy(struct pool *p)
{
	int idle, places;

	balance_count(p->share, &idle, &places);
	return idle == 0;
}

/* Whether the queue is full.  At a stop it is not: what this worker accepted it
 * answers, and that others have ended is no overload. */
static bool
full(struct pool *p)
{
	int idle, places;
	bool stopping;

	(void)pthread_mutex_lock(&p->lock);
	stopping = p->stopping;
	(void)pthread_mutex_unlock(&p->lock);
	balance_count(p->share, &idle, &places);
	return !stopping && atomic_load(&p->share->drain) == 0 &&
	    atomic_load(&p->share->queued) >= places;
}

/* Takes what waits while no worker has an idle thread. */
static void
overflow_take(struct pool *p)
{
	int fd;

	while (overflow_busy(p) && pool_pending(p)) {
		fd = overflow_accept(p);
		if (fd == -1)
			return;
		/* Another may have been quicker, and much changed until now. */
		if ((overflow_busy(p) && full(p)) || enqueue(p, fd) == -1)
			overflow_refuse(p, fd);
	}
}

void *
overflow_run(void *arg)
{
	struct pool *p = arg;

	pool_unblock_kick();
	(void)pthread_mutex_lock(&p->lock);
	while (!p->stopping) {
		if (p->idle > 0) {
			(void)pthread_cond_wait(&p->full, &p->lock);
			continue;
		}
		(void)pthread_mutex_unlock(&p->lock);
		overflow_take(p);
		(void)poll(NULL, 0, FULL_TICK);
		(void)pthread_mutex_lock(&p->lock);
	}
	p->closing = true;
	(void)pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* Answers those of the refused that have sent something, and lets those go that
 * were silent too long.  Returns how many are left. */
static size_t
refuse_some(struct thread *t, struct place *place, size_t n, int64_t patience)
{
	struct pool *p = t->pool;
	struct pollfd in[POOL_REFUSED];
	size_t i, left = 0;
	int64_t now;

	for (i = 0; i < n; i++)
		in[i] = (struct pollfd){ .fd = place[i].fd, .events = POLLIN };
	if (poll(in, (nfds_t)n, FULL_TICK) == -1)
		return n;
	for (i = 0; i < n; i++) {
		now = clock_ms();
		if (in[i].revents != 0) {
			(void)pthread_mutex_lock(&p->lock);
			t->fd = place[i].fd;
			t->deadline = now + POOL_REFUSED_TIME;
			(void)pthread_mutex_unlock(&p->lock);
			pool_serve(t, t->deadline, pool_answer_busy);
		} else if (now - place[i].since > patience) {
			(void)close(place[i].fd);
		} else {
			place[left++] = place[i];
		}
	}
	return left;
}

void *
overflow_refuser(void *arg)
{
	struct thread *t = arg;
	struct pool *p = t->pool;
	struct place own[POOL_REFUSED];
	size_t n = 0;
	bool ended = false;

	while (!ended || n > 0) {
		(void)pthread_mutex_lock(&p->lock);
		while (n == 0 && p->refusals == 0 && !p->ended)
			(void)pthread_cond_wait(&p->refusal, &p->lock);
		while (p->refusals > 0 && n < POOL_REFUSED)
			own[n++] = p->refused[--p->refusals];
		ended = p->ended && p->refusals == 0;
		(void)pthread_mutex_unlock(&p->lock);
		if (n > 0)
			n = refuse_some(t, own, n, ended ? 0 : PATIENCE);
	}
	return NULL;
}
