/*
 * pool: the threads of one worker and what they share.
 *
 * Every idle thread waits in accept4(2), or for several sockets in
 * epoll_wait(2), of which the kernel wakes one, so a
 * request is taken and answered without any hand-off.  Only when no thread is
 * idle does the overflow thread take what waits (overflow.h).
 */
#ifndef CTIM_POOL_H
#define CTIM_POOL_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct conf;
struct fastcgi;
struct http_engine;
struct listener;
struct session;
struct balance;
struct balance_slot;
struct transport;

#define POOL_REFUSED      64  /* connections that wait for their 503 */
#define POOL_REFUSED_TIME 100 /* ms for such a request, once it began */

/* A connection that waits. */
struct place {
	int fd;
	int64_t since; /* clock_ms() of its accept */
};

struct thread {
	pthread_t id;
	struct pool *pool;
	struct session *session; /* NULL: the refuser's */
	struct fastcgi *fastcgi;
	bool idle;        /* in accept4(2), or on the way */
	int fd;           /* being served, -1 for none */
	int64_t deadline; /* of that, clock_ms() */
};

struct pool {
	const struct conf *conf;
	struct balance *share;
	struct balance_slot *slot;
	const struct listener *listener;
	int epoll;    /* of several sockets, else -1 */
	pid_t master; /* 0: there is none */
	bool orphan;  /* it is gone; the main thread's */
	int threads;
	struct http_engine *engine; /* of all threads */
	struct thread *thread;      /* threads, and one for the refuser */
	pthread_t overflow;
	pthread_mutex_t lock;
	/* Under the lock: */
	pthread_cond_t full;    /* idle became 0, or it stops */
	pthread_cond_t refusal; /* something to refuse, or it ends */
	int idle, running;      /* of the threads */
	bool stopping;          /* the overflow thread shall end */
	bool closing;           /* it has: nothing more from it */
	bool ended;             /* nothing will be refused any more */
	bool overflowing;       /* overflow is in accept4(2) */
	uint64_t served;
	struct place refused[POOL_REFUSED];
	size_t refusals;
};

/* A thread of the pool, given its struct thread. */
void *pool_thread(void *);
/* Serves the connection that the thread has, and closes it. */
void pool_serve(struct thread *, int64_t head,
    void (*answer)(void *thread, struct transport *));
/* An answer for pool_serve(): 503. */
void pool_answer_busy(void *thread, struct transport *);
/* The next connection of the listener; -1 with errno. */
int pool_accept(const struct pool *);
/* That failed with error: waits as long as makes sense. */
void pool_accept_failed(const struct pool *, int error);
/* Whether somebody waits in a listen queue that is open. */
bool pool_pending(const struct pool *);
/* Whether there was a master, and is no more. */
bool pool_orphaned(const struct pool *);
/* Lets the calling thread be woken from accept4(2). */
void pool_unblock_kick(void);
/* Under the lock: one idle thread, or all and the overflow thread, leave
 * accept4(2).  It may have to be done again: see pool.c. */
void pool_kick_one(struct pool *);
void pool_kick_all(struct pool *);
/* Cuts the connections whose request is past its time; to be called often.  A
 * peer that takes its answer byte by byte would otherwise keep its thread. */
void pool_watch(struct pool *);

#endif
