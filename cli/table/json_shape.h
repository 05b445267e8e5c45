/* SPDX-License-Identifier: MIT */
/*
 * json_shape: where the rows of a JSON document are, by how it begins.
 */
#ifndef CTIM_JSON_SHAPE_H
#define CTIM_JSON_SHAPE_H

#include <stddef.h>

enum json_shape {
	JSON_SHAPE_ARRAY,   /* its elements */
	JSON_SHAPE_OBJECTS, /* each object, one a line */
	JSON_SHAPE_HOLDER,  /* the elements of arrays in the object */
	JSON_SHAPE_NESTED,  /* … of arrays in the objects of these */
	JSON_SHAPE_STRINGS, /* strings, one a line */
	JSON_SHAPE_NONE
};

/* head: the first n bytes. */
enum json_shape json_shape(const char *head, size_t n);

#endif
