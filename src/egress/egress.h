/* SPDX-License-Identifier: MIT */
/*
 * egress: whether a value may leave for the service of a relay ([egress]).
 *
 * A value is held back when it names a listed domain, or one below it, or an
 * address that is listed or private, anywhere in it and in any spelling that
 * egress_spelling.h reads; or when a pattern is all of it.  What cannot be found
 * out, for lack of memory, is held back.
 */
#ifndef CTIM_EGRESS_H
#define CTIM_EGRESS_H

#include <stdbool.h>

struct conf;
struct observable;
struct relay_conf;

/* Whether anything can be held back from a relay that calls a service. */
bool egress_guards(const struct conf *, const struct relay_conf *);
/* Whether an observable may leave for the service of a relay that is guarded. */
bool egress_may(const struct conf *, const struct observable *);

#endif
