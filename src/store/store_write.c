/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/store_rows.h"

#define BATCH_ROWS (256U << 10) /* records sorted and written at once */
#define BATCH_TEXT (24U << 20)  /* bytes of their values, reasons, URLs */

/*
 * Records wait in batches.  SQLite writes a sorted run several times faster than
 * the same records in the order of a feed, because each page is visited once;
 * their key, the first bytes of the value, spares most of the string
 * comparisons, and of equal ones the last in place wins.
 */
struct store_import {
	struct store_target to;
	bool begun;   /* the transaction is open */
	bool settled; /* and all is in it */
	struct store_entry *rows;
	uint32_t n;
	char *text;
	size_t used;
};

void
store_import_cancel(struct store *s)
{
	struct store_import *im = s->import;

	if (im == NULL)
		return;
	sqlite_rollback(&s->db);
	s->facts.known = false;
	s->import = NULL;
	free(im->rows);
	free(im->text);
	free(im);
}

static int
import_error(struct store *s, int code, char error[STORE_ERROR_MAX])
{
	db_error(s, code, error);
	store_import_cancel(s);
	return -1;
}

int
store_import_begin(struct store *s, const struct source *source, unsigned set,
    int64_t now, char error[STORE_ERROR_MAX])
{
	struct store_import *im;

	if (store_rows_name(source->name, error) == -1)
		return -1;
	store_import_cancel(s);
	if ((im = calloc(1, sizeof(*im))) == NULL)
		return db_error(s, SQLITE_NOMEM, error);
	im->to =
	    (struct store_target){ .source = source, .set = set, .now = now };
	im->rows = malloc(BATCH_ROWS * sizeof(*im->rows));
	im->text = malloc(BATCH_TEXT);
	s->import = im;
	return im->rows == NULL || im->text == NULL ?
	    import_error(s, SQLITE_NOMEM, error) :
	    0;
}

static int
store_import_compare(const void *a, const void *b)
{
	const struct store_entry *x = a, *y = b;
	int d;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if ((d = strcmp(x->value, y->value)) != 0)
		return d;
	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	return x->place < y->place ? -1 : 1;
}

/* Writes the batch. */
static int
store_import_flush(struct store *s)
{
	struct store_import *im = s->import;
	uint32_t i;
	int code = SQLITE_OK;

	assert(im->begun == sqlite_busy(&s->db));
	if (!im->begun) {
		if ((code = store_rows_begin(s)) == SQLITE_OK &&
		    (code = db_networks(s)) == SQLITE_OK)
			code = store_rows_target(s, &im->to);
		im->begun = code == SQLITE_OK;
	}
	qsort(im->rows, im->n, sizeof(*im->rows), store_import_compare);
	for (i = 0; i < im->n && code == SQLITE_OK; i++)
		code = store_rows_write(s, &im->to, &im->rows[i]);
	im->n = 0;
	im->used = 0;
	return code;
}

/* Copies n bytes of text and a NUL into the batch. */
static const char *
store_import_copy(struct store_import *im, const char *text, size_t n)
{
	char *to = im->text + im->used;

	assert(im->used + n + 1 <= BATCH_TEXT);
	memcpy(to, text, n);
	to[n] = '\0';
	im->used += n + 1;
	return to;
}

static uint64_t
store_import_key_of(const char *value, size_t n)
{
	uint64_t key = 0;
	size_t i;

	for (i = 0; i < sizeof(key); i++)
		key = key << 8 | (i < n ? (unsigned char)value[i] : 0);
	return key;
}

int
store_import_add(
    struct store *s, const struct record *r, char error[STORE_ERROR_MAX])
{
	struct store_import *im = s->import;
	struct store_entry e;
	size_t n = strlen(r->value), reason, url;
	int code;

	if (!store_rows_good(r)) {
		snprintf(error, STORE_ERROR_MAX,
		    "%s: a record with figures or "
		    "texts that the store does not take",
		    s->path);
		store_import_cancel(s);
		return -1;
	}
	e = store_rows_entry(r, &reason, &url);
	if ((im->n == BATCH_ROWS ||
		im->used + n + reason + url + 3 > BATCH_TEXT) &&
	    (code = store_import_flush(s)) != SQLITE_OK)
		return import_error(s, code, error);
	e.key = store_import_key_of(r->value, n);
	e.value = store_import_copy(im, r->value, n);
	if (reason != 0)
		e.reason = store_import_copy(im, r->reason, reason);
	if (url != 0)
		e.url = store_import_copy(im, r->url, url);
	e.place = im->n;
	im->rows[im->n++] = e;
	return 0;
}

void
store_import_set(struct store *s, unsigned set)
{
	s->import->to.set |= set;
}

int
store_import_settle(struct store *s, bool replace, struct store_counts *counts,
    char error[STORE_ERROR_MAX])
{
	struct store_import *im = s->import;
	int code = SQLITE_OK;

	if (!im->begun && im->n == 0) {
		snprintf(error, STORE_ERROR_MAX,
		    "%s: nothing to import; nothing "
		    "was changed",
		    s->path);
		store_import_cancel(s);
		return -1;
	}
	if ((code = store_import_flush(s)) == SQLITE_OK &&
	    (code = store_rows_finish(s, &im->to, replace)) == SQLITE_OK) {
		im->settled = true;
		*counts = im->to.counts;
		return 0;
	}
	return import_error(s, code, error);
}

int
store_import_end(struct store *s, bool replace, struct store_counts *counts,
    char error[STORE_ERROR_MAX])
{
	int code;

	if (!s->import->settled &&
	    store_import_settle(s, replace, counts, error) == -1)
		return -1;
	if ((code = store_rows_commit(s)) != SQLITE_OK)
		return import_error(s, code, error);
	*counts = s->import->to.counts;
	store_import_cancel(s);
	return 0;
}

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
	s->networks = true; /* there may have been some */
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
