/* SPDX-License-Identifier: MIT */
/*
 * notify: tells the service manager how the pool is.
 *
 * Without one, where NOTIFY_SOCKET is not set, nothing is told.  The variables
 * stay in the environment, for the binary of an upgrade.
 * Source: sd_notify(3), sd_watchdog_enabled(3).
 */
#ifndef CTIM_NOTIFY_H
#define CTIM_NOTIFY_H

#include <sys/socket.h>
#include <sys/un.h>

#include <stdbool.h>
#include <stdint.h>

struct notify {
	int fd; /* -1: nobody is told */
	struct sockaddr_un to;
	socklen_t size;
	int64_t every; /* ms between signs of life; 0: none is wanted */
	int64_t next;  /* clock_ms() of the next */
};

/* Reads the environment. */
void notify_open(struct notify *);
void notify_close(struct notify *);
/* Sends a state, VARIABLE=VALUE with newlines between.  Nobody waits for it: what
 * the manager does not take is lost. */
void notify_tell(const struct notify *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* Sends a sign of life when it is time for one (half of what the manager waits
 * for at most).  Call often. */
void notify_alive(struct notify *);

#endif
