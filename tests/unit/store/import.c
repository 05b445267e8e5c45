/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "store/store_write.h"
#include "tests/unit/store_drive.h"
#include "tests/unit/unit.h"

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
	store_hold(s, NULL, 0, false);
	import(
	    w, "one", false, false, OBSERVABLE_DOMAIN, VALUES("new.example"));
	ck_assert_int_eq(store_match(s, &o, NOW, &records, error), 0);
	ck_assert_int_eq(store_match(s, &o, NOW, &records, error), 0);
	store_release(s);
	ck_assert_int_eq(store_match(s, &o, NOW, &records, error), 1);
	store_hold(s, NULL, 0, false);
	ck_assert_int_eq(store_match(s, &o, NOW, &records, error), 1);
	ck_assert_str_eq(records[0].value, "new.example");
	store_close(s);
	store_close(w);
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

int
main(void)
{
	const TTest *const tests[] = { a_store_that_is_held_stays_as_it_was,
		a_source_keeps_what_was_said_of_it, records_with_all_below_them,
		all_below_a_name_across_batches, counts_of_an_import,
		an_import_is_whole_or_nothing, names_of_sources,
		a_reason_is_kept_within_an_import, a_reader_beside_an_import };

	return unit_run("import", tests, COUNT(tests));
}
