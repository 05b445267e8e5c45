/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/buf.h"
#include "tests/unit/unit.h"

START_TEST(what_is_added_is_a_string)
{
	struct buf b;

	buf_init(&b, 100);
	ck_assert_str_eq(b.data, "");
	ck_assert_int_eq(buf_adds(&b, "one"), 0);
	ck_assert_int_eq(buf_addc(&b, ' '), 0);
	ck_assert_int_eq(buf_addf(&b, "%d", 2), 0);
	ck_assert_str_eq(b.data, "one 2");
	ck_assert_uint_eq(b.len, 5);
	buf_free(&b);
}
END_TEST

START_TEST(nothing_passes_the_maximum)
{
	struct buf b;

	buf_init(&b, 4);
	ck_assert_int_eq(buf_add(&b, "abcd", 4), 0);
	ck_assert_int_eq(buf_addc(&b, 'e'), -1);
	ck_assert_str_eq(b.data, "abcd");
	ck_assert(b.failed);
	buf_reset(&b);
	ck_assert(!b.failed);
	ck_assert_int_eq(buf_addf(&b, "%s", "abcde"), -1);
	ck_assert_str_eq(b.data, "");
	ck_assert_ptr_null(buf_room(&b, 5));
	ck_assert_ptr_nonnull(buf_room(&b, 4));
	buf_free(&b);
}
END_TEST

START_TEST(a_format_grows_the_buffer)
{
	struct buf b;
	char long_text[1001];
	size_t i;

	memset(long_text, 'x', 1000);
	long_text[1000] = '\0';
	buf_init(&b, 100000);
	for (i = 0; i < 20; i++)
		ck_assert_int_eq(buf_addf(&b, "%s", long_text), 0);
	ck_assert_uint_eq(b.len, 20000);
	ck_assert_uint_eq(strlen(b.data), 20000);
	buf_free(&b);
}
END_TEST

START_TEST(a_format_that_fits_the_memory_but_not_the_maximum_fails)
{
	struct buf b;

	buf_init(&b, 300);
	ck_assert_int_eq(buf_addf(&b, "%0290d", 0), 0);
	ck_assert_int_eq(buf_addf(&b, "%011d", 0), -1);
	ck_assert_uint_eq(b.len, 290);
	ck_assert_uint_eq(strlen(b.data), 290);
	buf_free(&b);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { what_is_added_is_a_string,
		nothing_passes_the_maximum, a_format_grows_the_buffer,
		a_format_that_fits_the_memory_but_not_the_maximum_fails };

	return unit_run("buf", tests, COUNT(tests));
}
