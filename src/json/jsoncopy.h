/* SPDX-License-Identifier: MIT */
/*
 * jsoncopy: parsed JSON of a service, kept or written again.
 *
 * Its strings may hold bytes that are no UTF-8, its texts may be longer than
 * CTIM takes, and it holds more than is wanted.
 */
#ifndef CTIM_JSONCOPY_H
#define CTIM_JSONCOPY_H

#include <stdbool.h>
#include <stddef.h>

struct json_object;
struct jsonout;

/* Any value, NULL for null, as it was read: types, order of members and the
 * digits of numbers stay. */
void jsoncopy_value(struct jsonout *, struct json_object *);
/* The same for a reader whose numbers are doubles: integers beyond 2^53 become texts
 * with their digits. */
void jsoncopy_exact(struct jsonout *, struct json_object *);
/* A member with a text of at most max code points, the rest cut off.  A NULL
 * text leaves it out. */
void jsoncopy_text(
    struct jsonout *, const char *key, const char *text, size_t max);
/* Bytes of the first max code points of a text, a byte that is no UTF-8 being
 * one. */
size_t jsoncopy_cut(const char *text, size_t max);
/*
 * A new object with those members of an object that are named (ended by NULL)
 * and not null; the values are shared.  The caller releases it; NULL when
 * memory ran out or object is none.
 */
struct json_object *jsoncopy_members(
    struct json_object *object, const char *const *names);
/* Adds a value (NULL: none could be made) to an object, whose it is then.
 * Returns whether it did; if not, memory ran out and the value is released. */
bool jsoncopy_put(
    struct json_object *, const char *name, struct json_object *value);
/* Bytes of its text. */
size_t jsoncopy_size(struct json_object *);

#endif
