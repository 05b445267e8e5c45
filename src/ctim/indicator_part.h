/* SPDX-License-Identifier: MIT */
/*
 * indicator_part: what the files of indicator.h share.
 *
 * Functions that write a normal form take a value that is mended and return 0,
 * or -1 when it is none of theirs.
 */
#ifndef CTIM_INDICATOR_PART_H
#define CTIM_INDICATOR_PART_H

#include <stdbool.h>

#include "ctim/indicator.h"

static inline bool
indicator_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline char
indicator_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/*
 * The value without blanks around it and with its defanged spellings mended: it
 * itself, or in out.  NULL when it is too long, empty or no UTF-8 text, or has
 * blanks or control characters.
 */
const char *indicator_mend(const char *value, char out[INDICATOR_MAX + 1]);
int indicator_address_ip(const char *, char out[INDICATOR_MAX + 1]);
int indicator_address_ipv6(const char *, char out[INDICATOR_MAX + 1]);
/* Whether a text is an IPv4 address as inet_ntop(3) writes it. */
bool indicator_address_is_plain(const char *);
int indicator_url(const char *, char out[INDICATOR_MAX + 1]);

#endif
