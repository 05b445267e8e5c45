/* SPDX-License-Identifier: MIT */
/*
 * path: the place of something in a parsed answer, as a description writes it:
 * a.b, a[0].b, a[].b (of all elements), "odd name", . (everything).
 *
 * A name without quotation marks ends at a dot or bracket and holds no blank,
 * quotation mark, brace or bar.  A dot in front is of no account: .a is a.
 */
#ifndef CTIM_PATH_H
#define CTIM_PATH_H

#include <stdbool.h>
#include <stddef.h>

struct json_object;
struct path;

/* Reads len bytes.  NULL with the reason in why (size bytes), also when memory
 * ran out.  To be freed by path_free(). */
struct path *path_new(const char *text, size_t len, char *why, size_t size);
void path_free(struct path *); /* NULL is fine */
/* Whether it is `.`, everything. */
bool path_is_whole(const struct path *);
/*
 * What is there, a new reference.  With [] an array of all that are there and not
 * null, empty where none is; of an [] within an [] all in one array.  NULL: it is
 * missing or null, the first [] is of what is no array, or memory ran out (then
 * errno is ENOMEM, as for all that json-c allocates).
 */
struct json_object *path_find(const struct path *, struct json_object *in);

#endif
