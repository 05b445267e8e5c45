/* SPDX-License-Identifier: MIT */
/* Apache: a directive a line, sections in angle brackets. */
#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "cli/webconf/webconf.h"
#include "json/jsonin.h"

struct reader {
	struct webconf_at *at;
	struct webconf_node *floor; /* the section of the include */
	unsigned skipped; /* <IfDefine>s that do not hold, with those inside */
};

/* Takes the next line, with those that a "\" joins to it.  Returns false at the
 * end. */
static bool
take_line(
    const char **text, struct webconf_at *at, unsigned *lines, struct buf *line)
{
	size_t n;
	bool joined;

	buf_reset(line);
	at->line += *lines;
	*lines = 0;
	if (**text == '\0')
		return false;
	do {
		n = strcspn(*text, "\n");
		joined = n > 0 && (*text)[n - 1] == '\\' && (*text)[n] == '\n';
		(void)buf_add(line, *text, n - joined);
		*text += n + ((*text)[n] == '\n');
		(*lines)++;
	} while (joined);
	return true;
}

/* Puts the line s into out with each defined ${NAME} replaced; s is changed for
 * a moment. */
static void
webconf_apache_expand(const struct webconf *w, char *s, struct buf *out)
{
	const char *value;
	char *end;

	buf_reset(out);
	for (; *s != '\0'; s++) {
		value = NULL;
		if (s[0] == '$' && s[1] == '{' &&
		    (end = strchr(s, '}')) != NULL) {
			*end = '\0';
			value = jsonin_string(w->defines, s + 2);
			*end = '}';
		}
		if (value != NULL) {
			(void)buf_adds(out, value);
			s = end;
		} else {
			(void)buf_addc(out, *s);
		}
	}
}

/* Takes quotes off and makes one blank of several, in place. */
static void
webconf_apache_plain(char *s)
{
	char *out = s, quote = '\0';

	for (; *s != '\0'; s++) {
		if (quote == '\0' && (*s == '"' || *s == '\'')) {
			quote = *s;
		} else if (quote != '\0' && *s == quote) {
			quote = '\0';
		} else if (quote == '\0' && isspace((unsigned char)*s)) {
			while (isspace((unsigned char)s[1]))
				s++;
			*out++ = ' ';
		} else {
			*out++ = *s;
		}
	}
	*out = '\0';
}

/* Splits "Name args" in place.  Returns args. */
static char *
webconf_apache_split(char *s)
{
	char *args, *end = s + strlen(s);

	while (end > s && isspace((unsigned char)end[-1]))
		*--end = '\0';
	args = s + strcspn(s, " \t");
	if (*args != '\0')
		*args++ = '\0';
	args += strspn(args, " \t");
	webconf_apache_plain(args);
	return args;
}

/* Takes "<Name args>" or "</Name>". */
static void
webconf_apache_section(struct reader *r, char *s)
{
	struct webconf_node *node;
	char *end = strrchr(s, '>'), *args;
	bool closes = s[1] == '/', negated;

	if (end != NULL)
		*end = '\0';
	s += 1 + closes;
	args = webconf_apache_split(s);
	negated = *args == '!';
	if (strcasecmp(s, "IfDefine") == 0) {
		if (closes)
			r->skipped -= r->skipped > 0;
		else if (r->skipped > 0 ||
		    (jsonin_string(r->at->w->defines, args + negated) ==
			NULL) != negated)
			r->skipped++;
	} else if (r->skipped > 0 || strcasecmp(s, "IfModule") == 0 ||
	    strcasecmp(s, "IfVersion") == 0) {
		return;
	} else if (!closes) {
		if ((node = webconf_add(r->at, s, args)) != NULL)
			r->at->parent = node;
	} else if (r->at->parent != r->floor && r->at->parent != NULL) {
		r->at->parent = r->at->parent->parent;
	}
}

static void
directive(struct reader *r, char *s)
{
	struct webconf *w = r->at->w;
	char *args = webconf_apache_split(s), *root;
	size_t n = strcspn(args, " ");

	if (strcasecmp(s, "Define") == 0)
		webconf_define(w, args, n, args[n] == '\0' ? "" : args + n + 1);
	else if (strcasecmp(s, "UnDefine") == 0)
		webconf_define(w, args, n, NULL);
	else if (strcasecmp(s, "Include") == 0 ||
	    strcasecmp(s, "IncludeOptional") == 0)
		webconf_include(r->at, args);
	else
		(void)webconf_add(r->at, s, args);
	if (strcasecmp(s, "ServerRoot") == 0 && args[0] == '/' &&
	    (root = strdup(args)) != NULL) {
		free(w->root);
		w->root = root;
	}
}

void
webconf_apache(struct webconf_at *at, const char *text)
{
	struct reader r = { .at = at, .floor = at->parent };
	struct buf line, whole;
	unsigned lines = 0;
	char *s;

	buf_init(&line, WEBCONF_WORDS);
	buf_init(&whole, WEBCONF_WORDS);
	while (take_line(&text, at, &lines, &line)) {
		webconf_apache_expand(at->w, line.data, &whole);
		s = whole.len == 0 ? line.data : whole.data;
		s += strspn(s, " \t\r");
		if (*s == '<')
			webconf_apache_section(&r, s);
		else if (*s != '\0' && *s != '#' && r.skipped == 0)
			directive(&r, s);
	}
	buf_free(&line);
	buf_free(&whole);
}
