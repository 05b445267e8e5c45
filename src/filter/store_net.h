/* SPDX-License-Identifier: MIT */
/*
 * store_net: tells in a fraction of a microsecond which networks can hold an
 * address, so that only these are looked up in the store.
 *
 * The table is a Bloom filter with one hash: it always has a network that is
 * listed, and rarely one that is not.
 */
#ifndef CTIM_STORE_NET_H
#define CTIM_STORE_NET_H

#include <stdbool.h>
#include <stdint.h>

#include "ctim/observable.h"

#define STORE_NET_MOST    (2U << 20) /* bytes of a filter */
#define STORE_NET_LENGTHS 129        /* prefix lengths 0 to 128 */

/* An empty filter is all zeros. */
struct store_net {
	uint64_t *set;
	size_t words;                       /* of set: a power of two */
	size_t n;                           /* networks in it */
	bool lengths[2][STORE_NET_LENGTHS]; /* of ip, of ipv6 */
};

/* Empties the filter and makes it large enough for so many networks.  Returns 0,
 * or -1 when memory ran out. */
int store_net_reset(struct store_net *, size_t networks);
void store_net_free(struct store_net *);
/* Adds a normalised network.  Returns 0, or -1 when the text is no network. */
int store_net_add(
    struct store_net *, enum observable_type, const char *network);
/* The prefix lengths, at most STORE_NET_LENGTHS, of the networks that may hold
 * a normalised address; none for a value that is no address of the type. */
int store_net_lengths(const struct store_net *, enum observable_type,
    const char *address, int lengths[STORE_NET_LENGTHS]);

/*
 * Gives the filter of a store in a state, which all connections of the process
 * that see the store in that state have in common: *net, NULL or what this gave
 * before, is dropped for it.  The first that asks fills it by fill(), in its own
 * time; others who ask for the same one wait for that until clock_ms() is
 * `until` (0: to its end), and nobody else does.  Where it fails, the first who
 * waited fills it instead.  A store without a name (NULL) is nobody else's, as the
 * one is that a connection has changed and not committed.  To be dropped with
 * store_net_drop(); nobody changes it.
 * Returns 0; what the caller's own fill() returned other than 0; -1 when memory
 * ran out; or STORE_NET_LATE: then *net is NULL.
 */
#define STORE_NET_LATE (-2)
int store_net_take(const struct store_net **net, const char *store,
    int64_t state, int64_t until, int (*fill)(void *arg, struct store_net *),
    void *arg);
/* NULL is fine. */
void store_net_drop(const struct store_net *);

#endif
