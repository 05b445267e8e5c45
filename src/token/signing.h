/* SPDX-License-Identifier: MIT */
/*
 * signing: RSA private keys, the tokens they sign, and their public half as a
 * JSON Web Key.  Only the command line signs; the gateway verifies (jwk.h).
 * Source: RFC 7515 section 5.1; RFC 7517 section 4; RFC 7518 section 3.3 and
 * 6.3.1; RFC 7638 (thumbprint).
 */
#ifndef CTIM_SIGNING_H
#define CTIM_SIGNING_H

#include <stdint.h>

#include <openssl/types.h>

#define SIGNING_KID 44 /* characters of a thumbprint and a NUL */

struct buf;
struct jsonout;

/* The parts of a token beside its payload. */
struct signing {
	EVP_PKEY *key;
	const char *kid;
	const char *jwks_host, *aud; /* NULL: as in the payload */
	/* Seconds since 1970; expires 0: never. */
	int64_t now, expires;
};

/* The RSA key of a PEM text, which the caller frees; NULL with the reason, a
 * constant, in *why. */
EVP_PKEY *signing_read(const char *pem, const char **why);
/* Adds a new key as PEM (PKCS #8).  Returns 0, or -1 when none can be made. */
int signing_make(struct buf *pem);

/* Writes the thumbprint of a key, the name of a key that has no other.  Returns
 * 0, or -1 when memory ran out. */
int signing_kid(EVP_PKEY *, char kid[SIGNING_KID]);
/* Writes the entry of a key set for a key.  Returns 0, or -1 when memory ran
 * out. */
int signing_jwk(struct jsonout *, EVP_PKEY *, const char *kid);

/*
 * A new RS256 token: payload is a JSON object text, to which iat, exp,
 * jwks_host and aud are added.  The caller frees it; NULL with the reason, a
 * constant, in *why.
 */
char *signing_token(
    const char *payload, const struct signing *, const char **why);

#endif
