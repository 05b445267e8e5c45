/* SPDX-License-Identifier: MIT */
/*
 * store_db: the parts that the reading and the writing half of the store share:
 * the connection, its statements, the schema and the words for errors.
 * Only src/store and src/figures include it.
 *
 * Source: https://www.sqlite.org/wal.html, rescode.html, withoutrowid.html.
 */
#ifndef CTIM_STORE_DB_H
#define CTIM_STORE_DB_H

#include <sqlite3.h>

#include "base/buf.h"
#include "db/sql.h"
#include "db/sqlite.h"
#include "store/store.h"
#include "filter/store_net.h"
#include "store/store_sql.h"
#include "store/store_tally.h"

/* A source as the store keeps it. */
struct store_row {
	int64_t id;
	struct source source; /* strings in facts.text */
	int64_t imported;     /* when its last import was */
	int64_t run;          /* number of that import */
};

/* Facts about the whole store; read again when this or another connection has
 * changed the store: the sources each time, the networks, of which there may be
 * many, for the first look-up after some were added or removed. */
struct store_facts {
	bool known;
	int64_t version;        /* PRAGMA data_version */
	struct store_row *rows; /* by id */
	size_t n;
	struct buf text;
	bool below;                  /* some domains match what is below them */
	bool net_known;              /* net is of this version */
	const struct store_net *net; /* all networks; NULL: not read yet */
	int64_t net_state;           /* they were in this state */
};

struct store_entry;
struct store_target;
struct store_batch;

/*
 * What the engines of a store do each in a way of its own; all else is the same
 * statements in two spellings.  Functions that return an int return an SQLite
 * result.
 */
struct store_backend {
	/* How long it waits for another connection that reads networks:
	 * clock_ms(); 0: no end. */
	int64_t (*until)(const struct store *);
	void (*close)(struct store *);
	void (*rest)(struct store *);
	bool (*moved)(const struct store *);
	/* Takes the statements for the format that the store has now. */
	int (*format)(struct store *);
	/* How long a transaction that writes waits for others, in ms. */
	void (*patience)(struct store *, int wait);
	/* Begins one.  all: of records, which are to be on the disk at its end. */
	int (*begin)(struct store *, bool all);
	int (*commit)(struct store *);
	void (*tidy)(struct store *); /* after a commit, where there is time */
	/* Writes what code means for this store, and what mends it. */
	void (*explain)(struct store *, int code, char error[STORE_ERROR_MAX]);
	/*
	 * The others are NULL where records are read and written one by one.
	 * Reads at once the records of all that these observables can match; all:
	 * as store_match_around().
	 */
	int (*look)(
	    struct store *, const struct observable *, size_t n, bool all);
	void (*unlook)(struct store *);
	/* The records of a value in the batch: the place of the first, and how
	 * many; while the batch is gathered, none. */
	size_t (*found)(
	    struct store *, enum observable_type, const char *value, size_t *n);
	struct sql_stmt *(*row)(struct store *, size_t place);
	/* Takes a record of an import, in order; writes what was taken. */
	int (*put)(
	    struct store *, struct store_target *, const struct store_entry *);
	int (*put_end)(struct store *, struct store_target *);
	/* Ends an import: with replace removes what former ones of the source alone
	 * listed, and brings the source's counts up to date. */
	int (*finish)(struct store *, struct store_target *, bool replace);
	/* store_claim(). */
	int (*claim)(struct store *, const char *source, bool *had);
	/* What names an action, so that it can be found again. */
	const char *(*mark)(struct store *);
};

struct store {
	const struct store_backend *backend;
	struct sql sql; /* of the backend's engine */
	struct sqlite
	    db; /* SQLite's: not open where PostgreSQL has the store */
	struct store_pg *pg; /* PostgreSQL's, or NULL */
	char *path;          /* for people: a URL without its password */
	const char *name;    /* what no other store has */
	bool held;           /* store_hold(), of a backend that looks at once */
	enum store_mode mode;
	int64_t format;             /* whose statements db has */
	char note[STORE_ERROR_MAX]; /* "": none */
	struct store_facts facts;
	/* The last store_match(): records, and where their text begins. */
	struct record *records;
	size_t (*text_at)[3]; /* of value, reason and url, in text */
	size_t n, cap;
	struct buf text;
	struct store_tally tally; /* what is to be counted yet */
	bool networks; /* the open transaction added or removed some */
	struct store_import *import; /* the one under way, or NULL */
	bool act;                    /* store_act_begin(): until its end */
	struct store_count *counts;  /* the last store_stats() */
};

/*
 * Writes what code (an SQLite result) means for this store and what mends it,
 * and rolls an open transaction back.  Always returns -1.
 */
int db_error(struct store *, int code, char error[STORE_ERROR_MAX]);

/* The same for a source that is not there. */
int db_no_source(struct store *, const char *name, char error[STORE_ERROR_MAX]);

/* Uses the statements for a format from now on.  SQLITE_SCHEMA when this program
 * does not know the format. */
int db_use(struct store *, int64_t format);
/* Brings an older store to the present format, in one transaction, and keeps a
 * copy of the old file beside it when there is room: an SQLite result; the note
 * says what was done.  After an error the transaction may be open. */
int db_upgrade(struct store *);

/* What the upgrade made of URLs whose normal form is another one now. */
struct store_renewed {
	int renewed; /* have another spelling now */
	int merged;  /* went, as their source has the same URL once more */
	int unable;  /* have no normal form: they stay as they are */
};
/* Spells the URLs anew within the open transaction: an SQLite result. */
int store_renew(sqlite3 *, struct store_renewed *);

/* Begins a read transaction and brings the facts up to date with it: an SQLite
 * result.  To be ended with SQL_COMMIT. */
int db_begin_read(struct store *);
/* A store without a connection yet; NULL with the reason in error. */
struct store *db_new(
    const char *shown, enum store_mode, char error[STORE_ERROR_MAX]);
/* Frees what db_new() made, of a store that was not opened. */
void db_drop(struct store *);
/* Collects the records that match a normalised value (or, of a batch, what is to
 * be looked up for it), as store_match_around() where all: an SQLite result. */
int db_match(struct store *, enum observable_type, const char *value,
    int64_t now, bool all);
/* store_open() of a store in PostgreSQL. */
struct store *store_pg_open(
    const char *url, enum store_mode, char error[STORE_ERROR_MAX]);
/* Brings the facts up to date within a transaction: an SQLite result. */
int db_facts(struct store *);
/* The same for the networks, which are read anew where some were added or
 * removed since: for a look-up, and for a command that is to notice damaged
 * ones. */
int db_networks(struct store *);
/* The source of an id or a name, NULL when there is none. */
const struct store_row *db_source(const struct store *, int64_t id);
const struct store_row *db_source_named(const struct store *, const char *name);
/* Reads the columns that SQL_MATCH and SQL_LIST have in common into a record of
 * this type and value; its texts belong to SQLite until the next step.  SQLITE_OK
 * or SQLITE_CORRUPT. */
int db_record(const struct store *, struct sql_stmt *, enum observable_type,
    const char *value, struct record *);

#endif
