/* SPDX-License-Identifier: MIT */
/*
 * prometheus: writes metrics in Prometheus's text format.
 * Source: Prometheus documentation, "Exposition formats", "Text-based format".
 */
#ifndef CTIM_PROMETHEUS_H
#define CTIM_PROMETHEUS_H

#include <stddef.h>
#include <stdint.h>

struct buf;

/* One label; values come from outside and are escaped.  A label without a value
 * (NULL) is left out. */
struct prometheus_label {
	const char *name, *value;
};

#define PROMETHEUS_LABELS 3 /* of a sample, at most */

struct prometheus_sample {
	const char *metric;
	const char *suffix; /* "_sum"; NULL for none */
	struct prometheus_label label[PROMETHEUS_LABELS];
};

/* The two lines before a metric's samples, which must follow at once. */
void prometheus_head(
    struct buf *, const char *metric, const char *type, const char *help);
void prometheus_count(struct buf *, const struct prometheus_sample *, uint64_t);
/* A time, which Prometheus wants in seconds. */
void prometheus_ms(struct buf *, const struct prometheus_sample *, int64_t);
/*
 * A histogram of n buckets: the count of each alone (not of those before it),
 * the most ms of each (the last has no bound), and the sum of all times in ms.
 */
void prometheus_histogram(struct buf *, const char *metric,
    const struct prometheus_label label[PROMETHEUS_LABELS - 1],
    const uint64_t *buckets, const int64_t *bounds, size_t n, int64_t sum);

#endif
