/* SPDX-License-Identifier: MIT */
/*
 * overflow: what happens when no thread is idle.
 *
 * While no worker has an idle thread, the overflow thread accepts and reads.  A
 * whole request, its own or one that was parked, that finds no idle thread of
 * its worker goes into the workers' common queue, up to conf->queue requests a
 * worker, where threads look before they accept.  When that is full it is
 * answered with 503: always, however many there are.
 */
#ifndef CTIM_OVERFLOW_H
#define CTIM_OVERFLOW_H

struct connection;
struct pool;

/* The overflow thread, given the struct pool.  Ends with pool->stopping, and
 * then sets pool->closing. */
void *overflow_run(void *);
/* Takes a connection with a whole request: to an idle thread, into the queue, or
 * it is answered with 503. */
void overflow_dispatch(struct pool *, struct connection *);
/* Passes a kept connection on which nothing has begun to another worker, which
 * has an idle thread for it.  Returns 0, or -1 when there is none now; the
 * connection stays the caller's then. */
int overflow_pass(struct pool *, struct connection *);
/* Takes a socket that was accepted, given the struct pool. */
void overflow_keep(void *, int fd);

#endif
