/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "cli/terminal/text.h"

struct range {
	int32_t first, last;
};

/* What a terminal obeys instead of showing, and what hides or turns text. */
static const struct range unsafe[] = {
	{ 0x0000, 0x001f },  /* C0 */
	{ 0x007f, 0x009f },  /* DEL and C1; 0x9b is CSI */
	{ 0x00ad, 0x00ad },  /* soft hyphen, not shown */
	{ 0x061c, 0x061c },  /* Arabic letter mark */
	{ 0x200b, 0x200f },  /* zero width, direction marks */
	{ 0x2028, 0x202e },  /* line and paragraph separator, embeddings */
	{ 0x2060, 0x206f },  /* invisible operators, isolates */
	{ 0xfeff, 0xfeff },  /* zero width no-break space */
	{ 0xfff9, 0xfffb },  /* interlinear annotation */
	{ 0xe0000, 0xe007f } /* tags */
};

#define ESCAPED  6 /* bytes at most that one byte becomes */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool
is_safe(int32_t c)
{
	for (size_t i = 0; i < COUNT(unsafe); i++)
		if (c >= unsafe[i].first && c <= unsafe[i].last)
			return false;
	return true;
}

/* How many bytes of printable ASCII it begins with: mostly all. */
static size_t
text_plain(const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && s[n] >= ' ' && s[n] <= '~')
		n++;
	return n;
}

void
text_add(struct buf *out, const char *s, size_t len)
{
	size_t n;

	for (; len > 0; s += n, len -= n) {
		int32_t c;

		if ((n = text_plain(s, len)) > 0) {
			buf_add(out, s, n);
			continue;
		}
		c = utf8_next(s, len, &n);
		if (c < 0)
			buf_addf(out, "\\x%02x", (unsigned char)*s);
		else if (is_safe(c))
			buf_add(out, s, n);
		else if (c < 0x80)
			buf_addf(out, "\\x%02x", (unsigned)c);
		else
			buf_addf(out, c > 0xffff ? "\\U%08x" : "\\u%04x",
			    (unsigned)c);
	}
}

void
text_addf(struct buf *out, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n == -1) {
		out->failed = true;
		return;
	}
	text_add(out, text, (size_t)n);
	free(text);
}

void
text_add_json(struct buf *out, const char *s, size_t len)
{
	size_t n;

	for (; len > 0; s += n, len -= n) {
		int32_t c;

		if ((n = text_plain(s, len)) > 0) {
			buf_add(out, s, n);
			continue;
		}
		c = utf8_next(s, len, &n);
		if (c >= 0 && (is_safe(c) || c == '\n' || c == '\t'))
			buf_add(out, s, n);
		else if (c > 0xffff)
			/* RFC 8259, section 7: as a pair of surrogates. */
			buf_addf(out, "\\u%04x\\u%04x",
			    0xd800U + ((unsigned)(c - 0x10000) >> 10),
			    0xdc00U + ((unsigned)(c - 0x10000) & 0x3ff));
		else
			buf_addf(out, "\\u%04x", c < 0 ? 0xfffdU : (unsigned)c);
	}
}

static int
text_vprint(FILE *f, const char *s, size_t len,
    void (*add)(struct buf *, const char *, size_t))
{
	struct buf safe;
	int r;

	buf_init(&safe, len * ESCAPED);
	add(&safe, s, len);
	r = safe.failed || fwrite(safe.data, 1, safe.len, f) < safe.len ? -1 :
									  0;
	buf_free(&safe);
	return r;
}

int
text_print(FILE *f, const char *s)
{
	return text_vprint(f, s, strlen(s), text_add);
}

int
text_print_json(FILE *f, const char *s, size_t len)
{
	return text_vprint(f, s, len, text_add_json);
}

size_t
text_width(const char *s, size_t len)
{
	size_t n, width = 0;

	for (; len > 0; s += n, len -= n) {
		int columns = wcwidth((wchar_t)utf8_next(s, len, &n));

		/* The locale does not know the character: one column. */
		width += columns < 0 ? 1 : (size_t)columns;
	}
	return width;
}
