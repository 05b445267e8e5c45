/* SPDX-License-Identifier: MIT */
/*
 * store_write: functions that change the store or go through all of it; for the
 * command line.  All but store_each(), store_stats() and
 * store_backup() need STORE_WRITE.
 * Functions that fail put the reason, one line, into error.
 */
#ifndef CTIM_STORE_WRITE_H
#define CTIM_STORE_WRITE_H

#include <sys/types.h>

#include "ctim/ctim.h"
#include "store/store.h"

#define STORE_REASON   1024 /* code points of a reason; the rest is cut */
#define STORE_TITLE    1024 /* code points of a title */
#define STORE_URL      2048 /* bytes of a reference; a longer one is left out */
#define STORE_PRIORITY 100  /* the highest */

/* The fields of its source that an import sets.  The others stay as they were:
 * at first the name as the title, no URL, no subdomains, no feed. */
enum {
	STORE_SET_TITLE = 1 << 0,
	STORE_SET_URL = 1 << 1,
	STORE_SET_SUBDOMAINS = 1 << 2,
	STORE_SET_FEED = 1 << 3,
	STORE_SET_HEADER = 1 << 4,
	STORE_SET_OPTIONS = 1 << 5,
	STORE_SET_ETAG = 1 << 6,
	STORE_SET_MODIFIED = 1 << 7,
	STORE_SET_CHECKED = 1 << 8,
	STORE_SET_MAKE = 1 << 9 /* store_source_set(): make it, if it is new */
};

struct store_counts {
	uint64_t added, updated, unchanged, removed;
};

/* Whether name can be the name of a source (struct source in store.h). */
bool store_source_name(const char *name);

/*
 * An import: begin, add what the source lists, end.  Records wait in a batch of
 * bounded size, then in a temporary file; the store is locked for other writers
 * from the settling or end on, or from where that file has no more room, and no
 * reader sees any of the import before its end has returned 0.
 * source and its strings must stay until the end.  now is the time of import.
 *
 * store_import_add() copies the record, of which it ignores source, imported
 * and exact, and overwrites an existing record of the source.  Values are
 * normalised already.
 * store_import_end() with replace removes the records that the source listed
 * before and this import did not.  An import without a record is an error, so
 * that an empty feed changes nothing.
 * store_import_settle() does all of the end but to let others see it: who does
 * not like the counts cancels.  An end may follow, with the same replace.
 * A failed add, settle or end has cancelled the import.
 */
int store_import_begin(struct store *, const struct source *, unsigned set,
    int64_t now, char error[STORE_ERROR_MAX]);
int store_import_add(
    struct store *, const struct record *, char error[STORE_ERROR_MAX]);
int store_import_settle(struct store *, bool replace, struct store_counts *,
    char error[STORE_ERROR_MAX]);
/* Lets an import under way set more fields of its source. */
void store_import_set(struct store *, unsigned set);
int store_import_end(struct store *, bool replace, struct store_counts *,
    char error[STORE_ERROR_MAX]);
void store_import_cancel(struct store *); /* none under way is fine */

/* Claims the import of a source for as long as the store is open, where that is
 * in PostgreSQL.  Returns 1; 0 while another has it; or -1 with the reason. */
int store_claim(
    struct store *, const char *source, char error[STORE_ERROR_MAX]);

/* Sets fields of a source, which is found by its name; NULL texts but the title
 * are taken away.  Returns 0, or -1. */
int store_source_set(struct store *, const struct source *, unsigned set,
    char error[STORE_ERROR_MAX]);
/* Removes a normalised value, of one source or (NULL) of all.  Returns how many
 * records went, or -1. */
ssize_t store_remove(struct store *, enum observable_type, const char *value,
    const char *source, char error[STORE_ERROR_MAX]);
/* Removes a source and its records.  Returns how many records went, or -1. */
ssize_t store_remove_source(
    struct store *, const char *source, char error[STORE_ERROR_MAX]);

struct store_filter {
	const char *source;        /* NULL: all */
	enum observable_type type; /* OBSERVABLE_UNKNOWN: all */
	int64_t limit;             /* -1: none */
};
/*
 * Calls each for the records in the order of their values, expired ones too, as
 * they were when the call began.  The record is good until each returns; each
 * ends the listing by returning other than 0.  Returns 0, or -1; a source that
 * is not there is an error.
 */
int store_each(struct store *, const struct store_filter *,
    int (*each)(void *arg, const struct record *), void *arg,
    char error[STORE_ERROR_MAX]);

/* One source in figures; expired as of the now that was asked for. */
struct store_count {
	struct source source;
	int64_t imported; /* its last import */
	uint64_t records, expired;
	uint64_t types[OBSERVABLE_TYPES];
	uint64_t dispositions[CTIM_UNKNOWN + 1];
};
/* Counts the records of all sources, sorted by name, from counts that are kept;
 * only for records that expire between the last full hour and now, if there are
 * any, all are looked through.  Returns how many sources, or -1.  *counts is good until the next call on the store. */
ssize_t store_stats(struct store *, int64_t now, const struct store_count **,
    char error[STORE_ERROR_MAX]);

/* Copies the store, as it is at one moment, into the empty file at path, which
 * needs no file beside it then.  Others may read and write the store meanwhile.
 * Returns 0, or -1 with the reason in error. */
int store_backup(struct store *, const char *path, char error[STORE_ERROR_MAX]);

/*
 * Puts what is in the store at from, which is looked through first, in the place
 * of all that is in the store at path, in one transaction: whoever has that open
 * sees either the one or the other.  A store that is not there is made; one
 * that is damaged is moved aside, to PATH.damaged, and a new file takes its
 * place.  A store of an older format is brought to the present one.
 * Returns 0, with a line in note for people ("": nothing to say); or -1 with
 * the reason in error, and the store is what it was.
 */
int store_restore(const char *path, const char *from,
    char note[STORE_ERROR_MAX], char error[STORE_ERROR_MAX]);

#endif
