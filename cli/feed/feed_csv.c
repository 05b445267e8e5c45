#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/feed/csv.h"
#include "cli/feed/feed_reader.h"
#include "cli/feed/feed_row.h"

/* The columns of the fields. */
struct header {
	size_t values[FEED_VALUES];
	size_t n_values;
	size_t column[FEED_FIELDS]; /* CSV_NONE: the feed has not got it */
	size_t n;                   /* columns */
};

/* Returns the first column of a usual name, or CSV_NONE. */
static size_t
column_named(struct csv_row *f, const char *name)
{
	size_t i;

	for (i = 0; i < f->n; i++)
		if (feed_name_is(csv_word(f, i), strlen(csv_word(f, i)), name))
			return i;
	return CSV_NONE;
}

static void
map_value(struct header *h, size_t column)
{
	size_t i;

	for (i = 0; i < h->n_values; i++)
		if (h->values[i] == column)
			return;
	if (h->n_values < FEED_VALUES)
		h->values[h->n_values++] = column;
}

/* Gives fields that the options do not place the columns of their usual
 * names. */
static void
map_usual(struct header *h, struct csv_row *f, const bool said[FEED_FIELDS])
{
	const struct feed_name *name;
	size_t column;
	int group = -1;

	for (name = feed_names; name->name != NULL; name++) {
		if (said[name->field] ||
		    (column = column_named(f, name->name)) == CSV_NONE)
			continue;
		if (name->field == FEED_VALUE) {
			if (group != -1 && name->group != group)
				continue;
			group = name->group;
			map_value(h, column);
		} else if (h->column[name->field] == CSV_NONE)
			h->column[name->field] = column;
	}
}

/*
 * Maps a header row.  Returns NULL when it has a value and every column that
 * the options name, else the name that it lacks ("" for any value).
 */
static const char *
map(struct header *h, struct csv_row *f, const struct feed_options *o)
{
	bool said[FEED_FIELDS] = { false };
	const char *lacks = NULL;
	size_t i, column;

	*h = (struct header){ .n = f->n };
	for (i = 0; i < FEED_FIELDS; i++)
		h->column[i] = CSV_NONE;
	for (i = 0; i < o->n_columns; i++) {
		said[o->columns[i].field] = true;
		if (o->columns[i].name[0] == '\0')
			continue;
		column = csv_column(f, o->columns[i].name);
		if (column == CSV_NONE)
			lacks = o->columns[i].name;
		else if (o->columns[i].field == FEED_VALUE)
			map_value(h, column);
		else
			h->column[o->columns[i].field] = column;
	}
	map_usual(h, f, said);
	return lacks != NULL ? lacks : h->n_values == 0 ? "" : NULL;
}

/*
 * Reads a comment as a row.  The row ends with its line, whatever quotes it
 * has; else the rest of the feed would be part of the comment.
 */
static void
read_comment(struct csv *in, struct csv_row *f)
{
	struct csv line = { .comma = ',' };
	char *s = NULL;
	const char *newline;
	size_t n = 0;

	if (in->reader != NULL) {
		if (feed_reader_line(in->reader, &s, &n) != FEED_LINE)
			n = 0;
		line.p = s;
	} else {
		newline = memchr(in->p, '\n', (size_t)(in->end - in->p));
		n = (size_t)((newline == NULL ? in->end : newline) - in->p);
		line.p = in->p;
		in->p += n + (newline != NULL);
	}
	line.end = n == 0 ? line.p : line.p + n;
	while (line.p < line.end && (*line.p == '#' || *line.p == ' '))
		line.p++;
	csv_read(&line, f);
}

/* Whether a row names the columns. */
static bool
feed_csv_is_header(struct header *h, struct csv_row *f,
    const struct feed_options *o, size_t columns)
{
	return f->wrong == NULL && f->n >= columns && map(h, f, o) == NULL;
}

/* Whether the first row is a header, or stands below one in a comment: a
 * comment such as `# Domain, IP and URL` is none, as it has another number of
 * columns. */
static bool
first_row_looks(struct csv *in, struct csv_row *f, const struct feed_options *o)
{
	struct header h;
	size_t commented = 0; /* columns of the one in a comment */
	int c;

	while ((c = csv_peek(in)) != EOF) {
		if (c == '#') {
			read_comment(in, f);
			if (feed_csv_is_header(&h, f, o, 2))
				commented = f->n;
			continue;
		}
		csv_read(in, f);
		if (!csv_is_empty(f))
			return feed_csv_is_header(&h, f, o, 1) ||
			    (commented != 0 &&
				(f->n == commented || f->wrong != NULL));
	}
	return false;
}

bool
feed_csv_looks(const char *head, size_t n, const struct feed_options *o)
{
	struct csv in = { NULL, head, head + n, ',' };
	struct csv_row *f;
	bool looks;

	if ((f = malloc(sizeof(*f))) == NULL)
		return false;
	csv_row_init(f);
	looks = first_row_looks(&in, f, o);
	csv_row_free(f);
	free(f);
	return looks;
}

static int
feed_csv_emit(const struct header *h, struct csv_row *f,
    const struct feed_sink *sink, char error[FEED_ERROR_MAX])
{
	struct feed_row row = { .n_values = 0 };
	const char *value;
	size_t i;

	if (csv_is_open(f)) {
		snprintf(error, FEED_ERROR_MAX, "line %" PRIu64 ": %s", f->line,
		    f->wrong);
		return -1;
	}
	if (f->wrong != NULL)
		return feed_skip(sink, f->line, f->wrong, NULL);
	if (csv_is_empty(f))
		return 0;
	for (i = 0; i < h->n_values; i++)
		if ((value = csv_word(f, h->values[i])) != NULL)
			row.values[row.n_values++] = value;
	for (i = 0; i < FEED_FIELDS; i++)
		row.text[i] = i == FEED_REASON ? csv_field(f, h->column[i]) :
						 csv_word(f, h->column[i]);
	return feed_row_emit(&row, f->line, sink);
}

/* Says why the first row is no header, and what it has. */
static int
no_header(
    const struct csv_row *f, const char *lacks, char error[FEED_ERROR_MAX])
{
	char has[256] = "";
	size_t i, n = 0, k;

	for (i = 0; i < f->n; i++) {
		k = strlen(csv_field(f, i));
		if (!utf8_valid(csv_field(f, i), k) || n + k + 3 > sizeof(has))
			break;
		n += (size_t)snprintf(has + n, sizeof(has) - n, "%s%s",
		    i == 0 ? "" : ", ", csv_field(f, i));
	}
	if (*lacks != '\0')
		snprintf(error, FEED_ERROR_MAX,
		    "there is no column \"%.*s\"; the header has: %s",
		    (int)utf8_cut(lacks, 64), lacks, has);
	else
		snprintf(error, FEED_ERROR_MAX,
		    "no column of the header is known to hold the value; name "
		    "it with --column value=NAME, where NAME is one of: %s",
		    has);
	return -1;
}

/*
 * Reads up to the header and, where that is a comment, the first row behind it.
 * Returns 1 with that row in f, or with a row that nothing can follow; 0
 * without a row; or -1.
 */
static int
read_header(struct csv *in, struct csv_row *f, struct header *h,
    const struct feed_options *o, char error[FEED_ERROR_MAX])
{
	struct header other;
	const char *lacks;
	bool have = false;
	int c;

	while ((c = csv_peek(in)) != EOF) {
		if (c == '#') {
			read_comment(in, f);
			if (feed_csv_is_header(&other, f, o, 2)) {
				*h = other;
				have = true;
			}
			continue;
		}
		csv_read(in, f);
		if (csv_is_empty(f))
			continue;
		if (csv_is_open(f) ||
		    (have && !feed_csv_is_header(&other, f, o, 1)))
			return 1;
		if (f->wrong != NULL) {
			snprintf(error, FEED_ERROR_MAX,
			    "line %" PRIu64 ": this should be the header, and "
			    "%s",
			    f->line, f->wrong);
			return -1;
		}
		lacks = map(h, f, o);
		return lacks == NULL ? 0 : no_header(f, lacks, error);
	}
	return 0;
}

static int
feed_csv_read_rows(struct csv *in, struct csv_row *f,
    const struct feed_options *o, const struct feed_sink *sink,
    char error[FEED_ERROR_MAX])
{
	struct header h = { .n = 0 };
	int c, stop;

	if ((stop = read_header(in, f, &h, o, error)) == 1)
		stop = feed_csv_emit(&h, f, sink, error);
	while (stop == 0 && (c = csv_peek(in)) != EOF) {
		if (c == '#') {
			read_comment(in, f);
			continue;
		}
		csv_read(in, f);
		stop = feed_csv_emit(&h, f, sink, error);
	}
	return stop;
}

int
feed_csv(struct feed_reader *r, const struct feed_options *o,
    const struct feed_sink *sink, char error[FEED_ERROR_MAX])
{
	struct csv in = { .reader = r, .comma = ',' };
	struct csv_row *f;
	int stop;

	if ((f = malloc(sizeof(*f))) == NULL) {
		snprintf(error, FEED_ERROR_MAX, "memory ran out");
		return -1;
	}
	csv_row_init(f);
	stop = feed_csv_read_rows(&in, f, o, sink, error);
	csv_row_free(f);
	free(f);
	return stop;
}
