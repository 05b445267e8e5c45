/* SPDX-License-Identifier: MIT */
/*
 * counters: all threads of all workers count requests in shared memory.  The
 * counts outlive a worker that is killed, and a reload; they begin anew with
 * the master.
 *
 * Each thread counts in one of several shards, which lie on cache lines of
 * their own, by relaxed atomic additions: no thread waits for another.
 */
#ifndef CTIM_COUNTERS_H
#define CTIM_COUNTERS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"

#define COUNTERS_SHARDS 32
#define COUNTERS_RELAYS \
	64                  /* the gateway itself, relays, and all that
				 * came when no place was left */
#define COUNTERS_BUCKETS 12 /* of the latency; the last has no bound */

struct log_request;

enum counter {
	COUNTER_2XX,
	COUNTER_4XX,
	COUNTER_5XX, /* requests, by their status */
	COUNTER_ERRORS,
	COUNTER_OBSERVABLES,
	COUNTER_ENTITIES,
	COUNTER_CALLS,
	COUNTER_CACHED,
	COUNTER_RETRIES,
	COUNTER_HELD,
	COUNTER_BYTES,
	COUNTER_MS,      /* that requests took, in sum */
	COUNTER_LATENCY, /* requests, by bucket */
	COUNTERS = COUNTER_LATENCY + COUNTERS_BUCKETS
};

/* The names of each counter but those of the latency. */
struct counters_row {
	enum counter counter;
	const char *json;   /* member */
	const char *metric; /* Prometheus's name */
	const char *help;
};

struct counters_shard {
	_Alignas(64) _Atomic uint64_t n[COUNTERS_RELAYS][COUNTERS];
};

struct counters {
	pthread_mutex_t lock;     /* for a new name */
	_Atomic unsigned threads; /* that ever took a shard */
	_Atomic size_t relays;    /* names in use; they never change */
	char name[COUNTERS_RELAYS][CONF_NAME_MAX + 1];
	_Alignas(64) _Atomic uint64_t refused;
	struct counters_shard shard[COUNTERS_SHARDS];
};

/* On zeroed memory; 0, or -1 with errno. */
int counters_init(struct counters *);

/* The place of a relay, which its name keeps for good; NULL: the gateway
 * itself. */
size_t counters_relay(struct counters *, const char *name);
/* A shard for a thread that begins. */
size_t counters_shard(struct counters *);
/* Counts a request that has ended. */
void counters_request(
    struct counters *, size_t shard, size_t relay, const struct log_request *);
/* Counts a request that got no thread: 503.  It is in no other count. */
void counters_refused(struct counters *);

/* How many places are in use.  The first is the gateway's own, "-"; the last,
 * "(others)", is there when it is needed. */
size_t counters_relays(const struct counters *);
const char *counters_name(const struct counters *, size_t relay);
/* Sums all shards of a relay up. */
void counters_sum(
    const struct counters *, size_t relay, uint64_t sum[COUNTERS]);
/* All requests of a sum. */
uint64_t counters_requests(const uint64_t sum[COUNTERS]);

/* By counter, ended by a row without a name. */
extern const struct counters_row counters_rows[];
/* The most ms of each bucket; the last is INT64_MAX. */
extern const int64_t counters_bounds[COUNTERS_BUCKETS];

#endif
