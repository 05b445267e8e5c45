/* SPDX-License-Identifier: MIT */
/* The fan-out: credentials, sign-ins, and what the cache keeps for whom. */
#include "tests/unit/fanout_played.h"

START_TEST(refused_credentials_end_the_request)
{
	struct played rows[] = { { "a", 200, "[]", 10, HTTP_ANSWERED, NULL,
				     false },
		{ "b", 401, "", 20, HTTP_ANSWERED, NULL, false },
		{ "c", 200, "[]", 500, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	run(rows, NULL, VALUES("a", "b", "c"));
	ck_assert_str_eq(told, "a@1010:+ b@1020:authorization error! ");
	ck_assert_uint_eq(cancelled, 1);
	teardown();
}
END_TEST

START_TEST(credentials_refused_later_cost_that_call_alone)
{
	struct played rows[] = { { "a", 200, "[\"x\",\"y\"]", 1, HTTP_ANSWERED,
				     NULL, false },
		{ "x", 401, "", 1, HTTP_ANSWERED, NULL, false },
		{ "y", 200, "[]", 1, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(told, "a@1002:+:authorization error:+ ");
	teardown();
}
END_TEST

START_TEST(one_sign_in_serves_all)
{
	struct played rows[] = { { "auth", 200, "\"t1\"", 100, HTTP_ANSWERED,
				     NULL, false },
		{ "a", 200, "[]", 10, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	first_flags = CALL_SIGNED;
	run(rows, NULL, VALUES("a", "a"));
	ck_assert_str_eq(asked, "auth a#t1 a#t1 ");
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(asked, "auth a#t1 a#t1 a#t1 ");
	teardown();
}
END_TEST

START_TEST(nothing_keeps_a_token_but_its_table)
{
	struct played rows[] = { { "auth", 200, "\"t1\"", 100, HTTP_ANSWERED,
				     NULL, false },
		{ "a", 200, "[]", 10, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	first_flags = CALL_SIGNED;
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(asked, "auth a#t1 ");
	ck_assert_int_eq(json_object_get_string_len(last_token), 2);
	ck_assert_mem_eq(json_object_get_string(last_token), "\0\0", 2);
	teardown();
}
END_TEST

START_TEST(a_token_that_is_refused_is_got_anew)
{
	struct played rows[] = { { "auth", 200, "\"t1\"", 1, HTTP_ANSWERED,
				     NULL, false },
		{ "auth", 200, "\"t2\"", 1, HTTP_ANSWERED, NULL, false },
		{ "a", 200, "[]", 1, HTTP_ANSWERED, NULL, false },
		{ "a", 401, "", 1, HTTP_ANSWERED, NULL, false },
		{ "a", 200, "[]", 1, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	first_flags = CALL_SIGNED;
	run(rows, NULL, VALUES("a"));
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(asked, "auth a#t1 a#t1 auth a#t2 ");
	ck_assert_ptr_null(strstr(told, "error"));
	teardown();
}
END_TEST

START_TEST(a_fresh_token_that_is_refused_is_an_error)
{
	struct played rows[] = { { "auth", 200, "\"t\"", 1, HTTP_ANSWERED, NULL,
				     false },
		{ "a", 401, "", 1, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	first_flags = CALL_SIGNED;
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(asked, "auth a#t auth a#t ");
	ck_assert_ptr_nonnull(strstr(told, "authorization error!"));
	teardown();
}
END_TEST

START_TEST(a_sign_in_that_fails_fails_all_who_wait)
{
	struct played rows[] = { { "auth", 500, "", 10, HTTP_ANSWERED, NULL,
				     false },
		{ "a", 200, "[]", 1, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	first_flags = CALL_SIGNED;
	run(rows, NULL, VALUES("a", "a"));
	ck_assert_str_eq(asked, "auth ");
	ck_assert_str_eq(told, "a@1010:internal error a@1010:internal error ");
	teardown();
}
END_TEST

START_TEST(a_sign_in_that_fails_is_not_begun_again_by_who_waits)
{
	struct played rows[] = { { "auth", 500, "", 15, HTTP_ANSWERED, NULL,
				     false },
		{ "a", 200, "[]", 1, HTTP_ANSWERED, NULL, false }, { 0 } };

	/* It ends just when they look again. */
	setup();
	first_flags = CALL_SIGNED;
	run(rows, NULL, VALUES("a", "a"));
	ck_assert_str_eq(asked, "auth ");
	teardown();
}
END_TEST

START_TEST(a_sign_in_that_fails_fails_what_is_asked_after_it)
{
	struct played rows[] = { { "auth", 500, "", 10, HTTP_ANSWERED, NULL,
				     false },
		{ "a", 200, "[]", 1, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	first_flags = CALL_SIGNED;
	relay.parallel = 1;
	run(rows, NULL, VALUES("a", "a", "a"));
	ck_assert_str_eq(asked, "auth ");
	ck_assert_str_eq(told,
	    "a@1010:internal error a@1010:internal error "
	    "a@1010:internal error ");
	teardown();
}
END_TEST

START_TEST(a_sign_in_left_by_its_client_is_free_for_the_next)
{
	struct played rows[] = { { "auth", 200, "\"t\"", 5000, HTTP_ANSWERED,
				     NULL, false },
		{ "a", 200, "[]", 1, HTTP_ANSWERED, NULL, false }, { 0 } };

	setup();
	first_flags = CALL_SIGNED;
	gone_at = 1100;
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(told, "");
	gone_at = 0;
	run(rows, NULL, VALUES("a"));
	ck_assert_str_eq(asked, "auth auth a#t ");
	teardown();
}
END_TEST

/* A cache in a new folder. */
static char folder[64], cache_url[128];

static struct cache *
cache_made(void)
{
	struct cache *cache;

	snprintf(folder, sizeof(folder), "/tmp/ctim-fanout-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(cache_url, sizeof(cache_url), "sqlite:%s/cache.db", folder);
	conf.cache_url = cache_url;
	conf.ttl = conf.negative_ttl = 60;
	cache = cache_new(&conf);
	ck_assert_ptr_nonnull(cache);
	return cache;
}

static void
cache_end(struct cache *cache)
{
	static const char *const names[] = { "cache.db", "cache.db-wal",
		"cache.db-shm" };
	char name[128];

	cache_free(cache);
	for (size_t i = 0; i < COUNT(names); i++) {
		snprintf(name, sizeof(name), "%s/%s", folder, names[i]);
		(void)unlink(name);
	}
	ck_assert_int_eq(rmdir(folder), 0);
}

START_TEST(results_are_kept_for_the_same_credential_alone)
{
	struct played rows[] = { { "a", 200, "[]", 1, HTTP_ANSWERED, NULL,
				     false },
		{ "n", 404, "", 1, HTTP_ANSWERED, NULL, false },
		{ "e", 500, "", 1, HTTP_ANSWERED, NULL, false }, { 0 } };
	struct cache *cache;
	struct fanout_job job;

	setup();
	cache = cache_made();
	first_flags = CALL_CACHE;
	run(rows, cache, VALUES("a", "n", "e"));
	ck_assert_str_eq(asked, "a n e ");
	job = run(rows, cache, VALUES("a", "n", "e"));
	ck_assert_str_eq(asked, "a n e e ");
	ck_assert_uint_eq(job.cached, 2);
	json_object_put(token.payload);
	token.payload = json_tokener_parse("{\"key\":\"other\"}");
	run(rows, cache, VALUES("a"));
	ck_assert_str_eq(asked, "a n e e a ");
	relay.ttl = 0;
	run(rows, cache, VALUES("a"));
	ck_assert_str_eq(asked, "a n e e a a ");
	cache_end(cache);
	teardown();
}
END_TEST

/* How long one entry takes to be looked for. */
static int64_t
time_of_a_look(struct cache *cache)
{
	const struct cache_part part = { "x", 1 };
	unsigned char name[CACHE_NAME];
	struct buf value;
	int64_t began = now_ms;

	buf_init(&value, CACHE_VALUE);
	ck_assert_int_eq(cache_name(cache, name, &part, 1), 0);
	ck_assert(!cache_get(cache, name, &value));
	buf_free(&value);
	return now_ms - began;
}

/* Each look is fast enough for the cache not to be left alone; together they
 * may have a fifth of the request's time, and nothing is kept after that. */
START_TEST(a_cache_slow_call_after_call_gets_a_part_of_the_time)
{
	static const char *const values[] = { "a", "b", "c", "d", "e", "f", "g",
		"h", "i", "j", "k", "l", "m", "n", "o", "p", "q", "r", "s", "t",
		NULL };
	struct played rows[COUNT(values)] = { 0 };
	struct cache *cache;
	int64_t look;
	size_t i, slow;

	for (i = 0; values[i] != NULL; i++)
		rows[i] = (struct played){ values[i], 404, "", 1, HTTP_ANSWERED,
			NULL, false };
	setup();
	cache = cache_made();
	first_flags = CALL_CACHE;
	conf.deadline = 4;
	/* Nobody has anything, and time for a look at a few. */
	tick = 15;
	(void)time_of_a_look(cache); /* opens it, which takes longer */
	look = time_of_a_look(cache);
	run(rows, cache, values);
	tick = 0;
	now_ms += 100000;
	ck_assert_uint_eq(run(rows, cache, values).cached, 0);
	/* Now all are there. */
	ck_assert_uint_eq(run(rows, cache, values).cached, 20);
	tick = 15;
	slow = run(rows, cache, values).cached;
	ck_assert_uint_gt(slow, 0);
	ck_assert_msg((int64_t)(slow - 1) * look < 800, "%zu looks of %d ms",
	    slow, (int)look);
	ck_assert_int_gt(20 * look, 1000);
	cache_end(cache);
	teardown();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { refused_credentials_end_the_request,
		credentials_refused_later_cost_that_call_alone,
		one_sign_in_serves_all, nothing_keeps_a_token_but_its_table,
		a_token_that_is_refused_is_got_anew,
		a_fresh_token_that_is_refused_is_an_error,
		a_sign_in_that_fails_fails_all_who_wait,
		a_sign_in_that_fails_is_not_begun_again_by_who_waits,
		a_sign_in_that_fails_fails_what_is_asked_after_it,
		a_sign_in_left_by_its_client_is_free_for_the_next,
		results_are_kept_for_the_same_credential_alone,
		a_cache_slow_call_after_call_gets_a_part_of_the_time };

	return unit_run("fanout_signin", tests, COUNT(tests));
}
