/* SPDX-License-Identifier: MIT */
/*
 * object: a shared object of our own, with a library that not every site needs:
 * beside this program (the build tree, a folder with all of it), else where it
 * was installed.  No path is searched, no variable of the environment is looked
 * at.
 * Source: dlopen(3).
 */
#ifndef CTIM_OBJECT_H
#define CTIM_OBJECT_H

#include <limits.h>
#include <stddef.h>

/* Those that have libpq and hiredis; the one that has libcurl names network.h. */
#define OBJECT_PGSQL "ctim-relay-pgsql.so"
#define OBJECT_REDIS "ctim-relay-redis.so"

/* Writes the path of the object of this file name. */
void object_path(const char *file, char path[PATH_MAX]);

/* One that exports a table, whose first member is a const char *: the build that
 * it is of. */
struct object {
	const char *file, *symbol;
	const char *knows; /* what the library is for: "PostgreSQL" */
	const void *table; /* NULL: not open */
};

/*
 * Opens it, once for all threads; it is never closed.  Returns the table; or NULL
 * with the reason in why, for people, where it cannot be opened or is of another
 * build than this.
 */
const void *object_open(
    struct object *, const char *build, char *why, size_t size);

#endif
