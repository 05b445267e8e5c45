/* SPDX-License-Identifier: MIT */
/*
 * update_lock: one update of a source at a time.
 *
 * Each source of a store has a byte of its own in the file STORE.update, which
 * is empty; the lock of a process that died is gone with it.  Of a store in
 * PostgreSQL the lock is the database's, and goes with a connection.
 * Source: fcntl(2), "Advisory record locking".
 */
#ifndef CTIM_UPDATE_LOCK_H
#define CTIM_UPDATE_LOCK_H

#define UPDATE_LOCK_WHY 512

struct store;

/* One that is held: by a file, or by an open store. */
struct update_lock {
	int fd; /* -1: none */
	struct store *store;
};

/* Takes the lock.  Returns 0, or -1 with the reason in why.  The process holds
 * one lock of a store at most: to close a file gives up all locks of it. */
int update_lock_take(struct update_lock *, const char *store,
    const char *source, char why[UPDATE_LOCK_WHY]);
void update_lock_give(struct update_lock *); /* none is fine */

#endif
