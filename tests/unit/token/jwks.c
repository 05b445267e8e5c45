/* SPDX-License-Identifier: MIT */
/* A key set: when it is fetched, how long it serves, what is none. */
#include "tests/unit/jwks_played.h"

START_TEST(a_set_is_fetched_once_an_hour_for_all_threads)
{
	struct jwks *a, *b;
	int i;

	begin();
	a = thread(NULL);
	b = thread(NULL);
	answers(set_of("12"));
	for (i = 0; i < HOUR; i += 7) {
		ck_assert_int_eq(ask(a, "1", NOW + i), JWKS_KEY);
		ck_assert_int_eq(ask(b, "2", NOW + i), JWKS_KEY);
	}
	ck_assert_int_eq(host.asked, 1);
	ck_assert_int_eq(host.timeout, 3000);
	ck_assert_int_eq(ask(b, "1", NOW + HOUR), JWKS_KEY);
	ck_assert_int_eq(ask(a, "1", NOW + HOUR), JWKS_KEY);
	ck_assert_int_eq(host.asked, 2);
	jwks_free(a);
	jwks_free(b);
	end();
}
END_TEST

START_TEST(a_set_that_did_not_change_keeps_its_serial)
{
	struct jwks *j;
	uint64_t before;

	begin();
	j = thread(NULL);
	answers(set_of("1"));
	ck_assert_int_eq(ask(j, "1", NOW), JWKS_KEY);
	before = serial;
	answers(set_of("1"));
	ck_assert_int_eq(ask(j, "1", NOW + HOUR), JWKS_KEY);
	ck_assert_uint_eq(serial, before);
	answers(set_of("1 "));
	ck_assert_int_eq(ask(j, "1", NOW + 2 * HOUR), JWKS_KEY);
	ck_assert_uint_ne(serial, before);
	ck_assert_int_eq(host.asked, 3);
	jwks_free(j);
	end();
}
END_TEST

START_TEST(unknown_kids_fetch_once_a_minute)
{
	struct jwks *a, *b;
	char kid[16];
	int i;

	begin();
	a = thread(NULL);
	b = thread(NULL);
	answers(set_of("1"));
	for (i = 0; i < 6000; i++) {
		snprintf(kid, sizeof(kid), "x%d", i);
		ck_assert_int_eq(
		    ask(i % 2 ? a : b, kid, NOW + i / 20), JWKS_NO_KID);
	}
	/* The first is for the want of a set. */
	ck_assert_int_eq(host.asked, 1 + 5);
	ck_assert_int_eq(ask(a, NULL, NOW + 300), JWKS_NO_KID);
	ck_assert_int_eq(ask(a, "1", NOW + 300), JWKS_KEY);
	ck_assert_int_eq(host.asked, 1 + 6);
	jwks_free(a);
	jwks_free(b);
	end();
}
END_TEST

START_TEST(a_rotated_set_comes_with_its_first_unknown_kid)
{
	struct jwks *a, *b;

	begin();
	a = thread(NULL);
	b = thread(NULL);
	answers(set_of("1"));
	ck_assert_int_eq(ask(a, "1", NOW), JWKS_KEY);
	ck_assert_int_eq(ask(b, "1", NOW), JWKS_KEY);
	answers(set_of("2"));
	ck_assert_int_eq(ask(a, "2", NOW + 1), JWKS_KEY);
	/* The other thread's old keys are gone as well. */
	ck_assert_int_eq(ask(b, "1", NOW + 1), JWKS_NO_KID);
	ck_assert_int_eq(ask(b, "2", NOW + 1), JWKS_KEY);
	ck_assert_int_eq(host.asked, 2);
	/* The next rotation must wait until the minute is over. */
	answers(set_of("3"));
	ck_assert_int_eq(ask(a, "3", NOW + MINUTE), JWKS_NO_KID);
	ck_assert_int_eq(ask(a, "3", NOW + 1 + MINUTE), JWKS_KEY);
	ck_assert_int_eq(host.asked, 3);
	jwks_free(a);
	jwks_free(b);
	end();
}
END_TEST

START_TEST(while_the_host_is_down_the_set_serves_for_a_day)
{
	struct jwks *j;

	begin();
	j = thread(NULL);
	answers(set_of("1"));
	ck_assert_int_eq(ask(j, "1", NOW), JWKS_KEY);
	fails(HTTP_NO_CONNECTION, "connection refused");
	ck_assert_int_eq(ask(j, "1", NOW + HOUR), JWKS_KEY);
	ck_assert_int_eq(ask(j, "1", NOW + HOUR + MINUTE - 1), JWKS_KEY);
	ck_assert_int_eq(host.asked, 2);
	/* An unknown kid does not make it ask more often. */
	ck_assert_int_eq(ask(j, "2", NOW + HOUR + MINUTE - 1), JWKS_NO_KID);
	ck_assert_str_eq(cause, URL ": connection refused");
	ck_assert_int_eq(host.asked, 2);
	ck_assert_int_eq(ask(j, "1", NOW + HOUR + MINUTE), JWKS_KEY);
	ck_assert_int_eq(host.asked, 3);
	ck_assert_int_eq(ask(j, "1", NOW + DAY - 1), JWKS_KEY);
	ck_assert_int_eq(ask(j, "1", NOW + DAY), JWKS_NO_SET);
	ck_assert_str_eq(cause, URL ": connection refused");
	answers(set_of("1"));
	ck_assert_int_eq(ask(j, "1", NOW + DAY + MINUTE), JWKS_KEY);
	jwks_free(j);
	end();
}
END_TEST

START_TEST(a_host_that_never_answered_is_asked_every_ten_seconds)
{
	struct jwks *a, *b;
	int i;

	begin();
	a = thread(NULL);
	b = thread(NULL);
	fails(HTTP_LATE, "timed out");
	for (i = 0; i < 60; i++) {
		ck_assert_int_eq(ask(i % 2 ? a : b, "1", NOW + i), JWKS_NO_SET);
		ck_assert_str_eq(cause, URL ": timed out");
	}
	ck_assert_int_eq(host.asked, 6);
	answers(set_of("1"));
	ck_assert_int_eq(ask(a, "1", NOW + 59), JWKS_NO_SET);
	ck_assert_int_eq(ask(a, "1", NOW + 60), JWKS_KEY);
	jwks_free(a);
	jwks_free(b);
	end();
}
END_TEST

static char large[65537];
static char many[40000];

/* Answers that are no key set; status 0: no answer. */
static const struct {
	enum http_end end;
	int status;
	const char *body;
	size_t len;
	const char *why; /* of the end */
	const char *cause;
} answers_bad[] = { { HTTP_ANSWERED, 200, "", 0, NULL,
			"no JSON object with an array of keys" },
	{ HTTP_ANSWERED, 200, "<html>", 0, NULL,
	    "no JSON object with an array of keys" },
	{ HTTP_ANSWERED, 200, "{\"keys\":5}", 0, NULL,
	    "no JSON object with an array of keys" },
	{ HTTP_ANSWERED, 200, "{\"keys\":[]}\0", 12, NULL,
	    "no JSON object with an array of keys" },
	{ HTTP_ANSWERED, 200, many, 0, NULL, "more than 32 keys" },
	{ HTTP_ANSWERED, 200, large, 65537, NULL, "the key set does not fit" },
	{ HTTP_ANSWERED, 204, "{\"keys\":[]}", 0, NULL,
	    "it answered 204 Reason" },
	{ HTTP_ANSWERED, 302, "{\"keys\":[]}", 0, NULL,
	    "it answered 302 Reason" },
	{ HTTP_ANSWERED, 404, "{\"keys\":[]}", 0, NULL,
	    "it answered 404 Reason" },
	{ HTTP_TOO_LARGE, 0, NULL, 0, "more than 65536 bytes",
	    "more than 65536 bytes" },
	{ HTTP_TLS, 0, NULL, 0, "self-signed certificate",
	    "self-signed certificate" },
	{ HTTP_PRIVATE, 0, NULL, 0, "private address", "private address" } };

START_TEST(what_is_no_key_set_is_told)
{
	struct jwks *j;
	char text[200];
	size_t i;

	memset(large, ' ', sizeof(large));
	strcpy(many, "{\"keys\":[{}");
	for (i = 1; i < 33; i++)
		strcat(many, ",{}");
	strcat(many, "]}");
	for (i = 0; i < COUNT(answers_bad); i++) {
		begin();
		j = thread(NULL);
		host.end = answers_bad[i].end;
		host.status = answers_bad[i].status;
		host.body = answers_bad[i].body;
		host.len = answers_bad[i].len;
		host.why = answers_bad[i].why;
		ck_assert_int_eq(ask(j, "1", NOW), JWKS_NO_SET);
		snprintf(text, sizeof(text), URL ": %s", answers_bad[i].cause);
		ck_assert_str_eq(cause, text);
		jwks_free(j);
		end();
	}
}
END_TEST

START_TEST(a_set_of_64_kilobytes_is_taken)
{
	static char text[65536];
	struct jwks *j;

	begin();
	j = thread(NULL);
	memset(text, ' ', sizeof(text));
	memcpy(text, set_of("1"), strlen(set_of("1")));
	answers(text);
	host.len = sizeof(text);
	ck_assert_int_eq(ask(j, "1", NOW), JWKS_KEY);
	jwks_free(j);
	j = thread(NULL);
	ck_assert_int_eq(ask(j, "1", NOW), JWKS_KEY);
	ck_assert_int_eq(host.asked, 1);
	jwks_free(j);
	end();
}
END_TEST

START_TEST(a_set_without_a_key_for_us_is_a_set)
{
	struct jwks *j;

	begin();
	j = thread(NULL);
	answers("{\"keys\":[{\"kty\":\"EC\",\"kid\":\"1\"}]}");
	ck_assert_int_eq(ask(j, "1", NOW), JWKS_NO_KID);
	ck_assert_ptr_null(cause);
	ck_assert_int_eq(host.asked, 1);
	jwks_free(j);
	end();
}
END_TEST

START_TEST(a_clock_that_was_set_back_makes_sets_and_tries_void)
{
	struct jwks *j;

	begin();
	j = thread(NULL);
	answers(set_of("1"));
	ck_assert_int_eq(ask(j, "1", NOW), JWKS_KEY);
	/* Requests that began before the fetch are no such thing. */
	ck_assert_int_eq(ask(j, "1", NOW - MINUTE), JWKS_KEY);
	ck_assert_int_eq(host.asked, 1);
	ck_assert_int_eq(ask(j, "1", NOW - HOUR), JWKS_KEY);
	ck_assert_int_eq(host.asked, 2);
	/* Nor does a set of the future serve while the host is down. */
	fails(HTTP_NO_HOST, "no such host");
	ck_assert_int_eq(ask(j, "1", NOW - 2 * HOUR), JWKS_NO_SET);
	ck_assert_int_eq(host.asked, 3);
	/* And forward: a day later nothing is left. */
	ck_assert_int_eq(ask(j, "1", NOW + 2 * DAY), JWKS_NO_SET);
	ck_assert_int_eq(host.asked, 4);
	jwks_free(j);
	end();
}
END_TEST

START_TEST(a_request_without_time_left_does_not_fetch)
{
	struct jwks *j;
	const struct jwk_set *set;

	begin();
	j = thread(NULL);
	answers(set_of("1"));
	ck_assert_int_eq(
	    jwks_key(j, HOST, "1", NOW, world.ms, &set, &serial, &cause),
	    JWKS_NO_SET);
	ck_assert_str_eq(
	    cause, "no key set could be had in the request's time");
	ck_assert_int_eq(host.asked, 0);
	jwks_free(j);
	end();
}
END_TEST

START_TEST(a_request_in_a_hurry_does_not_make_the_host_down)
{
	struct jwks *j;
	const struct jwk_set *set;

	begin();
	j = thread(NULL);
	fails(HTTP_LATE, "timed out");
	ck_assert_int_eq(
	    jwks_key(j, HOST, "1", NOW, world.ms + 500, &set, &serial, &cause),
	    JWKS_NO_SET);
	ck_assert_int_le(host.timeout, 500);
	ck_assert_int_gt(host.timeout, 400);
	ck_assert_str_eq(cause, URL ": timed out");
	ck_assert_int_eq(host.asked, 1);
	answers(set_of("1"));
	ck_assert_int_eq(ask(j, "1", NOW), JWKS_KEY);
	ck_assert_int_eq(host.asked, 2);
	jwks_free(j);
	end();
}
END_TEST

START_TEST(a_deadline_that_passes_in_between_still_has_a_timeout)
{
	struct jwks *j;
	const struct jwk_set *set;

	begin();
	j = thread(NULL);
	answers(set_of("1"));
	/* The clock is read for the place, the deadline and the claim. */
	ck_assert_int_eq(
	    jwks_key(j, HOST, "1", NOW, world.ms + 3, &set, &serial, &cause),
	    JWKS_KEY);
	ck_assert_int_eq(host.timeout, 1);
	jwks_free(j);
	end();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		a_set_is_fetched_once_an_hour_for_all_threads,
		a_set_that_did_not_change_keeps_its_serial,
		unknown_kids_fetch_once_a_minute,
		a_rotated_set_comes_with_its_first_unknown_kid,
		while_the_host_is_down_the_set_serves_for_a_day,
		a_host_that_never_answered_is_asked_every_ten_seconds,
		what_is_no_key_set_is_told, a_set_of_64_kilobytes_is_taken,
		a_set_without_a_key_for_us_is_a_set,
		a_clock_that_was_set_back_makes_sets_and_tries_void,
		a_request_without_time_left_does_not_fetch,
		a_request_in_a_hurry_does_not_make_the_host_down,
		a_deadline_that_passes_in_between_still_has_a_timeout
	};

	return unit_run("jwks", tests, COUNT(tests));
}
