/* SPDX-License-Identifier: MIT */
/* ctim-relay query: a relay's answer about observables. */
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "cli/base/command.h"
#include "cli/base/infile.h"
#include "cli/base/options.h"
#include "cli/query/asker.h"
#include "cli/query/query_options.h"
#include "cli/query/query_run.h"
#include "cli/query/resume.h"
#include "cli/terms/terms.h"

#define ANSWER_MAX (256U << 20) /* bytes of an answer */

/* Takes the words of the command line, else standard input, unless an option
 * reads that or names observables. */
static int
read_words(const struct command *cmd, const struct query_options *o,
    struct terms *asked, int argc, char **argv)
{
	int status = CMD_OK;

	for (int i = 0; i < argc && status == CMD_OK; i++)
		status = terms_place(cmd, asked, argv[i], 0);
	if (argc > 0 || o->csv_in != NULL || o->text != NULL)
		return status;
	if (isatty(STDIN_FILENO))
		return command_usage(cmd, "nothing to ask about");
	if ((o->file != NULL && strcmp(o->file, "-") == 0) ||
	    (o->token_file != NULL && strcmp(o->token_file, "-") == 0))
		return command_usage(cmd,
		    "standard input has the credentials; name the observables "
		    "as words, or with --csv-in or --text");
	return terms_lines(cmd, asked, stdin);
}

static int
read_observables(const struct command *cmd, const struct query_options *o,
    struct terms *asked, int argc, char **argv)
{
	int status;

	if (!o->route->observables)
		return argc == 0 ?
		    CMD_OK :
		    command_usage(cmd, "the route health takes no observables");
	status = read_words(cmd, o, asked, argc, argv);
	if (status == CMD_OK && o->csv_in != NULL)
		status = terms_csv(cmd, asked, o->csv_in, o->column);
	if (status == CMD_OK && o->text != NULL)
		status = terms_text(cmd, asked, o->text);
	if (status != CMD_OK)
		return status;
	terms_left_out(cmd, asked);
	return asked->n > 0 ?
	    CMD_OK :
	    command_fail(cmd, CMD_USAGE,
		"no observable was given, so there is nothing to ask about");
}

static int
take_stored(void *arg, size_t from, size_t to, struct json_object *answer)
{
	return query_run_take(arg, from, to, answer);
}

/* Opens the state: the answers of an earlier run, and what is still to ask. */
static int
open_state(struct query_run *run)
{
	const struct query_options *o = run->options;
	const struct resume_key key = { asker_name(run->asker), o->route->name,
		run->asked };

	if (o->state == NULL)
		return CMD_OK;
	run->state = resume_open(run->cmd, o->state, &key, take_stored, run);
	return run->state != NULL ? CMD_OK : CMD_FAILED;
}

static int
query_relay(const struct command *cmd, const struct query_options *o, int argc,
    char **argv)
{
	struct terms asked = { .n = 0 };
	struct asker asker = { .cmd = NULL };
	struct query_run run;
	bool elsewhere = o->url != NULL;
	int status, words = elsewhere || argc == 0 ? 0 : 1;

	status = asker_find(&asker, cmd, o, words == 1 ? argv[0] : NULL);
	if (status == CMD_OK) {
		asked.types = asker_types(&asker);
		asked.max = asker_bytes(&asker);
		status = read_observables(
		    cmd, o, &asked, argc - words, argv + words);
	}
	if (status == CMD_OK) {
		status =
		    query_run_begin(&run, cmd, o, &asked, asker_name(&asker));
		run.asker = &asker;
		if (status == CMD_OK && (status = open_state(&run)) == CMD_OK)
			query_run_ask(&run);
		status = query_run_end(&run, status);
	}
	asker_close(&asker);
	terms_free(&asked);
	return status;
}

/* Shows an answer that was received elsewhere. */
static int
show_answer(const struct command *cmd, const struct query_options *o, int argc,
    char **argv)
{
	struct terms asked = { .types = observable_all };
	struct query_run run;
	struct buf text;
	int status = CMD_OK;

	for (int i = 0; i < argc && status == CMD_OK; i++)
		status = terms_place(cmd, &asked, argv[i], 0);
	terms_left_out(cmd, &asked);
	buf_init(&text, ANSWER_MAX);
	if (status == CMD_OK)
		status = infile_read(cmd, o->answer, &text);
	if (status == CMD_OK) {
		status = query_run_begin(&run, cmd, o, &asked, NULL);
		if (status == CMD_OK)
			status = query_run_answer(&run, 0, asked.n, &text);
		status = query_run_end(&run, status);
	}
	buf_free(&text);
	terms_free(&asked);
	return status;
}

int
cmd_query(const struct command *cmd, int argc, char **argv)
{
	struct query_options o;
	int status;

	if ((status = query_options(&o, cmd, argc, argv)) != CMD_OK)
		return status;
	if (o.help)
		return options_help(&query_option_table, cmd);
	argc -= optind;
	argv += optind;
	return o.answer != NULL ? show_answer(cmd, &o, argc, argv) :
				  query_relay(cmd, &o, argc, argv);
}
