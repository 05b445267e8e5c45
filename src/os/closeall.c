/* SPDX-License-Identifier: MIT */
#include <sys/resource.h>

#include <unistd.h>

#include "os/closeall.h"

#define FIRST 3
#define MOST  65536 /* descriptors that are tried one by one */

/* Closes the descriptors from first to last. */
static void
closeall_between(unsigned first, unsigned last)
{
	struct rlimit rl;

	if (first > last || close_range(first, last, 0) == 0)
		return;
	/* A kernel before 5.9. */
	if (getrlimit(RLIMIT_NOFILE, &rl) == -1 || rl.rlim_cur > MOST)
		rl.rlim_cur = MOST;
	for (; first <= last && first < rl.rlim_cur; first++)
		(void)close((int)first);
}

void
closeall(int keep, int also)
{
	int low = keep < also ? keep : also, high = keep < also ? also : keep;
	unsigned from = FIRST;

	if (low >= FIRST) {
		closeall_between(from, (unsigned)low - 1);
		from = (unsigned)low + 1;
	}
	if (high >= FIRST && high != low) {
		closeall_between(from, (unsigned)high - 1);
		from = (unsigned)high + 1;
	}
	closeall_between(from, ~0U);
}
