/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>

#include <stdlib.h>
#include <string.h>

#include "base/set.h"
#include "net/address.h"
#include "net/netset.h"

#define NETSET_BITS 128
#define NETSET_TEXT (INET6_ADDRSTRLEN + 4) /* bytes of ADDRESS/BITS */

/* Key of the hash set: family, length of the prefix, address. */
struct netset_key {
	unsigned char six, bits, byte[NETSET_BYTES];
};

struct netset {
	struct set keys;
	size_t n;
	bool lengths[2][NETSET_BITS + 1]; /* of the prefixes in the set */
};

static const struct {
	struct netset_address net;
	int bits;
} netset_privates[] = { { { false, { 10 } }, 8 }, { { false, { 127 } }, 8 },
	{ { false, { 169, 254 } }, 16 }, { { false, { 172, 16 } }, 12 },
	{ { false, { 192, 168 } }, 16 }, { { false, { 100, 64 } }, 10 },
	{ { true, { [15] = 1 } }, 128 }, /* ::1 */
	{ { true, { 0xfc } }, 7 }, { { true, { 0xfe, 0x80 } }, 10 },
	/* fec0::/10: site-local, which RFC 3879 took back */
	{ { true, { 0xfe, 0xc0 } }, 10 } };

struct netset *
netset_new(void)
{
	return calloc(1, sizeof(struct netset));
}

void
netset_free(struct netset *s)
{
	if (s != NULL)
		set_free(&s->keys);
	free(s);
}

size_t
netset_count(const struct netset *s)
{
	return s->n;
}

/* Keeps the first bits of an address. */
static struct netset_address
netset_mask(const struct netset_address *a, int bits)
{
	struct netset_address net = { .six = a->six };
	int whole = bits / 8, rest = bits % 8;

	memcpy(net.byte, a->byte, (size_t)whole);
	if (rest != 0)
		net.byte[whole] =
		    a->byte[whole] & (unsigned char)(0xff00 >> rest);
	return net;
}

static struct netset_key
netset_key(const struct netset_address *a, int bits)
{
	struct netset_address net = netset_mask(a, bits);
	struct netset_key key = { a->six, (unsigned char)bits, { 0 } };

	memcpy(key.byte, net.byte, sizeof(key.byte));
	return key;
}

static int
netset_put(struct netset *s, const struct netset_address *a, int bits)
{
	struct netset_key key = netset_key(a, bits);
	bool before;

	if (set_add(&s->keys, hash_bytes(&key, sizeof(key)), &before) == -1)
		return -1;
	s->lengths[a->six][bits] = true;
	return 0;
}

/* Reads ADDRESS or ADDRESS/BITS; false for anything else. */
static bool
netset_read(const char *text, struct netset_address *a, int *bits)
{
	char copy[NETSET_TEXT];
	char *slash, *end;
	long n;

	*a = (struct netset_address){ 0 };
	if (strlen(text) >= sizeof(copy))
		return false;
	(void)stpcpy(copy, text);
	if ((slash = strchr(copy, '/')) != NULL)
		*slash = '\0';
	a->six = strchr(copy, ':') != NULL;
	if (inet_pton(a->six ? AF_INET6 : AF_INET, copy, a->byte) != 1)
		return false;
	*bits = a->six ? NETSET_BITS : 32;
	if (slash == NULL)
		return true;
	if (slash[1 + strspn(slash + 1, "0123456789")] != '\0' ||
	    slash[1] == '\0')
		return false;
	n = strtol(slash + 1, &end, 10);
	if (n > *bits)
		return false;
	*bits = (int)n;
	return true;
}

/* Whether a prefix is one of IPv4-mapped addresses, ::ffff:0:0/96. */
static bool
netset_is_mapped(const struct netset_address *a, int bits)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	return a->six && bits >= 96 && memcmp(a->byte, mapped, 12) == 0;
}

int
netset_add(struct netset *s, const char *text)
{
	struct netset_address a, four = { 0 };
	int bits;

	if (!netset_read(text, &a, &bits))
		return 1;
	if (netset_put(s, &a, bits) == -1)
		return -1;
	memcpy(four.byte, a.byte + 12, 4);
	if (netset_is_mapped(&a, bits) && netset_put(s, &four, bits - 96) == -1)
		return -1;
	s->n++;
	return 0;
}

/* The IPv4 address in an IPv6 one; false: there is none. */
static bool
netset_inner(const struct netset_address *a, struct netset_address *four)
{
	static const unsigned char zeros[12];

	*four = (struct netset_address){ 0 };
	if (!a->six)
		return false;
	if (address_inner(a->byte, four->byte))
		return true;
	/* ::a.b.c.d, compatible; not :: and ::1. */
	memcpy(four->byte, a->byte + 12, 4);
	return memcmp(a->byte, zeros, 12) == 0 &&
	    memcmp(four->byte, zeros, 2) != 0;
}

static bool
netset_holds(const struct netset *s, const struct netset_address *a)
{
	struct netset_key key;
	int bits;

	for (bits = 0; bits <= (a->six ? NETSET_BITS : 32); bits++) {
		if (!s->lengths[a->six][bits])
			continue;
		key = netset_key(a, bits);
		if (set_has(&s->keys, &key, sizeof(key)))
			return true;
	}
	return false;
}

bool
netset_has(const struct netset *s, const struct netset_address *a)
{
	struct netset_address four;

	return netset_holds(s, a) ||
	    (netset_inner(a, &four) && netset_holds(s, &four));
}

bool
netset_names(const struct netset *s, const struct netset_address *a)
{
	struct netset_address four = { 0 };

	memcpy(four.byte, a->byte + 12, 4);
	return netset_holds(s, a) ||
	    (netset_is_mapped(a, NETSET_BITS) && netset_holds(s, &four));
}

static bool
netset_is_private(const struct netset_address *a)
{
	struct netset_address net;
	size_t i;

	for (i = 0; i < sizeof(netset_privates) / sizeof(netset_privates[0]);
	     i++) {
		net = netset_mask(a, netset_privates[i].bits);
		if (a->six == netset_privates[i].net.six &&
		    memcmp(net.byte, netset_privates[i].net.byte,
			sizeof(net.byte)) == 0)
			return true;
	}
	return false;
}

bool
netset_private(const struct netset_address *a)
{
	struct netset_address four;

	return netset_is_private(a) ||
	    (netset_inner(a, &four) && netset_is_private(&four));
}
