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
 * Takes it.  True when the one before died holding it: what it guards may be
 * half written, and the caller must put that right before it goes on.
 */
bool robustlock_take(pthread_mutex_t *);
/* The same, but waits ms at most: -1 when somebody holds it all that time, else
 * 1 when the one before died holding it, or 0. */
int robustlock_wait(pthread_mutex_t *, int ms);
void robustlock_give(pthread_mutex_t *);
/* Whether somebody holds it; for assert() alone. */
bool robustlock_held(pthread_mutex_t *);

#endif
