/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "cli/feed/feed_cell.h"
#include "cli/feed/feed_row.h"
#include "cli/feed/feed_value.h"
#include "cli/feed/win1252.h"
#include "ctim/ctim.h"
#include "store/store_write.h"

#define SHOWN 60 /* code points of a value in a reason */
/* Values of one row that are told apart; behind them one may come twice. */
#define ROW_SEEN  64
#define ROW_TEXT  8192 /* bytes of a text that is no UTF-8 that are kept */
#define ROW_PLAIN SIZE_MAX

static const char further[] = "further references";

/* A row on its way to the sink. */
struct row_out {
	const struct feed_row *row;
	const struct feed_sink *sink;
	uint64_t line;
	struct feed_entry e;
	struct hash seen[ROW_SEEN];
	size_t n_seen, values;
	bool below;   /* the row says so of its domains */
	bool foreign; /* it has texts that were no UTF-8 */
};

static const char *const field_names[FEED_FIELDS] = { [FEED_VALUE] = "value",
	[FEED_TYPE] = "type",
	[FEED_DISPOSITION] = "disposition",
	[FEED_SEVERITY] = "severity",
	[FEED_CONFIDENCE] = "confidence",
	[FEED_TLP] = "tlp",
	[FEED_PRIORITY] = "priority",
	[FEED_REASON] = "reason",
	[FEED_FIRST_SEEN] = "first_seen",
	[FEED_LAST_SEEN] = "last_seen",
	[FEED_COUNT] = "count",
	[FEED_EXPIRES] = "expires",
	[FEED_BELOW] = "below",
	[FEED_SOURCE_TITLE] = "source_title",
	[FEED_SOURCE_LOOKUP] = "source_lookup",
	[FEED_SOURCE_SUBDOMAINS] = "source_subdomains" };

int
feed_skip(const struct feed_sink *sink, uint64_t line, const char *reason,
    const char *format, ...)
{
	char why[512];
	va_list ap;

	if (format == NULL)
		return sink->skipped(sink->arg, line, reason, reason);
	va_start(ap, format);
	vsnprintf(why, sizeof(why), format, ap);
	va_end(ap);
	return sink->skipped(sink->arg, line, reason, why);
}

void
feed_note(const struct feed_sink *sink, const char *format, ...)
{
	char text[512];
	va_list ap;

	if (sink->note == NULL)
		return;
	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	sink->note(sink->arg, text);
}

int
feed_field(const char *name)
{
	int i;

	for (i = 0; i < FEED_FIELDS; i++)
		if (strcmp(field_names[i], name) == 0)
			return i;
	return -1;
}

/* Remembers a cell that is not understood, for feed_row_lost(). */
static void
row_lose(
    struct feed_lost *lost, const char *what, const char *cell, uint64_t line)
{
	size_t i;

	if (lost == NULL)
		return;
	for (i = 0; i < FEED_LOST && lost->of[i].what != NULL; i++)
		if (lost->of[i].what == what)
			break;
	if (i == FEED_LOST)
		return;
	if (lost->of[i].what == NULL) {
		lost->of[i].what = what;
		lost->of[i].line = line;
		snprintf(lost->of[i].first, sizeof(lost->of[i].first), "%.*s",
		    (int)utf8_cut(cell, FEED_LOST_SHOWN), cell);
	}
	lost->of[i].n++;
}

void
feed_row_lost(const struct feed_lost *lost, const struct feed_sink *sink)
{
	size_t i;

	for (i = 0; i < FEED_LOST && lost->of[i].what != NULL; i++)
		feed_note(sink,
		    "%s: %" PRIu64 " cell%s %s, the first in line "
		    "%" PRIu64 ": \"%s\"",
		    lost->of[i].what, lost->of[i].n,
		    lost->of[i].n == 1 ? " was" : "s were",
		    lost->of[i].what == further ? "left out" :
						  "not understood and left out",
		    lost->of[i].line, lost->of[i].first);
}

/* Reads the fields into n[].  Returns NULL, or the reason why not. */
static const char *
row_fields(const struct feed_row *row, uint64_t line, int64_t n[FEED_FIELDS])
{
	static const struct feed_cell_form plain = { .hundredths = false };
	const char *text;
	int i;

	for (i = 0; i < FEED_FIELDS; i++) {
		n[i] = -1;
		text = row->text[i];
		if (feed_cell_is_text((enum feed_field)i) || text == NULL ||
		    feed_value_is_empty(text))
			continue;
		n[i] = feed_cell_read((enum feed_field)i, text,
		    row->form != NULL ? row->form : &plain);
		if (n[i] != -1)
			continue;
		if (feed_cell_must((enum feed_field)i) != NULL &&
		    !(i == FEED_DISPOSITION && row->form != NULL &&
			row->form->mixed))
			return feed_cell_must((enum feed_field)i);
		row_lose(row->lost, field_names[i], text, line);
	}
	return NULL;
}

/* Writes the reason as one line of bounded length; returns NULL when nothing is
 * left. */
static const char *
read_reason(const char *text, char out[STORE_REASON * 4 + 1])
{
	size_t n;

	if (text == NULL || *text == '\0')
		return NULL;
	n = utf8_cut(text, STORE_REASON);
	memcpy(out, text, n);
	out = utf8_line(out, n);
	return *out == '\0' ? NULL : out;
}

/* The first line of a reference, as its own text; NULL: there is one line. */
static char *
row_first_link(const struct feed_row *row, uint64_t line)
{
	const char *url = row->reference;
	size_t n = url == NULL ? 0 : strcspn(url, "\n");

	if (n == 0 || url[n] == '\0')
		return NULL;
	row_lose(row->lost, further, url + n + 1, line);
	return strndup(url, n);
}

/* The page that says more, where it is one that can be opened. */
static const char *
row_reference(const struct feed_row *row, const char *url, uint64_t line)
{
	if (url == NULL || feed_value_is_empty(url))
		return NULL;
	if ((strncasecmp(url, "https://", 8) == 0 ||
		strncasecmp(url, "http://", 7) == 0) &&
	    strlen(url) <= STORE_URL && ctim_is_uri(url))
		return url;
	row_lose(row->lost, "reference", url, line);
	return NULL;
}

/* Why it is no indicator, where that has a name. */
static const char *
row_known(const char *value)
{
	size_t n;

	if (strncasecmp(value, "AS", 2) != 0)
		return NULL;
	n = strspn(value + 2, "0123456789");
	return n > 0 && n <= 10 && value[2 + n] == '\0' ?
	    "the number of an autonomous system, which is no indicator" :
	    NULL;
}

/* why: NULL, or what is wrong beside its type. */
static int
row_skip_value(const struct row_out *out, const char *value, const char *type,
    const char *why)
{
	int n = (int)utf8_cut(value, SHOWN);
	const char *more = value[n] == '\0' ? "" : "…";

	if (why == NULL)
		why = row_known(value);
	if (why != NULL)
		return feed_skip(out->sink, out->line, why, "\"%.*s\"%s: %s", n,
		    value, more, why);
	if (type == NULL || *type == '\0')
		return feed_skip(out->sink, out->line, "it is no indicator",
		    "\"%.*s\"%s is no indicator", n, value, more);
	return feed_skip(out->sink, out->line, "it is no indicator of its type",
	    "\"%.*s\"%s is no indicator of type \"%.*s\"", n, value, more,
	    (int)utf8_cut(type, SHOWN), type);
}

/* The texts of a row that are no UTF-8, in UTF-8, and the row that has them. */
struct row_texts {
	struct feed_row row;
	struct buf text;
	size_t at[FEED_FIELDS + 1]; /* in text; ROW_PLAIN: it is UTF-8 */
	bool foreign;
};

/* Where a row has a text: of a field, or of the reference. */
static const char **
row_place(struct feed_row *row, size_t i)
{
	return i < FEED_FIELDS ? &row->text[i] : &row->reference;
}

/*
 * Reads what people wrote as Windows-1252 where it is no UTF-8: a comment must
 * not cost its row.  Values are checked by themselves.  Returns 0, or -1 when
 * memory ran out.
 */
static int
row_texts(struct row_texts *t, const struct feed_row *row)
{
	const char **text;
	size_t i;

	t->row = *row;
	t->foreign = false;
	for (i = 0; i <= FEED_FIELDS; i++) {
		text = row_place(&t->row, i);
		t->at[i] = ROW_PLAIN;
		if (*text == NULL || utf8_valid(*text, strlen(*text)))
			continue;
		t->at[i] = t->text.len;
		t->foreign = true;
		win1252_utf8(&t->text, *text, strnlen(*text, ROW_TEXT));
		buf_addc(&t->text, '\0');
	}
	for (i = 0; t->foreign && i <= FEED_FIELDS; i++)
		if (t->at[i] != ROW_PLAIN)
			*row_place(&t->row, i) = t->text.data + t->at[i];
	return t->text.failed ? -1 : 0;
}

/* Hands a value on, unless the row had it before. */
static int
row_entry(void *arg, const struct feed_value *value)
{
	struct row_out *out = arg;
	struct hash h = hash_bytes(value->text, strlen(value->text));
	size_t i;

	for (i = 0; i < out->n_seen; i++)
		if (out->seen[i].a == h.a && out->seen[i].b == h.b)
			return 0;
	if (out->n_seen < ROW_SEEN)
		out->seen[out->n_seen++] = h;
	out->e.type = value->type;
	out->e.value = value->text;
	out->e.below =
	    value->below || (out->below && value->type == OBSERVABLE_DOMAIN);
	return out->sink->entry(out->sink->arg, out->line, &out->e);
}

static const char not_utf8[] = "it is not UTF-8";

/* Takes a cell for the value: one, or several with a line for each. */
static int
row_one(struct row_out *out, const char *cell, const char *type)
{
	const char *why = NULL;
	char *copy, *line, *at = NULL;
	int r;

	if (feed_value_is_empty(cell))
		return 0;
	out->values++;
	if (!utf8_valid(cell, strlen(cell)))
		return feed_skip(out->sink, out->line, not_utf8, NULL);
	r = feed_value_each(cell, type, row_entry, out, &why);
	if (r != -1 || why != NULL || strchr(cell, '\n') == NULL ||
	    (copy = strdup(cell)) == NULL)
		return r == -1 ? row_skip_value(out, cell, type, why) : r;
	for (r = 0, line = strtok_r(copy, "\r\n", &at); line != NULL && r == 0;
	     line = strtok_r(NULL, "\r\n", &at))
		r = row_one(out, line, type);
	free(copy);
	return r;
}

/* Takes the parts of a composite ("filename|md5") whose types are kept. */
static int
row_parts(struct row_out *out, const char *cell, const char *type)
{
	struct feed_composite parts;
	const char *bar;
	char *left;
	int r = 0;

	if (feed_value_types(type) == 0)
		return row_one(out, cell, type);
	if (!feed_value_composite(type, &parts))
		return row_one(out, cell, type);
	/* The name of a file may have a bar. */
	if ((bar = strrchr(cell, '|')) == NULL)
		return row_parts(out, cell,
		    feed_value_types(parts.left) != 0 ? parts.left :
							parts.right);
	if ((left = strndup(cell, (size_t)(bar - cell))) == NULL)
		return feed_skip(out->sink, out->line, "memory ran out", NULL);
	if (feed_value_types(parts.left) != 0)
		r = row_parts(out, left, parts.left);
	if (r == 0 && feed_value_types(parts.right) != 0)
		r = row_parts(out, bar + 1, parts.right);
	free(left);
	return r;
}

/* The type in a row of `intel export`, which alone tells the title of its source:
 * of those that feeds have no word for, or another meaning. */
static enum observable_type
row_own_type(const struct feed_row *row)
{
	const char *name = row->text[FEED_TYPE];
	enum observable_type type;

	if (name == NULL || row->text[FEED_SOURCE_TITLE] == NULL)
		return OBSERVABLE_UNKNOWN;
	type = observable_type(name);
	return indicator_type((int)type) && type != OBSERVABLE_HOSTNAME ?
	    OBSERVABLE_UNKNOWN :
	    type;
}

/* Takes a cell with the row's type. */
static int
row_value(struct row_out *out, const char *cell)
{
	const char *type = out->row->text[FEED_TYPE];
	struct feed_value own = { .type = row_own_type(out->row) };

	if (own.type != OBSERVABLE_UNKNOWN &&
	    indicator_normalise(own.type, cell, own.text) == 0) {
		out->values++;
		return row_entry(out, &own);
	}
	return type == NULL ? row_one(out, cell, NULL) :
			      row_parts(out, cell, type);
}

/* Takes the two cells of a range, or of a network; the first alone where the
 * second is empty. */
static int
row_pair(struct row_out *out)
{
	const char *const *v = out->row->values, *why;
	int r;

	if (feed_value_is_empty(v[0]) || feed_value_is_empty(v[1]))
		return row_value(out, v[0]);
	out->values++;
	if (!utf8_valid(v[0], strlen(v[0])) || !utf8_valid(v[1], strlen(v[1])))
		return feed_skip(out->sink, out->line, not_utf8, NULL);
	r = feed_value_pair(
	    v[0], v[1], out->row->pair == FEED_PAIR_MASK, row_entry, out, &why);
	return r == -1 ?
	    row_skip_value(out, v[0], out->row->text[FEED_TYPE], why) :
	    r;
}

/* Takes all cells for the value. */
static int
row_values(struct row_out *out)
{
	size_t i;
	int r = 0;

	if (out->row->pair != FEED_PAIR_NONE && out->row->n_values == 2)
		return row_pair(out);
	for (i = 0; i < out->row->n_values && r == 0; i++)
		r = row_value(out, out->row->values[i]);
	return r;
}

/* Hands out what a row has, whose texts are UTF-8. */
static int
row_emit(struct row_out *out)
{
	const struct feed_row *row = out->row;
	int64_t n[FEED_FIELDS];
	char reason[STORE_REASON * 4 + 1], *link;
	const char *why;
	int r;

	if ((why = row_fields(row, out->line, n)) != NULL)
		return feed_skip(out->sink, out->line, why, NULL);
	link = row_first_link(row, out->line);
	out->e = (struct feed_entry){ .reason = read_reason(
					  row->text[FEED_REASON], reason),
		.disposition = (int)n[FEED_DISPOSITION],
		.severity = (int)n[FEED_SEVERITY],
		.confidence = (int)n[FEED_CONFIDENCE],
		.tlp = (int)n[FEED_TLP],
		.priority = (int)n[FEED_PRIORITY],
		.first_seen = n[FEED_FIRST_SEEN] == -1 ? 0 : n[FEED_FIRST_SEEN],
		.last_seen = n[FEED_LAST_SEEN] == -1 ? 0 : n[FEED_LAST_SEEN],
		.count = n[FEED_COUNT] == -1 ? 0 : n[FEED_COUNT],
		.expires = n[FEED_EXPIRES],
		.url = row_reference(
		    row, link != NULL ? link : row->reference, out->line),
		.foreign = out->foreign,
		.source_title = row->text[FEED_SOURCE_TITLE],
		.source_lookup = row->text[FEED_SOURCE_LOOKUP],
		.source_subdomains = n[FEED_SOURCE_SUBDOMAINS] == 1 };
	out->below = n[FEED_BELOW] == 1;
	r = row_values(out);
	free(link);
	return out->values == 0 ?
	    feed_skip(out->sink, out->line, "it has no value", NULL) :
	    r;
}

int
feed_row_emit(
    const struct feed_row *row, uint64_t line, const struct feed_sink *sink)
{
	struct row_out out = { .sink = sink, .line = line };
	struct row_texts t;
	int r;

	buf_init(&t.text, (FEED_FIELDS + 1) * (ROW_TEXT * 3 + 1));
	r = row_texts(&t, row);
	out.row = &t.row;
	out.foreign = t.foreign;
	r = r == -1 ? feed_skip(sink, line, "memory ran out", NULL) :
		      row_emit(&out);
	buf_free(&t.text);
	return r;
}
