/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "figures/matched.h"
#include "store/store_db.h"

#define DAY 86400 /* seconds */

int
matched_begin(struct store *s, int wait, char error[STORE_ERROR_MAX])
{
	int code;

	if (s->format != STORE_FORMAT) {
		snprintf(error, STORE_ERROR_MAX,
		    "%s: the store is of an older format, which the next "
		    "import brings to this one",
		    s->path);
		return -1;
	}
	s->backend->patience(s, wait);
	/* The last minute before a loss of power may be missing: no match is worth
	 * a wait for the disk. */
	code = s->backend->begin(s, false);
	if ((code & 0xff) == SQLITE_BUSY)
		return 1;
	return code == SQLITE_OK ? 0 : db_error(s, code, error);
}

int
matched_add(
    struct store *s, const struct matched *m, char error[STORE_ERROR_MAX])
{
	bool value = m->kind == MATCHES_VALUE;
	struct sql_stmt *st;
	int code;

	st = sql_statement(
	    &s->sql, value ? SQL_MATCHED_VALUE : SQL_MATCHED, &code);
	if (st == NULL)
		return db_error(s, code, error);
	sql_bind(st, 1, m->when);
	sql_bind_text(st, 2, m->source);
	sql_bind(st, 3, m->what);
	sql_bind(st, 4, (int64_t)m->n);
	if (value)
		sql_bind_text(st, 5, m->value);
	code = sql_finish(st);
	return code == SQLITE_OK ? 0 : db_error(s, code, error);
}

/* Runs a statement about a day or an hour, of which so many rows stay. */
static int
matched_run(struct store *s, enum store_sql which, int64_t when, int keep)
{
	struct sql_stmt *st;
	int code;

	if ((st = sql_statement(&s->sql, which, &code)) == NULL)
		return code;
	sql_bind(st, 1, when);
	if (keep != -1)
		sql_bind(st, 2, keep);
	return sql_finish(st);
}

/* Leaves a day so many observables, those matched most; when it has at most
 * twice as many, that is for later. */
static int
matched_cut(struct store *s, int64_t day, int keep)
{
	struct sql_stmt *st;
	int64_t rows = 0;
	int code;

	if ((st = sql_statement(&s->sql, SQL_MATCHED_ROWS, &code)) == NULL)
		return code;
	sql_bind(st, 1, day);
	if ((code = sql_step(st)) == SQLITE_ROW)
		rows = sql_int64(st, 0);
	if ((code = sql_end(st, code)) != SQLITE_OK || rows <= 2 * keep)
		return code;
	if ((code = matched_run(s, SQL_MATCHED_OTHERS, day, keep)) == SQLITE_OK)
		code = matched_run(s, SQL_MATCHED_CUT, day, keep);
	return code;
}

int
matched_end(struct store *s, int64_t now, char error[STORE_ERROR_MAX])
{
	int64_t day = now / DAY;
	int code;

	code = matched_run(
	    s, SQL_MATCHED_OLD, (day - MATCHED_DAYS) * (DAY / STORE_HOUR), -1);
	if (code == SQLITE_OK)
		code = matched_run(
		    s, SQL_MATCHED_VALUE_OLD, day - MATCHED_DAYS, -1);
	if (code == SQLITE_OK)
		code = matched_cut(s, day, MATCHED_TODAY);
	if (code == SQLITE_OK)
		code = matched_cut(s, day - 1, MATCHED_BEFORE);
	if (code == SQLITE_OK)
		code = s->backend->commit(s);
	return code == SQLITE_OK ? 0 : db_error(s, code, error);
}
