/* SPDX-License-Identifier: MIT */
/*
 * import_summary: what an import did, for people and for programs: counts, what
 * was skipped by reason, the first lines that were, and notes.
 */
#ifndef CTIM_IMPORT_SUMMARY_H
#define CTIM_IMPORT_SUMMARY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "store/store_write.h"

struct buf;
struct jsonout;

#define IMPORT_FIRST   10 /* skipped lines that are named */
#define IMPORT_REASONS 40 /* that are told apart */
#define IMPORT_NOTES   20

/* Zeroed is empty.  Memory that runs out costs the text, not the count. */
struct import_summary {
	const char *source;
	bool dry;     /* nothing was changed, as nothing was to be */
	bool replace; /* removed counts */
	uint64_t read, skipped;
	struct store_counts counts;
	struct {
		char *reason;
		uint64_t n;
	} reasons[IMPORT_REASONS]; /* the last one: all others */
	size_t n_reasons;
	struct {
		char *file; /* in a folder; else NULL */
		uint64_t line;
		char *why;
	} first[IMPORT_FIRST];
	char *notes[IMPORT_NOTES];
	size_t n_notes; /* may be above IMPORT_NOTES */
};

void import_summary_free(struct import_summary *);
/* Counts what was skipped; file is its name in a folder, or NULL. */
void import_summary_skip(struct import_summary *, const char *file,
    uint64_t line, const char *reason, const char *why);
/* Keeps a note, once. */
void import_summary_note(
    struct import_summary *, const char *file, const char *text);
/* Whether more was skipped than taken. */
bool import_summary_mostly_skipped(const struct import_summary *);

/* All of it on standard output, as text or as one JSON object. */
void import_summary_print(const struct import_summary *);
void import_summary_json(const struct import_summary *);
/* The same as members of an object that is open, without the source. */
void import_summary_members(const struct import_summary *, struct jsonout *);
/* Adds the most frequent reasons of what was skipped, for a line: " (2 no
 * indicator, 1 a private address)"; nothing when nothing was. */
void import_summary_reasons(const struct import_summary *, struct buf *);
/* What was skipped, and the notes, below an error. */
void import_summary_skips(const struct import_summary *, FILE *);

#endif
