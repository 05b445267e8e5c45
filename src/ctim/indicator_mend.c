/* SPDX-License-Identifier: MIT */
/* Defanged spellings, which keep people from clicking, as feeds and reports have
 * them. */
#include <ctype.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "ctim/indicator.h"
#include "ctim/indicator_part.h"

#define BLANKS " \t"

/* What stands in brackets: "[.]", "(dot)", "{at}", "[://]". */
static const struct {
	const char *word, *mended;
} mend_words[] = { { ".", "." }, { "dot", "." }, { "://", "://" },
	{ "//", "//" }, { ":", ":" }, { "/", "/" }, { "@", "@" },
	{ "at", "@" } };
/* What stands there without, or with half of them; a letter or digit
 * follows the first ones. */
static const struct {
	const char *spelled, *mended;
	bool joins;
} mend_halves[] = { { "[.", ".", true }, { ".]", ".", true },
	{ "\\.", ".", false }, { "\\/", "/", false }, { "\\:", ":", false },
	{ "\\@", "@", false } };
static const struct {
	const char *defanged, *mended;
} mend_schemes[] = { { "hxxp:", "http:" }, { "hxxps:", "https:" },
	{ "fxp:", "ftp:" } };

/* Bytes of which a value has none that is taken as it is: those that most
 * spellings begin with or end in, blanks, control characters. */
static const bool mend_looks[256] = { [0 ... ' '] = true,
	[0x7f] = true,
	['['] = true,
	['('] = true,
	['{'] = true,
	['\\'] = true,
	[']'] = true };

/* The spelling in brackets at s, of which *mended is meant; 0 for none. */
static size_t
mend_bracketed(const char *s, const char **mended)
{
	static const char open[] = "[({", closed[] = "])}";
	size_t i, n;

	if (*s == '\0' || strchr(open, *s) == NULL)
		return 0;
	for (i = 0; i < sizeof(mend_words) / sizeof(mend_words[0]); i++) {
		n = strlen(mend_words[i].word);
		if (strncasecmp(s + 1, mend_words[i].word, n) != 0 ||
		    s[1 + n] != closed[strchr(open, *s) - open])
			continue;
		*mended = mend_words[i].mended;
		return n + 2;
	}
	return 0;
}

static size_t
mend_half(const char *s, const char **mended)
{
	size_t i, n;

	for (i = 0; i < sizeof(mend_halves) / sizeof(mend_halves[0]); i++) {
		n = strlen(mend_halves[i].spelled);
		if (strncmp(s, mend_halves[i].spelled, n) != 0 ||
		    (mend_halves[i].joins && !isalnum((unsigned char)s[n]) &&
			(unsigned char)s[n] < 0x80))
			continue;
		*mended = mend_halves[i].mended;
		return n;
	}
	return 0;
}

size_t
indicator_defanged(const char *s, const char **mended)
{
	size_t n = mend_bracketed(s, mended);

	return n > 0 ? n : mend_half(s, mended);
}

/* The same, with the blanks around one in brackets. */
static size_t
mend_spelling(const char *s, const char **mended)
{
	size_t blanks, n;

	if (!mend_looks[(unsigned char)*s] && *s != '.')
		return 0;
	blanks = strspn(s, BLANKS);
	if ((n = mend_bracketed(s + blanks, mended)) > 0)
		return blanks + n + strspn(s + blanks + n, BLANKS);
	return blanks > 0 ? 0 : mend_half(s, mended);
}

/* Mends the scheme of a URL, which keeps its length; returns whether. */
static bool
mend_scheme(char *s)
{
	size_t i, n;

	for (i = 0; i < sizeof(mend_schemes) / sizeof(mend_schemes[0]); i++) {
		n = strlen(mend_schemes[i].defanged);
		if (strncasecmp(s, mend_schemes[i].defanged, n) != 0)
			continue;
		memcpy(s, mend_schemes[i].mended, n);
		return true;
	}
	return false;
}

/* Whether a path, a query or a fragment begins at s of a text from begin. */
static bool
mend_is_rest(const char *begin, const char *s)
{
	return *s == '?' || *s == '#' ||
	    (*s == '/' && s > begin && s[-1] != ':' && s[-1] != '/');
}

/*
 * Writes the n bytes at s with all spellings mended.  Returns whether there was
 * one in the scheme or the host: brackets in the path of a value that is not
 * defanged otherwise are its own.  *rest is where the path begins.
 */
static bool
mend_copy(const char *s, size_t n, char *out, char **rest)
{
	const char *end = s + n, *mended;
	char *o = out;
	bool defanged = false;

	*rest = NULL;
	while (s < end) {
		if ((n = mend_spelling(s, &mended)) > 0) {
			if (*rest == NULL)
				defanged = true;
			o = stpcpy(o, mended);
			s += n;
			continue;
		}
		*o = *s++;
		if (*rest == NULL && mend_is_rest(out, o))
			*rest = o;
		o++;
	}
	*o = '\0';
	if (*rest == NULL)
		*rest = o;
	return mend_scheme(out) || defanged;
}

/* Whether the mend of one spelling made another, as that of "((.))" does. */
static bool
mend_is_left(const char *s, const char *end)
{
	const char *mended;

	for (; s < end; s++)
		if (indicator_defanged(s, &mended) > 0)
			return true;
	return false;
}

static bool
mend_has_blank(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s <= ' ' || *s == 0x7f)
			return true;
	return false;
}

/* Whether n bytes have nothing to mend, and no blank.  *ascii says whether all
 * are ASCII. */
static bool
mend_is_plain(const char *s, size_t n, bool *ascii)
{
	unsigned char high = 0;
	bool looks = false;
	size_t i;

	for (i = 0; i < n; i++) {
		high |= (unsigned char)s[i];
		looks |= mend_looks[(unsigned char)s[i]];
	}
	*ascii = high < 0x80;
	return !looks && strncasecmp(s, "hxxp", 4) != 0 &&
	    strncasecmp(s, "fxp", 3) != 0;
}

const char *
indicator_mend(const char *value, char out[INDICATOR_MAX + 1])
{
	const char *s = value + strspn(value, BLANKS "\r\n");
	size_t n = strlen(s), all = (size_t)(s - value) + n;
	char *rest;
	bool ascii, plain;

	while (n > 0 && strchr(BLANKS "\r\n", s[n - 1]) != NULL)
		n--;
	/* The whole text counts: what matches is written out as it was asked,
	 * blanks included, once for every record. */
	if (n == 0 || all > INDICATOR_MAX)
		return NULL;
	plain = mend_is_plain(s, n, &ascii);
	if (!ascii && !utf8_valid(s, n))
		return NULL;
	if (plain && s[n] == '\0')
		return s;
	if (!plain && mend_copy(s, n, out, &rest))
		return mend_has_blank(out) || mend_is_left(out, rest) ? NULL :
									out;
	memcpy(out, s, n);
	out[n] = '\0';
	return mend_has_blank(out) ? NULL : out;
}
