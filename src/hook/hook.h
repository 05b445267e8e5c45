/* SPDX-License-Identifier: MIT */
/*
 * hook: the program of `on_change`, which runs after a change of a store was
 * recorded.
 *
 * A process of its own waits for the program's turn and then runs it, so that no
 * request waits and nothing of the gateway can be held up.  Whoever changes a
 * store makes such a process: the master of a pool for its workers, CGI after
 * its answer, the command line.  They take turns by two locks far behind the end
 * of the store's file (fcntl(2), F_OFD_SETLK): so the program of a store runs
 * once at a time, HOOK_EVERY apart, and one process at most waits, which stands
 * for all changes until it starts the program.
 */
#ifndef CTIM_HOOK_H
#define CTIM_HOOK_H

#include "log/counters.h"

struct conf;
struct relay_conf;
struct shared;

#define HOOK_EVERY 5000  /* ms from one start to the next at least */
#define HOOK_TIME  60000 /* ms that the program may take */
#define HOOK_WHY   256   /* bytes of a reason */

/* How many changes of each relay's store were seen; all zeros at first. */
struct hook_seen {
	unsigned n[COUNTERS_RELAYS];
};

/* Runs the program of each relay whose store was changed by requests since the
 * last call.  Never waits; what goes wrong is a line in the log. */
void hook_look(struct hook_seen *, const struct conf *, struct shared *);
/* For a master, after hook_look(): who begins with zeros sees what changes from
 * here on.  Those may be others, and the caller begins with zeros, too. */
void hook_hand_over(struct hook_seen *, struct shared *);
/*
 * For the command line, after it has changed a relay's store; reason: "import"
 * and so on.  Waits until the program has ended where it can run at once, and
 * else leaves it to the process that waits for its turn.  As root, the program
 * runs as [server] user, or as the owner of the store.
 */
void hook_run(
    const struct conf *, const struct relay_conf *, const char *reason);
/* Whether the program can be run, and only root and its owner can change it: 0,
 * or -1 with the fault and its mend in why. */
int hook_check(const char *program, char why[HOOK_WHY]);

#endif
