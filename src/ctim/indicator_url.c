/* SPDX-License-Identifier: MIT */
/* The normal form of a URL: what src/net/url.h does for any, and that of the path
 * and what follows it. */
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "ctim/indicator_part.h"
#include "net/url.h"

/* RFC 3986, 3.3 to 3.5: what may stand in path, query and fragment.  Kept: the
 * character as it is and unreserved, so that its encoding is needless. */
enum character { CHARACTER_ENCODED, CHARACTER_PLAIN, CHARACTER_KEPT };
static const unsigned char url_characters[256] = { ['a' ... 'z'] =
						       CHARACTER_KEPT,
	['A' ... 'Z'] = CHARACTER_KEPT,
	['0' ... '9'] = CHARACTER_KEPT,
	['-'] = CHARACTER_KEPT,
	['.'] = CHARACTER_KEPT,
	['_'] = CHARACTER_KEPT,
	['~'] = CHARACTER_KEPT,
	['!'] = CHARACTER_PLAIN,
	['$'] = CHARACTER_PLAIN,
	['&'] = CHARACTER_PLAIN,
	['\''] = CHARACTER_PLAIN,
	['('] = CHARACTER_PLAIN,
	[')'] = CHARACTER_PLAIN,
	['*'] = CHARACTER_PLAIN,
	['+'] = CHARACTER_PLAIN,
	[','] = CHARACTER_PLAIN,
	[';'] = CHARACTER_PLAIN,
	['='] = CHARACTER_PLAIN,
	[':'] = CHARACTER_PLAIN,
	['@'] = CHARACTER_PLAIN,
	['/'] = CHARACTER_PLAIN,
	['?'] = CHARACTER_PLAIN };

static int
url_digit(char c)
{
	return indicator_is_digit(c) ? c - '0' : indicator_lower(c) - 'a' + 10;
}

/* Adds the n bytes at s as they must be encoded. */
static void
url_add(struct buf *out, const char *s, size_t n)
{
	const char *end = s + n;
	int c;

	for (; s < end; s++) {
		c = (unsigned char)*s;
		if (c == '%' && end - s > 2 && isxdigit((unsigned char)s[1]) &&
		    isxdigit((unsigned char)s[2])) {
			c = url_digit(s[1]) * 16 + url_digit(s[2]);
			s += 2;
			if (url_characters[c] == CHARACTER_KEPT)
				buf_addc(out, (char)c);
			else
				buf_addf(out, "%%%02X", (unsigned)c);
		} else if (url_characters[c] != CHARACTER_ENCODED)
			buf_addc(out, (char)c);
		else
			buf_addf(out, "%%%02X", (unsigned)c);
	}
}

/* Takes "." and ".." out of a path in place (RFC 3986, 5.2.4). */
static void
url_resolve(char *path)
{
	char *in = path, *out = path;
	size_t n;

	for (; *in == '/'; in += n) {
		n = 1 + strcspn(in + 1, "/");
		if (n == 2 && in[1] == '.') {
			if (in[n] == '\0')
				*out++ = '/';
		} else if (n == 3 && in[1] == '.' && in[2] == '.') {
			while (out > path && *--out != '/')
				;
			if (in[n] == '\0')
				*out++ = '/';
		} else {
			memmove(out, in, n);
			out += n;
		}
	}
	*out = '\0';
}

/* Whether path, query and fragment are as they must be already. */
static bool
url_is_normal(const char *rest)
{
	const char *s;

	for (s = rest; *s != '\0'; s++)
		if (url_characters[(unsigned char)*s] == CHARACTER_ENCODED ||
		    (*s == '.' && s > rest && s[-1] == '/'))
			return false;
	return true;
}

/* Bytes of the user information of an authority, when it is empty; what is left
 * may begin with another. */
static size_t
url_empty_user(const char *authority)
{
	size_t all = 0, n;

	for (; (n = authority[all] == ':') || authority[all] == '@';
	     all += n + 1)
		if (authority[all + n] != '@')
			break;
	return all;
}

/* Adds path, query and fragment. */
static void
url_add_rest(struct buf *out, const char *rest)
{
	size_t n = strcspn(rest, "?#"), at = out->len;

	url_add(out, rest, n);
	if (!out->failed) {
		url_resolve(out->data + at);
		out->len = at + strlen(out->data + at);
	}
	rest += n;
	if (*rest == '?') {
		n = strcspn(rest, "#");
		url_add(out, rest, n);
		rest += n;
	}
	if (*rest == '#') {
		buf_addc(out, '#');
		url_add(out, rest + 1, strlen(rest + 1));
	}
}

int
indicator_url(const char *value, char out[INDICATOR_MAX + 1])
{
	const char *authority = strstr(value, "://");
	const char *rest;
	char room[INDICATOR_MAX + 1];
	struct buf plain;
	size_t n;

	if (authority == NULL)
		return -1;
	authority += strlen("://");
	rest = authority + strcspn(authority, "/?#");
	n = url_empty_user(authority);
	if (n == 0 && url_is_normal(rest))
		return url_normalise(value, out, INDICATOR_MAX + 1);
	buf_fixed(&plain, room, sizeof(room));
	buf_add(&plain, value, (size_t)(authority - value));
	authority += n;
	buf_add(&plain, authority, (size_t)(rest - authority));
	url_add_rest(&plain, rest);
	return plain.failed ? -1 :
			      url_normalise(plain.data, out, INDICATOR_MAX + 1);
}
