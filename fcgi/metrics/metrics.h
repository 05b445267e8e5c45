/* SPDX-License-Identifier: MIT */
/*
 * metrics: the socket of [server] metrics, and the life of the process that
 * answers on it (metrics_serve.h).  All of it is the master's; nothing waits.
 */
#ifndef CTIM_METRICS_H
#define CTIM_METRICS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "net/endpoint.h"

#define METRICS_WHY 256 /* bytes of a reason */

struct buf;

struct metrics {
	int fd;                  /* listening; -1: there is none */
	char text[ENDPOINT_MAX]; /* its address; "" for none */
	pid_t pid;               /* of the process; 0: it is not there */
	int64_t next;            /* clock_ms() before which none is made */
};

/* No socket yet. */
void metrics_init(struct metrics *);
/*
 * Listens at address (NULL: nowhere) instead of where it does.  One that another
 * has is tried for `wait` ms.  Returns 0, or -1 with a reason in why (METRICS_WHY
 * bytes); then all is as it was, unless another has taken the old one meanwhile.
 */
int metrics_move(
    struct metrics *, const char *address, int64_t wait, char *why);
/* Nobody new is served, and a successor may have the address; who has asked gets
 * his answer. */
void metrics_close(struct metrics *);
/* In another process than the master, whose business it is not. */
void metrics_forget(struct metrics *);
/* The process ends, the socket stays: for a binary that takes over. */
void metrics_rest(struct metrics *);
/* Makes the process where there should be one; in it text() writes the metrics.
 * now: clock_ms(). */
void metrics_look(struct metrics *, int64_t now,
    void (*text)(void *arg, struct buf *), void *arg);
/* A child has ended.  Returns whether it was the process. */
bool metrics_buried(struct metrics *, pid_t, int status, int64_t now);

#endif
