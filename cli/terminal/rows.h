/* SPDX-License-Identifier: MIT */
/*
 * rows: cells that wait to be a table's (table.h), in as few bytes as they have.
 */
#ifndef CTIM_ROWS_H
#define CTIM_ROWS_H

#include <stddef.h>

#include "base/buf.h"
#include "cli/terminal/table.h"

struct rows {
	struct buf cells;
	size_t columns;
	size_t n; /* cells */
};

void rows_init(struct rows *, size_t columns);
void rows_free(struct rows *);
/* The next cell, of one line; NULL is none. */
void rows_cell(struct rows *, const char *text, enum table_colour);
/* The same, with no more than the beginning of a long text. */
void rows_short(struct rows *, const char *text, enum table_colour);
size_t rows_count(const struct rows *);
/* Adds the cells below those of the table. */
void rows_put(const struct rows *, struct table *);

#endif
