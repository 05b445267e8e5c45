#include <stdlib.h>
#include <string.h>

#include "ctim/indicator.h"
#include "store/store_db.h"
#include "store/store_write.h"

int
store_each(struct store *s, const struct store_filter *filter,
    int (*each)(void *, const struct record *), void *arg,
    char error[STORE_ERROR_MAX])
{
	const struct store_row *row = NULL;
	struct record r;
	sqlite3_stmt *st = NULL;
	int code;

	if ((code = db_begin_read(s)) == SQLITE_OK)
		st = sqlite_statement(&s->db, SQL_LIST, &code);
	if (st == NULL)
		return db_error(s, code, error);
	if (filter->source != NULL &&
	    (row = db_source_named(s, filter->source)) == NULL)
		return db_no_source(s, filter->source, error);
	if (row != NULL)
		sqlite3_bind_int64(st, 1, row->id);
	if (filter->type != OBSERVABLE_UNKNOWN)
		sqlite3_bind_int(st, 2, (int)filter->type);
	sqlite3_bind_int64(st, 3, filter->limit);
	while ((code = sqlite3_step(st)) == SQLITE_ROW)
		if ((code = db_record(s, st, &r)) != SQLITE_OK ||
		    each(arg, &r) != 0)
			break;
	if ((code = sqlite_end(st, code)) == SQLITE_OK)
		code = sqlite_run(&s->db, SQL_COMMIT);
	return code == SQLITE_OK ? 0 : db_error(s, code, error);
}

static int
count(struct store *s, int64_t now)
{
	struct store_count *c;
	sqlite3_stmt *st;
	const struct store_row *row;
	int64_t expires;
	int code, type, disposition;

	if ((st = sqlite_statement(&s->db, SQL_COUNT, &code)) == NULL)
		return code;
	while ((code = sqlite3_step(st)) == SQLITE_ROW) {
		row = db_source(s, sqlite3_column_int64(st, 0));
		type = sqlite3_column_int(st, 1);
		disposition = sqlite3_column_int(st, 2);
		expires = sqlite3_column_int64(st, 3);
		if (row == NULL || !indicator_type(type) ||
		    disposition < CTIM_CLEAN || disposition > CTIM_UNKNOWN) {
			code = SQLITE_CORRUPT;
			break;
		}
		c = &s->counts[row - s->facts.rows];
		c->records++;
		c->types[type]++;
		c->dispositions[disposition]++;
		if (expires != 0 && expires <= now)
			c->expired++;
	}
	return sqlite_end(st, code);
}

static int
by_name(const void *a, const void *b)
{
	const struct store_count *x = a, *y = b;

	return strcmp(x->source.name, y->source.name);
}

ssize_t
store_stats(struct store *s, int64_t now, const struct store_count **counts,
    char error[STORE_ERROR_MAX])
{
	size_t i, n;
	int code;

	if ((code = db_begin_read(s)) != SQLITE_OK)
		return db_error(s, code, error);
	n = s->facts.n;
	free(s->counts);
	if ((s->counts = calloc(n + 1, sizeof(*s->counts))) == NULL)
		return db_error(s, SQLITE_NOMEM, error);
	for (i = 0; i < n; i++) {
		s->counts[i].source = s->facts.rows[i].source;
		s->counts[i].imported = s->facts.rows[i].imported;
	}
	if ((code = count(s, now)) == SQLITE_OK)
		code = sqlite_run(&s->db, SQL_COMMIT);
	if (code != SQLITE_OK)
		return db_error(s, code, error);
	qsort(s->counts, n, sizeof(*s->counts), by_name);
	*counts = s->counts;
	return (ssize_t)n;
}
