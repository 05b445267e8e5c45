/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "body/observables.h"
#include "tests/unit/unit.h"

static const struct {
	const char *body;
	const char *errors;
} refused[] = { { "", "{\"_schema\": [\"Invalid input type.\"]}" },
	{ "{}", "{\"_schema\": [\"Invalid input type.\"]}" },
	{ "null", "{\"_schema\": [\"Invalid input type.\"]}" },
	{ "[{\"type\":\"ip\",\"value\":\"1.1.1.1\"}",
	    "{\"_schema\": [\"Invalid input type.\"]}" },
	{ "[1]", "{\"0\": {\"_schema\": [\"Invalid input type.\"]}}" },
	{ "[null]", "{\"0\": {\"_schema\": [\"Invalid input type.\"]}}" },
	{ "[{}]",
	    "{\"0\": {\"type\": [\"Missing data for required field.\"], "
	    "\"value\": [\"Missing data for required field.\"]}}" },
	{ "[{\"type\":\"ip\",\"value\":\"\"}]",
	    "{\"0\": {\"value\": [\"Field may not be blank.\"]}}" },
	{ "[{\"type\":\"ip\",\"value\":\"x\"},{\"type\":null,\"value\":5}]",
	    "{\"1\": {\"type\": [\"Field may not be null.\"], "
	    "\"value\": [\"Not a valid string.\"]}}" },
	{ "[{\"type\":\"ip\",\"value\":\"a\\u0000b\"}]",
	    "{\"0\": {\"value\": [\"Not a valid string.\"]}}" },
	{ "[[],{\"type\":\"ip\",\"value\":\"x\"},{\"value\":\"\"}]",
	    "{\"0\": {\"_schema\": [\"Invalid input type.\"]}, \"2\": "
	    "{\"type\": "
	    "[\"Missing data for required field.\"], \"value\": "
	    "[\"Field may not be blank.\"]}}" },
	{ "[{\"type\":\"x\",\"value\":\"1\"},{\"type\":\"x\",\"value\":\"2\"},"
	  "{\"type\":\"x\",\"value\":\"3\"},{\"type\":\"x\",\"value\":\"4\"}]",
	    "{\"_schema\": [\"Longer than maximum length 3.\"]}" } };

START_TEST(types_in_any_case_are_taken_where_asked_for)
{
	static const char body[] =
	    "[{\"type\":\"EMail\",\"value\":\"a@b.example\"},"
	    "{\"type\":\"email\",\"value\":\"a@b.example\"}]";
	struct observables obs;
	struct buf errors;

	buf_init(&errors, 10000);
	ck_assert_int_eq(observables_parse(&obs, body, sizeof(body) - 1,
			     OBSERVABLE_ALL, false, 5, &errors),
	    0);
	ck_assert_uint_eq(obs.n, 1);
	ck_assert_uint_eq(obs.list[0].index, 1);
	observables_free(&obs);
	ck_assert_int_eq(observables_parse(&obs, body, sizeof(body) - 1,
			     OBSERVABLE_ALL, true, 5, &errors),
	    0);
	ck_assert_uint_eq(obs.n, 1);
	ck_assert_uint_eq(obs.list[0].index, 0);
	ck_assert_int_eq(obs.list[0].type, OBSERVABLE_EMAIL);
	observables_free(&obs);
	buf_free(&errors);
}
END_TEST

START_TEST(a_bad_body_is_refused_in_known_words)
{
	struct observables obs;
	struct buf errors;
	size_t i;

	buf_init(&errors, 10000);
	for (i = 0; i < COUNT(refused); i++) {
		ck_assert_int_eq(observables_parse(&obs, refused[i].body,
				     strlen(refused[i].body), OBSERVABLE_ALL,
				     false, 3, &errors),
		    -1);
		ck_assert_str_eq(errors.data, refused[i].errors);
		ck_assert_uint_eq(obs.n, 0);
	}
	buf_free(&errors);
}
END_TEST

START_TEST(what_the_relay_does_not_take_is_skipped)
{
	static const char body[] =
	    "[{\"type\":\"mutex\",\"value\":\"m\"},"
	    "{\"type\":\"ip\",\"value\":\"1.1.1.1\",\"more\":[1]},"
	    "{\"type\":\"domain\",\"value\":\"1.1.1.1\"},"
	    "{\"type\":\"ip\",\"value\":\"1.1.1.1\"},"
	    "{\"type\":\"url\",\"value\":\"1.1.1.1\"}]";
	struct observables obs;
	struct buf errors;

	buf_init(&errors, 10000);
	ck_assert_int_eq(observables_parse(&obs, body, sizeof(body) - 1,
			     OBSERVABLE_BIT(OBSERVABLE_IP) |
				 OBSERVABLE_BIT(OBSERVABLE_DOMAIN),
			     false, 5, &errors),
	    0);
	ck_assert_uint_eq(obs.n, 2);
	ck_assert_int_eq(obs.list[0].type, OBSERVABLE_IP);
	ck_assert_uint_eq(obs.list[0].index, 1);
	ck_assert_int_eq(obs.list[1].type, OBSERVABLE_DOMAIN);
	observables_free(&obs);
	buf_free(&errors);
}
END_TEST

START_TEST(a_thousand_different_ones_stay)
{
	struct observables obs;
	struct buf body, errors;
	int i;

	buf_init(&errors, 10000);
	buf_init(&body, 1000000);
	for (i = 0; i < 1000; i++)
		buf_addf(&body, "%s{\"type\":\"ip\",\"value\":\"10.0.%d.%d\"}",
		    i == 0 ? "[" : ",", i / 250, i % 250);
	buf_addc(&body, ']');
	ck_assert_int_eq(observables_parse(&obs, body.data, body.len,
			     OBSERVABLE_ALL, false, 1000, &errors),
	    0);
	ck_assert_uint_eq(obs.n, 1000);
	ck_assert_str_eq(obs.list[999].value, "10.0.3.249");
	observables_free(&obs);
	buf_free(&body);
	buf_free(&errors);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		types_in_any_case_are_taken_where_asked_for,
		a_bad_body_is_refused_in_known_words,
		what_the_relay_does_not_take_is_skipped,
		a_thousand_different_ones_stay
	};

	return unit_run("observable", tests, COUNT(tests));
}
