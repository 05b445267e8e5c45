/* SPDX-License-Identifier: MIT */
/*
 * Preloaded into the gateway (t_worker.py): what a test cannot make fail from
 * outside.  CTIM_FAULTS names a folder; a file there turns a fault on, in all
 * processes, or in one whose number its name ends with:
 *   curl, curl-PID    each step of libcurl's fails
 *   still, still-PID  the main thread of a worker does not get on
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#define INTERNAL_ERROR 4 /* CURLM_INTERNAL_ERROR */

int curl_multi_socket_action(void *, int, int, int *);

static int
is_on(const char *fault)
{
	const char *folder = getenv("CTIM_FAULTS");
	char all[4096], one[4096];

	if (folder == NULL)
		return 0;
	snprintf(all, sizeof(all), "%s/%s", folder, fault);
	snprintf(one, sizeof(one), "%s/%s-%d", folder, fault, (int)getpid());
	return access(all, F_OK) == 0 || access(one, F_OK) == 0;
}

int
curl_multi_socket_action(void *multi, int fd, int events, int *running)
{
	static int (*step)(void *, int, int, int *);
	void *lib;

	if (is_on("curl"))
		return INTERNAL_ERROR;
	/* It is not in the scope of RTLD_NEXT: an object was opened with it. */
	if (step == NULL) {
		lib = dlopen("libcurl.so.4", RTLD_LAZY | RTLD_NOLOAD);
		*(void **)&step = dlsym(lib, "curl_multi_socket_action");
	}
	return step(multi, fd, events, running);
}

int
sigtimedwait(const sigset_t *set, siginfo_t *info, const struct timespec *time)
{
	static const struct timespec tick = { 0, 10000000 };
	static int (*wait)(
	    const sigset_t *, siginfo_t *, const struct timespec *);

	if (wait == NULL)
		*(void **)&wait = dlsym(RTLD_NEXT, "sigtimedwait");
	while (is_on("still"))
		nanosleep(&tick, NULL);
	return wait(set, info, time);
}
