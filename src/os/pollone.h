/* SPDX-License-Identifier: MIT */
/*
 * pollone: a wait for one descriptor.
 * Source: poll(2).
 */
#ifndef CTIM_POLLONE_H
#define CTIM_POLLONE_H

#include <poll.h>
#include <stdint.h>

/*
 * Waits until fd has one of the events, or an error, at the latest until
 * clock_ms() is `until`; a time that is over gives one look.  Signals do not
 * end the wait.  Returns what poll(2) found (more than 0), 0 when the time is
 * over, or -1 with errno.
 */
int pollone(int fd, short events, int64_t until);

#endif
