/* SPDX-License-Identifier: MIT */
/*
 * ratelimit: what the header fields of an answer tell of a quota.
 *
 * Two families are in use: X-RateLimit-Limit, -Remaining and -Reset (also written
 * X-Rate-Limit-…), which no standard describes, and the fields of the IETF draft
 * in all its forms: RateLimit-Limit, -Remaining and -Reset with RateLimit-Policy
 * (drafts 0 to 6), RateLimit: limit=…, remaining=…, reset=… (7), and RateLimit:
 * "NAME";r=…;t=… with RateLimit-Policy: "NAME";q=…;w=… (8 and later).
 * Source: draft-ietf-httpapi-ratelimit-headers; RFC 8941 for the values.
 */
#ifndef CTIM_RATELIMIT_H
#define CTIM_RATELIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RATELIMIT_POLICIES 4  /* of an answer; more are not looked at */
#define RATELIMIT_NAME     24 /* bytes of a policy's name that count */
#define RATELIMIT_LONGEST  (INT64_C(366) * 86400) /* seconds of a window */

/* A quota as a service tells it; -1: not told. */
struct ratelimit {
	int64_t limit;  /* calls in a window */
	int64_t left;   /* of these, in the window at hand */
	int64_t reset;  /* seconds since 1970: the next window begins */
	int64_t window; /* seconds that one lasts */
};

/* What the fields of one answer tell, as they come. */
struct ratelimit_fields {
	struct ratelimit plain;
	struct {
		char name[RATELIMIT_NAME];
		struct ratelimit quota;
	} policy[RATELIMIT_POLICIES];
	size_t policies;
};

enum ratelimit_field {
	RATELIMIT_LIMIT,
	RATELIMIT_LEFT,
	RATELIMIT_RESET,
	RATELIMIT_STATE, /* RateLimit */
	RATELIMIT_POLICY,
	RATELIMIT_OTHER /* none of them */
};

/* Nothing is told yet. */
void ratelimit_init(struct ratelimit_fields *);
/* Which of the fields above has a name of n bytes. */
enum ratelimit_field ratelimit_field(const char *name, size_t n);
/* Takes the value of a field, n bytes, at now (seconds since 1970).  A time of
 * reset is in seconds from now, or, from 10^9 on, since 1970 (from 10^12 on in
 * milliseconds).  What cannot be understood is not told. */
void ratelimit_take(struct ratelimit_fields *, enum ratelimit_field,
    const char *value, size_t n, int64_t now);
/* What all of it tells: of several policies the one with the least left.  False:
 * nothing. */
bool ratelimit_told(const struct ratelimit_fields *, struct ratelimit *);

#endif
