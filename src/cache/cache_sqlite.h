/* SPDX-License-Identifier: MIT */
/*
 * cache_sqlite: the file of a cache: opened, made, and made again when it is
 * damaged.  Only cache_sqlite*.c include it.
 *
 * Source: https://www.sqlite.org/wal.html, rescode.html, howtocorrupt.html
 * (unlinking a database that is in use; close(2) and POSIX locks).
 */
#ifndef CTIM_CACHE_SQLITE_H
#define CTIM_CACHE_SQLITE_H

#include "cache/cache_backend.h"
#include "db/sqlite.h"

enum cache_sql {
	SQL_GET = SQL_OWN,
	SQL_PUT,
	SQL_EXPIRED,
	SQL_OLDEST,
	SQL_FREE,
	SQL_BUCKET,
	SQL_BUCKET_PUT,
	SQL_BUCKET_EXPIRED,
	SQL_STATEMENTS
};

struct cache_file {
	const struct conf *conf;
	const char *path; /* in its cache_url; absolute */
	struct sqlite db;
	int64_t until; /* of the call under way */
	/* An error showed that the file is not as we wrote it, or it is of an
	 * old version: it is removed when it is closed. */
	bool damaged;
};

/* Parts of the backend (cache_backend.h); the file is a struct cache_file. */
enum cache_result cache_sqlite_open(
    void *, struct cache_try *, unsigned char key[CACHE_KEY]);
void cache_sqlite_close(void *);
/* Translates an SQLite result, with the reason in t. */
enum cache_result cache_sqlite_result(
    struct cache_file *, struct cache_try *, int code);
/* Puts the path and a reason into t.  Always returns CACHE_FAILED. */
enum cache_result cache_sqlite_fail(
    const struct cache_file *, struct cache_try *, const char *why);

/*
 * cache_sqlite_file.c: the file by its name.  A process that makes or removes a
 * cache holds a lock on its directory.
 */
/* Makes the file and its directory as far as they are missing.  *fd has the
 * lock, which the caller closes; -1 when there is none. */
enum cache_result cache_sqlite_make(
    const struct cache_file *, struct cache_try *, int *fd);
/* Whether cache_sqlite_make() would work: CACHE_NOTHING, or CACHE_FAILED. */
enum cache_result cache_sqlite_could(
    const struct cache_file *, struct cache_try *);
/* Removes the open file, unless another has its name by now.  Returns whether a
 * new file may take the name. */
bool cache_sqlite_discard(const struct cache_file *);

#endif
