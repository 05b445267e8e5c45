/* SPDX-License-Identifier: MIT */
/*
 * unixsocket: the file of a unix socket: making it with the right owner and
 * mode, in place of one that a dead server left, and removing it.
 */
#ifndef CTIM_UNIXSOCKET_H
#define CTIM_UNIXSOCKET_H

#include <stdbool.h>
#include <sys/types.h>

#define UNIXSOCKET_WHY 512 /* bytes of a reason */

/* The process that made it removes it. */
struct unixsocket {
	char path[108]; /* "" for none */
	pid_t maker;
	dev_t dev;
	ino_t ino;
	bool taken; /* unixsocket_open() failed as another server
				 * answers there */
};

struct unixsocket_setup {
	const char *key; /* of the configuration, for reasons */
	mode_t mode;
	uid_t owner;       /* (uid_t)-1: as we are */
	gid_t gid;         /* (gid_t)-1: as we are */
	const char *group; /* its name, or NULL */
};

/*
 * Binds a socket at path; listen(2) is the caller's.  Returns its descriptor,
 * close-on-exec, or -1 with a reason in why (UNIXSOCKET_WHY bytes); then there
 * is no file.
 */
int unixsocket_open(struct unixsocket *, const char *path,
    const struct unixsocket_setup *, char *why);
/* Removes the file, if it is still ours: nobody new comes. */
void unixsocket_unlink(struct unixsocket *);

/* Puts a reason into why; returns -1. */
int unixsocket_why(char *why, const char *, ...)
    __attribute__((format(printf, 2, 3)));

#endif
