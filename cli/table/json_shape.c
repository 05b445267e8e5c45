/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "cli/feed/feed_value.h"
#include "cli/table/heading.h"
#include "cli/table/json_shape.h"

#define LOOK    3 /* elements of an array that are looked at */
#define RECORDS 3 /* members that are rows, when their names say nothing */

/* What speaks for rows at a place; the first counts most. */
enum shape_proof {
	SHAPE_VALUE,  /* an indicator under a heading for one, or as a name */
	SHAPE_NESTED, /* ... in an object or array of the row */
	SHAPE_TEXT,   /* texts that are indicators */
	SHAPE_ANY,    /* an indicator under any name */
	SHAPE_OBJECT, /* objects */
	SHAPE_NONE
};

/* A place where rows may be. */
struct shape_place {
	char path[JSON_SHAPE_PATH];
	unsigned steps;
	enum shape_proof proof;
	bool keyed;
};

struct shape {
	const char *p, *end;
	struct shape_place best;
};

/* What an object has. */
struct shape_object {
	bool value;     /* an indicator under a heading for one */
	bool url;       /* … a URL, which may be that of the next page */
	bool nested;    /* … in an object or array of its own */
	bool indicator; /* one under any name */
	bool objects;   /* an array of objects */
	bool arrays;    /* another array that is not empty */
	unsigned names, keys; /* … of which these are indicators, */
	unsigned ids;         /* these are numbers, */
	unsigned records;     /* these are objects with a value */
	bool listed; /* a member that is an array with indicators, or an object
	                with rows in one */
	bool rows;   /* an array of rows, here or below */
};

static void
shape_blanks(struct shape *s)
{
	while (s->p < s->end && strchr(" \t\r\n", *s->p) != NULL)
		s->p++;
}

/* Takes a string; copies what fits of it. */
static void
shape_string(struct shape *s, char *out, size_t room)
{
	size_t n = 0;

	for (s->p++; s->p < s->end && *s->p != '"'; s->p++) {
		if (*s->p == '\\' && ++s->p == s->end)
			break;
		if (n + 1 < room)
			out[n++] = *s->p;
	}
	out[n] = '\0';
	if (s->p < s->end)
		s->p++;
}

/* Passes over an array or object, or what there is of it. */
static void
shape_skip(struct shape *s)
{
	unsigned depth = 0;
	char none[1];

	while (s->p < s->end) {
		if (*s->p == '"') {
			shape_string(s, none, sizeof(none));
			continue;
		}
		if (*s->p == '{' || *s->p == '[')
			depth++;
		if ((*s->p == '}' || *s->p == ']') && --depth == 0) {
			s->p++;
			return;
		}
		s->p++;
	}
}

static bool
shape_is_value(const char *text)
{
	struct feed_value v;

	return feed_value_look(&v, text);
}

/* One step down, to a member or element. */
static struct shape_place
shape_step(const struct shape_place *at, const char *step)
{
	struct shape_place next = *at;
	size_t n = strlen(at->path);

	snprintf(next.path + n, sizeof(next.path) - n, "%s%s",
	    n > 0 && *step == '*' ? "." : "", step);
	next.steps++;
	return next;
}

/* Takes a place for the rows, when it is better than those before. */
static void
shape_found(struct shape *s, const struct shape_place *at,
    enum shape_proof proof, bool keyed)
{
	if (proof > s->best.proof ||
	    (proof == s->best.proof && at->steps >= s->best.steps))
		return;
	s->best = *at;
	s->best.proof = proof;
	s->best.keyed = keyed;
}

/* Looks at a string that is the value of a member. */
static void
shape_text(struct shape *s, const char *name, struct shape_object *o)
{
	const struct heading *h = heading_of(name);
	char text[INDICATOR_MAX + 1];
	struct feed_value v;

	shape_string(s, text, sizeof(text));
	if (!feed_value_look(&v, text))
		return;
	o->indicator = true;
	if (h == NULL || (unsigned)h->kind >= HEADING_VALUES)
		return;
	if (v.type == OBSERVABLE_URL)
		o->url = true;
	else
		o->value = true;
}

static struct shape_object shape_members(
    struct shape *, const struct shape_place *);

static enum shape_proof
shape_proof(const struct shape_object *o)
{
	return o->value || o->url ? SHAPE_VALUE :
	    o->nested             ? SHAPE_NESTED :
	    o->indicator          ? SHAPE_ANY :
				    SHAPE_OBJECT;
}

/* Looks at the first elements of an array at a place. */
static void
shape_array(struct shape *s, const char *name, const struct shape_place *at,
    struct shape_object *of)
{
	const struct heading *h = heading_of(name);
	struct shape_place rows = shape_step(at, "[]");
	struct shape in = *s;
	struct shape_object o;
	char text[INDICATOR_MAX + 1];
	unsigned i;

	for (i = 0, in.p++; i < LOOK; i++, in.p++) {
		shape_blanks(&in);
		if (in.p >= in.end || *in.p == ']')
			break;
		if (*in.p == '{') {
			of->objects = true;
			o = shape_members(&in, &rows);
			shape_found(&in, &rows, shape_proof(&o), false);
			of->rows = of->rows || o.value || o.url || o.rows;
			of->listed = of->listed || of->rows;
		} else {
			of->arrays = true;
			if (*in.p != '"')
				break;
			shape_string(&in, text, sizeof(text));
			if (shape_is_value(text)) {
				shape_found(&in, &rows, SHAPE_TEXT, false);
				of->listed = true;
				of->nested = of->nested ||
				    (h != NULL &&
					(unsigned)h->kind < HEADING_VALUES);
			}
		}
		shape_blanks(&in);
		if (in.p >= in.end || *in.p != ',')
			break;
	}
	s->best = in.best;
	shape_skip(s);
}

/* Takes the value of a member. */
static void
shape_member(struct shape *s, const char *name, const struct shape_place *at,
    struct shape_object *o)
{
	struct shape_place next = shape_step(at, "*");
	struct shape_object in;
	struct shape skip;

	if (*s->p == '"')
		shape_text(s, name, o);
	else if (*s->p == '[' && heading_is_never(name))
		shape_skip(s);
	else if (*s->p == '[')
		shape_array(s, name, &next, o);
	else if (*s->p == '{') {
		skip = *s;
		in = shape_members(s, &next);
		s->p = skip.p;
		shape_skip(s);
		o->nested = o->nested || in.value || in.url;
		o->records += in.value || in.url;
		o->rows = o->rows || in.rows;
		o->listed = o->listed || in.rows;
	} else
		while (s->p < s->end && strchr(",}", *s->p) == NULL)
			s->p++;
}

/* Whether the members of an object are rows: by their names, or as each has an
 * indicator.  A list under an indicator is what is listed, of a source. */
static void
shape_keyed(
    struct shape *s, const struct shape_place *at, const struct shape_object *o)
{
	struct shape_place rows = shape_step(at, "*");

	if (o->names == 0 || o->listed || strchr(at->path, '[') != NULL)
		return;
	if (o->keys * 2 >= o->names)
		shape_found(s, &rows, SHAPE_VALUE, true);
	else if (o->records == o->names &&
	    (o->ids == o->names || o->records >= RECORDS))
		shape_found(s, &rows, SHAPE_VALUE, false);
}

/* Walks through the members of an object. */
static struct shape_object
shape_members(struct shape *s, const struct shape_place *at)
{
	const struct shape_place before = s->best;
	struct shape_object o = { .names = 0 };
	char name[INDICATOR_MAX + 1];

	if (at->steps > JSON_SHAPE_STEPS) {
		shape_skip(s);
		return o;
	}
	for (s->p++; s->p < s->end; s->p++) {
		shape_blanks(s);
		if (s->p >= s->end || *s->p != '"')
			break;
		shape_string(s, name, sizeof(name));
		shape_blanks(s);
		s->p++; /* the colon */
		shape_blanks(s);
		if (s->p >= s->end)
			break;
		o.names++;
		o.keys += shape_is_value(name);
		o.ids += name[strspn(name, "0123456789")] == '\0';
		shape_member(s, name, at, &o);
		shape_blanks(s);
		if (s->p >= s->end || *s->p != ',')
			break;
	}
	if (s->p < s->end)
		s->p++;
	/* What is in a row is said of it. */
	if (o.value)
		s->best = before;
	else
		shape_keyed(s, at, &o);
	return o;
}

/* Whether the document, or each line, is one row. */
static bool
shape_is_row(const struct shape *s, const struct shape_object *o, bool more)
{
	if (o->value || (o->url && (more || !o->objects)) ||
	    (o->indicator && more && !o->objects))
		return true;
	if (s->best.proof == SHAPE_NONE)
		return !o->objects && !o->arrays;
	return o->nested && s->best.proof > SHAPE_VALUE &&
	    (more || (!o->objects && !o->arrays));
}

struct json_shape
json_shape(const char *head, size_t n)
{
	struct shape s = {
		.p = head, .end = head + n, .best = { .proof = SHAPE_NONE }
	};
	const struct shape_place top = { .steps = 0 };
	struct json_shape shape = { .lines = false };
	struct shape_object o = { .names = 0 };

	shape_blanks(&s);
	if (s.p == s.end)
		return shape;
	shape.lines = *s.p == '"';
	if (*s.p == '[') {
		shape_array(&s, "", &top, &o);
		if (s.best.proof >= SHAPE_TEXT)
			s.best = shape_step(&top, "[]");
	} else if (*s.p == '{') {
		o = shape_members(&s, &top);
		shape_blanks(&s);
		if (shape_is_row(&s, &o, s.p < s.end))
			return shape;
		if (s.best.proof >= SHAPE_TEXT && s.best.proof != SHAPE_ANY) {
			shape.texts = s.best.proof != SHAPE_OBJECT;
			s.best = shape_step(&top, "*");
			s.best = shape_step(&s.best, "[]");
		}
	} else
		return shape;
	memcpy(shape.rows, s.best.path, sizeof(shape.rows));
	shape.keyed = s.best.keyed;
	return shape;
}
