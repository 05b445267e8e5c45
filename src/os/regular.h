/* SPDX-License-Identifier: MIT */
/*
 * regular: regular files, opened without a wait.
 *
 * A path of the configuration or of the command line may lead to anything.
 * open(2) waits at a named pipe for somebody at its other end, and the open of
 * a device may do something: so neither is opened.
 * Source: open(2), stat(2), inode(7).
 */
#ifndef CTIM_REGULAR_H
#define CTIM_REGULAR_H

#include <stdbool.h>

struct stat;

/* Says what else than a regular file a path leads to, for people: "it is a named
 * pipe, not a file".  Returns NULL for a regular file, and where nothing is
 * there or may be looked at. */
const char *regular_other(const char *path);
/* Whether both paths lead to one file that is there. */
bool regular_same(const char *path, const char *other);
/*
 * Opens a regular file with the flags of open(2), to which O_CLOEXEC and
 * O_NOCTTY are added, and fills in st; the caller closes the descriptor.
 * Returns -1 with errno and the reason in *what, which may be strerror(3)'s.
 * The path may lead elsewhere a moment later: so what was opened decides.
 */
int regular_open(
    const char *path, int flags, struct stat *st, const char **what);
/* The same of a name in an open folder.  With O_NOFOLLOW a symbolic link is none
 * (EINVAL, as all that is no regular file). */
int regular_open_in(int folder, const char *name, int flags, struct stat *st,
    const char **what);

#endif
