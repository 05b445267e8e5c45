/* SPDX-License-Identifier: MIT */
/*
 * conf_read: one INI file, line by line, through inih.
 *
 * inih alone hides errors from people: it gives its handler no line numbers,
 * does not show empty or repeated sections, cuts long lines and values at " ;",
 * and joins an indented line to the value before it.  This reader counts the
 * lines and refuses those that inih would read differently from a person.
 */
#ifndef CTIM_CONF_READ_H
#define CTIM_CONF_READ_H

#include <stdbool.h>
#include <stdio.h>

#define CONF_LINE_MAX    198 /* bytes of a line that inih takes whole */
#define CONF_SECTION_MAX 49

struct conf_handler {
	/* Takes a section header; false refuses it, with a reason in why. */
	bool (*section)(void *arg, const char *section, char *why);
	/* Takes a key and its value; the same. */
	bool (*key)(void *arg, const char *section, const char *key,
	    const char *value, char *why);
	/* Takes a fault at a line (1 is the first). */
	void (*complain)(void *arg, unsigned line, const char *why);
	void *arg;
	unsigned *line; /* set to the line that is being read */
	/* What is said of a line that is longer; NULL: as of the configuration. */
	const char *too_long;
};

/* Reads to the end in spite of faults.  Returns false when there was any. */
bool conf_read(FILE *, const struct conf_handler *);

#endif
