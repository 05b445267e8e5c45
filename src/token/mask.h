/* SPDX-License-Identifier: MIT */
/*
 * mask: secrets taken out of what is shown or written.
 *
 * One is found as it is (in any case), as in a URL, as in a string of JSON, as its
 * SHA-256 in hexadecimal, and in base64 of any alphabet, alone or with other bytes
 * around it, as in "Authorization: Basic" (RFC 7617); of that, what comes of its
 * own bits.  So what the pipes of a description make of it is found, too.
 */
#ifndef CTIM_MASK_H
#define CTIM_MASK_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct json_object;
struct mask_secret;

/* What stands for what. */
struct mask {
	struct mask_secret *list;
	size_t n;
	bool begins[256]; /* the bytes with which a secret can begin */
	bool cut;         /* texts may end within one, whose first part is
			   * taken out as well */
	bool failed;      /* memory ran out: no text is given any more */
};

/* No secrets.  To be freed. */
void mask_init(struct mask *);
/* Overwrites them. */
void mask_free(struct mask *);
/* One more, and what stands for it; both are copied.  Nothing where it is there
 * already, or is too short to be one (4 bytes). */
void mask_add(struct mask *, const char *secret, size_t len, const char *by);
/* All of another. */
void mask_add_all(struct mask *, const struct mask *);
/* Adds a text without them; out has failed when memory ran out. */
void mask_text(
    const struct mask *, const char *text, size_t len, struct buf *out);
/*
 * A copy of a JSON value without them, whatever escapes its texts had, in names of
 * members too.  all: NULL, or what stands for each text that is a value.  To be
 * released by the caller; NULL for null, and when memory ran out.
 */
struct json_object *mask_json(
    const struct mask *, struct json_object *value, const char *all);

#endif
