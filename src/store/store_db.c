/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/dbfile.h"
#include "store/store_db.h"
#include "store/store_write.h"

#define BUSY_MS    5000 /* how long to wait for another writer */
#define JOURNAL_MS 100  /* and for readers, to change the journal's mode */
#define WAL_KEEP   (64L << 20) /* bytes of -wal kept between imports */
#define TEXT_MAX \
	(16U << 20) /* bytes of one answer's, or of all the
					 * sources', text */

static const struct sqlite_format store_db_format = {
	.application = 0x4354494d, /* "CTIM" */
	.version = STORE_FORMAT
};

#define STORE_DB_CACHE "PRAGMA cache_size = -65536" /* KiB, while writing */

static const char store_db_wal[] = "PRAGMA journal_mode = WAL";

/* The version of a program, and what is in one. */
#define STORE_WRITER    64
#define STORE_WRITER_OF "0123456789.-+~abcdefghijklmnopqrstuvwxyz"

static const char store_db_again[] =
    "nothing was changed; repeat when that has ended";

static const struct {
	int code; /* primary result code */
	const char *what, *mend;
} errors[] = { { SQLITE_CORRUPT, "the store is damaged",
		   "restore a copy of it, or "
		   "remove it with its -wal and -shm files and import again" },
	{ SQLITE_NOTADB, "this is no store, or a damaged one",
	    "name another file, or remove it and import again" },
	{ SQLITE_FULL, "no space is left on its disk",
	    "nothing was changed; make room and repeat" },
	{ SQLITE_BUSY, "another process is writing to the store",
	    store_db_again },
	{ SQLITE_LOCKED, "another process is writing to the store",
	    store_db_again },
	{ SQLITE_READONLY, "the store may not be written by this user",
	    "run as its owner or as a member of its group" },
	{ SQLITE_PERM, "the store may not be used by this user",
	    "run as its owner or as a member of its group" },
	{ SQLITE_CANTOPEN, "the store cannot be opened",
	    "look at the modes of the file and of its directory" },
	{ SQLITE_IOERR, "the store could not be read or written",
	    "look at the disk and at the system's log" },
	{ SQLITE_TOOBIG,
	    "the store is of an older version, and too large to be brought to "
	    "this one's format meanwhile",
	    "any `ctim-relay intel` command that changes it does that" },
	{ SQLITE_NOMEM, "memory ran out", "give it more, or import less" },
	{ SQLITE_SCHEMA, "a newer ctim-relay brought the store to its format",
	    "restart the service with that one" },
	{ SQLITE_ERROR, "the store has not the tables it should have",
	    "restore a copy of it, or remove it and import again" } };

int
db_error(struct store *s, int code, char error[STORE_ERROR_MAX])
{
	s->backend->explain(s, code, error);
	sql_rollback(&s->sql);
	s->act = false;
	return -1;
}

static void
store_db_explain(struct store *s, int code, char error[STORE_ERROR_MAX])
{
	const char *what = sqlite3_errstr(code), *mend = NULL;
	size_t i;
	int os = sqlite_errno(&s->db, code);

	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].code == (code & 0xff)) {
			what = errors[i].what;
			mend = errors[i].mend;
		}
	snprintf(error, STORE_ERROR_MAX, "%s: %s%s%s%s%s", s->path, what,
	    os == 0 ? "" : ": ", os == 0 ? "" : strerror(os),
	    mend == NULL ? "" : "; ", mend == NULL ? "" : mend);
}

int
db_no_source(struct store *s, const char *name, char error[STORE_ERROR_MAX])
{
	sql_rollback(&s->sql);
	s->act = false;
	snprintf(error, STORE_ERROR_MAX,
	    "%s: there is no source \"%s\"; "
	    "`ctim-relay intel sources` lists them",
	    s->path, name);
	return -1;
}

/* An error before the store was ever used: often the file system's. */
static int
open_error(struct store *s, int code, char error[STORE_ERROR_MAX])
{
	static const int refused[] = { SQLITE_CANTOPEN, SQLITE_READONLY,
		SQLITE_PERM, SQLITE_AUTH };
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if ((code & 0xff) == refused[i] &&
		    dbfile_explain(s->path, s->mode != STORE_READ, error))
			return -1;
	return db_error(s, code, error);
}

/* Says that a newer program made the store; which one, if the store tells. */
static int
store_db_newer(struct store *s, int64_t format, char error[STORE_ERROR_MAX])
{
	char writer[STORE_WRITER] = "a newer ctim-relay";
	sqlite3_stmt *st;
	const char *text;

	if (sqlite3_prepare_v2(s->db.handle, store_sql_writer, -1, &st, NULL) ==
		SQLITE_OK &&
	    sqlite3_step(st) == SQLITE_ROW &&
	    (text = (const char *)sqlite3_column_text(st, 0)) != NULL &&
	    text[strspn(text, STORE_WRITER_OF)] == '\0')
		snprintf(writer, sizeof(writer), "ctim-relay %.32s", text);
	sqlite3_finalize(st);
	snprintf(error, STORE_ERROR_MAX,
	    "%s: made by %s (format %lld; this is " CTIM_VERSION
	    ", which reads %d); use that one",
	    s->path, writer, (long long)format, STORE_FORMAT);
	return -1;
}

/* Says what a file is that is no store. */
static int
store_db_other(struct store *s, bool empty, char error[STORE_ERROR_MAX])
{
	snprintf(error, STORE_ERROR_MAX,
	    empty ? "%s: the store is empty; `ctim-relay intel import` fills "
		    "it" :
		    "%s: this is the database of another program; name another "
		    "file",
	    s->path);
	return -1;
}

/* How long to wait for others, in ms. */
static int
store_db_busy(const struct store *s)
{
	return s->mode == STORE_SERVE ? STORE_SOON : BUSY_MS;
}

/* A backup that was copied into the place of the store by hand is not in WAL
 * mode, in which readers and a writer do not wait for each other.  Where others
 * use it just now, the next one who writes tries again. */
static void
store_db_journal(struct store *s)
{
	sqlite3_busy_timeout(s->db.handle, JOURNAL_MS);
	(void)sqlite_exec(&s->db, store_db_wal);
	sqlite3_busy_timeout(s->db.handle, store_db_busy(s));
}

/* Whether a store is made where there is none, and brought to this format. */
static bool
store_db_makes(enum store_mode mode)
{
	return mode == STORE_WRITE || mode == STORE_SERVE;
}

/* Brings a store of an older format to the present one, where there is time. */
static int
store_db_older(struct store *s)
{
	struct stat st;

	return s->mode == STORE_SERVE && stat(s->path, &st) == 0 &&
		st.st_size > STORE_SMALL ?
	    SQLITE_TOOBIG :
	    db_upgrade(s);
}

/* Makes the tables in an empty file, or brings those of an older format to the
 * present one, if this is to write. */
static int
store_db_prepare(struct store *s, struct sqlite_format *f)
{
	int code;

	if ((code = sqlite_format(&s->db, f)) != SQLITE_OK ||
	    !store_db_makes(s->mode))
		return code;
	if (f->application == 0 && f->tables == 0) {
		code = sqlite_exec(&s->db, store_db_wal);
		if (code == SQLITE_OK)
			code = sqlite_make(
			    &s->db, &store_db_format, store_sql_schema, NULL);
	} else if (f->application == store_db_format.application &&
	    store_sql(f->version) != NULL) {
		store_db_journal(s);
		if (f->version < STORE_FORMAT)
			code = store_db_older(s);
	}
	return code == SQLITE_OK ? sqlite_format(&s->db, f) : code;
}

/* Whether the file is a store that this version reads. */
static int
check_schema(struct store *s, char error[STORE_ERROR_MAX])
{
	struct sqlite_format f;
	int code = store_db_prepare(s, &f);

	if (code != SQLITE_OK)
		return open_error(s, code, error);
	if (f.application != store_db_format.application)
		return store_db_other(s, f.tables == 0, error);
	if (f.version > STORE_FORMAT)
		return store_db_newer(s, f.version, error);
	if ((code = db_use(s, f.version)) != SQLITE_OK)
		return db_error(s, SQLITE_ERROR, error);
	return 0;
}

/*
 * What every connection has.  Reading is without memory-mapped I/O: a store
 * that is cut short while it is mapped would end the process with SIGBUS.
 * The -wal and -shm files stay when a writer closes, because a user who may
 * read, but not make files in the directory, needs them.
 */
static int
store_db_set_up(struct store *s)
{
	int keep = 1, code;

	sqlite3_busy_timeout(s->db.handle, store_db_busy(s));
	if (s->mode == STORE_READ) {
		sqlite3_db_config(
		    s->db.handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
		return sqlite_exec(&s->db, "PRAGMA cache_size = -2048");
	}
	code = sqlite_exec(&s->db,
	    "PRAGMA synchronous = FULL;"
	    "PRAGMA temp_store = MEMORY");
	if (code == SQLITE_OK)
		code = sqlite3_file_control(
		    s->db.handle, "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
	return code;
}

/* --- what SQLite does in a way of its own -------------------------------- */

static void
store_db_close(struct store *s)
{
	sqlite_close(&s->db);
}

static void
store_db_rest(struct store *s)
{
	(void)sqlite3_db_release_memory(s->db.handle);
}

static bool
store_db_moved(const struct store *s)
{
	return sqlite_moved(&s->db, s->path);
}

/* Another program may have brought the store to a newer format, while it was
 * open here, which these statements know or do not. */
static int
store_db_format_now(struct store *s)
{
	struct sqlite_format f;
	int code = sqlite_format(&s->db, &f);

	return code == SQLITE_OK ? db_use(s, f.version) : code;
}

static void
store_db_patience(struct store *s, int wait)
{
	sqlite3_busy_timeout(s->db.handle, wait);
}

static int
store_db_begin(struct store *s, bool all)
{
	int code = sqlite_exec(
	    &s->db, all ? STORE_DB_CACHE : "PRAGMA synchronous = NORMAL");

	return code == SQLITE_OK ? sqlite_run(&s->db, SQL_BEGIN_WRITE) : code;
}

static int
store_db_commit(struct store *s)
{
	return sqlite_run(&s->db, SQL_COMMIT);
}

static void
store_db_tidy(struct store *s)
{
	sqlite3_wal_checkpoint_v2(
	    s->db.handle, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
}

static int64_t
store_db_until(const struct store *s)
{
	(void)s;
	return 0;
}

static const struct store_backend store_db_sqlite = { .until = store_db_until,
	.close = store_db_close,
	.rest = store_db_rest,
	.moved = store_db_moved,
	.format = store_db_format_now,
	.patience = store_db_patience,
	.begin = store_db_begin,
	.commit = store_db_commit,
	.tidy = store_db_tidy,
	.explain = store_db_explain };

int
db_use(struct store *s, int64_t format)
{
	if (format == s->format)
		return SQLITE_OK;
	if (store_sql(format) == NULL)
		return SQLITE_SCHEMA;
	sqlite_use(&s->db, store_sql(format));
	s->format = format;
	return SQLITE_OK;
}

const char *
store_note(const struct store *s)
{
	return s->note[0] == '\0' ? NULL : s->note;
}

struct store *
db_new(const char *shown, enum store_mode mode, char error[STORE_ERROR_MAX])
{
	struct store *s = calloc(1, sizeof(*s));

	if (s == NULL || (s->path = strdup(shown)) == NULL) {
		snprintf(error, STORE_ERROR_MAX, "%s: memory ran out", shown);
		free(s);
		return NULL;
	}
	s->mode = mode;
	buf_init(&s->text, TEXT_MAX);
	buf_init(&s->facts.text, TEXT_MAX);
	s->format = STORE_FORMAT;
	return s;
}

struct store *
store_open(const char *path, enum store_mode mode, char error[STORE_ERROR_MAX])
{
	struct store *s;
	int code;

	if (store_is_url(path))
		return store_pg_open(path, mode, error);
	if (dbfile_check(path, error) == -1 ||
	    (store_db_makes(mode) && dbfile_make(path, error) == -1) ||
	    (s = db_new(path, mode, error)) == NULL)
		return NULL;
	s->backend = &store_db_sqlite;
	s->name = s->path;
	s->db.text = store_sql(STORE_FORMAT);
	s->sql.engine = &sqlite_sql;
	s->sql.own = &s->db;
	code = sqlite_open(&s->db, path, mode != STORE_READ);
	if (code == SQLITE_OK && mode != STORE_READ &&
	    dbfile_opened(
		path, sqlite3_db_filename(s->db.handle, "main"), error) == -1) {
		store_close(s);
		return NULL;
	}
	if (code == SQLITE_OK)
		code = store_db_set_up(s);
	if (code != SQLITE_OK) {
		open_error(s, code, error);
		store_close(s);
		return NULL;
	}
	if (check_schema(s, error) == -1) {
		store_close(s);
		return NULL;
	}
	return s;
}

void
store_rest(struct store *s)
{
	s->backend->rest(s);
}

void
db_drop(struct store *s)
{
	buf_free(&s->text);
	buf_free(&s->facts.text);
	free(s->facts.rows);
	free(s->records);
	free(s->text_at);
	free(s->counts);
	free(s->tally.cells);
	store_net_drop(s->facts.net);
	free(s->path);
	free(s);
}

void
store_close(struct store *s)
{
	if (s == NULL)
		return;
	store_import_cancel(s);
	s->backend->close(s);
	db_drop(s);
}

bool
store_moved(const struct store *s)
{
	return s->backend->moved(s);
}

bool
store_counted(const struct store *s)
{
	return s->format == STORE_FORMAT;
}

int
store_check(struct store *s, char error[STORE_ERROR_MAX])
{
	const struct observable nobody = { OBSERVABLE_IP, "192.0.2.1", 0 };
	const struct record *records;

	if (store_moved(s)) {
		snprintf(error, STORE_ERROR_MAX,
		    "%s: the store was removed or "
		    "replaced while it was open; reload the service",
		    s->path);
		return -1;
	}
	return store_match(s, &nobody, 0, &records, error) == -1 ? -1 : 0;
}
