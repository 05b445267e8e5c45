/* Observables from a column of a CSV file. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "asked.h"
#include "command.h"
#include "csv.h"
#include "feed_reader.h"
#include "feed_row.h"
#include "infile.h"

#define NONE	SIZE_MAX
#define HEAD	4096		/* bytes in which the comma is looked for */
#define HEADING	40		/* bytes of one that are shown */

/* A table that is read. */
struct reading {
	const struct command	*cmd;
	struct asked		*asked;
	const char		*file;		/* as named */
	const char		*name;		/* for people */
	const char		*column;	/* as named, or NULL */
	struct csv		 in;
	struct csv_row		 row;
};

/* What parts the fields of the first line: the most frequent of these. */
static char
comma_of(struct feed_reader *r)
{
	static const char	 commas[] = ",;\t";
	size_t			 n = feed_reader_fill(r, HEAD), best = 0;
	size_t			 count[sizeof(commas)] = { 0 };
	bool			 quoted = false;

	for (size_t i = 0; i < n && (quoted || r->data[r->at + i] != '\n');
	    i++) {
		char c = r->data[r->at + i];
		const char *comma = memchr(commas, c, sizeof(commas) - 1);

		if (c == '"')
			quoted = !quoted;
		else if (!quoted && comma != NULL)
			count[comma - commas]++;
	}
	for (size_t i = 1; commas[i] != '\0'; i++)
		if (count[i] > count[best])
			best = i;
	return commas[best];
}

/* The column with this heading, case aside. */
static size_t
headed(const struct csv_row *row, const char *heading)
{
	for (size_t i = 0; i < row->n; i++)
		if (strcasecmp(csv_field(row, i), heading) == 0)
			return i;
	return NONE;
}

/* The column of this number, counted from 1. */
static size_t
numbered(const struct csv_row *row, const char *text)
{
	unsigned long	 n;
	char		*end;

	if (*text < '0' || *text > '9')
		return NONE;
	n = strtoul(text, &end, 10);
	return *end != '\0' || n < 1 || n > row->n ? NONE : n - 1;
}

/* The column whose heading is usual for values in feeds. */
static size_t
usual(const struct csv_row *row)
{
	for (const struct feed_name *name = feed_names; name->name != NULL;
	    name++)
		for (size_t i = 0; name->field == FEED_VALUE && i < row->n; i++)
			if (feed_name_is(csv_field(row, i),
			    strlen(csv_field(row, i)), name->name))
				return i;
	for (size_t i = 0; i < row->n; i++)
		if (strcasecmp(csv_field(row, i), "observable") == 0)
			return i;
	return NONE;
}

static int
no_column(const struct reading *t)
{
	struct buf	has;
	int		status;

	buf_init(&has, 2048);
	for (size_t i = 0; i < t->row.n; i++)
		buf_addf(&has, "%s%.*s", i == 0 ? "" : ", ", HEADING,
		    csv_field(&t->row, i));
	if (t->column == NULL)
		status = command_fail(t->cmd, CMD_USAGE, "%s: which column is "
		    "it? Name it with --column NAME, or by its number; the "
		    "first row has: %s", t->name, has.data);
	else
		status = command_fail(t->cmd, CMD_USAGE, "%s: there is no "
		    "column \"%.*s\"; the first row has: %s", t->name, HEADING,
		    t->column, has.data);
	buf_free(&has);
	return status;
}

/* Which column; *data: the first row is no heading but has an observable. */
static size_t
find_column(const struct reading *t, bool *data)
{
	char	normal[INDICATOR_MAX + 1];
	size_t	column = NONE;

	*data = false;
	if (t->column == NULL)
		column = usual(&t->row);
	else
		column = headed(&t->row, t->column);
	if (column != NONE)
		return column;
	if (t->column != NULL)
		column = numbered(&t->row, t->column);
	else if (t->row.n == 1)
		column = 0;
	*data = column != NONE && asked_normal(csv_field(&t->row, column),
	    normal) != OBSERVABLE_UNKNOWN;
	return column;
}

/* The next row that is no empty line; false at the end. */
static bool
next_row(struct reading *t)
{
	while (csv_peek(&t->in) != EOF) {
		csv_read(&t->in, &t->row);
		if (!csv_is_empty(&t->row))
			return true;
	}
	return false;
}

static int
take_row(struct reading *t, size_t column)
{
	if (csv_is_open(&t->row))
		return command_fail(t->cmd, CMD_FAILED, "%s: line %" PRIu64
		    ": %s", t->name, t->row.line, t->row.wrong);
	if (t->row.wrong != NULL) {
		t->asked->left_out++;
		return command_fail(t->cmd, CMD_OK, "line %" PRIu64 " is left "
		    "out: %s", t->row.line, t->row.wrong);
	}
	if (column >= t->row.n)
		return CMD_OK;
	return asked_place(t->cmd, t->asked, t->row.text.data +
	    t->row.at[column], t->row.line);
}

static int
read_rows(struct reading *t)
{
	size_t	column;
	bool	data;
	int	status;

	if (!next_row(t))
		return CMD_OK;
	if (t->row.wrong != NULL)
		return command_fail(t->cmd, CMD_FAILED, "%s: line %" PRIu64
		    ": %s", t->name, t->row.line, t->row.wrong);
	if ((column = find_column(t, &data)) == NONE)
		return no_column(t);
	status = data ? take_row(t, column) : CMD_OK;
	while (status == CMD_OK && next_row(t))
		status = take_row(t, column);
	return status;
}

static int
read_table(struct reading *t, FILE *f)
{
	struct feed_reader	r;
	int			status;

	if (feed_reader_init(&r, f) == -1)
		return command_fail(t->cmd, CMD_FAILED, "no memory left");
	if ((status = infile_mark(t->cmd, t->file, &r)) == CMD_OK) {
		t->in = (struct csv){ .reader = &r, .comma = comma_of(&r) };
		csv_row_init(&t->row);
		status = read_rows(t);
		csv_row_free(&t->row);
	}
	if (status == CMD_OK && r.error != 0)
		status = command_fail(t->cmd, CMD_FAILED, "%s: %s", t->name,
		    strerror(r.error));
	feed_reader_free(&r);
	return status;
}

int
asked_csv(const struct command *cmd, struct asked *asked, const char *file,
    const char *column)
{
	struct reading	t = { .cmd = cmd, .asked = asked, .column = column,
	    .file = file, .name = infile_name(file) };
	FILE		*f = infile_open(cmd, file);
	int		 status;

	if (f == NULL)
		return CMD_FAILED;
	status = read_table(&t, f);
	infile_close(f);
	return status;
}
