/*
 * resume: what a long query has got so far, in a file, so that it can go on where
 * it was interrupted.
 *
 * One line of JSON says whose it is, then each batch that was answered adds one
 * with its answer; a line counts once its newline is there.  So a crash costs
 * the batch under way, and nothing that was written before.
 */
#ifndef CTIM_RESUME_H
#define CTIM_RESUME_H

#include <stdbool.h>
#include <stddef.h>

struct terms;
struct command;
struct json_object;
struct resume;

/* What it must belong to. */
struct resume_key {
	const char *relay; /* name or URL */
	const char *route;
	const struct terms *asked;
};

/*
 * Opens the file, or makes it.  Calls take with every answer in it that lacks
 * nothing, about the observables from a place up to another, until it returns
 * another value than CMD_OK.  A file of
 * another query, or one that another process has, is refused.
 * NULL after what is wrong has been printed.
 */
struct resume *resume_open(const struct command *, const char *path,
    const struct resume_key *,
    int (*take)(void *arg, size_t from, size_t to, struct json_object *answer),
    void *arg);
/* Everything is on the disk then; 0, or -1 with errno. */
int resume_close(struct resume *);
/* Adds an answer.  whole: nothing failed in it, so it need not be asked for
 * again.  0, or -1 with errno. */
int resume_add(struct resume *, size_t from, size_t to, bool whole,
    const char *answer, size_t len);
/* The observables, from a place on, that are still to be asked about: the first
 * one in *from, and the place behind the last one in a row.  false: none. */
bool resume_next(const struct resume *, size_t *from, size_t *to);
/* How many are done. */
size_t resume_done(const struct resume *);

#endif
