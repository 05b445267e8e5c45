/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "template/path.h"
#include "json/jsonin.h"
#include "json/jsonscan.h"

#define PATH_INDEX 7 /* digits of an index: more than an answer has values */

enum path_kind { PATH_MEMBER, PATH_ELEMENT, PATH_ALL };

struct path_step {
	enum path_kind kind;
	const char *name; /* PATH_MEMBER; in names of the path */
	size_t index;     /* PATH_ELEMENT */
};

struct path {
	size_t n;
	/* Deeper than this no answer is (json/jsonscan.h). */
	struct path_step steps[JSON_DEPTH];
	char names[]; /* each ended by a NUL */
};

struct path_reading {
	struct path *path;
	const char *at, *end;
	char *name; /* where the next one goes */
	char *why;
	size_t size;
};

/* All its bytes are in the text once, and a NUL of each takes the place of a dot,
 * a bracket, a quotation mark or the end. */
static const char *
path_name(struct path_reading *r, const char *name, size_t len)
{
	char *here = r->name;

	memcpy(here, name, len);
	here[len] = '\0';
	r->name += len + 1;
	return here;
}

static bool
path_refuse(struct path_reading *r, const char *why)
{
	snprintf(r->why, r->size, "%s", why);
	return false;
}

/* "odd name" */
static bool
path_quoted(struct path_reading *r, struct path_step *step)
{
	const char *begin = ++r->at;
	const char *stop = memchr(begin, '"', (size_t)(r->end - begin));

	if (stop == NULL)
		return path_refuse(r, "a name in a path lacks its second \"");
	step->kind = PATH_MEMBER;
	step->name = path_name(r, begin, (size_t)(stop - begin));
	r->at = stop + 1;
	return true;
}

static bool
path_plain(struct path_reading *r, struct path_step *step)
{
	const char *begin = r->at;
	size_t n;

	while (r->at < r->end && strchr(".[", *r->at) == NULL) {
		if (strchr(" ]\"{}|", *r->at) != NULL)
			return path_refuse(r,
			    "a name in a path that holds blanks, brackets, "
			    "braces or bars needs quotation marks, as in "
			    "a.\"odd name\"");
		r->at++;
	}
	n = (size_t)(r->at - begin);
	if (n == 0)
		return path_refuse(r, "a name in a path is missing");
	step->kind = PATH_MEMBER;
	step->name = path_name(r, begin, n);
	return true;
}

/* [] or [0] */
static bool
path_bracket(struct path_reading *r, struct path_step *step)
{
	const char *begin = ++r->at;
	size_t digits;

	step->kind = PATH_ELEMENT;
	for (; r->at < r->end && *r->at >= '0' && *r->at <= '9'; r->at++)
		if (r->at - begin < PATH_INDEX)
			step->index = step->index * 10 + (size_t)(*r->at - '0');
	digits = (size_t)(r->at - begin);
	if (r->at == r->end || *r->at != ']')
		return path_refuse(r, "in a path there is [] or [NUMBER]");
	if (digits > PATH_INDEX)
		return path_refuse(
		    r, "a number in a path has more than 7 digits");
	if (digits == 0)
		step->kind = PATH_ALL;
	r->at++;
	return true;
}

static bool
path_step_read(struct path_reading *r, bool first)
{
	struct path_step *step;

	if (r->path->n == JSON_DEPTH)
		return path_refuse(r, "a path has more than 32 steps");
	step = &r->path->steps[r->path->n++];
	if (*r->at == '[')
		return path_bracket(r, step);
	if (*r->at == '.') {
		/* Also before [: .[0] */
		r->at++;
		if (first && r->at < r->end && *r->at == '[')
			return path_bracket(r, step);
	} else if (!first)
		return path_refuse(
		    r, "in a path a . or [ stands behind ] and \"");
	if (r->at < r->end && *r->at == '"')
		return path_quoted(r, step);
	return path_plain(r, step);
}

static bool
path_read(struct path_reading *r)
{
	const char *p;
	bool first = true;

	if (r->at == r->end)
		return path_refuse(r, "a path is empty");
	for (p = r->at; p < r->end; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return path_refuse(
			    r, "a path holds a control character");
	if (r->end - r->at == 1 && *r->at == '.')
		return true;
	for (; r->at < r->end; first = false)
		if (!path_step_read(r, first))
			return false;
	return true;
}

struct path *
path_new(const char *text, size_t len, char *why, size_t size)
{
	struct path_reading r = {
		.at = text, .end = text + len, .why = why, .size = size
	};

	if ((r.path = calloc(1, sizeof(*r.path) + len + 1)) == NULL) {
		(void)path_refuse(&r, "out of memory");
		return NULL;
	}
	r.name = r.path->names;
	if (!path_read(&r)) {
		path_free(r.path);
		return NULL;
	}
	return r.path;
}

void
path_free(struct path *p)
{
	free(p);
}

bool
path_is_whole(const struct path *p)
{
	return p->n == 0;
}

/* What the steps from *i lead to, up to the first [] or the end. */
static struct json_object *
path_follow(const struct path *p, size_t *i, struct json_object *value)
{
	const struct path_step *step;

	for (; *i < p->n && value != NULL; (*i)++) {
		step = &p->steps[*i];
		if (step->kind == PATH_ALL)
			break;
		value = step->kind == PATH_MEMBER ?
		    jsonin_member(value, step->name) :
		    jsonin_at(value, step->index);
	}
	return value;
}

/* Adds to list what the steps from i on lead to in each element.  Goes no deeper
 * than the value does. */
static bool
path_gather(const struct path *p, size_t i, struct json_object *array,
    struct json_object *list)
{
	struct json_object *value;
	size_t n = jsonin_length(array), k, at;

	for (k = 0; k < n; k++) {
		at = i;
		value = path_follow(p, &at, jsonin_at(array, k));
		if (value == NULL)
			continue;
		if (at < p->n) {
			if (!path_gather(p, at + 1, value, list))
				return false;
		} else if (json_object_array_add(
			       list, json_object_get(value)) != 0) {
			json_object_put(value);
			return false;
		}
	}
	return true;
}

struct json_object *
path_find(const struct path *p, struct json_object *in)
{
	struct json_object *value, *list;
	size_t i = 0;

	value = path_follow(p, &i, in);
	if (i == p->n || value == NULL)
		return json_object_get(value);
	if (!json_object_is_type(value, json_type_array))
		return NULL;
	if ((list = json_object_new_array()) != NULL &&
	    path_gather(p, i + 1, value, list))
		return list;
	json_object_put(list);
	errno = ENOMEM;
	return NULL;
}
