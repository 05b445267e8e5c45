/* SPDX-License-Identifier: MIT */
#include <unistd.h>

#include "base/buf.h"
#include "base/rfc3339.h"
#include "conf/conf.h"
#include "fcgi/net/balance.h"
#include "fcgi/master/status.h"
#include "json/jsonout.h"
#include "log/counters.h"
#include "shared/shared.h"

static void
put_time(struct jsonout *j, const char *key, int64_t t)
{
	char text[RFC3339_MAX];

	rfc3339_text(text, t);
	jsonout_kstring(j, key, text);
}

static void
put_workers(struct jsonout *j, const struct status *s)
{
	int i;

	jsonout_key(j, "workers");
	jsonout_object(j);
	jsonout_kint(j, "wanted", s->wanted);
	for (i = 0; i < STATUS_WORKERS; i++)
		jsonout_kint(j, status_workers[i], s->worker[i]);
	jsonout_kint(j, "deaths", (int64_t)s->deaths);
	jsonout_end_object(j);
	jsonout_key(j, "threads");
	jsonout_object(j);
	jsonout_kint(j, "all", s->threads);
	jsonout_kint(j, "busy", s->busy);
	jsonout_end_object(j);
	jsonout_key(j, "queue");
	jsonout_object(j);
	jsonout_kint(j, "waiting", s->queued);
	jsonout_kint(j, "places", s->places);
	jsonout_kint(
	    j, "refused", (int64_t)atomic_load(&s->outside->counters.refused));
	jsonout_end_object(j);
	jsonout_key(j, "memory");
	jsonout_object(j);
	jsonout_kint(j, "waiting", s->large);
	jsonout_end_object(j);
	jsonout_key(j, "connections");
	jsonout_object(j);
	jsonout_kint(j, "requests", s->requests);
	jsonout_kint(j, "readers", s->readers);
	jsonout_kint(j, "dropped", (int64_t)s->dropped);
	jsonout_end_object(j);
	if (s->map_workers >= 0)
		jsonout_kint(j, "map_workers", s->map_workers);
}

/* Of a relay that has asked a program; the bounds are those of "latency". */
static void
put_map(struct jsonout *j, const uint64_t sum[COUNTERS])
{
	size_t i;

	if (counters_mapped(sum) == 0)
		return;
	jsonout_kobject(j, "map");
	jsonout_kint(j, "asked", (int64_t)counters_mapped(sum));
	jsonout_kint(j, "ms", (int64_t)sum[COUNTER_MAP + COUNTERS_BUCKETS]);
	jsonout_kobject(j, "failures");
	for (i = COUNTERS_MAP_DONE + 1; i < COUNTERS_MAPS; i++)
		jsonout_kint(
		    j, counters_maps[i], (int64_t)sum[COUNTER_MAPPED + i]);
	jsonout_end_object(j);
	jsonout_end_object(j);
}

static void
put_counts(struct jsonout *j, const uint64_t sum[COUNTERS])
{
	const struct counters_row *row;
	uint64_t cells[COUNTERS_CELLS];
	size_t i;

	counters_latency(sum, cells);
	jsonout_kint(j, "requests", (int64_t)counters_requests(sum));
	for (row = counters_rows; row->json != NULL; row++)
		jsonout_kint(j, row->json, (int64_t)sum[row->counter]);
	jsonout_kint(j, "ms", (int64_t)cells[COUNTERS_BUCKETS]);
	jsonout_key(j, "latency");
	jsonout_array(j);
	for (i = 0; i < COUNTERS_BUCKETS; i++) {
		jsonout_object(j);
		if (i + 1 < COUNTERS_BUCKETS)
			jsonout_kint(j, "ms", counters_bounds[i]);
		jsonout_kint(j, "requests", (int64_t)cells[i]);
		jsonout_end_object(j);
	}
	jsonout_end_array(j);
	put_map(j, sum);
}

static void
put_relays(struct jsonout *j, const struct counters *c)
{
	uint64_t sum[COUNTERS], total[COUNTERS] = { 0 };
	size_t i, k, n = counters_relays(c);

	jsonout_key(j, "relays");
	jsonout_array(j);
	for (i = 0; i < n; i++) {
		counters_sum(c, i, sum);
		for (k = 0; k < COUNTERS; k++)
			total[k] += sum[k];
		jsonout_object(j);
		jsonout_kstring(j, "name", counters_name(c, i));
		put_counts(j, sum);
		jsonout_end_object(j);
	}
	jsonout_end_array(j);
	jsonout_key(j, "total");
	jsonout_object(j);
	put_counts(j, total);
	jsonout_end_object(j);
}

static void
status_json_put_breakers(struct jsonout *j, const struct status *s)
{
	const struct breaker_seen *b;

	jsonout_key(j, "breakers");
	jsonout_array(j);
	for (b = s->breaker; b < s->breaker + s->n_breakers; b++) {
		jsonout_object(j);
		jsonout_kstring(j, "host", b->host);
		jsonout_kstring(j, "state", status_breakers[b->state]);
		jsonout_kint(j, "left", (b->left + 999) / 1000);
		jsonout_kint(j, "failures", b->row);
		jsonout_kint(j, "opened", (int64_t)b->opened);
		jsonout_end_object(j);
	}
	jsonout_end_array(j);
}

static void
status_json_put_jwks(struct jsonout *j, const struct status *s)
{
	const struct keysets_seen *k;

	jsonout_key(j, "jwks");
	jsonout_array(j);
	for (k = s->jwks; k < s->jwks + s->n_jwks; k++) {
		jsonout_object(j);
		jsonout_kstring(j, "host", k->host);
		jsonout_kbool(j, "keys", k->have);
		if (k->have)
			jsonout_kint(j, "age", s->now - k->fetched);
		jsonout_kbool(j, "failed", k->failed);
		jsonout_end_object(j);
	}
	jsonout_end_array(j);
}

/* What was not told is left out. */
static void
status_json_put_quotas(struct jsonout *j, const struct status *s)
{
	const struct quota_seen *q;

	jsonout_key(j, "quotas");
	jsonout_array(j);
	for (q = s->quota; q < s->quota + s->n_quotas; q++) {
		jsonout_object(j);
		jsonout_kstring(j, "relay", q->relay);
		if (q->told.limit != -1)
			jsonout_kint(j, "limit", q->told.limit);
		if (q->told.left != -1)
			jsonout_kint(j, "left", q->told.left);
		if (q->told.reset != -1)
			put_time(j, "reset", q->told.reset);
		jsonout_end_object(j);
	}
	jsonout_end_array(j);
}

void
status_json(const struct status *s, struct buf *b)
{
	struct jsonout j;

	jsonout_init(&j, b);
	jsonout_object(&j);
	jsonout_kstring(&j, "version", CTIM_VERSION);
	jsonout_kint(&j, "pid", getpid());
	jsonout_kstring(&j, "state",
	    s->stopping                       ? "stopping" :
		s->worker[STATUS_SERVING] > 0 ? "serving" :
						"starting");
	jsonout_kstring(&j, "configuration", s->conf->file);
	put_time(&j, "started", s->started);
	put_time(&j, "loaded", s->loaded);
	jsonout_kint(&j, "uptime", s->now - s->started);
	jsonout_kint(&j, "reloads", (int64_t)s->reloads);
	jsonout_kint(&j, "reloads_refused", (int64_t)s->refused);
	put_workers(&j, s);
	put_relays(&j, &s->outside->counters);
	/* A table that was not free is left out, not shown empty. */
	if (s->n_breakers >= 0)
		status_json_put_breakers(&j, s);
	if (s->n_jwks >= 0)
		status_json_put_jwks(&j, s);
	if (s->n_quotas >= 0)
		status_json_put_quotas(&j, s);
	jsonout_end_object(&j);
	if (jsonout_done(&j) == 0)
		(void)buf_addc(b, '\n');
}
