/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <openssl/err.h>

#include "base/base64url.h"
#include "tests/unit/rsakey.h"
#include "token/jwk.h"

/* RFC 7515 appendix A.2. */
#define RFC_SIGNED                                                          \
	"eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAs" \
	"DQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
#define RFC_SIGNATURE                                                      \
	"cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7" \
	"AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4" \
	"BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K" \
	"0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqv" \
	"hJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrB" \
	"p0igcN_IoypGlUPQGe77Rw"
#define RFC_MODULUS                                                        \
	"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp" \
	"-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOW" \
	"vG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUs" \
	"LA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9k" \
	"G4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2" \
	"PAcDTW9gb54h4FRWyuXpoQ"

/* A good entry with kid "k"; more: members behind it, with a comma. */
#define ENTRY(more)                                                 \
	"{\"kty\":\"RSA\",\"kid\":\"k\",\"n\":\"" RFC_MODULUS "\"," \
	"\"e\":\"AQAB\"" more "}"

/* Whether key verifies the example, whose signature may be changed before. */
static bool
verifies(EVP_PKEY *key, size_t flip, size_t cut)
{
	unsigned char signature[512];
	ssize_t n;

	n = base64url_decode(RFC_SIGNATURE, strlen(RFC_SIGNATURE), signature);
	ck_assert_int_eq(n, 256);
	if (flip < 256)
		signature[flip] ^= 1;
	return jwk_verify(
	    key, RFC_SIGNED, strlen(RFC_SIGNED), signature, 256 - cut);
}

START_TEST(the_example_of_the_rfc_verifies)
{
	struct jwk_set set;
	EVP_PKEY *key;

	ck_assert_ptr_null(jwk_parse("{\"keys\":[" ENTRY("") "]}",
	    strlen("{\"keys\":[" ENTRY("") "]}"), &set));
	key = jwk_find(&set, "k");
	ck_assert_ptr_nonnull(key);
	ck_assert(verifies(key, 256, 0));
	ck_assert(!verifies(key, 0, 0));
	ck_assert(!verifies(key, 255, 0));
	ck_assert(!verifies(key, 256, 1));
	ck_assert(!jwk_verify(key, "x", 1, (const unsigned char *)"", 0));
	ck_assert_uint_eq(ERR_peek_error(), 0);
	jwk_free(&set);
}
END_TEST

START_TEST(another_length_of_signature_is_none)
{
	unsigned char signature[257] = { 0 };
	struct jwk_set set;

	ck_assert_ptr_null(jwk_parse("{\"keys\":[" ENTRY("") "]}",
	    strlen("{\"keys\":[" ENTRY("") "]}"), &set));
	ck_assert_int_eq(base64url_decode(RFC_SIGNATURE, strlen(RFC_SIGNATURE),
			     signature + 1),
	    256);
	/* A zero in front makes no other number of it. */
	ck_assert(!jwk_verify(jwk_find(&set, "k"), RFC_SIGNED,
	    strlen(RFC_SIGNED), signature, 257));
	ck_assert(jwk_verify(jwk_find(&set, "k"), RFC_SIGNED,
	    strlen(RFC_SIGNED), signature + 1, 256));
	jwk_free(&set);
}
END_TEST

/* How many keys a set of these entries has, and whether "k" is one. */
static const struct {
	const char *entries;
	size_t n;
	bool found;
} entries[] = { { "", 0, false }, { ENTRY(""), 1, true },
	{ ENTRY(",\"use\":\"sig\""), 1, true },
	{ ENTRY(",\"use\":\"enc\""), 0, false },
	{ ENTRY(",\"use\":[\"sig\"]"), 0, false },
	{ ENTRY(",\"alg\":\"RS256\""), 1, true },
	{ ENTRY(",\"alg\":\"RS512\""), 0, false },
	{ ENTRY(",\"alg\":\"rs256\""), 0, false },
	{ ENTRY(",\"key_ops\":[\"verify\"]"), 1, true },
	{ ENTRY(",\"key_ops\":[5,\"wrapKey\",\"verify\"]"), 1, true },
	{ ENTRY(",\"key_ops\":[\"encrypt\"]"), 0, false },
	{ ENTRY(",\"key_ops\":[]"), 0, false },
	{ ENTRY(",\"key_ops\":\"verify\""), 0, false },
	{ ENTRY(",\"x5c\":[\"MII\"],\"x5t\":\"x\""), 1, true },
	{ "null,5,\"k\",[],{}", 0, false },
	/* Other kinds of keys beside it. */
	{ "{\"kty\":\"EC\",\"kid\":\"k\",\"crv\":\"P-256\",\"x\":\"AQ\","
	  "\"y\":\"AQ\"}," ENTRY(""),
	    1, true },
	{ "{\"kty\":\"oct\",\"kid\":\"k\",\"k\":\"c2VjcmV0\"}", 0, false },
	{ "{\"kty\":\"rsa\",\"kid\":\"k\",\"n\":\"" RFC_MODULUS "\","
	  "\"e\":\"AQAB\"}",
	    0, false },
	{ "{\"kid\":\"k\",\"n\":\"" RFC_MODULUS "\",\"e\":\"AQAB\"}", 0,
	    false },
	/* No kid that a token could name. */
	{ "{\"kty\":\"RSA\",\"n\":\"" RFC_MODULUS "\",\"e\":\"AQAB\"}", 0,
	    false },
	{ "{\"kty\":\"RSA\",\"kid\":5,\"n\":\"" RFC_MODULUS "\","
	  "\"e\":\"AQAB\"}",
	    0, false },
	/* Both of two. */
	{ ENTRY("") "," ENTRY(""), 2, true },
	/* Numbers. */
	{ "{\"kty\":\"RSA\",\"kid\":\"k\",\"e\":\"AQAB\"}", 0, false },
	{ "{\"kty\":\"RSA\",\"kid\":\"k\",\"n\":\"" RFC_MODULUS "\"}", 0,
	    false },
	{ "{\"kty\":\"RSA\",\"kid\":\"k\",\"n\":\"\",\"e\":\"AQAB\"}", 0,
	    false },
	{ "{\"kty\":\"RSA\",\"kid\":\"k\",\"n\":5,\"e\":\"AQAB\"}", 0, false },
	{ "{\"kty\":\"RSA\",\"kid\":\"k\",\"n\":\"" RFC_MODULUS "==\","
	  "\"e\":\"AQAB\"}",
	    1, true },
	{ "{\"kty\":\"RSA\",\"kid\":\"k\",\"n\":\"" RFC_MODULUS "=\","
	  "\"e\":\"AQAB\"}",
	    0, false },
	{ "{\"kty\":\"RSA\",\"kid\":\"k\",\"n\":\"" RFC_MODULUS "\","
	  "\"e\":\"AQAB====\"}",
	    0, false },
	{ "{\"kty\":\"RSA\",\"kid\":\"k\",\"n\":\"==" RFC_MODULUS "\","
	  "\"e\":\"AQAB\"}",
	    0, false },
	{ "{\"kty\":\"RSA\",\"kid\":\"k\",\"n\":\"+" RFC_MODULUS "\","
	  "\"e\":\"AQAB\"}",
	    0, false } };

START_TEST(entries_that_cannot_verify_are_left_out)
{
	char text[8192];
	struct jwk_set set;
	size_t i;

	for (i = 0; i < COUNT(entries); i++) {
		snprintf(
		    text, sizeof(text), "{\"keys\":[%s]}", entries[i].entries);
		ck_assert_ptr_null(jwk_parse(text, strlen(text), &set));
		ck_assert_msg(set.n == entries[i].n &&
			(jwk_find(&set, "k") != NULL) == entries[i].found,
		    "%zu: %zu keys", i, set.n);
		ck_assert_ptr_null(jwk_find(&set, NULL));
		ck_assert_ptr_null(jwk_find(&set, "K"));
		jwk_free(&set);
	}
}
END_TEST

static const struct {
	const char *e;
	bool good;
} exponents[] = {
	{ "Aw", true },  /* 3 */
	{ "AAM", true }, /* 3 with a zero in front */
	{ "AAM=", true }, { "Aw==", true }, { "AAAAAAEAAQ", true },
	{ "A===", false }, { "====", false }, { "=", false }, { "AQAB", true },
	{ "_________w", true },           /* 56 bits */
	{ "Ax", false },                  /* bits left over */
	{ "f_________8", true },          /* 63 bits */
	{ "__________8", true },          /* 64 bits */
	{ "Af__________", false },        /* 65 bits */
	{ "AA", false }, { "AQ", false }, /* 1 */
	{ "Ag", false },                  /* 2 */
	{ "AQAA", false }                 /* even */
};

START_TEST(the_exponent_is_odd_and_small)
{
	char text[2048];
	struct jwk_set set;
	size_t i;

	for (i = 0; i < COUNT(exponents); i++) {
		snprintf(text, sizeof(text),
		    "{\"keys\":[{\"kty\":\"RSA\","
		    "\"kid\":\"k\",\"n\":\"" RFC_MODULUS "\",\"e\":\"%s\"}]}",
		    exponents[i].e);
		ck_assert_ptr_null(jwk_parse(text, strlen(text), &set));
		ck_assert_msg(
		    (set.n == 1) == exponents[i].good, "%s", exponents[i].e);
		jwk_free(&set);
	}
}
END_TEST

/* Moduli of so many bits, `zeros` bytes in front; low: the last byte. */
static const struct {
	unsigned bits;
	size_t zeros;
	unsigned char low;
	bool good;
} moduli[] = { { 1024, 0, 1, false },
	{ 1024, 128, 1, false }, /* written as long as one of 2048 */
	{ 2040, 0, 1, false }, { 2048, 0, 1, true },
	{ 2048, 1, 1, true },  /* as some libraries write it */
	{ 2048, 0, 2, false }, /* even: no product of odd primes */
	{ 3072, 0, 1, true }, { 8192, 0, 1, true }, { 8192, 1, 1, true },
	{ 8200, 0, 1, false }, { 16384, 0, 1, false } };

START_TEST(the_modulus_has_2048_to_8192_bits)
{
	unsigned char n[2200];
	char text[8192];
	struct jwk_set set;
	size_t i, len;

	for (i = 0; i < COUNT(moduli); i++) {
		len = moduli[i].bits / 8 + moduli[i].zeros;
		memset(n, 0xa5, sizeof(n));
		memset(n, 0, moduli[i].zeros);
		n[len - 1] = moduli[i].low;
		snprintf(text, sizeof(text),
		    "{\"keys\":[{\"kty\":\"RSA\","
		    "\"kid\":\"k\",\"e\":\"AQAB\",\"n\":\"");
		rsakey_encode(text, n, len);
		strcat(text, "\"}]}");
		ck_assert_ptr_null(jwk_parse(text, strlen(text), &set));
		ck_assert_msg((set.n == 1) == moduli[i].good, "%u bits, %zu",
		    moduli[i].bits, moduli[i].zeros);
		jwk_free(&set);
	}
}
END_TEST

START_TEST(a_key_of_1024_bits_is_left_out_one_of_2048_verifies)
{
	EVP_PKEY *small = rsakey_new(1024), *large = rsakey_new(2048);
	char text[RSAKEY_TEXT], token[RSAKEY_TEXT], *dot;
	unsigned char signature[RSAKEY_TEXT];
	struct jwk_set set;
	ssize_t n;

	snprintf(text, sizeof(text), "{\"keys\":[");
	rsakey_jwk(text, small, "small", ",\"use\":\"sig\"");
	strcat(text, ",");
	rsakey_jwk(text, large, "large", ",\"use\":\"sig\"");
	strcat(text, "]}");
	ck_assert_ptr_null(jwk_parse(text, strlen(text), &set));
	ck_assert_uint_eq(set.n, 1);
	rsakey_token(token, large, "{\"alg\":\"RS256\"}", "{}");
	dot = strrchr(token, '.');
	n = base64url_decode(dot + 1, strlen(dot + 1), signature);
	ck_assert(jwk_verify(jwk_find(&set, "large"), token,
	    (size_t)(dot - token), signature, (size_t)n));
	token[0] ^= 1;
	ck_assert(!jwk_verify(jwk_find(&set, "large"), token,
	    (size_t)(dot - token), signature, (size_t)n));
	jwk_free(&set);
	EVP_PKEY_free(small);
	EVP_PKEY_free(large);
}
END_TEST

static const char *const no_sets[] = { "", "null", "[]", "5", "\"keys\"", "{}",
	"{\"keys\":null}", "{\"keys\":{}}", "{\"keys\":\"x\"}", "{\"keys\":[}",
	"{\"keys\":[]", "{'keys':[]}", "{\"keys\":[],\"keys\":[]}",
	"{\"keys\":[]} x", "<html><body>404</body></html>",
	"{\"keys\":[\"\xff\"]}", "{\"keys\":[" ENTRY(",\"kid\":\"k\"") "]}" };

START_TEST(a_text_without_an_array_of_keys_is_no_set)
{
	struct jwk_set set;
	size_t i;

	for (i = 0; i < COUNT(no_sets); i++) {
		ck_assert_msg(
		    jwk_parse(no_sets[i], strlen(no_sets[i]), &set) != NULL,
		    "%s", no_sets[i]);
		ck_assert_uint_eq(set.n, 0);
	}
	/* A NUL ends no text. */
	ck_assert_ptr_nonnull(jwk_parse("{\"keys\":[]}\0", 12, &set));
}
END_TEST

START_TEST(a_set_has_at_most_32_keys)
{
	static char text[65536];
	struct jwk_set set;
	size_t i, n, count;

	for (count = 32; count <= 33; count++) {
		n = (size_t)snprintf(text, sizeof(text), "{\"keys\":[");
		for (i = 0; i < count; i++)
			n += (size_t)snprintf(text + n, sizeof(text) - n,
			    "%s{\"kty\":\"RSA\",\"kid\":\"%zu\",\"n\":"
			    "\"" RFC_MODULUS "\",\"e\":\"AQAB\"}",
			    i == 0 ? "" : ",", i);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "]}");
		if (count == 33) {
			ck_assert_str_eq(
			    jwk_parse(text, n, &set), "more than 32 keys");
			continue;
		}
		ck_assert_ptr_null(jwk_parse(text, n, &set));
		ck_assert_uint_eq(set.n, 32);
		ck_assert_ptr_nonnull(jwk_find(&set, "31"));
		jwk_free(&set);
	}
}
END_TEST

START_TEST(each_key_of_a_kid_is_tried)
{
	EVP_PKEY *one = rsakey_new(2048), *two = rsakey_new(2048);
	EVP_PKEY *third = rsakey_new(2048), *keys[3] = { one, two, third };
	char text[2 * RSAKEY_TEXT], token[RSAKEY_TEXT], *dot;
	unsigned char signature[RSAKEY_TEXT];
	struct jwk_set set;
	ssize_t n;
	size_t i;

	snprintf(text, sizeof(text), "{\"keys\":[");
	rsakey_jwk(text, one, "k", "");
	strcat(text, ",{\"kty\":\"EC\",\"kid\":\"k\"},");
	rsakey_jwk(text, two, "k", "");
	strcat(text, ",");
	rsakey_jwk(text, third, "other", "");
	strcat(text, "]}");
	ck_assert_ptr_null(jwk_parse(text, strlen(text), &set));
	ck_assert_uint_eq(set.n, 3);
	for (i = 0; i < COUNT(keys); i++) {
		rsakey_token(token, keys[i], "{\"alg\":\"RS256\"}", "{}");
		dot = strrchr(token, '.');
		n = base64url_decode(dot + 1, strlen(dot + 1), signature);
		ck_assert_int_eq(n, 256);
		ck_assert(jwk_signed(&set, "k", token, (size_t)(dot - token),
			      signature, 256) == (keys[i] != third));
		ck_assert(
		    jwk_signed(&set, "other", token, (size_t)(dot - token),
			signature, 256) == (keys[i] == third));
		ck_assert(!jwk_signed(&set, "nobody", token,
		    (size_t)(dot - token), signature, 256));
		ck_assert(!jwk_signed(
		    &set, "k", token, (size_t)(dot - token), signature, 0));
	}
	jwk_free(&set);
	for (i = 0; i < COUNT(keys); i++)
		EVP_PKEY_free(keys[i]);
}
END_TEST

/* OpenSSL's memory, which ends after so many allocations; -1: never. */
static int left = -1;

static void *
scarce_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	if (left > 0)
		left--;
	return left == 0 ? NULL : malloc(n);
}

static void *
scarce_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return left == 0 ? NULL : realloc(p, n);
}

static void
scarce_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

START_TEST(a_set_is_whole_or_not_there_when_memory_runs_out)
{
	static const char text[] = "{\"keys\":[" ENTRY("") "]}";
	struct jwk_set set;
	const char *why = "";
	int i;

	/* Once, so that what OpenSSL keeps for good is there. */
	ck_assert_ptr_null(jwk_parse(text, strlen(text), &set));
	jwk_free(&set);
	for (i = 1; why != NULL; i++) {
		left = i;
		why = jwk_parse(text, strlen(text), &set);
		left = -1;
		ck_assert_uint_eq(set.n, why == NULL ? 1 : 0);
		ck_assert_int_lt(i, 1000);
		jwk_free(&set);
	}
	ck_assert_int_gt(i, 5);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { the_example_of_the_rfc_verifies,
		another_length_of_signature_is_none,
		entries_that_cannot_verify_are_left_out,
		the_exponent_is_odd_and_small,
		the_modulus_has_2048_to_8192_bits,
		a_key_of_1024_bits_is_left_out_one_of_2048_verifies,
		a_text_without_an_array_of_keys_is_no_set,
		a_set_has_at_most_32_keys, each_key_of_a_kid_is_tried,
		a_set_is_whole_or_not_there_when_memory_runs_out };

	if (CRYPTO_set_mem_functions(
		scarce_malloc, scarce_realloc, scarce_free) != 1)
		return EXIT_FAILURE;
	return unit_run("jwk", tests, COUNT(tests));
}
