/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "tests/unit/die.h"
#include "shared/breaker.h"
#include "shared/shared.h"
#include "tests/unit/unit.h"

#define HOST   "https://api.example.com:443"
#define NEVER  1000 /* failures in a row: only the half of 20 opens it */
#define ASKERS 8

static struct shared *s;
static struct breaker_table *t;
static int64_t now = 5000000;
static int64_t left;

/* A new one instead of that of the test, or round, before. */
static void
begin(void)
{
	shared_free(s);
	s = shared_new();
	ck_assert_ptr_nonnull(s);
	t = &s->breakers;
}

static enum breaker_way
ask(void)
{
	left = -1;
	return breaker_ask(t, HOST, 5, now, &left);
}

static bool
tell(enum breaker_result result)
{
	return breaker_tell(t, HOST, 5, now, result, false);
}

static bool
tell_probe(enum breaker_result result)
{
	return breaker_tell(t, HOST, 5, now, result, true);
}

static void
open_it(const char *host)
{
	int i;

	for (i = 0; i < 5; i++)
		(void)breaker_tell(t, host, 5, now, BREAKER_FAILED, false);
	ck_assert_int_eq(breaker_ask(t, host, 5, now, &left), BREAKER_OPEN);
}

START_TEST(failures_in_a_row_open_it)
{
	int i;

	begin();
	for (i = 1; i <= 5; i++) {
		ck_assert_int_eq(ask(), BREAKER_GO);
		ck_assert_int_eq(tell(BREAKER_FAILED), i == 5);
	}
	ck_assert_int_eq(ask(), BREAKER_OPEN);
	ck_assert_int_eq(left, 30000);
	now += 29999;
	ck_assert_int_eq(ask(), BREAKER_OPEN);
	ck_assert_int_eq(left, 1);
	now++;
	ck_assert_int_eq(ask(), BREAKER_TRY);
}
END_TEST

START_TEST(a_success_breaks_the_row)
{
	int i;

	begin();
	for (i = 0; i < 4; i++)
		ck_assert(!tell(BREAKER_FAILED));
	ck_assert(!tell(BREAKER_WORKED));
	for (i = 0; i < 4; i++)
		ck_assert(!tell(BREAKER_FAILED));
	ck_assert(!tell(BREAKER_UNTOLD));
	ck_assert_int_eq(ask(), BREAKER_GO);
	ck_assert(tell(BREAKER_FAILED));
}
END_TEST

/* Calls told one by one, step ms apart; whether they open a circuit that no row
 * does, and with which of them. */
static size_t
opened_by(const char *calls, int64_t step)
{
	size_t i;
	bool opened = false;

	begin();
	for (i = 0; calls[i] != '\0' && !opened; i++) {
		if (i > 0)
			now += step;
		opened = breaker_tell(t, HOST, NEVER, now,
		    calls[i] == 'F' ? BREAKER_FAILED : BREAKER_WORKED, false);
	}
	return opened ? i : 0;
}

START_TEST(half_of_twenty_within_the_window_open_it)
{
	static const struct {
		const char *calls;
		int64_t step;
		size_t opened_by;
	} rows[] = { { "FFFFFFFFFFFFFFFFFFF", 0, 0 },
		{ "FFFFFFFFFFFFFFFFFFFF", 0, 20 },
		{ "FWFWFWFWFWFWFWFWFWFW", 1, 20 },
		{ "FWFWFWFWFWFWFWFWFWWW", 1, 0 },
		{ "FWFWFWFWFWFWFWFWFWWWFF", 1, 22 },
		/* 19 steps of 526 ms are less than 10 s, of 527 ms more. */
		{ "FWFWFWFWFWFWFWFWFWFW", 526, 20 },
		{ "FWFWFWFWFWFWFWFWFWFWFWFWFWFWFW", 527, 0 },
		{ "WWWWWWWWWWWWWWWWWWWWFFFFFFFFFF", 1, 30 },
		{ "FFFFFFFFFWWWWWWWWWWWFWFWFWFWFW", 1, 0 } };
	size_t i, got;

	for (i = 0; i < COUNT(rows); i++) {
		got = opened_by(rows[i].calls, rows[i].step);
		ck_assert_msg(got == rows[i].opened_by, "%s every %d ms: %zu",
		    rows[i].calls, (int)rows[i].step, got);
	}
}
END_TEST

START_TEST(the_window_has_its_last_millisecond)
{
	int64_t more;
	int i;

	for (more = 0; more < 2; more++) {
		begin();
		(void)breaker_tell(t, HOST, NEVER, now, BREAKER_FAILED, false);
		now += BREAKER_WINDOW + more;
		for (i = 2; i < 20; i++)
			ck_assert(!breaker_tell(
			    t, HOST, NEVER, now, BREAKER_FAILED, false));
		ck_assert_int_eq(
		    breaker_tell(t, HOST, NEVER, now, BREAKER_FAILED, false),
		    more == 0);
	}
}
END_TEST

START_TEST(no_call_is_made_up_when_the_machine_has_just_started)
{
	now = 1;
	ck_assert_uint_eq(opened_by("FFFFFFFFFFFFFFFFFFF", 1), 0);
}
END_TEST

START_TEST(without_a_threshold_it_never_opens)
{
	int i;

	begin();
	for (i = 0; i < 50; i++) {
		ck_assert_int_eq(
		    breaker_ask(t, HOST, 0, now, &left), BREAKER_GO);
		ck_assert(
		    !breaker_tell(t, HOST, 0, now, BREAKER_FAILED, false));
	}
	ck_assert_int_eq(ask(), BREAKER_GO);
	open_it(HOST);
	ck_assert_int_eq(breaker_ask(t, HOST, 0, now, &left), BREAKER_GO);
}
END_TEST

START_TEST(one_probe_at_a_time_goes)
{
	begin();
	open_it(HOST);
	now += 30000;
	ck_assert_int_eq(ask(), BREAKER_TRY);
	ck_assert_int_eq(ask(), BREAKER_OPEN);
	ck_assert_int_eq(left, BREAKER_PROBE);
	now += 1000;
	ck_assert_int_eq(ask(), BREAKER_OPEN);
	ck_assert_int_eq(left, BREAKER_PROBE - 1000);
	ck_assert(!tell_probe(BREAKER_WORKED));
	ck_assert_int_eq(ask(), BREAKER_GO);
}
END_TEST

START_TEST(each_failed_probe_doubles_the_time)
{
	static const int64_t times[] = { 30000, 60000, 120000, 240000, 300000,
		300000 };
	size_t i;

	begin();
	open_it(HOST);
	for (i = 0; i < COUNT(times); i++) {
		ck_assert_int_eq(ask(), BREAKER_OPEN);
		ck_assert_int_eq(left, times[i]);
		now += times[i];
		ck_assert_int_eq(ask(), BREAKER_TRY);
		now += 500;
		ck_assert(tell_probe(BREAKER_FAILED));
	}
	/* Closed, it begins with the first time again. */
	now += 300000;
	ck_assert_int_eq(ask(), BREAKER_TRY);
	ck_assert(!tell_probe(BREAKER_WORKED));
	open_it(HOST);
	ck_assert_int_eq(left, 30000);
}
END_TEST

START_TEST(a_probe_that_worked_clears_the_history)
{
	int i;

	begin();
	for (i = 0; i < 20; i++)
		(void)breaker_tell(t, HOST, NEVER, now, BREAKER_FAILED, false);
	ck_assert_int_eq(ask(), BREAKER_OPEN);
	now += 30000;
	ck_assert_int_eq(ask(), BREAKER_TRY);
	ck_assert(!tell_probe(BREAKER_WORKED));
	for (i = 0; i < 4; i++)
		ck_assert(!tell(BREAKER_FAILED));
	ck_assert_int_eq(ask(), BREAKER_GO);
	ck_assert(tell(BREAKER_FAILED));
}
END_TEST

START_TEST(a_cancelled_probe_gives_its_place_back)
{
	begin();
	open_it(HOST);
	now += 30000;
	ck_assert_int_eq(ask(), BREAKER_TRY);
	ck_assert(!tell_probe(BREAKER_UNTOLD));
	ck_assert_int_eq(ask(), BREAKER_TRY);
	ck_assert(tell_probe(BREAKER_FAILED));
	ck_assert_int_eq(ask(), BREAKER_OPEN);
	ck_assert_int_eq(left, 60000);
}
END_TEST

START_TEST(a_lost_probe_gives_way_to_the_next)
{
	int i;

	begin();
	open_it(HOST);
	now += 30000;
	ck_assert_int_eq(ask(), BREAKER_TRY);
	now += BREAKER_PROBE - 1;
	ck_assert_int_eq(ask(), BREAKER_OPEN);
	ck_assert_int_eq(left, 1);
	now++;
	ck_assert_int_eq(ask(), BREAKER_TRY);
	/* Both fail: that lengthens it once. */
	ck_assert(tell_probe(BREAKER_FAILED));
	ck_assert(!tell_probe(BREAKER_FAILED));
	ck_assert_int_eq(ask(), BREAKER_OPEN);
	ck_assert_int_eq(left, 60000);
	/* Late as it is, a success says that the host is back. */
	ck_assert(!tell_probe(BREAKER_WORKED));
	ck_assert_int_eq(ask(), BREAKER_GO);
	/* And a failure that comes even later is one like others. */
	ck_assert(!tell_probe(BREAKER_FAILED));
	for (i = 0; i < 3; i++)
		ck_assert(!tell(BREAKER_FAILED));
	ck_assert(!tell_probe(BREAKER_UNTOLD));
	ck_assert_int_eq(ask(), BREAKER_GO);
	ck_assert(tell(BREAKER_FAILED));
}
END_TEST

START_TEST(calls_from_before_it_opened_change_nothing)
{
	int i;

	begin();
	open_it(HOST);
	now += 1000;
	ck_assert(!tell(BREAKER_WORKED));
	for (i = 0; i < 30; i++)
		ck_assert(!tell(BREAKER_FAILED));
	ck_assert(!tell(BREAKER_UNTOLD));
	ck_assert_int_eq(ask(), BREAKER_OPEN);
	ck_assert_int_eq(left, 29000);
	now += 29000;
	ck_assert_int_eq(ask(), BREAKER_TRY);
	ck_assert(!tell(BREAKER_WORKED));
	ck_assert(!tell(BREAKER_FAILED));
	ck_assert_int_eq(ask(), BREAKER_OPEN);
	ck_assert(!tell_probe(BREAKER_WORKED));
	for (i = 0; i < 4; i++)
		ck_assert(!tell(BREAKER_FAILED));
	ck_assert_int_eq(ask(), BREAKER_GO);
}
END_TEST

START_TEST(each_host_has_its_own)
{
	begin();
	open_it(HOST);
	ck_assert_int_eq(
	    breaker_ask(t, "https://api.example.com:8443", 5, now, &left),
	    BREAKER_GO);
	ck_assert_int_eq(ask(), BREAKER_OPEN);
}
END_TEST

static void
name(char host[64], int n)
{
	snprintf(host, 64, "https://%d.example.com:443", n);
}

static int
way_of(int n)
{
	char host[64];

	name(host, n);
	return (int)breaker_ask(t, host, 5, now, &left);
}

START_TEST(the_longest_unused_closed_one_goes)
{
	char host[64];
	int i, n;

	begin();
	open_it(HOST);
	for (i = 1; i < BREAKER_HOSTS; i++) {
		now++;
		name(host, i);
		for (n = 0; n < 4; n++)
			(void)breaker_tell(
			    t, host, 5, now, BREAKER_FAILED, false);
	}
	/* Number 1 is asked for again, so number 2 makes room. */
	now++;
	ck_assert_int_eq(way_of(1), BREAKER_GO);
	open_it("https://new.example.com:443");
	ck_assert_int_eq(ask(), BREAKER_OPEN);
	for (i = 1; i < BREAKER_HOSTS; i++) {
		if (i == 2)
			continue;
		name(host, i);
		ck_assert_msg(
		    breaker_tell(t, host, 5, now, BREAKER_FAILED, false),
		    "host %d is forgotten", i);
	}
	ck_assert_int_eq(way_of(2), BREAKER_GO);
}
END_TEST

START_TEST(where_all_are_open_the_longest_unused_goes)
{
	char host[64];
	int i;

	begin();
	for (i = 0; i <= BREAKER_HOSTS; i++) {
		now++;
		name(host, i);
		open_it(host);
	}
	ck_assert_int_eq(way_of(0), BREAKER_GO);
	for (i = 1; i <= BREAKER_HOSTS; i++)
		ck_assert_int_eq(way_of(i), BREAKER_OPEN);
}
END_TEST

START_TEST(hosts_that_nobody_asks_for_hold_no_place_for_ever)
{
	char host[64];
	int i;

	begin();
	for (i = 0; i < BREAKER_HOSTS; i++) {
		name(host, i);
		open_it(host);
	}
	now += BREAKER_FIRST + BREAKER_LONGEST;
	for (i = 0; i < 4; i++) {
		ck_assert(!tell(BREAKER_FAILED));
		now++;
		(void)breaker_tell(t, "https://other.example:443", 5, now,
		    BREAKER_WORKED, false);
	}
	ck_assert(tell(BREAKER_FAILED));
}
END_TEST

START_TEST(its_name_is_there_for_status)
{
	char host[BREAKER_NAME + 20];

	begin();
	memset(host, 'a', sizeof(host) - 1);
	host[sizeof(host) - 1] = '\0';
	open_it(HOST);
	open_it(host);
	ck_assert_str_eq(t->host[0].host, HOST);
	ck_assert_uint_eq(t->host[0].opened, 1);
	ck_assert_uint_eq(strlen(t->host[1].host), BREAKER_NAME - 1);
	/* Names that differ only behind what is kept are two hosts. */
	host[sizeof(host) - 2] = 'b';
	ck_assert_int_eq(breaker_ask(t, host, 5, now, &left), BREAKER_GO);
	ck_assert_str_eq(t->host[2].host, "");
}
END_TEST

static void *
ask_for_probe(void *arg)
{
	int64_t ms;

	(void)arg;
	return breaker_ask(t, HOST, 5, now, &ms) == BREAKER_TRY ? t : NULL;
}

/* How many of two threads got it. */
static int
ask_twice(void *arg)
{
	pthread_t other;
	void *got;
	int n;

	if (pthread_create(&other, NULL, ask_for_probe, arg) != 0)
		return 100;
	n = ask_for_probe(arg) != NULL;
	(void)pthread_join(other, &got);
	return n + (got != NULL);
}

START_TEST(one_of_all_workers_gets_the_probe)
{
	pid_t pid[ASKERS];
	int i, probes = 0;

	begin();
	open_it(HOST);
	now += 30000;
	for (i = 0; i < ASKERS; i++)
		pid[i] = die_start(ask_twice, NULL);
	for (i = 0; i < ASKERS; i++)
		probes += die_wait(pid[i]);
	ck_assert_int_eq(probes, 1);
}
END_TEST

START_TEST(a_worker_killed_inside_leaves_it_closed)
{
	begin();
	open_it(HOST);
	die_holding(&t->slots.lock);
	ck_assert_int_eq(ask(), BREAKER_GO);
	open_it(HOST);
	die_holding(&t->slots.lock);
	ck_assert(!tell_probe(BREAKER_UNTOLD));
	ck_assert_int_eq(ask(), BREAKER_GO);
}
END_TEST

static struct breaker_seen seen[BREAKER_HOSTS];

START_TEST(who_looks_on_sees_each_circuit)
{
	begin();
	ck_assert_int_eq(breaker_list(t, now, 10, seen), 0);
	(void)breaker_tell(
	    t, "https://good:443", 5, now, BREAKER_WORKED, false);
	open_it(HOST);
	ck_assert_int_eq(breaker_list(t, now + 10000, 10, seen), 2);
	ck_assert_str_eq(seen[0].host, "https://good:443");
	ck_assert_int_eq(seen[0].state, BREAKER_CLOSED);
	ck_assert_int_eq(seen[0].left, 0);
	ck_assert_str_eq(seen[1].host, HOST);
	ck_assert_int_eq(seen[1].state, BREAKER_IS_OPEN);
	ck_assert_int_eq(seen[1].left, BREAKER_FIRST - 10000);
	ck_assert_int_eq(seen[1].row, 5);
	ck_assert_uint_eq(seen[1].opened, 1);
	ck_assert_int_eq(breaker_list(t, now + BREAKER_FIRST, 10, seen), 2);
	ck_assert_int_eq(seen[1].state, BREAKER_HALF_OPEN);
	ck_assert_int_eq(seen[1].left, 0);
}
END_TEST

static int
look(void *arg)
{
	return breaker_list(arg, now, 10, seen) == -1 ? 0 : 1;
}

START_TEST(who_looks_on_does_not_wait_for_ever)
{
	pid_t other;

	begin();
	open_it(HOST);
	(void)robustlock_take(&t->slots.lock);
	other = die_start(look, t);
	ck_assert_int_eq(die_wait(other), 0);
	robustlock_give(&t->slots.lock);
	ck_assert_int_eq(breaker_list(t, now, 10, seen), 1);
	die_holding(&t->slots.lock);
	ck_assert_int_eq(breaker_list(t, now, 10, seen), 0);
	ck_assert(!robustlock_take(&t->slots.lock));
	robustlock_give(&t->slots.lock);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { failures_in_a_row_open_it,
		a_success_breaks_the_row,
		half_of_twenty_within_the_window_open_it,
		the_window_has_its_last_millisecond,
		no_call_is_made_up_when_the_machine_has_just_started,
		without_a_threshold_it_never_opens, one_probe_at_a_time_goes,
		each_failed_probe_doubles_the_time,
		a_probe_that_worked_clears_the_history,
		a_cancelled_probe_gives_its_place_back,
		a_lost_probe_gives_way_to_the_next,
		calls_from_before_it_opened_change_nothing,
		each_host_has_its_own, the_longest_unused_closed_one_goes,
		where_all_are_open_the_longest_unused_goes,
		hosts_that_nobody_asks_for_hold_no_place_for_ever,
		its_name_is_there_for_status, one_of_all_workers_gets_the_probe,
		a_worker_killed_inside_leaves_it_closed,
		who_looks_on_sees_each_circuit,
		who_looks_on_does_not_wait_for_ever };

	return unit_run("breaker", tests, COUNT(tests));
}
