/*
 * sqlite: what every SQLite connection of this program begins with.
 * Source: https://www.sqlite.org/c3ref/config.html, open.html.
 */
#ifndef CTIM_SQLITE_H
#define CTIM_SQLITE_H

#include <sqlite3.h>

/*
 * sqlite3_open_v2() of a connection that one thread uses at a time.  *db must
 * be closed with sqlite3_close(), also after an error.  An SQLite result.
 */
int	sqlite_open(const char *path, int flags, sqlite3 **db);

#endif
