/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/base/command.h"
#include "cli/base/infile.h"
#include "cli/feed/feed_row.h"
#include "cli/import/import_run.h"
#include "cli/sharing/hold.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/text.h"

#define EVERY     1024        /* records between two looks at the progress */
#define SHRUNK    10          /* times: a feed that lost more is refused */
#define WORDS_MAX (64U << 10) /* bytes of the options that are kept */

/* Called after each entry: 1 ends the reading. */
static int
import_run_go_on(struct import *im)
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

void
import_note(const struct store *s)
{
	if (store_note(s) == NULL)
		return;
	(void)text_print(stderr, store_note(s));
	fputc('\n', stderr);
}

/* What the source keeps of this import.  What the server said of a feed holds no
 * longer when the source has other records; and a file that is added to a source
 * with a feed says nothing of how to import the feed. */
static void
import_run_keep(struct import *im, const struct source *is)
{
	struct import_options *o = &im->o;

	if (im->update)
		return;
	o->set |= STORE_SET_ETAG | STORE_SET_MODIFIED;
	if (o->source.feed == NULL && is != NULL && is->feed != NULL)
		return;
	o->set |= STORE_SET_OPTIONS;
	o->source.options = im->words.len == 0 ? NULL : im->words.data;
}

/* Looks at the source as it is, if there is one. */
static int
import_run_source(struct import *im)
{
	const struct source *feed = &im->o.source, *is = NULL;
	const struct store_count *counts;
	ssize_t i, n = store_stats(im->to, im->o.now, &counts, im->error);

	for (i = 0; i < n && is == NULL; i++)
		if (strcmp(counts[i].source.name, feed->name) == 0) {
			is = &counts[i].source;
			im->records = counts[i].records;
		}
	if (n == -1)
		return -1;
	if (im->update &&
	    (is == NULL || is->feed == NULL ||
		strcmp(is->feed, feed->feed) != 0)) {
		snprintf(im->error, sizeof(im->error),
		    "its address was changed meanwhile");
		return -1;
	}
	import_run_keep(im, is);
	return 0;
}

/* Opens the store when the first entry is there, so that a feed that cannot be
 * read makes no store. */
static int
import_run_begin(struct import *im)
{
	const struct import_options *o = &im->o;

	im->to = o->dry_run ?
	    import_dry_open(&im->dry, im->path, &o->source, im->error) :
	    store_open(im->path, STORE_WRITE, im->error);
	if (im->to == NULL)
		return -1;
	import_note(im->to);
	return import_run_source(im) == -1 ?
	    -1 :
	    store_import_begin(im->to, &o->source, o->set, o->now, im->error);
}

/* What the feed says of an entry goes before what the options say of all. */
static void
import_run_record(struct record *r, const struct feed_entry *e)
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
import_run_add(void *arg, uint64_t line, const struct feed_entry *e)
{
	struct import *im = arg;
	struct record r = im->o.fallback;

	(void)line;
	import_run_record(&r, e);
	import_source_see(&im->said, e);
	if ((im->to == NULL && import_run_begin(im) == -1) ||
	    store_import_add(im->to, &r, im->error) == -1) {
		im->failed = true;
		return 1;
	}
	return import_run_go_on(im);
}

static int
import_run_skip(void *arg, uint64_t line, const char *reason, const char *why)
{
	struct import *im = arg;

	import_summary_skip(&im->summary, im->file, line, reason, why);
	return import_run_go_on(im);
}

static void
import_run_note(void *arg, const char *text)
{
	struct import *im = arg;

	import_summary_note(&im->summary, im->file, text);
}

/* The reader of a folder that is one feed says which of its files it reads. */
static void
import_run_file(void *arg, const char *name)
{
	((struct import *)arg)->file = name;
}

static int __attribute__((__format__(__printf__, 3, 4)))
import_run_failed(struct import *im, bool refused, const char *fmt, ...)
{
	va_list ap;

	im->refused = refused;
	va_start(ap, fmt);
	vsnprintf(im->why, sizeof(im->why), fmt, ap);
	va_end(ap);
	return CMD_FAILED;
}

static int
import_run_opened(
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
import_run_one(struct import *im, const char *name,
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
			return import_run_skip(im, 0, "a folder in the folder",
			    "it is a folder; import it by itself");
		fd = infile_descriptor(path, &what);
	}
	if (fd == -1 || (im->in = fdopen(fd, "r")) == NULL) {
		snprintf(error, FEED_ERROR_MAX, "%s", what);
		return -1;
	}
	return import_run_opened(im, sink, error);
}

static int
import_run_folder(
    struct import *im, const struct feed_sink *sink, char error[FEED_ERROR_MAX])
{
	const struct hold_all all = { .skip = NULL };
	struct feed_scope scope = { .to = sink, .options = &im->o.feed };
	const struct feed_sink scoped = feed_scope_sink(&scope);
	int i, r = 0;

	if (feed_folder(im->o.file, &im->o.feed, sink, &r, error))
		return r;
	if ((im->o.feed.hold = hold_new()) == NULL)
		return hold_none(error);
	for (i = 0; i < im->files.n && r == 0; i++)
		r = import_run_one(
		    im, import_files_name(&im->files, i), sink, error);
	if (r == 0) {
		im->file = NULL;
		r = hold_end(im->o.feed.hold, &all, &scoped, error);
	}
	hold_free(im->o.feed.hold);
	return r;
}

/* Whether the feed, which is in the store but for the commit, has shrunk. */
static bool
import_run_shrunk(const struct import *im)
{
	const struct store_counts *c = &im->summary.counts;
	uint64_t after = im->records + c->added - c->removed;

	return after < im->records && after * SHRUNK < im->records;
}

static int
import_run_settle(struct import *im)
{
	const struct import_options *o = &im->o;
	struct store_counts *c = &im->summary.counts;

	if (im->update && !im->shrink) {
		if (store_import_settle(im->to, o->replace, c, im->error) == -1)
			return import_run_failed(im, false, "%s", im->error);
		if (import_run_shrunk(im))
			return import_run_failed(im, true,
			    "it has shrunk from %llu records to %llu; nothing "
			    "was changed, --shrink takes it over",
			    (unsigned long long)im->records,
			    (unsigned long long)(im->records + c->added -
				c->removed));
	}
	if (store_import_end(im->to, o->replace, c, im->error) == -1)
		return import_run_failed(im, false, "%s", im->error);
	im->done = !o->dry_run;
	return import_summary_mostly_skipped(&im->summary) ? CMD_PARTLY :
							     CMD_OK;
}

/* What the feed says of its source goes behind the options, and is no matter of
 * an update: the source is what people made it. */
static void
import_run_said(struct import *im)
{
	const char *note;

	if (im->update)
		return;
	if ((note = import_source_note(&im->said)) != NULL)
		import_summary_note(&im->summary, NULL, note);
	store_import_set(
	    im->to, import_source_set(&im->said, &im->o.source, im->o.set));
}

/* Takes over what was read. */
static int
import_run_end(struct import *im)
{
	bool mostly = import_summary_mostly_skipped(&im->summary);

	if (im->to == NULL)
		return import_run_failed(im, true,
		    "there is nothing in it to import; nothing was changed");
	/* The feed is not the one that was meant, or is broken. */
	if (im->update && mostly)
		return import_run_failed(im, true,
		    "more lines were skipped than taken; nothing was changed");
	if (im->o.replace && mostly)
		return import_run_failed(im, true,
		    "more lines were skipped than taken; nothing was changed, "
		    "import without --replace if that is right");
	import_run_said(im);
	return import_run_settle(im);
}

int
import_run(struct import *im)
{
	const struct feed_sink sink = { .entry = import_run_add,
		.skipped = import_run_skip,
		.note = import_run_note,
		.file = import_run_file,
		.arg = im };
	char error[FEED_ERROR_MAX];
	int r;

	buf_init(&im->words, WORDS_MAX);
	if (import_options_words(&im->o, &im->words) == -1)
		return import_run_failed(im, false, "memory ran out");
	im->summary.source = im->o.source.name;
	im->summary.dry = im->o.dry_run;
	im->summary.replace = im->o.replace;
	r = im->in == NULL ? import_run_folder(im, &sink, error) :
			     import_run_opened(im, &sink, error);
	progress_end(&im->progress);
	if (interrupt_came())
		return import_run_failed(
		    im, false, "interrupted; nothing was changed");
	if (im->failed)
		return import_run_failed(im, false, "%s", im->error);
	if (r == -1)
		return import_run_failed(
		    im, true, "%s; nothing was changed", error);
	return import_run_end(im);
}

int
import_open(struct import *im)
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

bool
import_changed(const struct import *im)
{
	const struct store_counts *c = &im->summary.counts;

	return im->done && c->added + c->updated + c->removed > 0;
}

void
import_free(struct import *im)
{
	store_close(im->to);
	import_dry_remove(&im->dry);
	if (im->in != NULL)
		infile_close(im->in);
	import_files_free(&im->files);
	import_summary_free(&im->summary);
	import_options_free(&im->o);
	buf_free(&im->words);
}
