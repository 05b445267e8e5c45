/* SPDX-License-Identifier: MIT */
/*
 * set: a set of hashes that grows, to find duplicates.
 */
#ifndef CTIM_SET_H
#define CTIM_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/hash.h"

/* An empty set is all zeros. */
struct set {
	struct hash *slot; /* open addressing, at most half full */
	size_t slots, used;
};

void set_free(struct set *);
/* Puts a hash into the set; *before says whether the set had it already.
 * Returns 0, or -1 when memory ran out: then the set does not get the hash, and
 * *before stays as it is. */
int set_add(struct set *, struct hash, bool *before);

/* Puts the hash of these bytes into the set and returns whether they are new.
 * When memory runs out, everything that does not fit is new. */
bool set_new(struct set *, const void *, size_t);
/* Whether the set has these bytes. */
bool set_has(const struct set *, const void *, size_t);

#endif
