/* SPDX-License-Identifier: MIT */
/* Addresses and networks. */
#include <arpa/inet.h>

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "ctim/indicator.h"
#include "ctim/indicator_part.h"

/* What the two address families differ in. */
static const struct family {
	enum observable_type type;
	int af;
	int bits;
} indicator_families[] = { { OBSERVABLE_IP, AF_INET, 32 },
	{ OBSERVABLE_IPV6, AF_INET6, 128 } };

static const struct family *
indicator_family_of(enum observable_type type)
{
	size_t i;

	for (i = 0;
	     i < sizeof(indicator_families) / sizeof(indicator_families[0]);
	     i++)
		if (indicator_families[i].type == type)
			return &indicator_families[i];
	return NULL;
}

/* A decimal number of at most three digits without a leading zero, to the end
 * of the string; -1 for anything else. */
static int
small_number(const char *s)
{
	int n = 0, i;

	for (i = 0; indicator_is_digit(s[i]); i++) {
		if (i == 3)
			return -1;
		n = n * 10 + (s[i] - '0');
	}
	return i == 0 || s[i] != '\0' || (s[0] == '0' && i > 1) ? -1 : n;
}

bool
indicator_address_is_plain(const char *s)
{
	int part, digits, n;

	for (part = 0; part < 4; part++) {
		for (n = digits = 0; digits < 3 && indicator_is_digit(*s);
		     digits++)
			n = n * 10 + (*s++ - '0');
		if (digits == 0 || n > 255 ||
		    (digits > 1 && s[-digits] == '0') ||
		    *s++ != (part < 3 ? '.' : '\0'))
			return false;
	}
	return true;
}

/* Writes an address, or with fewer bits than it has the network of it. */
static int
write_network(const struct family *f, unsigned char addr[16], int bits,
    char out[INDICATOR_MAX + 1])
{
	char *end;
	int i;

	for (i = bits; i < f->bits; i++)
		addr[i / 8] &= (unsigned char)~(0x80 >> (i % 8));
	if (inet_ntop(f->af, addr, out, INDICATOR_MAX + 1) == NULL)
		return -1;
	if (bits < f->bits) {
		end = out + strlen(out);
		snprintf(
		    end, (size_t)(out + INDICATOR_MAX + 1 - end), "/%d", bits);
	}
	return 0;
}

static int
address(const struct family *f, const char *value, char out[INDICATOR_MAX + 1])
{
	char text[INET6_ADDRSTRLEN + 1];
	unsigned char addr[16];
	const char *slash = strchr(value, '/');
	size_t n = slash == NULL ? strlen(value) : (size_t)(slash - value);
	int bits = f->bits;

	if (n >= sizeof(text))
		return -1;
	memcpy(text, value, n);
	text[n] = '\0';
	if (slash != NULL &&
	    ((bits = small_number(slash + 1)) == -1 || bits > f->bits))
		return -1;
	if (inet_pton(f->af, text, addr) != 1)
		return -1;
	return write_network(f, addr, bits, out);
}

int
indicator_address_ip(const char *value, char out[INDICATOR_MAX + 1])
{
	return address(&indicator_families[0], value, out);
}

int
indicator_address_ipv6(const char *value, char out[INDICATOR_MAX + 1])
{
	return address(&indicator_families[1], value, out);
}

int
indicator_prefix(const char *value)
{
	const char *slash = strchr(value, '/');

	/* A URL has a slash too, but no number alone behind the first one. */
	return slash == NULL ? -1 : small_number(slash + 1);
}

int
indicator_network(enum observable_type type, const char *value, int bits,
    char out[INDICATOR_MAX + 1])
{
	const struct family *f = indicator_family_of(type);
	unsigned char addr[16];

	if (f == NULL || bits < 0 || bits > f->bits ||
	    inet_pton(f->af, value, addr) != 1)
		return -1;
	return write_network(f, addr, bits, out);
}
