/* SPDX-License-Identifier: MIT */
/*
 * ledger: takes the matches that requests have counted in shared memory to the
 * stores, once a minute and at the end.  No request waits for that.
 */
#ifndef CTIM_LEDGER_H
#define CTIM_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

struct conf;
struct shared;

#define LEDGER_EVERY 60000 /* ms from one time to the next */

/* When matches are taken again; zeros: at once. */
struct ledger {
	int64_t next; /* clock_ms() */
};

/*
 * Takes what there is to the stores, and waits `wait` ms at most for others that
 * write one.  keep: what could not be taken for that reason stays for the next
 * time; else it is lost, as is what a store does not take.  The log says so once,
 * until it works again.
 */
void ledger_save(const struct conf *, struct shared *, int wait, bool keep);
/* Does that in a process of its own, once a minute, if there is anything; now:
 * clock_ms().  For a process without other threads; never waits.  Returns whether
 * it made a process, which is a child of the caller's. */
bool ledger_look(
    struct ledger *, const struct conf *, struct shared *, int64_t now);
/* The same for one with threads, itself, with a short wait. */
void ledger_look_here(
    struct ledger *, const struct conf *, struct shared *, int64_t now);

#endif
