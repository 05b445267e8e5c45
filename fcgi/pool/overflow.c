/* SPDX-License-Identifier: MIT */
/*
 * The overflow thread looks every few milliseconds while all threads are busy,
 * and sleeps otherwise.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "fcgi/net/accept.h"
#include "fcgi/net/connection.h"
#include "fcgi/net/balance.h"
#include "fcgi/pool/overflow.h"
#include "fcgi/pool/pool.h"

#define FULL_TICK 5  /* ms between looks while all are busy */
#define PASS_MOST 16 /* in the queue, beyond which nothing is passed on */

_Static_assert(
    (int)CONNECTION_FDS == BALANCE_FDS, "what a request consists of");

/* Whether all threads of all workers are busy, and the queue's greatest
 * length. */
static bool
overflow_busy(struct pool *p, int *places)
{
	int idle;

	balance_count(p->share, p->slot, &idle, places);
	return idle == 0;
}

/* Whether the queue is full.  At a stop it is not: what this worker accepted it
 * answers, and that others have ended is no overload. */
static bool
overflow_full(struct pool *p)
{
	int places;
	bool stopping;

	(void)pthread_mutex_lock(&p->lock);
	stopping = p->stopping;
	(void)pthread_mutex_unlock(&p->lock);
	return !stopping && atomic_load(&p->share->drain) == 0 &&
	    overflow_busy(p, &places) &&
	    atomic_load(&p->share->queued) >= places;
}

/* Into the queue.  Returns 0, or -1 when that takes no more. */
static int
overflow_enqueue(struct pool *p, struct connection *c)
{
	struct connection_note note;
	int fd[CONNECTION_FDS], result;

	if (connection_pack(c, &note, fd) == -1)
		return -1;
	result = balance_put(p->share, fd, &note, sizeof(note));
	(void)close(fd[CONNECTION_FILE]);
	if (result == 0)
		connection_free(c);
	return result;
}

void
overflow_dispatch(struct pool *p, struct connection *c)
{
	if (pool_hand(p, c))
		return;
	if (overflow_full(p) || overflow_enqueue(p, c) == -1)
		pool_refuse(p, c, false);
	else
		(void)pool_nudge(p);
}

int
overflow_pass(struct pool *p, struct connection *c)
{
	int places;

	return atomic_load(&p->share->queued) >= PASS_MOST ||
		overflow_busy(p, &places) ?
	    -1 :
	    overflow_enqueue(p, c);
}

void
overflow_keep(void *arg, int fd)
{
	struct pool *p = arg;
	struct connection *c = pool_arrive(p, fd);

	if (c != NULL)
		overflow_dispatch(p, c);
}

/* accept_next(), which may wait when another was quicker; a stop ends that. */
static int
overflow_accept(struct pool *p)
{
	int fd, error;

	(void)pthread_mutex_lock(&p->lock);
	p->overflowing = !p->stopping;
	(void)pthread_mutex_unlock(&p->lock);
	if (!p->overflowing)
		return -1;
	fd = accept_next(p->listener, p->epoll);
	error = errno;
	(void)pthread_mutex_lock(&p->lock);
	p->overflowing = false;
	(void)pthread_mutex_unlock(&p->lock);
	if (fd == -1)
		pool_accept_failed(p, error);
	return fd;
}

/* Takes what waits while no worker has an idle thread. */
static void
overflow_take(struct pool *p)
{
	int fd, places;

	while (overflow_busy(p, &places) && accept_pending(p->listener)) {
		fd = overflow_accept(p);
		if (fd == -1)
			return;
		overflow_keep(p, fd);
	}
}

void *
overflow_run(void *arg)
{
	struct pool *p = arg;

	accept_unblock_kick();
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
