/* SPDX-License-Identifier: MIT */
/* The fan-out: what services tell of a credential's quota. */
#include "shared/quota.h"
#include "tests/unit/fanout_played.h"

static const char *const names[] = { NULL, "Left", "Reset" };

static void
as(const char *key)
{
	json_object_put(token.payload);
	token.payload = json_object_new_object();
	json_object_object_add(
	    token.payload, "key", json_object_new_string(key));
}

START_TEST(nothing_left_holds_the_calls_of_that_credential_back)
{
	struct played rows[] = {
		{ "a", 200, "[]", 10, HTTP_ANSWERED, NULL, false }, { 0 }
	};

	setup();
	provider.quota = names;
	quota_left = "0";
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(told, "a@1010:+ ");
	told[0] = '\0';
	run(rows, NULL, VALUES("a", "a"));
	ck_assert_uint_eq(started, 1);
	ck_assert_str_eq(
	    told, "a@1010:too many requests a@1010:too many requests ");
	as("another");
	told[0] = '\0';
	quota_left = "7";
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(told, "a@1020:+ ");
	teardown();
}
END_TEST

/* The calls of a request that were out when it was used up count, too. */
START_TEST(what_comes_back_in_another_order_is_no_more)
{
	struct played rows[] = { { "a", 200, "[]", 10, HTTP_ANSWERED, NULL,
				     false },
		{ "b", 200, "[]", 20, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	provider.quota = names;
	quota_left = "0";
	run(rows, NULL, VALUES("a"));
	as("k");
	quota_left = "1";
	told[0] = '\0';
	run(rows, NULL, VALUES("b"));
	ck_assert_str_eq(told, "b@1010:too many requests ");
	teardown();
}
END_TEST

START_TEST(what_others_tell_is_only_shown)
{
	struct played rows[] = {
		{ "a", 200, "[]", 10, HTTP_ANSWERED, NULL, false }, { 0 }
	};
	struct quota_seen seen[QUOTA_RELAYS];

	setup();
	quota_left = "0";
	run(rows, NULL, VALUES("a"));
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(told, "a@1010:+ a@1020:+ ");
	ck_assert_int_eq(
	    quota_list(&shared->quotas, (int64_t)time(NULL), 10, seen), 1);
	ck_assert_str_eq(seen[0].relay, "played");
	ck_assert_int_eq(seen[0].told.left, 0);
	teardown();
}
END_TEST

/* Who gives tokens counts other calls than who is asked with them. */
START_TEST(a_sign_in_neither_tells_nor_waits)
{
	struct played rows[] = { { "auth", 200, "\"t1\"", 10, HTTP_ANSWERED,
				     NULL, false },
		{ "a", 0, NULL, 10, HTTP_NO_CONNECTION, NULL, false }, { 0 } };
	struct quota_seen seen[QUOTA_RELAYS];

	setup();
	conf.retries = 0;
	provider.quota = names;
	first_flags = CALL_SIGNED;
	quota_left = "0";
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(asked, "auth a#t1 ");
	/* Nor does a call that had no answer. */
	ck_assert_int_eq(
	    quota_list(&shared->quotas, (int64_t)time(NULL), 10, seen), 0);
	teardown();
}
END_TEST

/* Health may be signing in, which is no task of its own then. */
START_TEST(nor_does_health_that_signs_in)
{
	struct played rows[] = { { "health", 200, "[]", 10, HTTP_ANSWERED, NULL,
				     false },
		{ "a", 200, "[]", 10, HTTP_ANSWERED, NULL, false }, { 0 } };
	struct quota_seen seen[QUOTA_RELAYS];

	setup();
	provider.quota = names;
	first_flags = CALL_SIGN_IN;
	quota_left = "0";
	run(rows, NULL, NULL);
	ck_assert_int_eq(
	    quota_list(&shared->quotas, (int64_t)time(NULL), 10, seen), 0);
	first_flags = 0;
	run(rows, NULL, VALUES("a"));
	ck_assert_int_eq(
	    quota_list(&shared->quotas, (int64_t)time(NULL), 10, seen), 1);
	first_flags = CALL_SIGN_IN;
	run(rows, NULL, NULL);
	ck_assert_str_eq(asked, "health a health ");
	teardown();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		nothing_left_holds_the_calls_of_that_credential_back,
		what_comes_back_in_another_order_is_no_more,
		what_others_tell_is_only_shown,
		a_sign_in_neither_tells_nor_waits, nor_does_health_that_signs_in
	};

	return unit_run("fanout_quota", tests, COUNT(tests));
}
