/* SPDX-License-Identifier: MIT */
/* The fan-out: calls side by side, tries, turns, deadline, scans. */
#include "tests/unit/fanout_played.h"

START_TEST(calls_run_at_the_same_time)
{
	struct played rows[] = { { "a", 200, "[\"a1\",\"a2\"]", 50,
				     HTTP_ANSWERED, NULL, false },
		{ "b", 200, "[]", 100, HTTP_ANSWERED, NULL, false },
		{ "a1", 200, "{}", 50, HTTP_ANSWERED, NULL, false },
		{ "a2", 404, "", 20, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	run(rows, NULL, VALUES("a", "b"));
	ck_assert_str_eq(told, "a@1100:+:+:- b@1100:+ ");
	ck_assert_str_eq(asked, "a b a1 a2 ");
	ck_assert_uint_gt(idles, 0);
	teardown();
}
END_TEST

START_TEST(no_more_at_a_time_than_may_be)
{
	struct played rows[] = {
		{ "a", 200, "[\"x\",\"x\",\"x\",\"x\",\"x\",\"x\",\"x\"]", 10,
		    HTTP_ANSWERED, NULL, false },
		{ "x", 200, "1", 10, HTTP_ANSWERED, NULL, false }, { 0 }
	};

	setup();
	relay.parallel = 3;
	run(rows, NULL, VALUES("a", "a", "a", "a", "a"));
	ck_assert_uint_eq(most_running, 3);
	ck_assert_uint_eq(started, 40);
	teardown();
}
END_TEST

START_TEST(what_may_pass_is_tried_again)
{
	static const struct {
		int status;
		enum http_end end;
		size_t tries;
		const char *said;
	} cases[] = { { 429, HTTP_ANSWERED, 3, "too many requests" },
		{ 502, HTTP_ANSWERED, 3, "service unavailable" },
		{ 503, HTTP_ANSWERED, 3, "service unavailable" },
		{ 504, HTTP_ANSWERED, 3, "service unavailable" },
		{ 0, HTTP_NO_CONNECTION, 3, "connection error" },
		{ 0, HTTP_CUT, 3, "connection error" },
		{ 200, HTTP_CUT, 3, "unknown" },
		{ 500, HTTP_ANSWERED, 1, "internal error" },
		{ 418, HTTP_ANSWERED, 1, "unknown" },
		{ 0, HTTP_LATE, 1, "connection error" },
		{ 0, HTTP_NO_HOST, 1, "connection error" },
		{ 0, HTTP_PRIVATE, 1, "connection error" },
		{ 0, HTTP_BAD_URL, 1, "connection error" },
		{ 0, HTTP_TLS, 1, "unknown" },
		{ 200, HTTP_TOO_LARGE, 1, "unknown" },
		{ 0, HTTP_GARBLED, 1, "unknown" },
		{ 0, HTTP_FAILED, 1, "internal error" } };
	size_t i;

	for (i = 0; i < COUNT(cases); i++) {
		struct played rows[] = { { "a", cases[i].status, "x", 1,
					     cases[i].end, NULL, false },
			{ 0 } };

		setup();
		run(rows, NULL, VALUES("a"));
		ck_assert_msg(started == cases[i].tries, "case %zu: %zu tries",
		    i, started);
		ck_assert_msg(strstr(told, cases[i].said) != NULL,
		    "case %zu: %s", i, told);
		teardown();
	}
}
END_TEST

START_TEST(a_later_try_may_succeed)
{
	struct played rows[] = { { "a", 503, "", 1, HTTP_ANSWERED, NULL,
				     false },
		{ "a", 0, "", 1, HTTP_CUT, NULL, false },
		{ "a", 200, "[]", 1, HTTP_ANSWERED, NULL, false }, { 0 } };
	struct fanout_job job;

	setup();
	job = run(rows, NULL, VALUES("a"));
	ck_assert_ptr_nonnull(strstr(told, ":+"));
	ck_assert_uint_eq(job.retried, 2);
	teardown();
}
END_TEST

START_TEST(retry_after_is_obeyed)
{
	struct played rows[] = { { "a", 429, "", 0, HTTP_ANSWERED, "7", false },
		{ "a", 200, "[]", 0, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(told, "a@8000:+ ");
	teardown();
}
END_TEST

START_TEST(retry_after_past_the_deadline_fails_at_once)
{
	struct played rows[] = {
		{ "a", 429, "", 0, HTTP_ANSWERED, "30", false }, { 0 }
	};

	setup();
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(told, "a@1000:too many requests ");
	teardown();
}
END_TEST

START_TEST(the_deadline_ends_what_is_left)
{
	struct played rows[] = { { "a", 200, "[]", 100, HTTP_ANSWERED, NULL,
				     false },
		{ "b", 200, "[]", 90000, HTTP_ANSWERED, NULL, false },
		{ "c", 200, "[]", 1, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	conf.deadline = 3;
	relay.parallel = 1;
	run(rows, NULL, VALUES("a", "b", "c", "c"));
	ck_assert_str_eq(told,
	    "a@1100:+ b@4000:connection error "
	    "c@4000:connection error c@4000:connection error ");
	ck_assert_str_eq(asked, "a b ");
	teardown();
}
END_TEST

START_TEST(a_client_that_left_is_not_worked_for)
{
	struct played rows[] = { { "a", 200, "[\"b\"]", 100, HTTP_ANSWERED,
				     NULL, false },
		{ "b", 200, "[]", 90000, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	gone_at = 1500;
	run(rows, NULL, VALUES("a", "a"));
	ck_assert_str_eq(told, "");
	ck_assert_uint_eq(cancelled, 2);
	ck_assert_int_lt(now_ms, 1500 + 1000);
	teardown();
}
END_TEST

START_TEST(a_question_too_long_is_not_asked_nor_ends_the_request)
{
	static char path[CALL_URL];
	struct played rows[] = {
		{ "a", 200, "[]", 1, HTTP_ANSWERED, NULL, false }, { 0 }
	};

	setup();
	memset(path, 'x', sizeof(path) - 1);
	first_flags = CALL_SHARED;
	run(rows, NULL, VALUES(path, "a"));
	ck_assert_str_eq(asked, "a ");
	ck_assert_ptr_nonnull(strstr(told, ":invalid argument? "));
	teardown();
}
END_TEST

START_TEST(calls_wait_for_their_turn)
{
	struct played rows[] = {
		{ "a", 200, "[]", 0, HTTP_ANSWERED, NULL, false }, { 0 }
	};

	setup();
	provider.rate = 4;
	run(rows, NULL, VALUES("a", "a", "a", "a", "a", "a"));
	ck_assert_str_eq(told,
	    "a@1000:+ a@1000:+ a@1000:+ a@1000:+ "
	    "a@2050:+ a@2050:+ ");
	teardown();
}
END_TEST

START_TEST(a_turn_past_the_deadline_fails_at_once)
{
	struct played rows[] = {
		{ "a", 200, "[]", 0, HTTP_ANSWERED, NULL, false }, { 0 }
	};

	setup();
	conf.deadline = 2;
	relay.rate = (struct conf_rate){ 1, 1 };
	run(rows, NULL, VALUES("a", "a", "a", "a"));
	ck_assert_str_eq(told,
	    "a@1000:too many requests "
	    "a@1000:too many requests a@1000:+ a@2050:+ ");
	teardown();
}
END_TEST

START_TEST(calls_to_another_service_take_no_turn)
{
	struct played rows[] = { { "a", 200, "[\"b\"]", 0, HTTP_ANSWERED, NULL,
				     false },
		{ "b", 200, "1", 0, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	conf.deadline = 2;
	relay.rate = (struct conf_rate){ 1, 86400 };
	first_flags = CALL_ELSEWHERE;
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(told, "a@1000:+:+ ");
	teardown();
}
END_TEST

START_TEST(the_relay_has_calls_of_a_time_of_its_own)
{
	struct played rows[] = {
		{ "a", 200, "[]", 0, HTTP_ANSWERED, NULL, false }, { 0 }
	};

	setup();
	provider.rate = 4;
	relay.rate = (struct conf_rate){ 2, 86400 };
	run(rows, NULL, VALUES("a", "a", "a"));
	ck_assert_str_eq(told, "a@1000:too many requests a@1000:+ a@1000:+ ");
	teardown();
}
END_TEST

START_TEST(lookups_share_a_call)
{
	struct played rows[] = { { "a", 200, "[\"s\"]", 10, HTTP_ANSWERED, NULL,
				     false },
		{ "b", 200, "[\"s\",\"t\",\"s\"]", 20, HTTP_ANSWERED, NULL,
		    false },
		{ "c", 200, "[\"s\"]", 90, HTTP_ANSWERED, NULL, false },
		{ "s", 200, "1", 50, HTTP_ANSWERED, NULL, false },
		{ "t", 500, "1", 1, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	more_flags = CALL_SHARED;
	run(rows, NULL, VALUES("a", "b", "c"));
	ck_assert_str_eq(asked, "a b c s t ");
	ck_assert_str_eq(told,
	    "a@1060:+:+ b@1060:+:+:internal error:+ "
	    "c@1090:+:+ ");
	teardown();
}
END_TEST

START_TEST(lookups_share_a_call_with_the_same_body)
{
	struct played rows[] = {
		{ "all", 200, "1", 10, HTTP_ANSWERED, NULL, false }, { 0 }
	};

	setup();
	first_flags = CALL_SHARED;
	first_sent = "all";
	run(rows, NULL, VALUES("a", "b", "a"));
	ck_assert_str_eq(asked, "all all ");
	ck_assert_str_eq(told, "a@1010:+ b@1010:+ a@1010:+ ");
	teardown();
}
END_TEST

START_TEST(a_call_waits_before_it_sets_out)
{
	struct played rows[] = { { "a", 200, "[\"b\"]", 10, HTTP_ANSWERED, NULL,
				     false },
		{ "b", 200, "1", 10, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	more_wait = 2000;
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(told, "a@3020:+:+ ");
	teardown();
	setup();
	more_wait = 60000;
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(told, "a@26000:+:connection error ");
	teardown();
}
END_TEST

/* A month's quota: another try would not change it. */
static bool
lasts(const struct call *c)
{
	return c->status == 429 && strcmp(c->said[0], "quota") == 0;
}

START_TEST(what_lasts_is_not_tried_again)
{
	struct played rows[] = {
		{ "a", 429, "", 1, HTTP_ANSWERED, NULL, false }, { 0 }
	};

	setup();
	provider.lasting = lasts;
	said = "quota";
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(asked, "a ");
	said = "speed";
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(asked, "a a a a ");
	provider.lasting = NULL;
	said = "";
	teardown();
}
END_TEST

START_TEST(a_provider_hears_of_optional_calls_that_fail)
{
	struct played rows[] = { { "a", 200, "[\"b\"]", 1, HTTP_ANSWERED, NULL,
				     false },
		{ "b", 500, "", 1, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	heard_of_failure = 0;
	run(rows, NULL, VALUES("a"));
	ck_assert_uint_eq(heard_of_failure, 0);
	rows[0].scanned = false;
	more_flags = CALL_OPTIONAL;
	run(rows, NULL, VALUES("a"));
	ck_assert_uint_eq(heard_of_failure, 1);
	teardown();
}
END_TEST

START_TEST(a_scanned_page_without_content_is_nothing)
{
	struct played rows[] = {
		{ "a", 204, NULL, 1, HTTP_ANSWERED, NULL, false }, { 0 }
	};

	setup();
	first_flags = CALL_SCAN;
	ends_of_scan = 0;
	run(rows, NULL, VALUES("a"));
	ck_assert_uint_eq(ends_of_scan, 0);
	ck_assert_str_eq(asked, "a ");
	teardown();
}
END_TEST

START_TEST(a_scan_ends_the_transfer)
{
	struct played rows[] = { { "a", 200, "...!...", 1, HTTP_ANSWERED, NULL,
				     false },
		{ "b", 200, ".......", 1, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	first_flags = CALL_SCAN;
	run(rows, NULL, VALUES("a", "b"));
	ck_assert_str_eq(told, "a@1001:+ b@1001:unknown ");
	teardown();
}
END_TEST

START_TEST(health_is_one_call)
{
	struct played rows[] = {
		{ "health", 200, "{}", 1, HTTP_ANSWERED, NULL, false }, { 0 }
	};

	setup();
	run(rows, NULL, NULL);
	ck_assert_str_eq(told, "health@1001:+ ");
	teardown();
}
END_TEST

/* Two relays asked at once: what ends the questions to one leaves the other
 * alone, and each has its own places. */
START_TEST(jobs_run_side_by_side)
{
	struct played rows[] = { { "a", 200, "[\"a1\"]", 50, HTTP_ANSWERED,
				     NULL, false },
		{ "a1", 200, "{}", 50, HTTP_ANSWERED, NULL, false },
		{ "b", 401, "{}", 20, HTTP_ANSWERED, NULL, false },
		{ "c", 200, "[]", 50, HTTP_ANSWERED, NULL, false }, { 0 } };
	struct relay_conf other;
	const struct observable list[] = { { OBSERVABLE_IP, "a", 0 },
		{ OBSERVABLE_IP, "b", 1 }, { OBSERVABLE_IP, "c", 2 } };
	struct fanout_job jobs[2];
	struct fanout *f;

	setup();
	other = relay;
	other.name = (char *)(uintptr_t) "other";
	relay.parallel = other.parallel = 1;
	jobs[0] = played_job(&relay);
	jobs[0].list = &list[0];
	jobs[1] = played_job(&other);
	jobs[1].list = &list[1];
	jobs[1].n = 2;
	f = fanout_new(&conf, shared, NULL, NULL);
	script = rows;
	fanout_run(f, jobs, 2);
	fanout_free(f);
	ck_assert_str_eq(asked, "a b a1 ");
	ck_assert_str_eq(told, "b@1020:authorization error! a@1100:+:+ ");
	ck_assert_uint_eq(most_running, 2);
	ck_assert_uint_eq(jobs[0].calls, 2);
	ck_assert_uint_eq(jobs[1].calls, 1);
	teardown();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { calls_run_at_the_same_time,
		no_more_at_a_time_than_may_be, what_may_pass_is_tried_again,
		a_later_try_may_succeed, retry_after_is_obeyed,
		retry_after_past_the_deadline_fails_at_once,
		the_deadline_ends_what_is_left,
		a_client_that_left_is_not_worked_for,
		a_question_too_long_is_not_asked_nor_ends_the_request,
		calls_wait_for_their_turn,
		a_turn_past_the_deadline_fails_at_once,
		the_relay_has_calls_of_a_time_of_its_own,
		calls_to_another_service_take_no_turn, lookups_share_a_call,
		lookups_share_a_call_with_the_same_body,
		a_call_waits_before_it_sets_out, what_lasts_is_not_tried_again,
		a_provider_hears_of_optional_calls_that_fail,
		a_scanned_page_without_content_is_nothing,
		a_scan_ends_the_transfer, health_is_one_call,
		jobs_run_side_by_side };

	return unit_run("fanout", tests, COUNT(tests));
}
