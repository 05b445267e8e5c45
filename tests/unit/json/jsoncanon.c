/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "base/buf.h"
#include "json/jsoncanon.h"
#include "json/jsonin.h"
#include "json/jsonout.h"
#include "tests/unit/unit.h"

static struct buf canon_made;

static const char *
canon(const char *json, void (*write)(struct jsonout *, struct json_object *))
{
	struct json_object *value;
	struct jsonout j;
	const char *why;

	value = jsonin_answer(json, strlen(json), &why);
	ck_assert_msg(why == NULL, "%s: %s", json, why);
	buf_reset(&canon_made);
	jsonout_init(&j, &canon_made);
	write(&j, value);
	ck_assert_int_eq(jsonout_done(&j), 0);
	json_object_put(value);
	return canon_made.data;
}

START_TEST(the_same_value_has_the_same_bytes)
{
	/* The second half is RFC 8785, section 3.2.3 and appendix B. */
	static const struct {
		const char *given, *canonical;
	} rows[] = { { " { } ", "{}" }, { "[ 1 , [ ] ]", "[1,[]]" },
		{ "null", "null" },
		{ "[true,false,null]", "[true,false,null]" },
		{ "{\"b\":1,\"a\":{\"d\":null,\"c\":[{\"f\":1,\"e\":2}]}}",
		    "{\"a\":{\"c\":[{\"e\":2,\"f\":1}],\"d\":null},\"b\":1}" },
		{ "\"\\u00e9\\/\\u0001\\n\\u007f\"",
		    "\"\xc3\xa9/\\u0001\\n\x7f\"" },
		{ "{\"ab\":1,\"a\":2,\"\":3}", "{\"\":3,\"a\":2,\"ab\":1}" },
		{ "{\"\\u20ac\":5,\"\\r\":1,\"\\ufb33\":7,\"1\":2,"
		  "\"\\ud83d\\ude00\":6,\"\\u0080\":3,\"\\u00f6\":4}",
		    "{\"\\r\":1,\"1\":2,\"\xc2\x80\":3,\"\xc3\xb6\":4,"
		    "\"\xe2\x82\xac\":5,\"\xf0\x9f\x98\x80\":6,"
		    "\"\xef\xac\xb3\":7}" },
		{ "[333333333.33333329,1E30,4.50,2e-3,"
		  "0.000000000000000000000000001]",
		    "[333333333.3333333,1e+30,4.5,0.002,1e-27]" },
		{ "[0.0,-0.0,5e-324,-5e-324,1.7976931348623157e308,"
		  "-1.7976931348623157e308]",
		    "[0,0,5e-324,-5e-324,1.7976931348623157e+308,"
		    "-1.7976931348623157e+308]" },
		{ "[295147905179352830000.0,9.999999999999997e22,1e23,"
		  "1.0000000000000001e23,999999999999999700000.0,1e21]",
		    "[295147905179352830000,9.999999999999997e+22,1e+23,"
		    "1.0000000000000001e+23,999999999999999700000,1e+21]" },
		{ "[9.999999999999997e-7,0.000001,-0.0000033333333333333333,"
		  "1424953923781206.2,1e-7,123.456e-9]",
		    "[9.999999999999997e-7,0.000001,-0.0000033333333333333333,"
		    "1424953923781206.2,1e-7,1.23456e-7]" },
		{ "[9007199254740993,-9223372036854775807,1.0,100.0,12e1]",
		    "[9007199254740993,-9223372036854775807,1,100,120]" } };
	size_t i;

	buf_init(&canon_made, 1U << 20);
	for (i = 0; i < COUNT(rows); i++)
		ck_assert_str_eq(
		    canon(rows[i].given, jsoncanon_value), rows[i].canonical);
	buf_free(&canon_made);
}
END_TEST

START_TEST(nulls_can_be_left_out)
{
	buf_init(&canon_made, 1U << 20);
	ck_assert_str_eq(
	    canon("{\"b\":[null,1,{\"c\":null}],\"a\":null}", jsoncanon_filled),
	    "{\"b\":[1,{}]}");
	buf_free(&canon_made);
}
END_TEST

START_TEST(what_is_not_finite_is_null)
{
	struct json_object *value = json_object_new_double((double)INFINITY);
	struct jsonout j;

	buf_init(&canon_made, 1U << 20);
	jsonout_init(&j, &canon_made);
	jsoncanon_value(&j, value);
	ck_assert_int_eq(jsonout_done(&j), 0);
	ck_assert_str_eq(canon_made.data, "null");
	json_object_put(value);
	buf_free(&canon_made);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { the_same_value_has_the_same_bytes,
		nulls_can_be_left_out, what_is_not_finite_is_null };

	return unit_run("jsoncanon", tests, COUNT(tests));
}
