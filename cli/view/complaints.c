/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/terminal/table.h"
#include "cli/terminal/text.h"
#include "cli/view/complaints.h"
#include "json/jsonin.h"

#define SHOWN       20         /* complaints that are shown */
#define LINES_MAX   (1U << 20) /* bytes of them */
#define MESSAGE_MAX 8192       /* bytes of one */

void
complaints_init(struct complaints *c)
{
	*c = (struct complaints){ .n = 0 };
	buf_init(&c->lines, LINES_MAX);
}

void
complaints_free(struct complaints *c)
{
	set_free(&c->seen);
	buf_free(&c->lines);
}

static void
add_safe(struct buf *line, const char *text)
{
	if (text == NULL)
		text = "-";
	text_add(line, text, strnlen(text, MESSAGE_MAX / 8));
}

/* Adds the line of an error, unless it is there. */
static void
add_line(struct complaints *c, const struct buf *line)
{
	if (!set_new(&c->seen, line->data, line->len))
		return;
	c->n++;
	if (c->shown == SHOWN)
		return;
	c->shown++;
	buf_add(&c->lines, line->data, line->len);
	buf_addc(&c->lines, '\n');
}

static void
take_error(struct complaints *c, struct json_object *error, bool colours)
{
	const char *type = jsonin_string(error, "type");
	bool warning = type != NULL && strcmp(type, "warning") == 0;
	struct buf line;

	buf_init(&line, MESSAGE_MAX);
	buf_adds(&line, table_sgr(warning ? TABLE_YELLOW : TABLE_RED, colours));
	add_safe(&line, type);
	buf_adds(&line, table_sgr(TABLE_PLAIN, colours));
	buf_adds(&line, ": ");
	add_safe(&line, jsonin_string(error, "code"));
	buf_adds(&line, ": ");
	add_safe(&line, jsonin_string(error, "message"));
	add_line(c, &line);
	buf_free(&line);
}

/* Takes an answer of the gateway instead of a relay: {"code", "message"}. */
static void
take_http_error(struct complaints *c, struct json_object *answer)
{
	struct json_object *data;
	struct buf line;
	int64_t code;

	if (!jsonin_int(jsonin_member(answer, "code"), &code) ||
	    jsonin_has(answer, "data", &data))
		return;
	buf_init(&line, MESSAGE_MAX);
	buf_addf(&line, "The gateway answered with status %" PRId64 ": ", code);
	add_safe(&line, jsonin_string(answer, "message"));
	add_line(c, &line);
	buf_free(&line);
}

void
complaints_take(struct complaints *c, struct json_object *answer)
{
	struct json_object *errors = jsonin_member(answer, "errors");
	bool colours = table_colours(stderr);

	take_http_error(c, answer);
	for (size_t i = 0; i < jsonin_length(errors); i++)
		take_error(c, jsonin_at(errors, i), colours);
}

void
complaints_print(const struct complaints *c)
{
	fwrite(c->lines.data, 1, c->lines.len, stderr);
	if (c->n > c->shown)
		fprintf(stderr, "... and %zu more errors, which --json has.\n",
		    c->n - c->shown);
}
