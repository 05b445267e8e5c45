/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "log/counters.h"
#include "log/log.h"
#include "os/robustlock.h"

#define OTHERS (COUNTERS_RELAYS - 1)

const struct counters_row counters_rows[] = { [COUNTER_2XX] = { COUNTER_2XX,
						  "2xx", NULL, NULL },
	[COUNTER_4XX] = { COUNTER_4XX, "4xx", NULL, NULL },
	[COUNTER_5XX] = { COUNTER_5XX, "5xx", NULL, NULL },
	[COUNTER_ERRORS] = { COUNTER_ERRORS, "errors",
	    "ctim_relay_errors_total", "Errors and warnings in answers." },
	[COUNTER_OBSERVABLES] = { COUNTER_OBSERVABLES, "observables",
	    "ctim_relay_observables_total", "Observables asked about." },
	[COUNTER_ENTITIES] = { COUNTER_ENTITIES, "entities",
	    "ctim_relay_entities_total", "Entities in answers." },
	[COUNTER_CALLS] = { COUNTER_CALLS, "calls",
	    "ctim_relay_provider_calls_total",
	    "Calls to providers that requests needed, those that the "
	    "cache answered among them." },
	[COUNTER_CACHED] = { COUNTER_CACHED, "cached",
	    "ctim_relay_cache_hits_total",
	    "Calls to providers that the cache answered." },
	[COUNTER_RETRIES] = { COUNTER_RETRIES, "retries",
	    "ctim_relay_provider_retries_total",
	    "Calls to providers that were made again." },
	[COUNTER_HELD] = { COUNTER_HELD, "held", "ctim_relay_held_back_total",
	    "Observables that [egress] held back." },
	[COUNTER_BYTES] = { COUNTER_BYTES, "bytes",
	    "ctim_relay_answer_bytes_total", "Bytes of answers' bodies." },
	[COUNTER_MS] = { COUNTER_MS, "ms", NULL, NULL },
	[COUNTER_LATENCY] = { 0, NULL, NULL, NULL } };

const int64_t counters_bounds[COUNTERS_BUCKETS] = { 1, 5, 10, 25, 50, 100, 250,
	500, 1000, 5000, 25000, INT64_MAX };

int
counters_init(struct counters *c)
{
	(void)snprintf(c->name[0], sizeof(c->name[0]), "-");
	(void)snprintf(c->name[OTHERS], sizeof(c->name[OTHERS]), "(others)");
	atomic_store(&c->relays, 1);
	return robustlock_init(&c->lock);
}

size_t
counters_relay(struct counters *c, const char *name)
{
	size_t i, n;

	if (name == NULL)
		return 0;
	/* A name that a dead worker left half written is not in the number of
	 * relays yet, and is overwritten. */
	(void)robustlock_take(&c->lock);
	n = atomic_load(&c->relays);
	for (i = 1; i < n && strcmp(c->name[i], name) != 0; i++)
		;
	if (i == n && n < OTHERS) {
		(void)snprintf(c->name[n], sizeof(c->name[n]), "%s", name);
		atomic_store(&c->relays, n + 1);
	}
	robustlock_give(&c->lock);
	return i;
}

size_t
counters_shard(struct counters *c)
{
	return atomic_fetch_add(&c->threads, 1) % COUNTERS_SHARDS;
}

static void
counters_add(_Atomic uint64_t *n, uint64_t more)
{
	if (more > 0)
		atomic_fetch_add_explicit(n, more, memory_order_relaxed);
}

void
counters_request(
    struct counters *c, size_t shard, size_t relay, const struct log_request *r)
{
	_Atomic uint64_t *n = c->shard[shard].n[relay];
	uint64_t ms = r->ms > 0 ? (uint64_t)r->ms : 0;
	size_t bucket = COUNTER_LATENCY;

	assert(shard < COUNTERS_SHARDS && relay < COUNTERS_RELAYS);
	while (r->ms > counters_bounds[bucket - COUNTER_LATENCY])
		bucket++;
	counters_add(&n[r->status < 400      ? COUNTER_2XX :
			     r->status < 500 ? COUNTER_4XX :
					       COUNTER_5XX],
	    1);
	counters_add(&n[bucket], 1);
	counters_add(&n[COUNTER_ERRORS], r->errors);
	counters_add(&n[COUNTER_OBSERVABLES], r->observables);
	counters_add(&n[COUNTER_ENTITIES], r->entities);
	counters_add(&n[COUNTER_CALLS], r->calls);
	counters_add(&n[COUNTER_CACHED], r->cached);
	counters_add(&n[COUNTER_RETRIES], r->retried);
	counters_add(&n[COUNTER_HELD], r->held);
	counters_add(&n[COUNTER_BYTES], r->bytes);
	counters_add(&n[COUNTER_MS], ms);
}

void
counters_refused(struct counters *c)
{
	counters_add(&c->refused, 1);
}

size_t
counters_relays(const struct counters *c)
{
	size_t n = atomic_load(&c->relays);

	return n < OTHERS ? n : COUNTERS_RELAYS;
}

const char *
counters_name(const struct counters *c, size_t relay)
{
	return c->name[relay];
}

void
counters_sum(const struct counters *c, size_t relay, uint64_t sum[COUNTERS])
{
	size_t s, i;

	memset(sum, 0, COUNTERS * sizeof(sum[0]));
	for (s = 0; s < COUNTERS_SHARDS; s++)
		for (i = 0; i < COUNTERS; i++)
			sum[i] += atomic_load_explicit(
			    &c->shard[s].n[relay][i], memory_order_relaxed);
}

uint64_t
counters_requests(const uint64_t sum[COUNTERS])
{
	return sum[COUNTER_2XX] + sum[COUNTER_4XX] + sum[COUNTER_5XX];
}
