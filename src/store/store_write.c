#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "ctim/indicator.h"
#include "store/store_db.h"
#include "store/store_write.h"

#define BATCH_ROWS   (256U << 10) /* records sorted and written at once */
#define BATCH_TEXT   (24U << 20)  /* bytes of their values and reasons */
#define NAME_BYTES   64           /* of a source's name */
#define CACHE_PRAGMA "PRAGMA cache_size = -262144" /* KiB, while writing */

/*
 * A record that waits.  SQLite writes a sorted run several times faster than
 * the same records in the order of a feed, because each page is visited once;
 * key, the first bytes of the value, spares most of the string comparisons.
 */
struct row {
	uint64_t key;
	const char *value;
	const char *reason; /* or NULL; so is url */
	const char *url;
	int64_t first_seen, last_seen, count, expires;
	uint32_t place; /* in the batch: the last one wins */
	uint8_t type, disposition, severity, confidence, tlp, priority, below;
};

struct store_import {
	const struct source *source;
	unsigned set;
	int64_t now;
	bool begun;      /* the transaction is open */
	int64_t id, run; /* of the source, this import */
	bool below;      /* some record of it had that */
	struct store_counts counts;
	struct row *rows;
	uint32_t n;
	char *text;
	size_t used;
};

bool
store_source_name(const char *name)
{
	size_t i;

	for (i = 0; name[i] != '\0'; i++) {
		if (!isascii((unsigned char)name[i]) || i == NAME_BYTES)
			return false;
		if (!isalnum((unsigned char)name[i]) &&
		    (i == 0 || strchr(" ._-", name[i]) == NULL))
			return false;
	}
	return i > 0;
}

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

	if (!store_source_name(source->name)) {
		snprintf(error, STORE_ERROR_MAX,
		    "a source's name is at most %d "
		    "letters, digits and \" ._-\", a letter or digit first",
		    NAME_BYTES);
		return -1;
	}
	store_import_cancel(s);
	if ((im = calloc(1, sizeof(*im))) == NULL)
		return db_error(s, SQLITE_NOMEM, error);
	*im = (struct store_import){ .source = source, .set = set, .now = now };
	im->rows = malloc(BATCH_ROWS * sizeof(*im->rows));
	im->text = malloc(BATCH_TEXT);
	s->import = im;
	return im->rows == NULL || im->text == NULL ?
	    import_error(s, SQLITE_NOMEM, error) :
	    0;
}

/* Finds or adds the source, and the number of this import of it. */
static int
find_source(struct store *s)
{
	struct store_import *im = s->import;
	const struct store_row *row = db_source_named(s, im->source->name);
	sqlite3_stmt *st;
	int code;

	im->id = row == NULL ? 0 : row->id;
	im->run = row == NULL ? 1 : row->run + 1;
	if (row != NULL)
		return SQLITE_OK;
	if ((st = sqlite_statement(&s->db, SQL_SOURCE_ADD, &code)) == NULL)
		return code;
	sqlite3_bind_text(st, 1, im->source->name, -1, SQLITE_STATIC);
	code = sqlite_finish(st);
	im->id = sqlite3_last_insert_rowid(s->db.handle);
	return code;
}

/* Writes the fields of the source that the import sets, when all of its records
 * are written. */
static int
write_source(struct store *s, bool replace)
{
	struct store_import *im = s->import;
	const struct store_row *row = db_source(s, im->id);
	struct source will = { .title = im->source->name };
	sqlite3_stmt *st;
	int code;

	if (row != NULL)
		will = row->source;
	if (im->set & STORE_SET_TITLE)
		will.title = im->source->title;
	if (im->set & STORE_SET_URL)
		will.url = im->source->url;
	if (im->set & STORE_SET_SUBDOMAINS)
		will.subdomains = im->source->subdomains;
	will.below = im->below || (will.below && !replace);
	if ((st = sqlite_statement(&s->db, SQL_SOURCE_SET, &code)) == NULL)
		return code;
	sqlite3_bind_int64(st, 1, im->id);
	sqlite3_bind_text(st, 2, will.title, -1, SQLITE_STATIC);
	sqlite3_bind_text(st, 3, will.url, -1, SQLITE_STATIC);
	sqlite3_bind_int(st, 4, will.subdomains);
	sqlite3_bind_int64(st, 5, im->now);
	sqlite3_bind_int64(st, 6, im->run);
	sqlite3_bind_int(st, 7, will.below);
	return sqlite_finish(st);
}

/* Begins a write transaction and reads the facts of the store in it. */
static int
begin_write(struct store *s)
{
	int code;

	if ((code = sqlite_exec(&s->db, CACHE_PRAGMA)) == SQLITE_OK &&
	    (code = sqlite_run(&s->db, SQL_BEGIN_WRITE)) == SQLITE_OK) {
		s->facts.known = false;
		code = db_facts(s);
	}
	return code;
}

static int
store_write_compare(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	int d;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if ((d = strcmp(x->value, y->value)) != 0)
		return d;
	if (x->type != y->type)
		return x->type < y->type ? -1 : 1;
	return x->place < y->place ? -1 : 1;
}

/* Binds a row to one of the statements that write rows, and runs the
 * statement. */
static int
write_with(struct store *s, enum store_sql which, const struct row *r)
{
	struct store_import *im = s->import;
	sqlite3_stmt *st;
	int code, bits = -1;

	if ((st = sqlite_statement(&s->db, which, &code)) == NULL)
		return code;
	sqlite3_bind_text(st, 1, r->value, -1, SQLITE_STATIC);
	sqlite3_bind_int(st, 2, r->type);
	sqlite3_bind_int64(st, 3, im->id);
	sqlite3_bind_int(st, 4, r->disposition);
	sqlite3_bind_int(st, 5, r->severity);
	sqlite3_bind_int(st, 6, r->confidence);
	sqlite3_bind_int(st, 7, r->tlp);
	sqlite3_bind_int(st, 8, r->priority);
	sqlite3_bind_text(st, 9, r->reason, -1, SQLITE_STATIC);
	sqlite3_bind_int64(st, 10, r->first_seen);
	sqlite3_bind_int64(st, 11, r->last_seen);
	sqlite3_bind_int64(st, 12, r->count);
	sqlite3_bind_int64(st, 13, r->expires);
	sqlite3_bind_int64(st, 14, im->now);
	sqlite3_bind_int64(st, 15, im->run);
	sqlite3_bind_text(st, 16, r->url, -1, SQLITE_STATIC);
	sqlite3_bind_int(st, 17, r->below);
	if (which == SQL_ADD) {
		if (r->type == OBSERVABLE_IP || r->type == OBSERVABLE_IPV6)
			bits = indicator_prefix(r->value);
		if (bits != -1)
			sqlite3_bind_int(st, 18, bits);
	}
	return sqlite_finish(st);
}

static int
write_row(struct store *s, const struct row *r)
{
	static const enum store_sql ways[] = { SQL_ADD, SQL_TOUCH, SQL_CHANGE };
	struct store_counts *c = &s->import->counts;
	uint64_t *const counts[] = { &c->added, &c->unchanged, &c->updated };
	size_t i;
	int code;

	/* Each statement changes a row only where those before did not. */
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		if ((code = write_with(s, ways[i], r)) != SQLITE_OK)
			return code;
		if (sqlite3_changes(s->db.handle) != 0) {
			(*counts[i])++;
			return SQLITE_OK;
		}
	}
	return SQLITE_CORRUPT;
}

/* Writes the batch. */
static int
store_write_flush(struct store *s)
{
	struct store_import *im = s->import;
	uint32_t i;
	int code = SQLITE_OK;

	assert(im->begun == sqlite_busy(&s->db));
	if (!im->begun) {
		if ((code = begin_write(s)) == SQLITE_OK)
			code = find_source(s);
		im->begun = code == SQLITE_OK;
	}
	qsort(im->rows, im->n, sizeof(*im->rows), store_write_compare);
	for (i = 0; i < im->n && code == SQLITE_OK; i++)
		code = write_row(s, &im->rows[i]);
	im->n = 0;
	im->used = 0;
	return code;
}

/* Copies n bytes of text and a NUL into the batch. */
static const char *
store_write_copy(struct store_import *im, const char *text, size_t n)
{
	char *to = im->text + im->used;

	assert(im->used + n + 1 <= BATCH_TEXT);
	memcpy(to, text, n);
	to[n] = '\0';
	im->used += n + 1;
	return to;
}

static uint64_t
store_write_key_of(const char *value, size_t n)
{
	uint64_t key = 0;
	size_t i;

	for (i = 0; i < sizeof(key); i++)
		key = key << 8 | (i < n ? (unsigned char)value[i] : 0);
	return key;
}

static bool
store_write_in_range(const struct record *r, size_t n)
{
	return n != 0 && n <= INDICATOR_MAX && utf8_valid(r->value, n) &&
	    (r->reason == NULL || utf8_valid(r->reason, strlen(r->reason))) &&
	    (r->url == NULL || utf8_valid(r->url, strlen(r->url))) &&
	    (!r->below || r->type == OBSERVABLE_DOMAIN) &&
	    indicator_type((int)r->type) &&
	    ctim_disposition_name(r->disposition) != NULL &&
	    ctim_severity_name(r->severity) != NULL &&
	    ctim_severity_name(r->confidence) != NULL &&
	    r->confidence != CTIM_SEVERITY_CRITICAL &&
	    ctim_tlp_name(r->tlp) != NULL && r->priority >= 0 &&
	    r->priority <= STORE_PRIORITY && r->first_seen >= 0 &&
	    r->last_seen >= 0 && r->count >= 0 && r->expires >= 0;
}

int
store_import_add(
    struct store *s, const struct record *r, char error[STORE_ERROR_MAX])
{
	struct store_import *im = s->import;
	struct row *row;
	size_t n = strlen(r->value), reason = 0, url = 0;
	int code;

	if (!store_write_in_range(r, n)) {
		snprintf(error, STORE_ERROR_MAX,
		    "%s: a record with figures or "
		    "texts that the store does not take",
		    s->path);
		store_import_cancel(s);
		return -1;
	}
	if (r->reason != NULL)
		reason = utf8_cut(r->reason, STORE_REASON);
	if (r->url != NULL && strlen(r->url) <= STORE_URL)
		url = strlen(r->url);
	if ((im->n == BATCH_ROWS ||
		im->used + n + reason + url + 3 > BATCH_TEXT) &&
	    (code = store_write_flush(s)) != SQLITE_OK)
		return import_error(s, code, error);
	row = &im->rows[im->n];
	*row = (struct row){ .key = store_write_key_of(r->value, n),
		.value = store_write_copy(im, r->value, n),
		.reason = reason == 0 ? NULL :
					store_write_copy(im, r->reason, reason),
		.url = url == 0 ? NULL : store_write_copy(im, r->url, url),
		.first_seen = r->first_seen,
		.last_seen = r->last_seen,
		.count = r->count,
		.expires = r->expires,
		.place = im->n++,
		.type = (uint8_t)r->type,
		.disposition = (uint8_t)r->disposition,
		.severity = (uint8_t)r->severity,
		.confidence = (uint8_t)r->confidence,
		.tlp = (uint8_t)r->tlp,
		.priority = (uint8_t)r->priority,
		.below = r->below };
	im->below |= r->below;
	return 0;
}

/* Removes records that the source listed in former imports only. */
static int
remove_former(struct store *s)
{
	struct store_import *im = s->import;
	sqlite3_stmt *st;
	int code;

	if ((st = sqlite_statement(&s->db, SQL_REPLACED, &code)) == NULL)
		return code;
	sqlite3_bind_int64(st, 1, im->id);
	sqlite3_bind_int64(st, 2, im->run);
	if ((code = sqlite_finish(st)) == SQLITE_OK)
		im->counts.removed = (uint64_t)sqlite3_changes(s->db.handle);
	return code;
}

/*
 * Commits, and moves the -wal file into the main one as far as readers let it;
 * the data are safe in either, so that the second may fail.
 */
static int
commit(struct store *s)
{
	int code = sqlite_run(&s->db, SQL_COMMIT);

	s->facts.known = false;
	if (code == SQLITE_OK)
		sqlite3_wal_checkpoint_v2(
		    s->db.handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	return code;
}

int
store_import_end(struct store *s, bool replace, struct store_counts *counts,
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
	if ((code = store_write_flush(s)) == SQLITE_OK && replace)
		code = remove_former(s);
	if (code == SQLITE_OK)
		code = write_source(s, replace);
	if (code == SQLITE_OK)
		code = commit(s);
	if (code != SQLITE_OK)
		return import_error(s, code, error);
	*counts = im->counts;
	store_import_cancel(s);
	return 0;
}

ssize_t
store_remove(struct store *s, enum observable_type type, const char *value,
    const char *source, char error[STORE_ERROR_MAX])
{
	const struct store_row *row = NULL;
	sqlite3_stmt *st = NULL;
	ssize_t n = 0;
	int code;

	if ((code = begin_write(s)) == SQLITE_OK)
		st = sqlite_statement(&s->db, SQL_REMOVE, &code);
	if (st != NULL && source != NULL &&
	    (row = db_source_named(s, source)) == NULL)
		return db_no_source(s, source, error);
	if (st != NULL) {
		sqlite3_bind_text(st, 1, value, -1, SQLITE_STATIC);
		sqlite3_bind_int(st, 2, (int)type);
		if (row != NULL)
			sqlite3_bind_int64(st, 3, row->id);
		code = sqlite_finish(st);
		n = sqlite3_changes(s->db.handle);
	}
	if (code == SQLITE_OK)
		code = commit(s);
	return code == SQLITE_OK ? n : db_error(s, code, error);
}

ssize_t
store_remove_source(
    struct store *s, const char *source, char error[STORE_ERROR_MAX])
{
	static const enum store_sql steps[] = { SQL_REMOVE_SOURCE,
		SQL_SOURCE_REMOVE };
	const struct store_row *row;
	sqlite3_stmt *st;
	ssize_t n = 0;
	size_t i;
	int code;

	if ((code = begin_write(s)) != SQLITE_OK)
		return db_error(s, code, error);
	if ((row = db_source_named(s, source)) == NULL)
		return db_no_source(s, source, error);
	for (i = 0; i < 2 && code == SQLITE_OK; i++) {
		if ((st = sqlite_statement(&s->db, steps[i], &code)) == NULL)
			break;
		sqlite3_bind_int64(st, 1, row->id);
		code = sqlite_finish(st);
		if (i == 0)
			n = sqlite3_changes(s->db.handle);
	}
	if (code == SQLITE_OK)
		code = commit(s);
	return code == SQLITE_OK ? n : db_error(s, code, error);
}
