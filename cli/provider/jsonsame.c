/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "cli/provider/jsonsame.h"
#include "json/jsonin.h"

#define ID        "transient:"
#define UUID_LEN  36   /* characters of the UUID at an id's end */
#define PLACE_MAX 4096 /* bytes of the place of a difference */
#define SHOWN     200  /* characters of a value in a message */

struct jsonsame {
	struct json_object *to, *from; /* ids of the one and of the other */
	struct buf place;              /* of what is compared */
	struct buf *what;
};

static bool jsonsame_value(
    struct jsonsame *, struct json_object *expected, struct json_object *got);

/* Tells what was expected and what came; NULL is null, and none: nothing. */
static bool
jsonsame_differ(
    struct jsonsame *s, const char *words, struct json_object *value)
{
	const char *text = json_object_to_json_string_ext(
	    value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	size_t n;

	if (text == NULL)
		text = "…";
	n = utf8_cut(text, SHOWN);
	buf_addf(s->what, "%s%.*s%s", words, (int)n, text,
	    text[n] == '\0' ? "" : "…");
	return false;
}

static void
jsonsame_at(struct jsonsame *s)
{
	buf_addf(
	    s->what, "%s: ", s->place.len == 0 ? "the whole" : s->place.data);
}

static bool
jsonsame_other(
    struct jsonsame *s, struct json_object *expected, struct json_object *got)
{
	jsonsame_at(s);
	(void)jsonsame_differ(s, "expected ", expected);
	return jsonsame_differ(s, ", got ", got);
}

/* Where the UUID of an id begins; 0: the text is no id. */
static size_t
jsonsame_uuid(const char *text)
{
	size_t n = strlen(text);

	return strncmp(text, ID, sizeof(ID) - 1) == 0 &&
		n > sizeof(ID) - 1 + UUID_LEN ?
	    n - UUID_LEN :
	    0;
}

/* Whether the id `one` stands for `other`, from now on where it is new. */
static bool
jsonsame_stands(struct json_object *map, const char *one, const char *other)
{
	const char *known = jsonin_string(map, one);

	if (known != NULL)
		return strcmp(known, other) == 0;
	return json_object_object_add(
		   map, one, json_object_new_string(other)) == 0;
}

static bool
jsonsame_text(struct jsonsame *s, const char *expected, const char *got)
{
	size_t n = jsonsame_uuid(expected);

	if (n == 0 || n != jsonsame_uuid(got) || strncmp(expected, got, n) != 0)
		return strcmp(expected, got) == 0;
	return jsonsame_stands(s->to, expected, got) &&
	    jsonsame_stands(s->from, got, expected);
}

static bool
jsonsame_array(
    struct jsonsame *s, struct json_object *expected, struct json_object *got)
{
	size_t n = jsonin_length(expected), m = jsonin_length(got), i;
	size_t place = s->place.len;

	for (i = 0; i < n && i < m; i++) {
		buf_addf(&s->place, "[%zu]", i);
		if (!jsonsame_value(
			s, jsonin_at(expected, i), jsonin_at(got, i)))
			return false;
		s->place.len = place;
		s->place.data[place] = '\0';
	}
	if (n == m)
		return true;
	jsonsame_at(s);
	buf_addf(s->what, "expected %zu elements, got %zu; ", n, m);
	return n > m ? jsonsame_differ(s, "missing ", jsonin_at(expected, m)) :
		       jsonsame_differ(s, "too many ", jsonin_at(got, n));
}

/* Whether the member is an empty `data` of the whole, beside errors. */
static bool
jsonsame_empty(const struct jsonsame *s, const char *name,
    struct json_object *value, struct json_object *errors)
{
	return s->place.len == 0 && strcmp(name, "data") == 0 &&
	    jsonin_member(errors, "errors") != NULL &&
	    ((json_object_is_type(value, json_type_object) &&
		 json_object_object_length(value) == 0) ||
		(json_object_is_type(value, json_type_array) &&
		    jsonin_length(value) == 0));
}

/* A member of expected. */
static bool
jsonsame_member(struct jsonsame *s, const char *name,
    struct json_object *expected, struct json_object *got)
{
	struct json_object *value;
	size_t place = s->place.len;
	bool there = jsonin_has(got, name, &value);

	if (!there && jsonsame_empty(s, name, expected, got))
		return true;
	buf_addf(&s->place, "%s%s", place == 0 ? "" : ".", name);
	if (!there) {
		jsonsame_at(s);
		return jsonsame_differ(s, "missing, expected ", expected);
	}
	if (!jsonsame_value(s, expected, value))
		return false;
	s->place.len = place;
	s->place.data[place] = '\0';
	return true;
}

static bool
jsonsame_object(
    struct jsonsame *s, struct json_object *expected, struct json_object *got)
{
	struct json_object *there;

	json_object_object_foreach(expected, key,
	    value) if (!jsonsame_member(s, key, value, got)) return false;
	json_object_object_foreach(
	    got, other, extra) if (!jsonin_has(expected, other, &there))
	{
		buf_addf(
		    &s->place, "%s%s", s->place.len == 0 ? "" : ".", other);
		jsonsame_at(s);
		return jsonsame_differ(s, "not expected, got ", extra);
	}
	return true;
}

static bool
jsonsame_value(
    struct jsonsame *s, struct json_object *expected, struct json_object *got)
{
	enum json_type type = json_object_get_type(expected);

	if (s->place.failed)
		return jsonsame_other(s, expected, got);
	if (type != json_object_get_type(got))
		return jsonsame_other(s, expected, got);
	if (type == json_type_object)
		return jsonsame_object(s, expected, got);
	if (type == json_type_array)
		return jsonsame_array(s, expected, got);
	if (type == json_type_string && jsonin_text(expected) != NULL &&
		    jsonin_text(got) != NULL ?
		jsonsame_text(s, jsonin_text(expected), jsonin_text(got)) :
		json_object_equal(expected, got))
		return true;
	return jsonsame_other(s, expected, got);
}

bool
jsonsame(
    struct json_object *expected, struct json_object *got, struct buf *what)
{
	struct jsonsame s = { .to = json_object_new_object(),
		.from = json_object_new_object(),
		.what = what };
	bool same;

	buf_init(&s.place, PLACE_MAX);
	same = jsonsame_value(&s, expected, got);
	buf_free(&s.place);
	json_object_put(s.to);
	json_object_put(s.from);
	return same;
}
