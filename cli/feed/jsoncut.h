/* SPDX-License-Identifier: MIT */
/*
 * jsoncut: a document of JSON of any size, cut into the elements that matter,
 * in bounded memory.
 *
 * A document is walked only as far as the paths lead; what is on no path is
 * passed over unread.  A path is written from the top of the document:
 *
 *   []                     every element of the array that is the document
 *   objects[]              every element of the array in this member
 *   *[]                    … in any member of the object
 *   response[].Event.info  one value
 *   Event{}                tells that the object Event ended
 *   "" (empty)             the whole document, an object, when no other path
 *                          led to anything in it: objects one a line
 *
 * Elements come in the order of the document: what a member says of an array
 * beside it may come after the array's elements.  A caller that needs it for
 * them keeps them until the end is told ("Event{}").
 *
 * An element is not looked into, even by another path; whether it is JSON is for
 * the caller to find out (jsonin.h).  What a path ends at is bounded by
 * FEED_LINE_MAX bytes, the depth of the walk by the longest path.
 */
#ifndef CTIM_JSONCUT_H
#define CTIM_JSONCUT_H

#include <stddef.h>
#include <stdint.h>

#include "cli/feed/feed.h"

#define JSONCUT_PATHS 32   /* at most */
#define JSONCUT_KEY   4096 /* bytes of a name on the way, and a NUL */

struct feed_reader;

/* Good until the callback returns. */
struct jsoncut_element {
	size_t path;      /* the number of the path that led to it */
	const char *text; /* with a NUL behind it; NULL: the object ended */
	size_t n;
	uint64_t line;   /* where it begins; of an end, where that is */
	const char *key; /* the last name on the way to it, or "" */
};

/*
 * Calls each with all elements on the paths, a list that ends with NULL, until
 * it returns another value than 0; returns that, 0 at the end of the file, or
 * -1 with one line in error: the document is cut short, no array or object, or
 * has something behind its end.
 *
 * Behind a first document on one line, every line has its own; behind one of
 * several lines there may be others, as jq writes them.  A line that is broken costs itself alone; it and elements that are too
 * long go to sink->skipped().  An element between two commas is empty.
 */
int jsoncut(struct feed_reader *, const char *const paths[],
    int (*each)(void *arg, const struct jsoncut_element *), void *arg,
    const struct feed_sink *, char error[FEED_ERROR_MAX]);

#endif
