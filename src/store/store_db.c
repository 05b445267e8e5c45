#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/dbfile.h"
#include "store/store_db.h"
#include "store/store_write.h"

#define BUSY_MS  5000        /* how long to wait for another writer */
#define WAL_KEEP (64L << 20) /* bytes of -wal kept between imports */
#define TEXT_MAX \
	(16U << 20) /* bytes of one answer's, or of all the
					 * sources', text */

#define RECORD                                                          \
	"value, type, source, disposition, severity, confidence, tlp, " \
	"priority, reason, first_seen, last_seen, count, expires, imported"

static const struct sqlite_format store_db_format = {
	.application = 0x4354494d, /* "CTIM" */
	.version = 1
};

_Static_assert(SQL_STATEMENTS <= SQL_MOST, "room for them");

/*
 * A value is listed once by each source.  bits is the prefix length of a
 * network, NULL for all else, so that the partial index holds the networks
 * alone.
 */
static const char store_db_schema[] =
    "CREATE TABLE source("
    " id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,"
    " title TEXT NOT NULL, url TEXT, subdomains INTEGER NOT NULL,"
    " imported INTEGER NOT NULL, run INTEGER NOT NULL);"
    "CREATE TABLE indicator("
    " value TEXT NOT NULL, type INTEGER NOT NULL,"
    " source INTEGER NOT NULL REFERENCES source(id),"
    " disposition INTEGER NOT NULL, severity INTEGER NOT NULL,"
    " confidence INTEGER NOT NULL, tlp INTEGER NOT NULL,"
    " priority INTEGER NOT NULL, reason TEXT,"
    " first_seen INTEGER NOT NULL, last_seen INTEGER NOT NULL,"
    " count INTEGER NOT NULL, expires INTEGER NOT NULL,"
    " imported INTEGER NOT NULL, run INTEGER NOT NULL, bits INTEGER,"
    " PRIMARY KEY(value, type, source)) WITHOUT ROWID;"
    "CREATE INDEX network ON indicator(type, bits) WHERE bits IS NOT NULL;";

#define ROW_IS "value = ?1 AND type = ?2 AND source = ?3"

static const char *const store_db_sql[SQL_STATEMENTS] = {
	[SQL_VERSION] = "PRAGMA data_version",
	[SQL_SOURCES] = "SELECT id, name, title, url, subdomains, imported, run"
			" FROM source ORDER BY id",
	[SQL_NETWORKS] = "SELECT type, value FROM indicator"
			 " WHERE bits IS NOT NULL",
	[SQL_MATCH] = "SELECT " RECORD " FROM indicator"
		      " WHERE value = ?1 AND type = ?2",
	[SQL_SOURCE_ADD] = "INSERT INTO source(name, title, subdomains,"
			   " imported, run) VALUES(?1, ?1, 0, 0, 0)",
	[SQL_SOURCE_SET] =
	    "UPDATE source SET title = ?2, url = ?3,"
	    " subdomains = ?4, imported = ?5, run = ?6 WHERE id = ?1",
	[SQL_SOURCE_REMOVE] = "DELETE FROM source WHERE id = ?1",
	[SQL_ADD] =
	    "INSERT INTO indicator(" RECORD ", run, bits) VALUES(?1, ?2,"
	    " ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)"
	    " ON CONFLICT DO NOTHING",
	[SQL_TOUCH] =
	    "UPDATE indicator SET imported = ?14, run = ?15 WHERE " ROW_IS
	    " AND disposition = ?4 AND severity = ?5 AND confidence = ?6"
	    " AND tlp = ?7 AND priority = ?8 AND reason IS ?9"
	    " AND first_seen = ?10 AND last_seen = ?11 AND count = ?12"
	    " AND expires = ?13",
	/* A feed that lists a value twice keeps the reason that it gave
	 * once. */
	[SQL_CHANGE] =
	    "UPDATE indicator SET disposition = ?4, severity = ?5,"
	    " confidence = ?6, tlp = ?7, priority = ?8, reason ="
	    " CASE run WHEN ?15 THEN coalesce(?9, reason) ELSE ?9 END,"
	    " first_seen = ?10, last_seen = ?11, count = ?12, expires = ?13,"
	    " imported = ?14, run = ?15 WHERE " ROW_IS,
	[SQL_REPLACED] = "DELETE FROM indicator WHERE source = ?1"
			 " AND run <> ?2",
	[SQL_REMOVE] = "DELETE FROM indicator WHERE value = ?1 AND type = ?2"
		       " AND (?3 IS NULL OR source = ?3)",
	[SQL_REMOVE_SOURCE] = "DELETE FROM indicator WHERE source = ?1",
	[SQL_LIST] =
	    "SELECT " RECORD " FROM indicator"
	    " WHERE (?1 IS NULL OR source = ?1) AND (?2 IS NULL OR type = ?2)"
	    " ORDER BY value, type, source LIMIT ?3",
	[SQL_COUNT] = "SELECT source, type, disposition, expires FROM indicator"
};

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
	{ SQLITE_NOMEM, "memory ran out", "give it more, or import less" },
	{ SQLITE_ERROR, "the store has not the tables it should have",
	    "restore a copy of it, or remove it and import again" } };

int
db_error(struct store *s, int code, char error[STORE_ERROR_MAX])
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
	sqlite_rollback(&s->db);
	return -1;
}

int
db_no_source(struct store *s, const char *name, char error[STORE_ERROR_MAX])
{
	sqlite_rollback(&s->db);
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
		    dbfile_explain(s->path, s->mode == STORE_WRITE, error))
			return -1;
	return db_error(s, code, error);
}

/* Whether the file is a store that this version reads. */
static int
check_schema(struct store *s, char error[STORE_ERROR_MAX])
{
	struct sqlite_format f;
	int code = sqlite_format(&s->db, &f);

	if (code == SQLITE_OK && f.application == 0 && f.tables == 0 &&
	    s->mode == STORE_WRITE) {
		code = sqlite_exec(&s->db, "PRAGMA journal_mode = WAL");
		if (code == SQLITE_OK)
			code = sqlite_make(
			    &s->db, &store_db_format, store_db_schema, NULL);
		if (code == SQLITE_OK)
			return 0;
	}
	if (code != SQLITE_OK)
		return open_error(s, code, error);
	if (f.application != store_db_format.application) {
		snprintf(error, STORE_ERROR_MAX,
		    f.tables == 0 ? "%s: the store is empty; `ctim-relay intel "
				    "import` fills it" :
				    "%s: this is the database of another "
				    "program; name another "
				    "file",
		    s->path);
		return -1;
	}
	if (f.version > store_db_format.version) {
		snprintf(error, STORE_ERROR_MAX,
		    "%s: made by a newer ctim-relay "
		    "(format %lld, this version reads %lld); use that one",
		    s->path, (long long)f.version,
		    (long long)store_db_format.version);
		return -1;
	}
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

	sqlite3_busy_timeout(s->db.handle, BUSY_MS);
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

struct store *
store_open(const char *path, enum store_mode mode, char error[STORE_ERROR_MAX])
{
	struct store *s;
	int code;

	if (dbfile_check(path, error) == -1 ||
	    (mode == STORE_WRITE && dbfile_make(path, error) == -1))
		return NULL;
	if ((s = calloc(1, sizeof(*s))) == NULL ||
	    (s->path = strdup(path)) == NULL) {
		snprintf(error, STORE_ERROR_MAX, "%s: memory ran out", path);
		free(s);
		return NULL;
	}
	s->mode = mode;
	buf_init(&s->text, TEXT_MAX);
	buf_init(&s->facts.text, TEXT_MAX);
	s->db.text = store_db_sql;
	code = sqlite_open(&s->db, path, mode == STORE_WRITE);
	if (code == SQLITE_OK && mode == STORE_WRITE &&
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
store_close(struct store *s)
{
	if (s == NULL)
		return;
	store_import_cancel(s);
	sqlite_close(&s->db);
	buf_free(&s->text);
	buf_free(&s->facts.text);
	free(s->facts.rows);
	free(s->records);
	free(s->text_at);
	free(s->counts);
	free(s->path);
	free(s);
}
