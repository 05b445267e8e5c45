/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <jwt.h>

#include <openssl/pem.h>

#include "conf/conf.h"
#include "json/jsonin.h"
#include "tests/unit/rsakey.h"
#include "token/auth.h"
#include "token/jwk.h"
#include "token/jwks.h"
#include "tests/unit/unit.h"

#define KEY    "0123456789012345678901234567890123456789"
#define OLD    "old-key-old-key-old-key-old-key-old-key-"
#define F      "Authorization failed: "
#define NOW    1700000000
#define LATEST 4711 /* the deadline that is handed on */

#define MISSING_HOST                                        \
	F "jwks_host is missing in JWT payload. Make sure " \
	  "custom_jwks_host field is present in module_type"
#define WRONG_HOST                                            \
	F "Wrong jwks_host in JWT payload. Make sure domain " \
	  "follows the visibility.<region>.cisco.com structure"
#define WRONG_KID F "kid from JWT header not found in API response"
#define WRONG_KEY                                                            \
	F "Failed to decode JWT with provided key. Make sure "               \
	  "domain in custom_jwks_host corresponds to your SecureX instance " \
	  "region."

static char *hosts[] = { (char *)(uintptr_t) "visibility.amp.cisco.com",
	(char *)(uintptr_t) "keys.example:8443", NULL };
static const struct conf conf = { .secret_key = (char *)(uintptr_t)KEY,
	.secret_key_previous = (char *)(uintptr_t)OLD,
	.leeway = 60,
	.jwks_hosts = hosts };

/* The key sets, played: what jwks_key() answers and what it was asked. */
struct jwks {
	enum jwks_result result;
	EVP_PKEY *key; /* of kid "1" */
	uint64_t serial;
	int asked;
	char host[100];
};

enum jwks_result
jwks_key(struct jwks *j, const char *host, const char *kid, int64_t now,
    int64_t deadline, const struct jwk_set **set, uint64_t *serial,
    const char **cause)
{
	static char one[] = "1";
	static struct jwk_set keys;

	ck_assert_int_ge(now, NOW);
	ck_assert_int_eq(deadline, LATEST);
	j->asked++;
	snprintf(j->host, sizeof(j->host), "%s", host);
	keys = (struct jwk_set){ 1, { { one, j->key } } };
	*set = &keys;
	*serial = j->serial;
	*cause = NULL;
	if (j->result == JWKS_KEY && (kid == NULL || strcmp(kid, "1") != 0))
		return JWKS_NO_KID;
	if (j->result == JWKS_NO_SET)
		*cause = "the host is down";
	return j->result;
}

static void
encode(char *out, const char *text)
{
	*out = '\0';
	rsakey_encode(out, text, strlen(text));
}

/* "Bearer " and a token of a header and payload, with that signature. */
static const char *
forged(const char *header, const char *payload, const char *signature)
{
	static char text[20000];
	char a[8000], b[8000];

	encode(a, header);
	encode(b, payload);
	snprintf(text, sizeof(text), "Bearer %s.%s.%s", a, b, signature);
	return text;
}

/* "Bearer " and a token that is signed as it should be. */
static const char *
signed_by(const char *key, const char *payload)
{
	static char text[20000];
	const char *why;
	char *token;

	token = auth_token(payload, key, NOW, 0, NULL, NULL, &why);
	ck_assert_msg(token != NULL, "%s", why == NULL ? "" : why);
	snprintf(text, sizeof(text), "Bearer %s", token);
	free(token);
	return text;
}

static const char *
check(const char *header)
{
	static char message[300];
	struct auth *a = auth_new(&conf, NULL);
	const struct claims *claims;
	char id[TOKEN_ID_MAX];
	const char *cause, *text;

	text = auth_check(a, header, NOW, LATEST, &claims, id, &cause);
	snprintf(message, sizeof(message), "%s", text == NULL ? "good" : text);
	auth_free(a);
	return message;
}

START_TEST(the_header_must_be_two_words)
{
	ck_assert_str_eq(check(NULL), F "Authorization header is missing");
	ck_assert_str_eq(check("Bearer"), F "Wrong authorization type");
	ck_assert_str_eq(check("Bearer "), F "Wrong authorization type");
	ck_assert_str_eq(check("Basic a.b.c"), F "Wrong authorization type");
	ck_assert_str_eq(check("Bearer a.b.c d"), F "Wrong authorization type");
	ck_assert_str_eq(check("a.b.c"), F "Wrong authorization type");
	ck_assert_str_eq(check("Bearer abc"), F "Wrong JWT structure");
}
END_TEST

START_TEST(a_signed_token_is_good)
{
	char small[20000];

	ck_assert_str_eq(check(signed_by(KEY, "{}")), "good");
	ck_assert_str_eq(check(signed_by(OLD, "{\"key\":\"x\"}")), "good");
	snprintf(
	    small, sizeof(small), "bEaReR  %s  ", signed_by(KEY, "{}") + 7);
	ck_assert_str_eq(check(small), "good");
	ck_assert_str_eq(
	    check(signed_by("another-key-another-key-another-key", "{}")),
	    F "Failed to decode JWT with provided key");
}
END_TEST

static const char *const headers[] = { "{\"typ\":\"JWT\"}",
	"{\"alg\":\"none\"}", "{\"alg\":\"None\"}", "{\"alg\":\"hs256\"}",
	"{\"alg\":\"HS384\"}", "{\"alg\":\"ES256\"}", "{\"alg\":[\"HS256\"]}",
	"{\"alg\":\"HS256\",\"alg\":\"none\"}",
	"{\"alg\":\"HS256\",\"crit\":[\"b64\"]}",
	"{\"alg\":\"HS256\",\"crit\":null}", "{\"alg\":\"HS256\\u0000\"}",
	"{\"alg\":'HS256'}", "[\"HS256\"]", "{", "" };

START_TEST(headers_that_libjwt_might_take_are_refused)
{
	size_t i;

	for (i = 0; i < COUNT(headers); i++)
		ck_assert_msg(strcmp(check(forged(headers[i], "{}", "c2ln")),
				  F "Wrong JWT structure") == 0,
		    "%s", headers[i]);
}
END_TEST

START_TEST(other_shapes_are_refused)
{
	static const char *const payloads[] = { "[]", "5", "\"x\"",
		"{\"a\":1,\"a\":2}", "{\"a\":" };
	char text[20000];
	size_t i;

	for (i = 0; i < COUNT(payloads); i++)
		ck_assert_str_eq(
		    check(forged("{\"alg\":\"HS256\"}", payloads[i], "c2ln")),
		    F "Wrong JWT structure");
	/* No signature, a fourth part, other letters, a length no bytes have,
	 * bits left over. */
	ck_assert_str_eq(check(forged("{\"alg\":\"HS256\"}", "{}", "")),
	    F "Wrong JWT structure");
	ck_assert_str_eq(check(forged("{\"alg\":\"HS256\"}", "{}", "c2ln.")),
	    F "Wrong JWT structure");
	ck_assert_str_eq(check(forged("{\"alg\":\"HS256\"}", "{}", "c2l=")),
	    F "Wrong JWT structure");
	ck_assert_str_eq(check(forged("{\"alg\":\"HS256\"}", "{}", "c2lnc")),
	    F "Wrong JWT structure");
	ck_assert_str_eq(check(forged("{\"alg\":\"HS256\"}", "{}", "c3")),
	    F "Wrong JWT structure");
	memset(text, 'A', 9000);
	memcpy(text, "Bearer a.b.", 11);
	text[9000] = '\0';
	ck_assert_str_eq(check(text), F "Wrong JWT structure");
	/* Signed with an empty key, which libjwt would take for anything. */
	ck_assert_str_eq(check(forged("{\"alg\":\"HS256\"}", "{}", "c2ln")),
	    F "Failed to decode JWT with provided key");
}
END_TEST

static const struct {
	const char *payload, *message;
} payloads[] = { { "{\"exp\":1700000000}", "good" }, /* within the leeway */
	{ "{\"exp\":1699999940}", F "JWT has expired" },
	{ "{\"exp\":1699999941}", "good" },
	{ "{\"exp\":0}", F "JWT has expired" },
	{ "{\"exp\":-9223372036854775808}", F "JWT has expired" },
	{ "{\"exp\":9223372036854775807}", "good" },
	{ "{\"exp\":\"1800000000\"}", F "Wrong JWT payload structure" },
	{ "{\"exp\":1800000000.5}", F "Wrong JWT payload structure" },
	{ "{\"exp\":null}", F "Wrong JWT payload structure" },
	{ "{\"nbf\":1700000060}", "good" },
	{ "{\"nbf\":1700000061}", F "JWT is not valid yet" },
	{ "{\"nbf\":[1]}", F "Wrong JWT payload structure" },
	{ "{\"aud\":\"somebody\",\"jwks_host\":5}", "good" } };

START_TEST(times_count_when_they_are_integers)
{
	size_t i;

	for (i = 0; i < COUNT(payloads); i++)
		ck_assert_str_eq(check(signed_by(KEY, payloads[i].payload)),
		    payloads[i].message);
}
END_TEST

START_TEST(a_remembered_token_still_expires)
{
	struct auth *a = auth_new(&conf, NULL);
	const struct claims *claims;
	char id[TOKEN_ID_MAX], header[20000];
	const char *cause;

	snprintf(header, sizeof(header), "%s",
	    signed_by(KEY, "{\"exp\":1700000000}"));
	ck_assert_ptr_null(
	    auth_check(a, header, NOW, LATEST, &claims, id, &cause));
	ck_assert_uint_eq(strlen(id), 8);
	ck_assert_ptr_null(
	    auth_check(a, header, NOW, LATEST, &claims, id, &cause));
	ck_assert_str_eq(
	    auth_check(a, header, NOW + 60, LATEST, &claims, id, &cause),
	    F "JWT has expired");
	/* One wrong letter in the signature is another token. */
	header[strlen(header) - 5] ^= 1;
	ck_assert_ptr_nonnull(
	    auth_check(a, header, NOW, LATEST, &claims, id, &cause));
	auth_free(a);
}
END_TEST

/* There are few places: many tokens fall on the one that is remembered. */
START_TEST(a_remembered_token_is_good_for_itself_alone)
{
	struct auth *a = auth_new(&conf, NULL);
	const struct claims *claims;
	char id[TOKEN_ID_MAX], payload[32];
	const char *cause;
	int i;

	ck_assert_ptr_null(auth_check(
	    a, signed_by(KEY, "{}"), NOW, LATEST, &claims, id, &cause));
	for (i = 0; i < 4096; i++) {
		snprintf(payload, sizeof(payload), "{\"n\":%d}", i);
		ck_assert_str_eq(
		    auth_check(a,
			signed_by(
			    "another-key-another-key-another-key", payload),
			NOW, LATEST, &claims, id, &cause),
		    F "Failed to decode JWT with provided key");
	}
	auth_free(a);
}
END_TEST

START_TEST(without_a_key_nothing_is_good)
{
	const struct conf none = { .leeway = 60 };
	const struct conf empty = { .secret_key = (char *)(uintptr_t) "",
		.secret_key_previous = (char *)(uintptr_t) "",
		.leeway = 60 };
	struct auth *a = auth_new(&none, NULL);
	const struct claims *claims;
	char id[TOKEN_ID_MAX];
	const char *cause;

	ck_assert_str_eq(auth_check(a, signed_by(KEY, "{}"), NOW, LATEST,
			     &claims, id, &cause),
	    F "<SECRET_KEY> is missing");
	auth_free(a);
	/* With an empty key libjwt takes every token. */
	a = auth_new(&empty, NULL);
	ck_assert_str_eq(auth_check(a, signed_by(KEY, "{}"), NOW, LATEST,
			     &claims, id, &cause),
	    F "Failed to decode JWT with provided key");
	auth_free(a);
}
END_TEST

/* What comes of "Bearer " and an RS256 token with that key set behind it. */
static const char *
check_rs256(struct jwks *jwks, const struct conf *with, const char *token,
    const char **cause)
{
	static char message[300], header[RSAKEY_TEXT + 8];
	static char why[300];
	struct auth *a = auth_new(with, jwks);
	const struct claims *claims;
	char id[TOKEN_ID_MAX];
	const char *text;

	snprintf(header, sizeof(header), "Bearer %s", token);
	text = auth_check(a, header, NOW, LATEST, &claims, id, cause);
	snprintf(message, sizeof(message), "%s", text == NULL ? "good" : text);
	if (text != NULL) {
		snprintf(why, sizeof(why), "%s", *cause);
		*cause = why;
	}
	auth_free(a);
	return message;
}

/* In the order in which they are looked at. */
static const struct {
	const char *header, *payload;
	enum jwks_result result;
	const char *message, *cause;
	int asked;
} orders[] = { { "{\"alg\":\"RS256\"}", "{\"exp\":1}", JWKS_KEY, MISSING_HOST,
		   "there is no claim jwks_host", 0 },
	{ "{\"alg\":\"RS256\"}", "{\"jwks_host\":null}", JWKS_KEY, WRONG_HOST,
	    "jwks_host is no string", 0 },
	{ "{\"alg\":\"RS256\"}", "{\"jwks_host\":[\"keys.example:8443\"]}",
	    JWKS_KEY, WRONG_HOST, "jwks_host is no string", 0 },
	{ "{\"alg\":\"RS256\"}", "{\"jwks_host\":\"\"}", JWKS_KEY, WRONG_HOST,
	    "jwks_host is none of jwks_hosts", 0 },
	{ "{\"alg\":\"RS256\"}", "{\"jwks_host\":\"keys.example\"}", JWKS_KEY,
	    WRONG_HOST, "jwks_host is none of jwks_hosts", 0 },
	{ "{\"alg\":\"RS256\"}", "{\"jwks_host\":\"keys.example:84430\"}",
	    JWKS_KEY, WRONG_HOST, "jwks_host is none of jwks_hosts", 0 },
	{ "{\"alg\":\"RS256\"}",
	    "{\"jwks_host\":\"visibility.amp.cisco.com.evil.example\"}",
	    JWKS_KEY, WRONG_HOST, "jwks_host is none of jwks_hosts", 0 },
	{ "{\"alg\":\"RS256\"}",
	    "{\"jwks_host\":\"visibility.amp.cisco.com/\"}", JWKS_KEY,
	    WRONG_HOST, "jwks_host is none of jwks_hosts", 0 },
	{ "{\"alg\":\"RS256\",\"kid\":\"1\"}",
	    "{\"jwks_host\":\"KEYS.Example:8443\"}", JWKS_NO_SET, WRONG_HOST,
	    "the host is down", 1 },
	{ "{\"alg\":\"RS256\"}", "{\"jwks_host\":\"keys.example:8443\"}",
	    JWKS_NO_SET, WRONG_HOST, "the host is down", 1 },
	{ "{\"alg\":\"RS256\"}", "{\"jwks_host\":\"keys.example:8443\"}",
	    JWKS_KEY, WRONG_KID, "kid is missing in its header, or no string",
	    1 },
	{ "{\"alg\":\"RS256\",\"kid\":\"2\"}",
	    "{\"jwks_host\":\"keys.example:8443\"}", JWKS_NO_KID, WRONG_KID,
	    "the key set of keys.example:8443 has no usable key with the kid "
	    "\"2\"",
	    1 },
	{ "{\"alg\":\"RS256\",\"kid\":\"1\"}",
	    "{\"jwks_host\":\"keys.example:8443\",\"exp\":1}", JWKS_KEY,
	    F "JWT has expired", "exp is 1, and now is 1700000000, leeway 60",
	    1 },
	{ "{\"alg\":\"RS256\",\"kid\":\"1\"}",
	    "{\"jwks_host\":\"keys.example:8443\",\"nbf\":1800000000}",
	    JWKS_KEY, F "JWT is not valid yet",
	    "nbf is 1800000000, and now is 1700000000, leeway 60", 1 },
	{ "{\"alg\":\"RS256\",\"kid\":\"1\"}",
	    "{\"jwks_host\":\"KEYS.Example:8443\"}", JWKS_KEY, "good", NULL,
	    1 } };

START_TEST(rs256_is_judged_by_host_set_kid_signature_and_times)
{
	EVP_PKEY *key = rsakey_new(2048);
	struct jwks jwks;
	char token[RSAKEY_TEXT];
	const char *cause;
	size_t i;

	for (i = 0; i < COUNT(orders); i++) {
		jwks = (struct jwks){
			.result = orders[i].result, .key = key, .serial = 1
		};
		rsakey_token(token, key, orders[i].header, orders[i].payload);
		ck_assert_str_eq(check_rs256(&jwks, &conf, token, &cause),
		    orders[i].message);
		if (orders[i].cause != NULL)
			ck_assert_str_eq(cause, orders[i].cause);
		ck_assert_int_eq(jwks.asked, orders[i].asked);
		/* What goes into the URL is the list's, not the token's. */
		if (jwks.asked != 0)
			ck_assert_str_eq(jwks.host, "keys.example:8443");
	}
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(a_wrong_signature_is_told_before_the_times)
{
	EVP_PKEY *key = rsakey_new(2048), *other = rsakey_new(2048);
	struct jwks jwks = { JWKS_KEY, key, 1, 0, "" };
	char token[RSAKEY_TEXT];
	const char *cause;

	rsakey_token(token, other, "{\"alg\":\"RS256\",\"kid\":\"1\"}",
	    "{\"jwks_host\":\"keys.example:8443\",\"exp\":1}");
	ck_assert_str_eq(check_rs256(&jwks, &conf, token, &cause), WRONG_KEY);
	jwks.key = other;
	ck_assert_str_eq(
	    check_rs256(&jwks, &conf, token, &cause), F "JWT has expired");
	/* Shorter than the modulus. */
	strcpy(strrchr(token, '.'), ".c2ln");
	ck_assert_str_eq(check_rs256(&jwks, &conf, token, &cause), WRONG_KEY);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}
END_TEST

START_TEST(without_hosts_or_key_sets_rs256_is_off)
{
	static char *none[] = { NULL };
	const struct conf off = { .jwks_hosts = none };
	const struct conf unset = { .leeway = 60 };
	EVP_PKEY *key = rsakey_new(2048);
	struct jwks jwks = { JWKS_KEY, key, 1, 0, "" };
	char token[RSAKEY_TEXT];
	const char *cause;

	rsakey_token(token, key, "{\"alg\":\"RS256\",\"kid\":\"1\"}",
	    "{\"jwks_host\":\"keys.example:8443\"}");
	ck_assert_str_eq(check_rs256(&jwks, &off, token, &cause), WRONG_HOST);
	ck_assert_str_eq(cause, "jwks_hosts is empty, which turns RS256 off");
	ck_assert_str_eq(check_rs256(&jwks, &unset, token, &cause), WRONG_HOST);
	ck_assert_int_eq(jwks.asked, 0);
	ck_assert_str_eq(check_rs256(NULL, &conf, token, &cause), WRONG_HOST);
	ck_assert_str_eq(cause, "no key set is fetched here");
	ck_assert_str_eq(check_rs256(&jwks, &conf, token, &cause), "good");
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(a_public_key_is_no_secret_key)
{
	EVP_PKEY *key = rsakey_new(2048);
	struct jwks jwks = { JWKS_KEY, key, 1, 0, "" };
	BIO *bio = BIO_new(BIO_s_mem());
	char pem[2000], token[RSAKEY_TEXT], *made;
	const char *why, *cause;
	int n;

	ck_assert_int_eq(PEM_write_bio_PUBKEY(bio, key), 1);
	ck_assert_int_gt(n = BIO_read(bio, pem, sizeof(pem) - 1), 0);
	pem[n] = '\0';
	/* HS256, signed with the public key: libjwt takes that for RS256. */
	made = auth_token("{\"jwks_host\":\"keys.example:8443\"}", pem, NOW, 0,
	    NULL, NULL, &why);
	ck_assert_ptr_nonnull(made);
	ck_assert_str_eq(check_rs256(&jwks, &conf, made, &cause),
	    F "Failed to decode JWT with provided key");
	ck_assert_int_eq(jwks.asked, 0);
	/* The same bytes said to be RS256. */
	encode(token, "{\"alg\":\"RS256\",\"kid\":\"1\"}");
	strcat(token, strchr(made, '.'));
	ck_assert_str_eq(check_rs256(&jwks, &conf, token, &cause), WRONG_KEY);
	free(made);
	BIO_free(bio);
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(an_rs256_signature_under_hs256_is_none)
{
	EVP_PKEY *key = rsakey_new(2048);
	struct jwks jwks = { JWKS_KEY, key, 1, 0, "" };
	char token[RSAKEY_TEXT];
	const char *cause;

	/* Signed as RS256 must be, but said to be HS256. */
	rsakey_token(token, key, "{\"alg\":\"HS256\",\"kid\":\"1\"}",
	    "{\"jwks_host\":\"keys.example:8443\"}");
	ck_assert_str_eq(check_rs256(&jwks, &conf, token, &cause),
	    F "Failed to decode JWT with provided key");
	EVP_PKEY_free(key);
}
END_TEST

START_TEST(a_remembered_rs256_token_ends_with_its_key)
{
	EVP_PKEY *key = rsakey_new(2048);
	EVP_PKEY *other = rsakey_new(2048);
	struct jwks jwks = { JWKS_KEY, key, 1, 0, "" };
	struct auth *a = auth_new(&conf, &jwks);
	const struct claims *claims;
	char header[RSAKEY_TEXT + 8] = "Bearer ";
	char id[TOKEN_ID_MAX];
	const char *cause;

	rsakey_token(header + 7, key, "{\"alg\":\"RS256\",\"kid\":\"1\"}",
	    "{\"jwks_host\":\"keys.example:8443\",\"exp\":1700000000}");
	ck_assert_ptr_null(
	    auth_check(a, header, NOW, LATEST, &claims, id, &cause));
	/* The set is asked every time; the signature is not verified again
	 * while it is the same one. */
	jwks.key = other;
	ck_assert_ptr_null(
	    auth_check(a, header, NOW, LATEST, &claims, id, &cause));
	ck_assert_int_eq(jwks.asked, 2);
	jwks.serial = 2;
	ck_assert_str_eq(
	    auth_check(a, header, NOW, LATEST, &claims, id, &cause), WRONG_KEY);
	ck_assert_str_eq(
	    auth_check(a, header, NOW, LATEST, &claims, id, &cause), WRONG_KEY);
	jwks.key = key;
	ck_assert_ptr_null(
	    auth_check(a, header, NOW, LATEST, &claims, id, &cause));
	ck_assert_str_eq(
	    auth_check(a, header, NOW + 60, LATEST, &claims, id, &cause),
	    F "JWT has expired");
	jwks.result = JWKS_NO_KID;
	ck_assert_str_eq(
	    auth_check(a, header, NOW, LATEST, &claims, id, &cause), WRONG_KID);
	jwks.result = JWKS_NO_SET;
	ck_assert_str_eq(
	    auth_check(a, header, NOW, LATEST, &claims, id, &cause),
	    WRONG_HOST);
	auth_free(a);
	EVP_PKEY_free(key);
	EVP_PKEY_free(other);
}
END_TEST

static const struct {
	const char *payload, *base;
	bool good;
} audiences[] = { { "{\"aud\":\"https://h.example/otx\"}",
		      "https://h.example/otx", true },
	{ "{\"aud\":\"https://h.example/otx/\"}", "https://h.example/otx",
	    true },
	{ "{\"aud\":\"HTTPS://H.Example/otx\"}", "https://h.example/otx",
	    true },
	{ "{\"aud\":\"https://h.example:443/otx\"}", "https://h.example/otx",
	    true },
	{ "{\"aud\":\"https://h.example/otx\"}", "https://h.example:443/otx",
	    true },
	{ "{\"aud\":\"http://h.example:80/otx\"}", "http://h.example/otx",
	    true },
	{ "{\"aud\":\"https://h.example:80/otx\"}", "https://h.example/otx",
	    false },
	{ "{\"aud\":\"https://h.example:8443/otx\"}", "https://h.example/otx",
	    false },
	{ "{\"aud\":\"https://h.example:8443/otx\"}",
	    "https://h.example:8443/otx", true },
	{ "{\"aud\":\"http://h.example/otx\"}", "https://h.example/otx",
	    false },
	{ "{\"aud\":\"https://h.example/OTX\"}", "https://h.example/otx",
	    false },
	{ "{\"aud\":\"https://h.example/otx//\"}", "https://h.example/otx",
	    false },
	{ "{\"aud\":\"https://h.example/otx/x\"}", "https://h.example/otx",
	    false },
	{ "{\"aud\":\"https://h.example/otx?x\"}", "https://h.example/otx",
	    false },
	{ "{\"aud\":\"https://h.example/otx?\"}", "https://h.example/otx",
	    false },
	{ "{\"aud\":\"https://h.example/otx#\"}", "https://h.example/otx",
	    false },
	{ "{\"aud\":\"https://h.example/otx#x\"}", "https://h.example/otx",
	    false },
	{ "{\"aud\":\"https://h.example/otx/?\"}", "https://h.example/otx",
	    false },
	{ "{\"aud\":\"https://h.example\"}", "https://h.example/otx", false },
	{ "{\"aud\":\"https://h.example\"}", "https://h.example/", true },
	{ "{\"aud\":\"https://u@h.example/otx\"}", "https://h.example/otx",
	    false },
	{ "{\"aud\":\"https://h.example.evil/otx\"}", "https://h.example/otx",
	    false },
	{ "{\"aud\":\"h.example/otx\"}", "https://h.example/otx", false },
	{ "{\"aud\":\"https://[::1]/otx\"}", "https://[::1]:443/otx", true },
	{ "{\"aud\":[\"x\",5,\"https://h.example/otx\"]}",
	    "https://h.example/otx", true },
	{ "{\"aud\":[\"https://h.example/other\"]}", "https://h.example/otx",
	    false },
	{ "{\"aud\":[]}", "https://h.example/otx", false },
	{ "{\"aud\":[[\"https://h.example/otx\"]]}", "https://h.example/otx",
	    false },
	{ "{\"aud\":{\"a\":\"https://h.example/otx\"}}",
	    "https://h.example/otx", false },
	{ "{\"aud\":\"\"}", "https://h.example/otx", false },
	{ "{\"aud\":null}", "https://h.example/otx", false },
	{ "{\"aud\":\"https://h.example/otx\\u0000\"}", "https://h.example/otx",
	    false },
	{ "{}", "https://h.example/otx", false },
	{ "{\"aud\":\"https://h.example/otx\"}", "https:///otx", false },
	{ "{\"aud\":\"https://h.example/otx\"}", NULL, false } };

START_TEST(the_audience_is_the_base_url_of_the_relay)
{
	struct auth *a = auth_new(&conf, NULL);
	struct claims c = { .alg = TOKEN_RS256 };
	const char *bases[3] = { "https://other.example/otx", NULL, NULL };
	const char *cause, *message;
	struct json_object *aud;
	size_t i;

	for (i = 0; i < COUNT(audiences); i++) {
		c.payload = jsonin_parse(audiences[i].payload,
		    strlen(audiences[i].payload), 100, NULL);
		bases[1] = audiences[i].base;
		message = auth_audience(a, &c, bases, &cause);
		if (audiences[i].good) {
			ck_assert_msg(message == NULL, "%zu", i);
		} else {
			ck_assert_msg(message != NULL, "%zu", i);
			ck_assert_str_eq(
			    message, F "Wrong configuration-token-audience");
			ck_assert_str_eq(cause,
			    jsonin_has(c.payload, "aud", &aud) ?
				"aud does not name "
				"https://other.example/otx" :
				"aud is missing, "
				"which must name https://other.example/otx");
		}
		token_free(&c);
	}
	auth_free(a);
}
END_TEST

/* libcurl, which takes URLs apart that are not plain, without memory. */
static bool no_more;

static void *
starved_malloc(size_t n)
{
	if (!no_more)
		return malloc(n);
	errno = ENOMEM;
	return NULL;
}

static void *
starved_calloc(size_t n, size_t size)
{
	if (!no_more)
		return calloc(n, size);
	errno = ENOMEM;
	return NULL;
}

START_TEST(an_audience_that_memory_hides_is_not_a_wrong_one)
{
	static const char payload[] = "{\"aud\":\"https://h.example./\"}";
	const char *const bases[] = { "https://h.example", NULL };
	const char *cause = NULL;
	struct auth *a = auth_new(&conf, NULL);
	struct claims c = { .alg = TOKEN_RS256 };

	ck_assert_int_eq(
	    curl_global_init_mem(CURL_GLOBAL_DEFAULT, starved_malloc, free,
		realloc, strdup, starved_calloc),
	    CURLE_OK);
	c.payload = jsonin_parse(payload, strlen(payload), 100, NULL);
	ck_assert_ptr_null(auth_audience(a, &c, bases, &cause));
	no_more = true;
	ck_assert_ptr_eq(auth_audience(a, &c, bases, &cause), auth_no_memory);
	no_more = false;
	json_object_put(c.payload);
	auth_free(a);
	curl_global_cleanup();
}
END_TEST

START_TEST(the_audience_of_hs256_says_nothing)
{
	const char *none[] = { NULL }, *cause;
	struct auth *a = auth_new(&conf, NULL);
	struct claims c = { .alg = TOKEN_HS256 };

	c.payload = jsonin_parse("{\"aud\":\"https://x\"}", 19, 100, NULL);
	ck_assert_ptr_null(auth_audience(a, &c, none, &cause));
	c.alg = TOKEN_RS256;
	ck_assert_ptr_nonnull(auth_audience(a, &c, none, &cause));
	ck_assert_str_eq(
	    cause, "aud does not name this relay: the request has no Host");
	token_free(&c);
	auth_free(a);
}
END_TEST

START_TEST(needed_claims_are_non_empty_strings)
{
	static const char *const names[] = { "key", "user", NULL };
	static const char *const bad[] = { "{}", "{\"key\":\"k\"}",
		"{\"key\":\"k\",\"user\":\"\"}", "{\"key\":\"k\",\"user\":5}",
		"{\"key\":\"k\",\"user\":null}" };
	static const char *const causes[] = { "the claim key is missing",
		"the claim user is missing", "the claim user is empty",
		"the claim user is no string", "the claim user is no string" };
	struct auth *a = auth_new(&conf, NULL);
	struct claims c = { 0 };
	const char *cause;
	size_t i;

	for (i = 0; i < COUNT(bad); i++) {
		c.payload = jsonin_parse(bad[i], strlen(bad[i]), 100, NULL);
		ck_assert_str_eq(auth_claims(a, &c, names, &cause),
		    F "Wrong JWT payload structure");
		ck_assert_str_eq(cause, causes[i]);
		ck_assert_ptr_null(auth_claims(a, &c, NULL, &cause));
		token_free(&c);
	}
	c.payload =
	    jsonin_parse("{\"key\":\"k\",\"user\":\"u\"}", 22, 100, NULL);
	ck_assert_ptr_null(auth_claims(a, &c, names, &cause));
	token_free(&c);
	auth_free(a);
}
END_TEST

static const struct {
	const char *payload;
	size_t limit;
} limits[] = { { "{}", 100 }, { "{\"CTR_ENTITIES_LIMIT\":7}", 7 },
	{ "{\"CTR_ENTITIES_LIMIT\":\"7\"}", 7 },
	{ "{\"CTR_ENTITIES_LIMIT\":1000}", 1000 },
	{ "{\"CTR_ENTITIES_LIMIT\":1001}", 1000 },
	{ "{\"CTR_ENTITIES_LIMIT\":\"99999999999999999999\"}", 1000 },
	{ "{\"CTR_ENTITIES_LIMIT\":0}", 100 },
	{ "{\"CTR_ENTITIES_LIMIT\":-1}", 100 },
	{ "{\"CTR_ENTITIES_LIMIT\":\"-1\"}", 100 },
	{ "{\"CTR_ENTITIES_LIMIT\":\"\"}", 100 },
	{ "{\"CTR_ENTITIES_LIMIT\":\"7x\"}", 100 },
	{ "{\"CTR_ENTITIES_LIMIT\":7.5}", 100 },
	{ "{\"CTR_ENTITIES_LIMIT\":null}", 100 },
	{ "{\"CTR_ENTITIES_LIMIT\":[7]}", 100 } };

START_TEST(the_limit_is_an_integer_in_range_or_the_default)
{
	const char *header;
	struct claims c;
	size_t i;

	for (i = 0; i < COUNT(limits); i++) {
		header =
		    forged("{\"alg\":\"HS256\"}", limits[i].payload, "c2ln");
		ck_assert_ptr_null(
		    token_parse(header + 7, strlen(header + 7), &c));
		ck_assert_msg(c.limit == limits[i].limit, "%s: %zu",
		    limits[i].payload, c.limit);
		token_free(&c);
	}
}
END_TEST

START_TEST(a_new_token_says_when_it_was_made_and_ends)
{
	const char *why;
	char *token;
	struct claims c;
	int64_t iat;

	token = auth_token(
	    "{\"a\":\"b\",\"exp\":1}", KEY, NOW, NOW + 5, NULL, NULL, &why);
	ck_assert_ptr_null(token_parse(token, strlen(token), &c));
	ck_assert_int_eq(c.alg, TOKEN_HS256);
	ck_assert(c.has_exp && c.exp == NOW + 5);
	ck_assert(jsonin_int(jsonin_member(c.payload, "iat"), &iat));
	ck_assert_int_eq(iat, NOW);
	token_free(&c);
	free(token);
	ck_assert_ptr_null(auth_token("[]", KEY, NOW, 0, NULL, NULL, &why));
	ck_assert_str_eq(why, "the claims are no JSON object");
	ck_assert_ptr_null(auth_token("{}", "", NOW, 0, NULL, NULL, &why));
	ck_assert_ptr_null(auth_token("{", KEY, NOW, 0, NULL, NULL, &why));
}
END_TEST

START_TEST(a_new_key_is_64_letters_that_nobody_knows)
{
	char a[65], b[65];

	ck_assert_int_eq(auth_new_key(a), 0);
	ck_assert_int_eq(auth_new_key(b), 0);
	ck_assert_uint_eq(strspn(a,
			      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
			      "abcdefghijklmnopqrstuvwxyz0123456789-_"),
	    64);
	ck_assert_uint_eq(strlen(a), 64);
	ck_assert_str_ne(a, b);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { the_header_must_be_two_words,
		a_signed_token_is_good,
		headers_that_libjwt_might_take_are_refused,
		other_shapes_are_refused, times_count_when_they_are_integers,
		a_remembered_token_still_expires,
		a_remembered_token_is_good_for_itself_alone,
		without_a_key_nothing_is_good,
		rs256_is_judged_by_host_set_kid_signature_and_times,
		a_wrong_signature_is_told_before_the_times,
		without_hosts_or_key_sets_rs256_is_off,
		a_public_key_is_no_secret_key,
		an_rs256_signature_under_hs256_is_none,
		a_remembered_rs256_token_ends_with_its_key,
		the_audience_is_the_base_url_of_the_relay,
		an_audience_that_memory_hides_is_not_a_wrong_one,
		the_audience_of_hs256_says_nothing,
		needed_claims_are_non_empty_strings,
		the_limit_is_an_integer_in_range_or_the_default,
		a_new_token_says_when_it_was_made_and_ends,
		a_new_key_is_64_letters_that_nobody_knows };

	return unit_run("auth", tests, COUNT(tests));
}
