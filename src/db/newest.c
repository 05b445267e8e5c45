/* SPDX-License-Identifier: MIT */
#include <stdlib.h>

#include "db/newest.h"
#include "db/sqlite.h"

enum { NEWEST_FIND = SQL_OWN, NEWEST_ADD, NEWEST_ALL, NEWEST_CLEAR };

static const char *const newest_statements[SQL_MOST] = {
	[NEWEST_FIND] =
	    "SELECT version, line, length(data) FROM kept WHERE key = ?1",
	/* The record that is replaced gives its place up. */
	[NEWEST_ADD] = "INSERT OR REPLACE INTO kept (key, version, line, data) "
		       "VALUES (?1, ?2, ?3, ?4)",
	[NEWEST_ALL] = "SELECT key, version, line, data FROM kept ORDER BY n",
	[NEWEST_CLEAR] = "DELETE FROM kept"
};

/* Nobody reads the file after a crash, so nothing in it is synced. */
static const char newest_schema[] =
    "PRAGMA synchronous = OFF; PRAGMA temp_store = FILE;"
    "PRAGMA cache_size = -8192;" /* kilobytes */
    "CREATE TABLE kept (n INTEGER PRIMARY KEY, key TEXT UNIQUE, "
    "version INTEGER, line INTEGER, data BLOB);"
    "BEGIN";

struct newest {
	struct sqlite db;
};

struct newest *
newest_new(void)
{
	struct newest *n = calloc(1, sizeof(*n));

	if (n == NULL)
		return NULL;
	n->db.text = newest_statements;
	if (sqlite_open(&n->db, "", true) == SQLITE_OK &&
	    sqlite_exec(&n->db, newest_schema) == SQLITE_OK)
		return n;
	newest_free(n);
	return NULL;
}

void
newest_free(struct newest *n)
{
	if (n == NULL)
		return;
	sqlite_close(&n->db);
	free(n);
}

/* Looks for another record of the key.  Returns an SQLite code. */
static int
newest_find(struct newest *n, const char *key, struct newest_record *other)
{
	int code;
	sqlite3_stmt *st = sqlite_statement(&n->db, NEWEST_FIND, &code);

	if (st == NULL)
		return code;
	if ((code = sqlite3_bind_text(st, 1, key, -1, SQLITE_STATIC)) ==
		SQLITE_OK &&
	    (code = sqlite3_step(st)) == SQLITE_ROW) {
		other->key = key;
		other->version = sqlite3_column_int64(st, 0);
		other->line = (uint64_t)sqlite3_column_int64(st, 1);
		other->n = (size_t)sqlite3_column_int64(st, 2);
	}
	return sqlite_end(st, code);
}

static int
newest_add(struct newest *n, const struct newest_record *r)
{
	int code;
	sqlite3_stmt *st = sqlite_statement(&n->db, NEWEST_ADD, &code);

	if (st == NULL)
		return code;
	if ((r->key == NULL || /* unbound is null */
		(code = sqlite3_bind_text(st, 1, r->key, -1, SQLITE_STATIC)) ==
		    SQLITE_OK) &&
	    (code = sqlite3_bind_int64(st, 2, r->version)) == SQLITE_OK &&
	    (code = sqlite3_bind_int64(st, 3, (int64_t)r->line)) == SQLITE_OK &&
	    (code = sqlite3_bind_blob64(st, 4, r->n == 0 ? "" : r->data, r->n,
		 SQLITE_STATIC)) == SQLITE_OK)
		return sqlite_finish(st);
	return sqlite_end(st, code);
}

enum newest_put
newest_put(struct newest *n, const struct newest_record *r,
    struct newest_record *other)
{
	*other = (struct newest_record){ .key = NULL };
	if (r->key != NULL && newest_find(n, r->key, other) != SQLITE_OK)
		return NEWEST_FAILED;
	if (other->key != NULL && other->version == r->version)
		return NEWEST_SAME;
	if (other->key != NULL && other->version > r->version)
		return NEWEST_OLDER;
	if (newest_add(n, r) != SQLITE_OK)
		return NEWEST_FAILED;
	return other->key == NULL ? NEWEST_FIRST : NEWEST_REPLACED;
}

int
newest_each(struct newest *n,
    int (*each)(void *arg, const struct newest_record *), void *arg)
{
	struct newest_record r;
	int code, result = 0;
	sqlite3_stmt *st = sqlite_statement(&n->db, NEWEST_ALL, &code);

	if (st == NULL)
		return -1;
	while (result == 0 && (code = sqlite3_step(st)) == SQLITE_ROW) {
		r.key = (const char *)sqlite3_column_text(st, 0);
		r.version = sqlite3_column_int64(st, 1);
		r.line = (uint64_t)sqlite3_column_int64(st, 2);
		r.data = sqlite3_column_blob(st, 3);
		r.n = (size_t)sqlite3_column_bytes(st, 3);
		result = each(arg, &r);
	}
	if (sqlite_end(st, code) != SQLITE_OK)
		return -1;
	return result;
}

int
newest_clear(struct newest *n)
{
	return sqlite_run(&n->db, NEWEST_CLEAR) == SQLITE_OK ? 0 : -1;
}

const char *
newest_error(const struct newest *n)
{
	return sqlite3_errmsg(n->db.handle);
}
