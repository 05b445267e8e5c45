/* SPDX-License-Identifier: MIT */
/* ctim-relay status: how the running pool is. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/base/command.h"
#include "cli/base/options.h"
#include "cli/base/settings.h"
#include "cli/pool/poolask.h"
#include "cli/pool/status_show.h"
#include "cli/terminal/text.h"
#include "conf/conf.h"

#define PATIENCE  5000 /* ms for an answer */
#define WATCH     2    /* seconds between looks */
#define WATCH_MAX 3600

struct status_options {
	const struct command *cmd;
	const char *config, *socket;
	bool json, metrics, help;
	long watch; /* seconds; 0: once */
};

static int
status_set_watch(const struct options_found *found)
{
	*(long *)found->at = WATCH;
	return found->text == NULL ? CMD_OK : options_number(found);
}

static const struct options_kind status_watch_seconds = {
	.set = status_set_watch, .least = 1, .most = WATCH_MAX
};

#define STATUS_AT(member) offsetof(struct status_options, member)

static const struct options_row status_rows[] = { OPTIONS_CONFIG(
						      struct status_options),
	POOL_SOCKET(struct status_options),
	{ "watch", 'w', &status_watch_seconds, STATUS_AT(watch), "[S]",
	    "again every S seconds (2 unless said), until Ctrl-C" },
	OPTIONS_JSON(struct status_options),
	{ "metrics", 'm', &options_flag, STATUS_AT(metrics), NULL,
	    "for Prometheus, in its text format" },
	{ "help", 'h', &options_stop, STATUS_AT(help), NULL, NULL } };

static const struct options status_option_table = { .rows = status_rows,
	.n = sizeof(status_rows) / sizeof(status_rows[0]) };

static int
status_option_list(struct status_options *o, int argc, char **argv)
{
	int status = options_read(&status_option_table, o->cmd, o, argc, argv);

	if (status != CMD_OK || o->help)
		return status;
	if (optind < argc)
		return command_usage(o->cmd,
		    "what is \"%s\"? A control socket is named with -s",
		    argv[optind]);
	if (o->json && o->metrics)
		return command_usage(
		    o->cmd, "--json and --metrics are two forms");
	return CMD_OK;
}

static int
status_once(const struct status_options *o, const char *path)
{
	struct buf answer;
	char why[POOLASK_WHY];
	int r;

	buf_init(&answer, POOLASK_MAX);
	r = poolask(
	    path, o->metrics ? "metrics" : "status", PATIENCE, &answer, why);
	if (r == -1)
		(void)command_fail(o->cmd, CMD_FAILED, "%s", why);
	else if ((r = o->json || o->metrics ?
			 text_print_json(stdout, answer.data, answer.len) :
			 status_show(stdout, answer.data, answer.len)) == -1)
		(void)command_fail(o->cmd, CMD_FAILED,
		    ferror(stdout) ?
			"the output cannot be written" :
			"what listens there is no gateway of this version");
	buf_free(&answer);
	return r == 0 ? CMD_OK : CMD_FAILED;
}

/* Asks again and again.  On a terminal an error does not end that: a gateway
 * that is gone may come back. */
static int
status_watch(const struct status_options *o, const char *path)
{
	bool terminal = isatty(STDOUT_FILENO) == 1;
	int status;

	for (;;) {
		if (terminal)
			printf("\033[H\033[J");
		status = status_once(o, path);
		if (!terminal && !o->json && !o->metrics)
			putchar('\n');
		if (fflush(stdout) == EOF || ferror(stdout))
			return CMD_FAILED;
		if (status != CMD_OK && !terminal)
			return status;
		(void)sleep((unsigned)o->watch);
	}
}

int
cmd_status(const struct command *cmd, int argc, char **argv)
{
	struct status_options o = { .cmd = cmd };
	struct conf *conf = NULL;
	const char *path;
	int status = status_option_list(&o, argc, argv);

	if (status != CMD_OK)
		return status;
	if (o.help)
		return options_help(&status_option_table, cmd);
	if (o.socket == NULL &&
	    (conf = settings_rest(cmd, o.config, "server", "control")) == NULL)
		return CMD_CONFIG;
	path = o.socket != NULL ? o.socket : conf->control;
	status = o.watch > 0 ? status_watch(&o, path) : status_once(&o, path);
	conf_free(conf);
	return status;
}
