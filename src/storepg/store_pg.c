/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/uuid.h"
#include "db/pgsql.h"
#include "os/clock.h"
#include "storepg/store_pg.h"

#define STORE_PG_LOCK   INT64_C(0x4354494d) /* "CTIM": who writes has it */
#define STORE_PG_SETTLE 2000  /* ms in which a lost commit is looked for */
#define STORE_PG_PAUSE  50000 /* µs between two tries of that */

/* What a request gives the database, in ms, for a step.  All threads of a worker
 * that has just started connect at once, where each has a password to prove. */
#define STORE_PG_SOON 3000

/* In SQLite's words: nobody can say whether a commit was made; it was not. */
#define STORE_PG_UNKNOWN SQLITE_PROTOCOL
#define STORE_PG_NOTHING SQLITE_ABORT

/* Time in ms, by the way a store is opened. */
static const struct {
	int connect, limit, wait;
} store_pg_times[] = { [STORE_READ] = { STORE_PG_SOON, STORE_PG_SOON, 0 },
	[STORE_SERVE] = { STORE_PG_SOON, STORE_PG_SOON, STORE_SOON },
	[STORE_ADD] = { 2000, 2000, 5000 },
	[STORE_WRITE] = { 5000, 30000, 5000 } };

static const struct {
	int code; /* primary result code */
	const char *what;
} store_pg_errors[] = { { SQLITE_CANTOPEN, "the database cannot be reached" },
	{ SQLITE_INTERRUPT, "the database did not answer in time" },
	{ SQLITE_BUSY,
	    "another process is writing to the store; nothing was changed; "
	    "repeat when that has ended" },
	{ SQLITE_NOTADB,
	    "there is no store in this database; `ctim-relay intel import` "
	    "makes it" },
	{ SQLITE_PERM,
	    "the database's user may not do that; grant it the schema "
	    "ctim_relay and all that is in it" },
	{ SQLITE_READONLY,
	    "the database may only be read; name its primary in the URL" },
	{ SQLITE_FULL, "no space is left on the database's disk" },
	{ SQLITE_NOMEM, "memory ran out" },
	{ SQLITE_CORRUPT, "the store is damaged; restore a dump of it" },
	{ SQLITE_SCHEMA,
	    "the store is of another version of ctim-relay; use that one" },
	{ SQLITE_MISMATCH,
	    "the database is not encoded in UTF-8; make one that is" },
	{ STORE_PG_UNKNOWN,
	    "the connection was lost while this was recorded, and it is not "
	    "known whether it was; look before you repeat it" },
	{ STORE_PG_NOTHING, "the connection was lost; nothing was changed" },
	{ SQLITE_ERROR, "the database refuses what it is asked" } };

static void
store_pg_explain(struct store *s, int code, char error[STORE_ERROR_MAX])
{
	const char *why = s->pg->db.error.why, *what = sqlite3_errstr(code);
	size_t i, n = sizeof(store_pg_errors) / sizeof(store_pg_errors[0]);
	bool said;

	for (i = 0; i < n; i++)
		if (store_pg_errors[i].code == (code & 0xff))
			what = store_pg_errors[i].what;
	said = s->pg->db.error.fault != LIBPQ_FINE && why[0] != '\0';
	snprintf(error, STORE_ERROR_MAX, "%s: %s%s%s%s", s->path, what,
	    said ? " (" : "", said ? why : "", said ? ")" : "");
}

/* --- transactions -------------------------------------------------------- */

static void
store_pg_patience(struct store *s, int wait)
{
	struct pgsql *p = &s->pg->db;

	p->wait = wait;
	/* A request has an end: it, and not only each of its steps. */
	if (s->mode == STORE_SERVE)
		p->until = clock_ms() + wait + STORE_PG_SOON;
}

/* As long as it would for the database itself. */
static int64_t
store_pg_until(const struct store *s)
{
	return pgsql_until(&s->pg->db, s->pg->db.limit);
}

static int
store_pg_begin(struct store *s, bool all)
{
	store_pg_import_free(s->pg);
	s->pg->mark[0] = '\0';
	s->pg->all = all;
	s->pg->recount = false;
	return pgsql_begin_write(&s->pg->db, STORE_PG_LOCK, !all);
}

/* Looks whether an action is there, when nobody can be about to add it: who does
 * has the lock. */
static int
store_pg_look_again(struct store *s)
{
	struct pgsql *p = &s->pg->db;
	const char *const values[] = { s->pg->mark };
	struct libpq_result *r;
	bool there, standby;
	int code;

	if ((code = pgsql_begin_write(p, STORE_PG_LOCK, false)) != SQLITE_OK)
		return STORE_PG_UNKNOWN;
	if (pgsql_run(p, store_pg_marked, 1, values, &r) != SQLITE_OK)
		return STORE_PG_UNKNOWN;
	there = p->lib->rows(r) > 0;
	/* A standby may not have it yet, and cannot be about to add it. */
	standby =
	    there && strcmp(p->lib->value(r, p->lib->rows(r) - 1, 0), "2") == 0;
	p->lib->clear(r);
	sql_rollback(&s->sql);
	if (standby) {
		pgsql_drop(p);
		return STORE_PG_UNKNOWN;
	}
	return there ? SQLITE_OK : STORE_PG_NOTHING;
}

/* The answer to a commit was lost. */
static int
store_pg_settle(struct store *s)
{
	struct pgsql *p = &s->pg->db;
	const int64_t until = clock_ms() + STORE_PG_SETTLE;
	int code = STORE_PG_UNKNOWN;

	if (s->pg->mark[0] == '\0')
		return code;
	while (code == STORE_PG_UNKNOWN && clock_ms() < until) {
		p->failed = 0;
		p->until = until;
		p->wait = (int)(until - clock_ms());
		if ((code = store_pg_look_again(s)) == STORE_PG_UNKNOWN)
			(void)usleep(STORE_PG_PAUSE);
	}
	return code;
}

static int
store_pg_commit(struct store *s)
{
	struct pgsql *p = &s->pg->db;
	int code = SQLITE_OK;

	if (!p->open)
		return STORE_PG_NOTHING;
	if (s->pg->all)
		code = pgsql_run(p, store_pg_changed, 0, NULL, NULL);
	if (code != SQLITE_OK)
		return code;
	code = sql_run(&s->sql, SQL_COMMIT);
	if (code != SQLITE_OK && p->conn == NULL)
		code = store_pg_settle(s);
	p->until = 0;
	return code;
}

static int
store_pg_format_now(struct store *s)
{
	struct pgsql *p = &s->pg->db;
	struct libpq_result *r;
	const char *text;
	int64_t format = 0;
	int code = pgsql_run(p, store_pg_format, 0, NULL, &r);

	if (code != SQLITE_OK)
		return code;
	if (p->lib->rows(r) == 1 && (text = p->lib->value(r, 0, 0)) != NULL)
		format = strtoll(text, NULL, 10);
	p->lib->clear(r);
	return format == STORE_FORMAT ? SQLITE_OK : SQLITE_SCHEMA;
}

/* Makes the tables where there are none. */
static int
store_pg_make(struct store *s)
{
	struct pgsql *p = &s->pg->db;
	struct libpq_result *r;
	const char *made, *encoding;
	bool good, missing;
	int code;

	if ((code = store_pg_begin(s, false)) != SQLITE_OK ||
	    (code = pgsql_run(p, store_pg_made, 0, NULL, &r)) != SQLITE_OK)
		return code;
	made = p->lib->value(r, 0, 0);
	encoding = p->lib->value(r, 0, 1);
	missing = made != NULL && made[0] == 'f';
	good = encoding != NULL && strcmp(encoding, "UTF8") == 0;
	p->lib->clear(r);
	if (!good)
		return SQLITE_MISMATCH;
	if (missing &&
	    (code = pgsql_run(p, store_pg_schema, -1, NULL, NULL)) != SQLITE_OK)
		return code;
	return sql_run(&s->sql, SQL_COMMIT);
}

static int
store_pg_claim(struct store *s, const char *source, bool *had)
{
	struct pgsql *p = &s->pg->db;
	struct libpq_result *r;
	const char *text;
	int code = pgsql_run(p, store_pg_lasting, -1, NULL, NULL);

	if (code != SQLITE_OK)
		return code;
	p->open = true;
	if ((code = pgsql_run(p, store_pg_claimed, 1, &source, &r)) !=
	    SQLITE_OK)
		return code;
	text = p->lib->value(r, 0, 0);
	*had = text != NULL && text[0] == 't';
	p->lib->clear(r);
	return SQLITE_OK;
}

/* --- opening ------------------------------------------------------------- */

static const char *
store_pg_mark(struct store *s)
{
	uuid4(s->pg->mark);
	return s->pg->mark;
}

static void
store_pg_close(struct store *s)
{
	struct store_pg *pg = s->pg;

	pgsql_free(&pg->db);
	store_pg_import_free(pg);
	buf_free(&pg->text);
	buf_free(&pg->values);
	buf_free(&pg->types);
	free(pg->asked);
	free(pg->rows);
	free(pg);
}

static void
store_pg_nothing(struct store *s)
{
	(void)s;
}

static bool
store_pg_moved(const struct store *s)
{
	(void)s;
	return false;
}

static const struct store_backend store_pg_backend = { .until = store_pg_until,
	.close = store_pg_close,
	.rest = store_pg_nothing,
	.moved = store_pg_moved,
	.format = store_pg_format_now,
	.patience = store_pg_patience,
	.begin = store_pg_begin,
	.commit = store_pg_commit,
	.tidy = store_pg_nothing,
	.explain = store_pg_explain,
	.look = store_pg_look,
	.unlook = store_pg_unlook,
	.found = store_pg_found,
	.row = store_pg_row,
	.put = store_pg_put,
	.put_end = store_pg_put_end,
	.finish = store_pg_finish,
	.claim = store_pg_claim,
	.mark = store_pg_mark };

/* Those of which there may be as many as records; nothing else is asked between
 * two rows of them.  Networks come at once, some 64 bytes each for a moment: a
 * request waits, for no longer than a statement may take. */
static bool
store_pg_streams(size_t which)
{
	return which == SQL_LIST || which == SQL_ACTIONS || which == SQL_COUNT;
}

/* Counts, one for each source, type and so on. */
static bool
store_pg_gathers(size_t which)
{
	static const bool gathers[SQL_MOST] = { [SQL_TALLY] = true,
		[SQL_TALLY_NONE] = true,
		[SQL_EXPIRY] = true,
		[SQL_EXPIRY_NONE] = true,
		[SQL_MATCHED] = true,
		[SQL_MATCHED_VALUE] = true };

	return gathers[which];
}

static struct store_pg *
store_pg_new(const struct libpq *lib, const char *url, enum store_mode mode)
{
	struct store_pg *pg = calloc(1, sizeof(*pg));

	if (pg == NULL || (pg->db.url = strdup(url)) == NULL) {
		free(pg);
		return NULL;
	}
	pg->db.lib = lib;
	pg->db.text = store_sql_pg;
	pg->db.streams = store_pg_streams;
	pg->db.gathers = store_pg_gathers;
	pg->db.connect = store_pg_times[mode].connect;
	pg->db.limit = store_pg_times[mode].limit;
	pg->db.wait = store_pg_times[mode].wait;
	pgsql_init(&pg->db);
	buf_init(&pg->text, STORE_PG_TEXT);
	buf_init(&pg->values, STORE_PG_TEXT);
	buf_init(&pg->types, STORE_PG_TEXT);
	return pg;
}

struct store *
store_pg_open(
    const char *url, enum store_mode mode, char error[STORE_ERROR_MAX])
{
	char shown[STORE_SHOWN], why[PGSQL_WHY];
	const char *refused = pgurl_refused(url);
	const struct libpq *lib = refused == NULL ? pgsql_library(why) : NULL;
	struct store *s;
	int code;

	(void)store_shown(url, shown);
	if (refused != NULL)
		(void)snprintf(why, sizeof(why), "%s", refused);
	if (lib != NULL && !lib->takes(url)) {
		lib = NULL;
		(void)stpcpy(why,
		    "libpq does not take this URL, which is to be "
		    "postgresql://USER:PASSWORD@HOST:PORT/DATABASE");
	}
	if (lib == NULL) {
		snprintf(error, STORE_ERROR_MAX, "%.192s: %.300s", shown, why);
		return NULL;
	}
	if ((s = db_new(shown, mode, error)) == NULL)
		return NULL;
	s->backend = &store_pg_backend;
	if ((s->pg = store_pg_new(lib, url, mode)) == NULL) {
		snprintf(
		    error, STORE_ERROR_MAX, "%.192s: memory ran out", shown);
		db_drop(s);
		return NULL;
	}
	s->name = s->pg->db.url;
	s->sql.engine = &pgsql_sql;
	s->sql.own = &s->pg->db;
	if (mode == STORE_WRITE && (code = store_pg_make(s)) != SQLITE_OK) {
		(void)db_error(s, code, error);
		store_close(s);
		return NULL;
	}
	return s;
}

/* --- URLs ---------------------------------------------------------------- */

bool
store_is_url(const char *path)
{
	return pgurl_is(path);
}

bool
store_has_password(const char *path)
{
	return pgurl_password(path);
}

const char *
store_shown(const char *path, char shown[STORE_SHOWN])
{
	if (pgurl_is(path))
		pgurl_shown(path, shown);
	else
		(void)snprintf(shown, STORE_SHOWN, "%s", path);
	return shown;
}

bool
store_missing(const char *path)
{
	return !pgurl_is(path) && access(path, F_OK) == -1;
}

bool
store_url_good(const char *url, char why[STORE_ERROR_MAX])
{
#ifdef CTIM_PGSQL
	const char *cause = pgurl_refused(url);

	if (cause == NULL)
		return true;
	(void)snprintf(why, STORE_ERROR_MAX, "%s", cause);
#else
	(void)url;
	(void)snprintf(why, STORE_ERROR_MAX,
	    "this ctim-relay was built without libpq, and has no store in "
	    "PostgreSQL");
#endif
	return false;
}
