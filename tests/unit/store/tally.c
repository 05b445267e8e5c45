/* SPDX-License-Identifier: MIT */
/* The counts that the store keeps are those of its records, whatever was done
 * to these. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "store/store_action.h"
#include "store/store_write.h"
#include "tests/unit/unit.h"

#define NOW   1000000
#define STEPS 400

static char folder[64], path[128], error[STORE_ERROR_MAX];

static void
tally_begin(void)
{
	snprintf(folder, sizeof(folder), "/tmp/ctim-tally.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/intel.db", folder);
}

static void
tally_end(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
}

/* Numbers that are the same in every run. */
static unsigned
tally_random(unsigned below)
{
	static uint64_t x = 88172645463325252;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return (unsigned)(x % below);
}

static const char *const sources[] = { "a", "b", "c" };

static struct record
some_record(char value[64])
{
	static const enum observable_type types[] = { OBSERVABLE_IP,
		OBSERVABLE_DOMAIN, OBSERVABLE_MD5 };
	struct record r = { .type = types[tally_random(COUNT(types))],
		.value = value,
		.disposition = CTIM_CLEAN + (int)tally_random(5),
		.severity = CTIM_SEVERITY_LOW,
		.confidence = CTIM_SEVERITY_LOW,
		.tlp = CTIM_AMBER,
		.priority = 90 };

	snprintf(value, 64, "v%u", tally_random(40));
	/* None, at full hours, around them, and in many hours. */
	switch (tally_random(4)) {
	case 0:
		break;
	case 1:
		r.expires = 3600 * (1 + (int64_t)tally_random(600));
		break;
	case 2:
		r.expires = NOW + (int64_t)tally_random(7200) - 3600;
		break;
	case 3:
		r.expires = 1 + (int64_t)tally_random(2000000);
		break;
	}
	return r;
}

static void
some_import(struct store *s, const char *name)
{
	const struct source from = { .name = name };
	struct store_counts counts;
	char value[64];
	struct record r;
	unsigned i, n = 1 + tally_random(30);

	ck_assert_int_eq(store_import_begin(s, &from, 0, NOW, error), 0);
	for (i = 0; i < n; i++) {
		r = some_record(value);
		ck_assert_int_eq(store_import_add(s, &r, error), 0);
	}
	if (tally_random(5) == 0)
		store_import_cancel(s);
	else
		ck_assert_int_eq(
		    store_import_end(s, tally_random(2) == 0, &counts, error),
		    0);
}

static void
some_action(struct store *s, const char *name)
{
	const struct source from = { .name = name };
	char one[64], two[64];
	struct record a = some_record(one), b = some_record(two);
	const struct store_change changes[] = { { true, &from, 0, &a },
		{ false, &from, 0, &b } };
	const struct store_action action = { .at = NOW,
		.relay = "local",
		.who = "-",
		.action = "x",
		.type = a.type,
		.value = one,
		.status = "success" };

	ck_assert_int_eq(
	    store_act(s, changes, COUNT(changes), &action, NULL, error), 0);
}

static void
some_step(struct store *s)
{
	const char *name = sources[tally_random(COUNT(sources))];
	char value[64];
	struct record r = some_record(value);

	switch (tally_random(8)) {
	case 0:
		(void)store_remove(s, r.type, r.value, name, error);
		break;
	case 1:
		ck_assert_int_ge(
		    store_remove(s, r.type, r.value, NULL, error), 0);
		break;
	case 2:
		if (tally_random(4) == 0)
			(void)store_remove_source(s, name, error);
		break;
	case 3:
		some_action(s, name);
		break;
	default:
		some_import(s, name);
	}
}

/* What a statement selects, as text. */
static char *
selected(sqlite3 *db, const char *text)
{
	static char out[2][1 << 16];
	static int turn;
	char *to = out[turn ^= 1];
	sqlite3_stmt *st;
	size_t n = 0;
	int i;

	ck_assert_int_eq(
	    sqlite3_prepare_v2(db, text, -1, &st, NULL), SQLITE_OK);
	while (sqlite3_step(st) == SQLITE_ROW)
		for (i = 0; i < sqlite3_column_count(st); i++)
			n += (size_t)snprintf(to + n, sizeof(out[0]) - n,
			    "%lld ", (long long)sqlite3_column_int64(st, i));
	ck_assert_int_eq(sqlite3_finalize(st), SQLITE_OK);
	to[n] = '\0';
	return to;
}

static void
same_as_scanned(sqlite3 *db)
{
	ck_assert_str_eq(
	    selected(db,
		"SELECT source, type, disposition, n FROM tally ORDER BY 1, 2, "
		"3"),
	    selected(db,
		"SELECT source, type, disposition, count(*) FROM indicator "
		"GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"));
	ck_assert_str_eq(selected(db,
			     "SELECT source, hour, n FROM expiry ORDER BY 1, "
			     "2"),
	    selected(db,
		"SELECT source, (expires + 3599) / 3600 AS h, count(*) FROM "
		"indicator WHERE expires <> 0 GROUP BY 1, h ORDER BY 1, h"));
}

/* store_stats() counts exactly, at a full hour and between two. */
static void
same_as_told(struct store *s, sqlite3 *db, int64_t now)
{
	const struct store_count *c;
	uint64_t records = 0, expired = 0;
	char text[128], told[64];
	ssize_t i, n = store_stats(s, now, &c, error);

	ck_assert_msg(n >= 0, "%s", error);
	for (i = 0; i < n; i++) {
		records += c[i].records;
		expired += c[i].expired;
	}
	snprintf(told, sizeof(told), "%llu %llu ", (unsigned long long)records,
	    (unsigned long long)expired);
	snprintf(text, sizeof(text),
	    "SELECT count(*), count(*) FILTER (WHERE expires BETWEEN 1 AND "
	    "%lld) FROM indicator",
	    (long long)now);
	ck_assert_str_eq(told, selected(db, text));
}

START_TEST(counts_are_those_of_the_records)
{
	struct store *s;
	sqlite3 *db;
	int i;

	tally_begin();
	s = store_open(path, STORE_WRITE, error);
	ck_assert_msg(s != NULL, "%s", error);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	for (i = 0; i < STEPS; i++) {
		some_step(s);
		same_as_scanned(db);
		same_as_told(s, db, NOW);
		same_as_told(s, db, NOW - NOW % 3600);
		same_as_told(s, db, NOW - NOW % 3600 + 1);
	}
	sqlite3_close(db);
	store_close(s);
	tally_end();
}
END_TEST

/* More hours than wait in memory at a time. */
START_TEST(more_hours_than_wait)
{
	const struct source from = { .name = "many" };
	struct record r = { .type = OBSERVABLE_DOMAIN,
		.disposition = CTIM_CLEAN,
		.severity = CTIM_SEVERITY_LOW,
		.confidence = CTIM_SEVERITY_LOW,
		.tlp = CTIM_AMBER };
	struct store_counts counts;
	char value[64];
	struct store *s;
	sqlite3 *db;
	int i, way;

	tally_begin();
	s = store_open(path, STORE_WRITE, error);
	ck_assert_msg(s != NULL, "%s", error);
	for (way = 0; way < 2; way++) {
		ck_assert_int_eq(
		    store_import_begin(s, &from, 0, NOW, error), 0);
		for (i = 0; i < 40000; i++) {
			snprintf(value, sizeof(value), "v%d", i);
			r.value = value;
			r.expires = 3600 * ((int64_t)i + 1) + way;
			ck_assert_int_eq(store_import_add(s, &r, error), 0);
		}
		ck_assert_int_eq(store_import_end(s, true, &counts, error), 0);
		ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
		ck_assert_str_eq(
		    selected(db, "SELECT count(*), sum(n) FROM expiry"),
		    "40000 40000 ");
		sqlite3_close(db);
	}
	store_close(s);
	tally_end();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { counts_are_those_of_the_records,
		more_hours_than_wait };

	return unit_run("tally", tests, COUNT(tests));
}
