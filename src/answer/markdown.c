/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "answer/markdown.h"
#include "base/buf.h"
#include "base/utf8.h"

#define COUNT(a)   (sizeof(a) / sizeof((a)[0]))

#define LINK_BYTES 2048 /* of the address of a link */
#define WASTE \
	8 /* times the length of the text that may be looked through
			 * for ends of tags that have none */

struct markdown {
	struct buf *out;
	const char *at, *end;
	unsigned lines; /* ends of lines that are due before the next text */
	bool item;      /* … and after them, an item of a list */
	bool linked;    /* within a link, whose address is in link */
	struct buf link;
	size_t waste; /* bytes that may yet be looked through in vain */
};

/* --- characters ------------------------------------------------------------ */

static const struct {
	const char *name;
	int32_t c;
} references[] = { { "amp", '&' }, { "lt", '<' }, { "gt", '>' },
	{ "quot", '"' }, { "apos", '\'' }, { "nbsp", ' ' }, { "iexcl", 0xa1 },
	{ "pound", 0xa3 }, { "copy", 0xa9 }, { "laquo", 0xab }, { "reg", 0xae },
	{ "deg", 0xb0 }, { "middot", 0xb7 }, { "raquo", 0xbb },
	{ "times", 0xd7 }, { "ndash", 0x2013 }, { "mdash", 0x2014 },
	{ "lsquo", 0x2018 }, { "rsquo", 0x2019 }, { "ldquo", 0x201c },
	{ "rdquo", 0x201d }, { "bull", 0x2022 }, { "hellip", 0x2026 },
	{ "euro", 0x20ac }, { "trade", 0x2122 }, { "rarr", 0x2192 } };

static void
add_character(struct buf *b, int32_t c)
{
	char s[4];
	size_t n = 0;

	if (c < 0x80) {
		(void)buf_addc(b, (char)c);
		return;
	}
	if (c >= 0x10000) {
		s[n++] = (char)(0xf0 | c >> 18);
		s[n++] = (char)(0x80 | (c >> 12 & 0x3f));
	} else if (c >= 0x800) {
		s[n++] = (char)(0xe0 | c >> 12);
	} else {
		s[n++] = (char)(0xc0 | c >> 6);
	}
	if (c >= 0x800)
		s[n++] = (char)(0x80 | (c >> 6 & 0x3f));
	s[n++] = (char)(0x80 | (c & 0x3f));
	(void)buf_add(b, s, n);
}

/* The character that n bytes behind "&#" mean; -1: none that a text may have. */
static int32_t
reference_number(const char *s, size_t n)
{
	char digits[12];
	bool hex = n > 0 && (*s == 'x' || *s == 'X');
	char *end;
	unsigned long c;

	if (n < (hex ? 2 : 1) || n >= sizeof(digits))
		return -1;
	memcpy(digits, s, n);
	digits[n] = '\0';
	if (strchr("0123456789abcdefABCDEF", digits[hex]) == NULL)
		return -1;
	c = strtoul(digits + hex, &end, hex ? 16 : 10);
	if (*end != '\0' || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ||
	    (c < 0x20 && c != '\n' && c != '\t') || (c >= 0x7f && c < 0xa0))
		return -1;
	return (int32_t)c;
}

/* Bytes of the character reference at s, with its semicolon, and in *c what it
 * means; 0: there is none. */
static size_t
reference(const char *s, const char *end, int32_t *c)
{
	size_t n = 1, i;

	while (s + n < end && n < 12 && s[n] != ';' && s[n] != '&')
		n++;
	if (s + n >= end || s[n] != ';')
		return 0;
	if (s[1] == '#') {
		*c = reference_number(s + 2, n - 2);
		return *c == -1 ? 0 : n + 1;
	}
	for (i = 0; i < COUNT(references); i++)
		if (strlen(references[i].name) == n - 1 &&
		    memcmp(references[i].name, s + 1, n - 1) == 0) {
			*c = references[i].c;
			return n + 1;
		}
	return 0;
}

/* Whether a character behind < makes it the beginning of a tag, or of what
 * Markdown takes for one. */
static bool
begins_tag(const char *s, const char *end)
{
	return s < end &&
	    ((*s | 0x20) >= 'a' ? (*s | 0x20) <= 'z' :
				  *s == '/' || *s == '!' || *s == '?');
}

/* Adds the ends of lines that are due. */
static void
add_lines(struct markdown *m)
{
	if (m->out->len > 0)
		(void)buf_add(m->out, "\n\n", m->lines);
	if (m->item)
		(void)buf_adds(m->out, "- ");
	m->lines = 0;
	m->item = false;
}

/* Adds the character at m->at to the text and goes behind it. */
static void
add_text(struct markdown *m)
{
	int32_t c = (unsigned char)*m->at;
	size_t n = *m->at == '&' ? reference(m->at, m->end, &c) : 0;
	bool blank = strchr(" \t\r\n", (int)(c & 0x7f)) != NULL && c < 0x80;

	if (blank && (m->lines > 0 || m->out->len == 0)) {
		m->at += n == 0 ? 1 : n;
		return;
	}
	if (m->lines > 0 || m->item)
		add_lines(m);
	if (c == '<' && begins_tag(m->at + (n == 0 ? 1 : n), m->end))
		(void)buf_adds(m->out, "&lt;");
	else if (n > 0)
		add_character(m->out, c);
	else
		(void)buf_addc(m->out, *m->at);
	m->at += n == 0 ? 1 : n;
}

/* --- links ----------------------------------------------------------------- */

/* Whether a link may go to an address: one with another scheme may not. */
static bool
link_may(const char *link)
{
	size_t n = strcspn(link, ":/?#");

	return *link != '\0' &&
	    (link[n] != ':' || (n == 4 && strncasecmp(link, "http", n) == 0) ||
		(n == 5 && strncasecmp(link, "https", n) == 0) ||
		(n == 6 && strncasecmp(link, "mailto", n) == 0));
}

/* Whether the brackets of an address match, as those within Markdown's must. */
static bool
link_matches(const char *s)
{
	int open = 0;

	for (; *s != '\0' && open >= 0; s++)
		open += *s == '(' ? 1 : *s == ')' ? -1 : 0;
	return open == 0;
}

/* Takes the address of a link from the value of its attribute. */
static void
link_take(struct markdown *m, const char *s, const char *end)
{
	int32_t c;
	size_t n;

	buf_reset(&m->link);
	while (s < end) {
		c = (unsigned char)*s;
		n = *s == '&' ? reference(s, end, &c) : 0;
		if (n > 0 && c >= 0x80)
			add_character(&m->link, c);
		else if (c > ' ' && c != '<' && c != '>' && c != 0x7f)
			(void)buf_addc(&m->link, (char)c);
		else if (c == ' ' && m->link.len > 0)
			(void)buf_adds(&m->link, "%20");
		s += n == 0 ? 1 : n;
	}
	while (m->link.len > 3 &&
	    strcmp(m->link.data + m->link.len - 3, "%20") == 0)
		m->link.data[m->link.len -= 3] = '\0';
}

static void
link_end(struct markdown *m)
{
	const bool matches = link_matches(m->link.data);
	const char *s;

	if (!m->linked)
		return;
	m->linked = false;
	(void)buf_adds(m->out, "](");
	for (s = m->link.data; *s != '\0'; s++)
		if ((*s == '(' || *s == ')') && !matches)
			(void)buf_adds(m->out, *s == '(' ? "%28" : "%29");
		else
			(void)buf_addc(m->out, *s);
	(void)buf_addc(m->out, ')');
}

static void
link_begin(struct markdown *m)
{
	if (m->link.failed || !link_may(m->link.data))
		return;
	if (m->lines > 0 || m->item)
		add_lines(m);
	(void)buf_addc(m->out, '[');
	m->linked = true;
}

/* --- tags ------------------------------------------------------------------ */

enum tag_what { TAG_MARK, TAG_LINE, TAG_BLOCK, TAG_ITEM, TAG_LINK, TAG_SKIP };

static const struct tag {
	const char *name;
	enum tag_what what;
	const char *mark;
} tags[] = { { "a", TAG_LINK, NULL }, { "b", TAG_MARK, "**" },
	{ "blockquote", TAG_BLOCK, NULL }, { "br", TAG_LINE, NULL },
	{ "code", TAG_MARK, "`" }, { "div", TAG_BLOCK, NULL },
	{ "em", TAG_MARK, "*" }, { "h1", TAG_BLOCK, NULL },
	{ "h2", TAG_BLOCK, NULL }, { "h3", TAG_BLOCK, NULL },
	{ "h4", TAG_BLOCK, NULL }, { "h5", TAG_BLOCK, NULL },
	{ "h6", TAG_BLOCK, NULL }, { "i", TAG_MARK, "*" },
	{ "li", TAG_ITEM, NULL }, { "ol", TAG_BLOCK, NULL },
	{ "p", TAG_BLOCK, NULL }, { "pre", TAG_BLOCK, NULL },
	{ "script", TAG_SKIP, NULL }, { "strong", TAG_MARK, "**" },
	{ "style", TAG_SKIP, NULL }, { "table", TAG_BLOCK, NULL },
	{ "tr", TAG_LINE, NULL }, { "ul", TAG_BLOCK, NULL } };

static const struct tag *
tag_find(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < COUNT(tags); i++)
		if (strlen(tags[i].name) == n &&
		    strncasecmp(tags[i].name, s, n) == 0)
			return &tags[i];
	return NULL;
}

/* Where the tag that begins at s ends (its >), NULL when it does not. */
static const char *
tag_end(const char *s, const char *end)
{
	char quote = '\0';

	for (; s < end; s++) {
		if (quote != '\0')
			quote = *s == quote ? '\0' : quote;
		else if (*s == '>')
			return s;
		else if ((*s == '"' || *s == '\'') && s[-1] == '=')
			quote = *s;
	}
	return NULL;
}

/* The value of the attribute href between s and end; *value_end behind it.  NULL:
 * there is none. */
static const char *
tag_href(const char *s, const char *end, const char **value_end)
{
	static const char name[] = "href=";
	const size_t n = sizeof(name) - 1;
	const char *p;

	for (; s + n < end; s++) {
		if (strchr(" \t\r\n", *s) == NULL ||
		    strncasecmp(s + 1, name, n) != 0 || s + 1 + n >= end)
			continue;
		s += 1 + n;
		if (*s == '"' || *s == '\'') {
			p = memchr(s + 1, *s, (size_t)(end - s - 1));
			*value_end = p == NULL ? end : p;
			return s + 1;
		}
		for (p = s; p < end && strchr(" \t\r\n", *p) == NULL; p++)
			;
		*value_end = p;
		return s;
	}
	return NULL;
}

/* What an opening (or closing) element means; its attributes are between s and
 * end. */
static void
tag_apply(struct markdown *m, const struct tag *tag, bool closing,
    const char *s, const char *end)
{
	const char *href, *href_end;

	switch (tag->what) {
	case TAG_MARK:
		if (!closing && (m->lines > 0 || m->item))
			add_lines(m);
		(void)buf_adds(m->out, tag->mark);
		break;
	case TAG_LINE:
		m->lines = m->lines < 2 ? m->lines + 1 : 2;
		break;
	case TAG_BLOCK:
		m->lines = 2;
		break;
	case TAG_ITEM:
		m->lines = m->lines == 0 ? 1 : m->lines;
		m->item = !closing;
		break;
	case TAG_LINK:
		if (closing) {
			link_end(m);
		} else if ((href = tag_href(s, end, &href_end)) != NULL) {
			link_end(m);
			link_take(m, href, href_end);
			link_begin(m);
		}
		break;
	case TAG_SKIP:
		break;
	}
}

/* Leaves all behind up to the end of an element that has no text. */
static void
tag_skip(struct markdown *m, const char *name)
{
	size_t n = strlen(name);

	for (; m->at < m->end; m->at++)
		if ((size_t)(m->end - m->at) >= n + 2 && m->at[0] == '<' &&
		    m->at[1] == '/' && strncasecmp(m->at + 2, name, n) == 0)
			return;
}

/* The tag at m->at, which is left behind; false: it is none, but text. */
static bool
tag_take(struct markdown *m)
{
	const char *s = m->at + 1, *end;
	const struct tag *tag;
	bool closing;
	size_t n = 0;

	if (!begins_tag(s, m->end))
		return false;
	if (m->end - s >= 3 && memcmp(s, "!--", 3) == 0) {
		end = memmem(s + 3, (size_t)(m->end - s - 3), "-->", 3);
		m->at = end == NULL ? m->end : end + 3;
		return true;
	}
	/* Many that do not end would cost the square of the text. */
	if ((size_t)(m->end - s) > m->waste)
		return false;
	if ((end = tag_end(s, m->end)) == NULL) {
		m->waste -= (size_t)(m->end - s);
		return false;
	}
	closing = *s == '/';
	s += closing;
	while (s + n < end && strchr(" \t\r\n/", s[n]) == NULL)
		n++;
	tag = tag_find(s, n);
	if (tag != NULL)
		tag_apply(m, tag, closing, s + n, end);
	m->at = end + 1;
	if (tag != NULL && tag->what == TAG_SKIP && !closing)
		tag_skip(m, tag->name);
	return true;
}

void
markdown_add(struct buf *out, const char *html, size_t n)
{
	char room[LINK_BYTES];
	struct markdown m = {
		.out = out, .at = html, .end = html + n, .waste = WASTE * n
	};

	buf_fixed(&m.link, room, sizeof(room));
	while (m.at < m.end && !out->failed)
		if (*m.at != '<' || !tag_take(&m))
			add_text(&m);
	link_end(&m);
}
