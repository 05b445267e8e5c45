/* SPDX-License-Identifier: MIT */
/*
 * cache_own: what the files of a cache share, and nobody else.
 */
#ifndef CTIM_CACHE_OWN_H
#define CTIM_CACHE_OWN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/evp.h>

#include "base/buf.h"
#include "cache/cache_backend.h"

enum cache_use { CACHE_READ, CACHE_WRITE, CACHE_USES };

struct cache_waiting {
	unsigned char name[CACHE_ID];
	size_t at, len; /* in text */
	int ttl;
};

struct cache {
	const struct conf *conf;
	const struct cache_backend *backend; /* NULL: off */
	void *state;                         /* the backend's */
	struct counters *counters;           /* NULL: nothing is counted */
	bool open;
	int64_t rests[CACHE_USES]; /* until: clock_ms() */
	int64_t looked;            /* clock_ms() of the last same() */
	int64_t left;              /* ms that a server may take of a request */
	int64_t spent;             /* ms that calls took, as of … */
	int64_t counted;           /* clock_ms() */
	EVP_MAC_CTX *mac;          /* NULL until it is needed */
	/* A server's are those of the configuration; a file's is its own, and
	 * there while it is open. */
	struct seal_keys keys;
	struct cache_waiting queue[CACHE_QUEUE];
	size_t n;
	struct buf text;    /* sealed values */
	struct buf scratch; /* the last sealed value that was read */
};

/* The limits of a call that begins now; those of one that gives others what they
 * wait for, for which some of a request's time is kept. */
struct cache_try cache_new_try(const struct cache *);
struct cache_try cache_last_try(const struct cache *);
/* Opens the cache unless it is open or rests; returns whether it may be
 * used. */
bool cache_ready(struct cache *, enum cache_use, struct cache_try *);
/* Ends a call of the backend; returns whether it worked. */
bool cache_over(struct cache *, enum cache_use, enum cache_result,
    const struct cache_try *);
/* Whether a line of the log is due, which is once a minute for all threads
 * together. */
bool cache_due(_Atomic int64_t *next);
/* As cache_name(), for an open cache; where a server has no key the name is
 * under none, and tells what it is made of to who can guess that. */
int cache_names(struct cache *, const struct cache_part *, size_t n,
    unsigned char name[CACHE_NAME]);
/* Seals a value for a server, good for ms, and adds it to the buffer.  Returns 0,
 * or -1: there is no key, or memory ran out. */
int cache_seal(struct cache *, const unsigned char name[CACHE_NAME],
    const char *value, size_t len, int64_t ms, struct buf *);
/* Opens what a server had under the i-th form of a name.  False, after counting
 * it, when it does not open; false when its time (*left ms) is over. */
bool cache_unseal(struct cache *, const unsigned char name[CACHE_NAME],
    size_t i, const char *bytes, size_t len, struct buf *value, int64_t *left);
/* The seal before a value in a file.  Returns 0 or -1. */
int cache_file_seal(struct cache *, const unsigned char *name,
    const char *value, size_t len, unsigned char out[CACHE_SEAL]);
/* Takes the value out of the bytes that were kept under a name's i-th form. */
bool cache_open_value(struct cache *, const unsigned char *name, size_t i,
    const char *bytes, size_t len, struct buf *value);

#endif
