/* SPDX-License-Identifier: MIT */
/* The fan-out: when a host's circuit opens, what says nothing of the host, and
 * how it closes. */
#include "tests/unit/fanout_played.h"

START_TEST(the_circuit_opens_and_says_so_at_once)
{
	struct played rows[] = {
		{ "a", 500, "", 10, HTTP_ANSWERED, NULL, false }, { 0 }
	};

	setup();
	relay.parallel = 1;
	run(rows, NULL, VALUES("a", "a", "a", "a", "a", "a", "a"));
	ck_assert_uint_eq(started, 5);
	ck_assert_str_eq(told,
	    "a@1010:internal error a@1020:internal error "
	    "a@1030:internal error a@1040:internal error a@1050:internal error "
	    "a@1050:service unavailable a@1050:service unavailable ");
	/* Another request meets it, too; after half a minute one may try. */
	told[0] = '\0';
	now_ms = 1050 + BREAKER_FIRST - 1;
	run(rows, NULL, VALUES("a"));
	ck_assert_uint_eq(started, 5);
	now_ms = 1050 + BREAKER_FIRST + 1;
	run(rows, NULL, VALUES("a", "a"));
	ck_assert_uint_eq(started, 6);
	teardown();
}
END_TEST

START_TEST(refusals_of_the_service_open_no_circuit)
{
	struct played rows[] = {
		{ "a", 418, "", 1, HTTP_ANSWERED, NULL, false }, { 0 }
	};

	setup();
	run(rows, NULL, VALUES("a", "a", "a", "a", "a", "a", "a", "a"));
	run(rows, NULL, VALUES("a"));
	ck_assert_uint_eq(started, 9);
	teardown();
}
END_TEST

START_TEST(a_lookup_cut_by_the_deadline_says_nothing_of_the_host)
{
	struct played rows[] = { { "slow", 200, "[\"b\"]", 2500, HTTP_ANSWERED,
				     NULL, false },
		{ "b", 200, "[]", 90000, HTTP_ANSWERED, NULL, false },
		{ "quick", 200, "[]", 1, HTTP_ANSWERED, NULL, false }, { 0 } };
	int i;

	setup();
	conf.deadline = 3;
	for (i = 0; i < 6; i++)
		run(rows, NULL, VALUES("slow"));
	told[0] = '\0';
	run(rows, NULL, VALUES("quick"));
	ck_assert_ptr_nonnull(strstr(told, ":+"));
	teardown();
}
END_TEST

START_TEST(a_host_that_hangs_past_the_deadline_opens_its_circuit)
{
	struct played rows[] = {
		{ "a", 200, "[]", 90000, HTTP_ANSWERED, NULL, false }, { 0 }
	};
	int i;

	setup();
	conf.timeout = 60;
	conf.deadline = 3;
	for (i = 0; i < 5; i++)
		run(rows, NULL, VALUES("a"));
	told[0] = '\0';
	now_ms = 20000;
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(told, "a@20000:service unavailable ");
	teardown();
}
END_TEST

START_TEST(a_try_cut_by_the_deadline_does_not_undo_the_one_that_failed)
{
	struct played rows[] = { { "a", 503, "", 500, HTTP_ANSWERED, "2",
				     false },
		{ "a", 200, "[]", 90000, HTTP_ANSWERED, NULL, false }, { 0 } };
	int i;

	setup();
	conf.deadline = 3;
	for (i = 0; i < 5; i++) {
		rows[0].scanned = false;
		run(rows, NULL, VALUES("a"));
	}
	told[0] = '\0';
	now_ms = 20000;
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(told, "a@20000:service unavailable ");
	teardown();
}
END_TEST

/* Asks five times as the rows say; whether the host is then asked once more. */
static bool
asked_after_five(struct played *rows, const char *const *values)
{
	int i;

	for (i = 0; i < 5; i++)
		run(rows, NULL, values);
	told[0] = '\0';
	now_ms += 1000;
	rows[0] =
	    (struct played){ "a", 200, "[]", 1, HTTP_ANSWERED, NULL, false };
	run(rows, NULL, VALUES("a"));
	return strstr(told, "service unavailable") == NULL;
}

/* What came before left it little time: whether it ends a moment before the
 * deadline or is still under way then. */
START_TEST(a_try_that_the_deadline_cut_short_says_nothing_of_the_host)
{
	struct played rows[][3] = {
		{ { "a", 200, "[]", 90000, HTTP_ANSWERED, NULL, false },
		    { "x", 0, "", 3000, HTTP_FAILED, NULL, false }, { 0 } },
		{ { "a", 0, "", 999, HTTP_LATE, NULL, false },
		    { "x", 0, "", 3000, HTTP_FAILED, NULL, false }, { 0 } }
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		setup();
		conf.deadline = 4;
		conf.parallel = 1;
		ck_assert(asked_after_five(rows[i], VALUES("x", "a")));
		teardown();
	}
}
END_TEST

/* It had most of the time that there was, or fell silent with all of it. */
START_TEST(a_try_that_had_its_time_tells_of_the_host)
{
	struct played rows[][2] = {
		{ { "a", 0, "", 2999, HTTP_LATE, NULL, false }, { 0 } },
		{ { "a", 0, "", 100, HTTP_LATE, NULL, false }, { 0 } }
	};
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		setup();
		conf.deadline = i == 0 ? 3 : 25;
		ck_assert(!asked_after_five(rows[i], VALUES("a")));
		teardown();
	}
}
END_TEST

START_TEST(too_many_requests_say_nothing_of_the_host)
{
	struct played rows[] = { { "a", 429, "", 500, HTTP_ANSWERED, "2",
				     false },
		{ "a", 200, "[]", 90000, HTTP_ANSWERED, NULL, false }, { 0 } };
	int i;

	setup();
	conf.deadline = 3;
	for (i = 0; i < 5; i++) {
		rows[0].scanned = false;
		run(rows, NULL, VALUES("a"));
	}
	told[0] = '\0';
	rows[1].ms = 1;
	run(rows, NULL, VALUES("a"));
	ck_assert_ptr_nonnull(strstr(told, ":+"));
	teardown();
}
END_TEST

START_TEST(who_failed_comes_back_after_a_while)
{
	struct played rows[] = { { "a", 503, "", 10, HTTP_ANSWERED, NULL,
				     false },
		{ "a", 200, "[]", 10, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	run(rows, NULL, VALUES("a"));
	ck_assert_int_ge(now_ms, 1020 + 125);
	ck_assert_int_le(now_ms, 1020 + 250);
	teardown();
}
END_TEST

START_TEST(more_than_the_deadline_allows_says_nothing_of_the_host)
{
	struct played rows[] = {
		{ "a", 200, "[]", 1500, HTTP_ANSWERED, NULL, false }, { 0 }
	};
	const char *values[101] = { NULL };
	size_t i;

	setup();
	conf.deadline = 4;
	for (i = 0; i < 100; i++)
		values[i] = "a";
	/* At the end 32 are under way, and have been for a second. */
	run(rows, NULL, values);
	told[0] = '\0';
	run(rows, NULL, VALUES("a"));
	ck_assert_ptr_nonnull(strstr(told, ":+"));
	teardown();
}
END_TEST

START_TEST(what_was_found_by_the_deadline_counts)
{
	struct played rows[] = {
		{ "a", 200, "..!..", 90000, HTTP_ANSWERED, NULL, false }, { 0 }
	};

	setup();
	conf.deadline = 3;
	first_flags = CALL_SCAN;
	early = true;
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(told, "a@4000:+ ");
	teardown();
}
END_TEST

START_TEST(who_waits_for_a_turn_meets_the_open_circuit)
{
	struct played rows[] = {
		{ "a", 500, "", 10, HTTP_ANSWERED, NULL, false }, { 0 }
	};

	setup();
	relay.rate = (struct conf_rate){ 1, 1 };
	relay.breaker = 3;
	run(rows, NULL, VALUES("a", "a", "a", "a", "a", "a"));
	ck_assert_uint_eq(started, 3);
	teardown();
}
END_TEST

START_TEST(what_this_machine_lacks_says_nothing_of_the_host)
{
	static const enum http_end ends[] = { HTTP_FAILED, HTTP_PRIVATE,
		HTTP_BAD_URL };
	size_t i;

	for (i = 0; i < COUNT(ends); i++) {
		struct played rows[] = { { "down", 500, "", 1, HTTP_ANSWERED,
					     NULL, false },
			{ "a", 0, "", 1, ends[i], NULL, false }, { 0 } };

		setup();
		relay.parallel = 1;
		relay.breaker = 3;
		run(rows, NULL, VALUES("down", "down", "a", "down", "down"));
		ck_assert_uint_eq(started, 4);
		teardown();
	}
}
END_TEST

START_TEST(the_circuit_closes_though_a_token_is_needed)
{
	struct played rows[] = { { "auth", 500, "", 1, HTTP_ANSWERED, NULL,
				     false },
		{ "auth", 200, "\"t1\"", 1, HTTP_ANSWERED, NULL, false },
		{ "a", 200, "[]", 1, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	first_flags = CALL_SIGNED;
	relay.breaker = 1;
	run(rows, NULL, VALUES("a"));
	now_ms += BREAKER_FIRST + 1000;
	told[0] = '\0';
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(asked, "auth auth a#t1 ");
	ck_assert_ptr_nonnull(strstr(told, ":+"));
	teardown();
}
END_TEST

START_TEST(the_circuit_closes_though_the_token_is_old)
{
	struct played rows[] = { { "auth", 200, "\"t1\"", 1, HTTP_ANSWERED,
				     NULL, false },
		{ "auth", 200, "\"t2\"", 1, HTTP_ANSWERED, NULL, false },
		{ "a", 500, "", 1, HTTP_ANSWERED, NULL, false },
		{ "a", 401, "", 1, HTTP_ANSWERED, NULL, false },
		{ "a", 200, "[]", 1, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	first_flags = CALL_SIGNED;
	relay.breaker = 1;
	run(rows, NULL, VALUES("a"));
	now_ms += BREAKER_FIRST + 1000;
	told[0] = '\0';
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(asked, "auth a#t1 a#t1 auth a#t2 ");
	ck_assert_ptr_nonnull(strstr(told, ":+"));
	teardown();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { the_circuit_opens_and_says_so_at_once,
		refusals_of_the_service_open_no_circuit,
		a_lookup_cut_by_the_deadline_says_nothing_of_the_host,
		a_host_that_hangs_past_the_deadline_opens_its_circuit,
		a_try_cut_by_the_deadline_does_not_undo_the_one_that_failed,
		a_try_that_the_deadline_cut_short_says_nothing_of_the_host,
		a_try_that_had_its_time_tells_of_the_host,
		too_many_requests_say_nothing_of_the_host,
		who_failed_comes_back_after_a_while,
		more_than_the_deadline_allows_says_nothing_of_the_host,
		what_was_found_by_the_deadline_counts,
		who_waits_for_a_turn_meets_the_open_circuit,
		what_this_machine_lacks_says_nothing_of_the_host,
		the_circuit_closes_though_a_token_is_needed,
		the_circuit_closes_though_the_token_is_old };

	return unit_run("fanout_circuit", tests, COUNT(tests));
}
