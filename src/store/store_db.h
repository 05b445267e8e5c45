/*
 * store_db: the parts that the reading and the writing half of the store share:
 * the connection, its statements, the schema and the words for errors.
 * Only store*.c include it.
 *
 * Source: https://www.sqlite.org/wal.html, rescode.html, withoutrowid.html.
 */
#ifndef CTIM_STORE_DB_H
#define CTIM_STORE_DB_H

#include <sqlite3.h>

#include "base/buf.h"
#include "db/sqlite.h"
#include "store/store.h"
#include "store/store_net.h"

enum store_sql {
	SQL_VERSION = SQL_OWN,
	SQL_SOURCES,
	SQL_NETWORKS,
	SQL_MATCH,
	SQL_SOURCE_ADD,
	SQL_SOURCE_SET,
	SQL_SOURCE_REMOVE,
	SQL_ADD,
	SQL_TOUCH,
	SQL_CHANGE,
	SQL_REPLACED,
	SQL_REMOVE,
	SQL_REMOVE_SOURCE,
	SQL_LIST,
	SQL_COUNT,
	SQL_STATEMENTS
};

/* A source as the store keeps it. */
struct store_row {
	int64_t id;
	struct source source; /* strings in facts.text */
	int64_t imported;     /* when its last import was */
	int64_t run;          /* number of that import */
};

/* Facts about the whole store; read again when this or another connection has
 * changed the store. */
struct store_facts {
	bool known;
	int64_t version;        /* PRAGMA data_version */
	struct store_row *rows; /* by id */
	size_t n;
	struct buf text;
	bool subdomains;      /* some source has them */
	struct store_net net; /* all networks */
};

struct store {
	struct sqlite db;
	char *path;
	enum store_mode mode;
	struct store_facts facts;
	/* The last store_match(): records, and where their text begins. */
	struct record *records;
	size_t (*text_at)[2]; /* of value and reason, in text */
	size_t n, cap;
	struct buf text;
	struct store_import *import; /* the one under way, or NULL */
	struct store_count *counts;  /* the last store_stats() */
};

/*
 * Writes what code (an SQLite result) means for this store and what mends it,
 * and rolls an open transaction back.  Always returns -1.
 */
int db_error(struct store *, int code, char error[STORE_ERROR_MAX]);

/* The same for a source that is not there. */
int db_no_source(struct store *, const char *name, char error[STORE_ERROR_MAX]);

/* Begins a read transaction and brings the facts up to date with it: an SQLite
 * result.  To be ended with SQL_COMMIT. */
int db_begin_read(struct store *);
/* Brings the facts up to date within a transaction: an SQLite result. */
int db_facts(struct store *);
/* The source of an id or a name, NULL when there is none. */
const struct store_row *db_source(const struct store *, int64_t id);
const struct store_row *db_source_named(const struct store *, const char *name);
/* Reads the columns of SQL_MATCH and SQL_LIST into a record whose texts belong
 * to SQLite until the next step.  SQLITE_OK, SQLITE_CORRUPT or SQLITE_NOMEM. */
int db_record(const struct store *, sqlite3_stmt *, struct record *);

#endif
