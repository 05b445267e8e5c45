/* SPDX-License-Identifier: MIT */
/*
 * placeholders_own: what reading and filling a template have in common.  Only
 * placeholders_*.c include it.
 */
#ifndef CTIM_PLACEHOLDERS_OWN_H
#define CTIM_PLACEHOLDERS_OWN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "template/placeholders.h"

struct placeholders_part {
	struct placeholder hole;
	size_t end; /* of the text before it, in text of the template */
};

struct placeholders {
	enum placeholders_place place;
	struct buf text; /* the template's own, as it goes out */
	struct placeholders_part *parts;
	size_t n, cap;
};

#define PLACEHOLDERS_LETTERS \
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

/* A template that is read. */
struct placeholders_reading {
	struct placeholders *t;
	const struct placeholders_scope *scope;
	const char *begin; /* of the template */
	bool inside;       /* JSON: within a string */
	bool escaped;      /* …, behind a backslash */
	char quote;        /* URL: ' or " that is open; else NUL */
	char *why;
	size_t size;
};

/* Reads the placeholder that the brace begins, behind the text so far; *behind:
 * where it ends.  False: it is none, and why says so. */
bool placeholders_hole(
    struct placeholders_reading *, const char *brace, const char **behind);
/* Says why; returns false. */
bool placeholders_refuse(const struct placeholders_reading *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/* The number of a pipe of that name, -1: there is none. */
int placeholders_pipe(const char *name, size_t len);
/* Whether it escapes for a language inside another: lucene and its like. */
bool placeholders_pipe_quotes(int pipe);
/* Adds the names of all: "lucene, odata, …". */
void placeholders_pipe_names(struct buf *);
/* Adds what the pipe makes of a value.  FILL_MISSING: nothing (it has no host). */
enum placeholders_filled placeholders_pipe_put(
    int pipe, const char *value, struct buf *);

#endif
