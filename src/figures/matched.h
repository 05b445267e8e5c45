/* SPDX-License-Identifier: MIT */
/*
 * matched: adds matches to what a store has counted, and forgets old ones.
 *
 * matched has them by hour, source and disposition; matched_value by day,
 * observable and source, of a day that is over only those matched most.  What
 * was asked for, and is not kept, is in the number of the day's others.
 */
#ifndef CTIM_MATCHED_H
#define CTIM_MATCHED_H

#include <stdint.h>

#include "shared/matches.h"
#include "store/store.h"

#define MATCHED_DAYS   31   /* that are kept */
#define MATCHED_TODAY  1000 /* observables of a day that goes on */
#define MATCHED_BEFORE 200  /* of one that is over */

/*
 * Begins to add to a store that was opened with STORE_ADD: waits `wait` ms at
 * most for others that write it.  Returns 0; 1 when another wrote it all that
 * time; or -1 with the reason in error.  When an addition or the end fails, all
 * has ended, and nothing was added.
 */
int matched_begin(struct store *, int wait, char error[STORE_ERROR_MAX]);
/* Each returns 0, or -1 with the reason in error. */
int matched_add(
    struct store *, const struct matched *, char error[STORE_ERROR_MAX]);
int matched_end(struct store *, int64_t now, char error[STORE_ERROR_MAX]);

#endif
