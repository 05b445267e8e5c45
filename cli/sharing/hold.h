/* SPDX-License-Identifier: MIT */
/*
 * hold: rows of a feed that wait until more is known of them: a newer version of
 * the same object, how severe their event is, what their list is for.  They
 * wait in a temporary database (newest.h), so memory does not grow with them.
 */
#ifndef CTIM_HOLD_H
#define CTIM_HOLD_H

#include <stdint.h>

#include "cli/feed/feed.h"

struct hold;

/* What is said of all rows that wait, where a row says nothing itself. */
struct hold_all {
	const char *text[FEED_FIELDS];
	const char *skip; /* not NULL: all are skipped for this reason */
};

/* An empty one; NULL when it cannot be made, which hold_none() says: always
 * -1. */
struct hold *hold_new(void);
int hold_none(char error[FEED_ERROR_MAX]);
void hold_free(struct hold *); /* also of NULL */

/* A row is begun, filled, and kept.  Texts are copied; NULL and "" say nothing.
 * All values of a row have what was said before the first. */
void hold_row(struct hold *);
void hold_field(struct hold *, enum feed_field, const char *text);
void hold_reference(struct hold *, const char *url);
/* type: as feed_row.h takes it. */
void hold_value(struct hold *, const char *type, const char *value);
/*
 * Keeps the row, which may have no value, unless a newer version of the same
 * key is there; that of which the older version goes is skipped.  key: NULL for
 * what has no versions.  Returns what the sink did, or -1 with error.
 */
int hold_keep(struct hold *, const char *key, int64_t version, uint64_t line,
    const struct feed_sink *, char error[FEED_ERROR_MAX]);
/* Hands all rows to the sink, in their order, and forgets them.  Returns what
 * the sink did, or -1 with error. */
int hold_end(struct hold *, const struct hold_all *, const struct feed_sink *,
    char error[FEED_ERROR_MAX]);

#endif
