/* SPDX-License-Identifier: MIT */
/* ctim-relay intel import: a feed, or a folder of them, into the store. */
#include <stdlib.h>

#include "cli/base/options.h"
#include "cli/import/fetch.h"
#include "cli/import/import_run.h"
#include "cli/import/update_lock.h"
#include "cli/intel/intel.h"
#include "cli/terminal/interrupt.h"
#include "conf/conf.h"
#include "store/store.h"

struct intel_importing {
	struct import im;
	struct fetch fetch; /* holds etag and modified of the source */
	char *path;         /* of the store */
	struct update_lock lock;
};

/* Says why the feed is not imported, and which of its lines were skipped. */
static int
intel_import_refuse(const struct import *im)
{
	char shown[INTEL_FEED_MAX];
	const char *name = im->o.file != NULL ?
	    im->o.file :
	    intel_feed_text(im->o.source.feed, shown);

	if (!im->refused)
		return command_fail(im->o.cmd, CMD_FAILED, "%s", im->why);
	(void)command_fail(im->o.cmd, CMD_FAILED, "%s%s%s: %s", name,
	    im->file == NULL ? "" : "/", im->file == NULL ? "" : im->file,
	    im->why);
	if (im->o.json)
		import_summary_json(&im->summary);
	else
		import_summary_skips(&im->summary, stderr);
	return CMD_FAILED;
}

/* Fetches the feed from its address, to be read. */
static int
intel_import_fetch(struct intel_importing *i)
{
	struct import *im = &i->im;
	struct source *s = &im->o.source;
	char shown[INTEL_FEED_MAX];
	struct conf *conf;
	int status = CMD_OK;

	conf = intel_configuration(im->o.cmd, im->o.config, &status);
	if (conf == NULL)
		return status;
	i->fetch = (struct fetch){ .conf = conf,
		.url = s->feed,
		.header = s->header,
		.seconds = FETCH_SECONDS,
		.mib = FETCH_MIB };
	interrupt_catch(false);
	if (fetch_do(&i->fetch) != FETCH_BODY)
		status = command_fail(im->o.cmd, CMD_FAILED,
		    "%s: %s; nothing was changed",
		    intel_feed_text(s->feed, shown), i->fetch.why);
	im->in = i->fetch.body;
	s->etag = i->fetch.new_etag[0] == '\0' ? NULL : i->fetch.new_etag;
	s->modified =
	    i->fetch.new_modified[0] == '\0' ? NULL : i->fetch.new_modified;
	s->checked = im->o.now;
	im->o.set |= STORE_SET_CHECKED;
	conf_free(conf);
	return status;
}

/* Opens what is to be read.  No update of the source begins meanwhile; of a
 * store that is not there, there is none. */
static int
intel_import_open(struct intel_importing *i)
{
	const struct import_options *o = &i->im.o;
	char why[UPDATE_LOCK_WHY];

	if (o->file != NULL)
		return import_open(&i->im);
	if (!o->dry_run && !store_missing(i->path) &&
	    update_lock_take(&i->lock, i->path, o->source.name, why) == -1)
		return command_fail(o->cmd, CMD_FAILED, "%s", why);
	return intel_import_fetch(i);
}

static int
intel_import_do(struct intel_importing *i)
{
	struct import *im = &i->im;
	int status;

	im->path = i->path =
	    intel_path(im->o.cmd, im->o.store, im->o.config, &status);
	if (i->path == NULL)
		return status;
	if ((status = intel_import_open(i)) != CMD_OK)
		return status;
	interrupt_catch(false);
	status = import_run(im);
	if (status == CMD_FAILED)
		return intel_import_refuse(im);
	if (im->o.json)
		import_summary_json(&im->summary);
	else
		import_summary_print(&im->summary);
	return status;
}

int
intel_import(const struct command *cmd, int argc, char **argv)
{
	struct intel_importing *i;
	const char *store, *config;
	bool changed;
	int status;

	if ((i = calloc(1, sizeof(*i))) == NULL)
		return command_fail(cmd, CMD_FAILED, "memory ran out");
	i->lock.fd = -1;
	status = import_options(&i->im.o, cmd, argc, argv);
	if (status == CMD_OK)
		status = i->im.o.help ?
		    options_help(&import_option_table, cmd) :
		    intel_import_do(i);
	changed = import_changed(&i->im);
	store = i->im.o.store;
	config = i->im.o.config;
	import_free(&i->im);
	update_lock_give(&i->lock);
	free(i->path);
	free(i);
	if (changed)
		intel_changed(cmd, store, config, "import");
	return status;
}
