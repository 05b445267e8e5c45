/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <errno.h>
#include <seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "map/maplock.h"

#define SORTED \
	16384 /* bytes for which qsort(3) asks how much memory there is */

int
maplock_close(void)
{
	const unsigned first = MAPLOCK_FD + 1;

#if MAPLOCK_WHOLE
	return close_range(first, ~0U, 0);
#else
	return close_range(first, STDERR_FILENO - 1, 0) == -1 ||
		close_range(STDERR_FILENO + 1, ~0U, 0) == -1 ?
	    -1 :
	    0;
#endif
}

int
maplock_begin(void)
{
	static const struct rlimit none = { 0, 0 };

	return setrlimit(RLIMIT_CORE, &none) == -1 ||
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1 ||
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1 ?
	    -1 :
	    0;
}

static int
maplock_compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

void
maplock_warm(void)
{
	int *list = calloc(SORTED / sizeof(*list), sizeof(*list));

	/* sysinfo(2) */
	if (list != NULL)
		qsort(list, SORTED / sizeof(*list), sizeof(*list),
		    maplock_compare);
	free(list);
	/* It opens the file of the time zone. */
	tzset();
}

/* All but the filter of system calls. */
static int
maplock_limit(pid_t parent)
{
	static const struct {
		int what;
		rlim_t most;
	} limits[] = {
#if MAPLOCK_WHOLE
		{ RLIMIT_AS, MAPLOCK_MEMORY },
#endif
		{ RLIMIT_STACK, MAPLOCK_STACK },
		{ RLIMIT_CORE, 0 },
		{ RLIMIT_FSIZE, 0 },
		{ RLIMIT_NPROC, 0 }
	};
	struct rlimit rl;
	size_t i;

	for (i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		rl = (struct rlimit){ limits[i].most, limits[i].most };
		if (setrlimit((__rlimit_resource_t)limits[i].what, &rl) == -1)
			return -1;
	}
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == -1 ||
	    getppid() != parent)
		return -1;
	return maplock_begin();
}

#if MAPLOCK_WHOLE
/* The system calls of which no argument matters. */
static const int maplock_free[] = { SCMP_SYS(brk), SCMP_SYS(munmap),
	SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex),
	SCMP_SYS(clock_gettime), SCMP_SYS(rt_sigreturn), SCMP_SYS(exit_group) };

static int
maplock_rules(scmp_filter_ctx f)
{
	/* Not SCMP_A0(): clang finds that it leaves a member out. */
	const struct scmp_arg_cmp one = { 0, SCMP_CMP_EQ, MAPLOCK_FD, 0 },
				  data = { 2, SCMP_CMP_MASKED_EQ, PROT_EXEC,
					  0 };
	size_t i;
	int r;

	for (i = 0; i < sizeof(maplock_free) / sizeof(*maplock_free); i++)
		if ((r = seccomp_rule_add_array(
			 f, SCMP_ACT_ALLOW, maplock_free[i], 0, NULL)) != 0)
			return r;
	if ((r = seccomp_rule_add_array(
		 f, SCMP_ACT_ALLOW, SCMP_SYS(read), 1, &one)) != 0 ||
	    (r = seccomp_rule_add_array(
		 f, SCMP_ACT_ALLOW, SCMP_SYS(write), 1, &one)) != 0)
		return r;
	/* Memory that no code can be written into. */
	return seccomp_rule_add_array(
	    f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, &data);
}

static int
maplock_filter(void)
{
	scmp_filter_ctx f = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r;

	if (f == NULL)
		return -1;
	r = maplock_rules(f);
	if (r == 0)
		r = seccomp_load(f);
	seccomp_release(f);
	return r == 0 ? 0 : -1;
}
#endif

int
maplock(pid_t parent)
{
	if (maplock_close() == -1 || maplock_limit(parent) == -1)
		return -1;
#if MAPLOCK_WHOLE
	return maplock_filter();
#else
	return 0;
#endif
}
