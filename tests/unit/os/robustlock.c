/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "tests/unit/die.h"
#include "os/robustlock.h"
#include "shared/shared.h"
#include "tests/unit/unit.h"

#define ROUNDS 5000
#define OTHERS 3 /* processes, of two threads each */

static struct shared *s;

static void
begin(void)
{
	s = shared_new();
	ck_assert_ptr_nonnull(s);
}

/* Adds to a number that nothing but the lock guards. */
static void *
count(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < ROUNDS; i++) {
		(void)robustlock_take(&s->kept.slots.lock);
		s->kept.uses++;
		robustlock_give(&s->kept.slots.lock);
	}
	return NULL;
}

static int
count_twice(void *arg)
{
	pthread_t other;

	if (pthread_create(&other, NULL, count, arg) != 0)
		return 1;
	(void)count(arg);
	return pthread_join(other, NULL) == 0 ? 0 : 1;
}

START_TEST(one_at_a_time_holds_it)
{
	pid_t pid[OTHERS];
	int i;

	begin();
	for (i = 0; i < OTHERS; i++)
		pid[i] = die_start(count_twice, NULL);
	for (i = 0; i < OTHERS; i++)
		ck_assert_int_eq(die_wait(pid[i]), 0);
	ck_assert_int_eq(s->kept.uses, 2 * OTHERS * ROUNDS);
	shared_free(s);
}
END_TEST

START_TEST(the_death_of_its_holder_is_told_once)
{
	begin();
	ck_assert(!robustlock_take(&s->kept.slots.lock));
	robustlock_give(&s->kept.slots.lock);
	die_holding(&s->kept.slots.lock);
	ck_assert(robustlock_take(&s->kept.slots.lock));
	robustlock_give(&s->kept.slots.lock);
	ck_assert(!robustlock_take(&s->kept.slots.lock));
	robustlock_give(&s->kept.slots.lock);
	shared_free(s);
}
END_TEST

START_TEST(who_dies_while_mending_is_told_too)
{
	begin();
	die_holding(&s->kept.slots.lock);
	die_holding(&s->kept.slots.lock);
	ck_assert(robustlock_take(&s->kept.slots.lock));
	robustlock_give(&s->kept.slots.lock);
	shared_free(s);
}
END_TEST

struct waiter {
	int ready[2], go[2];
};

static int
hold_until_killed(void *arg)
{
	struct waiter *w = arg;
	char c = 'x';

	(void)robustlock_take(&s->kept.slots.lock);
	if (write(w->ready[1], &c, 1) != 1)
		return 1;
	return read(w->go[0], &c, 1) == 1 ? 0 : 1;
}

static int
take_once(void *arg)
{
	(void)arg;
	return robustlock_take(&s->kept.slots.lock) ? 7 : 8;
}

START_TEST(those_who_wait_go_on_when_the_holder_is_killed)
{
	struct waiter w;
	pid_t holder, waits;
	char c;

	begin();
	ck_assert_int_eq(pipe(w.ready), 0);
	ck_assert_int_eq(pipe(w.go), 0);
	holder = die_start(hold_until_killed, &w);
	ck_assert_int_eq(read(w.ready[0], &c, 1), 1);
	waits = die_start(take_once, NULL);
	ck_assert_int_eq(kill(holder, SIGKILL), 0);
	ck_assert_int_eq(die_wait(waits), 7);
	ck_assert_int_eq(die_wait(holder), -1);
	shared_free(s);
}
END_TEST

static int
hash_it(void *arg)
{
	struct hash h = hash_bytes("host", 4);
	int *out = arg;

	return write(out[1], &h, sizeof(h)) == (ssize_t)sizeof(h) ? 0 : 1;
}

START_TEST(all_processes_hash_alike)
{
	struct hash mine, theirs;
	int out[2];

	begin();
	ck_assert_int_eq(pipe(out), 0);
	ck_assert_int_eq(die_wait(die_start(hash_it, out)), 0);
	ck_assert_int_eq(read(out[0], &theirs, sizeof(theirs)), sizeof(theirs));
	mine = hash_bytes("host", 4);
	ck_assert(mine.a == theirs.a && mine.b == theirs.b);
	shared_free(s);
}
END_TEST

/* Whether VmFlags of the mapping at p, proc(5), have "dd", do not dump. */
static bool
left_out_of_core(const void *p)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long from, to;
	bool here = false, found = false;
	char line[512];

	ck_assert_ptr_nonnull(f);
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2)
			here = (uintptr_t)p >= from && (uintptr_t)p < to;
		else if (here && strncmp(line, "VmFlags:", 8) == 0)
			found = strstr(line, " dd") != NULL;
	}
	ck_assert_int_eq(fclose(f), 0);
	return found;
}

START_TEST(no_core_file_has_it)
{
	begin();
	ck_assert(left_out_of_core(s));
	ck_assert(left_out_of_core((char *)s + sizeof(*s) - 1));
	ck_assert(!left_out_of_core(&s));
	shared_free(s);
}
END_TEST

START_TEST(all_of_it_begins_free)
{
	size_t i;

	begin();
	for (i = 0; i < BREAKER_HOSTS; i++)
		ck_assert_uint_eq(s->breakers.host[i].slot.name.b, 0);
	for (i = 0; i < PACE_BUCKETS; i++)
		ck_assert_uint_eq(s->paces.bucket[i].slot.name.b, 0);
	for (i = 0; i < SIGNINS_SLOTS; i++)
		ck_assert_uint_eq(s->kept.slot[i].slot.name.b, 0);
	for (i = 0; i < JWKS_HOSTS; i++)
		ck_assert_str_eq(s->jwks.host[i].host, "");
	ck_assert(!s->alone);
	shared_free(s);
	shared_free(NULL);
}
END_TEST

START_TEST(each_table_has_a_lock_that_survives)
{
	pthread_mutex_t *locks[4];
	size_t i;

	begin();
	locks[0] = &s->breakers.slots.lock;
	locks[1] = &s->paces.slots.lock;
	locks[2] = &s->kept.slots.lock;
	locks[3] = &s->jwks.slots.lock;
	for (i = 0; i < COUNT(locks); i++) {
		die_holding(locks[i]);
		ck_assert_int_eq(pthread_mutex_trylock(locks[i]), EOWNERDEAD);
		ck_assert_int_eq(pthread_mutex_consistent(locks[i]), 0);
		ck_assert_int_eq(pthread_mutex_unlock(locks[i]), 0);
	}
	shared_free(s);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { one_at_a_time_holds_it,
		the_death_of_its_holder_is_told_once,
		who_dies_while_mending_is_told_too,
		those_who_wait_go_on_when_the_holder_is_killed,
		all_processes_hash_alike, no_core_file_has_it,
		all_of_it_begins_free, each_table_has_a_lock_that_survives };

	return unit_run("robustlock", tests, COUNT(tests));
}
