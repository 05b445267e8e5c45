/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <stdlib.h>

#include "base/set.h"

#define FIRST 64 /* slots */

void
set_free(struct set *s)
{
	free(s->slot);
	*s = (struct set){ 0 };
}

/* The slot of a hash, or the empty one in which it would be. */
static struct hash *
set_find(const struct set *s, struct hash h)
{
	size_t i = h.a & (s->slots - 1);

	while (
	    s->slot[i].b != 0 && (s->slot[i].a != h.a || s->slot[i].b != h.b))
		i = (i + 1) & (s->slots - 1);
	return &s->slot[i];
}

/* Doubles the set when it is half full. */
static int
set_grow(struct set *s)
{
	struct set new = { .used = s->used };
	size_t i;

	if (s->used * 2 < s->slots)
		return 0;
	new.slots = s->slots == 0 ? FIRST : s->slots * 2;
	if ((new.slot = calloc(new.slots, sizeof(*new.slot))) == NULL)
		return -1;
	for (i = 0; i < s->slots; i++)
		if (s->slot[i].b != 0)
			*set_find(&new, s->slot[i]) = s->slot[i];
	free(s->slot);
	*s = new;
	return 0;
}

int
set_add(struct set *s, struct hash h, bool *before)
{
	struct hash *at;

	h.b |= 1; /* zero marks an empty slot */
	if (set_grow(s) == -1)
		return -1;
	at = set_find(s, h);
	*before = at->b != 0;
	if (*before)
		return 0;
	*at = h;
	s->used++;
	assert(s->used * 2 <= s->slots);
	return 0;
}

bool
set_new(struct set *s, const void *p, size_t len)
{
	bool before = false;

	return set_add(s, hash_bytes(p, len), &before) == -1 || !before;
}

bool
set_has(const struct set *s, const void *p, size_t len)
{
	struct hash h;

	if (s->used == 0)
		return false;
	h = hash_bytes(p, len);
	h.b |= 1;
	return set_find(s, h)->b != 0;
}
