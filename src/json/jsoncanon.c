/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "json/jsoncanon.h"
#include "json/jsonin.h"
#include "json/jsonout.h"

#define DIGITS 17 /* that are enough for any number */

/* Writes a number of n digits, the point behind `point` of them, as ECMAScript's
 * Number::toString does. */
static void
canon_digits(struct buf *b, const char *digits, int n, int point)
{
	if (point > 21 || point < -5) {
		(void)buf_addc(b, digits[0]);
		if (n > 1)
			(void)buf_addf(b, ".%s", digits + 1);
		(void)buf_addf(
		    b, "e%c%d", point > 0 ? '+' : '-', abs(point - 1));
	} else if (point <= 0) {
		(void)buf_addf(b, "0.%.*s%s", -point, "00000", digits);
	} else if (point < n) {
		(void)buf_addf(b, "%.*s.%s", point, digits, digits + point);
	} else {
		(void)buf_addf(
		    b, "%s%.*s", digits, point - n, "000000000000000000000");
	}
}

static void
canon_number(struct jsonout *j, double value)
{
	double size = value < 0 ? -value : value;
	char text[32], room[64], digits[DIGITS + 1];
	struct buf b;
	int n, exponent;

	if (!isfinite(value)) {
		jsonout_raw(j, "null", 4);
		return;
	}
	if (value == 0) { /* -0, too */
		jsonout_raw(j, "0", 1);
		return;
	}
	/* The fewest digits that are this number and no other. */
	for (n = 1; n <= DIGITS; n++) {
		(void)snprintf(text, sizeof(text), "%.*e", n - 1, size);
		if (strtod(text, NULL) == size)
			break;
	}
	exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
	digits[0] = text[0];
	n = (int)strspn(text + 2, "0123456789");
	if (text[1] != '.')
		n = 0;
	memcpy(digits + 1, text + 2, (size_t)n);
	digits[n + 1] = '\0';
	buf_fixed(&b, room, sizeof(room));
	if (value < 0)
		(void)buf_addc(&b, '-');
	canon_digits(&b, digits, n + 1, exponent + 1);
	jsonout_raw(j, b.data, b.len);
}

/* Where a character sorts among UTF-16 units: what needs two of them begins with
 * one from 0xd800 on. */
static int32_t
canon_weight(int32_t c)
{
	return c < 0x10000 ? c : 0xd800;
}

static int
canon_compare(const void *left, const void *right)
{
	const char *a = *(const char *const *)left;
	const char *b = *(const char *const *)right;
	size_t n = strlen(a), m = strlen(b), step, also;
	int32_t c = 0, d = 0;

	while (n > 0 && m > 0) {
		c = utf8_next(a, n, &step);
		d = utf8_next(b, m, &also);
		if (c != d || c == -1)
			break;
		a += step;
		n -= step;
		b += also;
		m -= also;
	}
	if (n == 0 || m == 0)
		return n > 0 ? 1 : m > 0 ? -1 : 0;
	if (canon_weight(c) != canon_weight(d))
		return canon_weight(c) < canon_weight(d) ? -1 : 1;
	return c != d ? (c < d ? -1 : 1) : strcmp(a, b);
}

static void canon_value(
    struct jsonout *j, struct json_object *value, bool nulls);

static void
canon_object(struct jsonout *j, struct json_object *object, bool nulls)
{
	struct json_object *value;
	size_t n = (size_t)json_object_object_length(object), i = 0;
	const char **keys = calloc(n + 1, sizeof(*keys));
	struct json_object_iter at;

	if (keys == NULL) {
		jsonout_starve(j);
		return;
	}
	json_object_object_foreachC(object, at) keys[i++] = at.key;
	qsort(keys, n, sizeof(*keys), canon_compare);
	jsonout_object(j);
	for (i = 0; i < n; i++) {
		value = jsonin_member(object, keys[i]);
		if (value == NULL && !nulls)
			continue;
		jsonout_outer_key(j, keys[i]);
		canon_value(j, value, nulls);
	}
	jsonout_end_object(j);
	free(keys);
}

static void
canon_value(struct jsonout *j, struct json_object *value, bool nulls)
{
	size_t i;

	switch (json_object_get_type(value)) {
	case json_type_object:
		canon_object(j, value, nulls);
		break;
	case json_type_array:
		jsonout_array(j);
		for (i = 0; i < jsonin_length(value); i++)
			if (nulls || jsonin_at(value, i) != NULL)
				canon_value(j, jsonin_at(value, i), nulls);
		jsonout_end_array(j);
		break;
	case json_type_string:
		jsonout_bytes(j, json_object_get_string(value),
		    (size_t)json_object_get_string_len(value));
		break;
	case json_type_int:
		jsonout_int(j, json_object_get_int64(value));
		break;
	case json_type_double:
		canon_number(j, json_object_get_double(value));
		break;
	case json_type_boolean:
		jsonout_bool(j, json_object_get_boolean(value));
		break;
	default:
		jsonout_raw(j, "null", 4);
		break;
	}
}

void
jsoncanon_value(struct jsonout *j, struct json_object *value)
{
	canon_value(j, value, true);
}

void
jsoncanon_filled(struct jsonout *j, struct json_object *value)
{
	canon_value(j, value, false);
}
