/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "http/http.h"
#include "tests/unit/unit.h"

#define NOW INT64_C(784111777) /* Sun, 06 Nov 1994 08:49:37 GMT */

START_TEST(seconds_and_all_forms_of_a_date_are_understood)
{
	static const struct {
		const char *text;
		int64_t ms;
	} texts[] = { { "0", 0 }, { "1", 1000 }, { "120", 120000 },
		{ " 7\t", 7000 }, { "007", 7000 },
		{ "31622400", HTTP_RETRY_MAX }, { "31622401", HTTP_RETRY_MAX },
		{ "18446744073709551616", HTTP_RETRY_MAX },
		{ "9999999999999999999999999999999999999999", HTTP_RETRY_MAX },
		{ "Sun, 06 Nov 1994 08:49:37 GMT", 0 },
		{ "Sun, 06 Nov 1994 08:49:38 GMT", 1000 },
		{ "Sun, 06 Nov 1994 08:50:37 GMT", 60000 },
		{ "Sunday, 06-Nov-94 08:49:39 GMT", 2000 },
		{ "Sun Nov  6 08:49:40 1994", 3000 },
		{ "Wed Nov 16 08:49:37 1994", INT64_C(864000000) },
		{ "Sun, 06 Nov 1994 23:59:60 GMT", INT64_C(54623000) },
		{ "Thu, 01 Jan 1970 00:00:00 GMT", 0 },
		{ "Tue, 29 Feb 2000 00:00:00 GMT", HTTP_RETRY_MAX },
		{ "Fri, 31 Dec 9999 23:59:59 GMT", HTTP_RETRY_MAX },
		{ "Sat, 01 Jan 0000 00:00:00 GMT", 0 } };
	size_t i;

	for (i = 0; i < COUNT(texts); i++)
		ck_assert_msg(
		    http_retry_after(texts[i].text, NOW) == texts[i].ms, "%s",
		    texts[i].text);
}
END_TEST

/* RFC 9110, 5.6.7: what would be more than 50 years ahead is past. */
START_TEST(a_year_of_two_digits_is_near)
{
	static const struct {
		int64_t now;
		const char *text;
		int64_t ms;
	} texts[] = { { NOW, "Sunday, 06-Nov-44 08:49:37 GMT", HTTP_RETRY_MAX },
		{ NOW, "Monday, 06-Nov-45 08:49:37 GMT", 0 },
		{ NOW, "Saturday, 06-Nov-93 08:49:37 GMT", 0 },
		/* The last second of 1999, the first of 2027. */
		{ 946684799, "Saturday, 01-Jan-00 00:00:00 GMT", 1000 },
		{ 1798761600, "Friday, 01-Jan-27 00:00:10 GMT", 10000 },
		{ 1798761600, "Thursday, 31-Dec-76 00:00:00 GMT",
		    HTTP_RETRY_MAX },
		{ 1798761600, "Saturday, 01-Jan-78 00:00:00 GMT", 0 } };
	size_t i;

	for (i = 0; i < COUNT(texts); i++)
		ck_assert_msg(http_retry_after(texts[i].text, texts[i].now) ==
			texts[i].ms,
		    "%s", texts[i].text);
}
END_TEST

START_TEST(anything_else_says_nothing)
{
	static const char *const texts[] = { "", " ", "-1", "+1", "1.5", "1e3",
		"0x10", "1 2", "1s", "soon", "Sun", "Sun,",
		"Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
		"Sun, 06 Nov 1994 08:49:37 GMT+1",
		"sun, 06 Nov 1994 08:49:37 GMT",
		"Xyz, 06 Nov 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT",
		"Sun, 00 Nov 1994 08:49:37 GMT",
		"Sun, 31 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 24:49:37 GMT",
		"Sun, 06 Nov 1994 08:60:37 GMT",
		"Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 94 08:49:37 GMT",
		"Sun, 06 Nov -994 08:49:37 GMT",
		"Sun, 06 Nvm 1994 08:49:37 GMT",
		"Sunday, 06-Nov-1994 08:49:37 GMT",
		"Sun, 06-Nov-94 08:49:37 GMT", "Sunday, 06-Nov-x4 08:49:37 GMT",
		"Sun Nov 6 08:49:37 1994", "Sun Nov   6 08:49:37 1994",
		"Sun Nov  6 08:49:37 1994 GMT", "Sun Nov  6 08:49:37 94",
		"1994-11-06T08:49:37Z" };
	char zeros[65];
	size_t i;

	for (i = 0; i < COUNT(texts); i++)
		ck_assert_msg(
		    http_retry_after(texts[i], NOW) == -1, "%s", texts[i]);
	/* More than is kept of a header. */
	memset(zeros, '0', sizeof(zeros) - 1);
	zeros[sizeof(zeros) - 1] = '\0';
	ck_assert_int_eq(http_retry_after(zeros, NOW), -1);
	ck_assert_int_eq(http_retry_after(zeros + 1, NOW), 0);
}
END_TEST

START_TEST(a_header_carries_no_control_characters)
{
	ck_assert(http_header_safe(""));
	ck_assert(http_header_safe("Bearer a.b-c_d~ \"x\" \xc3\xa4"));
	ck_assert(!http_header_safe("a\r\nX: y"));
	ck_assert(!http_header_safe("a\nb"));
	ck_assert(!http_header_safe("a\tb"));
	ck_assert(!http_header_safe("\x01"));
	ck_assert(!http_header_safe("a\x7f"));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		seconds_and_all_forms_of_a_date_are_understood,
		a_year_of_two_digits_is_near, anything_else_says_nothing,
		a_header_carries_no_control_characters
	};

	return unit_run("http_date", tests, COUNT(tests));
}
