/* SPDX-License-Identifier: MIT */
/*
 * metrics_serve: the process that answers on the metrics listener.
 *
 * It is a child of the master and asks it for nothing: the numbers are in shared
 * memory.  So whatever clients do to it, nobody waits for it, and should it die
 * the master makes another.  Conversations are few, have little time, and hold
 * each other up in nothing.
 */
#ifndef CTIM_METRICS_SERVE_H
#define CTIM_METRICS_SERVE_H

#include <sys/types.h>

struct buf;

#define METRICS_PLACES 16   /* conversations at a time */
#define METRICS_TIME   5000 /* ms for a question, and again for its answer */

/* Answers on a listening socket, which does not block, with what text() writes,
 * until SIGTERM comes, or the socket is shut down; then ends once who asks has his
 * answer.  parent: when that is no longer the parent, it ends at once.  Call in a
 * new process, which may then do nothing but _exit(2). */
void metrics_serve(
    int fd, pid_t parent, void (*text)(void *arg, struct buf *), void *arg);

#endif
