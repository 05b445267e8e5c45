/* SPDX-License-Identifier: MIT */
/*
 * store_action: what people did through the service, and the audit of it.
 *
 * A change of records and the row of the audit that tells it are one
 * transaction: neither is there without the other, whatever ends the process.
 */
#ifndef CTIM_STORE_ACTION_H
#define CTIM_STORE_ACTION_H

#include <sys/types.h>

#include "store/store_write.h"

/* A row of the audit.  Strings are of the caller, or good until the callback
 * that gets them returns. */
struct store_action {
	int64_t id;         /* grows with time; ignored when one is added */
	int64_t at;         /* when, seconds since 1970 */
	const char *relay;  /* name of the relay, "-": the command line */
	const char *who;    /* the token's subject, a user's name, or "-" */
	const char *action; /* the id of what was to be done */
	enum observable_type type;
	const char *value;  /* normalised, where it can be */
	const char *status; /* "success" or "failure" */
	const char *reason; /* NULL: none */
};

/* One change of an action. */
struct store_change {
	bool remove;                 /* the value of record from source */
	const struct source *source; /* made when it is not there */
	unsigned set;                /* STORE_SET_*, when the record is added */
	/* Added to the source, or written over what it has, as by
	 * store_import_add(); of one to remove type and value count. */
	const struct record *record;
};

/*
 * Makes the changes and adds the row.  Returns 0, with the number of records
 * that were added, changed or removed in *changed (NULL: not asked for); or -1
 * with the reason in error, and nothing is changed.
 */
int store_act(struct store *, const struct store_change *, size_t n,
    const struct store_action *, uint64_t *changed,
    char error[STORE_ERROR_MAX]);
/* Adds a row alone, of what was refused or failed.  Returns 0, or -1. */
int store_action_add(
    struct store *, const struct store_action *, char error[STORE_ERROR_MAX]);

/*
 * An act of several steps in one transaction: what is matched, changed and told
 * between its begin and its end.  Others that want to write wait for it, and it
 * waits `wait` ms at most for these.  Within it store_act(), store_action_add()
 * and store_remove() are steps.  Where any step or the end fails, the act has
 * ended and nothing of it is there.
 */
int store_act_begin(struct store *, int wait, char error[STORE_ERROR_MAX]);
/* 0 when all of it is on the disk, or -1. */
int store_act_end(struct store *, char error[STORE_ERROR_MAX]);
/* Ends it without a trace; none under way is fine. */
void store_act_cancel(struct store *);

/* The newest row of a relay, type and value. */
struct store_act_last {
	bool same; /* there is one, and it is of the same action */
	bool success;
	char reason[4 * STORE_REASON + 1]; /* "": none */
};
/* Finds it within an act, if it is of since or later. */
int store_act_last(struct store *, const struct store_action *, int64_t since,
    struct store_act_last *, char error[STORE_ERROR_MAX]);

struct store_action_filter {
	int64_t since;             /* at or later; 0: all */
	enum observable_type type; /* OBSERVABLE_UNKNOWN: all */
	const char *value;         /* NULL: all */
	int64_t limit;             /* -1: none */
};
/* Calls each for the rows, the newest first, until each returns other than 0.
 * Returns 0, or -1. */
int store_actions(struct store *, const struct store_action_filter *,
    int (*each)(void *arg, const struct store_action *), void *arg,
    char error[STORE_ERROR_MAX]);

#endif
