#include <stdio.h>
#include <string.h>

#include <jwt.h>

#include "auth.h"
#include "conf.h"
#include "jsonin.h"
#include "unit.h"

#define KEY	"0123456789012345678901234567890123456789"
#define OLD	"old-key-old-key-old-key-old-key-old-key-"
#define F	"Authorization failed: "
#define NOW	1700000000

static const struct conf	 conf = {
	.secret_key = (char *)(uintptr_t)KEY,
	.secret_key_previous = (char *)(uintptr_t)OLD, .leeway = 60
};

static const char base64url[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

static void
encode(char *out, const char *text)
{
	unsigned	 bits = 0, n = 0;

	for (; *text != '\0'; text++) {
		bits = bits << 8 | (unsigned char)*text;
		for (n += 8; n >= 6; n -= 6)
			*out++ = base64url[bits >> (n - 6) & 63];
	}
	if (n > 0)
		*out++ = base64url[bits << (6 - n) & 63];
	*out = '\0';
}

/* "Bearer " and a token of a header and payload, with that signature. */
static const char *
forged(const char *header, const char *payload, const char *signature)
{
	static char	 text[20000];
	char		 a[8000], b[8000];

	encode(a, header);
	encode(b, payload);
	snprintf(text, sizeof(text), "Bearer %s.%s.%s", a, b, signature);
	return text;
}

/* "Bearer " and a token that is signed as it should be. */
static const char *
signed_by(const char *key, const char *payload)
{
	static char	 text[20000];
	const char	*why;
	char		*token;

	token = auth_token(payload, key, NOW, 0, &why);
	ck_assert_msg(token != NULL, "%s", why == NULL ? "" : why);
	snprintf(text, sizeof(text), "Bearer %s", token);
	free(token);
	return text;
}

static const char *
check(const char *header)
{
	static char		 message[300];
	struct auth		*a = auth_new(&conf);
	const struct claims	*claims;
	char			 id[TOKEN_ID_MAX];
	const char		*cause, *text;

	text = auth_check(a, header, NOW, &claims, id, &cause);
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
	char	 small[20000];

	ck_assert_str_eq(check(signed_by(KEY, "{}")), "good");
	ck_assert_str_eq(check(signed_by(OLD, "{\"key\":\"x\"}")), "good");
	snprintf(small, sizeof(small), "bEaReR  %s  ", signed_by(KEY, "{}") + 7);
	ck_assert_str_eq(check(small), "good");
	ck_assert_str_eq(check(signed_by("another-key-another-key-another-key",
	    "{}")), F "Failed to decode JWT with provided key");
}
END_TEST

static const char *const headers[] = {
	"{\"typ\":\"JWT\"}",
	"{\"alg\":\"none\"}",
	"{\"alg\":\"None\"}",
	"{\"alg\":\"hs256\"}",
	"{\"alg\":\"HS384\"}",
	"{\"alg\":\"ES256\"}",
	"{\"alg\":[\"HS256\"]}",
	"{\"alg\":\"HS256\",\"alg\":\"none\"}",
	"{\"alg\":\"HS256\",\"crit\":[\"b64\"]}",
	"{\"alg\":\"HS256\",\"crit\":null}",
	"{\"alg\":\"HS256\\u0000\"}",
	"{\"alg\":'HS256'}",
	"[\"HS256\"]",
	"{",
	""
};

START_TEST(headers_that_libjwt_might_take_are_refused)
{
	size_t	 i;

	for (i = 0; i < COUNT(headers); i++)
		ck_assert_msg(strcmp(check(forged(headers[i], "{}", "c2ln")),
		    F "Wrong JWT structure") == 0, "%s", headers[i]);
}
END_TEST

START_TEST(other_shapes_are_refused)
{
	static const char *const	 payloads[] = { "[]", "5", "\"x\"",
					    "{\"a\":1,\"a\":2}", "{\"a\":" };
	char				 text[20000];
	size_t				 i;

	for (i = 0; i < COUNT(payloads); i++)
		ck_assert_str_eq(check(forged("{\"alg\":\"HS256\"}",
		    payloads[i], "c2ln")), F "Wrong JWT structure");
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
	const char	*payload, *message;
} payloads[] = {
	{ "{\"exp\":1700000000}", "good" },		/* within the leeway */
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
	{ "{\"aud\":\"somebody\",\"jwks_host\":5}", "good" }
};

START_TEST(times_count_when_they_are_integers)
{
	size_t	 i;

	for (i = 0; i < COUNT(payloads); i++)
		ck_assert_str_eq(check(signed_by(KEY, payloads[i].payload)),
		    payloads[i].message);
}
END_TEST

START_TEST(a_remembered_token_still_expires)
{
	struct auth		*a = auth_new(&conf);
	const struct claims	*claims;
	char			 id[TOKEN_ID_MAX], header[20000];
	const char		*cause;

	snprintf(header, sizeof(header), "%s",
	    signed_by(KEY, "{\"exp\":1700000000}"));
	ck_assert_ptr_null(auth_check(a, header, NOW, &claims, id, &cause));
	ck_assert_uint_eq(strlen(id), 8);
	ck_assert_ptr_null(auth_check(a, header, NOW, &claims, id, &cause));
	ck_assert_str_eq(auth_check(a, header, NOW + 60, &claims, id, &cause),
	    F "JWT has expired");
	/* One wrong letter in the signature is another token. */
	header[strlen(header) - 5] ^= 1;
	ck_assert_ptr_nonnull(auth_check(a, header, NOW, &claims, id, &cause));
	auth_free(a);
}
END_TEST

START_TEST(without_a_key_nothing_is_good)
{
	const struct conf	 none = { .leeway = 60 };
	struct auth		*a = auth_new(&none);
	const struct claims	*claims;
	char			 id[TOKEN_ID_MAX];
	const char		*cause;

	ck_assert_str_eq(auth_check(a, signed_by(KEY, "{}"), NOW, &claims, id,
	    &cause), F "<SECRET_KEY> is missing");
	auth_free(a);
}
END_TEST

START_TEST(rs256_is_judged_by_its_host)
{
	ck_assert_str_eq(check(forged("{\"alg\":\"RS256\"}", "{}", "c2ln")),
	    F "jwks_host is missing in JWT payload. Make sure custom_jwks_host "
	    "field is present in module_type");
	ck_assert_str_eq(check(forged("{\"alg\":\"RS256\"}",
	    "{\"jwks_host\":null}", "c2ln")),
	    F "Wrong jwks_host in JWT payload. Make sure domain follows the "
	    "visibility.<region>.cisco.com structure");
	ck_assert_str_eq(check(forged("{\"alg\":\"RS256\",\"kid\":\"1\"}",
	    "{\"jwks_host\":\"visibility.amp.cisco.com\"}", "c2ln")),
	    F "Wrong jwks_host in JWT payload. Make sure domain follows the "
	    "visibility.<region>.cisco.com structure");
}
END_TEST

START_TEST(needed_claims_are_non_empty_strings)
{
	static const char *const	 names[] = { "key", "user", NULL };
	static const char *const	 bad[] = { "{}", "{\"key\":\"k\"}",
					    "{\"key\":\"k\",\"user\":\"\"}",
					    "{\"key\":\"k\",\"user\":5}",
					    "{\"key\":\"k\",\"user\":null}" };
	struct claims			 c = { 0 };
	size_t				 i;

	for (i = 0; i < COUNT(bad); i++) {
		c.payload = jsonin_parse(bad[i], strlen(bad[i]), 100, NULL);
		ck_assert_str_eq(auth_claims(&c, names),
		    F "Wrong JWT payload structure");
		ck_assert_ptr_null(auth_claims(&c, NULL));
		token_free(&c);
	}
	c.payload = jsonin_parse("{\"key\":\"k\",\"user\":\"u\"}", 22, 100,
	    NULL);
	ck_assert_ptr_null(auth_claims(&c, names));
	token_free(&c);
}
END_TEST

static const struct {
	const char	*payload;
	size_t		 limit;
} limits[] = {
	{ "{}", 100 },
	{ "{\"CTR_ENTITIES_LIMIT\":7}", 7 },
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
	{ "{\"CTR_ENTITIES_LIMIT\":[7]}", 100 }
};

START_TEST(the_limit_is_an_integer_in_range_or_the_default)
{
	const char	*header;
	enum token_alg	 alg;
	struct claims	 c;
	size_t		 i;

	for (i = 0; i < COUNT(limits); i++) {
		header = forged("{\"alg\":\"HS256\"}", limits[i].payload, "c2ln");
		ck_assert_int_eq(token_parse(header + 7, strlen(header + 7),
		    &alg, &c), 0);
		ck_assert_msg(c.limit == limits[i].limit, "%s: %zu",
		    limits[i].payload, c.limit);
		token_free(&c);
	}
}
END_TEST

START_TEST(a_new_token_says_when_it_was_made_and_ends)
{
	const char		*why;
	char			*token;
	enum token_alg		 alg;
	struct claims		 c;
	int64_t			 iat;

	token = auth_token("{\"a\":\"b\",\"exp\":1}", KEY, NOW, NOW + 5, &why);
	ck_assert_int_eq(token_parse(token, strlen(token), &alg, &c), 0);
	ck_assert_int_eq(alg, TOKEN_HS256);
	ck_assert(c.has_exp && c.exp == NOW + 5);
	ck_assert(jsonin_int(jsonin_member(c.payload, "iat"), &iat));
	ck_assert_int_eq(iat, NOW);
	token_free(&c);
	free(token);
	ck_assert_ptr_null(auth_token("[]", KEY, NOW, 0, &why));
	ck_assert_str_eq(why, "the claims are no JSON object");
	ck_assert_ptr_null(auth_token("{}", "", NOW, 0, &why));
	ck_assert_ptr_null(auth_token("{", KEY, NOW, 0, &why));
}
END_TEST

START_TEST(a_new_key_is_64_letters_that_nobody_knows)
{
	char	 a[65], b[65];

	ck_assert_int_eq(auth_new_key(a), 0);
	ck_assert_int_eq(auth_new_key(b), 0);
	ck_assert_uint_eq(strspn(a, base64url), 64);
	ck_assert_uint_eq(strlen(a), 64);
	ck_assert_str_ne(a, b);
}
END_TEST

int
main(void)
{
	const TTest	*const tests[] = {
		the_header_must_be_two_words, a_signed_token_is_good,
		headers_that_libjwt_might_take_are_refused,
		other_shapes_are_refused, times_count_when_they_are_integers,
		a_remembered_token_still_expires, without_a_key_nothing_is_good,
		rs256_is_judged_by_its_host,
		needed_claims_are_non_empty_strings,
		the_limit_is_an_integer_in_range_or_the_default,
		a_new_token_says_when_it_was_made_and_ends,
		a_new_key_is_64_letters_that_nobody_knows
	};

	return unit_run("auth", tests, COUNT(tests));
}
