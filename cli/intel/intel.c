/* SPDX-License-Identifier: MIT */
/* ctim-relay intel: the indicators that are kept on this machine. */
#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "call/provider.h"
#include "cli/base/options.h"
#include "cli/base/settings.h"
#include "cli/import/fetch.h"
#include "cli/import/import_run.h"
#include "cli/intel/intel.h"
#include "cli/terminal/text.h"
#include "cli/terms/terms.h"
#include "conf/conf.h"
#include "ctim/indicator.h"
#include "json/jsonout.h"
#include "providers/local.h"
#include "store/store_write.h"

#define AT(member) offsetof(struct intel, member)

#define INTEL_TEXT(member, argument, help)                            \
	{                                                             \
#member, 0, &options_text, AT(member), argument, help \
	}

#define SOURCE INTEL_TEXT(source, "NAME", "only of this source")
#define TYPE \
	INTEL_TEXT(type, "TYPE", "only of this type: ip, domain, sha256 ...")
#define DISPOSITION INTEL_TEXT(disposition, "D", "only with this disposition")
#define LIMIT       INTEL_TEXT(limit, "N", "at most so many")
/* What every command takes. */
#define PLACE                                                              \
	INTEL_TEXT(                                                        \
	    store, "PATH", "this store, whatever the configuration says"), \
	    OPTIONS_CONFIG(struct intel)
#define FORM                                                     \
	OPTIONS_JSON(struct intel),                              \
	{                                                        \
		"help", 'h', &options_flag, AT(help), NULL, NULL \
	}

/* --subdomains and --no-subdomains. */
static int
intel_subdomains(const struct options_found *found)
{
	*(int *)found->at =
	    strcmp(found->row->name, "subdomains") == 0 ? 1 : -1;
	return CMD_OK;
}

static const struct options_kind intel_subdomains_kind = {
	.set = intel_subdomains
};

static const struct options_row intel_plain_rows[] = { PLACE, FORM };
static const struct options_row intel_list_rows[] = { SOURCE, TYPE, DISPOSITION,
	LIMIT, PLACE, FORM };
static const struct options_row intel_export_rows[] = { SOURCE, TYPE,
	DISPOSITION,
	{ "format", 0, &options_text, AT(format), "F",
	    "csv (as it is, if not said), json, stix (a STIX 2.1 bundle),\n"
	    "or plain: values alone, each once, without expired ones" },
	{ "edl", 0, &options_text, AT(edl), "PATH",
	    "the plain list to this file, for a firewall: whole at any\n"
	    "moment, and without what is Clean, unless that is asked for" },
	LIMIT, PLACE, FORM };
static const struct options_row intel_audit_rows[] = { LIMIT, PLACE,
	{ "csv", 0, &options_flag, AT(csv), NULL, "as CSV, for programs" },
	FORM };
static const struct options_row intel_sources_rows[] = {
	INTEL_TEXT(title, "T", "set: what people read"),
	INTEL_TEXT(url, "U",
	    "set: a page to look a value up, with {type} and {value}"),
	{ "subdomains", 0, &intel_subdomains_kind, AT(subdomains), NULL,
	    "set: its domains match what is below them, and URLs" },
	{ "no-subdomains", 0, &intel_subdomains_kind, AT(subdomains), NULL,
	    "set: no longer" },
	INTEL_TEXT(feed, "URL", "set: where the feed is; makes the source"),
	{ "feed-header", 0, &options_text, AT(feed_header), "H",
	    "set: what to send there, with the key's place:\n"
	    "\"Auth-Key: file:/etc/PATH\"" },
	PLACE, FORM
};
static const struct options_kind intel_seconds = { .set = options_number,
	.least = 1,
	.most = 86400 },
				 intel_mib = { .set = options_number,
					 .least = 1,
					 .most = 8192 };
static const struct options_row intel_update_rows[] = {
	{ "shrink", 0, &options_flag, AT(shrink), NULL,
	    "take over lists of which less than a tenth is left, too" },
	{ "max-time", 0, &intel_seconds, AT(max_time), "S",
	    "seconds for a feed, 600 if not said" },
	{ "max-size", 0, &intel_mib, AT(max_size), "N",
	    "MiB of a feed, 512 if not said" },
	PLACE, FORM
};
static const struct options_row intel_backup_rows[] = {
	{ "force", 0, &options_flag, AT(force), NULL,
	    "write over a file that is there" },
	PLACE, FORM
};
static const struct options_row intel_remove_rows[] = { SOURCE, PLACE,
	{ "all", 0, &options_flag, AT(all), NULL,
	    "the source itself, with all that it lists" },
	FORM };

#define INTEL_TABLE(rows)                                                   \
	{                                                                   \
		rows, sizeof(rows) / sizeof((rows)[0]), 0, true, NULL, NULL \
	}

static const struct options intel_plain_options = INTEL_TABLE(intel_plain_rows),
			    intel_list_options = INTEL_TABLE(intel_list_rows),
			    intel_audit_options = INTEL_TABLE(intel_audit_rows),
			    intel_export_options =
				INTEL_TABLE(intel_export_rows),
			    intel_sources_options =
				INTEL_TABLE(intel_sources_rows),
			    intel_update_options =
				INTEL_TABLE(intel_update_rows),
			    intel_backup_options =
				INTEL_TABLE(intel_backup_rows),
			    intel_remove_options =
				INTEL_TABLE(intel_remove_rows);

static const struct intel_command {
	struct command command;
	const struct options *options; /* NULL: the command reads its own */
	int (*run)(const struct intel *);
} intel_commands[] = {
	{ { "intel import",
	      "FILE|FOLDER|-|--feed URL --source NAME [OPTION ...]",
	      "put the indicators of a feed into the store", intel_import },
	    NULL, NULL },
	{ { "intel update", "[SOURCE ...] [--shrink]",
	      "fetch the feeds of sources, all that have one or those named",
	      NULL },
	    &intel_update_options, intel_update },
	{ { "intel add", "[TYPE:]VALUE ... [--disposition D] [OPTION ...]",
	      "add values of one's own to the block list or another",
	      intel_add },
	    NULL, NULL },
	{ { "intel list",
	      "[--source NAME] [--type TYPE] [--disposition D] [--limit N]",
	      "list indicators in the order of their values", NULL },
	    &intel_list_options, intel_list },
	{ { "intel show", "[TYPE:]VALUE",
	      "show what is known of a value, the networks and parent domains "
	      "it is in included",
	      NULL },
	    &intel_plain_options, intel_show },
	{ { "intel remove",
	      "[TYPE:]VALUE ... [--source NAME] | --source NAME --all",
	      "remove values, or a source with all of its indicators", NULL },
	    &intel_remove_options, intel_remove },
	{ { "intel audit", "[--limit N] [--json | --csv]",
	      "show who has changed what, the newest first", NULL },
	    &intel_audit_options, intel_audit },
	{ { "intel sources", "[set NAME OPTION ...]",
	      "list the sources, or set what is known of one", NULL },
	    &intel_sources_options, intel_sources },
	{ { "intel stats", "", "count the indicators", NULL },
	    &intel_plain_options, intel_stats },
	{ { "intel export",
	      "[--format csv|json|plain|stix] [--edl PATH] [--source NAME] "
	      "[--type TYPE] [--disposition D] [--limit N]",
	      "write indicators for other programs", NULL },
	    &intel_export_options, intel_export },
	{ { "intel backup", "FILE [--force]",
	      "copy the whole store to a file, as it is at one moment", NULL },
	    &intel_backup_options, intel_backup },
	{ { "intel restore", "FILE",
	      "put a backup in the place of all that is in the store", NULL },
	    &intel_plain_options, intel_restore }
};

#define COMMANDS (sizeof(intel_commands) / sizeof(intel_commands[0]))
#define WORD     (sizeof("intel ") - 1) /* before a command's name */

/* Whether there is no configuration, and nobody named one. */
static bool
no_configuration(const char *config)
{
	const char *said = getenv("CTIM_RELAY_CONF");

	return config == NULL && (said == NULL || *said == '\0') &&
	    access(conf_path(), F_OK) == -1 && errno == ENOENT;
}

struct conf *
intel_configuration(const struct command *cmd, const char *config, int *status)
{
	bool none = no_configuration(config);
	struct conf *conf =
	    none ? settings_default(cmd) : settings_load(cmd, config);

	if (conf == NULL)
		*status = none ? CMD_FAILED : CMD_CONFIG;
	return conf;
}

char *
intel_path(const struct command *cmd, const char *store, const char *config,
    int *status)
{
	const struct relay_conf *relay = NULL;
	struct conf *conf = NULL;
	char *path;

	*status = CMD_USAGE;
	if (store != NULL && store_has_password(store)) {
		(void)command_usage(cmd,
		    "a password in --store is in the list of processes; let "
		    "[relay local] store be file:PATH, or use ~/.pgpass");
		return NULL;
	}
	if (store == NULL && !no_configuration(config)) {
		*status = CMD_CONFIG;
		if ((conf = settings_load(cmd, config)) == NULL)
			return NULL;
		for (relay = conf->relays; relay != NULL; relay = relay->next)
			if (relay->provider->store != NULL)
				break;
	}
	if (store == NULL)
		store = relay == NULL ? LOCAL_STORE :
					relay->provider->store(relay->own);
	*status = CMD_FAILED;
	if ((path = strdup(store)) == NULL)
		(void)command_fail(cmd, CMD_FAILED, "memory ran out");
	conf_free(conf);
	return path;
}

/* make: a store that is not there is made. */
static struct store *
intel_open_or_make(
    const struct intel *in, enum store_mode mode, bool make, int *status)
{
	char error[STORE_ERROR_MAX];
	char *path = intel_path(in->cmd, in->store, in->config, status);
	struct store *s;

	if (path == NULL)
		return NULL;
	/* Opening a missing store to write would make it; to read reports
	 * it. */
	if (mode == STORE_WRITE && !make && store_missing(path))
		mode = STORE_READ;
	s = store_open(path, mode, error);
	*status =
	    s != NULL ? CMD_OK : command_fail(in->cmd, CMD_FAILED, "%s", error);
	if (s != NULL)
		import_note(s);
	free(path);
	return s;
}

struct store *
intel_open(const struct intel *in, enum store_mode mode, int *status)
{
	return intel_open_or_make(in, mode, false, status);
}

struct store *
intel_make(const struct intel *in, int *status)
{
	return intel_open_or_make(in, STORE_WRITE, true, status);
}

/* A number of records, with its noun: "1 record". */
static const char *
intel_records(char text[32], long long n)
{
	snprintf(text, 32, "%lld record%s", n, n == 1 ? "" : "s");
	return text;
}

void
intel_not_listed(const char *value)
{
	(void)text_print(stderr, value);
	fprintf(stderr, " is not listed\n");
}

/* Checks all values before the first is removed: a wrong one would end the
 * command halfway. */
static int
look_at_values(const struct intel *in)
{
	char value[INDICATOR_MAX + 1];
	int i;

	for (i = 0; i < in->n; i++)
		if (terms_normal(in->words[i], value) == OBSERVABLE_UNKNOWN)
			return command_fail(in->cmd, CMD_FAILED,
			    "\"%s\" is no indicator; nothing was removed",
			    in->words[i]);
	return CMD_OK;
}

/* Removes the values, which look_at_values() has checked.  Returns how many
 * records went, or -1 after saying why not. */
static long long
remove_values(const struct intel *in, struct store *s)
{
	char error[STORE_ERROR_MAX];
	char value[INDICATOR_MAX + 1], words[32];
	enum observable_type type;
	long long sum = 0;
	ssize_t removed;
	int i;

	for (i = 0; i < in->n; i++) {
		type = terms_normal(in->words[i], value);
		removed = intel_remove_value(
		    s, type, value, in->source, (int64_t)time(NULL), error);
		if (removed == -1) {
			(void)command_fail(in->cmd, CMD_FAILED,
			    "%s; removed before that: %s", error,
			    intel_records(words, sum));
			return -1;
		}
		if (removed == 0)
			intel_not_listed(value);
		sum += removed;
	}
	return sum;
}

static void
say_removed(long long n, bool json)
{
	struct jsonout out;
	struct buf text;
	char words[32];

	if (!json) {
		printf("removed %s\n", intel_records(words, n));
		return;
	}
	buf_init(&text, 64);
	jsonout_init(&out, &text);
	jsonout_object(&out);
	jsonout_kint(&out, "removed", n);
	jsonout_end_object(&out);
	if (jsonout_done(&out) == 0)
		printf("%s\n", text.data);
	buf_free(&text);
}

/* Checks that it is clear what to remove.  --all must be given for a whole
 * source: the name of a source alone is also what is left when the shell
 * variable with the values is empty. */
static int
look_at_removal(const struct intel *in)
{
	if (in->all && in->n > 0)
		return command_usage(in->cmd,
		    "--all is the whole source; leave the values or --all "
		    "away");
	if (in->source == NULL && in->n == 0)
		return command_usage(in->cmd,
		    in->all ? "--all of which source? Say --source" :
			      "name values, or a source and --all");
	if (!in->all && in->n == 0)
		return command_usage(in->cmd,
		    "no values; to remove the source \"%s\" with all of its "
		    "indicators, add --all",
		    in->source);
	return look_at_values(in);
}

int
intel_remove(const struct intel *in)
{
	struct store *s;
	char error[STORE_ERROR_MAX];
	long long n;
	int status;

	if ((status = look_at_removal(in)) != CMD_OK)
		return status;
	if ((s = intel_open(in, STORE_WRITE, &status)) == NULL)
		return status;
	if (in->n > 0)
		n = remove_values(in, s);
	else if ((n = store_remove_source(s, in->source, error)) == -1)
		(void)command_fail(in->cmd, CMD_FAILED, "%s", error);
	store_close(s);
	if (n >= 0)
		say_removed(n, in->json);
	if (n > 0)
		intel_changed(in->cmd, in->store, in->config, "remove");
	/* A source without a record is gone too. */
	return n > 0 || (n == 0 && in->n == 0) ? CMD_OK : CMD_FAILED;
}

static int
intel_usage(void)
{
	size_t i;

	printf(
	    "usage: ctim-relay intel COMMAND [ARGUMENT ...]\n\n"
	    "To look after the indicators that are kept on this machine:\n\n");
	for (i = 0; i < COMMANDS; i++)
		printf("  %-8s %s\n", intel_commands[i].command.name + WORD,
		    intel_commands[i].command.summary);
	printf(
	    "\nEach says more with --help. All of it: man ctim-relay-intel\n");
	return CMD_OK;
}

static int
intel_run(const struct intel_command *c, int argc, char **argv)
{
	struct intel in = { .cmd = &c->command,
		.max_time = FETCH_SECONDS,
		.max_size = FETCH_MIB };
	int status;

	if (c->options == NULL)
		return c->command.run(&c->command, argc, argv);
	status = options_read(c->options, in.cmd, &in, argc, argv);
	if (status != CMD_OK)
		return status;
	if (in.help)
		return options_help(c->options, in.cmd);
	in.words = argv + optind;
	in.n = argc - optind;
	return c->run(&in);
}

int
cmd_intel(const struct command *self, int argc, char **argv)
{
	size_t i;

	if (argc < 2)
		return command_usage(self, "no command named");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return intel_usage();
	for (i = 0; i < COMMANDS; i++)
		if (strcmp(intel_commands[i].command.name + WORD, argv[1]) == 0)
			return intel_run(
			    &intel_commands[i], argc - 1, argv + 1);
	return command_usage(self, "there is no command \"%s\"", argv[1]);
}
