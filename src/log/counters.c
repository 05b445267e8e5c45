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
	[COUNTER_LEFT_OUT] = { COUNTER_LEFT_OUT, "left_out",
	    "ctim_relay_map_left_out_total",
	    "Entities, references and members that a described provider's map "
	    "wrote and CTIM does not have." },
	[COUNTER_LATENCY] = { 0, NULL, NULL, NULL } };

const int64_t counters_bounds[COUNTERS_BUCKETS] = { 1, 2, 5, 10, 25, 50, 100,
	250, 500, 1000, 2500, 5000, 10000, 25000, INT64_MAX };

const char *const counters_outcomes[] = { [COUNTERS_OK] = "ok",
	[COUNTERS_ERRORS] = "errors",
	[COUNTERS_REFUSED] = "4xx",
	[COUNTERS_FAILED] = "5xx" };

const char *const counters_ends[] = { [COUNTERS_END_OK] = "ok",
	[COUNTERS_END_4XX] = "4xx",
	[COUNTERS_END_LIMITED] = "limited",
	[COUNTERS_END_5XX] = "5xx",
	[COUNTERS_END_TIMEOUT] = "timeout",
	[COUNTERS_END_BROKEN] = "broken" };

const char *const counters_maps[] = { [COUNTERS_MAP_DONE] = "done",
	[COUNTERS_MAP_ERROR] = "error",
	[COUNTERS_MAP_LATE] = "late",
	[COUNTERS_MAP_CRASH] = "crash",
	[COUNTERS_MAP_MEMORY] = "memory",
	[COUNTERS_MAP_OFF] = "off",
	[COUNTERS_MAP_UNAVAILABLE] = "unavailable" };

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

/* Adds a time to a histogram. */
static void
counters_time(_Atomic uint64_t *cells, int64_t ms)
{
	size_t bucket = 0;

	while (ms > counters_bounds[bucket])
		bucket++;
	counters_add(&cells[bucket], 1);
	if (ms > 0)
		counters_add(&cells[COUNTERS_BUCKETS], (uint64_t)ms);
}

static enum counters_outcome
counters_outcome(const struct log_request *r)
{
	if (r->status >= 500)
		return COUNTERS_FAILED;
	if (r->status >= 400)
		return COUNTERS_REFUSED;
	return r->errors > 0 ? COUNTERS_ERRORS : COUNTERS_OK;
}

void
counters_request(
    struct counters *c, size_t shard, size_t relay, const struct log_request *r)
{
	_Atomic uint64_t *n = c->shard[shard].n[relay];

	assert(shard < COUNTERS_SHARDS && relay < COUNTERS_RELAYS);
	counters_add(&n[r->status < 400      ? COUNTER_2XX :
			     r->status < 500 ? COUNTER_4XX :
					       COUNTER_5XX],
	    1);
	counters_add(&n[COUNTER_ERRORS], r->errors);
	counters_add(&n[COUNTER_OBSERVABLES], r->observables);
	counters_add(&n[COUNTER_ENTITIES], r->entities);
	counters_add(&n[COUNTER_CALLS], r->calls);
	counters_add(&n[COUNTER_CACHED], r->cached);
	counters_add(&n[COUNTER_RETRIES], r->retried);
	counters_add(&n[COUNTER_HELD], r->held);
	counters_add(&n[COUNTER_BYTES], r->bytes);
	counters_time(
	    &n[COUNTER_LATENCY + counters_outcome(r) * COUNTERS_CELLS], r->ms);
}

void
counters_upstream(
    const struct counters_place *p, enum counters_end end, int64_t ms)
{
	if (p->counters != NULL)
		counters_time(
		    &p->counters->shard[p->shard]
			 .n[p->relay][COUNTER_UPSTREAM + end * COUNTERS_CELLS],
		    ms);
}

void
counters_map(
    const struct counters_place *p, enum counters_map result, int64_t ms)
{
	_Atomic uint64_t *n;

	if (p->counters == NULL)
		return;
	n = p->counters->shard[p->shard].n[p->relay];
	counters_add(&n[COUNTER_MAPPED + result], 1);
	if (result != COUNTERS_MAP_OFF && result != COUNTERS_MAP_UNAVAILABLE)
		counters_time(&n[COUNTER_MAP], ms);
}

void
counters_left_out(const struct counters_place *p, size_t n)
{
	if (p->counters != NULL)
		counters_add(
		    &p->counters->shard[p->shard].n[p->relay][COUNTER_LEFT_OUT],
		    n);
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
	size_t s, i, used = atomic_load(&c->threads);

	memset(sum, 0, COUNTERS * sizeof(sum[0]));
	/* To look at what no thread counts in would fill it with pages. */
	if (used > COUNTERS_SHARDS)
		used = COUNTERS_SHARDS;
	for (s = 0; s < used; s++)
		for (i = 0; i < COUNTERS; i++)
			sum[i] += atomic_load_explicit(
			    &c->shard[s].n[relay][i], memory_order_relaxed);
}

uint64_t
counters_requests(const uint64_t sum[COUNTERS])
{
	return sum[COUNTER_2XX] + sum[COUNTER_4XX] + sum[COUNTER_5XX];
}

uint64_t
counters_mapped(const uint64_t sum[COUNTERS])
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < COUNTERS_MAPS; i++)
		n += sum[COUNTER_MAPPED + i];
	return n;
}

void
counters_latency(const uint64_t sum[COUNTERS], uint64_t cells[COUNTERS_CELLS])
{
	size_t o, i;

	memset(cells, 0, COUNTERS_CELLS * sizeof(cells[0]));
	for (o = 0; o < COUNTERS_OUTCOMES; o++)
		for (i = 0; i < COUNTERS_CELLS; i++)
			cells[i] +=
			    sum[COUNTER_LATENCY + o * COUNTERS_CELLS + i];
}
