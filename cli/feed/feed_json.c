#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cli/feed/feed_reader.h"
#include "cli/feed/feed_row.h"
#include "json/jsonin.h"

#define ELEMENT_VALUES 1000 /* JSON values in one object */

/* A row with the memory for its texts. */
struct element {
	struct feed_row row;
	char numbers[FEED_FIELDS + FEED_VALUES][24];
	size_t n;                     /* of these */
	const char *odd[FEED_FIELDS]; /* neither text nor integer */
};

/* Returns the place for the text of a field; NULL when there is no more
 * room. */
static const char **
feed_json_place_of(struct feed_row *row, enum feed_field field)
{
	if (field != FEED_VALUE)
		return row->text[field] == NULL ? &row->text[field] : NULL;
	return row->n_values < FEED_VALUES ? &row->values[row->n_values] : NULL;
}

/* Puts a member of the object into its field, unless that has one. */
static void
feed_json_put(struct element *e, enum feed_field field,
    struct json_object *object, const char *name)
{
	struct json_object *value = jsonin_member(object, name);
	const char **place = feed_json_place_of(&e->row, field);
	int64_t n;

	if (value == NULL || place == NULL)
		return;
	if (jsonin_int(value, &n)) {
		snprintf(
		    e->numbers[e->n], sizeof(e->numbers[0]), "%" PRId64, n);
		*place = e->numbers[e->n++];
	} else if ((*place = jsonin_text(value)) == NULL) {
		e->odd[field] = json_object_to_json_string(value);
		return;
	}
	e->row.n_values += field == FEED_VALUE;
}

/* A value that is neither text nor integer is not understood, which differs
 * from a field that is missing.  Reasons are often lists of tags; those do not
 * matter. */
static void
put_odd(struct element *e)
{
	for (size_t i = 0; i < FEED_FIELDS; i++)
		if (e->row.text[i] == NULL && i != FEED_VALUE &&
		    i != FEED_REASON)
			e->row.text[i] = e->odd[i];
}

static int
feed_json_emit(struct json_object *object, const struct feed_options *o,
    uint64_t line, const struct feed_sink *sink)
{
	struct element e = { .n = 0 };
	const struct feed_name *name;
	bool said[FEED_FIELDS] = { false };
	size_t i;
	int group = -1;

	for (i = 0; i < o->n_columns; i++) {
		said[o->columns[i].field] = true;
		feed_json_put(
		    &e, o->columns[i].field, object, o->columns[i].name);
	}
	for (name = feed_names; name->name != NULL; name++) {
		if (said[name->field] ||
		    (name->field == FEED_VALUE && e.row.n_values > 0 &&
			name->group != group))
			continue;
		feed_json_put(&e, name->field, object, name->name);
		if (name->field == FEED_VALUE && e.row.n_values > 0)
			group = name->group;
	}
	put_odd(&e);
	return feed_row_emit(&e.row, line, sink);
}

/* Takes what was parsed, and frees it; why is the reason when it is no JSON, else
 * NULL. */
static int
feed_json_take(struct json_object *object, const char *why,
    const struct feed_options *o, uint64_t line, const struct feed_sink *sink)
{
	int stop;

	if (object == NULL && why != NULL)
		return feed_skip(
		    sink, line, "it is no JSON", "it is no JSON: %s", why);
	stop = json_object_is_type(object, json_type_object) ?
	    feed_json_emit(object, o, line, sink) :
	    feed_skip(sink, line, "it is no JSON object", NULL);
	json_object_put(object);
	return stop;
}

/* Takes one object as text. */
static int
element(const char *text, size_t n, const struct feed_options *o, uint64_t line,
    const struct feed_sink *sink)
{
	const char *why = NULL;
	struct json_object *object =
	    jsonin_parse(text, n, ELEMENT_VALUES, &why);

	return feed_json_take(object, why, o, line, sink);
}

/*
 * Reads one object a line.  The first line must be an object: in a document
 * over several lines it is none, and single lines further down may look like
 * objects of a feed.
 */
static int
feed_json_read_lines(struct feed_reader *r, const struct feed_options *o,
    const struct feed_sink *sink, char error[FEED_ERROR_MAX])
{
	struct json_object *object;
	const char *why;
	char *s;
	size_t n;
	uint64_t line;
	enum feed_got got;
	bool first = true;
	int stop = 0;

	while (stop == 0) {
		line = r->line;
		if ((got = feed_reader_line(r, &s, &n)) == FEED_END)
			return 0;
		if (got == FEED_TOO_LONG) {
			stop = feed_skip(sink, line, "it is too long",
			    "it is longer than %u bytes", FEED_LINE_MAX);
			continue;
		}
		if (strspn(s, " \t") >= n)
			continue;
		why = NULL;
		object = jsonin_parse(s, n, ELEMENT_VALUES, &why);
		if (first && !json_object_is_type(object, json_type_object)) {
			json_object_put(object);
			snprintf(error, FEED_ERROR_MAX,
			    "line %" PRIu64 ": this "
			    "is neither an array nor one object a line; take "
			    "the array out of it, for example with jq .data",
			    line);
			return -1;
		}
		first = false;
		stop = feed_json_take(object, why, o, line, sink);
	}
	return stop;
}

static bool
is_space(int c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/*
 * Reads one element of an array into out, up to the comma or bracket behind it.
 * An element that does not fit leaves the failed mark of out.  Returns the byte
 * at which the element ended, or EOF.
 */
static int
read_element(struct feed_reader *r, struct buf *out)
{
	bool string = false;
	int c, depth = 0;

	buf_reset(out);
	while ((c = feed_reader_byte(r)) != EOF) {
		if (string) {
			if (c == '\\') {
				buf_addc(out, (char)c);
				if ((c = feed_reader_byte(r)) == EOF)
					break;
			} else if (c == '"')
				string = false;
		} else if (c == '"')
			string = true;
		else if (c == '{' || c == '[')
			depth++;
		else if (depth == 0 && (c == ',' || c == ']'))
			break;
		else if (c == '}' || c == ']')
			depth--;
		buf_addc(out, (char)c);
	}
	return c;
}

static int
read_array(struct feed_reader *r, struct buf *out, const struct feed_options *o,
    const struct feed_sink *sink, char error[FEED_ERROR_MAX])
{
	uint64_t line;
	int c, stop = 0;
	bool first = true;

	for (;; first = false) {
		while (is_space(feed_reader_peek(r)))
			feed_reader_byte(r);
		line = r->line;
		if ((c = read_element(r, out)) == EOF)
			break;
		/* An empty array has no element before its bracket. */
		if (!(first && c == ']' && out->len == 0))
			stop = out->failed ?
			    feed_skip(sink, line, "it is too long",
				"it is longer than %u bytes", FEED_LINE_MAX) :
			    element(out->data, out->len, o, line, sink);
		if (stop != 0 || c == ']')
			break;
	}
	if (stop != 0)
		return stop;
	while (c != EOF && is_space(feed_reader_peek(r)))
		feed_reader_byte(r);
	if (c != EOF && feed_reader_peek(r) == EOF)
		return 0;
	snprintf(error, FEED_ERROR_MAX,
	    c == EOF ? "line %" PRIu64 ": the JSON "
		       "array is not closed: the file was cut short" :
		       "line %" PRIu64
		       ": there is more behind the end of the JSON array",
	    r->line);
	return -1;
}

int
feed_json(struct feed_reader *r, const struct feed_options *o,
    const struct feed_sink *sink, char error[FEED_ERROR_MAX])
{
	struct buf out;
	int stop;

	while (is_space(feed_reader_peek(r)))
		feed_reader_byte(r);
	if (feed_reader_peek(r) != '[')
		return feed_json_read_lines(r, o, sink, error);
	feed_reader_byte(r);
	buf_init(&out, FEED_LINE_MAX);
	stop = read_array(r, &out, o, sink, error);
	buf_free(&out);
	return stop;
}
