/* SPDX-License-Identifier: MIT */
/*
 * pool: the threads of one worker and what they share.
 *
 * A thread accepts, reads what is there and, where that is a whole request,
 * answers it without any hand-off.  A connection whose request is not whole is
 * parked (parked.h); the set's thread hands it back when the request is whole.
 * Of the idle threads two wait in accept4(2), or for several sockets in
 * epoll_wait(2), the others in a stack, so that the thread that worked last works
 * next.  Only when no thread of any worker is idle does the overflow thread
 * accept (overflow.h); a whole request that finds no idle thread of its worker
 * goes to the queue of all (balance.h), and beyond that is answered with 503.  A large
 * request waits, beside its thread, until there is memory for it (large.h).
 */
#ifndef CTIM_POOL_H
#define CTIM_POOL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fcgi/net/connection.h"
#include "fcgi/net/large.h"
#include "fcgi/net/outgoing.h"
#include "fcgi/pool/parked.h"
#include "figures/ledger.h"
#include "hook/hook.h"

struct conf;
struct fastcgi;
struct http_engine;
struct listener;
struct session;
struct shared;
struct balance;
struct balance_slot;

struct thread {
	pthread_t id;
	struct pool *pool;
	struct session *session; /* NULL: it answers 503 */
	struct fastcgi *fastcgi;
	/* For the next ones: one at least while it serves none of them. */
	struct spares spare;
	unsigned char *input; /* CONNECTION_INPUT bytes */
	bool warm;            /* it served since it rested */
	/* Under the lock: */
	pthread_cond_t wake;
	bool sleeps;          /* in the stack */
	struct thread *below; /* in the stack */
	bool accepting;       /* in accept4(2), or on the way */
	bool keep;            /* the connection may be kept */
	bool waited;          /* its request has, for memory */
	bool ending;          /* its answer is made, it is back at once */
	int fd;               /* being served, -1 for none */
	int64_t deadline;     /* of that, clock_ms() */
};

struct pool {
	const struct conf *conf;
	struct balance *share;
	struct shared *outside; /* what is known of services; and counts */
	struct balance_slot *slot;
	const struct listener *listener;
	int epoll;    /* of several sockets, else -1 */
	pid_t master; /* 0: there is none */
	bool orphan;  /* it is gone; the main thread's */
	int threads;
	int workers;                /* that share the memory */
	struct http_engine *engine; /* of all threads */
	struct thread *thread;      /* threads, and one that answers 503 */
	pthread_t overflow;
	struct parked parked;
	struct outgoing_room room;
	pthread_mutex_t refusing; /* the last of the threads */
	_Atomic int ending;       /* threads whose answer is made */
	pthread_mutex_t lock;
	/* Under the lock: */
	pthread_cond_t full; /* idle became 0, or it stops */
	struct thread *top;  /* of the stack of those that sleep */
	struct connection *ready, **ready_end; /* whole requests */
	int waiting;                           /* of these */
	struct large large;                    /* … that wait for memory */
	int idle, accepting, running;          /* of the threads */
	bool passing;             /* it leaves, and others get what is kept */
	bool stopping;            /* the overflow thread shall end */
	bool closing;             /* it has: nothing more from it */
	bool overflowing;         /* overflow is in accept4(2) */
	struct hook_seen changes; /* of stores, where there is no master */
	struct ledger ledger;     /* the same, of matches */
	int64_t no_later; /* clock_ms() at which all requests are over */
	uint64_t served;
	uint64_t rested; /* times that a thread gave back what it kept */
	/* The main thread's: clock_ms() at which free memory was given back, and
	 * what served and rested were by then. */
	int64_t trimmed_at;
	uint64_t trimmed;
};

/* A thread of the pool, given its struct thread. */
void *pool_thread(void *);
/* Makes as many spare connections as a thread should have, where memory is
 * there. */
void pool_fill(struct thread *);
/* What becomes of a connection that was the thread's.  There is mostly a spare
 * one in its place, also when memory is short. */
void pool_next(struct thread *, struct connection *, enum connection_wait);
/* Under the lock: who slept last wakes, if somebody sleeps. */
bool pool_wake_top(struct pool *);
/* Under the lock: one idle thread looks whether there is something for it. */
void pool_wake_one(struct pool *);
/* Under the lock: whether the queue has something for this worker. */
bool pool_queued(const struct pool *);
/* Takes a socket that no thread of the pool has accepted and reads what is
 * there.  Returns the connection when that is a whole request, else NULL: it is
 * parked then, or closed. */
struct connection *pool_arrive(struct pool *, int fd);
/* Gives a connection with a whole request to an idle thread.  Returns false when
 * there is none; the connection stays the caller's then. */
bool pool_hand(struct pool *, struct connection *);
/* Answers a whole request with 503.  memory: for want of that, not of a thread. */
void pool_refuse(struct pool *, struct connection *, bool memory);
/* Wakes a thread for what waits.  Returns whether a request waits here although
 * a thread is idle: then it has to be done again. */
bool pool_nudge(struct pool *);
/* accept_next() failed with error: waits as long as makes sense. */
void pool_accept_failed(const struct pool *, int error);
/* Whether there was a master, and is no more. */
bool pool_orphaned(const struct pool *);
/* Under the lock: all that are idle look whether there is something for them, or
 * the end.  Who is on the way into accept4(2) misses it: see pool.c. */
void pool_kick_all(struct pool *);
/* Cuts the connections whose request is past its time, wakes threads for what
 * waits, has the parked looked at and gives back memory that a load has left; the
 * main thread calls it often. */
void pool_watch(struct pool *);

#endif
