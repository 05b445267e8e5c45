#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "json/jsonout.h"

void
jsonout_init(struct jsonout *j, struct buf *out)
{
	*j = (struct jsonout){ .out = out };
}

/* The comma before a value or key, where one is due. */
static void
jsonout_next(struct jsonout *j)
{
	uint64_t bit = UINT64_C(1) << j->depth;

	if (j->more & bit)
		buf_addc(j->out, ',');
	j->more |= bit;
}

static void
jsonout_begin(struct jsonout *j, char c)
{
	jsonout_next(j);
	buf_addc(j->out, c);
	if (j->depth == 63) { /* deeper than the bits reach: say so */
		j->out->failed = true;
		return;
	}
	j->more &= ~(UINT64_C(1) << ++j->depth);
}

static void
jsonout_end(struct jsonout *j, char c)
{
	buf_addc(j->out, c);
	if (j->depth > 0)
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

/*
 * How many bytes at p may stand in a string as they are (RFC 8259 section 7);
 * *bad: the byte behind them begins no UTF-8.
 */
static size_t
jsonout_plain(const unsigned char *p, const unsigned char *end, bool *bad)
{
	const unsigned char *begin = p;
	size_t n = 1;

	while (p < end && *p >= 0x20 && *p != '"' && *p != '\\') {
		if (*p >= 0x80 && (n = utf8_length(p, (size_t)(end - p))) == 0)
			break;
		p += n;
		n = 1;
	}
	*bad = n == 0;
	return (size_t)(p - begin);
}

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

static void
jsonout_escaped(struct buf *b, const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s, *end = p + len;
	size_t n;
	bool bad;

	buf_addc(b, '"');
	for (;;) {
		n = jsonout_plain(p, end, &bad);
		buf_add(b, p, n);
		p += n;
		if (p == end)
			break;
		if (bad)
			buf_adds(b, "\xef\xbf\xbd");
		else
			jsonout_escape(b, *p);
		p++;
	}
	buf_addc(b, '"');
}

void
jsonout_bytes(struct jsonout *j, const char *s, size_t len)
{
	jsonout_next(j);
	jsonout_escaped(j->out, s, len);
}

void
jsonout_string(struct jsonout *j, const char *s)
{
	jsonout_bytes(j, s, strlen(s));
}

void
jsonout_int(struct jsonout *j, int64_t n)
{
	char text[24], *p = text + sizeof(text);
	uint64_t left = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;

	jsonout_next(j);
	do
		*--p = (char)('0' + left % 10);
	while ((left /= 10) != 0);
	if (n < 0)
		*--p = '-';
	buf_add(j->out, p, (size_t)(text + sizeof(text) - p));
}

void
jsonout_bool(struct jsonout *j, bool yes)
{
	jsonout_next(j);
	buf_adds(j->out, yes ? "true" : "false");
}

void
jsonout_raw(struct jsonout *j, const char *json, size_t len)
{
	jsonout_next(j);
	buf_add(j->out, json, len);
}

void
jsonout_key(struct jsonout *j, const char *key)
{
	size_t n = strlen(key);
	char *p;

	jsonout_next(j);
	if ((p = buf_room(j->out, n + 3)) == NULL)
		return;
	p[0] = '"';
	memcpy(p + 1, key, n);
	memcpy(p + 1 + n, "\":", 3);
	j->out->len += n + 3;
	/* The value follows without a comma; the next key sets the bit again. */
	j->more &= ~(UINT64_C(1) << j->depth);
}

void
jsonout_outer_key(struct jsonout *j, const char *key)
{
	jsonout_string(j, key);
	buf_addc(j->out, ':');
	j->more &= ~(UINT64_C(1) << j->depth);
}

void
jsonout_kstring(struct jsonout *j, const char *key, const char *s)
{
	if (s == NULL)
		return;
	jsonout_key(j, key);
	jsonout_string(j, s);
}

void
jsonout_kint(struct jsonout *j, const char *key, int64_t n)
{
	jsonout_key(j, key);
	jsonout_int(j, n);
}

void
jsonout_kbool(struct jsonout *j, const char *key, bool yes)
{
	jsonout_key(j, key);
	jsonout_bool(j, yes);
}
