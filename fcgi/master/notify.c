/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fcgi/master/notify.h"
#include "log/log.h"
#include "os/clock.h"

#define STATE 2048 /* bytes of a state; what is longer is cut */

/* The address that a name of NOTIFY_SOCKET stands for: a path, or with "@" in
 * front an abstract one.  Returns 0, or -1. */
static int
notify_address(struct notify *n, const char *name)
{
	size_t len = strlen(name);

	if ((*name != '/' && *name != '@') || len < 2 ||
	    len >= sizeof(n->to.sun_path))
		return -1;
	n->to.sun_family = AF_UNIX;
	memcpy(n->to.sun_path, name, len + 1);
	n->size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1);
	if (*name == '@') {
		n->to.sun_path[0] = '\0';
		n->size--;
	}
	return 0;
}

/* A variable that is a plain number; 0 when it is none. */
static uint64_t
notify_number(const char *name)
{
	const char *s = getenv(name);
	char *end;
	uint64_t v;

	if (s == NULL || *s < '0' || *s > '9')
		return 0;
	errno = 0;
	v = strtoumax(s, &end, 10);
	return *end != '\0' || errno != 0 ? 0 : v;
}

void
notify_open(struct notify *n)
{
	const char *name = getenv("NOTIFY_SOCKET");
	uint64_t pid = notify_number("WATCHDOG_PID");

	*n = (struct notify){ .fd = -1 };
	if (name == NULL)
		return;
	if (notify_address(n, name) == -1 ||
	    (n->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) == -1) {
		log_warning("NOTIFY_SOCKET: the service manager cannot be told "
			    "how the pool is");
		return;
	}
	if (pid == 0 || pid == (uint64_t)getpid())
		n->every =
		    (int64_t)(notify_number("WATCHDOG_USEC") % INT64_MAX) /
		    2000;
}

void
notify_close(struct notify *n)
{
	if (n->fd != -1)
		(void)close(n->fd);
	n->fd = -1;
}

void
notify_tell(const struct notify *n, const char *fmt, ...)
{
	char state[STATE];
	va_list ap;

	if (n->fd == -1)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(state, sizeof(state), fmt, ap);
	va_end(ap);
	(void)sendto(n->fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT,
	    (const struct sockaddr *)&n->to, n->size);
}

void
notify_alive(struct notify *n)
{
	int64_t now = clock_ms();

	if (n->every == 0 || now < n->next)
		return;
	notify_tell(n, "WATCHDOG=1");
	n->next = now + n->every;
}
