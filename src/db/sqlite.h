/*
 * sqlite: what every SQLite connection of this program begins with.
 * Source: https://www.sqlite.org/c3ref/config.html, open.html.
 */
#ifndef CTIM_SQLITE_H
#define CTIM_SQLITE_H

#include <sqlite3.h>
#include <stdbool.h>

/*
 * sqlite3_open_v2() of a connection that one thread uses at a time.  *db must
 * be closed with sqlite3_close(), also after an error.  An SQLite result.
 */
int sqlite_open(const char *path, int flags, sqlite3 **db);
/*
 * Whether path no longer leads to the file that db, opened by it, has open: it
 * was removed, another took its place, or a link of that name leads elsewhere.
 * Nobody else reads or writes such a file; db is to be closed.
 */
bool sqlite_moved(sqlite3 *db, const char *path);

#endif
