/*
 * once: what was there before, told by its bytes, in 16 bytes for each.
 */
#ifndef CTIM_ONCE_H
#define CTIM_ONCE_H

#include <stdbool.h>
#include <stddef.h>

struct hash;

/* Empty as { .n = 0 }. */
struct once {
	struct hash	*slots;		/* owned; never more than half full */
	size_t		 n, room;
};

/* Whether these bytes are new, which they are no longer.  When memory runs out,
 * everything that does not fit is new. */
bool	once_new(struct once *, const void *, size_t);
/* Whether they are there. */
bool	once_has(const struct once *, const void *, size_t);
void	once_free(struct once *);

#endif
