/* SPDX-License-Identifier: MIT */
/* Ranges of addresses, and networks with a mask. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "ctim/indicator.h"
#include "tests/unit/unit.h"

#define I  OBSERVABLE_IP
#define I6 OBSERVABLE_IPV6

static int
note(void *arg, const char *network)
{
	struct buf *out = arg;

	buf_addf(out, "%s%s", out->len == 0 ? "" : " ", network);
	return 0;
}

static int
stop(void *arg, const char *network)
{
	(void)note(arg, network);
	return 7;
}

/* networks NULL: code says why there are none. */
static const struct {
	enum observable_type type;
	const char *first, *last, *networks;
	int code;
} ranges[] = { { I, "198.51.100.4", "198.51.100.7", "198.51.100.4/30", 0 },
	{ I, "203.0.113.0", "203.0.113.255", "203.0.113.0/24", 0 },
	{ I, "192.0.2.1", "192.0.2.1", "192.0.2.1", 0 },
	{ I, "192.0.2.1", "192.0.2.6",
	    "192.0.2.1 192.0.2.2/31 192.0.2.4/31 192.0.2.6", 0 },
	{ I, "192.0.2.255", "192.0.3.0", "192.0.2.255 192.0.3.0", 0 },
	{ I, "0.0.0.0", "255.255.255.255", "0.0.0.0/0", 0 },
	{ I, "255.255.255.254", "255.255.255.255", "255.255.255.254/31", 0 },
	{ I, " 192[.]0[.]2[.]0", "192.0.2.3\t", "192.0.2.0/30", 0 },
	{ I6, "2001:db8::", "2001:db8::ffff", "2001:db8::/112", 0 },
	{ I6, "2001:DB8::1", "2001:db8::2", "2001:db8::1 2001:db8::2", 0 },
	{ I6, "::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "::/0", 0 },
	{ I6, "2001:db8:0:ffff:ffff:ffff:ffff:ffff", "2001:db8:1::",
	    "2001:db8:0:ffff:ffff:ffff:ffff:ffff 2001:db8:1::", 0 },
	{ I, "192.0.2.2", "192.0.2.1", NULL, INDICATOR_RANGE_BACKWARDS },
	{ I6, "2001:db8::1", "2001:db8::", NULL, INDICATOR_RANGE_BACKWARDS },
	{ I6, "2001:db8::1", "2001:db8:ffff:ffff:ffff:ffff:ffff:fffe", NULL,
	    INDICATOR_RANGE_MANY },
	{ I, "192.0.2.1", "2001:db8::1", NULL, INDICATOR_RANGE_NONE },
	{ I6, "192.0.2.1", "192.0.2.2", NULL, INDICATOR_RANGE_NONE },
	{ I, "192.0.2.0/31", "192.0.2.4", NULL, INDICATOR_RANGE_NONE },
	{ I, "192.0.2.1", "", NULL, INDICATOR_RANGE_NONE },
	{ OBSERVABLE_DOMAIN, "a.example", "b.example", NULL,
	    INDICATOR_RANGE_NONE } };

START_TEST(a_range_is_the_fewest_networks)
{
	struct buf out;
	size_t i;
	int r;

	buf_init(&out, 10000);
	for (i = 0; i < COUNT(ranges); i++) {
		buf_reset(&out);
		r = indicator_range(ranges[i].type, ranges[i].first,
		    ranges[i].last, note, &out);
		ck_assert_msg(
		    r == ranges[i].code, "%s: %d", ranges[i].first, r);
		ck_assert_str_eq(out.data,
		    ranges[i].networks == NULL ? "" : ranges[i].networks);
		if (r < 0)
			ck_assert_uint_gt(strlen(indicator_range_error(r)), 10);
	}
	buf_free(&out);
}
END_TEST

static int
count(void *arg, const char *network)
{
	size_t *n = arg;

	*n += *network != '\0';
	return 0;
}

/* From 1 to 2^n - 2 takes 2n - 2 networks, the most that n bits can take. */
START_TEST(sixty_four_networks_at_most)
{
	size_t n = 0;

	ck_assert_int_eq(
	    indicator_range(I, "0.0.0.1", "255.255.255.254", count, &n), 0);
	ck_assert_uint_eq(n, 62);
	n = 0;
	ck_assert_int_eq(indicator_range(I6, "2001:db8::1",
			     "2001:db8::1:ffff:fffe", count, &n),
	    0);
	ck_assert_uint_eq(n, 64);
	ck_assert_int_eq(indicator_range(I6, "2001:db8::1",
			     "2001:db8::2:ffff:fffe", count, &n),
	    INDICATOR_RANGE_MANY);
	ck_assert_uint_eq(n, 64);
}
END_TEST

START_TEST(who_is_called_may_end_a_range)
{
	struct buf out;

	buf_init(&out, 1000);
	ck_assert_int_eq(
	    indicator_range(I, "192.0.2.1", "192.0.2.6", stop, &out), 7);
	ck_assert_str_eq(out.data, "192.0.2.1");
	buf_free(&out);
}
END_TEST

START_TEST(masks)
{
	static const struct {
		enum observable_type type;
		const char *value, *mask, *network;
	} cases[] = {
		{ I, "198.51.100.32", "255.255.255.224", "198.51.100.32/27" },
		{ I, "192.0.2.0", "255.255.255.0", "192.0.2.0/24" },
		{ I, "192.0.2.9", "255.255.255.0", "192.0.2.0/24" },
		{ I, "192.0.2.1", "255.255.255.255", "192.0.2.1" },
		{ I, "0.0.0.0", "0.0.0.0", "0.0.0.0/0" },
		{ I6, "2001:db8::1", "ffff:ffff::", "2001:db8::/32" },
		{ I, "192.0.2.0", "255.0.255.0", NULL },
		{ I, "192.0.2.0", "0.0.0.255", NULL },
		{ I, "192.0.2.0", "255.255.255", NULL },
		{ I, "192.0.2.0/24", "255.255.255.0", NULL },
		{ I6, "2001:db8::1", "255.255.255.0", NULL },
		{ OBSERVABLE_URL, "http://a.example/", "255.255.255.0", NULL }
	};
	char out[INDICATOR_MAX + 1];
	size_t i;
	int r;

	for (i = 0; i < COUNT(cases); i++) {
		r = indicator_masked(
		    cases[i].type, cases[i].value, cases[i].mask, out);
		ck_assert_msg(r == (cases[i].network == NULL ? -1 : 0), "%s %s",
		    cases[i].value, cases[i].mask);
		if (r == 0)
			ck_assert_str_eq(out, cases[i].network);
	}
}
END_TEST

START_TEST(scopes_of_addresses)
{
	static const struct {
		enum observable_type type;
		const char *value;
		enum indicator_scope scope;
	} cases[] = { { I, "192.0.2.1", INDICATOR_PLAIN },
		{ I, "11.0.0.0/8", INDICATOR_PLAIN },
		{ I, "10.0.0.0/7", INDICATOR_WIDE },
		{ I, "0.0.0.0/0", INDICATOR_WIDE },
		{ I, "0.0.0.0", INDICATOR_UNSPECIFIED },
		{ I, "127.0.0.1", INDICATOR_LOOPBACK },
		{ I, "127.0.0.0/8", INDICATOR_LOOPBACK },
		{ I, "10.0.0.0/8", INDICATOR_PRIVATE },
		{ I, "10.1.2.3", INDICATOR_PRIVATE },
		{ I, "172.31.255.255", INDICATOR_PRIVATE },
		{ I, "172.32.0.0", INDICATOR_PLAIN },
		{ I, "172.0.0.0/8", INDICATOR_PLAIN },
		{ I, "192.168.0.0/16", INDICATOR_PRIVATE },
		{ I, "192.168.0.0/15", INDICATOR_PLAIN },
		{ I, "100.127.0.1", INDICATOR_PRIVATE },
		{ I, "169.254.1.1", INDICATOR_PRIVATE },
		{ I6, "::", INDICATOR_UNSPECIFIED },
		{ I6, "::1", INDICATOR_LOOPBACK },
		{ I6, "::2", INDICATOR_PLAIN },
		{ I6, "fe80::1", INDICATOR_PRIVATE },
		{ I6, "fd00:1::/32", INDICATOR_PRIVATE },
		{ I6, "fec0::1", INDICATOR_PLAIN },
		{ I6, "2001:db8::/32", INDICATOR_PLAIN },
		{ I6, "2001::/18", INDICATOR_WIDE },
		{ I6, "2001:2000::/19", INDICATOR_PLAIN },
		{ I6, "::ffff:10.0.0.1", INDICATOR_PRIVATE },
		{ I6, "::ffff:0.0.0.0/96", INDICATOR_WIDE },
		{ I6, "::ffff:192.0.2.1", INDICATOR_PLAIN },
		{ OBSERVABLE_DOMAIN, "a.example", INDICATOR_PLAIN },
		{ OBSERVABLE_URL, "http://10.0.0.1/", INDICATOR_PLAIN } };
	size_t i;

	for (i = 0; i < COUNT(cases); i++)
		ck_assert_msg(indicator_scope(cases[i].type, cases[i].value) ==
			cases[i].scope,
		    "%s", cases[i].value);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { a_range_is_the_fewest_networks,
		sixty_four_networks_at_most, who_is_called_may_end_a_range,
		masks, scopes_of_addresses };

	return unit_run("indicator_range", tests, COUNT(tests));
}
