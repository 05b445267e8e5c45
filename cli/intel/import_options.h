/*
 * import_options: the command line of `intel import`.
 */
#ifndef CTIM_IMPORT_OPTIONS_H
#define CTIM_IMPORT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/feed/feed.h"
#include "store/store_write.h"

struct command;
struct options;

#define IMPORT_COLUMNS 32 /* --column options */

/* Strings are those of argv. */
struct import_options {
	const struct command *cmd;
	const char *file;           /* "-": standard input */
	const char *store, *config; /* NULL: not given */
	struct source source;
	unsigned set;           /* STORE_SET_*, of source */
	struct record fallback; /* for what the feed does not say */
	struct feed_column columns[IMPORT_COLUMNS];
	struct feed_options feed;
	bool replace, dry_run, json, help;
	int64_t now; /* --expires counts from here */
};

/* Reads the options, over the defaults, into an object that must not move (feed
 * points into it).  Returns CMD_OK, or CMD_USAGE after printing the error. */
int import_options(
    struct import_options *, const struct command *, int argc, char **argv);
extern const struct options import_option_table;
/* Kinds of its options that another command has, too, in the same struct. */
extern const struct options_kind import_disposition, import_severity,
    import_confidence, import_tlp, import_source, import_expires;

#endif
