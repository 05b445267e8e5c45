/* SPDX-License-Identifier: MIT */
#include <sys/random.h>

#include <endian.h>
#include <limits.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "base/buf.h"
#include "cache/seal.h"
#include "conf/conf.h"

#define FORMAT 1
#define NONCE  12
#define TAG    16
#define HEAD   (1 + sizeof(uint64_t)) /* version and end */

/* HKDF with SHA-256 and no salt: a secret of the configuration is as random as
 * its text is. */
static int
seal_derive(const char *secret, unsigned char key[SEAL_KEY])
{
	char digest[] = "SHA256", purpose[] = "ctim-relay cache 1";
	OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(
				    OSSL_KDF_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY,
		    (void *)(uintptr_t)secret, strlen(secret)),
		OSSL_PARAM_construct_octet_string(
		    OSSL_KDF_PARAM_INFO, purpose, strlen(purpose)),
		OSSL_PARAM_construct_end() };
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *context = kdf == NULL ? NULL : EVP_KDF_CTX_new(kdf);
	int r = -1;

	if (context != NULL &&
	    EVP_KDF_derive(context, key, SEAL_KEY, params) == 1)
		r = 0;
	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
	return r;
}

int
seal_keys(const struct conf *conf, struct seal_keys *keys)
{
	const char *const secrets[SEAL_KEYS] = {
		conf->cache_key != NULL ? conf->cache_key : conf->secret_key,
		conf->cache_key != NULL ? NULL : conf->secret_key_previous
	};
	size_t i;

	keys->n = 0;
	for (i = 0; i < SEAL_KEYS; i++) {
		if (secrets[i] == NULL)
			continue;
		if (seal_derive(secrets[i], keys->key[keys->n]) == -1)
			return -1;
		keys->n++;
	}
	return 0;
}

static void
seal_head(unsigned char head[HEAD], int64_t ends)
{
	const uint64_t wire = htobe64((uint64_t)ends);

	head[0] = FORMAT;
	memcpy(head + 1, &wire, sizeof(wire));
}

/* A context that has key, nonce and associated data; NULL when memory ran out.
 * seal: 1, open: 0. */
static EVP_CIPHER_CTX *
seal_begin(const struct seal *s, const unsigned char head[HEAD],
    const unsigned char nonce[NONCE], int way)
{
	EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
	int n;

	if (c != NULL &&
	    EVP_CipherInit_ex(c, EVP_aes_256_gcm(), NULL, s->key, nonce, way) ==
		1 &&
	    EVP_CipherUpdate(c, NULL, &n, head, HEAD) == 1 &&
	    EVP_CipherUpdate(c, NULL, &n, s->name, SEAL_NAME) == 1)
		return c;
	EVP_CIPHER_CTX_free(c);
	return NULL;
}

/* n bytes were written where buf_room() said. */
static void
seal_grown(struct buf *b, size_t n)
{
	b->len += n;
	b->data[b->len] = '\0';
}

int
seal_close(const struct seal *s, const char *value, size_t len, struct buf *out)
{
	unsigned char head[HEAD], nonce[NONCE], tag[TAG];
	size_t before = out->len;
	EVP_CIPHER_CTX *c;
	char *room;
	int n = 0, rest = 0, r = -1;

	if (len > INT_MAX ||
	    getrandom(nonce, NONCE, 0) != (ssize_t)sizeof(nonce))
		return -1;
	seal_head(head, s->ends);
	buf_add(out, head, HEAD);
	buf_add(out, nonce, NONCE);
	room = buf_room(out, len + TAG);
	if (room == NULL || (c = seal_begin(s, head, nonce, 1)) == NULL) {
		out->len = before;
		return -1;
	}
	if (EVP_CipherUpdate(c, (unsigned char *)room, &n,
		(const unsigned char *)value, (int)len) == 1 &&
	    EVP_CipherFinal_ex(c, (unsigned char *)room + n, &rest) == 1 &&
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, TAG, tag) == 1 &&
	    (size_t)n + (size_t)rest == len) {
		memcpy(room + len, tag, TAG);
		seal_grown(out, len + TAG);
		r = 0;
	} else {
		out->len = before;
	}
	EVP_CIPHER_CTX_free(c);
	return r;
}

bool
seal_open(struct seal *s, const char *sealed, size_t len, struct buf *out)
{
	const unsigned char *p = (const unsigned char *)sealed;
	unsigned char tag[TAG];
	uint64_t wire;
	EVP_CIPHER_CTX *c;
	char *room;
	int n = 0, rest = 0;
	bool good;

	if (len < SEAL_MORE || len > INT_MAX || p[0] != FORMAT)
		return false;
	memcpy(&wire, p + 1, sizeof(wire));
	s->ends = (int64_t)be64toh(wire);
	memcpy(tag, p + len - TAG, TAG);
	len -= SEAL_MORE;
	room = buf_room(out, len);
	if (room == NULL || (c = seal_begin(s, p, p + HEAD, 0)) == NULL)
		return false;
	good = EVP_CipherUpdate(c, (unsigned char *)room, &n, p + HEAD + NONCE,
		   (int)len) == 1 &&
	    EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, TAG, tag) == 1 &&
	    EVP_CipherFinal_ex(c, (unsigned char *)room + n, &rest) == 1;
	EVP_CIPHER_CTX_free(c);
	if (good)
		seal_grown(out, len);
	else
		OPENSSL_cleanse(room, len);
	return good;
}
