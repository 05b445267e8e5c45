/*
 * feed_json: objects with a value and what is known of it, as one array or one
 * a line.
 */
#ifndef CTIM_FEED_JSON_H
#define CTIM_FEED_JSON_H

#include "cli/feed/feed.h"

struct feed_reader;

/*
 * Reads to the end.  Returns 0, what a callback returned, or -1 with a line in
 * error for an array that the file ends in.
 */
int feed_json(struct feed_reader *, const struct feed_options *,
    const struct feed_sink *, char error[FEED_ERROR_MAX]);

#endif
