/* SPDX-License-Identifier: MIT */
/*
 * robustlock: a mutex in shared memory that the death of its holder does not
 * close for ever.
 * Source: pthread_mutexattr_setrobust(3).
 */
#ifndef CTIM_ROBUSTLOCK_H
#define CTIM_ROBUSTLOCK_H

#include <pthread.h>
#include <stdbool.h>

/* 0, or -1 with errno. */
int robustlock_init(pthread_mutex_t *);
/*
 * Takes the lock.  Returns true when its last holder died with it: what the
 * lock guards may be half written, and the caller must put that right before it
 * goes on.
 */
bool robustlock_take(pthread_mutex_t *);
/* Takes the lock within ms.  Returns 0; 1 when its last holder died with it; or
 * -1 when another held it all that time. */
int robustlock_wait(pthread_mutex_t *, int ms);
void robustlock_give(pthread_mutex_t *);
/* Whether any thread holds the lock; for assert() alone, as a free lock is
 * taken by the question. */
bool robustlock_held(pthread_mutex_t *);

#endif
