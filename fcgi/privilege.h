/* SPDX-License-Identifier: MIT */
/*
 * privilege: gives up what the server does not need.
 */
#ifndef CTIM_PRIVILEGE_H
#define CTIM_PRIVILEGE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

struct conf;

#define PRIVILEGE_WHY 256 /* bytes of a reason */

struct privilege {
	bool change; /* started as root, and [server] user is set */
	uid_t uid;   /* (uid_t)-1 without change */
	gid_t gid;
	char user[64];
	char home[PATH_MAX];
};

/* Who the server shall be.  Returns 0, or -1 with a reason in why
 * (PRIVILEGE_WHY bytes): no such user or group. */
int privilege_find(struct privilege *, const struct conf *, char *why);
/* Becomes that, for good and proven.  Returns 0, or -1 with a reason. */
int privilege_drop(const struct privilege *, char *why);
/* Secrets stay in memory: no core file, no tracing by others, and no program
 * that is run may gain privileges.  Before threads and forks. */
void privilege_harden(void);

#endif
