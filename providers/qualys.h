/*
 * qualys: what the parts of the provider share: the calls (qualys.c), what is
 * kept of an answer (qualys_cut.c) and what is written of it (qualys_event.c).
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
 * What of an event is looked at: its time as CTIM writes it, the other members
 * as they came.  The caller releases it; NULL when it is no event, is larger
 * than any is, or memory ran out.
 */
struct json_object *qualys_event(struct json_object *);
/* How many sightings an array of such events gives. */
size_t qualys_sightings(struct json_object *events);
/* Writes the events that the calls of q->lookup found. */
void qualys_write(struct answer *, const struct query *);

#endif
