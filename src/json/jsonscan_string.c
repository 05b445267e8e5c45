/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "json/jsonscan.h"
#include "json/jsonscan_state.h"

/* The four hexadecimal digits at p; -1 when there are none. */
static int
hex4(const unsigned char *p, const unsigned char *end)
{
	int n = 0, i;

	if (end - p < 4)
		return -1;
	for (i = 0; i < 4; i++) {
		if (p[i] >= '0' && p[i] <= '9')
			n = n * 16 + p[i] - '0';
		else if ((p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'f')
			n = n * 16 + (p[i] | 0x20) - 'a' + 10;
		else
			return -1;
	}
	return n;
}

/* After the first half of a surrogate pair: the code point; -1 when the second
 * half does not follow, and then nothing is read. */
static long
second_half(struct scan *s, int high)
{
	int low;

	if (high > 0xdbff || s->end - s->at < 6 || s->at[0] != '\\' ||
	    s->at[1] != 'u' || (low = hex4(s->at + 2, s->end)) < 0xdc00 ||
	    low > 0xdfff)
		return -1;
	s->at += 6;
	return 0x10000L + ((high - 0xd800L) << 10) + (low - 0xdc00L);
}

/* After "\u": the code point, pairs joined; -1 when it is none.  Half a pair is
 * U+FFFD to a lenient scan, as it is to json-c. */
static long
unicode_escape(struct scan *s)
{
	int c;
	long pair;

	if ((c = hex4(s->at, s->end)) == -1)
		return -1;
	s->at += 4;
	if (c < 0xd800 || c > 0xdfff)
		return c;
	if ((pair = second_half(s, c)) == -1 && s->lenient)
		return 0xfffd;
	return pair;
}

static void
add_utf8(struct buf *b, long c)
{
	if (c < 0x80) {
		buf_addc(b, (char)c);
		return;
	}
	if (c < 0x800) {
		buf_addc(b, (char)(0xc0 | c >> 6));
	} else {
		if (c < 0x10000) {
			buf_addc(b, (char)(0xe0 | c >> 12));
		} else {
			buf_addc(b, (char)(0xf0 | c >> 18));
			buf_addc(b, (char)(0x80 | (c >> 12 & 0x3f)));
		}
		buf_addc(b, (char)(0x80 | (c >> 6 & 0x3f)));
	}
	buf_addc(b, (char)(0x80 | (c & 0x3f)));
}

/* After a backslash.  keep: where the bytes go, or NULL. */
static bool
jsonscan_string_escape(struct scan *s, struct buf *keep)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *p;
	long c;

	if (s->at == s->end)
		return scan_refuse(s, "a string that does not end");
	if (*s->at == 'u') {
		s->at++;
		if ((c = unicode_escape(s)) == -1)
			return scan_refuse(
			    s, "a bad \\u escape or half a pair");
		if (keep == &s->name && c == 0)
			return scan_refuse(s, "a member name with a NUL in it");
		if (keep != NULL)
			add_utf8(keep, c);
		return true;
	}
	if (*s->at == '\0' || (p = strchr(from, *s->at)) == NULL)
		return scan_refuse(s, "an escape that JSON does not have");
	if (keep != NULL)
		buf_addc(keep, to[p - from]);
	s->at++;
	return true;
}

bool
scan_string(struct scan *s, struct buf *keep)
{
	const unsigned char *begin;
	size_t n;

	if (s->at == s->end || *s->at != '"')
		return scan_refuse(s, "no string where one must be");
	s->at++;
	s->escaped = false;
	if (keep != NULL)
		buf_reset(keep);
	for (;;) {
		begin = s->at;
		while (s->at < s->end && *s->at >= 0x20 && *s->at < 0x80 &&
		    *s->at != '"' && *s->at != '\\')
			s->at++;
		if (keep != NULL)
			buf_add(keep, begin, (size_t)(s->at - begin));
		if (s->at == s->end)
			return scan_refuse(s, "a string that does not end");
		if (*s->at == '"') {
			s->at++;
			return true;
		}
		if (*s->at == '\\') {
			s->at++;
			s->escaped = true;
			if (!jsonscan_string_escape(s, keep))
				return false;
			continue;
		}
		if (*s->at < 0x20)
			return scan_refuse(
			    s, "a raw control character in a string");
		n = utf8_length(s->at, (size_t)(s->end - s->at));
		if (n == 0 && !s->lenient)
			return scan_refuse(s, "bytes that are not UTF-8");
		n = n == 0 ? 1 : n;
		if (keep != NULL)
			buf_add(keep, s->at, n);
		s->at += n;
	}
}

bool
jsonscan_string(const char *json, size_t len, struct buf *out)
{
	struct scan s = { .at = (const unsigned char *)json,
		.end = (const unsigned char *)json + len,
		.lenient = true,
		.name = *out };
	bool whole = scan_string(&s, &s.name);

	*out = s.name;
	return whole && !out->failed;
}
