/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "cli/table/json_cells.h"
#include "json/jsonscan.h"

#define NUMBER_MAX  64 /* bytes of a number that may be whole */
#define WHOLE_MOST  9e18
#define CELLS_BYTES (4 * FEED_LINE_MAX)

/* A part of JSON text that is known to be valid. */
struct piece {
	const char *p, *end;
};

void
json_cells_init(struct json_cells *j, struct feed_columns *columns)
{
	*j = (struct json_cells){ .columns = columns };
	buf_init(&j->text, CELLS_BYTES);
	buf_init(&j->scratch, FEED_LINE_MAX);
}

void
json_cells_free(struct json_cells *j)
{
	buf_free(&j->text);
	buf_free(&j->scratch);
}

static void
cells_blanks(struct piece *in)
{
	while (in->p < in->end && strchr(" \t\r\n", *in->p) != NULL)
		in->p++;
}

/* Takes a string; what is between its quotes.  Returns whether it has
 * escapes. */
static bool
cells_quoted(struct piece *in, struct piece *out)
{
	bool escapes = false;

	out->p = ++in->p;
	while (in->p < in->end && *in->p != '"') {
		if (*in->p == '\\') {
			escapes = true;
			in->p++;
		}
		in->p++;
	}
	out->end = in->p < in->end ? in->p : in->end;
	if (in->p < in->end)
		in->p++;
	return escapes;
}

/* Takes an array or object. */
static struct piece
cells_nested(struct piece *in)
{
	struct piece all = *in, string;
	unsigned depth = 0;

	while (in->p < in->end) {
		if (*in->p == '"') {
			(void)cells_quoted(in, &string);
			continue;
		}
		if (*in->p == '{' || *in->p == '[')
			depth++;
		if ((*in->p == '}' || *in->p == ']') && --depth == 0) {
			in->p++;
			break;
		}
		in->p++;
	}
	all.end = in->p;
	return all;
}

/* Takes a number or word. */
static struct piece
cells_plain(struct piece *in)
{
	struct piece all = *in;

	while (in->p < in->end && strchr(" \t\r\n,]}", *in->p) == NULL)
		in->p++;
	all.end = in->p;
	return all;
}

/* The column of a name, a new one where it is; CSV_NONE: there is no room. */
static size_t
cells_column(struct json_cells *j, const char *name, size_t n)
{
	struct feed_columns *c = j->columns;
	size_t i, k;

	for (k = 0; k < c->n; k++) {
		i = j->next + k < c->n ? j->next + k : j->next + k - c->n;
		if (strncmp(c->column[i].name, name, n) == 0 &&
		    c->column[i].name[n] == '\0') {
			j->next = i + 1 < c->n ? i + 1 : 0;
			return i;
		}
	}
	if ((i = feed_columns_add(c, name, n)) == CSV_NONE)
		j->left = true;
	else
		j->at[i] = CSV_NONE;
	return i;
}

static void
cells_put(
    struct json_cells *j, size_t column, const char *text, size_t n, bool odd)
{
	if (column == CSV_NONE)
		return;
	j->at[column] = j->text.len;
	j->odd[column] = odd;
	buf_add(&j->text, text, n);
	buf_addc(&j->text, '\0');
}

/* A string with its quotes, as far as it can be decoded. */
static void
cells_put_string(struct json_cells *j, size_t column, const struct piece *inner,
    bool escapes)
{
	size_t n = (size_t)(inner->end - inner->p);

	if (!escapes)
		cells_put(j, column, inner->p, n, false);
	else if (jsonscan_string(inner->p - 1, n + 2, &j->scratch))
		cells_put(j, column, j->scratch.data, j->scratch.len, false);
	else
		cells_put(j, column, inner->p, n, true);
}

/* A number without point and exponent where it is whole. */
static void
cells_put_number(struct json_cells *j, size_t column, const struct piece *all)
{
	size_t n = (size_t)(all->end - all->p);
	char text[NUMBER_MAX];
	double number;

	if (n >= sizeof(text) ||
	    (memchr(all->p, '.', n) == NULL && memchr(all->p, 'e', n) == NULL &&
		memchr(all->p, 'E', n) == NULL)) {
		cells_put(j, column, all->p, n, false);
		return;
	}
	memcpy(text, all->p, n);
	text[n] = '\0';
	number = strtod(text, NULL);
	if (number > -WHOLE_MOST && number < WHOLE_MOST &&
	    number == (double)(int64_t)number)
		n = (size_t)snprintf(
		    text, sizeof(text), "%" PRId64, (int64_t)number);
	cells_put(j, column, text, n, false);
}

/* Adds the string at *in to the text; false: it cannot be decoded. */
static bool
cells_add_string(struct json_cells *j, struct piece *in)
{
	struct piece inner;

	if (!cells_quoted(in, &inner))
		buf_add(&j->text, inner.p, (size_t)(inner.end - inner.p));
	else if (jsonscan_string(inner.p - 1, (size_t)(inner.end - inner.p) + 2,
		     &j->scratch))
		buf_add(&j->text, j->scratch.data, j->scratch.len);
	else
		return false;
	return true;
}

/* Puts the strings of an array that may be values, one a line, or are reasons;
 * false: it has something else, or says something else of a value. */
static bool
cells_put_strings(struct json_cells *j, size_t column, struct piece in)
{
	size_t begin = j->text.len;
	const struct heading *h;
	bool reason;

	if (column == CSV_NONE)
		return true;
	h = j->columns->column[column].heading;
	reason =
	    h != NULL && h->kind == HEADING_FIELD && h->field == FEED_REASON;
	if (h != NULL && h->kind > HEADING_REFERENCE && !reason)
		return false;
	for (in.p++;; in.p++) {
		cells_blanks(&in);
		if (in.p >= in.end || *in.p != '"' || !cells_add_string(j, &in))
			break;
		cells_blanks(&in);
		if (in.p < in.end && *in.p == ',') {
			buf_adds(&j->text, reason ? ", " : "\n");
			continue;
		}
		buf_addc(&j->text, '\0');
		j->at[column] = begin;
		j->odd[column] = false;
		return true;
	}
	j->text.len = begin;
	return false;
}

static void cells_members(
    struct json_cells *, struct piece in, const char *outer, size_t n);

/* Takes the value of a member of this name; outer: whether its members, when it
 * is an object, are cells. */
static void
cells_value(struct json_cells *j, struct piece *in, const char *name, size_t n,
    bool outer)
{
	size_t column = cells_column(j, name, n);
	struct piece all;
	bool escapes;

	if (*in->p == '"') {
		escapes = cells_quoted(in, &all);
		cells_put_string(j, column, &all, escapes);
	} else if (*in->p == '{' || *in->p == '[') {
		all = cells_nested(in);
		if (*all.p == '{' || !cells_put_strings(j, column, all))
			cells_put(
			    j, column, all.p, (size_t)(all.end - all.p), true);
		if (outer && *all.p == '{')
			cells_members(j, all, name, n);
	} else {
		all = cells_plain(in);
		if (*all.p == 't' || *all.p == 'f')
			cells_put(
			    j, column, all.p, (size_t)(all.end - all.p), true);
		else if (*all.p != 'n')
			cells_put_number(j, column, &all);
	}
}

/* Takes the members of an object; outer: the name of n bytes that goes before
 * theirs, or NULL. */
static void
cells_members(
    struct json_cells *j, struct piece in, const char *outer, size_t n)
{
	char name[FEED_NAME_MAX];
	struct piece key;
	size_t len;

	if (outer != NULL && n + 1 < sizeof(name)) {
		memcpy(name, outer, n);
		name[n++] = '.';
	} else if (outer != NULL)
		return;
	for (in.p++;; in.p++) {
		cells_blanks(&in);
		if (in.p >= in.end || *in.p != '"')
			return;
		if (cells_quoted(&in, &key) &&
		    jsonscan_string(key.p - 1, (size_t)(key.end - key.p) + 2,
			&j->scratch)) {
			key.p = j->scratch.data;
			key.end = key.p + j->scratch.len;
		}
		len = (size_t)(key.end - key.p);
		if (n + len >= sizeof(name))
			len = sizeof(name) - n - 1;
		memcpy(name + n, key.p, len);
		cells_blanks(&in);
		in.p++; /* the colon */
		cells_blanks(&in);
		if (in.p >= in.end)
			return;
		cells_value(j, &in, name, n + len, outer == NULL);
		cells_blanks(&in);
		if (in.p >= in.end || *in.p != ',')
			return;
	}
}

/* Hands out what was put. */
static void
cells_done(const struct json_cells *j, struct feed_cells *out)
{
	size_t i;

	for (i = 0; i < j->columns->n; i++) {
		out->text[i] =
		    j->at[i] == CSV_NONE ? NULL : j->text.data + j->at[i];
		out->odd[i] = j->at[i] != CSV_NONE && j->odd[i];
	}
	out->n = j->columns->n;
}

static void
cells_begin(struct json_cells *j)
{
	size_t i;

	buf_reset(&j->text);
	j->next = 0;
	for (i = 0; i < j->columns->n; i++)
		j->at[i] = CSV_NONE;
}

/* Puts what the name of an array says of all in it, unless the object does. */
static void
cells_judge(struct json_cells *j, const char *array)
{
	static const char name[] = "disposition";
	static const struct feed_cell_form plain = { .now = 0 };
	size_t column;
	double n;

	if (feed_cell_number(array, &n) ||
	    feed_cell_read(FEED_DISPOSITION, array, &plain) == -1)
		return;
	column = cells_column(j, name, strlen(name));
	if (column != CSV_NONE && j->at[column] == CSV_NONE)
		cells_put(j, column, array, strlen(array), false);
}

void
json_cells_object(struct json_cells *j, const char *text, size_t n,
    const char *array, struct feed_cells *out)
{
	struct piece in = { text, text + n };

	cells_begin(j);
	cells_blanks(&in);
	if (in.p < in.end)
		cells_members(j, in, NULL, 0);
	cells_judge(j, array);
	cells_done(j, out);
}

void
json_cells_keyed(struct json_cells *j, const char *text, size_t n,
    const char *key, struct feed_cells *out)
{
	static const char name[] = "indicator", reason[] = "reason";
	struct piece in = { text, text + n };

	cells_begin(j);
	cells_blanks(&in);
	if (in.p < in.end && *in.p == '{')
		cells_members(j, in, NULL, 0);
	else if (in.p < in.end)
		cells_value(j, &in, reason, strlen(reason), false);
	cells_put(
	    j, cells_column(j, name, strlen(name)), key, strlen(key), false);
	cells_done(j, out);
}

void
json_cells_string(struct json_cells *j, const char *text, size_t n,
    const char *array, struct feed_cells *out)
{
	const struct heading *h = heading_of(array);
	const char *name =
	    h == NULL || h->kind == HEADING_PASS ? "value" : array;
	struct piece in = { text, text + n };

	cells_begin(j);
	cells_blanks(&in);
	if (in.p < in.end)
		cells_value(j, &in, name, strlen(name), false);
	cells_judge(j, array);
	cells_done(j, out);
}
