/* SPDX-License-Identifier: MIT */
/*
 * recorder: what goes over the network and comes back, kept.
 */
#ifndef CTIM_RECORDER_H
#define CTIM_RECORDER_H

#include <stdint.h>

#include "base/buf.h"
#include "net/network.h"

/* One call.  headers: lines "Name: value"; reply: of those that were wanted. */
struct recorder_call {
	struct buf method, url, headers, body;
	int status; /* 0: no answer came, and why says why */
	char why[160];
	struct buf reply, answer;
	int64_t ms;
	struct recorder_call *next;
};

/* From now on all calls of the process are kept, and made.  Returns 0, or -1 with
 * the cause in why. */
int recorder_begin(char why[NETWORK_WHY]);
/* The calls so far, in their order, the first of a list. */
const struct recorder_call *recorder_calls(void);
/* Forgets them, overwriting what they held. */
void recorder_end(void);

#endif
