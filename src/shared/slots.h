/* SPDX-License-Identifier: MIT */
/*
 * slots: the one table of named slots in memory that all workers share.
 *
 * A table is a struct that begins with a struct slots, which holds its lock,
 * and has an array of slots behind it; each slot begins with a struct slot.
 * The table finds a slot by the hash of its name, gives the least valuable one
 * away when a new name comes, and empties itself when a worker died while it
 * held the lock, because a slot that is half written is worth less than none.
 * A slot that is given away or emptied is overwritten with zeros.
 */
#ifndef CTIM_SLOTS_H
#define CTIM_SLOTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"

struct slot {
	struct hash name; /* 0, 0: the slot is free */
	int64_t used;     /* the owner's clock: the least goes first */
};

struct slots {
	pthread_mutex_t lock; /* robustlock.h */
};

/* What is the same for all tables of a kind. */
struct slots_kind {
	size_t first;   /* bytes from the struct slots to the first slot */
	size_t size, n; /* bytes of a slot; how many */
	/* Whether the slot is needed at now, and goes only when all are; NULL:
	 * no slot ever is. */
	bool (*needed)(const struct slot *, int64_t now);
};

/* A kind of which a struct has its slots in an array member. */
#define SLOTS_KIND(table, member)                          \
	.first = offsetof(struct table, member),           \
	.size = sizeof(((struct table *)NULL)->member[0]), \
	.n = sizeof(((struct table *)NULL)->member) /      \
	    sizeof(((struct table *)NULL)->member[0])

/* On zeroed memory, before fork.  Returns 0, or -1 with errno. */
int slots_init(struct slots *);
/* Takes the lock, which slots_give() gives back. */
void slots_take(struct slots *, const struct slots_kind *);
/* Takes the lock within `wait` ms.  Returns 0, or -1 when another held it all
 * that time. */
int slots_wait(struct slots *, const struct slots_kind *, int wait);
void slots_give(struct slots *);

/*
 * For those who hold the lock; a slot is theirs until slots_give().
 * name: len bytes, of which only the hash is kept.
 */
/* The slot of a name, or NULL. */
void *slots_find(
    struct slots *, const struct slots_kind *, const void *name, size_t len);
/* The same, but a name that has no slot gets a zeroed one: a free one, else of
 * those that are not needed at now the longest unused, else of all. */
void *slots_claim(struct slots *, const struct slots_kind *, const void *name,
    size_t len, int64_t now);
/* The slot with the number i, NULL when it is free. */
const void *slots_at(struct slots *, const struct slots_kind *, size_t i);

#endif
