/* SPDX-License-Identifier: MIT */
/*
 * heading: what the headings of columns, and names of JSON members, say in feeds
 * that people and services publish.  A heading alone proves nothing
 * (feed_columns.h).
 */
#ifndef CTIM_HEADING_H
#define CTIM_HEADING_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/feed/feed.h"

enum heading_kind {
	/* Values, in the order in which they are taken. */
	HEADING_ANY,     /* "indicator": any type */
	HEADING_HASH,    /* of a file */
	HEADING_URL,     /* also a reference, beside another value */
	HEADING_ADDRESS, /* or network */
	HEADING_EMAIL,
	HEADING_NAME, /* of a host */
	/* What is said of it. */
	HEADING_REFERENCE, /* a page */
	HEADING_FIELD,
	HEADING_WORDS,  /* a field, when its cells are words of that field */
	HEADING_TO_IDS, /* 0: not meant for detection (MISP) */
	HEADING_PASS    /* 1: it may pass, or is withdrawn */
};
#define HEADING_VALUES (HEADING_NAME + 1)

/* A row of the table: headings before others win.  group: the columns of one
 * group say the same of one thing and are taken together; 0: of none. */
struct heading {
	const char *name; /* in lower case, without '_', '-', blanks */
	enum heading_kind kind;
	enum feed_field field; /* of HEADING_FIELD and HEADING_WORDS */
	int group;
};

/* Returns what a heading says, NULL for nothing known.  Case, '_', '-', blanks
 * do not matter. */
const struct heading *heading_of(const char *text);
/* What "source.ip" says, the member of an object: what its last part does, and,
 * where the first part is a heading for any value, such a value, all of the
 * object together.  NULL: nothing known, or no such name. */
const struct heading *heading_nested(const char *text);
/* The place of a row in the table. */
size_t heading_rank(const struct heading *);
/* Whether two headings are the same, case, '_', '-' and blanks aside. */
bool heading_same(const char *a, const char *b);
/* Whether what is under this heading is never the value, whatever it looks like:
 * a hash of something else than the file, the name of a registrar's server. */
bool heading_is_never(const char *text);

/* Two columns that mean networks together. */
struct heading_pair {
	const char *first, *second;
	bool mask; /* the second is a mask or a number of bits; else the last
	              address of the range */
};
extern const struct heading_pair heading_pairs[]; /* the last first is NULL */

#endif
