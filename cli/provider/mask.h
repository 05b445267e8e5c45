/* SPDX-License-Identifier: MIT */
/*
 * mask: secrets taken out of what is shown or written.
 */
#ifndef CTIM_MASK_H
#define CTIM_MASK_H

#include <stdbool.h>
#include <stddef.h>

#define MASK_MAX 64 /* secrets */

struct buf;
struct json_object;
struct provider;

/* What stands for what: {CLAIM} for the value of each claim that is a secret. */
struct mask {
	struct {
		char *secret, *by;
	} list[MASK_MAX];
	size_t n;
};

/* The secrets among the claims of a provider. */
void mask_init(
    struct mask *, const struct provider *, struct json_object *claims);
void mask_free(struct mask *);
/* One more; nothing where it is there already, or is too short to be one. */
void mask_add(struct mask *, const char *secret, size_t len, const char *by);
/* Adds a text without them: as they are, as in a URL, and as in a string of
 * JSON. */
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
