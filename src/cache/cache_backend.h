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
#include "cache/seal.h"

#define CACHE_KEY   SEAL_KEY  /* bytes of the installation's key */
#define CACHE_ID    SEAL_NAME /* bytes of a name, as a backend sees it */
#define CACHE_SEAL  16        /* bytes before a file's value: of its HMAC */
#define CACHE_KEPT  (SEAL_MORE + CACHE_VALUE)
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
	int64_t began;       /* clock_ms() */
	int64_t until;       /* clock_ms() when the call must be over */
	bool rest;           /* it has but the rest of a request's time */
	bool look;           /* open: make and change nothing */
	char why[CACHE_WHY]; /* of CACHE_BUSY and CACHE_FAILED */
};

struct cache_entry {
	const unsigned char *name; /* CACHE_ID bytes */
	const char *value;
	size_t len;
	int ttl; /* seconds, more than 0 */
};

struct cache_bucket {
	const unsigned char *name; /* CACHE_ID bytes, each */
	size_t names; /* of one bucket: a turn is taken under all */
	struct pace_rate rate;
	int64_t most; /* ms to wait */
	/* ms: a token that is back later than this from now was written when
	 * the clock was ahead. */
	int64_t far;
};

struct cache_backend {
	bool remote; /* others may read and write it: values are sealed */
	int look;    /* ms between calls of same() */
	/* The URL that u was parsed from, and the configuration, outlive it; u
	 * does not, and names no host when the URL is wrong.  NULL when memory
	 * ran out. */
	void *(*make)(const struct conf *, const struct conf_cache *u);
	void (*free)(void *);
	/* Opens the cache and reads its key; one that is remote has none.
	 * CACHE_NOTHING, only for look: it is not there, and would be made. */
	enum cache_result (*open)(
	    void *, struct cache_try *, unsigned char key[CACHE_KEY]);
	/* Closes a cache, open or not. */
	void (*close)(void *);
	/* These only for an open cache. */
	bool (*same)(void *, struct cache_try *); /* as it was opened */
	enum cache_result (*get)(void *, struct cache_try *,
	    const unsigned char name[CACHE_ID], struct buf *);
	enum cache_result (*put)(
	    void *, struct cache_try *, const struct cache_entry *, size_t);
	/* *wait as cache_turn() returns it. */
	enum cache_result (*turn)(void *, struct cache_try *,
	    const struct cache_bucket *, int64_t *wait);
	/* These only of a cache that is remote.  Removes an entry, or the lease
	 * of one. */
	enum cache_result (*drop)(void *, struct cache_try *,
	    const unsigned char name[CACHE_ID], bool lease);
	/* Takes the lease of an entry for ms; *ours: nobody else has it. */
	enum cache_result (*lease)(void *, struct cache_try *,
	    const unsigned char name[CACHE_ID], int64_t ms, bool *ours);
};

extern const struct cache_backend cache_sqlite, cache_redis;

#endif
