/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cli/table/csv.h"
#include "cli/feed/feed_reader.h"

static const char too_long[] = "it is longer than 65536 bytes";
/* After a quote that is not closed, nobody can tell text from rows: the file
 * ends here, and the row is not merely skipped. */
static const char not_closed[] =
    "a quote is not closed: the file was cut short, or a quote is missing";

void
csv_row_init(struct csv_row *f)
{
	/* Each field has its NUL, also the last one, behind which there is no
	 * comma. */
	buf_init(&f->text, CSV_ROW_MAX + 1);
	f->n = 0;
	f->line = 0;
	f->wrong = NULL;
}

void
csv_row_free(struct csv_row *f)
{
	buf_free(&f->text);
}

static int
csv_next(struct csv *in)
{
	if (in->reader != NULL)
		return feed_reader_byte(in->reader);
	return in->p == in->end ? EOF : (unsigned char)*in->p++;
}

int
csv_peek(struct csv *in)
{
	if (in->reader != NULL)
		return feed_reader_peek(in->reader);
	return in->p == in->end ? EOF : (unsigned char)*in->p;
}

static void
begin_field(struct csv_row *f)
{
	if (f->n == CSV_COLUMNS) {
		f->wrong = "it has more than 256 columns";
		return;
	}
	f->at[f->n++] = f->text.len;
}

static void
csv_add(struct csv_row *f, int c)
{
	if (f->wrong != NULL)
		return;
	if (c == '\0')
		f->wrong = "it has a NUL byte";
	else if (buf_addc(&f->text, (char)c) == -1)
		f->wrong = too_long;
}

/* Reads a quoted field from behind its first quote to its last one, in a wrong
 * row, too, where the text must not become another row.  When the field gets
 * longer than a row may be, its last quote is missing. */
static void
quoted(struct csv *in, struct csv_row *f)
{
	size_t n = 0;
	int c;

	while (n++ <= CSV_ROW_MAX && (c = csv_next(in)) != EOF) {
		if (c == '"') {
			if (csv_peek(in) != '"')
				return;
			csv_next(in);
		}
		csv_add(f, c);
	}
	f->wrong = not_closed;
}

static bool
is_blank(int c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* Ends a field without the blanks behind it; those in quotes, which end at
 * keep, stay. */
static void
end_field(struct csv_row *f, size_t keep)
{
	while (f->text.len > f->at[f->n - 1] && f->text.len > keep &&
	    is_blank(f->text.data[f->text.len - 1]))
		f->text.len--;
	csv_add(f, ' ');
	if (f->wrong == NULL)
		f->text.data[f->text.len - 1] = '\0';
}

/* Takes the next byte; EOF too at the end of a line, of which CR is one with and
 * without LF behind it. */
static int
csv_next_in_line(struct csv *in)
{
	int c = csv_next(in);

	if (c != '\r')
		return c == '\n' ? EOF : c;
	if (csv_peek(in) == '\n')
		csv_next(in);
	else
		in->cr++;
	return EOF;
}

void
csv_line(struct csv *in, struct buf *text)
{
	int c;

	buf_reset(text);
	while ((c = csv_next_in_line(in)) != EOF)
		buf_addc(text, (char)c);
}

void
csv_read(struct csv *in, struct csv_row *f)
{
	bool fresh = true; /* nothing but blanks in the field yet */
	size_t keep = 0;   /* where the last quotes end */
	int c;

	buf_reset(&f->text);
	f->n = 0;
	f->line = in->reader == NULL ? 0 : in->reader->line + in->cr;
	f->wrong = NULL;
	begin_field(f);
	while ((c = csv_next_in_line(in)) != EOF) {
		if (c == in->comma) {
			if (f->wrong == NULL) {
				end_field(f, keep);
				begin_field(f);
			}
			fresh = true;
		} else if (fresh && c == '"') {
			quoted(in, f);
			if (csv_is_open(f))
				return;
			keep = f->text.len;
			fresh = false;
		} else if (!fresh || !is_blank(c)) {
			csv_add(f, c);
			fresh = false;
		}
	}
	if (f->wrong == NULL)
		end_field(f, keep);
}

const char *
csv_field(const struct csv_row *f, size_t i)
{
	return i < f->n ? f->text.data + f->at[i] : NULL;
}

char *
csv_word(struct csv_row *f, size_t i)
{
	char *word, *end;

	if (i >= f->n)
		return NULL;
	word = f->text.data + f->at[i];
	while (is_blank(*word))
		word++;
	end = word + strlen(word);
	while (end > word && is_blank(end[-1]))
		end--;
	*end = '\0';
	return word;
}

size_t
csv_column(struct csv_row *f, const char *heading)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (strcasecmp(csv_word(f, i), heading) == 0)
			return i;
	return CSV_NONE;
}

bool
csv_is_empty(const struct csv_row *f)
{
	return f->wrong == NULL && f->n == 1 && csv_field(f, 0)[0] == '\0';
}

bool
csv_is_open(const struct csv_row *f)
{
	return f->wrong == not_closed;
}
