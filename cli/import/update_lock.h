/* SPDX-License-Identifier: MIT */
/*
 * update_lock: one update of a source at a time.
 *
 * Each source of a store has a byte of its own in the file STORE.update, which
 * is empty; the lock of a process that died is gone with it.
 * Source: fcntl(2), "Advisory record locking".
 */
#ifndef CTIM_UPDATE_LOCK_H
#define CTIM_UPDATE_LOCK_H

#define UPDATE_LOCK_WHY 512

/* Takes the lock.  Returns a descriptor, which update_lock_give() takes; or -1
 * with the reason in why.  The process holds one lock of a store at most: to
 * close a file gives up all locks of it. */
int update_lock_take(
    const char *store, const char *source, char why[UPDATE_LOCK_WHY]);
void update_lock_give(int fd);

#endif
