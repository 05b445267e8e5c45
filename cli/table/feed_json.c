/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "cli/feed/feed_reader.h"
#include "cli/feed/feed_row.h"
#include "cli/feed/jsoncut.h"
#include "cli/feed/win1252.h"
#include "cli/table/feed_table.h"
#include "cli/table/json_cells.h"
#include "cli/table/json_shape.h"
#include "json/jsonscan.h"

#define HEAD           (64U << 10) /* bytes that are looked at */
#define ELEMENT_VALUES 1000        /* JSON values in one object */
#define PATHS          4           /* where arrays are looked for */
#define NAME           128         /* bytes of a name in a note */

/* A document that is being read. */
struct json_feed {
	struct feed_table *table;
	struct json_cells cells;
	struct feed_cells row;
	struct json_shape shape;
	const char *paths[PATHS + 3]; /* of jsoncut(): that of the rows, … */
	size_t whole;                 /* … and that of a document */
	uint64_t aside, aside_line; /* elements elsewhere; line of the first */
	char aside_name[NAME];
};

/* What is wrong with an element, or NULL.  Bytes that are no UTF-8 are not, here:
 * a row may have them in a text, as rows of other formats may. */
static const char *
feed_json_wrong(const char *text, size_t n)
{
	const char *why = jsonscan(text, n, ELEMENT_VALUES, NULL);
	struct buf utf8;

	if (why == NULL || utf8_valid(text, n))
		return why;
	buf_init(&utf8, 3 * FEED_LINE_MAX);
	why = win1252_utf8(&utf8, text, n) == -1 ?
	    jsonscan_no_memory :
	    jsonscan(utf8.data, utf8.len, ELEMENT_VALUES, NULL);
	buf_free(&utf8);
	return why;
}

/* Takes one element, or one line. */
static int
feed_json_take(struct json_feed *f, const char *text, size_t n, uint64_t line,
    const char *key)
{
	const char *why = feed_json_wrong(text, n);
	const char *p = text;
	char said[128];

	if (why != NULL) {
		snprintf(said, sizeof(said), "it is no JSON: %s", why);
		return feed_table_skip(f->table, line, "it is no JSON", said);
	}
	p += strspn(p, " \t\r\n");
	if (f->shape.keyed)
		json_cells_keyed(&f->cells, text, n, key, &f->row);
	else if (*p == '{')
		json_cells_object(&f->cells, text, n, key, &f->row);
	else if (*p == '"')
		json_cells_string(&f->cells, text, n, key, &f->row);
	else
		return feed_table_skip(f->table, line, "it is no JSON object",
		    "it is no JSON object");
	f->row.line = line;
	return feed_table_row(f->table, &f->row);
}

/* Counts an element of an array where no rows are. */
static int
feed_json_aside(struct json_feed *f, const struct jsoncut_element *e)
{
	if (f->aside++ == 0) {
		f->aside_line = e->line;
		snprintf(f->aside_name, sizeof(f->aside_name), "%.*s",
		    (int)utf8_cut(e->key, NAME / 4 - 1), e->key);
	}
	return 0;
}

static int
feed_json_element(void *arg, const struct jsoncut_element *e)
{
	struct json_feed *f = arg;

	return e->path == 0 || e->path == f->whole || f->shape.texts ?
	    feed_json_take(f, e->text, e->n, e->line, e->key) :
	    feed_json_aside(f, e);
}

/* What the cutter skips waits in the table with the other rows. */
static int
feed_json_skipped(void *arg, uint64_t line, const char *reason, const char *why)
{
	struct json_feed *f = arg;

	return feed_table_skip(f->table, line, reason, why);
}

/* Reads strings, one a line. */
static int
feed_json_strings(struct json_feed *f, struct feed_reader *r)
{
	uint64_t line;
	enum feed_got got;
	char *s;
	size_t n;
	int stop = 0;

	while (stop == 0) {
		line = r->line;
		if ((got = feed_reader_line(r, &s, &n)) == FEED_END)
			return 0;
		if (got == FEED_TOO_LONG)
			stop = feed_table_skip(f->table, line, "it is too long",
			    "it is longer than 1048576 bytes");
		else if (strspn(s, " \t") < n)
			stop = feed_json_take(f, s, n, line, "");
	}
	return stop;
}

/* Whether rows are in the elements of a path, or in what these hold. */
static bool
feed_json_holds(const char *path, const char *rows)
{
	return strncmp(path, rows, strlen(path)) == 0;
}

/* The paths to look at: that of the rows, arrays elsewhere in the document, and
 * the document itself, where a line has none of them. */
static void
feed_json_paths(struct json_feed *f)
{
	static const char *const arrays[PATHS] = { "*[]", "*.*[]", "*.*.*[]",
		"*.*.*.*[]" };
	const char *rows = f->shape.rows;
	size_t i, n = 0;

	f->paths[n++] = rows;
	for (i = 0; i < PATHS && *rows == '*' && !f->shape.keyed; i++)
		if (!feed_json_holds(arrays[i], rows))
			f->paths[n++] = arrays[i];
	f->whole = n;
	if (*rows != '\0')
		f->paths[n++] = "";
	f->paths[n] = NULL;
}

static int
feed_json_read(
    struct json_feed *f, struct feed_reader *r, char error[FEED_ERROR_MAX])
{
	const struct feed_sink sink = { .skipped = feed_json_skipped,
		.arg = f };
	size_t n = feed_reader_fill(r, HEAD);

	f->shape = json_shape(r->data + r->at, n < HEAD ? n : HEAD);
	if (f->shape.lines)
		return feed_json_strings(f, r);
	feed_json_paths(f);
	return jsoncut(r, f->paths, feed_json_element, f, &sink, error);
}

/* Tells, at the end, what was not looked at. */
static void
feed_json_note(const struct json_feed *f, const struct feed_sink *sink)
{
	if (f->cells.left)
		feed_note(sink,
		    "members beyond the first %d names were not looked at",
		    FEED_COLUMNS);
	if (f->aside > 0)
		feed_note(sink,
		    "%" PRIu64 " element%s of other arrays %s passed over, the "
		    "first in line %" PRIu64 ", in \"%s\"",
		    f->aside, f->aside == 1 ? "" : "s",
		    f->aside == 1 ? "was" : "were", f->aside_line,
		    f->aside_name);
}

int
feed_json(struct feed_reader *r, const struct feed_options *o,
    const struct feed_sink *sink, char error[FEED_ERROR_MAX])
{
	struct json_feed *f = calloc(1, sizeof(*f));
	int stop;

	if (f == NULL || (f->table = feed_table_new(o, sink, error)) == NULL) {
		free(f);
		snprintf(error, FEED_ERROR_MAX, "memory ran out");
		return -1;
	}
	f->table->columns->headed = f->table->columns->late = true;
	json_cells_init(&f->cells, f->table->columns);
	stop = feed_json_read(f, r, error);
	stop = feed_table_end(f->table, stop);
	if (stop == 0)
		feed_json_note(f, sink);
	json_cells_free(&f->cells);
	feed_table_free(f->table);
	free(f);
	return stop;
}
