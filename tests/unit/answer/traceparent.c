/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "answer/traceparent.h"
#include "tests/unit/unit.h"

#define TRACE  "0af7651916cd43dd8448eb211c80319c"
#define PARENT "b7ad6b7169203331"
#define GOOD   "00-" TRACE "-" PARENT "-01"

static const struct {
	const char *text;
	bool good, sampled;
} values[] = { { GOOD, true, true },
	{ "00-" TRACE "-" PARENT "-00", true, false },
	/* Flags that nobody has described yet. */
	{ "00-" TRACE "-" PARENT "-ff", true, true },
	{ "00-" TRACE "-" PARENT "-fe", true, false },
	/* Later versions. */
	{ "01-" TRACE "-" PARENT "-01", true, true },
	{ "cc-" TRACE "-" PARENT "-09", true, true },
	{ "fe-" TRACE "-" PARENT "-01-what-comes-later", true, true },
	{ "01-" TRACE "-" PARENT "-01-", true, true },
	{ "01-" TRACE "-" PARENT "-01.more", false, false },
	{ "01-" TRACE "-" PARENT "-011", false, false },
	/* This one has nothing more. */
	{ GOOD "-", false, false }, { GOOD " ", false, false },
	{ GOOD "-more", false, false }, { GOOD "," GOOD, false, false },
	{ " " GOOD, false, false },
	/* No version, no id. */
	{ "ff-" TRACE "-" PARENT "-01", false, false },
	{ "0-" TRACE "-" PARENT "-01", false, false },
	{ "0x-" TRACE "-" PARENT "-01", false, false },
	{ "00-00000000000000000000000000000000-" PARENT "-01", false, false },
	{ "00-" TRACE "-0000000000000000-01", false, false },
	{ "00-0AF7651916CD43DD8448EB211C80319C-" PARENT "-01", false, false },
	{ "00-" TRACE "-B7AD6B7169203331-01", false, false },
	{ "00-" TRACE "-" PARENT "-0A", false, false },
	{ "00-" TRACE "-" PARENT "-1", false, false },
	{ "00-" TRACE "-" PARENT, false, false },
	{ "00-" TRACE "-" PARENT "-", false, false },
	{ "00_" TRACE "-" PARENT "-01", false, false },
	{ "00-" TRACE "_" PARENT "-01", false, false },
	{ "00-" TRACE "-" PARENT "_01", false, false },
	{ "00-0af7651916cd43dd8448eb211c80319-" PARENT "-011", false, false },
	{ "00-" TRACE "-b7ad6b716920333-011", false, false },
	{ "", false, false }, { "00", false, false } };

START_TEST(a_value_to_the_letter)
{
	struct traceparent t;
	size_t i;

	for (i = 0; i < COUNT(values); i++) {
		ck_assert_msg(
		    traceparent_read(&t, values[i].text) == values[i].good,
		    "%s", values[i].text);
		ck_assert_str_eq(t.trace, values[i].good ? TRACE : "");
		ck_assert_msg(
		    t.sampled == values[i].sampled, "%s", values[i].text);
	}
}
END_TEST

START_TEST(each_request_of_ours_has_a_parent_of_its_own)
{
	char one[TRACEPARENT_MAX], two[TRACEPARENT_MAX];
	struct traceparent t, again;

	ck_assert(traceparent_read(&t, "cc-" TRACE "-" PARENT "-ff-x"));
	ck_assert_int_eq(traceparent_next(&t, one), 0);
	ck_assert_int_eq(traceparent_next(&t, two), 0);
	ck_assert(strncmp(one, "00-" TRACE "-", 36) == 0);
	ck_assert_str_eq(one + 52, "-01");
	ck_assert(strstr(one, PARENT) == NULL);
	ck_assert_str_ne(one, two);
	ck_assert(traceparent_read(&again, one));
	/* Without one that came, a trace begins here. */
	ck_assert_int_eq(traceparent_begin(&t), 0);
	ck_assert_int_eq(traceparent_next(&t, one), 0);
	ck_assert(traceparent_read(&again, one));
	ck_assert_str_eq(again.trace, t.trace);
	ck_assert(!again.sampled);
}
END_TEST

START_TEST(a_state_is_passed_within_its_limits)
{
	char text[1000];
	size_t i, n = 0;

	ck_assert_uint_eq(traceparent_state("a=1"), 3);
	ck_assert_uint_eq(traceparent_state("a=1, b@c=x y,,\td=~ "), 19);
	ck_assert_uint_eq(traceparent_state(""), 0);
	ck_assert_uint_eq(traceparent_state("a"), 0);
	ck_assert_uint_eq(traceparent_state("a=1,b"), 0);
	ck_assert_uint_eq(traceparent_state("=1"), 0);
	ck_assert_uint_eq(traceparent_state("a=\x01"), 0);
	ck_assert_uint_eq(traceparent_state("a=\xc3\xa4"), 0);
	/* Members that are beyond the limit go, whole. */
	for (i = 0; i < 6; i++)
		n += (size_t)sprintf(
		    text + n, "%sk%zu=%0100zu", i == 0 ? "" : ",", i, i);
	ck_assert_uint_eq(traceparent_state(text), 4 * 104 - 1);
	memset(text, 'x', sizeof(text) - 1);
	text[1] = '=';
	text[sizeof(text) - 1] = '\0';
	ck_assert_uint_eq(traceparent_state(text), 0);
	for (i = n = 0; i < 33; i++)
		n += (size_t)sprintf(text + n, "%sk=%zu", i == 0 ? "" : ",", i);
	ck_assert_uint_eq(traceparent_state(text), 0);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { a_value_to_the_letter,
		each_request_of_ours_has_a_parent_of_its_own,
		a_state_is_passed_within_its_limits };

	return unit_run("traceparent", tests, COUNT(tests));
}
