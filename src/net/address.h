/* SPDX-License-Identifier: MIT */
/*
 * address: whether an address is one that a threat-intelligence service can
 * have.
 * Source: IANA IPv4 and IPv6 special-purpose address registries (RFC 6890).
 */
#ifndef CTIM_ADDRESS_H
#define CTIM_ADDRESS_H

#include <stdbool.h>

struct sockaddr;

/*
 * True for a global unicast address: not this host, loopback, private, shared,
 * link-local, unique local, multicast, documentation, benchmarking or reserved.
 * An IPv6 form around an IPv4 address (mapped, NAT64, 6to4, ISATAP) is public
 * when that address is; IPv4-compatible forms, Teredo and site-local NAT64
 * never are.
 */
bool address_public(const struct sockaddr *);
/*
 * The same for the host of a URL.  An address may be written in any way that a
 * resolver takes ("127.1", "0x7f.1", "fe80::1%eth0"), an IPv6 one with or
 * without brackets.  A name gives true, unless it is "localhost" or ends in
 * ".localhost".
 */
bool address_public_host(const char *host);
/* Copies the IPv4 address that an IPv6 address is a form of (mapped, NAT64, 6to4,
 * ISATAP).  False when it is a form of none; four is then undefined. */
bool address_inner(const unsigned char six[16], unsigned char four[4]);

#endif
