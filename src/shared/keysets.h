/*
 * keysets: the JSON Web Key Sets of the hosts on the list, as fetched, in
 * shared memory.
 *
 * The texts alone are here; who fetches when is jwks.c's matter.  A caller
 * looks, decides, claims the right to fetch, and ends that with
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

/* What is known of a host; times are seconds since 1970. */
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
	int64_t busy_until; /* clock_ms(), somebody fetches */
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
 * What is known of it at now.  text is reset, and gets the set's when its
 * serial is not `have`; the caller looks at text->failed.
 */
void keysets_look(struct jwks_table *, const char *host, int64_t now,
    uint64_t have, struct keysets_state *, struct buf *text);
/*
 * Whether the caller may fetch: nobody else does, and all is as it has `seen`.
 * Who says nothing for lease ms, from clock (clock_ms()), is taken for dead.
 * asked: the time, when it is for the sake of an unknown kid, else 0.
 */
bool keysets_claim(struct jwks_table *, const char *host,
    const struct keysets_state *seen, int64_t clock, int64_t lease,
    int64_t asked);
/* A set of at most JWKS_BYTES that was fetched at that time.  Returns its
 * serial, which stays what it was when the text did. */
uint64_t keysets_store(struct jwks_table *, const char *host, int64_t fetched,
    const char *text, size_t len);
/* A try failed; the set that is there stays. */
void keysets_failed(
    struct jwks_table *, const char *host, int64_t tried, const char *why);
/* The caller cannot say whether there is a set: the next may try at once. */
void keysets_leave(struct jwks_table *, const char *host);

/* A host, for those who look on. */
struct keysets_seen {
	char host[JWKS_HOST_MAX];
	int64_t fetched; /* seconds since 1970; 0: never */
	bool have;       /* there is a set */
	bool failed;     /* the last try did */
};
/* All of them: how many, or -1 when the table was not free for `wait` ms. */
int keysets_list(
    struct jwks_table *, int wait, struct keysets_seen seen[JWKS_HOSTS]);

#endif
