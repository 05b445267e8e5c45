/* SPDX-License-Identifier: MIT */
/*
 * nameset: a set of domains, each with all names below it.
 */
#ifndef CTIM_NAMESET_H
#define CTIM_NAMESET_H

#include <stdbool.h>
#include <stddef.h>

#define NAMESET_NAME 253 /* bytes of a name; RFC 1035 section 3.1, as text */

struct nameset;

/* An empty set; NULL when memory ran out.  The caller frees it. */
struct nameset *nameset_new(void);
void nameset_free(struct nameset *); /* NULL is fine */
/*
 * Adds a domain in any case, in punycode or in its own letters, with or without
 * a dot at its end, "." or "*." in front: all mean the domain and what is below
 * it.  A single label may be one.  Returns 0, 1 when the text is no domain, or -1
 * when memory ran out.
 */
int nameset_add(struct nameset *, const char *text);
size_t nameset_count(const struct nameset *);
/* Whether a name of n bytes, in lower case, punycode and without a dot at either
 * end, is a domain of the set or below one. */
bool nameset_has(const struct nameset *, const char *name, size_t n);

#endif
