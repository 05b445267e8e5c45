/* SPDX-License-Identifier: MIT */
/*
 * jwks_cache: what of a host's key set must outlive the process, in the cache:
 * CGI requests share no memory, and a pool that starts again need not ask anew.
 *
 * Whoever could put keys of his own there could sign tokens; the cache gives
 * back only what was put under the installation's key.
 */
#ifndef CTIM_JWKS_CACHE_H
#define CTIM_JWKS_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct cache;

enum jwks_cached {
	JWKS_CACHED_SET,     /* the text of a set, and when it was fetched */
	JWKS_CACHED_FAILURE, /* why the last try failed, and when */
	JWKS_CACHED_ASKED    /* when an unknown kid had it fetched */
};

/* The cache may be NULL: then nothing is kept. */
void jwks_cache_put(struct cache *, enum jwks_cached, const char *host,
    int64_t at, const char *text, size_t len);
/* Puts what is kept into text, which is reset, and *at.  False when there is
 * nothing, or it does not fit. */
bool jwks_cache_get(struct cache *, enum jwks_cached, const char *host,
    int64_t *at, struct buf *text);
/*
 * Of gateways that share a cache one fetches a set at a time: whether another
 * does now; if not, it is this one for ms, or until jwks_cache_fetched(), which
 * also writes what was put.
 */
bool jwks_cache_theirs(struct cache *, const char *host, int64_t ms);
void jwks_cache_fetched(struct cache *, const char *host);

#endif
