/* SPDX-License-Identifier: MIT */
/*
 * matches: how often what was asked for was on a source's list, until a saver
 * takes it to the store (ledger.h).
 *
 * Each thread counts in one of several parts, under a lock that it shares with
 * few others and that nobody holds for longer than a copy of the part takes: so
 * no thread waits for another that counts elsewhere, nor for the disk.  A part
 * has room for so many numbers; what finds no place is counted as of other
 * observables or other sources, and where not even that has a place, as lost.
 * The matches of a part whose lock died with its holder are lost.
 */
#ifndef CTIM_MATCHES_H
#define CTIM_MATCHES_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "log/counters.h"

#define MATCHES_PARTS COUNTERS_SHARDS
#define MATCHES_CELLS 1024        /* numbers of a part; a power of two */
#define MATCHES_TEXT  (64U << 10) /* bytes of their names */
#define MATCHES_OTHER (-1)        /* type of the other observables */

enum matches_kind { MATCHES_SOURCE, MATCHES_VALUE };
#define MATCHES_KINDS 2

/* What a number counts. */
struct matches_key {
	uint32_t when; /* hours since 1970 of MATCHES_SOURCE, else days */
	uint16_t relay;
	int8_t kind;
	int8_t what; /* disposition of MATCHES_SOURCE, else type */
};

struct matches_cell {
	uint64_t hash; /* 0: free */
	uint64_t n;
	uint32_t at, len; /* the key and the names, in text */
};

/* The numbers of a part, of which a process without matches touches no page. */
struct matches_body {
	struct matches_cell cell[MATCHES_CELLS];
	char text[MATCHES_TEXT];
};

struct matches_part {
	_Alignas(64) pthread_mutex_t lock;
	uint64_t lost;
	_Atomic uint32_t cells;       /* that are taken */
	uint32_t used;                /* bytes of text */
	uint32_t last[MATCHES_KINDS]; /* found, of each kind */
	struct matches_body *body;    /* at one place in all processes */
};

struct matches {
	/* Whether the log has been told, by place of a relay in counters, that
	 * its matches are lost. */
	_Atomic bool told[COUNTERS_RELAYS];
	struct matches_part part[MATCHES_PARTS];
	struct matches_body body[MATCHES_PARTS];
};

/* One source that lists the observable, and as what. */
struct match {
	const char *source;
	int disposition;
};

/* On zeroed memory, before fork; 0, or -1 with errno. */
int matches_init(struct matches *);
/* Counts the observable (type and value) as matched by n sources, in the part of
 * the thread; relay: its place in counters; now: seconds since 1970. */
void matches_add(struct matches *, size_t part, size_t relay, int64_t now,
    int type, const char *value, const struct match *, size_t n);

/* Whether there is anything to take; asked without a lock. */
bool matches_wait(const struct matches *);

/* One number that was counted. */
struct matched {
	enum matches_kind kind;
	int64_t when;       /* hour or day since 1970 */
	int what;           /* disposition or type; MATCHES_OTHER */
	const char *value;  /* of MATCHES_VALUE; "": all others */
	const char *source; /* "": other sources */
	uint64_t n;
};

/*
 * Takes the numbers of a relay out of a part, and hands them to each until that
 * returns other than 0; outside the lock.  copy is room for that.  Adds to *lost
 * how many matches had no place.  Returns 0, or what each returned.
 */
int matches_take(struct matches *, size_t part, size_t relay,
    struct matches_body *copy, uint64_t *lost,
    int (*each)(void *arg, const struct matched *), void *arg);

#endif
