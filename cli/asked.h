/*
 * asked: the observables of a query, from words and lines.
 */
#ifndef CTIM_ASKED_H
#define CTIM_ASKED_H

#include <stddef.h>
#include <stdio.h>

#include "indicator.h"

struct buf;
struct command;

struct asked {
	struct asked_one {
		enum observable_type	 type;
		char			*value;
	}	*list;		/* owned, as are its values */
	size_t	 n, room;
	size_t	 left_out;	/* lines that are none, already complained about */
	unsigned types;		/* OBSERVABLE_BIT() of what the relay takes */
};

/*
 * Adds a word: TYPE:VALUE, whose value is taken as it is, or a value alone,
 * whose type is found out and whose normal form is taken.
 * Returns CMD_OK; else what is wrong has been printed, and it is the status.
 */
int	asked_add(const struct command *, struct asked *, const char *word);
/* A word as asked_add() takes it, its value in normal form either way;
 * OBSERVABLE_UNKNOWN when it is none. */
enum observable_type asked_normal(const char *word,
	    char normal[INDICATOR_MAX + 1]);
/* Adds every line but empty ones and those that begin with '#'.  A line that is
 * none is complained about, counted, and left out. */
int	asked_lines(const struct command *, struct asked *, FILE *);
/* The request body, a JSON array. */
void	asked_body(const struct asked *, struct buf *out);
void	asked_free(struct asked *);

#endif
