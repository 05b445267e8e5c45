/* SPDX-License-Identifier: MIT */
/*
 * bodycheck: finds the faults of a request body's members and writes them in
 * the words and the form that the platform's users know.
 * Source: relay API, "Field errors": {"0": {"value": ["Field may not be
 * blank."]}}, with a blank after commas and colons.
 */
#ifndef CTIM_BODYCHECK_H
#define CTIM_BODYCHECK_H

#include <stddef.h>

struct buf;
struct json_object;

struct bodycheck {
	struct buf *out; /* the caller's; holds the object of errors */
	size_t n;        /* errors so far */
};

void bodycheck_begin(struct bodycheck *, struct buf *out);
/* Returns 0 when there was no error (then out is empty), else -1. */
int bodycheck_end(struct bodycheck *);

/* Checks that element i of an array is an object that has all of names (ended
 * by NULL) as non-empty strings; adds an error for each that it has not. */
void bodycheck_check_at(struct bodycheck *, size_t i, struct json_object *,
    const char *const *names);
/* The same for an object that is the whole body.  Returns 0, or -1 with the
 * errors. */
int bodycheck_check(
    struct buf *out, struct json_object *, const char *const *names);

/* Writes an error about the body as a whole: {"_schema": ["…"]}. */
void bodycheck_schema(struct buf *out, const char *, ...)
    __attribute__((format(printf, 2, 3)));

#endif
