/* SPDX-License-Identifier: MIT */
#include "conf/duration.h"
#include "base/rfc3339.h"
#include "tests/unit/unit.h"

START_TEST(a_number_and_a_unit)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} cases[] = { { "0s", 0 }, { "45s", 45 }, { "90m", 5400 },
		{ "12h", 43200 }, { "30d", 2592000 }, { "2w", 1209600 },
		{ "", -1 }, { "30", -1 }, { "d", -1 }, { "-1d", -1 },
		{ "+1d", -1 }, { " 1d", -1 }, { "1d ", -1 }, { "1dd", -1 },
		{ "1.5d", -1 }, { "1D", -1 }, { "never", -1 },
		{ "99999999999999999999999d", -1 }, { "9999999w", -1 } };
	size_t i;

	for (i = 0; i < COUNT(cases); i++)
		ck_assert_msg(duration_parse(cases[i].text) == cases[i].seconds,
		    "\"%s\"", cases[i].text);
}
END_TEST

START_TEST(nothing_lasts_beyond_the_last_time)
{
	char text[32];

	snprintf(text, sizeof(text), "%llds", (long long)RFC3339_LAST);
	ck_assert_int_eq(duration_parse(text), RFC3339_LAST);
	snprintf(text, sizeof(text), "%llds", (long long)RFC3339_LAST + 1);
	ck_assert_int_eq(duration_parse(text), -1);
}
END_TEST

START_TEST(the_largest_unit_is_written)
{
	static const struct {
		int64_t seconds;
		const char *text;
	} cases[] = { { 0, "never" }, { 1, "1s" }, { 60, "1m" }, { 61, "61s" },
		{ 43200, "12h" }, { 30 * 86400, "30d" }, { 14 * 86400, "2w" } };
	char text[DURATION_MAX];
	size_t i;

	for (i = 0; i < COUNT(cases); i++)
		ck_assert_str_eq(
		    duration_text(text, cases[i].seconds), cases[i].text);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { a_number_and_a_unit,
		nothing_lasts_beyond_the_last_time,
		the_largest_unit_is_written };

	return unit_run("duration", tests, COUNT(tests));
}
