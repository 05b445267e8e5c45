/* SPDX-License-Identifier: MIT */
/*
 * binary: the files that this program was loaded from, and whether other ones are
 * in their places now.
 *
 * The program is known by the path under which it was started, links and all: an
 * upgrade puts another file there, or leads a link elsewhere, and /proc/self/exe
 * goes on to name what was replaced.
 * Source: getauxval(3), AT_EXECFN; dl_iterate_phdr(3).
 */
#ifndef CTIM_BINARY_H
#define CTIM_BINARY_H

#include <sys/types.h>

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct binary_file {
	char *path;
	dev_t dev;
	ino_t ino;
	off_t size;
	struct timespec changed; /* its content, as stat(2) says */
};

struct binary {
	char path[PATH_MAX]; /* absolute; "": not known */
	char **argv;         /* as it was started with */
	struct binary_file *file;
	size_t n;
};

/* Finds the path; before the process changes its folder.  argv is kept. */
void binary_find(struct binary *, char **argv);
/* Remembers the program and all libraries that are mapped now, unless it knows
 * them.  What cannot be remembered, for want of memory, counts as unchanged. */
void binary_look(struct binary *);
/* What is at a path now, without the path; all 0: nothing.  And whether that is
 * another one by now. */
struct binary_file binary_seen(const char *path);
bool binary_is_other(const struct binary_file *, const char *path);
/* The path of a file that is another one than was mapped, or gone; NULL: none
 * is.  Good until the next binary_look(). */
const char *binary_changed(const struct binary *);
void binary_free(struct binary *);

#endif
