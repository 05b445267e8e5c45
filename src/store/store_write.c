/* Changes of the store but imports. */
#include <stdio.h>
#include <string.h>

#include "store/store_rows.h"

ssize_t
store_remove(struct store *s, enum observable_type type, const char *value,
    const char *source, char error[STORE_ERROR_MAX])
{
	const struct store_row *row = NULL;
	uint64_t n = 0;
	int code;

	if ((code = store_rows_begin(s)) != SQLITE_OK)
		return db_error(s, code, error);
	if (source != NULL && (row = db_source_named(s, source)) == NULL)
		return db_no_source(s, source, error);
	code = store_rows_remove(s, type, value, row == NULL ? 0 : row->id, &n);
	if (code == SQLITE_OK)
		code = store_rows_commit(s);
	return code == SQLITE_OK ? (ssize_t)n : db_error(s, code, error);
}

ssize_t
store_remove_source(
    struct store *s, const char *source, char error[STORE_ERROR_MAX])
{
	/* The first one says how many records went. */
	static const enum store_sql steps[] = { SQL_REMOVE_SOURCE,
		SQL_REMOVE_TALLY, SQL_REMOVE_EXPIRY, SQL_SOURCE_REMOVE };
	const struct store_row *row;
	sqlite3_stmt *st;
	ssize_t n = 0;
	size_t i;
	int code;

	if ((code = store_rows_begin(s)) != SQLITE_OK)
		return db_error(s, code, error);
	if ((row = db_source_named(s, source)) == NULL)
		return db_no_source(s, source, error);
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if ((st = sqlite_statement(&s->db, steps[i], &code)) == NULL)
			break;
		sqlite3_bind_int64(st, 1, row->id);
		if ((code = sqlite_finish(st)) != SQLITE_OK)
			break;
		if (i == 0)
			n = sqlite3_changes(s->db.handle);
	}
	if (code == SQLITE_OK)
		code = store_rows_commit(s);
	return code == SQLITE_OK ? n : db_error(s, code, error);
}

int
store_source_set(struct store *s, const struct source *source, unsigned set,
    char error[STORE_ERROR_MAX])
{
	struct store_target t = { .source = source, .set = set };
	struct store_row is = { .source.title = source->name };
	const struct store_row *row;
	int code;

	if (store_rows_name(source->name, error) == -1)
		return -1;
	if ((code = store_rows_begin(s)) != SQLITE_OK)
		return db_error(s, code, error);
	row = db_source_named(s, source->name);
	if (row == NULL && (set & STORE_SET_MAKE) == 0)
		return db_no_source(s, source->name, error);
	if (row != NULL)
		is = *row;
	else if ((code = store_rows_target(s, &t)) == SQLITE_OK)
		is.id = t.id;
	if (code == SQLITE_OK)
		code = store_rows_source(s, &is, source, set);
	if (code == SQLITE_OK)
		code = store_rows_commit(s);
	return code == SQLITE_OK ? 0 : db_error(s, code, error);
}
