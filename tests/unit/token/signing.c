/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/base64url.h"
#include "base/buf.h"
#include "json/jsonin.h"
#include "json/jsonout.h"
#include "token/jwk.h"
#include "token/signing.h"
#include "token/token.h"
#include "tests/unit/unit.h"

#define TEXT 16384

/* RFC 7638 section 3.1. */
#define RFC_N                                                      \
	"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbf" \
	"AAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknj" \
	"hMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65" \
	"YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQ" \
	"vRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lF" \
	"d2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzK" \
	"nqDKgw"
#define RFC_SET                                            \
	"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"" RFC_N "\"," \
	"\"e\":\"AQAB\",\"alg\":\"RS256\",\"kid\":\"2011-04-29\"}]}"
#define RFC_THUMBPRINT "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"

START_TEST(bytes_are_written_as_the_rfc_does)
{
	/* RFC 4648 section 10, and the two characters that differ. */
	static const struct {
		const char *bytes, *text;
	} cases[] = { { "", "" }, { "f", "Zg" }, { "fo", "Zm8" },
		{ "foo", "Zm9v" }, { "foob", "Zm9vYg" }, { "fooba", "Zm9vYmE" },
		{ "foobar", "Zm9vYmFy" }, { "\373\377\277", "-_-_" } };
	struct buf out;

	for (size_t i = 0; i < COUNT(cases); i++) {
		buf_init(&out, 16);
		base64url_add(&out, cases[i].bytes, strlen(cases[i].bytes));
		ck_assert_str_eq(out.data, cases[i].text);
		buf_free(&out);
	}
}
END_TEST

START_TEST(the_thumbprint_is_that_of_the_rfc)
{
	struct jwk_set set;
	char kid[SIGNING_KID];

	ck_assert_ptr_null(jwk_parse(RFC_SET, strlen(RFC_SET), &set));
	ck_assert_uint_eq(set.n, 1);
	ck_assert_int_eq(signing_kid(set.key[0].key, kid), 0);
	ck_assert_str_eq(kid, RFC_THUMBPRINT);
	jwk_free(&set);
}
END_TEST

static EVP_PKEY *
new_key(void)
{
	struct buf pem;
	const char *why;
	EVP_PKEY *key;

	buf_init(&pem, TEXT);
	ck_assert_int_eq(signing_make(&pem), 0);
	key = signing_read(pem.data, &why);
	ck_assert_ptr_nonnull(key);
	ck_assert_ptr_null(why);
	buf_free(&pem);
	return key;
}

/* The set that holds the key alone, as it is written. */
static void
publish(EVP_PKEY *key, const char *kid, struct jwk_set *set)
{
	struct jsonout j;
	struct buf text;

	buf_init(&text, TEXT);
	jsonout_init(&j, &text);
	jsonout_object(&j);
	jsonout_key(&j, "keys");
	jsonout_array(&j);
	ck_assert_int_eq(signing_jwk(&j, key, kid), 0);
	jsonout_end_array(&j);
	jsonout_end_object(&j);
	ck_assert_int_eq(jsonout_done(&j), 0);
	ck_assert_ptr_null(strstr(text.data, "\"d\""));
	ck_assert_ptr_null(jwk_parse(text.data, text.len, set));
	buf_free(&text);
}

START_TEST(a_token_is_verified_by_the_published_key)
{
	struct signing s = { .kid = "a \"kid\"",
		.jwks_host = "keys.example",
		.aud = "https://r.example/x",
		.now = 1000,
		.expires = 2000 };
	struct jwk_set set;
	struct claims claims;
	unsigned char signature[512];
	const char *why;
	char *token, *dot;

	s.key = new_key();
	publish(s.key, s.kid, &set);
	token = signing_token(
	    "{\"iat\":1,\"exp\":\"x\",\"aud\":[],\"k\":1.50}", &s, &why);
	ck_assert_ptr_nonnull(token);
	ck_assert_ptr_null(token_parse(token, strlen(token), &claims));
	ck_assert_int_eq(claims.alg, TOKEN_RS256);
	ck_assert_str_eq(claims.kid, s.kid);
	ck_assert_int_eq(claims.exp, 2000);
	ck_assert_str_eq(token_claim(&claims, "jwks_host"), "keys.example");
	ck_assert_str_eq(token_claim(&claims, "aud"), s.aud);
	ck_assert_str_eq(
	    json_object_to_json_string(jsonin_member(claims.payload, "k")),
	    "1.50");
	dot = strrchr(token, '.');
	ck_assert_int_eq(
	    base64url_decode(dot + 1, strlen(dot + 1), signature), 256);
	ck_assert(jwk_verify(jwk_find(&set, s.kid), token,
	    (size_t)(dot - token), signature, 256));
	ck_assert(!jwk_verify(jwk_find(&set, s.kid), token,
	    (size_t)(dot - token) - 1, signature, 256));
	token_free(&claims);
	free(token);
	jwk_free(&set);
	EVP_PKEY_free(s.key);
}
END_TEST

START_TEST(claims_that_make_no_token_are_refused)
{
	static const struct {
		const char *payload, *why;
	} cases[] = { { "[]", "no JSON object" }, { "null", "no JSON object" },
		{ "{", "" }, { "{\"a\":1,\"a\":2}", "" }, { "", "" } };
	struct signing s = { .kid = "k", .now = 1 };
	const char *why;
	char large[9000];

	s.key = new_key();
	for (size_t i = 0; i < COUNT(cases); i++) {
		ck_assert_ptr_null(signing_token(cases[i].payload, &s, &why));
		ck_assert_ptr_nonnull(strstr(why, cases[i].why));
	}
	snprintf(large, sizeof(large), "{\"a\":\"%08190d\"}", 0);
	ck_assert_ptr_null(signing_token(large, &s, &why));
	ck_assert_ptr_nonnull(strstr(why, "8192"));
	snprintf(large, sizeof(large), "{\"a\":\"%06000d\"}", 0);
	ck_assert_ptr_null(signing_token(large, &s, &why));
	ck_assert_ptr_nonnull(strstr(why, "8192"));
	EVP_PKEY_free(s.key);
}
END_TEST

START_TEST(a_text_that_is_no_rsa_key_is_refused)
{
	static const char *const texts[] = {
		"", "key",
		"-----BEGIN PRIVATE KEY-----\nAA\n-----END PRIVATE KEY-----\n",
		"-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----\n"
	};
	const char *why;

	for (size_t i = 0; i < COUNT(texts); i++) {
		ck_assert_ptr_null(signing_read(texts[i], &why));
		ck_assert_ptr_nonnull(strstr(why, "PEM"));
		ck_assert_uint_eq(ERR_peek_error(), 0);
	}
}
END_TEST

START_TEST(every_key_is_another)
{
	EVP_PKEY *a = new_key(), *b = new_key();
	char first[SIGNING_KID], second[SIGNING_KID];

	ck_assert_int_eq(signing_kid(a, first), 0);
	ck_assert_int_eq(signing_kid(b, second), 0);
	ck_assert_str_ne(first, second);
	EVP_PKEY_free(a);
	EVP_PKEY_free(b);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { bytes_are_written_as_the_rfc_does,
		the_thumbprint_is_that_of_the_rfc,
		a_token_is_verified_by_the_published_key,
		claims_that_make_no_token_are_refused,
		a_text_that_is_no_rsa_key_is_refused, every_key_is_another };

	return unit_run("signing", tests, COUNT(tests));
}
