/* SPDX-License-Identifier: MIT */
/* AlienVault OTX: what is asked, what is made of the answers, as texts. */
#include <stdio.h>
#include <string.h>

#include "tests/unit/drive.h"
#include "json/jsonfind.h"

#define BASE    "https://otx.alienvault.com"
#define GENERAL BASE "/api/v1/indicators/domain/bad.example/general"
#define PAGE(id, n)               \
	BASE "/api/v1/pulses/" id \
	     "/indicators?sort=-created&limit=10000&page=" n
#define CLAIMS "{'key':'k-1'}"

static const struct observable domain = { OBSERVABLE_DOMAIN, "bad.example", 0 };

/* In the texts here ' stands for ", as it does for drive_same(). */
static char *
json(const char *text)
{
	char *copy = strdup(text);

	ck_assert_ptr_nonnull(copy);
	drive_quotes(copy);
	return copy;
}

/* Drives a lookup with replies of which the bodies are texts as above, in
 * pieces of n bytes. */
static void
drive(struct drive *d, const struct drive_reply *replies, size_t n,
    const struct observable *o, size_t piece)
{
	static struct drive_reply real[16];
	size_t i;

	ck_assert_uint_le(n, COUNT(real));
	for (i = 0; i < n; i++) {
		real[i] = replies[i];
		if (replies[i].body != NULL)
			real[i].body = json(replies[i].body);
	}
	drive_init(d, &provider_otx, CLAIMS, real, n);
	d->piece = piece;
	drive_lookup(d, o == NULL ? PROVIDER_HEALTH : PROVIDER_OBSERVE, o);
	for (i = 0; i < n; i++)
		if (replies[i].body != NULL) {
			free((char *)(uintptr_t)real[i].body);
			real[i].body = NULL;
		}
}

/* Two pulses that count domains, and one that does not. */
#define PULSES                                                         \
	"{'base_indicator':{'type':'domain'},'pulse_info':{'pulses':[" \
	"{'id':'p1','name':'One','description':'First','TLP':'green'," \
	"'author':{'username':'ann'},'tags':['a','b'],"                \
	"'indicator_type_counts':{'domain':2}},"                       \
	"{'id':'p0','name':'No','indicator_type_counts':{'URL':2}},"   \
	"{'id':'p2','name':'Two','description':null,'TLP':'white',"    \
	"'author':{'username':'bob'},'tags':[],"                       \
	"'indicator_type_counts':{'IPv4':9,'domain':1}}]}}"

static const struct drive_reply two_pulses[] = { { GENERAL, 200, "OK", PULSES },
	{ PAGE("p1", "1"), 200, "OK",
	    "{'next':'https://evil.example/2',"
	    "'results':[{'indicator':'x.example'},{'indicator':'y'}]}" },
	{ PAGE("p1", "2"), 200, "OK",
	    "{'next':null,'results':[{'id':7,"
	    "'indicator':'bad.example','created':'2020-05-21T10:25:12',"
	    "'expiration':'2020-06-21T00:00:00','title':'t'}]}" },
	{ PAGE("p2", "1"), 200, "OK",
	    "{'next':'n','results':[{'id':8,"
	    "'indicator':'bad.example','created':'2021-01-02T03:04:05',"
	    "'expiration':null}]}" } };

/* The cache keeps results alone: they hold what is needed and no more. */
START_TEST(little_is_kept_of_an_answer)
{
	struct drive d;

	drive(&d, two_pulses, COUNT(two_pulses), &domain, 0);
	drive_same(d.lookup.calls[0]->result,
	    "{'pulses':["
	    "{'id':'p1','name':'One','description':'First','TLP':'green',"
	    "'author':'ann','tags':['a','b'],'place':0},"
	    "{'id':'p2','name':'Two','TLP':'white','author':'bob','tags':[],"
	    "'place':1}]}");
	drive_same(d.lookup.calls[1]->result, "{'next':true}");
	drive_same(d.lookup.calls[2]->result,
	    "{'entry':{'created':'2021-01-02T03:04:05'}}");
	drive_same(d.lookup.calls[3]->result,
	    "{'entry':{"
	    "'created':'2020-05-21T10:25:12',"
	    "'expiration':'2020-06-21T00:00:00'}}");
	drive_free(&d);
}
END_TEST

START_TEST(a_value_too_long_for_a_link_has_none)
{
	struct drive d;
	struct observable o = { OBSERVABLE_DOMAIN, NULL, 0 };
	struct json_object *whole;
	char *text = malloc(100001);

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', 100000);
	text[100000] = '\0';
	o.value = text;
	drive_init(&d, &provider_otx, CLAIMS, NULL, 0);
	whole = drive_answer_of(&d, PROVIDER_REFER, &o);
	drive_same(whole, "{'data':[]}");
	json_object_put(whole);
	drive_lookup(&d, PROVIDER_OBSERVE, &o);
	ck_assert_str_eq(d.asked.data, "");
	drive_free(&d);
	free(text);
}
END_TEST

#define REFUSED                                                      \
	"[authorization error] Authorization failed: Authorization " \
	"failed on AlienVault OTX side\n"
#define MANY                                                       \
	"[too many requests] Too many requests have been made to " \
	"AlienVault OTX. Please, try again later.\n"
#define ODD "Unexpected response from AlienVault OTX: "
#define NO_JSON                                                        \
	"[unknown] The answer of the service is not the JSON that it " \
	"should be: "

static const struct {
	int status;
	const char *reason, *body;
	const char *health, *general; /* problems */
} statuses[] = { { 200, "OK", "{}", "", "" },
	{ 200, "OK", "<html>", NO_JSON "no JSON value where one must be",
	    NO_JSON "no JSON value where one must be (domain bad.example)\n" },
	{ 400, "Bad Request", "{}", "[unknown] " ODD "400 Bad Request\n", "" },
	{ 401, "Unauthorized", "{}", REFUSED, REFUSED },
	{ 403, "Forbidden", "", REFUSED, REFUSED },
	{ 404, "Not Found", "", "[unknown] " ODD "404 Not Found\n", "" },
	{ 418, "I'm a teapot", "", "[unknown] " ODD "418 I'm a teapot\n",
	    "[unknown] " ODD "418 I'm a teapot\n" },
	{ 302, "Found", "", "[unknown] " ODD "302 Found\n",
	    "[unknown] " ODD "302 Found\n" },
	{ 429, "Too Many Requests", "", MANY, MANY },
	{ 500, "Internal Server Error", "",
	    "[internal error] The AlienVault "
	    "OTX internal error.\n",
	    "[internal error] The AlienVault OTX "
	    "internal error.\n" },
	{ 502, "Bad Gateway", "",
	    "[service unavailable] " ODD "502 Bad Gateway\n",
	    "[service unavailable] " ODD "502 Bad Gateway\n" },
	{ 503, "Service Unavailable", "",
	    "[service unavailable] " ODD "503 Service Unavailable\n",
	    "[service unavailable] " ODD "503 Service Unavailable\n" },
	{ 504, "", "", "[service unavailable] " ODD "504\n",
	    "[service unavailable] " ODD "504\n" } };

START_TEST(a_status_is_told_in_the_words_of_the_relay)
{
	struct drive_reply r = { "*", 0, NULL, NULL };
	struct drive d;
	struct json_object *whole;
	size_t i;

	for (i = 0; i < COUNT(statuses); i++) {
		r.status = statuses[i].status;
		r.reason = statuses[i].reason;
		r.body = statuses[i].body;
		drive(&d, &r, 1, &domain, 0);
		ck_assert_str_eq(d.problems.data, statuses[i].general);
		ck_assert_int_eq(d.first_failed, *statuses[i].general != '\0');
		whole = drive_answer(&d);
		drive_same(whole, "{'data':{}}");
		json_object_put(whole);
		drive_free(&d);
		drive(&d, &r, 1, NULL, 0);
		ck_assert_str_eq(d.asked.data, BASE "/api/v1/user/me\n");
		ck_assert_str_eq(
		    d.lookup.calls[0]->headers[0].data, "X-OTX-API-KEY: k-1");
		ck_assert_int_eq(strncmp(d.problems.data, statuses[i].health,
				     strlen(statuses[i].health)),
		    0);
		ck_assert_int_eq(
		    d.problems.len == 0, *statuses[i].health == '\0');
		drive_free(&d);
	}
}
END_TEST

START_TEST(a_key_that_no_header_can_carry_is_not_sent)
{
	struct drive d;

	drive_init(&d, &provider_otx, "{'key':'k\\r\\nX: y'}", NULL, 0);
	drive_lookup(&d, PROVIDER_OBSERVE, &domain);
	ck_assert_str_eq(d.asked.data, "");
	ck_assert(d.first_failed);
	drive_free(&d);
}
END_TEST

START_TEST(a_page_is_read_no_further_than_the_entry)
{
	struct drive_reply replies[COUNT(two_pulses)];
	struct buf page;
	struct drive d;

	buf_init(&page, 100000);
	buf_adds(&page,
	    "{'results':[{'indicator':'bad.example',"
	    "'created':'2020-05-21T10:25:12'}");
	while (page.len < 50000)
		buf_adds(&page, ",{'indicator':'other.example'}");
	memcpy(replies, two_pulses, sizeof(replies));
	replies[1].body = replies[3].body = page.data;
	drive(&d, replies, COUNT(replies), &domain, 1000);
	ck_assert_uint_eq(d.scanned, 2000);
	ck_assert_str_eq(d.problems.data, "");
	drive_free(&d);
	buf_free(&page);
}
END_TEST

/* How an entry's times are written; NULL: not at all. */
static const struct {
	const char *entry;
	const char *start, *end;
} times[] = { { "'created':'2020-05-21T10:25:12'", "2020-05-21T10:25:12Z",
		  NULL },
	{ "'created':'2020-05-21T10:25:12Z'", "2020-05-21T10:25:12Z", NULL },
	{ "'created':'2020-05-21T10:25:12.123000'",
	    "2020-05-21T10:25:12.123000Z", NULL },
	{ "'created':'2020-05-21T10:25:12+02:00'", "2020-05-21T08:25:12Z",
	    NULL },
	{ "'created':'2020-05-21'", "2020-05-21T00:00:00Z", NULL },
	{ "'created':'2020-05-21T10:25:12','expiration':''",
	    "2020-05-21T10:25:12Z", NULL },
	{ "'created':'2020-05-21T10:25:12','expiration':'never'",
	    "2020-05-21T10:25:12Z", NULL },
	{ "'created':'2020-05-21T10:25:12','expiration':7",
	    "2020-05-21T10:25:12Z", NULL },
	{ "'created':'2020-05-21T10:25:12','expiration':'2021-01-01T00:00:00'",
	    "2020-05-21T10:25:12Z", "2021-01-01T00:00:00Z" },
	{ "'created':'2020-05-21T10:25:12','expiration':'2021-01-01T00:00:00Z'",
	    "2020-05-21T10:25:12Z", "2021-01-01T00:00:00Z" },
	{ "'created':''", NULL, NULL }, { "'created':'soon'", NULL, NULL },
	{ "'created':'2020-13-01T00:00:00'", NULL, NULL },
	{ "'created':null", NULL, NULL },
	{ "'created':1590056712", NULL, NULL },
	{ "'created':{'x':[]}", NULL, NULL },
	{ "'created':['2020-05-21T10:25:12']", NULL, NULL },
	{ "'created':'2020-05-21T10:25:12\\u0000'", NULL, NULL },
	{ "'type':'domain'", NULL, NULL } };

START_TEST(times_become_those_of_ctim)
{
	struct drive_reply replies[COUNT(two_pulses)];
	struct drive d;
	struct json_object *whole, *sighting, *valid;
	char page[512];
	size_t i;

	memcpy(replies, two_pulses, sizeof(replies));
	replies[1].body = "{'results':[]}";
	replies[3].body = page;
	for (i = 0; i < COUNT(times); i++) {
		snprintf(page, sizeof(page),
		    "{'results':[{'indicator':"
		    "'bad.example',%s}]}",
		    times[i].entry);
		drive(&d, replies, COUNT(replies), &domain, 0);
		whole = drive_answer(&d);
		sighting =
		    jsonin_member(jsonin_at(drive_docs(whole, "sightings"), 0),
			"observed_time");
		valid =
		    jsonin_member(jsonin_at(drive_docs(whole, "indicators"), 0),
			"valid_time");
		if (times[i].start == NULL) {
			drive_same(whole, "{'data':{}}");
			ck_assert_str_ne(d.problems.data, "");
		} else {
			ck_assert_pstr_eq(jsonin_string(sighting, "start_time"),
			    times[i].start);
			ck_assert_pstr_eq(jsonin_string(sighting, "end_time"),
			    times[i].start);
			ck_assert_pstr_eq(
			    jsonin_string(valid, "start_time"), times[i].start);
			ck_assert_pstr_eq(
			    jsonin_string(valid, "end_time"), times[i].end);
		}
		json_object_put(whole);
		drive_free(&d);
	}
}
END_TEST

/* Members of a pulse, and what of them is written in sighting and indicator:
 * title, description, tlp, producer, tags. */
static const struct {
	const char *pulse;
	const char *title, *description, *tlp, *producer, *tags;
} odd_pulses[] = { { "'x':0", NULL, "", NULL, "AlienVault OTX", NULL },
	{ "'name':null,'description':null,'TLP':null,'author':null,"
	  "'tags':null",
	    NULL, "", NULL, "AlienVault OTX", NULL },
	{ "'name':7,'description':7,'TLP':7,'author':7,'tags':7", NULL, "",
	    NULL, "AlienVault OTX", NULL },
	{ "'name':{},'description':[],'TLP':{},'author':[],'tags':{}", NULL, "",
	    NULL, "AlienVault OTX", NULL },
	{ "'name':['n'],'description':true,'TLP':false,'author':'ann',"
	  "'tags':'a'",
	    NULL, "", NULL, "AlienVault OTX", NULL },
	{ "'name':'','description':'','TLP':'','author':{},'tags':[]", "", "",
	    NULL, "AlienVault OTX", "[]" },
	{ "'name':'n','description':'d','TLP':'amber',"
	  "'author':{'username':'u'},'tags':['t']",
	    "n", "d", "amber", "u", "['t']" },
	{ "'TLP':'White','author':{'username':null}", NULL, "", "white",
	    "AlienVault OTX", NULL },
	{ "'TLP':'beige','author':{'username':7}", NULL, "", NULL,
	    "AlienVault OTX", NULL },
	{ "'TLP':'red','author':{'username':{}}", NULL, "", "red",
	    "AlienVault OTX", NULL },
	{ "'tags':[null,'a',7,{},['b'],true,'','c']", NULL, "", NULL,
	    "AlienVault OTX", "['a','','c']" },
	{ "'name':'\\u00e9\\n\xff','description':'\\ud800'",
	    "\xc3\xa9\n"
	    "\xef\xbf\xbd",
	    "\xef\xbf\xbd", NULL, "AlienVault OTX", NULL },
	{ "'name':'a\\u0000b','description':'\\u0000'", NULL, "", NULL,
	    "AlienVault OTX", NULL },
	{ "'name':'a','name':'b'", "b", "", NULL, "AlienVault OTX", NULL },
	{ "'big':123456789012345678901234567890", NULL, "", NULL,
	    "AlienVault OTX", NULL } };

START_TEST(what_a_pulse_lacks_is_left_out)
{
	struct drive_reply replies[2] = { { GENERAL, 200, "OK", NULL },
		{ "*", 200, "OK",
		    "{'results':[{"
		    "'indicator':'bad.example','created':"
		    "'2020-05-21T10:25:12'}]}" } };
	struct drive d;
	struct json_object *whole, *s, *i, *tags;
	char general[1024];
	size_t n;

	replies[0].body = general;
	for (n = 0; n < COUNT(odd_pulses); n++) {
		snprintf(general, sizeof(general),
		    "{'base_indicator':"
		    "{'type':'domain'},'pulse_info':{'pulses':[{'id':'p',"
		    "'indicator_type_counts':{'domain':null},%s}]}}",
		    odd_pulses[n].pulse);
		drive(&d, replies, COUNT(replies), &domain, 0);
		ck_assert_str_eq(d.problems.data, "");
		whole = drive_answer(&d);
		s = jsonin_at(drive_docs(whole, "sightings"), 0);
		i = jsonin_at(drive_docs(whole, "indicators"), 0);
		ck_assert_pstr_eq(
		    jsonin_string(s, "title"), odd_pulses[n].title);
		ck_assert_pstr_eq(
		    jsonin_string(i, "title"), odd_pulses[n].title);
		ck_assert_pstr_eq(
		    jsonin_string(s, "description"), odd_pulses[n].description);
		ck_assert_pstr_eq(jsonin_string(i, "short_description"),
		    odd_pulses[n].description);
		ck_assert_pstr_eq(jsonin_string(s, "tlp"), odd_pulses[n].tlp);
		ck_assert_pstr_eq(jsonin_string(i, "tlp"), odd_pulses[n].tlp);
		ck_assert_pstr_eq(
		    jsonin_string(i, "producer"), odd_pulses[n].producer);
		tags = jsonin_member(i, "tags");
		if (odd_pulses[n].tags == NULL)
			ck_assert(!jsonin_has(i, "tags", &tags));
		else
			drive_same(tags, odd_pulses[n].tags);
		json_object_put(whole);
		drive_free(&d);
	}
}
END_TEST

START_TEST(texts_are_no_longer_than_ctim_takes)
{
	struct drive_reply replies[2] = { { GENERAL, 200, "OK", NULL },
		{ "*", 200, "OK",
		    "{'results':[{"
		    "'indicator':'bad.example','created':"
		    "'2020-05-21T10:25:12'}]}" } };
	struct buf general, text;
	struct drive d;
	struct json_object *whole, *s, *i;
	size_t n;

	buf_init(&general, 8U << 20);
	buf_init(&text, 1U << 20);
	while (text.len < 12000)
		buf_adds(&text, "\xc3\xa9");
	buf_addf(&general,
	    "{'base_indicator':{'type':'domain'},'pulse_info':"
	    "{'pulses':[{'id':'p','indicator_type_counts':{'domain':1},"
	    "'name':'%s','description':'%s','author':{'username':'%s'},"
	    "'tags':['%s'",
	    text.data, text.data, text.data, text.data);
	for (n = 1; n < 300; n++)
		buf_addf(&general, ",'%s'", text.data);
	buf_adds(&general, "]}]}}");
	ck_assert(!general.failed);
	replies[0].body = general.data;
	drive(&d, replies, COUNT(replies), &domain, 0);
	ck_assert_str_eq(d.problems.data, "");
	whole = drive_answer(&d);
	s = jsonin_at(drive_docs(whole, "sightings"), 0);
	i = jsonin_at(drive_docs(whole, "indicators"), 0);
	ck_assert_uint_eq(strlen(jsonin_string(s, "title")), 2 * CTIM_SHORT);
	ck_assert_uint_eq(
	    strlen(jsonin_string(s, "description")), 2 * CTIM_MARKDOWN);
	ck_assert_uint_eq(
	    strlen(jsonin_string(i, "short_description")), 2 * CTIM_MEDIUM);
	ck_assert_uint_eq(strlen(jsonin_string(i, "producer")), 2 * CTIM_SHORT);
	ck_assert_uint_eq(
	    strlen(jsonin_text(jsonin_at(jsonin_member(i, "tags"), 0))),
	    2 * CTIM_SHORT);
	/* All of them would make an entity that is too large to be written. */
	ck_assert_uint_eq(jsonin_length(jsonin_member(i, "tags")), 128);
	json_object_put(whole);
	drive_free(&d);
	buf_free(&general);
	buf_free(&text);
}
END_TEST

#define GOOD_PAGE                                           \
	"{'results':[{'indicator':'bad.example','created':" \
	"'2020-05-21T10:25:12'}],'next':null}"
#define ONE_PULSE(p)                                        \
	"{'base_indicator':{'type':'domain'},'pulse_info':" \
	"{'pulses':[" p "]}}"
#define COUNTS "'indicator_type_counts':{'domain':1}"

/* Answers that are not what they should be: to `general` (NULL: a good one) and
 * to pages, how many sightings come of them, how many calls are made, and
 * whether a problem is told. */
static const struct {
	const char *general, *page;
	size_t sightings, calls;
	bool problem;
} malformed[] = { { NULL, GOOD_PAGE, 1, 2, false }, { "", NULL, 0, 1, true },
	{ "null", NULL, 0, 1, false }, { "[", NULL, 0, 1, true },
	{ "{'base_indicator':{'type':'domain'}", NULL, 0, 1, true },
	{ "<html></html>", NULL, 0, 1, true },
	{ "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",
	    NULL, 0, 1, true },
	{ "{}", NULL, 0, 1, false }, { "[]", NULL, 0, 1, false },
	{ "7", NULL, 0, 1, false }, { "'text'", NULL, 0, 1, false },
	{ "true", NULL, 0, 1, false },
	{ "{'base_indicator':{},'pulse_info':{'pulses':[{'id':'p'," COUNTS
	  "}]}}",
	    NULL, 0, 1, false },
	{ "{'pulse_info':{'pulses':[{'id':'p'," COUNTS "}]}}", NULL, 0, 1,
	    false },
	{ "{'base_indicator':null,'pulse_info':null}", NULL, 0, 1, false },
	{ "{'base_indicator':'domain','pulse_info':{'pulses':[{'id':'p'," COUNTS
	  "}]}}",
	    NULL, 0, 1, false },
	{ "{'base_indicator':['domain'],'pulse_info':{'pulses':[{'id':'p'"
	  "," COUNTS "}]}}",
	    NULL, 0, 1, false },
	{ "{'base_indicator':{'type':7},'pulse_info':{'pulses':[{'id':'p'"
	  "," COUNTS "}]}}",
	    NULL, 0, 1, false },
	{ "{'base_indicator':{'type':{}},'pulse_info':{'pulses':[{'id':'p'"
	  "," COUNTS "}]}}",
	    NULL, 0, 1, false },
	{ "{'base_indicator':{'type':'domain'},'pulse_info':7}", NULL, 0, 1,
	    false },
	{ "{'base_indicator':{'type':'domain'},'pulse_info':[]}", NULL, 0, 1,
	    false },
	{ "{'base_indicator':{'type':'domain'},'pulse_info':{'pulses':{}}}",
	    NULL, 0, 1, false },
	{ "{'base_indicator':{'type':'domain'},'pulse_info':{'pulses':null}}",
	    NULL, 0, 1, false },
	{ "{'base_indicator':{'type':'domain'},'pulse_info':{'pulses':'p'}}",
	    NULL, 0, 1, false },
	{ ONE_PULSE("null,7,'p',[],{},true,-1.5"), NULL, 0, 1, false },
	{ ONE_PULSE("{" COUNTS "}"), NULL, 0, 1, false },
	{ ONE_PULSE("{'id':null," COUNTS "}"), NULL, 0, 1, false },
	{ ONE_PULSE("{'id':7," COUNTS "}"), NULL, 0, 1, false },
	{ ONE_PULSE("{'id':{}," COUNTS "}"), NULL, 0, 1, false },
	{ ONE_PULSE("{'id':['p']," COUNTS "}"), NULL, 0, 1, false },
	{ ONE_PULSE("{'id':''," COUNTS "}"), NULL, 0, 1, false },
	{ ONE_PULSE("{'id':'.'," COUNTS "}"), NULL, 0, 1, false },
	{ ONE_PULSE("{'id':'..'," COUNTS "}"), NULL, 0, 1, false },
	{ ONE_PULSE("{'id':'p\\u0000q'," COUNTS "}"), NULL, 0, 1, false },
	{ ONE_PULSE("{'id':'p'}"), NULL, 0, 1, false },
	{ ONE_PULSE("{'id':'p','indicator_type_counts':null}"), NULL, 0, 1,
	    false },
	{ ONE_PULSE("{'id':'p','indicator_type_counts':['domain']}"), NULL, 0,
	    1, false },
	{ ONE_PULSE("{'id':'p','indicator_type_counts':'domain'}"), NULL, 0, 1,
	    false },
	{ ONE_PULSE("{'id':'p','indicator_type_counts':{'Domain':1}}"), NULL, 0,
	    1, false },
	{ ONE_PULSE("7,{'id':'p'," COUNTS "},null"), GOOD_PAGE, 1, 2, false },
	{ ONE_PULSE("{'id':'../\\u00e9'," COUNTS "}"), GOOD_PAGE, 1, 2, false },
	{ ONE_PULSE("{'id':'p','indicator_type_counts':{'domain':'x'}}"),
	    GOOD_PAGE, 1, 2, false },
	{ NULL, "", 0, 2, true }, { NULL, "null", 0, 2, false },
	{ NULL, "7", 0, 2, false }, { NULL, "[]", 0, 2, false },
	{ NULL, "{}", 0, 2, false },
	{ NULL, "{'results':null,'next':null}", 0, 2, false },
	{ NULL, "{'results':{'indicator':'bad.example'}}", 0, 2, false },
	{ NULL, "{'results':'bad.example'}", 0, 2, false },
	{ NULL, "{'results':['bad.example',['bad.example'],7,null]}", 0, 2,
	    false },
	{ NULL, "{'results':[{'indicator':{'indicator':'bad.example'}}]}", 0, 2,
	    false },
	{ NULL, "{'results':[{'indicator':7},{'indicator':null}]}", 0, 2,
	    false },
	{ NULL,
	    "{'results':[{'indicator':'BAD.example',"
	    "'created':'2020-05-21T10:25:12'}]}",
	    1, 2, false },
	{ NULL,
	    "{'results':[{'indicator':'BAD.example'},"
	    "{'indicator':'bad.example','created':'2020-05-21T10:25:12'}]}",
	    1, 2, false },
	{ NULL, "{'results':[{'indicator':'BAD.example'}]}", 0, 2, true },
	{ NULL, "{'error':'no'}", 0, 2, true },
	{ NULL, "{'error':'no','results':[]}", 0, 2, false },
	{ NULL, "{'error':'','detail':false}", 0, 2, false },
	{ NULL, "{'results':[],'next':''}", 0, 2, false },
	{ NULL, "{'results':[],'next':7}", 0, 2, false },
	{ NULL, "{'results':[],'next':true}", 0, 2, false },
	{ NULL, "{'results':[],'next':['x']}", 0, 2, false },
	{ NULL, "{'results':[],'next':{'x':'y'}}", 0, 2, false },
	{ NULL, "{'results':[{'next':'x'}]}", 0, 2, false },
	{ NULL, "{'results':[{'indicator':'bad.example',}]}", 0, 2, true },
	{ NULL, "{'results':[{'indicator':'bad.example'", 0, 2, true },
	{ NULL, "{'results':[{'indicator':'x'}]]", 0, 2, true },
	{ NULL, "{'results':[]} x", 0, 2, true },
	{ NULL, "<html>", 0, 2, true } };

START_TEST(odd_answers_are_nothing_or_a_problem)
{
	struct drive_reply replies[2] = { { GENERAL, 200, "OK", NULL },
		{ "*", 200, "OK", NULL } };
	struct drive d;
	struct json_object *whole;
	size_t i;

	for (i = 0; i < COUNT(malformed); i++) {
		replies[0].body = malformed[i].general == NULL ?
		    ONE_PULSE("{'id':'p'," COUNTS "}") :
		    malformed[i].general;
		replies[1].body = malformed[i].page;
		drive(&d, replies, COUNT(replies), &domain, i % 5);
		ck_assert_msg(d.lookup.n == malformed[i].calls,
		    "%zu: %zu calls", i, d.lookup.n);
		ck_assert_msg((d.problems.len > 0) == malformed[i].problem,
		    "%zu: %.1000s", i, d.problems.data);
		whole = drive_answer(&d);
		ck_assert_msg(jsonin_length(drive_docs(whole, "sightings")) ==
			malformed[i].sightings,
		    "%zu: %.1000s", i, d.sent.data);
		json_object_put(whole);
		drive_free(&d);
	}
}
END_TEST

START_TEST(a_pulses_id_has_a_most_of_bytes)
{
	struct drive_reply replies[2] = { { GENERAL, 200, "OK", NULL },
		{ "*", 200, "OK", GOOD_PAGE } };
	struct drive d;
	char general[1024];
	int n;

	replies[0].body = general;
	for (n = 256; n <= 257; n++) {
		snprintf(general, sizeof(general),
		    ONE_PULSE("{'id':'%0*d'," COUNTS "}"), n, 7);
		drive(&d, replies, COUNT(replies), &domain, 0);
		ck_assert_uint_eq(d.lookup.n, n == 256 ? 2 : 1);
		drive_free(&d);
	}
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { little_is_kept_of_an_answer,
		a_value_too_long_for_a_link_has_none,
		a_status_is_told_in_the_words_of_the_relay,
		a_key_that_no_header_can_carry_is_not_sent,
		a_page_is_read_no_further_than_the_entry,
		times_become_those_of_ctim, what_a_pulse_lacks_is_left_out,
		texts_are_no_longer_than_ctim_takes,
		odd_answers_are_nothing_or_a_problem,
		a_pulses_id_has_a_most_of_bytes };

	return unit_run("otx", tests, COUNT(tests));
}
