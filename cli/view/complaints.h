/* SPDX-License-Identifier: MIT */
/*
 * complaints: the errors in the answers of a relay, each shown once.
 */
#ifndef CTIM_COMPLAINTS_H
#define CTIM_COMPLAINTS_H

#include "base/buf.h"
#include "base/set.h"

struct json_object;

struct complaints {
	struct set seen;
	struct buf lines; /* of those that are shown */
	size_t shown, n;
};

void complaints_init(struct complaints *);
void complaints_free(struct complaints *);
/* Takes the errors of an answer. */
void complaints_take(struct complaints *, struct json_object *answer);
/* Prints the first errors on standard error, and how many more there are. */
void complaints_print(const struct complaints *);

#endif
