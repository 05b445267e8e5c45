/* SPDX-License-Identifier: MIT */
/*
 * Linked into the programs that run under the thread sanitizer (t_tsan.py).
 * gcc's does not know pthread_mutex_clocklock(3), and takes the unlock that
 * follows for one of a mutex that nobody has.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include <sanitizer/tsan_interface.h>

int
pthread_mutex_clocklock(
    pthread_mutex_t *m, clockid_t clock, const struct timespec *until)
{
	static int (*real)(
	    pthread_mutex_t *, clockid_t, const struct timespec *);
	int error;

	if (real == NULL)
		real = (int (*)(pthread_mutex_t *, clockid_t,
		    const struct timespec *))dlsym(RTLD_NEXT,
		    "pthread_mutex_clocklock");
	__tsan_mutex_pre_lock(m, __tsan_mutex_try_lock);
	error = real(m, clock, until);
	__tsan_mutex_post_lock(m,
	    error == 0 || error == EOWNERDEAD ?
		__tsan_mutex_try_lock :
		__tsan_mutex_try_lock | __tsan_mutex_try_lock_failed,
	    0);
	return error;
}
