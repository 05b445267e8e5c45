/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <unistd.h>

#include "os/writeall.h"

int
writeall(int fd, const void *data, size_t n)
{
	const char *p = data;
	ssize_t done;

	while (n > 0) {
		done = write(fd, p, n);
		if (done == -1 && errno == EINTR)
			continue;
		if (done <= 0)
			return -1;
		p += done;
		n -= (size_t)done;
	}
	return 0;
}
