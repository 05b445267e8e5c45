/* SPDX-License-Identifier: MIT */
#include <sys/random.h>
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cache/cache_sqlite.h"
#include "db/dbfile.h"
#include "os/clock.h"

#define SCHEMA_VERSION 1
#define APPLICATION_ID 0x43544943 /* "CTIC"; PRAGMA application_id */
#define APPLICATION_AT 68         /* its place in the file's header */
#define NAP            2000       /* us between looks */
#define PATH_SHOWN     256        /* bytes of a path in a reason */

_Static_assert(SQL_STATEMENTS <= SQL_MOST, "room for them");
_Static_assert(CACHE_WHY == DB_ERROR_MAX, "both are one line for people");

static const struct sqlite_format cache_sqlite_open_format = {
	.application = APPLICATION_ID, .version = SCHEMA_VERSION
};

/* Values may be large: so the tables that have them are no WITHOUT ROWID ones
 * (https://www.sqlite.org/withoutrowid.html, section 4); id is the order in
 * which entries were written. */
static const char cache_sqlite_open_schema[] =
    "CREATE TABLE entry(id INTEGER PRIMARY KEY, name BLOB NOT NULL UNIQUE,"
    " expires INTEGER NOT NULL, value BLOB NOT NULL);"
    "CREATE INDEX entry_expires ON entry(expires);"
    "CREATE TABLE bucket(name BLOB NOT NULL PRIMARY KEY,"
    " expires INTEGER NOT NULL, back BLOB NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE meta(key BLOB NOT NULL);";

/*
 * For every connection: little memory, as there is one for each thread; no
 * waiting for the disk, as nothing is lost that could not be asked for again;
 * 240 MB for the main file and some for its -wal file.
 */
static const char settings[] = "PRAGMA journal_mode = WAL;"
			       "PRAGMA synchronous = OFF;"
			       "PRAGMA temp_store = MEMORY;"
			       "PRAGMA cache_size = -128;"
			       "PRAGMA wal_autocheckpoint = 256;"
			       "PRAGMA journal_size_limit = 8388608;"
			       "PRAGMA max_page_count = 61440";

enum cache_result
cache_sqlite_fail(
    const struct cache_file *f, struct cache_try *t, const char *why)
{
	snprintf(t->why, sizeof(t->why), "%.*s: %s", PATH_SHOWN, f->path, why);
	return CACHE_FAILED;
}

/* A short wait; false when the time is over. */
static bool
nap(int64_t until)
{
	if (clock_ms() >= until)
		return false;
	usleep(NAP);
	return true;
}

/* SQLite's busy handler: waits as long as the whole call may take. */
static int
cache_sqlite_open_busy(void *arg, int count)
{
	const struct cache_file *f = arg;

	(void)count;
	return nap(f->until);
}

/* Whether a code means that the file is not as it was written. */
static bool
is_damage(int code)
{
	code &= 0xff;
	/* SQLITE_ERROR: a table is not there, or not as it should be. */
	return code == SQLITE_CORRUPT || code == SQLITE_NOTADB ||
	    code == SQLITE_FORMAT || code == SQLITE_ERROR;
}

enum cache_result
cache_sqlite_result(struct cache_file *f, struct cache_try *t, int code)
{
	int plain = code & 0xff, os = sqlite_errno(&f->db, code);

	if (code == SQLITE_OK)
		return CACHE_DONE;
	snprintf(t->why, sizeof(t->why), "%.*s: %s%s%s%s", PATH_SHOWN, f->path,
	    is_damage(code) ? "damaged: " : "", sqlite3_errstr(code),
	    os == 0 ? "" : ": ", os == 0 ? "" : strerror(os));
	if (plain == SQLITE_BUSY || plain == SQLITE_LOCKED ||
	    plain == SQLITE_PROTOCOL)
		return CACHE_BUSY;
	if (is_damage(code))
		f->damaged = true;
	return CACHE_FAILED;
}

/* The random key, made once for the life of a file. */
static int
cache_sqlite_open_make_key(struct sqlite *db)
{
	unsigned char key[CACHE_KEY];
	sqlite3_stmt *st;
	int code;

	if (getrandom(key, sizeof(key), 0) != (ssize_t)sizeof(key))
		return SQLITE_IOERR;
	code = sqlite3_prepare_v2(
	    db->handle, "INSERT INTO meta VALUES(?1)", -1, &st, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_bind_blob(
		    st, 1, key, sizeof(key), SQLITE_TRANSIENT);
	if (code == SQLITE_OK && (code = sqlite3_step(st)) == SQLITE_DONE)
		code = SQLITE_OK;
	sqlite3_finalize(st);
	explicit_bzero(key, sizeof(key));
	return code;
}

static int
read_key(struct cache_file *f, unsigned char key[CACHE_KEY])
{
	sqlite3_stmt *st;
	int code;

	code = sqlite3_prepare_v2(
	    f->db.handle, "SELECT key FROM meta", -1, &st, NULL);
	if (code == SQLITE_OK && (code = sqlite3_step(st)) == SQLITE_ROW) {
		code = sqlite3_column_type(st, 0) == SQLITE_BLOB &&
			sqlite3_column_bytes(st, 0) == CACHE_KEY ?
		    SQLITE_OK :
		    SQLITE_CORRUPT;
		if (code == SQLITE_OK)
			memcpy(key, sqlite3_column_blob(st, 0), CACHE_KEY);
	} else if (code == SQLITE_DONE) {
		code = SQLITE_CORRUPT;
	}
	sqlite3_finalize(st);
	return code;
}

/* Whether the header marks the file as a cache.  Reads it through SQLite's own
 * descriptor: closing one of ours would release the locks of all threads'
 * connections. */
static bool
is_ours(struct cache_file *f)
{
	static const unsigned char id[] = { APPLICATION_ID >> 24,
		APPLICATION_ID >> 16 & 0xff, APPLICATION_ID >> 8 & 0xff,
		APPLICATION_ID & 0xff };
	unsigned char head[APPLICATION_AT + sizeof(id)];
	sqlite3_file *file = NULL;

	return sqlite3_file_control(f->db.handle, "main",
		   SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK &&
	    file != NULL && file->pMethods != NULL &&
	    file->pMethods->xRead(file, head, sizeof(head), 0) == SQLITE_OK &&
	    memcmp(head, "SQLite format 3", 16) == 0 &&
	    memcmp(head + APPLICATION_AT, id, sizeof(id)) == 0;
}

/* Checks program and version of the file.  CACHE_NOTHING: it is empty. */
static enum cache_result
whose(struct cache_file *f, struct cache_try *t)
{
	struct sqlite_format found;
	int code = sqlite_format(&f->db, &found);

	if (code != SQLITE_OK)
		return cache_sqlite_result(f, t, code);
	if (found.application == 0 && found.tables == 0)
		return CACHE_NOTHING;
	if (found.application != APPLICATION_ID)
		return cache_sqlite_fail(f, t,
		    "this is the database of "
		    "another program; name another file in [cache] url");
	if (found.version > SCHEMA_VERSION)
		return cache_sqlite_fail(f, t,
		    "made by a newer ctim-relay; "
		    "use that one, or remove the file");
	return found.version == SCHEMA_VERSION ?
	    CACHE_DONE :
	    cache_sqlite_result(f, t, SQLITE_FORMAT);
}

/* Opens an existing file.  Nothing is written before it is known to be a cache
 * and, as root, not a file that another user's link led to. */
static enum cache_result
cache_sqlite_open_open_file(struct cache_file *f, struct cache_try *t)
{
	const char *name;
	int code;

	code = sqlite_open(&f->db, f->path, !t->look);
	if (f->db.handle == NULL)
		return cache_sqlite_fail(f, t, "memory ran out");
	if (code != SQLITE_OK)
		return cache_sqlite_result(f, t, code);
	name = sqlite3_db_filename(f->db.handle, "main");
	if (dbfile_opened(f->path, name, t->why) == -1)
		return CACHE_FAILED;
	sqlite3_busy_handler(f->db.handle, cache_sqlite_open_busy, f);
	sqlite3_db_config(f->db.handle, SQLITE_DBCONFIG_LOOKASIDE, NULL, 0, 0);
	return CACHE_DONE;
}

/*
 * Makes the settings of the connection and reads the key.  The -wal and -shm
 * files stay when the connection ends: their names may be another cache's by
 * then, and a CGI process should end, not tidy up.
 */
static enum cache_result
cache_sqlite_open_set_up(
    struct cache_file *f, struct cache_try *t, unsigned char key[CACHE_KEY])
{
	int keep = 1, code = SQLITE_OK;

	sqlite3_db_config(
	    f->db.handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	if (!t->look &&
	    (code = sqlite3_file_control(f->db.handle, "main",
		 SQLITE_FCNTL_PERSIST_WAL, &keep)) == SQLITE_OK)
		code = sqlite_exec(&f->db, settings);
	if (code == SQLITE_OK)
		code = read_key(f, key);
	return cache_sqlite_result(f, t, code);
}

/* Opens an existing file, and makes its tables when it is empty. */
static enum cache_result
try_open(
    struct cache_file *f, struct cache_try *t, unsigned char key[CACHE_KEY])
{
	enum cache_result r;

	if ((r = cache_sqlite_open_open_file(f, t)) != CACHE_DONE)
		return r;
	if ((r = whose(f, t)) == CACHE_NOTHING) {
		if (t->look)
			return r;
		/* Before the file is in WAL mode: then its header tells at
		 * once whose it is. */
		r = cache_sqlite_result(f, t,
		    sqlite_make(&f->db, &cache_sqlite_open_format,
			cache_sqlite_open_schema, cache_sqlite_open_make_key));
	}
	if (r == CACHE_DONE)
		r = cache_sqlite_open_set_up(f, t, key);
	if (f->damaged)
		cache_sqlite_fail(f, t,
		    is_ours(f) ?
			"damaged, or of an old "
			"version; it is made anew when it is next used" :
			"this is no cache; remove it, or name another file in "
			"[cache] url");
	return r;
}

static enum cache_result
open_once(
    struct cache_file *f, struct cache_try *t, unsigned char key[CACHE_KEY])
{
	enum cache_result r = CACHE_DONE;
	struct stat st;
	int lock = -1;

	if (dbfile_check(f->path, t->why) == -1)
		return CACHE_FAILED;
	if (stat(f->path, &st) == -1 || st.st_size == 0)
		r = t->look ? cache_sqlite_could(f, t) :
			      cache_sqlite_make(f, t, &lock);
	if (r == CACHE_DONE)
		r = try_open(f, t, key);
	if (lock != -1)
		close(lock);
	return r;
}

/* Closes the file; returns true when it was damaged and another may take its
 * place. */
static bool
put_away(struct cache_file *f)
{
	bool gone = false;

	/* While the file is open, so that no other is taken for it. */
	if (f->db.handle != NULL && f->damaged && is_ours(f))
		gone = cache_sqlite_discard(f);
	f->damaged = false;
	sqlite_close(&f->db);
	return gone;
}

enum cache_result
cache_sqlite_open(void *arg, struct cache_try *t, unsigned char key[CACHE_KEY])
{
	struct cache_file *f = arg;
	enum cache_result r;
	bool again, replaced = false;

	f->until = t->until;
	do {
		if ((r = open_once(f, t, key)) == CACHE_DONE)
			return r;
		if (t->look)
			f->damaged = false;
		again = put_away(f) && !replaced;
		replaced = replaced || again;
	} while ((again || r == CACHE_BUSY) && nap(t->until));
	return r;
}

void
cache_sqlite_close(void *arg)
{
	(void)put_away(arg);
}
