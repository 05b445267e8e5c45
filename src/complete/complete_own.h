/* SPDX-License-Identifier: MIT */
/*
 * complete_own: what the files of complete.h share: one entity while it is
 * written by its form (ctim/form.h).
 */
#ifndef CTIM_COMPLETE_OWN_H
#define CTIM_COMPLETE_OWN_H

#include <stdbool.h>
#include <stddef.h>

#include "ctim/form.h"
#include "complete/complete.h"
#include "json/jsonout.h"

#define COMPLETE_WHY   320 /* bytes of a reason, with the NUL */
#define COMPLETE_DEPTH 8   /* names in a path; forms nest less deep */

struct writing {
	struct jsonout json;
	const struct completion_of *of;
	struct json_object *root; /* the whole entity */
	const char *ends[2];      /* of FORM_END: their ids; NULL: none */
	/* Where the member "type" of the whole is: the bytes before it, and those
	 * up to its end. */
	size_t type_at, type_end;
	const char *path[COMPLETE_DEPTH]; /* the members that are written */
	unsigned depth;
	size_t unknown; /* members that CTIM does not have */
	char unknown_why[COMPLETE_WHY];
	char why[COMPLETE_WHY]; /* why it failed; "": memory ran out, or it is
				 * too large */
};

/* All that return false have put the reason into why, and what is written is no
 * whole JSON; objects of json-c are read only. */

/* Writes an object by its form. */
bool complete_object(
    struct writing *, const struct form *, struct json_object *);
/* Writes one value of a member, an element where that is a list; beside: the
 * object that it is in. */
bool complete_value(struct writing *, const struct form_member *,
    struct json_object *beside, struct json_object *value);
/* Whether a value (an element, of a list) is as good as not there: null, without
 * a value. */
bool complete_nothing(const struct form_member *, struct json_object *value);
/* Writes the table of a member, {columns, rows}. */
bool complete_table(struct writing *, const char *name, struct json_object *);
/* Writes a text of max code points (0: any number), or the Markdown of {html};
 * false without a reason: it is neither. */
bool complete_text(struct writing *, struct json_object *value, size_t max);
/* Reads a time, also the end of a period; false: it is none. */
bool complete_time(struct json_object *, bool end, char out[RFC3339_MAX]);
/* Writes a period (when: an observed time, which needs a start). */
bool complete_period(
    struct writing *, const char *name, bool when, struct json_object *);

/* Both return false.  "no NAME", and "NAME WHAT", each with the path. */
bool complete_missing(struct writing *, const char *name);
bool complete_wrong(struct writing *, const char *name, const char *what);
/* The same, with a text that came, NULL: none: NAME "TEXT" WHAT. */
bool complete_wrong_text(
    struct writing *, const char *name, const char *text, const char *what);
/* Notes a member that CTIM does not have. */
void complete_unknown(struct writing *, const char *name);

#endif
