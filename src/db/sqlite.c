/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "db/sqlite.h"

static pthread_once_t sqlite_configured = PTHREAD_ONCE_INIT;

static const char *const sqlite_common[SQL_OWN] = { [SQL_BEGIN] = "BEGIN",
	[SQL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
	[SQL_COMMIT] = "COMMIT",
	[SQL_ROLLBACK] = "ROLLBACK" };

/*
 * SQLite's open(2), for a database and for the files beside it: one that took
 * the place of a regular file may be a named pipe, at which open(2) would wait
 * as long as the process lives.  Directories are taken, because SQLite syncs
 * the one that it made a file in.  Returns -1 with errno.
 */
static int
sqlite_open_file(const char *path, int flags, int mode)
{
	int fd = open(path, flags | O_NONBLOCK | O_NOCTTY, (mode_t)mode);
	struct stat st;

	if (fd == -1 ||
	    (fstat(fd, &st) == 0 &&
		(S_ISREG(st.st_mode) || S_ISDIR(st.st_mode))))
		return fd;
	(void)close(fd);
	errno = EISDIR; /* SQLite tries no other flags then */
	return -1;
}

/* Turns off SQLite's count of the memory in use, which takes a lock for all
 * threads with every allocation and which nothing here reads; and gives SQLite
 * an open(2) that never waits. */
static void
sqlite_configure(void)
{
	sqlite3_vfs *vfs;

	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	if ((vfs = sqlite3_vfs_find(NULL)) != NULL && vfs->iVersion >= 3)
		(void)vfs->xSetSystemCall(
		    vfs, "open", (sqlite3_syscall_ptr)sqlite_open_file);
}

int
sqlite_open(struct sqlite *s, const char *path, bool write)
{
	int code;

	assert(s->handle == NULL);
	(void)pthread_once(&sqlite_configured, sqlite_configure);
	code = sqlite3_open_v2(path, &s->handle,
	    (write ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY) |
		SQLITE_OPEN_NOMUTEX,
	    NULL);
	if (code != SQLITE_OK)
		return code;
	sqlite3_extended_result_codes(s->handle, 1);
	sqlite3_db_config(s->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(s->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	/* Without the right to write, SQLite opens for reading alone. */
	return write && sqlite3_db_readonly(s->handle, "main") == 1 ?
	    SQLITE_READONLY :
	    SQLITE_OK;
}

/* Finalizes the statements from a number on. */
static void
sqlite_forget(struct sqlite *s, size_t from)
{
	for (; from < SQL_MOST; from++) {
		sqlite3_finalize(s->stmt[from]);
		s->stmt[from] = NULL;
	}
}

void
sqlite_use(struct sqlite *s, const char *const *text)
{
	sqlite_forget(s, SQL_OWN);
	s->text = text;
}

void
sqlite_close(struct sqlite *s)
{
	sqlite_forget(s, 0);
	sqlite3_close(s->handle);
	s->handle = NULL;
}

/*
 * SQLite compares its open file with the one that has the name which SQLite
 * found by following the links of path.  So it notices a file that was replaced
 * at any moment since; whether another path still leads to that name, stat(2)
 * tells.
 */
bool
sqlite_moved(const struct sqlite *s, const char *path)
{
	const char *found = sqlite3_db_filename(s->handle, "main");
	struct stat named, opened;
	int moved = 1;

	if (sqlite3_file_control(s->handle, "main", SQLITE_FCNTL_HAS_MOVED,
		&moved) != SQLITE_OK ||
	    moved != 0)
		return true;
	return strcmp(path, found) != 0 &&
	    (stat(path, &named) == -1 || stat(found, &opened) == -1 ||
		named.st_dev != opened.st_dev || named.st_ino != opened.st_ino);
}

sqlite3_stmt *
sqlite_statement(struct sqlite *s, size_t which, int *code)
{
	const char *text;

	assert(which < SQL_MOST);
	*code = SQLITE_OK;
	if (s->stmt[which] == NULL) {
		text = which < SQL_OWN ? sqlite_common[which] : s->text[which];
		*code = sqlite3_prepare_v3(s->handle, text, -1,
		    SQLITE_PREPARE_PERSISTENT, &s->stmt[which], NULL);
	} else {
		sqlite3_reset(s->stmt[which]);
		sqlite3_clear_bindings(s->stmt[which]);
	}
	return s->stmt[which];
}

int
sqlite_end(sqlite3_stmt *st, int code)
{
	sqlite3_reset(st);
	return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code;
}

int
sqlite_finish(sqlite3_stmt *st)
{
	return sqlite_end(st, sqlite3_step(st));
}

int
sqlite_run(struct sqlite *s, size_t which)
{
	int code;
	sqlite3_stmt *st = sqlite_statement(s, which, &code);

	return st == NULL ? code : sqlite_finish(st);
}

int
sqlite_exec(struct sqlite *s, const char *text)
{
	return sqlite3_exec(s->handle, text, NULL, NULL, NULL);
}

bool
sqlite_busy(const struct sqlite *s)
{
	return s->handle != NULL && !sqlite3_get_autocommit(s->handle);
}

void
sqlite_rollback(struct sqlite *s)
{
	if (sqlite_busy(s))
		(void)sqlite_run(s, SQL_ROLLBACK);
}

/* The integer that a PRAGMA or SELECT without arguments answers. */
static int
sqlite_number(struct sqlite *s, const char *text, int64_t *n)
{
	sqlite3_stmt *st;
	int code;

	code = sqlite3_prepare_v2(s->handle, text, -1, &st, NULL);
	if (code == SQLITE_OK && (code = sqlite3_step(st)) == SQLITE_ROW) {
		*n = sqlite3_column_int64(st, 0);
		code = SQLITE_OK;
	}
	sqlite3_finalize(st);
	return code == SQLITE_DONE ? SQLITE_CORRUPT : code;
}

int
sqlite_format(struct sqlite *s, struct sqlite_format *f)
{
	int code;

	*f = (struct sqlite_format){ 0 };
	code = sqlite_number(s, "PRAGMA application_id", &f->application);
	if (code == SQLITE_OK)
		code = sqlite_number(s, "PRAGMA user_version", &f->version);
	if (code == SQLITE_OK)
		code = sqlite_number(
		    s, "SELECT count(*) FROM sqlite_schema", &f->tables);
	return code;
}

int
sqlite_make(struct sqlite *s, const struct sqlite_format *f, const char *schema,
    int (*also)(struct sqlite *))
{
	struct sqlite_format now;
	char text[128];
	int code;

	if ((code = sqlite_run(s, SQL_BEGIN_WRITE)) == SQLITE_OK)
		code = sqlite_format(s, &now);
	if (code == SQLITE_OK && now.tables == 0) {
		(void)snprintf(text, sizeof(text),
		    "PRAGMA application_id = %lld;"
		    "PRAGMA user_version = %lld",
		    (long long)f->application, (long long)f->version);
		if ((code = sqlite_exec(s, schema)) == SQLITE_OK)
			code = sqlite_exec(s, text);
		if (code == SQLITE_OK && also != NULL)
			code = also(s);
	}
	return code == SQLITE_OK ? sqlite_run(s, SQL_COMMIT) : code;
}

int
sqlite_copy(struct sqlite *from, struct sqlite *to)
{
	sqlite3_backup *copy =
	    sqlite3_backup_init(to->handle, "main", from->handle, "main");
	int code;

	if (copy == NULL)
		return sqlite3_extended_errcode(to->handle);
	code = sqlite3_backup_step(copy, -1);
	if (code == SQLITE_DONE)
		return sqlite3_backup_finish(copy);
	(void)sqlite3_backup_finish(copy);
	return code;
}

int
sqlite_whole(struct sqlite *s)
{
	sqlite3_stmt *st;
	const char *said;
	int code;

	code = sqlite3_prepare_v2(
	    s->handle, "PRAGMA integrity_check(1)", -1, &st, NULL);
	if (code == SQLITE_OK && (code = sqlite3_step(st)) == SQLITE_ROW) {
		said = (const char *)sqlite3_column_text(st, 0);
		code = said != NULL && strcmp(said, "ok") == 0 ? SQLITE_OK :
								 SQLITE_CORRUPT;
	}
	sqlite3_finalize(st);
	return code == SQLITE_DONE ? SQLITE_CORRUPT : code;
}

int
sqlite_errno(const struct sqlite *s, int code)
{
	code &= 0xff;
	return s->handle != NULL &&
		(code == SQLITE_IOERR || code == SQLITE_CANTOPEN) ?
	    sqlite3_system_errno(s->handle) :
	    0;
}
