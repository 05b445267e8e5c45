/* SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "base/utf8.h"
#include "cli/feed/win1252.h"

/* The bytes 0x80 to 0x9f; all others are the same number in Unicode. */
static const unsigned short win1252_high[] = { 0x20ac, 0x81, 0x201a, 0x0192,
	0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160, 0x2039, 0x0152,
	0x8d, 0x017d, 0x8f, 0x90, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
	0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x9d, 0x017e,
	0x0178 };

/* Adds a byte from 0x80 on. */
static void
win1252_add(struct buf *out, unsigned c)
{
	if (c < 0xa0)
		c = win1252_high[c - 0x80];
	if (c >= 0x800) {
		buf_addc(out, (char)(0xe0 | c >> 12));
		buf_addc(out, (char)(0x80 | (c >> 6 & 0x3f)));
	} else
		buf_addc(out, (char)(0xc0 | c >> 6));
	buf_addc(out, (char)(0x80 | (c & 0x3f)));
}

int
win1252_utf8(struct buf *out, const char *s, size_t n)
{
	size_t length;

	for (; n > 0; s += length, n -= length)
		if (utf8_next(s, n, &length) == -1)
			win1252_add(out, (unsigned char)*s);
		else
			buf_add(out, s, length);
	return out->failed ? -1 : 0;
}
