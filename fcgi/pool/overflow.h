/*
 * overflow: what happens when no thread is idle.
 *
 * While no worker has an idle thread, the overflow thread puts what waits in
 * the listen queue into the workers' common one, up to conf->queue connections
 * a worker, where threads look before they accept.  When that is full, the
 * refuser gets them and answers 503; what even that has no place for is closed.
 */
#ifndef CTIM_OVERFLOW_H
#define CTIM_OVERFLOW_H

/* The overflow thread, given the struct pool.  Ends with pool->stopping, and
 * then sets pool->closing. */
void *overflow_run(void *);
/* Puts a connection, given the struct pool, into the queue, whatever that is
 * meant to hold; refuses it when it takes no more.  Owns fd. */
void overflow_keep(void *, int fd);
/* The refuser, given its struct thread.  Ends with pool->ended, when all that
 * it got are answered. */
void *overflow_refuser(void *);

#endif
