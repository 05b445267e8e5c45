/* SPDX-License-Identifier: MIT */
/*
 * entity: parts that the entities of several providers have in common.
 *
 * Texts are copied into the answer; a NULL one leaves its member out.
 * Source: CTIM sighting, judgement, relationship; relay API, "reference".
 */
#ifndef CTIM_ENTITY_H
#define CTIM_ENTITY_H

#include "answer/answer.h"
#include "ctim/observable.h"

/* {"type", "value"}: a value, for an array or after jsonout_key(); the type is a
 * name of ours. */
void entity_pair(struct jsonout *, const char *type, const char *value);
void entity_observable(struct jsonout *, const struct observable *);
/* The member "observables": the one. */
void entity_observables(struct jsonout *, const struct observable *);
/* A member with the times "start_time" and "end_time". */
void entity_times(
    struct jsonout *, const char *key, const char *start, const char *end);

/* A relationship of a type between two ids, unless the limit is reached. */
void entity_relationship(struct answer *, const char *schema_version,
    const char *from, const char *type, const char *to);
/* A whole reference: a page to search at, of the service that is named. */
void entity_reference(struct answer *, const char *id, const char *title,
    const char *description, const char *url, const char *service);
/* The problem that memory ran out while an observable was answered. */
void entity_no_memory(struct answer *, const struct observable *);

#endif
