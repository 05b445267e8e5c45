/* SPDX-License-Identifier: MIT */
/*
 * intel: what the commands of `ctim-relay intel` share.  Each is one function
 * and one row of the table in intel.c.
 */
#ifndef CTIM_INTEL_H
#define CTIM_INTEL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/base/command.h"
#include "store/store_action.h"

struct buf;
struct conf;

#define INTEL_WAIT 5000 /* ms for others that write the store */

/* A command of `intel` but import, as the command line has it. */
struct intel {
	const struct command *cmd;  /* named "intel list" and so on */
	const char *config, *store; /* NULL: not given; so are the others */
	const char *source, *type, *disposition, *format, *limit, *edl;
	const char *title, *url, *feed, *feed_header;
	int subdomains; /* 1: yes, -1: no, 0: not given */
	bool all, force, shrink, json, csv, help;
	long max_time, max_size; /* seconds, MiB */
	char **words;            /* behind the options */
	int n;
};

/* import has options of its own. */
int intel_import(const struct command *, int argc, char **argv);
/* All return an exit status. */
int intel_list(const struct intel *);
int intel_show(const struct intel *);
int intel_remove(const struct intel *);
int intel_sources(const struct intel *);
int intel_stats(const struct intel *);
int intel_export(const struct intel *);
int intel_audit(const struct intel *);
/* So has add. */
int intel_add(const struct command *, int argc, char **argv);
int intel_update(const struct intel *);
int intel_backup(const struct intel *);
int intel_restore(const struct intel *);

#define INTEL_RECORD_MAX (64U << 10) /* bytes of one record as text */
#define INTEL_FEED_MAX   (8U << 10)  /* and of a feed's address */

/*
 * Returns the path of the store: the given one, else that of the first relay of
 * the configuration that has one, else the built-in path.  The caller frees it.
 * Returns NULL, with the exit status in *status, after printing the error.
 */
char *intel_path(
    const struct command *, const char *store, const char *config, int *status);
/* Returns the configuration that is named, or the usual one, or the defaults where
 * there is none; NULL as intel_path() does. */
struct conf *intel_configuration(
    const struct command *, const char *config, int *status);
/* Opens an existing store.  Returns NULL as intel_path() does. */
struct store *intel_open(const struct intel *, enum store_mode, int *status);
/* The same for a store that is made when it is not there. */
struct store *intel_make(const struct intel *, int *status);
/* A feed's address (NULL: none) as people may see it: what can be a key, in the
 * user part, the path or the query, is "…".  Returns text, or NULL. */
const char *intel_feed_text(const char *feed, char text[INTEL_FEED_MAX]);
/* Runs the programs of relays with the store, which this command has changed for
 * a reason; store and config as given.  What goes wrong is said, and no more. */
void intel_changed(const struct command *, const char *store,
    const char *config, const char *reason);
/* A row of the audit for what the user of this command does. */
struct store_action intel_act(
    const char *action, enum observable_type, const char *value, int64_t now);
/* store_remove() of a value, with its row in the audit if anything went. */
ssize_t intel_remove_value(struct store *, enum observable_type,
    const char *value, const char *source, int64_t now,
    char error[STORE_ERROR_MAX]);
/* Says on standard error that a value is not listed. */
void intel_not_listed(const char *value);

/*
 * One record of the store, as text, JSON and CSV.  All of these add to a buffer;
 * running out of room shows in its failed mark.
 *
 * One line, in columns, for a terminal, and its heading.
 */
void intel_record_line(struct buf *, const struct record *, int64_t now);
void intel_record_heading(struct buf *);
/* Everything that is known, in several lines. */
void intel_record_block(struct buf *, const struct record *, int64_t now);
/* A JSON object, and a CSV row (RFC 4180) with its header row, in the words that
 * `intel import` reads; of a name and all below it the value is *.NAME in the
 * row, and in an object for export.  Of the object -1 when it does not fit. */
int intel_record_json(struct buf *, const struct record *, bool export);
void intel_record_csv(struct buf *, const struct record *);
void intel_record_csv_header(struct buf *);
/* Prints the buffer and empties it; returns -1 when that failed. */
int intel_record_print(struct buf *, FILE *, bool json);

#endif
