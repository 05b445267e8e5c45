/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "os/runs.h"
#include "store/store_rows.h"

#define BATCH_ROWS (256U << 10) /* records sorted and written at once */
#define BATCH_TEXT (24U << 20)  /* bytes of their values, reasons, URLs */

/*
 * Records wait in batches, and full ones, sorted, in a temporary file until the
 * end.  SQLite writes a sorted run several times faster than the same records in
 * the order of a feed, because each page is visited once, and fills its pages;
 * their key, the first bytes of the value, spares most of the string
 * comparisons, and of equal ones the last in place wins.
 */
struct store_import {
	struct store_target to;
	struct runs *runs; /* NULL: no batch was full yet, or no file is left */
	bool begun;        /* the transaction is open */
	bool settled;      /* and all is in it */
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
	sql_rollback(&s->sql);
	s->facts.known = false;
	s->import = NULL;
	runs_free(im->runs);
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

/* The small fields of an entry, one byte each, in a packed one. */
static const size_t store_import_bytes[] = { offsetof(struct store_entry, type),
	offsetof(struct store_entry, disposition),
	offsetof(struct store_entry, severity),
	offsetof(struct store_entry, confidence),
	offsetof(struct store_entry, tlp),
	offsetof(struct store_entry, priority),
	offsetof(struct store_entry, below) };
/* The numbers, most of them zero: a byte says how many bytes follow. */
static const size_t store_import_numbers[] = { offsetof(struct store_entry,
						   first_seen),
	offsetof(struct store_entry, last_seen),
	offsetof(struct store_entry, count),
	offsetof(struct store_entry, expires) };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Writes an entry so that it can wait in a file: the value first, which with the
 * type behind it makes the order; a text that is not there is an empty one.
 * Returns how many bytes that are, at most RUNS_RECORD. */
static size_t
store_import_pack(char to[RUNS_RECORD], const struct store_entry *e)
{
	char *p = stpcpy(to, e->value) + 1;
	uint64_t n;
	size_t i, len;

	for (i = 0; i < COUNT(store_import_bytes); i++)
		*p++ = *((const char *)e + store_import_bytes[i]);
	for (i = 0; i < COUNT(store_import_numbers); i++) {
		memcpy(
		    &n, (const char *)e + store_import_numbers[i], sizeof(n));
		for (len = 0; n != 0; n >>= 8)
			p[++len] = (char)(n & 0xff);
		*p = (char)len;
		p += len + 1;
	}
	p = stpcpy(p, e->reason == NULL ? "" : e->reason) + 1;
	p = stpcpy(p, e->url == NULL ? "" : e->url) + 1;
	return (size_t)(p - to);
}

/* Reads what store_import_pack() wrote, in which the texts stay. */
static void
store_import_unpack(const char *p, struct store_entry *e)
{
	uint64_t n;
	size_t i, len;

	*e = (struct store_entry){ .value = p };
	p += strlen(p) + 1;
	for (i = 0; i < COUNT(store_import_bytes); i++)
		*((char *)e + store_import_bytes[i]) = *p++;
	for (i = 0; i < COUNT(store_import_numbers); i++) {
		len = (size_t)*p;
		for (n = 0; len > 0; len--)
			n = n << 8 | (unsigned char)p[len];
		memcpy((char *)e + store_import_numbers[i], &n, sizeof(n));
		p += *p + 1;
	}
	e->reason = *p == '\0' ? NULL : p;
	p += strlen(p) + 1;
	e->url = *p == '\0' ? NULL : p;
}

/* The order of packed entries: that of store_import_compare(), but for place. */
static int
store_import_compare_packed(const void *a, const void *b)
{
	int d = strcmp(a, b);
	size_t n;

	if (d != 0)
		return d;
	n = strlen(a) + 1;
	return ((const unsigned char *)a)[n] - ((const unsigned char *)b)[n];
}

/* Begins the transaction, unless it is open. */
static int
store_import_open(struct store *s)
{
	struct store_import *im = s->import;
	int code;

	assert(im->begun == sql_busy(&s->sql));
	if (im->begun)
		return SQLITE_OK;
	if ((code = store_rows_begin(s)) == SQLITE_OK &&
	    (code = db_networks(s)) == SQLITE_OK)
		code = store_rows_target(s, &im->to);
	im->begun = code == SQLITE_OK;
	return code;
}

/* Writes a record, or hands it to who writes them all at once. */
static int
store_import_put(struct store *s, const struct store_entry *e)
{
	struct store_target *to = &s->import->to;

	return s->backend->put == NULL ? store_rows_write(s, to, e) :
					 s->backend->put(s, to, e);
}

/* Writes a packed record; SQLite's results are positive. */
static int
store_import_unpacked(void *arg, const void *packed)
{
	struct store *s = arg;
	struct store_entry e;

	store_import_unpack(packed, &e);
	return store_import_put(s, &e);
}

/* Writes what waits in the temporary file. */
static int
store_import_merge(struct store *s)
{
	struct store_import *im = s->import;
	int code;

	if (im->runs == NULL)
		return SQLITE_OK;
	if ((code = store_import_open(s)) == SQLITE_OK)
		code = runs_merge(im->runs, store_import_compare_packed,
		    store_import_unpacked, s);
	runs_free(im->runs);
	im->runs = NULL;
	return code == -1 ? SQLITE_IOERR_READ : code;
}

/* Puts the sorted batch into the temporary file.  Returns 0, or -1. */
static int
store_import_keep(struct store_import *im)
{
	char packed[RUNS_RECORD];
	uint32_t i;

	if (im->runs == NULL && (im->runs = runs_new()) == NULL)
		return -1;
	for (i = 0; i < im->n; i++)
		if (runs_add(im->runs, packed,
			store_import_pack(packed, &im->rows[i])) == -1)
			return -1;
	return runs_close(im->runs);
}

/* Ends what was put in order. */
static int
store_import_put_end(struct store *s)
{
	struct store_import *im = s->import;

	return im->begun && s->backend->put_end != NULL ?
	    s->backend->put_end(s, &im->to) :
	    SQLITE_OK;
}

/* Writes the sorted batch, behind what waits, in which its values may be, too. */
static int
store_import_write(struct store *s)
{
	struct store_import *im = s->import;
	uint32_t i;
	int code;

	if ((code = store_import_merge(s)) == SQLITE_OK &&
	    (code = store_import_put_end(s)) == SQLITE_OK)
		code = store_import_open(s);
	for (i = 0; i < im->n && code == SQLITE_OK; i++)
		code = store_import_put(s, &im->rows[i]);
	return code;
}

/* Empties the batch: into the temporary file where others follow (last: none)
 * and there is room in it, else into the store. */
static int
store_import_flush(struct store *s, bool last)
{
	struct store_import *im = s->import;
	int code = SQLITE_OK;

	qsort(im->rows, im->n, sizeof(*im->rows), store_import_compare);
	if ((last && im->runs == NULL) || store_import_keep(im) == -1)
		code = store_import_write(s);
	else if (last)
		code = store_import_merge(s);
	im->n = 0;
	im->used = 0;
	return code == SQLITE_OK ? store_import_put_end(s) : code;
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
	    (code = store_import_flush(s, false)) != SQLITE_OK)
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

	if (!im->begun && im->runs == NULL && im->n == 0) {
		snprintf(error, STORE_ERROR_MAX,
		    "%s: nothing to import; nothing "
		    "was changed",
		    s->path);
		store_import_cancel(s);
		return -1;
	}
	if ((code = store_import_flush(s, true)) == SQLITE_OK &&
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

int
store_claim(struct store *s, const char *source, char error[STORE_ERROR_MAX])
{
	bool had = true;
	int code = s->backend->claim == NULL ?
	    SQLITE_OK :
	    s->backend->claim(s, source, &had);

	return code == SQLITE_OK ? had : db_error(s, code, error);
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
	struct sql_stmt *st;
	ssize_t n = 0;
	size_t i;
	int code;

	if ((code = store_rows_begin(s)) != SQLITE_OK)
		return db_error(s, code, error);
	if ((row = db_source_named(s, source)) == NULL)
		return db_no_source(s, source, error);
	s->networks = true; /* there may have been some */
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if ((st = sql_statement(&s->sql, steps[i], &code)) == NULL)
			break;
		sql_bind(st, 1, row->id);
		if ((code = sql_finish(st)) != SQLITE_OK)
			break;
		if (i == 0)
			n = sql_changes(&s->sql);
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
