/* SPDX-License-Identifier: MIT */
/*
 * newest: records in a temporary database, of each key the newest version.
 *
 * For what has to wait until all of a file is read, however large: the records
 * lie in a file without a name, behind a cache of 8 MB; it goes with the process.
 * Source: https://www.sqlite.org/inmemorydb.html, "Temporary Databases".
 */
#ifndef CTIM_NEWEST_H
#define CTIM_NEWEST_H

#include <stddef.h>
#include <stdint.h>

struct newest;

struct newest_record {
	const char *key; /* NULL: it has none, and no other versions */
	int64_t version;
	uint64_t line; /* where it was read; to be told */
	const void *data;
	size_t n;
};

enum newest_put {
	NEWEST_FAILED,
	NEWEST_FIRST,    /* kept: nothing of this key was there */
	NEWEST_REPLACED, /* kept, in the place of an older version */
	NEWEST_OLDER,    /* not kept: a newer version is there */
	NEWEST_SAME      /* not kept: this version is there */
};

/* An empty one; NULL when it cannot be made. */
struct newest *newest_new(void);
void newest_free(struct newest *); /* also of NULL */
/* Adds a record.  When another one of the key is there, *other gets its line and
 * length. */
enum newest_put newest_put(
    struct newest *, const struct newest_record *, struct newest_record *other);
/* Calls each with all records in the order in which they came, until it returns
 * another value than 0; returns that, 0, or -1 when reading failed. */
int newest_each(struct newest *,
    int (*each)(void *arg, const struct newest_record *), void *arg);
/* Forgets all records.  Returns 0, or -1. */
int newest_clear(struct newest *);
/* What failed last, for people. */
const char *newest_error(const struct newest *);

#endif
