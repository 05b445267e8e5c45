/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "os/robustlock.h"

int
robustlock_init(pthread_mutex_t *m)
{
	pthread_mutexattr_t a;
	int error;

	error = pthread_mutexattr_init(&a);
	if (error == 0) {
		error =
		    pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
		if (error == 0)
			error = pthread_mutexattr_setrobust(
			    &a, PTHREAD_MUTEX_ROBUST);
		if (error == 0)
			error = pthread_mutex_init(m, &a);
		(void)pthread_mutexattr_destroy(&a);
	}
	errno = error;
	return error == 0 ? 0 : -1;
}

/* The result of an attempt to take the lock, as robustlock_wait() returns
 * it. */
static int
taken(pthread_mutex_t *m, int error)
{
	switch (error) {
	case 0:
		return 0;
	case ETIMEDOUT:
		return -1;
	case EOWNERDEAD:
		/* At once: should this holder die as well before all is right,
		 * the next one is told the same. */
		(void)pthread_mutex_consistent(m);
		return 1;
	default:
		/* The memory of the lock is overwritten; so may be what it
		 * guards. */
		abort();
	}
}

bool
robustlock_take(pthread_mutex_t *m)
{
	return taken(m, pthread_mutex_lock(m)) == 1;
}

int
robustlock_wait(pthread_mutex_t *m, int ms)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	return taken(m, pthread_mutex_clocklock(m, CLOCK_MONOTONIC, &until));
}

bool
robustlock_held(pthread_mutex_t *m)
{
	return pthread_mutex_trylock(m) == EBUSY;
}

void
robustlock_give(pthread_mutex_t *m)
{
	assert(robustlock_held(m));
	(void)pthread_mutex_unlock(m);
}
