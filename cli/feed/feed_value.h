/* SPDX-License-Identifier: MIT */
/*
 * feed_value: one indicator as feeds write it, and the names that they give to
 * types.
 *
 * Besides what indicator.h takes: "*.name" and ".name" (the name and all below
 * it), "address:port", "[v6]:port", "name:port", "Ip:address" as CrowdSec
 * writes it, and a value in quotes.
 */
#ifndef CTIM_FEED_VALUE_H
#define CTIM_FEED_VALUE_H

#include <stdbool.h>

#include "ctim/indicator.h"

/* Bytes of a name of a type. */
#define FEED_TYPE_MAX 48

/* A type of two values with a "|" between them ("filename|md5"). */
struct feed_composite {
	char left[FEED_TYPE_MAX];
	const char *right; /* inside the type */
};
/* Takes a type apart; false: it has one value.  The left may be composite, too. */
bool feed_value_composite(const char *type, struct feed_composite *);
/* OBSERVABLE_BIT of what a type of feeds can be, of a composite of all its parts;
 * 0: nothing that is kept. */
unsigned feed_value_types(const char *type);

struct feed_value {
	enum observable_type type;
	bool below; /* a domain: all below it too */
	char text[INDICATOR_MAX + 1];
};

/*
 * Reads a value.  type: how the feed names its type; NULL or "": the value
 * shows it.  Returns false when it is none, or none of that type: then the
 * struct holds nothing.
 */
bool feed_value_read(struct feed_value *, const char *text, const char *type);
/*
 * Calls each for what a cell means: one value; the networks of a range ("a - b")
 * or of an address with its mask ("a 255.255.255.0"); the values of a list whose
 * parts all are some; with a type such as "filename|md5" those of its parts that
 * are kept.  Returns -1 when it is none of these, with a reason or
 * NULL in *why; else 0, or what each returned to end it, which is not below 0.
 */
int feed_value_each(const char *cell, const char *type,
    int (*each)(void *arg, const struct feed_value *), void *arg,
    const char **why);
/* The same for the networks of two cells: the first and last address of a range,
 * or with mask an address and its mask or number of bits. */
int feed_value_pair(const char *first, const char *second, bool mask,
    int (*each)(void *arg, const struct feed_value *), void *arg,
    const char **why);
/* Whether a cell is one of these: the struct holds the first of it. */
bool feed_value_look(struct feed_value *, const char *text);
/* Whether a word names a type of indicators, also one that is not kept here,
 * such as "mutex".  Case, '_', '-' and blanks do not matter. */
bool feed_value_is_type(const char *word);
/* Whether a cell says nothing: it is empty, "-", "n/a" or "null". */
bool feed_value_is_empty(const char *cell);

#endif
