/* ctim-relay intel import: a feed, or a folder of them, into the store. */
#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/base/infile.h"
#include "cli/base/options.h"
#include "cli/intel/import_dry.h"
#include "cli/intel/import_files.h"
#include "cli/intel/import_options.h"
#include "cli/intel/import_summary.h"
#include "cli/intel/intel.h"
#include "cli/sharing/hold.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/progress.h"

#define EVERY 1024 /* records between two looks at the progress */

struct import {
	struct import_options o;
	char *path;                /* of the store */
	const char *file;          /* that is read, in a folder; else NULL */
	FILE *in;                  /* NULL: nothing is open */
	uint64_t before;           /* bytes of the files read before it */
	struct import_files files; /* of the folder */
	struct store *to;
	struct import_dry dry;
	struct progress progress;
	struct import_summary summary;
	bool failed; /* error has the reason */
	char error[STORE_ERROR_MAX];
};

/* Called after each entry: 1 ends the reading. */
static int
intel_import_go_on(struct import *im)
{
	off_t at;

	if (++im->summary.read % EVERY == 0) {
		at = im->progress.total == 0 || im->in == NULL ? 0 :
								 ftello(im->in);
		progress_at(&im->progress,
		    im->before + (at < 0 ? 0 : (uint64_t)at), im->summary.read);
	}
	return interrupt_came() ? 1 : 0;
}

/* Opens the store when the first entry is there, so that a feed that cannot be
 * read makes no store. */
static int
intel_import_begin(struct import *im)
{
	const struct import_options *o = &im->o;

	im->to = o->dry_run ?
	    import_dry_open(&im->dry, im->path, &o->source, im->error) :
	    store_open(im->path, STORE_WRITE, im->error);
	if (im->to == NULL)
		return -1;
	intel_note(im->to);
	return store_import_begin(
	    im->to, &o->source, o->set, o->now, im->error);
}

/* What the feed says of an entry goes before what the options say of all. */
static void
intel_import_record(struct record *r, const struct feed_entry *e)
{
	r->type = e->type;
	r->value = e->value;
	r->reason = e->reason;
	r->first_seen = e->first_seen;
	r->last_seen = e->last_seen;
	r->count = e->count;
	r->url = e->url;
	r->below = e->below;
	if (e->disposition != -1)
		r->disposition = e->disposition;
	if (e->severity != -1)
		r->severity = e->severity;
	if (e->confidence != -1)
		r->confidence = e->confidence;
	if (e->tlp != -1)
		r->tlp = e->tlp;
	if (e->priority != -1)
		r->priority = e->priority;
	if (e->expires != -1)
		r->expires = e->expires;
}

static int
intel_import_add(void *arg, uint64_t line, const struct feed_entry *e)
{
	struct import *im = arg;
	struct record r = im->o.fallback;

	(void)line;
	intel_import_record(&r, e);
	if ((im->to == NULL && intel_import_begin(im) == -1) ||
	    store_import_add(im->to, &r, im->error) == -1) {
		im->failed = true;
		return 1;
	}
	return intel_import_go_on(im);
}

static int
intel_import_skip(void *arg, uint64_t line, const char *reason, const char *why)
{
	struct import *im = arg;

	import_summary_skip(&im->summary, im->file, line, reason, why);
	return intel_import_go_on(im);
}

static void
intel_import_note(void *arg, const char *text)
{
	struct import *im = arg;

	import_summary_note(&im->summary, im->file, text);
}

/* The reader of a folder that is one feed says which of its files it reads. */
static void
intel_import_file(void *arg, const char *name)
{
	((struct import *)arg)->file = name;
}

/* Says why the feed is not imported, and which of its lines were skipped. */
static int
intel_import_refuse(const struct import *im, const char *why)
{
	(void)command_fail(im->o.cmd, CMD_FAILED, "%s%s%s: %s", im->o.file,
	    im->file == NULL ? "" : "/", im->file == NULL ? "" : im->file, why);
	if (im->o.json)
		import_summary_json(&im->summary);
	else
		import_summary_skips(&im->summary, stderr);
	return CMD_FAILED;
}

static int
intel_import_opened(
    struct import *im, const struct feed_sink *sink, char error[FEED_ERROR_MAX])
{
	int r = feed_read(im->in, &im->o.feed, sink, error);
	off_t at = ftello(im->in);

	im->before += at < 0 ? 0 : (uint64_t)at;
	infile_close(im->in);
	im->in = NULL;
	return r;
}

/* Reads one file of a folder.  Results are those of feed_read(). */
static int
intel_import_one(struct import *im, const char *name,
    const struct feed_sink *sink, char error[FEED_ERROR_MAX])
{
	char path[PATH_MAX];
	const char *what = strerror(ENAMETOOLONG);
	struct stat st;
	int fd = -1;

	im->file = name;
	if (snprintf(path, sizeof(path), "%s/%s", im->o.file, name) <
	    (int)sizeof(path)) {
		if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
			return intel_import_skip(im, 0,
			    "a folder in the folder",
			    "it is a folder; import it by itself");
		fd = infile_descriptor(path, &what);
	}
	if (fd == -1 || (im->in = fdopen(fd, "r")) == NULL) {
		snprintf(error, FEED_ERROR_MAX, "%s", what);
		return -1;
	}
	return intel_import_opened(im, sink, error);
}

static int
intel_import_folder(
    struct import *im, const struct feed_sink *sink, char error[FEED_ERROR_MAX])
{
	const struct hold_all all = { .skip = NULL };
	int i, r = 0;

	if (feed_folder(im->o.file, &im->o.feed, sink, &r, error))
		return r;
	if ((im->o.feed.hold = hold_new()) == NULL)
		return hold_none(error);
	for (i = 0; i < im->files.n && r == 0; i++)
		r = intel_import_one(
		    im, import_files_name(&im->files, i), sink, error);
	if (r == 0) {
		im->file = NULL;
		r = hold_end(im->o.feed.hold, &all, sink, error);
	}
	hold_free(im->o.feed.hold);
	return r;
}

/* Takes over what was read.  Returns the exit status. */
static int
intel_import_end(struct import *im)
{
	const struct import_options *o = &im->o;
	bool mostly = import_summary_mostly_skipped(&im->summary);

	if (im->to == NULL)
		return intel_import_refuse(im,
		    "there is nothing in it to import; nothing was changed");
	/* The feed is not the one that was meant, or is broken. */
	if (o->replace && mostly)
		return intel_import_refuse(im,
		    "more lines were skipped than taken; nothing was changed, "
		    "import without --replace if that is right");
	if (store_import_end(
		im->to, o->replace, &im->summary.counts, im->error) == -1)
		return command_fail(o->cmd, CMD_FAILED, "%s", im->error);
	if (o->json)
		import_summary_json(&im->summary);
	else
		import_summary_print(&im->summary);
	return mostly ? CMD_PARTLY : CMD_OK;
}

/* Reads the feed into the store.  Returns the exit status; unless it is CMD_OK
 * or CMD_PARTLY, the error was printed and nothing was changed. */
static int
intel_import_transfer(struct import *im)
{
	const struct feed_sink sink = { .entry = intel_import_add,
		.skipped = intel_import_skip,
		.note = intel_import_note,
		.file = intel_import_file,
		.arg = im };
	char error[FEED_ERROR_MAX + 32];
	int r;

	r = im->in == NULL ? intel_import_folder(im, &sink, error) :
			     intel_import_opened(im, &sink, error);
	progress_end(&im->progress);
	if (interrupt_came())
		return command_fail(
		    im->o.cmd, CMD_FAILED, "interrupted; nothing was changed");
	if (im->failed)
		return command_fail(im->o.cmd, CMD_FAILED, "%s", im->error);
	if (r == -1) {
		strcat(error, "; nothing was changed");
		return intel_import_refuse(im, error);
	}
	return intel_import_end(im);
}

/* Opens the feed or lists the folder, and finds out how long it is. */
static int
intel_import_open(struct import *im)
{
	const char *file = im->o.file;
	struct stat st;
	uint64_t bytes = 0;

	if (strcmp(file, "-") != 0 && stat(file, &st) == 0 &&
	    S_ISDIR(st.st_mode)) {
		if (import_files_list(&im->files, file) == -1)
			return command_fail(im->o.cmd, CMD_FAILED, "%s: %s",
			    file, strerror(errno));
		bytes = im->files.bytes;
	} else {
		if ((im->in = infile_open(im->o.cmd, file)) == NULL)
			return CMD_FAILED;
		if (fstat(fileno(im->in), &st) == 0 && S_ISREG(st.st_mode))
			bytes = (uint64_t)st.st_size;
	}
	progress_begin(&im->progress, bytes);
	return CMD_OK;
}

static void
intel_import_free(struct import *im)
{
	store_close(im->to);
	import_dry_remove(&im->dry);
	if (im->in != NULL)
		infile_close(im->in);
	import_files_free(&im->files);
	import_summary_free(&im->summary);
	free(im->path);
	free(im);
}

int
intel_import(const struct command *cmd, int argc, char **argv)
{
	const struct store_counts *counts;
	const char *store, *config;
	struct import *im;
	bool changed;
	int status;

	if ((im = calloc(1, sizeof(*im))) == NULL)
		return command_fail(cmd, CMD_FAILED, "memory ran out");
	status = import_options(&im->o, cmd, argc, argv);
	im->summary.source = im->o.source.name;
	im->summary.dry = im->o.dry_run;
	im->summary.replace = im->o.replace;
	if (status == CMD_OK && im->o.help)
		status = options_help(&import_option_table, cmd);
	else if (status == CMD_OK &&
	    (im->path = intel_path(cmd, im->o.store, im->o.config, &status)) !=
		NULL &&
	    (status = intel_import_open(im)) == CMD_OK) {
		interrupt_catch(false);
		status = intel_import_transfer(im);
	}
	counts = &im->summary.counts;
	changed = !im->o.dry_run &&
	    counts->added + counts->updated + counts->removed > 0;
	store = im->o.store;
	config = im->o.config;
	intel_import_free(im);
	if (changed)
		intel_changed(cmd, store, config, "import");
	return status;
}
