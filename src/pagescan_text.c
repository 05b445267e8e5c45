#include <string.h>

#include "buf.h"
#include "jsonscan.h"
#include "pagescan_text.h"

static bool
blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *
skip_blanks(const char *p, const char *end)
{
	while (p < end && blank(*p))
		p++;
	return p;
}

/* Behind the string whose opening quote is at p. */
static const char *
skip_string(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\' && end - p > 1)
			p++;
	return p < end ? p + 1 : end;
}

/* Whether the string of n bytes, quotes included, is want. */
static bool
is(const char *string, size_t n, const char *want, struct buf *scratch)
{
	size_t	 len = strlen(want);

	/* An escape is never shorter than what it stands for. */
	if (n < len + 2)
		return false;
	if (memchr(string, '\\', n) == NULL)
		return n == len + 2 && memcmp(string + 1, want, len) == 0;
	buf_reset(scratch);
	return jsonscan_string(string, n, scratch) && scratch->len == len &&
	    memcmp(scratch->data, want, len) == 0;
}

/*
 * One string of the object itself at p, and its value when it is a name and the
 * value a string: *found when they are those wanted.  Returns where it went on.
 */
static const char *
member(const char *p, const char *end, const char *name, const char *value,
    struct buf *scratch, bool *found)
{
	const char	*behind = skip_string(p, end);
	const char	*at = skip_blanks(behind, end);

	if (at == end || *at != ':')
		return behind;
	at = skip_blanks(at + 1, end);
	if (at == end || *at != '"' ||
	    !is(p, (size_t)(behind - p), name, scratch))
		return at;
	behind = skip_string(at, end);
	*found = is(at, (size_t)(behind - at), value, scratch);
	return behind;
}

bool
pagescan_has(const char *object, size_t n, const char *name, const char *value,
    struct buf *scratch)
{
	const char	*p = object, *end = object + n;
	unsigned	 depth = 0;
	bool		 found = false;

	while (p < end && !found) {
		if (*p == '"' && depth == 1) {
			p = member(p, end, name, value, scratch, &found);
			continue;
		}
		if (*p == '"') {
			p = skip_string(p, end);
			continue;
		}
		if (*p == '{' || *p == '[')
			depth++;
		else if (*p == '}' || *p == ']')
			depth--;
		p++;
	}
	return found;
}

bool
pagescan_names(const char *text, size_t n, const char *name,
    struct buf *scratch)
{
	size_t	 end, run;

	while (n > 0 && blank(text[n - 1]))
		n--;
	if (n == 0 || text[--n] != ':')
		return false;
	while (n > 0 && blank(text[n - 1]))
		n--;
	if (n == 0 || text[n - 1] != '"')
		return false;
	/* The quote that opens it is the first one back that no odd run of
	 * backslashes stands before. */
	for (end = n--; n > 0; n--) {
		if (text[n - 1] != '"')
			continue;
		for (run = 0; run < n - 1 && text[n - 2 - run] == '\\'; run++)
			;
		if (run % 2 == 0)
			return is(text + n - 1, end - n + 1, name, scratch);
	}
	return false;
}
