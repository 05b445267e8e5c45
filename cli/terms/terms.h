/* SPDX-License-Identifier: MIT */
/*
 * terms: the observables of a query, each once, from words, lines, a column of
 * a CSV file, or a text.
 */
#ifndef CTIM_TERMS_H
#define CTIM_TERMS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/set.h"
#include "ctim/indicator.h"

struct buf;
struct command;

#define TERMS_ID 65 /* bytes of terms_id(), with the NUL */

struct terms {
	struct term {
		enum observable_type type;
		char *value;
	} * list; /* owned, as are its values */
	size_t n, room;
	struct set seen;             /* hashes of what is in the list */
	size_t left_out;             /* words, lines and cells that are none */
	size_t max;                  /* bytes of a request; 0: any */
	struct observable_set types; /* what the relay takes */
};

/*
 * Adds a word of the command line (line 0), a line or a cell, without the
 * blanks around it: TYPE:VALUE, whose value stays as it is, or a value alone,
 * whose type it finds and whose normal form it takes.  Does not add an
 * observable again; passes over an empty line or cell.  Counts a word that is
 * no observable, reports the first few of them, and leaves it out.
 * Returns CMD_OK; else the error has been printed, and the result is its
 * status.
 */
int terms_place(
    const struct command *, struct terms *, char *text, uint64_t line);
/* Reads a word as terms_place() does, and writes its value in normal form
 * either way; OBSERVABLE_UNKNOWN when the word is none. */
enum observable_type terms_normal(
    const char *word, char normal[INDICATOR_MAX + 1]);
/* Adds an observable as it is, from a line or (0) elsewhere.  Leaves it out, as
 * terms_place() does, when no request can hold it. */
int terms_append(const struct command *, struct terms *, enum observable_type,
    const char *value, uint64_t line);
/* Says how many words were left out, and how to write them. */
void terms_left_out(const struct command *, const struct terms *);
/* Adds every line but empty ones and comments (#). */
int terms_lines(const struct command *, struct terms *, FILE *);
/*
 * Adds a column of a CSV file ("-": standard input): the one with this heading,
 * or of this number; with NULL, the one whose heading is usual in feeds, or the
 * only one there is.
 */
int terms_csv(const struct command *, struct terms *, const char *file,
    const char *column);
/* Adds the observables in a text ("-": standard input; extract.h). */
int terms_text(const struct command *, struct terms *, const char *file);
/*
 * Writes the body of a request, a JSON array, with observables from a place on:
 * at most n, and one at least, but no more than fit into max bytes.  Returns
 * the place behind the last one; or from, with the failed mark of out set, when
 * out cannot hold them.
 */
size_t terms_body(
    const struct terms *, size_t from, size_t n, size_t max, struct buf *out);
/* Writes a digest of the list in hexadecimal.  Returns 0, or -1. */
int terms_id(const struct terms *, char id[TERMS_ID]);
void terms_free(struct terms *);

#endif
