/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "cli/feed/feed_reader.h"
#include "cli/lists/lists.h"
#include "ctim/indicator.h"

char *
lists_trim(char *s)
{
	size_t n;

	s += strspn(s, LISTS_BLANKS);
	n = strlen(s);
	while (n > 0 && strchr(LISTS_BLANKS, s[n - 1]) != NULL)
		n--;
	s[n] = '\0';
	return s;
}

char *
lists_word(char *s)
{
	size_t n = strcspn(s, LISTS_BLANKS);
	bool more = s[n] != '\0';

	s[n] = '\0';
	return more ? s + n + 1 + strspn(s + n + 1, LISTS_BLANKS) : s + n;
}

bool
lists_is_sink(const char *address)
{
	static const char *const sinks[] = { "0.0.0.0", "127.0.0.1",
		"::", "::1", "0" };
	size_t i;

	for (i = 0; i < sizeof(sinks) / sizeof(sinks[0]); i++)
		if (strcmp(address, sinks[i]) == 0)
			return true;
	return false;
}

bool
lists_look(const char *head, size_t n, enum lists_line (*is)(char *))
{
	char *copy = malloc(n + 1), *s, *next;
	size_t count[LISTS_OTHER + 1] = { 0 };

	if (copy == NULL)
		return false;
	memcpy(copy, head, n);
	copy[n] = '\0';
	for (s = copy; *s != '\0'; s = next) {
		next = s + strcspn(s, "\n");
		/* The last line may be cut. */
		if (*next == '\0' && count[LISTS_OURS] + count[LISTS_OTHER] > 0)
			break;
		if (*next == '\n')
			*next++ = '\0';
		count[is(lists_trim(s))]++;
	}
	free(copy);
	return count[LISTS_OURS] > count[LISTS_OTHER];
}

int
lists_read(struct feed_reader *r, const struct feed_sink *sink,
    int (*each)(void *, char *, uint64_t), void *arg)
{
	char *s;
	size_t n;
	uint64_t line;
	enum feed_got got;
	int stop = 0;

	while (stop == 0) {
		line = r->line;
		if ((got = feed_reader_line(r, &s, &n)) == FEED_END)
			return 0;
		if (got == FEED_TOO_LONG)
			stop = feed_skip(sink, line, "it is too long",
			    "it is longer than %u bytes", FEED_LINE_MAX);
		else if (memchr(s, '\0', n) != NULL)
			stop = feed_skip(sink, line, "it has a NUL byte", NULL);
		else
			stop = each(arg, s, line);
	}
	return stop;
}

/* On the way to the sink: names stand for all below them. */
static int
lists_entry_below(void *arg, uint64_t line, const struct feed_entry *e)
{
	const struct feed_sink *to = arg;
	struct feed_entry below = *e;

	below.below = e->type == OBSERVABLE_DOMAIN;
	return to->entry(to->arg, line, &below);
}

static int
lists_skip_below(void *arg, uint64_t line, const char *reason, const char *why)
{
	const struct feed_sink *to = arg;

	return to->skipped(to->arg, line, reason, why);
}

/* Moves behind "*." or ".", also defanged; returns whether one is there. */
static bool
lists_star(const char **value)
{
	const char *s = *value + (**value == '*'), *mended = ".";
	size_t n = *s == '.' ? 1 : indicator_defanged(s, &mended);

	if (n == 0 || *mended != '.' || s[n] == '\0')
		return false;
	*value = s + n;
	return true;
}

int
lists_emit(const char *value, bool below, const char *reason, uint64_t line,
    const struct feed_sink *sink)
{
	const struct feed_sink all = { .entry = lists_entry_below,
		.skipped = lists_skip_below,
		.arg = (void *)(uintptr_t)(const void *)sink };
	struct feed_row row = { .n_values = 1 };

	below = lists_star(&value) || below;
	row.values[0] = value;
	row.text[FEED_REASON] = reason;
	return feed_row_emit(&row, line, below ? &all : sink);
}
