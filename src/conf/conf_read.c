/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <ini.h>

#include "conf/conf.h"
#include "conf/conf_read.h"

struct reading {
	FILE *file;
	const struct conf_handler *handler;
	unsigned line;
	bool good;
	bool log; /* in [log], whose values are never file:PATH */
	char text[CONF_LINE_MAX + 2];
};

static void
conf_read_complain(struct reading *r, const char *why)
{
	r->good = false;
	r->handler->complain(r->handler->arg, r->line, why);
}

/* Reads one line into r->text, without its newline; skips the rest of a long
 * line, which is not *whole.  Returns false at the end of the file. */
static bool
conf_read_read_line(struct reading *r, bool *whole)
{
	size_t n = 0;
	int c;

	*whole = true;
	while ((c = getc(r->file)) != EOF && c != '\n') {
		if (c == '\0' || n == CONF_LINE_MAX)
			*whole = false;
		else
			r->text[n++] = (char)c;
	}
	while (n > 0 &&
	    (r->text[n - 1] == '\r' || r->text[n - 1] == ' ' ||
		r->text[n - 1] == '\t'))
		n--;
	r->text[n] = '\0';
	return c != EOF || n > 0;
}

static void
conf_read_section(struct reading *r)
{
	char why[CONF_ERROR_MAX], *name = r->text + 1, *end;

	end = strchr(name, ']');
	if (end == NULL || end[1] != '\0') {
		conf_read_complain(
		    r, "a section must be one line as in [server]");
		r->text[0] = '\0';
		return;
	}
	*end = '\0';
	r->log = strcmp(name, "log") == 0;
	if (strlen(name) > CONF_SECTION_MAX)
		conf_read_complain(r, "the name of this section is too long");
	else if (!r->handler->section(r->handler->arg, name, why))
		conf_read_complain(r, why);
	*end = ']';
}

/* Why inih would read a line differently from a person; NULL: it would not. */
static const char *
misread(const struct reading *r, bool whole)
{
	const char *text = r->text;

	if (!whole && r->handler->too_long != NULL)
		return r->handler->too_long;
	if (!whole && r->log)
		return "this line is longer than 198 bytes or has a NUL byte "
		       "in "
		       "it; name a shorter path";
	if (!whole)
		return "this line is longer than 198 bytes or has a NUL byte "
		       "in "
		       "it; put a long value into a file and write file:PATH";
	if (text[0] == ' ' || text[0] == '\t')
		return "this line begins with a blank; begin it at the margin";
	if (strstr(text, " ;") != NULL || strstr(text, "\t;") != NULL)
		return "a comment must be a line of its own (this one would "
		       "cut "
		       "the value)";
	return NULL;
}

/* Hands lines to inih as fgets(3) would, but only those that inih reads
 * right. */
static char *
next_line(char *out, int size, void *arg)
{
	struct reading *r = arg;
	const char *why;
	bool whole;

	if (size < CONF_LINE_MAX + 2 || !conf_read_read_line(r, &whole))
		return NULL;
	*r->handler->line = ++r->line;
	if (r->line == 1 && strncmp(r->text, "\xef\xbb\xbf", 3) == 0)
		memmove(r->text, r->text + 3, strlen(r->text + 3) + 1);
	if (r->text[0] != ';' && r->text[0] != '#' && r->text[0] != '\0') {
		if ((why = misread(r, whole)) != NULL) {
			conf_read_complain(r, why);
			r->text[0] = '\0';
		} else if (r->text[0] == '[') {
			conf_read_section(r);
		} else if (strpbrk(r->text, "=:") == NULL) {
			conf_read_complain(
			    r, "neither a [section] nor key = value");
			r->text[0] = '\0';
		}
	} else {
		r->text[0] = '\0';
	}
	snprintf(out, (size_t)size, "%s\n", r->text);
	return out;
}

static int
key(void *arg, const char *in, const char *name, const char *value)
{
	struct reading *r = arg;
	char why[CONF_ERROR_MAX];

	if (*in == '\0')
		conf_read_complain(r, "a key before the first [section]");
	else if (!r->handler->key(r->handler->arg, in, name, value, why))
		conf_read_complain(r, why);
	return 1;
}

bool
conf_read(FILE *file, const struct conf_handler *handler)
{
	struct reading r = { .file = file, .handler = handler, .good = true };

	if (ini_parse_stream(next_line, &r, key, &r) != 0 && r.good)
		conf_read_complain(&r, "could not be read");
	if (ferror(file))
		conf_read_complain(&r, "could not be read to its end");
	return r.good;
}
