/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "shared/quota.h"
#include "shared/shared.h"
#include "tests/unit/die.h"
#include "tests/unit/unit.h"

#define NOW INT64_C(1700000000)

static struct shared *shared;
static struct quota_table *table;

static void
setup(void)
{
	shared = shared_new();
	ck_assert_ptr_nonnull(shared);
	table = &shared->quotas;
}

static void
tell(const char *who, int64_t left, int64_t reset, int64_t now)
{
	const struct ratelimit told = { 100, left, reset, -1 };

	quota_tell(table, "otx", who, strlen(who), &told, now);
}

static int64_t
held(const char *who, int64_t now)
{
	return quota_held(table, who, strlen(who), now);
}

/* What is shown to who asks: what is left, or -1. */
static int64_t
shown(const char *who, int64_t now)
{
	struct quota_seen seen;

	return quota_get(table, who, strlen(who), now, &seen) ? seen.told.left :
								-1;
}

START_TEST(each_credential_has_its_own_and_sees_no_other)
{
	setup();
	tell("a", 5, NOW + 60, NOW);
	tell("b", 0, NOW + 30, NOW);
	ck_assert_int_eq(shown("a", NOW), 5);
	ck_assert_int_eq(shown("b", NOW), 0);
	ck_assert_int_eq(shown("c", NOW), -1);
	ck_assert_int_eq(held("a", NOW), 0);
	ck_assert_int_eq(held("b", NOW), 30);
	ck_assert_int_eq(held("c", NOW), 0);
	shared_free(shared);
}
END_TEST

START_TEST(a_window_ends)
{
	setup();
	tell("a", 0, NOW + 30, NOW);
	ck_assert_int_eq(held("a", NOW + 29), 1);
	ck_assert_int_eq(held("a", NOW + 30), 0);
	ck_assert_int_eq(shown("a", NOW + 29), 0);
	ck_assert_int_eq(shown("a", NOW + 30), -1);
	/* Nobody knows when one without a reset ends: it holds nothing back, and is
	 * shown for a time. */
	tell("b", 0, -1, NOW);
	ck_assert_int_eq(held("b", NOW), 0);
	ck_assert_int_eq(shown("b", NOW + QUOTA_KEPT - 1), 0);
	ck_assert_int_eq(shown("b", NOW + QUOTA_KEPT), -1);
	shared_free(shared);
}
END_TEST

START_TEST(an_answer_that_comes_late_gives_nothing_back)
{
	setup();
	tell("a", 0, NOW + 30, NOW);
	tell("a", 1, NOW + 31, NOW + 1);
	ck_assert_int_eq(held("a", NOW + 1), 29 + 1);
	/* Another window. */
	tell("a", 1, NOW + 90, NOW + 2);
	ck_assert_int_eq(held("a", NOW + 2), 0);
	ck_assert_int_eq(shown("a", NOW + 2), 1);
	shared_free(shared);
}
END_TEST

START_TEST(when_it_was_used_up_is_known)
{
	struct quota_seen seen;

	setup();
	tell("a", 1, NOW + 30, NOW);
	ck_assert(quota_get(table, "a", 1, NOW, &seen));
	ck_assert_int_eq(seen.reached, 0);
	tell("a", 0, NOW + 30, NOW + 5);
	tell("a", 0, NOW + 30, NOW + 7);
	ck_assert(quota_get(table, "a", 1, NOW + 8, &seen));
	ck_assert_int_eq(seen.reached, NOW + 5);
	tell("a", 0, NOW + 60, NOW + 31);
	ck_assert(quota_get(table, "a", 1, NOW + 32, &seen));
	ck_assert_int_eq(seen.reached, NOW + 31);
	shared_free(shared);
}
END_TEST

START_TEST(only_the_last_answer_is_shown)
{
	setup();
	tell("a", 0, NOW + 30, NOW);
	quota_tell_nothing(table, "a", 1);
	quota_tell_nothing(table, "b", 1);
	ck_assert_int_eq(shown("a", NOW), -1);
	/* It is used up for all that. */
	ck_assert_int_eq(held("a", NOW), 30);
	tell("a", 0, NOW + 30, NOW);
	ck_assert_int_eq(shown("a", NOW), 0);
	shared_free(shared);
}
END_TEST

START_TEST(a_relay_is_listed_with_what_it_was_told_last)
{
	struct quota_seen seen[QUOTA_RELAYS];
	const struct ratelimit other = { 10, -1, -1, -1 };

	setup();
	ck_assert_int_eq(quota_list(table, NOW, 10, seen), 0);
	tell("a", 5, NOW + 60, NOW);
	tell("b", 7, NOW + 60, NOW);
	ck_assert_int_eq(quota_list(table, NOW, 10, seen), 1);
	ck_assert_str_eq(seen[0].relay, "otx");
	quota_tell(table, "other", "c", 1, &other, NOW);
	ck_assert_int_eq(quota_list(table, NOW, 10, seen), 2);
	ck_assert_int_eq(quota_list(table, NOW + 60, 10, seen), 1);
	ck_assert_str_eq(seen[0].relay, "other");
	ck_assert_int_eq(seen[0].told.limit, 10);
	ck_assert_int_eq(seen[0].told.left, -1);
	shared_free(shared);
}
END_TEST

/* Those that are used up hold calls back: they stay. */
START_TEST(many_credentials_push_out_those_that_hold_nothing_back)
{
	char name[16];
	int i;

	setup();
	tell("spent", 0, NOW + 600, NOW);
	for (i = 0; i < 2 * QUOTA_CREDENTIALS; i++) {
		(void)snprintf(name, sizeof(name), "%d", i);
		tell(name, 3, NOW + 600, NOW + 1 + i);
	}
	ck_assert_int_eq(held("spent", NOW), 600);
	ck_assert_int_eq(shown("0", NOW), -1);
	ck_assert_int_eq(shown(name, NOW), 3);
	shared_free(shared);
}
END_TEST

START_TEST(a_worker_killed_inside_leaves_a_table_that_works)
{
	setup();
	tell("a", 0, NOW + 600, NOW);
	die_holding(&table->credentials.slots.lock);
	ck_assert_int_eq(held("a", NOW), 0);
	tell("a", 0, NOW + 600, NOW);
	ck_assert_int_eq(held("a", NOW), 600);
	shared_free(shared);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		each_credential_has_its_own_and_sees_no_other, a_window_ends,
		an_answer_that_comes_late_gives_nothing_back,
		when_it_was_used_up_is_known, only_the_last_answer_is_shown,
		a_relay_is_listed_with_what_it_was_told_last,
		many_credentials_push_out_those_that_hold_nothing_back,
		a_worker_killed_inside_leaves_a_table_that_works
	};

	return unit_run("quota", tests, COUNT(tests));
}
