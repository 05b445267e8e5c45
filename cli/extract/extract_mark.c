/* SPDX-License-Identifier: MIT */
/* What characters outside ASCII part words, by Unicode's blocks. */
#include <ctype.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/extract/extract_part.h"

/* In order; between them are letters of other scripts. */
static const struct {
	int32_t first, last;
	enum mark mark;
} marks[] = { { 0x80, 0xa9, MARK_APART }, { 0xaa, 0xaa, MARK_NONE },
	{ 0xab, 0xb4, MARK_APART }, { 0xb5, 0xb5, MARK_OTHER },
	{ 0xb6, 0xb6, MARK_APART }, { 0xb7, 0xb7, MARK_NONE },
	{ 0xb8, 0xb9, MARK_APART }, { 0xba, 0xba, MARK_NONE },
	{ 0xbb, 0xbf, MARK_APART }, { 0xc0, 0xd6, MARK_NONE },
	{ 0xd7, 0xd7, MARK_APART }, { 0xd8, 0xf6, MARK_NONE },
	{ 0xf7, 0xf7, MARK_APART }, { 0xf8, 0x2af, MARK_NONE },
	{ 0x2b0, 0x2ff, MARK_APART }, { 0x300, 0x36f, MARK_NONE },
	{ 0x37e, 0x37e, MARK_APART }, { 0x387, 0x387, MARK_APART },
	{ 0x55a, 0x55f, MARK_APART }, { 0x589, 0x58a, MARK_APART },
	{ 0x5be, 0x5be, MARK_APART }, { 0x5c0, 0x5c0, MARK_APART },
	{ 0x5c3, 0x5c3, MARK_APART }, { 0x5f3, 0x5f4, MARK_APART },
	{ 0x600, 0x60f, MARK_APART }, { 0x61b, 0x61f, MARK_APART },
	{ 0x66a, 0x66d, MARK_APART }, { 0x6d4, 0x6d4, MARK_APART },
	{ 0x700, 0x70f, MARK_APART }, { 0x964, 0x965, MARK_APART },
	{ 0xdf4, 0xdf4, MARK_APART }, { 0xe00, 0xe4e, MARK_CLOSE },
	{ 0xe4f, 0xe4f, MARK_APART }, { 0xe50, 0xe59, MARK_CLOSE },
	{ 0xe5a, 0xe5b, MARK_APART }, { 0xe80, 0xeff, MARK_CLOSE },
	{ 0xf04, 0xf14, MARK_APART }, { 0x1000, 0x1049, MARK_CLOSE },
	{ 0x104a, 0x104f, MARK_APART }, { 0x10fb, 0x10fb, MARK_APART },
	{ 0x1100, 0x11ff, MARK_CLOSE }, { 0x1361, 0x1368, MARK_APART },
	{ 0x1400, 0x1400, MARK_APART }, { 0x166d, 0x166e, MARK_APART },
	{ 0x1680, 0x1680, MARK_APART }, { 0x1780, 0x17d3, MARK_CLOSE },
	{ 0x17d4, 0x17da, MARK_APART }, { 0x1800, 0x180e, MARK_APART },
	{ 0x1e00, 0x1eff, MARK_NONE },
	/* Spaces, punctuation, arrows, symbols, braille. */
	{ 0x2000, 0x2bff, MARK_APART }, { 0x2c60, 0x2c7f, MARK_NONE },
	{ 0x2cf9, 0x2cff, MARK_APART }, { 0x2e00, 0x2e7f, MARK_APART },
	{ 0x2e80, 0x2fdf, MARK_CLOSE }, { 0x2ff0, 0x3004, MARK_APART },
	{ 0x3005, 0x3007, MARK_CLOSE }, { 0x3008, 0x3020, MARK_APART },
	{ 0x3021, 0x302f, MARK_CLOSE }, { 0x3030, 0x3030, MARK_APART },
	{ 0x3031, 0x3035, MARK_CLOSE }, { 0x3036, 0x303f, MARK_APART },
	{ 0x3040, 0x309f, MARK_CLOSE }, { 0x30a0, 0x30a0, MARK_APART },
	{ 0x30a1, 0x30fa, MARK_CLOSE }, { 0x30fb, 0x30fb, MARK_APART },
	{ 0x30fc, 0x31bf, MARK_CLOSE }, { 0x31f0, 0x31ff, MARK_CLOSE },
	{ 0x3200, 0x33ff, MARK_APART }, { 0x3400, 0x4dbf, MARK_CLOSE },
	{ 0x4dc0, 0x4dff, MARK_APART }, { 0x4e00, 0x9fff, MARK_CLOSE },
	{ 0xa4d0, 0xa4ff, MARK_OTHER }, { 0xa720, 0xa7ff, MARK_NONE },
	{ 0xac00, 0xd7ff, MARK_CLOSE }, { 0xe000, 0xf8ff, MARK_APART },
	{ 0xf900, 0xfaff, MARK_CLOSE }, { 0xfb00, 0xfb06, MARK_NONE },
	{ 0xfd3e, 0xfd3f, MARK_APART }, { 0xfe00, 0xfe6f, MARK_APART },
	{ 0xfeff, 0xfeff, MARK_APART },
	/* Full width: punctuation parts, and the letters and digits are none
	 * that an address is written with. */
	{ 0xff00, 0xff65, MARK_APART }, { 0xff66, 0xffdc, MARK_CLOSE },
	{ 0xffe0, 0xffff, MARK_APART }, { 0x1f000, 0x1faff, MARK_APART },
	{ 0x20000, 0x3ffff, MARK_CLOSE }, { 0xe0000, 0x10ffff, MARK_APART } };

enum mark
extract_mark(int32_t c)
{
	size_t low = 0, high = sizeof(marks) / sizeof(marks[0]), middle;

	if (c < 0)
		return MARK_APART; /* no UTF-8 */
	if (c < 0x80)
		return MARK_NONE;
	while (low < high) {
		middle = (low + high) / 2;
		if (c > marks[middle].last)
			low = middle + 1;
		else if (c < marks[middle].first)
			high = middle;
		else
			return marks[middle].mark;
	}
	return MARK_OTHER;
}

enum mark
extract_mark_at(const char *s, size_t n, size_t *length)
{
	return extract_mark(utf8_next(s, n, length));
}

/* Whether the character that ends at text[at] is a letter of another script. */
static bool
mark_other_before(const char *text, size_t at)
{
	size_t begin = at, length;
	enum mark mark;

	while (begin > 0 && ((unsigned char)text[begin] & 0xc0) == 0x80)
		begin--;
	mark = extract_mark_at(text + begin, at - begin + 1, &length);
	return mark == MARK_OTHER || mark == MARK_CLOSE;
}

/* Whether n bytes are three dots and numbers at least: an address so far. */
static bool
mark_address(const char *text, size_t n)
{
	size_t i, dots = 0;

	for (i = 0; i < n; i++) {
		if (!isdigit((unsigned char)text[i]) &&
		    strchr(".:/[]()", text[i]) == NULL)
			return false;
		dots += text[i] == '.';
	}
	return dots >= 3;
}

bool
extract_mark_touches(const char *text, size_t at, size_t n)
{
	unsigned char before;
	enum mark mark;
	size_t length, digits;

	if (at == 0)
		return false;
	before = (unsigned char)text[at - 1];
	mark = extract_mark_at(text + at, n - at, &length);
	if (mark == MARK_OTHER || mark == MARK_CLOSE)
		return before < 0x80 &&
		    (isalpha(before) ||
			(isdigit(before) && mark_address(text, at)));
	if ((unsigned char)text[at] >= 0x80 || before < 0x80)
		return false;
	digits = strspn(text + at, "0123456789.");
	return (isalpha((unsigned char)text[at]) ||
		   mark_address(text + at, digits)) &&
	    mark_other_before(text, at - 1);
}
