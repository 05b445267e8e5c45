/*
 * intel: what the commands of `ctim-relay intel` share.  Each is one function
 * and one row of the table in intel.c.
 */
#ifndef CTIM_INTEL_H
#define CTIM_INTEL_H

#include <stdbool.h>

#include "cli/base/command.h"
#include "store/store.h"

/* A command of `intel` but import, as the command line has it. */
struct intel {
	const struct command *cmd;  /* named "intel list" and so on */
	const char *config, *store; /* NULL: not given; so are the others */
	const char *source, *type, *disposition, *format, *limit;
	bool all, json, help;
	char **words; /* behind the options */
	int n;
};

/* import has options of its own. */
int intel_import(const struct command *, int argc, char **argv);
/* All return what the program exits with. */
int intel_list(const struct intel *);
int intel_show(const struct intel *);
int intel_remove(const struct intel *);
int intel_sources(const struct intel *);
int intel_stats(const struct intel *);
int intel_export(const struct intel *);

/*
 * Where the store is: as said, else of the first relay of the configuration that
 * has one, else the built-in place.  NULL, with what to return in *status, after
 * the reason was printed; the caller frees it.
 */
char *intel_path(
    const struct command *, const char *store, const char *config, int *status);
/* Opens a store that is there.  As intel_path(). */
struct store *intel_open(const struct intel *, enum store_mode, int *status);
/* Says on standard error that a value is not listed. */
void intel_not_listed(const char *value);

#endif
