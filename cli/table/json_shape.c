/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>

#include "cli/feed/feed_value.h"
#include "cli/table/heading.h"
#include "cli/table/json_shape.h"

/* What the first object has itself. */
struct shape {
	const char *p, *end;
	bool objects;   /* an array of objects */
	bool arrays;    /* another array that is not empty */
	bool value;     /* an indicator under a heading for one */
	bool url;       /* … a URL, which may be that of the next page */
	bool indicator; /* one under any name */
	bool more;      /* another object behind it */
	bool nested;    /* the objects of its array have none, but arrays */
	bool inner;     /* this is such an object */
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

/* Looks at a string that is the value of a member. */
static void
shape_value(struct shape *s, const char *name)
{
	const struct heading *h = heading_of(name);
	char text[INDICATOR_MAX + 1];
	struct feed_value v;

	shape_string(s, text, sizeof(text));
	if (!feed_value_look(&v, text))
		return;
	s->indicator = true;
	if (h == NULL || (unsigned)h->kind >= HEADING_VALUES)
		return;
	if (v.type == OBSERVABLE_URL)
		s->url = true;
	else
		s->value = true;
}

static void shape_object(struct shape *);

/* deep: to look into its first object. */
static void
shape_array(struct shape *s, bool deep)
{
	struct shape in = { .p = s->p, .end = s->end, .inner = true };

	in.p++;
	shape_blanks(&in);
	if (in.p < in.end && *in.p == '{') {
		s->objects = true;
		if (deep)
			shape_object(&in);
		s->nested = s->nested || (in.objects && !in.value && !in.url);
	} else if (in.p < in.end && *in.p != ']')
		s->arrays = true;
	shape_skip(s);
}

/* Walks through the members of an object. */
static void
shape_object(struct shape *s)
{
	char name[64];

	for (s->p++; s->p < s->end; s->p++) {
		shape_blanks(s);
		if (s->p >= s->end || *s->p != '"')
			break;
		shape_string(s, name, sizeof(name));
		shape_blanks(s);
		s->p++; /* the colon */
		shape_blanks(s);
		if (s->p >= s->end)
			return;
		if (*s->p == '"')
			shape_value(s, name);
		else if (*s->p == '[')
			shape_array(s, !s->inner);
		else if (*s->p == '{')
			shape_skip(s);
		else
			while (s->p < s->end && strchr(",}", *s->p) == NULL)
				s->p++;
		shape_blanks(s);
		if (s->p >= s->end || *s->p != ',')
			break;
	}
	if (s->p < s->end)
		s->p++;
	shape_blanks(s);
	s->more = s->p < s->end;
}

enum json_shape
json_shape(const char *head, size_t n)
{
	struct shape s = { .p = head, .end = head + n };
	bool record;

	shape_blanks(&s);
	if (s.p == s.end)
		return JSON_SHAPE_NONE;
	if (*s.p == '[') {
		shape_array(&s, true);
		return s.nested ? JSON_SHAPE_NESTED : JSON_SHAPE_ARRAY;
	}
	if (*s.p == '"')
		return JSON_SHAPE_STRINGS;
	if (*s.p != '{')
		return JSON_SHAPE_NONE;
	shape_object(&s);
	record = s.value || (s.url && (s.more || !s.objects)) ||
	    (s.indicator && s.more && !s.objects);
	if (record || (!s.objects && !s.arrays))
		return JSON_SHAPE_OBJECTS;
	return s.nested ? JSON_SHAPE_NESTED : JSON_SHAPE_HOLDER;
}
