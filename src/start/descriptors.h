/* SPDX-License-Identifier: MIT */
/*
 * descriptors: how many file descriptors (RLIMIT_NOFILE) a pool may need.
 */
#ifndef CTIM_DESCRIPTORS_H
#define CTIM_DESCRIPTORS_H

#include <sys/resource.h>

struct conf;

/*
 * The descriptors that master and worker alike have at most: standard ones 3;
 * listener 16; log 2, while it is opened again, and syslog's; lanes of the
 * queue 8 and its memory 1; metrics 2, while they move; the service manager's 1; signalfd or epoll 1; what an
 * upgrade opens 2; control socket, its connections and one that is
 * being accepted 18; a configuration file being read 2; the map master's, and of
 * the next one, 2.  fcgi/ asserts its share.
 */
#define DESCRIPTORS_PROCESS 58
/* A worker's own beside those of its threads: so many of its parked connections
 * at least, their set with what wakes it, the one that is being accepted, the
 * memory file of the thread that answers 503.  Where there are more descriptors,
 * there may be as many connections as `connections` says. */
#define DESCRIPTORS_PARKED 64
#define DESCRIPTORS_WORKER (DESCRIPTORS_PROCESS + DESCRIPTORS_PARKED + 4)

/* The most descriptors that one worker with this configuration may need.  The
 * master, which has DESCRIPTORS_PROCESS, never needs as many. */
long descriptors_needed(const struct conf *);
/*
 * Checks that limit, of RLIMIT_NOFILE, is enough for every process.  Returns 0,
 * or -1 with a line in why (CONF_ERROR_MAX bytes) that gives the number needed,
 * the file, and the keys to lower.
 */
int descriptors_check(const struct conf *, rlim_t limit, char *why);

#endif
