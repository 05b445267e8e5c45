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

/* A document that is being read. */
struct json_feed {
	struct feed_table *table;
	struct json_cells cells;
	struct feed_cells row;
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
	if (*p == '{')
		json_cells_object(&f->cells, text, n, key, &f->row);
	else if (*p == '"')
		json_cells_string(&f->cells, text, n, key, &f->row);
	else
		return feed_table_skip(f->table, line, "it is no JSON object",
		    "it is no JSON object");
	f->row.line = line;
	return feed_table_row(f->table, &f->row);
}

static int
feed_json_element(void *arg, const struct jsoncut_element *e)
{
	return feed_json_take(arg, e->text, e->n, e->line, e->key);
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

static int
feed_json_read(
    struct json_feed *f, struct feed_reader *r, char error[FEED_ERROR_MAX])
{
	static const char *const paths[][4] = { [JSON_SHAPE_ARRAY] = { "[]",
						    NULL },
		[JSON_SHAPE_OBJECTS] = { "", NULL },
		[JSON_SHAPE_HOLDER] = { "*[]", "", NULL },
		[JSON_SHAPE_NESTED] = { "*[].*[]", "[].*[]", "", NULL },
		[JSON_SHAPE_NONE] = { "", NULL } };
	const struct feed_sink sink = { .skipped = feed_json_skipped,
		.arg = f };
	size_t n = feed_reader_fill(r, HEAD);
	enum json_shape shape =
	    json_shape(r->data + r->at, n < HEAD ? n : HEAD);

	if (shape == JSON_SHAPE_STRINGS)
		return feed_json_strings(f, r);
	return jsoncut(r, paths[shape], feed_json_element, f, &sink, error);
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
	if (stop == 0 && f->cells.left)
		feed_note(sink,
		    "members beyond the first %d names were not looked at",
		    FEED_COLUMNS);
	json_cells_free(&f->cells);
	feed_table_free(f->table);
	free(f);
	return stop;
}
