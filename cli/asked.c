#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "asked.h"
#include "buf.h"
#include "command.h"
#include "indicator.h"
#include "jsonout.h"

#define TYPE_MAX	16	/* bytes of the longest type's name, and a NUL */

/* The type before the first colon and, in *value, what follows it. */
static enum observable_type
named_type(const char *word, const char **value)
{
	const char	*colon = strchr(word, ':');
	char		 name[TYPE_MAX];
	size_t		 len;

	if (colon == NULL || (len = (size_t)(colon - word)) >= sizeof(name))
		return OBSERVABLE_UNKNOWN;
	memcpy(name, word, len);
	name[len] = '\0';
	*value = colon + 1;
	return observable_type(name);
}

/* The word as an observable; OBSERVABLE_UNKNOWN when it is none.  *value is in
 * the word or in normal. */
static enum observable_type
understand(const char *word, char normal[INDICATOR_MAX + 1],
    const char **value)
{
	enum observable_type	type = named_type(word, value);

	if (type != OBSERVABLE_UNKNOWN)
		return **value == '\0' ? OBSERVABLE_UNKNOWN : type;
	*value = normal;
	return indicator_detect(word, normal);
}

enum observable_type
asked_normal(const char *word, char normal[INDICATOR_MAX + 1])
{
	const char		*value;
	enum observable_type	 type = understand(word, normal, &value);

	/* With a type of its own it is as it was written. */
	if (type != OBSERVABLE_UNKNOWN && value != normal &&
	    indicator_normalise(type, value, normal) == -1)
		return OBSERVABLE_UNKNOWN;
	return type;
}

static int
append(const struct command *cmd, struct asked *asked,
    enum observable_type type, const char *value)
{
	struct asked_one	*list, *one;

	if (asked->n == asked->room) {
		list = reallocarray(asked->list, asked->room + 64,
		    sizeof(*list));
		if (list == NULL)
			return command_fail(cmd, CMD_FAILED, "no memory left");
		asked->list = list;
		asked->room += 64;
	}
	one = &asked->list[asked->n];
	one->type = type;
	if ((one->value = strdup(value)) == NULL)
		return command_fail(cmd, CMD_FAILED, "no memory left");
	asked->n++;
	return CMD_OK;
}

static void
complain(const struct command *cmd, size_t line, const char *word)
{
	struct buf	types;

	buf_init(&types, 256);
	for (enum observable_type t = 0; t < OBSERVABLE_TYPES; t++)
		buf_addf(&types, "%s%s", t == 0 ? "" : " ", observable_name(t));
	if (line > 0)
		(void)command_fail(cmd, CMD_USAGE, "line %zu: \"%.*s\" is left "
		    "out: no observable that is known by its looks; write "
		    "TYPE:VALUE with one of the types %s", line, INDICATOR_MAX,
		    word, types.data);
	else
		(void)command_fail(cmd, CMD_USAGE, "\"%.*s\" is no observable "
		    "that is known by its looks; write TYPE:VALUE with one of "
		    "the types %s", INDICATOR_MAX, word, types.data);
	buf_free(&types);
}

int
asked_add(const struct command *cmd, struct asked *asked, const char *word)
{
	char			 normal[INDICATOR_MAX + 1];
	const char		*value;
	enum observable_type	 type = understand(word, normal, &value);

	if (type == OBSERVABLE_UNKNOWN) {
		complain(cmd, 0, word);
		return CMD_USAGE;
	}
	return append(cmd, asked, type, value);
}

/* Takes blanks off both ends; returns where the text begins. */
static char *
trim(char *line)
{
	static const char	blanks[] = " \t\r\n";
	size_t			len;

	line += strspn(line, blanks);
	len = strlen(line);
	while (len > 0 && strchr(blanks, line[len - 1]) != NULL)
		len--;
	line[len] = '\0';
	return line;
}

static int
add_line(const struct command *cmd, struct asked *asked, char *line,
    size_t number)
{
	char			 normal[INDICATOR_MAX + 1];
	const char		*word = trim(line), *value;
	enum observable_type	 type;

	if (*word == '\0' || *word == '#')
		return CMD_OK;
	type = understand(word, normal, &value);
	if (type != OBSERVABLE_UNKNOWN)
		return append(cmd, asked, type, value);
	complain(cmd, number, word);
	asked->left_out++;
	return CMD_OK;
}

int
asked_lines(const struct command *cmd, struct asked *asked, FILE *f)
{
	char	*line = NULL;
	size_t	 size = 0, number = 0;
	int	 status = CMD_OK;

	while (status == CMD_OK && getline(&line, &size, f) != -1)
		status = add_line(cmd, asked, line, ++number);
	free(line);
	if (status == CMD_OK && ferror(f))
		status = command_fail(cmd, CMD_FAILED,
		    "cannot read standard input: %s", strerror(errno));
	return status;
}

void
asked_body(const struct asked *asked, struct buf *out)
{
	struct jsonout	j;

	jsonout_init(&j, out);
	jsonout_array(&j);
	for (size_t i = 0; i < asked->n; i++) {
		jsonout_object(&j);
		jsonout_kstring(&j, "type",
		    observable_name(asked->list[i].type));
		jsonout_kstring(&j, "value", asked->list[i].value);
		jsonout_end_object(&j);
	}
	jsonout_end_array(&j);
}

void
asked_free(struct asked *asked)
{
	for (size_t i = 0; i < asked->n; i++)
		free(asked->list[i].value);
	free(asked->list);
	*asked = (struct asked){ .n = 0 };
}
