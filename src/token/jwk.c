/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "base/base64url.h"
#include "json/jsonin.h"
#include "json/jsonscan.h"
#include "token/jwk.h"

#define EXPONENT_MAX 64   /* bits; all in use are far smaller */
#define NUMBER_CHARS 2048 /* base64url characters of a number */

/*
 * OpenSSL keeps errors by thread: an error here must not pass for one of the
 * thread's next TLS connection, so each public function clears them.
 */

const char jwk_no_memory[] = "no memory left for its keys";

/* A Base64urlUInt (RFC 7518 section 2). */
struct number {
	unsigned char bytes[NUMBER_CHARS];
	int len;
};

/* The length of a text without its padding, which fills it up to a multiple of
 * four characters (RFC 4648 section 3.2). */
static size_t
unpadded(const char *text)
{
	size_t len = strlen(text), n = len;

	while (len % 4 == 0 && n > 0 && len - n < 2 && text[n - 1] == '=')
		n--;
	return n;
}

/*
 * Reads a number.  Some services write padding behind it or zero bytes in
 * front, which the RFC forbids but which change nothing: bits are counted
 * behind the zeros.  Returns false unless it is an odd number of min to max
 * bits.
 */
static bool
jwk_number(struct number *n, struct json_object *entry, const char *name,
    int min, int max)
{
	const char *text = jsonin_string(entry, name);
	int zeros = 0, bits;

	n->len = -1;
	if (text != NULL && strlen(text) <= NUMBER_CHARS)
		n->len = (int)base64url_decode(text, unpadded(text), n->bytes);
	while (zeros < n->len && n->bytes[zeros] == 0)
		zeros++;
	bits = (n->len - zeros) * 8;
	if (bits > 0)
		bits -= __builtin_clz(n->bytes[zeros]) - 24;
	return bits >= min && bits <= max && (n->bytes[n->len - 1] & 1) != 0;
}

/* NULL when memory ran out. */
static EVP_PKEY *
jwk_make_key(const struct number *n, const struct number *e)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	OSSL_PARAM *params = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
	BIGNUM *bn = BN_bin2bn(n->bytes, n->len, NULL);
	BIGNUM *be = BN_bin2bn(e->bytes, e->len, NULL);
	EVP_PKEY *key = NULL;

	if (build != NULL && ctx != NULL && bn != NULL && be != NULL &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, bn) == 1 &&
	    OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, be) == 1 &&
	    (params = OSSL_PARAM_BLD_to_param(build)) != NULL &&
	    EVP_PKEY_fromdata_init(ctx) == 1 &&
	    EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
		key = NULL;
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	BN_free(bn);
	BN_free(be);
	return key;
}

static bool
jwk_is(struct json_object *value, const char *word)
{
	const char *text = jsonin_text(value);

	return text != NULL && strcmp(text, word) == 0;
}

static bool
jwk_holds(struct json_object *array, const char *word)
{
	size_t i;

	for (i = 0; i < jsonin_length(array); i++)
		if (jwk_is(jsonin_at(array, i), word))
			return true;
	return false;
}

/* Whether an entry is an RSA key that may verify RS256 signatures (RFC 7517
 * section 4.1 to 4.4). */
static bool
is_for_us(struct json_object *entry)
{
	struct json_object *use = jsonin_member(entry, "use");
	struct json_object *alg = jsonin_member(entry, "alg");
	struct json_object *ops = jsonin_member(entry, "key_ops");

	return jwk_is(jsonin_member(entry, "kty"), "RSA") &&
	    (use == NULL || jwk_is(use, "sig")) &&
	    (alg == NULL || jwk_is(alg, "RS256")) &&
	    (ops == NULL || jwk_holds(ops, "verify"));
}

/* Adds an entry when it can be used.  Returns false when memory ran out: a set
 * that lacks one of its keys must not pass for the set. */
static bool
jwk_add(struct jwk_set *set, struct json_object *entry)
{
	const char *kid = jsonin_string(entry, "kid");
	struct number n, e;
	size_t i = set->n;

	assert(i < JWK_KEYS);
	if (kid == NULL || !is_for_us(entry) ||
	    !jwk_number(&n, entry, "n", JWK_BITS_MIN, JWK_BITS_MAX) ||
	    !jwk_number(&e, entry, "e", 2, EXPONENT_MAX))
		return true;
	set->key[i].kid = strdup(kid);
	set->key[i].key = jwk_make_key(&n, &e);
	set->n++;
	return set->key[i].kid != NULL && set->key[i].key != NULL;
}

const char *
jwk_parse(const char *text, size_t len, struct jwk_set *set)
{
	struct json_object *root, *keys;
	const char *why = NULL;
	size_t i;

	*set = (struct jwk_set){ 0 };
	root = jsonin_parse(text, len, JSON_REQUEST_VALUES, &why);
	keys = jsonin_member(root, "keys");
	if (why == jsonscan_no_memory)
		why = jwk_no_memory;
	else if (!json_object_is_type(keys, json_type_array))
		why = "no JSON object with an array of keys";
	else if (jsonin_length(keys) > JWK_KEYS)
		why = "more than 32 keys";
	for (i = 0; why == NULL && i < jsonin_length(keys); i++)
		if (!jwk_add(set, jsonin_at(keys, i)))
			why = jwk_no_memory;
	json_object_put(root);
	if (why != NULL)
		jwk_free(set);
	ERR_clear_error();
	return why;
}

void
jwk_free(struct jwk_set *set)
{
	size_t i;

	for (i = 0; i < set->n; i++) {
		free(set->key[i].kid);
		EVP_PKEY_free(set->key[i].key);
	}
	set->n = 0;
}

EVP_PKEY *
jwk_find(const struct jwk_set *set, const char *kid)
{
	size_t i;

	for (i = 0; kid != NULL && i < set->n; i++)
		if (strcmp(set->key[i].kid, kid) == 0)
			return set->key[i].key;
	return NULL;
}

int
jwk_signed(const struct jwk_set *set, const char *kid, const char *text,
    size_t len, const unsigned char *signature, size_t signature_len)
{
	size_t i;
	int good = 0;

	for (i = 0; i < set->n && good == 0; i++)
		if (strcmp(set->key[i].kid, kid) == 0)
			good = jwk_verify(set->key[i].key, text, len, signature,
			    signature_len);
	return good;
}

int
jwk_verify(EVP_PKEY *key, const char *text, size_t len,
    const unsigned char *signature, size_t signature_len)
{
	EVP_MD_CTX *ctx;
	EVP_PKEY_CTX *how;
	int good = -1;

	/* RFC 8017 section 8.2.2: as long as the modulus, else invalid. */
	if (signature_len != (size_t)EVP_PKEY_get_size(key))
		return 0;
	ctx = EVP_MD_CTX_new();
	/* With a good key these steps fail only for lack of memory; the last
	 * one gives 0 for a wrong signature, and perhaps for that too. */
	errno = 0;
	if (ctx != NULL &&
	    EVP_DigestVerifyInit(ctx, &how, EVP_sha256(), NULL, key) == 1 &&
	    EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PADDING) == 1) {
		good = EVP_DigestVerify(ctx, signature, signature_len,
			   (const unsigned char *)text, len) == 1;
		if (!good && errno == ENOMEM)
			good = -1;
	}
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return good;
}
