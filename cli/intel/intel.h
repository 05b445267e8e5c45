/*
 * intel: what the commands of `ctim-relay intel` share.  Each is one function
 * and one row of the table in intel.c; its name there is "intel import" and so
 * on, so that command_usage() and the others speak of it.
 */
#ifndef CTIM_INTEL_H
#define CTIM_INTEL_H

#include <stdbool.h>

#include "cli/base/command.h"
#include "cli/base/options.h"
#include "store/store.h"

int intel_import(const struct command *, int argc, char **argv);
int intel_list(const struct command *, int argc, char **argv);
int intel_show(const struct command *, int argc, char **argv);
int intel_remove(const struct command *, int argc, char **argv);
int intel_sources(const struct command *, int argc, char **argv);
int intel_stats(const struct command *, int argc, char **argv);
int intel_export(const struct command *, int argc, char **argv);

/* Options that several commands take. */
struct intel_options {
	const char *config, *store; /* NULL: not said */
	const char *source, *type, *disposition, *format, *limit;
	bool all, json, help;
};
/* The tables of list, of export, and of the commands that take no more than
 * every command does. */
extern const struct options intel_list_options, intel_export_options,
    intel_plain_options;

/*
 * Where the store is: as said, else of the first relay of the configuration that
 * has one, else the built-in place.  NULL, with what to return in *status, after
 * the reason was printed; the caller frees it.
 */
char *intel_path(
    const struct command *, const char *store, const char *config, int *status);
/* Opens a store that is there.  As intel_path(). */
struct store *intel_open(const struct command *, const struct intel_options *,
    enum store_mode, int *status);
/* Says on standard error that a value is not listed. */
void intel_not_listed(const char *value);
/* A number of records, with its noun: "1 record". */
const char *intel_records(char text[32], long long n);

#endif
