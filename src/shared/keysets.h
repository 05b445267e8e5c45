/* SPDX-License-Identifier: MIT */
/*
 * keysets: the JSON Web Key Sets of the hosts on the list, as fetched, in
 * shared memory.
 *
 * This table keeps the texts; jwks.c decides when to fetch one.  A caller
 * looks, decides, claims the right to fetch, and gives that right back with
 * keysets_store(), keysets_failed() or keysets_leave().
 * Source: RFC 7517.
 */
#ifndef CTIM_KEYSETS_H
#define CTIM_KEYSETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/slots.h"

#define JWKS_HOSTS    16    /* the longest unused goes */
#define JWKS_BYTES    65536 /* of a set */
#define JWKS_HOST_MAX 262   /* HOST:PORT with the NUL */
#define JWKS_WHY_MAX  512   /* a cause, with the NUL */

struct buf;

/* The state of a host's key set; times are seconds since 1970. */
struct keysets_state {
	int64_t fetched;        /* 0: never */
	int64_t tried;          /* 0: never */
	int64_t asked;          /* for an unknown kid; 0: never */
	uint64_t serial;        /* of the text, counts up over all
					 * hosts; 0: there is none */
	char why[JWKS_WHY_MAX]; /* the last try failed; "": no */
};

struct keyset {
	struct slot slot; /* of the host; used: seconds since 1970 */
	char host[JWKS_HOST_MAX];
	struct keysets_state state;
	int64_t busy_until; /* clock_ms(): till then a caller fetches */
	uint64_t
	    failures; /* of tries, also those that another gateway told of */
	size_t len;
	char text[JWKS_BYTES];
};

struct jwks_table {
	struct slots slots;
	uint64_t serial; /* the last one given; counts on when the slots are
			  * emptied, so that a thread that has keys under one
			  * never meets another text under it */
	struct keyset host[JWKS_HOSTS];
};

/*
 * In all of these host is not empty and shorter than JWKS_HOST_MAX.
 *
 * Copies the state of a host at now.  text is reset, and gets the text of the
 * set when its serial is not `have`; the caller looks at text->failed.
 */
void keysets_look(struct jwks_table *, const char *host, int64_t now,
    uint64_t have, struct keysets_state *, struct buf *text);
/*
 * Whether the caller may fetch: no other caller does, and the state is still
 * `seen`.  A caller that does not report within lease ms, from clock
 * (clock_ms()) on, is presumed dead.
 * asked: the time of a fetch for an unknown kid, else 0.
 */
bool keysets_claim(struct jwks_table *, const char *host,
    const struct keysets_state *seen, int64_t clock, int64_t lease,
    int64_t asked);
/* Keeps a set of at most JWKS_BYTES that was fetched at that time.  Returns its
 * serial, which is a new one only when the text is. */
uint64_t keysets_store(struct jwks_table *, const char *host, int64_t fetched,
    const char *text, size_t len);
/* Reports that a try failed; the set that is there stays. */
void keysets_failed(
    struct jwks_table *, const char *host, int64_t tried, const char *why);
/* Gives the right to fetch back without a result: the next caller may try at
 * once. */
void keysets_leave(struct jwks_table *, const char *host);

/* A host as status shows it. */
struct keysets_seen {
	char host[JWKS_HOST_MAX];
	int64_t fetched; /* seconds since 1970; 0: never */
	bool have;       /* there is a set */
	bool failed;     /* the last try did */
	uint64_t failures;
};
/* Lists all hosts.  Returns how many, or -1 when the table was not free for
 * `wait` ms. */
int keysets_list(
    struct jwks_table *, int wait, struct keysets_seen seen[JWKS_HOSTS]);

#endif
