#include <stdint.h>
#include <stdlib.h>

#include "hash.h"
#include "once.h"

#define LEAST	64	/* slots of the first table, a power of two */

/* The slot of a hash, or the empty one for it. */
static struct hash *
slot_of(const struct once *set, struct hash h)
{
	size_t	i = h.a;

	for (;; i++) {
		struct hash *slot = &set->slots[i & (set->room - 1)];

		/* Zero marks an empty one. */
		if (slot->b == 0 || (slot->a == h.a && slot->b == h.b))
			return slot;
	}
}

static int
grow(struct once *set)
{
	struct once	 larger = { .n = set->n,
	    .room = set->room == 0 ? LEAST : set->room * 2 };

	larger.slots = calloc(larger.room, sizeof(*larger.slots));
	if (larger.slots == NULL)
		return -1;
	for (size_t i = 0; i < set->room; i++)
		if (set->slots[i].b != 0)
			*slot_of(&larger, set->slots[i]) = set->slots[i];
	free(set->slots);
	*set = larger;
	return 0;
}

bool
once_new(struct once *set, const void *p, size_t len)
{
	struct hash	 h = hash_bytes(p, len), *slot;

	h.b |= 1;
	if (set->n * 2 >= set->room && grow(set) == -1)
		return true;
	slot = slot_of(set, h);
	if (slot->b != 0)
		return false;
	*slot = h;
	set->n++;
	return true;
}

bool
once_has(const struct once *set, const void *p, size_t len)
{
	struct hash	 h;

	if (set->n == 0)
		return false;
	h = hash_bytes(p, len);
	h.b |= 1;
	return slot_of(set, h)->b != 0;
}

void
once_free(struct once *set)
{
	free(set->slots);
	*set = (struct once){ .n = 0 };
}
