/* SPDX-License-Identifier: MIT */
/*
 * jsonout: writes JSON text straight into a buffer, without a tree.
 *
 * The writer puts commas and escapes; that what is opened is closed, in order,
 * is the caller's.  Strings are written as UTF-8; bytes that are not UTF-8 come
 * out as U+FFFD.  The bytes can be had from jsonout_done() alone, which says
 * whether they are all there.
 */
#ifndef CTIM_JSONOUT_H
#define CTIM_JSONOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"

struct jsonout {
	struct buf *out; /* the caller's, empty meanwhile */
	struct buf text; /* what it held, and what is written; for the
			  * functions here alone */
	size_t begin;    /* of what is written */
	bool comma;      /* one is due before the next value or key */
	unsigned depth;  /* of what is open */
};

/*
 * Begins to write behind what out holds.  Until jsonout_done() out holds nothing
 * and takes nothing: each jsonout_init() needs a jsonout_done(), also where the
 * text is wanted no longer, as the memory is the writer's until then.
 */
void jsonout_init(struct jsonout *, struct buf *out);
/*
 * Ends the text, of which all that was opened must be closed, and gives out back.
 * Returns 0; or -1 when it is not whole because something did not fit or memory
 * ran out: then out holds what it held before, with its failed mark set.
 */
int jsonout_done(struct jsonout *) __attribute__((warn_unused_result));
/* Bytes written so far. */
size_t jsonout_size(const struct jsonout *);
/* The text cannot be made whole: memory ran out elsewhere. */
void jsonout_starve(struct jsonout *);

/* Values: for an array, and after jsonout_key(). */
void jsonout_object(struct jsonout *);
void jsonout_array(struct jsonout *);
void jsonout_end_object(struct jsonout *);
void jsonout_end_array(struct jsonout *);
void jsonout_bytes(struct jsonout *, const char *, size_t);
void jsonout_int(struct jsonout *, int64_t);
void jsonout_bool(struct jsonout *, bool);
/* len bytes that are JSON already. */
void jsonout_raw(struct jsonout *, const char *, size_t len);

/* A key of n bytes, a text of ours that needs no escape. */
void jsonout_key_bytes(struct jsonout *, const char *key, size_t n);
/* A member of an object: a key as above, and a string. */
void jsonout_kbytes(
    struct jsonout *, const char *key, size_t n, const char *, size_t);
/* The same with a string that needs no escape either: a name that a table of
 * ours has, an id, a time. */
void jsonout_kown_bytes(
    struct jsonout *, const char *key, size_t n, const char *, size_t);
/* A key from outside, escaped as a string is. */
void jsonout_outer_key_bytes(struct jsonout *, const char *key, size_t n);

/* These are here so that the length of a constant is one too. */
static inline void
jsonout_string(struct jsonout *j, const char *s)
{
	jsonout_bytes(j, s, strlen(s));
}

static inline void
jsonout_outer_key(struct jsonout *j, const char *key)
{
	jsonout_outer_key_bytes(j, key, strlen(key));
}

/* Members of an object.  A key is a text of ours that needs no escape. */
static inline void
jsonout_key(struct jsonout *j, const char *key)
{
	jsonout_key_bytes(j, key, strlen(key));
}

/* A NULL string leaves the member out. */
static inline void
jsonout_kstring(struct jsonout *j, const char *key, const char *s)
{
	if (s != NULL)
		jsonout_kbytes(j, key, strlen(key), s, strlen(s));
}

/* The same for a text of ours that needs no escape. */
static inline void
jsonout_kown(struct jsonout *j, const char *key, const char *s)
{
	if (s != NULL)
		jsonout_kown_bytes(j, key, strlen(key), s, strlen(s));
}

static inline void
jsonout_kint(struct jsonout *j, const char *key, int64_t n)
{
	jsonout_key(j, key);
	jsonout_int(j, n);
}

static inline void
jsonout_kbool(struct jsonout *j, const char *key, bool yes)
{
	jsonout_key(j, key);
	jsonout_bool(j, yes);
}

/* Members that the caller ends with jsonout_end_object() or _array(). */
static inline void
jsonout_kobject(struct jsonout *j, const char *key)
{
	jsonout_key(j, key);
	jsonout_object(j);
}

static inline void
jsonout_karray(struct jsonout *j, const char *key)
{
	jsonout_key(j, key);
	jsonout_array(j);
}

#endif
