/* SPDX-License-Identifier: MIT */
/* Addresses that a list of bad ones has by mistake. */
#include <arpa/inet.h>

#include <stdbool.h>
#include <string.h>

#include "ctim/indicator.h"

#define MAPPED 96 /* bits of ::ffff:0:0/96 */

/* Shortest prefixes that are not too wide. */
#define WIDEST_IP   8
#define WIDEST_IPV6 19

/* Networks by what they are for; an IPv4 one as the IPv6 network that its
 * addresses are mapped to.  The first row that a value is in counts. */
#define IP(a, b)                            \
	{                                   \
		[10] = 0xff, 0xff, (a), (b) \
	}
#define IPV6(a, b)       \
	{                \
		(a), (b) \
	}
static const struct {
	unsigned char network[16];
	int bits;
	enum indicator_scope scope;
} scopes[] = { { IP(0, 0), MAPPED + 8, INDICATOR_UNSPECIFIED }, /* RFC 791 */
	{ IP(127, 0), MAPPED + 8, INDICATOR_LOOPBACK },         /* RFC 1122 */
	{ IP(10, 0), MAPPED + 8, INDICATOR_PRIVATE },           /* RFC 1918 */
	{ IP(172, 16), MAPPED + 12, INDICATOR_PRIVATE },
	{ IP(192, 168), MAPPED + 16, INDICATOR_PRIVATE },
	{ IP(100, 64), MAPPED + 10, INDICATOR_PRIVATE },  /* RFC 6598 */
	{ IP(169, 254), MAPPED + 16, INDICATOR_PRIVATE }, /* RFC 3927 */
	{ IPV6(0, 0), 128, INDICATOR_UNSPECIFIED },       /* RFC 4291 */
	{ { [15] = 1 }, 128, INDICATOR_LOOPBACK },        /* RFC 4291 */
	{ IPV6(0xfe, 0x80), 10, INDICATOR_PRIVATE },      /* RFC 4291 */
	{ IPV6(0xfc, 0), 7, INDICATOR_PRIVATE } };        /* RFC 4193 */

/* Whether the first bits of two addresses are the same. */
static bool
scope_same(const unsigned char *a, const unsigned char *b, int bits)
{
	size_t whole = (size_t)bits / 8;
	int rest = bits % 8;

	return memcmp(a, b, whole) == 0 &&
	    (rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0);
}

/* Reads a normalised value as an IPv6 address, and its prefix in that. */
static int
scope_read(enum observable_type type, const char *value, unsigned char addr[16],
    int *prefix)
{
	char text[INET6_ADDRSTRLEN];
	size_t n = strcspn(value, "/");
	int bits = indicator_prefix(value);

	if (n >= sizeof(text))
		return -1;
	memcpy(text, value, n);
	text[n] = '\0';
	*prefix = bits == -1 ? 128 : bits;
	if (type == OBSERVABLE_IPV6)
		return inet_pton(AF_INET6, text, addr) == 1 ? 0 : -1;
	if (type != OBSERVABLE_IP || inet_pton(AF_INET, text, addr + 12) != 1)
		return -1;
	memset(addr, 0, 10);
	memset(addr + 10, 0xff, 2);
	if (bits != -1)
		*prefix += MAPPED;
	return 0;
}

enum indicator_scope
indicator_scope(enum observable_type type, const char *value)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	unsigned char addr[16];
	int prefix, widest = WIDEST_IPV6;
	size_t i;

	if (scope_read(type, value, addr, &prefix) == -1)
		return INDICATOR_PLAIN;
	if (prefix >= MAPPED && scope_same(addr, mapped, MAPPED))
		widest = MAPPED + WIDEST_IP;
	if (prefix < widest)
		return INDICATOR_WIDE;
	for (i = 0; i < sizeof(scopes) / sizeof(scopes[0]); i++)
		if (prefix >= scopes[i].bits &&
		    scope_same(addr, scopes[i].network, scopes[i].bits))
			return scopes[i].scope;
	return INDICATOR_PLAIN;
}
