/*
 * conf_read: one INI file, line by line, through inih.
 *
 * inih alone loses what a person needs to be told: it has no line numbers for
 * its handler, does not show empty or repeated sections, cuts long lines and
 * values at " ;", and joins an indented line to the value before it.  The
 * reader here counts the lines and refuses what inih would read differently
 * from what it looks like.
 */
#ifndef CTIM_CONF_READ_H
#define CTIM_CONF_READ_H

#include <stdbool.h>
#include <stdio.h>

#define CONF_LINE_MAX    198 /* bytes of a line that inih takes whole */
#define CONF_SECTION_MAX 49

struct conf_handler {
	/* A section header; false refuses it, with a reason in why. */
	bool (*section)(void *arg, const char *section, char *why);
	/* A key and its value; the same. */
	bool (*key)(void *arg, const char *section, const char *key,
	    const char *value, char *why);
	/* What is wrong at a line (1 is the first). */
	void (*complain)(void *arg, unsigned line, const char *why);
	void *arg;
	unsigned *line; /* kept at the line that is being read */
};

/* Reads to the end, whatever is complained about.  false when anything was. */
bool conf_read(FILE *, const struct conf_handler *);

#endif
