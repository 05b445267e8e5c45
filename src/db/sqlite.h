/* SPDX-License-Identifier: MIT */
/*
 * sqlite: a connection to an SQLite file and its prepared statements, for the
 * store and for the cache.
 *
 * A connection belongs to one thread at a time.  Functions that return a code
 * return an SQLite result; SQLITE_OK when all went well.
 * Source: https://www.sqlite.org/c3ref/config.html, open.html, prepare.html.
 */
#ifndef CTIM_SQLITE_H
#define CTIM_SQLITE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SQL_MOST 64 /* statements of a connection */

/* The statements that every connection has; then the owner's. */
enum { SQL_BEGIN, SQL_BEGIN_WRITE, SQL_COMMIT, SQL_ROLLBACK, SQL_OWN };

struct sqlite {
	sqlite3 *handle; /* NULL: not open */
	/* The owner's statements, by number from SQL_OWN on. */
	const char *const *text;
	sqlite3_stmt *stmt[SQL_MOST];
};

/*
 * Opens the file at path, to read or also to write it, with the protections
 * against hostile files; text is set already, and outlives the connection.
 * SQLITE_READONLY when this user may not write it.  Also after an error it is
 * to be closed.
 */
int sqlite_open(struct sqlite *, const char *path, bool write);
/* Closes statements and connection; rolls an open transaction back. */
void sqlite_close(struct sqlite *);
/*
 * Whether path no longer leads to the file that was opened by it: it was
 * removed, another took its place, or a link of that name leads elsewhere.
 * Nobody else reads or writes such a file; the connection is to be closed.
 */
bool sqlite_moved(const struct sqlite *, const char *path);

/* A statement, prepared when it is first needed, without bound values; NULL
 * with the result in *code. */
sqlite3_stmt *sqlite_statement(struct sqlite *, size_t which, int *code);
/* Takes other texts for the owner's statements; none of these may be running. */
void sqlite_use(struct sqlite *, const char *const *text);
/* Resets a statement after the step that gave code: SQLITE_OK for a row and for
 * the end of the rows. */
int sqlite_end(sqlite3_stmt *, int code);
/* Steps a statement that was just bound, once, and resets it. */
int sqlite_finish(sqlite3_stmt *);
/* The same for a statement that has nothing to bind. */
int sqlite_run(struct sqlite *, size_t which);
/* Runs statements that are needed once. */
int sqlite_exec(struct sqlite *, const char *text);
/* Whether a transaction is open; rolls it back, if one is. */
bool sqlite_busy(const struct sqlite *);
void sqlite_rollback(struct sqlite *);

/* What tells one program's files, and their versions, from others. */
struct sqlite_format {
	int64_t application; /* PRAGMA application_id */
	int64_t version;     /* PRAGMA user_version */
	int64_t tables;      /* how many; all 0: the file is empty */
};
int sqlite_format(struct sqlite *, struct sqlite_format *);
/*
 * Makes the tables of schema, marked with application and version, in a file
 * that has none: then also (NULL: nothing) is called, within the transaction.
 * Another process may be doing the same, so this looks again under the lock.
 * After an error the transaction is still open.
 */
int sqlite_make(struct sqlite *, const struct sqlite_format *,
    const char *schema, int (*also)(struct sqlite *));
/* Copies all of a database, as it is at one moment, over another, in one
 * transaction; both may be read, and the first one written, by others
 * meanwhile. */
int sqlite_copy(struct sqlite *from, struct sqlite *to);
/* Whether the database is whole (PRAGMA integrity_check): SQLITE_OK, or
 * SQLITE_CORRUPT. */
int sqlite_whole(struct sqlite *);
/* errno of the call of the operating system that failed with code, 0: none. */
int sqlite_errno(const struct sqlite *, int code);

#endif
