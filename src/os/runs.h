/* SPDX-License-Identifier: MIT */
/*
 * runs: more records than memory holds, in order.  Each run of records that are
 * in order already waits in a temporary file without a name (spill.h); at the
 * end all runs are merged.
 */
#ifndef CTIM_RUNS_H
#define CTIM_RUNS_H

#include <stddef.h>

#define RUNS_RECORD (16U << 10) /* bytes that a record has at most */

struct runs;

/* NULL with errno: no memory, or no file. */
struct runs *runs_new(void);
/* NULL is fine. */
void runs_free(struct runs *);

/* Adds a record to the open run, which the first one opens; the caller adds them
 * in order.  Returns 0, or -1 with errno: then the open run is taken back, and
 * those before it stay. */
int runs_add(struct runs *, const void *record, size_t n);
/* Closes the open run, as runs_add() returns. */
int runs_close(struct runs *);

/*
 * Hands all records of closed runs to each, in the order of compare, equal ones
 * in that in which they were added, and empties the runs; each ends the merge by
 * returning other than 0.  A record is good until each returns.
 * Returns 0, what each returned, or -1 with errno.
 */
int runs_merge(struct runs *, int (*compare)(const void *, const void *),
    int (*each)(void *arg, const void *record), void *arg);

#endif
