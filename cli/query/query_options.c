/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli/base/command.h"
#include "cli/base/options.h"
#include "cli/query/query_options.h"
#include "cli/view/view.h"

#define BATCH_MAX 5000 /* [server] max_observables' most */

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))

static const struct query_route query_options_routes[] = {
	{ "observe", "observe/observables", true, true },
	{ "deliberate", "deliberate/observables", true, true },
	{ "refer", "refer/observables", true, false },
	{ "health", "health", false, false }
};

#define AT(member) offsetof(struct query_options, member)

static const struct options_row query_rows[] = { { NULL, 0, NULL, 0, NULL,
						     "What is asked about:\n" },
	{ "csv-in", 0, &options_text, AT(csv_in), "FILE",
	    "also the values in a column of a CSV file" },
	{ "column", 0, &options_text, AT(column), "C",
	    "its heading or number, where it is not clear" },
	{ "text", 0, &options_text, AT(text), "FILE",
	    "also what a text speaks of" },
	{ "route", 'r', &options_text, AT(route_name), "ROUTE",
	    "observe (unless said), deliberate, refer or health" },
	{ NULL, 0, NULL, 0, NULL, "\nWho is asked:\n" },
	OPTIONS_CONFIG(struct query_options),
	{ "file", 'f', &options_text, AT(file), "FILE",
	    "the relay's credentials, as a JSON object of claims" },
	{ "token", 't', &options_text, AT(token), "T",
	    "a token instead; file:PATH and env:NAME keep it off\n"
	    "the command line" },
	{ "token-file", 0, &options_text, AT(token_file), "F",
	    "the same as -t file:F" },
	{ "url", 'u', &options_text, AT(url), "URL",
	    "a relay elsewhere, as in https://HOST/otx; no RELAY\n"
	    "then, but a token" },
	{ "ca-file", 0, &options_text, AT(ca_file), "FILE",
	    "who may sign its certificate, instead of the usual" },
	{ "batch", 'b', &options_text, AT(batch_text), "N",
	    "observables in a request, at most" },
	{ "state", 's', &options_text, AT(state), "FILE",
	    "keep what is answered, and go on from there when the\n"
	    "command is repeated" },
	{ "answer", 'a', &options_text, AT(answer), "FILE",
	    "show this answer, received elsewhere, instead of\n"
	    "asking; no RELAY then" },
	{ NULL, 0, NULL, 0, NULL, "\nWhat is shown:\n" },
	{ "all", 0, &options_flag, AT(all), NULL, "all rows of all tables" },
	{ "json", 'j', &options_flag, AT(json), NULL,
	    "the answer itself, as JSON" },
	{ "csv", 0, &options_flag, AT(csv), NULL,
	    "a line for each observable, for spreadsheets" },
	{ "ctim", 0, &options_flag, AT(ctim), NULL,
	    "the entities as a CTIM bundle" },
	{ "help", 'h', &options_flag, AT(help), NULL, NULL } };

const struct options query_option_table = { query_rows, COUNT(query_rows), 0,
	false,
	"The relay answers inside this process, from the same configuration "
	"and by\n"
	"the same code as behind a web server; or it runs elsewhere, with "
	"--url.\n"
	"VALUE alone may be anything whose type shows: an address, domain, "
	"URL,\n"
	"e-mail address or hash, also defanged. Without any they are read "
	"from\n"
	"standard input, one a line. A FILE that is - is standard input.\n\n",
	"\nExits with 2 when something is malicious, 1 when it failed or is "
	"incomplete,\n"
	"0 otherwise.\n" };

/* Options that exclude each other. */
static const struct {
	const char *a, *b, *why;
} clashes[] = { { "token", "token-file", "one token is enough" },
	{ "file", "token", "a token has its claims already; leave -f away" },
	{ "file", "token-file",
	    "a token has its claims already; leave -f away" },
	{ "json", "csv", "choose one of --json, --csv and --ctim" },
	{ "json", "ctim", "choose one of --json, --csv and --ctim" },
	{ "csv", "ctim", "choose one of --json, --csv and --ctim" },
	{ "answer", "url", "with --answer nobody is asked; leave --url away" },
	{ "answer", "file", "with --answer nobody is asked; leave -f away" },
	{ "answer", "token",
	    "with --answer nobody is asked; leave the token away" },
	{ "answer", "token-file",
	    "with --answer nobody is asked; leave the token away" },
	{ "answer", "route",
	    "with --answer nobody is asked; leave the route away" },
	{ "answer", "csv-in", "with --answer, name observables as words" },
	{ "answer", "text", "with --answer, name observables as words" },
	{ "answer", "state",
	    "with --answer nobody is asked, so there is no state to keep" } };

/* Options that need another one. */
static const struct {
	const char *a, *needs, *why;
} query_options_needs[] = { { "column", "csv-in",
				"--column is of a table; name that with "
				"--csv-in FILE" },
	{ "ca-file", "url",
	    "--ca-file is for --url; for the relays of a configuration there "
	    "is [http] ca_file" } };

static int
check_clashes(const struct query_options *o, const struct command *cmd)
{
	const struct options *table = &query_option_table;

	for (size_t i = 0; i < COUNT(clashes); i++)
		if (options_given(table, o, clashes[i].a) &&
		    options_given(table, o, clashes[i].b))
			return command_usage(cmd, "%s", clashes[i].why);
	for (size_t i = 0; i < COUNT(query_options_needs); i++)
		if (options_given(table, o, query_options_needs[i].a) &&
		    !options_given(table, o, query_options_needs[i].needs))
			return command_usage(
			    cmd, "%s", query_options_needs[i].why);
	return CMD_OK;
}

/* Checks that at most one option reads standard input. */
static int
check_input(struct query_options *o, const struct command *cmd)
{
	const char *const files[] = { o->file, o->csv_in, o->text, o->answer,
		o->token_file };
	int n = 0;

	for (size_t i = 0; i < COUNT(files); i++)
		n += files[i] != NULL && strcmp(files[i], "-") == 0;
	return n <= 1 ?
	    CMD_OK :
	    command_usage(cmd,
		"standard input (-) can be read for one thing only; put the "
		"other into a file");
}

static int
check_route(struct query_options *o, const struct command *cmd)
{
	const char *name = o->route_name;

	for (size_t i = 0; o->route == NULL && i < COUNT(query_options_routes);
	     i++)
		if (name == NULL ||
		    strcmp(query_options_routes[i].name, name) == 0)
			o->route = &query_options_routes[i];
	if (o->route == NULL)
		return command_usage(cmd,
		    "there is no route \"%s\"; the routes are observe, "
		    "deliberate, refer and health",
		    name);
	if (o->ctim && !o->route->entities)
		return command_usage(cmd,
		    "the route %s answers no entities, so there is no bundle "
		    "of them",
		    name);
	if (o->route->observables)
		return CMD_OK;
	if (o->csv)
		return command_usage(
		    cmd, "the route health answers no table; there is --json");
	if (o->csv_in != NULL || o->text != NULL || o->state != NULL)
		return command_usage(
		    cmd, "the route health takes no observables");
	return CMD_OK;
}

static int
check_batch(struct query_options *o, const struct command *cmd)
{
	char *end;
	long n;

	if (o->batch_text == NULL)
		return CMD_OK;
	n = strtol(o->batch_text, &end, 10);
	if (*o->batch_text == '\0' || *end != '\0' || n < 1 || n > BATCH_MAX)
		return command_usage(cmd,
		    "--batch takes a number from 1 to %d, which \"%s\" is not",
		    BATCH_MAX, o->batch_text);
	o->batch = (int)n;
	return CMD_OK;
}

static int
query_options_check(struct query_options *o, const struct command *cmd)
{
	int status;

	o->view = o->json ? &view_json :
	    o->csv        ? &view_csv :
	    o->ctim       ? &view_ctim :
			    &view_table;
	if ((status = check_clashes(o, cmd)) != CMD_OK ||
	    (status = check_input(o, cmd)) != CMD_OK ||
	    (status = check_route(o, cmd)) != CMD_OK)
		return status;
	return check_batch(o, cmd);
}

int
query_options(
    struct query_options *o, const struct command *cmd, int argc, char **argv)
{
	int status;

	*o = (struct query_options){ .config = NULL };
	status = options_read(&query_option_table, cmd, o, argc, argv);
	return status != CMD_OK || o->help ? status :
					     query_options_check(o, cmd);
}
