/* SPDX-License-Identifier: MIT */
#include <stdint.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/base64url.h"
#include "base/buf.h"

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

ssize_t
base64url_decode(const char *text, size_t len, unsigned char *out)
{
	uint32_t bits = 0;
	unsigned n = 0;
	ssize_t used = 0;
	const char *p;
	size_t i;

	if (len % 4 == 1)
		return -1;
	for (i = 0; i < len; i++) {
		if (text[i] == '\0' || (p = strchr(alphabet, text[i])) == NULL)
			return -1;
		bits = bits << 6 | (uint32_t)(p - alphabet);
		n += 6;
		if (n >= 8) {
			n -= 8;
			out[used++] = (unsigned char)(bits >> n & 0xff);
			bits &= (1U << n) - 1;
		}
	}
	return bits == 0 ? used : -1;
}

void
base64url_add(struct buf *out, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	uint32_t bits = 0;
	unsigned have = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		bits = bits << 8 | p[i];
		for (have += 8; have >= 6; have -= 6)
			buf_addc(out, alphabet[bits >> (have - 6) & 63]);
	}
	if (have > 0)
		buf_addc(out, alphabet[bits << (6 - have) & 63]);
}

void
base64_add(struct buf *b, const void *bytes, size_t n)
{
	const unsigned char *p = bytes;
	unsigned char room[4 * 64 + 1];
	size_t part;

	/* 192 bytes become 256 characters without padding. */
	for (; n > 0; p += part, n -= part) {
		part = n < 192 ? n : 192;
		(void)buf_add(
		    b, room, (size_t)EVP_EncodeBlock(room, p, (int)part));
	}
}
