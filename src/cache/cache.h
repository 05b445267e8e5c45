/*
 * cache: what providers answered, parsed, for as long as it may be used again;
 * and what processes that share no memory must share: key sets, turns.
 *
 * A cache is one thread's.  A full, slow or broken one only means that nothing
 * is cached: no function here fails in a way that a request would notice, and
 * none waits longer than CACHE_WAIT; when they add up it is left alone for a
 * moment.  What went wrong is in the log, once a minute at most.
 * Names of entries are HMACs under a random key of the installation, so the
 * file tells nobody what was asked with which credential.
 */
#ifndef CTIM_CACHE_H
#define CTIM_CACHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"

#define CACHE_NAME  32         /* bytes of an entry's name */
#define CACHE_VALUE (4U << 20) /* bytes of a value */
#define CACHE_WAIT  100        /* ms for the file or the server */
#define CACHE_TTL   172800     /* seconds; longer ones become this */
#define CACHE_WHY   512        /* bytes of a reason */

struct cache;
struct conf;

/* On [cache] url; opened when first used.  NULL when memory ran out.  The
 * configuration must outlive it. */
struct cache *cache_new(const struct conf *);
void cache_free(struct cache *);
/* Whether it could keep anything: not `off`, and it opens. */
bool cache_on(struct cache *);
/* Whether gateways on several machines share it (Redis). */
bool cache_is_remote(const struct cache *);
/*
 * For those who look after an installation: whether the cache opens, or would
 * be made when it is first used; `off` is fine.  Makes and changes nothing.
 * Returns 0, or -1 with one line in why.
 */
int cache_check(const struct conf *, char why[CACHE_WHY]);

/* For root, before it becomes that user: makes the directory of a cache's file
 * theirs when it is missing.  What fails is in the log. */
void cache_give(const struct conf *, uid_t, gid_t);

/*
 * The name of an entry: HMAC-SHA-256 over the n parts, each with its length, so
 * that no two lists of parts have the same.  -1 when there is no key; then
 * there is no cache either.
 */
struct cache_part {
	const void *p;
	size_t len;
};
int cache_name(struct cache *, unsigned char name[CACHE_NAME],
    const struct cache_part *, size_t n);
/* Puts the value into *value (which is reset) and returns true when there is an
 * entry whose time has not passed, and as it was put: a changed one is none. */
bool cache_get(
    struct cache *, const unsigned char name[CACHE_NAME], struct buf *value);
/* Keeps a value for ttl seconds; 0: not at all.  It may be written later, at
 * cache_flush() or cache_free() at the latest. */
void cache_put(struct cache *, const unsigned char name[CACHE_NAME],
    const char *value, size_t len, int ttl);
/* Writes what waits, in one transaction. */
void cache_flush(struct cache *);

/*
 * A turn (pace.h) from a bucket kept here: ms to wait, -1 when it would be more
 * than `most` ms away (none is taken), -2 when the cache does not work.
 */
int64_t cache_turn(struct cache *, const unsigned char name[CACHE_NAME],
    int rate, int64_t most);

#endif
