/* SPDX-License-Identifier: MIT */
/*
 * store_pg: what a store in PostgreSQL has besides, and its imports.  Only
 * store_pg*.c include it.
 */
#ifndef CTIM_STORE_PG_H
#define CTIM_STORE_PG_H

#include <uuid/uuid.h>

#include "db/pgsql.h"
#include "store/store_db.h"
#include "store/store_rows.h"

/* A value with its type, and where something of it is. */
struct store_pg_key {
	int type;
	const char *value;
	size_t place;
};

#define STORE_PG_TEXT (16U << 20) /* bytes of what one query asks */

struct store_pg {
	struct pgsql db;
	char mark[UUID_STR_LEN]; /* of the action being written; "": none */
	bool all;                /* the open transaction is of records */
	bool recount; /* … and the counts are not those of its source */
	/* Look-ups that one query answers: of these observables (NULL: of none),
	 * as store_match_around() or not. */
	const struct observable *list;
	size_t n_list;
	bool list_all;
	bool gathers;               /* what is to be asked for is worked out */
	struct store_pg_key *asked; /* place: of the value in text */
	size_t n_asked, asked_cap;
	struct store_pg_key *rows; /* in order; place: of the row */
	size_t n_rows, rows_cap;
	struct buf text, values, types;
	struct store_pg_import *import; /* NULL: none under way */
};

/* store_backend.look() and so on, store_pg_look.c. */
int store_pg_look(
    struct store *, const struct observable *, size_t n, bool all);
void store_pg_unlook(struct store *);
size_t store_pg_found(
    struct store *, enum observable_type, const char *value, size_t *n);
struct sql_stmt *store_pg_row(struct store *, size_t place);

/* store_backend.put(), put_end() and finish(), store_pg_import.c. */
int store_pg_put(
    struct store *, struct store_target *, const struct store_entry *);
int store_pg_put_end(struct store *, struct store_target *);
int store_pg_finish(struct store *, struct store_target *, bool replace);
void store_pg_import_free(struct store_pg *);

#endif
