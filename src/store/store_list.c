/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "ctim/indicator.h"
#include "store/store_db.h"
#include "store/store_write.h"

/* Reads the row of SQL_LIST. */
static int
store_list_record(struct store *s, struct sql_stmt *st, struct record *r)
{
	int type = sql_int(st, 15);
	const char *value;

	if (type < 0 || type >= OBSERVABLE_TYPES ||
	    sql_type(st, 14) != SQLITE_TEXT)
		return SQLITE_CORRUPT;
	value = sql_text(st, 14);
	return value == NULL ?
	    SQLITE_NOMEM :
	    db_record(s, st, (enum observable_type)type, value, r);
}

int
store_each(struct store *s, const struct store_filter *filter,
    int (*each)(void *, const struct record *), void *arg,
    char error[STORE_ERROR_MAX])
{
	const struct store_row *row = NULL;
	struct record r;
	struct sql_stmt *st = NULL;
	int code;

	if ((code = db_begin_read(s)) == SQLITE_OK &&
	    (code = db_networks(s)) == SQLITE_OK)
		st = sql_statement(&s->sql, SQL_LIST, &code);
	if (st == NULL)
		return db_error(s, code, error);
	if (filter->source != NULL &&
	    (row = db_source_named(s, filter->source)) == NULL)
		return db_no_source(s, filter->source, error);
	if (row != NULL)
		sql_bind(st, 1, row->id);
	if (filter->type != OBSERVABLE_UNKNOWN)
		sql_bind(st, 2, (int)filter->type);
	sql_bind(st, 3, filter->limit);
	while ((code = sql_step(st)) == SQLITE_ROW)
		if ((code = store_list_record(s, st, &r)) != SQLITE_OK ||
		    each(arg, &r) != 0)
			break;
	if ((code = sql_end(st, code)) == SQLITE_OK)
		code = sql_run(&s->sql, SQL_COMMIT);
	return code == SQLITE_OK ? 0 : db_error(s, code, error);
}

/* The figures of a source; NULL when there is no such source. */
static struct store_count *
store_list_count(struct store *s, int64_t source)
{
	const struct store_row *row = db_source(s, source);

	return row == NULL ? NULL : &s->counts[row - s->facts.rows];
}

/* Adds n records of a type and a disposition. */
static int
store_list_add(
    struct store *s, int64_t source, int type, int disposition, int64_t n)
{
	struct store_count *c = store_list_count(s, source);

	if (c == NULL || type < 0 || type >= OBSERVABLE_TYPES ||
	    disposition < CTIM_CLEAN || disposition > CTIM_UNKNOWN || n < 0)
		return SQLITE_CORRUPT;
	c->records += (uint64_t)n;
	c->types[type] += (uint64_t)n;
	c->dispositions[disposition] += (uint64_t)n;
	return SQLITE_OK;
}

/* Counts by going through all records, in a store that keeps no counts. */
static int
count_all(struct store *s, int64_t now)
{
	struct sql_stmt *st;
	int64_t source, expires;
	int code;

	if ((st = sql_statement(&s->sql, SQL_COUNT, &code)) == NULL)
		return code;
	while ((code = sql_step(st)) == SQLITE_ROW) {
		source = sql_int64(st, 0);
		expires = sql_int64(st, 3);
		if ((code = store_list_add(s, source, sql_int(st, 1),
			 sql_int(st, 2), 1)) != SQLITE_OK)
			break;
		if (expires != 0 && expires <= now)
			store_list_count(s, source)->expired++;
	}
	return sql_end(st, code);
}

/* Adds the numbers of expired records that a statement with parameters a and b
 * tells for each source. */
static int
count_expired(struct store *s, enum store_sql which, int64_t a, int64_t b)
{
	struct store_count *c;
	struct sql_stmt *st;
	int code;

	if ((st = sql_statement(&s->sql, which, &code)) == NULL)
		return code;
	sql_bind(st, 1, a);
	if (which == SQL_EXPIRED)
		sql_bind(st, 2, b);
	while ((code = sql_step(st)) == SQLITE_ROW) {
		c = store_list_count(s, sql_int64(st, 0));
		if (c == NULL || sql_int64(st, 1) < 0) {
			code = SQLITE_CORRUPT;
			break;
		}
		c->expired += (uint64_t)sql_int64(st, 1);
	}
	return sql_end(st, code);
}

/* Whether any record expires in this hour. */
static int
some_expire(struct store *s, int64_t hour, bool *some)
{
	struct sql_stmt *st;
	int code;

	if ((st = sql_statement(&s->sql, SQL_EXPIRING, &code)) == NULL)
		return code;
	sql_bind(st, 1, hour);
	code = sql_step(st);
	*some = code == SQLITE_ROW;
	return sql_end(st, code);
}

/* Counts the expired records of all sources. */
static int
count_all_expired(struct store *s, int64_t now)
{
	int64_t hour = now / STORE_HOUR;
	bool some = false;
	int code = count_expired(s, SQL_EXPIRIES, hour, 0);

	if (code == SQLITE_OK && now % STORE_HOUR != 0)
		code = some_expire(s, hour + 1, &some);
	return code == SQLITE_OK && some ?
	    count_expired(s, SQL_EXPIRED, hour * STORE_HOUR, now) :
	    code;
}

/* Counts by the counts that are kept. */
static int
count_kept(struct store *s)
{
	struct sql_stmt *st;
	int code;

	if ((st = sql_statement(&s->sql, SQL_TALLIES, &code)) == NULL)
		return code;
	while ((code = sql_step(st)) == SQLITE_ROW)
		if ((code = store_list_add(s, sql_int64(st, 0), sql_int(st, 1),
			 sql_int(st, 2), sql_int64(st, 3))) != SQLITE_OK)
			break;
	return sql_end(st, code);
}

static int
by_name(const void *a, const void *b)
{
	const struct store_count *x = a, *y = b;

	return strcmp(x->source.name, y->source.name);
}

int
store_tally_read(struct store *s, int64_t now, bool expired)
{
	size_t i, n = s->facts.n;
	int code;

	free(s->counts);
	if ((s->counts = calloc(n + 1, sizeof(*s->counts))) == NULL)
		return SQLITE_NOMEM;
	for (i = 0; i < n; i++) {
		s->counts[i].source = s->facts.rows[i].source;
		s->counts[i].imported = s->facts.rows[i].imported;
	}
	if (s->format != STORE_FORMAT)
		code = count_all(s, now);
	else if ((code = count_kept(s)) == SQLITE_OK && expired)
		code = count_all_expired(s, now);
	if (code == SQLITE_OK)
		qsort(s->counts, n, sizeof(*s->counts), by_name);
	return code;
}

ssize_t
store_stats(struct store *s, int64_t now, const struct store_count **counts,
    char error[STORE_ERROR_MAX])
{
	int code;

	if ((code = db_begin_read(s)) == SQLITE_OK &&
	    (code = db_networks(s)) == SQLITE_OK)
		code = store_tally_read(s, now, true);
	if (code == SQLITE_OK)
		code = sql_run(&s->sql, SQL_COMMIT);
	if (code != SQLITE_OK)
		return db_error(s, code, error);
	*counts = s->counts;
	return (ssize_t)s->facts.n;
}
