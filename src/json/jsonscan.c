/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/hash.h"
#include "json/jsonscan.h"
#include "json/jsonscan_state.h"

#define NAME_BYTES (1U << 20)        /* bytes of one member name */
#define TEXT_BYTES ((size_t)INT_MAX) /* of a string with escapes in it */

const char jsonscan_no_memory[] = "no memory left";
const char jsonscan_too_many[] = "too many values";

bool
scan_refuse(struct scan *s, const char *why)
{
	s->why = why;
	return false;
}

static void
jsonscan_blanks(struct scan *s)
{
	while (s->at < s->end &&
	    (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' ||
		*s->at == '\r'))
		s->at++;
}

static bool
jsonscan_word(struct scan *s, const char *text)
{
	size_t n = strlen(text);

	if ((size_t)(s->end - s->at) < n || memcmp(s->at, text, n) != 0)
		return scan_refuse(s, "no JSON value where one must be");
	s->at += n;
	return true;
}

static bool
jsonscan_digits(struct scan *s)
{
	const unsigned char *begin = s->at;

	while (s->at < s->end && *s->at >= '0' && *s->at <= '9')
		s->at++;
	return s->at > begin ? true : scan_refuse(s, "a number without digits");
}

/* RFC 8259 section 6.  Integers that do not fit are refused here unless the scan
 * is lenient. */
static bool
jsonscan_number(struct scan *s)
{
	const unsigned char *begin;
	bool minus = false, fits = true;
	uint64_t n = 0, most;

	if (*s->at == '-') {
		minus = true;
		s->at++;
	}
	begin = s->at;
	if (!jsonscan_digits(s))
		return false;
	if (*begin == '0' && s->at - begin > 1)
		return scan_refuse(s, "a number with a leading zero");
	most = minus ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
	for (; begin < s->at && fits; begin++) {
		if (n > (most - (uint64_t)(*begin - '0')) / 10)
			fits = false;
		n = n * 10 + (uint64_t)(*begin - '0');
	}
	if (s->at < s->end && *s->at == '.') {
		s->at++;
		if (!jsonscan_digits(s))
			return false;
	} else if (!(s->at < s->end && (*s->at == 'e' || *s->at == 'E')) &&
	    !fits && !s->lenient)
		return scan_refuse(s, "an integer beyond 64 bits");
	if (s->at < s->end && (*s->at == 'e' || *s->at == 'E')) {
		s->at++;
		if (s->at < s->end && (*s->at == '+' || *s->at == '-'))
			s->at++;
		return jsonscan_digits(s);
	}
	return true;
}

/* Notes the name just read, to find it again at the end of its object. */
static bool
note_name(struct scan *s)
{
	struct hash *names;
	size_t cap;

	if (s->n == s->cap) {
		cap = s->cap == 0 ? 64 : s->cap * 2;
		names = reallocarray(s->names, cap, sizeof(*names));
		if (names == NULL)
			return scan_refuse(s, jsonscan_no_memory);
		s->names = names;
		s->cap = cap;
	}
	s->names[s->n++] = hash_bytes(s->name.data, s->name.len);
	return true;
}

/* A member's name, colon included. */
static bool
jsonscan_name(struct scan *s)
{
	if (!scan_string(s, &s->name))
		return false;
	if (s->name.failed)
		return scan_refuse(s,
		    s->name.starved ? jsonscan_no_memory :
				      "a member name that is too long");
	/* Where the object is made, scan_add() sees it. */
	if (!s->lenient && !s->build && !note_name(s))
		return false;
	jsonscan_blanks(s);
	if (s->at == s->end || *s->at != ':')
		return scan_refuse(s, "a member without a colon");
	s->at++;
	jsonscan_blanks(s);
	return true;
}

static int
jsonscan_compare(const void *a, const void *b)
{
	return memcmp(a, b, sizeof(struct hash));
}

/* The end of the innermost array or object. */
static bool
jsonscan_leave(struct scan *s)
{
	size_t begin = s->first[s->depth], i;

	s->at++;
	/* An array is made with more room than most need. */
	if (s->build && !s->object[s->depth])
		(void)json_object_array_shrink(s->open[s->depth], 0);
	if (s->n - begin > 1) {
		qsort(s->names + begin, s->n - begin, sizeof(*s->names),
		    jsonscan_compare);
		for (i = begin + 1; i < s->n; i++)
			if (jsonscan_compare(&s->names[i - 1], &s->names[i]) ==
			    0)
				return scan_refuse(s, "a member name twice");
	}
	s->n = begin;
	s->depth--;
	return true;
}

/* Takes a value over that was made, NULL: memory ran out, into the innermost
 * array or object. */
static bool
scan_add(struct scan *s, struct json_object *made)
{
	struct json_object *in = s->open[s->depth];
	bool member = s->depth > 0 && s->object[s->depth];
	int r = 0, n = member ? json_object_object_length(in) : 0;

	if (s->depth == 0)
		s->root = made;
	else if (member)
		r = json_object_object_add(in, s->name.data, made);
	else
		r = json_object_array_add(in, made);
	if (r != 0) {
		json_object_put(made);
		return scan_refuse(s, jsonscan_no_memory);
	}
	/* It stands in the place of the one before then. */
	if (member && !s->lenient && json_object_object_length(in) == n)
		return scan_refuse(s, "a member name twice");
	return true;
}

static bool
scan_put(struct scan *s, struct json_object *made)
{
	return made != NULL ? scan_add(s, made) :
			      scan_refuse(s, jsonscan_no_memory);
}

/* json-c would clamp what does not fit into 64 bits; it becomes a double that
 * keeps its digits, as one with a fraction does. */
static struct json_object *
make_number(const char *text)
{
	long long n;
	unsigned long long u;

	if (text[strcspn(text, ".eE")] == '\0') {
		errno = 0;
		n = strtoll(text, NULL, 10);
		if (errno == 0)
			return json_object_new_int64(n);
		errno = 0;
		u = strtoull(text, NULL, 10);
		if (errno == 0 && *text != '-')
			return json_object_new_uint64(u);
	}
	return json_object_new_double_s(strtod(text, NULL), text);
}

static bool
number_value(struct scan *s)
{
	const unsigned char *begin = s->at;

	if (!jsonscan_number(s))
		return false;
	if (!s->build)
		return true;
	buf_reset(&s->text);
	if (buf_add(&s->text, begin, (size_t)(s->at - begin)) == -1)
		return scan_refuse(s, jsonscan_no_memory);
	return scan_put(s, make_number(s->text.data));
}

/* Most strings have no escapes, and need not be copied to be decoded. */
static bool
string_value(struct scan *s)
{
	const unsigned char *begin = s->at;

	if (!scan_string(s, NULL))
		return false;
	if (!s->build)
		return true;
	if (!s->escaped)
		return scan_put(s,
		    json_object_new_string_len(
			(const char *)begin + 1, (int)(s->at - begin) - 2));
	s->at = begin;
	(void)scan_string(s, &s->text);
	if (s->text.failed)
		return scan_refuse(s, jsonscan_no_memory);
	return scan_put(
	    s, json_object_new_string_len(s->text.data, (int)s->text.len));
}

/* true, false or null. */
static bool
word_value(struct scan *s)
{
	static const char *const words[] = { "false", "true", "null" };
	size_t i = *s->at == 'f' ? 0 : *s->at == 't' ? 1 : 2;

	if (!jsonscan_word(s, words[i]))
		return false;
	if (!s->build)
		return true;
	/* null is NULL to json-c. */
	return i == 2 ? scan_add(s, NULL) :
			scan_put(s, json_object_new_boolean((int)i));
}

/* The begin of an array or object, which becomes the innermost. */
static bool
scan_enter(struct scan *s)
{
	struct json_object *made = NULL;
	bool object = *s->at++ == '{';

	if (s->depth == JSON_DEPTH)
		return scan_refuse(s, "nested too deep");
	if (s->build) {
		made =
		    object ? json_object_new_object() : json_object_new_array();
		if (!scan_put(s, made))
			return false;
	}
	s->object[++s->depth] = object;
	s->first[s->depth] = s->n;
	s->open[s->depth] = made;
	return true;
}

/*
 * One value without what is in it; an array or object is entered.  Sets *opened
 * when a value (or the end of what was entered) is to come next.
 */
static bool
value(struct scan *s, bool *opened)
{
	*opened = false;
	if (s->at == s->end)
		return scan_refuse(s, "text that ends too early");
	if (++s->values > s->max_values)
		return scan_refuse(s, jsonscan_too_many);
	switch (*s->at) {
	case '{':
	case '[':
		*opened = scan_enter(s);
		return *opened;
	case '"':
		return string_value(s);
	case 't':
	case 'f':
	case 'n':
		return word_value(s);
	default:
		if (*s->at == '-' || (*s->at >= '0' && *s->at <= '9'))
			return number_value(s);
		return scan_refuse(s, "no JSON value where one must be");
	}
}

/* After a value: leaves what ends here.  Whether another member follows. */
static bool
after(struct scan *s, bool *more)
{
	for (*more = false; s->depth > 0;) {
		jsonscan_blanks(s);
		if (s->at == s->end)
			return scan_refuse(s, "text that ends too early");
		if (*s->at == ',') {
			s->at++;
			jsonscan_blanks(s);
			*more = true;
			return true;
		}
		if (*s->at != (s->object[s->depth] ? '}' : ']'))
			return scan_refuse(s, "neither a comma nor an end");
		if (!jsonscan_leave(s))
			return false;
	}
	return true;
}

static bool
jsonscan_text(struct scan *s)
{
	bool more, opened;

	do {
		if (s->depth > 0 && s->object[s->depth] && !jsonscan_name(s))
			return false;
		if (!value(s, &opened))
			return false;
		while (opened) {
			jsonscan_blanks(s);
			if (s->at < s->end &&
			    *s->at == (s->object[s->depth] ? '}' : ']'))
				break;
			if (s->object[s->depth] && !jsonscan_name(s))
				return false;
			if (!value(s, &opened))
				return false;
		}
		if (!after(s, &more))
			return false;
	} while (more);
	jsonscan_blanks(s);
	return s->at == s->end ? true : scan_refuse(s, "text after the value");
}

/* made: NULL, or where the value goes. */
static const char *
jsonscan_scan(const char *json, size_t len, size_t max_values, bool lenient,
    struct json_object **made)
{
	struct scan s = { .at = (const unsigned char *)json,
		.end = (const unsigned char *)json + len,
		.max_values = max_values,
		.lenient = lenient,
		.build = made != NULL };

	buf_init(&s.name, NAME_BYTES);
	buf_init(&s.text, TEXT_BYTES);
	jsonscan_blanks(&s);
	if (!jsonscan_text(&s)) {
		json_object_put(s.root);
		s.root = NULL;
	}
	free(s.names);
	buf_free(&s.name);
	buf_free(&s.text);
	if (made != NULL)
		*made = s.root;
	return s.why;
}

const char *
jsonscan(
    const char *json, size_t len, size_t max_values, struct json_object **made)
{
	return jsonscan_scan(json, len, max_values, false, made);
}

const char *
jsonscan_answer(
    const char *json, size_t len, size_t max_values, struct json_object **made)
{
	return jsonscan_scan(json, len, max_values, true, made);
}
