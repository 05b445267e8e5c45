/* SPDX-License-Identifier: MIT */
/*
 * indicator: what a line of a feed or a word of a request means: its type, and
 * the one spelling under which it is stored and looked up.
 *
 * Normal forms: hosts in lower case, punycode, without a trailing dot; addresses
 * as inet_ntop(3) writes them (IPv4-mapped IPv6 stays IPv6);
 * networks with the host bits off and their prefix length ("10.0.0.0/8"); a
 * network of one address is that address; hashes in lower case; the domain of an
 * e-mail address in lower case, its local part as it is; names of machines
 * (hostname) in lower case, whatever they are made of; URLs with scheme and
 * host in lower case, without the default port or empty user information, with
 * "/" for an empty path, "." and ".." resolved, percent-encoding in upper case,
 * of no character that needs none, and of all that RFC 3986 does not have.
 * Source: RFC 3986 6.2.2 and 6.2.3.  The values of other types (INDICATOR_TYPES)
 * are stored as they are, without blanks around them.
 *
 * Defanged spellings are mended first: hxxp, fxp, "." in all brackets, also as
 * "dot" and with blanks around it, ":", "/", "://", "@", "at" in brackets, half
 * brackets around a dot, and a backslash before these marks.  In the path of a
 * URL they are, when its scheme or host has one, too.
 */
#ifndef CTIM_INDICATOR_H
#define CTIM_INDICATOR_H

#include <stdbool.h>
#include <stddef.h>

#include "ctim/observable.h"

#define INDICATOR_MAX 2048 /* bytes of a value */

/* The types whose values have a normal form, OBSERVABLE_BIT().  Feeds and the
 * local relay know all of them but hostname; the store knows all types. */
#define INDICATOR_TYPES                                                        \
	(OBSERVABLE_BIT(OBSERVABLE_DOMAIN) |                                   \
	    OBSERVABLE_BIT(OBSERVABLE_EMAIL) | OBSERVABLE_BIT(OBSERVABLE_IP) | \
	    OBSERVABLE_BIT(OBSERVABLE_IPV6) | OBSERVABLE_BIT(OBSERVABLE_MD5) | \
	    OBSERVABLE_BIT(OBSERVABLE_SHA1) |                                  \
	    OBSERVABLE_BIT(OBSERVABLE_SHA256) |                                \
	    OBSERVABLE_BIT(OBSERVABLE_URL) |                                   \
	    OBSERVABLE_BIT(OBSERVABLE_HOSTNAME))

/* Whether a number is that of one of them. */
bool indicator_type(int);

/*
 * Finds out the type of a value and writes its normal form.  Returns
 * OBSERVABLE_UNKNOWN when it is none (out is then undefined).  Here and below,
 * out may not overlap value.
 */
enum observable_type indicator_detect(
    const char *value, char out[INDICATOR_MAX + 1]);
/*
 * The normal form of a value whose type is said; of a type that has none the
 * value itself, without blanks around it.  Returns 0, or -1 when the value is
 * not of the type; of those others, when it is empty, too long, no UTF-8 or has
 * control characters.  A network is taken for ip and ipv6.
 */
int indicator_normalise(
    enum observable_type, const char *value, char out[INDICATOR_MAX + 1]);
/* Prefix length of a normalised ip or ipv6 value that is a network, else -1. */
int indicator_prefix(const char *value);
/*
 * The network of bits bits that holds a normalised address, normalised.
 * Returns 0, or -1 when value is no address of the type.
 */
int indicator_network(enum observable_type, const char *value, int bits,
    char out[INDICATOR_MAX + 1]);
/* Why a range has no networks. */
enum indicator_range_error {
	INDICATOR_RANGE_NONE = -1,      /* no two addresses of the type */
	INDICATOR_RANGE_BACKWARDS = -2, /* the last is below the first */
	INDICATOR_RANGE_MANY = -3       /* more than INDICATOR_RANGE_NETWORKS */
};
#define INDICATOR_RANGE_NETWORKS 64
/*
 * Calls each with the networks, normalised, in their order, that cover exactly
 * the addresses from first to last, as few as there can be; first and last need
 * not be normalised.  Stops when each returns another value than 0 (above 0,
 * so that it can be told) and returns that; else 0, or an
 * indicator_range_error, and then nothing was called.
 */
int indicator_range(enum observable_type, const char *first, const char *last,
    int (*each)(void *arg, const char *network), void *arg);
/* What an indicator_range_error means, for people: "the range ends …". */
const char *indicator_range_error(int code);
/*
 * The network that an address and a mask ("255.255.255.0") mean, normalised.
 * Returns 0, or -1 when value is no address of the type or mask no mask.
 */
int indicator_masked(enum observable_type, const char *value, const char *mask,
    char out[INDICATOR_MAX + 1]);
/* What a list of bad addresses has by mistake, mostly. */
enum indicator_scope {
	INDICATOR_PLAIN,       /* nothing of these, or no address */
	INDICATOR_WIDE,        /* shorter than /8 (IPv4) or /19 (IPv6) */
	INDICATOR_UNSPECIFIED, /* in 0.0.0.0/8, or :: */
	INDICATOR_LOOPBACK,    /* in 127.0.0.0/8, or ::1 */
	INDICATOR_PRIVATE      /* private, shared, link-local, unique local */
};
/*
 * What a normalised address or network is, the whole of it; of an IPv4-mapped
 * one, what the IPv4 one is.
 * Source: IANA IPv4 and IPv6 special-purpose address registries (RFC 6890).
 */
enum indicator_scope indicator_scope(enum observable_type, const char *value);
/*
 * The host of a normalised URL and its type (domain, ip, ipv6).  Returns
 * OBSERVABLE_UNKNOWN when it has none that is one of these.
 */
enum observable_type indicator_url_host(
    const char *url, char out[INDICATOR_MAX + 1]);
/* Bytes of the defanged spelling, such as "[.]", that s begins with, and in
 * *mended what it means; 0 for none. */
size_t indicator_defanged(const char *s, const char **mended);
/* The domain above a normalised one, inside it; NULL above a top-level one. */
const char *indicator_parent(const char *domain);

#endif
