/* SPDX-License-Identifier: MIT */
/* A word between blanks and quotation marks: the URLs in it, and the pieces
 * between brackets and commas. */
#include <ctype.h>
#include <string.h>

#include "cli/extract/extract_part.h"
#include "ctim/indicator.h"

#define DELIMITERS "|,;=&()[]{}\\'"
#define AHEAD      32 /* bytes behind an item that say where it ends */

/* Whether a backslash in a word is more than the escape of a mark: then it
 * parts names, as those of Windows are, in front of a dot, too. */
static bool
word_has_path(const char *text, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (text[i] == '\\' &&
		    (i + 1 == n || strchr("./:@", text[i + 1]) == NULL))
			return true;
	return false;
}

/* Whether an apostrophe is part of the local part of an address, as in
 * "o'neil@b.example". */
static bool
word_has_name(const char *text, size_t at)
{
	size_t n = strspn(text + at + 1,
	    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	    "._+-");

	return at > 0 && isalnum((unsigned char)text[at - 1]) && n > 0 &&
	    text[at + 1 + n] == '@';
}

/* Bytes of the piece at text[at], up to a delimiter or a URL; 0 when it is one
 * itself. */
static size_t
word_piece(const char *text, size_t at, size_t n, bool path)
{
	const char *mended;
	size_t i = at, k;

	while (i < n) {
		if (!(path && text[i] == '\\') &&
		    (k = indicator_defanged(text + i, &mended)) > 0) {
			i += k;
			continue;
		}
		if (strchr(DELIMITERS, text[i]) != NULL &&
		    !(text[i] == '\'' && word_has_name(text, i)))
			break;
		if (i > at && extract_url_begins(text, i) > 0)
			break;
		i++;
	}
	return i - at;
}

/* Bytes of the escape of a blank in a string of JSON or C at text[at], unless the
 * word has a path of Windows. */
static size_t
word_escape(const char *text, size_t at)
{
	return text[at] == '\\' && text[at + 1] != '\0' &&
		strchr("nrt", text[at + 1]) != NULL &&
		strstr(text, ":\\") == NULL && strncmp(text, "\\\\", 2) != 0 ?
	    2 :
	    1;
}

/* Hands on a part of a word with a NUL behind it. */
static void
word_take(struct search *s, char *text, size_t n,
    void (*take)(struct search *, char *))
{
	char copy[INDICATOR_MAX + 1];

	/* A word that is longer is no value, nor has it one that ends. */
	if (n == 0 || n > INDICATOR_MAX)
		return;
	memcpy(copy, text, n);
	copy[n] = '\0';
	take(s, copy);
}

size_t
extract_word(struct search *s, char *text, size_t n, bool more)
{
	bool path = word_has_path(text, n), url;
	size_t at, len;

	text[n] = '\0';
	for (at = 0; at < n && s->stop == 0; at += len) {
		url = extract_url_begins(text, at) > 0;
		len = url ? extract_url_length(text, at, n) :
			    word_piece(text, at, n, path);
		if (more && at + len + AHEAD > n)
			return at;
		word_take(
		    s, text + at, len, url ? extract_url_take : extract_piece);
		if (len == 0)
			len = word_escape(text, at);
	}
	return n;
}
