/* SPDX-License-Identifier: MIT */
/*
 * feed_config: configuration of programs that block, read by the forms that
 * their lines have.  What a line of a program may look like is a table,
 * feed_config_table.c.
 *
 * A form is words with blanks between them, compared without case:
 *   word      that word, or one of several: a|b
 *   *         any one word
 *   ...       any number of words, also none
 *   V         a value, which may be a list with commas
 *   V+        one value and more
 *   N         the name of a list
 *   ADDR      an address; SINK: one where blocked names are sent to
 */
#ifndef CTIM_FEED_CONFIG_H
#define CTIM_FEED_CONFIG_H

#include <stdbool.h>

enum config_does {
	CONFIG_TAKE,   /* the values are blocked */
	CONFIG_BELOW,  /* ... with all below them */
	CONFIG_IGNORE, /* the line belongs to the others, and is not counted */
	CONFIG_SKIP,   /* for the reason */
	CONFIG_REFUSE  /* the file, for the reason */
};

struct config_form {
	const char *form;
	enum config_does does;
	const char *why;
};

struct config_program {
	const char *name;
	const char *between;  /* what separates words */
	const char *comments; /* what begins one, at the beginning of a line */
	char end;             /* what ends each line, or 0 */
	const struct config_form *forms; /* the first that fits counts; the last
	                                    has none */
};

extern const struct config_program config_programs[]; /* the last: no name */

#endif
