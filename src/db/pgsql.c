/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/pgsql.h"
#include "os/clock.h"
#include "os/object.h"

#define PGSQL_ROWS    60000 /* ms that rows which come one by one may stay out */
#define PGSQL_REPEATS 2     /* times that a statement runs at most */

static struct object pgsql_object = {
	.file = OBJECT_PGSQL, .symbol = LIBPQ_SYMBOL, .knows = "PostgreSQL"
};

const struct libpq *
pgsql_library(char why[PGSQL_WHY])
{
	return object_open(&pgsql_object, network_build, why, PGSQL_WHY);
}

void
pgsql_init(struct pgsql *p)
{
	size_t i;

	for (i = 0; i < SQL_MOST; i++) {
		p->stmt[i].of = p;
		p->stmt[i].which = i;
	}
}

static void
pgsql_stmt_clear(struct pgsql_stmt *st)
{
	if (st->result != NULL)
		st->of->lib->clear(st->result);
	st->result = NULL;
	st->run = false;
	st->row = -1;
}

void
pgsql_drop(struct pgsql *p)
{
	p->lib->close(p->conn);
	p->conn = NULL;
	p->open = false;
	pgsql_gather_drop(p);
}

void
pgsql_free(struct pgsql *p)
{
	size_t i;

	for (i = 0; i < SQL_MOST; i++)
		pgsql_stmt_clear(&p->stmt[i]);
	pgsql_drop(p);
	if (p->url != NULL)
		explicit_bzero(p->url, strlen(p->url));
	free(p->url);
}

int64_t
pgsql_until(const struct pgsql *p, int64_t ms)
{
	int64_t until = clock_ms() + ms;

	return p->until != 0 && p->until < until ? p->until : until;
}

/* SQLSTATEs that mean more than "the server refuses it"; a short one stands for
 * all that begin so. */
static const struct {
	const char *state;
	int code;
} pgsql_states[] = { { "55P03", SQLITE_BUSY }, { "40001", SQLITE_BUSY },
	{ "40P01", SQLITE_BUSY }, { "42501", SQLITE_PERM },
	{ "25006", SQLITE_READONLY }, { "53100", SQLITE_FULL },
	{ "53200", SQLITE_NOMEM }, { "42P01", SQLITE_NOTADB },
	{ "3F000", SQLITE_NOTADB }, { "53", SQLITE_CANTOPEN },
	{ "57P", SQLITE_CANTOPEN }, { "57014", SQLITE_INTERRUPT } };

int
pgsql_code(struct pgsql *p)
{
	size_t i;

	switch (p->error.fault) {
	case LIBPQ_FINE:
		return SQLITE_OK;
	case LIBPQ_LATE:
		return SQLITE_INTERRUPT;
	case LIBPQ_LOST:
		return SQLITE_CANTOPEN;
	case LIBPQ_STARVED:
		return SQLITE_NOMEM;
	case LIBPQ_REFUSED:
		break;
	}
	for (i = 0; i < sizeof(pgsql_states) / sizeof(pgsql_states[0]); i++)
		if (strncmp(p->error.state, pgsql_states[i].state,
			strlen(pgsql_states[i].state)) == 0)
			return pgsql_states[i].code;
	return SQLITE_ERROR;
}

/* A server that became a standby keeps refusing to write: the next try may find
 * the other. */
int
pgsql_failed(struct pgsql *p)
{
	int code = pgsql_code(p);

	/* Those who ask next are not to wait as long, each. */
	if (p->error.fault == LIBPQ_LATE)
		p->failed = clock_ms();
	if (p->error.fault != LIBPQ_REFUSED || code == SQLITE_READONLY ||
	    code == SQLITE_CANTOPEN)
		pgsql_drop(p);
	return code;
}

static int
pgsql_connect(struct pgsql *p)
{
	int64_t now = clock_ms();

	if (p->conn != NULL)
		return SQLITE_OK;
	if (p->failed != 0 && now - p->failed < PGSQL_AGAIN)
		return pgsql_code(p);
	p->error = (struct libpq_error){ .fault = LIBPQ_FINE };
	p->conn =
	    p->lib->connect(p->url, pgsql_until(p, p->connect), &p->error);
	p->failed = p->conn == NULL ? clock_ms() : 0;
	p->fresh = true;
	return p->conn != NULL ? SQLITE_OK : pgsql_code(p);
}

/* Whether a statement is to be run once more: nothing of it can have stayed, and
 * the connection may have been dead for a while. */
static bool
pgsql_again(struct pgsql *p, bool in, bool fresh)
{
	return !in && !fresh &&
	    (p->error.fault == LIBPQ_LOST || pgsql_code(p) == SQLITE_CANTOPEN);
}

int
pgsql_try(struct pgsql *p, const char *text, int n, const char *const *values,
    int64_t limit, struct libpq_result **result)
{
	struct libpq_result *r;

	if ((r = p->lib->run(p->conn, text, n, values, pgsql_until(p, limit),
		 &p->error)) == NULL)
		return pgsql_failed(p);
	p->fresh = false;
	p->changes = p->lib->changes(r);
	if (result != NULL)
		*result = r;
	else
		p->lib->clear(r);
	return SQLITE_OK;
}

int
pgsql_run(struct pgsql *p, const char *text, int n, const char *const *values,
    struct libpq_result **result)
{
	bool in = p->open, fresh;
	int i, code;

	/* The transaction went with its connection. */
	assert(!in || p->conn != NULL);
	if ((code = pgsql_gathered(p)) != SQLITE_OK)
		return code;
	for (i = 0; i < PGSQL_REPEATS; i++) {
		if ((code = pgsql_connect(p)) != SQLITE_OK)
			return code;
		fresh = p->fresh;
		code = pgsql_try(p, text, n, values, p->limit, result);
		if (code == SQLITE_OK || !pgsql_again(p, in, fresh))
			return code;
	}
	return code;
}

int
pgsql_begin_write(struct pgsql *p, int64_t lock, bool soon)
{
	const int limit = p->limit;
	char text[512];
	int code;

	/* A gateway that hangs, or is gone without a word, does not keep the
	 * lock. */
	(void)snprintf(text, sizeof(text),
	    "BEGIN ISOLATION LEVEL READ COMMITTED;"
	    " SET LOCAL lock_timeout = %d;"
	    " SET LOCAL idle_in_transaction_session_timeout = 60000;"
	    " SET LOCAL tcp_keepalives_idle = 30;"
	    " SET LOCAL tcp_keepalives_interval = 10;"
	    " SET LOCAL tcp_keepalives_count = 3;"
	    "%s SELECT pg_advisory_xact_lock(%" PRId64 ")",
	    p->wait < 1 ? 1 : p->wait,
	    soon ? " SET LOCAL synchronous_commit = off;" : "", lock);
	p->limit += p->wait;
	code = pgsql_run(p, text, -1, NULL, NULL);
	p->limit = limit;
	/* The server has begun it, also where the lock was not free. */
	p->open = p->conn != NULL;
	if (code != SQLITE_OK)
		pgsql_sql.rollback(p);
	return code;
}

/* --- the engine ---------------------------------------------------------- */

static int
pgsql_statement(void *own, size_t which, void **stmt)
{
	struct pgsql *p = own;
	struct pgsql_stmt *st = &p->stmt[which];

	assert(which < SQL_MOST);
	pgsql_stmt_clear(st);
	memset(st->values, 0, sizeof(st->values));
	st->n = 0;
	st->streams = p->streams(which);
	*stmt = st;
	return SQLITE_OK;
}

static void
pgsql_bind_text(void *stmt, int parameter, const char *text)
{
	struct pgsql_stmt *st = stmt;

	assert(parameter > 0 && parameter <= PGSQL_PARAMETER);
	st->values[parameter - 1] = text;
	if (parameter > st->n)
		st->n = parameter;
}

static void
pgsql_bind_int(void *stmt, int parameter, int64_t n)
{
	struct pgsql_stmt *st = stmt;
	char *text = st->numbers[parameter - 1];

	(void)snprintf(text, sizeof(st->numbers[0]), "%" PRId64, n);
	pgsql_bind_text(stmt, parameter, text);
}

/* How many parameters the text has: those that were not bound are NULL. */
static int
pgsql_parameters(const char *text)
{
	long most = 0, n;

	for (; (text = strchr(text, '$')) != NULL; text++)
		if ((n = strtol(text + 1, NULL, 10)) > most)
			most = n;
	return (int)most;
}

/* BEGIN, COMMIT and ROLLBACK, which keep in mind what is open. */
static int
pgsql_common(struct pgsql *p, size_t which)
{
	static const char *const texts[SQL_OWN] = { [SQL_BEGIN] = "BEGIN",
		[SQL_COMMIT] = "COMMIT",
		[SQL_ROLLBACK] = "ROLLBACK" };
	struct libpq_result *r = NULL;
	char text[128];
	int code;

	assert(texts[which] != NULL);
	/* One that only read, and whose rows were not read to their end. */
	if (which != SQL_BEGIN && !p->open)
		return SQLITE_DONE;
	if (which == SQL_ROLLBACK)
		pgsql_gather_drop(p);
	(void)snprintf(text, sizeof(text), "%s", texts[which]);
	/* One that waits for a lock when nobody waits for it any longer ends. */
	if (which == SQL_BEGIN)
		(void)snprintf(text, sizeof(text),
		    "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;"
		    " SET LOCAL lock_timeout = %d",
		    2 * p->limit);
	if ((code = pgsql_run(p, text, -1, NULL, &r)) == SQLITE_OK) {
		/* The commit of what has failed is answered so. */
		if (which == SQL_COMMIT &&
		    strcmp(p->lib->tag(r), "COMMIT") != 0)
			code = SQLITE_ABORT;
		p->lib->clear(r);
	}
	p->open = p->conn != NULL && which == SQL_BEGIN;
	return code == SQLITE_OK ? SQLITE_DONE : code;
}

/* The next of rows that come one by one. */
static int
pgsql_next(struct pgsql_stmt *st)
{
	struct pgsql *p = st->of;

	pgsql_stmt_clear(st);
	st->result =
	    p->lib->next(p->conn, pgsql_until(p, PGSQL_ROWS), &p->error);
	if (st->result == NULL)
		return p->error.fault == LIBPQ_FINE ? SQLITE_DONE :
						      pgsql_failed(p);
	st->run = true;
	st->row = 0;
	return SQLITE_ROW;
}

static int
pgsql_first(struct pgsql_stmt *st)
{
	struct pgsql *p = st->of;
	const char *text = p->text[st->which];
	int code, n = pgsql_parameters(text);

	/* The transaction went with its connection. */
	if (!p->open)
		return p->error.fault == LIBPQ_FINE ? SQLITE_ABORT :
						      pgsql_code(p);
	if (p->gathers(st->which))
		return (code = pgsql_gather(st)) == SQLITE_OK ? SQLITE_DONE :
								code;
	if (st->streams) {
		if ((code = pgsql_gathered(p)) != SQLITE_OK)
			return code;
		if (p->lib->send(p->conn, text, n, st->values,
			pgsql_until(p, p->limit), &p->error) == -1)
			return pgsql_failed(p);
		return pgsql_next(st);
	}
	if ((code = pgsql_run(p, text, n, st->values, &st->result)) !=
	    SQLITE_OK)
		return code;
	st->run = true;
	st->row = 0;
	return p->lib->rows(st->result) > 0 ? SQLITE_ROW : SQLITE_DONE;
}

static int
pgsql_step(void *stmt)
{
	struct pgsql_stmt *st = stmt;

	if (st->which < SQL_OWN)
		return pgsql_common(st->of, st->which);
	if (!st->run)
		return pgsql_first(st);
	if (st->streams)
		return pgsql_next(st);
	return ++st->row < st->of->lib->rows(st->result) ? SQLITE_ROW :
							   SQLITE_DONE;
}

static int
pgsql_end(void *stmt, int code)
{
	struct pgsql_stmt *st = stmt;

	/* Rows that nobody wants any longer are still on their way. */
	if (st->streams && st->run)
		pgsql_drop(st->of);
	pgsql_stmt_clear(st);
	return code == SQLITE_DONE || code == SQLITE_ROW ? SQLITE_OK : code;
}

void
pgsql_take(struct pgsql_stmt *st, struct libpq_result *r)
{
	pgsql_stmt_clear(st);
	st->result = r;
	st->row = 0;
}

static const char *
pgsql_text(void *stmt, int column)
{
	const struct pgsql_stmt *st = stmt;

	return st->result == NULL || st->row >= st->of->lib->rows(st->result) ?
	    NULL :
	    st->of->lib->value(st->result, st->row, column);
}

static int
pgsql_type(void *stmt, int column)
{
	return pgsql_text(stmt, column) == NULL ? SQLITE_NULL : SQLITE_TEXT;
}

static int64_t
pgsql_integer(void *stmt, int column)
{
	const char *text = pgsql_text(stmt, column);

	return text == NULL ? 0 : strtoll(text, NULL, 10);
}

static int64_t
pgsql_changes(void *own)
{
	return ((const struct pgsql *)own)->changes;
}

static bool
pgsql_busy(const void *own)
{
	return ((const struct pgsql *)own)->open;
}

/* Without a wait for a server that may not answer: a lost connection rolls back
 * as well. */
static void
pgsql_rollback(void *own)
{
	struct pgsql *p = own;

	if (!p->open)
		return;
	pgsql_gather_drop(p);
	if (pgsql_try(p, "ROLLBACK", -1, NULL, p->limit, NULL) != SQLITE_OK)
		pgsql_drop(p);
	p->open = false;
}

const struct sql_engine pgsql_sql = { .statement = pgsql_statement,
	.bind_text = pgsql_bind_text,
	.bind_int = pgsql_bind_int,
	.advance = pgsql_step,
	.end = pgsql_end,
	.type = pgsql_type,
	.text = pgsql_text,
	.integer = pgsql_integer,
	.changes = pgsql_changes,
	.busy = pgsql_busy,
	.rollback = pgsql_rollback };
