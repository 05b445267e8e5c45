/* SPDX-License-Identifier: MIT */
/*
 * folder: the directory that a file is in, made and given to its owner.
 */
#ifndef CTIM_FOLDER_H
#define CTIM_FOLDER_H

#include <sys/types.h>
#include <limits.h>

/* The owner that a directory gets; NULL where one may be given: it stays the
 * property of the user who makes it. */
struct folder_owner {
	uid_t uid;
	gid_t gid;
};

/* The directory part of path, "." when there is none; out may be path itself.
 * Returns 0, or -1 with errno when it is too long. */
int folder_of(const char *path, char out[PATH_MAX]);
/*
 * Makes a directory, above which all must be there, with that mode whatever the
 * umask is.  Owner and mode are set through a descriptor that follows no link,
 * because the owner may replace the name meanwhile.  Returns 0, or -1 with
 * errno: EEXIST when the name is taken.
 */
int folder_make(const char *path, mode_t mode, const struct folder_owner *);

#endif
