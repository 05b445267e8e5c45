/* SPDX-License-Identifier: MIT */
/* They are deprecated since 3.0, in favour of what is too slow here. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "base/sha256.h"

#define BLOCK 64 /* bytes of a block of SHA-256 */

void
sha256_hash(const void *p, size_t n, unsigned char out[SHA256_BYTES])
{
	SHA256_CTX c;

	/* These report no error: there is none that they could have. */
	(void)SHA256_Init(&c);
	(void)SHA256_Update(&c, p, n);
	(void)SHA256_Final(out, &c);
}

void
sha256_text(const unsigned char in[SHA256_BYTES], char out[SHA256_TEXT])
{
	static const char digits[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < SHA256_BYTES; i++) {
		out[2 * i] = digits[in[i] >> 4];
		out[2 * i + 1] = digits[in[i] & 15];
	}
	out[2 * SHA256_BYTES] = '\0';
}

/* The hash of a block of the key, each byte changed by pad, and n bytes. */
static void
sha256_padded(const unsigned char key[BLOCK], unsigned char pad, const void *p,
    size_t n, unsigned char out[SHA256_BYTES])
{
	unsigned char block[BLOCK];
	SHA256_CTX c;
	size_t i;

	for (i = 0; i < BLOCK; i++)
		block[i] = key[i] ^ pad;
	(void)SHA256_Init(&c);
	(void)SHA256_Update(&c, block, BLOCK);
	(void)SHA256_Update(&c, p, n);
	(void)SHA256_Final(out, &c);
	OPENSSL_cleanse(block, sizeof(block));
	OPENSSL_cleanse(&c, sizeof(c));
}

void
sha256_hmac(const void *key, size_t key_len, const void *p, size_t n,
    unsigned char out[SHA256_BYTES])
{
	unsigned char block[BLOCK] = { 0 }, inner[SHA256_BYTES];

	if (key_len > BLOCK)
		sha256_hash(key, key_len, block);
	else if (key_len > 0)
		memcpy(block, key, key_len);
	sha256_padded(block, 0x36, p, n, inner);
	sha256_padded(block, 0x5c, inner, sizeof(inner), out);
	OPENSSL_cleanse(block, sizeof(block));
}
