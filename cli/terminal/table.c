/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "cli/terminal/table.h"
#include "cli/terminal/text.h"

#define CELL_MAX       (64U << 10)  /* bytes of one cell that are shown */
#define TEXT_MAX       (256U << 20) /* bytes of a whole table */
#define GAP            2            /* blanks between columns */
#define NARROWEST      14           /* a column is not folded below this */
#define TERMINAL_LEAST 40

struct cell {
	size_t at, len; /* in text */
	enum table_colour colour;
};

struct table {
	const char *const *names;
	size_t columns;
	struct cell *cells;
	size_t n, room;
	struct buf text; /* of all cells, made harmless */
	bool failed;
};

static const char *const sgr[] = { [TABLE_PLAIN] = "\033[0m",
	[TABLE_BOLD] = "\033[1m",
	[TABLE_DIM] = "\033[2m",
	[TABLE_RED] = "\033[1;31m",
	[TABLE_YELLOW] = "\033[33m",
	[TABLE_GREEN] = "\033[32m" };

struct table *
table_new(const char *const *names)
{
	struct table *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->names = names;
	while (t->columns < TABLE_COLUMNS && names[t->columns] != NULL)
		t->columns++;
	buf_init(&t->text, TEXT_MAX);
	return t;
}

void
table_free(struct table *t)
{
	if (t == NULL)
		return;
	buf_free(&t->text);
	free(t->cells);
	free(t);
}

void
table_cell(struct table *t, const char *text, enum table_colour colour)
{
	size_t room;
	struct cell *cell;

	if (t == NULL || t->failed)
		return;
	if (t->n == t->room) {
		room = t->room == 0 ? 64 : t->room * 2;
		cell = reallocarray(t->cells, room, sizeof(*cell));
		t->failed = cell == NULL;
		if (t->failed)
			return;
		t->cells = cell;
		t->room = room;
	}
	if (text == NULL)
		text = "-";
	cell = &t->cells[t->n++];
	cell->at = t->text.len;
	cell->colour = colour;
	text_add(&t->text, text, strnlen(text, CELL_MAX));
	cell->len = t->text.len - cell->at;
	t->failed = t->text.failed;
}

void
table_number(struct table *t, long long n)
{
	char text[32];

	snprintf(text, sizeof(text), "%lld", n);
	table_cell(t, text, TABLE_PLAIN);
}

bool
table_colours(FILE *f)
{
	const char *no = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fileno(f)) && (no == NULL || *no == '\0') &&
	    term != NULL && strcmp(term, "dumb") != 0;
}

const char *
table_sgr(enum table_colour colour, bool on)
{
	return on ? sgr[colour] : "";
}

/* Columns of the terminal behind f, 0 when it is none. */
static size_t
terminal_width(FILE *f)
{
	struct winsize size;

	if (!isatty(fileno(f)) || ioctl(fileno(f), TIOCGWINSZ, &size) == -1 ||
	    size.ws_col == 0)
		return 0;
	return size.ws_col < TERMINAL_LEAST ? TERMINAL_LEAST : size.ws_col;
}

static const char *
heading(const struct table *t, size_t column)
{
	const char *name = t->names[column];

	return name[0] == '>' ? name + 1 : name;
}

/* How wide each column is: as its widest cell, or, so that all of them fit into
 * limit, the widest ones less. */
static void
measure(const struct table *t, size_t limit, size_t width[TABLE_COLUMNS])
{
	size_t total = GAP * (t->columns - 1), widest;

	for (size_t c = 0; c < t->columns; c++)
		width[c] = text_width(heading(t, c), strlen(heading(t, c)));
	for (size_t i = 0; i < t->n; i++) {
		size_t w =
		    text_width(t->text.data + t->cells[i].at, t->cells[i].len);

		if (w > width[i % t->columns])
			width[i % t->columns] = w;
	}
	for (size_t c = 0; c < t->columns; c++)
		total += width[c];
	while (limit != 0 && total > limit) {
		widest = 0;
		for (size_t c = 1; c < t->columns; c++)
			if (width[c] > width[widest])
				widest = c;
		if (width[widest] <= NARROWEST)
			break;
		width[widest]--;
		total--;
	}
}

/*
 * How many of the len bytes at s go on a line of width columns: up to the last
 * blank that fits, or, in a word that is longer, as much as fits.
 */
static size_t
fold(const char *s, size_t len, size_t width)
{
	size_t at = 0, n, columns = 0, blank = 0;

	while (at < len) {
		(void)utf8_next(s + at, len - at, &n);
		columns += text_width(s + at, n);
		if (columns > width && at > 0)
			return blank > 0 ? blank : at;
		if (s[at] == ' ')
			blank = at;
		at += n;
	}
	return len;
}

struct piece {
	const char *s; /* what of the cell is still to print */
	size_t len;
	enum table_colour colour;
};

/* One line of one row: the first part of every piece, which is taken off it. */
static void
print_line(const struct table *t, FILE *f, struct piece *pieces,
    const size_t *width, bool colours)
{
	size_t gap = 0; /* blanks that are due */

	for (size_t c = 0; c < t->columns; c++) {
		struct piece *p = &pieces[c];
		size_t n = fold(p->s, p->len, width[c]);
		size_t used = text_width(p->s, n);
		size_t pad = used < width[c] ? width[c] - used : 0;
		bool colour = colours && p->colour != TABLE_PLAIN;

		if (t->names[c][0] == '>') {
			gap += pad;
			pad = 0;
		}
		if (n > 0) {
			fprintf(f, "%*s", (int)gap, "");
			gap = 0;
			fputs(table_sgr(p->colour, colour), f);
			fwrite(p->s, 1, n, f);
			fputs(table_sgr(TABLE_PLAIN, colour), f);
		}
		gap += pad + GAP;
		p->s += n;
		p->len -= n;
		while (p->len > 0 && *p->s == ' ') {
			p->s++;
			p->len--;
		}
	}
	putc('\n', f);
}

static void
print_row(const struct table *t, FILE *f, struct piece *pieces,
    const size_t *width, bool colours)
{
	size_t c;

	do {
		print_line(t, f, pieces, width, colours);
		for (c = 0; c < t->columns && pieces[c].len == 0; c++)
			;
	} while (c < t->columns);
}

int
table_print(const struct table *t, FILE *f)
{
	struct piece pieces[TABLE_COLUMNS];
	size_t width[TABLE_COLUMNS];
	bool colours = table_colours(f);

	if (t == NULL || t->failed)
		return -1;
	if (t->n < t->columns)
		return 0;
	measure(t, terminal_width(f), width);
	for (size_t c = 0; c < t->columns; c++)
		pieces[c] = (struct piece){ heading(t, c),
			strlen(heading(t, c)), TABLE_BOLD };
	print_row(t, f, pieces, width, colours);
	for (size_t i = 0; i + t->columns <= t->n; i += t->columns) {
		for (size_t c = 0; c < t->columns; c++) {
			const struct cell *cell = &t->cells[i + c];

			pieces[c] = (struct piece){ t->text.data + cell->at,
				cell->len, cell->colour };
		}
		print_row(t, f, pieces, width, colours);
	}
	return ferror(f) ? -1 : 0;
}
