/* SPDX-License-Identifier: MIT */
/*
 * pgsql: a connection to a database in PostgreSQL, and its statements, as an
 * engine of sql.h.
 *
 * It connects when it is first used, and again when the connection was lost; a
 * server that cannot be reached is not tried again for a moment, so that a
 * request with many questions waits once.  A statement outside a transaction,
 * and the one that begins one, runs once more on a new connection where the old
 * one turns out to be dead.
 *
 * Every statement has a limit of time; so has the wait for a connection.
 *
 * A statement that gathers writes rows in a transaction: what is bound to it waits
 * in arrays, and it runs once with all of them before anything else is asked, by
 * the order of the statements' numbers (pgsql_gather.c).
 */
#ifndef CTIM_PGSQL_H
#define CTIM_PGSQL_H

#include "base/buf.h"
#include "db/libpq.h"
#include "db/pgurl.h"
#include "db/sql.h"

#define PGSQL_WHY       512 /* bytes of a cause */
#define PGSQL_AGAIN     500 /* ms without another try */
#define PGSQL_PARAMETER 20  /* of a statement, at most */

struct pgsql_stmt {
	struct pgsql *of;
	size_t which;
	const char *values[PGSQL_PARAMETER];
	char numbers[PGSQL_PARAMETER][24];
	int n; /* parameters that were bound */
	bool run, streams;
	struct libpq_result *result;
	int row;
};

struct pgsql {
	const struct libpq *lib;
	struct libpq_conn *conn; /* NULL: none */
	char *url;
	const char *const *text;       /* the owner's statements */
	bool (*streams)(size_t which); /* whose rows come one by one */
	bool (*gathers)(size_t which); /* whose parameters are arrays */
	int connect;                   /* ms that a connection may take */
	int limit;                     /* … a statement */
	int64_t until;  /* and all of them together: clock_ms(); 0: no end */
	int wait;       /* ms that a transaction that writes waits for others */
	bool open;      /* a transaction is */
	bool fresh;     /* the connection has answered nothing yet */
	int64_t failed; /* when the last connection failed; 0: it did not */
	int64_t changes;
	struct libpq_error error; /* the last one */
	struct pgsql_stmt stmt[SQL_MOST];
	struct pgsql_gather *gathered[SQL_MOST]; /* NULL: none was bound */
};

/* The engine; own is a struct pgsql. */
extern const struct sql_engine pgsql_sql;

/* Opens the object with libpq: NULL with the reason in why, for people. */
const struct libpq *pgsql_library(char why[PGSQL_WHY]);

/*
 * A connection to be, with its texts, which outlive it; lib and url are set
 * already, url is this one's to free.
 */
void pgsql_init(struct pgsql *);
void pgsql_free(struct pgsql *);
/* Drops the connection; the next statement makes another. */
void pgsql_drop(struct pgsql *);

/* Runs one statement, or several without parameters (n is -1); keeps the last
 * one's result in *result, to be cleared (NULL: nothing asked for). */
int pgsql_run(struct pgsql *, const char *text, int n,
    const char *const *values, struct libpq_result **result);
/* The same on the connection that is there, once. */
int pgsql_try(struct pgsql *, const char *text, int n,
    const char *const *values, int64_t limit, struct libpq_result **result);
/* Takes a result for that of a statement, at its first row. */
void pgsql_take(struct pgsql_stmt *, struct libpq_result *);
/* Begins a transaction that writes, when the owner's lock is free within wait
 * ms; soon: its commit need not be on the disk when it is answered. */
int pgsql_begin_write(struct pgsql *, int64_t lock, bool soon);
/* The latest moment for what takes so many ms. */
int64_t pgsql_until(const struct pgsql *, int64_t ms);
/* What the last error is in the words of SQLite. */
int pgsql_code(struct pgsql *);
/* The same after a failure of the library's; drops a connection that is of no
 * use any longer. */
int pgsql_failed(struct pgsql *);

/* Keeps what was bound to a statement that gathers, and runs all such where that
 * is much; runs them; forgets what they have. */
int pgsql_gather(struct pgsql_stmt *);
int pgsql_gathered(struct pgsql *);
void pgsql_gather_drop(struct pgsql *);
/* Adds a text, or NULL, to what becomes an array as PostgreSQL writes it; ends
 * that.  The buffer was empty at first. */
void pgsql_array_add(struct buf *, const char *text);
void pgsql_array_end(struct buf *);

#endif
