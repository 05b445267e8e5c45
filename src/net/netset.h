/* SPDX-License-Identifier: MIT */
/*
 * netset: a set of networks, and of what an address is a spelling of.
 *
 * A look costs one look into a hash set for each length of a prefix that is in
 * the set, however many networks there are.
 * Source: RFC 4632 (prefixes); RFC 4291, 6052, 3056, 5214 (IPv6 forms around an
 * IPv4 address).
 */
#ifndef CTIM_NETSET_H
#define CTIM_NETSET_H

#include <stdbool.h>
#include <stddef.h>

#define NETSET_BYTES 16

/* An address of either family, in network order; IPv4 in the first four bytes,
 * the rest zero. */
struct netset_address {
	bool six;
	unsigned char byte[NETSET_BYTES];
};

struct netset;

/* An empty set; NULL when memory ran out.  The caller frees it. */
struct netset *netset_new(void);
void netset_free(struct netset *); /* NULL is fine */
/* Adds ADDRESS or ADDRESS/BITS; bits behind the prefix count for nothing.  A
 * network of IPv4-mapped addresses is one of IPv4, too.  Returns 0, 1 when the
 * text is no network, or -1 when memory ran out. */
int netset_add(struct netset *, const char *text);
/* How many networks were added. */
size_t netset_count(const struct netset *);
/* Whether an address is in one of the networks, or an IPv4 address that an IPv6
 * one is a form of (mapped, compatible, NAT64, 6to4, ISATAP): for networks that
 * nothing may reach. */
bool netset_has(const struct netset *, const struct netset_address *);
/* The same, but of these forms mapped alone, which is one host: for networks of
 * those who may ask.  A client chooses the half of its address that ISATAP has. */
bool netset_names(const struct netset *, const struct netset_address *);
/* Whether it is private (RFC 1918, 6598, 4193), loopback or link-local, or a form
 * around such an address. */
bool netset_private(const struct netset_address *);

#endif
