/* SPDX-License-Identifier: MIT */
/*
 * feed_reader: bytes of a feed, by line or one by one, with their line number,
 * through one buffer of fixed size.
 */
#ifndef CTIM_FEED_READER_H
#define CTIM_FEED_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/feed/feed.h"

#define FEED_READER_ROOM (FEED_LINE_MAX + 1) /* with its newline */

struct feed_decode;

struct feed_reader {
	FILE *file;
	struct feed_decode *decode; /* NULL: the bytes are as they are */
	char *data;                 /* FEED_READER_ROOM bytes, and a NUL */
	size_t at, end; /* of data, the bytes that nobody has taken */
	uint64_t line;  /* number of the line at data[at], from 1 */
	bool eof;
	int error; /* errno of a failed read, or 0; EILSEQ: see _wrong() */
};

/* Returns 0, or -1 when memory ran out.  The caller ends with _free(). */
int feed_reader_init(struct feed_reader *, FILE *);
void feed_reader_free(struct feed_reader *);

/* Before the first byte: has gzip unpacked, UTF-16 turned into UTF-8 and all
 * line ends into LF (feed_decode.h).  Returns 0, or -1 when memory ran out. */
int feed_reader_decode(struct feed_reader *);
/* What was wrong with the file, for people; NULL: nothing. */
const char *feed_reader_wrong(const struct feed_reader *);

/* Reads ahead, so that at least n bytes (at most FEED_READER_ROOM) lie behind at,
 * unless the file ends before.  Returns how many do. */
size_t feed_reader_fill(struct feed_reader *, size_t n);

/* Takes the byte order mark off the beginning.  Returns 0, or -1 when the text
 * is in UTF-16. */
int feed_reader_mark(struct feed_reader *);

enum feed_got { FEED_END, FEED_LINE, FEED_TOO_LONG };
/*
 * Sets *line to the next line, n bytes, with a NUL instead of its newline (and
 * CR).  The line may be written to, and is good until the next call; r->line is
 * the number of the line after it.  FEED_TOO_LONG: the line was skipped.
 * FEED_END also comes after an error: look at r->error.
 */
enum feed_got feed_reader_line(struct feed_reader *, char **line, size_t *n);

/* Returns the next byte, or EOF. */
static inline int
feed_reader_byte(struct feed_reader *r)
{
	int c;

	if (r->at == r->end && feed_reader_fill(r, 1) == 0)
		return EOF;
	c = (unsigned char)r->data[r->at++];
	if (c == '\n')
		r->line++;
	return c;
}

/* Returns the next byte without taking it, or EOF. */
static inline int
feed_reader_peek(struct feed_reader *r)
{
	if (r->at == r->end && feed_reader_fill(r, 1) == 0)
		return EOF;
	return (unsigned char)r->data[r->at];
}

#endif
