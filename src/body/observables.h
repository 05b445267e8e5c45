/* SPDX-License-Identifier: MIT */
/*
 * observables: reads the list of observables in the body of a request.
 * Source: relay API, "observables".
 */
#ifndef CTIM_OBSERVABLES_H
#define CTIM_OBSERVABLES_H

#include <stdbool.h>
#include <stddef.h>

#include "ctim/observable.h"

struct buf;

struct observables {
	struct observable *list;
	size_t n;
	/* The body as it was read, which values point into; the other is NULL. */
	struct jsonpair *pairs;
	void *body;
};

/*
 * Reads a body of len bytes into *obs: leaves out elements whose type is not in
 * the mask types, and all but the first of equal pairs.  any_case: names of
 * types are compared without case.  More than max elements, counted before any
 * is left out, are refused.
 * Returns 0, the caller ends with observables_free(); -1, with the JSON object
 * of field errors in *errors; or 1 when memory ran out.  Then *obs is empty.
 */
int observables_parse(struct observables *obs, const char *body, size_t len,
    const struct observable_set *types, bool any_case, size_t max,
    struct buf *errors);
void observables_free(struct observables *);

#endif
