/* SPDX-License-Identifier: MIT */
/*
 * cache_common: what gateways on several machines tell each other through a
 * cache that they share, and only then: circuits that opened, what is no longer
 * good, and who is about to ask a question.
 *
 * As all of cache.h these never fail in a way that a request would notice: where
 * nothing is shared, or the server does not answer, each gateway is alone.
 */
#ifndef CTIM_CACHE_COMMON_H
#define CTIM_CACHE_COMMON_H

#include <stdint.h>

#include "cache/cache.h"

/* Tells all that the circuit of a host (breaker.h) is open for ms. */
void cache_circuit_opened(struct cache *, const char *host, int64_t ms);
/* The ms for which another has told that; 0: nobody has. */
int64_t cache_circuit(struct cache *, const char *host);

/* An entry is no longer good, for nobody. */
void cache_drop(struct cache *, const unsigned char name[CACHE_NAME]);

enum cache_lease {
	CACHE_LEASE_OURS,   /* ask, put the answer, flush, release */
	CACHE_LEASE_THEIRS, /* another asks: look again in some ms */
	CACHE_LEASE_NONE    /* nobody can say: ask */
};
/* Takes, for ms, the right to find out what an entry is to be. */
enum cache_lease cache_lease(
    struct cache *, const unsigned char name[CACHE_NAME], int64_t ms);
/* Gives it back; only for who has it still, by his own clock. */
void cache_release(struct cache *, const unsigned char name[CACHE_NAME]);

#endif
