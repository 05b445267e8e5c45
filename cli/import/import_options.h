/* SPDX-License-Identifier: MIT */
/*
 * import_options: the command line of `intel import`, and the words of it that a
 * source keeps, so that `intel update` imports as the import did.
 */
#ifndef CTIM_IMPORT_OPTIONS_H
#define CTIM_IMPORT_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "cli/feed/feed.h"
#include "store/store_write.h"

struct command;
struct options;

#define IMPORT_COLUMNS 32 /* --column options */

/* Strings are those of argv. */
struct import_options {
	const struct command *cmd;
	const char *file; /* "-": standard input; NULL: from source.feed */
	const char *store, *config; /* NULL: not given */
	struct source source;
	unsigned set;           /* STORE_SET_*, of source */
	struct record fallback; /* for what the feed does not say */
	struct feed_column columns[IMPORT_COLUMNS];
	struct feed_options feed;
	bool replace, no_replace, dry_run, json, help;
	int64_t now;      /* --expires counts from here */
	struct buf words; /* JSON strings with a comma behind each: what of the
			   * options is said of a feed, not of the source, the
			   * store or this one import */
	struct json_object *kept; /* import_options_kept(): words; or NULL */
};

/* Reads the options, over the defaults, into an object that must not move (feed
 * points into it).  Returns CMD_OK, or CMD_USAGE after printing the error.  The
 * caller ends with _free(), in any case. */
int import_options(
    struct import_options *, const struct command *, int argc, char **argv);
/*
 * The same for an update of a source, whose kept options are in options (NULL:
 * none) and whose feed and name must stay: with replace, unless they say
 * --no-replace.  Returns CMD_FAILED when they are no options.
 */
int import_options_kept(
    struct import_options *, const struct command *, const struct source *);
void import_options_free(struct import_options *);
/* Adds the words as the JSON array that a source keeps; nothing when there are
 * none.  Returns 0, or -1 when memory ran out. */
int import_options_words(const struct import_options *, struct buf *out);
extern const struct options import_option_table;
/* Kinds of its options that another command has, too, in the same struct. */
extern const struct options_kind import_disposition, import_severity,
    import_confidence, import_tlp, import_source, import_expires;

#endif
