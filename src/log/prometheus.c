/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "base/buf.h"
#include "log/prometheus.h"

void
prometheus_head(
    struct buf *b, const char *metric, const char *type, const char *help)
{
	buf_addf(b, "# HELP %s %s\n# TYPE %s %s\n", metric, help, metric, type);
}

static void
add_escaped(struct buf *b, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '\n') {
			buf_adds(b, "\\n");
			continue;
		}
		if (*s == '\\' || *s == '"')
			buf_addc(b, '\\');
		buf_addc(b, *s);
	}
}

/* The line up to its value. */
static void
prometheus_begin(struct buf *b, const struct prometheus_sample *s)
{
	const struct prometheus_label *l;
	const char *open = "{";

	buf_adds(b, s->metric);
	if (s->suffix != NULL)
		buf_adds(b, s->suffix);
	for (l = s->label; l < s->label + PROMETHEUS_LABELS; l++) {
		if (l->name == NULL || l->value == NULL)
			continue;
		buf_addf(b, "%s%s=\"", open, l->name);
		add_escaped(b, l->value);
		buf_addc(b, '"');
		open = ",";
	}
	buf_adds(b, *open == ',' ? "} " : " ");
}

void
prometheus_count(struct buf *b, const struct prometheus_sample *s, uint64_t n)
{
	prometheus_begin(b, s);
	buf_addf(b, "%" PRIu64 "\n", n);
}

static void
add_seconds(struct buf *b, int64_t ms)
{
	buf_addf(b, "%s%" PRId64 ".%03d", ms < 0 ? "-" : "",
	    ms < 0 ? -(ms / 1000) : ms / 1000,
	    (int)(ms < 0 ? -(ms % 1000) : ms % 1000));
}

void
prometheus_ms(struct buf *b, const struct prometheus_sample *s, int64_t ms)
{
	prometheus_begin(b, s);
	add_seconds(b, ms);
	buf_addc(b, '\n');
}

void
prometheus_histogram(struct buf *b, const char *metric,
    const struct prometheus_label label[PROMETHEUS_LABELS - 1],
    const uint64_t *buckets, const int64_t *bounds, size_t n, int64_t sum)
{
	const size_t le = PROMETHEUS_LABELS - 1;
	struct buf bound;
	struct prometheus_sample s = { .metric = metric,
		.suffix = "_bucket",
		.label = { label[0], label[1], { "le", NULL } } };
	uint64_t total = 0;
	size_t i;

	buf_init(&bound, 32);
	for (i = 0; i < n; i++) {
		buf_reset(&bound);
		if (i + 1 < n)
			add_seconds(&bound, bounds[i]);
		else
			buf_adds(&bound, "+Inf");
		total += buckets[i];
		s.label[le].value = bound.data;
		prometheus_count(b, &s, total);
	}
	buf_free(&bound);
	s.label[le].value = NULL;
	s.suffix = "_sum";
	prometheus_ms(b, &s, sum);
	s.suffix = "_count";
	prometheus_count(b, &s, total);
}
