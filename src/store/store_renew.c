/* SPDX-License-Identifier: MIT */
/* URLs of an older store get the spelling under which they are looked up now. */
#include <stddef.h>
#include <string.h>

#include "ctim/indicator.h"
#include "store/store_db.h"

#define NONE   SIZE_MAX
#define AT(of) offsetof(struct store_renewed, of)
#define IS_URL "i.type = ?1 AND i.value = r.value AND i.source = r.source"

/*
 * The steps, and what each counts.  The work table has the URLs whose spelling
 * is another now, and beside them what has that spelling already.  Of those that
 * become one record of one source stays the one that counts more for a verdict
 * (providers/local.c).
 */
static const struct {
	const char *text;
	size_t counts; /* offset in struct store_renewed; NONE */
} renew_steps[] = {
	{ "CREATE TEMP TABLE renewed(value TEXT, source INTEGER, now TEXT)",
	    NONE },
	{ "INSERT INTO renewed SELECT value, source, url_now(value)"
	  " FROM indicator WHERE type = ?1 AND url_now(value) IS NOT value",
	    NONE },
	{ "INSERT INTO renewed SELECT DISTINCT i.value, i.source, i.value"
	  " FROM renewed AS r CROSS JOIN indicator AS i"
	  " WHERE i.type = ?1 AND i.value = r.now AND i.source = r.source",
	    NONE },
	{ "DELETE FROM indicator WHERE type = ?1 AND (value, source) IN"
	  " (SELECT value, source FROM (SELECT r.value, r.source,"
	  " row_number() OVER (PARTITION BY r.now, r.source ORDER BY"
	  " i.priority DESC, i.disposition,"
	  " max(i.first_seen, i.last_seen) DESC, i.imported DESC, i.value)"
	  " AS place FROM renewed AS r CROSS JOIN indicator AS i"
	  " WHERE r.now IS NOT NULL AND " IS_URL ") WHERE place > 1)",
	    AT(merged) },
	{ "UPDATE indicator AS i SET value = r.now FROM renewed AS r"
	  " WHERE " IS_URL " AND r.now IS NOT NULL AND r.now <> r.value",
	    AT(renewed) },
	{ "UPDATE renewed SET now = '' WHERE now IS NULL", AT(unable) },
	{ "DROP TABLE renewed", NONE }
};

/* url_now(value): its present normal form, NULL when there is none. */
static void
renew_function(sqlite3_context *to, int n, sqlite3_value **value)
{
	const char *text = (const char *)sqlite3_value_text(value[0]);
	char now[INDICATOR_MAX + 1];

	(void)n;
	if (text != NULL && indicator_normalise(OBSERVABLE_URL, text, now) == 0)
		sqlite3_result_text(to, now, -1, SQLITE_TRANSIENT);
	else
		sqlite3_result_null(to);
}

static int
renew_step(sqlite3 *db, const char *text)
{
	sqlite3_stmt *st;
	int code = sqlite3_prepare_v2(db, text, -1, &st, NULL);

	if (code != SQLITE_OK)
		return code;
	if (sqlite3_bind_parameter_count(st) == 1)
		sqlite3_bind_int(st, 1, OBSERVABLE_URL);
	sqlite3_step(st);
	return sqlite3_finalize(st);
}

int
store_renew(sqlite3 *db, struct store_renewed *counts)
{
	const int form = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY;
	int code;
	size_t i;

	memset(counts, 0, sizeof(*counts));
	code = sqlite3_create_function(
	    db, "url_now", 1, form, NULL, renew_function, NULL, NULL);
	for (i = 0; i < sizeof(renew_steps) / sizeof(renew_steps[0]) &&
	     code == SQLITE_OK;
	     i++) {
		code = renew_step(db, renew_steps[i].text);
		if (renew_steps[i].counts != NONE)
			*(int *)((char *)counts + renew_steps[i].counts) =
			    sqlite3_changes(db);
	}
	return code;
}
