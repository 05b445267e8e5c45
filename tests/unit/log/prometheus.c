/* SPDX-License-Identifier: MIT */
#include "base/buf.h"
#include "log/prometheus.h"
#include "tests/unit/unit.h"

START_TEST(a_metric_has_its_two_lines)
{
	struct buf b;

	buf_init(&b, 1000);
	prometheus_head(&b, "some_total", "counter", "What it is.");
	ck_assert_str_eq(b.data,
	    "# HELP some_total What it is.\n"
	    "# TYPE some_total counter\n");
	buf_free(&b);
}
END_TEST

static const struct {
	struct prometheus_sample sample;
	uint64_t value;
	const char *line;
} samples[] = { { { "m", NULL, { { 0 } } }, 0, "m 0\n" },
	{ { "m", NULL, { { 0 } } }, UINT64_MAX, "m 18446744073709551615\n" },
	{ { "m", "_sum", { { "a", "x" } } }, 1, "m_sum{a=\"x\"} 1\n" },
	{ { "m", NULL, { { "a", "x" }, { "b", "y z" } } }, 1,
	    "m{a=\"x\",b=\"y z\"} 1\n" },
	{ { "m", NULL, { { "a", NULL }, { "b", "" } } }, 1, "m{b=\"\"} 1\n" },
	{ { "m", NULL, { { "a", "q\"b\\n\nend" } } }, 1,
	    "m{a=\"q\\\"b\\\\n\\nend\"} 1\n" } };

START_TEST(a_sample_is_a_line)
{
	struct buf b;
	size_t i;

	for (i = 0; i < COUNT(samples); i++) {
		buf_init(&b, 1000);
		prometheus_count(&b, &samples[i].sample, samples[i].value);
		ck_assert_str_eq(b.data, samples[i].line);
		buf_free(&b);
	}
}
END_TEST

static const struct {
	int64_t ms;
	const char *line;
} times[] = { { 0, "m 0.000\n" }, { 5, "m 0.005\n" }, { 999, "m 0.999\n" },
	{ 1000, "m 1.000\n" }, { 61001, "m 61.001\n" }, { -1, "m -0.001\n" },
	{ -1500, "m -1.500\n" } };

START_TEST(times_are_seconds)
{
	const struct prometheus_sample m = { .metric = "m" };
	struct buf b;
	size_t i;

	for (i = 0; i < COUNT(times); i++) {
		buf_init(&b, 1000);
		prometheus_ms(&b, &m, times[i].ms);
		ck_assert_str_eq(b.data, times[i].line);
		buf_free(&b);
	}
}
END_TEST

START_TEST(a_histogram_counts_up)
{
	static const uint64_t n[] = { 3, 0, 4 };
	static const int64_t bounds[] = { 5, 2500, INT64_MAX };
	static const struct prometheus_label labels[] = { { "relay", "x" },
		{ "outcome", "ok" } };
	struct buf b;

	buf_init(&b, 1000);
	prometheus_histogram(&b, "h", labels, n, bounds, COUNT(n), 70001);
	ck_assert_str_eq(b.data,
	    "h_bucket{relay=\"x\",outcome=\"ok\",le=\"0.005\"} 3\n"
	    "h_bucket{relay=\"x\",outcome=\"ok\",le=\"2.500\"} 3\n"
	    "h_bucket{relay=\"x\",outcome=\"ok\",le=\"+Inf\"} 7\n"
	    "h_sum{relay=\"x\",outcome=\"ok\"} 70.001\n"
	    "h_count{relay=\"x\",outcome=\"ok\"} 7\n");
	buf_free(&b);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { a_metric_has_its_two_lines,
		a_sample_is_a_line, times_are_seconds, a_histogram_counts_up };

	return unit_run("prometheus", tests, COUNT(tests));
}
