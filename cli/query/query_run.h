/* SPDX-License-Identifier: MIT */
/*
 * query_run: a query under way: it asks batch after batch, and keeps, shows and
 * judges each answer.
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
	bool failed;  /* something was not answered */
	bool stopped; /* observables remain */
};

/* Returns CMD_OK; else the error has been printed, and the result is its
 * status.  Either way query_run_end() ends it. */
int query_run_begin(struct query_run *, const struct command *,
    const struct query_options *, struct terms *, const char *relay);
/* Asks about all observables that the state does not have. */
void query_run_ask(struct query_run *);
/* Takes the answer about the observables from a place up to another. */
int query_run_take(
    struct query_run *, size_t from, size_t to, struct json_object *answer);
/* The same for the text of an answer. */
int query_run_answer(
    struct query_run *, size_t from, size_t to, const struct buf *text);
/* Shows what is shown at the end, says which errors there were and how to go
 * on, and frees everything.  status is that of the run so far.  Returns the
 * exit status. */
int query_run_end(struct query_run *, int status);

#endif
