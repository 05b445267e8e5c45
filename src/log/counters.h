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
#define COUNTERS_BUCKETS 15 /* of a histogram; the last has no bound */
#define COUNTERS_CELLS   (COUNTERS_BUCKETS + 1) /* and the ms in sum */

struct log_request;

/* What came of a request.  Few, as each costs as many time series as a histogram
 * has buckets, for every relay. */
enum counters_outcome {
	COUNTERS_OK,      /* below 400, without an error in the answer */
	COUNTERS_ERRORS,  /* the same with errors or warnings in it */
	COUNTERS_REFUSED, /* 4xx */
	COUNTERS_FAILED,  /* 5xx */
	COUNTERS_OUTCOMES
};

/* What came of a question to the program of a described provider. */
enum counters_map {
	COUNTERS_MAP_DONE,
	COUNTERS_MAP_ERROR,  /* it says that it cannot, or wrote too much */
	COUNTERS_MAP_LATE,   /* killed at its deadline */
	COUNTERS_MAP_CRASH,  /* its process died of it */
	COUNTERS_MAP_MEMORY, /* it had too little */
	COUNTERS_MAP_OFF,    /* not asked, as it failed too often */
	COUNTERS_MAP_UNAVAILABLE, /* no process could be had */
	COUNTERS_MAPS
};

/* How a try to call a service ended. */
enum counters_end {
	COUNTERS_END_OK,      /* an answer below 400 */
	COUNTERS_END_4XX,     /* but for 429 */
	COUNTERS_END_LIMITED, /* 429 */
	COUNTERS_END_5XX,
	COUNTERS_END_TIMEOUT,
	COUNTERS_END_BROKEN, /* no answer, or one that cannot be read */
	COUNTERS_ENDS
};

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
	COUNTER_LEFT_OUT,
	/* Histograms of time, COUNTERS_CELLS each: of requests, one for each
	 * outcome, of tries to call the service, and of questions to the program
	 * of a described provider. */
	COUNTER_LATENCY,
	COUNTER_UPSTREAM = COUNTER_LATENCY + COUNTERS_OUTCOMES * COUNTERS_CELLS,
	COUNTER_MAP = COUNTER_UPSTREAM + COUNTERS_ENDS * COUNTERS_CELLS,
	/* Those questions, by enum counters_map. */
	COUNTER_MAPPED = COUNTER_MAP + COUNTERS_CELLS,
	COUNTERS = COUNTER_MAPPED + COUNTERS_MAPS
};

/* The names of each counter but those of histograms. */
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
	_Atomic uint64_t unsealed; /* values of the cache that did not open */
	struct counters_shard shard[COUNTERS_SHARDS];
};

/* Where a thread counts for a relay. */
struct counters_place {
	struct counters *counters; /* NULL: nowhere */
	size_t shard, relay;
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
/* Counts a try to call the service, which took ms. */
void counters_upstream(
    const struct counters_place *, enum counters_end, int64_t ms);
/* Counts a question to the program of a described provider; what was not put to it
 * took no time. */
void counters_map(const struct counters_place *, enum counters_map, int64_t ms);
/* Counts what completion left out of an answer. */
void counters_left_out(const struct counters_place *, size_t n);
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
/* All questions to programs of a sum. */
uint64_t counters_mapped(const uint64_t sum[COUNTERS]);
/* The histogram of all requests of a sum, whatever came of them. */
void counters_latency(
    const uint64_t sum[COUNTERS], uint64_t cells[COUNTERS_CELLS]);

/* By counter, ended by a row without a name. */
extern const struct counters_row counters_rows[];
/*
 * The most ms of each bucket; the last is INT64_MAX.  They are the same for all
 * relays and never change, so that gateways can be summed up: from what a store or
 * the cache needs to the deadline of a request as it is unless set, and the usual
 * bounds of promises in between.  No step is more than 2.5 times the one before.
 */
extern const int64_t counters_bounds[COUNTERS_BUCKETS];
extern const char *const counters_outcomes[COUNTERS_OUTCOMES];
extern const char *const counters_ends[COUNTERS_ENDS];
/* Of failures; "done" is none. */
extern const char *const counters_maps[COUNTERS_MAPS];

#endif
