/* SPDX-License-Identifier: MIT */
/*
 * cache_redis: what the files of a cache in a Redis server share, and nobody else.
 */
#ifndef CTIM_CACHE_REDIS_H
#define CTIM_CACHE_REDIS_H

#include "cache/cache_backend.h"
#include "conf/conf_cache.h"
#include "redis/redislib.h"

#define CACHE_REDIS_SHORT 4096 /* bytes of a reply that is no value */

struct cache_redis {
	const struct redislib *lib; /* NULL: not open, and so is con */
	struct rediscon con;
	struct conf_cache url;
	const char *authorities;   /* NULL: without TLS; the configuration's */
	struct conf_cache_host at; /* whom it asks, or asked last */
	size_t sentinel;           /* that answered last */
};

struct rediscon_arg cache_redis_text(const char *);
/* Fails with the connection's reason. */
enum cache_result cache_redis_lost(
    const struct cache_redis *, struct cache_try *);
/* Fails for an unexpected reply. */
enum cache_result cache_redis_wrong(const struct cache_redis *,
    struct cache_try *, const struct rediscon_reply *);
/* Sends a command and reads its reply of about max bytes at most, to be dropped;
 * NULL when the connection is lost. */
struct rediscon_reply *cache_redis_ask(struct cache_redis *,
    const struct cache_try *, const struct rediscon_arg *, size_t n,
    size_t max);
/* The next reply must be this status. */
enum cache_result cache_redis_expect(
    struct cache_redis *, struct cache_try *, const char *status);
/* cache_backend.open(). */
enum cache_result cache_redis_start(
    void *, struct cache_try *, unsigned char key[CACHE_KEY]);

#endif
