/* SPDX-License-Identifier: MIT */
/* Observables from files: a column of a CSV file, a text. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cli/base/command.h"
#include "cli/base/infile.h"
#include "cli/extract/extract.h"
#include "cli/feed/feed_reader.h"
#include "cli/table/csv.h"
#include "cli/table/heading.h"
#include "cli/terms/terms.h"

#define HEAD      4096 /* bytes that are searched for the comma */
#define HEADING   40   /* bytes of a heading that are shown */
#define FIRST_MAX 2048 /* bytes of all headings */

/* A file that is being read. */
struct reading {
	const struct command *cmd;
	struct terms *asked;
	const char *file;   /* as named */
	const char *name;   /* for people */
	const char *column; /* as named, or NULL; the rest is of a table */
	struct csv in;
	struct csv_row row;
	struct buf first;            /* the first row, for a message */
	size_t columns[CSV_COLUMNS]; /* the possible ones */
	size_t n;
};

/* Returns the mark that separates the fields of the first line: the most
 * frequent of these. */
static char
comma_of(struct feed_reader *r)
{
	static const char commas[] = ",;\t";
	size_t n = feed_reader_fill(r, HEAD), best = 0;
	size_t count[sizeof(commas)] = { 0 };
	bool quoted = false;

	for (size_t i = 0; i < n && (quoted || r->data[r->at + i] != '\n');
	     i++) {
		char c = r->data[r->at + i];
		const char *comma = memchr(commas, c, sizeof(commas) - 1);

		if (c == '"')
			quoted = !quoted;
		else if (!quoted && comma != NULL)
			count[comma - commas]++;
	}
	for (size_t i = 1; commas[i] != '\0'; i++)
		if (count[i] > count[best])
			best = i;
	return commas[best];
}

/* Returns the column of this number, counted from 1, or CSV_NONE. */
static size_t
numbered(const struct csv_row *row, const char *text)
{
	unsigned long n;
	char *end;

	if (*text < '0' || *text > '9')
		return CSV_NONE;
	n = strtoul(text, &end, 10);
	return *end != '\0' || n < 1 || n > row->n ? CSV_NONE : n - 1;
}

/* Whether a cell is an observable. */
static bool
is_one(const struct csv_row *row, size_t column)
{
	char normal[INDICATOR_MAX + 1];

	return column < row->n &&
	    terms_normal(csv_field(row, column), normal) != OBSERVABLE_UNKNOWN;
}

static void
may_be(struct reading *t, size_t column)
{
	for (size_t i = 0; i < t->n; i++)
		if (t->columns[i] == column)
			return;
	t->columns[t->n++] = column;
}

/* Finds the columns whose headings are usual for values in feeds, in the order in
 * which feeds take them. */
static void
find_usual(struct reading *t)
{
	const struct heading *h[CSV_COLUMNS];
	size_t i, best;

	for (i = 0; i < t->row.n; i++) {
		h[i] = heading_of(csv_word(&t->row, i));
		if (h[i] != NULL && (unsigned)h[i]->kind >= HEADING_VALUES)
			h[i] = NULL;
	}
	do {
		best = CSV_NONE;
		for (i = 0; i < t->row.n; i++)
			if (h[i] != NULL &&
			    (best == CSV_NONE ||
				heading_rank(h[i]) < heading_rank(h[best])))
				best = i;
		if (best != CSV_NONE) {
			may_be(t, best);
			h[best] = NULL;
		}
	} while (best != CSV_NONE);
}

/* Keeps the first row for an error message. */
static void
note_first(struct reading *t)
{
	for (size_t i = 0; i < t->row.n; i++)
		buf_addf(&t->first, "%s%.*s", i == 0 ? "" : ", ", HEADING,
		    csv_field(&t->row, i));
}

static int
no_column(const struct reading *t)
{
	if (t->column == NULL)
		return command_fail(t->cmd, CMD_USAGE,
		    "%s: which column is it? Name it with --column NAME, or by "
		    "its number; the first row has: %s",
		    t->name, t->first.data);
	return command_fail(t->cmd, CMD_USAGE,
	    "%s: there is no column \"%.*s\"; the first row has: %s", t->name,
	    HEADING, t->column, t->first.data);
}

/* Returns the only column of a row with an observable in it, or CSV_NONE. */
static size_t
only_one(const struct csv_row *row)
{
	size_t column = CSV_NONE;

	for (size_t i = 0; i < row->n; i++) {
		if (!is_one(row, i))
			continue;
		if (column != CSV_NONE)
			return CSV_NONE;
		column = i;
	}
	return column;
}

/*
 * Finds the possible columns by the first row.  Returns whether that row is no
 * heading but has an observable, in the only column that is left then.
 */
static bool
look_at_first(struct reading *t)
{
	size_t column;

	t->n = 0;
	if (t->column != NULL) {
		if ((column = csv_column(&t->row, t->column)) != CSV_NONE) {
			may_be(t, column);
			return false;
		}
		if ((column = numbered(&t->row, t->column)) == CSV_NONE)
			return false;
		may_be(t, column);
		return is_one(&t->row, column);
	}
	find_usual(t);
	if (t->n > 0)
		return false;
	if ((column = only_one(&t->row)) != CSV_NONE || t->row.n == 1)
		may_be(t, column != CSV_NONE ? column : 0);
	return column != CSV_NONE;
}

/* Returns the column, by the first row below the heading: of the possible ones,
 * the first with an observable in it. */
static size_t
look_at_second(const struct reading *t)
{
	for (size_t i = 0; i < t->n; i++)
		if (is_one(&t->row, t->columns[i]))
			return t->columns[i];
	if (t->n > 0)
		return t->columns[0];
	return t->column != NULL ? CSV_NONE : only_one(&t->row);
}

/* Reads the next row that is no empty line; false at the end. */
static bool
next_row(struct reading *t)
{
	while (csv_peek(&t->in) != EOF) {
		csv_read(&t->in, &t->row);
		if (!csv_is_empty(&t->row))
			return true;
	}
	return false;
}

static int
take_row(struct reading *t, size_t column)
{
	if (csv_is_open(&t->row))
		return command_fail(t->cmd, CMD_FAILED,
		    "%s: line %" PRIu64 ": %s", t->name, t->row.line,
		    t->row.wrong);
	if (t->row.wrong != NULL) {
		t->asked->left_out++;
		return command_fail(t->cmd, CMD_OK,
		    "line %" PRIu64 " is left out: %s", t->row.line,
		    t->row.wrong);
	}
	if (column >= t->row.n)
		return CMD_OK;
	return terms_place(t->cmd, t->asked,
	    t->row.text.data + t->row.at[column], t->row.line);
}

static int
terms_file_rows(struct reading *t)
{
	size_t column;
	bool data;
	int status = CMD_OK;

	if (!next_row(t))
		return CMD_OK;
	if (t->row.wrong != NULL)
		return command_fail(t->cmd, CMD_FAILED,
		    "%s: line %" PRIu64 ": %s", t->name, t->row.line,
		    t->row.wrong);
	note_first(t);
	data = look_at_first(t);
	if (t->column != NULL && t->n == 0)
		return no_column(t);
	if (!data && !next_row(t))
		return CMD_OK;
	column = data ? t->columns[0] : look_at_second(t);
	if (column == CSV_NONE)
		return no_column(t);
	do
		status = take_row(t, column);
	while (status == CMD_OK && next_row(t));
	return status;
}

static int
terms_file_table(struct reading *t, struct feed_reader *r)
{
	int status;

	t->in = (struct csv){ .reader = r, .comma = comma_of(r) };
	csv_row_init(&t->row);
	buf_init(&t->first, FIRST_MAX);
	status = terms_file_rows(t);
	buf_free(&t->first);
	csv_row_free(&t->row);
	return status;
}

static int
terms_file_found(void *arg, enum observable_type type, const char *value)
{
	struct reading *t = arg;

	return terms_append(t->cmd, t->asked, type, value, 0);
}

static int
terms_file_text(struct reading *t, struct feed_reader *r)
{
	return extract_read(r, terms_file_found, t);
}

/* Opens the file for a function that reads it. */
static int
terms_file(
    struct reading *t, int (*read)(struct reading *, struct feed_reader *))
{
	struct feed_reader r = { .file = NULL };
	FILE *f = infile_open(t->cmd, t->file);
	int status;

	if (f == NULL)
		return CMD_FAILED;
	t->name = infile_name(t->file);
	if (feed_reader_init(&r, f) == -1)
		status = command_fail(t->cmd, CMD_FAILED, "no memory left");
	else if (feed_reader_mark(&r) == -1)
		status = infile_utf16(t->cmd, t->file);
	else
		status = read(t, &r);
	if (status == CMD_OK && r.error != 0)
		status = command_fail(
		    t->cmd, CMD_FAILED, "%s: %s", t->name, strerror(r.error));
	feed_reader_free(&r);
	infile_close(f);
	return status;
}

int
terms_csv(const struct command *cmd, struct terms *asked, const char *file,
    const char *column)
{
	struct reading t = {
		.cmd = cmd, .asked = asked, .file = file, .column = column
	};

	return terms_file(&t, terms_file_table);
}

int
terms_text(const struct command *cmd, struct terms *asked, const char *file)
{
	struct reading t = { .cmd = cmd, .asked = asked, .file = file };

	return terms_file(&t, terms_file_text);
}
