/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/feed/feed_reader.h"
#include "cli/feed/feed_row.h"
#include "cli/table/csv_head.h"
#include "cli/table/feed_table.h"

#define HEAD (64U << 10) /* bytes that are looked at to find the comma */

/* A table that is being read. */
struct csv_feed {
	const struct feed_options *o;
	struct csv in;
	struct csv_row row, comment;
	struct buf line; /* a comment */
	bool commented;  /* the row in comment may be the headings */
	bool begun;      /* the columns are known */
	struct feed_table *table;
	struct feed_cells cells;
	/* Rows that have more cells than there are columns, and say something
	 * there; the line of the first. */
	uint64_t wide, wide_line;
	char *error;
};

bool
feed_csv_looks(const char *head, size_t n, const struct feed_options *o)
{
	return csv_head_looks(head, n, n < HEAD, o);
}

/* Names the columns after a row, or by numbers (NULL). */
static int
feed_csv_name(struct csv_feed *f, struct csv_row *names)
{
	struct feed_columns *c = f->table->columns;
	size_t i, n = names == NULL ? f->row.n : names->n;
	const char *name;

	c->headed = names != NULL;
	for (i = 0; i < n; i++) {
		name = names == NULL ? "" : csv_word(names, i);
		if (feed_columns_add(c, name, strlen(name)) == CSV_NONE) {
			snprintf(f->error, FEED_ERROR_MAX, "memory ran out");
			return -1;
		}
	}
	f->begun = true;
	return 0;
}

static int
feed_csv_open(struct csv_feed *f)
{
	snprintf(f->error, FEED_ERROR_MAX, "line %" PRIu64 ": %s", f->row.line,
	    f->row.wrong);
	return -1;
}

/* Counts a row that says something beyond the last column. */
static void
feed_csv_wide(struct csv_feed *f, size_t n)
{
	while (n < f->row.n && *csv_word(&f->row, n) == '\0')
		n++;
	if (n < f->row.n && f->wide++ == 0)
		f->wide_line = f->row.line;
}

static void
feed_csv_note(const struct csv_feed *f)
{
	if (f->wide > 0)
		feed_note(f->table->sink,
		    "%" PRIu64 " row%s more cells than %s; the cells beyond "
		    "were left out, the first in line %" PRIu64
		    ": perhaps a text with \"%c\" lacks its quotes",
		    f->wide, f->wide == 1 ? " has" : "s have",
		    f->table->columns->headed ? "there are headings" :
						"the first row",
		    f->wide_line, f->in.comma);
}

/* Takes the row for one of values. */
static int
feed_csv_row(struct csv_feed *f)
{
	struct csv_row *row = &f->row;
	size_t i, n = f->table->columns->n;

	if (csv_is_open(row))
		return feed_csv_open(f);
	if (row->wrong != NULL)
		return feed_table_skip(
		    f->table, row->line, row->wrong, row->wrong);
	for (i = 0; i < row->n && i < n; i++)
		f->cells.text[i] = csv_word(row, i);
	feed_csv_wide(f, i);
	f->cells.n = i;
	f->cells.line = row->line;
	return feed_table_row(f->table, &f->cells);
}

/* Looks at the first row, and takes it for what it is. */
static int
feed_csv_begin(struct csv_feed *f)
{
	struct csv_row *row = &f->row;
	enum csv_head sure = csv_head(row, f->o);
	bool below =
	    f->commented && (row->wrong != NULL || f->comment.n == row->n);

	if (csv_is_open(row))
		return feed_csv_open(f);
	/* Below headings in a comment, a second heading has nothing else. */
	if (below &&
	    !(sure == CSV_HEAD_SURE && csv_head_known(row) * 2 >= row->n))
		return feed_csv_name(f, &f->comment) == -1 ? -1 :
							     feed_csv_row(f);
	if (row->wrong != NULL) {
		snprintf(f->error, FEED_ERROR_MAX,
		    "line %" PRIu64 ": this should be the header, and %s",
		    row->line, row->wrong);
		return -1;
	}
	if (sure != CSV_HEAD_NONE)
		return feed_csv_name(f, row);
	return feed_csv_name(f, NULL) == -1 ? -1 : feed_csv_row(f);
}

static void
feed_csv_comment(struct csv_feed *f)
{
	struct csv_row kept;

	/* A comment that is no heading leaves the one before it. */
	csv_head_comment(&f->in, &f->line, &f->row);
	if (!f->begun && strcasestr(f->line.data, "certificate") != NULL)
		f->table->columns->certificates = true;
	if (f->begun || f->row.wrong != NULL || f->row.n < 2 ||
	    csv_head_known(&f->row) == 0)
		return;
	kept = f->comment;
	f->comment = f->row;
	f->row = kept;
	f->commented = true;
}

static int
feed_csv_rows(struct csv_feed *f)
{
	int c, stop = 0;

	while (stop == 0 && (c = csv_peek(&f->in)) != EOF) {
		if (c == '#') {
			feed_csv_comment(f);
			continue;
		}
		csv_read(&f->in, &f->row);
		if (!csv_is_empty(&f->row))
			stop = f->begun ? feed_csv_row(f) : feed_csv_begin(f);
	}
	return stop;
}

/* Finds the comma; passes over a line that names it. */
static void
feed_csv_comma(struct csv_feed *f, struct feed_reader *r)
{
	size_t n = feed_reader_fill(r, HEAD);
	struct csv_comma comma;

	comma = csv_head_comma(
	    r->data + r->at, n < HEAD ? n : HEAD, n < HEAD, &f->row);
	f->in.comma = comma.comma;
	for (n = 0; n < comma.skip; n++)
		(void)feed_reader_byte(r);
	if (comma.titles > 0)
		feed_note(f->table->sink,
		    "%zu line%s above the headings %s passed over",
		    comma.titles, comma.titles == 1 ? "" : "s",
		    comma.titles == 1 ? "was" : "were");
}

int
feed_csv(struct feed_reader *r, const struct feed_options *o,
    const struct feed_sink *sink, char error[FEED_ERROR_MAX])
{
	struct csv_feed *f = calloc(1, sizeof(*f));
	int stop = -1;

	if (f == NULL) {
		snprintf(error, FEED_ERROR_MAX, "memory ran out");
		return -1;
	}
	f->o = o;
	f->in.reader = r;
	f->error = error;
	csv_row_init(&f->row);
	csv_row_init(&f->comment);
	buf_init(&f->line, CSV_ROW_MAX);
	if ((f->table = feed_table_new(o, sink, error)) != NULL) {
		feed_csv_comma(f, r);
		stop = feed_csv_rows(f);
		if (f->begun || stop != 0)
			stop = feed_table_end(f->table, stop);
		if (stop == 0)
			feed_csv_note(f);
	}
	feed_table_free(f->table);
	buf_free(&f->line);
	csv_row_free(&f->comment);
	csv_row_free(&f->row);
	free(f);
	return stop;
}
