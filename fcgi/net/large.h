/* SPDX-License-Identifier: MIT */
/*
 * large: the requests of a worker that are so large that the memory of those
 * being answered is counted, and those of them that wait for it.
 *
 * A request takes all that it may need at once, or nothing and waits, in the
 * order in which they came; so none holds what another waits for.  One alone is
 * always let in, whatever it needs.  Small requests are never counted.
 */
#ifndef CTIM_LARGE_H
#define CTIM_LARGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct connection;

enum large_result {
	LARGE_GO,    /* it has its memory: large_leave() */
	LARGE_WAITS, /* it is large's, until large_next() */
	LARGE_FULL   /* too many wait: it stays the caller's */
};

struct large {
	size_t most, used;           /* bytes for those that are answered */
	size_t waiting_most, bodies; /* bytes of those that wait */
	int places, waiting;         /* and how many */
	struct connection *first, **end;
};

/* most: bytes for those that are answered; waiting_most: for the bodies of the
 * places that wait at most. */
void large_init(struct large *, size_t most, size_t waiting_most, int places);
/* Takes a whole request, for which a thread is there; patient: it may wait. */
enum large_result large_enter(
    struct large *, struct connection *, bool patient);
/*
 * The one that waits longest, when there is memory for it, or when its request
 * was whole by the clock_ms() late: its time is over then, and it has none
 * (connection->taken 0).  Else NULL.
 */
struct connection *large_next(struct large *, int64_t late);
/* Gives back what a request has taken, if it has. */
void large_leave(struct large *, struct connection *);

#endif
