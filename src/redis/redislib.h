/* SPDX-License-Identifier: MIT */
/*
 * redislib: rediscon's functions, which are in a shared object of our own with
 * hiredis, ctim-relay-redis.so.  It is opened where the cache is a Redis server:
 * a site without one has no hiredis loaded.
 */
#ifndef CTIM_REDISLIB_H
#define CTIM_REDISLIB_H

#include "redis/rediscon.h"

#define REDISLIB_SYMBOL "ctim_relay_redislib"
#define REDISLIB_WHY    512 /* bytes of a cause, with the NUL */

/* Each as in rediscon.h. */
struct redislib {
	const char
	    *build; /* first: whether the others are those of this header */
	int (*open)(struct rediscon *, const char *host, const char *port,
	    const char *authorities, int64_t until);
	int (*send)(struct rediscon *, const struct rediscon_arg *, size_t n,
	    int64_t until);
	struct rediscon_reply *(*reply)(
	    struct rediscon *, size_t max, int64_t until);
	void (*drop)(struct rediscon_reply *);
	bool (*quiet)(const struct rediscon *);
	void (*close)(struct rediscon *);
	void (*free)(struct rediscon *);
};

/* network.h's: what all objects of a build have. */
extern const char network_build[];

extern const struct redislib ctim_relay_redislib; /* in the object alone */

/* Opens the object: NULL with the reason in why, for people. */
const struct redislib *redislib_open(char why[REDISLIB_WHY]);

#endif
