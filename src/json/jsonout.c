/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "json/jsonout.h"

#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

void
jsonout_init(struct jsonout *j, struct buf *out)
{
	*j = (struct jsonout){ .out = out, .text = *out, .begin = out->len };
	buf_init(out, 0);
	out->failed = true;
}

int
jsonout_done(struct jsonout *j)
{
	struct buf *b = &j->text;

	assert(j->depth == 0 || b->failed);
	if (b->failed)
		b->len = j->begin;
	if (b->cap != 0)
		b->data[b->len] = '\0';
	*j->out = *b;
	return b->failed ? -1 : 0;
}

size_t
jsonout_size(const struct jsonout *j)
{
	return j->text.len - j->begin;
}

void
jsonout_starve(struct jsonout *j)
{
	j->text.failed = j->text.starved = true;
}

/* Room for n bytes behind a comma, which is written where one is due; the caller
 * counts the n.  NULL: no room.  What is behind the text is a NUL only once it is
 * done. */
static char *
jsonout_room(struct jsonout *j, size_t n)
{
	struct buf *b = &j->text;
	size_t comma = j->comma ? 1 : 0;
	char *p;

	if (b->cap > b->len && n + comma < b->cap - b->len)
		p = b->data + b->len;
	else if ((p = buf_room(b, n + comma)) == NULL)
		return NULL;
	*p = ',';
	b->len += comma;
	j->comma = true;
	return p + comma;
}

void
jsonout_raw(struct jsonout *j, const char *json, size_t len)
{
	char *p = jsonout_room(j, len);

	if (p == NULL)
		return;
	if (len > 0)
		memcpy(p, json, len);
	j->text.len += len;
}

static void
jsonout_begin(struct jsonout *j, char c)
{
	jsonout_raw(j, &c, 1);
	j->comma = false;
	j->depth++;
}

static void
jsonout_end(struct jsonout *j, char c)
{
	assert(j->depth > 0 || j->text.failed);
	(void)buf_addc(&j->text, c);
	j->comma = true;
	j->depth--;
}

void
jsonout_object(struct jsonout *j)
{
	jsonout_begin(j, '{');
}

void
jsonout_array(struct jsonout *j)
{
	jsonout_begin(j, '[');
}

void
jsonout_end_object(struct jsonout *j)
{
	jsonout_end(j, '}');
}

void
jsonout_end_array(struct jsonout *j)
{
	jsonout_end(j, ']');
}

/* Whether eight bytes may all stand in a string as they are.  A byte that may not
 * gets its highest bit; so may one behind it, by the borrow, which does no harm:
 * then each is looked at alone. */
static bool
jsonout_eight(const unsigned char *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return ((v | (v - EACH(0x20)) | ((v ^ EACH('"')) - EACH(1)) |
		    ((v ^ EACH('\\')) - EACH(1))) &
		   EACH(0x80)) == 0;
}

/*
 * How many bytes at p may stand in a string as they are (RFC 8259 section 7);
 * *bad: the byte behind them begins no UTF-8.
 */
static size_t
jsonout_plain(const unsigned char *p, const unsigned char *end, bool *bad)
{
	const unsigned char *begin = p;
	size_t n;

	*bad = false;
	while (p < end) {
		if (end - p >= 8 && jsonout_eight(p)) {
			p += 8;
			continue;
		}
		/* What is left, with some of what was looked at. */
		if (end - p < 8 && end - begin >= 8 && jsonout_eight(end - 8)) {
			p = end;
			break;
		}
		if (*p < 0x20 || *p == '"' || *p == '\\')
			break;
		n = *p < 0x80 ? 1 : utf8_length(p, (size_t)(end - p));
		if (n == 0) {
			*bad = true;
			break;
		}
		p += n;
	}
	return (size_t)(p - begin);
}

#ifndef NDEBUG
/* Whether a string needs no escape; for assertions. */
static bool
jsonout_all_plain(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	bool bad;

	return jsonout_plain(p, p + len, &bad) == len;
}
#endif

static void
jsonout_escape(struct buf *b, unsigned char c)
{
	static const char hex[] = "0123456789abcdef";
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *known = c == 0 ? NULL : strchr(from, c);

	if (known != NULL) {
		buf_addc(b, '\\');
		buf_addc(b, to[known - from]);
	} else {
		buf_adds(b, "\\u00");
		buf_addc(b, hex[c >> 4]);
		buf_addc(b, hex[c & 15]);
	}
}

/* The rest of a string of which the first byte at p may not stand as it is (bad:
 * is no UTF-8), and the quote that ends it. */
static void
jsonout_escaped(
    struct buf *b, const unsigned char *p, const unsigned char *end, bool bad)
{
	size_t n;

	while (p < end) {
		if (bad)
			buf_adds(b, "\xef\xbf\xbd");
		else
			jsonout_escape(b, *p);
		p++;
		n = jsonout_plain(p, end, &bad);
		buf_add(b, p, n);
		p += n;
	}
	buf_addc(b, '"');
}

/* Writes a string where there is room for it and its quotes, or begins to. */
static void
jsonout_put(struct jsonout *j, char *to, const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s, *end = p + len;
	bool bad;
	size_t n = jsonout_plain(p, end, &bad);

	*to++ = '"';
	memcpy(to, s, n);
	j->text.len += n + 1;
	if (n < len) {
		jsonout_escaped(&j->text, p + n, end, bad);
		return;
	}
	to[n] = '"';
	j->text.len++;
}

void
jsonout_bytes(struct jsonout *j, const char *s, size_t len)
{
	char *to = jsonout_room(j, len + 2);

	if (to != NULL)
		jsonout_put(j, to, s, len);
}

void
jsonout_int(struct jsonout *j, int64_t n)
{
	char text[24], *p = text + sizeof(text);
	uint64_t left = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;

	do
		*--p = (char)('0' + left % 10);
	while ((left /= 10) != 0);
	if (n < 0)
		*--p = '-';
	jsonout_raw(j, p, (size_t)(text + sizeof(text) - p));
}

void
jsonout_bool(struct jsonout *j, bool yes)
{
	jsonout_raw(j, yes ? "true" : "false", yes ? 4 : 5);
}

/* Writes a key and its colon where jsonout_room() made room, of which the rest
 * is returned. */
static char *
jsonout_put_key(struct jsonout *j, char *p, const char *key, size_t n)
{
	*p++ = '"';
	memcpy(p, key, n);
	p += n;
	*p++ = '"';
	*p++ = ':';
	j->text.len += n + 3;
	return p;
}

void
jsonout_key_bytes(struct jsonout *j, const char *key, size_t n)
{
	char *p = jsonout_room(j, n + 3);

	if (p == NULL)
		return;
	(void)jsonout_put_key(j, p, key, n);
	j->comma = false;
}

void
jsonout_kbytes(
    struct jsonout *j, const char *key, size_t n, const char *s, size_t len)
{
	char *p = jsonout_room(j, n + len + 5);

	if (p != NULL)
		jsonout_put(j, jsonout_put_key(j, p, key, n), s, len);
}

void
jsonout_kown_bytes(
    struct jsonout *j, const char *key, size_t n, const char *s, size_t len)
{
	char *p = jsonout_room(j, n + len + 5);

	assert(jsonout_all_plain(s, len));
	if (p == NULL)
		return;
	p = jsonout_put_key(j, p, key, n);
	*p++ = '"';
	memcpy(p, s, len);
	p[len] = '"';
	j->text.len += len + 2;
}

void
jsonout_outer_key_bytes(struct jsonout *j, const char *key, size_t n)
{
	jsonout_bytes(j, key, n);
	buf_addc(&j->text, ':');
	j->comma = false;
}
