/* SPDX-License-Identifier: MIT */
/* URLs in a text: where one ends, and those that are encoded in others. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "cli/extract/extract_part.h"
#include "ctim/indicator.h"

#define DEPTH 3 /* times that a URL is encoded in others */

static const char *const url_begins[] = { "https", "http", "hxxps", "hxxp",
	"ftp", "fxp" };
/* HTML's marks, encoded. */
static const char *const url_ends[] = { "&lt;", "&gt;", "&quot;", "&#34;",
	"&#39;", "&apos;" };

size_t
extract_url_begins(const char *text, size_t at)
{
	const char *s = text + at, *mended;
	size_t i, n, colon = 0;

	if ((strchr("hHfF", *s) == NULL) ||
	    (at > 0 && isalnum((unsigned char)s[-1])))
		return 0;
	for (i = 0; i < sizeof(url_begins) / sizeof(url_begins[0]); i++)
		if (strncasecmp(s, url_begins[i], strlen(url_begins[i])) == 0)
			break;
	if (i == sizeof(url_begins) / sizeof(url_begins[0]))
		return 0;
	for (s += strlen(url_begins[i]); colon < strlen("://");) {
		if ((n = indicator_defanged(s, &mended)) == 0) {
			mended = s;
			n = 1;
			i = 1;
		} else
			i = strlen(mended);
		if (i > strlen("://") - colon ||
		    strncmp(&"://"[colon], mended, i) != 0)
			return 0;
		colon += i;
		s += n;
	}
	return (size_t)(s - (text + at));
}

/* Bytes of the host at s, with what may stand before it, of n bytes. */
static size_t
url_authority(const char *s, size_t n)
{
	const char *mended;
	size_t i = 0, k;

	if (*s == '[' && (k = strspn(s + 1, "0123456789abcdefABCDEF:.")) > 0 &&
	    s[k + 1] == ']' && memchr(s, ':', k) != NULL)
		i = k + 2;
	while (i < n) {
		if ((k = indicator_defanged(s + i, &mended)) > 0) {
			i += k;
			continue;
		}
		(void)extract_mark_at(s + i, n - i, &k);
		if ((k == 1 && !isalnum((unsigned char)s[i]) &&
			strchr("-._~%:@!$*+", s[i]) == NULL) ||
		    extract_mark_touches(s, i, n))
			break;
		i += k;
	}
	return i;
}

static bool
url_list_goes_on(const char *text, size_t at)
{
	return strchr(",;|", text[at]) != NULL &&
	    extract_url_begins(text, at + 1) > 0;
}

static bool
url_is_end(const char *s)
{
	size_t i;

	if (*s == '\\')
		return true;
	for (i = 0; *s == '&' && i < sizeof(url_ends) / sizeof(url_ends[0]);
	     i++)
		if (strncasecmp(s, url_ends[i], strlen(url_ends[i])) == 0)
			return true;
	return false;
}

/* Whether a bracket closes none that opened in the URL; depth counts those. */
static bool
url_bracket(char c, int depth[3])
{
	static const char open[] = "([{", closed[] = ")]}";
	const char *p;

	if ((p = strchr(open, c)) != NULL)
		depth[p - open]++;
	else if ((p = strchr(closed, c)) != NULL)
		return --depth[p - closed] < 0;
	return false;
}

/* Bytes of path, query and fragment at text[at]; quote is the mark before the
 * URL. */
static size_t
url_rest(const char *text, size_t at, size_t n, char quote)
{
	const char *mended;
	int depth[3] = { 0 };
	size_t i = at, k;

	while (i < n) {
		if ((k = indicator_defanged(text + i, &mended)) > 0) {
			i += k;
			continue;
		}
		if ((quote == '\'' && text[i] == '\'') ||
		    url_is_end(text + i) || url_bracket(text[i], depth) ||
		    url_list_goes_on(text, i))
			break;
		/* Where words have no blanks between them, one that touches
		 * ASCII begins the text behind. */
		if (extract_mark_at(text + i, n - i, &k) == MARK_CLOSE &&
		    isalnum((unsigned char)text[i - 1]))
			break;
		i += k;
	}
	return i - at;
}

size_t
extract_url_length(const char *text, size_t at, size_t n)
{
	size_t len = extract_url_begins(text, at);

	len += url_authority(text + at + len, n - at - len);
	if (at + len < n &&
	    (strchr("/?#", text[at + len]) != NULL ||
		(text[at + len] == '\\' && text[at + len + 1] == '/')))
		len +=
		    url_rest(text, at + len, n, at > 0 ? text[at - 1] : '\0');
	return len;
}

/* Whether the address that is the host of a URL was written as one: "192" means
 * 0.0.0.192 to libcurl. */
static bool
url_host_is_written(const char *url, const char *host)
{
	char mended[INDICATOR_MAX + 1], *o = mended;
	const char *dot;
	size_t n;

	while (*url != '\0') {
		if ((n = indicator_defanged(url, &dot)) > 0) {
			o = stpcpy(o, dot);
			url += n;
		} else
			*o++ = *url++;
	}
	*o = '\0';
	return strstr(mended, host) != NULL;
}

/* Whether a URL was meant as what it is. */
static bool
url_is_meant(const char *url, const char *normal)
{
	char host[INDICATOR_MAX + 1];
	enum observable_type type = indicator_url_host(normal, host);

	return type != OBSERVABLE_UNKNOWN &&
	    (type != OBSERVABLE_IP || url_host_is_written(url, host));
}

void
extract_url_take(struct search *s, char *url)
{
	char normal[INDICATOR_MAX + 1];
	size_t n = strlen(url);

	while (n > 0 && strchr(".,:;!?*'~([{", url[n - 1]) != NULL)
		n--;
	url[n] = '\0';
	if (indicator_detect(url, normal) == OBSERVABLE_URL &&
	    url_is_meant(url, normal))
		s->stop = s->each(s->arg, OBSERVABLE_URL, normal);
	(void)extract_url_encoded(s, url);
}

static int
url_hex(const char *s)
{
	static const char digits[] = "0123456789abcdef";
	const char *high, *low;

	if (s[0] == '\0' || s[1] == '\0' ||
	    (high = strchr(digits, tolower((unsigned char)s[0]))) == NULL ||
	    (low = strchr(digits, tolower((unsigned char)s[1]))) == NULL)
		return -1;
	return (int)((high - digits) * 16 + (low - digits));
}

/* Decodes a URL up to where the one around it goes on, or a character that no
 * URL has. */
static size_t
url_decode(const char *s, char *out)
{
	size_t n = 0;
	int c;

	for (; *s != '\0' && *s != '&'; s++) {
		c = (unsigned char)*s;
		if (c == '%' && (c = url_hex(s + 1)) != -1)
			s += 2;
		else
			c = (unsigned char)*s;
		if (c <= ' ' || strchr("\"<>`", c) != NULL)
			break;
		out[n++] = (char)c;
	}
	out[n] = '\0';
	return n;
}

bool
extract_url_encoded(struct search *s, const char *text)
{
	static const char *const marks[] = { "%3A%2F%2F", "%253A%252F%252F" };
	char decoded[INDICATOR_MAX + 1];
	const char *from = text, *at;
	size_t i;
	bool found = false;

	for (i = 0; i < 2 && s->depth < DEPTH; i++) {
		for (from = text;
		     s->stop == 0 && (at = strcasestr(from, marks[i])) != NULL;
		     from = at + 1) {
			const char *begin = at;

			while (
			    begin > text && isalpha((unsigned char)begin[-1]))
				begin--;
			s->depth++;
			(void)extract_word(
			    s, decoded, url_decode(begin, decoded), false);
			s->depth--;
			found = true;
		}
	}
	return found;
}
