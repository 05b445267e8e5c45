/*
 * cache_redis: where the Redis server of a cache is, from its URL:
 * redis://[[USER]:PASSWORD@]HOST[:PORT][/DB], an IPv6 address in brackets, user
 * and password percent-encoded.  Only cache_redis*.c include it.
 *
 * Source: RFC 3986; the redis URI scheme as registered at IANA.
 */
#ifndef CTIM_CACHE_REDIS_H
#define CTIM_CACHE_REDIS_H

#include <stdbool.h>

struct cache_redis_url {
	char	 user[128], password[256];	/* empty: none */
	char	 host[256], port[6], db[5];
};

/* Takes a URL apart; false when it is no such one. */
bool	cache_redis_url(const char *url, struct cache_redis_url *);

#endif
