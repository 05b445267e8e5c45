/* SPDX-License-Identifier: MIT */
/* The spycloud provider with the texts of a played service. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/drive.h"

#define BASE   "https://api.spycloud.io/enterprise-v2/"
#define EMAILS BASE "breach/data/emails/"
#define ENTRY  BASE "breach/catalog/"
#define TOKEN  "{'key':'some key'}"

static const struct observable admin = { OBSERVABLE_EMAIL, "admin@example.org",
	0 };

static char pool[1U << 20];
static size_t used;

/* A text with ' for ", good until the test ends. */
static char *
json(const char *text)
{
	char *copy = pool + used;
	size_t n = strlen(text) + 1;

	ck_assert_uint_le(n, sizeof(pool) - used);
	memcpy(copy, text, n);
	used += n;
	drive_quotes(copy);
	return copy;
}

#define VIDAR                                                          \
	"{'cursor':'','hits':1,'results':[{'confidence':3,"            \
	"'description':'about 17551','title':'Vidar Stealer',"         \
	"'type':'PRIVATE','acquisition_date':'2020-04-15T00:00:00Z',"  \
	"'site':'n/a','spycloud_publish_date':'2020-04-16T00:00:00Z'," \
	"'site_description':'site of 17551',"                          \
	"'uuid':'3a7fc3d4-2f57-1076-951c-287332a4d1f8',"               \
	"'num_records':1107872,'id':17551,"                            \
	"'assets':{'username':540183,'city':1107503,'email':567689}}]}"
#define FORUM                                                      \
	"{'results':[{'confidence':1,'description':'about 17494'," \
	"'title':'A forum','site':'forum.example','id':17494,"     \
	"'spycloud_publish_date':'2020-04-02T00:00:00Z',"          \
	"'site_description':'','uuid':'1293a093','assets':{}}]}"
#define RECORD_1                                                           \
	"{'city':'()','domain':'example.org',"                             \
	"'infected_time':'2020-03-26 16:56:49','email_username':'admin',"  \
	"'email':'admin@example.org','password':'test123',"                \
	"'spycloud_publish_date':'2020-04-16T00:00:00Z','sighting':1,"     \
	"'email_domain':'example.org','source_id':17551,"                  \
	"'infected_machine_id':'0bb046a5','password_plaintext':'test123'," \
	"'document_id':'90f9c47d','severity':25}"
#define RECORD_2                                                       \
	"{'ip_addresses':['210.56.127.202'],'sighting':6,"             \
	"'spycloud_publish_date':'2020-04-02T00:00:00Z','severity':5," \
	"'source_id':17494,'document_id':'d27e8c1e','email':null}"
#define BOTH      "{'hits':2,'results':[" RECORD_2 "," RECORD_1 "]}"

#define PORTAL    "https://portal.spycloud.com/breach/catalog/"
#define COLUMN(n) "{'name':'" n "','type':'string'}"

static const struct drive_reply *
both(void)
{
	static struct drive_reply replies[3];

	replies[0] = (struct drive_reply){ EMAILS "admin@example.org", 200,
		"OK", json(BOTH) };
	replies[1] =
	    (struct drive_reply){ ENTRY "17551", 200, "OK", json(VIDAR) };
	replies[2] =
	    (struct drive_reply){ ENTRY "17494", 200, "OK", json(FORUM) };
	return replies;
}

START_TEST(calls_carry_the_key_and_only_the_catalog_is_kept)
{
	struct drive d;
	const struct call *c;
	size_t i;

	drive_init(&d, &provider_spycloud, TOKEN, both(), 3);
	drive_lookup(&d, PROVIDER_OBSERVE, &admin);
	ck_assert_uint_eq(d.lookup.n, 3);
	for (i = 0; i < 3; i++) {
		c = d.lookup.calls[i];
		ck_assert_uint_eq(c->n_headers, 2);
		ck_assert_str_eq(c->headers[0].data, "X-API-Key: some key");
		ck_assert_str_eq(
		    c->headers[1].data, "Accept: application/json");
		ck_assert_uint_eq(c->flags,
		    i == 0 ? 0 :
			     CALL_CACHE | CALL_SHARED | CALL_OPTIONAL |
			    CALL_WITHOUT_VALUE);
		ck_assert_int_eq(c->ttl, i == 0 ? 0 : 86400);
	}
	/* What is kept of the catalog is what is looked at. */
	ck_assert_ptr_null(
	    jsonin_member(d.lookup.calls[1]->result, "num_records"));
	ck_assert_int_eq(provider_spycloud.rate, 4);
	ck_assert(provider_spycloud.any_case);
	drive_free(&d);
}
END_TEST

/* Asks about admin; catalog entries are all the one body. */
static struct json_object *
ask(struct drive *d, const char *records, const char *entry, int status,
    const char *redact)
{
	static struct drive_reply replies[2];

	replies[0] = (struct drive_reply){ EMAILS "admin@example.org", 200,
		"OK", json(records) };
	replies[1] = (struct drive_reply){ "*", status, "R", json(entry) };
	drive_init(d, &provider_spycloud, TOKEN, replies, 2);
	if (redact != NULL)
		drive_conf(d, "redact", redact);
	drive_lookup(d, PROVIDER_OBSERVE, &admin);
	return drive_answer(d);
}

static const struct {
	int status;
	const char *body, *problem;
} failures[] = { { 401, "{'message':'Unauthorized'}",
		     "[authorization error%s] "
		     "Authorization failed: Unauthorized\n" },
	{ 403, "{'message':'Forbidden'}",
	    "[authorization error%s] "
	    "Authorization failed: Forbidden\n" },
	{ 401, "", "[authorization error%s] Authorization failed: R\n" },
	{ 401, "<html>", "[authorization error%s] Authorization failed: R\n" },
	{ 403, "{'message':['x']}",
	    "[authorization error%s] Authorization failed: R\n" },
	{ 429, "{}",
	    "[too many requests%s] Too many requests have been made "
	    "to Spycloud. Please, try again later.\n" },
	{ 500, "{}", "[internal error%s] The Spycloud internal error.\n" },
	{ 502, "",
	    "[service unavailable%s] Unexpected response from "
	    "Spycloud: 502 R (email admin@example.org)\n" },
	{ 503, "",
	    "[service unavailable%s] Unexpected response from "
	    "Spycloud: 503 R (email admin@example.org)\n" },
	{ 302, "",
	    "[unknown%s] Unexpected response from Spycloud: 302 R "
	    "(email admin@example.org)\n" },
	{ 418, "",
	    "[unknown%s] Unexpected response from Spycloud: 418 R "
	    "(email admin@example.org)\n" },
	{ 200, "<html>",
	    "[unknown%s] The answer of the service is not the "
	    "JSON that it should be: " },
	{ 200, "",
	    "[unknown%s] The answer of the service is not the JSON "
	    "that it should be: " },
	{ 200, "{'results':[",
	    "[unknown%s] The answer of the service is not "
	    "the JSON that it should be: " } };

static void
same_problem(const char *got, const char *format, const char *optional)
{
	struct buf want;
	const char *at = strstr(format, "%s");

	buf_init(&want, 1000);
	buf_add(&want, format, (size_t)(at - format));
	buf_adds(&want, optional);
	buf_adds(&want, at + 2);
	if (want.data[want.len - 1] == '\n')
		ck_assert_str_eq(got, want.data);
	else
		ck_assert_msg(strncmp(got, want.data, want.len) == 0,
		    "%s is not %s", got, want.data);
	buf_free(&want);
}

START_TEST(what_the_service_refuses_is_said_in_known_words)
{
	struct drive_reply reply = { "*", 404, "R", NULL };
	struct drive d;
	size_t i;

	for (i = 0; i < COUNT(failures) + 1; i++) {
		used = 0;
		if (i < COUNT(failures)) {
			reply.status = failures[i].status;
			reply.body = json(failures[i].body);
		} else {
			reply.status = 404;
		}
		drive_init(&d, &provider_spycloud, TOKEN, &reply, 1);
		drive_lookup(&d, PROVIDER_OBSERVE, &admin);
		ck_assert_uint_eq(d.lookup.n, 1);
		ck_assert(d.first_failed);
		same_problem(d.problems.data,
		    i < COUNT(failures) ?
			failures[i].problem :
			"[not found%s] The Spycloud not found.\n",
		    "");
		drive_free(&d);
	}
}
END_TEST

START_TEST(what_the_service_says_of_a_refusal_is_cut)
{
	static const char begin[] = "[authorization error] "
				    "Authorization failed: ";
	struct drive_reply reply = { "*", 401, "R", NULL };
	struct drive d;
	struct buf body;

	buf_init(&body, 4000);
	buf_addf(&body, "{\"message\":\"%02000d\"}", 0);
	reply.body = body.data;
	drive_init(&d, &provider_spycloud, TOKEN, &reply, 1);
	drive_lookup(&d, PROVIDER_OBSERVE, &admin);
	ck_assert_int_eq(strncmp(d.problems.data, begin, strlen(begin)), 0);
	ck_assert_uint_eq(d.problems.len, strlen(begin) + 1000 + 1);
	drive_free(&d);
	buf_free(&body);
}
END_TEST

/* A member of a record or an entry, and what it makes of a member of a sighting
 * or an indicator ("" for not there). */
static const struct {
	const char *record, *entry, *kind, *member, *want;
} members[] = { { "'severity':0", "", "sightings", "severity", "'Low'" },
	{ "'severity':2", "", "sightings", "severity", "'Low'" },
	{ "'severity':3", "", "sightings", "severity", "'Medium'" },
	{ "'severity':5", "", "sightings", "severity", "'Medium'" },
	{ "'severity':6", "", "sightings", "severity", "'High'" },
	{ "'severity':25", "", "sightings", "severity", "'High'" },
	{ "'severity':26", "", "sightings", "severity", "" },
	{ "'severity':-1", "", "sightings", "severity", "" },
	{ "'severity':2.5", "", "sightings", "severity", "" },
	{ "'severity':3.0", "", "sightings", "severity", "'Medium'" },
	{ "'severity':1e999", "", "sightings", "severity", "" },
	{ "'severity':'5'", "", "sightings", "severity", "" },
	{ "'severity':null", "", "sightings", "severity", "" },
	{ "'severity':[5]", "", "sightings", "severity", "" },
	{ "'a':1", "", "sightings", "severity", "" },
	{ "'severity':25", ",'combo_list_flag':true", "sightings", "severity",
	    "'Medium'" },
	{ "'severity':26", ",'combo_list_flag':'YES'", "sightings", "severity",
	    "'Medium'" },
	{ "'severity':25", ",'combo_list_flag':false", "sightings", "severity",
	    "'High'" },
	{ "'severity':25", ",'combo_list_flag':'NO'", "sightings", "severity",
	    "'High'" },
	{ "'severity':25", ",'combo_list_flag':1", "sightings", "severity",
	    "'High'" },
	{ "'severity':25", ",'combo_list_flag':null", "sightings", "severity",
	    "'High'" },
	{ "'sighting':7", "", "sightings", "count", "7" },
	{ "'sighting':7.0", "", "sightings", "count", "7" },
	{ "'sighting':7.5", "", "sightings", "count", "1" },
	{ "'sighting':0", "", "sightings", "count", "1" },
	{ "'sighting':-3", "", "sightings", "count", "1" },
	{ "'sighting':null", "", "sightings", "count", "1" },
	{ "'sighting':'7'", "", "sightings", "count", "1" },
	{ "'sighting':{}", "", "sightings", "count", "1" },
	{ "'sighting':99999999999999999999", "", "sightings", "count", "1" },
	{ "'document_id':'d'", "", "sightings", "external_ids", "['d','17']" },
	{ "'document_id':5,'infected_machine_id':'m'", "", "sightings",
	    "external_ids", "['5','17','m']" },
	{ "'document_id':'','infected_machine_id':null", "", "sightings",
	    "external_ids", "['17']" },
	{ "'document_id':{},'infected_machine_id':[]", "", "sightings",
	    "external_ids", "['17']" },
	{ "'a':1", "", "sightings", "relations", "[]" },
	{ "'a':1", ",'site':''", "sightings", "relations", "[]" },
	{ "'a':1", ",'site':'n/a'", "sightings", "relations", "[]" },
	{ "'a':1", ",'site':5", "sightings", "relations", "[]" },
	{ "'a':1", ",'site':null", "sightings", "relations", "[]" },
	{ "'a':1", "", "sightings", "source_uri", "" },
	{ "'a':1", ",'uuid':'u/../v w'", "sightings", "source_uri",
	    "'" PORTAL "u%2F..%2Fv%20w'" },
	{ "'a':1", ",'uuid':['u']", "sightings", "source_uri", "" },
	{ "'a':1", "", "sightings", "description", "'Present in breach'" },
	{ "'a':1", ",'title':'t'", "sightings", "description",
	    "'Present in t'" },
	{ "'a':1", ",'title':{}", "sightings", "description",
	    "'Present in breach'" },
	{ "'x':{'k':[1.50,true,null,{'\\u00e9\\n':-7}]},'y':1E400", "",
	    "sightings", "data",
	    "{'columns':[" COLUMN("x") "," COLUMN(
		"y") "],'rows':[[{'k':[1.50,true,null,{'\\u00e9\\n':-7}]},"
		     "1E400]]}" },
	{ "'b\\u0022\\u003c':'\\u0001\\u0027'", "", "sightings", "data",
	    "{'columns':[" COLUMN(
		"b\\u0022\\u003c") "],"
				   "'rows':[['\\u0001\\u0027']]}" },
	{ "'domain':1,'email_domain':2,'email_username':3", "", "sightings",
	    "data", "{'columns':[],'rows':[[]]}" },
	{ "'a':1", ",'confidence':1", "indicators", "confidence", "'High'" },
	{ "'a':1", ",'confidence':2", "indicators", "confidence", "'Medium'" },
	{ "'a':1", ",'confidence':1.0", "indicators", "confidence", "'High'" },
	{ "'a':1", ",'confidence':3", "indicators", "confidence", "'Low'" },
	{ "'a':1", ",'confidence':4", "indicators", "confidence", "'Low'" },
	{ "'a':1", ",'confidence':null", "indicators", "confidence", "'Low'" },
	{ "'a':1", ",'confidence':'1'", "indicators", "confidence", "'Low'" },
	{ "'a':1", "", "indicators", "confidence", "'Low'" },
	{ "'a':1", "", "indicators", "title", "" },
	{ "'a':1", "", "indicators", "short_description", "" },
	{ "'a':1", ",'description':7", "indicators", "description", "" },
	{ "'a':1", ",'spycloud_publish_date':'2020-04-16T01:02:03.45+0100'",
	    "indicators", "valid_time",
	    "{'start_time':'2020-04-16T00:02:03.450000Z'}" },
	{ "'a':1", ",'spycloud_publish_date':'yesterday'", "indicators",
	    "valid_time", "{}" },
	{ "'a':1", ",'spycloud_publish_date':1586995200", "indicators",
	    "valid_time", "{}" },
	{ "'a':1", "", "indicators", "valid_time", "{}" },
	{ "'a':1", "", "indicators", "id",
	    "'transient:indicator-5dc84da0-3f5f-5d29-a58f-4c735c6fe393'" },
	{ "'a':1", ",'id':'17551'", "indicators", "external_ids", "['17551']" },
	{ "'a':1", ",'id':null,'uuid':null", "indicators", "external_ids",
	    "[]" },
	{ "'a':1", ",'id':[1],'uuid':'u'", "indicators", "external_ids",
	    "['u']" },
	{ "'a':1", ",'assets':null", "indicators", "tags", "[]" },
	{ "'a':1", ",'assets':['a']", "indicators", "tags", "[]" },
	{ "'a':1", ",'assets':{'a':null,'b':{}}", "indicators", "tags",
	    "['a','b']" },
	{ "'a':1", "", "indicators", "external_references", "[]" },
	{ "'a':1", ",'uuid':'u','description':''", "indicators",
	    "external_references", "[]" },
	{ "'a':1", ",'site':'x.org','site_description':null", "indicators",
	    "external_references", "[]" },
	{ "'a':1", ",'site':'','site_description':'s'", "indicators",
	    "external_references", "[]" },
	{ "'a':1", ",'site':'http://x.org/a?b#c','site_description':'s'",
	    "indicators", "external_references",
	    "[{'source_name':'Spycloud','description':'s',"
	    "'url':'http://x.org/a?b#c'}]" },
	{ "'a':1", ",'site':'two words','site_description':'s'", "indicators",
	    "external_references",
	    "[{'source_name':'Spycloud','description':'s'}]" },
	{ "'a':1", ",'source':'s'", "indicators", "source", "" } };

START_TEST(every_member_is_read_as_it_should_be)
{
	struct drive d;
	struct json_object *whole, *value;
	struct buf records, entry;
	size_t i;

	for (i = 0; i < COUNT(members); i++) {
		used = 0;
		buf_init(&records, 10000);
		buf_init(&entry, 10000);
		/* Of two equal members the last counts. */
		buf_addf(&records,
		    "{'results':[{'spycloud_publish_date':"
		    "'2020-04-16T00:00:00Z','source_id':17,%s}]}",
		    members[i].record);
		buf_addf(
		    &entry, "{'results':[{'id':17551%s}]}", members[i].entry);
		whole = ask(&d, records.data, entry.data, 200, NULL);
		ck_assert_str_eq(d.problems.data, "");
		ck_assert_ptr_null(jsonin_member(whole, "errors"));
		value = jsonin_member(
		    jsonin_at(drive_docs(whole, members[i].kind), 0),
		    members[i].member);
		if (members[i].want[0] == '\0')
			ck_assert_msg(value == NULL, "%s %s: %s is there",
			    members[i].record, members[i].entry,
			    members[i].member);
		else
			drive_same(value, members[i].want);
		json_object_put(whole);
		drive_free(&d);
		buf_free(&records);
		buf_free(&entry);
	}
}
END_TEST

/* Bodies in which there is no record that can be told of. */
static const char *const nothing[] = { "{}", "[]", "7", "'text'", "true",
	"null", "{'results':null}", "{'results':{}}", "{'results':'x'}",
	"{'results':[]}", "{'results':[null]}", "{'results':[[]]}",
	"{'results':['x']}", "{'results':[7,1.5,true]}", "{'hits':3}",
	"{'cursor':''}", "{'cursor':7,'results':[]}", "{'message':true}",
	"{'error':''}" };

START_TEST(an_answer_without_records_is_nothing_known)
{
	struct drive d;
	struct json_object *whole;
	size_t i;

	for (i = 0; i < COUNT(nothing); i++) {
		used = 0;
		whole = ask(&d, nothing[i], "", 200, NULL);
		ck_assert_str_eq(d.asked.data, EMAILS "admin@example.org\n");
		ck_assert_str_eq(d.problems.data, "");
		ck_assert_ptr_null(d.lookup.calls[0]->result);
		drive_same(whole, "{'data':{}}");
		json_object_put(whole);
		drive_free(&d);
	}
}
END_TEST

START_TEST(a_record_that_names_no_source_stands_alone)
{
	static const char *const sources[] = { "null", "''", "{}", "[17]",
		"1.5", "true" };
	struct drive d;
	struct json_object *whole;
	char body[200];
	size_t i;

	for (i = 0; i < COUNT(sources); i++) {
		used = 0;
		snprintf(body, sizeof(body),
		    "{'results':[{'source_id':%s,"
		    "'spycloud_publish_date':'2020-04-16T00:00:00Z'}]}",
		    sources[i]);
		whole = ask(&d, body, "", 200, NULL);
		ck_assert_str_eq(d.asked.data, EMAILS "admin@example.org\n");
		ck_assert_uint_eq(
		    jsonin_length(drive_docs(whole, "sightings")), 1);
		ck_assert_ptr_null(jsonin_member(whole, "errors"));
		json_object_put(whole);
		drive_free(&d);
	}
}
END_TEST

START_TEST(a_source_is_encoded_in_the_url)
{
	struct drive d;
	struct json_object *whole;

	used = 0;
	whole = ask(&d,
	    "{'results':[{'source_id':'../a b@',"
	    "'spycloud_publish_date':'2020-04-16T00:00:00Z'}]}",
	    "", 404, NULL);
	ck_assert_str_eq(
	    d.asked.data, EMAILS "admin@example.org\n" ENTRY "..%2Fa%20b%40\n");
	json_object_put(whole);
	drive_free(&d);
}
END_TEST

START_TEST(long_texts_are_cut_to_what_ctim_takes)
{
	struct drive d;
	struct json_object *whole, *o;
	struct buf entry;
	int i;

	used = 0;
	buf_init(&entry, 100000);
	buf_adds(&entry, "{'results':[{'id':1,'title':'");
	for (i = 0; i < 6000; i++)
		buf_adds(&entry, i % 2 == 0 ? "x" : "\xff");
	buf_adds(&entry, "','description':'");
	for (i = 0; i < 6000; i++)
		buf_adds(&entry, "\xc3\xa9");
	buf_adds(&entry, "'}]}");
	whole = ask(&d, "{'results':[" RECORD_1 "]}", entry.data, 200, NULL);
	o = jsonin_at(drive_docs(whole, "indicators"), 0);
	/* Each bad byte is one U+FFFD, of three bytes. */
	ck_assert_uint_eq(strlen(jsonin_string(o, "title")), 512 + 512 * 3);
	ck_assert_uint_eq(
	    strlen(jsonin_string(o, "short_description")), 1024 + 1024 * 3);
	ck_assert_uint_eq(strlen(jsonin_string(o, "description")), 10000);
	o = jsonin_at(drive_docs(whole, "sightings"), 0);
	ck_assert_uint_eq(strlen(jsonin_string(o, "description")),
	    11 + 4989 / 2 * 3 + 4989 / 2 + 1);
	json_object_put(whole);
	drive_free(&d);
	buf_free(&entry);
}
END_TEST

START_TEST(a_record_too_large_to_write_costs_only_itself)
{
	struct drive_reply replies[2] = { { EMAILS "admin@example.org", 200,
					      "OK", NULL },
		{ "*", 404, NULL, NULL } };
	struct drive d;
	struct json_object *whole;
	struct buf body;
	size_t i;

	used = 0;
	buf_init(&body, 2U << 20);
	buf_adds(&body, "{'results':[" RECORD_1 ",{'x':'");
	for (i = 0; i < 600000; i++)
		buf_addc(&body, 'x');
	buf_adds(&body, "','spycloud_publish_date':'2020-04-16T00:00:00Z'}]}");
	drive_quotes(body.data);
	replies[0].body = body.data;
	drive_init(&d, &provider_spycloud, TOKEN, replies, 2);
	drive_lookup(&d, PROVIDER_OBSERVE, &admin);
	whole = drive_answer(&d);
	ck_assert_uint_eq(jsonin_length(drive_docs(whole, "sightings")), 1);
	drive_same(jsonin_at(jsonin_member(whole, "errors"), 0),
	    "{'type':'warning','code':'unknown','message':'A record of "
	    "Spycloud is too large and is left out (email "
	    "admin@example.org)'}");
	json_object_put(whole);
	drive_free(&d);
	buf_free(&body);
}
END_TEST

START_TEST(a_key_that_no_header_can_carry_is_refused_before_the_call)
{
	static const struct drive_reply none[] = { { "*", 200, NULL, "{}" } };
	struct drive d;

	drive_init(&d, &provider_spycloud, "{'key':'a\\r\\nX: y'}", none, 1);
	drive_lookup(&d, PROVIDER_OBSERVE, &admin);
	ck_assert_str_eq(d.asked.data, "");
	ck_assert(d.first_failed);
	ck_assert_int_eq(d.lookup.calls[0]->problem, PROBLEM_AUTHORIZATION);
	drive_free(&d);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		calls_carry_the_key_and_only_the_catalog_is_kept,
		what_the_service_refuses_is_said_in_known_words,
		what_the_service_says_of_a_refusal_is_cut,
		every_member_is_read_as_it_should_be,
		an_answer_without_records_is_nothing_known,
		a_record_that_names_no_source_stands_alone,
		a_source_is_encoded_in_the_url,
		long_texts_are_cut_to_what_ctim_takes,
		a_record_too_large_to_write_costs_only_itself,
		a_key_that_no_header_can_carry_is_refused_before_the_call
	};

	return unit_run("spycloud", tests, COUNT(tests));
}
