/* SPDX-License-Identifier: MIT */
/*
 * ask: asks the relay's provider about the observables of a request and writes
 * its entities into the answer: from the local store one observable after the
 * other, from a service on the network through the fan-out.
 */
#ifndef CTIM_ASK_H
#define CTIM_ASK_H

#include "call/provider.h"

struct answer;
struct observables;
struct request;

/* A failure with one observable becomes an error in the answer and leaves the
 * others alone.  What [egress] holds back is taken out of the list first. */
void ask_about(struct request *, struct answer *, struct observables *,
    enum provider_route);
/* Checks that the provider can answer at all; if not, adds an error with the
 * reason. */
void ask_health(struct request *, struct answer *);
/* Has the provider write the data of a tile; where the store cannot be read, the
 * answer is an error. */
void ask_tile(
    struct request *, struct answer *, const struct tile *, enum tile_period);

#endif
