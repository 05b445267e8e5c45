/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/buf.h"
#include "json/jsonfind_text.h"
#include "json/jsonscan.h"

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
jsonfind_text_is(
    const char *string, size_t n, const char *want, struct buf *scratch)
{
	size_t len = strlen(want);

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
 * One string of the object itself at p: where it went on is returned.  When it
 * is the name wanted, and its value a string, *value is that, of *n bytes with
 * its quotes.
 */
static const char *
jsonfind_text_member(const char *p, const char *end, const char *name,
    struct buf *scratch, const char **value, size_t *n)
{
	const char *behind = skip_string(p, end);
	const char *at = skip_blanks(behind, end);

	if (at == end || *at != ':')
		return behind;
	at = skip_blanks(at + 1, end);
	if (at == end || *at != '"' ||
	    !jsonfind_text_is(p, (size_t)(behind - p), name, scratch))
		return at;
	behind = skip_string(at, end);
	*value = at;
	*n = (size_t)(behind - at);
	return behind;
}

/* The next value of that name from *p on, which moves behind it; depth: of *p.
 * NULL: there is none. */
static const char *
jsonfind_next(const char **p, const char *end, unsigned *depth,
    const char *name, struct buf *scratch, size_t *n)
{
	const char *value = NULL;

	while (*p < end && value == NULL) {
		if (**p == '"' && *depth == 1) {
			*p = jsonfind_text_member(
			    *p, end, name, scratch, &value, n);
			continue;
		}
		if (**p == '"') {
			*p = skip_string(*p, end);
			continue;
		}
		if (**p == '{' || **p == '[')
			(*depth)++;
		else if (**p == '}' || **p == ']')
			(*depth)--;
		(*p)++;
	}
	return value;
}

bool
jsonfind_has(const char *object, size_t n, const char *name, const char *value,
    struct buf *scratch)
{
	const char *p = object, *end = object + n, *found;
	unsigned depth = 0;
	size_t len;

	while ((found = jsonfind_next(&p, end, &depth, name, scratch, &len)) !=
	    NULL)
		if (jsonfind_text_is(found, len, value, scratch))
			return true;
	return false;
}

const char *
jsonfind_string(const char *object, size_t n, const char *name,
    struct buf *scratch, size_t *len)
{
	const char *p = object, *found;
	unsigned depth = 0;

	found = jsonfind_next(&p, object + n, &depth, name, scratch, len);
	if (found == NULL || *len < 2)
		return NULL;
	if (memchr(found, '\\', *len) == NULL) {
		*len -= 2;
		return found + 1;
	}
	buf_reset(scratch);
	if (!jsonscan_string(found, *len, scratch))
		return NULL;
	*len = scratch->len;
	return scratch->data;
}

bool
jsonfind_names(
    const char *text, size_t n, const char *name, struct buf *scratch)
{
	size_t end, run;

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
			return jsonfind_text_is(
			    text + n - 1, end - n + 1, name, scratch);
	}
	return false;
}
