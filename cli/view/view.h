/* SPDX-License-Identifier: MIT */
/*
 * view: the answers to a query, in the forms for people and programs.
 */
#ifndef CTIM_VIEW_H
#define CTIM_VIEW_H

#include <stdbool.h>
#include <stddef.h>

struct terms;
struct command;
struct answers;
struct view;

/* What to show, and how. */
struct view_about {
	const struct command *cmd;
	const struct terms *asked;
	const char *relay; /* name or URL; NULL: not known */
	bool all;          /* everything, not only the first rows */
	bool data;         /* an answer had "data" */
	/* "data" is a list: by the route, once there is an answer by that. */
	bool list;
};

/* One way to show answers. */
struct view_kind {
	bool streams; /* prints before the end */
	struct view *(*begin)(const struct view_about *);
	/* Takes the answer about observables from a place up to another.
	 * Returns 0, or -1 when it could not be kept or printed. */
	int (*take)(
	    struct view *, const struct answers *, size_t from, size_t to);
	/* Ends the output.  Returns the same. */
	int (*end)(struct view *);
	void (*release)(struct view *);
};

/* Tables, the worst first; CSV, a line for each observable; the merged answer;
 * a CTIM bundle of its entities. */
extern const struct view_kind view_table, view_csv, view_json, view_ctim;

#endif
