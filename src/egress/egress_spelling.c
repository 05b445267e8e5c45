/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "ctim/indicator.h"
#include "egress/egress_spelling.h"

/* Full stops of Unicode that stand for a dot, in IDNA (RFC 3490, 3.1) or to the
 * eye. */
static const int32_t egress_dots[] = { 0x3002, 0xff0e, 0xff61, 0x2024, 0xfe52 };

/* The byte of %XX; -1: s begins with none. */
static int
egress_encoded(const char *s)
{
	char hex[3] = { 0 };

	if (s[0] != '%' || !isxdigit((unsigned char)s[1]) ||
	    !isxdigit((unsigned char)s[2]))
		return -1;
	hex[0] = s[1];
	hex[1] = s[2];
	return (int)strtol(hex, NULL, 16);
}

int
egress_decode(struct buf *out, const char *text)
{
	int byte, changed = 0;

	buf_reset(out);
	while (*text != '\0') {
		byte = egress_encoded(text);
		if (byte == -1) {
			(void)buf_addc(out, *text++);
			continue;
		}
		(void)buf_addc(out, byte == 0 ? '\1' : (char)byte);
		text += 3;
		changed = 1;
	}
	return out->failed ? -1 : changed;
}

/* The character of ASCII that a character is a form of; 0: none. */
static char
egress_ascii(int32_t c)
{
	size_t i;

	for (i = 0; i < sizeof(egress_dots) / sizeof(egress_dots[0]); i++)
		if (c == egress_dots[i])
			return '.';
	/* The full-width forms. */
	return c >= 0xff01 && c <= 0xff5e ? (char)(c - 0xff01 + '!') : '\0';
}

/* Adds the character that s begins with; returns its bytes. */
static size_t
egress_add(struct buf *out, const char *s)
{
	size_t n = 1;
	int32_t c;
	char ascii = *s;

	if ((unsigned char)*s >= 0x80) {
		c = utf8_next(s, strnlen(s, 4), &n);
		if ((ascii = egress_ascii(c)) == '\0') {
			(void)buf_add(out, s, n);
			return n;
		}
	}
	if (ascii >= 'A' && ascii <= 'Z')
		ascii = (char)(ascii - 'A' + 'a');
	(void)buf_addc(out, ascii);
	return n;
}

int
egress_mend(struct buf *out, const char *text)
{
	const char *mended;
	size_t n;

	buf_reset(out);
	while (*text != '\0') {
		n = indicator_defanged(text, &mended);
		if (n > 0)
			(void)buf_adds(out, mended);
		else
			n = egress_add(out, text);
		text += n;
	}
	return out->failed ? -1 : 0;
}

int
egress_bare(struct buf *out, const char *mended)
{
	buf_reset(out);
	for (; *mended != '\0'; mended++)
		if (strchr("abcdefghijklmnopqrstuvwxyz0123456789-_."
			   "@:/?#,;=&",
			*mended) != NULL)
			(void)buf_addc(out, *mended);
	return out->failed ? -1 : 0;
}
