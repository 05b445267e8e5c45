/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/table/feed_table.h"

#define ODD  'o' /* before a cell that waits */
#define TEXT 't'

struct feed_table *
feed_table_new(const struct feed_options *o, const struct feed_sink *sink,
    char error[FEED_ERROR_MAX])
{
	struct feed_table *t = calloc(1, sizeof(*t));

	if (t != NULL && (t->columns = feed_columns_new(o)) == NULL) {
		free(t);
		t = NULL;
	}
	if (t == NULL) {
		snprintf(error, FEED_ERROR_MAX, "memory ran out");
		return NULL;
	}
	t->sink = sink;
	t->error = error;
	buf_init(&t->text, FEED_TABLE_BYTES);
	return t;
}

void
feed_table_free(struct feed_table *t)
{
	if (t == NULL)
		return;
	feed_columns_free(t->columns);
	buf_free(&t->text);
	free(t);
}

static int
table_emit(struct feed_table *t, const struct feed_cells *cells)
{
	struct feed_row row = { .lost = &t->lost };
	const char *idle;

	if ((idle = feed_columns_idle(t->columns, cells)) != NULL)
		return feed_skip(t->sink, cells->line, idle, NULL);
	feed_columns_row(t->columns, cells, &row);
	return feed_row_emit(&row, cells->line, t->sink);
}

/* Points the cells to those of a row that waited. */
static void
table_cells(const struct feed_table *t, size_t i, struct feed_cells *cells)
{
	const char *at = t->text.data + t->row[i].at;

	cells->line = t->row[i].line;
	for (cells->n = 0; cells->n < t->row[i].n; cells->n++) {
		cells->odd[cells->n] = *at == ODD;
		cells->text[cells->n] = at + 1;
		at += strlen(at) + 1;
	}
}

/* Hands on the rows that wait. */
static int
table_replay(struct feed_table *t)
{
	struct feed_cells cells;
	size_t i;
	int stop = 0;

	for (i = 0; i < t->rows && stop == 0; i++) {
		if (t->row[i].reason != NULL)
			stop =
			    feed_skip(t->sink, t->row[i].line, t->row[i].reason,
				"%s", t->text.data + t->row[i].at);
		else {
			table_cells(t, i, &cells);
			stop = table_emit(t, &cells);
		}
	}
	t->rows = 0;
	buf_free(&t->text);
	return stop;
}

static int
table_choose(struct feed_table *t)
{
	t->known = t->columns->n;
	t->chosen = true;
	return feed_columns_choose(t->columns, t->error);
}

/* Decides, and hands on what waits. */
static int
table_decide(struct feed_table *t)
{
	return table_choose(t) == -1 ? -1 : table_replay(t);
}

/* Whether a row can wait. */
static bool
table_keep(struct feed_table *t, const struct feed_cells *cells)
{
	size_t i, begin = t->text.len;

	if (t->rows == FEED_TABLE_ROWS)
		return false;
	for (i = 0; i < cells->n && !t->text.failed; i++) {
		buf_addc(&t->text, cells->odd[i] ? ODD : TEXT);
		if (cells->text[i] != NULL)
			buf_adds(&t->text, cells->text[i]);
		buf_addc(&t->text, '\0');
	}
	if (t->text.failed)
		return false;
	t->row[t->rows].line = cells->line;
	t->row[t->rows].reason = NULL;
	t->row[t->rows].at = begin;
	t->row[t->rows++].n = cells->n;
	return true;
}

int
feed_table_row(struct feed_table *t, const struct feed_cells *cells)
{
	int stop;

	if (!t->chosen) {
		feed_columns_look(t->columns, cells);
		if (table_keep(t, cells))
			return 0;
		if ((stop = table_decide(t)) != 0)
			return stop;
	}
	/* A member that came later may be the value of this row. */
	if (t->columns->n != t->known && table_choose(t) == -1)
		return -1;
	return table_emit(t, cells);
}

int
feed_table_skip(
    struct feed_table *t, uint64_t line, const char *reason, const char *why)
{
	int stop;

	if (!t->chosen && t->rows < FEED_TABLE_ROWS) {
		t->row[t->rows].at = t->text.len;
		buf_adds(&t->text, why);
		buf_addc(&t->text, '\0');
		if (!t->text.failed) {
			t->row[t->rows].line = line;
			t->row[t->rows++].reason = reason;
			return 0;
		}
	}
	if (!t->chosen && (stop = table_decide(t)) != 0)
		return stop;
	return feed_skip(t->sink, line, reason, "%s", why);
}

/* A member that the options name, and that no object had. */
static int
table_missing(struct feed_table *t)
{
	const char *lacks = feed_columns_missing(t->columns);

	if (lacks == NULL || !t->columns->late || t->columns->rows == 0)
		return 0;
	snprintf(t->error, FEED_ERROR_MAX,
	    "there is no member \"%.*s\" in any object",
	    (int)utf8_cut(lacks, 64), lacks);
	return -1;
}

int
feed_table_end(struct feed_table *t, int stop)
{
	char kept[FEED_ERROR_MAX];
	int r = 0;

	if (stop == -1)
		memcpy(kept, t->error, sizeof(kept));
	if (!t->chosen && stop <= 0)
		r = table_decide(t);
	if (stop == -1) {
		memcpy(t->error, kept, sizeof(kept));
		return r > 0 ? r : -1;
	}
	if (stop == 0)
		stop = r;
	if (stop == 0)
		stop = table_missing(t);
	if (stop != 0)
		return stop;
	feed_columns_note(t->columns, t->sink);
	feed_row_lost(&t->lost, t->sink);
	return 0;
}
