/* SPDX-License-Identifier: MIT */
/* ctim-relay tail: the requests as they come, from the log. */
#include <sys/stat.h>

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/base/command.h"
#include "cli/base/options.h"
#include "cli/base/settings.h"
#include "cli/pool/tail_file.h"
#include "cli/pool/tail_record.h"
#include "cli/terminal/table.h"
#include "conf/conf.h"
#include "log/log.h"

#define LINES      10 /* shown of what is there already */
#define LINES_MAX  1000000000L
#define LOOK_EVERY 200 /* ms */

struct tail {
	const struct command *cmd;
	const char *config, *file;
	long lines;
	bool follow, help, colours;
	struct tail_filter filter;
	int64_t skip; /* wanted lines before the last N */
	struct tail_record record;
};

static const struct options_kind tail_lines = {
	.set = options_number, .called = "-n", .most = LINES_MAX
};

#define TAIL_AT(member) offsetof(struct tail, member)

static const struct options_row tail_rows[] = { OPTIONS_CONFIG(struct tail),
	{ "lines", 'n', &tail_lines, TAIL_AT(lines), "N",
	    "begin with the last N (10 unless said)" },
	{ "follow", 'f', &options_flag, TAIL_AT(follow), NULL,
	    "go on with what comes (this is so unless said)" },
	{ "no-follow", 'F', &options_off, TAIL_AT(follow), NULL,
	    "end after what is there" },
	{ "relay", 'r', &options_text, TAIL_AT(filter.relay), "NAME",
	    "what is about this relay only" },
	{ "http", 0, &options_flag, TAIL_AT(filter.http), NULL,
	    "requests only" },
	{ "errors", 'e', &options_flag, TAIL_AT(filter.errors), NULL,
	    "what went wrong only: warnings, errors, and requests\n"
	    "with an error or a status from 400" },
	{ "help", 'h', &options_stop, TAIL_AT(help), NULL, NULL } };

static const struct options tail_option_table = { .rows = tail_rows,
	.n = sizeof(tail_rows) / sizeof(tail_rows[0]),
	.before =
	    "Without FILE, the log that the configuration names; \"-\" is "
	    "standard input.\n"
	    "It goes on until Ctrl-C, also when the log is rotated.\n\n" };

static int
tail_options(struct tail *t, int argc, char **argv)
{
	int status = options_read(&tail_option_table, t->cmd, t, argc, argv);

	if (status != CMD_OK || t->help)
		return status;
	if (argc - optind > 1)
		return command_usage(t->cmd, "one FILE at a time");
	t->file = argv[optind];
	return CMD_OK;
}

/* Says where the log is when it is in no file. */
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
	/* Each line is written as it comes, for programs that read along. */
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
	struct tail t = { .cmd = cmd,
		.lines = LINES,
		.follow = true,
		.colours = table_colours(stdout) };
	struct conf *conf;
	struct stat st;
	int status;

	if ((status = tail_options(&t, argc, argv)) != CMD_OK)
		return status;
	if (t.help)
		return options_help(&tail_option_table, cmd);
	if (t.file != NULL)
		return tail_run(&t, t.file);
	if ((conf = settings_rest(cmd, t.config, "log", "target")) == NULL)
		return CMD_CONFIG;
	if (conf->log_target[0] != '/')
		status = tail_no_file(&t, conf->log_target);
	else if (stat(conf->log_target, &st) == 0 && !S_ISREG(st.st_mode))
		/* A named pipe would make us wait for its writer. */
		status = command_fail(cmd, CMD_FAILED, "[log] target %s: %s",
		    conf->log_target, log_why(ENODEV));
	else
		status = tail_run(&t, conf->log_target);
	conf_free(conf);
	return status;
}
