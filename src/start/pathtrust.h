/*
 * pathtrust: whether somebody can change what the gateway is told.
 *
 * Whoever may write a folder can replace what is in it, and all that is below:
 * so the folders above a file are looked at as the file is.  Of store, cache
 * and log the folder itself belongs to the service, which makes files there;
 * only what is above it is looked at.  Links are followed one by one, and what
 * is wrong is named by a path without any.
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

/* What a path leads to. */
enum pathtrust_kind {
	PATHTRUST_CONFIGURATION,
	PATHTRUST_KEY,
	PATHTRUST_STORE,
	PATHTRUST_CACHE,
	PATHTRUST_LOG,
	PATHTRUST_KINDS
};

/* Who must not be able to change it, beside the world. */
struct pathtrust_who {
	uid_t uid;  /* (uid_t)-1: not known */
	bool owner; /* that user owns and runs everything:
					 * nothing is to be kept from them */
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
 * Who serves: [server] user; else the owner of the socket; else who owns the
 * configuration, or, when that is root, whoever may read it by its group.
 */
void pathtrust_find(const struct conf *, struct pathtrust_who *);
/*
 * Looks at every path that the configuration names, and at its own, and calls
 * each for what is wrong, once for a place.  What a finding points to ends with
 * the call.  Returns whether all is well.
 */
bool pathtrust_look(const struct conf *, const struct pathtrust_who *,
    void (*each)(void *arg, const struct pathtrust_finding *), void *arg);
/* Whether a link on the way to [log] target is the service's own: then root
 * should not be the one to open it. */
bool pathtrust_log_is_led(const struct conf *, const struct pathtrust_who *);

#endif
