/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "json/jsonin.h"
#include "json/jsonout.h"
#include "json/jsonpairs.h"
#include "json/jsonscan.h"
#include "tests/unit/unit.h"

/* len 0: up to the NUL. */
static const struct {
	const char *text;
	size_t len;
	bool good;
} texts[] = { { "{}", 0, true }, { " [ ] \n", 0, true },
	{ "[1,-2,3.5,1e5,-0.1E-2,true,false,null,\"x\"]", 0, true },
	{ "{\"a\":{\"b\":[{\"c\":1},{\"c\":2}]},\"d\":{}}", 0, true },
	{ "{\"a\":1,\"b\":{\"a\":2}}", 0, true },
	{ "\"\\u00e9\\ud83d\\ude00\\n\\/\"", 0, true },
	{ "\"\xc3\xa9\xf0\x9f\x98\x80\"", 0, true },
	{ "9223372036854775807", 0, true }, { "-9223372036854775808", 0, true },
	{ "\"\\u0000\"", 0, true }, /* a value may hold it */
	{ "12345678901234567890123.5", 0, true }, { "", 0, false },
	{ " ", 0, false }, { "[1,]", 0, false }, { "[,1]", 0, false },
	{ "[1 2]", 0, false }, { "{\"a\":1,}", 0, false },
	{ "{\"a\" 1}", 0, false }, { "{a:1}", 0, false }, { "{1:1}", 0, false },
	{ "['x']", 0, false }, { "[NaN]", 0, false },
	{ "[Infinity]", 0, false }, { "[01]", 0, false }, { "[-01]", 0, false },
	{ "[+1]", 0, false }, { "[.5]", 0, false }, { "[1.]", 0, false },
	{ "[1e]", 0, false }, { "[-]", 0, false }, { "[0x1]", 0, false },
	{ "[TRUE]", 0, false }, { "[tru]", 0, false },
	{ "[\"a\nb\"]", 0, false }, { "[\"a\\x\"]", 0, false },
	{ "[\"\\u12\"]", 0, false }, { "[\"\\ud800\"]", 0, false },
	{ "[\"\\ud800\\u0041\"]", 0, false }, { "[\"\\udc00\"]", 0, false },
	{ "[\"\xff\"]", 0, false }, { "[\"\xc0\xaf\"]", 0, false },
	{ "[\"\xed\xa0\x80\"]", 0, false }, { "[\"abc", 0, false },
	{ "[\"abc\\", 0, false }, { "[1", 0, false }, { "{\"a\":", 0, false },
	{ "[1]]", 0, false }, { "[1] x", 0, false }, { "[1}", 0, false },
	{ "{]", 0, false }, { "// x\n[1]", 0, false },
	{ "\xef\xbb\xbf[1]", 0, false }, { "[1]\0", 4, false },
	{ "\"a\0b\"", 5, false }, { "9223372036854775808", 0, false },
	{ "-9223372036854775809", 0, false }, { "{\"a\":1,\"a\":2}", 0, false },
	{ "{\"a\":1,\"\\u0061\":2}", 0, false },
	{ "{\"x\":{\"a\":1},\"a\":1,\"x\":1}", 0, false },
	{ "{\"a\\u0000b\":1}", 0, false } };

START_TEST(the_scan_takes_rfc_8259_and_no_more)
{
	const char *why;
	size_t i, len;

	for (i = 0; i < COUNT(texts); i++) {
		len = texts[i].len != 0 ? texts[i].len : strlen(texts[i].text);
		why = jsonscan(texts[i].text, len, 1000, NULL);
		ck_assert_msg((why == NULL) == texts[i].good, "%s: %s",
		    texts[i].text, why == NULL ? "taken" : why);
	}
}
END_TEST

START_TEST(what_the_scan_takes_the_parser_takes)
{
	struct json_object *value;
	const char *why;
	size_t i, len;

	for (i = 0; i < COUNT(texts); i++) {
		len = texts[i].len != 0 ? texts[i].len : strlen(texts[i].text);
		value = jsonin_parse(texts[i].text, len, 1000, &why);
		ck_assert_msg((why == NULL) == texts[i].good, "%s: %s",
		    texts[i].text, why == NULL ? "taken" : why);
		json_object_put(value);
	}
}
END_TEST

START_TEST(depth_ends_at_32)
{
	char text[80];
	const char *why;
	struct json_object *value;

	memset(text, '[', 32);
	text[32] = '7';
	memset(text + 33, ']', 32);
	value = jsonin_parse(text, 65, 1000, &why);
	ck_assert_ptr_null(why);
	json_object_put(value);
	memset(text, '[', 33);
	memset(text + 33, ']', 33);
	ck_assert_str_eq(jsonscan(text, 66, 1000, NULL), "nested too deep");
}
END_TEST

/* What services write: text, and what it is written as again; NULL: refused. */
static const struct {
	const char *text, *same;
} answers[] = { { "{\"a\":1,\"a\":2}", "{\"a\":2}" },
	{ "\xef\xbb\xbf[1]", "[1]" },
	{ "[9223372036854775808]", "[9223372036854775808]" },
	{ "[99999999999999999999]", "[99999999999999999999]" },
	{ "[-99999999999999999999]", "[-99999999999999999999]" },
	{ "[18446744073709551615]", "[18446744073709551615]" },
	{ "[-9223372036854775808]", "[-9223372036854775808]" },
	{ "[\"\\ud800\"]", "[\"\xef\xbf\xbd\"]" },
	{ "[\"\\udc00x\"]", "[\"\xef\xbf\xbdx\"]" },
	{ "[\"\\ud800\\u0041\"]",
	    "[\"\xef\xbf\xbd"
	    "A\"]" },
	{ "[\"\\ud83d\\ude00\"]", "[\"\xf0\x9f\x98\x80\"]" },
	{ "[\"\xff\xc3\"]", "[\"\xff\xc3\"]" },
	{ "{\"\xff\":1}", "{\"\xff\":1}" }, { "\xef\xbb[1]", NULL },
	{ "\xef\xbb\xbf", NULL }, { "[\"\\ud8\"]", NULL },
	{ "[\"a\nb\"]", NULL }, { "{\"a\\u0000b\":1}", NULL },
	{ "{'a':1}", NULL }, { "[NaN]", NULL }, { "[1,]", NULL },
	{ "[1] x", NULL }, { "[1", NULL }, { "", NULL } };

START_TEST(the_answer_of_a_service_is_read_as_it_is_meant)
{
	struct json_object *value;
	const char *why;
	size_t i;

	for (i = 0; i < COUNT(answers); i++) {
		value = jsonin_answer(
		    answers[i].text, strlen(answers[i].text), &why);
		ck_assert_msg((why == NULL) == (answers[i].same != NULL),
		    "%s: %s", answers[i].text, why == NULL ? "taken" : why);
		if (why == NULL)
			ck_assert_str_eq(json_object_to_json_string_ext(
					     value, JSON_C_TO_STRING_PLAIN),
			    answers[i].same);
		json_object_put(value);
	}
	ck_assert_ptr_null(jsonin_answer("null", 4, &why));
	ck_assert_ptr_null(why);
}
END_TEST

START_TEST(the_answer_of_a_service_has_limits)
{
	struct buf b;
	struct json_object *value;
	const char *why;
	size_t i;

	buf_init(&b, 2 * JSON_ANSWER_BYTES);
	for (i = 0; i < JSON_DEPTH + 1; i++)
		buf_addc(&b, '[');
	ck_assert_ptr_null(jsonin_answer(b.data, b.len, &why));
	ck_assert_str_eq(why, "nested too deep");
	buf_reset(&b);
	buf_addc(&b, '[');
	for (i = 0; i < JSON_ANSWER_VALUES; i++)
		buf_adds(&b, "1,");
	ck_assert_ptr_null(jsonin_answer(b.data, b.len, &why));
	ck_assert_str_eq(why, "too many values");
	buf_reset(&b);
	buf_addc(&b, '"');
	while (b.len < JSON_ANSWER_BYTES - 1)
		buf_addc(&b, 'x');
	buf_addc(&b, '"');
	value = jsonin_answer(b.data, b.len, &why);
	ck_assert_ptr_nonnull(value);
	json_object_put(value);
	buf_addc(&b, ' ');
	ck_assert_ptr_null(jsonin_answer(b.data, b.len, &why));
	ck_assert_str_eq(why, "too long");
	buf_free(&b);
}
END_TEST

START_TEST(a_string_is_decoded_alone)
{
	struct buf b;

	buf_init(&b, 8);
	ck_assert(jsonscan_string("\"a\\u00e9\\/\",", 12, &b));
	ck_assert_str_eq(b.data, "a\xc3\xa9/");
	ck_assert(!jsonscan_string("\"a\\u00e9\\/\",", 10, &b));
	ck_assert(!jsonscan_string("a\"", 2, &b));
	ck_assert(!jsonscan_string("", 0, &b));
	ck_assert(!jsonscan_string("\"\\u0000\"", 8, &b));
	ck_assert(!jsonscan_string("\"123456789\"", 11, &b));
	ck_assert(jsonscan_string("\"\\udc00\"", 8, &b));
	ck_assert_str_eq(b.data, "\xef\xbf\xbd");
	buf_free(&b);
}
END_TEST

START_TEST(values_are_counted)
{
	ck_assert_ptr_null(jsonscan("[1,2,3]", 7, 4, NULL));
	ck_assert_str_eq(jsonscan("[1,2,3]", 7, 3, NULL), "too many values");
}
END_TEST

START_TEST(reads_of_a_wrong_type_find_nothing)
{
	static const char text[] = "{\"s\":\"x\",\"z\":\"a\\u0000b\",\"n\":5,"
				   "\"f\":5.5,\"l\":[1],\"o\":null}";
	struct json_object *v;
	int64_t n;

	v = jsonin_parse(text, strlen(text), 100, NULL);
	ck_assert_ptr_nonnull(v);
	ck_assert_str_eq(jsonin_string(v, "s"), "x");
	ck_assert_ptr_null(jsonin_string(v, "z"));
	ck_assert_ptr_null(jsonin_string(v, "n"));
	ck_assert_ptr_null(jsonin_string(v, "l"));
	ck_assert_ptr_null(jsonin_string(v, "none"));
	ck_assert(jsonin_int(jsonin_member(v, "n"), &n) && n == 5);
	ck_assert(!jsonin_int(jsonin_member(v, "f"), &n));
	ck_assert(!jsonin_int(NULL, &n));
	ck_assert_uint_eq(jsonin_length(jsonin_member(v, "l")), 1);
	ck_assert_uint_eq(jsonin_length(v), 0);
	ck_assert_ptr_null(jsonin_at(v, 0));
	ck_assert_ptr_null(jsonin_at(jsonin_member(v, "l"), 1));
	ck_assert_ptr_null(jsonin_member(jsonin_member(v, "s"), "x"));
	json_object_put(v);
}
END_TEST

START_TEST(a_whole_double_is_that_integer)
{
	static const struct {
		const char *text;
		bool is, digits;
		int64_t n;
	} cases[] = { { "7", true, true, 7 }, { "7.0", true, false, 7 },
		{ "-7.00", true, false, -7 },
		{ "1.7e9", true, false, 1700000000 },
		{ "-0.0", true, false, 0 },
		{ "9223372036854775807", true, true, INT64_MAX },
		{ "9007199254740992.0", true, false, INT64_C(1) << 53 },
		{ "-9223372036854775808.0", true, false, INT64_MIN },
		{ "9223372036854775808.0", false, false, 0 },
		{ "1e300", false, false, 0 }, { "7.5", false, false, 0 },
		{ "1e-300", false, false, 0 }, { "1e999", false, false, 0 },
		{ "\"7\"", false, false, 0 }, { "true", false, false, 0 },
		{ "[7]", false, false, 0 } };

	for (size_t i = 0; i < COUNT(cases); i++) {
		struct json_object *v = jsonin_parse(
		    cases[i].text, strlen(cases[i].text), 10, NULL);
		int64_t n = 0;

		ck_assert_msg(
		    jsonin_int(v, &n) == cases[i].is, "%s", cases[i].text);
		ck_assert_int_eq(n, cases[i].n);
		ck_assert_msg(jsonin_digits(v, &n) == cases[i].digits, "%s",
		    cases[i].text);
		json_object_put(v);
	}
}
END_TEST

START_TEST(commas_and_escapes_come_by_themselves)
{
	struct buf b;
	struct jsonout j;

	buf_init(&b, 1000);
	jsonout_init(&j, &b);
	jsonout_object(&j);
	jsonout_kstring(&j, "a", "q\"\\\b\f\n\r\t\x01\x7f/\xc3\xa9");
	jsonout_kstring(&j, "left out", NULL);
	jsonout_kown(&j, "own", "1.3.28");
	jsonout_kown(&j, "left out", NULL);
	jsonout_kint(&j, "n", INT64_MIN);
	jsonout_kbool(&j, "t", true);
	jsonout_key(&j, "l");
	jsonout_array(&j);
	jsonout_object(&j);
	jsonout_end_object(&j);
	jsonout_array(&j);
	jsonout_end_array(&j);
	jsonout_string(&j, "\xff\xc3");
	jsonout_raw(&j, "null", 4);
	jsonout_end_array(&j);
	jsonout_kint(&j, "z", 0);
	jsonout_end_object(&j);
	ck_assert_int_eq(jsonout_done(&j), 0);
	ck_assert_str_eq(b.data,
	    "{\"a\":\"q\\\"\\\\\\b\\f\\n\\r\\t\\u0001\x7f/"
	    "\xc3\xa9\",\"own\":\"1.3.28\",\"n\":-9223372036854775808,\"t\":"
	    "true,\"l\":[{},[],"
	    "\"\xef\xbf\xbd\xef\xbf\xbd\",null],\"z\":0}");
	ck_assert_ptr_null(jsonscan(b.data, b.len, 100, NULL));
	buf_free(&b);
}
END_TEST

/* The escapes of a text made one byte at a time. */
static void
escape_slowly(struct buf *b, const unsigned char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (s[i] == '"' || s[i] == '\\')
			buf_addf(b, "\\%c", s[i]);
		else if (s[i] < 0x20)
			buf_addf(b, "\\u%04x", s[i]);
		else if (s[i] >= 0x80)
			buf_adds(b, "\xef\xbf\xbd");
		else
			buf_addc(b, (char)s[i]);
}

START_TEST(every_byte_is_escaped_at_every_place_of_a_string)
{
	unsigned char text[20];
	struct buf is, should;
	struct jsonout j;
	size_t len, at;
	int c;

	buf_init(&is, 1000);
	buf_init(&should, 1000);
	for (c = 0; c < 256; c++)
		for (len = 1; len <= sizeof(text); len++)
			for (at = 0; at < len; at++) {
				if (strchr("\b\f\n\r\t", c) != NULL && c != 0)
					continue;
				memset(text, '#', len);
				text[at] = (unsigned char)c;
				buf_reset(&is);
				buf_reset(&should);
				jsonout_init(&j, &is);
				jsonout_bytes(&j, (char *)text, len);
				ck_assert_int_eq(jsonout_done(&j), 0);
				buf_addc(&should, '"');
				escape_slowly(&should, text, len);
				buf_addc(&should, '"');
				ck_assert_str_eq(is.data, should.data);
				ck_assert_uint_eq(is.len, should.len);
			}
	buf_free(&is);
	buf_free(&should);
}
END_TEST

START_TEST(the_bytes_of_a_text_that_is_not_whole_are_not_had)
{
	struct jsonout j;
	struct buf b;
	size_t max;
	int depth;

	for (max = 3; max < 30; max++) {
		buf_init(&b, max);
		buf_adds(&b, "old");
		jsonout_init(&j, &b);
		ck_assert_str_eq(b.data, "");
		ck_assert_int_eq(buf_addc(&b, 'x'), -1);
		jsonout_object(&j);
		jsonout_kstring(&j, "key", "a \"text\"");
		jsonout_kint(&j, "n", 1);
		jsonout_end_object(&j);
		ck_assert_int_eq(jsonout_done(&j), max < 29 ? -1 : 0);
		ck_assert_int_eq(b.failed, max < 29);
		ck_assert_str_eq(b.data,
		    max < 29 ? "old" :
			       "old{\"key\":\"a \\\"text\\\"\",\"n\":1}");
		buf_free(&b);
	}
	buf_init(&b, 1000);
	jsonout_init(&j, &b);
	for (depth = 0; depth < 70; depth++)
		jsonout_array(&j);
	for (depth = 0; depth < 70; depth++)
		jsonout_end_array(&j);
	ck_assert_int_eq(jsonout_done(&j), 0);
	ck_assert_uint_eq(b.len, 140); /* without a limit, without a comma */
	buf_free(&b);
	buf_init(&b, 1000);
	jsonout_init(&j, &b);
	jsonout_string(&j, "a");
	jsonout_starve(&j);
	ck_assert_int_eq(jsonout_done(&j), -1);
	ck_assert(b.starved);
	buf_free(&b);
}
END_TEST

START_TEST(pairs_are_read_where_they_are_plain)
{
	static const struct {
		const char *text;
		size_t n; /* 0: not plain, or no such list */
	} rows[] = { { "[{\"t\":\"a\",\"v\":\"b\"}]", 1 },
		{ " [ { \"v\" : \"b\" ,\n\"t\"\t: \"a\" } ]\r ", 1 },
		{ "[{\"t\":\"a\",\"v\":\"b\"},{\"t\":\"a\",\"v\":\"b\"}]", 2 },
		{ "[{\"t\":\"a\",\"v\":\"b\"},{\"t\":\"a\",\"v\":\"b\"},"
		  "{\"t\":\"a\",\"v\":\"b\"},{\"t\":\"a\",\"v\":\"b\"}]",
		    0 },
		{ "[]", 0 }, { "", 0 }, { "[", 0 }, { "[{\"t", 0 },
		{ "[{\"t\":\"a\",\"v\":\"b\"}", 0 },
		{ "[{\"t\":\"a\",\"v\":\"b\"},]", 0 },
		{ "[{\"t\":\"a\",\"v\":\"b\"}]]", 0 },
		{ "[{\"t\":\"a\",\"v\":\"b\",}]", 0 },
		{ "[{\"t\":\"a\" \"v\":\"b\"}]", 0 }, { "[{\"t\":\"a\"}]", 0 },
		{ "[{\"t\":\"\",\"v\":\"b\"}]", 0 },
		{ "[{\"t\":\"a\",\"t\":\"b\"}]", 0 },
		{ "[{\"t\":\"a\",\"v\":1}]", 0 },
		{ "[{\"t\":\"a\",\"v\":\"b\",\"x\":\"c\"}]", 0 },
		{ "[{\"t\":\"a\",\"v\":\"\\u0062\"}]", 0 },
		{ "[{\"t\":\"a\",\"v\":\"\xc3\xa9\"}]", 0 },
		{ "[{\"t\":\"a\",\"v\":\"b\nc\"}]", 0 } };
	struct jsonpair *pairs;
	size_t i, k, n;

	for (i = 0; i < COUNT(rows); i++) {
		pairs = jsonpairs_read(
		    rows[i].text, strlen(rows[i].text), "t", "v", 3, &n);
		ck_assert_int_eq(pairs != NULL, rows[i].n > 0);
		for (k = 0; k < rows[i].n; k++) {
			ck_assert_uint_eq(n, rows[i].n);
			ck_assert_str_eq(pairs[k].a, "a");
			ck_assert_str_eq(pairs[k].b, "b");
		}
		free(pairs);
	}
	/* A NUL does not end a text, and what is behind len is not read. */
	ck_assert_ptr_null(jsonpairs_read(
	    "[{\"t\":\"a\",\"v\":\"b\"}]\0", 20, "t", "v", 3, &n));
	ck_assert_ptr_null(
	    jsonpairs_read("[{\"t\":\"a\",\"v\":\"b\"}]", 18, "t", "v", 3, &n));
}
END_TEST

/* Vectors 15 and 0 of the 128-bit SipHash reference: key 00…0f, input 00…0e. */
START_TEST(the_hash_is_siphash)
{
	const uint64_t key[2] = { UINT64_C(0x0706050403020100),
		UINT64_C(0x0f0e0d0c0b0a0908) };
	unsigned char input[15];
	struct hash h;
	unsigned char i;

	for (i = 0; i < sizeof(input); i++)
		input[i] = i;
	h = hash_keyed(key, input, sizeof(input));
	ck_assert_uint_eq(h.a, UINT64_C(0x11a8b03399e99354));
	ck_assert_uint_eq(h.b, UINT64_C(0xd9c3cf970fec087e));
	h = hash_keyed(key, input, 0);
	ck_assert_uint_eq(h.a, UINT64_C(0xe6a825ba047f81a3));
	ck_assert_uint_eq(h.b, UINT64_C(0x930255c71472f66d));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { the_scan_takes_rfc_8259_and_no_more,
		what_the_scan_takes_the_parser_takes, depth_ends_at_32,
		the_answer_of_a_service_is_read_as_it_is_meant,
		the_answer_of_a_service_has_limits, a_string_is_decoded_alone,
		values_are_counted, reads_of_a_wrong_type_find_nothing,
		a_whole_double_is_that_integer,
		commas_and_escapes_come_by_themselves,
		every_byte_is_escaped_at_every_place_of_a_string,
		pairs_are_read_where_they_are_plain,
		the_bytes_of_a_text_that_is_not_whole_are_not_had,
		the_hash_is_siphash };

	return unit_run("json", tests, COUNT(tests));
}
