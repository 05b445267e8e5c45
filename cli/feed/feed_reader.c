/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/feed/feed.h"
#include "cli/feed/feed_decode.h"
#include "cli/feed/feed_reader.h"

int
feed_reader_init(struct feed_reader *r, FILE *file)
{
	*r = (struct feed_reader){ .file = file, .line = 1 };
	return (r->data = malloc(FEED_READER_ROOM + 1)) == NULL ? -1 : 0;
}

void
feed_reader_free(struct feed_reader *r)
{
	feed_decode_free(r->decode);
	free(r->data);
	r->data = NULL;
	r->decode = NULL;
}

int
feed_reader_decode(struct feed_reader *r)
{
	return (r->decode = feed_decode_new(r->file)) == NULL ? -1 : 0;
}

const char *
feed_reader_wrong(const struct feed_reader *r)
{
	if (r->error == 0)
		return NULL;
	return r->decode != NULL ? feed_decode_error(r->decode) :
				   strerror(r->error);
}

/* Reads what fits behind the end; returns how many bytes came. */
static size_t
feed_reader_more(struct feed_reader *r)
{
	char *to = r->data + r->end;
	size_t room = FEED_READER_ROOM - r->end, n;

	errno = 0;
	if (r->decode == NULL) {
		n = fread(to, 1, room, r->file);
		if (n == 0 && ferror(r->file))
			r->error = errno == 0 ? EIO : errno;
	} else {
		n = feed_decode_read(r->decode, to, room);
		if (n == 0 && feed_decode_error(r->decode) != NULL)
			r->error = EILSEQ;
	}
	return n;
}

size_t
feed_reader_fill(struct feed_reader *r, size_t n)
{
	size_t got;

	while (r->end - r->at < n && !r->eof) {
		if (r->at > 0) {
			memmove(r->data, r->data + r->at, r->end - r->at);
			r->end -= r->at;
			r->at = 0;
		}
		if (r->end == FEED_READER_ROOM)
			break;
		got = feed_reader_more(r);
		r->end += got;
		r->eof = got == 0;
	}
	return r->end - r->at;
}

int
feed_reader_mark(struct feed_reader *r)
{
	size_t n = feed_reader_fill(r, 3);
	const unsigned char *p = (const unsigned char *)r->data + r->at;

	if (n >= 2 &&
	    ((p[0] == 0xff && p[1] == 0xfe) || (p[0] == 0xfe && p[1] == 0xff)))
		return -1;
	if (n >= 3 && memcmp(p, "\xef\xbb\xbf", 3) == 0)
		r->at += 3;
	return 0;
}

/* Skips the rest of a line that does not fit into the buffer. */
static enum feed_got
pass_over(struct feed_reader *r)
{
	char *newline;

	do {
		newline = memchr(r->data + r->at, '\n', r->end - r->at);
		r->at =
		    newline == NULL ? r->end : (size_t)(newline + 1 - r->data);
	} while (newline == NULL && feed_reader_fill(r, 1) > 0);
	r->line++;
	return FEED_TOO_LONG;
}

enum feed_got
feed_reader_line(struct feed_reader *r, char **line, size_t *n)
{
	char *newline;
	size_t have = r->end - r->at;

	newline = memchr(r->data + r->at, '\n', have);
	if (newline == NULL) {
		have = feed_reader_fill(r, FEED_READER_ROOM);
		newline = memchr(r->data + r->at, '\n', have);
	}
	if (newline == NULL && have == FEED_READER_ROOM)
		return pass_over(r);
	/* A file that could not be read to its end has no last line. */
	if (newline == NULL && (have == 0 || r->error != 0))
		return FEED_END;
	*line = r->data + r->at;
	*n = newline == NULL ? have : (size_t)(newline - *line);
	r->at += newline == NULL ? have : *n + 1;
	r->line++;
	while (*n > 0 && (*line)[*n - 1] == '\r')
		(*n)--;
	(*line)[*n] = '\0';
	return FEED_LINE;
}
