/* SPDX-License-Identifier: MIT */
/*
 * pathtrust: finds users who can change the files that the gateway trusts.
 *
 * A user who may write a folder can replace everything below it: so the folders
 * above a file are checked like the file.  The folder of store, cache or log
 * belongs to the service, which makes files there; only the folders above it
 * are checked.  Links are followed one by one, and a finding names a path
 * without links.
 */
#ifndef CTIM_PATHTRUST_H
#define CTIM_PATHTRUST_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

struct conf;

#define PATHTRUST_TEXT   (PATH_MAX + 256)     /* bytes of a text */
#define PATHTRUST_MEND   (4 * PATH_MAX + 256) /* bytes of a line for a shell */
#define PATHTRUST_GROUPS 256 /* groups of a user that are looked at */

/* The purpose of a path. */
enum pathtrust_kind {
	PATHTRUST_CONFIGURATION,
	PATHTRUST_KEY,
	PATHTRUST_STORE,
	PATHTRUST_CACHE,
	PATHTRUST_LOG,
	PATHTRUST_PROGRAM,
	PATHTRUST_KINDS
};

/* The user or group that serves: they, and everybody else, must not be able to
 * change those files. */
struct pathtrust_who {
	uid_t uid;  /* (uid_t)-1: not known */
	bool owner; /* the user owns and runs everything, and may
		     * change everything */
	gid_t groups[PATHTRUST_GROUPS];
	int n;
	char name[80];  /* "www-data", "group www-data" */
	char group[64]; /* of the service, for chown(1) */
};

struct pathtrust_finding {
	enum pathtrust_kind kind;
	/* A folder of root's that the group of the service may write, as the
	 * README of 0.1 made it: no reason to end a service. */
	bool shared;
	const char *text; /* "/etc/x: www-data, who serves, may …" */
	const char *mend; /* for a shell; follows no link */
};

/*
 * Finds the user who serves: [server] user; else the owner of the socket; else
 * the owner of the configuration or, when that is root, the group that may read
 * it.
 */
void pathtrust_find(const struct conf *, struct pathtrust_who *);
/*
 * Checks every path that the configuration names, and its own, and calls each
 * for every fault, once for a place.  The texts of a finding end with the call.
 * Returns whether there is no fault.
 */
bool pathtrust_look(const struct conf *, const struct pathtrust_who *,
    void (*each)(void *arg, const struct pathtrust_finding *), void *arg);
/* Whether a link on the way to [log] target or [egress] log belongs to the service:
 * then root should not open the log. */
bool pathtrust_log_is_led(const struct conf *, const struct pathtrust_who *);

#endif
