/* SPDX-License-Identifier: MIT */
/*
 * store_sql: all SQL of the store: its tables, its statements, and what brings
 * the tables of an older format to the present one.  Only src/store and src/figures include it.
 *
 * Source: https://www.sqlite.org/withoutrowid.html, lang_altertable.html,
 * lang_upsert.html.
 */
#ifndef CTIM_STORE_SQL_H
#define CTIM_STORE_SQL_H

#include <stdint.h>

#include "db/sqlite.h"

#define STORE_FORMAT 2 /* PRAGMA user_version; 0.1 wrote 1 */

enum store_sql {
	/* These read, in every format. */
	SQL_VERSION = SQL_OWN,
	SQL_SOURCES,
	SQL_NETWORKS,
	SQL_NETWORKS_COUNT,
	SQL_NETWORKS_STATE,
	SQL_MATCH,
	SQL_LIST,
	SQL_COUNT,
	SQL_ACTIONS,
	/* These read the counts and the audit, from format 2 on. */
	SQL_TALLIES,
	SQL_EXPIRIES,
	SQL_EXPIRING,
	SQL_EXPIRED,
	SQL_EXPIRED_IN,
	SQL_ACTED,
	SQL_LAST_ACTIONS,
	SQL_MATCHES,
	SQL_TOP_MATCHES,
	SQL_OTHER_MATCHES,
	SQL_MATCHED_ROWS,
	/* These write. */
	SQL_SOURCE_ADD,
	SQL_SOURCE_SET,
	SQL_SOURCE_REMOVE,
	SQL_ADD,
	SQL_TOUCH,
	SQL_OLD,
	SQL_CHANGE,
	SQL_FORMER,
	SQL_REPLACED,
	SQL_REMOVE,
	SQL_REMOVE_SOURCE,
	SQL_NETWORKS_CHANGED,
	SQL_REMOVE_TALLY,
	SQL_REMOVE_EXPIRY,
	SQL_TALLY,
	SQL_TALLY_NONE,
	SQL_EXPIRY,
	SQL_EXPIRY_NONE,
	SQL_ACTION_ADD,
	SQL_ACTION_LAST,
	SQL_MATCHED,
	SQL_MATCHED_VALUE,
	SQL_MATCHED_OLD,
	SQL_MATCHED_VALUE_OLD,
	SQL_MATCHED_OTHERS,
	SQL_MATCHED_CUT,
	SQL_STATEMENTS
};

/* The statements for a store of this format; NULL when this program does not
 * know the format.  Those of an older format only read. */
const char *const *store_sql(int64_t format);
/* Makes the tables in an empty file. */
extern const char store_sql_schema[];
/* Makes them of the tables of format 1. */
extern const char store_sql_upgrade[];
/* The version of the program that wrote a store, of format 2 or later. */
extern const char store_sql_writer[];

/* PostgreSQL's (store_pg_sql.c): the statements above, of the present format;
 * SQL_MATCH, SQL_FORMER and SQL_REPLACED are none. */
extern const char *const store_sql_pg[SQL_STATEMENTS];
extern const char store_pg_schema[];
/* Whether the tables are there, and the encoding. */
extern const char store_pg_made[];
extern const char store_pg_format[];
extern const char store_pg_changed[];
/* $1 a source: whether nobody else has it; for as long as the connection lasts. */
extern const char store_pg_claimed[], store_pg_lasting[];
extern const char store_pg_marked[]; /* $1 the mark of an action */
/* $1 values, $2 their types: the columns of SQL_LIST, then the version. */
extern const char store_pg_batch[];
/* An import, step by step. */
extern const char store_pg_incoming[], store_pg_copy[], store_pg_analyze[];
extern const char store_pg_compare_sql[], store_pg_last_turn[],
    store_pg_change[], store_pg_add[];
extern const char store_pg_emptied[];
/* $1 a source, $2 an import: removes what it did not list; how many, and how many
 * networks. */
extern const char store_pg_replaced[];
extern const char *const store_pg_recount[]; /* ended by NULL */

#endif
