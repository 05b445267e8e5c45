/* SPDX-License-Identifier: MIT */
/*
 * feed_cell: what the words, numbers and times of a feed mean for the fields of
 * an entry.
 */
#ifndef CTIM_FEED_CELL_H
#define CTIM_FEED_CELL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/feed/feed.h"

/* How the cells of one column are written, which one cell does not show. */
struct feed_cell_form {
	bool hundredths; /* confidence from 0 to 1 */
	bool mixed;      /* only some words of the dispositions are any */
	int64_t now;     /* durations count from here */
};

/* Whether a field is a text: value, type, reason and what the source is
 * called. */
bool feed_cell_is_text(enum feed_field);
/*
 * The number of a cell for a field that is no text, as
 * struct feed_entry has it; -1 when the cell is not understood.
 */
int64_t feed_cell_read(
    enum feed_field, const char *cell, const struct feed_cell_form *);
/* Why an entry cannot be taken whose cell of this field is not understood, as
 * it could be judged wrongly; NULL: it is taken without the cell. */
const char *feed_cell_must(enum feed_field);
/* Whether a cell is a time from now, as Go and CrowdSec write it: "3h59m8.5s".
 */
bool feed_cell_is_duration(const char *cell);
/* A number without sign, also one with a fraction; returns whether it is one. */
bool feed_cell_number(const char *cell, double *n);

#endif
