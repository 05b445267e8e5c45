/* SPDX-License-Identifier: MIT */
/*
 * resume: the answers that a long query has so far, in a file, so that an
 * interrupted query can go on.
 *
 * The first line, JSON, names the query; each answered batch adds a line with
 * its answer; a line counts once its newline is there.  So a crash loses the
 * batch under way, and nothing written before.
 */
#ifndef CTIM_RESUME_H
#define CTIM_RESUME_H

#include <stdbool.h>
#include <stddef.h>

struct terms;
struct command;
struct json_object;
struct resume;

/* The query to which a file must belong. */
struct resume_key {
	const char *relay; /* name or URL */
	const char *route;
	const struct terms *asked;
};

/*
 * Opens the file, or makes it.  Calls take with every complete answer in it,
 * about the observables from a place up to another and about each of them once,
 * until take returns another value than CMD_OK.  Refuses the file of another
 * query, and one that another process has open.
 * Returns NULL after printing the error.
 */
struct resume *resume_open(const struct command *, const char *path,
    const struct resume_key *,
    int (*take)(void *arg, size_t from, size_t to, struct json_object *answer),
    void *arg);
/* Writes everything to the disk itself.  Returns 0, or -1 with errno. */
int resume_close(struct resume *);
/* Adds an answer.  whole: nothing failed in it, so that nobody need ask again.
 * Returns 0, or -1 with errno. */
int resume_add(struct resume *, size_t from, size_t to, bool whole,
    const char *answer, size_t len);
/* Finds the next observables, from a place on, that are still to be asked
 * about: the first in *from, and the place behind the last in a row in *to.
 * false: none. */
bool resume_next(const struct resume *, size_t *from, size_t *to);
/* How many observables have an answer. */
size_t resume_done(const struct resume *);

#endif
