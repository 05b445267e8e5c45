/* SPDX-License-Identifier: MIT */
/* ctim-relay intel update: the feeds of sources, fetched and imported. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "cli/import/fetch.h"
#include "cli/import/import_run.h"
#include "cli/import/update_lock.h"
#include "cli/intel/intel.h"
#include "cli/terminal/interrupt.h"
#include "cli/terminal/text.h"
#include "conf/conf.h"
#include "json/jsonout.h"
#include "store/store_write.h"

#define LINE_MAX_BYTES (256U << 10) /* of what is said of a source */

enum update_end { UPDATE_UPDATED, UPDATE_UNCHANGED, UPDATE_FAILED };

static const char *const update_words[] = { "updated", "unchanged", "failed" };

/* What is known of a source; its strings are one allocation. */
struct updating {
	struct source source;
	struct updating *next;
};

struct updates {
	const struct intel *in;
	struct conf *conf;
	char *path; /* of the store */
	struct updating *first, **last;
	bool failed, changed;
};

/* One update, and what came of it. */
struct update {
	const struct updates *all;
	struct fetch fetch;
	struct import im;
	char why[IMPORT_WHY_MAX + FETCH_WHY_MAX];
};

static char *
update_copy(const char *text)
{
	return text == NULL ? NULL : strdup(text);
}

static void
update_forget(struct updating *u)
{
	free((char *)u->source.name);
	free((char *)u->source.feed);
	free((char *)u->source.header);
	free((char *)u->source.options);
	free((char *)u->source.etag);
	free((char *)u->source.modified);
	free(u);
}

/* Keeps a source; memory that runs out is -1. */
static int
update_add(struct updates *all, const struct source *s)
{
	struct updating *u = calloc(1, sizeof(*u));

	if (u == NULL)
		return -1;
	*all->last = u;
	all->last = &u->next;
	u->source = (struct source){ .name = update_copy(s->name),
		.feed = update_copy(s->feed),
		.header = update_copy(s->header),
		.options = update_copy(s->options),
		.etag = update_copy(s->etag),
		.modified = update_copy(s->modified) };
	return u->source.name == NULL ||
		(s->feed != NULL && u->source.feed == NULL) ||
		(s->header != NULL && u->source.header == NULL) ||
		(s->options != NULL && u->source.options == NULL) ?
	    -1 :
	    0;
}

/* Keeps the source of a name; of one that is not there the name alone. */
static int
update_named(struct updates *all, const char *name,
    const struct store_count *counts, ssize_t n)
{
	const struct source none = { .name = name };
	ssize_t i;

	for (i = 0; i < n; i++)
		if (strcmp(counts[i].source.name, name) == 0)
			return update_add(all, &counts[i].source);
	return update_add(all, &none);
}

/* Finds what is to be updated: the sources that are named, or all with a feed. */
static int
update_find(struct updates *all, struct store *s)
{
	const struct intel *in = all->in;
	const struct store_count *counts;
	char error[STORE_ERROR_MAX];
	ssize_t i, n = store_stats(s, 0, &counts, error);
	int r = 0;

	if (n == -1)
		return command_fail(in->cmd, CMD_FAILED, "%s", error);
	for (i = 0; i < in->n && r == 0; i++)
		r = update_named(all, in->words[i], counts, n);
	for (i = 0; i < n && r == 0 && in->n == 0; i++)
		if (counts[i].source.feed != NULL)
			r = update_add(all, &counts[i].source);
	if (r == -1)
		return command_fail(in->cmd, CMD_FAILED, "memory ran out");
	if (all->first == NULL)
		fprintf(stderr, "no source has the address of a feed\n");
	return CMD_OK;
}

/* Whether a feed comes whatever it is: what expires some time after its import
 * has to be imported again, though the list is the same. */
static bool
update_anew(const struct import_options *o)
{
	return o->fallback.expires != 0;
}

static enum update_end __attribute__((__format__(__printf__, 2, 3)))
update_failed(struct update *u, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(u->why, sizeof(u->why), fmt, ap);
	va_end(ap);
	return UPDATE_FAILED;
}

/* Notes that the feed was reached.  Returns 0, or -1 with the reason. */
static int
update_checked(struct update *u, const struct source *source)
{
	const struct source is = { .name = source->name,
		.checked = u->im.o.now };
	char error[STORE_ERROR_MAX];
	struct store *s = store_open(u->all->path, STORE_WRITE, error);
	int r =
	    s == NULL ? -1 : store_source_set(s, &is, STORE_SET_CHECKED, error);

	store_close(s);
	if (r == -1)
		(void)update_failed(u, "%s", error);
	return r;
}

/* Imports the body. */
static enum update_end
update_import(struct update *u)
{
	struct import *im = &u->im;
	struct source *s = &im->o.source;

	im->path = u->all->path;
	im->in = u->fetch.body;
	im->update = true;
	im->shrink = u->all->in->shrink;
	s->etag = u->fetch.new_etag[0] == '\0' ? NULL : u->fetch.new_etag;
	s->modified =
	    u->fetch.new_modified[0] == '\0' ? NULL : u->fetch.new_modified;
	s->checked = im->o.now;
	im->o.set = STORE_SET_ETAG | STORE_SET_MODIFIED | STORE_SET_CHECKED;
	if (import_run(im) == CMD_FAILED) {
		im->summary.counts = (struct store_counts){ 0 };
		return update_failed(u, "%s", im->why);
	}
	return import_changed(im) ? UPDATE_UPDATED : UPDATE_UNCHANGED;
}

/* Fetches and imports, while no other process does. */
static enum update_end
update_locked(struct update *u, const struct source *s)
{
	const struct intel *in = u->all->in;
	bool anew = update_anew(&u->im.o);
	enum update_end end;

	u->fetch = (struct fetch){ .conf = u->all->conf,
		.url = s->feed,
		.header = s->header,
		.etag = anew ? NULL : s->etag,
		.modified = anew ? NULL : s->modified,
		.seconds = in->max_time,
		.mib = in->max_size };
	switch (fetch_do(&u->fetch)) {
	case FETCH_BODY:
		end = update_import(u);
		break;
	case FETCH_UNCHANGED:
		return update_checked(u, s) == -1 ? UPDATE_FAILED :
						    UPDATE_UNCHANGED;
	default:
		end = update_failed(u, "%s", u->fetch.why);
	}
	/* An import that failed has noted nothing; the reason is its own. */
	if (end == UPDATE_FAILED && u->fetch.answer) {
		struct update noting = { .all = u->all };

		noting.im.o.now = u->im.o.now;
		store_close(u->im.to);
		u->im.to = NULL;
		(void)update_checked(&noting, s);
	}
	return end;
}

static enum update_end
update_one(struct update *u, const struct source *s)
{
	struct update_lock lock;
	enum update_end end;

	if (s->feed == NULL)
		return update_failed(u,
		    "it has no address of a feed, or is not there: "
		    "intel sources set %s --feed URL",
		    s->name);
	if (import_options_kept(&u->im.o, u->all->in->cmd, s) != CMD_OK)
		return update_failed(
		    u, "its options are none of this version: %s", s->options);
	if (update_lock_take(&lock, u->all->path, s->name, u->why) == -1)
		return UPDATE_FAILED;
	end = update_locked(u, s);
	update_lock_give(&lock);
	return end;
}

static void
update_line(const struct update *u, const struct source *s, enum update_end end)
{
	const struct import_summary *m = &u->im.summary;
	const struct store_counts *c = &m->counts;
	struct buf line;

	buf_init(&line, LINE_MAX_BYTES);
	buf_addf(&line, "%s: %s", s->name, update_words[end]);
	if (end == UPDATE_FAILED)
		buf_addf(&line, ": %s", u->why);
	else if (m->read != 0)
		buf_addf(&line,
		    ", read %" PRIu64 ", added %" PRIu64 ", updated %" PRIu64
		    ", unchanged %" PRIu64 ", removed %" PRIu64
		    ", skipped %" PRIu64,
		    m->read, c->added, c->updated, c->unchanged, c->removed,
		    m->skipped);
	import_summary_reasons(m, &line);
	(void)text_print(stdout, line.data);
	putchar('\n');
	buf_free(&line);
}

static void
update_json(const struct update *u, const struct source *s, enum update_end end)
{
	struct jsonout out;
	struct buf text;

	buf_init(&text, LINE_MAX_BYTES);
	jsonout_init(&out, &text);
	jsonout_object(&out);
	jsonout_kstring(&out, "source", s->name);
	jsonout_kstring(&out, "result", update_words[end]);
	if (end == UPDATE_FAILED)
		jsonout_kstring(&out, "reason", u->why);
	if (u->im.summary.read != 0)
		import_summary_members(&u->im.summary, &out);
	jsonout_end_object(&out);
	if (jsonout_done(&out) == 0)
		(void)text_print_json(stdout, text.data, text.len);
	putchar('\n');
	buf_free(&text);
}

static void
update_source(struct updates *all, const struct source *s)
{
	struct update *u = calloc(1, sizeof(*u));
	enum update_end end;

	if (u == NULL) {
		all->failed = true;
		(void)command_fail(all->in->cmd, CMD_FAILED, "memory ran out");
		return;
	}
	u->all = all;
	end = update_one(u, s);
	(all->in->json ? update_json : update_line)(u, s, end);
	fflush(stdout);
	all->failed |= end == UPDATE_FAILED;
	all->changed |= end == UPDATE_UPDATED;
	import_free(&u->im);
	free(u);
}

static int
update_all(struct updates *all)
{
	const struct intel *in = all->in;
	struct updating *u;
	struct store *s;
	int status;

	if ((all->conf = intel_configuration(in->cmd, in->config, &status)) ==
		NULL ||
	    (all->path = intel_path(in->cmd, in->store, in->config, &status)) ==
		NULL ||
	    (s = intel_open(in, STORE_READ, &status)) == NULL)
		return status;
	status = update_find(all, s);
	store_close(s);
	if (status != CMD_OK)
		return status;
	interrupt_catch(false);
	for (u = all->first; u != NULL && !interrupt_came(); u = u->next)
		update_source(all, &u->source);
	return all->failed || interrupt_came() ? CMD_FAILED : CMD_OK;
}

int
intel_update(const struct intel *in)
{
	struct updates all = { .in = in };
	struct updating *u;
	int status;

	all.last = &all.first;
	status = update_all(&all);
	while ((u = all.first) != NULL) {
		all.first = u->next;
		update_forget(u);
	}
	if (all.conf != NULL)
		conf_free(all.conf);
	free(all.path);
	if (all.changed)
		intel_changed(in->cmd, in->store, in->config, "update");
	return status;
}
