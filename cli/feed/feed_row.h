/* SPDX-License-Identifier: MIT */
/*
 * feed_row: one row of a feed as its reader found it, and how it comes to
 * entries, for the readers of all formats.
 */
#ifndef CTIM_FEED_ROW_H
#define CTIM_FEED_ROW_H

#include <stdbool.h>

#include "cli/feed/feed.h"

struct feed_cell_form;
struct feed_reader;

#define FEED_VALUES     8 /* cells of one row that can be values (its hashes) */
#define FEED_LOST       (FEED_FIELDS + 1) /* fields, the reference, others of it */
#define FEED_LOST_SHOWN 40                /* code points of a cell */

/* What cells cost without their rows, by field, for the summary.  All zeros at
 * first. */
struct feed_lost {
	struct {
		const char *what; /* NULL: of nothing more */
		uint64_t n, line; /* line: of the first */
		char first[FEED_LOST_SHOWN * 4 + 1];
	} of[FEED_LOST];
};

/* Whether two values of a row are a network together. */
enum feed_pair {
	FEED_PAIR_NONE,
	FEED_PAIR_RANGE, /* the first and the last address */
	FEED_PAIR_MASK   /* the address, its mask or number of bits */
};

/* The texts of one row; NULL or "" where it has none.  What is not set is 0. */
struct feed_row {
	const char *values[FEED_VALUES];
	size_t n_values;
	enum feed_pair pair;
	const char *text[FEED_FIELDS];     /* but that of FEED_VALUE */
	const char *reference;             /* a page about it */
	const struct feed_cell_form *form; /* how cells are written, or NULL */
	struct feed_lost *lost;            /* NULL: nobody asks */
};

/*
 * Hands the entries of a row to the sink, each value once, or reports why there
 * are none.  Returns the result of the callback.
 */
int feed_row_emit(
    const struct feed_row *, uint64_t line, const struct feed_sink *);
/* Tells what was lost, a note for each field. */
void feed_row_lost(const struct feed_lost *, const struct feed_sink *);
/* Calls sink->skipped() with a reason and what the format makes of this line;
 * NULL: the reason says it all. */
int feed_skip(const struct feed_sink *, uint64_t line, const char *reason,
    const char *format, ...) __attribute__((format(printf, 4, 5)));
/* Calls sink->note(), where somebody listens. */
void feed_note(const struct feed_sink *, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * A format: one file and one row of the table in feed.c.  looks says whether
 * the first n bytes, behind which a NUL is, are of the format; the first format
 * whose looks does so reads the feed.
 */
struct feed_kind {
	const char *name; /* of --format */
	bool (*looks)(const char *head, size_t n, const struct feed_options *);
	int (*read)(struct feed_reader *, const struct feed_options *,
	    const struct feed_sink *, char error[FEED_ERROR_MAX]);
};

/*
 * A sink that skips what no feed means: loopback and unspecified addresses,
 * private ones unless they are Clean, and networks that are too large, unless
 * the options take them.  All readers get one.
 */
struct feed_scope {
	const struct feed_sink *to;
	const struct feed_options *options;
	/* Rows whose texts were no UTF-8; lines of the first and the last. */
	uint64_t foreign, first, last;
};
struct feed_sink feed_scope_sink(struct feed_scope *); /* which must stay */
/* Tells, at the end, of what it has counted. */
void feed_scope_end(const struct feed_scope *);

/* What the first n bytes, behind which a NUL is, show that is no text: an
 * archive, a document, markup; for people.  NULL: nothing. */
const char *feed_no_text(const char *head, size_t n);

/* The same for a folder that is one feed. */
struct feed_folder_kind {
	const char *name;
	bool (*looks)(const char *path);
	int (*read)(const char *path, const struct feed_options *,
	    const struct feed_sink *, char error[FEED_ERROR_MAX]);
};

/*
 * The readers of the formats: all of them read to the end and return 0, what a
 * callback returned, or -1 with a line in error.
 *
 * Text: one indicator a line, with an optional comment; hosts files.
 */
int feed_text(struct feed_reader *, const struct feed_options *,
    const struct feed_sink *, char error[FEED_ERROR_MAX]);
/* CSV: rows of a table, mapped by the names of its columns.  An error when there
 * is no header, or a column of the options is not in it.
 * Source: RFC 4180; https://abuse.ch exports, whose header is a comment. */
int feed_csv(struct feed_reader *, const struct feed_options *,
    const struct feed_sink *, char error[FEED_ERROR_MAX]);
/* Whether the first n bytes of a file, at head, look like CSV: a header row with
 * a column for the value, or one in a comment above a row of as many columns. */
bool feed_csv_looks(const char *head, size_t n, const struct feed_options *);
/* JSON: objects with a value and what is known of it, as one array or one a
 * line.  An error when the array does not end, or a document is of another
 * form. */
int feed_json(struct feed_reader *, const struct feed_options *,
    const struct feed_sink *, char error[FEED_ERROR_MAX]);
/* Filters of browsers and resolvers: ||name^ is the name and all below it.
 * Source: https://adguard-dns.io/kb/general/dns-filtering-syntax/ */
bool feed_adblock_looks(
    const char *head, size_t n, const struct feed_options *);
int feed_adblock(struct feed_reader *, const struct feed_options *,
    const struct feed_sink *, char error[FEED_ERROR_MAX]);
/* A zone of response policies.
 * Source: draft-vixie-dnsop-dns-rpz-00 */
bool feed_rpz_looks(const char *head, size_t n, const struct feed_options *);
int feed_rpz(struct feed_reader *, const struct feed_options *,
    const struct feed_sink *, char error[FEED_ERROR_MAX]);
/* Rules of Snort and Suricata: the addresses that they are about, and names that
 * they compare whole.
 * Source: https://docs.suricata.io, "Rules Format" */
bool feed_snort_looks(const char *head, size_t n, const struct feed_options *);
int feed_snort(struct feed_reader *, const struct feed_options *,
    const struct feed_sink *, char error[FEED_ERROR_MAX]);
/* Configuration of programs that block: cli/lists/feed_config_table.c. */
bool feed_config_looks(const char *head, size_t n, const struct feed_options *);
int feed_config(struct feed_reader *, const struct feed_options *,
    const struct feed_sink *, char error[FEED_ERROR_MAX]);

/* STIX 2.0 and 2.1: the indicators of bundles, TAXII envelopes, arrays and
 * lines of objects. */
bool feed_stix_looks(const char *head, size_t n, const struct feed_options *);
int feed_stix(struct feed_reader *, const struct feed_options *,
    const struct feed_sink *, char error[FEED_ERROR_MAX]);
/* MISP: the attributes of events and of attribute exports; the index files of a
 * feed, which are errors by themselves, and its folder; warning lists. */
bool feed_misp_looks(const char *head, size_t n, const struct feed_options *);
int feed_misp(struct feed_reader *, const struct feed_options *,
    const struct feed_sink *, char error[FEED_ERROR_MAX]);
bool feed_misp_index_looks(
    const char *head, size_t n, const struct feed_options *);
int feed_misp_index(struct feed_reader *, const struct feed_options *,
    const struct feed_sink *, char error[FEED_ERROR_MAX]);
bool feed_misp_folder_looks(const char *path);
int feed_misp_folder(const char *path, const struct feed_options *,
    const struct feed_sink *, char error[FEED_ERROR_MAX]);
bool feed_warninglist_looks(
    const char *head, size_t n, const struct feed_options *);
int feed_warninglist(struct feed_reader *, const struct feed_options *,
    const struct feed_sink *, char error[FEED_ERROR_MAX]);

#endif
