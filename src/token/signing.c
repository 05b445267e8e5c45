/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/sha.h>

#include "base/base64url.h"
#include "base/buf.h"
#include "json/jsoncopy.h"
#include "json/jsonin.h"
#include "json/jsonout.h"
#include "json/jsonscan.h"
#include "token/jwk.h"
#include "token/signing.h"
#include "token/token.h"

#define NUMBER_BYTES (JWK_BITS_MAX / 8)
#define NUMBER_CHARS 2048 /* of one in base64url */
#define NEW_BITS     2048 /* of a new key */

/* Refuses a key with a password instead of asking for it. */
static int
no_password(char *text, int size, int writes, void *arg)
{
	(void)text;
	(void)size;
	(void)writes;
	(void)arg;
	return -1;
}

static const char *
unfit(EVP_PKEY *key)
{
	if (key == NULL)
		return "no private key in PEM that needs no password";
	if (EVP_PKEY_is_a(key, "RSA") != 1)
		return "no RSA key";
	if (EVP_PKEY_get_bits(key) < JWK_BITS_MIN)
		return "an RSA key of less than 2048 bits";
	return EVP_PKEY_get_bits(key) > JWK_BITS_MAX ?
	    "an RSA key of more than 8192 bits" :
	    NULL;
}

EVP_PKEY *
signing_read(const char *pem, const char **why)
{
	BIO *bio = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = NULL;

	if (bio != NULL)
		key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	BIO_free(bio);
	ERR_clear_error();
	if ((*why = unfit(key)) != NULL) {
		EVP_PKEY_free(key);
		return NULL;
	}
	return key;
}

int
signing_make(struct buf *pem)
{
	BIO *bio = BIO_new(BIO_s_secmem());
	EVP_PKEY *key = EVP_RSA_gen(NEW_BITS);
	char *text;
	long n = 0;

	if (bio != NULL && key != NULL &&
	    PEM_write_bio_PKCS8PrivateKey(
		bio, key, NULL, NULL, 0, NULL, NULL) == 1 &&
	    (n = BIO_get_mem_data(bio, &text)) > 0)
		buf_add(pem, text, (size_t)n);
	BIO_free(bio);
	EVP_PKEY_free(key);
	ERR_clear_error();
	return n > 0 && !pem->failed ? 0 : -1;
}

/* Adds a number of the key as a Base64urlUInt (RFC 7518 section 2). */
static int
add_number(struct buf *out, EVP_PKEY *key, const char *name)
{
	unsigned char bytes[NUMBER_BYTES];
	BIGNUM *bn = NULL;
	int n = -1;

	if (EVP_PKEY_get_bn_param(key, name, &bn) == 1 &&
	    BN_num_bytes(bn) <= NUMBER_BYTES)
		n = BN_bn2bin(bn, bytes);
	BN_free(bn);
	ERR_clear_error();
	if (n > 0)
		base64url_add(out, bytes, (size_t)n);
	return n > 0 && !out->failed ? 0 : -1;
}

int
signing_kid(EVP_PKEY *key, char kid[SIGNING_KID])
{
	unsigned char sha256[SHA256_DIGEST_LENGTH];
	struct buf text, out;
	int r = -1;

	/* RFC 7638 section 3: these members, in this order. */
	buf_init(&text, 2 * NUMBER_CHARS + 64);
	buf_init(&out, SIGNING_KID - 1);
	buf_adds(&text, "{\"e\":\"");
	if (add_number(&text, key, OSSL_PKEY_PARAM_RSA_E) == 0 &&
	    buf_adds(&text, "\",\"kty\":\"RSA\",\"n\":\"") == 0 &&
	    add_number(&text, key, OSSL_PKEY_PARAM_RSA_N) == 0 &&
	    buf_adds(&text, "\"}") == 0) {
		if (SHA256((const unsigned char *)text.data, text.len,
			sha256) != NULL)
			base64url_add(&out, sha256, sizeof(sha256));
		r = out.failed || out.len == 0 ? -1 : 0;
		snprintf(kid, SIGNING_KID, "%s", out.data);
	}
	buf_free(&text);
	buf_free(&out);
	return r;
}

static int
write_number(
    struct jsonout *j, const char *member, EVP_PKEY *key, const char *name)
{
	struct buf text;
	int r;

	buf_init(&text, NUMBER_CHARS);
	r = add_number(&text, key, name);
	jsonout_kstring(j, member, text.data);
	buf_free(&text);
	return r;
}

int
signing_jwk(struct jsonout *j, EVP_PKEY *key, const char *kid)
{
	int r;

	jsonout_object(j);
	jsonout_kstring(j, "kty", "RSA");
	jsonout_kstring(j, "use", "sig");
	jsonout_kstring(j, "alg", "RS256");
	jsonout_kstring(j, "kid", kid);
	r = write_number(j, "n", key, OSSL_PKEY_PARAM_RSA_N);
	if (write_number(j, "e", key, OSSL_PKEY_PARAM_RSA_E) == -1)
		r = -1;
	jsonout_end_object(j);
	return r;
}

/* Sets a member to value, which it takes over; returns false when memory ran
 * out. */
static bool
set(struct json_object *claims, const char *name, struct json_object *value)
{
	if (value != NULL && json_object_object_add(claims, name, value) == 0)
		return true;
	json_object_put(value);
	return false;
}

static bool
signing_set_text(struct json_object *claims, const char *name, const char *text)
{
	return text == NULL || set(claims, name, json_object_new_string(text));
}

/* Adds the first two parts of the token. */
static void
add_parts(struct buf *out, const struct signing *s, struct json_object *claims)
{
	struct jsonout j;
	struct buf text;

	buf_init(&text, TOKEN_MAX);
	(void)buf_room(&text, TOKEN_MAX);
	jsonout_init(&j, &text);
	jsonout_object(&j);
	jsonout_kstring(&j, "alg", "RS256");
	jsonout_kstring(&j, "typ", "JWT");
	jsonout_kstring(&j, "kid", s->kid);
	jsonout_end_object(&j);
	out->failed = out->failed || jsonout_done(&j) == -1;
	base64url_add(out, text.data, text.len);
	buf_addc(out, '.');
	buf_reset(&text);
	jsonout_init(&j, &text);
	jsoncopy_value(&j, claims);
	out->failed = out->failed || jsonout_done(&j) == -1;
	base64url_add(out, text.data, text.len);
	OPENSSL_cleanse(text.data, text.len);
	buf_free(&text);
}

/* Adds the signature over all that out holds. */
static bool
add_signature(struct buf *out, EVP_PKEY *key)
{
	unsigned char signature[NUMBER_BYTES];
	size_t n = sizeof(signature);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *how;
	bool good;

	good = ctx != NULL &&
	    EVP_DigestSignInit(ctx, &how, EVP_sha256(), NULL, key) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PADDING) == 1 &&
	    EVP_DigestSign(ctx, signature, &n, (const unsigned char *)out->data,
		out->len) == 1;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	if (good) {
		buf_addc(out, '.');
		base64url_add(out, signature, n);
	}
	return good;
}

static const char *
put_together(
    struct buf *out, const struct signing *s, struct json_object *claims)
{
	if (!json_object_is_type(claims, json_type_object))
		return "the claims are no JSON object";
	if (!set(claims, "iat", json_object_new_int64(s->now)) ||
	    (s->expires != 0 &&
		!set(claims, "exp", json_object_new_int64(s->expires))) ||
	    !signing_set_text(claims, "jwks_host", s->jwks_host) ||
	    !signing_set_text(claims, "aud", s->aud))
		return "no memory left";
	add_parts(out, s, claims);
	if (!out->failed && !add_signature(out, s->key))
		return "the token could not be signed";
	return out->failed ? "the claims make a token of more than 8192 bytes" :
			     NULL;
}

char *
signing_token(const char *payload, const struct signing *s, const char **why)
{
	struct json_object *claims;
	struct buf out;
	char *token = NULL;

	*why = NULL;
	claims =
	    jsonin_parse(payload, strlen(payload), JSON_REQUEST_VALUES, why);
	buf_init(&out, TOKEN_MAX);
	/* All of the room at once: a buffer that grew leaves copies behind. */
	(void)buf_room(&out, TOKEN_MAX);
	if (*why == NULL)
		*why = put_together(&out, s, claims);
	if (*why == NULL && (token = strdup(out.data)) == NULL)
		*why = "no memory left";
	if (out.cap > 0)
		OPENSSL_cleanse(out.data, out.cap);
	buf_free(&out);
	json_object_put(claims);
	return token;
}
