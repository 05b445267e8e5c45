/* SPDX-License-Identifier: MIT */
#include <time.h>

#include "os/clock.h"

int64_t
clock_ms(void)
{
	struct timespec now;

	/* Cannot fail: the clock exists and the pointer is good. */
	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
