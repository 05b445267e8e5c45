/* SPDX-License-Identifier: MIT */
/*
 * Reading from PostgreSQL.  A request's questions are gathered first: what each
 * can match is worked out twice by the same code (db_match()), once to learn what
 * to ask for, and then to find it in the rows of one query.
 */
#include <stdlib.h>
#include <string.h>

#include "ctim/indicator.h"
#include "storepg/store_pg.h"

static int
store_pg_compare(const void *a, const void *b)
{
	const struct store_pg_key *x = a, *y = b;

	return x->type != y->type ? (x->type < y->type ? -1 : 1) :
				    strcmp(x->value, y->value);
}

/* Room for n keys. */
static struct store_pg_key *
store_pg_keys(struct store_pg_key **keys, size_t *cap, size_t n)
{
	struct store_pg_key *more;
	size_t want = *cap == 0 ? 64 : *cap;

	while (want < n)
		want *= 2;
	if (want > *cap) {
		if ((more = reallocarray(*keys, want, sizeof(*more))) == NULL)
			return NULL;
		*keys = more;
		*cap = want;
	}
	return *keys;
}

/* Adds a value to what is to be asked for. */
static void
store_pg_ask(struct store_pg *pg, enum observable_type type, const char *value)
{
	if (store_pg_keys(&pg->asked, &pg->asked_cap, pg->n_asked + 1) ==
	    NULL) {
		pg->text.failed = true;
		return;
	}
	/* The text moves while it grows: its place for now. */
	pg->asked[pg->n_asked++] =
	    (struct store_pg_key){ .type = (int)type, .place = pg->text.len };
	(void)buf_add(&pg->text, value, strlen(value) + 1);
}

size_t
store_pg_found(
    struct store *s, enum observable_type type, const char *value, size_t *n)
{
	const struct store_pg_key key = { .type = (int)type, .value = value };
	struct store_pg *pg = s->pg;
	size_t low = 0, high = pg->n_rows, middle;

	*n = 0;
	if (pg->gathers) {
		store_pg_ask(pg, type, value);
		return 0;
	}
	while (low < high) {
		middle = low + (high - low) / 2;
		if (store_pg_compare(&pg->rows[middle], &key) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low + *n < pg->n_rows; (*n)++)
		if (store_pg_compare(&pg->rows[low + *n], &key) != 0)
			break;
	return low;
}

struct sql_stmt *
store_pg_row(struct store *s, size_t place)
{
	struct sql_stmt *st = &s->sql.stmt[SQL_MATCH];

	s->pg->db.stmt[SQL_MATCH].row = (int)s->pg->rows[place].place;
	return st;
}

void
store_pg_unlook(struct store *s)
{
	s->pg->list = NULL;
	s->pg->n_list = s->pg->n_rows = 0;
}

/* Works out what the observables can match, each value once.  A value that is
 * none matches nothing. */
static int
store_pg_gather(
    struct store *s, const struct observable *list, size_t n, bool all)
{
	struct store_pg *pg = s->pg;
	char value[INDICATOR_MAX + 1];
	size_t i, k = 0;
	int code = SQLITE_OK;

	pg->n_asked = 0;
	buf_reset(&pg->text);
	pg->gathers = true;
	for (i = 0; i < n && code == SQLITE_OK; i++)
		if (indicator_normalise(list[i].type, list[i].value, value) !=
		    -1)
			code = db_match(s, list[i].type, value, 0, all);
	pg->gathers = false;
	if (code != SQLITE_OK || pg->text.failed)
		return code == SQLITE_OK ? SQLITE_NOMEM : code;
	for (i = 0; i < pg->n_asked; i++)
		pg->asked[i].value = pg->text.data + pg->asked[i].place;
	if (pg->n_asked > 1)
		qsort(pg->asked, pg->n_asked, sizeof(*pg->asked),
		    store_pg_compare);
	for (i = 0; i < pg->n_asked; i++)
		if (k == 0 ||
		    store_pg_compare(&pg->asked[k - 1], &pg->asked[i]) != 0)
			pg->asked[k++] = pg->asked[i];
	pg->n_asked = k;
	return SQLITE_OK;
}

/* The two arrays of the query, as PostgreSQL writes them. */
static int
store_pg_arrays(struct store_pg *pg)
{
	size_t i;

	buf_reset(&pg->values);
	buf_reset(&pg->types);
	for (i = 0; i < pg->n_asked; i++) {
		pgsql_array_add(&pg->values, pg->asked[i].value);
		buf_addc(&pg->types, i == 0 ? '{' : ',');
		buf_addi(&pg->types, pg->asked[i].type);
	}
	pgsql_array_end(&pg->values);
	buf_addc(&pg->types, '}');
	return pg->values.failed || pg->types.failed ? SQLITE_NOMEM : SQLITE_OK;
}

/* Puts the rows in order; *version is that which the store had. */
static int
store_pg_rows(struct store *s, struct libpq_result *r, int64_t *version)
{
	struct store_pg *pg = s->pg;
	const struct libpq *lib = pg->db.lib;
	int i, n = lib->rows(r);
	const char *type;
	long number;

	pgsql_take(&pg->db.stmt[SQL_MATCH], r);
	s->sql.stmt[SQL_MATCH] =
	    (struct sql_stmt){ &pgsql_sql, &pg->db.stmt[SQL_MATCH] };
	pg->n_rows = 0;
	if (n == 0)
		return SQLITE_CORRUPT;
	*version = strtoll(lib->value(r, 0, 16), NULL, 10);
	if (store_pg_keys(&pg->rows, &pg->rows_cap, (size_t)n) == NULL)
		return SQLITE_NOMEM;
	/* One row without a record: nothing is listed. */
	for (i = 0; i < n; i++) {
		if ((type = lib->value(r, i, 15)) == NULL)
			continue;
		number = strtol(type, NULL, 10);
		if (number < 0 || number >= OBSERVABLE_TYPES)
			return SQLITE_CORRUPT;
		pg->rows[pg->n_rows++] =
		    (struct store_pg_key){ .type = (int)number,
			    .value = lib->value(r, i, 14),
			    .place = (size_t)i };
	}
	if (pg->n_rows > 1)
		qsort(
		    pg->rows, pg->n_rows, sizeof(*pg->rows), store_pg_compare);
	return SQLITE_OK;
}

/* Asks for all that was gathered. */
static int
store_pg_ask_all(struct store *s, int64_t *version)
{
	struct store_pg *pg = s->pg;
	const char *values[2];
	struct libpq_result *r;
	int code = store_pg_arrays(pg);

	if (code != SQLITE_OK)
		return code;
	values[0] = pg->values.data;
	values[1] = pg->types.data;
	if ((code = pgsql_run(&pg->db, store_pg_batch, 2, values, &r)) !=
	    SQLITE_OK)
		return code;
	return store_pg_rows(s, r, version);
}

/* Gathers and asks, by the facts that are known. */
static int
store_pg_try(struct store *s, const struct observable *list, size_t n, bool all,
    int64_t *version)
{
	int code = store_pg_gather(s, list, n, all);

	*version = s->facts.version;
	s->pg->n_rows = 0;
	return code != SQLITE_OK || s->pg->n_asked == 0 ?
	    code :
	    store_pg_ask_all(s, version);
}

/* Reads the facts anew and asks, in one transaction, which sees one state of the
 * store. */
static int
store_pg_anew(
    struct store *s, const struct observable *list, size_t n, bool all)
{
	bool in = s->pg->db.open;
	int64_t version;
	int code = in ? db_facts(s) : db_begin_read(s);

	if (code == SQLITE_OK)
		code = db_networks(s);
	if (code == SQLITE_OK)
		code = store_pg_try(s, list, n, all, &version);
	if (code == SQLITE_OK && !in)
		code = sql_run(&s->sql, SQL_COMMIT);
	return code;
}

int
store_pg_look(
    struct store *s, const struct observable *list, size_t n, bool all)
{
	struct store_pg *pg = s->pg;
	int64_t version = 0;
	int code = SQLITE_OK;

	if (pg->list != NULL && list >= pg->list &&
	    list + n <= pg->list + pg->n_list && all == pg->list_all)
		return SQLITE_OK;
	store_pg_unlook(s);
	if (!pg->db.open && s->facts.known && s->facts.net_known)
		code = store_pg_try(s, list, n, all, &version);
	if (code == SQLITE_OK &&
	    (pg->db.open || !s->facts.known || !s->facts.net_known ||
		version != s->facts.version))
		code = store_pg_anew(s, list, n, all);
	if (code == SQLITE_OK) {
		pg->list = list;
		pg->n_list = n;
		pg->list_all = all;
	}
	return code;
}
