/* SPDX-License-Identifier: MIT */
/*
 * jwks: the public keys of an RS256 token, from the key set of its host.
 *
 * Sets are fetched once an hour, again for an unknown kid (at most once a
 * minute a host), by one thread of all workers at a time; a set that cannot be
 * fetched again serves for a day.  They live in shared memory and, so that CGI
 * requests have them too, in the cache.
 * Source: RFC 7517, RFC 7518 section 6.3; relay API, "Tokens".
 */
#ifndef CTIM_JWKS_H
#define CTIM_JWKS_H

#include <stddef.h>
#include <stdint.h>

struct cache;
struct http;
struct jwk_set;
struct jwks;
struct shared;

enum jwks_result {
	JWKS_KEY,      /* *set has it */
	JWKS_NO_SET,   /* no key set to be had from that host */
	JWKS_NO_KID,   /* the set has no such key */
	JWKS_NO_MEMORY /* it cannot be known: memory ran out */
};

/* What a thread keeps (parsed keys).  All handed in must outlive it; cache may
 * be NULL.  NULL when memory ran out. */
struct jwks *jwks_new(struct shared *, struct cache *, struct http *);
void jwks_free(struct jwks *);

/*
 * The set with the keys `kid` (NULL: none) of host, HOST or HOST:PORT, which the
 * caller has found on the list, at now (seconds since 1970); waits until
 * `deadline` (clock_ms()) at most.  *set belongs to jwks and is good until the
 * next call; NULL when no key is found.
 * *serial: of the set, not 0; what a key verified stays verified while it is
 * the same.  *cause: for the log, a text good until the next call, or NULL.
 */
enum jwks_result jwks_key(struct jwks *, const char *host, const char *kid,
    int64_t now, int64_t deadline, const struct jwk_set **set, uint64_t *serial,
    const char **cause);

#endif
