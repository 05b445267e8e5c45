#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/feed/feed.h"
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
	free(r->data);
	r->data = NULL;
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
		errno = 0;
		got = fread(
		    r->data + r->end, 1, FEED_READER_ROOM - r->end, r->file);
		r->end += got;
		if (got == 0) {
			r->eof = true;
			if (ferror(r->file))
				r->error = errno == 0 ? EIO : errno;
		}
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
