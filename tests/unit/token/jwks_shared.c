/* SPDX-License-Identifier: MIT */
/* Key sets that threads and processes share: who fetches, who waits, the cache. */
#include "tests/unit/jwks_played.h"

static void
cache_empty(struct cache *c)
{
	while (c->n > 0)
		buf_free(&c->value[--c->n]);
}

/* Another worker that fetches, and what comes of it. */
static struct keysets_state seen;

static void
another_claims(int64_t now)
{
	struct buf text;

	buf_init(&text, JWKS_BYTES);
	keysets_look(&shared->jwks, HOST, now, 0, &seen, &text);
	ck_assert(keysets_claim(&shared->jwks, HOST, &seen, world.ms, 5000, 0));
	/* One at a time. */
	ck_assert(
	    !keysets_claim(&shared->jwks, HOST, &seen, world.ms, 5000, 0));
	buf_free(&text);
}

static void
another_stores(void)
{
	const char *text = set_of("2");

	keysets_store(&shared->jwks, HOST, NOW + HOUR, text, strlen(text));
}

static void
another_fails(void)
{
	keysets_failed(&shared->jwks, HOST, NOW + HOUR, "it is down");
}

static void
another_dies(void)
{
	world.ms += 5000;
}

static const struct {
	const char *kid;
	void (*then)(void);
	bool have; /* an old set, with "1" */
	enum jwks_result result;
	int asked; /* by us */
	int waits; /* at least */
} waits[] = {
	/* Without a set, or its kid not in it, the others wait. */
	{ "2", another_stores, false, JWKS_KEY, 0, 20 },
	{ "1", another_stores, false, JWKS_NO_KID, 0, 20 },
	{ "2", another_stores, true, JWKS_KEY, 0, 20 },
	{ "2", another_fails, true, JWKS_NO_KID, 0, 20 },
	{ "2", another_fails, false, JWKS_NO_SET, 0, 20 },
	/* With a stale set they do not. */
	{ "1", another_stores, true, JWKS_KEY, 0, 0 },
	/* Who says nothing is taken for dead. */
	{ "3", another_dies, false, JWKS_KEY, 1, 20 },
	{ "3", another_dies, true, JWKS_KEY, 1, 20 }
};

START_TEST(one_fetches_and_the_others_wait_for_it)
{
	struct jwks *j;
	size_t i;

	for (i = 0; i < COUNT(waits); i++) {
		begin();
		j = thread(NULL);
		answers(set_of("1"));
		if (waits[i].have)
			ck_assert_int_eq(ask(j, "1", NOW), JWKS_KEY);
		answers(set_of("3"));
		another_claims(NOW + HOUR);
		host.asked = world.reads = 0;
		world.when = 20;
		world.then = waits[i].then;
		ck_assert_msg(
		    ask(j, waits[i].kid, NOW + HOUR) == waits[i].result, "%zu",
		    i);
		ck_assert_int_eq(host.asked, waits[i].asked);
		if (waits[i].waits == 0)
			ck_assert_int_lt(world.reads, 20);
		else
			ck_assert_int_ge(world.reads, waits[i].waits);
		jwks_free(j);
		end();
	}
}
END_TEST

START_TEST(who_waits_does_so_until_its_deadline)
{
	struct jwks *j;
	const struct jwk_set *set;

	begin();
	j = thread(NULL);
	another_claims(NOW);
	ck_assert_int_eq(
	    jwks_key(j, HOST, "1", NOW, world.ms + 30, &set, &serial, &cause),
	    JWKS_NO_SET);
	ck_assert_int_eq(host.asked, 0);
	ck_assert_str_eq(
	    cause, "no key set could be had in the request's time");
	jwks_free(j);
	end();
}
END_TEST

START_TEST(a_claim_is_void_once_another_was_there)
{
	struct keysets_state before;

	begin();
	another_claims(NOW);
	before = seen;
	another_stores();
	ck_assert(!keysets_claim(&shared->jwks, HOST, &before, world.ms, 9, 0));
	another_claims(NOW + HOUR);
	keysets_leave(&shared->jwks, HOST);
	another_claims(NOW + HOUR);
	before = seen;
	another_fails();
	ck_assert(keysets_claim(&shared->jwks, HOST, &before, world.ms, 9, 0));
	keysets_failed(&shared->jwks, HOST, NOW + HOUR + 1, "down");
	ck_assert(!keysets_claim(&shared->jwks, HOST, &before, world.ms, 9, 0));
	end();
}
END_TEST

START_TEST(the_longest_unused_host_makes_room)
{
	struct keysets_state state;
	struct buf text;
	uint64_t last = 0, s;
	char name[20];
	int i;

	begin();
	buf_init(&text, JWKS_BYTES);
	for (i = 0; i < JWKS_HOSTS; i++) {
		snprintf(name, sizeof(name), "h%d", i);
		s = keysets_store(&shared->jwks, name, NOW + i, "x", 1);
		ck_assert_uint_gt(s, last);
		last = s;
	}
	/* h0 is used again, so h1 goes. */
	keysets_look(&shared->jwks, "h0", NOW + 100, 0, &state, &text);
	ck_assert_str_eq(text.data, "x");
	s = keysets_store(&shared->jwks, "new", NOW + 101, "y", 1);
	ck_assert_uint_gt(s, last);
	keysets_look(
	    &shared->jwks, "h0", NOW + 102, state.serial, &state, &text);
	ck_assert_int_eq(state.fetched, NOW);
	ck_assert_uint_eq(text.len, 0);
	keysets_look(&shared->jwks, "new", NOW + 102, 0, &state, &text);
	ck_assert_str_eq(text.data, "y");
	/* It comes back under another serial, so no thread takes its old keys
	 * for the new text. */
	keysets_look(&shared->jwks, "h1", NOW + 103, 0, &state, &text);
	ck_assert_uint_eq(state.serial, 0);
	ck_assert_int_eq(state.fetched, 0);
	ck_assert_uint_gt(keysets_store(&shared->jwks, "h1", NOW, "x", 1), s);
	buf_free(&text);
	end();
}
END_TEST

START_TEST(the_table_is_emptied_when_its_holder_died)
{
	struct jwks *j;
	uint64_t before;
	pid_t pid;

	begin();
	j = thread(NULL);
	answers(set_of("1"));
	ck_assert_int_eq(ask(j, "1", NOW), JWKS_KEY);
	before = serial;
	if ((pid = fork()) == 0) {
		/* Half of a store. */
		robustlock_take(&shared->jwks.slots.lock);
		memset(shared->jwks.host[0].text, 'x', 100);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
	ck_assert_int_eq(ask(j, "1", NOW), JWKS_KEY);
	ck_assert_uint_gt(serial, before);
	ck_assert_int_eq(host.asked, 2);
	jwks_free(j);
	end();
}
END_TEST

START_TEST(a_thread_keeps_the_keys_of_many_hosts)
{
	const char *text = set_of("1");
	struct jwks *j;
	const struct jwk_set *set;
	char name[20];
	int i, round;

	begin();
	j = thread(NULL);
	for (round = 0; round < 2; round++)
		for (i = 0; i < JWKS_HOSTS + 3; i++) {
			snprintf(name, sizeof(name), "h%d", i);
			keysets_store(
			    &shared->jwks, name, NOW, text, strlen(text));
			ck_assert_int_eq(
			    jwks_key(j, name, "1", NOW, world.ms + 1000, &set,
				&serial, &cause),
			    JWKS_KEY);
		}
	ck_assert_int_eq(host.asked, 0);
	jwks_free(j);
	end();
}
END_TEST

START_TEST(a_name_that_is_too_long_is_no_host)
{
	char name[JWKS_HOST_MAX + 1];
	struct jwks *j;
	const struct jwk_set *set;

	begin();
	j = thread(NULL);
	memset(name, 'x', JWKS_HOST_MAX);
	name[JWKS_HOST_MAX] = '\0';
	ck_assert_int_eq(
	    jwks_key(j, name, "1", NOW, world.ms + 1000, &set, &serial, &cause),
	    JWKS_NO_SET);
	ck_assert_str_eq(cause, "the name of the host is too long");
	jwks_free(j);
	jwks_free(NULL);
	end();
}
END_TEST

START_TEST(a_process_of_its_own_finds_the_set_in_the_cache)
{
	struct cache cache = { .n = 0 };
	struct jwks *j;
	int i;

	answers(set_of("1"));
	for (i = 0; i < 5; i++) {
		begin();
		answers(set_of(i == 0 ? "1" : "2"));
		j = thread(&cache);
		ck_assert_int_eq(ask(j, "1", NOW + i * 10), JWKS_KEY);
		/* The minute between unknown kids counts for all of them. */
		ck_assert_int_eq(ask(j, "2", NOW + i * 10), JWKS_NO_KID);
		ck_assert_int_eq(host.asked, i == 0 ? 2 : 0);
		jwks_free(j);
		end();
	}
	ck_assert_int_eq(cache.ttl[0], DAY);
	begin();
	answers(set_of("2"));
	j = thread(&cache);
	ck_assert_int_eq(ask(j, "2", NOW + MINUTE), JWKS_KEY);
	ck_assert_int_eq(host.asked, 1);
	jwks_free(j);
	end();
	cache_empty(&cache);
}
END_TEST

/* While another gateway fetches this one waits; when that one died it does so
 * itself, once. */
START_TEST(gateways_that_share_a_cache_fetch_one_at_a_time)
{
	struct cache cache = { .remote = true, .theirs = 3 };
	struct jwks *j;

	begin();
	answers(set_of("1"));
	j = thread(&cache);
	ck_assert_int_eq(ask(j, "1", NOW), JWKS_KEY);
	ck_assert_int_eq(cache.theirs, 0);
	ck_assert_int_eq(host.asked, 1);
	ck_assert_int_eq(cache.leased, 1);
	ck_assert_int_eq(cache.released, 1);
	ck_assert_int_eq(cache.flushed, 1); /* the others wait for it */
	jwks_free(j);
	end();
	/* What the other has put is used without a fetch. */
	begin();
	j = thread(&cache);
	ck_assert_int_eq(ask(j, "1", NOW), JWKS_KEY);
	ck_assert_int_eq(host.asked, 0);
	/* A set that is stale serves while another gateway fetches. */
	cache.theirs = 1;
	ck_assert_int_eq(ask(j, "1", NOW + 3700), JWKS_KEY);
	ck_assert_int_eq(host.asked, 0);
	jwks_free(j);
	end();
	cache_empty(&cache);
}
END_TEST

START_TEST(a_process_of_its_own_knows_that_the_host_is_down)
{
	struct cache cache = { .n = 0 };
	struct jwks *j;
	int i;

	for (i = 0; i < 10; i++) {
		begin();
		fails(HTTP_NO_CONNECTION, "connection refused");
		j = thread(&cache);
		ck_assert_int_eq(ask(j, "1", NOW + i), JWKS_NO_SET);
		ck_assert_str_eq(cause, URL ": connection refused");
		ck_assert_int_eq(host.asked, i == 0 ? 1 : 0);
		jwks_free(j);
		end();
	}
	ck_assert_int_eq(cache.ttl[0], MINUTE);
	begin();
	answers(set_of("1"));
	j = thread(&cache);
	ck_assert_int_eq(ask(j, "1", NOW + 10), JWKS_KEY);
	ck_assert_int_eq(host.asked, 1);
	jwks_free(j);
	end();
	/* A stale set and a host that is down: asked once a minute. */
	for (i = 0; i < 60; i += 10) {
		begin();
		fails(HTTP_NO_CONNECTION, "connection refused");
		j = thread(&cache);
		ck_assert_int_eq(ask(j, "1", NOW + 2 * HOUR + i), JWKS_KEY);
		ck_assert_int_eq(host.asked, i == 0 ? 1 : 0);
		jwks_free(j);
		end();
	}
	cache_empty(&cache);
}
END_TEST

START_TEST(what_the_cache_has_is_checked_like_what_is_fetched)
{
	static const char *const bad[] = { "", "[]", "{\"keys\":5}", "x" };
	struct cache cache = { .n = 0 };
	struct buf text;
	struct jwks *j;
	const char *good = set_of("1");
	int64_t at;
	size_t i;

	buf_init(&text, JWKS_BYTES);
	for (i = 0; i < COUNT(bad) + 3; i++) {
		begin();
		answers(set_of("2"));
		j = thread(&cache);
		if (i < COUNT(bad))
			jwks_cache_put(&cache, JWKS_CACHED_SET, HOST, NOW,
			    bad[i], strlen(bad[i]));
		else /* Of the future, of before time, too old. */
			jwks_cache_put(&cache, JWKS_CACHED_SET, HOST,
			    i == COUNT(bad)         ? NOW + HOUR :
				i == COUNT(bad) + 1 ? INT64_MIN :
						      NOW - DAY,
			    good, strlen(good));
		ck_assert_int_eq(ask(j, "2", NOW), JWKS_KEY);
		ck_assert_int_eq(host.asked, 1);
		jwks_free(j);
		end();
	}
	/* Shorter than its time, and larger than a set. */
	cache.value[0].len = 7;
	ck_assert(!jwks_cache_get(&cache, JWKS_CACHED_SET, HOST, &at, &text));
	buf_reset(&cache.value[0]);
	for (i = 0; i < JWKS_BYTES + 9; i++)
		buf_addc(&cache.value[0], ' ');
	ck_assert(!jwks_cache_get(&cache, JWKS_CACHED_SET, HOST, &at, &text));
	ck_assert(
	    !jwks_cache_get(&cache, JWKS_CACHED_SET, "other", &at, &text));
	buf_free(&text);
	cache_empty(&cache);
}
END_TEST

START_TEST(a_cache_that_does_not_work_changes_nothing)
{
	struct cache cache = { .broken = true };
	struct jwks *j;

	begin();
	answers(set_of("1"));
	j = thread(&cache);
	ck_assert_int_eq(ask(j, "1", NOW), JWKS_KEY);
	ck_assert_int_eq(ask(j, "1", NOW + 1), JWKS_KEY);
	ck_assert_int_eq(host.asked, 1);
	fails(HTTP_NO_HOST, "no such host");
	ck_assert_int_eq(ask(j, "1", NOW + DAY), JWKS_NO_SET);
	ck_assert_uint_eq(cache.n, 0);
	jwks_free(j);
	end();
}
END_TEST

START_TEST(a_pool_takes_what_a_cgi_request_fetched)
{
	struct cache cache = { .n = 0 };
	const char *text;
	struct jwks *j;

	begin();
	answers(set_of("1"));
	j = thread(&cache);
	ck_assert_int_eq(ask(j, "1", NOW), JWKS_KEY);
	text = set_of("2");
	jwks_cache_put(
	    &cache, JWKS_CACHED_SET, HOST, NOW + HOUR - 5, text, strlen(text));
	ck_assert_int_eq(ask(j, "2", NOW + HOUR), JWKS_KEY);
	ck_assert_int_eq(host.asked, 1);
	jwks_free(j);
	end();
	cache_empty(&cache);
}
END_TEST

START_TEST(who_looks_on_sees_each_host)
{
	static struct keysets_seen list[JWKS_HOSTS];

	begin();
	ck_assert_int_eq(keysets_list(&shared->jwks, 10, list), 0);
	another_stores();
	keysets_failed(&shared->jwks, "down:443", NOW, "it is down");
	ck_assert_int_eq(keysets_list(&shared->jwks, 10, list), 2);
	ck_assert_str_eq(list[0].host, HOST);
	ck_assert_int_eq(list[0].fetched, NOW + HOUR);
	ck_assert(list[0].have && !list[0].failed);
	ck_assert_str_eq(list[1].host, "down:443");
	ck_assert_int_eq(list[1].fetched, 0);
	ck_assert(!list[1].have && list[1].failed);
	end();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { one_fetches_and_the_others_wait_for_it,
		who_waits_does_so_until_its_deadline,
		a_claim_is_void_once_another_was_there,
		the_longest_unused_host_makes_room,
		the_table_is_emptied_when_its_holder_died,
		a_thread_keeps_the_keys_of_many_hosts,
		a_name_that_is_too_long_is_no_host,
		a_process_of_its_own_finds_the_set_in_the_cache,
		gateways_that_share_a_cache_fetch_one_at_a_time,
		a_process_of_its_own_knows_that_the_host_is_down,
		what_the_cache_has_is_checked_like_what_is_fetched,
		a_cache_that_does_not_work_changes_nothing,
		a_pool_takes_what_a_cgi_request_fetched,
		who_looks_on_sees_each_host };

	return unit_run("jwks_shared", tests, COUNT(tests));
}
