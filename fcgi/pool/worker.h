/* SPDX-License-Identifier: MIT */
/*
 * worker: one process of the pool.
 */
#ifndef CTIM_WORKER_H
#define CTIM_WORKER_H

#include <stddef.h>
#include <sys/types.h>

struct conf;
struct listener;
struct balance;
struct shared;

#define WORKER_GRACE 2000 /* ms after the deadline at which a stop ends */

/*
 * Serves on the listener as the worker of a slot until SIGTERM or SIGINT, or
 * until its master is gone; then the listener is hung up first.  master is that
 * one's process, or 0 when there is none; max_requests then ends it.  What was
 * accepted is answered first; after the deadline and WORKER_GRACE it ends by
 * force.  workers: among how many [server] memory is divided.  Call
 * worker_signals() before.  Returns the exit status of the process.
 */
int worker_run(const struct conf *, const struct listener *, struct balance *,
    struct shared *outside, size_t slot, pid_t master, int workers);
/* Blocks the signals that master and workers wait for, in all threads. */
void worker_signals(void);

#endif
