/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "base/rfc3339.h"
#include "ctim/indicator.h"
#include "filter/store_net.h"
#include "store/store_write.h"
#include "tests/unit/store_drive.h"
#include "tests/unit/unit.h"

/* Two sources that list the same kind of things: "wide" matches what is below
 * its domains, "narrow" does not. */
START_TEST(what_matches_what)
{
	static const struct {
		enum observable_type type;
		const char *value, *records;
	} cases[] = { /* Exact, after normalising what is asked for. */
		{ OBSERVABLE_DOMAIN, "n.example", "n.example@narrow=" },
		{ OBSERVABLE_DOMAIN, "N.Example.", "n.example@narrow=" },
		{ OBSERVABLE_DOMAIN, "both.example",
		    "both.example@narrow= both.example@wide=" },
		{ OBSERVABLE_DOMAIN, "none.example", "" },
		{ OBSERVABLE_DOMAIN, "not a domain", "" },
		/* The type counts. */
		{ OBSERVABLE_URL, "n.example", "" },
		{ OBSERVABLE_EMAIL, "joe@w.example", "" },
		/* Parents of domains, of sources with subdomains only. */
		{ OBSERVABLE_DOMAIN, "a.b.w.example", "w.example@wide" },
		{ OBSERVABLE_DOMAIN, "a.deep.w.example",
		    "deep.w.example@wide w.example@wide" },
		{ OBSERVABLE_DOMAIN, "a.both.example", "both.example@wide" },
		{ OBSERVABLE_DOMAIN, "a.n.example", "" },
		{ OBSERVABLE_DOMAIN, "xw.example", "" },
		{ OBSERVABLE_DOMAIN, "example.w", "" },
		/* Hosts of URLs, likewise. */
		{ OBSERVABLE_URL, "http://w.example/x", "w.example@wide" },
		{ OBSERVABLE_URL, "http://a.w.example:81/", "w.example@wide" },
		{ OBSERVABLE_URL, "http://n.example/", "" },
		{ OBSERVABLE_URL, "https://192.0.2.9/x", "192.0.2.9@wide" },
		{ OBSERVABLE_URL, "http://10.1.2.3/", "" },
		{ OBSERVABLE_URL, "http://listed.example/x",
		    "http://listed.example/x@narrow=" },
		/* Networks. */
		{ OBSERVABLE_IP, "10.1.2.3",
		    "10.0.0.0/8@narrow 10.1.0.0/16@narrow" },
		{ OBSERVABLE_IP, "10.2.0.1", "10.0.0.0/8@narrow" },
		{ OBSERVABLE_IP, "11.0.0.1", "" },
		{ OBSERVABLE_IP, "10.1.0.0/16", "10.1.0.0/16@narrow=" },
		{ OBSERVABLE_IP, "192.0.2.9",
		    "192.0.2.8/30@narrow 192.0.2.9@wide=" },
		{ OBSERVABLE_IP, "192.0.2.12", "" },
		{ OBSERVABLE_IPV6, "2001:db8:1::5", "2001:db8::/32@narrow" },
		{ OBSERVABLE_IPV6, "2001:DB8:0:0::1",
		    "2001:db8::/32@narrow 2001:db8::1@narrow=" },
		{ OBSERVABLE_IPV6, "2001:db9::1", "" },
		{ OBSERVABLE_IPV6, "10.1.2.3", "" },
		{ OBSERVABLE_IP, "2001:db8::1", "" }
	};
	struct store *w, *s;
	size_t i;

	begin();
	w = must_open(STORE_WRITE);
	import(w, "narrow", false, false, OBSERVABLE_DOMAIN,
	    VALUES("n.example", "both.example"));
	import(w, "narrow", false, false, OBSERVABLE_IP,
	    VALUES("10.0.0.0/8", "10.1.0.0/16", "192.0.2.8/30"));
	import(w, "narrow", false, false, OBSERVABLE_IPV6,
	    VALUES("2001:db8::/32", "2001:db8::1"));
	import(w, "narrow", false, false, OBSERVABLE_URL,
	    VALUES("http://listed.example/x"));
	import(w, "wide", true, false, OBSERVABLE_DOMAIN,
	    VALUES("w.example", "both.example", "deep.w.example"));
	import(w, "wide", true, false, OBSERVABLE_IP, VALUES("192.0.2.9"));
	s = must_open(STORE_READ);
	for (i = 0; i < COUNT(cases); i++)
		ck_assert_str_eq(
		    match(s, cases[i].type, cases[i].value), cases[i].records);
	store_close(s);
	store_close(w);
	end();
}
END_TEST

START_TEST(expired_records_do_not_match)
{
	const struct source source = { .name = "s" };
	struct record r = usual;
	struct store_counts counts;
	struct store *s;

	begin();
	s = must_open(STORE_WRITE);
	ck_assert_int_eq(store_import_begin(s, &source, 0, NOW, error), 0);
	r.type = OBSERVABLE_IP;
	r.value = "10.0.0.0/8";
	r.expires = NOW + 10;
	ck_assert_int_eq(store_import_add(s, &r, error), 0);
	r.value = "10.0.0.1";
	r.expires = NOW;
	ck_assert_int_eq(store_import_add(s, &r, error), 0);
	ck_assert_int_eq(store_import_end(s, false, &counts, error), 0);
	ck_assert_str_eq(match_at(s, OBSERVABLE_IP, "10.0.0.1", NOW - 1),
	    "10.0.0.0/8@s 10.0.0.1@s=");
	ck_assert_str_eq(
	    match_at(s, OBSERVABLE_IP, "10.0.0.1", NOW), "10.0.0.0/8@s");
	ck_assert_str_eq(
	    match_at(s, OBSERVABLE_IP, "10.0.0.1", NOW + 9), "10.0.0.0/8@s");
	ck_assert_str_eq(match_at(s, OBSERVABLE_IP, "10.0.0.1", NOW + 10), "");
	store_close(s);
	end();
}
END_TEST

/* Every field comes back as it went in, for the lowest and highest values. */
START_TEST(a_record_keeps_its_fields)
{
	const struct source source = { .name = "a.Feed_1",
		.title = "T\xc3\xbc",
		.url = "https://x.example/{value}",
		.subdomains = true };
	const struct record in = { .type = OBSERVABLE_DOMAIN,
		.value = "evil.example",
		.disposition = CTIM_CLEAN,
		.severity = CTIM_SEVERITY_CRITICAL,
		.confidence = CTIM_SEVERITY_UNKNOWN,
		.tlp = CTIM_RED,
		.priority = 100,
		.reason = "why \xe2\x82\xac",
		.first_seen = 1,
		.last_seen = RFC3339_LAST,
		.count = INT64_MAX,
		.expires = RFC3339_LAST,
		.url = "https://x.example/report",
		.below = true };
	const struct observable o = { .type = OBSERVABLE_DOMAIN,
		.value = "evil.example" };
	const struct record *r;
	struct store_counts counts;
	struct store *s;

	begin();
	s = must_open(STORE_WRITE);
	ck_assert_int_eq(
	    store_import_begin(s, &source,
		STORE_SET_TITLE | STORE_SET_URL | STORE_SET_SUBDOMAINS, NOW,
		error),
	    0);
	ck_assert_int_eq(store_import_add(s, &in, error), 0);
	ck_assert_int_eq(store_import_end(s, false, &counts, error), 0);
	ck_assert_int_eq(store_match(s, &o, NOW, &r, error), 1);
	ck_assert_int_eq(r->type, in.type);
	ck_assert_str_eq(r->value, in.value);
	ck_assert_str_eq(r->source.name, source.name);
	ck_assert_str_eq(r->source.title, source.title);
	ck_assert_str_eq(r->source.url, source.url);
	ck_assert(r->source.subdomains);
	ck_assert_int_eq(r->disposition, in.disposition);
	ck_assert_int_eq(r->severity, in.severity);
	ck_assert_int_eq(r->confidence, in.confidence);
	ck_assert_int_eq(r->tlp, in.tlp);
	ck_assert_int_eq(r->priority, in.priority);
	ck_assert_str_eq(r->reason, in.reason);
	ck_assert_int_eq(r->first_seen, in.first_seen);
	ck_assert_int_eq(r->last_seen, in.last_seen);
	ck_assert_int_eq(r->count, in.count);
	ck_assert_int_eq(r->expires, in.expires);
	ck_assert_int_eq(r->imported, NOW);
	ck_assert_str_eq(r->url, in.url);
	ck_assert(r->below);
	ck_assert(r->exact);
	store_close(s);
	end();
}
END_TEST

START_TEST(removing)
{
	struct store *s;

	begin();
	s = must_open(STORE_WRITE);
	import(s, "a", true, false, OBSERVABLE_DOMAIN,
	    VALUES("x.example", "y.example"));
	import(s, "b", false, false, OBSERVABLE_DOMAIN,
	    VALUES("x.example", "y.example"));
	ck_assert_int_eq(
	    store_remove(s, OBSERVABLE_DOMAIN, "x.example", "a", error), 1);
	ck_assert_str_eq(
	    match(s, OBSERVABLE_DOMAIN, "x.example"), "x.example@b=");
	ck_assert_int_eq(
	    store_remove(s, OBSERVABLE_DOMAIN, "y.example", NULL, error), 2);
	ck_assert_int_eq(
	    store_remove(s, OBSERVABLE_DOMAIN, "y.example", NULL, error), 0);
	ck_assert_int_eq(
	    store_remove(s, OBSERVABLE_URL, "x.example", NULL, error), 0);
	ck_assert_int_eq(
	    store_remove(s, OBSERVABLE_DOMAIN, "x.example", "none", error), -1);
	ck_assert_ptr_nonnull(strstr(error, "there is no source \"none\""));
	ck_assert_int_eq(store_remove_source(s, "a", error), 0);
	ck_assert_int_eq(store_remove_source(s, "a", error), -1);
	ck_assert_int_eq(store_remove_source(s, "b", error), 1);
	ck_assert_uint_eq(records(s), 0);
	store_close(s);
	end();
}
END_TEST

struct listed {
	char text[512];
	int stop_after;
};

static int
list_one(void *arg, const struct record *r)
{
	struct listed *l = arg;

	snprintf(l->text + strlen(l->text), sizeof(l->text) - strlen(l->text),
	    "%s@%s ", r->value, r->source.name);
	return --l->stop_after == 0;
}

START_TEST(listing)
{
	static const struct {
		struct store_filter filter;
		int stop_after;
		const char *lists;
	} cases[] = { { { NULL, OBSERVABLE_UNKNOWN, -1 }, 0,
			  "192.0.2.1@a a.example@b "
			  "b.example@b b.example@a " },
		{ { "b", OBSERVABLE_UNKNOWN, -1 }, 0,
		    "a.example@b b.example@b " },
		{ { "a", OBSERVABLE_IP, -1 }, 0, "192.0.2.1@a " },
		{ { NULL, OBSERVABLE_DOMAIN, 2 }, 0,
		    "a.example@b b.example@b " },
		{ { NULL, OBSERVABLE_URL, -1 }, 0, "" },
		{ { NULL, OBSERVABLE_UNKNOWN, -1 }, 1, "192.0.2.1@a " } };
	const struct store_filter none = { "c", OBSERVABLE_UNKNOWN, -1 };
	const struct store_count *c;
	struct listed l;
	struct store *s, *w;
	size_t i;

	begin();
	w = must_open(STORE_WRITE);
	import(w, "b", false, false, OBSERVABLE_DOMAIN,
	    VALUES("b.example", "a.example"));
	import(w, "a", false, false, OBSERVABLE_DOMAIN, VALUES("b.example"));
	import(w, "a", false, false, OBSERVABLE_IP, VALUES("192.0.2.1"));
	s = must_open(STORE_READ);
	for (i = 0; i < COUNT(cases); i++) {
		l = (struct listed){ .stop_after = cases[i].stop_after };
		ck_assert_int_eq(
		    store_each(s, &cases[i].filter, list_one, &l, error), 0);
		ck_assert_str_eq(l.text, cases[i].lists);
	}
	ck_assert_int_eq(store_each(s, &none, list_one, &l, error), -1);
	ck_assert_ptr_nonnull(strstr(error, "there is no source \"c\""));
	ck_assert_int_eq(store_stats(s, NOW, &c, error), 2);
	ck_assert_str_eq(c[0].source.name, "a");
	ck_assert_uint_eq(c[0].records, 2);
	ck_assert_uint_eq(c[0].types[OBSERVABLE_IP], 1);
	ck_assert_uint_eq(c[1].types[OBSERVABLE_DOMAIN], 2);
	ck_assert_uint_eq(c[1].dispositions[CTIM_SUSPICIOUS], 2);
	ck_assert_int_eq(c[1].imported, NOW);
	store_close(s);
	store_close(w);
	end();
}
END_TEST

/* The networks are read again when some came or went, and not otherwise. */
START_TEST(networks_that_come_and_go)
{
	struct store *s, *w;

	begin();
	w = must_open(STORE_WRITE);
	s = must_open(STORE_READ);
	import(w, "a", false, false, OBSERVABLE_IP, VALUES("10.1.0.0/16"));
	ck_assert_str_eq(match(s, OBSERVABLE_IP, "10.1.0.1"), "10.1.0.0/16@a");
	import(w, "a", false, false, OBSERVABLE_IP, VALUES("10.2.0.0/16"));
	ck_assert_str_eq(match(s, OBSERVABLE_IP, "10.1.0.1"), "10.1.0.0/16@a");
	ck_assert_str_eq(match(s, OBSERVABLE_IP, "10.2.0.1"), "10.2.0.0/16@a");
	import(w, "b", false, false, OBSERVABLE_IP, VALUES("10.2.0.1"));
	ck_assert_str_eq(
	    match(s, OBSERVABLE_IP, "10.2.0.1"), "10.2.0.0/16@a 10.2.0.1@b=");
	import(w, "a", false, true, OBSERVABLE_IP, VALUES("10.3.0.0/16"));
	ck_assert_str_eq(match(s, OBSERVABLE_IP, "10.2.0.1"), "10.2.0.1@b=");
	ck_assert_str_eq(match(s, OBSERVABLE_IP, "10.3.0.1"), "10.3.0.0/16@a");
	ck_assert_str_eq(match(w, OBSERVABLE_IP, "10.3.0.1"), "10.3.0.0/16@a");
	ck_assert_int_eq(
	    store_remove(w, OBSERVABLE_IP, "10.3.0.0/16", NULL, error), 1);
	ck_assert_str_eq(match(s, OBSERVABLE_IP, "10.3.0.1"), "");
	import(w, "c", false, false, OBSERVABLE_IP, VALUES("10.4.0.0/16"));
	ck_assert_str_eq(match(s, OBSERVABLE_IP, "10.4.0.1"), "10.4.0.0/16@c");
	ck_assert_int_eq(store_remove_source(w, "c", error), 1);
	ck_assert_str_eq(match(s, OBSERVABLE_IP, "10.4.0.1"), "");
	store_close(s);
	store_close(w);
	end();
}
END_TEST

/* Each network of an address is found, whatever its length, and however many
 * there are. */
START_TEST(networks_of_every_length)
{
	static struct store_net net;
	char network[INDICATOR_MAX + 1], other[64];
	int lengths[STORE_NET_LENGTHS];
	int bits, n, more;

	for (more = 0; more < 3; more++) {
		/* Large enough, or too small by far. */
		ck_assert_int_eq(
		    store_net_reset(&net, more == 1 ? 200200 : 200), 0);
		ck_assert_int_eq(store_net_lengths(&net, OBSERVABLE_IP,
				     "10.255.171.205", lengths),
		    0);
		for (bits = 0; bits <= 128; bits++) {
			ck_assert_int_eq(
			    indicator_network(OBSERVABLE_IPV6,
				"2001:db8:ffff:aaaa:5555:1:2:3", bits, network),
			    0);
			if (bits < 128)
				ck_assert_int_eq(store_net_add(&net,
						     OBSERVABLE_IPV6, network),
				    0);
			if (bits >= 32)
				continue;
			ck_assert_int_eq(indicator_network(OBSERVABLE_IP,
					     "10.255.171.205", bits, network),
			    0);
			ck_assert_int_eq(
			    store_net_add(&net, OBSERVABLE_IP, network), 0);
		}
		for (n = 0; more && n < 200000; n++) {
			snprintf(other, sizeof(other), "%d.%d.%d.0/24",
			    n >> 16 & 255, n >> 8 & 255, n & 255);
			ck_assert_int_eq(
			    store_net_add(&net, OBSERVABLE_IP, other), 0);
		}
		ck_assert_int_eq(store_net_lengths(&net, OBSERVABLE_IP,
				     "10.255.171.205", lengths),
		    32);
		ck_assert_int_eq(lengths[0], 31);
		ck_assert_int_eq(lengths[31], 0);
		ck_assert_int_eq(store_net_lengths(&net, OBSERVABLE_IPV6,
				     "2001:db8:ffff:aaaa:5555:1:2:3", lengths),
		    128);
	}
	/* And few that do not hold it. */
	ck_assert_int_eq(store_net_reset(&net, 5000), 0);
	for (n = 0; n < 5000; n++) {
		snprintf(other, sizeof(other), "10.%d.%d.0/%d", n >> 8 & 255,
		    n & 255, 24);
		ck_assert_int_eq(store_net_add(&net, OBSERVABLE_IP, other), 0);
	}
	for (n = 0, more = 0; n < 1000; n++) {
		snprintf(other, sizeof(other), "192.168.%d.1", n & 255);
		more += store_net_lengths(&net, OBSERVABLE_IP, other, lengths);
	}
	ck_assert_int_lt(more, 100);
	ck_assert_int_eq(store_net_add(&net, OBSERVABLE_IP, "10.0.0.1"), -1);
	ck_assert_int_eq(store_net_add(&net, OBSERVABLE_IP, "x/8"), -1);
	ck_assert_int_eq(
	    store_net_add(&net, OBSERVABLE_DOMAIN, "10.0.0.0/8"), -1);
	/* However many there are, the filter grows no further than that, and
	 * with 300,000 is of use. */
	ck_assert_int_eq(store_net_reset(&net, SIZE_MAX / 128), 0);
	ck_assert_uint_eq(net.words * sizeof(*net.set), STORE_NET_MOST);
	ck_assert_int_eq(store_net_reset(&net, 300000), 0);
	for (n = 0; n < 300000; n++) {
		snprintf(other, sizeof(other), "%d.%d.%d.0/24", 1 + (n >> 16),
		    n >> 8 & 255, n & 255);
		ck_assert_int_eq(store_net_add(&net, OBSERVABLE_IP, other), 0);
	}
	for (n = 0, more = 0; n < 1000; n++) {
		snprintf(other, sizeof(other), "192.168.%d.1", n & 255);
		more += store_net_lengths(&net, OBSERVABLE_IP, other, lengths);
	}
	ck_assert_int_lt(more, 300);
	/* An empty one. */
	ck_assert_int_eq(store_net_reset(&net, 0), 0);
	ck_assert_int_eq(
	    store_net_lengths(&net, OBSERVABLE_IP, "10.0.0.1", lengths), 0);
	store_net_free(&net);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { what_matches_what,
		expired_records_do_not_match, a_record_keeps_its_fields,
		removing, listing, networks_that_come_and_go,
		networks_of_every_length };

	return unit_run("store", tests, COUNT(tests));
}
