/* SPDX-License-Identifier: MIT */
/*
 * ctim-relay(1): the command line of the gateway.
 */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/base/command.h"
#include "cli/terminal/text.h"
#include "words/nearest.h"

static const struct command main_commands[] = {
	{ "check", "[-c FILE] [--dump | --keys] [--json]",
	    "check the configuration, or show what is in force", cmd_check },
	{ "doctor",
	    "[-c FILE] [--url URL] [--web FILE] [-f FILE [--relay NAME]] "
	    "[--json]",
	    "look for what goes wrong in practice, and say what mends it",
	    cmd_doctor },
	{ "jwt",
	    "[STAGE] [-c FILE] [--relay NAME] [-f FILE] [--key-file FILE | "
	    "--key FILE] [OPTION ...]",
	    "make a token for a relay, and the secret key when there is none",
	    cmd_jwt },
	{ "module-type",
	    "RELAY [-c FILE] [--url URL] [--region R | --jwks-host HOST]",
	    "print what registers a relay as a module at the platform",
	    cmd_module_type },
	{ "provider", "COMMAND [ARGUMENT ...]",
	    "describe a service by a directory of files", cmd_provider },
	{ "query", "[OPTION ...] RELAY | --url URL [TYPE:VALUE | VALUE ...]",
	    "ask a relay about observables, and show the answer", cmd_query },
	{ "relay",
	    "add|edit|remove [-i ID] [-p PASSWORD] [-f FILE] [-r REGION] [-c "
	    "FILE]",
	    "add the module at the platform, edit or remove it", cmd_relay },
	{ "status",
	    "[-c FILE | --socket PATH] [--watch [S]] [--json | --metrics]",
	    "show how the running pool is", cmd_status },
	{ "reload", "[-c FILE | --socket PATH] [-t S] [-q]",
	    "have the running pool read its configuration again", cmd_reload },
	{ "stop", "[-c FILE | --socket PATH] [-t S] [-q]",
	    "end the running pool, what it has accepted is answered first",
	    cmd_stop },
	{ "ping", "[-c FILE | --socket PATH | --url URL] [-t S] [-q]",
	    "tell whether the gateway works, for health checks", cmd_ping },
	{ "tail",
	    "[-c FILE] [-n N] [--no-follow] [--relay NAME] [--http] [--errors] "
	    "[FILE]",
	    "show requests as they come, from the log", cmd_tail },
	{ "intel", "COMMAND [ARGUMENT ...]",
	    "look after the indicators that are kept on this machine",
	    cmd_intel }
};

#define COMMANDS (sizeof(main_commands) / sizeof(main_commands[0]))

static const struct command *
main_find(const char *name)
{
	for (size_t i = 0; i < COMMANDS; i++)
		if (strcmp(main_commands[i].name, name) == 0)
			return &main_commands[i];
	return NULL;
}

static int
main_help(void)
{
	printf(
	    "usage: ctim-relay COMMAND [ARGUMENT ...]\n"
	    "       ctim-relay --help | --version\n\n"
	    "A gateway from threat-intelligence services to the Cisco Threat "
	    "Intelligence\nModel: this is its command line. Commands:\n\n");
	for (size_t i = 0; i < COMMANDS; i++)
		printf("  %-12s %s\n", main_commands[i].name,
		    main_commands[i].summary);
	printf("\nEach says more with --help. All of it: man ctim-relay\n");
	return CMD_OK;
}

static int
unknown(const char *name)
{
	struct nearest meant;

	nearest_init(&meant, name, strlen(name));
	for (size_t i = 0; i < COMMANDS; i++)
		nearest_look(&meant, main_commands[i].name);
	fprintf(stderr, "ctim-relay: there is no command \"");
	(void)text_print(stderr, name);
	putc('"', stderr);
	if (meant.best != NULL)
		fprintf(stderr, "; did you mean \"%s\"?", meant.best);
	fprintf(stderr, "\nCommands: ");
	for (size_t i = 0; i < COMMANDS; i++)
		fprintf(
		    stderr, "%s%s", i == 0 ? "" : ", ", main_commands[i].name);
	fprintf(stderr, ". More: ctim-relay --help\n");
	return CMD_USAGE;
}

/* Returns the command by whose name the program was called, through a link that
 * ./configure --enable-compat-links makes; NULL for none. */
static const struct command *
link_command(const char *path)
{
	static const char *const links[] = { "jwt", "relay" };
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;

	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (strcmp(links[i], name) == 0)
			return main_find(name);
	return NULL;
}

static bool
main_is_one_of(const char *word, const char *a, const char *b)
{
	return strcmp(word, a) == 0 || strcmp(word, b) == 0;
}

static int
main_run(int argc, char **argv)
{
	const struct command *cmd = link_command(argc > 0 ? argv[0] : "");

	if (argc < 2 && cmd == NULL) {
		fprintf(stderr,
		    "ctim-relay: no command named\n"
		    "usage: ctim-relay COMMAND [ARGUMENT ...]\n"
		    "More: ctim-relay --help\n");
		return CMD_USAGE;
	}
	if (argc > 1 && main_is_one_of(argv[1], "--version", "-V")) {
		printf("ctim-relay %s\nBuilt with %s\nReport faults to: %s\n",
		    CTIM_VERSION, CTIM_LIBRARIES, CTIM_BUG_REPORT);
		return CMD_OK;
	}
	if (cmd != NULL)
		return cmd->run(cmd, argc, argv);
	if (main_is_one_of(argv[1], "--help", "-h") ||
	    strcmp(argv[1], "help") == 0) {
		char help_flag[] = "--help";
		char *words[] = { argv[2], help_flag, NULL, NULL };

		if (argc < 3)
			return main_help();
		if ((cmd = main_find(argv[2])) == NULL)
			return unknown(argv[2]);
		/* Commands of a command: "help intel import". */
		if (argc > 3) {
			words[1] = argv[3];
			words[2] = help_flag;
		}
		return cmd->run(cmd, argc > 3 ? 3 : 2, words);
	}
	if ((cmd = main_find(argv[1])) == NULL)
		return unknown(argv[1]);
	return cmd->run(cmd, argc - 1, argv + 1);
}

int
main(int argc, char **argv)
{
	int status;

	/* A broken connection is an error of the call (http.h), no signal. */
	(void)signal(SIGPIPE, SIG_IGN);
	/* For the widths of characters; the output is UTF-8 in any case. */
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		setlocale(LC_CTYPE, "");
	status = main_run(argc, argv);
	if (fflush(stdout) == EOF || ferror(stdout)) {
		/* A reader that has seen enough, as head(1), needs no word of
		 * it. */
		if (errno != EPIPE)
			fprintf(stderr,
			    "ctim-relay: cannot write the output: %s\n",
			    strerror(errno));
		return status == CMD_OK ? CMD_FAILED : status;
	}
	return status;
}
