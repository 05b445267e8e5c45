/* SPDX-License-Identifier: MIT */
/*
 * seal: values that lie where others may read and write them, on a server.
 *
 * A sealed value can be read and made by those alone who have the key, which the
 * server never sees; it is good under one name and until one time.  So who can
 * read the server learns nothing, and who can write there can remove a value,
 * but neither make one, nor give one name the value of another, nor keep one
 * alive.
 *
 * AES-256-GCM with a key for each name, made of the gateway's key and the name.
 * Nonces are random: a key may seal 2^32 values under such (NIST SP 800-38D,
 * 8.3), and that of one name seals one whenever the last has ended, or is
 * replaced, which is a few thousand a day at most.
 *
 * A value is: version (1 byte), the ms since 1970 at which it ends (8, big
 * endian), nonce (12), ciphertext, tag (16).  Version, name and end are
 * associated data.
 * Source: NIST SP 800-38D; RFC 5869 (HKDF); EVP_EncryptInit(3), EVP_KDF-HKDF(7).
 */
#ifndef CTIM_SEAL_H
#define CTIM_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEAL_KEY  32
#define SEAL_KEYS 2                 /* the newest, and the one before */
#define SEAL_NAME 32                /* bytes of a name */
#define SEAL_MORE (1 + 8 + 12 + 16) /* bytes that a seal adds to a value */

struct buf;
struct conf;

struct seal_keys {
	size_t n; /* 0: there is none */
	unsigned char key[SEAL_KEYS][SEAL_KEY];
};

/* The keys that a configuration gives: of [cache] key, else of [auth] secret_key
 * and secret_key_previous; the first seals.  Returns 0, or -1 when memory ran
 * out.  The caller cleanses them. */
int seal_keys(const struct conf *, struct seal_keys *);

/* Both take the key of the name, not one of seal_keys().  ends: ms since 1970. */
struct seal {
	const unsigned char *key;  /* SEAL_KEY bytes */
	const unsigned char *name; /* SEAL_NAME bytes */
	int64_t ends;
};
/* Adds the sealed value to out.  Returns 0, or -1: memory or random bytes ran
 * out, or it does not fit. */
int seal_close(
    const struct seal *, const char *value, size_t len, struct buf *out);
/* Adds the value in `sealed` to out and sets s->ends.  False when it was not
 * sealed with this key for this name. */
bool seal_open(struct seal *s, const char *sealed, size_t len, struct buf *out);

#endif
