/* SPDX-License-Identifier: MIT */
/*
 * jsonpairs: reads a JSON array of objects with two texts each, as the bodies of
 * most requests are, without a tree.
 *
 * What is written in another way (escapes, bytes beyond ASCII, other members, or
 * no JSON at all) is for jsonin_parse().
 */
#ifndef CTIM_JSONPAIRS_H
#define CTIM_JSONPAIRS_H

#include <stddef.h>

/* The texts of one object; not empty. */
struct jsonpair {
	const char *a, *b;
};

/*
 * Reads len bytes: 1 to max objects that have the members a and b and no other.
 * Returns them, *n, which the caller gives to free(3) together with their texts;
 * or NULL when the text is something else or memory ran out.
 */
struct jsonpair *jsonpairs_read(const char *text, size_t len, const char *a,
    const char *b, size_t max, size_t *n);

#endif
