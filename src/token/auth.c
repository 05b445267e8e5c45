/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include <openssl/crypto.h>

#include "base/base64url.h"
#include "base/sha256.h"
#include "conf/conf.h"
#include "json/jsonin.h"
#include "json/jsonscan.h"
#include "net/url.h"
#include "token/auth.h"
#include "token/jwk.h"
#include "token/jwks.h"

#define FAILED "Authorization failed: "
#define WRONG_HOST                                                 \
	FAILED "Wrong jwks_host in JWT payload. Make sure domain " \
	       "follows the visibility.<region>.cisco.com structure"
#define KEPT      64  /* verified tokens that a thread remembers */
#define KID_SHOWN 100 /* bytes of a kid in a cause */
#define KEY_LEN   64  /* characters of a new secret key */

/*
 * A token whose signature this thread has verified, so that the platform's next
 * request with it costs a hash.  Times, and for RS256 host and key set, are
 * checked every time: a set that lost a key has another serial.
 */
struct verified {
	unsigned char sha256[SHA256_BYTES];
	bool used;
	uint64_t serial; /* RS256: of the key set */
	struct claims claims;
};

struct auth {
	const struct conf *conf;
	struct jwks *jwks; /* NULL: RS256 is refused */
	struct verified kept[KEPT];
	struct claims last;     /* of the last token that is not kept */
	char why[URL_MAX + 64]; /* a cause */
};

const char auth_no_memory[] = "No memory left";

struct auth *
auth_new(const struct conf *conf, struct jwks *jwks)
{
	struct auth *a;

	if ((a = calloc(1, sizeof(*a))) != NULL) {
		a->conf = conf;
		a->jwks = jwks;
	}
	return a;
}

void
auth_free(struct auth *a)
{
	size_t i;

	if (a == NULL)
		return;
	for (i = 0; i < KEPT; i++)
		token_free(&a->kept[i].claims);
	token_free(&a->last);
	free(a);
}

/* The second of exactly two words, the first being Bearer; else NULL. */
static const char *
bearer(const char *header, size_t *len)
{
	static const char blank[] = " \t";
	const char *token;
	size_t n;

	header += strspn(header, blank);
	n = strcspn(header, blank);
	if (n != strlen("Bearer") || strncasecmp(header, "Bearer", n) != 0)
		return NULL;
	token = header + n;
	token += strspn(token, blank);
	*len = strcspn(token, blank);
	if (*len == 0 || token[*len + strspn(token + *len, blank)] != '\0')
		return NULL;
	return token;
}

/* Makes a cause as printf(3) does, good until the next one is made. */
static const char *__attribute__((format(printf, 2, 3)))
auth_cause(struct auth *a, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(a->why, sizeof(a->why), format, ap);
	va_end(ap);
	return a->why;
}

/* Decodes the signature, the last part of the token; all before *dot is signed
 * (RFC 7515 section 5.2).  Returns how many bytes. */
static size_t
auth_signature(const char *token, size_t len, const char **dot,
    unsigned char out[TOKEN_MAX])
{
	ssize_t n;

	*dot = memrchr(token, '.', len);
	n = base64url_decode(*dot + 1, (size_t)(token + len - *dot - 1), out);
	return n < 0 ? 0 : (size_t)n;
}

/*
 * Whether the token is signed with a key (RFC 7518 section 3.2).  libjwt would
 * not verify a typ that is not JWT, would take any token when the key is empty,
 * and one without a signature when it has no memory for the header; it does not
 * report a lack of memory.
 */
static bool
signed_with(const char *token, size_t len, const char *key)
{
	unsigned char signature[TOKEN_MAX], mac[SHA256_BYTES];
	const char *dot;

	if (key == NULL || *key == '\0' ||
	    auth_signature(token, len, &dot, signature) != sizeof(mac))
		return false;
	sha256_hmac(key, strlen(key), token, (size_t)(dot - token), mac);
	return CRYPTO_memcmp(mac, signature, sizeof(mac)) == 0;
}

static const char *
verify_hs256(
    const struct auth *a, const char *token, size_t len, const char **cause)
{
	*cause = "[auth] secret_key is not set";
	if (a->conf->secret_key == NULL)
		return FAILED "<SECRET_KEY> is missing";
	if (signed_with(token, len, a->conf->secret_key) ||
	    signed_with(token, len, a->conf->secret_key_previous))
		return NULL;
	*cause = a->conf->secret_key_previous == NULL ?
	    "it is not signed with [auth] secret_key" :
	    "it is signed neither "
	    "with [auth] secret_key nor with secret_key_previous";
	return FAILED "Failed to decode JWT with provided key";
}

/* Finds the host of the key set that a token names, in the spelling of the
 * list, so that no text of the token gets into a URL.  Returns NULL, or the
 * message. */
static const char *
auth_find_host(const struct auth *a, const struct claims *c, const char **host,
    const char **cause)
{
	char **listed = a->conf->jwks_hosts;
	struct json_object *value;
	const char *name;

	*cause = "there is no claim jwks_host";
	if (!jsonin_has(c->payload, "jwks_host", &value))
		return FAILED
		    "jwks_host is missing in JWT payload. Make sure "
		    "custom_jwks_host field is present in module_type";
	name = jsonin_text(value);
	*cause = name == NULL ? "jwks_host is no string" :
				"jwks_host is none of jwks_hosts";
	if (listed == NULL || *listed == NULL) {
		*cause = "jwks_hosts is empty, which turns RS256 off";
		return WRONG_HOST;
	}
	for (; name != NULL && *listed != NULL; listed++)
		if (strcasecmp(*listed, name) == 0) {
			*host = *listed;
			return NULL;
		}
	return WRONG_HOST;
}

/* Whether one of the keys of that kid has signed the token; as jwk_verify(). */
static int
signed_by(
    const char *token, size_t len, const struct jwk_set *set, const char *kid)
{
	unsigned char signature[TOKEN_MAX];
	const char *dot;
	size_t n = auth_signature(token, len, &dot, signature);

	return jwk_signed(set, kid, token, (size_t)(dot - token), signature, n);
}

/* Makes the cause when the set of a host has no key for the token; before:
 * another fault of that set, or NULL. */
static const char *
no_kid(struct auth *a, const char *kid, const char *host, const char *before)
{
	if (kid == NULL)
		return "kid is missing in its header, or no string";
	return auth_cause(a,
	    "the key set of %s has no usable key with the kid "
	    "\"%.*s\"%s%s",
	    host, KID_SHOWN, kid, before == NULL ? "" : "; ",
	    before == NULL ? "" : before);
}

/* Verifies an RS256 token.  *serial is that of the set that verified the token
 * before, 0 for none, and becomes that of the set that verified it now. */
static const char *
verify_rs256(struct auth *a, const struct claims *c, const char *token,
    size_t len, int64_t now, int64_t deadline, uint64_t *serial,
    const char **cause)
{
	const struct jwk_set *set;
	const char *message, *host;
	uint64_t current;
	int good = 1;

	if ((message = auth_find_host(a, c, &host, cause)) != NULL)
		return message;
	if (a->jwks == NULL) {
		*cause = "no key set is fetched here";
		return WRONG_HOST;
	}
	switch (jwks_key(
	    a->jwks, host, c->kid, now, deadline, &set, &current, cause)) {
	case JWKS_NO_SET:
		return WRONG_HOST;
	case JWKS_NO_KID:
		*cause = no_kid(a, c->kid, host, *cause);
		return FAILED "kid from JWT header not found in API response";
	case JWKS_NO_MEMORY:
		return auth_no_memory;
	case JWKS_KEY:
		break;
	}
	if (*serial != current)
		good = signed_by(token, len, set, c->kid);
	if (good == -1)
		return auth_no_memory;
	if (good == 0) {
		*cause = auth_cause(a,
		    "its signature is of no key with the "
		    "kid \"%.*s\" of %s",
		    KID_SHOWN, c->kid, host);
		return FAILED
		    "Failed to decode JWT with provided key. Make "
		    "sure domain in custom_jwks_host corresponds to your "
		    "SecureX instance region.";
	}
	*serial = current;
	return NULL;
}

/* Parses a token that is not kept into a->last, and verifies one of HS256. */
static const char *
verify_new(struct auth *a, const char *token, size_t len, const char **cause)
{
	token_free(&a->last);
	*cause = token_parse(token, len, &a->last);
	if (*cause == jsonscan_no_memory)
		return auth_no_memory;
	if (*cause != NULL)
		return FAILED "Wrong JWT structure";
	return a->last.alg == TOKEN_HS256 ? verify_hs256(a, token, len, cause) :
					    NULL;
}

/* Moves the claims in a->last to v. */
static void
auth_remember(struct auth *a, struct verified *v, const unsigned char *hash)
{
	token_free(&v->claims);
	v->claims = a->last;
	a->last = (struct claims){ 0 };
	memcpy(v->sha256, hash, sizeof(v->sha256));
	v->used = true;
}

/* What a token is called in the log: the first bytes of its hash. */
static void
auth_name(const unsigned char *hash, char id[TOKEN_ID_MAX])
{
	static const char hex[] = "0123456789abcdef";
	size_t i;

	for (i = 0; i < 4; i++) {
		*id++ = hex[hash[i] >> 4];
		*id++ = hex[hash[i] & 15];
	}
	*id = '\0';
}

const char *
auth_check(struct auth *a, const char *header, int64_t now, int64_t deadline,
    const struct claims **claims, char id[TOKEN_ID_MAX], const char **cause)
{
	unsigned char hash[SHA256_BYTES];
	struct verified *v;
	struct claims *c;
	const char *token, *message;
	uint64_t serial = 0;
	size_t len;

	memcpy(id, "-", sizeof("-"));
	*claims = NULL;
	*cause = "no Authorization header came; Apache keeps it back unless "
		 "CGIPassAuth is on";
	if (header == NULL)
		return FAILED "Authorization header is missing";
	*cause = "the Authorization header is not that of a bearer token: the "
		 "scheme's name and one word behind it";
	if ((token = bearer(header, &len)) == NULL)
		return FAILED "Wrong authorization type";
	sha256_hash(token, len, hash);
	auth_name(hash, id);
	v = &a->kept[hash[4] % KEPT];
	if (v->used && memcmp(v->sha256, hash, sizeof(hash)) == 0) {
		c = &v->claims;
		serial = v->serial;
	} else {
		c = &a->last;
		if ((message = verify_new(a, token, len, cause)) != NULL) {
			*claims = c->payload == NULL ? NULL : c;
			return message;
		}
	}
	*claims = c;
	if (c->alg == TOKEN_RS256 &&
	    (message = verify_rs256(
		 a, c, token, len, now, deadline, &serial, cause)) != NULL)
		return message;
	if (c == &a->last)
		auth_remember(a, v, hash);
	v->serial = serial;
	*claims = &v->claims;
	*cause = a->why;
	return token_times(*claims, now, a->conf->leeway, a->why);
}

/* Writes the normal form of a URL without a slash at its end, for comparison.
 * Returns false when the text is no URL, or has a query or a fragment, which no
 * relay's URL has. */
static bool
comparable(const char *url, char out[URL_MAX])
{
	size_t n;

	if (url == NULL || strpbrk(url, "?#") != NULL ||
	    url_normalise(url, out, URL_MAX) == -1)
		return false;
	n = strlen(out);
	if (out[n - 1] == '/')
		out[n - 1] = '\0';
	return true;
}

static bool
is_url(struct json_object *value, const char *wanted)
{
	char url[URL_MAX];

	return comparable(jsonin_text(value), url) && strcmp(url, wanted) == 0;
}

bool
auth_names(const struct claims *c, const char *const *bases)
{
	struct json_object *aud = jsonin_member(c->payload, "aud");
	char base[URL_MAX];
	size_t i;

	for (; *bases != NULL; bases++) {
		if (!comparable(*bases, base))
			continue;
		if (is_url(aud, base))
			return true;
		for (i = 0; i < jsonin_length(aud); i++)
			if (is_url(jsonin_at(aud, i), base))
				return true;
	}
	return false;
}

const char *
auth_audience(struct auth *a, const struct claims *c, const char *const *bases,
    const char **cause)
{
	struct json_object *aud;

	errno = 0;
	if (c->alg != TOKEN_RS256 || auth_names(c, bases))
		return NULL;
	/* Comparing URLs takes memory. */
	if (errno == ENOMEM)
		return auth_no_memory;
	*cause = auth_cause(a, "aud %s %s",
	    jsonin_has(c->payload, "aud", &aud) ? "does not name" :
						  "is missing, which must name",
	    *bases == NULL ? "this relay: the request has no Host" : *bases);
	return FAILED "Wrong configuration-token-audience";
}

const char *
auth_claims(struct auth *a, const struct claims *c, const char *const *names,
    const char **cause)
{
	const char *name = token_lacks(c, names);
	struct json_object *value;
	bool there;

	if (name == NULL)
		return NULL;
	if (token_is_pinned(c, name)) {
		*cause = auth_cause(a,
		    "its %s does not count: a credential is the gateway's, "
		    "which has no claim.%s",
		    name, name);
		return FAILED "Wrong JWT payload structure";
	}
	there = jsonin_has(c->payload, name, &value);
	*cause = auth_cause(a, "the claim %s is %s", name,
	    !there                         ? "missing" :
		jsonin_text(value) == NULL ? "no string" :
					     "empty");
	return FAILED "Wrong JWT payload structure";
}

int
auth_new_key(char key[KEY_LEN + 1])
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				       "abcdefghijklmnopqrstuvwxyz0123456789-_";
	unsigned char random[KEY_LEN];
	size_t i;

	if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return -1;
	/* 64 letters, so that all are equally likely. */
	for (i = 0; i < KEY_LEN; i++)
		key[i] = alphabet[random[i] & 63];
	key[KEY_LEN] = '\0';
	OPENSSL_cleanse(random, sizeof(random));
	return 0;
}
