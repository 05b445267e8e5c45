/* SPDX-License-Identifier: MIT */
/*
 * store_rows: records written and removed within one transaction, for imports,
 * for commands and for actions.  Only store*.c include it.
 *
 * Functions return an SQLite result.
 */
#ifndef CTIM_STORE_ROWS_H
#define CTIM_STORE_ROWS_H

#include "store/store_db.h"
#include "store/store_write.h"

/* A record to write. */
struct store_entry {
	uint64_t key; /* of store_write.c */
	const char *value;
	const char *reason, *url; /* or NULL */
	int64_t first_seen, last_seen, count, expires;
	uint32_t place; /* of store_write.c */
	uint8_t type, disposition, severity, confidence, tlp, priority, below;
};

/* What is written to: a source, and which of its fields are set. */
struct store_target {
	const struct source *source;
	unsigned set; /* STORE_SET_* */
	int64_t now;
	int64_t id, run; /* of the source, this import */
	bool below;      /* some record of it had that */
	struct store_counts counts;
};

/* Whether a name can be a source's: 0, or -1 with the reason in error. */
int store_rows_name(const char *name, char error[STORE_ERROR_MAX]);
/* Whether the store takes the figures and texts of a record. */
bool store_rows_good(const struct record *);
/* The record with its texts cut to what the store keeps: *reason and *url are
 * how many bytes of these to take. */
struct store_entry store_rows_entry(
    const struct record *, size_t *reason, size_t *url);

/* Begins a transaction that writes, unless an act is one, and brings the facts up to date in it. */
int store_rows_begin(struct store *);
/* Finds or adds the source of the target, and numbers this import of it. */
int store_rows_target(struct store *, struct store_target *);
/* Writes a record. */
int store_rows_write(
    struct store *, struct store_target *, const struct store_entry *);
/* Ends the writing to a target: with replace removes what former imports of the
 * source alone listed; writes the fields of the source. */
int store_rows_finish(struct store *, struct store_target *, bool replace);
/* Removes a value of one source, or (0) of all; adds how many went to *n. */
int store_rows_remove(struct store *, enum observable_type, const char *value,
    int64_t source, uint64_t *n);
/* Writes the fields of a source that set names, and what it is already. */
int store_rows_source(struct store *, const struct store_row *is,
    const struct source *, unsigned set);
/* Writes the counts, and that networks changed, and commits: an SQLite result. */
int store_rows_write_out(struct store *);
/* Commits, and moves the -wal file into the main one as far as readers let it;
 * the data are safe in either, so that the second may fail.  Within an act
 * nothing is done: the act has an end of its own. */
int store_rows_commit(struct store *);

#endif
