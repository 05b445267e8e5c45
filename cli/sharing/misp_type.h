/* SPDX-License-Identifier: MIT */
/*
 * misp_type: the types of MISP's attributes.
 * Source: https://www.misp-project.org/datamodels/, "MISP attributes".
 */
#ifndef CTIM_MISP_TYPE_H
#define CTIM_MISP_TYPE_H

/* The types, as feeds name them, of the two values around a "|"; NULL: what is
 * there is no value of ours.  A type without "|" has the first alone. */
struct misp_type {
	const char *name, *first, *second;
};

/* NULL: nothing in it is a value of ours. */
const struct misp_type *misp_type(const char *name);

#endif
