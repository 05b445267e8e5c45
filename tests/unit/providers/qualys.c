/* SPDX-License-Identifier: MIT */
/* The qualys provider with the texts of a played service. */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/drive.h"

#define API    "https://gateway.example"
#define EVENTS API "/ioc/events?pageSize="
#define TOKEN                                                \
	"{'user':'me','pass':'secret','API_URL':'" API "/'," \
	"'PLATFORM_URL':'https://guard.example/'}"
#define SHA "bb72b8aa82b48bc68a082f86a8a8f4262023a732b464f03e44a3a9eb83229105"

static const struct observable asked = { OBSERVABLE_SHA256, SHA, 0 };

static char pool[1U << 21];
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

#define EVENT                                                                  \
	"{'dateTime':'2020-02-10T00:21:04.000+0000','score':'8',"              \
	"'file':{'fullPath':'C:\\\\Users\\\\bublik.exe','path':'C:\\\\Users'," \
	"'extension':'exe','fileName':'bublik.exe','sha256':'" SHA "',"        \
	"'md5':'1577e6455a5d19413c9e0c7726983e8c'},'action':'CREATED',"        \
	"'indicator2':[{'score':8,'familyName':'Kolab',"                       \
	"'verdict':'MALICIOUS','threatName':'Win32.Worm.Kolab'}],"             \
	"'id':'F_5ab4ee62','type':'FILE','asset':{"                            \
	"'fullOSName':'Microsoft Windows 7','hostName':'WIN7-HOST-01',"        \
	"'interfaces':[{'ipAddress':'10.10.10.29',"                            \
	"'macAddress':'00:50:56:9f:f2:d1'},{'ipAddress':'fe80::1'}],"          \
	"'netBiosName':'WIN7-HOST-01','platform':'WINDOWS'}}"

#define PAIR(t, v) "{'type':'" t "','value':'" v "'}"
#define RELATION(t, v, r, u, w)                  \
	"{'origin':'Qualys IOC','source':" PAIR( \
	    t, v) ",'relation':'" r "','related':" PAIR(u, w) "}"
#define TIME(t) "'observed_time':{'start_time':'" t "','end_time':'" t "'}"

START_TEST(a_value_too_long_to_ask_for_is_a_warning)
{
	static char value[70000];
	const struct observable o = { OBSERVABLE_MUTEX, value, 0 };
	struct drive d;
	struct json_object *whole;

	memset(value, 'x', sizeof(value) - 1);
	drive_init(&d, &provider_qualys, TOKEN, NULL, 0);
	whole = drive_answer_of(&d, PROVIDER_REFER, &o);
	drive_same(jsonin_member(whole, "data"), "[]");
	ck_assert_str_eq(
	    jsonin_string(jsonin_at(jsonin_member(whole, "errors"), 0), "code"),
	    "invalid argument");
	json_object_put(whole);
	drive_free(&d);
}
END_TEST

/* A URL holds it, a description of CTIM does not. */
START_TEST(a_long_value_is_cut_in_the_description)
{
	struct drive_reply replies[] = { { API "/auth", 200, "", "t" },
		{ "*", 200, "", NULL } };
	static char value[6000];
	const struct observable o = { OBSERVABLE_MUTEX, value, 0 };
	struct drive d;
	struct json_object *whole;

	memset(value, 'x', sizeof(value) - 1);
	used = 0;
	replies[1].body = json("[" EVENT "]");
	drive_init(&d, &provider_qualys, TOKEN, replies, COUNT(replies));
	drive_lookup(&d, PROVIDER_OBSERVE, &o);
	whole = drive_answer(&d);
	ck_assert_uint_eq(
	    strlen(jsonin_string(
		jsonin_at(drive_docs(whole, "sightings"), 0), "description")),
	    5000);
	json_object_put(whole);
	drive_free(&d);
}
END_TEST

#define UNABLE                                                       \
	"[connection error] Unable to connect Qualys IOC, validate " \
	"the configured API URL: "
#define STRUCTURE                                                \
	"[authorization error] Authorization failed: Wrong JWT " \
	"payload structure\n"

/* Where the API is: what the token and the configuration say, and the base of
 * the URL that is called, or the problem. */
static const struct {
	const char *token, *api_url, *hosts, *called, *problem;
} places[] = { { "'https://a.example'", NULL, NULL, "https://a.example", "" },
	{ "'https://a.example/p//'", NULL, NULL, "https://a.example/p", "" },
	{ "'http://a.example:81'", NULL, NULL, "http://a.example:81", "" },
	{ "'https://a.example'", "https://b.example", NULL, "https://a.example",
	    "" },
	{ "null", "https://b.example/", NULL, "https://b.example", "" },
	{ "''", "https://b.example", NULL, "https://b.example", "" },
	{ "7", "https://b.example", "c.example", "https://b.example", "" },
	{ "null", NULL, NULL, NULL, STRUCTURE },
	{ "''", NULL, NULL, NULL, STRUCTURE },
	{ "7", NULL, NULL, NULL, STRUCTURE },
	{ "['https://a.example']", NULL, NULL, NULL, STRUCTURE },
	{ "'a.example'", NULL, NULL, NULL, UNABLE "a.example\n" },
	{ "'ftp://a.example'", NULL, NULL, NULL, UNABLE "ftp://a.example\n" },
	{ "'https://'", NULL, NULL, NULL, UNABLE "https://\n" },
	{ "'https://a.example/?q'", NULL, NULL, NULL,
	    UNABLE "https://a.example/?q\n" },
	{ "'https://a.example/#f'", NULL, NULL, NULL,
	    UNABLE "https://a.example/#f\n" },
	{ "'https://u:secret@a.example'", NULL, NULL, NULL,
	    UNABLE "a.example\n" },
	{ "'file:///etc/passwd'", NULL, NULL, NULL,
	    UNABLE "file:///etc/passwd\n" },
	{ "'https://A.example'", NULL, "x.example, a.EXAMPLE",
	    "https://A.example", "" },
	{ "'https://a.example:8443'", NULL, "a.example",
	    "https://a.example:8443", "" },
	{ "'https://a.example:8443'", NULL, "a.example:8443",
	    "https://a.example:8443", "" },
	{ "'https://a.example'", NULL, "a.example:443", "https://a.example",
	    "" },
	{ "'https://a.example'", NULL, "a.example:8443", NULL,
	    UNABLE "https://a.example\n" },
	{ "'https://a.example'", NULL, "a.exampl example .example b", NULL,
	    UNABLE "https://a.example\n" },
	{ "'https://b.a.example'", NULL, "a.example", NULL,
	    UNABLE "https://b.a.example\n" } };

START_TEST(the_api_is_where_the_token_or_the_configuration_says)
{
	static const struct drive_reply replies[] = { { "*", 404, NULL,
	    NULL } };
	struct drive d;
	char token[500], want[500];
	size_t i;

	for (i = 0; i < COUNT(places); i++) {
		snprintf(token, sizeof(token),
		    "{'user':'u','pass':'p',"
		    "'API_URL':%s}",
		    places[i].token);
		drive_init(&d, &provider_qualys, token, replies, 1);
		if (places[i].api_url != NULL)
			drive_conf(&d, "api_url", places[i].api_url);
		if (places[i].hosts != NULL)
			drive_conf(&d, "api_hosts", places[i].hosts);
		d.token = json_object_new_string("t");
		drive_lookup(&d, PROVIDER_HEALTH, NULL);
		snprintf(want, sizeof(want),
		    "%s/ioc/events?pageSize=1"
		    "&state=true\n",
		    places[i].called == NULL ? "" : places[i].called);
		ck_assert_str_eq(
		    d.asked.data, places[i].called == NULL ? "" : want);
		ck_assert_str_eq(d.problems.data, places[i].problem);
		drive_free(&d);
	}
}
END_TEST

START_TEST(the_platform_is_where_the_token_or_the_configuration_says)
{
	static const struct {
		const char *token, *configured, *url;
	} rows[] = { { "'https://a.example'", "https://b.example",
			 "https://a.example" },
		{ "null", "https://b.example/p/", "https://b.example/p" },
		{ "null", NULL, NULL },
		{ "'javascript:alert(1)'", "https://b.example", NULL },
		{ "'/'", NULL, NULL }, { "8", NULL, NULL } };
	const struct observable o = { OBSERVABLE_MD5, "ab", 0 };
	struct drive d;
	struct json_object *whole;
	char token[500], want[500];
	const char *url;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		snprintf(token, sizeof(token),
		    "{'user':'u','pass':'p',"
		    "'PLATFORM_URL':%s}",
		    rows[i].token);
		drive_init(&d, &provider_qualys, token, NULL, 0);
		if (rows[i].configured != NULL)
			drive_conf(&d, "platform_url", rows[i].configured);
		whole = drive_answer_of(&d, PROVIDER_REFER, &o);
		url = jsonin_string(
		    jsonin_at(jsonin_member(whole, "data"), 0), "url");
		if (rows[i].url == NULL) {
			ck_assert_ptr_null(url);
			ck_assert_str_eq(
			    jsonin_string(
				jsonin_at(jsonin_member(whole, "errors"), 0),
				"type"),
			    "warning");
		} else {
			snprintf(want, sizeof(want),
			    "%s/ioc/#/hunting?search="
			    "file.hash.md5%%3A%%20%%22ab%%22",
			    rows[i].url);
			ck_assert_str_eq(url, want);
			ck_assert_ptr_null(jsonin_member(whole, "errors"));
		}
		json_object_put(whole);
		drive_free(&d);
	}
}
END_TEST

static const struct {
	int status;
	const char *body, *problem;
} failures[] = { { 401, "{'message':'Bad user'}",
		     "[authorization error] Authorization failed: Bad user\n" },
	{ 401, "{'message':'','authentication_exceptions':'x'}",
	    "[authorization error] Authorization failed: x\n" },
	{ 401, "{'message':null,'authentication_exceptions':['x/y']}",
	    "[authorization error] Authorization failed: [\"x/y\"]\n" },
	{ 401, "{'a':1}",
	    "[authorization error] Authorization failed: {\"a\":1}\n" },
	{ 401, "<html>",
	    "[authorization error] Authorization failed: "
	    "<html>\n" },
	{ 401, "", "[authorization error] Authorization failed: \n" },
	{ 403, "no",
	    "[permission denied] Unexpected response from Qualys "
	    "IOC: no\n" },
	{ 429, "x",
	    "[too many requests] Too many requests to Qualys IOC "
	    "have been made. Please try again later.\n" },
	{ 500, "x",
	    "[internal error] Unexpected response from Qualys IOC: "
	    "x\n" },
	{ 502, "x",
	    "[service unavailable] Unexpected response from Qualys "
	    "IOC: x\n" },
	{ 503, "x",
	    "[service unavailable] Service temporarily unavailable. "
	    "Please try again later.\n" },
	{ 302, "", "[unknown] Unexpected response from Qualys IOC: \n" },
	{ 418, "{'a':'/'}",
	    "[unknown] Unexpected response from Qualys IOC: "
	    "{\"a\":\"/\"}\n" },
	{ 0, "", UNABLE API "/\n" } };

START_TEST(what_the_service_refuses_is_said_in_known_words)
{
	struct drive_reply replies[2] = { { API "/auth", 0, NULL, NULL },
		{ "*", 0, NULL, NULL } };
	struct drive d;
	size_t i, k;

	/* Once when signing in, once when asking. */
	for (i = 0; i < COUNT(failures) * 2; i++) {
		used = 0;
		k = i / 2;
		replies[i % 2].status = failures[k].status;
		replies[i % 2].body = json(failures[k].body);
		replies[1 - i % 2].status = 200;
		replies[1 - i % 2].body = "token";
		drive_init(&d, &provider_qualys, TOKEN, replies, 2);
		drive_lookup(&d, PROVIDER_OBSERVE, &asked);
		ck_assert_uint_eq(d.lookup.n, 1);
		ck_assert(d.first_failed);
		ck_assert_str_eq(d.problems.data, failures[k].problem);
		drive_free(&d);
	}
}
END_TEST

START_TEST(a_sign_in_that_is_not_there_is_unknown_and_no_events_are_nothing)
{
	struct drive_reply replies[2] = { { API "/auth", 404, NULL, "no" },
		{ "*", 400, NULL, "x" } };
	struct drive d;

	drive_init(&d, &provider_qualys, TOKEN, replies, 2);
	drive_lookup(&d, PROVIDER_HEALTH, NULL);
	ck_assert_str_eq(d.problems.data,
	    "[unknown] Unexpected response from Qualys IOC: no\n");
	drive_free(&d);
	replies[0].status = 200;
	drive_init(&d, &provider_qualys, TOKEN, replies, 2);
	drive_lookup(&d, PROVIDER_HEALTH, NULL);
	ck_assert_str_eq(d.asked.data,
	    API "/auth\n"
		"\tusername=me&password=secret&token=true\n" EVENTS
		"1&state=true\n");
	ck_assert_str_eq(d.problems.data, "");
	ck_assert_uint_eq(d.lookup.calls[0]->flags, CALL_SIGNED);
	drive_free(&d);
}
END_TEST

START_TEST(a_long_body_is_cut_in_a_message)
{
	struct drive_reply replies[2] = { { API "/auth", 200, NULL, "t" },
		{ "*", 418, NULL, NULL } };
	struct drive d;
	struct buf body, want;
	int i;

	buf_init(&body, 1000);
	for (i = 0; i < 300; i++)
		buf_adds(&body, "\xc3\xa9");
	replies[1].body = body.data;
	drive_init(&d, &provider_qualys, TOKEN, replies, 2);
	drive_lookup(&d, PROVIDER_HEALTH, NULL);
	buf_init(&want, 1000);
	buf_addf(&want,
	    "[unknown] Unexpected response from Qualys IOC: "
	    "%.400s\n",
	    body.data);
	ck_assert_str_eq(d.problems.data, want.data);
	buf_free(&want);
	buf_free(&body);
	drive_free(&d);
}
END_TEST

/* Asks with a limit; both calls answer as said. */
static struct json_object *
ask(struct drive *d, const char *active, const char *past, size_t limit)
{
	static struct drive_reply replies[3];
	static char url[300];

	snprintf(url, sizeof(url),
	    "%s%zu&filter=file.hash.sha256%%3A%%20%%22" SHA "%%22&state=true",
	    EVENTS, limit);
	replies[0] = (struct drive_reply){ API "/auth", 200, "", "t" };
	replies[1] = (struct drive_reply){ url, 200, "", json(active) };
	replies[2] = (struct drive_reply){ "*", 200, "", json(past) };
	drive_init(d, &provider_qualys, TOKEN, replies, 3);
	d->claims.limit = limit;
	drive_lookup(d, PROVIDER_OBSERVE, &asked);
	return drive_answer(d);
}

#define SMALL(id, more) \
	"{'id':'" id "','dateTime':'2020-02-10T00:21:04Z'" more "}"

START_TEST(what_is_kept_of_an_event_is_what_is_looked_at)
{
	struct drive d;
	struct json_object *whole;

	used = 0;
	whole = ask(&d,
	    "[{'a':1,'id':'i','asset':{'b':2,'interfaces':["
	    "{'c':3,'ipAddress':'1.2.3.4'},null,7]},'file':{'md5':'m','d':4},"
	    "'process':{'e':5},'network':null,'indicator2':[{'f':6,"
	    "'verdict':'KNOWN'},{'verdict':null,'threatName':null}]}]",
	    "[]", 9);
	drive_same(d.lookup.calls[0]->result,
	    "[{'id':'i','asset':{"
	    "'interfaces':[{'ipAddress':'1.2.3.4'}]},'file':{'md5':'m'},"
	    "'process':{},'indicator2':[{'verdict':'KNOWN'},"
	    "{'threatName':null}]}]");
	json_object_put(whole);
	drive_free(&d);
}
END_TEST

/* Members of an event, and what they make of a member of the first entity of a
 * kind ("" for not there). */
static const struct {
	const char *event, *kind, *member, *want;
} members[] = { { "'score':'0'", "indicators", "title", "'Known Good'" },
	{ "'score':'0'", "indicators", "severity", "'None'" },
	{ "'score':1", "indicators", "title", "'Remediated'" },
	{ "'score':1", "sightings", "severity", "'High'" },
	{ "'score':'2'", "indicators", "title", "'Suspicious Low File event'" },
	{ "'score':'3'", "indicators", "title",
	    "'Suspicious Low Process event'" },
	{ "'score':4", "indicators", "title",
	    "'Suspicious Low Network event'" },
	{ "'score':4", "indicators", "severity", "'Low'" },
	{ "'score':'5'", "indicators", "title",
	    "'Suspicious Medium File event'" },
	{ "'score':'6'", "indicators", "title",
	    "'Suspicious Medium Process event'" },
	{ "'score':'7'", "indicators", "title",
	    "'Suspicious Medium Network event'" },
	{ "'score':'7'", "judgements", "severity", "'Medium'" },
	{ "'score':'8'", "indicators", "title", "'Malicious File event'" },
	{ "'score':'9'", "indicators", "title", "'Malicious Process event'" },
	{ "'score':'10'", "indicators", "title", "'Malicious Network event'" },
	{ "'score':10", "indicators", "severity", "'High'" },
	{ "'score':'11'", "indicators", "title", "'Unknown'" },
	{ "'score':11", "sightings", "severity", "'Unknown'" },
	{ "'score':-1", "indicators", "title", "'Unknown'" },
	{ "'score':'-1'", "indicators", "title", "'Unknown'" },
	{ "'score':99999999999999999999", "indicators", "title", "'Unknown'" },
	{ "'score':'99999999999999999999'", "indicators", "title",
	    "'Unknown'" },
	{ "'score':'8x'", "indicators", "title", "'Unknown'" },
	{ "'score':''", "indicators", "severity", "'Unknown'" },
	{ "'score':8.5", "indicators", "title", "'Unknown'" },
	{ "'score':10.0", "indicators", "severity", "'High'" },
	{ "'score':[8]", "indicators", "title", "'Unknown'" },
	{ "'score':true", "indicators", "title", "'Unknown'" },
	{ "'score':null", "indicators", "title", "" },
	{ "'score':null", "sightings", "severity", "'Unknown'" },
	{ "'a':1", "indicators", "title", "" },
	{ "'a':1", "sightings", "severity", "'Unknown'" },
	{ "'score':'8'", "indicators", "external_ids", "['i']" },
	{ "'id':null", "sightings", "external_ids", "[]" },
	{ "'id':null,'score':'1'", "indicators", "id",
	    "'transient:indicator-#3'" },
	{ "'id':'','score':'1'", "indicators", "id",
	    "'transient:indicator-#3'" },
	{ "'id':{}", "sightings", "external_ids", "[]" },
	{ "'id':7,'score':8", "indicators", "external_ids", "[]" },
	{ "'indicator2':[{'verdict':'KNOWN'}]", "judgements", "disposition",
	    "1" },
	{ "'indicator2':[{'verdict':'REMEDIATED'}]", "judgements",
	    "disposition_name", "'Malicious'" },
	{ "'indicator2':[{'verdict':'SUSPICIOUS'}]", "judgements",
	    "disposition", "3" },
	{ "'indicator2':[{'verdict':'UNKNOWN'}]", "judgements", "disposition",
	    "5" },
	{ "'indicator2':[{'verdict':'malicious'}]", "judgements",
	    "disposition_name", "'Unknown'" },
	{ "'indicator2':[{'verdict':null}]", "judgements", "disposition", "5" },
	{ "'indicator2':[{'verdict':2}]", "judgements", "disposition", "5" },
	{ "'indicator2':[{'threatName':null}]", "judgements", "reason", "" },
	{ "'indicator2':[{}]", "judgements", "reason", "''" },
	{ "'indicator2':[{'threatName':''}]", "judgements", "reason", "''" },
	{ "'indicator2':[{'threatName':['x']}]", "judgements", "reason", "''" },
	{ "'indicator2':[{'threatName':'\xff'}]", "judgements", "reason",
	    "'\\ufffd'" },
	{ "'indicator2':[null,7,'x',[],{}]", "judgements", "priority", "90" },
	{ "'indicator2':[]", "judgements", "type", "" },
	{ "'indicator2':null", "judgements", "type", "" },
	{ "'indicator2':{'verdict':'KNOWN'}", "judgements", "type", "" },
	{ "'indicator2':'KNOWN'", "judgements", "type", "" },
	{ "'indicator2':[null,7,'x',[]]", "judgements", "type", "" },
	{ "'dateTime':null", "sightings", "type", "" },
	{ "'dateTime':7", "sightings", "observed_time",
	    "{'start_time':'1970-01-01T00:00:00.007Z',"
	    "'end_time':'1970-01-01T00:00:00.007Z'}" },
	{ "'dateTime':'1581294064120'", "sightings", "observed_time",
	    "{'start_time':'2020-02-10T00:21:04.120Z',"
	    "'end_time':'2020-02-10T00:21:04.120Z'}" },
	{ "'dateTime':-1", "sightings", "type", "" },
	{ "'dateTime':1e12", "sightings", "observed_time",
	    "{'start_time':'2001-09-09T01:46:40.000Z',"
	    "'end_time':'2001-09-09T01:46:40.000Z'}" },
	{ "'dateTime':1000000000000.5", "sightings", "type", "" },
	{ "'dateTime':17514144001000", "sightings", "type", "" },
	{ "'dateTime':9223372036854775807", "sightings", "type", "" },
	{ "'dateTime':'99999999999999999999'", "sightings", "type", "" },
	{ "'dateTime':''", "sightings", "type", "" },
	{ "'dateTime':'yesterday'", "sightings", "type", "" },
	{ "'dateTime':'2020-02-30T00:00:00Z'", "sightings", "type", "" },
	{ "'dateTime':['2020-02-10T00:21:04Z']", "sightings", "type", "" },
	{ "'dateTime':'2020-02-10T00:21:04+0000'", "sightings", "observed_time",
	    "{'start_time':'2020-02-10T00:21:04Z',"
	    "'end_time':'2020-02-10T00:21:04Z'}" },
	{ "'dateTime':'2020-02-10T00:21:04.123456789123-00:30'", "sightings",
	    "observed_time",
	    "{'start_time':'2020-02-10T00:51:04.123456789Z',"
	    "'end_time':'2020-02-10T00:51:04.123456789Z'}" },
	{ "'file':{'fileName':'f','sha256':''}", "sightings", "relations",
	    "[]" },
	{ "'file':{'fileName':null,'md5':'m'}", "sightings", "relations",
	    "[]" },
	{ "'file':{'fileName':'f','md5':7}", "sightings", "relations", "[]" },
	{ "'file':['f']", "sightings", "relations", "[]" },
	{ "'file':'f','process':7,'network':true", "sightings", "relations",
	    "[]" },
	{ "'file':{'fileName':'f','md5':'m'}", "sightings", "relations",
	    "[" RELATION("file_name", "f", "File_Name_Of", "md5", "m") "]" },
	{ "'process':{'processName':'p'},'network':{'remoteIP':'i'}",
	    "sightings", "relations",
	    "[" RELATION("file_name", "p", "Connected_To", "ip", "i") "]" },
	{ "'process':null,'network':{'remoteIP':'i','remoteDns':'d'}",
	    "sightings", "relations",
	    "[" RELATION("ip", "i", "Resolved_To", "domain", "d") "]" },
	{ "'asset':null", "sightings", "targets",
	    "[{'type':'endpoint',"
	    "'observables':[]," TIME("2020-02-10T00:21:04.000Z") "}]" },
	{ "'asset':[]", "sightings", "targets",
	    "[{'type':'endpoint',"
	    "'observables':[]," TIME("2020-02-10T00:21:04.000Z") "}]" },
	{ "'asset':{'fullOSName':null,'netBiosName':7,'interfaces':"
	  "{'ipAddress':'1'}}",
	    "sightings", "targets",
	    "[{'type':'endpoint','observables':[]," TIME(
		"2020-02-10T00:21:04.000Z") "}]" },
	{ "'asset':{'fullOSName':'o','netBiosName':'','interfaces':[null,"
	  "{'ipAddress':'','macAddress':7},{'macAddress':'m'}]}",
	    "sightings", "targets",
	    "[{'type':'endpoint','os':'o',"
	    "'observables':[" PAIR("mac_address", "m") "]," TIME(
		"2020-02-10T00:21:04.000Z") "}]" } };

START_TEST(every_member_is_read_as_it_should_be)
{
	struct drive d;
	struct json_object *whole, *value;
	char event[1000];
	size_t i;

	for (i = 0; i < COUNT(members); i++) {
		used = 0;
		/* Of two equal members the last counts. */
		snprintf(event, sizeof(event),
		    "[{'id':'i',"
		    "'dateTime':'2020-02-10T00:21:04.000+0000',"
		    "'indicator2':[{}],%s}]",
		    members[i].event);
		whole = ask(&d, event, "[]", 9);
		ck_assert_str_eq(d.problems.data, "");
		/* What has no time is told of. */
		ck_assert_uint_eq(jsonin_length(jsonin_member(whole, "errors")),
		    strcmp(members[i].kind, "sightings") == 0 &&
			drive_docs(whole, "sightings") == NULL);
		value = jsonin_member(
		    jsonin_at(drive_docs(whole, members[i].kind), 0),
		    members[i].member);
		if (members[i].want[0] == '\0')
			ck_assert_msg(value == NULL, "%s: %s is there",
			    members[i].event, members[i].member);
		else
			drive_same(value, members[i].want);
		json_object_put(whole);
		drive_free(&d);
	}
}
END_TEST

START_TEST(an_answer_that_is_no_list_of_events_is_nothing_known)
{
	static const char *const bodies[] = { "[]", "{}", "null",
		"{'data':[" EVENT "]}", "7", "'x'", "true", "[null]",
		"[7,'x',true,[],[" EVENT "]]", "[1.5e300]" };
	struct drive d;
	struct json_object *whole;
	size_t i;

	for (i = 0; i < COUNT(bodies); i++) {
		used = 0;
		whole = ask(&d, bodies[i], "[]", 9);
		ck_assert_str_eq(d.problems.data, "");
		ck_assert_ptr_null(d.lookup.calls[0]->result);
		drive_same(whole, "{'data':{}}");
		json_object_put(whole);
		drive_free(&d);
	}
}
END_TEST

START_TEST(an_event_too_large_to_write_costs_only_itself)
{
	struct drive d;
	struct json_object *whole;
	struct buf body;
	int i;

	used = 0;
	buf_init(&body, 1U << 20);
	buf_adds(&body, "[{'dateTime':'2020-02-10T00:21:04Z','id':'");
	for (i = 0; i < 300000; i++)
		buf_addc(&body, 'x');
	buf_adds(&body, "'}," SMALL("2", "") "]");
	whole = ask(&d, body.data, "[]", 9);
	drive_same(jsonin_member(jsonin_at(drive_docs(whole, "sightings"), 0),
		       "external_ids"),
	    "['2']");
	drive_same(jsonin_member(whole, "errors"),
	    "[{'type':'warning',"
	    "'code':'unknown','message':'Events of Qualys IOC without a time "
	    "or too large are left out: 1 (sha256 " SHA ")'}]");
	json_object_put(whole);
	drive_free(&d);
	buf_free(&body);
}
END_TEST

START_TEST(a_body_without_a_token_is_no_sign_in)
{
	struct drive d;
	struct call *c;

	drive_init(&d, &provider_qualys, TOKEN, NULL, 0);
	provider_qualys.sign_in(&d.query);
	c = d.lookup.calls[0];
	ck_assert_uint_eq(c->flags, 0);
	c->status = 200;
	buf_adds(&c->body, " \r\n\t");
	provider_qualys.reply(&d.query, c);
	ck_assert_int_eq(c->problem, PROBLEM_UNKNOWN);
	ck_assert_ptr_null(c->result);
	drive_free(&d);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { a_value_too_long_to_ask_for_is_a_warning,
		a_long_value_is_cut_in_the_description,
		the_api_is_where_the_token_or_the_configuration_says,
		the_platform_is_where_the_token_or_the_configuration_says,
		what_the_service_refuses_is_said_in_known_words,
		a_sign_in_that_is_not_there_is_unknown_and_no_events_are_nothing,
		a_long_body_is_cut_in_a_message,
		what_is_kept_of_an_event_is_what_is_looked_at,
		every_member_is_read_as_it_should_be,
		an_answer_that_is_no_list_of_events_is_nothing_known,
		an_event_too_large_to_write_costs_only_itself,
		a_body_without_a_token_is_no_sign_in };

	return unit_run("qualys", tests, COUNT(tests));
}
