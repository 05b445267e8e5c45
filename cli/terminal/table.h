/* SPDX-License-Identifier: MIT */
/*
 * table: rows of text in columns, for people.
 *
 * Cells are outside text: they are made harmless (text.h) when they come in.
 * On a terminal, what would be wider than it is folded within its column;
 * elsewhere every row is one line.  Colours only on a terminal, and not with
 * NO_COLOR in the environment (https://no-color.org).
 */
#ifndef CTIM_TABLE_H
#define CTIM_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define TABLE_COLUMNS 12 /* the most that a table has */

enum table_colour {
	TABLE_PLAIN,
	TABLE_BOLD,
	TABLE_DIM,
	TABLE_RED,
	TABLE_YELLOW,
	TABLE_GREEN
};

struct table;

/*
 * A table with the columns of names, ended by NULL, which must outlive it.
 * A name that begins with '>' makes a column of numbers, set to the right.
 * NULL when memory ran out; the other functions take that, and then
 * table_print() fails.
 */
struct table *table_new(const char *const *names);
void table_free(struct table *);
/* The next cell, row by row from the left; text is copied, NULL is "-". */
void table_cell(struct table *, const char *text, enum table_colour);
void table_number(struct table *, long long);
/* Prints heading and rows.  Returns 0, or -1 when memory ran out before or the
 * file could not be written.  A table without rows prints nothing. */
int table_print(const struct table *, FILE *);

/* Whether colours go to this file. */
bool table_colours(FILE *);
/* What switches a colour on and, for TABLE_PLAIN, everything off again; "" when
 * on is false. */
const char *table_sgr(enum table_colour, bool on);

#endif
