/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "tests/unit/die.h"
#include "os/clock.h"
#include "shared/shared.h"
#include "shared/signins.h"
#include "tests/unit/unit.h"

#define LEASE   10000
#define WORKERS 8

static struct shared *s;
static struct signins_table *t;
static int64_t now = 5000000;
static char token[SIGNINS_MAX];
static uint64_t serial;

/* A new one instead of that of the test, or round, before. */
static void
begin(void)
{
	shared_free(s);
	s = shared_new();
	ck_assert_ptr_nonnull(s);
	t = &s->kept;
}

static enum signins_way
get(const char *name, uint64_t refused)
{
	serial = 0;
	strcpy(token, "none");
	return signins_get(
	    t, name, strlen(name), refused, now, LEASE, token, &serial);
}

static uint64_t
put(const char *name, const char *text)
{
	uint64_t number = 0;

	ck_assert_int_eq(signins_put(t, name, strlen(name), text, &number), 0);
	ck_assert_uint_ne(number, 0);
	return number;
}

static void
failed(const char *name)
{
	signins_failed(t, name, strlen(name));
}

START_TEST(one_signs_in_and_all_have_the_token)
{
	uint64_t number;

	begin();
	ck_assert_int_eq(get("a", 0), SIGNINS_SIGN_IN);
	ck_assert_int_eq(get("a", 0), SIGNINS_WAIT);
	ck_assert_int_eq(get("a", 0), SIGNINS_WAIT);
	ck_assert_str_eq(token, "none");
	ck_assert_uint_eq(serial, 0);
	number = put("a", "token-1");
	ck_assert_int_eq(get("a", 0), SIGNINS_HAVE);
	ck_assert_str_eq(token, "token-1");
	ck_assert_uint_eq(serial, number);
	now += 10 * LEASE;
	ck_assert_int_eq(get("a", 0), SIGNINS_HAVE);
}
END_TEST

START_TEST(a_refused_token_is_replaced_once)
{
	uint64_t first, second;

	begin();
	ck_assert_int_eq(get("a", 0), SIGNINS_SIGN_IN);
	first = put("a", "token-1");
	/* Two callers got a 401 for the same token. */
	ck_assert_int_eq(get("a", first), SIGNINS_SIGN_IN);
	ck_assert_int_eq(get("a", first), SIGNINS_WAIT);
	second = put("a", "token-2");
	ck_assert_uint_ne(first, second);
	ck_assert_int_eq(get("a", first), SIGNINS_HAVE);
	ck_assert_str_eq(token, "token-2");
	ck_assert_uint_eq(serial, second);
	ck_assert_int_eq(get("a", second), SIGNINS_SIGN_IN);
}
END_TEST

START_TEST(after_a_failure_the_next_may_try)
{
	begin();
	failed("a");
	ck_assert_int_eq(get("a", 0), SIGNINS_SIGN_IN);
	failed("a");
	ck_assert_int_eq(get("a", 0), SIGNINS_SIGN_IN);
	ck_assert_int_eq(get("a", 0), SIGNINS_WAIT);
	/* That of somebody else changes nothing. */
	failed("b");
	ck_assert_int_eq(get("a", 0), SIGNINS_WAIT);
	put("a", "token");
	failed("a");
	ck_assert_int_eq(get("a", 0), SIGNINS_HAVE);
}
END_TEST

START_TEST(who_says_nothing_is_taken_for_dead)
{
	begin();
	ck_assert_int_eq(get("a", 0), SIGNINS_SIGN_IN);
	now += LEASE - 1;
	ck_assert_int_eq(get("a", 0), SIGNINS_WAIT);
	now++;
	ck_assert_int_eq(get("a", 0), SIGNINS_SIGN_IN);
	ck_assert_int_eq(get("a", 0), SIGNINS_WAIT);
	/* The first is not dead but late: its token is as good. */
	put("a", "late");
	ck_assert_int_eq(get("a", 0), SIGNINS_HAVE);
	ck_assert_str_eq(token, "late");
	put("a", "newer");
	ck_assert_int_eq(get("a", 0), SIGNINS_HAVE);
	ck_assert_str_eq(token, "newer");
}
END_TEST

START_TEST(a_token_has_a_greatest_length)
{
	static char text[SIGNINS_MAX + 1];
	uint64_t number = 7;

	begin();
	memset(text, 'x', SIGNINS_MAX);
	ck_assert_int_eq(get("a", 0), SIGNINS_SIGN_IN);
	ck_assert_int_eq(signins_put(t, "a", 1, "", &number), -1);
	ck_assert_int_eq(signins_put(t, "a", 1, text, &number), -1);
	ck_assert_uint_eq(number, 7);
	ck_assert_int_eq(get("a", 0), SIGNINS_WAIT);
	text[SIGNINS_MAX - 1] = '\0';
	put("a", text);
	ck_assert_int_eq(get("a", 0), SIGNINS_HAVE);
	ck_assert_str_eq(token, text);
}
END_TEST

START_TEST(names_are_bytes)
{
	char one[3] = { 'a', '\0', '1' }, two[3] = { 'a', '\0', '2' };

	begin();
	ck_assert_int_eq(signins_get(t, one, 3, 0, now, LEASE, token, &serial),
	    SIGNINS_SIGN_IN);
	ck_assert_int_eq(signins_get(t, two, 3, 0, now, LEASE, token, &serial),
	    SIGNINS_SIGN_IN);
	ck_assert_int_eq(signins_get(t, one, 3, 0, now, LEASE, token, &serial),
	    SIGNINS_WAIT);
}
END_TEST

/* Whether any slot holds a part of the text. */
static bool
anywhere(const char *text)
{
	return memmem(t, sizeof(*t), text, strlen(text)) != NULL;
}

START_TEST(nothing_is_left_of_a_token_that_went)
{
	char name[32];
	int i;

	begin();
	put("a", "first-and-long-SECRET-1");
	ck_assert(anywhere("SECRET-1"));
	put("a", "short");
	ck_assert(!anywhere("SECRET-1"));
	put("a", "SECRET-2");
	(void)get("a", 0);
	ck_assert_int_eq(get("a", serial), SIGNINS_SIGN_IN);
	ck_assert(!anywhere("SECRET-2"));
	put("a", "SECRET-3");
	for (i = 0; i < SIGNINS_SLOTS; i++) {
		snprintf(name, sizeof(name), "other %d", i);
		put(name, "x");
	}
	ck_assert(!anywhere("SECRET-3"));
	ck_assert_int_eq(get("a", 0), SIGNINS_SIGN_IN);
	put("a", "SECRET-4");
	die_holding(&t->slots.lock);
	failed("a");
	ck_assert(!anywhere("SECRET-4"));
}
END_TEST

/* Fills all slots but the n first with tokens "x". */
static void
fill_from(int n)
{
	char name[32];

	for (; n < SIGNINS_SLOTS; n++) {
		snprintf(name, sizeof(name), "other %d", n);
		put(name, "x");
	}
}

START_TEST(the_longest_unused_goes)
{
	begin();
	put("a", "A");
	put("b", "B");
	fill_from(2);
	ck_assert_int_eq(get("a", 0), SIGNINS_HAVE);
	put("new", "N");
	ck_assert_int_eq(get("a", 0), SIGNINS_HAVE);
	ck_assert_int_eq(get("new", 0), SIGNINS_HAVE);
	ck_assert_int_eq(get("b", 0), SIGNINS_SIGN_IN);
	ck_assert_int_eq(get("other 2", 0), SIGNINS_SIGN_IN);
}
END_TEST

START_TEST(who_signs_in_keeps_the_place)
{
	begin();
	ck_assert_int_eq(get("a", 0), SIGNINS_SIGN_IN);
	put("b", "B");
	fill_from(2);
	put("put", "P");
	ck_assert_int_eq(get("got", 0), SIGNINS_SIGN_IN);
	ck_assert_int_eq(get("a", 0), SIGNINS_WAIT);
	ck_assert_int_eq(get("got", 0), SIGNINS_WAIT);
	ck_assert_int_eq(get("put", 0), SIGNINS_HAVE);
	ck_assert_int_eq(get("other 63", 0), SIGNINS_HAVE);
}
END_TEST

START_TEST(the_dead_keep_no_place)
{
	begin();
	ck_assert_int_eq(get("a", 0), SIGNINS_SIGN_IN);
	put("b", "B");
	fill_from(2);
	now += LEASE;
	ck_assert_int_eq(get("new", 0), SIGNINS_SIGN_IN);
	ck_assert_int_eq(get("b", 0), SIGNINS_HAVE);
	/* Whichever place it is. */
	begin();
	put("b", "B");
	ck_assert_int_eq(get("a", 0), SIGNINS_SIGN_IN);
	fill_from(2);
	ck_assert_int_eq(get("b", 0), SIGNINS_HAVE);
	now += LEASE;
	ck_assert_int_eq(get("new", 0), SIGNINS_SIGN_IN);
	ck_assert_int_eq(get("other 2", 0), SIGNINS_HAVE);
}
END_TEST

START_TEST(where_all_sign_in_the_longest_unused_goes)
{
	char name[32];
	int i;

	begin();
	for (i = 0; i <= SIGNINS_SLOTS; i++) {
		snprintf(name, sizeof(name), "%d", i);
		ck_assert_int_eq(get(name, 0), SIGNINS_SIGN_IN);
	}
	for (i = 1; i <= SIGNINS_SLOTS; i++) {
		snprintf(name, sizeof(name), "%d", i);
		ck_assert_int_eq(get(name, 0), SIGNINS_WAIT);
	}
	/* The one that lost its place still hands in what it got. */
	put("0", "token");
	ck_assert_int_eq(get("0", 0), SIGNINS_HAVE);
}
END_TEST

START_TEST(a_serial_never_comes_twice)
{
	uint64_t first, second, third;

	begin();
	first = put("a", "token-1");
	fill_from(0);
	second = put("a", "token-2");
	ck_assert_uint_gt(second, first);
	die_holding(&t->slots.lock);
	ck_assert_int_eq(get("a", 0), SIGNINS_SIGN_IN);
	third = put("a", "token-3");
	ck_assert_uint_gt(third, second);
	/* So the refusal of an old one does not hit the new one. */
	ck_assert_int_eq(get("a", second), SIGNINS_HAVE);
}
END_TEST

/* A worker that asks until it has the token. */
static int
wait_for_it(void *arg)
{
	const int *ready = arg;
	int64_t until = clock_ms() + 30000;
	char c = get("a", 0) == SIGNINS_WAIT ? 'w' : 'x';

	if (write(ready[1], &c, 1) != 1)
		return 2;
	while (get("a", 0) == SIGNINS_WAIT && clock_ms() < until)
		(void)usleep(1000);
	return strcmp(token, "token") == 0 && serial == 1 ? 0 : 3;
}

START_TEST(other_workers_wait_for_the_one_that_signs_in)
{
	pid_t pid[WORKERS];
	int ready[2], i;
	char c;

	begin();
	ck_assert_int_eq(pipe(ready), 0);
	ck_assert_int_eq(get("a", 0), SIGNINS_SIGN_IN);
	for (i = 0; i < WORKERS; i++)
		pid[i] = die_start(wait_for_it, ready);
	for (i = 0; i < WORKERS; i++) {
		ck_assert_int_eq(read(ready[0], &c, 1), 1);
		ck_assert_int_eq(c, 'w');
	}
	put("a", "token");
	for (i = 0; i < WORKERS; i++)
		ck_assert_int_eq(die_wait(pid[i]), 0);
}
END_TEST

static void *
get_once(void *arg)
{
	char text[SIGNINS_MAX];
	uint64_t number;

	(void)arg;
	return signins_get(t, "a", 1, 0, now, LEASE, text, &number) ==
		SIGNINS_SIGN_IN ?
	    t :
	    NULL;
}

/* How many of two threads are to sign in. */
static int
get_twice(void *arg)
{
	pthread_t other;
	void *got;
	int n;

	if (pthread_create(&other, NULL, get_once, arg) != 0)
		return 100;
	n = get_once(arg) != NULL;
	(void)pthread_join(other, &got);
	return n + (got != NULL);
}

START_TEST(one_of_all_workers_signs_in)
{
	pid_t pid[WORKERS];
	int i, n = 0;

	begin();
	for (i = 0; i < WORKERS; i++)
		pid[i] = die_start(get_twice, NULL);
	for (i = 0; i < WORKERS; i++)
		n += die_wait(pid[i]);
	ck_assert_int_eq(n, 1);
}
END_TEST

static int
sign_in_and_die(void *arg)
{
	(void)arg;
	if (get("a", 0) != SIGNINS_SIGN_IN)
		return 1;
	return kill(getpid(), SIGKILL);
}

START_TEST(a_worker_killed_while_it_signs_in_is_replaced)
{
	begin();
	ck_assert_int_eq(die_wait(die_start(sign_in_and_die, NULL)), -1);
	ck_assert_int_eq(get("a", 0), SIGNINS_WAIT);
	now += LEASE;
	ck_assert_int_eq(get("a", 0), SIGNINS_SIGN_IN);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { one_signs_in_and_all_have_the_token,
		a_refused_token_is_replaced_once,
		after_a_failure_the_next_may_try,
		who_says_nothing_is_taken_for_dead,
		a_token_has_a_greatest_length, names_are_bytes,
		nothing_is_left_of_a_token_that_went, the_longest_unused_goes,
		who_signs_in_keeps_the_place, the_dead_keep_no_place,
		where_all_sign_in_the_longest_unused_goes,
		a_serial_never_comes_twice,
		other_workers_wait_for_the_one_that_signs_in,
		one_of_all_workers_signs_in,
		a_worker_killed_while_it_signs_in_is_replaced };

	return unit_run("signins", tests, COUNT(tests));
}
