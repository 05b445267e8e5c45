/* SPDX-License-Identifier: MIT */
/*
 * ask: asks the relay's provider about the observables of a request and writes
 * its entities into the answer: from the local store one observable after the
 * other, from a service on the network through the fan-out.
 */
#ifndef CTIM_ASK_H
#define CTIM_ASK_H

#include "body/observables.h"
#include "call/members.h"
#include "call/provider.h"
#include "token/token.h"

#define ASK_NO_STORE                                            \
	"The local indicator store cannot be read; the log of " \
	"the gateway says why"

#define ASK_MOST MEMBERS_MOST /* relays that one request asks */

struct answer;
struct relay_conf;
struct request;

/* A relay that a request asks: its own one, or each of several. */
struct asked {
	const struct relay_conf *relay;
	struct claims claims;   /* its credential; a view (token_for()) */
	struct observables obs; /* those that it takes */
};

/* Asks n relays (ASK_MOST at most) about their observables.  A failure with one
 * observable becomes an error in the answer and leaves the others alone.  What
 * [egress] holds back is taken out of the lists first. */
void ask_about(struct request *, struct answer *, struct asked *, size_t n,
    enum provider_route);
/* Checks that each of n relays can answer at all; of one that cannot, adds an
 * error with the reason. */
void ask_health(
    struct request *, struct answer *, const struct asked *, size_t n);

#endif
