/* SPDX-License-Identifier: MIT */
/*
 * json_cells: the members of one JSON object as the cells of a row, without
 * making objects of them.
 *
 * Strings and numbers are cells; a whole number is written without point and
 * exponent.  true, false, arrays, objects, and strings with NUL bytes are odd:
 * their cell is the JSON text; an array of strings is these, one a line, or, for
 * a reason, with commas between them.  null is no cell.  The members of an object in
 * the object are cells of columns "outer.inner", too.
 */
#ifndef CTIM_JSON_CELLS_H
#define CTIM_JSON_CELLS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "cli/table/feed_columns.h"

struct json_cells {
	struct feed_columns *columns; /* members are added that are new */
	struct buf text;              /* of the cells, each ended by a NUL */
	struct buf scratch;           /* a name with escapes */
	size_t at[FEED_COLUMNS];      /* in text; CSV_NONE: no cell */
	bool odd[FEED_COLUMNS];
	size_t next; /* the column that is expected next */
	bool left;   /* there were more columns than there may be */
};

void json_cells_init(struct json_cells *, struct feed_columns *);
void json_cells_free(struct json_cells *);
/*
 * Reads an object, of n bytes that jsonscan() found to be one.  array: the name of the array that
 * the object is in, or ""; one that is a disposition ("allowlist") is that of
 * all in it.  The cells are good until the next call.
 */
void json_cells_object(struct json_cells *, const char *text, size_t n,
    const char *array, struct feed_cells *);
/* The same for a value of any kind whose name, key, is the indicator: what it says
 * are its members, a text is the reason. */
void json_cells_keyed(struct json_cells *, const char *text, size_t n,
    const char *key, struct feed_cells *);
/* The same for a string alone: its column is the array's, where that is a
 * heading, and else "value". */
void json_cells_string(struct json_cells *, const char *text, size_t n,
    const char *array, struct feed_cells *);

#endif
