/*
 * terms: the observables of a query, each once, from words, lines, a column of
 * a CSV file, or a text that speaks of them.
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
	struct set seen; /* hashes of what is in the list */
	size_t left_out; /* words, lines and cells that are none */
	size_t max;      /* bytes of a request; 0: any */
	unsigned types;  /* OBSERVABLE_BIT() of what the relay takes */
};

/*
 * Adds a word of the command line (line 0), a line or a cell, without the blanks
 * around it, which are cut off: TYPE:VALUE, whose value is taken as it is, or a
 * value alone, whose type is found out and whose normal form is taken.  What is
 * there already is not added again; an empty line or cell is passed over.
 * What is no observable is told, the first few of them, counted, and left out.
 * Returns CMD_OK; else what is wrong has been printed, and it is the status.
 */
int terms_place(
    const struct command *, struct terms *, char *text, uint64_t line);
/* A word as terms_place() takes it, its value in normal form either way;
 * OBSERVABLE_UNKNOWN when it is none. */
enum observable_type terms_normal(
    const char *word, char normal[INDICATOR_MAX + 1]);
/* An observable as it is, from a line or (0) elsewhere; left out, as by
 * terms_place(), when no request can hold it. */
int terms_append(const struct command *, struct terms *, enum observable_type,
    const char *value, uint64_t line);
/* Says how many were left out, and how to write them. */
void terms_left_out(const struct command *, const struct terms *);
/* Adds every line but empty ones and those that begin with '#'. */
int terms_lines(const struct command *, struct terms *, FILE *);
/*
 * Adds a column of a CSV file ("-": standard input): the one with this heading,
 * or of this number; NULL: the one whose heading feeds use for it, or the only
 * one there is.
 */
int terms_csv(const struct command *, struct terms *, const char *file,
    const char *column);
/* Adds what a text ("-": standard input) speaks of (extract.h). */
int terms_text(const struct command *, struct terms *, const char *file);
/*
 * The request body, a JSON array, of observables from a place on: at most n of
 * them, and one at least, but then no more than fit into max bytes.  Returns
 * the place behind the last one.
 */
size_t terms_body(
    const struct terms *, size_t from, size_t n, size_t max, struct buf *out);
/* What tells one list from another, in hexadecimal.  0, or -1. */
int terms_id(const struct terms *, char id[TERMS_ID]);
void terms_free(struct terms *);

#endif
