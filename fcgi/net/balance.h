/* SPDX-License-Identifier: MIT */
/*
 * balance: what the workers of one master have in common, made before it forks:
 * memory in which they let each other know how they are, and the queue of
 * requests that wait for a thread of any of them.
 *
 * It outlives a binary: an upgrade takes the memory over by its descriptor, and
 * the workers of both serve side by side.  So it holds no pointer, and the
 * numbers of descriptors in it are the same in every process that has it.
 */
#ifndef CTIM_BALANCE_H
#define CTIM_BALANCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "shared/pace.h"

#define BALANCE_SLOTS 4096 /* workers at a time, with those that end */
#define BALANCE_LANES 4    /* of the queue: a few hundred places each */
#define BALANCE_FDS   2    /* descriptors of a request */
#define BALANCE_NAME  32   /* bytes of the name of a layout */

/* One worker, on its own cache line. */
struct balance_slot {
	/* clock_ms() of its last sign of life, by which others count it and the
	 * master knows that it is not stuck; 0: there is none */
	_Alignas(64) _Atomic int64_t beat;
	_Atomic int idle;    /* threads that have nothing to do */
	_Atomic int places;  /* what it adds to the queue's length */
	_Atomic int ready;   /* it serves */
	_Atomic int leave;   /* it wants to be replaced */
	_Atomic int threads; /* that it has */
	/* Connections that wait without a thread: for the rest of a request
	 * or the next one, and for their reader. */
	_Atomic int requests, readers;
	_Atomic int large; /* requests that wait for memory */
};

struct balance {
	/* These two stay where they are in all versions. */
	char layout[BALANCE_NAME]; /* balance.c; with NUL bytes behind */
	_Atomic int left; /* its master is another binary, which cannot read the
			   * rest: there are no workers but those that end */
	int memory;       /* its descriptor; -1: it has none */
	uint64_t hash_key[2];    /* that of all who use it */
	struct pace_table paces; /* turns go on through an upgrade, so that no
				  * service is called more often */
	_Atomic int64_t drain;   /* the whole service stops: until this
					 * clock_ms() what waits in the listen
					 * queue is still taken; 0: not */
	_Atomic int top;         /* slots in use are below it */
	_Atomic int queued;      /* requests in the queue */
	/* Connections that were dropped since the start: too slow, too many,
	 * not read. */
	_Atomic uint64_t dropped;
	_Atomic unsigned in, out; /* how many went through it */
	int lane[BALANCE_LANES][2];
	struct balance_slot slot[BALANCE_SLOTS];
};

/* NULL with errno when it cannot be made. */
struct balance *balance_new(void);
/*
 * The one that the binary before had at a descriptor, which is the balance's
 * from then on.  NULL: its layout is another one, and who uses it is told so
 * (left), or errno says what else; the caller closes the descriptor.
 */
struct balance *balance_adopt(int memory);
/* Whether descriptor number fd is of the balance. */
bool balance_has(const struct balance *, int fd);
void balance_free(struct balance *);
/* The idle threads of all living workers, and the queue's greatest length.  self:
 * the slot of the worker that asks, which lives, however late its last sign of
 * life is; NULL: it is none. */
void balance_count(
    struct balance *, const struct balance_slot *self, int *idle, int *places);
/* Whether the worker of a slot gave a sign of life a moment ago. */
bool balance_lives(const struct balance *, int slot, int64_t now);
/*
 * Puts a request into the queue: its descriptors and n bytes about it.  The
 * caller closes the descriptors in any case.  Returns 0, or -1 when the queue
 * takes no more.
 */
int balance_put(
    struct balance *, const int fd[BALANCE_FDS], const void *note, size_t n);
/* Takes the request that waits longest: its descriptors, and the n bytes that
 * were put with it.  Returns 0, or -1 when there is none, or when this process
 * has no descriptors left for it. */
int balance_take(struct balance *, int fd[BALANCE_FDS], void *note, size_t n);
/* Descriptors for epoll_wait(2), edge-triggered: one becomes readable, in every
 * worker, when something is put. */
int balance_lane(const struct balance *, int i);

#endif
