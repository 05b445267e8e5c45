/*
 * jsonout: writes JSON text straight into a buffer, without a tree.
 *
 * Commas and escapes are its business; that what is opened is closed, in order,
 * is the caller's.  Strings are written as UTF-8; bytes that are not UTF-8 come
 * out as U+FFFD.  Running out of room shows in the buffer's failed mark.
 */
#ifndef CTIM_JSONOUT_H
#define CTIM_JSONOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

struct jsonout {
	struct buf *out; /* the caller's */
	uint64_t more;   /* bit d: depth d has a member already */
	unsigned depth;
};

void jsonout_init(struct jsonout *, struct buf *out);

/* Values: for an array, and after jsonout_key(). */
void jsonout_object(struct jsonout *);
void jsonout_array(struct jsonout *);
void jsonout_end_object(struct jsonout *);
void jsonout_end_array(struct jsonout *);
void jsonout_string(struct jsonout *, const char *);
void jsonout_bytes(struct jsonout *, const char *, size_t);
void jsonout_int(struct jsonout *, int64_t);
void jsonout_bool(struct jsonout *, bool);
/* len bytes that are JSON already. */
void jsonout_raw(struct jsonout *, const char *, size_t len);

/* Members of an object.  A key is a text of ours that needs no escape.  A NULL
 * string leaves the member out. */
void jsonout_key(struct jsonout *, const char *key);
/* A key from outside, escaped as a string is. */
void jsonout_outer_key(struct jsonout *, const char *key);
void jsonout_kstring(struct jsonout *, const char *key, const char *);
void jsonout_kint(struct jsonout *, const char *key, int64_t);
void jsonout_kbool(struct jsonout *, const char *key, bool);

#endif
