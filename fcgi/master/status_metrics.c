/* SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "fcgi/net/balance.h"
#include "fcgi/master/status.h"
#include "log/counters.h"
#include "log/prometheus.h"
#include "shared/shared.h"

#define REQUESTS "ctim_relay_requests_total"
#define DURATION "ctim_relay_request_duration_seconds"

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

static void
put_duration(
    struct buf *b, struct prometheus_label relay, const uint64_t sum[COUNTERS])
{
	prometheus_histogram(b, DURATION, relay, &sum[COUNTER_LATENCY],
	    counters_bounds, COUNTERS_BUCKETS, (int64_t)sum[COUNTER_MS]);
}

/* All samples of a metric stand together: so every metric goes through all
 * relays.  row: of a plain counter; else put. */
static void
each_relay(struct buf *b, const struct counters *c,
    const struct counters_row *row,
    void (*put)(struct buf *, struct prometheus_label, const uint64_t *))
{
	uint64_t sum[COUNTERS];
	struct prometheus_label relay = { "relay", NULL };
	size_t i, n = counters_relays(c);

	for (i = 0; i < n; i++) {
		counters_sum(c, i, sum);
		relay.value = counters_name(c, i);
		if (put != NULL)
			put(b, relay, sum);
		else
			prometheus_count(b,
			    &(struct prometheus_sample){
				.metric = row->metric, .label = { relay } },
			    sum[row->counter]);
	}
}

static void
put_counters(struct buf *b, const struct counters *c)
{
	const struct counters_row *row;

	prometheus_head(
	    b, REQUESTS, "counter", "Requests answered, by class of status.");
	each_relay(b, c, NULL, put_requests);
	for (row = counters_rows; row->json != NULL; row++) {
		if (row->metric == NULL)
			continue;
		prometheus_head(b, row->metric, "counter", row->help);
		each_relay(b, c, row, NULL);
	}
	prometheus_head(b, DURATION, "histogram", "Time that requests took.");
	each_relay(b, c, NULL, put_duration);
	status_metrics_number(b, "ctim_relay_refused_total", "counter",
	    "Requests answered "
	    "with 503, no thread or memory being free.",
	    atomic_load(&c->refused));
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
}
