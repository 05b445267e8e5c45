/* SPDX-License-Identifier: MIT */
/* Records that wait in a temporary database. */
#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "db/newest.h"
#include "tests/unit/unit.h"

static struct buf said;

static int
say(void *arg, const struct newest_record *r)
{
	int *left = arg;

	buf_addf(&said, "%s/%" PRId64 "/%" PRIu64 "=%.*s ",
	    r->key == NULL ? "-" : r->key, r->version, r->line, (int)r->n,
	    r->n == 0 ? "" : (const char *)r->data);
	return left != NULL && --*left == 0 ? 5 : 0;
}

static enum newest_put
put(struct newest *n, const char *key, int64_t version, uint64_t line,
    const char *data, struct newest_record *other)
{
	const struct newest_record r = { key, version, line, data,
		strlen(data) };

	return newest_put(n, &r, other);
}

START_TEST(of_each_key_the_newest_version_is_kept)
{
	struct newest *n = newest_new();
	struct newest_record other;
	int left = 2;

	ck_assert_ptr_nonnull(n);
	buf_init(&said, 1U << 20);
	ck_assert_int_eq(put(n, "a", 5, 1, "five", &other), NEWEST_FIRST);
	ck_assert_ptr_null(other.key);
	ck_assert_int_eq(put(n, "b", 1, 2, "one", &other), NEWEST_FIRST);
	ck_assert_int_eq(put(n, "a", 4, 3, "four", &other), NEWEST_OLDER);
	ck_assert_uint_eq(other.line, 1);
	ck_assert_int_eq(put(n, "a", 5, 4, "again", &other), NEWEST_SAME);
	ck_assert_int_eq(put(n, "a", 6, 5, "", &other), NEWEST_REPLACED);
	ck_assert_uint_eq(other.line, 1);
	ck_assert_uint_eq(other.n, 4);
	ck_assert_int_eq(put(n, NULL, 0, 6, "x", &other), NEWEST_FIRST);
	ck_assert_int_eq(put(n, NULL, 0, 7, "x", &other), NEWEST_FIRST);
	ck_assert_int_eq(newest_each(n, say, NULL), 0);
	ck_assert_str_eq(said.data, "b/1/2=one a/6/5= -/0/6=x -/0/7=x ");
	buf_reset(&said);
	ck_assert_int_eq(newest_each(n, say, &left), 5);
	ck_assert_str_eq(said.data, "b/1/2=one a/6/5= ");
	buf_reset(&said);
	ck_assert_int_eq(newest_clear(n), 0);
	ck_assert_int_eq(newest_each(n, say, NULL), 0);
	ck_assert_str_eq(said.data, "");
	ck_assert_int_eq(put(n, "a", 1, 1, "", &other), NEWEST_FIRST);
	newest_free(n);
	buf_free(&said);
}
END_TEST

/* More than the cache holds. */
START_TEST(many_records_go_to_a_file)
{
	static char data[4096];
	struct newest *n = newest_new();
	struct newest_record other;
	char key[16];
	int i;

	ck_assert_ptr_nonnull(n);
	memset(data, 'x', sizeof(data) - 1);
	for (i = 0; i < 10000; i++) {
		snprintf(key, sizeof(key), "%d", i * 7919 % 5000);
		ck_assert_int_eq(put(n, key, i, 1, data, &other),
		    i < 5000 ? NEWEST_FIRST : NEWEST_REPLACED);
	}
	newest_free(n);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { of_each_key_the_newest_version_is_kept,
		many_records_go_to_a_file };

	return unit_run("newest", tests, COUNT(tests));
}
