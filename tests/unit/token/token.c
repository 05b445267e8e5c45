/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/base64url.h"
#include "json/jsonin.h"
#include "tests/unit/rsakey.h"
#include "token/token.h"

#define F "Authorization failed: "

/* RFC 4648 section 10 without padding, and what must not be taken. */
static const struct {
	const char *text;
	const char *bytes; /* NULL: refused */
} codes[] = { { "", "" }, { "Zg", "f" }, { "Zm8", "fo" }, { "Zm9v", "foo" },
	{ "Zm9vYg", "foob" }, { "Zm9vYmE", "fooba" }, { "Zm9vYmFy", "foobar" },
	{ "-_-_", "\373\377\277" }, { "Zg==", NULL }, /* padding */
	{ "Zm8=", NULL }, { "Z", NULL },   /* no bytes have that length */
	{ "Zm9vY", NULL }, { "Zh", NULL }, /* bits left over */
	{ "Zm9", NULL }, { "+/+/", NULL }, /* the other alphabet */
	{ "Zm9v\n", NULL }, { " Zm9", NULL }, { "Zm\3039", NULL } };

START_TEST(base64url_has_one_spelling)
{
	unsigned char out[16];
	ssize_t n;
	size_t i;

	for (i = 0; i < COUNT(codes); i++) {
		n = base64url_decode(codes[i].text, strlen(codes[i].text), out);
		if (codes[i].bytes == NULL) {
			ck_assert_msg(n == -1, "%s", codes[i].text);
			continue;
		}
		ck_assert_msg(n == (ssize_t)strlen(codes[i].bytes) &&
			memcmp(out, codes[i].bytes, (size_t)n) == 0,
		    "%s", codes[i].text);
	}
	/* A NUL is no letter, though strchr() finds it. */
	ck_assert_int_eq(base64url_decode("Zm\0v", 4, out), -1);
}
END_TEST

/* Parses a token of that header and payload; the caller frees the claims. */
static const char *
parse(const char *header, const char *payload, struct claims *c)
{
	char text[RSAKEY_TEXT] = "";

	rsakey_encode(text, header, strlen(header));
	strcat(text, ".");
	rsakey_encode(text, payload, strlen(payload));
	strcat(text, ".c2ln");
	return token_parse(text, strlen(text), c);
}

static const struct {
	const char *header;
	const char *why; /* a word of it; NULL: good */
	enum token_alg alg;
	const char *kid;
} headers[] = { { "{\"alg\":\"HS256\"}", NULL, TOKEN_HS256, NULL },
	{ "{\"alg\":\"RS256\"}", NULL, TOKEN_RS256, NULL },
	{ "{\"alg\":\"RS256\",\"kid\":\"a b\"}", NULL, TOKEN_RS256, "a b" },
	{ "{\"alg\":\"RS256\",\"kid\":\"\"}", NULL, TOKEN_RS256, "" },
	{ "{\"alg\":\"RS256\",\"kid\":5}", NULL, TOKEN_RS256, NULL },
	{ "{\"alg\":\"RS256\",\"kid\":null}", NULL, TOKEN_RS256, NULL },
	{ "{\"alg\":\"RS256\",\"kid\":\"a\\u0000\"}", NULL, TOKEN_RS256, NULL },
	{ "{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}", NULL, TOKEN_HS256, NULL },
	{ "{\"alg\":\"rs256\",\"kid\":\"a\"}", "alg", 0, NULL },
	{ "{\"alg\":\"PS256\",\"kid\":\"a\"}", "alg", 0, NULL },
	{ "{\"alg\":\"RS256\",\"kid\":\"a\",\"kid\":\"b\"}", "header", 0,
	    NULL },
	{ "{\"alg\":\"RS256\",\"crit\":[\"exp\"]}", "crit", 0, NULL },
	{ "{\"kid\":\"a\"}", "alg", 0, NULL },
	{ "\"RS256\"", "header", 0, NULL }, { "", "header", 0, NULL } };

START_TEST(the_header_says_how_and_with_which_key)
{
	struct claims c;
	const char *why;
	size_t i;

	for (i = 0; i < COUNT(headers); i++) {
		why = parse(headers[i].header, "{}", &c);
		ck_assert_msg(headers[i].why == NULL ?
			why == NULL :
			why != NULL && strstr(why, headers[i].why) != NULL,
		    "%s", headers[i].header);
		if (why != NULL) {
			ck_assert_ptr_null(c.payload);
			ck_assert_ptr_null(c.kid);
			continue;
		}
		ck_assert_int_eq(c.alg, headers[i].alg);
		if (headers[i].kid == NULL)
			ck_assert_ptr_null(c.kid);
		else
			ck_assert_str_eq(c.kid, headers[i].kid);
		token_free(&c);
		ck_assert_ptr_null(c.kid);
	}
}
END_TEST

START_TEST(a_refused_payload_leaves_nothing_behind)
{
	static const char *const bad[] = { "[]", "{", "", "null", "5" };
	struct claims c;
	size_t i;

	for (i = 0; i < COUNT(bad); i++) {
		ck_assert_str_eq(
		    parse("{\"alg\":\"RS256\",\"kid\":\"a\"}", bad[i], &c),
		    "its payload is no JSON object in base64url");
		ck_assert_ptr_null(c.kid);
		ck_assert_ptr_null(c.payload);
	}
}
END_TEST

/* Three parts and no more; the second is {"alg":"HS256"} where it counts. */
static const char *const shapes[] = { "", ".", "..", "a.b",
	"eyJhbGciOiJIUzI1NiJ9.e30", "eyJhbGciOiJIUzI1NiJ9.e30.",
	"eyJhbGciOiJIUzI1NiJ9..c2ln", ".e30.c2ln",
	"eyJhbGciOiJIUzI1NiJ9.e30.c2ln.", "eyJhbGciOiJIUzI1NiJ9.e30.c2ln.c2ln",
	"eyJhbGciOiJIUzI1NiJ9.e30.c2l", "eyJhbGciOiJIUzI1NiJ9.e3.c2ln",
	"eyJhbGciOiJIUzI1NiJ.e30.c2ln" };

START_TEST(other_shapes_are_no_tokens)
{
	char text[TOKEN_MAX + 8];
	struct claims c;
	size_t i, n;

	for (i = 0; i < COUNT(shapes); i++)
		ck_assert_msg(
		    token_parse(shapes[i], strlen(shapes[i]), &c) != NULL, "%s",
		    shapes[i]);
	/* Bytes after a NUL. */
	ck_assert_ptr_nonnull(
	    token_parse("eyJhbGciOiJIUzI1NiJ9.e30.c2ln\0x", 31, &c));
	ck_assert_ptr_null(
	    token_parse("eyJhbGciOiJIUzI1NiJ9.e30.c2ln", 29, &c));
	token_free(&c);
	/* As long as may be, and one more. */
	n = (size_t)snprintf(text, sizeof(text), "eyJhbGciOiJIUzI1NiJ9.e30.");
	memset(text + n, 'A', sizeof(text) - n);
	ck_assert_int_eq(
	    token_parse(text, TOKEN_MAX, &c) == NULL, (TOKEN_MAX - n) % 4 != 1);
	token_free(&c);
	ck_assert_str_eq(token_parse(text, TOKEN_MAX + 1, &c),
	    "it has more than 8192 bytes");
}
END_TEST

static const struct {
	const char *payload;
	int64_t now;
	const char *message; /* NULL: good */
	const char *why;
} times[] = { { "{}", 0, NULL, NULL }, { "{\"exp\":1000}", 1059, NULL, NULL },
	{ "{\"exp\":1000}", 1060, F "JWT has expired",
	    "exp is 1000, and now is 1060, leeway 60" },
	{ "{\"nbf\":1000}", 940, NULL, NULL },
	{ "{\"nbf\":1000}", 939, F "JWT is not valid yet",
	    "nbf is 1000, and now is 939, leeway 60" },
	{ "{\"exp\":1000,\"nbf\":2000}", 1500, F "JWT has expired",
	    "exp is 1000, and now is 1500, leeway 60" },
	{ "{\"exp\":\"1000\"}", 0, F "Wrong JWT payload structure",
	    "exp is no integer" },
	{ "{\"nbf\":1.5}", 0, F "Wrong JWT payload structure",
	    "nbf is no integer" },
	{ "{\"nbf\":null}", 0, F "Wrong JWT payload structure",
	    "nbf is no integer" } };

START_TEST(times_hold_give_or_take_the_leeway)
{
	struct claims c;
	const char *message;
	char why[TOKEN_WHY_MAX];
	size_t i;

	for (i = 0; i < COUNT(times); i++) {
		ck_assert_ptr_null(
		    parse("{\"alg\":\"HS256\"}", times[i].payload, &c));
		message = token_times(&c, times[i].now, 60, why);
		if (times[i].message == NULL) {
			ck_assert_ptr_null(message);
		} else {
			ck_assert_str_eq(message, times[i].message);
			ck_assert_str_eq(why, times[i].why);
		}
		token_free(&c);
	}
}
END_TEST

static const struct {
	const char *value;
	size_t limit;
} limits[] = { { "1", 1 }, { "\"250\"", 250 }, { "1001", 1000 },
	{ "\"99999999999999999999\"", 1000 }, { "0", 100 }, { "-5", 100 },
	{ "\"\"", 100 }, { "\"5 \"", 100 }, { "2.0", 100 }, { "true", 100 } };

START_TEST(the_limit_of_entities_is_in_range)
{
	struct claims c;
	char payload[64];
	size_t i;

	for (i = 0; i < COUNT(limits); i++) {
		snprintf(payload, sizeof(payload),
		    "{\"CTR_ENTITIES_LIMIT\":%s}", limits[i].value);
		ck_assert_ptr_null(parse("{\"alg\":\"HS256\"}", payload, &c));
		ck_assert_msg(
		    c.limit == limits[i].limit, "%s", limits[i].value);
		token_free(&c);
	}
}
END_TEST

START_TEST(a_claim_is_a_non_empty_string)
{
	static const char *const all[] = { "a", NULL };
	static const char *const most[] = { "a", "c", "b", NULL };
	struct claims c;

	ck_assert_ptr_null(parse(
	    "{\"alg\":\"HS256\"}", "{\"a\":\"x\",\"b\":\"\",\"c\":5}", &c));
	ck_assert_ptr_null(token_lacks(&c, NULL));
	ck_assert_ptr_null(token_lacks(&c, all));
	ck_assert_str_eq(token_lacks(&c, most), "c");
	ck_assert_str_eq(token_claim(&c, "a"), "x");
	ck_assert_ptr_null(token_claim(&c, "b"));
	ck_assert_ptr_null(token_claim(&c, "c"));
	ck_assert_ptr_null(token_claim(&c, "d"));
	token_free(&c);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { base64url_has_one_spelling,
		the_header_says_how_and_with_which_key,
		a_refused_payload_leaves_nothing_behind,
		other_shapes_are_no_tokens, times_hold_give_or_take_the_leeway,
		the_limit_of_entities_is_in_range,
		a_claim_is_a_non_empty_string };

	return unit_run("token", tests, COUNT(tests));
}
