/* SPDX-License-Identifier: MIT */
#include "db/sql.h"

static int
sqlite_sql_statement(void *own, size_t which, void **stmt)
{
	int code;

	*stmt = sqlite_statement(own, which, &code);
	return code;
}

static void
sqlite_sql_bind_text(void *stmt, int parameter, const char *text)
{
	sqlite3_bind_text(stmt, parameter, text, -1, SQLITE_STATIC);
}

static void
sqlite_sql_bind_int(void *stmt, int parameter, int64_t n)
{
	sqlite3_bind_int64(stmt, parameter, n);
}

static int
sqlite_sql_step(void *stmt)
{
	return sqlite3_step(stmt);
}

static int
sqlite_sql_end(void *stmt, int code)
{
	return sqlite_end(stmt, code);
}

static int
sqlite_sql_type(void *stmt, int column)
{
	return sqlite3_column_type(stmt, column);
}

static const char *
sqlite_sql_text(void *stmt, int column)
{
	return (const char *)sqlite3_column_text(stmt, column);
}

static int64_t
sqlite_sql_integer(void *stmt, int column)
{
	return sqlite3_column_int64(stmt, column);
}

static int64_t
sqlite_sql_changes(void *own)
{
	return sqlite3_changes(((struct sqlite *)own)->handle);
}

static bool
sqlite_sql_busy(const void *own)
{
	return sqlite_busy(own);
}

static void
sqlite_sql_rollback(void *own)
{
	sqlite_rollback(own);
}

const struct sql_engine sqlite_sql = { .statement = sqlite_sql_statement,
	.bind_text = sqlite_sql_bind_text,
	.bind_int = sqlite_sql_bind_int,
	.advance = sqlite_sql_step,
	.end = sqlite_sql_end,
	.type = sqlite_sql_type,
	.text = sqlite_sql_text,
	.integer = sqlite_sql_integer,
	.changes = sqlite_sql_changes,
	.busy = sqlite_sql_busy,
	.rollback = sqlite_sql_rollback };
