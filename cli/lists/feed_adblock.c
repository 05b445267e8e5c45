/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cli/feed/feed_reader.h"
#include "cli/lists/lists.h"

/* Marks in the middle of a rule that hides parts of pages. */
static const char *const hiding[] = { "##", "#@#", "#?#", "#$#", "#%#",
	"#$?#" };

static bool
adblock_hides(const char *s)
{
	size_t i;

	for (i = 0; i < sizeof(hiding) / sizeof(hiding[0]); i++)
		if (strstr(s, hiding[i]) != NULL)
			return true;
	return false;
}

/* "## text", "####": comments of lists for resolvers, and no selector. */
static bool
adblock_is_comment(const char *s)
{
	return *s == '\0' || *s == '!' || *s == '[' ||
	    (*s == '#' &&
		(s[1] == '\0' || s[1] == ' ' ||
		    (s[1] == '#' &&
			(s[2] == '\0' || strchr("# ", s[2]) != NULL)) ||
		    !adblock_hides(s)));
}

/* Takes "||name^" apart, in place; NULL: it is no name alone. */
static const char *
adblock_name(char *s)
{
	size_t n;

	s += 2;
	if (s[0] == '*' && s[1] == '.')
		s += 2;
	n = strcspn(s, "^/*$|?");
	if (s[n] != '^' || (s[n + 1] != '\0' && strcmp(s + n, "^|") != 0))
		return NULL;
	s[n] = '\0';
	return s;
}

/* Why a rule blocks no name; NULL: it may. */
static const char *
adblock_other(const char *s)
{
	size_t n = strlen(s);

	if (strncmp(s, "@@", 2) == 0)
		return "an exception, which lets pass";
	if (adblock_hides(s))
		return "a rule that hides parts of pages";
	if (*s == '/' && n > 1 && strrchr(s, '/') != s)
		return "a regular expression";
	if (strchr(s, '$') != NULL)
		return "a rule with options";
	return NULL;
}

/* Names, addresses and hosts are lines of such lists as of others. */
static enum lists_line
adblock_is(char *s)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.:-_ \t";

	if (adblock_is_comment(s) || s[strspn(s, plain)] == '\0')
		return LISTS_NOTHING;
	return strncmp(s, "||", 2) == 0 || strncmp(s, "@@", 2) == 0 ||
		adblock_hides(s) ?
	    LISTS_OURS :
	    LISTS_OTHER;
}

bool
feed_adblock_looks(const char *head, size_t n, const struct feed_options *o)
{
	static const char *const heads[] = { "[Adblock", "[uBlock",
		"[AdGuard" };
	size_t i;

	(void)o;
	for (i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		if (strncasecmp(head, heads[i], strlen(heads[i])) == 0)
			return true;
	return lists_look(head, n, adblock_is);
}

/* What is no rule is a line of text: AdGuard takes names and hosts, too. */
static int
adblock_line(void *arg, char *s, uint64_t line)
{
	struct lists_text *t = arg;
	const char *why, *name;

	s = lists_trim(s);
	if (adblock_is_comment(s))
		return 0;
	if ((why = adblock_other(s)) != NULL)
		return feed_skip(t->sink, line, why, "%.60s: %s", s, why);
	if (strncmp(s, "||", 2) != 0)
		return lists_text_line(t, s, line);
	if ((name = adblock_name(s)) != NULL)
		return lists_emit(name, true, NULL, line, t->sink);
	return feed_skip(t->sink, line, "a rule that is no name alone", NULL);
}

int
feed_adblock(struct feed_reader *r, const struct feed_options *o,
    const struct feed_sink *sink, char error[FEED_ERROR_MAX])
{
	struct lists_text t = { .sink = sink, .hosts = true };

	(void)o;
	(void)error;
	return lists_read(r, sink, adblock_line, &t);
}
