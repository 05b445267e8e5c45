/* SPDX-License-Identifier: MIT */
/* ctim-relay provider: providers that are described by a directory of files. */
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cli/base/options.h"
#include "cli/provider/providercmd.h"

#define AT(member) offsetof(struct providercmd, member)

#define FORM                                                     \
	{                                                        \
		"help", 'h', &options_flag, AT(help), NULL, NULL \
	}

static const struct options_row providercmd_plain_rows[] = { FORM };
static const struct options_row providercmd_conf_rows[] = {
	OPTIONS_CONFIG(struct providercmd), FORM
};
static const struct options_row providercmd_test_rows[] = {
	{ "accept", 0, &options_flag, AT(accept), NULL,
	    "write each answer.json anew that another answer came for" },
	FORM
};

static const struct options_row providercmd_try_rows[] = {
	{ "credentials", 0, &options_text, AT(credentials), "FILE",
	    "a JSON object of claims, - for standard input; else they are\n"
	    "asked for" },
	{ "route", 'r', &options_text, AT(route), "ROUTE",
	    "observe, deliberate, refer or health; else the first of these\n"
	    "that it has" },
	{ "record", 0, &options_text, AT(record), "CASE",
	    "make a case of it, without the secrets" },
	{ "allow-private", 0, &options_flag, AT(allow_private), NULL,
	    "also http and private addresses" },
	FORM
};

#define PROVIDERCMD_TABLE(rows)                                             \
	{                                                                   \
		rows, sizeof(rows) / sizeof((rows)[0]), 0, true, NULL, NULL \
	}

static const struct options providercmd_plain_options =
    PROVIDERCMD_TABLE(providercmd_plain_rows);
static const struct options providercmd_conf_options =
    PROVIDERCMD_TABLE(providercmd_conf_rows);
static const struct options providercmd_test_options =
    PROVIDERCMD_TABLE(providercmd_test_rows);
static const struct options providercmd_try_options =
    PROVIDERCMD_TABLE(providercmd_try_rows);

static const struct providercmd_command {
	struct command command;
	const struct options *options;
	int (*run)(const struct providercmd *);
} providercmd_commands[] = { { { "provider list", "[-c FILE]",
				   "list the described providers", NULL },
				 &providercmd_conf_options, listproviders },
	{ { "provider show", "NAME [-c FILE]",
	      "show where one comes from, its calls, claims and limits", NULL },
	    &providercmd_conf_options, showprovider },
	{ { "provider new", "DIR",
	      "ask for what a service is, and write a directory to begin with",
	      NULL },
	    &providercmd_plain_options, newprovider },
	{ { "provider test", "DIR ... [--accept]",
	      "check directories, and run their cases without the network",
	      NULL },
	    &providercmd_test_options, testprovider },
	{ { "provider try",
	      "DIR [TYPE:]VALUE ... [--credentials FILE] [--route ROUTE] "
	      "[--record CASE] [--allow-private]",
	      "ask the service itself, and show calls and answer", NULL },
	    &providercmd_try_options, tryprovider } };

#define COMMANDS \
	(sizeof(providercmd_commands) / sizeof(providercmd_commands[0]))
#define WORD (sizeof("provider ") - 1) /* before a command's name */

static int
providercmd_usage(void)
{
	size_t i;

	printf("usage: ctim-relay provider COMMAND [ARGUMENT ...]\n\n"
	       "To describe a service by a directory of files:\n\n");
	for (i = 0; i < COMMANDS; i++)
		printf("  %-8s %s\n",
		    providercmd_commands[i].command.name + WORD,
		    providercmd_commands[i].command.summary);
	printf("\nEach says more with --help. All of it: man "
	       "ctim-relay-provider\n");
	return CMD_OK;
}

static int
providercmd_run(const struct providercmd_command *c, int argc, char **argv)
{
	struct providercmd p = { .cmd = &c->command };
	int status = options_read(c->options, p.cmd, &p, argc, argv);

	if (status != CMD_OK)
		return status;
	if (p.help)
		return options_help(c->options, p.cmd);
	p.words = argv + optind;
	p.n = argc - optind;
	return c->run(&p);
}

int
cmd_provider(const struct command *self, int argc, char **argv)
{
	size_t i;

	if (argc < 2)
		return command_usage(self, "no command named");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return providercmd_usage();
	for (i = 0; i < COMMANDS; i++)
		if (strcmp(providercmd_commands[i].command.name + WORD,
			argv[1]) == 0)
			return providercmd_run(
			    &providercmd_commands[i], argc - 1, argv + 1);
	return command_usage(self, "there is no command \"%s\"", argv[1]);
}
