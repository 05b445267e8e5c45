/* SPDX-License-Identifier: MIT */
/*
 * jsonscan: JSON text checked, and made into values on the way.
 *
 * json-c's own parser takes more than RFC 8259 allows, makes gigabytes of a few
 * megabytes of small values, and out of memory it crashes, or leaves members
 * and parts of strings out in silence.  The scan reads the text once and
 * refuses what could hurt or be read in two ways: anything outside RFC 8259, bad
 * UTF-8, unpaired surrogates, a member name twice in one object or with a NUL in
 * it, integers beyond 64 bits, nesting deeper than JSON_DEPTH, more values than
 * the caller allows.
 */
#ifndef CTIM_JSONSCAN_H
#define CTIM_JSONSCAN_H

#include <stdbool.h>
#include <stddef.h>

#define JSON_DEPTH          32     /* arrays and objects within each other */
#define JSON_REQUEST_VALUES 20000  /* values in a request body or token */
#define JSON_ANSWER_VALUES  200000 /* values in an answer of a service */
#define JSON_ANSWER_BYTES   (8U << 20) /* bytes of it */

struct buf;
struct json_object;

/* What is returned when memory ran out: this very pointer. */
extern const char jsonscan_no_memory[];
/* The same where there are more than max_values. */
extern const char jsonscan_too_many[];

/*
 * NULL when the len bytes at text are one JSON value that may be used, with
 * at most max_values values in it (arrays and objects count too); else what is
 * wrong, a constant text.  made: NULL, or gets the value (NULL for null, and
 * when something is wrong), which the caller releases with json_object_put().
 */
const char *jsonscan(
    const char *text, size_t len, size_t max_values, struct json_object **made);
/*
 * The same for what a service answered, where more is taken: a member name
 * twice (the last counts), integers beyond 64 bits (doubles that keep their digits),
 * unpaired surrogates (U+FFFD) and bad UTF-8 are taken.
 */
const char *jsonscan_answer(
    const char *text, size_t len, size_t max_values, struct json_object **made);

/*
 * Decodes one string of such an answer into *out, which is reset: text begins
 * with its opening quote.  Whether it is one, fits, and holds no NUL.
 */
bool jsonscan_string(const char *text, size_t len, struct buf *out);

#endif
