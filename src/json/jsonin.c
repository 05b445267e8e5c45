/* SPDX-License-Identifier: MIT */
#include <limits.h>
#include <string.h>

#include "json/jsonin.h"
#include "json/jsonscan.h"

struct json_object *
jsonin_parse(const char *text, size_t len, size_t max_values, const char **why)
{
	struct json_object *value = NULL;
	const char *reason;

	if (len > INT_MAX)
		reason = "too long";
	else
		reason = jsonscan(text, len, max_values, &value);
	if (why != NULL)
		*why = reason;
	return value;
}

struct json_object *
jsonin_answer(const char *text, size_t len, const char **why)
{
	return jsonin_answer_part(text, len, JSON_ANSWER_VALUES, why);
}

struct json_object *
jsonin_answer_part(
    const char *text, size_t len, size_t max_values, const char **why)
{
	struct json_object *value = NULL;
	const char *reason;

	/* RFC 8259 section 8.1 lets a parser ignore a byte order mark. */
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) {
		text += 3;
		len -= 3;
	}
	if (len > JSON_ANSWER_BYTES)
		reason = "too long";
	else
		reason = jsonscan_answer(text, len, max_values, &value);
	if (why != NULL)
		*why = reason;
	return value;
}

bool
jsonin_has(
    struct json_object *obj, const char *name, struct json_object **value)
{
	*value = NULL;
	return json_object_is_type(obj, json_type_object) &&
	    json_object_object_get_ex(obj, name, value);
}

struct json_object *
jsonin_member(struct json_object *obj, const char *name)
{
	struct json_object *value;

	jsonin_has(obj, name, &value);
	return value;
}

const char *
jsonin_text(struct json_object *value)
{
	const char *s;
	int len;

	if (!json_object_is_type(value, json_type_string))
		return NULL;
	s = json_object_get_string(value);
	len = json_object_get_string_len(value);
	if (s == NULL || len < 0 || strlen(s) != (size_t)len)
		return NULL;
	return s;
}

const char *
jsonin_string(struct json_object *obj, const char *name)
{
	return jsonin_text(jsonin_member(obj, name));
}

bool
jsonin_int(struct json_object *value, int64_t *n)
{
	double whole;

	if (jsonin_digits(value, n))
		return true;
	if (!json_object_is_type(value, json_type_double))
		return false;
	whole = json_object_get_double(value);
	/* Not for what is not finite either. */
	if (!(whole >= -0x1p63 && whole < 0x1p63) ||
	    (double)(int64_t)whole != whole)
		return false;
	*n = (int64_t)whole;
	return true;
}

bool
jsonin_digits(struct json_object *value, int64_t *n)
{
	if (!json_object_is_type(value, json_type_int))
		return false;
	*n = json_object_get_int64(value);
	return true;
}

size_t
jsonin_length(struct json_object *array)
{
	if (!json_object_is_type(array, json_type_array))
		return 0;
	return json_object_array_length(array);
}

struct json_object *
jsonin_at(struct json_object *array, size_t i)
{
	if (i >= jsonin_length(array))
		return NULL;
	return json_object_array_get_idx(array, i);
}

void
jsonin_weigh(struct json_object *value, struct json_weight *w)
{
	struct json_object_iter at;
	size_t i;

	w->values++;
	if (json_object_is_type(value, json_type_string))
		w->bytes += (size_t)json_object_get_string_len(value);
	for (i = 0; i < jsonin_length(value); i++)
		jsonin_weigh(jsonin_at(value, i), w);
	if (!json_object_is_type(value, json_type_object))
		return;
	json_object_object_foreachC(value, at)
	{
		w->bytes += strlen(at.key);
		jsonin_weigh(at.val, w);
	}
}
