/* SPDX-License-Identifier: MIT */
/*
 * complete: what the map of a described provider wrote becomes entities of an
 * answer, and what its refer.jq wrote becomes references.
 *
 * A map writes what it knows: any JSON.  Nothing that CTIM refuses leaves here.
 * What can be made is made: times as RFC 3339 in UTC, schema_version, source,
 * count, observables, both members of a disposition, ids that are the same for the
 * same thing, Markdown of HTML; texts are cut to CTIM's lengths.  What is null or
 * has no value is dropped.  An entity that then still fails is left out, and so
 * are members that CTIM does not have: one warning of code `unknown` each, with
 * how many and the reason of the first.
 * Source: ctim-relay-describe(7), "MAPS"; CTIM 1.3.28.
 */
#ifndef CTIM_COMPLETE_H
#define CTIM_COMPLETE_H

#include <stddef.h>
#include <stdint.h>

#include "answer/answer.h"
#include "call/provider.h"
#include "ctim/observable.h"

struct json_object;

/* One lookup; the texts are the caller's and must outlive the call. */
struct completion_of {
	const char *provider; /* its NAME, a part of all ids */
	const char *title;    /* of the provider: source, in messages */
	const struct observable *observable;
	enum provider_route route; /* PROVIDER_DELIBERATE: verdicts alone */
	int64_t now;               /* seconds since 1970 */
	int limit;                 /* most entities of each kind, above 0 */
};

/*
 * Writes what map.jq wrote, an array (read only; anything else is nothing): each
 * element an object whose "type" is sighting, indicator, judgement, verdict,
 * relationship or warning.  A relationship's ends and a verdict's judgement, which
 * are objects there, are written before it.  A string with userdata is an entity
 * that could not be read, for the reason that this is (mapping/map.h).  Returns how
 * many entities and members were left out, those beyond the limit not counted.
 */
size_t complete_answer(struct answer *, const struct completion_of *,
    struct json_object *entities);

/* The same for refer.jq: an array of references {id, title, description, url,
 * categories}, of which description and categories may be missing. */
size_t complete_refer(struct answer *, const struct completion_of *,
    struct json_object *references);

#endif
