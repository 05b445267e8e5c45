/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "ctim/ctim.h"
#include "store/store_db.h"
#include "store/store_tally.h"

#define CELLS (16U << 10) /* a power of two; at most half of them are used */

/* A change that waits.  key is an hour, or -1 minus type and disposition. */
struct store_tally_cell {
	int64_t source, key;
	int64_t n;
	bool used;
};

int64_t
store_tally_hour(int64_t when)
{
	return when / STORE_HOUR + (when % STORE_HOUR != 0);
}

void
store_tally_reset(struct store *s)
{
	if (s->tally.cells != NULL && s->tally.used != 0)
		memset(s->tally.cells, 0, CELLS * sizeof(*s->tally.cells));
	s->tally.used = 0;
}

static struct store_tally_cell *
store_tally_find(struct store_tally *t, int64_t source, int64_t key)
{
	uint64_t h = (uint64_t)source * UINT64_C(0x9e3779b97f4a7c15) ^
	    (uint64_t)key * UINT64_C(0xbf58476d1ce4e5b9);
	struct store_tally_cell *c;

	for (h ^= h >> 29;; h++) {
		c = &t->cells[h % CELLS];
		if (!c->used || (c->source == source && c->key == key))
			return c;
	}
}

static int
store_tally_add(struct store *s, int64_t source, int64_t key, int n)
{
	struct store_tally *t = &s->tally;
	struct store_tally_cell *c;
	int code;

	if (t->cells == NULL &&
	    (t->cells = calloc(CELLS, sizeof(*t->cells))) == NULL)
		return SQLITE_NOMEM;
	if (t->used >= CELLS / 2 && (code = store_tally_flush(s)) != SQLITE_OK)
		return code;
	c = store_tally_find(t, source, key);
	if (!c->used) {
		*c = (struct store_tally_cell){ source, key, 0, true };
		t->used++;
	}
	c->n += n;
	return SQLITE_OK;
}

int
store_tally_change(struct store *s, int64_t source, int type, int disposition,
    int64_t expires, int n)
{
	int code = store_tally_add(
	    s, source, -1 - (type * (CTIM_UNKNOWN + 1) + disposition), n);

	if (code == SQLITE_OK && expires != 0)
		code = store_tally_add(s, source, store_tally_hour(expires), n);
	return code;
}

/* Writes one change, and removes the count when nothing is left of it. */
static int
store_tally_write(struct store *s, const struct store_tally_cell *c)
{
	static const enum store_sql ways[2][2] = {
		{ SQL_TALLY, SQL_TALLY_NONE }, { SQL_EXPIRY, SQL_EXPIRY_NONE }
	};
	int64_t place = -1 - c->key;
	int code = SQLITE_OK, way = c->key >= 0, column;
	struct sql_stmt *st;
	size_t i;

	for (i = 0; i < (c->n < 0 ? 2 : 1) && code == SQLITE_OK; i++) {
		st = sql_statement(&s->sql, ways[way][i], &code);
		if (st == NULL)
			return code;
		column = 0;
		sql_bind(st, ++column, c->source);
		if (c->key < 0) {
			sql_bind(st, ++column, place / (CTIM_UNKNOWN + 1));
			sql_bind(st, ++column, place % (CTIM_UNKNOWN + 1));
		} else {
			sql_bind(st, ++column, c->key);
		}
		if (i == 0)
			sql_bind(st, ++column, c->n);
		code = sql_finish(st);
	}
	return code;
}

int
store_tally_flush(struct store *s)
{
	unsigned i;
	int code = SQLITE_OK;

	for (i = 0; s->tally.used != 0 && i < CELLS && code == SQLITE_OK; i++)
		if (s->tally.cells[i].used && s->tally.cells[i].n != 0)
			code = store_tally_write(s, &s->tally.cells[i]);
	store_tally_reset(s);
	return code;
}

int
store_tally_fill(struct store *s)
{
	struct sql_stmt *st;
	int code;

	store_tally_reset(s);
	if ((st = sql_statement(&s->sql, SQL_COUNT, &code)) == NULL)
		return code;
	while ((code = sql_step(st)) == SQLITE_ROW)
		if ((code = store_tally_change(s, sql_int64(st, 0),
			 sql_int(st, 1), sql_int(st, 2), sql_int64(st, 3),
			 1)) != SQLITE_OK)
			break;
	code = sql_end(st, code);
	return code == SQLITE_OK ? store_tally_flush(s) : code;
}
