/* SPDX-License-Identifier: MIT */
/* What tiles show of a store, on a played clock. */
#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include "figures/figures.h"
#include "tests/unit/unit.h"

#define HOUR 3600
#define DAY  86400
#define NOW  (INT64_C(1700006400) + 12 * HOUR) /* 12:00 of a day of UTC */

static char folder[64], path[128], error[STORE_ERROR_MAX];

static struct store *
figures_begin(void)
{
	struct store *s;

	snprintf(folder, sizeof(folder), "/tmp/ctim-figures.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/intel.db", folder);
	s = store_open(path, STORE_WRITE, error);
	ck_assert_msg(s != NULL, "%s", error);
	return s;
}

static void
figures_end(struct store *s)
{
	char command[128];

	store_close(s);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
}

/* Adds an address that expires. */
static void
add(struct store *s, const char *value, int64_t expires)
{
	const struct source source = { .name = "feed", .title = "Feed" };
	const struct record r = { .type = OBSERVABLE_IP,
		.value = value,
		.disposition = CTIM_MALICIOUS,
		.severity = CTIM_SEVERITY_HIGH,
		.confidence = CTIM_SEVERITY_HIGH,
		.tlp = CTIM_AMBER,
		.expires = expires };
	const struct store_change c = { .source = &source, .record = &r };
	const struct store_action a = { .at = NOW,
		.relay = "local",
		.who = "someone",
		.action = "add",
		.type = OBSERVABLE_IP,
		.value = value,
		.status = "success" };

	ck_assert_msg(store_act(s, &c, 1, &a, NULL, error) == 0, "%s", error);
}

static uint64_t
expired(struct store *s, int64_t since, int64_t now)
{
	struct figures f;
	uint64_t n;

	ck_assert_msg(
	    figures_read(s, FIGURES_EXPIRED, since, now, &f, error) == 0, "%s",
	    error);
	n = f.expired;
	figures_free(&f);
	return n;
}

START_TEST(what_expires_is_counted_when_its_hour_has_ended)
{
	struct store *s = figures_begin();

	add(s, "192.0.2.1", NOW);            /* the end of the hour 11 */
	add(s, "192.0.2.2", NOW + 1);        /* in the hour 12 */
	add(s, "192.0.2.3", NOW + HOUR - 1); /* the same */
	add(s, "192.0.2.4", 0);              /* never */
	ck_assert_uint_eq(expired(s, NOW - HOUR - 1, NOW - 1), 0);
	ck_assert_uint_eq(expired(s, NOW - HOUR, NOW), 1);
	ck_assert_uint_eq(expired(s, NOW - 1, NOW + HOUR - 1), 1);
	ck_assert_uint_eq(expired(s, NOW, NOW + HOUR), 2);
	ck_assert_uint_eq(expired(s, NOW - DAY, NOW + DAY), 3);
	/* No two hours in a row count one twice. */
	ck_assert_uint_eq(expired(s, NOW + HOUR, NOW + 2 * HOUR), 0);
	figures_end(s);
}
END_TEST

/* Runs SQL beside the store. */
static void
figures_sql(const char *text)
{
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

START_TEST(the_audit_is_looked_at_up_to_a_limit)
{
	struct store *s = figures_begin();
	struct figures f;

	figures_sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1"
		    " FROM n WHERE i < 9999) INSERT INTO action(at, relay, who,"
		    " action, type, value, status) SELECT 1700000000 + i, 'r',"
		    " 'w', 'a', 2, '192.0.2.1', 'success' FROM n");
	ck_assert_int_eq(figures_read(s, FIGURES_ACTED, 0, NOW, &f, error), 0);
	ck_assert_uint_eq(f.acted, 9999);
	ck_assert(!f.acted_more);
	figures_free(&f);
	figures_sql("INSERT INTO action(at, relay, who, action, type, value,"
		    " status) VALUES(1700020000, 'r', 'w', 'a', 2, 'x',"
		    " 'failure'), (1700020001, 'r', 'w', 'a', 2, 'x', "
		    "'failure')");
	ck_assert_int_eq(
	    figures_read(s, FIGURES_ACTED | FIGURES_ACTIONS, 0, NOW, &f, error),
	    0);
	ck_assert_uint_eq(f.acted, 9998);
	ck_assert(f.acted_more);
	ck_assert_uint_eq(f.n_actions, FIGURES_ROWS);
	ck_assert_int_eq(f.actions[0].at, 1700020001);
	figures_free(&f);
	/* A period that has fewer than were looked at says how many. */
	ck_assert_int_eq(figures_read(s, FIGURES_ACTED | FIGURES_ACTIONS,
			     1700009998, NOW, &f, error),
	    0);
	ck_assert_uint_eq(f.acted, 2);
	ck_assert(!f.acted_more);
	ck_assert_uint_eq(f.n_actions, 4);
	figures_free(&f);
	figures_end(s);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		what_expires_is_counted_when_its_hour_has_ended,
		the_audit_is_looked_at_up_to_a_limit
	};

	return unit_run("figures", tests, COUNT(tests));
}
