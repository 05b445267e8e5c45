/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "json/jsoncopy.h"
#include "json/jsonin.h"
#include "json/jsonout.h"

#define PLAIN (JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

/* Largest integer that a reader whose numbers are doubles keeps as it is. */
#define EXACT (INT64_C(1) << 53)

static void copy_value(struct jsonout *, struct json_object *, bool exact);

static void
copy_object(struct jsonout *j, struct json_object *object, bool exact)
{
	struct json_object_iter i;

	jsonout_object(j);
	json_object_object_foreachC(object, i)
	{
		jsonout_outer_key(j, i.key);
		copy_value(j, i.val, exact);
	}
	jsonout_end_object(j);
}

static void
copy_array(struct jsonout *j, struct json_object *array, bool exact)
{
	size_t i, n = jsonin_length(array);

	jsonout_array(j);
	for (i = 0; i < n; i++)
		copy_value(j, jsonin_at(array, i), exact);
	jsonout_end_array(j);
}

static bool
is_inexact(struct json_object *value)
{
	int64_t n;
	const char *text;

	if (json_object_is_type(value, json_type_int)) {
		/* json-c gives the nearest number that it can hold. */
		n = json_object_get_int64(value);
		return n > EXACT || n < -EXACT;
	}
	/* An integer beyond 64 bits is a double with its digits. */
	if (!json_object_is_type(value, json_type_double))
		return false;
	text = json_object_to_json_string_ext(value, PLAIN);
	return text != NULL && text[strcspn(text, ".eE")] == '\0';
}

static void
copy_value(struct jsonout *j, struct json_object *value, bool exact)
{
	const char *text;
	size_t len;

	switch (json_object_get_type(value)) {
	case json_type_object:
		copy_object(j, value, exact);
		break;
	case json_type_array:
		copy_array(j, value, exact);
		break;
	case json_type_string:
		jsonout_bytes(j, json_object_get_string(value),
		    (size_t)json_object_get_string_len(value));
		break;
	default: /* json-c keeps the text of a number with a fraction */
		text = json_object_to_json_string_length(value, PLAIN, &len);
		if (text == NULL)
			jsonout_starve(j);
		else if (exact && is_inexact(value))
			jsonout_bytes(j, text, len);
		else
			jsonout_raw(j, text, len);
		break;
	}
}

void
jsoncopy_value(struct jsonout *j, struct json_object *value)
{
	copy_value(j, value, false);
}

void
jsoncopy_exact(struct jsonout *j, struct json_object *value)
{
	copy_value(j, value, true);
}

size_t
jsoncopy_cut(const char *text, size_t max)
{
	const unsigned char *p = (const unsigned char *)text;
	size_t left = strlen(text), n;

	for (; max > 0 && left > 0; max--) {
		n = utf8_length(p, left);
		p += n == 0 ? 1 : n;
		left -= n == 0 ? 1 : n;
	}
	return strlen(text) - left;
}

void
jsoncopy_text(struct jsonout *j, const char *key, const char *text, size_t max)
{
	if (text == NULL)
		return;
	jsonout_key(j, key);
	jsonout_bytes(j, text, jsoncopy_cut(text, max));
}

struct json_object *
jsoncopy_members(struct json_object *object, const char *const *names)
{
	struct json_object *copy, *value;

	if (!json_object_is_type(object, json_type_object) ||
	    (copy = json_object_new_object()) == NULL)
		return NULL;
	for (; *names != NULL; names++) {
		if ((value = jsonin_member(object, *names)) == NULL)
			continue;
		if (!jsoncopy_put(copy, *names, json_object_get(value))) {
			json_object_put(copy);
			return NULL;
		}
	}
	return copy;
}

bool
jsoncopy_put(
    struct json_object *object, const char *name, struct json_object *value)
{
	if (value != NULL && json_object_object_add(object, name, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

size_t
jsoncopy_size(struct json_object *value)
{
	size_t len = 0;

	(void)json_object_to_json_string_length(value, PLAIN, &len);
	return len;
}
