/* SPDX-License-Identifier: MIT */
/*
 * feed_columns: which column of a table, or member of JSON objects, is the
 * indicator, and what the others say of it.
 *
 * The first rows are looked at, then it is decided: a column is taken for the
 * value only where at least half of its filled cells are values of the kind that
 * its heading says, and, where no heading helps, where all of them are.  Several
 * columns can be meant; each row takes the first of these that it has filled.
 */
#ifndef CTIM_FEED_COLUMNS_H
#define CTIM_FEED_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/set.h"
#include "cli/feed/feed.h"
#include "cli/feed/feed_cell.h"
#include "cli/feed/feed_row.h"
#include "cli/table/csv.h"
#include "cli/table/heading.h"

#define FEED_COLUMNS  CSV_COLUMNS
#define FEED_GROUPS   32  /* columns that are values, in their order */
#define FEED_PLACES   6   /* columns of one field */
#define FEED_NAME_MAX 256 /* bytes of a heading, with its NUL */

/* The cells of one row, in the order of the columns. */
struct feed_cells {
	const char *text[FEED_COLUMNS]; /* NULL: the row has none */
	bool odd[FEED_COLUMNS];         /* JSON that is no text and no number */
	size_t n;
	uint64_t line;
};

/* What the first rows show of a column. */
struct feed_column_seen {
	uint32_t filled;
	uint32_t kind[HEADING_VALUES]; /* cells that are such a value */
	uint32_t types;                /* … words for types */
	uint32_t judged;               /* … words for dispositions */
	uint32_t clean;                /* … of which these let pass */
	uint32_t ranges; /* … addresses not above that of the next column */
	uint32_t words;  /* … understood as the field of the heading */
	uint32_t masks;  /* … netmasks or numbers of bits */
	uint32_t unit;   /* … numbers from 0 to 1 */
	uint32_t fractions;
	uint32_t texts;       /* … words for people */
	uint32_t beside, own; /* URLs in rows with an address or name; … which
	                          is their host */
	struct set different; /* its cells */
};

/* Columns that are taken for the value together. */
struct feed_group {
	size_t column[FEED_VALUES];
	size_t n;
	const struct heading_pair *pair; /* the two are a network, or NULL */
};

struct feed_columns {
	const struct feed_options *o;
	bool headed; /* the names are headings, not numbers */
	bool late;   /* more columns may come (JSON) */
	bool
	    certificates; /* a comment says that the hashes are those of some */
	bool systems;     /* it is a list of autonomous systems */
	bool exported;    /* by `intel export`, whose words are CTIM's */
	size_t n;
	uint32_t rows; /* looked at */
	struct {
		char *name;
		const struct heading *heading; /* NULL: nothing known */
		bool nested;                   /* "a.b" */
		struct feed_column_seen seen;
		uint64_t passed; /* rows where another was taken for it */
	} column[FEED_COLUMNS];
	/* What was decided. */
	struct feed_group group[FEED_GROUPS];
	size_t groups;
	size_t place[FEED_FIELDS][FEED_PLACES], places[FEED_FIELDS];
	size_t reference[FEED_PLACES], references;
	size_t idle[FEED_PLACES], idles; /* say that the row is not meant */
	bool guessed;                    /* by the cells, not by headings */
	struct feed_cell_form form;
};

/* Returns NULL when memory ran out.  The options must stay. */
struct feed_columns *feed_columns_new(const struct feed_options *);
void feed_columns_free(struct feed_columns *);
/* Adds a column; name: its heading of n bytes.  Returns its number, or CSV_NONE
 * when there are too many, or no memory. */
size_t feed_columns_add(struct feed_columns *, const char *name, size_t n);
/* Looks at a row, before it is decided. */
void feed_columns_look(struct feed_columns *, const struct feed_cells *);
/*
 * Decides; again, when columns came later.  Returns 0, or -1 with one line in
 * error: nothing can be the value, or the options name a column that is not
 * there.
 */
int feed_columns_choose(struct feed_columns *, char error[FEED_ERROR_MAX]);
/* Fills the row from the cells, to which it points. */
void feed_columns_row(
    struct feed_columns *, const struct feed_cells *, struct feed_row *);
/* Why the cells say that the value is not meant for detection; NULL: they do
 * not. */
const char *feed_columns_idle(
    const struct feed_columns *, const struct feed_cells *);
/* Tells, at the end, what else could have been meant. */
void feed_columns_note(const struct feed_columns *, const struct feed_sink *);
/* Returns the name of the first column that the options name and that is not
 * there, or NULL. */
const char *feed_columns_missing(const struct feed_columns *);

#endif
