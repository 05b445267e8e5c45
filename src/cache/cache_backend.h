/*
 * cache_backend: what keeps the entries of a cache.  Only cache*.c include it.
 *
 * A backend is one file and one const struct.  It knows names and bytes, not
 * what they mean; when to try it, and what becomes of its errors, is cache.c's
 * business.
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
	CACHE_BUSY,    /* others are at it: again in a moment */
	CACHE_FAILED   /* to be closed; why says the reason */
};

/* One call of a backend. */
struct cache_try {
	int64_t until;       /* clock_ms() when it must be over */
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
	/* Opens it and gets the key.  CACHE_NOTHING: only for look, it would
	 * be made. */
	enum cache_result (*open)(
	    void *, struct cache_try *, unsigned char key[CACHE_KEY]);
	/* Also when it is not open. */
	void (*close)(void *);
	/* These only while it is open. */
	bool (*same)(void *, struct cache_try *); /* as opened */
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
