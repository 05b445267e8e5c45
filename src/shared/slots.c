/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <string.h>

#include "os/robustlock.h"
#include "shared/slots.h"

int
slots_init(struct slots *t)
{
	return robustlock_init(&t->lock);
}

static struct slot *
slots_number(struct slots *t, const struct slots_kind *kind, size_t i)
{
	return (
	    struct slot *)(void *)((char *)t + kind->first + i * kind->size);
}

static bool
slots_free(const struct slot *s)
{
	return s->name.b == 0;
}

static void
slots_mend(struct slots *t, const struct slots_kind *kind, bool broken)
{
	if (broken)
		explicit_bzero(slots_number(t, kind, 0), kind->n * kind->size);
}

void
slots_take(struct slots *t, const struct slots_kind *kind)
{
	slots_mend(t, kind, robustlock_take(&t->lock));
}

int
slots_wait(struct slots *t, const struct slots_kind *kind, int wait)
{
	int got = robustlock_wait(&t->lock, wait);

	if (got == -1)
		return -1;
	slots_mend(t, kind, got == 1);
	return 0;
}

void
slots_give(struct slots *t)
{
	robustlock_give(&t->lock);
}

static struct hash
slots_hash(const void *name, size_t len)
{
	struct hash h = hash_bytes(name, len);

	h.b |= 1; /* zero marks a free slot */
	return h;
}

/* Whether slot x is to be given away rather than slot y. */
static bool
slots_sooner(const struct slots_kind *kind, const struct slot *x,
    const struct slot *y, int64_t now)
{
	bool nx, ny;

	if (slots_free(x) || slots_free(y))
		return !slots_free(y);
	nx = kind->needed != NULL && kind->needed(x, now);
	ny = kind->needed != NULL && kind->needed(y, now);
	return nx != ny ? ny : x->used < y->used;
}

void *
slots_find(struct slots *t, const struct slots_kind *kind, const void *name,
    size_t len)
{
	struct hash h = slots_hash(name, len);
	struct slot *s;
	size_t i;

	assert(robustlock_held(&t->lock));
	for (i = 0; i < kind->n; i++) {
		s = slots_number(t, kind, i);
		if (s->name.a == h.a && s->name.b == h.b)
			return s;
	}
	return NULL;
}

void *
slots_claim(struct slots *t, const struct slots_kind *kind, const void *name,
    size_t len, int64_t now)
{
	struct slot *s = slots_find(t, kind, name, len), *other;
	size_t i;

	if (s != NULL)
		return s;
	s = slots_number(t, kind, 0);
	for (i = 1; i < kind->n; i++) {
		other = slots_number(t, kind, i);
		if (slots_sooner(kind, other, s, now))
			s = other;
	}
	explicit_bzero(s, kind->size);
	s->name = slots_hash(name, len);
	return s;
}

const void *
slots_at(struct slots *t, const struct slots_kind *kind, size_t i)
{
	const struct slot *s = slots_number(t, kind, i);

	assert(robustlock_held(&t->lock) && i < kind->n);
	return slots_free(s) ? NULL : s;
}
