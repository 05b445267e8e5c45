/* SPDX-License-Identifier: MIT */
/*
 * map_own: what the client of the map master has in common with the one of its
 * workers.  Only these two include it.
 */
#ifndef CTIM_MAP_OWN_H
#define CTIM_MAP_OWN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "net/mapframe.h"

/* Whether a program is asked, for all processes that have the map master. */
struct map_circuit {
	_Atomic unsigned row;  /* failures in a row */
	_Atomic int64_t until; /* clock_ms() until which it is off */
};

struct map_master {
	int control;                 /* socket, map frames */
	pid_t pid;                   /* of it */
	pid_t owner;                 /* of the process whose child it is */
	size_t n;                    /* programs */
	struct map_circuit *circuit; /* of each; shared memory */
};

/* Sends a packet, with the descriptor fd unless that is -1, until clock_ms() is
 * `until`.  Returns 0, or -1 with errno. */
int map_send(const struct map_master *, const struct mapframe *,
    const char *text, int fd, int64_t until);

/* MAP_TIME; a test that is not about it waits longer, as a machine may be slow. */
extern int64_t map_time;

#endif
