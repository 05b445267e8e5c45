/* SPDX-License-Identifier: MIT */
/* The actions of the local relay are pure: records in, a change out. */
#include <string.h>

#include "base/buf.h"
#include "call/provider.h"
#include "conf/conf.h"
#include "json/jsonin.h"
#include "providers/local.h"
#include "store/store.h"
#include "tests/unit/unit.h"

#define NOW   INT64_C(1700000000)
#define BLOCK "add-to-block-list"

static struct local_conf conf;

/* What an action with a body does to an observable with n records. */
static enum provider_change
change(const char *action, const char *body, const struct observable *o,
    const struct record *records, size_t n, struct record *out, struct buf *why)
{
	const struct query q = { .route = PROVIDER_TRIGGER,
		.observable = o,
		.conf = &conf,
		.now = NOW,
		.records = records,
		.n = n };
	struct trigger t = { .action = action };
	enum provider_change c;

	t.body = jsonin_parse(body, strlen(body), 100, NULL);
	buf_reset(why);
	c = provider_local.change(&q, &t, out, why);
	json_object_put(t.body);
	return c;
}

static const struct observable address = { OBSERVABLE_IP, "203.0.113.7", 0 };

static struct record
listed(const char *source, int disposition, int64_t expires)
{
	return (struct record){ .type = OBSERVABLE_IP,
		.value = "203.0.113.7",
		.source = { .name = source, .title = source },
		.disposition = disposition,
		.expires = expires,
		.exact = true };
}

START_TEST(an_action_is_a_change_of_its_list)
{
	struct record out, there;
	struct buf why;

	buf_init(&why, 4096);
	conf = (struct local_conf){ .respond_expires = 100 };
	ck_assert_int_eq(
	    change(BLOCK, "{}", &address, NULL, 0, &out, &why), CHANGE_ADD);
	ck_assert_str_eq(out.source.name, "Block list");
	ck_assert_str_eq(out.value, "203.0.113.7");
	ck_assert_int_eq(out.disposition, CTIM_MALICIOUS);
	ck_assert_int_eq(out.priority, 100);
	ck_assert_int_eq(out.expires, NOW + 100);
	ck_assert_int_eq(
	    change("add-to-allow-list", "{}", &address, NULL, 0, &out, &why),
	    CHANGE_ADD);
	ck_assert_str_eq(out.source.name, "Allow list");
	ck_assert_int_eq(out.disposition, CTIM_CLEAN);
	there = listed("Block list", CTIM_MALICIOUS, NOW + 50);
	ck_assert_int_eq(change("remove-from-allow-list", "{}", &address,
			     &there, 1, &out, &why),
	    CHANGE_NONE);
	ck_assert_int_eq(change("remove-from-block-list", "{}", &address,
			     &there, 1, &out, &why),
	    CHANGE_REMOVE);
	ck_assert_str_eq(out.source.name, "Block list");
	/* A network around it is not the record. */
	there.exact = false;
	ck_assert_int_eq(change("remove-from-block-list", "{}", &address,
			     &there, 1, &out, &why),
	    CHANGE_NONE);
	ck_assert_int_eq(
	    change("x", "{}", &address, NULL, 0, &out, &why), CHANGE_WRONG);
	ck_assert_uint_eq(why.failed, false);
	buf_free(&why);
}
END_TEST

START_TEST(what_stays_longer_is_kept)
{
	static const struct {
		int64_t there;
		const char *body;
		enum provider_change change;
		int64_t expires;
	} cases[] = { { NOW + 50, "{}", CHANGE_RENEW, NOW + 100 },
		{ NOW + 100, "{}", CHANGE_NONE, NOW + 100 },
		{ NOW + 150, "{}", CHANGE_NONE, NOW + 100 },
		{ 0, "{}", CHANGE_NONE, NOW + 100 },
		{ 0, "{\"expires\":\"never\"}", CHANGE_NONE, 0 },
		{ NOW + 50, "{\"expires\":\"never\"}", CHANGE_RENEW, 0 },
		{ NOW + 50, "{\"expires\":\"1m\"}", CHANGE_RENEW, NOW + 60 },
		{ NOW + 50, "{\"expires\":\"2023-11-14T22:14:20Z\"}",
		    CHANGE_RENEW, NOW + 60 },
		{ NOW + 50, "{\"expires\":\"2023-11-14T22:13:20Z\"}",
		    CHANGE_WRONG, 0 },
		{ NOW + 50, "{\"expires\":\"\"}", CHANGE_WRONG, 0 },
		{ NOW + 50, "{\"expires\":60}", CHANGE_WRONG, 0 },
		{ NOW + 50, "{\"expires\":null}", CHANGE_RENEW, NOW + 100 } };
	struct record out, there;
	struct buf why;
	size_t i;

	buf_init(&why, 4096);
	conf = (struct local_conf){ .respond_expires = 100 };
	for (i = 0; i < COUNT(cases); i++) {
		there = listed("Block list", CTIM_MALICIOUS, cases[i].there);
		ck_assert_msg(change(BLOCK, cases[i].body, &address, &there, 1,
				  &out, &why) == cases[i].change,
		    "case %zu", i);
		if (cases[i].change != CHANGE_WRONG)
			ck_assert_int_eq(out.expires, cases[i].expires);
	}
	/* One of another judgement is written over. */
	there = listed("Block list", CTIM_SUSPICIOUS, 0);
	ck_assert_int_eq(
	    change(BLOCK, "{}", &address, &there, 1, &out, &why), CHANGE_ADD);
	buf_free(&why);
}
END_TEST

static const struct {
	enum observable_type type;
	const char *value;
	const char *why; /* NULL: it is not refused */
} guarded[] = { { OBSERVABLE_DOMAIN, "x.corp.example", "corp.example" },
	{ OBSERVABLE_DOMAIN, "corp.example", "corp.example" },
	{ OBSERVABLE_DOMAIN, "xcorp.example", NULL },
	{ OBSERVABLE_DOMAIN, "a.lan", "lan" },
	{ OBSERVABLE_EMAIL, "a@corp.example", "corp.example" },
	{ OBSERVABLE_EMAIL, "corp.example@x.example", NULL },
	{ OBSERVABLE_URL, "http://corp.example/", "corp.example" },
	{ OBSERVABLE_URL, "http://198.51.100.1:8080/", "198.51.100.0/28" },
	{ OBSERVABLE_IP, "198.51.100.15", "198.51.100.0/28" },
	{ OBSERVABLE_IP, "198.51.100.16", NULL },
	{ OBSERVABLE_IPV6, "::ffff:198.51.100.15", "198.51.100.0/28" },
	{ OBSERVABLE_IPV6, "2001:db8::1", "2001:db8::1" },
	{ OBSERVABLE_IPV6, "2001:db8::2", NULL },
	{ OBSERVABLE_IP, "10.0.0.1", "private" },
	{ OBSERVABLE_DOMAIN, "a.localhost", "private" },
	{ OBSERVABLE_MD5, "d41d8cd98f00b204e9800998ecf8427e", NULL },
	{ OBSERVABLE_IP, "203.0.113.0/24", "a network" } };

START_TEST(the_site_is_not_blocked)
{
	static const struct conf_key key = { .offset = offsetof(
						 struct local_conf, protect) };
	char reason[CONF_ERROR_MAX];
	struct observable o = { .index = 0 };
	struct record out, clean;
	struct buf why;
	size_t i;

	buf_init(&why, 4096);
	conf = (struct local_conf){ .respond_expires = 0 };
	ck_assert_int_eq(
	    local_set_protect(&conf, &key,
		"CORP.example *.lan, 198.51.100.3/28 2001:DB8:0::1", reason),
	    0);
	for (i = 0; i < COUNT(guarded); i++) {
		o.type = guarded[i].type;
		o.value = guarded[i].value;
		ck_assert_msg(change(BLOCK, "{}", &o, NULL, 0, &out, &why) ==
			(guarded[i].why == NULL ? CHANGE_ADD : CHANGE_REFUSED),
		    "%s", o.value);
		ck_assert_msg(guarded[i].why == NULL ||
			strstr(why.data, guarded[i].why) != NULL,
		    "%s: %s", o.value, why.data);
	}
	clean = listed("a feed", CTIM_CLEAN, 0);
	clean.exact = false;
	ck_assert_int_eq(change(BLOCK, "{}", &address, &clean, 1, &out, &why),
	    CHANGE_REFUSED);
	ck_assert_str_eq(why.data,
	    "Not added to the block list: 203.0.113.7 is "
	    "on an allow list (a feed)");
	ck_assert_int_eq(
	    change("add-to-allow-list", "{}", &address, &clean, 1, &out, &why),
	    CHANGE_ADD);
	ck_assert_int_eq(
	    local_set_protect(&conf, &key, "good.example a/b", reason), -1);
	conf_release_list(&conf.protect);
	buf_free(&why);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { an_action_is_a_change_of_its_list,
		what_stays_longer_is_kept, the_site_is_not_blocked };

	return unit_run("local_respond", tests, COUNT(tests));
}
