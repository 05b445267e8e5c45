/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/rfc3339.h"
#include "ctim/indicator.h"
#include "db/dbfile.h"
#include "store/store_net.h"
#include "store/store_write.h"
#include "tests/unit/unit.h"

#define NOW    1000000
#define NOBODY 65534

static char folder[64], path[128], error[STORE_ERROR_MAX];

static void
begin(void)
{
	snprintf(folder, sizeof(folder), "/tmp/ctim-store.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/intel.db", folder);
}

static void
end(void)
{
	static const char *const names[] = { "", "-wal", "-shm" };
	char name[256];
	size_t i;

	for (i = 0; i < COUNT(names); i++) {
		snprintf(name, sizeof(name), "%s%s", path, names[i]);
		unlink(name);
	}
	chmod(folder, 0700);
	ck_assert_int_eq(rmdir(folder), 0);
}

static struct store *
must_open(enum store_mode mode)
{
	struct store *s = store_open(path, mode, error);

	ck_assert_msg(s != NULL, "%s", error);
	return s;
}

static const struct record usual = { .disposition = CTIM_SUSPICIOUS,
	.severity = CTIM_SEVERITY_MEDIUM,
	.confidence = CTIM_SEVERITY_MEDIUM,
	.tlp = CTIM_AMBER,
	.priority = 90 };

static int
add(struct store *s, enum observable_type type, const char *value)
{
	struct record r = usual;

	r.type = type;
	r.value = value;
	return store_import_add(s, &r, error);
}

/* An import of values of one type, ended by NULL. */
static struct store_counts
import(struct store *s, const char *source, bool subdomains, bool replace,
    enum observable_type type, const char *const *values)
{
	const struct source from = { .name = source, .subdomains = subdomains };
	struct store_counts counts;

	ck_assert_int_eq(
	    store_import_begin(s, &from, STORE_SET_SUBDOMAINS, NOW, error), 0);
	for (; *values != NULL; values++)
		ck_assert_int_eq(add(s, type, *values), 0);
	ck_assert_msg(
	    store_import_end(s, replace, &counts, error) == 0, "%s", error);
	return counts;
}

#define VALUES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static int
by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* What matches, as "value@source" in order, with '=' behind the exact ones. */
static const char *
match_at(
    struct store *s, enum observable_type type, const char *value, int64_t now)
{
	static char text[2048];
	char one[16][128];
	const struct observable o = { .type = type, .value = value };
	const struct record *r;
	size_t len = 0;
	ssize_t i, n;

	n = store_match(s, &o, now, &r, error);
	ck_assert_msg(n >= 0 && n <= 16, "%s", error);
	for (i = 0; i < n; i++)
		snprintf(one[i], sizeof(one[i]), " %s@%s%s", r[i].value,
		    r[i].source.name, r[i].exact ? "=" : "");
	qsort(one, (size_t)n, sizeof(one[0]), by_text);
	text[0] = '\0';
	for (i = 0; i < n && len + sizeof(one[0]) < sizeof(text); i++) {
		memcpy(text + len, one[i], strlen(one[i]) + 1);
		len += strlen(one[i]);
	}
	return len == 0 ? text : text + 1;
}

static const char *
match(struct store *s, enum observable_type type, const char *value)
{
	return match_at(s, type, value, NOW);
}

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
START_TEST(a_store_that_is_held_stays_as_it_was)
{
	const struct observable o = { .type = OBSERVABLE_DOMAIN,
		.value = "new.example" };
	const struct record *records;
	struct store *w, *s;

	begin();
	w = must_open(STORE_WRITE);
	import(
	    w, "one", false, false, OBSERVABLE_DOMAIN, VALUES("old.example"));
	s = must_open(STORE_READ);
	store_release(s);
	store_hold(s);
	import(
	    w, "one", false, false, OBSERVABLE_DOMAIN, VALUES("new.example"));
	ck_assert_int_eq(store_match(s, &o, NOW, &records, error), 0);
	ck_assert_int_eq(store_match(s, &o, NOW, &records, error), 0);
	store_release(s);
	ck_assert_int_eq(store_match(s, &o, NOW, &records, error), 1);
	store_hold(s);
	ck_assert_int_eq(store_match(s, &o, NOW, &records, error), 1);
	ck_assert_str_eq(records[0].value, "new.example");
	store_close(s);
	store_close(w);
	end();
}
END_TEST

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

/* What an import does not say of its source stays; at first it is the name. */
START_TEST(a_source_keeps_what_was_said_of_it)
{
	const struct source said = { .name = "s",
		.title = "Title",
		.url = "https://x.example/",
		.subdomains = true };
	const struct store_count *c;
	struct store_counts counts;
	struct store *s;
	unsigned set[] = { 0,
		STORE_SET_TITLE | STORE_SET_URL | STORE_SET_SUBDOMAINS, 0 };
	size_t i;

	begin();
	s = must_open(STORE_WRITE);
	for (i = 0; i < COUNT(set); i++) {
		ck_assert_int_eq(
		    store_import_begin(s, &said, set[i], NOW, error), 0);
		ck_assert_int_eq(add(s, OBSERVABLE_IP, "192.0.2.1"), 0);
		ck_assert_int_eq(store_import_end(s, false, &counts, error), 0);
		ck_assert_int_eq(store_stats(s, NOW, &c, error), 1);
		ck_assert_str_eq(c->source.title, i == 0 ? "s" : "Title");
		ck_assert(c->source.subdomains == (i > 0));
		ck_assert((c->source.url != NULL) == (i > 0));
	}
	store_close(s);
	end();
}
END_TEST

/* Adds a domain with all below it. */
static void
import_below(struct store *s, const char *source, bool replace,
    const char *value, const bool *below, size_t n)
{
	const struct source from = { .name = source };
	struct record r = usual;
	struct store_counts counts;
	size_t i;

	r.type = OBSERVABLE_DOMAIN;
	r.value = value;
	ck_assert_int_eq(store_import_begin(s, &from, 0, NOW, error), 0);
	for (i = 0; i < n; i++) {
		r.below = below[i];
		ck_assert_int_eq(store_import_add(s, &r, error), 0);
	}
	ck_assert_int_eq(store_import_end(s, replace, &counts, error), 0);
}

/* A record matches what is below it where the feed says so of it alone; a feed
 * that lists a name with and without what is below it means both. */
START_TEST(records_with_all_below_them)
{
	static const bool yes[] = { true }, no[] = { false };
	static const bool both[] = { true, false }, then[] = { false, true };
	const bool *const twice[] = { both, then };
	struct store *s;
	size_t i;

	begin();
	s = must_open(STORE_WRITE);
	import_below(s, "s", false, "plain.example", no, 1);
	ck_assert_str_eq(match(s, OBSERVABLE_DOMAIN, "a.plain.example"), "");
	import_below(s, "s", false, "wide.example", yes, 1);
	ck_assert_str_eq(match(s, OBSERVABLE_DOMAIN, "a.plain.example"), "");
	ck_assert_str_eq(
	    match(s, OBSERVABLE_DOMAIN, "b.a.wide.example"), "wide.example@s");
	ck_assert_str_eq(
	    match(s, OBSERVABLE_DOMAIN, "wide.example"), "wide.example@s=");
	ck_assert_str_eq(match(s, OBSERVABLE_DOMAIN, "xwide.example"), "");
	ck_assert_str_eq(match(s, OBSERVABLE_URL, "http://wide.example/x"),
	    "wide.example@s");
	ck_assert_str_eq(match(s, OBSERVABLE_URL, "http://c.wide.example:8/"),
	    "wide.example@s");
	ck_assert_str_eq(
	    match(s, OBSERVABLE_URL, "http://plain.example/x"), "");
	for (i = 0; i < COUNT(twice); i++) {
		import_below(s, "two", false, "two.example", twice[i], 2);
		ck_assert_str_eq(match(s, OBSERVABLE_DOMAIN, "a.two.example"),
		    "two.example@two");
		/* A later feed may take it back. */
		import_below(s, "two", true, "two.example", no, 1);
		ck_assert_str_eq(
		    match(s, OBSERVABLE_DOMAIN, "a.two.example"), "");
	}
	store_close(s);
	end();
}
END_TEST

/* Fills more than a batch of an import with long texts. */
static void
fill_a_batch(struct store *s)
{
	char value[32], reason[4 * STORE_REASON + 1], url[STORE_URL + 1];
	struct record r = usual;
	size_t i;

	/* Characters of four bytes each. */
	for (i = 0; i + 4 < sizeof(reason); i += 4)
		memcpy(reason + i, "\xf0\x9f\x98\x80", 4);
	reason[i] = '\0';
	memset(url, 'x', sizeof(url) - 1);
	memcpy(url, "http://", 7);
	url[sizeof(url) - 1] = '\0';
	r.type = OBSERVABLE_DOMAIN;
	r.value = value;
	r.reason = reason;
	r.url = url;
	for (i = 0; i * (sizeof(reason) + sizeof(url)) < (26U << 20); i++) {
		snprintf(value, sizeof(value), "n%zu.example", i);
		ck_assert_int_eq(store_import_add(s, &r, error), 0);
	}
}

/* The same, where the two are so far apart that they are not sorted together. */
START_TEST(all_below_a_name_across_batches)
{
	static const bool below[][2] = { { true, false }, { false, true } };
	static const char *const reasons[][2] = { { "bad", NULL },
		{ NULL, "bad" } };
	const struct observable o = { OBSERVABLE_DOMAIN, "two.example", 0 };
	const struct source from = { .name = "two" };
	const struct record *found;
	struct store_counts n;
	struct record r = usual;
	struct store *s;
	size_t i, k;

	begin();
	s = must_open(STORE_WRITE);
	r.type = o.type;
	r.value = o.value;
	for (i = 0; i < COUNT(below); i++) {
		ck_assert_int_eq(
		    store_import_begin(s, &from, 0, NOW, error), 0);
		for (k = 0; k < 2; k++) {
			r.below = below[i][k];
			r.reason = reasons[i][k];
			ck_assert_int_eq(store_import_add(s, &r, error), 0);
			if (k == 0)
				fill_a_batch(s);
		}
		ck_assert_msg(
		    store_import_end(s, true, &n, error) == 0, "%s", error);
		ck_assert_str_eq(match(s, OBSERVABLE_DOMAIN, "a.two.example"),
		    "two.example@two");
		ck_assert_int_eq(store_match(s, &o, NOW, &found, error), 1);
		ck_assert_str_eq(found->reason, "bad");
	}
	store_close(s);
	end();
}
END_TEST

START_TEST(counts_of_an_import)
{
	static const char a[] = "192.0.2.1", b[] = "192.0.2.2",
			  c[] = "192.0.2.3";
	const struct source source = { .name = "s" };
	struct record r = usual;
	struct store_counts n;
	struct store *s;

	begin();
	s = must_open(STORE_WRITE);
	n = import(s, "s", false, false, OBSERVABLE_IP, VALUES(a, b, a));
	ck_assert_uint_eq(n.added, 2);
	ck_assert_uint_eq(n.unchanged, 1);
	ck_assert_uint_eq(n.updated, 0);
	/* The last of two lines on the same value holds. */
	ck_assert_int_eq(store_import_begin(s, &source, 0, NOW, error), 0);
	r.type = OBSERVABLE_IP;
	r.value = a;
	r.reason = "first";
	ck_assert_int_eq(store_import_add(s, &r, error), 0);
	r.reason = "last";
	ck_assert_int_eq(store_import_add(s, &r, error), 0);
	ck_assert_int_eq(store_import_end(s, false, &n, error), 0);
	ck_assert_uint_eq(n.updated, 2);
	/* Only replace removes, and only of its source. */
	import(s, "other", false, false, OBSERVABLE_IP, VALUES(b));
	n = import(s, "s", false, false, OBSERVABLE_IP, VALUES(c));
	ck_assert_uint_eq(n.removed, 0);
	n = import(s, "s", false, true, OBSERVABLE_IP, VALUES(c, "10.0.0.0/8"));
	ck_assert_uint_eq(n.removed, 2);
	ck_assert_uint_eq(n.added, 1);
	ck_assert_uint_eq(n.unchanged, 1);
	ck_assert_str_eq(match(s, OBSERVABLE_IP, a), "");
	ck_assert_str_eq(match(s, OBSERVABLE_IP, b), "192.0.2.2@other=");
	ck_assert_str_eq(match(s, OBSERVABLE_IP, "10.1.1.1"), "10.0.0.0/8@s");
	store_close(s);
	end();
}
END_TEST

static uint64_t
records(struct store *s)
{
	const struct store_count *c;
	uint64_t sum = 0;
	ssize_t i, n = store_stats(s, NOW, &c, error);

	ck_assert_msg(n >= 0, "%s", error);
	for (i = 0; i < n; i++)
		sum += c[i].records;
	return sum;
}

START_TEST(an_import_is_whole_or_nothing)
{
	const struct source source = { .name = "s" };
	struct store_counts n;
	struct store *s;
	char value[32];
	unsigned i;

	begin();
	s = must_open(STORE_WRITE);
	import(s, "s", false, false, OBSERVABLE_IP, VALUES("192.0.2.1"));
	/* Nothing in it: not even with replace is anything taken away. */
	ck_assert_int_eq(store_import_begin(s, &source, 0, NOW, error), 0);
	ck_assert_int_eq(store_import_end(s, true, &n, error), -1);
	ck_assert_ptr_nonnull(strstr(error, "nothing to import"));
	ck_assert_uint_eq(records(s), 1);
	/* Settled, its counts are those of the end, and it can be given up. */
	ck_assert_int_eq(store_import_begin(s, &source, 0, NOW, error), 0);
	ck_assert_int_eq(add(s, OBSERVABLE_IP, "192.0.2.2"), 0);
	ck_assert_int_eq(store_import_settle(s, true, &n, error), 0);
	ck_assert(n.added == 1 && n.removed == 1);
	store_import_cancel(s);
	ck_assert_str_eq(match(s, OBSERVABLE_IP, "192.0.2.1"), "192.0.2.1@s=");
	ck_assert_str_eq(match(s, OBSERVABLE_IP, "192.0.2.2"), "");
	/* More than one batch, then given up, or the connection closed. */
	for (int way = 0; way < 2; way++) {
		ck_assert_int_eq(
		    store_import_begin(s, &source, 0, NOW, error), 0);
		for (i = 0; i < 300000; i++) {
			snprintf(value, sizeof(value), "10.%u.%u.%u", i >> 16,
			    i >> 8 & 255, i & 255);
			ck_assert_int_eq(add(s, OBSERVABLE_IP, value), 0);
		}
		if (way == 0)
			store_import_cancel(s);
		else {
			store_close(s);
			s = must_open(STORE_WRITE);
		}
		ck_assert_uint_eq(records(s), 1);
	}
	/* A record out of range ends it. */
	for (i = 0; i < 5; i++) {
		struct record r = usual;

		r.type = i == 0 ? OBSERVABLE_UNKNOWN : OBSERVABLE_IP;
		r.value = i == 1 ? "" : i == 2 ? "\xff" : "192.0.2.2";
		if (i == 3)
			r.priority = 101;
		if (i == 4)
			r.disposition = 6;
		ck_assert_int_eq(
		    store_import_begin(s, &source, 0, NOW, error), 0);
		ck_assert_int_eq(store_import_add(s, &r, error), -1);
	}
	ck_assert_uint_eq(records(s), 1);
	store_close(s);
	end();
}
END_TEST

START_TEST(names_of_sources)
{
	static const struct {
		const char *name;
		bool good;
	} cases[] = { { "a", true }, { "9 lives", true }, { "A.b_c-d e", true },
		{ "", false }, { ".a", false }, { " a", false },
		{ "a/b", false }, { "a\nb", false }, { "\xc3\xbc", false },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaa",
		    true },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		  "aaaaa",
		    false } };
	size_t i;

	for (i = 0; i < COUNT(cases); i++)
		ck_assert_msg(store_source_name(cases[i].name) == cases[i].good,
		    "%s", cases[i].name);
}
END_TEST

/* A feed may say a value twice; a later feed may take its reason back. */
START_TEST(a_reason_is_kept_within_an_import)
{
	static const char *const reasons[][2] = { { "bad", NULL },
		{ NULL, "bad" }, { "bad", "bad" } };
	const struct observable o = { OBSERVABLE_IP, "192.0.2.9", 0 };
	const struct source from = { .name = "twice" };
	struct record r = usual;
	const struct record *found;
	struct store_counts counts;
	struct store *s;
	size_t i, k;

	begin();
	s = must_open(STORE_WRITE);
	r.type = OBSERVABLE_IP;
	r.value = o.value;
	for (i = 0; i < COUNT(reasons); i++) {
		ck_assert_int_eq(
		    store_import_begin(s, &from, 0, NOW, error), 0);
		for (k = 0; k < 2; k++) {
			r.reason = reasons[i][k];
			ck_assert_int_eq(store_import_add(s, &r, error), 0);
		}
		ck_assert_int_eq(store_import_end(s, false, &counts, error), 0);
		ck_assert_int_eq(store_match(s, &o, NOW, &found, error), 1);
		ck_assert_str_eq(found->reason, "bad");
	}
	ck_assert_int_eq(store_import_begin(s, &from, 0, NOW, error), 0);
	r.reason = NULL;
	ck_assert_int_eq(store_import_add(s, &r, error), 0);
	ck_assert_int_eq(store_import_end(s, false, &counts, error), 0);
	ck_assert_int_eq(store_match(s, &o, NOW, &found, error), 1);
	ck_assert_ptr_null(found->reason);
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

/* A reader sees the store as it was until an import is committed, never waits
 * for it, and then sees its networks and sources, too. */
START_TEST(a_reader_beside_an_import)
{
	const struct source source = { .name = "new", .subdomains = true };
	struct store_counts n;
	struct store *w, *w2, *r;
	char value[32];
	unsigned i;

	begin();
	w = must_open(STORE_WRITE);
	import(w, "old", false, false, OBSERVABLE_IP, VALUES("192.0.2.1"));
	r = must_open(STORE_READ);
	ck_assert_str_eq(
	    match(r, OBSERVABLE_IP, "192.0.2.1"), "192.0.2.1@old=");
	ck_assert_int_eq(
	    store_import_begin(w, &source, STORE_SET_SUBDOMAINS, NOW, error),
	    0);
	ck_assert_int_eq(add(w, OBSERVABLE_IP, "192.0.2.0/24"), 0);
	ck_assert_int_eq(add(w, OBSERVABLE_DOMAIN, "evil.example"), 0);
	for (i = 0; i < 300000; i++) { /* more than a batch */
		snprintf(value, sizeof(value), "10.%u.%u.%u", i >> 16,
		    i >> 8 & 255, i & 255);
		ck_assert_int_eq(add(w, OBSERVABLE_IP, value), 0);
	}
	ck_assert_str_eq(
	    match(r, OBSERVABLE_IP, "192.0.2.1"), "192.0.2.1@old=");
	ck_assert_str_eq(match(r, OBSERVABLE_IP, "10.0.0.1"), "");
	ck_assert_int_eq(store_check(r, error), 0);
	/* A second writer is told to wait while it is written, and changes
	 * nothing. */
	ck_assert_int_eq(store_import_settle(w, false, &n, error), 0);
	ck_assert_str_eq(
	    match(r, OBSERVABLE_IP, "192.0.2.1"), "192.0.2.1@old=");
	w2 = must_open(STORE_SERVE);
	ck_assert_int_eq(store_remove_source(w2, "old", error), -1);
	ck_assert_ptr_nonnull(strstr(error, "another process is writing"));
	ck_assert_int_eq(store_import_end(w, false, &n, error), 0);
	ck_assert_uint_eq(n.added, 300002);
	ck_assert_str_eq(match(r, OBSERVABLE_IP, "192.0.2.1"),
	    "192.0.2.0/24@new 192.0.2.1@old=");
	ck_assert_str_eq(
	    match(r, OBSERVABLE_DOMAIN, "a.evil.example"), "evil.example@new");
	ck_assert_int_eq(store_remove_source(w2, "new", error), 300002);
	ck_assert_str_eq(match(r, OBSERVABLE_DOMAIN, "a.evil.example"), "");
	ck_assert_str_eq(
	    match(r, OBSERVABLE_IP, "192.0.2.1"), "192.0.2.1@old=");
	store_close(w2);
	store_close(w);
	store_close(r);
	end();
}
END_TEST

/* Runs SQL on the store behind its back. */
static void
run_sql(const char *text)
{
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* Whether neither way opens, and the error has the word in it. */
static void
refused(const char *word)
{
	enum store_mode modes[] = { STORE_READ, STORE_WRITE };
	size_t i;

	for (i = 0; i < COUNT(modes); i++) {
		ck_assert_ptr_null(store_open(path, modes[i], error));
		ck_assert_msg(strstr(error, word) != NULL, "%s", error);
		ck_assert_ptr_null(strchr(error, '\n'));
	}
}

START_TEST(files_that_are_no_store)
{
	struct store *s;
	FILE *f;

	begin();
	ck_assert_ptr_null(store_open(path, STORE_READ, error));
	ck_assert_ptr_nonnull(strstr(error, "No such file"));
	ck_assert_ptr_nonnull(strstr(error, "intel import"));
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f, "%4000s", "no database");
	fclose(f);
	refused("no store");
	unlink(path);
	run_sql("CREATE TABLE t(a)");
	refused("another program");
	unlink(path);
	s = must_open(STORE_WRITE);
	store_close(s);
	run_sql("PRAGMA user_version = 999");
	refused("(format 999; this is " CTIM_VERSION);
	run_sql("DROP TABLE meta");
	refused("made by a newer ctim-relay (format 999");
	unlink(path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	refused("it is a directory, not a file");
	rmdir(path);
	end();
}
END_TEST

START_TEST(an_empty_file_is_an_empty_store)
{
	struct store *s;
	int fd;

	begin();
	ck_assert_int_ne(fd = open(path, O_CREAT | O_WRONLY, 0600), -1);
	close(fd);
	ck_assert_ptr_null(store_open(path, STORE_READ, error));
	ck_assert_ptr_nonnull(strstr(error, "the store is empty"));
	s = must_open(STORE_WRITE);
	ck_assert_uint_eq(records(s), 0);
	store_close(s);
	end();
}
END_TEST

/* A store that is cut short is an error, opened before or after, and never the
 * end of the process. */
START_TEST(a_truncated_store)
{
	const struct observable o = { .type = OBSERVABLE_IP,
		.value = "10.1.134.7" };
	const struct source source = { .name = "s" };
	const struct record *r;
	struct store_counts n;
	struct store *s, *w;
	char value[32];
	unsigned i;

	begin();
	w = must_open(STORE_WRITE);
	ck_assert_int_eq(store_import_begin(w, &source, 0, NOW, error), 0);
	for (i = 0; i < 100000; i++) {
		snprintf(value, sizeof(value), "10.%u.%u.%u", i >> 16,
		    i >> 8 & 255, i & 255);
		ck_assert_int_eq(add(w, OBSERVABLE_IP, value), 0);
	}
	ck_assert_int_eq(store_import_end(w, false, &n, error), 0);
	store_close(w);
	s = must_open(STORE_READ);
	ck_assert_int_eq(truncate(path, 3 * 4096 + 100), 0);
	ck_assert_int_eq(store_match(s, &o, NOW, &r, error), -1);
	ck_assert_ptr_nonnull(strstr(error, "damaged"));
	store_close(s);
	if ((s = store_open(path, STORE_READ, error)) != NULL)
		ck_assert_int_eq(store_match(s, &o, NOW, &r, error), -1);
	ck_assert_ptr_nonnull(strstr(error, "damaged"));
	store_close(s);
	ck_assert_int_eq(truncate(path, 50), 0);
	refused("import again");
	end();
}
END_TEST

START_TEST(a_store_that_was_taken_away)
{
	struct store *s;

	begin();
	store_close(must_open(STORE_WRITE));
	s = must_open(STORE_READ);
	ck_assert_int_eq(store_check(s, error), 0);
	unlink(path);
	ck_assert_int_eq(store_check(s, error), -1);
	ck_assert_ptr_nonnull(strstr(error, "removed or replaced"));
	store_close(s);
	end();
}
END_TEST

static mode_t
mode_of(const char *suffix)
{
	struct stat st;
	char name[256];

	snprintf(name, sizeof(name), "%s%s", path, suffix);
	ck_assert_int_eq(stat(name, &st), 0);
	return st.st_mode & 07777;
}

/* Whatever the umask: the service and the command line share these. */
START_TEST(modes_and_owners)
{
	char above[128];
	struct stat st;
	struct store *s;
	mode_t before = umask(0077);

	begin();
	if (geteuid() == 0)
		ck_assert_int_eq(chown(folder, NOBODY, NOBODY), 0);
	snprintf(above, sizeof(above), "%s/a", folder);
	snprintf(path, sizeof(path), "%s/a/b/intel.db", folder);
	s = must_open(STORE_WRITE);
	import(s, "s", false, false, OBSERVABLE_IP, VALUES("192.0.2.1"));
	ck_assert_int_eq(mode_of(""), 0660);
	ck_assert_int_eq(mode_of("-wal"), 0660);
	ck_assert_int_eq(mode_of("-shm"), 0660);
	store_close(s);
	/* They stay for those who may read, but not make them. */
	ck_assert_int_eq(mode_of("-wal"), 0660);
	ck_assert_int_eq(mode_of("-shm"), 0660);
	ck_assert_int_eq(stat(path, &st), 0);
	if (geteuid() == 0) {
		ck_assert_int_eq(st.st_uid, NOBODY);
		ck_assert_int_eq(st.st_gid, NOBODY);
	}
	snprintf(above + strlen(above), 8, "/b");
	ck_assert_int_eq(stat(above, &st), 0);
	ck_assert_int_eq(st.st_mode & 07777, 02770);
	if (geteuid() == 0)
		ck_assert_int_eq(st.st_uid, NOBODY);
	snprintf(above, sizeof(above), "rm -r %s/a", folder);
	ck_assert_int_eq(system(above), 0);
	umask(before);
	end();
}
END_TEST

/* The owner of a directory may not have root write to a file of root's. */
START_TEST(links_that_root_follows)
{
	char file[sizeof(path)], name[sizeof(path)];

	begin();
	store_close(must_open(STORE_WRITE));
	memcpy(file, path, sizeof(file));
	snprintf(name, sizeof(name), "%s/link", folder);
	ck_assert_int_eq(symlink(file, name), 0);
	/* Root's own one, or anybody's own one. */
	memcpy(path, name, sizeof(path));
	store_close(must_open(STORE_WRITE));
	if (geteuid() == 0) {
		ck_assert_int_eq(lchown(name, NOBODY, NOBODY), 0);
		ck_assert_ptr_null(store_open(name, STORE_WRITE, error));
		ck_assert_ptr_nonnull(strstr(error,
		    "link: is another user's "
		    "symbolic link"));
		ck_assert_ptr_nonnull(strstr(error, "; name the file itself"));
		/* One that was there for a moment only. */
		ck_assert_int_eq(dbfile_opened(file, "/etc/passwd", error), -1);
		ck_assert_int_eq(dbfile_opened(file, file, error), 0);
	}
	ck_assert_int_eq(unlink(name), 0);
	memcpy(path, file, sizeof(path));
	store_close(must_open(STORE_WRITE));
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

/* In a process of an ordinary user: 0 when the store opens and answers, 1 when
 * the error has the word in it. */
static int
as_nobody(enum store_mode mode, const char *word)
{
	struct store *s;
	pid_t pid;
	int status, code = 2;

	ck_assert_int_ne(pid = fork(), -1);
	if (pid == 0) {
		if (geteuid() == 0 &&
		    (setgid(NOBODY) == -1 || setuid(NOBODY) == -1))
			_exit(3);
		if ((s = store_open(path, mode, error)) != NULL)
			code = *match(s, OBSERVABLE_IP, "192.0.2.1") != '\0' ?
			    0 :
			    4;
		else if (word != NULL && strstr(error, word) != NULL)
			code = 1;
		else
			fprintf(stderr, "%s\n", error);
		_exit(code);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(users_who_may_only_read)
{
	char wal[256], shm[256];

	begin();
	snprintf(wal, sizeof(wal), "%s-wal", path);
	snprintf(shm, sizeof(shm), "%s-shm", path);
	{
		struct store *s = must_open(STORE_WRITE);

		import(
		    s, "s", false, false, OBSERVABLE_IP, VALUES("192.0.2.1"));
		store_close(s);
	}
	/* A folder and files to read, not to write. */
	chmod(path, 0444);
	chmod(wal, 0444);
	chmod(shm, 0444);
	chmod(folder, 0555);
	ck_assert_int_eq(as_nobody(STORE_READ, NULL), 0);
	ck_assert_int_eq(as_nobody(STORE_WRITE, "cannot be written"), 1);
	/* Without the two files beside it, it is said which one is missing. */
	chmod(folder, 0755);
	unlink(wal);
	unlink(shm);
	chmod(folder, 0555);
	ck_assert_int_eq(as_nobody(STORE_READ,
			     "-wal: this file beside the "
			     "store cannot be read or made"),
	    1);
	/* Not even to read. */
	chmod(path, 0);
	ck_assert_int_eq(as_nobody(STORE_READ, "cannot be read"), 1);
	chmod(folder, 0);
	ck_assert_int_eq(as_nobody(STORE_READ, "cannot be opened"), 1);
	chmod(folder, 0755);
	unlink(path);
	chmod(folder, 0555);
	ck_assert_int_eq(as_nobody(STORE_WRITE, "cannot be made"), 1);
	end();
}
END_TEST

/* Fills a filter with one network; arg counts how often. */
static int
fill_one(void *arg, struct store_net *net)
{
	int *filled = arg;

	if (++*filled == 4)
		return 99;
	return store_net_reset(net, 1) == 0 ?
	    store_net_add(net, OBSERVABLE_IP, "192.0.2.0/24") :
	    -1;
}

/* Connections that see the same networks of a store have one filter. */
START_TEST(connections_share_a_filter)
{
	const struct store_net *net[4] = { NULL, NULL, NULL, NULL };
	int lengths[STORE_NET_LENGTHS], filled = 0, i;

	for (i = 0; i < 2; i++)
		ck_assert_int_eq(
		    store_net_take(&net[i], "/a", 7, fill_one, &filled), 0);
	ck_assert_int_eq(filled, 1);
	ck_assert_ptr_eq(net[0], net[1]);
	/* One drops it, the other has it. */
	store_net_drop(net[0]);
	ck_assert_int_eq(
	    store_net_lengths(net[1], OBSERVABLE_IP, "192.0.2.1", lengths), 1);
	/* Another store, another state; a fill that fails. */
	ck_assert_int_eq(
	    store_net_take(&net[2], "/b", 7, fill_one, &filled), 0);
	ck_assert_int_eq(
	    store_net_take(&net[3], "/a", 8, fill_one, &filled), 0);
	ck_assert_int_eq(filled, 3);
	ck_assert_int_eq(
	    store_net_take(&net[2], "/a", 9, fill_one, &filled), 99);
	ck_assert_ptr_null(net[2]);
	/* Without a name it is nobody else's. */
	for (i = 2; i < 4; i++)
		ck_assert_int_eq(
		    store_net_take(&net[i], NULL, 7, fill_one, &filled), 0);
	ck_assert_int_eq(filled, 6);
	ck_assert_ptr_ne(net[2], net[3]);
	/* Who goes on to a state that is there drops the own one. */
	ck_assert_int_eq(
	    store_net_take(&net[3], "/a", 7, fill_one, &filled), 0);
	ck_assert_ptr_eq(net[3], net[1]);
	for (i = 1; i < 4; i++)
		store_net_drop(net[i]);
	store_net_drop(NULL);
	ck_assert_int_eq(filled, 6);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { what_matches_what,
		expired_records_do_not_match,
		a_store_that_is_held_stays_as_it_was, a_record_keeps_its_fields,
		a_source_keeps_what_was_said_of_it, records_with_all_below_them,
		all_below_a_name_across_batches, counts_of_an_import,
		an_import_is_whole_or_nothing, names_of_sources,
		a_reason_is_kept_within_an_import, removing, listing,
		networks_that_come_and_go, a_reader_beside_an_import,
		files_that_are_no_store, an_empty_file_is_an_empty_store,
		a_truncated_store, a_store_that_was_taken_away,
		networks_of_every_length, connections_share_a_filter,
		modes_and_owners, links_that_root_follows,
		users_who_may_only_read };

	return unit_run("store", tests, COUNT(tests));
}
