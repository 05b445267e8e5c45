/* SPDX-License-Identifier: MIT */
/* ctim-relay reload and stop: orders to the running pool, and what came of
 * them. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "cli/base/command.h"
#include "cli/base/options.h"
#include "cli/base/settings.h"
#include "cli/pool/poolask.h"
#include "cli/terminal/text.h"
#include "conf/conf.h"

#define PATIENCE_MAX 3600 /* seconds */

struct order {
	const struct command *cmd;
	const char *config, *socket;
	long seconds;
	bool quiet, help;
};

static const struct options_kind order_seconds = {
	.set = options_number, .least = 1, .most = PATIENCE_MAX
};

#define ORDER_AT(member) offsetof(struct order, member)

static const struct options_row order_rows[] = { OPTIONS_CONFIG(struct order),
	POOL_SOCKET(struct order),
	{ "timeout", 't', &order_seconds, ORDER_AT(seconds), "S",
	    "seconds to wait for what comes of it (90 unless said)" },
	{ "quiet", 'q', &options_flag, ORDER_AT(quiet), NULL,
	    "say nothing when it is done" },
	{ "help", 'h', &options_stop, ORDER_AT(help), NULL, NULL } };

static const struct options order_reload_table = { .rows = order_rows,
	.n = sizeof(order_rows) / sizeof(order_rows[0]),
	.before =
	    "Has the running pool read its configuration again, and waits "
	    "until "
	    "new\n"
	    "workers serve with it.  A configuration with an error is refused: "
	    "the pool\n"
	    "goes on as it was, and the exit status is 1.\n\n" };

static const struct options order_stop_table = { .rows = order_rows,
	.n = sizeof(order_rows) / sizeof(order_rows[0]),
	.before = "Ends the running pool, and waits until it is gone.  What it "
		  "has accepted is\n"
		  "answered first.\n\n" };

static void
order_line(const char *line)
{
	(void)text_print(stderr, line);
	(void)fputc('\n', stderr);
}

/* Prints what came of it: the first line says whether it is done, others are of
 * the configuration.  Returns an exit status. */
static int
order_show(const struct order *o, const char *path, struct buf *answer)
{
	bool done = strncmp(answer->data, "ok: ", 4) == 0;
	bool known = done || strncmp(answer->data, "failed: ", 8) == 0;
	char *line = answer->data, *end;

	if (!known)
		return command_fail(o->cmd, CMD_FAILED,
		    "%s: what listens there takes no such order; is it a "
		    "gateway of an older version?",
		    path);
	for (; *line != '\0'; line = end) {
		end = line + strcspn(line, "\n");
		if (*end == '\n')
			*end++ = '\0';
		if (line != answer->data)
			order_line(line);
		else if (!done)
			(void)command_fail(o->cmd, CMD_FAILED, "%s", line + 8);
		else if (!o->quiet)
			puts(line + 4);
	}
	return done ? CMD_OK : CMD_FAILED;
}

static int
order_give(const struct order *o, const char *path)
{
	char why[POOLASK_WHY];
	struct buf answer;
	int status;

	buf_init(&answer, POOLASK_MAX);
	if (poolask(path, o->cmd->name, (int)o->seconds * 1000, &answer, why) ==
	    -1)
		status = command_fail(o->cmd, CMD_FAILED, "%s", why);
	else
		status = order_show(o, path, &answer);
	buf_free(&answer);
	return status;
}

static int
order_run(const struct command *cmd, const struct options *table, int argc,
    char **argv)
{
	struct order o = { .cmd = cmd, .seconds = 90 };
	struct conf *conf = NULL;
	int status = options_read(table, cmd, &o, argc, argv);

	if (status != CMD_OK)
		return status;
	if (o.help)
		return options_help(table, cmd);
	if (optind < argc)
		return command_usage(cmd,
		    "what is \"%s\"? A control socket is named with -s",
		    argv[optind]);
	if (o.socket == NULL &&
	    (conf = settings_rest(cmd, o.config, "server", "control")) == NULL)
		return CMD_CONFIG;
	status = order_give(&o, o.socket != NULL ? o.socket : conf->control);
	conf_free(conf);
	return status;
}

int
cmd_reload(const struct command *cmd, int argc, char **argv)
{
	return order_run(cmd, &order_reload_table, argc, argv);
}

int
cmd_stop(const struct command *cmd, int argc, char **argv)
{
	return order_run(cmd, &order_stop_table, argc, argv);
}
