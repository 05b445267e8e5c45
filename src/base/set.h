/*
 * set: a set of hashes that grows, for what must not come twice.
 */
#ifndef CTIM_SET_H
#define CTIM_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/hash.h"

/* Zeroed: an empty one. */
struct set {
	struct hash *slot; /* open addressing */
	size_t slots, used;
};

void set_free(struct set *);
/* Puts a hash into the set; *before: whether it was there.  Returns 0, or -1
 * when memory ran out: then it is not, and *before stays as it is. */
int set_add(struct set *, struct hash, bool *before);

/* Whether these bytes are new, which they are no longer.  When memory runs out,
 * everything that does not fit is new. */
bool set_new(struct set *, const void *, size_t);
/* Whether these bytes are there. */
bool set_has(const struct set *, const void *, size_t);

#endif
