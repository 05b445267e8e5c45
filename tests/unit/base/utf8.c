/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "tests/unit/unit.h"

/* Sequences at the edges of what RFC 3629 allows; 0: none begins there. */
START_TEST(takes_what_rfc_3629_takes)
{
	static const struct {
		const char *bytes;
		size_t n, length;
	} cases[] = { { "", 0, 0 }, { "a", 1, 1 }, { "\0", 1, 1 },
		{ "\x7f", 1, 1 }, { "\x80", 1, 0 }, { "\xbf", 1, 0 },
		{ "\xc0\x80", 2, 0 }, { "\xc1\xbf", 2, 0 }, /* overlong */
		{ "\xc2\x80", 2, 2 }, { "\xdf\xbf", 2, 2 }, { "\xc3", 1, 0 },
		{ "\xc3(", 2, 0 }, { "\xe0\x9f\xbf", 3, 0 },
		{ "\xe0\xa0\x80", 3, 3 }, { "\xed\x9f\xbf", 3, 3 },
		{ "\xed\xa0\x80", 3, 0 },
		{ "\xed\xbf\xbf", 3, 0 }, /* surrogates */
		{ "\xee\x80\x80", 3, 3 }, { "\xef\xbf\xbf", 3, 3 },
		{ "\xe2\x82", 2, 0 }, { "\xe2\x82(", 3, 0 },
		{ "\xf0\x8f\xbf\xbf", 4, 0 }, { "\xf0\x90\x80\x80", 4, 4 },
		{ "\xf4\x8f\xbf\xbf", 4, 4 }, { "\xf4\x90\x80\x80", 4, 0 },
		{ "\xf5\x80\x80\x80", 4, 0 }, { "\xff", 1, 0 },
		{ "\xf0\x9f\x98\x80tail", 8, 4 }, { "\xf0\x9f\x98", 3, 0 } };
	size_t i;

	for (i = 0; i < COUNT(cases); i++)
		ck_assert_msg(utf8_length((const unsigned char *)cases[i].bytes,
				  cases[i].n) == cases[i].length,
		    "case %zu", i);
}
END_TEST

START_TEST(text_that_is_no_utf8_is_told_apart)
{
	static const struct {
		const char *s;
		int32_t c;
		size_t n;
	} cases[] = { { "a", 'a', 1 }, { "\xc3\xa9", 0xe9, 2 },
		{ "\xe2\x82\xac", 0x20ac, 3 },
		{ "\xf0\x9f\x98\x80", 0x1f600, 4 },
		{ "\xc0\x80", -1, 1 },         /* overlong */
		{ "\xed\xa0\x80", -1, 1 },     /* a surrogate */
		{ "\xf4\x90\x80\x80", -1, 1 }, /* above U+10FFFF */
		{ "\x80", -1, 1 }, { "\xe2\x82", -1, 1 }, { "\xff", -1, 1 } };
	size_t n, i;

	for (i = 0; i < COUNT(cases); i++) {
		ck_assert_int_eq(
		    utf8_next(cases[i].s, strlen(cases[i].s), &n), cases[i].c);
		ck_assert_uint_eq(n, cases[i].n);
	}
}
END_TEST

START_TEST(valid_is_valid_to_the_last_byte)
{
	ck_assert(utf8_valid("", 0));
	ck_assert(utf8_valid("gr\xc3\xbc\xc3\x9f", 6));
	ck_assert(utf8_valid("a\0b", 3));
	ck_assert(!utf8_valid("gr\xc3", 3));
	ck_assert(!utf8_valid("\xff"
			      "abc",
	    4));
	ck_assert(!utf8_valid("Stra\xdf"
			      "e",
	    6));
}
END_TEST

START_TEST(cut_keeps_whole_code_points)
{
	ck_assert_uint_eq(utf8_cut("", 5), 0);
	ck_assert_uint_eq(utf8_cut("abc", 0), 0);
	ck_assert_uint_eq(utf8_cut("abc", 2), 2);
	ck_assert_uint_eq(utf8_cut("abc", 3), 3);
	ck_assert_uint_eq(utf8_cut("abc", 9), 3);
	ck_assert_uint_eq(
	    utf8_cut("\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80x", 1), 2);
	ck_assert_uint_eq(
	    utf8_cut("\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80x", 2), 5);
	ck_assert_uint_eq(
	    utf8_cut("\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80x", 3), 9);
}
END_TEST

START_TEST(a_line_has_no_control_characters)
{
	static const struct {
		const char *text, *line;
	} cases[] = { { "", "" }, { "   ", "" }, { "plain", "plain" },
		{ "\ta\r\nb\n", "a  b" }, { "\x1b[31mred\x7f", "[31mred" },
		{ "a\xc2\x9bz", "a  z" }, /* C1: CSI */
		{ "a\xc2\xa0z", "a\xc2\xa0z" }, { "a\xe2\x80\xa8z", "a   z" },
		{ "\xe2\x82\xac", "\xe2\x82\xac" } };
	char text[64];
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		snprintf(text, sizeof(text), "%s", cases[i].text);
		ck_assert_str_eq(utf8_line(text, strlen(text)), cases[i].line);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { takes_what_rfc_3629_takes,
		text_that_is_no_utf8_is_told_apart,
		valid_is_valid_to_the_last_byte, cut_keeps_whole_code_points,
		a_line_has_no_control_characters };

	return unit_run("utf8", tests, COUNT(tests));
}
