/* SPDX-License-Identifier: MIT */
/*
 * finals: calls that are made when a lookup is over, whatever became of it: a
 * search job at a service is deleted, also when the client has gone.
 */
#ifndef CTIM_FINALS_H
#define CTIM_FINALS_H

#include <stddef.h>

struct run;
struct task;

#define FINALS_TIME 2000 /* ms that all of them together may take */

/* Has the provider say which, of a task that ends. */
void finals_add(struct run *, struct task *);
/* Makes those of n runs, all at once, when nothing else of them is under way.  What
 * fails is a line in the log. */
void finals_make(struct run *, size_t n);

#endif
