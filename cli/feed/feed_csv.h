/*
 * feed_csv: rows of a table, mapped by the names of its columns.
 * Source: RFC 4180; https://abuse.ch exports, whose header is a comment.
 */
#ifndef CTIM_FEED_CSV_H
#define CTIM_FEED_CSV_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/feed/feed.h"

struct feed_reader;

/*
 * Whether the first lines of a file, n bytes at head, look like a table: a
 * header row with a column for the value, or one in a comment above a row of as
 * many columns.
 */
bool feed_csv_looks(const char *head, size_t n, const struct feed_options *);
/* Reads to the end.  Returns 0, what a callback returned, or -1 with a line in
 * error when there is no header or a column of the options is not in it. */
int feed_csv(struct feed_reader *, const struct feed_options *,
    const struct feed_sink *, char error[FEED_ERROR_MAX]);

#endif
