/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "db/dbfile.h"
#include "os/regular.h"
#include "store/store_db.h"
#include "store/store_rows.h"

#define STORE_BACKUP_DUMP \
	"%.192s: is a database in PostgreSQL; pg_dump and pg_restore keep it"

/* Writes what failed at a path, with errno. */
static int
store_backup_fail(
    char error[STORE_ERROR_MAX], const char *path, const char *what)
{
	snprintf(error, STORE_ERROR_MAX, "%.300s: %s: %s", path, what,
	    strerror(errno));
	return -1;
}

int
store_backup(struct store *s, const char *path, char error[STORE_ERROR_MAX])
{
	struct sqlite to = { .text = s->db.text };
	int code;

	if (s->pg != NULL) {
		snprintf(error, STORE_ERROR_MAX, STORE_BACKUP_DUMP, s->path);
		return -1;
	}
	/* A file in WAL mode cannot be read where nothing can be made beside
	 * it. */
	if ((code = sqlite_open(&to, path, true)) == SQLITE_OK &&
	    (code = sqlite_copy(&s->db, &to)) == SQLITE_OK)
		code = sqlite_exec(&to, "PRAGMA journal_mode = DELETE");
	sqlite_close(&to);
	if (code == SQLITE_OK)
		return 0;
	if ((code & 0xff) != SQLITE_FULL)
		return db_error(s, code, error);
	snprintf(error, STORE_ERROR_MAX,
	    "%s: no space is left on its disk; make room, or name a file on "
	    "another disk",
	    path);
	return -1;
}

static int
store_backup_no_more(void *arg, const struct record *r)
{
	(void)arg;
	(void)r;
	return 0;
}

/* Opens the store to restore from, and looks at all that is in it. */
static struct store *
store_backup_open(const char *from, char error[STORE_ERROR_MAX])
{
	const struct store_filter all = { NULL, OBSERVABLE_UNKNOWN, -1 };
	struct store *s = store_open(from, STORE_READ, error);
	int code;

	if (s == NULL)
		return NULL;
	if ((code = sqlite_whole(&s->db)) == SQLITE_OK &&
	    store_each(s, &all, store_backup_no_more, NULL, error) == 0)
		return s;
	if (code != SQLITE_OK)
		(void)db_error(s, code, error);
	store_close(s);
	return NULL;
}

/* Puts all of from over all of to, which is open to write. */
static int
store_backup_put(
    struct store *from, struct store *to, char error[STORE_ERROR_MAX])
{
	struct sqlite_format f;
	int code = sqlite_copy(&from->db, &to->db);

	to->facts.known = false;
	/* Between the two those who read find the older format. */
	if (code == SQLITE_OK &&
	    (code = sqlite_format(&to->db, &f)) == SQLITE_OK &&
	    f.version < STORE_FORMAT) {
		code = db_upgrade(to);
	}
	if (code == SQLITE_OK)
		sqlite3_wal_checkpoint_v2(to->db.handle, NULL,
		    SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	return code == SQLITE_OK ? 0 : db_error(to, code, error);
}

/* Moves a store, and what is beside it, aside; a name that is taken is written
 * over.  Returns 0, or -1 with errno. */
static int
store_backup_aside(const char *path)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char name[PATH_MAX], aside[PATH_MAX];
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		if ((size_t)snprintf(name, sizeof(name), "%s%s", path,
			ends[i]) >= sizeof(name) ||
		    (size_t)snprintf(aside, sizeof(aside), "%s.damaged%s", path,
			ends[i]) >= sizeof(aside)) {
			errno = ENAMETOOLONG;
			return -1;
		}
		if (rename(name, aside) == -1 && errno != ENOENT)
			return -1;
	}
	return 0;
}

/* Makes a store at name with all of from, in one file: what took the file's new
 * name would be taken for the -wal file of that. */
static int
store_backup_make(
    const char *name, struct store *from, char error[STORE_ERROR_MAX])
{
	static const char *const ends[] = { "-wal", "-shm" };
	char beside[PATH_MAX + 8];
	struct store *to = store_open(name, STORE_WRITE, error);
	size_t i;
	int r;

	if (to == NULL)
		return -1;
	r = store_backup_put(from, to, error);
	store_close(to);
	for (i = 0; i < 2; i++) {
		snprintf(beside, sizeof(beside), "%s%s", name, ends[i]);
		(void)unlink(beside);
	}
	if (r == -1)
		(void)unlink(name);
	return r;
}

/*
 * Makes the store as a file beside path, and moves that there when it is whole:
 * nobody opens a half one.  The store that is there, if any, is damaged.
 */
static int
store_backup_anew(const char *path, struct store *from, bool damaged,
    char note[STORE_ERROR_MAX], char error[STORE_ERROR_MAX])
{
	char name[PATH_MAX];
	struct store *to;

	if ((size_t)snprintf(name, sizeof(name), "%s.restore-%ld", path,
		(long)getpid()) >= sizeof(name)) {
		errno = ENAMETOOLONG;
		return store_backup_fail(error, path, "cannot be made");
	}
	if (store_backup_make(name, from, error) == -1)
		return -1;
	/* Also of one that is gone: its -wal file would be taken for that of the
	 * new one. */
	if (store_backup_aside(path) == -1 || rename(name, path) == -1) {
		store_backup_fail(error, path, "cannot be put there");
		(void)unlink(name);
		return -1;
	}
	if (damaged)
		snprintf(note, STORE_ERROR_MAX,
		    "%.200s: the store was damaged; it is kept as "
		    "%.200s.damaged",
		    path, path);
	/* Makes the files beside it, for those who may not. */
	if ((to = store_open(path, STORE_WRITE, error)) == NULL)
		return -1;
	store_close(to);
	return 0;
}

/* Whether what is at path is damaged, or no store at all: to read it fails in
 * such a way. */
static bool
store_backup_damaged(const char *path)
{
	struct sqlite db = { 0 };
	struct sqlite_format f;
	int code = sqlite_open(&db, path, false);

	if (code == SQLITE_OK)
		code = sqlite_format(&db, &f);
	sqlite_close(&db);
	return (code & 0xff) == SQLITE_CORRUPT ||
	    (code & 0xff) == SQLITE_NOTADB;
}

int
store_restore(const char *path, const char *from, char note[STORE_ERROR_MAX],
    char error[STORE_ERROR_MAX])
{
	struct store *in, *to = NULL;
	bool missing = access(path, F_OK) == -1 && errno == ENOENT;
	bool damaged;
	int r;

	note[0] = '\0';
	if (store_is_url(path)) {
		char shown[STORE_SHOWN];

		snprintf(error, STORE_ERROR_MAX, STORE_BACKUP_DUMP,
		    store_shown(path, shown));
		return -1;
	}
	if (regular_same(path, from)) {
		snprintf(error, STORE_ERROR_MAX,
		    "%.300s: is the store itself; name a backup of it", from);
		return -1;
	}
	if ((in = store_backup_open(from, error)) == NULL)
		return -1;
	damaged = !missing && dbfile_check(path, error) == 0 &&
	    store_backup_damaged(path);
	if (missing || damaged) {
		r = store_backup_anew(path, in, damaged, note, error);
	} else if ((to = store_open(path, STORE_WRITE, error)) == NULL) {
		r = -1;
	} else {
		r = store_backup_put(in, to, error);
		if (r == 0 && store_note(to) != NULL)
			snprintf(note, STORE_ERROR_MAX, "%s", store_note(to));
	}
	store_close(to);
	store_close(in);
	return r;
}
