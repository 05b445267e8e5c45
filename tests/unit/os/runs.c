/* SPDX-License-Identifier: MIT */
#include <sys/resource.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "os/runs.h"
#include "tests/unit/unit.h"

#define EACH 700 /* records of a run */

static char record[RUNS_RECORD], last[RUNS_RECORD];
static size_t seen, stop;

static int
runs_test_compare(const void *a, const void *b)
{
	return memcmp(a, b, 8);
}

/* A record: a key of eight digits, which run it is of, and a tail whose length
 * and bytes follow from the key. */
static size_t
make(int key, int run)
{
	size_t n = (size_t)key % 50 == 0 ? RUNS_RECORD : 9 + (size_t)key % 97;

	snprintf(record, sizeof(record), "%08d%c", key, 'a' + run);
	memset(record + 9, key & 0xff, n - 9);
	return n;
}

static int
look(void *arg, const void *p)
{
	const char *r = p;
	int key = atoi(r);
	size_t n = make(key, r[8] - 'a');

	(void)arg;
	ck_assert_mem_eq(r, record, n);
	/* In order; of equal ones that of the older run first. */
	if (seen > 0)
		ck_assert_int_le(memcmp(last, r, 9), 0);
	memcpy(last, r, 9);
	return ++seen == stop ? 77 : 0;
}

static int
merged(struct runs *r, size_t end)
{
	seen = 0;
	stop = end;
	return runs_merge(r, runs_test_compare, look, NULL);
}

/* Adds a run, up to the first error. */
static int
add(struct runs *r, int run)
{
	size_t n;
	int i;

	for (i = 0; i < EACH; i++) {
		n = make(i * (run % 3 + 1), run);
		if (runs_add(r, record, n) == -1)
			return -1;
	}
	return runs_close(r);
}

START_TEST(runs_are_merged_in_order)
{
	struct runs *r = runs_new();
	int i;

	ck_assert_ptr_nonnull(r);
	ck_assert_int_eq(merged(r, 0), 0);
	ck_assert_uint_eq(seen, 0);
	for (i = 0; i < 7; i++)
		ck_assert_int_eq(add(r, i), 0);
	ck_assert_int_eq(runs_close(r), 0); /* an empty one */
	ck_assert_int_eq(merged(r, 0), 0);
	ck_assert_uint_eq(seen, 7 * EACH);
	/* They are gone then, and others may follow. */
	ck_assert_int_eq(merged(r, 0), 0);
	ck_assert_uint_eq(seen, 0);
	ck_assert_int_eq(add(r, 2), 0);
	ck_assert_int_eq(merged(r, 5), 77);
	ck_assert_uint_eq(seen, 5);
	runs_free(r);
	runs_free(NULL);
}
END_TEST

START_TEST(a_run_that_finds_no_room_is_taken_back)
{
	struct rlimit before, limit;
	struct runs *r = runs_new();

	ck_assert_ptr_nonnull(r);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(add(r, 0), 0);
	limit = before;
	limit.rlim_cur = 400000; /* a run and a half */
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(add(r, 1), -1);
	ck_assert_int_eq(errno, EFBIG);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
	ck_assert_int_eq(add(r, 2), 0);
	ck_assert_int_eq(merged(r, 0), 0);
	ck_assert_uint_eq(seen, 2 * EACH);
	runs_free(r);
}
END_TEST

START_TEST(without_a_folder_there_are_no_runs)
{
	ck_assert_int_eq(setenv("TMPDIR", "/nonexistent", 1), 0);
	ck_assert_ptr_null(runs_new());
	ck_assert_int_eq(errno, ENOENT);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { runs_are_merged_in_order,
		a_run_that_finds_no_room_is_taken_back,
		without_a_folder_there_are_no_runs };

	return unit_run("runs", tests, COUNT(tests));
}
