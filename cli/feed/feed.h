/* SPDX-License-Identifier: MIT */
/*
 * feed: lists of indicators as people and services publish them, read from a
 * file or pipe in bounded memory, one entry after another.
 *
 * Formats: text (one a line, hosts files, netsets), csv (RFC 4180, a header row
 * or the commented one of abuse.ch), json (an array of objects, or one object a
 * line).  Feeds are hostile: a line that is no entry is skipped and reported
 * with its number; only a feed that cannot be read at all is an error.
 */
#ifndef CTIM_FEED_H
#define CTIM_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ctim/observable.h"

#define FEED_ERROR_MAX 512
#define FEED_LINE_MAX  (1U << 20) /* bytes of a line, row or element */

enum feed_format {
	FEED_AUTO,
	FEED_TEXT,
	FEED_CSV,
	FEED_JSON,
	FEED_ADBLOCK,
	FEED_RPZ,
	FEED_SNORT,
	FEED_CONFIG,
	FEED_STIX,
	FEED_MISP,
	FEED_MISP_INDEX, /* known to be refused */
	FEED_WARNINGLIST,
	FEED_FORMATS
};

/* What a feed can say of an indicator; the name of each is in feed_row.c. */
enum feed_field {
	FEED_VALUE,
	FEED_TYPE,
	FEED_DISPOSITION,
	FEED_SEVERITY,
	FEED_CONFIDENCE,
	FEED_TLP,
	FEED_PRIORITY,
	FEED_REASON,
	FEED_FIRST_SEEN,
	FEED_LAST_SEEN,
	FEED_COUNT,
	FEED_EXPIRES,
	FEED_BELOW,
	/* Of the source, on each of its rows (`intel export`). */
	FEED_SOURCE_TITLE,
	FEED_SOURCE_LOOKUP,
	FEED_SOURCE_SUBDOMAINS,
	FEED_FIELDS
};

/* One entry.  Strings are good until the callback returns. */
struct feed_entry {
	enum observable_type type;
	const char *value;  /* normalised (indicator.h) */
	const char *reason; /* one line of UTF-8, or NULL */
	int disposition, severity, confidence, tlp; /* numbers of ctim.h; */
	int priority;                         /* -1: the feed does not say */
	int64_t first_seen, last_seen, count; /* 0: it does not say */
	int64_t expires; /* -1: it does not say, 0: never */
	const char *url; /* where more is said of it, or NULL */
	bool below;      /* a domain: the feed means all below it too */
	bool foreign;    /* its texts were no UTF-8, and read as Windows-1252 */
	/* What the feed says of the source; NULL, false: nothing. */
	const char *source_title, *source_lookup;
	bool source_subdomains;
};

/*
 * The callbacks of the reader; another result than 0 ends the reading.  skipped
 * gets a reason, by whose words skips are counted, and why, which says the same
 * of this line.  note gets a line for people: which column was taken for what.
 */
struct feed_sink {
	int (*entry)(void *arg, uint64_t line, const struct feed_entry *);
	int (*skipped)(
	    void *arg, uint64_t line, const char *reason, const char *why);
	void (*note)(void *arg, const char *text); /* NULL: nobody listens */
	/* In a folder that is one feed: which of its files is read from here on,
	 * or NULL: none.  The name must stay.  NULL: nobody listens */
	void (*file)(void *arg, const char *name);
	void *arg;
};

/* The field is in the column (or JSON member) of this name; "": in none. */
struct feed_column {
	enum feed_field field;
	const char *name;
};

struct feed_options {
	enum feed_format format;
	const struct feed_column *columns; /* before the usual names */
	size_t n_columns;
	bool any_network; /* networks of any length are taken */
	int disposition;  /* enum ctim_disposition, of what says none */
	bool judged; /* the user says a disposition: lists of what is harmless
			do not say Clean */
	struct hold *hold; /* of several files that are one feed: what waits
			      until all are read (hold.h); NULL: of this one */
};

/* Returns the format of a name ("csv"), or -1. */
int feed_format(const char *name);
/* Returns the name of a format, NULL behind the last one. */
const char *feed_format_name(int);
/* Returns the field of a name ("first_seen"), or -1. */
int feed_field(const char *name);

/*
 * Reads the whole file.  Returns 0; 1 when a callback ended it; or -1 with one
 * line in error (the stream failed, has none of these formats, or is cut
 * short).
 */
int feed_read(FILE *, const struct feed_options *, const struct feed_sink *,
    char error[FEED_ERROR_MAX]);

/*
 * Reads a folder that is one feed as a whole, and returns true, with what
 * feed_read() would return in *result.  Returns false for any other folder: its
 * files are feeds.
 */
bool feed_folder(const char *path, const struct feed_options *,
    const struct feed_sink *, int *result, char error[FEED_ERROR_MAX]);

#endif
