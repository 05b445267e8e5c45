/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "tests/unit/die.h"
#include "shared/pace.h"
#include "shared/shared.h"
#include "tests/unit/unit.h"

#define A_SECOND(n) ((struct pace_rate){ (n), 1 })
#define TURNS       20000 /* of a rate, at random times */
#define LATE        INT64_C(1000000000000)
#define WORKERS     4
#define EACH        50 /* turns of a worker's thread */

static const int rates[] = { 1, 2, 3, 4, 5, 7, 10, 15, 16, 17, 18, 20, 25, 31,
	32, 33, 40, 47, 50, 64, 65, 99, 100, 127, 128, 129, 250, 500, 999, 1000,
	3000, 8001, 10000 };

/* A generator of our own, so that each run is the same. */
static uint64_t seed;

static uint64_t
draw(uint64_t n)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed % n;
}

/* When the next one asks: in a crowd for some seconds' worth of calls, then
 * after a silence. */
static int64_t
later(int64_t now, int rate)
{
	uint64_t n = (uint64_t)rate;

	if (draw(4 * n) == 0)
		return now + (int64_t)draw(3000);
	if (draw(4) == 0)
		return now + (int64_t)draw(1000 / n + 2);
	return now;
}

START_TEST(no_second_sees_more_turns_than_the_rate)
{
	static int64_t turns[TURNS];
	int64_t back[PACE_TOKENS], now, wait;
	size_t i, n;
	int rate, asked;

	for (i = 0; i < COUNT(rates); i++) {
		rate = rates[i];
		seed = 88172645463325252U + i;
		memset(back, 0, sizeof(back));
		now = 1000;
		for (n = 0, asked = 0; asked < TURNS; asked++) {
			now = later(now, rate);
			wait = pace_take(back, A_SECOND(rate), now, now + 1500);
			ck_assert_int_ge(wait, -1);
			ck_assert_int_le(wait, 1500);
			if (wait != -1)
				turns[n++] = now + wait;
		}
		ck_assert_uint_gt(n, TURNS / 100);
		for (n--; n > 0; n--) {
			/* In the order in which they asked. */
			ck_assert_int_ge(turns[n], turns[n - 1]);
			if (n < (size_t)rate)
				continue;
			ck_assert_msg(turns[n] - turns[n - (size_t)rate] > 1000,
			    "rate %d: one too many within %d ms", rate,
			    (int)(turns[n] - turns[n - (size_t)rate]));
		}
	}
}
END_TEST

START_TEST(who_always_asks_gets_nearly_the_rate)
{
	int64_t back[PACE_TOKENS];
	size_t i;
	int n;

	for (i = 0; i < COUNT(rates) && rates[i] <= 1000; i++) {
		memset(back, 0, sizeof(back));
		for (n = 0;
		     pace_take(back, A_SECOND(rates[i]), 1000, 101000) != -1;
		     n++)
			continue;
		ck_assert_msg(
		    n >= rates[i] * 86, "rate %d: %d in 100 s", rates[i], n);
	}
}
END_TEST

START_TEST(four_a_second)
{
	static const int64_t waits[] = { 0, 0, 0, 0, 1050, 1050, 1050, 1050,
		2100 };
	int64_t back[PACE_TOKENS] = { 0 };
	size_t i;

	for (i = 0; i < COUNT(waits); i++)
		ck_assert_int_eq(
		    pace_take(back, A_SECOND(4), 7000, LATE), waits[i]);
	ck_assert_int_eq(pace_take(back, A_SECOND(4), 7500, LATE), 1600);
	/* After a silence a second's worth goes at once, no more. */
	for (i = 0; i < 4; i++)
		ck_assert_int_eq(pace_take(back, A_SECOND(4), 60000, LATE), 0);
	ck_assert_int_eq(pace_take(back, A_SECOND(4), 60000, LATE), 1050);
}
END_TEST

START_TEST(so_many_a_minute_hour_or_day)
{
	const struct pace_rate four = { 4, 60 }, day = { 1000, 86400 };
	const int64_t late = 10 * 86400000LL;
	int64_t back[PACE_TOKENS] = { 0 };
	int i;

	for (i = 0; i < 4; i++)
		ck_assert_int_eq(pace_take(back, four, 7000, late), 0);
	ck_assert_int_eq(pace_take(back, four, 7500, 9000), -1);
	ck_assert_int_eq(pace_take(back, four, 7500, late), 62500);
	memset(back, 0, sizeof(back));
	for (i = 0; pace_take(back, day, 7000, 86400000) >= 0; i++)
		;
	ck_assert_int_gt(i, 850);
	ck_assert_int_le(i, 1000);
}
END_TEST

START_TEST(a_turn_after_the_time_is_not_taken)
{
	int64_t back[PACE_TOKENS] = { 0 }, before[PACE_TOKENS];

	ck_assert_int_eq(pace_take(back, A_SECOND(1), 5000, 4999), -1);
	ck_assert_int_eq(pace_take(back, A_SECOND(1), 5000, 5000), 0);
	memcpy(before, back, sizeof(back));
	ck_assert_int_eq(pace_take(back, A_SECOND(1), 5000, 6049), -1);
	ck_assert_int_eq(memcmp(before, back, sizeof(back)), 0);
	ck_assert_int_eq(pace_take(back, A_SECOND(1), 5000, 6050), 1050);
}
END_TEST

START_TEST(times_from_before_the_clock_was_set_back_do_not_count)
{
	static const struct {
		int64_t back, until, wait;
	} rows[] = { { 5000 + 600000, 5000 + 700000, 600000 },
		{ 5000 + 600000, 6000, -1 }, { 5000 + 601050, 6000, -1 },
		{ 5000 + 601051, 6000, 0 },
		{ 5000 + 601051, 5000 + 700000, 601051 },
		{ 5000 + 701050, 5000 + 700000, -1 },
		{ 5000 + 701051, 5000 + 700000, 0 }, { INT64_MAX, 6000, 0 },
		{ INT64_MIN, 6000, 0 }, { -1, 6000, 0 } };
	int64_t back[PACE_TOKENS] = { 0 }, wait;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		back[0] = rows[i].back;
		wait = pace_take(back, A_SECOND(1), 5000, rows[i].until);
		ck_assert_msg(
		    wait == rows[i].wait, "row %zu: %lld", i, (long long)wait);
	}
}
END_TEST

START_TEST(each_name_has_its_own_turns)
{
	struct shared *s = shared_new();

	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(
	    pace_turn(&s->paces, "a\0b", 3, A_SECOND(1), 5000, LATE), 0);
	ck_assert_int_eq(
	    pace_turn(&s->paces, "a\0c", 3, A_SECOND(1), 5000, LATE), 0);
	ck_assert_int_eq(
	    pace_turn(&s->paces, "a", 1, A_SECOND(1), 5000, LATE), 0);
	ck_assert_int_eq(
	    pace_turn(&s->paces, "a\0b", 3, A_SECOND(1), 5000, LATE), 1050);
	ck_assert_int_eq(
	    pace_turn(&s->paces, "a\0b", 3, A_SECOND(1), 5000, 7099), -1);
	ck_assert_int_eq(
	    pace_turn(&s->paces, "a\0b", 3, A_SECOND(1), 5000, 7100), 2100);
	shared_free(s);
}
END_TEST

START_TEST(the_one_whose_last_turn_is_the_longest_ago_goes)
{
	struct shared *s = shared_new();
	int i;

	ck_assert_ptr_nonnull(s);
	for (i = 0; i < PACE_BUCKETS; i++)
		ck_assert_int_eq(pace_turn(&s->paces, &i, sizeof(i),
				     A_SECOND(1), 5000 + i, LATE),
		    0);
	/* Number 0 has a later turn than all others now. */
	i = 0;
	ck_assert_int_eq(
	    pace_turn(&s->paces, &i, sizeof(i), A_SECOND(1), 5500, LATE), 550);
	i = PACE_BUCKETS;
	ck_assert_int_eq(
	    pace_turn(&s->paces, &i, sizeof(i), A_SECOND(1), 5500, LATE), 0);
	for (i = 2; i <= PACE_BUCKETS; i++)
		ck_assert_int_eq(pace_turn(&s->paces, &i, sizeof(i),
				     A_SECOND(1), 5500, 5500),
		    -1);
	i = 0;
	ck_assert_int_eq(
	    pace_turn(&s->paces, &i, sizeof(i), A_SECOND(1), 5500, 5500), -1);
	i = 1;
	ck_assert_int_eq(
	    pace_turn(&s->paces, &i, sizeof(i), A_SECOND(1), 5500, 5500), 0);
	shared_free(s);
}
END_TEST

struct team {
	struct shared *s;
	int out[2]; /* the turns, as int64_t */
};

static void *
take_turns(void *arg)
{
	const struct team *team = arg;
	int64_t wait;
	int i;

	for (i = 0; i < EACH; i++) {
		wait = pace_turn(
		    &team->s->paces, "key", 3, A_SECOND(4), 5000, LATE);
		if (write(team->out[1], &wait, sizeof(wait)) !=
		    (ssize_t)sizeof(wait))
			break;
	}
	return NULL;
}

static int
work(void *arg)
{
	pthread_t other;

	if (pthread_create(&other, NULL, take_turns, arg) != 0)
		return 1;
	(void)take_turns(arg);
	return pthread_join(other, NULL) == 0 ? 0 : 1;
}

START_TEST(all_workers_share_the_turns)
{
	struct team team = { .s = shared_new() };
	unsigned taken[2 * WORKERS * EACH / 4] = { 0 };
	pid_t pid[WORKERS];
	int64_t wait;
	size_t i;

	ck_assert_ptr_nonnull(team.s);
	ck_assert_int_eq(pipe(team.out), 0);
	for (i = 0; i < WORKERS; i++)
		pid[i] = die_start(work, &team);
	for (i = 0; i < 2 * WORKERS * EACH; i++) {
		ck_assert_int_eq(
		    read(team.out[0], &wait, sizeof(wait)), sizeof(wait));
		ck_assert_int_eq(wait % 1050, 0);
		ck_assert_int_lt(wait / 1050, (int64_t)COUNT(taken));
		taken[wait / 1050]++;
	}
	for (i = 0; i < COUNT(taken); i++)
		ck_assert_uint_eq(taken[i], 4);
	for (i = 0; i < WORKERS; i++)
		ck_assert_int_eq(die_wait(pid[i]), 0);
	shared_free(team.s);
}
END_TEST

START_TEST(a_worker_killed_inside_lets_all_begin_anew)
{
	struct shared *s = shared_new();

	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(
	    pace_turn(&s->paces, "k", 1, A_SECOND(1), 5000, LATE), 0);
	die_holding(&s->paces.slots.lock);
	ck_assert_int_eq(
	    pace_turn(&s->paces, "k", 1, A_SECOND(1), 5000, LATE), 0);
	ck_assert_int_eq(
	    pace_turn(&s->paces, "k", 1, A_SECOND(1), 5000, LATE), 1050);
	shared_free(s);
}
END_TEST

START_TEST(a_table_in_the_place_of_a_lost_one_begins_empty)
{
	struct shared *s = shared_new();

	ck_assert_ptr_nonnull(s);
	s->paces.born = 5000;
	ck_assert_int_eq(
	    pace_turn(&s->paces, "k", 1, A_SECOND(2), 5010, LATE), 1040);
	ck_assert_int_eq(
	    pace_turn(&s->paces, "k", 1, A_SECOND(2), 5020, LATE), 1030);
	ck_assert_int_eq(
	    pace_turn(&s->paces, "k", 1, A_SECOND(2), 5030, LATE), 2070);
	/* A second later nobody waits for that. */
	ck_assert_int_eq(
	    pace_turn(&s->paces, "new", 3, A_SECOND(2), 6050, LATE), 0);
	shared_free(s);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { no_second_sees_more_turns_than_the_rate,
		who_always_asks_gets_nearly_the_rate, four_a_second,
		so_many_a_minute_hour_or_day,
		a_turn_after_the_time_is_not_taken,
		times_from_before_the_clock_was_set_back_do_not_count,
		each_name_has_its_own_turns,
		the_one_whose_last_turn_is_the_longest_ago_goes,
		all_workers_share_the_turns,
		a_worker_killed_inside_lets_all_begin_anew,
		a_table_in_the_place_of_a_lost_one_begins_empty };

	return unit_run("pace", tests, COUNT(tests));
}
