/* SPDX-License-Identifier: MIT */
/*
 * sql: statements of a database, whichever engine has it: SQLite (sqlite_sql.c)
 * or PostgreSQL (pgsql.h).
 *
 * A connection belongs to one thread at a time.  Results are SQLite's, SQLITE_OK
 * when all went well; the other engine's are said in these words.  Statements
 * have numbers: those below SQL_OWN every engine has, the others are texts of
 * the connection's owner.  Parameters are counted from 1, columns from 0.
 */
#ifndef CTIM_SQL_H
#define CTIM_SQL_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db/sqlite.h"

struct sql_engine;

/* A statement of a connection; own is the engine's. */
struct sql_stmt {
	const struct sql_engine *engine;
	void *own;
};

struct sql {
	const struct sql_engine *engine;
	void *own; /* the engine's connection */
	struct sql_stmt stmt[SQL_MOST];
};

/* What an engine does; each as the function of its name below. */
struct sql_engine {
	int (*statement)(void *own, size_t which, void **stmt);
	void (*bind_text)(void *stmt, int parameter, const char *);
	void (*bind_int)(void *stmt, int parameter, int64_t);
	int (*advance)(void *stmt);
	int (*end)(void *stmt, int code);
	int (*type)(void *stmt, int column);
	const char *(*text)(void *stmt, int column);
	int64_t (*integer)(void *stmt, int column);
	int64_t (*changes)(void *own);
	bool (*busy)(const void *own);
	void (*rollback)(void *own);
};

/* SQLite's; own is a struct sqlite. */
extern const struct sql_engine sqlite_sql;

/* A statement without bound values; NULL with the result in *code. */
static inline struct sql_stmt *
sql_statement(struct sql *s, size_t which, int *code)
{
	struct sql_stmt *st = &s->stmt[which];

	st->engine = s->engine;
	*code = s->engine->statement(s->own, which, &st->own);
	return *code == SQLITE_OK ? st : NULL;
}

/* The text must stay until the statement has ended; NULL binds none. */
static inline void
sql_bind_text(struct sql_stmt *st, int parameter, const char *text)
{
	st->engine->bind_text(st->own, parameter, text);
}

static inline void
sql_bind(struct sql_stmt *st, int parameter, int64_t n)
{
	st->engine->bind_int(st->own, parameter, n);
}

/* SQLITE_ROW, SQLITE_DONE, or what failed. */
static inline int
sql_step(struct sql_stmt *st)
{
	return st->engine->advance(st->own);
}

/* Ends a statement after the step that gave code: SQLITE_OK for a row and for
 * the end of the rows. */
static inline int
sql_end(struct sql_stmt *st, int code)
{
	return st->engine->end(st->own, code);
}

/* Steps a statement that was just bound, once, and ends it. */
static inline int
sql_finish(struct sql_stmt *st)
{
	return sql_end(st, sql_step(st));
}

/* The same for a statement that has nothing to bind. */
static inline int
sql_run(struct sql *s, size_t which)
{
	int code;
	struct sql_stmt *st = sql_statement(s, which, &code);

	return st == NULL ? code : sql_finish(st);
}

/* SQLITE_NULL, SQLITE_TEXT, or another type of SQLite's; PostgreSQL has all
 * values as text. */
static inline int
sql_type(struct sql_stmt *st, int column)
{
	return st->engine->type(st->own, column);
}

/* NULL for no text, and where memory ran out; good until the next step. */
static inline const char *
sql_text(struct sql_stmt *st, int column)
{
	return st->engine->text(st->own, column);
}

static inline int64_t
sql_int64(struct sql_stmt *st, int column)
{
	return st->engine->integer(st->own, column);
}

static inline int
sql_int(struct sql_stmt *st, int column)
{
	return (int)st->engine->integer(st->own, column);
}

/* How many rows the last statement that writes has changed. */
static inline int64_t
sql_changes(struct sql *s)
{
	return s->engine->changes(s->own);
}

/* Whether a transaction is open; rolls it back, if one is. */
static inline bool
sql_busy(const struct sql *s)
{
	return s->engine->busy(s->own);
}

static inline void
sql_rollback(struct sql *s)
{
	s->engine->rollback(s->own);
}

#endif
