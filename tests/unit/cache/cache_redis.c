/* SPDX-License-Identifier: MIT */
/* A cache in a real Redis server. */
#include <errno.h>
#include <netdb.h>

#include "tests/unit/redis_drive.h"

START_TEST(gateways_share_what_they_put)
{
	struct cache *a, *b;
	char why[CACHE_WHY];
	redisReply *keys, *ttl;

	if (!have_redis())
		SKIP("redis-server is not installed");
	start("--loglevel", "warning");
	ck_assert_int_eq(cache_check(&conf, why), 0);
	keys = ask("KEYS %s", "*");
	ck_assert_uint_eq(keys->elements, 0); /* a check makes nothing */
	freeReplyObject(keys);
	a = new ();
	b = new ();
	ck_assert(cache_is_remote(a) && cache_on(a) && has(a, "x", NULL));
	put(a, "x", "1");
	put(a, "y", "2");
	put(a, "empty", "");
	cache_flush(a);
	ck_assert(has(b, "x", "1") && has(b, "y", "2") && has(b, "empty", ""));
	put_now(b, "x", "3");
	ck_assert(has(a, "x", "3"));
	ck_assert_int_eq(cache_check(&conf, why), 0);
	keys = ask("KEYS %s", "ctim-relay:entry:*");
	ck_assert_uint_eq(keys->elements, 3);
	ttl = ask("TTL %s", keys->element[0]->str);
	ck_assert_int_gt(ttl->integer, 250);
	ck_assert_int_le(ttl->integer, 300);
	freeReplyObject(ttl);
	freeReplyObject(keys);
	cache_free(a);
	cache_free(b);
	stop();
}
END_TEST

START_TEST(megabytes_go_there_and_back)
{
	unsigned char name[CACHE_NAME];
	char *large;
	struct cache *c;
	struct buf b;

	if (!have_redis())
		SKIP("redis-server is not installed");
	start("--loglevel", "warning");
	c = new ();
	buf_init(&b, CACHE_VALUE);
	large = calloc(1, CACHE_VALUE);
	ck_assert_int_eq(name_of(c, "x", name), 0);
	cache_put(c, name, large, CACHE_VALUE, 60);
	cache_flush(c);
	ck_assert(cache_get(c, name, &b));
	ck_assert_uint_eq(b.len, CACHE_VALUE);
	ck_assert_mem_eq(b.data, large, CACHE_VALUE);
	buf_free(&b);
	free(large);
	cache_free(c);
	stop();
}
END_TEST

START_TEST(what_another_put_there_is_none_of_ours)
{
	static const char *const commands[] = { "SET %s text",
		"SETRANGE %s 5000000 x", "LPUSH %s a" };
	struct cache *c;
	redisReply *keys;
	size_t i;

	if (!have_redis())
		SKIP("redis-server is not installed");
	for (i = 0; i < COUNT(commands); i++) {
		start("--loglevel", "warning");
		c = new ();
		put_now(c, "x", "1");
		ck_assert(has(c, "x", "1"));
		keys = ask("KEYS %s", "ctim-relay:entry:*");
		ck_assert_uint_eq(keys->elements, 1);
		do_it("DEL %s", keys->element[0]->str);
		do_it(commands[i], keys->element[0]->str);
		ck_assert(has(c, "x", NULL));
		do_it("DEL %s", keys->element[0]->str);
		freeReplyObject(keys);
		ahead += REST;
		put_now(c, "x", "2");
		ck_assert(has(c, "x", "2"));
		cache_free(c);
		stop();
	}
}
END_TEST

START_TEST(an_emptied_server_is_filled_again)
{
	struct cache *a, *b;

	if (!have_redis())
		SKIP("redis-server is not installed");
	start("--loglevel", "warning");
	a = new ();
	b = new ();
	put_now(a, "x", "1");
	ck_assert(has(b, "x", "1"));
	do_it("FLUSHALL%s", "");
	ck_assert(has(b, "x", NULL));
	put_now(a, "x", "2");
	ck_assert(has(b, "x", "2"));
	cache_free(a);
	cache_free(b);
	stop();
}
END_TEST

START_TEST(passwords_databases_and_names_are_obeyed)
{
	static const struct {
		const char *who, *db, *shown; /* NULL: it works */
	} urls[] = { { ":pass%40word@127.0.0.1", "0", NULL },
		{ "default:pass%40word@127.0.0.1", "3", NULL },
		{ ":pass%40word@localhost", "0", NULL },
		{ ":pass%40word@127.0.0.1", "99", "error ERR" },
		{ ":wrong@127.0.0.1", "0", "error WRONGPASS" },
		{ "127.0.0.1", "0", "error NOAUTH" } };
	char why[CACHE_WHY];
	size_t i;
	int r;

	if (!have_redis())
		SKIP("redis-server is not installed");
	start("--requirepass", "pass@word");
	for (i = 0; i < COUNT(urls); i++) {
		/* A bare machine may not even know that name. */
		if (strstr(urls[i].who, "localhost") != NULL &&
		    gethostbyname("localhost") == NULL)
			continue;
		snprintf(url, sizeof(url), "redis://%s:%d/%s", urls[i].who,
		    port, urls[i].db);
		r = cache_check(&conf, why);
		ck_assert_msg(
		    (r == 0) == (urls[i].shown == NULL), "%s: %s", url, why);
		if (urls[i].shown != NULL)
			ck_assert_msg(
			    strstr(why, urls[i].shown) != NULL, "%s", why);
		ck_assert_ptr_null(strstr(why, "pass"));
	}
	stop();
}
END_TEST

START_TEST(a_server_that_goes_and_comes_back)
{
	struct cache *c;

	if (!have_redis())
		SKIP("redis-server is not installed");
	start("--loglevel", "warning");
	c = new ();
	put_now(c, "x", "1");
	stop();
	ck_assert(has(c, "x", NULL));
	put_now(c, "x", "1");
	ahead += REST;
	ck_assert(!cache_on(c));
	ahead += REST;
	start("--loglevel", "warning");
	cache_free(c);
	c = new ();
	put_now(c, "x", "2");
	ck_assert(has(c, "x", "2"));
	/* An idle connection that was closed costs nothing but a new one. */
	do_it("CLIENT KILL TYPE %s", "normal");
	ahead += 1000;
	ck_assert(has(c, "x", "2"));
	cache_free(c);
	stop();
}
END_TEST

START_TEST(gateways_together_have_no_more_turns_than_the_rate)
{
	struct cache *c[2];
	int64_t wait, last = 0, began;
	int i;

	if (!have_redis())
		SKIP("redis-server is not installed");
	start("--loglevel", "warning");
	c[0] = new ();
	c[1] = new ();
	began = real_ms(CLOCK_MONOTONIC);
	for (i = 0; i < 4 * RATE; i++) {
		wait = turn_of(c[i % 2], "a", RATE, 20000);
		ck_assert_int_ge(wait, 0);
		last = real_ms(CLOCK_MONOTONIC) + wait;
	}
	ck_assert_int_ge(last - began, 3000);
	ck_assert_int_eq(turn_of(c[0], "a", RATE, 0), -1);
	wait = turn_of(c[1], "a", RATE, 20000);
	ck_assert_int_ge(wait, 0);
	ck_assert_int_le(wait, 5000);
	do_it("FLUSHALL%s", "");
	ck_assert_int_eq(turn_of(c[0], "a", RATE, 0), 0);
	slow_turns(c[0]);
	/* More tokens than a bucket has. */
	for (i = 0; i < 100; i++)
		ck_assert_int_ge(turn_of(c[i % 2], "a", 1000, 20000), 0);
	cache_free(c[0]);
	cache_free(c[1]);
	stop();
}
END_TEST

START_TEST(an_absent_server_caches_nothing)
{
	char why[CACHE_WHY];
	struct cache *c;

	close(listener());
	c = new ();
	ck_assert(!cache_on(c));
	put_now(c, "x", "1");
	ck_assert(has(c, "x", NULL));
	ck_assert_int_eq(cache_check(&conf, why), -1);
	ck_assert_ptr_nonnull(strstr(why, strerror(ECONNREFUSED)));
	cache_free(c);
	/* A name that no name server needs to be asked for. */
	snprintf(url, sizeof(url), "redis://a..b:1/0");
	ck_assert_int_eq(cache_check(&conf, why), -1);
	snprintf(url, sizeof(url), "redis://127.0.0.1:1/x");
	ck_assert_int_eq(cache_check(&conf, why), -1);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { gateways_share_what_they_put,
		megabytes_go_there_and_back,
		what_another_put_there_is_none_of_ours,
		an_emptied_server_is_filled_again,
		passwords_databases_and_names_are_obeyed,
		a_server_that_goes_and_comes_back,
		gateways_together_have_no_more_turns_than_the_rate,
		an_absent_server_caches_nothing };

	return unit_run("cache_redis", tests, COUNT(tests));
}
