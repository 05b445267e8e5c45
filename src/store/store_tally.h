/* SPDX-License-Identifier: MIT */
/*
 * store_tally: counts of what the store holds, kept with every change of a
 * record in the same transaction, so that nobody has to go through all records
 * to count them.  Only src/store and src/figures include it.
 *
 * tally has the records of each source by type and disposition, expiry those
 * that expire by the hour in which they do.  Changes wait in a table of bounded
 * size until store_tally_flush() or until it is full.
 */
#ifndef CTIM_STORE_TALLY_H
#define CTIM_STORE_TALLY_H

#include <stdbool.h>
#include <stdint.h>

struct store;

#define STORE_HOUR 3600 /* seconds */

struct store_tally {
	struct store_tally_cell *cells; /* NULL: none yet */
	unsigned used;
};

/* The hour that a time ends: all that expires in it has expired at its end. */
int64_t store_tally_hour(int64_t when);
/* Forgets the changes that wait; for the beginning of a transaction. */
void store_tally_reset(struct store *);
/* Adds n (or takes -n away) records of these properties: an SQLite result. */
int store_tally_change(struct store *, int64_t source, int type,
    int disposition, int64_t expires, int n);
/* Writes what waits: an SQLite result.  To be called before the commit. */
int store_tally_flush(struct store *);
/* Counts all records anew, where nobody has counted: an SQLite result. */
int store_tally_fill(struct store *);
/* Counts what each source has, by name, into the counts of the store, within a
 * read transaction; also what has expired, which may go through all records,
 * where that is asked for: an SQLite result. */
int store_tally_read(struct store *, int64_t now, bool expired);

#endif
