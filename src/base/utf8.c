/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <string.h>

#include "base/utf8.h"

/*
 * First bytes and the bytes that may follow: the range of the second byte
 * excludes overlong forms, surrogates and code points above U+10FFFF.
 * Source: RFC 3629 section 4; Unicode 15.0 table 3-7.
 */
static const struct {
	unsigned char first_low, first_high;
	unsigned char second_low, second_high;
	unsigned char length;
} sequences[] = { { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
	{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 } };

size_t
utf8_length(const unsigned char *p, size_t n)
{
	size_t i, k;

	if (n == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	for (i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++)
		if (p[0] >= sequences[i].first_low &&
		    p[0] <= sequences[i].first_high)
			break;
	if (i == sizeof(sequences) / sizeof(sequences[0]) ||
	    n < sequences[i].length || p[1] < sequences[i].second_low ||
	    p[1] > sequences[i].second_high)
		return 0;
	for (k = 2; k < sequences[i].length; k++)
		if ((p[k] & 0xc0) != 0x80)
			return 0;
	return sequences[i].length;
}

int32_t
utf8_next(const char *s, size_t n, size_t *length)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t k = utf8_length(p, n), i;
	int32_t c;

	assert(n > 0);
	*length = k == 0 ? 1 : k;
	if (k < 2)
		return k == 0 ? -1 : p[0];
	c = p[0] & 0xff >> (k + 1);
	for (i = 1; i < k; i++)
		c = c << 6 | (p[i] & 0x3f);
	return c;
}

bool
utf8_valid(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t step;

	while (n > 0) {
		if ((step = utf8_length(p, n)) == 0)
			return false;
		p += step;
		n -= step;
	}
	return true;
}

size_t
utf8_cut(const char *s, size_t max_code_points)
{
	size_t i;

	/* Every byte but a continuation begins a code point. */
	for (i = 0; s[i] != '\0'; i++)
		if (((unsigned char)s[i] & 0xc0) != 0x80 &&
		    max_code_points-- == 0)
			break;
	return i;
}

size_t
utf8_control(const char *s, size_t n)
{
	const unsigned char *p = (const unsigned char *)s;

	if (n >= 1 && (p[0] < 0x20 || p[0] == 0x7f))
		return 1;
	return n >= 2 && p[0] == 0xc2 && p[1] >= 0x80 && p[1] <= 0x9f ? 2 : 0;
}

char *
utf8_line(char *s, size_t n)
{
	/* U+2028 and U+2029, the line and the paragraph separator. */
	static const char separators[2][4] = { "\xe2\x80\xa8", "\xe2\x80\xa9" };
	size_t i, k;

	for (i = 0; i < n; i++) {
		k = utf8_control(s + i, n - i);
		if (n - i >= 3 &&
		    (memcmp(s + i, separators[0], 3) == 0 ||
			memcmp(s + i, separators[1], 3) == 0))
			k = 3;
		memset(s + i, ' ', k);
		i += k > 1 ? k - 1 : 0;
	}
	while (n > 0 && s[n - 1] == ' ')
		n--;
	s[n] = '\0';
	return s + strspn(s, " ");
}
