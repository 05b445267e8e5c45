/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cli/feed/feed_value.h"
#include "cli/table/csv_head.h"
#include "cli/table/feed_columns.h"
#include "cli/table/feed_columns_part.h"
#include "cli/table/heading.h"

#define HEAD_ROWS 200 /* that are looked at */
#define TITLES    10  /* lines above the headings */

/* In the order of preference. */
static const char commas[] = { ',', ';', '\t', '|', '#' };

/* What the rows are when this is between the fields. */
struct comma_seen {
	size_t rows, fit, n; /* fit: rows of the most frequent number n */
	size_t known;        /* headings of the first row that are known */
};

/* Reads the next row that is neither empty nor a comment; false at the end, and
 * for a last row that may be cut. */
static bool
comma_row(struct csv *in, struct csv_row *row, bool whole)
{
	while (csv_peek(in) != EOF) {
		bool comment = csv_peek(in) == '#';

		csv_read(in, row);
		if (!comment && !csv_is_empty(row))
			return whole || in->p < in->end;
	}
	return false;
}

static size_t
comma_known(struct csv_row *row)
{
	size_t i, known = 0;

	for (i = 0; row->wrong == NULL && i < row->n; i++)
		known += heading_of(csv_word(row, i)) != NULL;
	return known;
}

static struct comma_seen
comma_look(struct csv in, bool whole, struct csv_row *row)
{
	uint16_t count[CSV_COLUMNS + 1] = { 0 };
	struct comma_seen seen = { 0 };
	size_t i;

	while (seen.rows < HEAD_ROWS && comma_row(&in, row, whole)) {
		if (seen.rows++ == 0)
			seen.known = comma_known(row);
		if (row->wrong == NULL)
			count[row->n]++;
		if (csv_is_open(row))
			break;
	}
	for (i = 1; i <= CSV_COLUMNS; i++)
		if (count[i] >= seen.fit && count[i] > 0) {
			seen.fit = count[i];
			seen.n = i;
		}
	return seen;
}

/* The mark that a line "sep=;" names, as table software writes it; 0: there is
 * none. */
static char
comma_said(const char *head, size_t n, size_t *skip)
{
	char mark;

	if (n < 5 || strncasecmp(head, "sep=", 4) != 0)
		return 0;
	mark = head[4];
	*skip = 5;
	if (*skip < n && head[*skip] == '\r')
		(*skip)++;
	if (*skip < n && head[*skip] == '\n')
		(*skip)++;
	return *skip == 5 && n > 5 ? 0 : mark;
}

/* How many of the cells say something; *only: one of these. */
static size_t
title_cells(struct csv_row *row, const char **only)
{
	size_t i, n = 0;

	for (i = 0; row->wrong == NULL && i < row->n; i++)
		if (*csv_word(row, i) != '\0') {
			*only = csv_word(row, i);
			n++;
		}
	return row->wrong == NULL ? n : 2;
}

/* Whether the row is headings, one of them that of a value, of several cells. */
static bool
title_is_above(struct csv_row *row)
{
	static const struct feed_options none = { .format = FEED_CSV };
	const struct heading *h;
	const char *only;
	size_t i;

	if (title_cells(row, &only) < 2 ||
	    csv_head(row, &none) != CSV_HEAD_SURE)
		return false;
	for (i = 0; i < row->n; i++)
		if ((h = heading_of(csv_word(row, i))) != NULL &&
		    (unsigned)h->kind < HEADING_VALUES)
			return true;
	return false;
}

/*
 * Moves behind the lines above the headings that a spreadsheet has: a title in
 * one cell, rows without any.  Returns how many, 0 where the first row is not
 * one, or no headings follow.
 */
static size_t
comma_titles(struct csv *in, struct csv_row *row)
{
	struct csv at = *in;
	struct feed_value v;
	const char *only = "";
	size_t n, cells;

	for (n = 0; n <= TITLES && csv_peek(&at) != EOF; n++) {
		const char *begin = at.p;

		if (csv_peek(&at) == '#')
			return 0;
		csv_read(&at, row);
		if (title_is_above(row)) {
			in->p = begin;
			return n;
		}
		cells = title_cells(row, &only);
		if (cells > 1 ||
		    (cells == 1 && feed_value_look(&v, only) &&
			v.type != OBSERVABLE_URL))
			return 0;
	}
	return 0;
}

struct csv_comma
csv_head_comma(const char *head, size_t n, bool whole, struct csv_row *row)
{
	struct csv_comma best = { .comma = ',' };
	struct comma_seen seen;
	size_t i, titles, first = 0, known = 0;
	char said = comma_said(head, n, &first);
	bool fits;

	if (said == 0)
		first = 0;
	best.skip = first;
	for (i = 0; i < sizeof(commas); i++) {
		struct csv in = { .p = head + first,
			.end = head + n,
			.comma = said != 0 ? said : commas[i] };

		titles = comma_titles(&in, row);
		seen = comma_look(in, whole, row);
		fits = seen.n >= 2 && seen.fit * 10 >= seen.rows * 9;
		/* Or rows that differ, below a heading that does not. */
		if (said != 0 ||
		    (fits ? !best.fits || seen.n > best.n :
			    !best.fits && seen.known > known)) {
			best.comma = in.comma;
			best.skip = (size_t)(in.p - head);
			best.titles = titles;
			best.n = fits ? seen.n : best.n;
			known = seen.known;
		}
		best.fits = best.fits || fits;
		if (said != 0)
			break;
	}
	return best;
}

/* Whether a heading is known, also behind "source.". */
static bool
head_is_known(const char *name)
{
	const char *dot = strrchr(name, '.');

	return heading_of(name) != NULL ||
	    (dot != NULL && heading_of(dot + 1) != NULL);
}

size_t
csv_head_known(struct csv_row *f)
{
	size_t i, n = 0;

	for (i = 0; f->wrong == NULL && i < f->n; i++)
		n += head_is_known(csv_word(f, i));
	return n;
}

/* Whether the options name a cell. */
static bool
head_is_said(struct csv_row *f, const struct feed_options *o)
{
	size_t i;

	for (i = 0; i < o->n_columns; i++)
		if (o->columns[i].name[0] != '\0' &&
		    csv_column(f, o->columns[i].name) != CSV_NONE)
			return true;
	return false;
}

enum csv_head
csv_head(struct csv_row *f, const struct feed_options *o)
{
	size_t i, known = 0, names = 0, words = 0;
	struct feed_value v;
	const char *cell;

	if (f->wrong != NULL)
		return CSV_HEAD_NONE;
	for (i = 0; i < f->n; i++) {
		cell = csv_word(f, i);
		if (head_is_known(cell)) {
			known++;
			words += !feed_value_is_type(cell);
		} else if (feed_value_look(&v, cell)) {
			if (v.type != OBSERVABLE_DOMAIN)
				return CSV_HEAD_NONE;
			names++;
		}
	}
	if (head_is_said(f, o))
		return CSV_HEAD_SURE;
	/* "evil.example,domain" is no heading; "event.time,ip,reason" is. */
	if (names > 0)
		return known >= 2 && words > 0 ? CSV_HEAD_SURE : CSV_HEAD_NONE;
	return known > 0 ? CSV_HEAD_SURE : CSV_HEAD_MAYBE;
}

void
csv_head_comment(struct csv *in, struct buf *line, struct csv_row *f)
{
	struct csv one = { .comma = in->comma };

	csv_line(in, line);
	one.p = line->data;
	one.end = line->data + line->len;
	while (one.p < one.end && (*one.p == '#' || *one.p == ' '))
		one.p++;
	/* "#fields<TAB>indicator<TAB>indicator_type" of Zeek. */
	if (one.end - one.p > 7 && memcmp(one.p, "fields\t", 7) == 0)
		one.p += 7;
	csv_read(&one, f);
}

/* Whether the columns of a table without headings are more than a value and a
 * comment, which are text. */
static bool
head_is_table(const struct feed_columns *c, char comma, bool quoted)
{
	const struct feed_group *g = &c->group[0];
	const struct feed_column_seen *seen = &c->column[g->column[0]].seen;

	if (c->groups == 0)
		return false;
	if (quoted || c->places[FEED_TYPE] > 0 ||
	    c->places[FEED_DISPOSITION] > 0 || g->column[0] != 0 ||
	    (g->n > 1 && g->pair == NULL))
		return true;
	if (comma == '\t' || c->n < 2)
		return false;
	if (g->pair != NULL || comma == '|')
		return true;
	/* A URL may have commas of its own. */
	return c->n >= 3 && (seen->kind[HEADING_URL] == 0 || c->rows >= 3);
}

/* Looks at the rows from here on, the first of which is in f. */
static bool
head_rows(struct csv *in, struct csv_row *f, struct feed_columns *c, bool whole,
    size_t n)
{
	struct feed_cells cells = { .n = 0 };
	bool quoted = false;
	size_t i;

	while (c->n < n)
		if (feed_columns_add(c, "", 0) == CSV_NONE)
			return false;
	do {
		if (f->wrong == NULL && !csv_is_empty(f)) {
			for (i = 0; i < f->n; i++)
				cells.text[i] = csv_word(f, i);
			cells.n = f->n < n ? f->n : n;
			feed_columns_look(c, &cells);
		}
		quoted = quoted || csv_peek(in) == '"';
		while (csv_peek(in) == '#')
			csv_read(in, f);
		if (csv_peek(in) == EOF)
			break;
		csv_read(in, f);
	} while (c->rows < HEAD_ROWS && (whole || in->p < in->end));
	feed_columns_by_cells(c);
	return head_is_table(c, in->comma, quoted);
}

/* Whether a comment is headings of more than a value and what is said of it,
 * which the text format keeps, too: "# IP<TAB>number of lists". */
static bool
head_is_comment(struct csv_row *f)
{
	size_t known = csv_head_known(f);

	return f->n >= 3 ? known > 0 : f->n == 2 && known == 2;
}

static bool
head_looks(struct csv *in, struct csv_row *f, const struct feed_options *o,
    const struct csv_comma *comma, bool whole)
{
	size_t commented = 0; /* columns of a heading in a comment */
	struct feed_columns *c;
	struct buf line;
	enum csv_head sure;
	bool looks;

	buf_init(&line, CSV_ROW_MAX);
	do {
		if (csv_peek(in) == '#') {
			csv_head_comment(in, &line, f);
			if (head_is_comment(f))
				commented = f->n;
			f->n = 0;
			continue;
		}
		if (csv_peek(in) == EOF)
			break;
		csv_read(in, f);
	} while (f->n == 0 || csv_is_empty(f));
	buf_free(&line);
	if (f->n == 0 || csv_is_empty(f))
		return false;
	if (commented > 0 && (f->wrong != NULL || f->n == commented))
		return true;
	if ((sure = csv_head(f, o)) == CSV_HEAD_SURE)
		return true;
	if ((c = feed_columns_new(o)) == NULL)
		return false;
	if (sure == CSV_HEAD_MAYBE)
		csv_read(in, f);
	looks = head_rows(in, f, c, whole, comma->fits ? comma->n : 1);
	feed_columns_free(c);
	return looks;
}

bool
csv_head_looks(
    const char *head, size_t n, bool whole, const struct feed_options *o)
{
	struct csv in = { .end = head + n };
	struct csv_comma comma;
	struct csv_row *f;
	bool looks;

	if ((f = malloc(sizeof(*f))) == NULL)
		return false;
	csv_row_init(f);
	comma = csv_head_comma(head, n, whole, f);
	in.comma = comma.comma;
	in.p = head + comma.skip;
	f->n = 0;
	looks = comma.skip > 0 || head_looks(&in, f, o, &comma, whole);
	csv_row_free(f);
	free(f);
	return looks;
}
