/* SPDX-License-Identifier: MIT */
/*
 * base64url: the encoding of tokens and keys, read strictly.
 * Source: RFC 4648 section 5, without padding as in RFC 7515 section 2.
 */
#ifndef CTIM_BASE64URL_H
#define CTIM_BASE64URL_H

#include <stddef.h>
#include <sys/types.h>

struct buf;

/*
 * Decodes len characters into out, which has room for len bytes.  Returns how
 * many bytes, or -1: a character outside the alphabet (padding too), a length
 * that no bytes have, or bits left over, which would give the same bytes two
 * spellings.
 */
ssize_t base64url_decode(const char *text, size_t len, unsigned char *out);
/* Adds n bytes, encoded. */
void base64url_add(struct buf *, const void *bytes, size_t n);
/* The same in the usual alphabet, with padding (RFC 4648 section 4). */
void base64_add(struct buf *, const void *bytes, size_t n);

#endif
