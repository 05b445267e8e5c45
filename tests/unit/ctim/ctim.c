/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/percent.h"
#include "base/rfc3339.h"
#include "ctim/ctim.h"
#include "ctim/problem.h"
#include "tests/unit/unit.h"

/* The second id: Python's uuid.uuid5(uuid.NAMESPACE_X500, "ipsum"). */
START_TEST(ids_are_transient_and_of_their_kind)
{
	char id[CTIM_ID_MAX], other[CTIM_ID_MAX];

	ctim_id(id, CTIM_RELATIONSHIP);
	ctim_id(other, CTIM_RELATIONSHIP);
	ck_assert_uint_eq(strlen(id), strlen("transient:relationship-") + 36);
	ck_assert_int_eq(strncmp(id, "transient:relationship-", 23), 0);
	ck_assert_int_eq(id[23 + 14], '4');
	ck_assert_str_ne(id, other);
	ctim_id_of(id, CTIM_INDICATOR, "ipsum");
	ck_assert_str_eq(
	    id, "transient:indicator-4b8ae150-cf7a-5f35-bfba-ccc06265aa57");
}
END_TEST

static const struct {
	const char *text;
	int64_t seconds;
} times[] = { { "1970-01-01T00:00:00Z", 0 },
	{ "2020-03-26T15:28:09Z", 1585236489 },
	{ "2020-03-26T15:28:09.123Z", 1585236489 },
	{ "2020-03-26T16:28:09+01:00", 1585236489 },
	{ "2020-03-26T10:58:09-0430", 1585236489 },
	{ "2020-03-26 15:28:09", 1585236489 },
	{ "2020-03-26 15:28:09 UTC", 1585236489 },
	{ "2020-03-26 15:28", 1585236480 }, { "2020-03-26", 1585180800 },
	{ "2024-02-29", 1709164800 }, { "2016-12-31T23:59:60Z", 1483228799 },
	{ "2525-01-01T00:00:00Z", RFC3339_LAST },
	{ "2525-01-01T00:00:01Z", -1 }, { "1969-12-31", -1 },
	{ "2023-02-29", -1 }, { "2020-13-01", -1 }, { "2020-00-01", -1 },
	{ "2020-04-31", -1 }, { "2020-3-26", -1 },
	{ "2020-03-26T25:00:00Z", -1 }, { "2020-03-26T15:28:09+99:00", -1 },
	{ "2020-03-26T15:28:09Zx", -1 }, { "yesterday", -1 }, { "", -1 } };

START_TEST(times_are_read_as_people_write_them)
{
	size_t i;

	for (i = 0; i < COUNT(times); i++)
		ck_assert_msg(rfc3339_parse(times[i].text) == times[i].seconds,
		    "%s: %lld", times[i].text,
		    (long long)rfc3339_parse(times[i].text));
}
END_TEST

/* Every day of CTIM's times, beside the C library. */
START_TEST(times_are_written_as_the_library_would)
{
	char text[RFC3339_MAX], other[RFC3339_MAX];
	struct tm tm;
	time_t t;

	for (t = 0; t < RFC3339_LAST; t += 86400 + 61) {
		rfc3339_text(text, t);
		gmtime_r(&t, &tm);
		strftime(other, sizeof(other), "%Y-%m-%dT%H:%M:%SZ", &tm);
		ck_assert_str_eq(text, other);
	}
}
END_TEST

START_TEST(times_are_written_within_those_of_ctim)
{
	char text[RFC3339_MAX];

	rfc3339_text(text, 1585236489);
	ck_assert_str_eq(text, "2020-03-26T15:28:09Z");
	rfc3339_text(text, -5);
	ck_assert_str_eq(text, "1970-01-01T00:00:00Z");
	rfc3339_text(text, INT64_MAX);
	ck_assert_str_eq(text, "2525-01-01T00:00:00Z");
}
END_TEST

static const struct {
	const char *given;
	int digits;
	const char *want; /* NULL: no time */
} again[] = { { "2020-04-16T00:00:00Z", 6, "2020-04-16T00:00:00.000000Z" },
	{ "2020-04-16T00:00:00.1239Z", 3, "2020-04-16T00:00:00.123Z" },
	{ "2020-04-16T00:00:00.5", 6, "2020-04-16T00:00:00.500000Z" },
	{ "2020-04-16T01:00:00.5+01:30", 0, "2020-04-15T23:30:00Z" },
	{ "2020-03-26T15:28:09.000+0000", -1, "2020-03-26T15:28:09.000Z" },
	{ "2020-03-26T15:28:09+0000", -1, "2020-03-26T15:28:09Z" },
	{ "2020-03-26T15:28:09.Z", -1, "2020-03-26T15:28:09Z" },
	{ "2020-03-26T15:28:09.12345678901Z", -1,
	    "2020-03-26T15:28:09.123456789Z" },
	{ "2020-03-26", 9, "2020-03-26T00:00:00.000000000Z" },
	{ "2020-03-32T00:00:00Z", 6, NULL },
	{ "1969-12-31T23:59:59Z", 6, NULL }, { "", -1, NULL } };

START_TEST(times_of_services_are_written_again)
{
	char text[RFC3339_MAX];
	size_t i;

	for (i = 0; i < COUNT(again); i++) {
		ck_assert_int_eq(
		    rfc3339_again(text, again[i].given, again[i].digits),
		    again[i].want == NULL ? -1 : 0);
		if (again[i].want != NULL)
			ck_assert_str_eq(text, again[i].want);
	}
}
END_TEST

START_TEST(milliseconds_are_times)
{
	char text[RFC3339_MAX];

	ck_assert_int_eq(rfc3339_milli(text, 0), 0);
	ck_assert_str_eq(text, "1970-01-01T00:00:00.000Z");
	ck_assert_int_eq(rfc3339_milli(text, 1585236489007), 0);
	ck_assert_str_eq(text, "2020-03-26T15:28:09.007Z");
	ck_assert_int_eq(rfc3339_milli(text, RFC3339_LAST * 1000), 0);
	ck_assert_str_eq(text, "2525-01-01T00:00:00.000Z");
	ck_assert_int_eq(rfc3339_milli(text, RFC3339_LAST * 1000 + 1), -1);
	ck_assert_int_eq(rfc3339_milli(text, INT64_MAX), -1);
	ck_assert_int_eq(rfc3339_milli(text, -1), -1);
}
END_TEST

START_TEST(what_ctim_takes_for_a_uri)
{
	static const char *const good[] = { "http://x.org/a?b#c", "n/a",
		"x.org", "x.org:80/", "a:b:c", "/a:b", "//x.org", "%41",
		"mailto:a@b", "#f", "data", "javascripts:a", "?q", "\xc3\xa9",
		"http://\xc3\xbc.x", "\xf0\x9f\x98\x80", "/?a[]=[", "x#[",
		"\xc2\xa1" };
	static const char *const bad[] = { "", "a b", "a\"b", "<a>", "a\\b",
		"a^", "`", "{", "|", "%", "%4", "%4g", "a%", "a#b#c", "[::1]",
		"1.2.3.4:80", ":a", "http:", "http:#a", "//", "http://", "\xc3",
		"a\xc3\xa9\xff", "a\n", "\x7f", "\xc2\x80", "\xc2\xa0",
		"\xe2\x80\x8a", "\xe2\x80\xa8", "\xe3\x80\x80", "a[?", "/]",
		"javascript:alert(1)", "JavaScript:a", "data:text/html,a",
		"vbscript:a" };
	static char longest[CTIM_URI + 2];
	static char wide[2 * CTIM_URI + 2];
	size_t i;

	for (i = 0; i < COUNT(good); i++)
		ck_assert_msg(ctim_is_uri(good[i]), "%s", good[i]);
	for (i = 0; i < COUNT(bad); i++)
		ck_assert_msg(!ctim_is_uri(bad[i]), "%s", bad[i]);
	memset(longest, 'a', CTIM_URI);
	ck_assert(ctim_is_uri(longest));
	longest[CTIM_URI] = 'a';
	ck_assert(!ctim_is_uri(longest));
	for (i = 0; i < CTIM_URI / 2; i++)
		memcpy(wide + 4 * i, "\xf0\x9f\x98\x80", 5);
	ck_assert(ctim_is_uri(wide));
	wide[4 * i] = 'a';
	ck_assert(!ctim_is_uri(wide));
}
END_TEST

START_TEST(vocabularies_are_those_of_ctim)
{
	ck_assert_int_eq(ctim_disposition("malicious"), 2);
	ck_assert_str_eq(ctim_disposition_name(5), "Unknown");
	ck_assert_ptr_null(ctim_disposition_name(0));
	ck_assert_ptr_null(ctim_disposition_name(6));
	ck_assert_ptr_null(ctim_disposition_name(-1));
	ck_assert_int_eq(ctim_severity("CRITICAL"), CTIM_SEVERITY_CRITICAL);
	ck_assert_int_eq(ctim_confidence("Critical"), -1);
	ck_assert_int_eq(ctim_confidence("High"), CTIM_SEVERITY_HIGH);
	ck_assert_int_eq(ctim_tlp("amber"), CTIM_AMBER);
	ck_assert_int_eq(ctim_tlp("clear"), -1);
	ck_assert_int_eq(ctim_tlp_given("Clear"), CTIM_WHITE);
	ck_assert_int_eq(ctim_tlp_given("AMBER+STRICT"), CTIM_AMBER);
	ck_assert_int_eq(ctim_tlp_given("red"), CTIM_RED);
	ck_assert_int_eq(ctim_tlp_given("amber+"), -1);
	ck_assert_str_eq(ctim_tlp_name(CTIM_RED), "red");
}
END_TEST

START_TEST(problems_have_their_codes_and_types)
{
	ck_assert_str_eq(
	    problem_code(PROBLEM_AUTHORIZATION), "authorization error");
	ck_assert_str_eq(problem_type(PROBLEM_AUTHORIZATION, true), "fatal");
	ck_assert_str_eq(problem_type(PROBLEM_NOT_FOUND, false), "warning");
	ck_assert_str_eq(problem_type(PROBLEM_CONNECTION, false), "fatal");
	ck_assert_str_eq(problem_type(PROBLEM_CONNECTION, true), "warning");
}
END_TEST

START_TEST(percent_encoding_keeps_the_unreserved)
{
	struct buf b;

	buf_init(&b, 100);
	percent_add(&b, "aZ9-._~ /@:\xc3\xa9%", "@:");
	ck_assert_str_eq(b.data, "aZ9-._~%20%2F@:%C3%A9%25");
	buf_free(&b);
}
END_TEST

START_TEST(ids_of_entities_are_told)
{
#define REF_UUID "01234567-89ab-cdef-0123-456789abcdef"
	static const struct {
		const char *text;
		bool is;
	} rows[] = { { "transient:x", true }, { "transient:", true },
		{ "transient:a b", true }, { "transient:a\nb", false },
		{ "transient:a\xe2\x80\xa8", false },
		{ "transient:a\xc2\x85", false }, { "x", false }, { "", false },
		{ "https://a.example/ctia/sighting/sighting-" REF_UUID, true },
		{ "http://a:1/b/c.d/ctia/x-y/x-y-" REF_UUID, true },
		{ "https://a/ctia/sighting/sighting-" REF_UUID "/", false },
		{ "https://a/ctia/sighting/sighting-" REF_UUID "0", false },
		{ "https://a/ctia/sighting/sighting" REF_UUID, false },
		{ "https://a/ctia/sighting/-" REF_UUID, false },
		{ "https://a/ctia/s/sighting-" REF_UUID, false },
		{ "https://a/xctia/sighting/sighting-" REF_UUID, false },
		{ "https://a/sighting/sighting-" REF_UUID, false },
		{ "https://a//ctia/sighting/sighting-" REF_UUID, false },
		{ "https:///ctia/sighting/sighting-" REF_UUID, false },
		{ "https://.a/ctia/sighting/sighting-" REF_UUID, false },
		{ "https://a:/ctia/sighting/sighting-" REF_UUID, false },
		{ "https://a b/ctia/sighting/sighting-" REF_UUID, false },
		{ "ftp://a/ctia/sighting/sighting-" REF_UUID, false },
		{ "https://a/ctia/sighting/sighting-"
		  "01234567-89AB-cdef-0123-456789abcdef",
		    false } };
	size_t i;

	for (i = 0; i < COUNT(rows); i++)
		ck_assert_msg(ctim_is_ref(rows[i].text) == rows[i].is, "%s",
		    rows[i].text);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { ids_are_transient_and_of_their_kind,
		times_are_read_as_people_write_them,
		times_are_written_as_the_library_would,
		times_are_written_within_those_of_ctim,
		times_of_services_are_written_again, milliseconds_are_times,
		what_ctim_takes_for_a_uri, vocabularies_are_those_of_ctim,
		problems_have_their_codes_and_types,
		percent_encoding_keeps_the_unreserved,
		ids_of_entities_are_told };

	return unit_run("ctim", tests, COUNT(tests));
}
