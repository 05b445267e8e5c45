/* SPDX-License-Identifier: MIT */
/*
 * dropped: why connections that waited were closed, counted, and told in the
 * log, once a second at most, as whoever can connect can cause it.
 */
#ifndef CTIM_DROPPED_H
#define CTIM_DROPPED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum dropped_reason {
	DROPPED_NOT,
	DROPPED_OVER, /* nothing that people must know */
	DROPPED_LATE,
	DROPPED_UNREAD,
	DROPPED_CROWD,
	DROPPED_MEMORY,
	DROPPED_STOPPED,
	DROPPED_REASONS
};

struct dropped {
	size_t n[DROPPED_REASONS]; /* since the log was told */
	int64_t told;              /* clock_ms() of that; 0: never */
};

/* How many of those that people must know the log was not told yet. */
size_t dropped_untold(const struct dropped *);
/* Tells the log, or, unless it is the end, leaves it for the next time when the
 * last time was less than a second ago. */
void dropped_tell(struct dropped *, bool end);

#endif
