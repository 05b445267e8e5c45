/*
 * shared: what all threads of all workers know of the world outside, and what
 * they count, in memory that the master maps before it forks.  A process of its
 * own (CGI, the command line) has one for itself.
 *
 * Each table of slots has a lock, which survives a worker that is killed while
 * it holds it (robustlock.h); counters need none.
 */
#ifndef CTIM_SHARED_H
#define CTIM_SHARED_H

#include <stdbool.h>

#include "log/counters.h"
#include "shared/breaker.h"
#include "shared/keysets.h"
#include "shared/pace.h"
#include "shared/signins.h"

struct shared {
	bool alone; /* one process's own: nobody else has
					 * it, nor will after its end */
	struct breaker_table breakers;
	struct pace_table paces;
	struct signins_table kept;
	struct jwks_table jwks;
	struct counters counters;
};

/* Maps and initialises it; to be called before fork, so that hash_bytes() says
 * the same in all workers.  Kept out of core files.  NULL with errno. */
struct shared *shared_new(void);
void shared_free(struct shared *);

#endif
