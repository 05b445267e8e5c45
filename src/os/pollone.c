/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>

#include "os/clock.h"
#include "os/pollone.h"

int
pollone(int fd, short events, int64_t until)
{
	struct pollfd p = { .fd = fd, .events = events };
	int64_t left;
	int n;

	do {
		left = until - clock_ms();
		n = poll(&p, 1,
		    left <= 0          ? 0 :
			left < INT_MAX ? (int)left :
					 INT_MAX);
	} while ((n == 0 && left > 0) || (n == -1 && errno == EINTR));
	return n == 1 ? p.revents : n;
}
