#include <getopt.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "cli/base/command.h"
#include "cli/query/query_options.h"
#include "cli/view/view.h"

#define BATCH_MAX 5000 /* [server] max_observables' most */

const char query_help[] =
    "The relay answers inside this process, from the same configuration and "
    "by\n"
    "the same code as behind a web server; or it runs elsewhere, with --url.\n"
    "VALUE alone may be anything whose type shows: an address, domain, URL,\n"
    "e-mail address or hash, also defanged. Without any they are read from\n"
    "standard input, one a line. A FILE that is - is standard input.\n\n"
    "What is asked about:\n"
    "      --csv-in FILE   also the values in a column of a CSV file\n"
    "      --column C      its heading or number, where it is not clear\n"
    "      --text FILE     also what a text speaks of\n"
    "  -r, --route ROUTE   observe (unless said), deliberate, refer or "
    "health\n\n"
    "Who is asked:\n"
    "  -c, --config FILE   the configuration, instead of the usual one\n"
    "  -f, --file FILE     the relay's credentials, as a JSON object of "
    "claims\n"
    "  -t, --token T       a token instead; file:PATH and env:NAME keep it "
    "off\n"
    "                      the command line\n"
    "      --token-file F  the same as -t file:F\n"
    "  -u, --url URL       a relay elsewhere, as in https://HOST/otx; no "
    "RELAY\n"
    "                      then, but a token\n"
    "      --ca-file FILE  who may sign its certificate, instead of the usual\n"
    "  -b, --batch N       observables in a request, at most\n"
    "  -s, --state FILE    keep what is answered, and go on from there when "
    "the\n"
    "                      command is repeated\n"
    "  -a, --answer FILE   show this answer, received elsewhere, instead of\n"
    "                      asking; no RELAY then\n\n"
    "What is shown:\n"
    "      --all           all rows of all tables\n"
    "  -j, --json          the answer itself, as JSON\n"
    "      --csv           a line for each observable, for spreadsheets\n"
    "      --ctim          the entities as a CTIM bundle\n\n"
    "Exits with 2 when something is malicious, 1 when it failed or is "
    "incomplete,\n"
    "0 otherwise.\n";

static const struct query_route query_options_routes[] = {
	{ "observe", "observe/observables", true, true },
	{ "deliberate", "deliberate/observables", true, true },
	{ "refer", "refer/observables", true, false },
	{ "health", "health", false, false }
};

#define AT(field) offsetof(struct query_options, field)

/* The options; those without an argument set a flag. */
static const struct row {
	const char *name;
	int letter; /* 0: none */
	int argument;
	size_t offset;
} query_options_rows[] = { { "config", 'c', required_argument, AT(config) },
	{ "route", 'r', required_argument, AT(route_name) },
	{ "file", 'f', required_argument, AT(file) },
	{ "token", 't', required_argument, AT(token) },
	{ "token-file", 0, required_argument, AT(token_file) },
	{ "url", 'u', required_argument, AT(url) },
	{ "ca-file", 0, required_argument, AT(ca_file) },
	{ "csv-in", 0, required_argument, AT(csv_in) },
	{ "column", 0, required_argument, AT(column) },
	{ "text", 0, required_argument, AT(text) },
	{ "state", 's', required_argument, AT(state) },
	{ "batch", 'b', required_argument, AT(batch_text) },
	{ "answer", 'a', required_argument, AT(answer) },
	{ "json", 'j', no_argument, AT(json) },
	{ "csv", 0, no_argument, AT(csv) },
	{ "ctim", 0, no_argument, AT(ctim) },
	{ "all", 0, no_argument, AT(all) },
	{ "help", 'h', no_argument, AT(help) } };

#define ROWS     (sizeof(query_options_rows) / sizeof(query_options_rows[0]))
#define FIRST    256 /* getopt's number of row 0 */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* What does not go together. */
static const struct {
	const char *a, *b, *why;
} clashes[] = { { "token", "token-file", "one token is enough" },
	{ "file", "token", "a token has its claims already; leave -f away" },
	{ "file", "token-file",
	    "a token has its claims already; leave -f "
	    "away" },
	{ "json", "csv", "choose one of --json, --csv and --ctim" },
	{ "json", "ctim", "choose one of --json, --csv and --ctim" },
	{ "csv", "ctim", "choose one of --json, --csv and --ctim" },
	{ "answer", "url", "with --answer nobody is asked; leave --url away" },
	{ "answer", "file", "with --answer nobody is asked; leave -f away" },
	{ "answer", "token",
	    "with --answer nobody is asked; leave the token "
	    "away" },
	{ "answer", "token-file",
	    "with --answer nobody is asked; leave the "
	    "token away" },
	{ "answer", "route",
	    "with --answer nobody is asked; leave the route "
	    "away" },
	{ "answer", "csv-in", "with --answer, name observables as words" },
	{ "answer", "text", "with --answer, name observables as words" },
	{ "answer", "state",
	    "with --answer nobody is asked, so there is no "
	    "state to keep" } };

/* What makes no sense alone. */
static const struct {
	const char *a, *needs, *why;
} query_options_needs[] = { { "column", "csv-in",
				"--column is of a table; name that with "
				"--csv-in FILE" },
	{ "ca-file", "url",
	    "--ca-file is for --url; for the relays of a "
	    "configuration there is [http] ca_file" } };

static int
row_named(const char *name)
{
	int i = 0;

	while (strcmp(query_options_rows[i].name, name) != 0)
		i++;
	return i;
}

static const struct row *
query_options_row_of(int c)
{
	for (size_t i = 0; i < ROWS; i++)
		if (c == (int)i + FIRST)
			return &query_options_rows[i];
	return NULL;
}

static void
query_options_fill(struct option longs[ROWS + 1], char shorts[ROWS * 2 + 2])
{
	char *s = shorts;

	*s++ = ':';
	for (size_t i = 0; i < ROWS; i++) {
		longs[i] = (struct option){ query_options_rows[i].name,
			query_options_rows[i].argument, NULL, FIRST + (int)i };
		if (query_options_rows[i].letter == 0)
			continue;
		*s++ = (char)query_options_rows[i].letter;
		if (query_options_rows[i].argument == required_argument)
			*s++ = ':';
	}
	*s = '\0';
	longs[ROWS] = (struct option){ NULL, 0, NULL, 0 };
}

/* The letter of an option as its row's number. */
static int
long_of(int c)
{
	for (size_t i = 0; i < ROWS; i++)
		if (query_options_rows[i].letter != 0 &&
		    c == query_options_rows[i].letter)
			return FIRST + (int)i;
	return c;
}

static int
check_clashes(const struct command *cmd, const bool given[ROWS])
{
	for (size_t i = 0; i < COUNT(clashes); i++)
		if (given[row_named(clashes[i].a)] &&
		    given[row_named(clashes[i].b)])
			return command_usage(cmd, "%s", clashes[i].why);
	for (size_t i = 0; i < COUNT(query_options_needs); i++)
		if (given[row_named(query_options_needs[i].a)] &&
		    !given[row_named(query_options_needs[i].needs)])
			return command_usage(
			    cmd, "%s", query_options_needs[i].why);
	return CMD_OK;
}

/* Standard input can be read for one thing only. */
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
		"standard input (-) can be "
		"read for one thing only; put the other into a file");
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
		    "there is no route \"%s\"; the "
		    "routes are observe, deliberate, refer and health",
		    name);
	if (o->ctim && !o->route->entities)
		return command_usage(cmd,
		    "the route %s answers no entities, "
		    "so there is no bundle of them",
		    name);
	if (o->route->observables)
		return CMD_OK;
	if (o->csv)
		return command_usage(cmd,
		    "the route health answers no table; "
		    "there is --json");
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
		    "--batch takes a number from 1 to "
		    "%d, which \"%s\" is not",
		    BATCH_MAX, o->batch_text);
	o->batch = (int)n;
	return CMD_OK;
}

static int
query_options_check(
    struct query_options *o, const struct command *cmd, const bool given[ROWS])
{
	int status;

	o->view = o->json ? &view_json :
	    o->csv        ? &view_csv :
	    o->ctim       ? &view_ctim :
			    &view_table;
	if ((status = check_clashes(cmd, given)) != CMD_OK ||
	    (status = check_input(o, cmd)) != CMD_OK ||
	    (status = check_route(o, cmd)) != CMD_OK)
		return status;
	return check_batch(o, cmd);
}

int
query_options(
    struct query_options *o, const struct command *cmd, int argc, char **argv)
{
	struct option longs[ROWS + 1];
	char shorts[ROWS * 2 + 2];
	bool given[ROWS] = { false };
	const struct row *row;
	int c;

	*o = (struct query_options){ .config = NULL };
	query_options_fill(longs, shorts);
	opterr = 0;
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if ((row = query_options_row_of(long_of(c))) == NULL)
			return command_option(cmd, c, argv);
		given[row - query_options_rows] = true;
		if (row->argument == required_argument)
			*(char **)((char *)o + row->offset) = optarg;
		else
			*(bool *)((char *)o + row->offset) = true;
	}
	return o->help ? CMD_OK : query_options_check(o, cmd, given);
}
