/* SPDX-License-Identifier: MIT */
/*
 * take: how a thread of a pool comes to its next request: one that waits for
 * memory or for a thread, or a new connection; and how it sleeps without one.
 */
#ifndef CTIM_TAKE_H
#define CTIM_TAKE_H

struct connection;
struct pool;
struct thread;

/* The next whole request, and what pool.h says of it in the struct thread.  NULL
 * when there will be none. */
struct connection *take_next(struct pool *, struct thread *);
/* Takes a socket that was accepted into one of the thread's spare connections and
 * reads what is there.  Returns the connection when its request is whole, else
 * NULL: it is parked then, or closed. */
struct connection *take_receive(struct thread *, int fd);
/* Under the lock: what others see of the idle threads, and of what waits for
 * memory.  A worker that leaves has no thread for others. */
void take_tell_idle(struct pool *);

#endif
