/* SPDX-License-Identifier: MIT */
/*
 * csv: the rows of a table, from a file or from memory.
 * Source: RFC 4180; tables of spreadsheets, which separate their fields
 * with semicolons or tabs too.
 */
#ifndef CTIM_CSV_H
#define CTIM_CSV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define CSV_COLUMNS 256 /* of a row, at most */
#define CSV_NONE    SIZE_MAX
/* Bytes of a row: a quote that is never closed must not swallow the file. */
#define CSV_ROW_MAX (64U << 10)

struct feed_reader;

/* Bytes of rows, from the reader or from a piece of memory. */
struct csv {
	struct feed_reader *reader; /* NULL: the memory below */
	const char *p, *end;
	char comma;  /* between the fields */
	uint64_t cr; /* lines that ended with CR alone */
};

/* The fields of one row, each ended by a NUL, one after another in text. */
struct csv_row {
	struct buf text;
	size_t at[CSV_COLUMNS];
	size_t n;
	uint64_t line;     /* where the row begins; 0 in memory */
	const char *wrong; /* why the row is none; a constant */
};

void csv_row_init(struct csv_row *);
void csv_row_free(struct csv_row *);

/* Returns the next byte without taking it, or EOF. */
int csv_peek(struct csv *);
/*
 * Reads one row to the end of its line (CR, LF or both), even a wrong one.  A
 * line that ends within quotes goes on.  Drops blanks around a field; a quote behind them
 * still begins the field, as abuse.ch writes `"a", "b"`.  Blanks in quotes
 * belong to the field (RFC 4180).
 */
void csv_read(struct csv *, struct csv_row *);
/* Reads a line as it is into text, up to what fits, without its end. */
void csv_line(struct csv *, struct buf *text);
/* Returns field i; NULL where the row has fewer. */
const char *csv_field(const struct csv_row *, size_t i);
/* Returns field i without blanks around it, for fields that are no text; the
 * row loses these blanks. */
char *csv_word(struct csv_row *, size_t i);
/* Returns the column with this heading, case aside, in a row of them, or
 * CSV_NONE. */
size_t csv_column(struct csv_row *, const char *heading);
/* Whether the row is an empty line. */
bool csv_is_empty(const struct csv_row *);
/* Whether a quote in the row is not closed, so that nothing can follow it. */
bool csv_is_open(const struct csv_row *);

#endif
