/* SPDX-License-Identifier: MIT */
/*
 * beside: the file .ctim-relay, by which a CGI program on shared hosting finds its
 * configuration.  suexec hands no variable of ours on, so the file lies beside
 * the program, and its one line is the configuration's absolute path.
 *
 * The file says whose secret key counts.  So it, the program, the network half
 * beside it and their folder must belong to the user who runs the program, and
 * nobody else may write them.  The folders above need no look: what another user
 * puts in their place does not belong to this user.  A second name (hard link) of
 * the file gives nobody more rights to it, and no other user can make a first one
 * in this folder.
 * The configuration holds secrets, so it must lie outside what the web server
 * hands out, and nobody else may read it.
 * Source: suexec's safe_env_lst (Apache 2.4, support/suexec.c); proc(5).
 */
#ifndef CTIM_BESIDE_H
#define CTIM_BESIDE_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#define BESIDE_FILE  ".ctim-relay"
#define BESIDE_TEXT  (3 * PATH_MAX) /* bytes of a finding, with the NUL */
#define BESIDE_ROOTS 4

enum beside_kind {
	BESIDE_OWNER,    /* the path belongs to somebody else */
	BESIDE_WRITABLE, /* others may write it */
	BESIDE_READABLE, /* others may read it */
	BESIDE_LINK,     /* it is no regular file */
	BESIDE_LINE,     /* it is not the one line that it should be */
	BESIDE_MISSING,  /* what it names is not there */
	BESIDE_INSIDE    /* what it names is inside a document root */
};

struct beside_finding {
	enum beside_kind kind;
	const char *path;
	const char *text; /* one line, for people at the machine */
};

struct beside {
	/* From the caller. */
	uid_t uid;                       /* of who runs the program */
	const char *program;             /* NULL: this process's */
	const char *roots[BESIDE_ROOTS]; /* document roots; NULL: none */
	void (*each)(void *arg, const struct beside_finding *);
	void *arg;
	/* To the caller. */
	char file[PATH_MAX]; /* where .ctim-relay is, or would be */
	char conf[PATH_MAX]; /* the configuration, without links in its path;
			      * "": the file names none that is there */
	bool good;           /* no fault was found, and conf is set */
};

/*
 * Looks for the file and judges it and what it names; calls each for every
 * fault.  Returns whether there is such a file.
 */
bool beside_look(struct beside *);

#endif
