/* SPDX-License-Identifier: MIT */
/*
 * relay: from a request to its answer.  The routes are rows of a table in
 * relay.c.
 */
#ifndef CTIM_RELAY_H
#define CTIM_RELAY_H

#include <stdbool.h>

#include "relay/session.h"

struct transport;

/* Answers one request: reads the body, writes the whole answer, logs one line.
 * Never fails, whatever is in the request. */
void relay_serve(struct session *, struct transport *);
/* Answers 503 with Retry-After, for a gateway that has no thread left or, for a
 * large request, no memory. */
void relay_busy(const struct conf *, struct transport *, bool memory);

#endif
