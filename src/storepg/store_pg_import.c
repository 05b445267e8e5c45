/* SPDX-License-Identifier: MIT */
/*
 * Imports into PostgreSQL: the records, which come in the order of their values,
 * are copied (COPY) into a temporary table, and from there put in their place by
 * a few statements.  What a feed says twice of a value is put together here, so
 * that the counts are those of one record after the other.
 */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctim/indicator.h"
#include "storepg/store_pg.h"

#define CHUNK     (64U << 10) /* bytes that are sent at once */
#define LINE_MOST (16U << 10) /* of one record */
#define PATIENCE  600000      /* ms that a step over all records may take */

struct store_pg_import {
	bool copies;              /* COPY is under way */
	bool waits;               /* entry is one that is not copied yet */
	bool again;               /* the feed said another thing of it later */
	bool turned;              /* of any */
	struct store_entry entry; /* its texts below */
	char value[INDICATOR_MAX + 1];
	char reason[4 * STORE_REASON + 1];
	char url[STORE_URL + 1];
	uint64_t first;     /* values of this table */
	uint64_t fresh;     /* … that the source did not have */
	uint64_t unchanged; /* what was said again in the same words */
	uint64_t updated;   /* … in others */
	struct buf lines;
};

void
store_pg_import_free(struct store_pg *pg)
{
	if (pg->import == NULL)
		return;
	buf_free(&pg->import->lines);
	free(pg->import);
	pg->import = NULL;
}

/* Sends the lines. */
static int
store_pg_send(struct store_pg *pg)
{
	struct store_pg_import *im = pg->import;
	struct pgsql *p = &pg->db;
	int r = p->lib->copy(p->conn, im->lines.data, im->lines.len,
	    pgsql_until(p, PATIENCE), &p->error);

	buf_reset(&im->lines);
	return r == -1 ? pgsql_failed(p) : SQLITE_OK;
}

/* A text of a line of COPY; NULL is one that is not there. */
static void
store_pg_text(struct buf *b, const char *text)
{
	static const char from[] = "\\\t\n\r", to[] = "\\tnr";
	const char *at;

	if (text == NULL)
		buf_adds(b, "\\N");
	for (; text != NULL && *text != '\0'; text++) {
		if ((at = strchr(from, *text)) != NULL) {
			buf_addc(b, '\\');
			buf_addc(b, to[at - from]);
		} else {
			buf_addc(b, *text);
		}
	}
	buf_addc(b, '\t');
}

static int
store_pg_line(struct store_pg *pg, int turn)
{
	struct store_pg_import *im = pg->import;
	const struct store_entry *e = &im->entry;
	struct buf *b = &im->lines;
	const int bits =
	    e->type == OBSERVABLE_IP || e->type == OBSERVABLE_IPV6 ?
	    indicator_prefix(e->value) :
	    -1;

	buf_addf(b, "%d\t", turn);
	store_pg_text(b, e->value);
	buf_addf(b, "%d\t%d\t%d\t%d\t%d\t%d\t", e->type, e->disposition,
	    e->severity, e->confidence, e->tlp, e->priority);
	store_pg_text(b, e->reason);
	buf_addf(b, "%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t%" PRId64 "\t",
	    e->first_seen, e->last_seen, e->count, e->expires);
	store_pg_text(b, e->url);
	if (bits == -1)
		buf_addf(b, "%d\t\\N\n", e->below);
	else
		buf_addf(b, "%d\t%d\n", e->below, bits);
	if (b->failed)
		return SQLITE_NOMEM;
	return b->len < CHUNK ? SQLITE_OK : store_pg_send(pg);
}

/* Begins to copy. */
static int
store_pg_copy_begin(struct store_pg *pg)
{
	struct pgsql *p = &pg->db;
	int code;

	if (pg->import == NULL) {
		if ((pg->import = calloc(1, sizeof(*pg->import))) == NULL)
			return SQLITE_NOMEM;
		buf_init(&pg->import->lines, CHUNK + LINE_MOST);
	}
	if ((code = pgsql_run(p, store_pg_incoming, -1, NULL, NULL)) !=
	    SQLITE_OK)
		return code;
	if (p->lib->copy_begin(p->conn, store_pg_copy, pgsql_until(p, p->limit),
		&p->error) == -1)
		return pgsql_failed(p);
	pg->import->copies = true;
	return SQLITE_OK;
}

static bool
store_pg_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool
store_pg_equal(const struct store_entry *a, const struct store_entry *b)
{
	return a->disposition == b->disposition && a->severity == b->severity &&
	    a->confidence == b->confidence && a->tlp == b->tlp &&
	    a->priority == b->priority && a->below == b->below &&
	    a->first_seen == b->first_seen && a->last_seen == b->last_seen &&
	    a->count == b->count && a->expires == b->expires &&
	    store_pg_same(a->reason, b->reason) &&
	    store_pg_same(a->url, b->url);
}

static const char *
store_pg_keep(char *to, size_t size, const char *text)
{
	if (text == NULL)
		return NULL;
	(void)snprintf(to, size, "%s", text);
	return to;
}

/* Copies what waits. */
static int
store_pg_put_waiting(struct store_pg *pg)
{
	struct store_pg_import *im = pg->import;

	if (!im->waits)
		return SQLITE_OK;
	im->waits = false;
	return store_pg_line(pg, im->again ? 1 : 0);
}

/* What the feed says once more of the value that waits, as SQL_TOUCH and
 * SQL_CHANGE take it. */
static int
store_pg_put_again(struct store_pg *pg, const struct store_entry *e)
{
	struct store_pg_import *im = pg->import;
	struct store_entry *is = &im->entry, was = *is;
	int code = SQLITE_OK;

	if (store_pg_equal(is, e)) {
		im->unchanged++;
		return SQLITE_OK;
	}
	if (!im->again)
		code = store_pg_line(pg, 0);
	im->again = im->turned = true;
	im->updated++;
	*is = *e;
	is->value = was.value;
	is->reason = e->reason == NULL ?
	    was.reason :
	    store_pg_keep(im->reason, sizeof(im->reason), e->reason);
	is->url = e->url == NULL ?
	    was.url :
	    store_pg_keep(im->url, sizeof(im->url), e->url);
	is->below |= was.below;
	return code;
}

int
store_pg_put(
    struct store *s, struct store_target *t, const struct store_entry *e)
{
	struct store_pg *pg = s->pg;
	struct store_pg_import *im = pg->import;
	int code;

	t->below |= e->below;
	if ((im == NULL || !im->copies) &&
	    (code = store_pg_copy_begin(pg)) != SQLITE_OK)
		return code;
	im = pg->import;
	if (im->waits && im->entry.type == e->type &&
	    strcmp(im->value, e->value) == 0)
		return store_pg_put_again(pg, e);
	if ((code = store_pg_put_waiting(pg)) != SQLITE_OK)
		return code;
	im->entry = *e;
	im->entry.value = store_pg_keep(im->value, sizeof(im->value), e->value);
	im->entry.reason =
	    store_pg_keep(im->reason, sizeof(im->reason), e->reason);
	im->entry.url = store_pg_keep(im->url, sizeof(im->url), e->url);
	im->waits = true;
	im->again = false;
	im->first++;
	return SQLITE_OK;
}

/* Counts what the table will do, before it is done. */
static int
store_pg_count(struct store *s, struct store_target *t, const char *source)
{
	struct store_pg_import *im = s->pg->import;
	struct pgsql *p = &s->pg->db;
	struct libpq_result *r;
	uint64_t n[3];
	size_t i;
	int code = pgsql_run(p, store_pg_compare_sql, 1, &source, &r);

	if (code != SQLITE_OK)
		return code;
	for (i = 0; i < 3; i++)
		n[i] = strtoull(p->lib->value(r, 0, (int)i), NULL, 10);
	p->lib->clear(r);
	im->fresh = n[0];
	t->counts.added += n[0];
	t->counts.unchanged += n[1] + im->unchanged;
	t->counts.updated += im->first - n[0] - n[1] + im->updated;
	s->networks |= n[2] > 0;
	return SQLITE_OK;
}

/* What the statements of an import are told. */
struct store_pg_told {
	char source[24], now[24], run[24];
};

static void
store_pg_tell(const struct store_target *t, struct store_pg_told *told)
{
	(void)snprintf(told->source, sizeof(told->source), "%" PRId64, t->id);
	(void)snprintf(told->now, sizeof(told->now), "%" PRId64, t->now);
	(void)snprintf(told->run, sizeof(told->run), "%" PRId64, t->run);
}

/* Puts the records in their place. */
static int
store_pg_merge_all(struct store *s, struct store_target *t)
{
	struct pgsql *p = &s->pg->db;
	struct store_pg_told told;
	const char *const values[] = { told.source, told.now, told.run };
	const struct store_pg_import *im = s->pg->import;
	int code;

	store_pg_tell(t, &told);
	if ((code = pgsql_run(p, store_pg_analyze, -1, NULL, NULL)) ==
	    SQLITE_OK)
		code = store_pg_count(s, t, told.source);
	if (code == SQLITE_OK && im->turned)
		code = pgsql_run(p, store_pg_last_turn, -1, NULL, NULL);
	if (code == SQLITE_OK && im->fresh < im->first)
		code = pgsql_run(p, store_pg_change, 3, values, NULL);
	if (code == SQLITE_OK && im->fresh > 0)
		code = pgsql_run(p, store_pg_add, 3, values, NULL);
	if (code == SQLITE_OK)
		code = pgsql_run(p, store_pg_emptied, -1, NULL, NULL);
	s->pg->recount = true;
	return code;
}

/* Removes what former imports alone listed. */
static int
store_pg_replace(
    struct store *s, struct store_target *t, const struct store_pg_told *told)
{
	const char *const values[] = { told->source, told->run };
	const struct libpq *lib = s->pg->db.lib;
	struct libpq_result *r;
	int code = pgsql_run(&s->pg->db, store_pg_replaced, 2, values, &r);

	if (code != SQLITE_OK)
		return code;
	t->counts.removed += strtoull(lib->value(r, 0, 0), NULL, 10);
	s->networks |= strcmp(lib->value(r, 0, 1), "0") != 0;
	s->pg->recount |= t->counts.removed > 0;
	lib->clear(r);
	return SQLITE_OK;
}

static int
store_pg_recount_all(struct store *s, const struct store_pg_told *told)
{
	const char *const source = told->source;
	size_t i;
	int code = SQLITE_OK;

	for (i = 0; code == SQLITE_OK && store_pg_recount[i] != NULL; i++)
		code = pgsql_run(
		    &s->pg->db, store_pg_recount[i], 1, &source, NULL);
	s->pg->recount = false;
	return code;
}

int
store_pg_finish(struct store *s, struct store_target *t, bool replace)
{
	struct pgsql *p = &s->pg->db;
	const int limit = p->limit;
	struct store_pg_told told;
	int code = SQLITE_OK;

	store_pg_tell(t, &told);
	p->limit = PATIENCE;
	if (replace)
		code = store_pg_replace(s, t, &told);
	if (code == SQLITE_OK && s->pg->recount)
		code = store_pg_recount_all(s, &told);
	p->limit = limit;
	return code;
}

int
store_pg_put_end(struct store *s, struct store_target *t)
{
	struct store_pg *pg = s->pg;
	struct pgsql *p = &pg->db;
	const int limit = p->limit;
	int code;

	if (pg->import == NULL || !pg->import->copies)
		return SQLITE_OK;
	if ((code = store_pg_put_waiting(pg)) != SQLITE_OK ||
	    (code = store_pg_send(pg)) != SQLITE_OK)
		return code;
	if (p->lib->copy_end(p->conn, pgsql_until(p, PATIENCE), &p->error) ==
	    -1)
		return pgsql_failed(p);
	p->limit = PATIENCE;
	code = store_pg_merge_all(s, t);
	p->limit = limit;
	store_pg_import_free(pg);
	return code;
}
