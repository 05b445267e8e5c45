/* SPDX-License-Identifier: MIT */
/*
 * cache: keeps the parsed answers of providers for as long as they may be used
 * again, and what processes that share no memory must share: key sets, turns.
 *
 * A cache belongs to one thread.  With a full, slow or broken cache nothing is
 * cached, and that is all: no function here fails in a way that a request would
 * notice, and none waits longer than CACHE_WAIT; when waits add up, the cache
 * is left alone for a moment.  The log has the fault, once a minute at most.
 * A moment's wait (2 ms), as a server that is well needs it, is not counted.
 *
 * Names of entries are HMACs under a random key of the installation, so the
 * file shows nobody the questions or credentials behind them.  At a server
 * names and values are under a key of the configuration (seal.h); where that
 * has none, a server keeps turns and circuits alone.
 */
#ifndef CTIM_CACHE_H
#define CTIM_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "shared/pace.h"

#define CACHE_NAME \
	64                     /* bytes of an entry's name: under the newest \
				* key, and under the one before */
#define CACHE_VALUE (4U << 20) /* bytes of a value */
#define CACHE_WAIT \
	100              /* ms for the file at a time; for a server in \
				* all of a request */
#define CACHE_TTL 172800 /* seconds; longer ones become this */
#define CACHE_WHY 512    /* bytes of a reason */

struct cache;
struct conf;
struct counters;

/* Makes a cache of [cache] url, which is opened when it is first used.  NULL
 * when memory ran out.  The configuration must outlive the cache. */
struct cache *cache_new(const struct conf *);
void cache_free(struct cache *);
/* Where it counts values that do not open; without this, nowhere. */
void cache_count(struct cache *, struct counters *);
/* A request begins: a server may take CACHE_WAIT again. */
void cache_begin(struct cache *);
/* Whether the cache could keep anything: it is not `off`, and it opens. */
bool cache_on(struct cache *);
/* Whether gateways on several machines share the cache (Redis). */
bool cache_is_remote(const struct cache *);
/*
 * Checks for an administrator that the cache opens, or would be made when it is
 * first used; `off` is fine.  Makes and changes nothing.  Returns 0, or -1 with
 * one line in why.  A server that is not there in the time of a request is waited
 * for longer, two seconds, to tell one that is slow from one that is away.
 */
int cache_check(const struct conf *, char why[CACHE_WHY]);

/* Opens what the programs need for the cache that is configured, before processes
 * are made that share it.  Returns 0, or -1 with one line in why. */
int cache_load(const struct conf *, char why[CACHE_WHY]);

/* For root, before it becomes that user: makes the missing directory of a
 * cache's file and gives it to the user.  Logs a failure. */
void cache_give(const struct conf *, uid_t, gid_t);

/*
 * Makes the name of an entry: HMAC-SHA-256 over the n parts, each with its
 * length, so that no two lists of parts have the same name.  Returns 0, or -1
 * when there is no key; then nothing can be kept.
 */
struct cache_part {
	const void *p;
	size_t len;
};
int cache_name(struct cache *, unsigned char name[CACHE_NAME],
    const struct cache_part *, size_t n);
/* Puts the value of an entry into *value (which is reset) and returns true;
 * false when there is none, its time has passed, or it is not as it was put. */
bool cache_get(
    struct cache *, const unsigned char name[CACHE_NAME], struct buf *value);
/* Keeps a value for ttl seconds; 0: not at all.  The value is written at
 * cache_flush() or cache_free() at the latest. */
void cache_put(struct cache *, const unsigned char name[CACHE_NAME],
    const char *value, size_t len, int ttl);
/* Writes the entries that wait, in one transaction. */
void cache_flush(struct cache *);

/*
 * Takes a turn (pace.h) from the bucket that the n parts name, which the cache
 * keeps.  Returns the ms to wait; -1 when the turn would be more than `most` ms
 * away (none is taken); -2 when the cache does not work.
 */
int64_t cache_turn(struct cache *, const struct cache_part *, size_t n,
    struct pace_rate, int64_t most);

#endif
