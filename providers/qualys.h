/* SPDX-License-Identifier: MIT */
/*
 * qualys: declarations for the three files of the provider: calls (qualys.c),
 * members of events that are kept (qualys_cut.c), CTIM (qualys_event.c).
 */
#ifndef CTIM_QUALYS_H
#define CTIM_QUALYS_H

#include "call/provider.h"

struct json_object;

enum qualys_step {
	QUALYS_SIGN_IN,
	QUALYS_HEALTH,
	QUALYS_ACTIVE,    /* found: array of events, as qualys_event() */
	QUALYS_HISTORICAL /* cuts them; null for one that it cannot */
};

/*
 * A copy of an event with the members that are used: its time as CTIM writes it,
 * the others unchanged.  The caller releases the copy; NULL when this is no event,
 * is larger than an event may be, or memory ran out.
 */
struct json_object *qualys_event(struct json_object *);
/* How many sightings an array of such events gives. */
size_t qualys_sightings(struct json_object *events);
/* Writes the events that the calls of q->lookup found. */
void qualys_write(struct answer *, const struct query *);

#endif
