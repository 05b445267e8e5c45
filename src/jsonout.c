#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "jsonout.h"
#include "utf8.h"

void
jsonout_init(struct jsonout *j, struct buf *out)
{
	*j = (struct jsonout){ .out = out };
}

/* The comma before a value or key, where one is due. */
static void
next(struct jsonout *j)
{
	uint64_t	 bit = UINT64_C(1) << j->depth;

	if (j->more & bit)
		buf_addc(j->out, ',');
	j->more |= bit;
}

static void
begin(struct jsonout *j, char c)
{
	next(j);
	buf_addc(j->out, c);
	if (j->depth == 63) {	/* deeper than the bits reach: say so */
		j->out->failed = true;
		return;
	}
	j->more &= ~(UINT64_C(1) << ++j->depth);
}

static void
end(struct jsonout *j, char c)
{
	buf_addc(j->out, c);
	if (j->depth > 0)
		j->depth--;
}

void
jsonout_object(struct jsonout *j)
{
	begin(j, '{');
}

void
jsonout_array(struct jsonout *j)
{
	begin(j, '[');
}

void
jsonout_end_object(struct jsonout *j)
{
	end(j, '}');
}

void
jsonout_end_array(struct jsonout *j)
{
	end(j, ']');
}

/* RFC 8259 section 7: what must be escaped, and nothing else. */
static void
escaped(struct buf *b, const char *s, size_t len)
{
	static const char	 hex[] = "0123456789abcdef";
	static const char	 from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const unsigned char	*p = (const unsigned char *)s, *e = p + len;
	const unsigned char	*run = p;
	const char		*known;
	size_t			 n;

	buf_addc(b, '"');
	while (p < e) {
		n = 1;
		if (*p >= 0x80)
			n = utf8_length(p, (size_t)(e - p));
		if (n != 0 && *p >= 0x20 && *p != '"' && *p != '\\') {
			p += n;
			continue;
		}
		buf_add(b, run, (size_t)(p - run));
		if (n == 0) {
			buf_adds(b, "\xef\xbf\xbd");
		} else if (*p != 0 && (known = strchr(from, *p)) != NULL) {
			buf_addc(b, '\\');
			buf_addc(b, to[known - from]);
		} else {
			buf_adds(b, "\\u00");
			buf_addc(b, hex[*p >> 4]);
			buf_addc(b, hex[*p & 15]);
		}
		run = ++p;
	}
	buf_add(b, run, (size_t)(p - run));
	buf_addc(b, '"');
}

void
jsonout_bytes(struct jsonout *j, const char *s, size_t len)
{
	next(j);
	escaped(j->out, s, len);
}

void
jsonout_string(struct jsonout *j, const char *s)
{
	jsonout_bytes(j, s, strlen(s));
}

void
jsonout_int(struct jsonout *j, int64_t n)
{
	next(j);
	buf_addf(j->out, "%lld", (long long)n);
}

void
jsonout_bool(struct jsonout *j, bool yes)
{
	next(j);
	buf_adds(j->out, yes ? "true" : "false");
}

void
jsonout_raw(struct jsonout *j, const char *json, size_t len)
{
	next(j);
	buf_add(j->out, json, len);
}

void
jsonout_key(struct jsonout *j, const char *key)
{
	next(j);
	escaped(j->out, key, strlen(key));
	buf_addc(j->out, ':');
	/* The value follows without a comma; the next key sets the bit again. */
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
