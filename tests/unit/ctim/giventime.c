/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "ctim/giventime.h"
#include "tests/unit/unit.h"

START_TEST(times_are_written_anew)
{
	/* NULL: it is no time. */
	static const struct {
		const char *given, *written;
	} rows[] = { { "2026-01-02T03:04:05Z", "2026-01-02T03:04:05Z" },
		{ "2026-01-02T03:04:05z", "2026-01-02T03:04:05Z" },
		{ "2026-01-02T03:04:05", "2026-01-02T03:04:05Z" },
		{ "2026-01-02 03:04:05", "2026-01-02T03:04:05Z" },
		{ "2026-01-02 03:04", "2026-01-02T03:04:00Z" },
		{ "2026-01-02", "2026-01-02T00:00:00Z" },
		{ " 2026-01-02\n", "2026-01-02T00:00:00Z" },
		{ "2026-01-02T03:04:05+02:00", "2026-01-02T01:04:05Z" },
		{ "2026-01-02T03:04:05-0230", "2026-01-02T05:34:05Z" },
		{ "2026-01-02 03:04:05+02", "2026-01-02T01:04:05Z" },
		{ "2026-01-02 03:04:05 +0200", "2026-01-02T01:04:05Z" },
		{ "2026-01-02 03:04:05 +02", "2026-01-02T01:04:05Z" },
		{ "2026-01-02 03:04:05 UTC", "2026-01-02T03:04:05Z" },
		{ "2026-01-02T03:04:05GMT", "2026-01-02T03:04:05Z" },
		{ "2026-01-02 03:04:05 Z", "2026-01-02T03:04:05Z" },
		{ "2026-01-02T03:04:05.250Z", "2026-01-02T03:04:05.250Z" },
		{ "2026-01-02T03:04:05,25 +01:00", "2026-01-02T02:04:05.25Z" },
		{ "2026-01-02T03:04:05.1234567891234Z",
		    "2026-01-02T03:04:05.123456789Z" },
		{ "2024-02-29", "2024-02-29T00:00:00Z" },
		{ "1700000000", "2023-11-14T22:13:20Z" },
		{ "1700000000123", "2023-11-14T22:13:20Z" },
		{ "1700000000.5", "2023-11-14T22:13:20Z" },
		{ "2525-01-01T00:00:00Z", "2525-01-01T00:00:00Z" },
		{ "", NULL }, { " ", NULL }, { "yesterday", NULL },
		{ "2023-02-29", NULL }, { "9999-99-99", NULL },
		{ "9999-12-31", NULL }, { "1969-12-31", NULL },
		{ "20260102", NULL }, { "1e300", NULL }, { "-1", NULL },
		{ "2026-01-02T", NULL }, { "2026-01-02T25:00:00Z", NULL },
		{ "2026-01-02T03:04:05 CET", NULL },
		{ "2026-01-02T03:04:05+2", NULL },
		{ "2026-01-02T03:04:05+", NULL },
		{ "2026-01-02T03:04:05 Z Z", NULL },
		{ "2026-01-02T03:04:05Z "
		  "                                                  x",
		    NULL },
		{ "2026-01-02T03:04:05.00000000000000000000000000000000000000"
		  "000000000000000000000000000000000000000Z",
		    NULL } };
	char out[RFC3339_MAX];
	size_t i;
	int r;

	for (i = 0; i < COUNT(rows); i++) {
		r = giventime_text(out, rows[i].given);
		ck_assert_msg(r == (rows[i].written == NULL ? -1 : 0), "%s: %s",
		    rows[i].given, out);
		if (r == 0)
			ck_assert_str_eq(out, rows[i].written);
	}
}
END_TEST

START_TEST(numbers_are_seconds_or_milliseconds)
{
	static const double none[] = { -1, 1e300, -1e300, (double)NAN,
		(double)INFINITY, 1e18 };
	char out[RFC3339_MAX];
	size_t i;

	ck_assert_int_eq(giventime_number(out, 0), 0);
	ck_assert_str_eq(out, "1970-01-01T00:00:00Z");
	ck_assert_int_eq(giventime_number(out, 1700000000.9), 0);
	ck_assert_str_eq(out, "2023-11-14T22:13:20Z");
	ck_assert_int_eq(giventime_number(out, 1700000000999), 0);
	ck_assert_str_eq(out, "2023-11-14T22:13:20Z");
	for (i = 0; i < COUNT(none); i++)
		ck_assert_int_eq(giventime_number(out, none[i]), -1);
}
END_TEST

START_TEST(ends_beyond_all_are_for_ever)
{
	static const char *const rows[] = { "9999-12-31",
		"9999-12-31T23:59:59.999Z", "2525-01-02 00:00:00",
		"3000-02-29" };
	char out[RFC3339_MAX];
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		ck_assert_int_eq(giventime_end(out, rows[i]), 0);
		ck_assert_str_eq(out, "2525-01-01T00:00:00Z");
	}
	ck_assert_int_eq(giventime_end(out, "2026-01-02"), 0);
	ck_assert_str_eq(out, "2026-01-02T00:00:00Z");
	ck_assert_int_eq(giventime_end(out, "9999-99-99"), -1);
	ck_assert_int_eq(giventime_end(out, "9999"), -1);
	ck_assert_int_eq(giventime_end(out, ""), -1);
	ck_assert_int_eq(giventime_end(out, "1969-12-31"), -1);
}
END_TEST

START_TEST(some_time_after_another)
{
	static const struct {
		const char *time;
		double days, seconds;
		const char *after; /* NULL: none */
	} rows[] = { { "2026-01-02T00:00:00Z", 1, 0, "2026-01-03T00:00:00Z" },
		{ "2026-01-02T00:00:00Z", 0, 300, "2026-01-02T00:05:00Z" },
		{ "2026-01-02T00:00:00Z", -1, 0, "2026-01-01T00:00:00Z" },
		{ "2026-01-02T00:00:00Z", 91.25, 0, "2026-04-03T06:00:00Z" },
		{ "2026-01-02T00:00:00Z", 0, 0.5,
		    "2026-01-02T00:00:00.500000Z" },
		{ "2026-01-02T00:00:00.123Z", 1, 0,
		    "2026-01-03T00:00:00.123000Z" },
		{ "2026-01-02T00:00:00.123456789Z", 0, 0,
		    "2026-01-02T00:00:00.123456Z" },
		{ "2026-01-02T00:00:00Z", 1e300, 0, "2525-01-01T00:00:00Z" },
		{ "2026-01-02T00:00:00Z", 200000, 0, "2525-01-01T00:00:00Z" },
		{ "1970-01-02T00:00:00Z", -2, 0, NULL },
		{ "1970-01-02T00:00:00Z", -1e300, 0, NULL },
		{ "1970-01-02T00:00:00Z", (double)NAN, 0, NULL } };
	char out[RFC3339_MAX];
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		ck_assert_int_eq(giventime_after(out, rows[i].time,
				     rows[i].days, rows[i].seconds),
		    rows[i].after == NULL ? -1 : 0);
		if (rows[i].after != NULL)
			ck_assert_str_eq(out, rows[i].after);
	}
}
END_TEST

START_TEST(times_compare)
{
	/* In their order; those on one line are the same. */
	static const char *const rows[][2] = { { "2026-01-02T00:00:00Z",
						   "2026-01-02T00:00:00.000Z" },
		{ "2026-01-02T00:00:00.01Z", "2026-01-02T00:00:00.010000Z" },
		{ "2026-01-02T00:00:00.1Z", "2026-01-02T00:00:00.10Z" },
		{ "2026-01-02T00:00:01Z", "2026-01-02T00:00:01.0Z" },
		{ "2026-01-02T00:00:10.5Z", "2026-01-02T00:00:10.50Z" } };
	size_t i, j, a, b;
	int n;

	for (i = 0; i < COUNT(rows) * 2; i++)
		for (j = 0; j < COUNT(rows) * 2; j++) {
			a = i / 2;
			b = j / 2;
			n = giventime_compare(rows[a][i % 2], rows[b][j % 2]);
			ck_assert_msg((n > 0) - (n < 0) == (a > b) - (a < b),
			    "%s %s", rows[a][i % 2], rows[b][j % 2]);
		}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { times_are_written_anew,
		numbers_are_seconds_or_milliseconds,
		ends_beyond_all_are_for_ever, some_time_after_another,
		times_compare };

	return unit_run("giventime", tests, COUNT(tests));
}
