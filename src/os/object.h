/* SPDX-License-Identifier: MIT */
/*
 * object: where a shared object of our own is: beside this program (the build
 * tree, a folder with all of it), else where it was installed.  No path is
 * searched, no variable of the environment is looked at.
 */
#ifndef CTIM_OBJECT_H
#define CTIM_OBJECT_H

#include <limits.h>

/* The one that has libpq; the one that has libcurl names network.h. */
#define OBJECT_PGSQL "ctim-relay-pgsql.so"

/* Writes the path of the object of this file name. */
void object_path(const char *file, char path[PATH_MAX]);

#endif
