/* SPDX-License-Identifier: MIT */
/*
 * import_run: one feed, or a folder of them, into the store: what `intel import`
 * and `intel update` have in common.
 */
#ifndef CTIM_IMPORT_RUN_H
#define CTIM_IMPORT_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "cli/import/import_dry.h"
#include "cli/import/import_files.h"
#include "cli/import/import_options.h"
#include "cli/import/import_source.h"
#include "cli/import/import_summary.h"
#include "cli/terminal/progress.h"

#define IMPORT_WHY_MAX 1024 /* bytes of a reason */

/* Zeroed, but for what the caller fills in.  It must not move. */
struct import {
	struct import_options o; /* the caller's; freed by import_free() */
	const char *path;        /* of the store; the caller's */
	FILE *in;                /* what to read, which is closed; NULL: the
				  * folder o.file */
	bool update; /* by `intel update`: a feed of which more was skipped than
		      * taken, that has shrunk, or whose address was changed
		      * meanwhile is refused */
	bool shrink; /* but one that has shrunk is not */

	/* Good after import_run(): */
	struct import_summary summary;
	bool refused;             /* failed, because of the feed itself */
	char why[IMPORT_WHY_MAX]; /* failed: the reason */
	const char *file;         /* with refused: whose reason that is, in a
				   * folder; else NULL */
	/* Its own: */
	uint64_t before;           /* bytes of the files read before it */
	struct import_files files; /* of the folder */
	struct import_source said;
	struct store *to;
	uint64_t records; /* of the source, before */
	struct import_dry dry;
	struct progress progress;
	struct buf words;
	bool done;   /* what was read is in the store */
	bool failed; /* error has the reason */
	char error[STORE_ERROR_MAX];
};

/* Opens the file, or lists the folder, that the options name.  Returns CMD_OK,
 * or an exit status after printing the error. */
int import_open(struct import *);
/* Reads what is open into the store.  Returns CMD_OK; CMD_PARTLY when more was
 * skipped than taken; or CMD_FAILED with the reason, and nothing was changed. */
int import_run(struct import *);
/* Whether it has changed what the store lists. */
bool import_changed(const struct import *);
void import_free(struct import *);
/* Says on standard error what opening did to the store, if anything. */
void import_note(const struct store *);

#endif
