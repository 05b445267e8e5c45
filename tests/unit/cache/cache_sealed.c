/* SPDX-License-Identifier: MIT */
/* What lies in Redis: who can read it, and who can make it. */
#include "log/counters.h"
#include "tests/unit/redis_drive.h"

static char other[] = "a secret that other gateways have, of others";
static struct conf keyless = { .cache_url = url, .deadline = 25 };
static struct conf others = {
	.cache_url = url, .secret_key = other, .deadline = 25
};
/* The key is being changed: this one has both. */
static struct conf both = { .cache_url = url,
	.secret_key = other,
	.secret_key_previous = secret,
	.deadline = 25 };

static struct cache *
of(const struct conf *who)
{
	struct cache *c = cache_new(who);

	ck_assert_ptr_nonnull(c);
	return c;
}

/* The keys of a kind; there must be n. */
static redisReply *
keys_of(const char *pattern, size_t n)
{
	redisReply *keys = ask("KEYS %s", pattern);

	ck_assert_uint_eq(keys->elements, n);
	return keys;
}

START_TEST(a_gateway_without_a_key_shares_turns_alone)
{
	struct cache *a, *b;
	redisReply *keys;
	const char *name;

	if (!have_redis())
		SKIP("redis-server is not installed");
	start("--loglevel", "warning");
	a = of(&keyless);
	b = of(&keyless);
	ck_assert(cache_on(a) && cache_is_remote(a));
	put_now(a, "x", "1");
	ck_assert(has(a, "x", NULL));
	freeReplyObject(keys_of("*", 0));
	ck_assert_int_eq(turn_of(a, "credential", 1, 0), 0);
	ck_assert_int_eq(turn_of(b, "credential", 1, 0), -1);
	keys = keys_of("*", 1);
	/* Too little of a hash to try guesses at. */
	name = strrchr(keys->element[0]->str, ':') + 1;
	ck_assert_uint_eq(strspn(name + 4, "0"), 60);
	freeReplyObject(keys);
	cache_free(a);
	cache_free(b);
	stop();
}
END_TEST

START_TEST(nothing_of_names_and_values_can_be_read_there)
{
	static const char *const canaries[] = { "canary-name", "canary-value",
		"canary-turn" };
	struct cache *c;
	redisReply *keys, *value;
	size_t i, j;

	if (!have_redis())
		SKIP("redis-server is not installed");
	start("--loglevel", "warning");
	c = new ();
	put_now(c, canaries[0], canaries[1]);
	ck_assert(has(c, canaries[0], canaries[1]));
	ck_assert_int_eq(turn_of(c, canaries[2], 1, 0), 0);
	keys = keys_of("*", 2);
	for (i = 0; i < keys->elements; i++) {
		value = ask("GET %s", keys->element[i]->str);
		for (j = 0; j < COUNT(canaries); j++) {
			ck_assert_ptr_null(
			    strstr(keys->element[i]->str, canaries[j]));
			ck_assert_ptr_null(memmem(value->str, value->len,
			    canaries[j], strlen(canaries[j])));
		}
		freeReplyObject(value);
	}
	freeReplyObject(keys);
	cache_free(c);
	stop();
}
END_TEST

/* Puts bytes under a key. */
static void
plant(const char *at, const char *bytes, size_t len)
{
	redisContext *c = redisConnect("127.0.0.1", port);
	redisReply *reply = redisCommand(c, "SET %s %b", at, bytes, len);

	ck_assert_ptr_nonnull(reply);
	ck_assert_int_eq(reply->type, REDIS_REPLY_STATUS);
	freeReplyObject(reply);
	redisFree(c);
}

START_TEST(what_is_planted_is_nothing_and_is_counted)
{
	struct counters *counters = calloc(1, sizeof(*counters));
	struct cache *a, *b;
	redisReply *keys, *value;
	const char *at;

	if (!have_redis())
		SKIP("redis-server is not installed");
	start("--loglevel", "warning");
	a = new ();
	b = of(&others);
	cache_count(a, counters);
	put_now(a, "x", "1");
	keys = keys_of("ctim-relay:entry:*", 1);
	at = keys->element[0]->str;
	value = ask("GET %s", at);
	/* The value of one name under another, of another key, and bytes. */
	do_it("DEL %s", at);
	put_now(a, "y", "2");
	freeReplyObject(keys);
	keys = keys_of("ctim-relay:entry:*", 1);
	at = keys->element[0]->str;
	plant(at, value->str, value->len);
	ck_assert(has(a, "y", NULL));
	ck_assert_uint_eq(counters->unsealed, 1);
	value->str[value->len - 1] ^= 1;
	plant(at, value->str, value->len);
	ck_assert(has(a, "y", NULL));
	plant(at, "", 0);
	ck_assert(has(a, "y", NULL));
	plant(at, "\1text that is longer than all a seal adds to it", 46);
	ck_assert(has(a, "y", NULL));
	ck_assert_uint_eq(counters->unsealed, 4);
	put_now(b, "y", "3");
	ck_assert(has(a, "y", NULL) && has(b, "y", "3"));
	put_now(a, "y", "4");
	ck_assert(has(a, "y", "4") && has(b, "y", "3"));
	ck_assert_uint_eq(counters->unsealed, 5);
	freeReplyObject(value);
	freeReplyObject(keys);
	cache_free(a);
	cache_free(b);
	free(counters);
	stop();
}
END_TEST

START_TEST(nobody_can_keep_a_value_alive)
{
	unsigned char name[CACHE_NAME];
	struct cache *c;
	redisReply *keys;

	if (!have_redis())
		SKIP("redis-server is not installed");
	start("--loglevel", "warning");
	c = new ();
	ck_assert_int_eq(name_of(c, "x", name), 0);
	cache_put(c, name, "1", 1, 1);
	cache_flush(c);
	keys = keys_of("ctim-relay:entry:*", 1);
	do_it("PERSIST %s", keys->element[0]->str);
	usleep(1100000);
	freeReplyObject(keys_of("ctim-relay:entry:*", 1));
	ck_assert(has(c, "x", NULL));
	freeReplyObject(keys);
	cache_free(c);
	stop();
}
END_TEST

START_TEST(while_a_key_is_changed_the_newest_seals_and_both_open)
{
	struct cache *old, *change, *fresh;

	if (!have_redis())
		SKIP("redis-server is not installed");
	start("--loglevel", "warning");
	old = new ();
	change = of(&both);
	fresh = of(&others);
	put_now(old, "x", "1");
	ck_assert(has(change, "x", "1") && has(fresh, "x", NULL));
	put_now(change, "y", "2");
	ck_assert(has(fresh, "y", "2") && has(old, "y", NULL));
	/* Turns are shared with both sorts of neighbours. */
	ck_assert_int_eq(turn_of(old, "a", 1, 0), 0);
	ck_assert_int_eq(turn_of(change, "a", 1, 0), -1);
	ck_assert_int_eq(turn_of(change, "b", 1, 0), 0);
	ck_assert_int_eq(turn_of(old, "b", 1, 0), -1);
	ck_assert_int_eq(turn_of(fresh, "b", 1, 0), -1);
	ck_assert_int_eq(turn_of(fresh, "c", 1, 0), 0);
	ck_assert_int_eq(turn_of(change, "c", 1, 0), -1);
	cache_free(old);
	cache_free(change);
	cache_free(fresh);
	stop();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		a_gateway_without_a_key_shares_turns_alone,
		nothing_of_names_and_values_can_be_read_there,
		what_is_planted_is_nothing_and_is_counted,
		nobody_can_keep_a_value_alive,
		while_a_key_is_changed_the_newest_seals_and_both_open
	};

	return unit_run("cache_sealed", tests, COUNT(tests));
}
