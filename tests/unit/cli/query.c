/* SPDX-License-Identifier: MIT */
/* What is asked, and what an answer means to the one who asked. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "cli/base/command.h"
#include "cli/terms/terms.h"
#include "cli/view/answers.h"
#include "json/jsonin.h"
#include "tests/unit/unit.h"

static const struct command cmd = { "test", "", "", NULL };

START_TEST(a_word_is_a_type_and_a_value_or_a_value_alone)
{
	char word[100];
	static const struct {
		const char *word;
		enum observable_type type;
		const char *value;
	} cases[] = { { "1.2.3.4", OBSERVABLE_IP, "1.2.3.4" },
		{ "2001:DB8::1", OBSERVABLE_IPV6, "2001:db8::1" },
		{ "Bad[.]Example.", OBSERVABLE_DOMAIN, "bad.example" },
		{ "hxxp://a.example", OBSERVABLE_URL, "http://a.example/" },
		{ "D41D8CD98F00B204E9800998ECF8427E", OBSERVABLE_MD5,
		    "d41d8cd98f00b204e9800998ecf8427e" },
		/* With its type it is taken as it is. */
		{ "domain:Bad.Example", OBSERVABLE_DOMAIN, "Bad.Example" },
		{ "url:http://a:b", OBSERVABLE_URL, "http://a:b" },
		{ "ip:", OBSERVABLE_UNKNOWN, NULL },
		{ "shoe:42", OBSERVABLE_UNKNOWN, NULL },
		{ "no such thing", OBSERVABLE_UNKNOWN, NULL },
		{ "", OBSERVABLE_UNKNOWN, NULL } };

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct terms asked = { .n = 0 };

		snprintf(word, sizeof(word), "%s", cases[i].word);
		ck_assert_int_eq(terms_place(&cmd, &asked, word, 0), CMD_OK);
		ck_assert_uint_eq(asked.n, cases[i].value != NULL);
		ck_assert_uint_eq(asked.left_out, cases[i].value == NULL);
		if (asked.n == 1) {
			ck_assert_int_eq(asked.list[0].type, cases[i].type);
			ck_assert_str_eq(asked.list[0].value, cases[i].value);
		}
		terms_free(&asked);
	}
}
END_TEST

START_TEST(a_word_has_one_normal_form_with_its_type_or_without)
{
	static const struct {
		const char *word;
		enum observable_type type;
		const char *value;
	} cases[] = { { "Bad[.]Example.", OBSERVABLE_DOMAIN, "bad.example" },
		{ "domain:Bad.Example", OBSERVABLE_DOMAIN, "bad.example" },
		{ "ip:10.1.2.3", OBSERVABLE_IP, "10.1.2.3" },
		{ "ip:10.1.2.3/8", OBSERVABLE_IP, "10.0.0.0/8" },
		{ "ipv6:2001:DB8::1", OBSERVABLE_IPV6, "2001:db8::1" },
		{ "ip:bad.example", OBSERVABLE_UNKNOWN, NULL },
		{ "ip:", OBSERVABLE_UNKNOWN, NULL },
		{ "shoe:42", OBSERVABLE_UNKNOWN, NULL },
		{ "", OBSERVABLE_UNKNOWN, NULL } };
	char value[INDICATOR_MAX + 1];

	for (size_t i = 0; i < COUNT(cases); i++) {
		ck_assert_int_eq(
		    terms_normal(cases[i].word, value), cases[i].type);
		if (cases[i].value != NULL)
			ck_assert_str_eq(value, cases[i].value);
	}
}
END_TEST

START_TEST(lines_may_be_empty_comments_or_wrong)
{
	static char text[] = "1.2.3.4\r\n\n  # no\n\tb.example \nwhat ?\nip:x";
	FILE *f = fmemopen(text, strlen(text), "r");
	struct terms asked = { .n = 0 };
	struct buf body;

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(terms_lines(&cmd, &asked, f), CMD_OK);
	fclose(f);
	ck_assert_uint_eq(asked.left_out, 1);
	buf_init(&body, 10000);
	ck_assert_uint_eq(terms_body(&asked, 0, 100, 10000, &body), 3);
	ck_assert_str_eq(body.data,
	    "[{\"type\":\"ip\",\"value\":\"1.2.3.4\"},"
	    "{\"type\":\"domain\",\"value\":\"b.example\"},"
	    "{\"type\":\"ip\",\"value\":\"x\"}]");
	buf_free(&body);
	terms_free(&asked);
}
END_TEST

#define OBSERVABLE "\"observable\":{\"type\":\"ip\",\"value\":\"1.2.3.4\"}"
#define VERDICT(d)                                         \
	"\"verdicts\":{\"count\":1,\"docs\":[{" OBSERVABLE \
	",\"disposition\":" d "}]}"
#define JUDGEMENT(d)                                         \
	"\"judgements\":{\"count\":1,\"docs\":[{" OBSERVABLE \
	",\"disposition\":" d "}]}"
#define ERRORS ",\"errors\":[{\"type\":\"warning\"}]"

START_TEST(the_status_never_calls_clean_what_is_not_known)
{
	static const struct {
		const char *answer;
		int status;
	} cases[] = { { "{\"data\":{}}", CMD_OK },
		{ "{\"data\":{" VERDICT("1") "}}", CMD_OK },
		{ "{\"data\":{" VERDICT("2") "}}", CMD_MALICIOUS },
		{ "{\"data\":{" VERDICT("\"2\"") "}}", CMD_OK },
		/* The verdict has weighed the judgements already. */
		{ "{\"data\":{" VERDICT("1") "," JUDGEMENT("2") "}}", CMD_OK },
		{ "{\"data\":{" JUDGEMENT("2") "}}", CMD_MALICIOUS },
		{ "{\"data\":{" VERDICT("1") "}" ERRORS "}", CMD_FAILED },
		{ "{\"data\":{" VERDICT("2") "}" ERRORS "}", CMD_MALICIOUS },
		{ "{\"errors\":[{\"type\":\"fatal\"}]}", CMD_FAILED },
		{ "{\"code\":404,\"message\":\"x\"}", CMD_FAILED },
		{ "{}", CMD_FAILED }, { "{\"data\":[]}", CMD_OK },
		{ "{\"data\":{\"status\":\"ok\"}}", CMD_OK },
		{ "{\"data\":{\"status\":\"failure\"}}", CMD_FAILED },
		/* Types that no relay sends. */
		{ "{\"data\":{\"verdicts\":[2],\"judgements\":7}}", CMD_OK },
		{ "{\"data\":{\"verdicts\":{\"docs\":[2,null]}}}", CMD_OK },
		{ "{\"data\":7}", CMD_FAILED } };

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct json_object *answer = jsonin_parse(
		    cases[i].answer, strlen(cases[i].answer), 1000, NULL);

		struct answers f;

		ck_assert_ptr_nonnull(answer);
		ck_assert_int_eq(answers_init(&f, answer), 0);
		ck_assert_msg(answers_status(&f) == cases[i].status, "%s",
		    cases[i].answer);
		answers_free(&f);
		json_object_put(answer);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		a_word_is_a_type_and_a_value_or_a_value_alone,
		a_word_has_one_normal_form_with_its_type_or_without,
		lines_may_be_empty_comments_or_wrong,
		the_status_never_calls_clean_what_is_not_known
	};

	return unit_run("query", tests, COUNT(tests));
}
