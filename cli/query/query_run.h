/*
 * query_run: a query under way: batch after batch is asked, each answer is kept,
 * shown and judged.
 */
#ifndef CTIM_QUERY_RUN_H
#define CTIM_QUERY_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/query/asker.h"
#include "cli/terminal/progress.h"
#include "cli/view/complaints.h"
#include "cli/view/view.h"

struct terms;
struct command;
struct json_object;
struct query_options;
struct resume;

struct query_run {
	const struct command *cmd;
	const struct query_options *options;
	struct terms *asked;
	struct asker *asker;  /* the caller's */
	struct resume *state; /* owned; NULL: none is kept */
	struct view_about about;
	struct view *view;
	struct complaints complaints;
	struct progress progress;
	size_t answered; /* observables */
	size_t malicious;
	bool failed;  /* something is not known */
	bool stopped; /* not all was asked */
};

/* CMD_OK; else what is wrong has been printed, and it is the status.  Either way
 * it is ended with query_run_end(). */
int query_run_begin(struct query_run *, const struct command *,
    const struct query_options *, struct terms *, const char *relay);
/* Asks about everything that the state does not have. */
void query_run_ask(struct query_run *);
/* Takes the answer about the observables from a place up to another. */
int query_run_take(
    struct query_run *, size_t from, size_t to, struct json_object *answer);
/* The same for its text. */
int query_run_answer(
    struct query_run *, size_t from, size_t to, const struct buf *text);
/* Shows what is to be shown at the end, says what went wrong and how to go on,
 * and frees everything.  status: how the run went so far; returns what the
 * program exits with. */
int query_run_end(struct query_run *, int status);

#endif
