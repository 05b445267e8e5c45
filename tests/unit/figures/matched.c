/* SPDX-License-Identifier: MIT */
/* Matches in the store, on a played clock: hours, days, 31 of these. */
#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include "figures/figures.h"
#include "figures/matched.h"
#include "tests/unit/unit.h"

#define HOUR     3600
#define DAY      86400
#define MIDNIGHT INT64_C(1700006400)

static char folder[64], path[128], error[STORE_ERROR_MAX];

static struct store *
matched_store(void)
{
	struct store *s;

	snprintf(folder, sizeof(folder), "/tmp/ctim-matched.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/intel.db", folder);
	s = store_open(path, STORE_WRITE, error);
	ck_assert_msg(s != NULL, "%s", error);
	store_close(s);
	s = store_open(path, STORE_ADD, error);
	ck_assert_msg(s != NULL, "%s", error);
	return s;
}

static void
matched_stop(struct store *s)
{
	char command[128];

	store_close(s);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
}

/* Adds n matches of a value at a time, as they are taken at now. */
static void
add(struct store *s, int64_t at, const char *value, int disposition, uint64_t n,
    int64_t now)
{
	const struct matched hour = { .kind = MATCHES_SOURCE,
		.when = at / HOUR,
		.what = disposition,
		.value = "",
		.source = "feed",
		.n = n };
	const struct matched day = { .kind = MATCHES_VALUE,
		.when = at / DAY,
		.what = OBSERVABLE_IP,
		.value = value,
		.source = "feed",
		.n = n };

	ck_assert_msg(matched_begin(s, 1000, error) == 0, "%s", error);
	ck_assert_msg(matched_add(s, &hour, error) == 0, "%s", error);
	ck_assert_msg(matched_add(s, &day, error) == 0, "%s", error);
	ck_assert_msg(matched_end(s, now, error) == 0, "%s", error);
}

/* The matches of a disposition in each bin of the period that ends at now. */
static const char *
bins(struct store *s, int64_t period, int64_t now, int disposition)
{
	static char text[1024];
	struct figures f;
	size_t i;

	ck_assert_msg(
	    figures_read(s, FIGURES_MATCHED, now - period, now, &f, error) == 0,
	    "%s", error);
	text[0] = '\0';
	for (i = 0; i < f.bins; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "%llu ", (unsigned long long)f.matched[i][disposition]);
	figures_free(&f);
	return text;
}

START_TEST(hours_and_days_are_those_of_the_clock)
{
	struct store *s = matched_store();
	int64_t now = MIDNIGHT + 30 * 60;

	add(s, MIDNIGHT - 1, "192.0.2.1", CTIM_MALICIOUS, 3, now);
	add(s, MIDNIGHT, "192.0.2.1", CTIM_MALICIOUS, 5, now);
	add(s, now, "192.0.2.2", CTIM_CLEAN, 7, now);
	ck_assert_str_eq(bins(s, HOUR, now, CTIM_MALICIOUS), "3 5 ");
	ck_assert_str_eq(bins(s, HOUR, now, CTIM_CLEAN), "0 7 ");
	/* The next hour has no more of the one before midnight. */
	ck_assert_str_eq(bins(s, HOUR, now + HOUR, CTIM_MALICIOUS), "5 0 ");
	/* A period from midnight to midnight has a part of two days at most. */
	ck_assert_str_eq(
	    bins(s, 7 * DAY, now, CTIM_MALICIOUS), "0 0 0 0 0 0 3 5 ");
	ck_assert_str_eq(
	    bins(s, 7 * DAY, MIDNIGHT - 1, CTIM_MALICIOUS), "0 0 0 0 0 0 0 3 ");
	ck_assert_uint_eq(strlen(bins(s, DAY, now, CTIM_MALICIOUS)), 2 * 25);
	ck_assert_uint_eq(
	    strlen(bins(s, 30 * DAY, now, CTIM_MALICIOUS)), 2 * 31);
	matched_stop(s);
}
END_TEST

START_TEST(thirty_one_days_are_kept)
{
	struct store *s = matched_store();
	struct figures f;
	int64_t now = MIDNIGHT + 31 * DAY;

	add(s, MIDNIGHT - 1, "192.0.2.1", CTIM_MALICIOUS, 1, MIDNIGHT);
	add(s, MIDNIGHT, "192.0.2.2", CTIM_MALICIOUS, 2, now - 1);
	ck_assert_int_eq(figures_read(s, FIGURES_TOP, 0, now, &f, error), 0);
	ck_assert_uint_eq(f.n_top, 2);
	figures_free(&f);
	add(s, now, "192.0.2.3", CTIM_MALICIOUS, 4, now);
	ck_assert_int_eq(figures_read(s, FIGURES_TOP, 0, now, &f, error), 0);
	ck_assert_uint_eq(f.n_top, 2);
	ck_assert_str_eq(f.top[0].value, "192.0.2.3");
	ck_assert_str_eq(f.top[1].value, "192.0.2.2");
	figures_free(&f);
	ck_assert_str_eq(bins(s, 60 * DAY, now, CTIM_MALICIOUS) + 2 * 28,
	    "0 2 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 "
	    "4 ");
	matched_stop(s);
}
END_TEST

/* Adds many values of one day: the i-th is matched i times. */
static void
add_many(struct store *s, int64_t at, int n)
{
	struct matched m = { .kind = MATCHES_VALUE,
		.when = at / DAY,
		.what = OBSERVABLE_IP,
		.source = "feed" };
	char value[32];
	int i;

	ck_assert_int_eq(matched_begin(s, 1000, error), 0);
	for (i = 1; i <= n; i++) {
		snprintf(value, sizeof(value), "v%d", i);
		m.value = value;
		m.n = (uint64_t)i;
		ck_assert_int_eq(matched_add(s, &m, error), 0);
	}
	ck_assert_int_eq(matched_end(s, at, error), 0);
}

/* All matches of all values, and the number of values. */
static uint64_t
total(int *rows)
{
	sqlite3_stmt *st;
	sqlite3 *db;
	uint64_t n;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_prepare_v2(db,
			     "SELECT sum(n), count(nullif(value, '')) FROM "
			     "matched_value",
			     -1, &st, NULL),
	    SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(st), SQLITE_ROW);
	n = (uint64_t)sqlite3_column_int64(st, 0);
	*rows = sqlite3_column_int(st, 1);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return n;
}

START_TEST(a_day_keeps_what_was_matched_most)
{
	const uint64_t all = 3000 * 3001 / 2;
	struct store *s = matched_store();
	struct figures f;
	int rows;

	add_many(s, MIDNIGHT, 3000);
	ck_assert_uint_eq(total(&rows), all);
	ck_assert_int_eq(rows, MATCHED_TODAY);
	/* Over, it keeps fewer; the others are told. */
	add(s, MIDNIGHT + DAY, "192.0.2.1", CTIM_CLEAN, 1, MIDNIGHT + DAY);
	ck_assert_uint_eq(total(&rows), all + 1);
	ck_assert_int_eq(rows, MATCHED_BEFORE + 1);
	ck_assert_int_eq(
	    figures_read(s, FIGURES_TOP, MIDNIGHT, MIDNIGHT, &f, error), 0);
	ck_assert_str_eq(f.top[0].value, "v3000");
	ck_assert_uint_eq(f.top[9].n, 2991);
	ck_assert_uint_eq(f.others, (uint64_t)2800 * 2801 / 2);
	figures_free(&f);
	matched_stop(s);
}
END_TEST

START_TEST(a_store_of_another_format_is_left_alone)
{
	struct store *s = matched_store();
	sqlite3 *db;

	store_close(s);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(
	    sqlite3_exec(db, "PRAGMA user_version = 1", NULL, NULL, NULL),
	    SQLITE_OK);
	sqlite3_close(db);
	s = store_open(path, STORE_ADD, error);
	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(matched_begin(s, 0, error), -1);
	ck_assert_ptr_nonnull(strstr(error, "older format"));
	matched_stop(s);
	/* One that is not there is not made. */
	ck_assert_ptr_null(store_open(path, STORE_ADD, error));
}
END_TEST

START_TEST(another_that_writes_is_told_apart)
{
	struct store *s = matched_store();
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(
	    sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(matched_begin(s, 10, error), 1);
	sqlite3_close(db);
	ck_assert_int_eq(matched_begin(s, 10, error), 0);
	ck_assert_int_eq(matched_end(s, MIDNIGHT, error), 0);
	matched_stop(s);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { hours_and_days_are_those_of_the_clock,
		thirty_one_days_are_kept, a_day_keeps_what_was_matched_most,
		a_store_of_another_format_is_left_alone,
		another_that_writes_is_told_apart };

	return unit_run("matched", tests, COUNT(tests));
}
