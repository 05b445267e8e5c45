/*
 * feed_row: the fields of one entry as a feed spells them, and their meaning.
 * What columns and members are usually called is a table in feed_row.c.
 */
#ifndef CTIM_FEED_ROW_H
#define CTIM_FEED_ROW_H

#include "cli/feed/feed.h"

#define FEED_VALUES 8 /* values that one row can have (its hashes) */

/* The texts of one row; NULL or "" where it has none. */
struct feed_row {
	const char *values[FEED_VALUES];
	size_t n_values;
	const char *text[FEED_FIELDS]; /* but FEED_VALUE */
};

/* A usual name of a field, in lower case, '_' for blanks and hyphens. */
struct feed_name {
	const char *name;
	enum feed_field field;
	/* A value is in the columns of the first group that a feed has any of:
	 * a row's hashes are the same file, its URL and its host are not. */
	int group;
};
extern const struct feed_name feed_names[]; /* ended by a NULL name */

/* Whether a column of this name, n bytes, goes by the usual name. */
int feed_name_is(const char *column, size_t n, const char *usual);

/*
 * Hands the entries of a row to the sink, or says why there is none.  Returns
 * what the callback returned.
 */
int feed_row_emit(
    const struct feed_row *, uint64_t line, const struct feed_sink *);
/* sink->skipped() with a reason made by the format. */
int feed_skip(const struct feed_sink *, uint64_t line, const char *, ...)
    __attribute__((format(printf, 3, 4)));

#endif
