/* SPDX-License-Identifier: MIT */
#include <sys/time.h>

#include <errno.h>
#include <limits.h>
#include <signal.h>

#include "os/clock.h"
#include "os/pollone.h"
#include "tests/unit/unit.h"

#define LONG 50 /* ms */

static volatile sig_atomic_t alarms;

static void
count(int sig)
{
	(void)sig;
	alarms++;
}

START_TEST(what_is_there_is_told_at_once)
{
	int p[2];

	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_eq(pollone(p[1], POLLOUT, clock_ms()), POLLOUT);
	ck_assert_int_eq(write(p[1], "x", 1), 1);
	ck_assert_int_eq(pollone(p[0], POLLIN, INT64_MAX), POLLIN);
	close(p[1]);
	ck_assert_int_eq(pollone(p[0], POLLIN, INT64_MAX), POLLIN | POLLHUP);
	close(p[0]);
}
END_TEST

START_TEST(a_time_that_is_over_gives_one_look)
{
	int64_t began = clock_ms();
	int p[2];

	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_eq(pollone(p[0], POLLIN, began), 0);
	ck_assert_int_eq(pollone(p[0], POLLIN, 0), 0);
	ck_assert_int_eq(pollone(p[0], POLLIN, INT64_MIN / 2), 0);
	ck_assert_int_eq(write(p[1], "x", 1), 1);
	ck_assert_int_eq(pollone(p[0], POLLIN, 0), POLLIN);
	close(p[0]);
	close(p[1]);
}
END_TEST

START_TEST(it_waits_until_the_time_is_over)
{
	int64_t until = clock_ms() + LONG;
	int p[2];

	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_eq(pollone(p[0], POLLIN, until), 0);
	ck_assert_int_ge(clock_ms(), until);
	close(p[0]);
	close(p[1]);
}
END_TEST

START_TEST(signals_do_not_end_the_wait)
{
	const struct itimerval often = { { 0, 5000 }, { 0, 5000 } };
	const struct itimerval never = { { 0, 0 }, { 0, 0 } };
	struct sigaction a = { .sa_handler = count };
	int64_t until;
	int p[2];

	ck_assert_int_eq(pipe(p), 0);
	ck_assert_int_eq(sigaction(SIGALRM, &a, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
	until = clock_ms() + LONG;
	ck_assert_int_eq(pollone(p[0], POLLIN, until), 0);
	ck_assert_int_ge(clock_ms(), until);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &never, NULL), 0);
	ck_assert_int_gt(alarms, 0);
	close(p[0]);
	close(p[1]);
}
END_TEST

START_TEST(a_descriptor_that_is_closed_is_an_error_of_it)
{
	int p[2];

	ck_assert_int_eq(pipe(p), 0);
	close(p[0]);
	close(p[1]);
	ck_assert_int_eq(pollone(p[0], POLLIN, INT64_MAX), POLLNVAL);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { what_is_there_is_told_at_once,
		a_time_that_is_over_gives_one_look,
		it_waits_until_the_time_is_over, signals_do_not_end_the_wait,
		a_descriptor_that_is_closed_is_an_error_of_it };

	return unit_run("pollone", tests, COUNT(tests));
}
