/* SPDX-License-Identifier: MIT */
/* The local provider is pure: records in, CTIM out, no store. */
#include <stdio.h>
#include <string.h>

#include "answer/answer.h"
#include "answer/response.h"
#include "answer/transport.h"
#include "call/provider.h"
#include "json/jsonin.h"
#include "store/store.h"
#include "tests/unit/unit.h"

#define NOW INT64_C(1700000000) /* 2023-11-14T22:13:20Z */

static struct buf sent;

static int
take(void *arg, const void *p, size_t n, bool push)
{
	(void)arg;
	(void)push;
	return buf_add(&sent, p, n);
}

static const struct record plain = { .type = OBSERVABLE_IP,
	.value = "192.0.2.1",
	.source = { .name = "feed", .title = "A feed" },
	.disposition = CTIM_SUSPICIOUS,
	.severity = CTIM_SEVERITY_MEDIUM,
	.confidence = CTIM_SEVERITY_MEDIUM,
	.tlp = CTIM_AMBER,
	.priority = 90,
	.imported = NOW - 100,
	.exact = true };
static const struct observable asked = { OBSERVABLE_IP, "192.0.2.1", 0 };

/* The answer about asked, parsed; the caller puts it. */
static struct json_object *
ask(enum provider_route route, const struct record *records, size_t n,
    size_t limit)
{
	static char *const no_env[] = { NULL };
	struct transport t = { .env = no_env, .write = take };
	struct query q = { .route = route,
		.observable = &asked,
		.now = NOW,
		.records = records,
		.n = n };
	struct response r;
	struct answer *a;
	struct json_object *whole;
	const char *body;

	buf_init(&sent, 1U << 20);
	response_init(&r, &t);
	a = answer_new(&r,
	    route == PROVIDER_REFER ? ANSWER_LIST : ANSWER_ENTITIES,
	    CTIM_SIGHTING);
	answer_observable(a, limit);
	if (route == PROVIDER_REFER)
		provider_local.refer(a, &q);
	else
		provider_local.answer(a, &q);
	answer_answered(a);
	answer_finish(a);
	answer_free(a);
	body = strstr(sent.data, "\r\n\r\n") + 4;
	whole = jsonin_parse(body, strlen(body), 20000, NULL);
	ck_assert_ptr_nonnull(whole);
	buf_free(&sent);
	return whole;
}

static struct json_object *
docs(struct json_object *whole, const char *kind)
{
	return jsonin_member(
	    jsonin_member(jsonin_member(whole, "data"), kind), "docs");
}

static const struct {
	int priority, disposition;
	int64_t seen;
} order[] = { /* from what counts most to what counts least */
	{ 100, CTIM_UNKNOWN, 0 }, { 95, CTIM_CLEAN, NOW - 50 },
	{ 95, CTIM_CLEAN, NOW - 60 }, { 95, CTIM_MALICIOUS, NOW },
	{ 95, CTIM_SUSPICIOUS, NOW }, { 95, CTIM_COMMON, NOW },
	{ 95, CTIM_UNKNOWN, NOW }, { 90, CTIM_CLEAN, NOW }
};

START_TEST(the_verdict_is_the_judgement_that_counts_most)
{
	struct record r[2];
	struct json_object *whole, *verdict, *first;
	size_t i, k;

	for (i = 0; i < COUNT(order); i++)
		for (k = i + 1; k < COUNT(order); k++) {
			r[0] = r[1] = plain;
			r[0].source.name = "later";
			r[1].source.name = "first";
			r[0].priority = order[k].priority;
			r[0].disposition = order[k].disposition;
			r[0].last_seen = order[k].seen;
			r[1].priority = order[i].priority;
			r[1].disposition = order[i].disposition;
			r[1].last_seen = order[i].seen;
			whole = ask(PROVIDER_DELIBERATE, r, 2, 100);
			verdict = jsonin_at(docs(whole, "verdicts"), 0);
			first = jsonin_at(docs(whole, "judgements"), 0);
			ck_assert_str_eq(
			    jsonin_string(first, "source"), "first");
			ck_assert_str_eq(jsonin_string(verdict, "judgement_id"),
			    jsonin_string(first, "id"));
			ck_assert_uint_eq(
			    jsonin_length(docs(whole, "verdicts")), 1);
			json_object_put(whole);
		}
}
END_TEST

START_TEST(ids_are_of_source_type_and_value)
{
	struct record r = plain;
	struct json_object *whole;
	char id[CTIM_ID_MAX];

	whole = ask(PROVIDER_DELIBERATE, &r, 1, 100);
	ctim_id_of(id, CTIM_JUDGEMENT, "feed|ip|192.0.2.1");
	ck_assert_str_eq(
	    jsonin_string(jsonin_at(docs(whole, "judgements"), 0), "id"), id);
	json_object_put(whole);
	/* A network is another judgement for each address in it. */
	r.exact = false;
	r.value = "192.0.2.0/24";
	whole = ask(PROVIDER_DELIBERATE, &r, 1, 100);
	ctim_id_of(id, CTIM_JUDGEMENT, "feed|ip|192.0.2.0/24|ip|192.0.2.1");
	ck_assert_str_eq(
	    jsonin_string(jsonin_at(docs(whole, "judgements"), 0), "id"), id);
	json_object_put(whole);
}
END_TEST

static const struct {
	int64_t first_seen, expires;
	const char *start, *end;
} spans[] = { { 0, 0, "2023-11-14T22:11:40Z", "2023-12-14T22:13:20Z" },
	{ NOW - 86400, 0, "2023-11-13T22:13:20Z", "2023-12-14T22:13:20Z" },
	{ 0, NOW + 60, "2023-11-14T22:11:40Z", "2023-11-14T22:14:20Z" },
	/* A first sight behind the end must not turn the time around. */
	{ NOW + 3600, NOW + 60, "2023-11-14T22:14:20Z",
	    "2023-11-14T22:14:20Z" } };

START_TEST(a_judgement_holds_from_first_sight_to_expiry)
{
	struct record r = plain;
	struct json_object *whole, *time;
	size_t i;

	for (i = 0; i < COUNT(spans); i++) {
		r.first_seen = spans[i].first_seen;
		r.expires = spans[i].expires;
		whole = ask(PROVIDER_DELIBERATE, &r, 1, 100);
		time = jsonin_member(
		    jsonin_at(docs(whole, "judgements"), 0), "valid_time");
		ck_assert_str_eq(
		    jsonin_string(time, "start_time"), spans[i].start);
		ck_assert_str_eq(jsonin_string(time, "end_time"), spans[i].end);
		time = jsonin_member(
		    jsonin_at(docs(whole, "verdicts"), 0), "valid_time");
		ck_assert_str_eq(jsonin_string(time, "end_time"), spans[i].end);
		json_object_put(whole);
	}
}
END_TEST

START_TEST(only_what_was_seen_is_a_sighting)
{
	struct record r[2] = { plain, plain };
	struct json_object *whole, *sighting, *relations;

	r[1].source.name = "seen";
	r[1].first_seen = NOW - 200;
	r[1].last_seen = NOW - 100;
	r[1].count = 7;
	whole = ask(PROVIDER_OBSERVE, r, 2, 100);
	ck_assert_uint_eq(jsonin_length(docs(whole, "sightings")), 1);
	ck_assert_uint_eq(jsonin_length(docs(whole, "indicators")), 2);
	sighting = jsonin_at(docs(whole, "sightings"), 0);
	ck_assert_str_eq(jsonin_string(sighting, "source"), "seen");
	ck_assert_int_eq(
	    json_object_get_int(jsonin_member(sighting, "count")), 7);
	relations = docs(whole, "relationships");
	ck_assert_uint_eq(jsonin_length(relations), 3);
	json_object_put(whole);
}
END_TEST

START_TEST(the_limit_keeps_the_verdict_and_its_judgement)
{
	struct record r[10];
	char names[10][8];
	struct json_object *whole;
	size_t i;

	for (i = 0; i < COUNT(r); i++) {
		r[i] = plain;
		snprintf(names[i], sizeof(names[i]), "s%zu", i);
		r[i].source.name = names[i];
		r[i].priority = (int)i;
	}
	whole = ask(PROVIDER_OBSERVE, r, COUNT(r), 3);
	ck_assert_uint_eq(jsonin_length(docs(whole, "judgements")), 3);
	ck_assert_uint_eq(jsonin_length(docs(whole, "verdicts")), 1);
	ck_assert_str_eq(jsonin_string(jsonin_at(docs(whole, "verdicts"), 0),
			     "judgement_id"),
	    jsonin_string(jsonin_at(docs(whole, "judgements"), 0), "id"));
	ck_assert_str_eq(
	    jsonin_string(jsonin_at(docs(whole, "judgements"), 0), "source"),
	    "s9");
	json_object_put(whole);
}
END_TEST

START_TEST(a_source_with_a_link_is_referred_to_once)
{
	struct record r[3] = { plain, plain, plain };
	struct json_object *whole, *list, *reference;

	r[0].source.url = "https://x.example/{type}?q={value}";
	r[1].source.url = r[0].source.url;
	r[1].value = "192.0.2.0/24";
	r[1].exact = false;
	r[2].source.name = "no link";
	whole = ask(PROVIDER_REFER, r, 3, 100);
	list = jsonin_member(whole, "data");
	ck_assert_uint_eq(jsonin_length(list), 1);
	reference = jsonin_at(list, 0);
	ck_assert_str_eq(jsonin_string(reference, "url"),
	    "https://x.example/ip?q=192.0.2.1");
	ck_assert_str_eq(
	    jsonin_string(reference, "id"), "ref-local-feed-ip-192.0.2.1");
	ck_assert_str_eq(
	    jsonin_string(reference, "title"), "Look up in A feed");
	json_object_put(whole);
}
END_TEST

START_TEST(every_provider_is_found_by_its_name)
{
	size_t i;

	for (i = 0; providers[i] != NULL; i++)
		ck_assert_ptr_eq(
		    provider_find(providers[i]->name), providers[i]);
	ck_assert_ptr_null(provider_find("none"));
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		the_verdict_is_the_judgement_that_counts_most,
		ids_are_of_source_type_and_value,
		a_judgement_holds_from_first_sight_to_expiry,
		only_what_was_seen_is_a_sighting,
		the_limit_keeps_the_verdict_and_its_judgement,
		a_source_with_a_link_is_referred_to_once,
		every_provider_is_found_by_its_name
	};

	return unit_run("local", tests, COUNT(tests));
}
