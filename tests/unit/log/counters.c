/* SPDX-License-Identifier: MIT */
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/die.h"
#include "log/counters.h"
#include "log/log.h"
#include "shared/shared.h"
#include "tests/unit/unit.h"

#define ROUNDS  5000
#define THREADS 4

static struct shared *s;
static struct counters *c;

static void
begin(void)
{
	s = shared_new();
	ck_assert_ptr_nonnull(s);
	c = &s->counters;
}

static void
end(void)
{
	shared_free(s);
}

START_TEST(a_request_is_in_every_count)
{
	const struct log_request r = { .status = 200,
		.observables = 3,
		.entities = 12,
		.errors = 1,
		.calls = 9,
		.cached = 2,
		.retried = 4,
		.bytes = 6012,
		.ms = 231 };
	uint64_t sum[COUNTERS], cells[COUNTERS_CELLS];
	size_t relay;

	begin();
	relay = counters_relay(c, "otx");
	counters_request(c, counters_shard(c), relay, &r);
	counters_request(c, counters_shard(c), relay, &r);
	counters_sum(c, relay, sum);
	ck_assert_uint_eq(counters_requests(sum), 2);
	ck_assert_uint_eq(sum[COUNTER_2XX], 2);
	ck_assert_uint_eq(sum[COUNTER_OBSERVABLES], 6);
	ck_assert_uint_eq(sum[COUNTER_ENTITIES], 24);
	ck_assert_uint_eq(sum[COUNTER_ERRORS], 2);
	ck_assert_uint_eq(sum[COUNTER_CALLS], 18);
	ck_assert_uint_eq(sum[COUNTER_CACHED], 4);
	ck_assert_uint_eq(sum[COUNTER_RETRIES], 8);
	ck_assert_uint_eq(sum[COUNTER_BYTES], 12024);
	counters_latency(sum, cells);
	ck_assert_uint_eq(cells[COUNTERS_BUCKETS], 462);
	counters_sum(c, 0, sum);
	ck_assert_uint_eq(counters_requests(sum), 0);
	end();
}
END_TEST

static const struct {
	int status;
	int64_t ms;
	enum counter counter;
	enum counters_outcome outcome;
	size_t bucket;
	size_t errors;
} kinds[] = { { 200, 0, COUNTER_2XX, COUNTERS_OK, 0, 0 },
	{ 200, 1, COUNTER_2XX, COUNTERS_ERRORS, 0, 3 },
	{ 200, 2, COUNTER_2XX, COUNTERS_OK, 1, 0 },
	{ 400, 5, COUNTER_4XX, COUNTERS_REFUSED, 2, 0 },
	{ 404, 6, COUNTER_4XX, COUNTERS_REFUSED, 3, 1 },
	{ 413, 1000, COUNTER_4XX, COUNTERS_REFUSED, 9, 0 },
	{ 500, 1001, COUNTER_5XX, COUNTERS_FAILED, 10, 0 },
	{ 503, 25000, COUNTER_5XX, COUNTERS_FAILED, 13, 2 },
	{ 200, 25001, COUNTER_2XX, COUNTERS_OK, 14, 0 },
	{ 200, INT64_MAX, COUNTER_2XX, COUNTERS_OK, 14, 0 },
	{ 200, -5, COUNTER_2XX, COUNTERS_OK, 0, 0 } };

START_TEST(status_and_time_choose_the_count)
{
	struct log_request r = { 0 };
	uint64_t sum[COUNTERS], cells[COUNTERS_CELLS];
	size_t i;

	for (i = 0; i < COUNT(kinds); i++) {
		begin();
		r.errors = kinds[i].errors;
		r.status = kinds[i].status;
		r.ms = kinds[i].ms;
		counters_request(c, counters_shard(c), 0, &r);
		counters_sum(c, 0, sum);
		ck_assert_msg(
		    sum[kinds[i].counter] == 1, "status %d", r.status);
		counters_latency(sum, cells);
		ck_assert_msg(cells[kinds[i].bucket] == 1 &&
			sum[COUNTER_LATENCY +
			    kinds[i].outcome * COUNTERS_CELLS +
			    kinds[i].bucket] == 1,
		    "%d after %lld ms", r.status, (long long)r.ms);
		ck_assert_uint_eq(counters_requests(sum), 1);
		end();
	}
}
END_TEST

START_TEST(tries_to_call_are_counted_by_their_end)
{
	struct counters_place place;
	uint64_t sum[COUNTERS];
	size_t end_;

	begin();
	place = (struct counters_place){ c, counters_shard(c),
		counters_relay(c, "otx") };
	for (end_ = 0; end_ < COUNTERS_ENDS; end_++)
		counters_upstream(
		    &place, (enum counters_end)end_, (int64_t)(100 * end_));
	counters_sum(c, place.relay, sum);
	for (end_ = 0; end_ < COUNTERS_ENDS; end_++)
		ck_assert_uint_eq(sum[COUNTER_UPSTREAM + end_ * COUNTERS_CELLS +
				      COUNTERS_BUCKETS],
		    100 * end_);
	ck_assert_uint_eq(sum[COUNTER_UPSTREAM], 1);
	ck_assert_uint_eq(
	    sum[COUNTER_UPSTREAM + COUNTERS_END_5XX * COUNTERS_CELLS + 8], 1);
	/* They are no requests. */
	ck_assert_uint_eq(counters_requests(sum), 0);
	place.counters = NULL;
	counters_upstream(&place, COUNTERS_END_OK, 1);
	end();
}
END_TEST

START_TEST(questions_to_maps_are_counted_by_what_came_of_them)
{
	struct counters_place place;
	uint64_t sum[COUNTERS];
	size_t i;

	begin();
	place = (struct counters_place){ c, counters_shard(c),
		counters_relay(c, "abuse") };
	for (i = 0; i < COUNTERS_MAPS; i++) {
		counters_map(&place, (enum counters_map)i, 2);
		ck_assert_ptr_nonnull(counters_maps[i]);
	}
	counters_left_out(&place, 3);
	counters_sum(c, place.relay, sum);
	for (i = 0; i < COUNTERS_MAPS; i++)
		ck_assert_uint_eq(sum[COUNTER_MAPPED + i], 1);
	ck_assert_uint_eq(counters_mapped(sum), COUNTERS_MAPS);
	/* What was not put to a program took no time. */
	ck_assert_uint_eq(sum[COUNTER_MAP + 1], COUNTERS_MAPS - 2);
	ck_assert_uint_eq(
	    sum[COUNTER_MAP + COUNTERS_BUCKETS], 2 * (COUNTERS_MAPS - 2));
	ck_assert_uint_eq(sum[COUNTER_LEFT_OUT], 3);
	ck_assert_uint_eq(counters_requests(sum), 0);
	place.counters = NULL;
	counters_map(&place, COUNTERS_MAP_DONE, 1);
	counters_left_out(&place, 1);
	end();
}
END_TEST

START_TEST(a_name_keeps_its_place)
{
	begin();
	ck_assert_uint_eq(counters_relay(c, NULL), 0);
	ck_assert_uint_eq(counters_relay(c, "a"), 1);
	ck_assert_uint_eq(counters_relay(c, "b"), 2);
	ck_assert_uint_eq(counters_relay(c, "a"), 1);
	ck_assert_uint_eq(counters_relays(c), 3);
	ck_assert_str_eq(counters_name(c, 0), "-");
	ck_assert_str_eq(counters_name(c, 2), "b");
	end();
}
END_TEST

START_TEST(names_beyond_the_table_share_a_place)
{
	char name[CONF_NAME_MAX + 1];
	size_t i;

	begin();
	for (i = 1; i < 2 * COUNTERS_RELAYS; i++) {
		(void)snprintf(name, sizeof(name), "%0*zu", CONF_NAME_MAX, i);
		ck_assert_uint_eq(counters_relay(c, name),
		    i < COUNTERS_RELAYS - 1 ? i : COUNTERS_RELAYS - 1);
	}
	ck_assert_uint_eq(counters_relays(c), COUNTERS_RELAYS);
	ck_assert_str_eq(counters_name(c, COUNTERS_RELAYS - 1), "(others)");
	(void)snprintf(name, sizeof(name), "%0*d", CONF_NAME_MAX, 7);
	ck_assert_str_eq(counters_name(c, 7), name);
	end();
}
END_TEST

static void *
count(void *arg)
{
	const struct log_request r = { .status = 200, .bytes = 7, .ms = 1 };
	size_t shard = counters_shard(c);
	int i;

	(void)arg;
	for (i = 0; i < ROUNDS; i++)
		counters_request(c, shard, 1, &r);
	return NULL;
}

static int
count_by_threads(void *arg)
{
	pthread_t id[THREADS];
	int i;

	for (i = 0; i < THREADS; i++)
		if (pthread_create(&id[i], NULL, count, arg) != 0)
			return 1;
	for (i = 0; i < THREADS; i++)
		(void)pthread_join(id[i], NULL);
	return 0;
}

START_TEST(threads_of_several_processes_lose_nothing)
{
	uint64_t sum[COUNTERS];
	pid_t other;

	begin();
	(void)counters_relay(c, "one");
	/* More threads than shards: two of them share one. */
	atomic_store(&c->threads, COUNTERS_SHARDS - 1);
	other = die_start(count_by_threads, NULL);
	ck_assert_int_eq(count_by_threads(NULL), 0);
	ck_assert_int_eq(die_wait(other), 0);
	counters_sum(c, 1, sum);
	ck_assert_uint_eq(sum[COUNTER_2XX], 2 * THREADS * ROUNDS);
	ck_assert_uint_eq(sum[COUNTER_BYTES], 7 * 2 * THREADS * ROUNDS);
	end();
}
END_TEST

START_TEST(a_process_that_dies_with_the_lock_stops_nobody)
{
	begin();
	ck_assert_uint_eq(counters_relay(c, "a"), 1);
	die_holding(&c->lock);
	ck_assert_uint_eq(counters_relay(c, "b"), 2);
	ck_assert_uint_eq(counters_relay(c, "a"), 1);
	end();
}
END_TEST

START_TEST(rows_stand_at_their_counter)
{
	int i;

	for (i = 0; i < COUNTER_LATENCY; i++) {
		ck_assert_int_eq(counters_rows[i].counter, i);
		ck_assert_ptr_nonnull(counters_rows[i].json);
	}
	ck_assert_ptr_null(counters_rows[i].json);
	for (i = 1; i < COUNTERS_BUCKETS; i++)
		ck_assert_int_gt(counters_bounds[i], counters_bounds[i - 1]);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { a_request_is_in_every_count,
		status_and_time_choose_the_count,
		tries_to_call_are_counted_by_their_end,
		questions_to_maps_are_counted_by_what_came_of_them,
		a_name_keeps_its_place, names_beyond_the_table_share_a_place,
		threads_of_several_processes_lose_nothing,
		a_process_that_dies_with_the_lock_stops_nobody,
		rows_stand_at_their_counter };

	return unit_run("counters", tests, COUNT(tests));
}
