#include <errno.h>
#include <stdlib.h>

#include "sharedlock.h"

int
sharedlock_init(pthread_mutex_t *m)
{
	pthread_mutexattr_t	 a;
	int			 error;

	error = pthread_mutexattr_init(&a);
	if (error == 0) {
		error = pthread_mutexattr_setpshared(&a,
		    PTHREAD_PROCESS_SHARED);
		if (error == 0)
			error = pthread_mutexattr_setrobust(&a,
			    PTHREAD_MUTEX_ROBUST);
		if (error == 0)
			error = pthread_mutex_init(m, &a);
		(void)pthread_mutexattr_destroy(&a);
	}
	errno = error;
	return error == 0 ? 0 : -1;
}

bool
sharedlock_take(pthread_mutex_t *m)
{
	switch (pthread_mutex_lock(m)) {
	case 0:
		return false;
	case EOWNERDEAD:
		/* At once: should this one die as well before all is right,
		 * the next is told the same. */
		(void)pthread_mutex_consistent(m);
		return true;
	default:
		/* The memory of the lock is overwritten; so may be what it
		 * guards. */
		abort();
	}
}

void
sharedlock_give(pthread_mutex_t *m)
{
	(void)pthread_mutex_unlock(m);
}
