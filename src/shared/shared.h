/* SPDX-License-Identifier: MIT */
/*
 * shared: what all threads of all workers know of the services that they call,
 * and what they count, in memory that the master maps before it forks.  A
 * process without a master (CGI, the command line) maps its own.
 *
 * Each table of slots has a lock, which survives a worker that is killed while
 * it holds it (robustlock.h); adding to a counter needs none.
 */
#ifndef CTIM_SHARED_H
#define CTIM_SHARED_H

#include <stdatomic.h>
#include <stdbool.h>

#include "log/counters.h"
#include "shared/breaker.h"
#include "shared/keysets.h"
#include "shared/matches.h"
#include "shared/pace.h"
#include "shared/quota.h"
#include "shared/signins.h"

struct shared {
	bool alone;       /* of one process, and gone at its end */
	_Atomic int left; /* the master looks at another one, after an upgrade:
			   * its workers look themselves */
	_Atomic bool stopping; /* the pool takes nothing new */
	struct breaker_table breakers;
	struct pace_table *pace; /* paces, or one that outlives this */
	struct pace_table paces;
	struct signins_table kept;
	struct jwks_table jwks;
	struct quota_table quotas;
	struct counters counters;
	struct matches matches;
	/* How often requests have changed the store of a relay, by its place in
	 * counters: the master looks (hook.h). */
	_Atomic unsigned changes[COUNTERS_RELAYS];
};

/* Maps and initialises the memory, which is kept out of core files; to be
 * called before fork, so that hash_bytes() gives the same in all workers.  NULL
 * with errno. */
struct shared *shared_new(void);
void shared_free(struct shared *);

#endif
