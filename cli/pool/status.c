/* ctim-relay status: how the running pool is. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/base/command.h"
#include "cli/base/settings.h"
#include "cli/pool/poolask.h"
#include "cli/pool/status_show.h"
#include "cli/terminal/text.h"
#include "conf/conf.h"

#define PATIENCE  5000 /* ms for an answer */
#define WATCH     2    /* seconds between looks */
#define WATCH_MAX 3600

static const char status_help_text[] =
    "  -c, --config FILE   the configuration, instead of the usual one\n"
    "  -s, --socket PATH   the control socket, instead of the configuration's\n"
    "  -w, --watch [S]     again every S seconds (2 unless said), until "
    "Ctrl-C\n"
    "  -j, --json          as JSON, for programs\n"
    "  -m, --metrics       for Prometheus, in its text format\n";

static const struct option status_long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "socket", required_argument, NULL, 's' },
	{ "watch", optional_argument, NULL, 'w' },
	{ "json", no_argument, NULL, 'j' },
	{ "metrics", no_argument, NULL, 'm' },
	{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 }
};

struct status_options {
	const struct command *cmd;
	const char *config, *socket;
	bool json, metrics, help;
	long watch; /* seconds; 0: once */
};

static int
status_seconds(struct status_options *o, const char *text)
{
	return command_number(o->cmd, "--watch", text, 1, WATCH_MAX, &o->watch);
}

static int
status_option_list(struct status_options *o, int argc, char **argv)
{
	int c, status = CMD_OK;

	opterr = 0;
	while (status == CMD_OK &&
	    (c = getopt_long(
		 argc, argv, ":c:s:w::jmh", status_long_options, NULL)) != -1) {
		switch (c) {
		case 'c':
			o->config = optarg;
			break;
		case 's':
			o->socket = optarg;
			break;
		case 'w':
			o->watch = WATCH;
			if (optarg != NULL)
				status = status_seconds(o, optarg);
			else if (optind < argc && argv[optind][0] != '-')
				status = status_seconds(o, argv[optind++]);
			break;
		case 'j':
			o->json = true;
			break;
		case 'm':
			o->metrics = true;
			break;
		case 'h':
			o->help = true;
			return CMD_OK;
		default:
			return command_option(o->cmd, c, argv);
		}
	}
	if (status == CMD_OK && optind < argc)
		status = command_usage(o->cmd,
		    "what is \"%s\"? A control socket is named with -s",
		    argv[optind]);
	if (status == CMD_OK && o->json && o->metrics)
		status =
		    command_usage(o->cmd, "--json and --metrics are two forms");
	return status;
}

static int
status_once(const struct status_options *o, const struct buf *answer)
{
	int r;

	if (o->json || o->metrics)
		r = text_print_json(stdout, answer->data, answer->len);
	else
		r = status_show(stdout, answer->data, answer->len);
	if (r == 0)
		return CMD_OK;
	return command_fail(o->cmd, CMD_FAILED,
	    ferror(stdout) ?
		"the output cannot be written" :
		"what listens there is no gateway of this version");
}

static int
once(const struct status_options *o, const char *path)
{
	struct buf answer;
	char why[POOLASK_WHY];
	int status;

	buf_init(&answer, POOLASK_MAX);
	if (poolask(path, o->metrics ? "metrics" : "status", PATIENCE, &answer,
		why) == 0)
		status = status_once(o, &answer);
	else
		status = command_fail(o->cmd, CMD_FAILED, "%s", why);
	buf_free(&answer);
	return status;
}

/* A gateway that is gone may come back while somebody looks. */
static int
status_watch(const struct status_options *o, const char *path)
{
	bool terminal = isatty(STDOUT_FILENO) == 1;
	int status;

	for (;;) {
		if (terminal)
			printf("\033[H\033[J");
		status = once(o, path);
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
		return command_help(cmd, status_help_text);
	if (o.socket == NULL &&
	    (conf = settings_rest(cmd, o.config, "server", "control")) == NULL)
		return CMD_CONFIG;
	path = o.socket != NULL ? o.socket : conf->control;
	status = o.watch > 0 ? status_watch(&o, path) : once(&o, path);
	conf_free(conf);
	return status;
}
