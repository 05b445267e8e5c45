/* SPDX-License-Identifier: MIT */
/*
 * sha256: SHA-256 and HMAC over it, by libcrypto's functions from before its
 * providers.  Those that it recommends read its configuration and gather all
 * algorithms first, which takes a CGI process longer than the rest of a request;
 * and they look the algorithm up at every call.
 * Source: FIPS 180-4; RFC 2104; SHA256_Init(3).
 *
 * None of them allocates or fails.
 */
#ifndef CTIM_SHA256_H
#define CTIM_SHA256_H

#include <stddef.h>

#define SHA256_BYTES 32
#define SHA256_TEXT  65 /* bytes in hexadecimal, with the NUL */

void sha256_hash(const void *p, size_t n, unsigned char out[SHA256_BYTES]);
/* HMAC-SHA-256 of n bytes under a key of any length. */
void sha256_hmac(const void *key, size_t key_len, const void *p, size_t n,
    unsigned char out[SHA256_BYTES]);
/* The same 32 bytes in hexadecimal, in small letters. */
void sha256_text(const unsigned char in[SHA256_BYTES], char out[SHA256_TEXT]);

#endif
