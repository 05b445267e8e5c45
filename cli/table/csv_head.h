/* SPDX-License-Identifier: MIT */
/*
 * csv_head: the beginning of a table: what parts its fields, and where its
 * headings are, if it has any.
 */
#ifndef CTIM_CSV_HEAD_H
#define CTIM_CSV_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/table/csv.h"

struct feed_options;

/* What parts the fields. */
struct csv_comma {
	char comma;
	bool fits;     /* nine rows in ten have the same number of fields */
	size_t n;      /* that number */
	size_t skip;   /* bytes before the table: "sep=;", or titles */
	size_t titles; /* lines with a title, or none, above its headings */
};

/*
 * Finds it in the first n bytes of a table; whole says whether these are all of
 * it.  row is memory to work with.  Lines that begin with '#' are comments.
 */
struct csv_comma csv_head_comma(
    const char *head, size_t n, bool whole, struct csv_row *row);

/* How sure it is that a row is headings. */
enum csv_head {
	CSV_HEAD_NONE,  /* it has an indicator, or nothing at all */
	CSV_HEAD_MAYBE, /* it has none, but no known heading either */
	CSV_HEAD_SURE
};

/* Whether the first row is headings; o: options that may name them. */
enum csv_head csv_head(struct csv_row *, const struct feed_options *o);
/* How many headings of the row are known. */
size_t csv_head_known(struct csv_row *);
/* Reads a comment as a row, by the same comma. */
void csv_head_comment(struct csv *, struct buf *line, struct csv_row *);
/* Whether the first n bytes of a file look like a table that can be read: with
 * headings, or without any but with more than a value and a comment. */
bool csv_head_looks(
    const char *head, size_t n, bool whole, const struct feed_options *);

#endif
