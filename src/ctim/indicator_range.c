/* SPDX-License-Identifier: MIT */
/* Ranges of addresses, and networks with a mask. */
#include <arpa/inet.h>

#include <string.h>

#include "ctim/indicator.h"

#define BYTES 16 /* of the longest address */

/* A range that is being cut into networks. */
struct range {
	enum observable_type type;
	int af;
	int bits;                  /* of an address */
	unsigned char at[BYTES];   /* where the next network begins */
	unsigned char last[BYTES]; /* of the range */
};

/* Reads an address of the range's type. */
static int
range_address(const struct range *r, const char *text, unsigned char *out)
{
	char normal[INDICATOR_MAX + 1];

	return indicator_normalise(r->type, text, normal) == 0 &&
		inet_pton(r->af, normal, out) == 1 ?
	    0 :
	    -1;
}

static int
range_init(struct range *r, enum observable_type type)
{
	if (type != OBSERVABLE_IP && type != OBSERVABLE_IPV6)
		return -1;
	memset(r, 0, sizeof(*r));
	r->type = type;
	r->af = type == OBSERVABLE_IP ? AF_INET : AF_INET6;
	r->bits = type == OBSERVABLE_IP ? 32 : 128;
	return 0;
}

/* The bits of byte i of an address that lie behind a prefix. */
static unsigned char
range_host_bits(int prefix, int i)
{
	int n = prefix - i * 8;

	return (unsigned char)(n >= 8 ? 0 : 0xff >> (n < 0 ? 0 : n));
}

/* Whether the network of this prefix begins at r->at and ends in the range. */
static bool
range_holds(const struct range *r, int prefix)
{
	unsigned char end[BYTES];
	int i;

	for (i = 0; i < r->bits / 8; i++) {
		if ((r->at[i] & range_host_bits(prefix, i)) != 0)
			return false;
		end[i] = (unsigned char)(r->at[i] | range_host_bits(prefix, i));
	}
	return memcmp(end, r->last, (size_t)r->bits / 8) <= 0;
}

/* The prefix of the widest network at the beginning of what is left. */
static int
range_widest(const struct range *r)
{
	int prefix = r->bits;

	while (prefix > 0 && range_holds(r, prefix - 1))
		prefix--;
	return prefix;
}

/* Moves behind the network at the beginning; false when that was the last. */
static bool
range_next(struct range *r, int prefix)
{
	int i;

	for (i = 0; i < r->bits / 8; i++)
		r->at[i] |= range_host_bits(prefix, i);
	if (memcmp(r->at, r->last, (size_t)r->bits / 8) == 0)
		return false;
	while (++r->at[--i] == 0)
		;
	return true;
}

static int
range_count(struct range r)
{
	int n = 1;

	while (
	    n <= INDICATOR_RANGE_NETWORKS && range_next(&r, range_widest(&r)))
		n++;
	return n;
}

int
indicator_range(enum observable_type type, const char *first, const char *last,
    int (*each)(void *, const char *), void *arg)
{
	char text[INET6_ADDRSTRLEN], network[INDICATOR_MAX + 1];
	struct range r;
	int prefix, stop;

	if (range_init(&r, type) == -1 ||
	    range_address(&r, first, r.at) == -1 ||
	    range_address(&r, last, r.last) == -1)
		return INDICATOR_RANGE_NONE;
	if (memcmp(r.at, r.last, sizeof(r.at)) > 0)
		return INDICATOR_RANGE_BACKWARDS;
	if (range_count(r) > INDICATOR_RANGE_NETWORKS)
		return INDICATOR_RANGE_MANY;
	do {
		prefix = range_widest(&r);
		if (inet_ntop(r.af, r.at, text, sizeof(text)) == NULL ||
		    indicator_network(type, text, prefix, network) == -1)
			return INDICATOR_RANGE_NONE;
		stop = each(arg, network);
	} while (stop == 0 && range_next(&r, prefix));
	return stop;
}

const char *
indicator_range_error(int code)
{
	switch (code) {
	case INDICATOR_RANGE_BACKWARDS:
		return "the range ends before it begins";
	case INDICATOR_RANGE_MANY:
		return "the range takes more than 64 networks";
	default:
		return "the ends of the range are no addresses of one family";
	}
}

int
indicator_masked(enum observable_type type, const char *value, const char *mask,
    char out[INDICATOR_MAX + 1])
{
	unsigned char bytes[BYTES];
	char normal[INDICATOR_MAX + 1];
	struct range r;
	int i, prefix = 0;

	if (range_init(&r, type) == -1 || range_address(&r, mask, bytes) == -1)
		return -1;
	while (prefix < r.bits &&
	    (bytes[prefix / 8] & (0x80 >> (prefix % 8))) != 0)
		prefix++;
	for (i = 0; i < r.bits / 8; i++)
		if ((bytes[i] & range_host_bits(prefix, i)) != 0)
			return -1;
	return indicator_normalise(type, value, normal) == -1 ?
	    -1 :
	    indicator_network(type, normal, prefix, out);
}
