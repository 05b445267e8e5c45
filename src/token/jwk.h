/* SPDX-License-Identifier: MIT */
/*
 * jwk: reads RSA public keys from a JSON Web Key Set and verifies signatures.
 * Source: RFC 7517 section 4 and 5; RFC 7518 section 3.3 and 6.3.1.
 */
#ifndef CTIM_JWK_H
#define CTIM_JWK_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/types.h>

#define JWK_KEYS     32   /* entries of a set */
#define JWK_BITS_MIN 2048 /* of a modulus; RFC 7518 section 3.3 */
#define JWK_BITS_MAX 8192 /* more costs too much to verify */

/* The keys of a set that can verify RS256; zeroed it is empty. */
struct jwk_set {
	size_t n;
	struct {
		char *kid;
		EVP_PKEY *key;
	} key[JWK_KEYS];
};

/*
 * Reads len bytes of text into an empty set, which the caller ends with
 * jwk_free().  Entries that are no RSA keys for RS256 signatures are left out,
 * so the set may end up without any; several may have the same kid.  NULL, or
 * why the text is no key set, a constant (jwk_no_memory when memory ran out);
 * then the set is empty.
 */
extern const char jwk_no_memory[];
const char *jwk_parse(const char *text, size_t len, struct jwk_set *);
void jwk_free(struct jwk_set *);

/* The first key of that kid, which belongs to the set; NULL when the set has no
 * such key, or kid is NULL. */
EVP_PKEY *jwk_find(const struct jwk_set *, const char *kid);

/* Whether one of the keys of that kid made signature over the len bytes at
 * text; as jwk_verify(). */
int jwk_signed(const struct jwk_set *, const char *kid, const char *text,
    size_t len, const unsigned char *signature, size_t signature_len);
/* Whether key made signature over the len bytes at text, with RSASSA-PKCS1-v1_5
 * and SHA-256.  1, 0, or -1 when memory ran out. */
int jwk_verify(EVP_PKEY *key, const char *text, size_t len,
    const unsigned char *signature, size_t signature_len);

#endif
