/* SPDX-License-Identifier: MIT */
/*
 * play: one request to a provider whose service answers what the input says.
 *
 * The input: a line that is the body of the request (observables), then the
 * answers, each with a line before it that begins with '%' and its status.
 * Calls get them in turn, and from the first on again.  What the gateway says
 * must be JSON.
 */
#ifndef CTIM_PLAY_H
#define CTIM_PLAY_H

#include <stddef.h>
#include <stdint.h>

struct provider;

/* claims: the token's payload as JSON. */
void play(const struct provider *, const char *claims, const uint8_t *, size_t);

#endif
