/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"
#include "cli/feed/feed_reader.h"
#include "cli/feed/feed_row.h"
#include "cli/feed/jsoncut.h"
#include "json/jsonscan.h"

static const char cut_short[] =
    "the JSON is not closed: the file was cut short";
static const char cut_starved[] = "memory ran out";
static const char cut_more[] = "there is more behind the end of the JSON";

struct jsoncut {
	struct feed_reader *r;
	const char *const *paths;
	size_t n; /* paths */
	int (*each)(void *arg, const struct jsoncut_element *);
	void *arg;
	const struct feed_sink *sink;
	struct buf element, document, raw, key;
	char raw_room[JSONCUT_KEY + 2], key_room[JSONCUT_KEY];
	size_t whole;      /* the empty path; n: there is none */
	bool keep;         /* the bytes of the document */
	bool lines;        /* a document ends with its line */
	const char *wrong; /* why the walk ended, unless a callback ended it */
};

/* What is left of each path at one place of the document; NULL: it leads
 * elsewhere. */
struct cut_rest {
	const char *of[JSONCUT_PATHS];
};

/* All functions of the walk return 0, what a callback returned, or -1 with the
 * reason. */
static int
cut_wrong(struct jsoncut *c, const char *why)
{
	c->wrong = why;
	return -1;
}

/* Returns the next byte of the document, or EOF. */
static int
cut_peek(struct jsoncut *c)
{
	int b = feed_reader_peek(c->r);

	return b == '\n' && c->lines ? EOF : b;
}

static void
cut_take(struct jsoncut *c)
{
	int b = feed_reader_byte(c->r);

	if (c->keep)
		buf_addc(&c->document, (char)b);
}

static bool
cut_is_blank(int b)
{
	return b == ' ' || b == '\t' || b == '\r' || b == '\n';
}

/* Returns the next byte that is no blank, or EOF. */
static int
cut_next(struct jsoncut *c)
{
	while (cut_is_blank(cut_peek(c)))
		cut_take(c);
	return cut_peek(c);
}

/* The way through one value. */
struct cut_through {
	size_t depth;
	bool string, escape, ended;
	bool lines; /* no line end belongs to it */
};

/* Whether a byte outside strings belongs to the value. */
static bool
cut_through_byte(struct cut_through *t, char b)
{
	switch (b) {
	case '"':
		t->string = true;
		return true;
	case '{':
	case '[':
		t->depth++;
		return true;
	case '}':
	case ']':
		t->ended = t->depth <= 1;
		return t->depth-- > 0;
	case ',':
	case ' ':
	case '\t':
	case '\r':
	case '\n':
		/* A number or word ends here. */
		t->ended = t->depth == 0;
		return t->depth > 0;
	default:
		return true;
	}
}

/* Returns how many of n bytes belong to the value. */
static size_t
cut_through_piece(struct cut_through *t, const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n && !t->ended; i++) {
		if (s[i] == '\n' && t->lines)
			break;
		if (t->escape)
			t->escape = false;
		else if (!t->string) {
			if (!cut_through_byte(t, s[i]))
				break;
		} else if (s[i] == '\\')
			t->escape = true;
		else if (s[i] == '"') {
			t->string = false;
			t->ended = t->depth == 0;
		}
	}
	return i;
}

/* Passes over one value; copies it to out, unless that is NULL. */
static int
cut_value_through(struct jsoncut *c, struct buf *out)
{
	struct cut_through t = { .lines = c->lines };
	const char *s, *newline;
	size_t n;

	while (!t.ended && cut_peek(c) != EOF) {
		s = c->r->data + c->r->at;
		n = cut_through_piece(&t, s, c->r->end - c->r->at);
		if (out != NULL)
			buf_add(out, s, n);
		if (c->keep)
			buf_add(&c->document, s, n);
		c->r->at += n;
		for (; (newline = memchr(s, '\n', n)) != NULL;
		     s = newline + 1) {
			n -= (size_t)(newline + 1 - s);
			c->r->line++;
		}
	}
	return t.ended ? 0 : cut_wrong(c, cut_short);
}

/* Hands what is in a buffer to the caller. */
static int
cut_hand(struct jsoncut *c, size_t path, const struct buf *b, uint64_t line)
{
	const struct jsoncut_element e = { path, b->data, b->len, line,
		c->key.data };

	c->keep = false;
	if (b->starved)
		return cut_wrong(c, cut_starved);
	if (b->failed)
		return feed_skip(c->sink, line, "it is too long",
		    "it is longer than %u bytes", FEED_LINE_MAX);
	return c->each(c->arg, &e);
}

static int
cut_hand_value(struct jsoncut *c, size_t path)
{
	uint64_t line = c->r->line;
	int r;

	buf_reset(&c->element);
	if ((r = cut_value_through(c, &c->element)) != 0)
		return r;
	return cut_hand(c, path, &c->element, line);
}

/* Tells the ends of an object. */
static int
cut_hand_end(struct jsoncut *c, const struct cut_rest *rest)
{
	struct jsoncut_element e = { .line = c->r->line, .key = "" };
	int r = 0;

	for (e.path = 0; e.path < c->n && r == 0; e.path++)
		if (rest->of[e.path] != NULL &&
		    strcmp(rest->of[e.path], "{}") == 0)
			r = c->each(c->arg, &e);
	return r;
}

static const char *
cut_step_to(const char *rest, const char *key, size_t n)
{
	size_t len;

	if (rest == NULL || (len = strcspn(rest, ".[{")) == 0)
		return NULL;
	if ((len != 1 || *rest != '*') &&
	    (len != n || memcmp(rest, key, n) != 0))
		return NULL;
	return rest + len + (rest[len] == '.');
}

static const char *
cut_step_into(const char *rest)
{
	if (rest == NULL || strncmp(rest, "[]", 2) != 0)
		return NULL;
	return rest + 2 + (rest[2] == '.');
}

static int cut_value(struct jsoncut *, const struct cut_rest *);

/* Reads the name of a member and its colon.  A name that is too long is on no
 * path but "*". */
static int
cut_key(struct jsoncut *c)
{
	int r;

	if (cut_next(c) != '"')
		return cut_wrong(c,
		    cut_peek(c) == EOF ? cut_short :
					 "an object has no name of a member "
					 "where one must be");
	buf_reset(&c->raw);
	if ((r = cut_value_through(c, &c->raw)) != 0)
		return r;
	if (c->raw.failed || !jsonscan_string(c->raw.data, c->raw.len, &c->key))
		buf_reset(&c->key);
	if (cut_next(c) != ':')
		return cut_wrong(c,
		    cut_peek(c) == EOF ? cut_short :
					 "an object has no colon behind the "
					 "name of a member");
	cut_take(c);
	return 0;
}

static int
cut_member(struct jsoncut *c, const struct cut_rest *rest)
{
	struct cut_rest next;
	size_t i;
	int r;

	if ((r = cut_key(c)) != 0)
		return r;
	for (i = 0; i < c->n; i++)
		next.of[i] = cut_step_to(rest->of[i], c->key.data, c->key.len);
	return cut_value(c, &next);
}

static int
cut_item(struct jsoncut *c, const struct cut_rest *rest)
{
	struct cut_rest next;
	size_t i;

	for (i = 0; i < c->n; i++)
		next.of[i] = cut_step_into(rest->of[i]);
	return cut_value(c, &next);
}

/* Walks through an array or object, whose closing bracket is end. */
static int
cut_inside(struct jsoncut *c, const struct cut_rest *rest, int end)
{
	int b, r;

	cut_take(c);
	if (cut_next(c) != end)
		do {
			r = end == '}' ? cut_member(c, rest) :
					 cut_item(c, rest);
			if (r != 0)
				return r;
			b = cut_next(c);
			if (b == EOF)
				return cut_wrong(c, cut_short);
			if (b != ',' && b != end)
				return cut_wrong(c,
				    "there is neither a comma nor the closing "
				    "bracket behind a value");
			if (b == ',')
				cut_take(c);
		} while (b == ',');
	cut_take(c);
	return end == '}' ? cut_hand_end(c, rest) : 0;
}

static int
cut_value(struct jsoncut *c, const struct cut_rest *rest)
{
	size_t i;
	bool on = false;
	int b = cut_next(c);

	for (i = 0; i < c->n; i++) {
		if (rest->of[i] != NULL && *rest->of[i] == '\0')
			return cut_hand_value(c, i);
		on = on || rest->of[i] != NULL;
	}
	if (on && b == '{')
		return cut_inside(c, rest, '}');
	if (on && b == '[')
		return cut_inside(c, rest, ']');
	return cut_value_through(c, NULL);
}

static int
cut_document(struct jsoncut *c)
{
	struct cut_rest rest = { { NULL } };
	uint64_t line = c->r->line;
	size_t i;
	int r, b = cut_peek(c);

	for (i = 0; i < c->n; i++)
		rest.of[i] = i == c->whole ? NULL : c->paths[i];
	buf_reset(&c->document);
	buf_reset(&c->key);
	c->keep = b == '{' && c->whole < c->n;
	if (b != '{' && b != '[')
		return cut_wrong(
		    c, "this is neither an array nor an object of JSON");
	if ((r = cut_value(c, &rest)) != 0 || !c->keep)
		return r;
	buf_reset(&c->key);
	return cut_hand(c, c->whole, &c->document, line);
}

/* Passes over the rest of a line.  Whether there are only blanks in it. */
static bool
cut_line_end(struct jsoncut *c)
{
	bool blank = true;
	int b;

	while ((b = feed_reader_byte(c->r)) != EOF && b != '\n')
		blank = blank && cut_is_blank(b);
	return blank;
}

/* Reads the documents behind the first, one a line. */
static int
cut_lines(struct jsoncut *c)
{
	uint64_t line;
	int r = 0;

	c->lines = true;
	while (r == 0 && feed_reader_peek(c->r) != EOF) {
		line = c->r->line;
		if (cut_next(c) != EOF)
			r = cut_document(c);
		if (!cut_line_end(c) && r == 0)
			r = cut_wrong(c, cut_more);
		if (r != -1 || c->wrong == NULL || c->wrong == cut_starved)
			continue;
		r = feed_skip(c->sink, line, "it is no JSON",
		    "it is no JSON: %s",
		    c->wrong == cut_short ? "it is not closed" : c->wrong);
		c->wrong = NULL;
	}
	return r;
}

static int
cut_file(struct jsoncut *c)
{
	uint64_t line;
	int r;

	if (cut_next(c) == EOF)
		return 0;
	line = c->r->line;
	if ((r = cut_document(c)) != 0)
		return r;
	if (c->r->line == line) {
		while (cut_is_blank(cut_peek(c)) && c->r->line == line)
			cut_take(c);
		if (c->r->line != line)
			return cut_lines(c);
	} else
		while (r == 0 && (cut_next(c) == '{' || cut_peek(c) == '['))
			r = cut_document(c);
	if (r != 0)
		return r;
	return cut_next(c) == EOF ? 0 : cut_wrong(c, cut_more);
}

int
jsoncut(struct feed_reader *r, const char *const paths[],
    int (*each)(void *arg, const struct jsoncut_element *), void *arg,
    const struct feed_sink *sink, char error[FEED_ERROR_MAX])
{
	struct jsoncut c = {
		.r = r, .paths = paths, .each = each, .arg = arg, .sink = sink
	};
	int result;

	buf_init(&c.element, FEED_LINE_MAX);
	buf_init(&c.document, FEED_LINE_MAX);
	buf_fixed(&c.raw, c.raw_room, sizeof(c.raw_room));
	buf_fixed(&c.key, c.key_room, sizeof(c.key_room));
	while (c.n < JSONCUT_PATHS && paths[c.n] != NULL)
		c.n++;
	for (c.whole = 0; c.whole < c.n && *paths[c.whole] != '\0';)
		c.whole++;
	result = feed_reader_mark(r) == -1 ? cut_wrong(&c, "it is UTF-16") :
					     cut_file(&c);
	if (result == -1 && c.wrong != NULL)
		snprintf(error, FEED_ERROR_MAX, "line %" PRIu64 ": %s", r->line,
		    c.wrong);
	buf_free(&c.element);
	buf_free(&c.document);
	return result;
}
