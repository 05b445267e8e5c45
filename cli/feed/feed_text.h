/*
 * feed_text: one indicator a line, with an optional comment; hosts files.
 */
#ifndef CTIM_FEED_TEXT_H
#define CTIM_FEED_TEXT_H

struct feed_reader;
struct feed_sink;

/* Reads to the end.  Returns 0, or what a callback returned. */
int feed_text(struct feed_reader *, const struct feed_sink *);

#endif
