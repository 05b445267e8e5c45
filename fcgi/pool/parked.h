/* SPDX-License-Identifier: MIT */
/*
 * parked: the connections of a worker that wait without a thread, in one
 * epoll(7) set with one thread for all of them.  A connection waits for the rest
 * of a request, for the next request, for its reader to take the answer, or, once
 * refused, for its peer to close.  The keys `connections` and `parked_memory`
 * bound how many there are and the memory of their requests.
 *
 * Any thread parks a connection; only the thread of the set takes it out again,
 * so that no connection is freed while that thread looks at it.
 */
#ifndef CTIM_PARKED_H
#define CTIM_PARKED_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fcgi/net/connection.h"
#include "fcgi/net/dropped.h"

struct pool;

struct parked {
	int epoll, wake;    /* the set, and an eventfd(2) in it; or -1 */
	size_t memory_most; /* bytes of unfinished requests */
	long most;          /* descriptors that they may have together */
	pthread_t thread;
	atomic_bool ended;      /* it shall end, and close all */
	struct dropped dropped; /* the thread's own */
	pthread_mutex_t lock;
	/* Under the lock: */
	struct connection *first;
	size_t n[CONNECTION_NOTHING]; /* by what they wait for */
	size_t memory;                /* bytes of unfinished requests */
	/* clock_ms() at which those go that have not begun a request, and
	 * those whose request is not whole */
	int64_t leave_at, cut_at;
	bool handing; /* one is on its way to a thread or another worker */
	bool passing; /* others get what is kept */
	bool untold;  /* something of dropped is for the log */
};

/* Returns 0, or -1 with errno; parked_free() in any case. */
int parked_init(struct pool *);
void parked_free(struct pool *);
/* The thread, given the struct pool. */
void *parked_run(void *);
/* Takes a connection, which is closed when it waits for nothing. */
void parked_add(struct pool *, struct connection *, enum connection_wait);
/* How many wait for that. */
size_t parked_count(struct pool *, enum connection_wait);
/* The worker leaves: connections on which no request has begun are closed at
 * leave_at, those whose request is not whole at cut_at, clock_ms() times.  passing: other
 * workers get those that are kept. */
void parked_leave(
    struct pool *, int64_t leave_at, int64_t cut_at, bool passing);
/* Looks at all times and limits; to be called often. */
void parked_tick(struct pool *);
/* Ends the thread, and with it what is still parked. */
void parked_end(struct pool *);

#endif
