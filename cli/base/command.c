#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

int
command_option(const struct command *cmd, int c, char **argv)
{
	const char *word = argv[optind - 1];
	char letter[] = { '-', (char)optopt, '\0' };

	/* The word need not be the option: letters may stand together. */
	if (optopt > 0 && optopt < 128 && strncmp(word, "--", 2) != 0)
		word = letter;
	return command_usage(cmd,
	    c == ':' ? "%s needs an argument" : "there is no option %s", word);
}

int
command_number(const struct command *cmd, const char *option, const char *text,
    long least, long most, long *n)
{
	char *end;

	errno = 0;
	*n = strtol(text, &end, 10);
	if (*text >= '0' && *text <= '9' && *end == '\0' && errno == 0 &&
	    *n >= least && *n <= most)
		return CMD_OK;
	return command_usage(cmd,
	    "%s takes a number from %ld to %ld, not \"%s\"", option, least,
	    most, text);
}

int
command_help(const struct command *cmd, const char *options)
{
	printf("usage: ctim-relay %s %s\n\nTo %s.\n\n%s\n"
	       "More: man ctim-relay\n",
	    cmd->name, cmd->synopsis, cmd->summary, options);
	return CMD_OK;
}
