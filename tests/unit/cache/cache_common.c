/* SPDX-License-Identifier: MIT */
/* What gateways tell each other through Redis. */
#include "cache/cache_common.h"
#include "log/counters.h"
#include "shared/breaker.h"
#include "tests/unit/redis_drive.h"

#define HOST "https://api.example.com:443"

static struct conf keyless = { .cache_url = url, .deadline = 25 };

START_TEST(a_circuit_that_one_opened_is_open_for_all)
{
	struct cache *a, *b;

	if (!have_redis())
		SKIP("redis-server is not installed");
	start("--loglevel", "warning");
	a = new ();
	b = new ();
	ck_assert_int_eq(cache_circuit(b, HOST), 0);
	cache_circuit_opened(a, HOST, BREAKER_FIRST);
	ck_assert_int_gt(cache_circuit(b, HOST), BREAKER_FIRST - 10000);
	ck_assert_int_le(cache_circuit(b, HOST), BREAKER_FIRST);
	ck_assert_int_eq(cache_circuit(b, "https://other.example:443"), 0);
	cache_free(a);
	cache_free(b);
	stop();
}
END_TEST

START_TEST(without_a_key_circuits_are_shared_all_the_same)
{
	struct cache *a, *b, *sealed;

	if (!have_redis())
		SKIP("redis-server is not installed");
	start("--loglevel", "warning");
	a = cache_new(&keyless);
	b = cache_new(&keyless);
	sealed = new ();
	cache_circuit_opened(a, HOST, BREAKER_FIRST);
	ck_assert_int_gt(cache_circuit(b, HOST), 0);
	ck_assert_int_eq(cache_circuit(sealed, HOST), 0);
	cache_free(a);
	cache_free(b);
	cache_free(sealed);
	stop();
}
END_TEST

/* Nobody who can write there shuts a service. */
START_TEST(a_planted_circuit_is_none)
{
	struct counters *counters = calloc(1, sizeof(*counters));
	struct cache *c;
	redisReply *keys;

	if (!have_redis())
		SKIP("redis-server is not installed");
	start("--loglevel", "warning");
	c = new ();
	cache_count(c, counters);
	cache_circuit_opened(c, HOST, BREAKER_FIRST);
	keys = ask("KEYS %s", "*");
	ck_assert_uint_eq(keys->elements, 1);
	do_it("SET %s \1", keys->element[0]->str);
	ck_assert_int_eq(cache_circuit(c, HOST), 0);
	ck_assert_uint_eq(counters->unsealed, 1);
	freeReplyObject(keys);
	cache_free(c);
	free(counters);
	stop();
}
END_TEST

START_TEST(one_at_a_time_finds_out)
{
	unsigned char x[CACHE_NAME], y[CACHE_NAME];
	struct cache *a, *b, *none;

	if (!have_redis())
		SKIP("redis-server is not installed");
	start("--loglevel", "warning");
	a = new ();
	b = new ();
	none = cache_new(&keyless);
	ck_assert_int_eq(name_of(a, "x", x), 0);
	ck_assert_int_eq(name_of(a, "y", y), 0);
	ck_assert_int_eq(cache_lease(a, x, 60000), CACHE_LEASE_OURS);
	ck_assert_int_eq(cache_lease(b, x, 60000), CACHE_LEASE_THEIRS);
	ck_assert_int_eq(cache_lease(b, y, 60000), CACHE_LEASE_OURS);
	cache_release(a, x);
	ck_assert_int_eq(cache_lease(b, x, 1), CACHE_LEASE_OURS);
	/* Who died gives it back by that. */
	usleep(50000);
	ck_assert_int_eq(cache_lease(a, x, 60000), CACHE_LEASE_OURS);
	ck_assert_int_eq(cache_lease(none, x, 60000), CACHE_LEASE_NONE);
	cache_free(a);
	cache_free(b);
	cache_free(none);
	stop();
}
END_TEST

START_TEST(what_one_drops_is_gone_for_all)
{
	unsigned char name[CACHE_NAME];
	struct cache *a, *b;

	if (!have_redis())
		SKIP("redis-server is not installed");
	start("--loglevel", "warning");
	a = new ();
	b = new ();
	put_now(a, "x", "token");
	ck_assert(has(b, "x", "token"));
	ck_assert_int_eq(name_of(b, "x", name), 0);
	cache_drop(b, name);
	ck_assert(has(a, "x", NULL) && has(b, "x", NULL));
	cache_free(a);
	cache_free(b);
	stop();
}
END_TEST

/* A file is of one machine: its processes share memory for all this. */
START_TEST(a_file_tells_nothing)
{
	unsigned char name[CACHE_NAME];
	struct cache *c;

	begin();
	c = new ();
	ck_assert_int_eq(name_of(c, "x", name), 0);
	cache_circuit_opened(c, HOST, BREAKER_FIRST);
	ck_assert_int_eq(cache_circuit(c, HOST), 0);
	ck_assert_int_eq(cache_lease(c, name, 1000), CACHE_LEASE_NONE);
	cache_release(c, name);
	cache_drop(c, name);
	cache_free(c);
	end();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		a_circuit_that_one_opened_is_open_for_all,
		without_a_key_circuits_are_shared_all_the_same,
		a_planted_circuit_is_none, one_at_a_time_finds_out,
		what_one_drops_is_gone_for_all, a_file_tells_nothing
	};

	return unit_run("cache_common", tests, COUNT(tests));
}
