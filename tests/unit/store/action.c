/* SPDX-License-Identifier: MIT */
/* Actions: a change and its row in the audit are one. */
#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include "store/store_action.h"
#include "tests/unit/unit.h"

#define NOW 1000000

static char folder[64], path[128], error[STORE_ERROR_MAX];

static struct store *
action_begin(void)
{
	struct store *s;

	snprintf(folder, sizeof(folder), "/tmp/ctim-action.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/intel.db", folder);
	s = store_open(path, STORE_WRITE, error);
	ck_assert_msg(s != NULL, "%s", error);
	return s;
}

static void
action_end(struct store *s)
{
	char command[128];

	store_close(s);
	snprintf(command, sizeof(command), "rm -r %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static const struct source block = { .name = "block list",
	.title = "Block list" };
static const struct source allow = { .name = "allow list",
	.title = "Allow list" };
static const struct record bad = { .type = OBSERVABLE_IP,
	.value = "192.0.2.1",
	.disposition = CTIM_MALICIOUS,
	.severity = CTIM_SEVERITY_HIGH,
	.confidence = CTIM_SEVERITY_HIGH,
	.tlp = CTIM_AMBER,
	.priority = 100,
	.reason = "an analyst said so" };

static struct store_action
action_at(int64_t at)
{
	return (struct store_action){ .at = at,
		.relay = "local",
		.who = "someone",
		.action = "block",
		.type = OBSERVABLE_IP,
		.value = "192.0.2.1",
		.status = "success" };
}

/* Which sources list the value, each with a blank behind it. */
static const char *
listed_by(struct store *s)
{
	static char text[256];
	const struct observable o = { OBSERVABLE_IP, "192.0.2.1", 0 };
	const struct record *r;
	ssize_t i, n = store_match(s, &o, NOW, &r, error);

	ck_assert_msg(n >= 0, "%s", error);
	text[0] = '\0';
	for (i = 0; i < n; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
		    "%s,", r[i].source.title);
	return text;
}

struct told {
	char text[1024];
	int stop_after;
};

static int
tell_action(void *arg, const struct store_action *a)
{
	struct told *t = arg;

	snprintf(t->text + strlen(t->text), sizeof(t->text) - strlen(t->text),
	    "%lld %s %s %s %s %s %s %s;", (long long)a->at, a->relay, a->who,
	    a->action, observable_name(a->type), a->value, a->status,
	    a->reason == NULL ? "-" : a->reason);
	return --t->stop_after == 0;
}

static const char *
audit(struct store *s, struct store_action_filter filter, int stop_after)
{
	static struct told t;

	t = (struct told){ .stop_after = stop_after };
	ck_assert_int_eq(store_actions(s, &filter, tell_action, &t, error), 0);
	return t.text;
}

#define ALL                            \
	((struct store_action_filter){ \
	    .type = OBSERVABLE_UNKNOWN, .limit = -1 })

START_TEST(a_change_and_its_row)
{
	const struct store_change add = { false, &block, STORE_SET_TITLE,
		&bad };
	const struct store_change move[] = { { true, &block, 0, &bad },
		{ false, &allow, STORE_SET_TITLE, &bad } };
	const struct store_change missing = { true, &block, 0, &bad };
	struct store_action a = action_at(NOW);
	struct store *s = action_begin();
	uint64_t n;

	ck_assert_int_eq(store_act(s, &add, 1, &a, &n, error), 0);
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(listed_by(s), "Block list,");
	ck_assert_str_eq(audit(s, ALL, 0),
	    "1000000 local someone block ip 192.0.2.1 success -;");
	/* What is so already changes nothing, and is told all the same. */
	a.at = NOW + 1;
	ck_assert_int_eq(store_act(s, &add, 1, &a, &n, error), 0);
	ck_assert_uint_eq(n, 0);
	/* Two changes are one. */
	a.action = "allow";
	a.at = NOW + 2;
	ck_assert_int_eq(store_act(s, move, COUNT(move), &a, &n, error), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(listed_by(s), "Allow list,");
	ck_assert_int_eq(store_act(s, &missing, 1, &a, &n, error), 0);
	ck_assert_uint_eq(n, 0);
	action_end(s);
}
END_TEST

START_TEST(the_audit_newest_first)
{
	struct store *s = action_begin();
	struct store_action a = action_at(NOW);
	struct store_action_filter f = ALL;

	ck_assert_str_eq(audit(s, ALL, 0), "");
	a.reason = "why not";
	a.status = "failure";
	ck_assert_int_eq(store_action_add(s, &a, error), 0);
	a = action_at(NOW + 1);
	a.type = OBSERVABLE_DOMAIN;
	a.value = "x.example";
	ck_assert_int_eq(store_action_add(s, &a, error), 0);
	ck_assert_str_eq(audit(s, ALL, 0),
	    "1000001 local someone block domain x.example success -;"
	    "1000000 local someone block ip 192.0.2.1 failure why not;");
	ck_assert_str_eq(audit(s, ALL, 1),
	    "1000001 local someone block domain x.example success -;");
	f.limit = 1;
	ck_assert_str_eq(audit(s, f, 0),
	    "1000001 local someone block domain x.example success -;");
	f = ALL;
	f.type = OBSERVABLE_IP;
	ck_assert_str_eq(audit(s, f, 0),
	    "1000000 local someone block ip 192.0.2.1 failure why not;");
	f.value = "x.example";
	ck_assert_str_eq(audit(s, f, 0), "");
	f = ALL;
	f.since = NOW + 1;
	f.value = "x.example";
	ck_assert_str_eq(audit(s, f, 0),
	    "1000001 local someone block domain x.example success -;");
	action_end(s);
}
END_TEST

/* Runs SQL on the store behind its back. */
static void
action_sql(const char *text)
{
	sqlite3 *db;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

/* A change that cannot be told is not made, nor told what cannot be made. */
START_TEST(neither_without_the_other)
{
	const struct source nameless = { .name = "/" };
	struct record wrong = bad;
	const struct store_change add = { false, &block, STORE_SET_TITLE,
		&bad };
	const struct store_change wrongs[] = { { false, &block, 0, &wrong },
		{ false, &nameless, 0, &bad } };
	struct store_action a = action_at(NOW);
	struct store *s = action_begin();
	size_t i;

	wrong.priority = 101;
	for (i = 0; i < COUNT(wrongs); i++) {
		const struct store_change both[] = { add, wrongs[i] };

		ck_assert_int_eq(store_act(s, both, 2, &a, NULL, error), -1);
		ck_assert_str_eq(listed_by(s), "");
		ck_assert_str_eq(audit(s, ALL, 0), "");
	}
	action_sql("CREATE TRIGGER t BEFORE INSERT ON action BEGIN"
		   " SELECT raise(ABORT, 'no'); END");
	ck_assert_int_eq(store_act(s, &add, 1, &a, NULL, error), -1);
	ck_assert_str_eq(listed_by(s), "");
	action_sql("DROP TRIGGER t");
	action_sql("CREATE TRIGGER t BEFORE INSERT ON indicator BEGIN"
		   " SELECT raise(ABORT, 'no'); END");
	ck_assert_int_eq(store_act(s, &add, 1, &a, NULL, error), -1);
	ck_assert_str_eq(audit(s, ALL, 0), "");
	action_sql("DROP TRIGGER t");
	ck_assert_int_eq(store_act(s, &add, 1, &a, NULL, error), 0);
	action_end(s);
}
END_TEST

/* What `intel update` keeps of a source; an import of it leaves that. */
START_TEST(fields_of_a_source)
{
	const struct source all = { .name = "feed",
		.title = "T",
		.url = "https://x.example/",
		.feed = "https://x.example/feed",
		.header = "Auth-Key: file:/etc/key",
		.options = "--format csv",
		.etag = "\"e\"",
		.modified = "Mon, 01 Jan 2024 00:00:00 GMT",
		.checked = NOW,
		.subdomains = true };
	const struct source none = { .name = "feed" };
	const struct store_change add = { false, &none, 0, &bad };
	const unsigned every = STORE_SET_TITLE | STORE_SET_URL |
	    STORE_SET_SUBDOMAINS | STORE_SET_FEED | STORE_SET_HEADER |
	    STORE_SET_OPTIONS | STORE_SET_ETAG | STORE_SET_MODIFIED |
	    STORE_SET_CHECKED;
	struct store_action a = action_at(NOW);
	struct store *s = action_begin();
	const struct store_count *c;
	size_t i;

	ck_assert_int_eq(store_source_set(s, &all, every, error), -1);
	ck_assert_ptr_nonnull(strstr(error, "there is no source \"feed\""));
	ck_assert_int_eq(
	    store_source_set(s, &all, every | STORE_SET_MAKE, error), 0);
	for (i = 0; i < 2; i++) {
		ck_assert_int_eq(store_stats(s, NOW, &c, error), 1);
		ck_assert_str_eq(c->source.title, all.title);
		ck_assert_str_eq(c->source.url, all.url);
		ck_assert_str_eq(c->source.feed, all.feed);
		ck_assert_str_eq(c->source.header, all.header);
		ck_assert_str_eq(c->source.options, all.options);
		ck_assert_str_eq(c->source.etag, all.etag);
		ck_assert_str_eq(c->source.modified, all.modified);
		ck_assert_int_eq(c->source.checked, NOW);
		ck_assert(c->source.subdomains);
		ck_assert_uint_eq(c->records, i);
		if (i == 0)
			ck_assert_int_eq(
			    store_act(s, &add, 1, &a, NULL, error), 0);
	}
	ck_assert_int_eq(
	    store_source_set(s, &none, STORE_SET_FEED | STORE_SET_ETAG, error),
	    0);
	ck_assert_int_eq(store_stats(s, NOW, &c, error), 1);
	ck_assert_ptr_null(c->source.feed);
	ck_assert_ptr_null(c->source.etag);
	ck_assert_str_eq(c->source.header, all.header);
	action_end(s);
}
END_TEST

/* Several steps are one transaction, for which other writers wait. */
START_TEST(an_act_is_whole_or_not_there)
{
	const struct store_change steps[] = { { false, &block, 0, &bad },
		{ false, &allow, 0, &bad } };
	struct store_action a = action_at(NOW);
	struct store_act_last last;
	struct store *s = action_begin(), *other;
	int end;

	other = store_open(path, STORE_WRITE, error);
	ck_assert_ptr_nonnull(other);
	for (end = 0; end < 2; end++) {
		ck_assert_int_eq(store_act_begin(s, 0, error), 0);
		ck_assert_int_eq(
		    store_act(s, &steps[0], 1, &a, NULL, error), 0);
		ck_assert_int_eq(
		    store_act(s, &steps[1], 1, &a, NULL, error), 0);
		ck_assert_int_eq(
		    store_remove(s, bad.type, bad.value, block.name, error), 1);
		ck_assert_str_eq(listed_by(s), "allow list,");
		ck_assert_str_eq(listed_by(other), "");
		ck_assert_int_eq(store_act_begin(other, 0, error), -1);
		ck_assert_ptr_nonnull(strstr(error, "another process"));
		if (end)
			ck_assert_int_eq(store_act_end(s, error), 0);
		else
			store_act_cancel(s);
		ck_assert_str_eq(listed_by(s), end ? "allow list," : "");
		ck_assert_str_eq(listed_by(other), end ? "allow list," : "");
	}
	ck_assert_str_eq(audit(other, ALL, 0),
	    "1000000 local someone block ip 192.0.2.1 success -;"
	    "1000000 local someone block ip 192.0.2.1 success -;");
	/* The newest row of the value decides. */
	ck_assert_int_eq(store_act_begin(other, 0, error), 0);
	ck_assert_int_eq(store_act_last(other, &a, NOW, &last, error), 0);
	ck_assert(last.same && last.success);
	ck_assert_int_eq(store_act_last(other, &a, NOW + 1, &last, error), 0);
	ck_assert(!last.same);
	a.action = "allow";
	a.status = "failure";
	a.reason = "no";
	ck_assert_int_eq(store_action_add(other, &a, error), 0);
	ck_assert_int_eq(store_act_last(other, &a, NOW, &last, error), 0);
	ck_assert(last.same && !last.success);
	ck_assert_str_eq(last.reason, "no");
	a.action = "block";
	ck_assert_int_eq(store_act_last(other, &a, NOW, &last, error), 0);
	ck_assert(!last.same);
	/* What fails ends the act. */
	ck_assert_int_eq(
	    store_remove(other, bad.type, bad.value, "none", error), -1);
	ck_assert_int_eq(store_act_begin(other, 0, error), 0);
	store_act_cancel(other);
	store_close(other);
	action_end(s);
}
END_TEST

START_TEST(all_that_is_above_is_found)
{
	static const struct {
		enum observable_type type;
		const char *value;
		bool there; /* to store_match_around(), of what is listed */
	} asked[] = { { OBSERVABLE_DOMAIN, "a.b.good.example", true },
		{ OBSERVABLE_DOMAIN, "bad.example", false },
		{ OBSERVABLE_URL, "http://x.good.example/", true },
		{ OBSERVABLE_URL, "http://198.51.100.7/", true },
		{ OBSERVABLE_URL, "http://198.51.101.7/", false },
		{ OBSERVABLE_EMAIL, "me@good.example", false } };
	struct record domain = bad, net = bad;
	const struct store_change both[] = { { false, &allow, 0, &domain },
		{ false, &allow, 0, &net } };
	struct store_action a = action_at(NOW);
	struct store *s = action_begin();
	const struct record *r;
	struct observable o = { .index = 0 };
	size_t i;

	domain.type = OBSERVABLE_DOMAIN;
	domain.value = "good.example";
	net.value = "198.51.100.0/24";
	ck_assert_int_eq(store_act(s, both, 2, &a, NULL, error), 0);
	for (i = 0; i < COUNT(asked); i++) {
		o.type = asked[i].type;
		o.value = asked[i].value;
		ck_assert_int_eq(store_match(s, &o, NOW, &r, error), 0);
		ck_assert_msg(store_match_around(s, &o, NOW, &r, error) ==
			(asked[i].there ? 1 : 0),
		    "%s", o.value);
	}
	action_end(s);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { a_change_and_its_row,
		the_audit_newest_first, neither_without_the_other,
		fields_of_a_source, an_act_is_whole_or_not_there,
		all_that_is_above_is_found };

	return unit_run("action", tests, COUNT(tests));
}
