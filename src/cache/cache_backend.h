/* SPDX-License-Identifier: MIT */
/*
 * cache_backend: where a cache keeps its entries.  Only cache*.c include it.
 *
 * A backend is one file and one const struct.  It stores bytes under names and
 * does not know their meaning; cache.c decides when to try a backend and what
 * to do about its errors.
 */
#ifndef CTIM_CACHE_BACKEND_H
#define CTIM_CACHE_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cache/cache.h"

#define CACHE_KEY   32 /* bytes of the installation's key */
#define CACHE_SEAL  16 /* bytes before a value: of its HMAC */
#define CACHE_KEPT  (CACHE_SEAL + CACHE_VALUE)
#define CACHE_QUEUE 64 /* entries that wait to be written */

struct conf_cache;

enum cache_result {
	CACHE_DONE,
	CACHE_NOTHING, /* there is no such entry */
	CACHE_BUSY,    /* others hold the cache: try again in a moment */
	CACHE_FAILED   /* to be closed; the reason is in why */
};

/* One call of a backend. */
struct cache_try {
	int64_t until;       /* clock_ms() when the call must be over */
	bool look;           /* open: make and change nothing */
	char why[CACHE_WHY]; /* of CACHE_BUSY and CACHE_FAILED */
};

struct cache_entry {
	const unsigned char *name; /* CACHE_NAME bytes */
	const char *value;
	size_t len;
	int ttl; /* seconds, more than 0 */
};

struct cache_bucket {
	const unsigned char *name;
	int rate;     /* calls a second */
	int64_t most; /* ms to wait */
	/* ms: a token that is back later than this from now was written when
	 * the clock was ahead. */
	int64_t far;
};

struct cache_backend {
	bool remote;
	int look; /* ms between calls of same() */
	/* The URL that u was parsed from, and the configuration, outlive it; u
	 * does not, and names no host when the URL is wrong.  NULL when memory
	 * ran out. */
	void *(*make)(const struct conf *, const struct conf_cache *u);
	void (*free)(void *);
	/* Opens the cache and reads its key.  CACHE_NOTHING, only for look: it
	 * is not there, and would be made. */
	enum cache_result (*open)(
	    void *, struct cache_try *, unsigned char key[CACHE_KEY]);
	/* Closes a cache, open or not. */
	void (*close)(void *);
	/* These only for an open cache. */
	bool (*same)(void *, struct cache_try *); /* as it was opened */
	enum cache_result (*get)(void *, struct cache_try *,
	    const unsigned char name[CACHE_NAME], struct buf *);
	enum cache_result (*put)(
	    void *, struct cache_try *, const struct cache_entry *, size_t);
	/* *wait as cache_turn() returns it. */
	enum cache_result (*turn)(void *, struct cache_try *,
	    const struct cache_bucket *, int64_t *wait);
};

extern const struct cache_backend cache_sqlite, cache_redis;

#endif
