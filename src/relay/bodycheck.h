/*
 * bodycheck: what is wrong with the members of a request body, in the words and the
 * form that the platform's users know.
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
/* 0 when there was no error (then out is empty), else -1. */
int bodycheck_end(struct bodycheck *);

/* Element i of an array: an object that has all of names (ended by NULL) as
 * non-empty strings; each that fails adds to the element's errors. */
void bodycheck_check_at(struct bodycheck *, size_t i, struct json_object *,
    const char *const *names);
/* The same for an object that is the whole body: 0, or -1 with the errors. */
int bodycheck_check(
    struct buf *out, struct json_object *, const char *const *names);

/* The body as a whole is wrong: {"_schema": ["…"]}. */
void bodycheck_schema(struct buf *out, const char *, ...)
    __attribute__((format(printf, 2, 3)));

#endif
