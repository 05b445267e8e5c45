/* SPDX-License-Identifier: MIT */
/*
 * feed_table: rows of a table on their way to the sink.  The first of them wait,
 * in bounded memory, until it is known which column is what.
 */
#ifndef CTIM_FEED_TABLE_H
#define CTIM_FEED_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "cli/table/feed_columns.h"

#define FEED_TABLE_ROWS  1000       /* that are looked at */
#define FEED_TABLE_BYTES (4U << 20) /* of them */

struct feed_table {
	const struct feed_sink *sink;
	struct feed_columns *columns;
	struct feed_lost lost;
	bool chosen;
	size_t known;    /* columns when they were chosen */
	struct buf text; /* of the rows that wait */
	struct {
		uint64_t line;
		const char *reason; /* why it is none, or NULL */
		size_t at, n;       /* in text; cells */
	} row[FEED_TABLE_ROWS];
	size_t rows;
	char *error; /* FEED_ERROR_MAX bytes of the caller */
};

/* Returns NULL when memory ran out, said in error.  What is handed in must
 * stay. */
struct feed_table *feed_table_new(const struct feed_options *,
    const struct feed_sink *, char error[FEED_ERROR_MAX]);
void feed_table_free(struct feed_table *);

/* Both return 0, what a callback returned, or -1 with the error. */
int feed_table_row(struct feed_table *, const struct feed_cells *);
/* A row that is none: reason is a constant, why what is said of this one. */
int feed_table_skip(
    struct feed_table *, uint64_t line, const char *reason, const char *why);
/*
 * The end of the rows, with what reading them came to: 0, the result of a
 * callback, or -1 with an error, which stays.  Hands on what waits, tells what
 * was chosen and lost, and returns the result of all.
 */
int feed_table_end(struct feed_table *, int stop);

#endif
