/* SPDX-License-Identifier: MIT */
/*
 * jsonfind_text: looks into JSON text without parsing it.
 *
 * The text is a piece of which brackets and strings are known to be whole, and
 * nothing else: what is said here of text that is no JSON means nothing, but
 * nothing outside the piece is ever read.  scratch is for strings with escapes.
 */
#ifndef CTIM_JSONFIND_TEXT_H
#define CTIM_JSONFIND_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

/* Whether the object of n bytes has, itself, the member name with the string
 * value.  Where it has the name more than once, any may be it. */
bool jsonfind_has(const char *object, size_t n, const char *name,
    const char *value, struct buf *scratch);
/* The string that the object of n bytes has, itself, as its member name, of *len
 * bytes: in the object, or with escapes decoded into scratch.  NULL when it has
 * none; where it has the name more than once, the first counts. */
const char *jsonfind_string(const char *object, size_t n, const char *name,
    struct buf *scratch, size_t *len);
/* Whether the n bytes end with this member's name and the colon. */
bool jsonfind_names(
    const char *text, size_t n, const char *name, struct buf *scratch);

#endif
