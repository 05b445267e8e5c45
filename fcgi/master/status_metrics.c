/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>

#include "base/buf.h"
#include "fcgi/net/balance.h"
#include "fcgi/master/status.h"
#include "log/counters.h"
#include "log/prometheus.h"
#include "shared/shared.h"

#define REQUESTS "ctim_relay_requests_total"
#define DURATION "ctim_relay_request_duration_seconds"
#define UPSTREAM "ctim_relay_upstream_duration_seconds"
#define MAP      "ctim_relay_map_seconds"
#define MAP_FAIL "ctim_relay_map_failures_total"

/* What was counted, of all relays. */
struct counted {
	const struct counters *counters;
	size_t n;
	uint64_t sum[COUNTERS_RELAYS][COUNTERS];
};

/* A metric that is one number. */
static void
status_metrics_number(struct buf *b, const char *metric, const char *type,
    const char *help, uint64_t n)
{
	prometheus_head(b, metric, type, help);
	prometheus_count(b, &(struct prometheus_sample){ .metric = metric }, n);
}

/* The sums of one relay, as samples of one metric. */
static void
put_requests(
    struct buf *b, struct prometheus_label relay, const uint64_t sum[COUNTERS])
{
	static const enum counter classes[] = { COUNTER_2XX, COUNTER_4XX,
		COUNTER_5XX };
	size_t i;

	for (i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
		prometheus_count(b,
		    &(struct prometheus_sample){ .metric = REQUESTS,
			.label = { relay,
			    { "code", counters_rows[classes[i]].json } } },
		    sum[classes[i]]);
}

/* A histogram for each outcome. */
static void
put_times(struct buf *b, const char *metric, struct prometheus_label relay,
    const char *const *outcomes, size_t n, const uint64_t *cells)
{
	struct prometheus_label labels[] = { relay, { "outcome", NULL } };
	size_t i;

	for (i = 0; i < n; i++, cells += COUNTERS_CELLS) {
		labels[1].value = outcomes[i];
		prometheus_histogram(b, metric, labels, cells, counters_bounds,
		    COUNTERS_BUCKETS, (int64_t)cells[COUNTERS_BUCKETS]);
	}
}

static void
put_duration(
    struct buf *b, struct prometheus_label relay, const uint64_t sum[COUNTERS])
{
	put_times(b, DURATION, relay, counters_outcomes, COUNTERS_OUTCOMES,
	    &sum[COUNTER_LATENCY]);
}

/* Of relays that have called a service. */
static void
put_upstream(
    struct buf *b, struct prometheus_label relay, const uint64_t sum[COUNTERS])
{
	size_t i = COUNTER_UPSTREAM;

	while (i < COUNTERS && sum[i] == 0)
		i++;
	if (i < COUNTERS)
		put_times(b, UPSTREAM, relay, counters_ends, COUNTERS_ENDS,
		    &sum[COUNTER_UPSTREAM]);
}

/* Of relays that have asked a program. */
static void
put_maps(
    struct buf *b, struct prometheus_label relay, const uint64_t sum[COUNTERS])
{
	struct prometheus_label labels[] = { relay, { NULL, NULL } };
	const uint64_t *cells = &sum[COUNTER_MAP];

	if (counters_mapped(sum) > 0)
		prometheus_histogram(b, MAP, labels, cells, counters_bounds,
		    COUNTERS_BUCKETS, (int64_t)cells[COUNTERS_BUCKETS]);
}

static void
put_map_failures(
    struct buf *b, struct prometheus_label relay, const uint64_t sum[COUNTERS])
{
	size_t i;

	if (counters_mapped(sum) == 0)
		return;
	for (i = COUNTERS_MAP_DONE + 1; i < COUNTERS_MAPS; i++)
		prometheus_count(b,
		    &(struct prometheus_sample){ .metric = MAP_FAIL,
			.label = { relay, { "reason", counters_maps[i] } } },
		    sum[COUNTER_MAPPED + i]);
}

/* All samples of a metric stand together: so every metric goes through all
 * relays.  row: of a plain counter; else put. */
static void
each_relay(struct buf *b, const struct counted *c,
    const struct counters_row *row,
    void (*put)(struct buf *, struct prometheus_label, const uint64_t *))
{
	struct prometheus_label relay = { "relay", NULL };
	size_t i;

	for (i = 0; i < c->n; i++) {
		relay.value = counters_name(c->counters, i);
		if (put != NULL)
			put(b, relay, c->sum[i]);
		else
			prometheus_count(b,
			    &(struct prometheus_sample){
				.metric = row->metric, .label = { relay } },
			    c->sum[i][row->counter]);
	}
}

static void
put_counters(struct buf *b, const struct counters *counters)
{
	struct counted c = { .counters = counters,
		.n = counters_relays(counters) };
	const struct counters_row *row;
	size_t i;

	for (i = 0; i < c.n; i++)
		counters_sum(counters, i, c.sum[i]);
	prometheus_head(
	    b, REQUESTS, "counter", "Requests answered, by class of status.");
	each_relay(b, &c, NULL, put_requests);
	for (row = counters_rows; row->json != NULL; row++) {
		if (row->metric == NULL)
			continue;
		prometheus_head(b, row->metric, "counter", row->help);
		each_relay(b, &c, row, NULL);
	}
	prometheus_head(b, DURATION, "histogram",
	    "Time that requests took, by what came of them.");
	each_relay(b, &c, NULL, put_duration);
	prometheus_head(b, UPSTREAM, "histogram",
	    "Time that tries to call the service took, by how they ended.");
	each_relay(b, &c, NULL, put_upstream);
	prometheus_head(b, MAP, "histogram",
	    "Time that questions to maps of described providers took.");
	each_relay(b, &c, NULL, put_maps);
	prometheus_head(b, MAP_FAIL, "counter",
	    "Questions to maps that failed, by the reason.");
	each_relay(b, &c, NULL, put_map_failures);
	status_metrics_number(b, "ctim_relay_refused_total", "counter",
	    "Requests answered "
	    "with 503, no thread or memory being free.",
	    atomic_load(&counters->refused));
	status_metrics_number(b, "ctim_relay_cache_unsealed_total", "counter",
	    "Values at the cache's server that are not of this key.",
	    atomic_load(&counters->unsealed));
}

/* Connections that hold no thread, and requests that do not. */
static void
put_waiting(struct buf *b, const struct status *s)
{
	static const char waiting[] = "ctim_relay_connections_waiting";

	prometheus_head(b, waiting, "gauge",
	    "Connections that wait without a thread, by what for.");
	prometheus_count(b,
	    &(struct prometheus_sample){
		.metric = waiting, .label = { { "for", "request" } } },
	    (uint64_t)s->requests);
	prometheus_count(b,
	    &(struct prometheus_sample){
		.metric = waiting, .label = { { "for", "reader" } } },
	    (uint64_t)s->readers);
	status_metrics_number(b, "ctim_relay_memory_waiting", "gauge",
	    "Large requests that wait for memory.", (uint64_t)s->large);
	status_metrics_number(b, "ctim_relay_connections_dropped_total",
	    "counter", "Such connections that were too slow, or too many.",
	    s->dropped);
}

static void
put_pool(struct buf *b, const struct status *s)
{
	static const char workers[] = "ctim_relay_workers";
	static const char maps[] = "ctim_relay_map_workers";
	int i;

	prometheus_head(b, workers, "gauge", "Worker processes, by state.");
	for (i = 0; i < STATUS_WORKERS; i++)
		prometheus_count(b,
		    &(struct prometheus_sample){ .metric = workers,
			.label = { { "state", status_workers[i] } } },
		    (uint64_t)s->worker[i]);
	status_metrics_number(b, "ctim_relay_workers_wanted", "gauge",
	    "Worker processes that there should be.", (uint64_t)s->wanted);
	status_metrics_number(b, "ctim_relay_worker_deaths_total", "counter",
	    "Workers that ended when they should not have.", s->deaths);
	status_metrics_number(b, "ctim_relay_threads", "gauge",
	    "Threads that serve.", (uint64_t)s->threads);
	status_metrics_number(b, "ctim_relay_threads_busy", "gauge",
	    "Threads that have a request.", (uint64_t)s->busy);
	status_metrics_number(b, "ctim_relay_queue_length", "gauge",
	    "Requests that wait for a thread.", (uint64_t)s->queued);
	status_metrics_number(b, "ctim_relay_queue_places", "gauge",
	    "The greatest length of the queue.", (uint64_t)s->places);
	put_waiting(b, s);
	prometheus_head(b, maps, "gauge",
	    "Processes that run maps of described providers.");
	if (s->map_workers >= 0)
		prometheus_count(b,
		    &(struct prometheus_sample){ .metric = maps },
		    (uint64_t)s->map_workers);
	status_metrics_number(b, "ctim_relay_start_time_seconds", "gauge",
	    "When the pool was started, since 1970.", (uint64_t)s->started);
	status_metrics_number(b, "ctim_relay_load_time_seconds", "gauge",
	    "When the "
	    "configuration in force was read, since 1970.",
	    (uint64_t)s->loaded);
	status_metrics_number(b, "ctim_relay_reloads_total", "counter",
	    "Configurations read again and taken.", s->reloads);
	status_metrics_number(b, "ctim_relay_reloads_refused_total", "counter",
	    "Configurations read again and refused.", s->refused);
}

static void
status_metrics_put_breakers(struct buf *b, const struct status *s)
{
	static const char open[] = "ctim_relay_breaker_open";
	static const char opened[] = "ctim_relay_breaker_opened_total";
	const struct breaker_seen *x;
	int i;

	prometheus_head(b, open, "gauge",
	    "Whether the circuit of a host is open, or half open.");
	for (i = 0; i < s->n_breakers; i++) {
		x = &s->breaker[i];
		prometheus_count(b,
		    &(struct prometheus_sample){
			.metric = open, .label = { { "host", x->host } } },
		    x->state != BREAKER_CLOSED);
	}
	prometheus_head(
	    b, opened, "counter", "How often the circuit of a host opened.");
	for (i = 0; i < s->n_breakers; i++) {
		x = &s->breaker[i];
		prometheus_count(b,
		    &(struct prometheus_sample){
			.metric = opened, .label = { { "host", x->host } } },
		    x->opened);
	}
}

static void
status_metrics_put_jwks(struct buf *b, const struct status *s)
{
	static const char age[] = "ctim_relay_jwks_age_seconds";
	static const char failures[] = "ctim_relay_jwks_failures_total";
	const struct keysets_seen *k;
	int i;

	prometheus_head(b, age, "gauge", "Age of a host's key set.");
	for (i = 0; i < s->n_jwks; i++) {
		k = &s->jwks[i];
		if (k->have && k->fetched <= s->now)
			prometheus_count(b,
			    &(struct prometheus_sample){ .metric = age,
				.label = { { "host", k->host } } },
			    (uint64_t)(s->now - k->fetched));
	}
	prometheus_head(
	    b, failures, "counter", "Fetches of a host's key set that failed.");
	for (i = 0; i < s->n_jwks; i++)
		prometheus_count(b,
		    &(struct prometheus_sample){ .metric = failures,
			.label = { { "host", s->jwks[i].host } } },
		    s->jwks[i].failures);
}

/* What relays were told last, of those numbers that were told. */
static void
status_metrics_quota(struct buf *b, const struct status *s, const char *metric,
    const char *help, size_t offset)
{
	const struct quota_seen *q;
	int64_t n;

	prometheus_head(b, metric, "gauge", help);
	for (q = s->quota; q < s->quota + s->n_quotas; q++) {
		memcpy(&n, (const char *)&q->told + offset, sizeof(n));
		if (n != -1)
			prometheus_count(b,
			    &(struct prometheus_sample){ .metric = metric,
				.label = { { "relay", q->relay } } },
			    (uint64_t)n);
	}
}

static void
status_metrics_put_quotas(struct buf *b, const struct status *s)
{
	status_metrics_quota(b, s, "ctim_relay_quota_limit",
	    "Calls that the service of a relay takes in a window, as its last "
	    "answer said.",
	    offsetof(struct ratelimit, limit));
	status_metrics_quota(b, s, "ctim_relay_quota_left",
	    "Calls that are left in the window at hand, as its last answer "
	    "said.",
	    offsetof(struct ratelimit, left));
}

void
status_metrics(const struct status *s, struct buf *b)
{
	static const char info[] = "ctim_relay_info";

	prometheus_head(b, info, "gauge", "The version that runs.");
	prometheus_count(b,
	    &(struct prometheus_sample){
		.metric = info, .label = { { "version", CTIM_VERSION } } },
	    1);
	put_pool(b, s);
	put_counters(b, &s->outside->counters);
	status_metrics_put_breakers(b, s);
	status_metrics_put_jwks(b, s);
	status_metrics_put_quotas(b, s);
}
