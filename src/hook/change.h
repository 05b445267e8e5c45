/* SPDX-License-Identifier: MIT */
/*
 * change: a trigger that changes the store of its relay: the provider says what
 * to change, and here the change and its row of the audit are written in one
 * transaction.
 * Source: relay API, POST /respond/trigger.
 */
#ifndef CTIM_CHANGE_H
#define CTIM_CHANGE_H

#include <stdbool.h>
#include <stdint.h>

#include "ctim/problem.h"

struct query;
struct relay_conf;
struct trigger;

#define CHANGE_AGAIN  600  /* seconds in which the same is done once */
#define CHANGE_REASON 4400 /* bytes of a reason */

struct change_result {
	bool success; /* it is so, and the audit has it */
	bool changed; /* by this call */
	enum problem problem;
	char reason[CHANGE_REASON]; /* of a failure */
};

/*
 * Does what a trigger of the relay says; q has claims and time, and may wait
 * `wait` ms for others that write.  The newest action on the same value decides
 * whether this is a repetition within CHANGE_AGAIN: then it is answered as that
 * one was and nothing is done, unless the store is no longer as the answer said.
 */
void change_do(const struct relay_conf *, const struct query *q,
    const struct trigger *, int wait, struct change_result *);

#endif
