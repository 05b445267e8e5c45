/* SPDX-License-Identifier: MIT */
/*
 * lists: lists of names and addresses as one program or another reads them, one
 * entry a line: what their readers share.
 */
#ifndef CTIM_LISTS_H
#define CTIM_LISTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/feed/feed_row.h"

#define LISTS_BLANKS " \t\v\f"

/* What a line is to a format. */
enum lists_line { LISTS_NOTHING, LISTS_OURS, LISTS_OTHER };

/* Whether more than half of the lines at head that are not LISTS_NOTHING are the
 * format's.  is gets each without blanks around it, and may write to it. */
bool lists_look(const char *head, size_t n, enum lists_line (*is)(char *));

/* Calls line with each line, which it may write to, until it returns another
 * value than 0; returns that, or 0 at the end.  Lines that are too long or have
 * a NUL byte are skipped. */
int lists_read(struct feed_reader *, const struct feed_sink *,
    int (*line)(void *arg, char *, uint64_t number), void *arg);

/* Takes blanks off both ends. */
char *lists_trim(char *);
/* Ends the word at s; returns the text behind it, without leading blanks. */
char *lists_word(char *s);
/* Whether hosts files and resolvers send names there that are blocked. */
bool lists_is_sink(const char *address);

/* One value on its way to the sink.  below: the name and all below it, where it
 * is a name.  reason may be NULL. */
int lists_emit(const char *value, bool below, const char *reason, uint64_t line,
    const struct feed_sink *);

/* A line of the text format; arg is its struct lists_text. */
struct lists_text {
	const struct feed_sink *sink;
	bool hosts; /* the file is a hosts file */
};
int lists_text_line(void *arg, char *, uint64_t number);

#endif
