/* ctim-relay tail: the requests as they come, from the log. */
#include <sys/stat.h>

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/base/command.h"
#include "cli/base/settings.h"
#include "cli/pool/tail_file.h"
#include "cli/pool/tail_record.h"
#include "cli/terminal/table.h"
#include "conf/conf.h"
#include "log/log.h"

#define LINES      10 /* shown of what is there already */
#define LINES_MAX  1000000000L
#define LOOK_EVERY 200 /* ms */

static const char tail_help_text[] =
    "Without FILE, the log that the configuration names; \"-\" is standard "
    "input.\n"
    "It goes on until Ctrl-C, also when the log is rotated.\n\n"
    "  -c, --config FILE   the configuration, instead of the usual one\n"
    "  -n, --lines N       begin with the last N (10 unless said)\n"
    "  -f, --follow        go on with what comes (this is so unless said)\n"
    "  -F, --no-follow     end after what is there\n"
    "  -r, --relay NAME    what is about this relay only\n"
    "      --http          requests only\n"
    "  -e, --errors        what went wrong only: warnings, errors, and "
    "requests\n"
    "                      with an error or a status from 400\n";

static const struct option tail_long_options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "lines", required_argument, NULL, 'n' },
	{ "follow", no_argument, NULL, 'f' },
	{ "no-follow", no_argument, NULL, 'F' },
	{ "relay", required_argument, NULL, 'r' },
	{ "http", no_argument, NULL, 'H' },
	{ "errors", no_argument, NULL, 'e' },
	{ "help", no_argument, NULL, 'h' }, { NULL, 0, NULL, 0 }
};

struct tail {
	const struct command *cmd;
	const char *config, *file;
	long lines;
	bool follow, help, colours;
	struct tail_filter filter;
	int64_t skip; /* wanted lines before the last N */
	struct tail_record record;
};

static int
tail_options(struct tail *t, int argc, char **argv)
{
	int c, status = CMD_OK;

	opterr = 0;
	while (status == CMD_OK &&
	    (c = getopt_long(
		 argc, argv, ":c:n:fFr:eh", tail_long_options, NULL)) != -1) {
		switch (c) {
		case 'c':
			t->config = optarg;
			break;
		case 'n':
			status = command_number(
			    t->cmd, "-n", optarg, 0, LINES_MAX, &t->lines);
			break;
		case 'f':
		case 'F':
			t->follow = c == 'f';
			break;
		case 'r':
			t->filter.relay = optarg;
			break;
		case 'H':
			t->filter.http = true;
			break;
		case 'e':
			t->filter.errors = true;
			break;
		case 'h':
			t->help = true;
			return CMD_OK;
		default:
			return command_option(t->cmd, c, argv);
		}
	}
	if (status == CMD_OK && argc - optind > 1)
		status = command_usage(t->cmd, "one FILE at a time");
	t->file = argv[optind];
	return status;
}

/* Where the log is when it is in no file. */
static int
tail_no_file(const struct tail *t, const char *target)
{
	bool syslog = strcmp(target, "syslog") == 0;

	return command_fail(t->cmd, CMD_FAILED,
	    "the log is in no file: [log] target is %s. With systemd: "
	    "journalctl -f -o cat %s | ctim-relay tail -%s",
	    target, syslog ? "-t ctim-relay" : "-u ctim-relay",
	    syslog ? "; else name the file that syslogd writes" :
		     "; in a container: docker logs -f NAME 2>&1 | ctim-relay "
		     "tail -");
}

static bool
tail_wanted(void *arg, const char *line, size_t len)
{
	struct tail *t = arg;

	tail_record_parse(&t->record, line, len);
	return tail_record_wanted(&t->record, &t->filter);
}

static void
tail_show(void *arg, const char *line, size_t len)
{
	struct tail *t = arg;

	if (!tail_wanted(t, line, len))
		return;
	if (t->skip > 0)
		t->skip--;
	else
		tail_record_print(&t->record, stdout, t->colours);
}

static int
tail_failed(const struct tail *t, const char *path)
{
	return command_fail(t->cmd, CMD_FAILED, "%s: %s%s", path,
	    strerror(errno),
	    errno == EACCES ?
		"; read it as root or as a member of the service's group" :
		errno == ENOENT ? "; the gateway makes it when it starts" :
				  "");
}

static int
tail_run(struct tail *t, const char *path)
{
	struct tail_file f;
	bool follow = t->follow && strcmp(path, "-") != 0;
	int r;

	if (tail_file_open(&f, path) == -1)
		return tail_failed(t, path);
	f.take = tail_show;
	f.arg = t;
	t->skip = tail_file_back(&f, (uint64_t)t->lines, tail_wanted, t);
	/* Who reads along shall see each line as it comes. */
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	r = t->skip == -1 ? -1 : tail_file_read(&f);
	if (!follow)
		tail_file_rest(&f);
	while (r == 0 && follow) {
		if (fflush(stdout) == EOF || ferror(stdout))
			break;
		(void)poll(NULL, 0, LOOK_EVERY);
		r = tail_file_follow(&f);
	}
	r = r == 0 ? CMD_OK : tail_failed(t, path);
	tail_file_close(&f);
	return r;
}

int
cmd_tail(const struct command *cmd, int argc, char **argv)
{
	struct tail *t = calloc(1, sizeof(*t));
	struct conf *conf = NULL;
	struct stat st;
	int status;

	if (t == NULL)
		return command_fail(cmd, CMD_FAILED, "memory ran out");
	t->cmd = cmd;
	t->lines = LINES;
	t->follow = true;
	t->colours = table_colours(stdout);
	status = tail_options(t, argc, argv);
	if (status == CMD_OK && t->help)
		status = command_help(cmd, tail_help_text);
	else if (status == CMD_OK && t->file != NULL)
		status = tail_run(t, t->file);
	else if (status == CMD_OK) {
		if ((conf = settings_rest(cmd, t->config, "log", "target")) ==
		    NULL)
			status = CMD_CONFIG;
		else if (conf->log_target[0] != '/')
			status = tail_no_file(t, conf->log_target);
		else if (stat(conf->log_target, &st) == 0 &&
		    !S_ISREG(st.st_mode))
			/* A named pipe would make us wait for its writer. */
			status =
			    command_fail(cmd, CMD_FAILED, "[log] target %s: %s",
				conf->log_target, log_why(ENODEV));
		else
			status = tail_run(t, conf->log_target);
	}
	conf_free(conf);
	free(t);
	return status;
}
