/*
 * seen: a set of hashes that grows, for what must not come twice.
 */
#ifndef CTIM_SEEN_H
#define CTIM_SEEN_H

#include <stdbool.h>
#include <stddef.h>

#include "hash.h"

/* Zeroed: an empty one. */
struct seen {
	struct hash	*slot;		/* open addressing */
	size_t		 slots, used;
};

void	seen_free(struct seen *);
/* Puts a hash into the set; *before: whether it was there.  Returns 0, or -1
 * when memory ran out: then it is not, and *before stays as it is. */
int	seen_add(struct seen *, struct hash, bool *before);

/* Whether these bytes are new, which they are no longer.  When memory runs out,
 * everything that does not fit is new. */
bool	seen_new(struct seen *, const void *, size_t);
/* Whether these bytes are there. */
bool	seen_has(const struct seen *, const void *, size_t);

#endif
