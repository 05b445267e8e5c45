/* ctim-relay intel import: a feed into the store. */
#include <sys/stat.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cli/base/infile.h"
#include "cli/base/options.h"
#include "cli/intel/import_options.h"
#include "cli/intel/intel.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/progress.h"
#include "cli/terminal/text.h"
#include "json/jsonout.h"

#define REASONS    10 /* skipped lines that the summary names */
#define OUTPUT_MAX (256U << 10)
#define EVERY      1024 /* records between two looks at the progress */

struct skipped {
	uint64_t line;
	char *why;
};

struct import {
	struct import_options o;
	char *path;
	FILE *in;
	struct store *to;
	struct progress progress;
	uint64_t read, n_skipped;
	struct store_counts counts;
	struct skipped skipped[REASONS];
	bool failed; /* error has the reason */
	char error[STORE_ERROR_MAX];
};

/* Called after each entry: 1 ends the reading. */
static int
intel_import_go_on(struct import *im)
{
	off_t at;

	if (++im->read % EVERY == 0) {
		at = im->progress.total == 0 ? 0 : ftello(im->in);
		progress_at(&im->progress, at < 0 ? 0 : (uint64_t)at, im->read);
	}
	return interrupt_came() ? 1 : 0;
}

/* Opens the store when the first entry is there, so that a feed that cannot be
 * read makes no store. */
static int
intel_import_begin(struct import *im)
{
	im->to = store_open(im->path, STORE_WRITE, im->error);
	if (im->to == NULL)
		return -1;
	intel_note(im->to);
	return store_import_begin(
	    im->to, &im->o.source, im->o.set, im->o.now, im->error);
}

static int
intel_import_add(void *arg, uint64_t line, const struct feed_entry *e)
{
	struct import *im = arg;
	struct record r = im->o.fallback;

	(void)line;
	r.type = e->type;
	r.value = e->value;
	r.reason = e->reason;
	r.first_seen = e->first_seen;
	r.last_seen = e->last_seen;
	r.count = e->count;
	r.url = e->url;
	r.below = e->below;
	if (e->disposition != -1)
		r.disposition = e->disposition;
	if (e->severity != -1)
		r.severity = e->severity;
	if (e->confidence != -1)
		r.confidence = e->confidence;
	if (e->tlp != -1)
		r.tlp = e->tlp;
	if (e->priority != -1)
		r.priority = e->priority;
	if (e->expires != -1)
		r.expires = e->expires;
	if ((im->to == NULL && intel_import_begin(im) == -1) ||
	    store_import_add(im->to, &r, im->error) == -1) {
		im->failed = true;
		return 1;
	}
	return intel_import_go_on(im);
}

static int
skip(void *arg, uint64_t line, const char *reason, const char *why)
{
	struct import *im = arg;

	(void)reason;
	if (im->n_skipped < REASONS)
		im->skipped[im->n_skipped] =
		    (struct skipped){ line, strdup(why) };
	im->n_skipped++;
	return intel_import_go_on(im);
}

static void
print_reasons(const struct import *im, FILE *to)
{
	struct buf text;
	const char *why;
	uint64_t i;

	buf_init(&text, OUTPUT_MAX);
	for (i = 0; i < im->n_skipped && i < REASONS; i++) {
		why = im->skipped[i].why == NULL ? "" : im->skipped[i].why;
		buf_addf(&text, "  line %" PRIu64 ": ", im->skipped[i].line);
		text_add(&text, why, strlen(why));
		buf_addc(&text, '\n');
	}
	if (im->n_skipped > REASONS)
		buf_addf(
		    &text, "  and %" PRIu64 " more\n", im->n_skipped - REASONS);
	fputs(text.data, to);
	buf_free(&text);
}

static void
print_summary(const struct import *im)
{
	printf("%s: read %" PRIu64 ", added %" PRIu64 ", updated %" PRIu64
	       ", unchanged %" PRIu64 ", ",
	    im->o.source.name, im->read, im->counts.added, im->counts.updated,
	    im->counts.unchanged);
	if (im->o.replace)
		printf("removed %" PRIu64 ", ", im->counts.removed);
	printf("skipped %" PRIu64 "\n", im->n_skipped);
	print_reasons(im, stdout);
}

static void
intel_import_print_json(const struct import *im)
{
	struct jsonout out;
	struct buf text;
	uint64_t i;

	buf_init(&text, OUTPUT_MAX);
	jsonout_init(&out, &text);
	jsonout_object(&out);
	jsonout_kstring(&out, "source", im->o.source.name);
	jsonout_kint(&out, "read", (int64_t)im->read);
	jsonout_kint(&out, "added", (int64_t)im->counts.added);
	jsonout_kint(&out, "updated", (int64_t)im->counts.updated);
	jsonout_kint(&out, "unchanged", (int64_t)im->counts.unchanged);
	jsonout_kint(&out, "removed", (int64_t)im->counts.removed);
	jsonout_kint(&out, "skipped", (int64_t)im->n_skipped);
	jsonout_key(&out, "reasons");
	jsonout_array(&out);
	for (i = 0; i < im->n_skipped && i < REASONS; i++) {
		jsonout_object(&out);
		jsonout_kint(&out, "line", (int64_t)im->skipped[i].line);
		jsonout_kstring(&out, "reason", im->skipped[i].why);
		jsonout_end_object(&out);
	}
	jsonout_end_array(&out);
	jsonout_end_object(&out);
	if (jsonout_done(&out) == 0)
		(void)text_print_json(stdout, text.data, text.len);
	putchar('\n');
	buf_free(&text);
}

/* Opens the feed, and finds out its length as far as possible. */
static int
open_feed(struct import *im)
{
	struct stat st;

	if ((im->in = infile_open(im->o.cmd, im->o.file)) == NULL)
		return CMD_FAILED;
	if (fstat(fileno(im->in), &st) == -1)
		return command_fail(im->o.cmd, CMD_FAILED, "%s: %s", im->o.file,
		    strerror(errno));
	if (S_ISDIR(st.st_mode))
		return command_fail(im->o.cmd, CMD_FAILED, "%s: %s", im->o.file,
		    strerror(EISDIR));
	progress_begin(&im->progress,
	    S_ISREG(st.st_mode) && st.st_size > 0 ? (uint64_t)st.st_size : 0);
	return CMD_OK;
}

/* Says why the feed is not imported, and which of its lines were skipped. */
static int
intel_import_refuse(const struct import *im, const char *why)
{
	(void)command_fail(im->o.cmd, CMD_FAILED, "%s: %s", im->o.file, why);
	if (im->o.json)
		intel_import_print_json(im);
	else
		print_reasons(im, stderr);
	return CMD_FAILED;
}

/* Reads the feed into the store.  Returns CMD_OK, or CMD_FAILED after printing
 * the error, with nothing changed. */
static int
transfer(struct import *im)
{
	const struct feed_sink sink = {
		.entry = intel_import_add, .skipped = skip, .arg = im
	};
	char error[FEED_ERROR_MAX];
	int r;

	r = feed_read(im->in, &im->o.feed, &sink, error);
	progress_end(&im->progress);
	if (interrupt_came())
		return command_fail(
		    im->o.cmd, CMD_FAILED, "interrupted; nothing was changed");
	if (im->failed)
		return command_fail(im->o.cmd, CMD_FAILED, "%s", im->error);
	if (r == -1)
		return command_fail(im->o.cmd, CMD_FAILED,
		    "%s: %s; nothing was changed", im->o.file, error);
	if (im->to == NULL)
		return intel_import_refuse(im,
		    "there is nothing in it to import; nothing was changed");
	/* The feed is not the one that was meant, or is broken. */
	if (im->o.replace && im->n_skipped > im->read - im->n_skipped)
		return intel_import_refuse(im,
		    "more lines were skipped than taken; nothing was changed, "
		    "import without --replace if that is right");
	if (store_import_end(im->to, im->o.replace, &im->counts, im->error) ==
	    -1)
		return command_fail(im->o.cmd, CMD_FAILED, "%s", im->error);
	if (im->o.json)
		intel_import_print_json(im);
	else
		print_summary(im);
	return CMD_OK;
}

int
intel_import(const struct command *cmd, int argc, char **argv)
{
	struct import *im;
	size_t i;
	int status;

	if ((im = calloc(1, sizeof(*im))) == NULL)
		return command_fail(cmd, CMD_FAILED, "memory ran out");
	status = import_options(&im->o, cmd, argc, argv);
	if (status == CMD_OK && im->o.help)
		status = options_help(&import_option_table, cmd);
	else if (status == CMD_OK &&
	    (im->path = intel_path(cmd, im->o.store, im->o.config, &status)) !=
		NULL &&
	    (status = open_feed(im)) == CMD_OK) {
		interrupt_catch(false);
		status = transfer(im);
	}
	store_close(im->to);
	if (im->in != NULL)
		infile_close(im->in);
	for (i = 0; i < REASONS; i++)
		free(im->skipped[i].why);
	free(im->path);
	free(im);
	return status;
}
