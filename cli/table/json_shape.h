/* SPDX-License-Identifier: MIT */
/*
 * json_shape: where the rows of a JSON document are, by how it begins.
 *
 * The beginning is walked to a bounded depth.  Rows are, in this order: objects
 * with an indicator under a heading for one; members whose names are indicators
 * ({"192.0.2.1": …}); objects that have it in an object or array of theirs;
 * texts that are indicators; objects with an indicator under any name.  What is
 * nearer to the top comes first.
 */
#ifndef CTIM_JSON_SHAPE_H
#define CTIM_JSON_SHAPE_H

#include <stdbool.h>
#include <stddef.h>

#define JSON_SHAPE_STEPS 5 /* members and arrays down to the rows, at most */
#define JSON_SHAPE_PATH  32

struct json_shape {
	char rows[JSON_SHAPE_PATH]; /* their path for jsoncut(); "": each
	                               document is one */
	bool lines;                 /* strings, one a line, and no document */
	bool keyed;                 /* the name of a member is the indicator */
	bool texts;                 /* rows are texts, in arrays anywhere */
};

/* head: the first n bytes. */
struct json_shape json_shape(const char *head, size_t n);

#endif
