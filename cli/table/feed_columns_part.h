/* SPDX-License-Identifier: MIT */
/*
 * feed_columns_part: what the files of feed_columns.h share.
 */
#ifndef CTIM_FEED_COLUMNS_PART_H
#define CTIM_FEED_COLUMNS_PART_H

#include "cli/table/feed_columns.h"

/* Whether at least half of the filled cells are n; also where none is filled. */
static inline bool
feed_columns_half(const struct feed_column_seen *seen, uint32_t n)
{
	return n * 2 >= seen->filled;
}

/* Whether the cells differ as those of indicators do. */
static inline bool
feed_columns_differ(const struct feed_column_seen *seen)
{
	return seen->different.used * 10 >= seen->filled;
}

/* The column that --column names: by heading, as it is or as headings are
 * compared, or by number from 1.  CSV_NONE: there is none. */
size_t feed_columns_find(const struct feed_columns *, const char *name);
/* Puts columns that the options name in their places; said[]: which fields they
 * speak of. */
void feed_columns_said(struct feed_columns *, bool said[FEED_FIELDS]);
/* Whether a cell says nothing: feeds have words for that, `intel export` has
 * none. */
bool feed_columns_silent(const struct feed_columns *, const char *cell);
/* What the heading of a column says; of a column of URLs that has names, as its
 * cells show, a name.  It must have a heading. */
enum heading_kind feed_columns_kind(const struct feed_columns *, size_t column);
/* Finds the columns of the value by their headings, … */
void feed_columns_by_heading(struct feed_columns *);
/* … or by their cells, and the type and reason beside it. */
void feed_columns_by_cells(struct feed_columns *);
/* Adds a column as a group of its own, when there is room. */
struct feed_group *feed_columns_group(struct feed_columns *, size_t column);
/* Adds a column to the places of a field, when there is room. */
void feed_columns_place(struct feed_columns *, enum feed_field, size_t column);

#endif
