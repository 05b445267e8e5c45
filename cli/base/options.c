/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/base/command.h"
#include "cli/base/options.h"

#define COLUMN   22  /* where help begins */
#define FIRST    256 /* getopt's number of row 0: no letter */
#define NAME_LEN 64  /* bytes of "--name" */

static int
options_set_text(const struct options_found *found)
{
	memcpy(found->at, &found->text, sizeof(found->text));
	return CMD_OK;
}

static int
options_set_true(const struct options_found *found)
{
	*(bool *)found->at = true;
	return CMD_OK;
}

static int
options_set_false(const struct options_found *found)
{
	*(bool *)found->at = false;
	return CMD_OK;
}

const struct options_kind options_text = { .set = options_set_text };
const struct options_kind options_flag = { .set = options_set_true };
const struct options_kind options_off = { .set = options_set_false };
const struct options_kind options_stop = { .set = options_set_true };

int
options_number(const struct options_found *found)
{
	const struct options_kind *kind = found->row->kind;
	const char *text = found->text;
	char name[NAME_LEN], *end;
	long *n = found->at;

	errno = 0;
	*n = strtol(text, &end, 10);
	if (*text >= '0' && *text <= '9' && *end == '\0' && errno == 0 &&
	    *n >= kind->least && *n <= kind->most)
		return CMD_OK;
	snprintf(name, sizeof(name), "--%s", found->row->name);
	return command_usage(found->cmd,
	    "%s takes a number from %ld to %ld, not \"%s\"",
	    kind->called != NULL ? kind->called : name, kind->least, kind->most,
	    text);
}

int
options_word(const struct options_found *found)
{
	int n = found->row->kind->word(found->text);

	if (n == -1)
		return command_usage(found->cmd,
		    "--%s is one of %s; not \"%s\"", found->row->name,
		    found->row->kind->words, found->text);
	*(int *)found->at = n;
	return CMD_OK;
}

static int
options_argument(const struct options_row *row)
{
	return row->argument == NULL ? no_argument :
	    row->argument[0] == '['  ? optional_argument :
				       required_argument;
}

/* Makes the tables of getopt_long() out of ours. */
static void
options_fill(const struct options *o, struct option longs[OPTIONS_MAX + 1],
    char shorts[OPTIONS_MAX * 3 + 2])
{
	char *s = shorts;
	size_t n = 0;

	*s++ = ':';
	for (size_t i = 0; i < o->n; i++) {
		const struct options_row *row = &o->rows[i];
		int argument = options_argument(row);

		if (row->name == NULL)
			continue;
		longs[n++] = (struct option){ row->name, argument, NULL,
			FIRST + (int)i };
		if (row->letter == 0)
			continue;
		*s++ = row->letter;
		if (argument != no_argument)
			*s++ = ':';
		if (argument == optional_argument)
			*s++ = ':';
	}
	*s = '\0';
	longs[n] = (struct option){ NULL, 0, NULL, 0 };
}

/* Returns the row of what getopt_long() returned; NULL: that is an error. */
static const struct options_row *
options_row_of(const struct options *o, int c)
{
	for (size_t i = 0; i < o->n; i++)
		if (c == FIRST + (int)i ||
		    (o->rows[i].letter != 0 && c == o->rows[i].letter))
			return &o->rows[i];
	return NULL;
}

/* Says which option is unknown or lacks its argument, after getopt_long(3)
 * returned '?' or ':'.  Returns CMD_USAGE. */
static int
options_refuse(const struct command *cmd, int c, char **argv)
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
options_read(const struct options *o, const struct command *cmd, void *into,
    int argc, char **argv)
{
	return options_read_seen(o, cmd, into, argc, argv, NULL);
}

int
options_read_seen(const struct options *o, const struct command *cmd,
    void *into, int argc, char **argv,
    void (*seen)(const struct options_found *))
{
	struct option longs[OPTIONS_MAX + 1];
	char shorts[OPTIONS_MAX * 3 + 2];
	const struct options_row *row;
	int c, status;

	assert(o->n <= OPTIONS_MAX);
	options_fill(o, longs, shorts);
	opterr = 0;
	optind = 0;
	while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		if ((row = options_row_of(o, c)) == NULL)
			return options_refuse(cmd, c, argv);
		if (optarg == NULL && row->argument != NULL && optind < argc &&
		    argv[optind][0] != '-')
			optarg = argv[optind++];
		if (seen != NULL)
			seen(&(struct options_found){ cmd, row, into, optarg });
		status = row->kind->set(&(struct options_found){
		    cmd, row, (char *)into + row->offset, optarg });
		if (status != CMD_OK || row->kind == &options_stop)
			return status;
	}
	return CMD_OK;
}

bool
options_given(const struct options *o, const void *into, const char *name)
{
	const struct options_row *row = o->rows;
	const char *at, *text;

	while (row->name == NULL || strcmp(row->name, name) != 0)
		row++;
	at = (const char *)into + row->offset;
	if (row->argument == NULL)
		return *(const bool *)at;
	memcpy(&text, at, sizeof(text));
	return text != NULL;
}

static void
options_print(const struct options *o, const struct options_row *row)
{
	int at, column = o->column == 0 ? COLUMN : o->column;
	const char *line = row->help;
	size_t len;

	if (row->letter != 0)
		at = printf("  -%c, --%s", row->letter, row->name);
	else
		at = printf("%s--%s", o->flat ? "  " : "      ", row->name);
	if (row->argument != NULL)
		at += printf(" %s", row->argument);
	for (; *line != '\0'; line += len + (line[len] == '\n'), at = 0) {
		len = strcspn(line, "\n");
		printf("%*s%.*s\n", column - at, "", (int)len, line);
	}
}

int
options_help(const struct options *o, const struct command *cmd)
{
	printf("usage: ctim-relay %s %s\n\nTo %s.\n\n%s", cmd->name,
	    cmd->synopsis, cmd->summary, o->before == NULL ? "" : o->before);
	for (size_t i = 0; i < o->n; i++)
		if (o->rows[i].name == NULL)
			fputs(o->rows[i].help, stdout);
		else if (o->rows[i].help != NULL)
			options_print(o, &o->rows[i]);
	/* A family, as "intel add", has a page that leads to its others. */
	printf("%s\nMore: man ctim-relay-%.*s\n",
	    o->after == NULL ? "" : o->after, (int)strcspn(cmd->name, " "),
	    cmd->name);
	return CMD_OK;
}
