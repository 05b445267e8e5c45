/* SPDX-License-Identifier: MIT */
/*
 * rsakey: RSA keys made for a test, as JWKs, and tokens signed with them.
 */
#ifndef CTIM_RSAKEY_H
#define CTIM_RSAKEY_H

#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "tests/unit/unit.h"

#define RSAKEY_TEXT 8192 /* bytes of a token or JWK */

/* Appends n bytes to text as base64url without padding. */
static inline void
rsakey_encode(char *text, const void *p, size_t n)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz0123456789-_";
	const unsigned char *in = p;
	unsigned bits = 0, have = 0;
	size_t i;

	text += strlen(text);
	for (i = 0; i < n; i++) {
		bits = bits << 8 | in[i];
		for (have += 8; have >= 6; have -= 6)
			*text++ = alphabet[bits >> (have - 6) & 63];
	}
	if (have > 0)
		*text++ = alphabet[bits << (6 - have) & 63];
	*text = '\0';
}

static inline EVP_PKEY *
rsakey_new(unsigned bits)
{
	EVP_PKEY *key = EVP_RSA_gen(bits);

	ck_assert_ptr_nonnull(key);
	return key;
}

/* Appends its JWK to text; more: members behind it, with a comma. */
static inline void
rsakey_jwk(
    char text[RSAKEY_TEXT], EVP_PKEY *key, const char *kid, const char *more)
{
	unsigned char bytes[1024];
	BIGNUM *n = NULL;
	size_t len = strlen(text);

	ck_assert_int_eq(
	    EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_RSA_N, &n), 1);
	snprintf(text + len, RSAKEY_TEXT - len,
	    "{\"kty\":\"RSA\","
	    "\"kid\":\"%s\",\"e\":\"AQAB\"%s,\"n\":\"",
	    kid, more);
	rsakey_encode(text, bytes, (size_t)BN_bn2bin(n, bytes));
	strcat(text, "\"}");
	BN_free(n);
}

/* A token of that header and payload, signed. */
static inline void
rsakey_token(char text[RSAKEY_TEXT], EVP_PKEY *key, const char *header,
    const char *payload)
{
	unsigned char signature[1024];
	size_t len = sizeof(signature);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();

	*text = '\0';
	rsakey_encode(text, header, strlen(header));
	strcat(text, ".");
	rsakey_encode(text, payload, strlen(payload));
	ck_assert_int_eq(
	    EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key), 1);
	ck_assert_int_eq(EVP_DigestSign(ctx, signature, &len,
			     (const unsigned char *)text, strlen(text)),
	    1);
	EVP_MD_CTX_free(ctx);
	strcat(text, ".");
	rsakey_encode(text, signature, len);
}

#endif
