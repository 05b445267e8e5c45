/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/base/command.h"
#include "cli/terminal/text.h"

static void command_complain(const struct command *, const char *, va_list)
    __attribute__((__format__(__printf__, 2, 0)));

static void
command_complain(const struct command *cmd, const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) == -1)
		text = NULL;
	fprintf(stderr, "ctim-relay %s: ", cmd->name);
	(void)text_print(stderr, text == NULL ? "memory ran out" : text);
	putc('\n', stderr);
	free(text);
}

int
command_usage(const struct command *cmd, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	command_complain(cmd, fmt, ap);
	va_end(ap);
	fprintf(stderr,
	    "usage: ctim-relay %s %s\n"
	    "More: ctim-relay %s --help\n",
	    cmd->name, cmd->synopsis, cmd->name);
	return CMD_USAGE;
}

int
command_fail(const struct command *cmd, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	command_complain(cmd, fmt, ap);
	va_end(ap);
	return status;
}
