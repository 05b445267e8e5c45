/* SPDX-License-Identifier: MIT */
/*
 * jsonin: reads of parsed JSON that cannot assert.
 *
 * json-c's own accessors end the process when they meet a type they do not
 * expect; these answer "not there" instead.  Nothing here changes a reference
 * count: what is returned belongs to the object it was read from.
 */
#ifndef CTIM_JSONIN_H
#define CTIM_JSONIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <json-c/json.h>

/*
 * Scans (jsonscan.h) and parses len bytes.  NULL when refused, with the reason,
 * a constant text, in *why (why may be NULL).  json_null cannot be told from a
 * refusal by the pointer alone: then *why is NULL.  jsonscan_no_memory says that
 * nothing is wrong with the text: memory ran out.
 * The caller releases the result with json_object_put().
 */
struct json_object *jsonin_parse(
    const char *text, size_t len, size_t max_values, const char **why);
/*
 * The same for the answer of a service: JSON_ANSWER_BYTES, JSON_ANSWER_VALUES,
 * what jsonscan_answer() takes, and a byte order mark in front.  A string may
 * hold bytes that are no UTF-8; jsonout.h writes U+FFFD for them.
 */
struct json_object *jsonin_answer(
    const char *text, size_t len, const char **why);
/* The same for one of several texts that are an answer together: with so many values
 * at most. */
struct json_object *jsonin_answer_part(
    const char *text, size_t len, size_t max_values, const char **why);

/* The member name of an object; NULL when there is none, it is null, or obj is
 * no object. */
struct json_object *jsonin_member(struct json_object *obj, const char *name);
/* The same, and there but null is told apart: returns whether it is there. */
bool jsonin_has(
    struct json_object *obj, const char *name, struct json_object **value);
/* A string without NUL bytes, or NULL. */
const char *jsonin_text(struct json_object *value);
/* jsonin_text() of a member. */
const char *jsonin_string(struct json_object *obj, const char *name);
/* Returns whether value is an integer of 64 bits, and puts it into *n: 10, and
 * 10.0 and 1e1, as a number whatever writes it. */
bool jsonin_int(struct json_object *value, int64_t *n);
/* The same for what must be written as one, without point and exponent. */
bool jsonin_digits(struct json_object *value, int64_t *n);
/* Length of an array, 0 for anything else. */
size_t jsonin_length(struct json_object *array);
/* Element i, NULL for anything but an array that has it. */
struct json_object *jsonin_at(struct json_object *array, size_t i);

/* What a value takes: itself and all values in it, and the bytes of its texts and
 * names of members. */
struct json_weight {
	size_t values, bytes;
};
/* Adds that of a value, nested JSON_DEPTH deep at most, NULL being null. */
void jsonin_weigh(struct json_object *value, struct json_weight *);

#endif
