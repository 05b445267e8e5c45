/* SPDX-License-Identifier: MIT */
/*
 * nearest: which of the known names somebody may have meant who wrote another.
 */
#ifndef CTIM_NEAREST_H
#define CTIM_NEAREST_H

#include <stddef.h>

struct nearest {
	const char *name; /* what was written; not owned */
	size_t len;
	const char
	    *best;    /* what was meant, of the known names; NULL: no guess */
	size_t least; /* letters that it differs in */
};

/* Begins with no guess for the len bytes at name. */
void nearest_init(struct nearest *, const char *name, size_t len);
/* Looks at one known name, which is kept where none nearer was looked at before:
 * of names that differ alike the first. */
void nearest_look(struct nearest *, const char *known);

#endif
