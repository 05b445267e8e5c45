/*
 * ask: puts the observables of a request to the relay's provider, each answer
 * into the answer: from the local store one after the other, from a service on
 * the network through the fan-out.
 */
#ifndef CTIM_ASK_H
#define CTIM_ASK_H

#include "call/provider.h"

struct answer;
struct observables;
struct request;

/* What goes wrong with one observable is an error in the answer, the rest of it
 * stays. */
void ask_about(struct request *, struct answer *, const struct observables *,
    enum provider_route);
/* Whether the provider can answer at all; if not, an error says why. */
void ask_health(struct request *, struct answer *);

#endif
