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

START_TEST(every_pulse_gives_sighting_indicator_and_relationship)
{
	static const size_t pieces[] = { 0, 1, 10 };
	struct drive d;
	struct json_object *whole;
	size_t i;

	for (i = 0; i < COUNT(pieces); i++) {
		drive(&d, two_pulses, COUNT(two_pulses), &domain, pieces[i]);
		ck_assert_str_eq(d.problems.data, "");
		whole = drive_answer(&d);
		drive_same(whole,
		    "{'data':{"
		    "'sightings':{'count':2,'docs':["
		    "{'type':'sighting','id':'transient:sighting-#2',"
		    "'schema_version':'1.0.17','confidence':'High','count':1,"
		    "'internal':false,'source':'AlienVault OTX',"
		    "'observed_time':{'start_time':'2021-01-02T03:04:05Z',"
		    "'end_time':'2021-01-02T03:04:05Z'},'description':'',"
		    "'external_ids':['p2'],'observables':[{'type':'domain',"
		    "'value':'bad.example'}],"
		    "'source_uri':'" BASE "/pulse/p2','title':'Two',"
		    "'tlp':'white'},"
		    "{'type':'sighting','id':'transient:sighting-#3',"
		    "'schema_version':'1.0.17','confidence':'High','count':1,"
		    "'internal':false,'source':'AlienVault OTX',"
		    "'observed_time':{'start_time':'2020-05-21T10:25:12Z',"
		    "'end_time':'2020-05-21T10:25:12Z'},'description':'First',"
		    "'external_ids':['p1'],'observables':[{'type':'domain',"
		    "'value':'bad.example'}],"
		    "'source_uri':'" BASE "/pulse/p1','title':'One',"
		    "'tlp':'green'}]},"
		    "'indicators':{'count':2,'docs':["
		    "{'type':'indicator','id':'transient:indicator-"
		    "5e726da0-4ad1-50f3-a20c-79d704ef289a',"
		    "'schema_version':'1.0.17','confidence':'High',"
		    "'source':'AlienVault OTX','producer':'bob',"
		    "'valid_time':{'start_time':'2021-01-02T03:04:05Z'},"
		    "'external_ids':['p2'],'short_description':'',"
		    "'source_uri':'" BASE "/pulse/p2','tags':[],"
		    "'title':'Two','tlp':'white'},"
		    "{'type':'indicator','id':'transient:indicator-"
		    "89705643-91cc-5de2-87fc-3fb94942babb',"
		    "'schema_version':'1.0.17','confidence':'High',"
		    "'source':'AlienVault OTX','producer':'ann',"
		    "'valid_time':{'start_time':'2020-05-21T10:25:12Z',"
		    "'end_time':'2020-06-21T00:00:00Z'},"
		    "'external_ids':['p1'],'short_description':'First',"
		    "'source_uri':'" BASE "/pulse/p1','tags':['a','b'],"
		    "'title':'One','tlp':'green'}]},"
		    "'relationships':{'count':2,'docs':["
		    "{'type':'relationship','id':'transient:relationship-#4',"
		    "'schema_version':'1.0.17',"
		    "'relationship_type':'member-of',"
		    "'source_ref':'transient:sighting-#2','target_ref':"
		    "'transient:indicator-"
		    "5e726da0-4ad1-50f3-a20c-79d704ef289a'},"
		    "{'type':'relationship','id':'transient:relationship-#5',"
		    "'schema_version':'1.0.17',"
		    "'relationship_type':'member-of',"
		    "'source_ref':'transient:sighting-#3','target_ref':"
		    "'transient:indicator-"
		    "89705643-91cc-5de2-87fc-3fb94942babb'}]}}}");
		json_object_put(whole);
		drive_free(&d);
	}
}
END_TEST

START_TEST(pages_are_asked_for_until_the_entry_is_there)
{
	struct drive d;
	size_t i;

	drive(&d, two_pulses, COUNT(two_pulses), &domain, 0);
	ck_assert_str_eq(d.asked.data,
	    GENERAL "\n" PAGE("p1", "1") "\n" PAGE("p2", "1") "\n" PAGE(
		"p1", "2") "\n");
	for (i = 0; i < d.lookup.n; i++) {
		ck_assert_uint_eq(d.lookup.calls[i]->n_headers, 1);
		ck_assert_str_eq(
		    d.lookup.calls[i]->headers[0].data, "X-OTX-API-KEY: k-1");
		ck_assert_uint_eq(d.lookup.calls[i]->flags,
		    i == 0 ? CALL_CACHE :
			     CALL_CACHE | CALL_OPTIONAL | CALL_SCAN);
	}
	drive_free(&d);
}
END_TEST

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

static const struct {
	struct observable o;
	const char *asked; /* "": nothing */
} questions[] = { { { OBSERVABLE_DOMAIN, "bad.example", 0 },
		      "domain/bad.example" },
	{ { OBSERVABLE_MD5, "d8414d74", 0 }, "file/d8414d74" },
	{ { OBSERVABLE_SHA1, "4f79d1a0", 0 }, "file/4f79d1a0" },
	{ { OBSERVABLE_SHA256, "efdd3ee0", 0 }, "file/efdd3ee0" },
	{ { OBSERVABLE_IP, "192.0.2.1", 0 }, "IPv4/192.0.2.1" },
	{ { OBSERVABLE_IPV6, "2001:db8::1", 0 }, "IPv6/2001:db8::1" },
	{ { OBSERVABLE_URL, "http://u@h.example/a b?c=%20#\xc3\xa9", 0 },
	    "url/http:%2F%2Fu@h.example%2Fa%20b%3Fc%3D%2520%23%C3%A9" },
	{ { OBSERVABLE_DOMAIN, "../../user/me", 0 },
	    "domain/..%2F..%2Fuser%2Fme" },
	{ { OBSERVABLE_DOMAIN, "...", 0 }, "domain/..." },
	{ { OBSERVABLE_DOMAIN, ".", 0 }, "" },
	{ { OBSERVABLE_URL, "..", 0 }, "" },
	{ { OBSERVABLE_EMAIL, "a@b.example", 0 }, "" } };

START_TEST(each_type_is_asked_for_in_its_category)
{
	static const struct drive_reply none[] = { { "*", 404, "NF", NULL } };
	struct drive d;
	struct json_object *whole;
	char want[256];
	size_t i;

	for (i = 0; i < COUNT(questions); i++) {
		drive(&d, none, 1, &questions[i].o, 0);
		snprintf(want, sizeof(want), "%s%s%s",
		    *questions[i].asked == '\0' ? "" :
						  BASE "/api/v1/indicators/",
		    questions[i].asked,
		    *questions[i].asked == '\0' ? "" : "/general\n");
		ck_assert_str_eq(d.asked.data, want);
		ck_assert_str_eq(d.problems.data, "");
		whole = drive_answer(&d);
		drive_same(whole, "{'data':{}}");
		json_object_put(whole);
		drive_free(&d);
	}
}
END_TEST

static const struct {
	struct observable o;
	const char *want;
} references[] = {
	{ { OBSERVABLE_DOMAIN, "bad.example", 0 },
	    "{'id':'ref-avotx-search-domain-bad.example','title':"
	    "'Search for this domain','description':'Lookup this domain on "
	    "AlienVault OTX','url':'" BASE "/indicator/domain/bad.example'," },
	{ { OBSERVABLE_EMAIL, "a@b.example", 0 },
	    "{'id':'ref-avotx-search-email-a%40b.example','title':"
	    "'Search for this email','description':'Lookup this email on "
	    "AlienVault OTX','url':'" BASE "/indicator/email/a@b.example'," },
	{ { OBSERVABLE_MD5, "d8414d74", 0 },
	    "{'id':'ref-avotx-search-md5-d8414d74','title':"
	    "'Search for this MD5','description':'Lookup this MD5 on "
	    "AlienVault OTX','url':'" BASE "/indicator/file/d8414d74'," },
	{ { OBSERVABLE_SHA1, "4f79d1a0", 0 },
	    "{'id':'ref-avotx-search-sha1-4f79d1a0','title':"
	    "'Search for this SHA1','description':'Lookup this SHA1 on "
	    "AlienVault OTX','url':'" BASE "/indicator/file/4f79d1a0'," },
	{ { OBSERVABLE_SHA256, "efdd3ee0", 0 },
	    "{'id':'ref-avotx-search-sha256-efdd3ee0','title':"
	    "'Search for this SHA256','description':'Lookup this SHA256 on "
	    "AlienVault OTX','url':'" BASE "/indicator/file/efdd3ee0'," },
	{ { OBSERVABLE_IP, "192.0.2.1", 0 },
	    "{'id':'ref-avotx-search-ip-192.0.2.1','title':"
	    "'Search for this IP','description':'Lookup this IP on "
	    "AlienVault OTX','url':'" BASE "/indicator/ip/192.0.2.1'," },
	{ { OBSERVABLE_IPV6, "2001:db8::1", 0 },
	    "{'id':'ref-avotx-search-ipv6-2001%3Adb8%3A%3A1','title':"
	    "'Search for this IPv6','description':'Lookup this IPv6 on "
	    "AlienVault OTX','url':'" BASE "/indicator/ip/2001:db8::1'," },
	{ { OBSERVABLE_URL, "http://h.example/a", 0 },
	    "{'id':'ref-avotx-search-url-http%3A%2F%2Fh.example%2Fa','title':"
	    "'Search for this URL','description':'Lookup this URL on "
	    "AlienVault OTX','url':'" BASE
	    "/indicator/url/http:%2F%2Fh.example%2Fa'," }
};

START_TEST(each_type_has_its_page)
{
	struct drive d;
	struct json_object *whole;
	char want[1024];
	size_t i;

	drive_init(&d, &provider_otx, CLAIMS, NULL, 0);
	for (i = 0; i < COUNT(references); i++) {
		whole = drive_answer_of(&d, PROVIDER_REFER, &references[i].o);
		snprintf(want, sizeof(want),
		    "{'data':[%s'categories':"
		    "['Search','AlienVault OTX']}]}",
		    references[i].want);
		drive_same(whole, want);
		json_object_put(whole);
	}
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

START_TEST(the_base_url_is_the_relays)
{
	static const struct drive_reply replies[] = {
		{ "http://h.example/otx/api/v1/indicators/domain/bad.example/"
		  "general",
		    200, "OK",
		    "{\"base_indicator\":{\"type\":"
		    "\"domain\"},\"pulse_info\":{\"pulses\":[{\"id\":\"p/1\","
		    "\"indicator_type_counts\":{\"domain\":1}}]}}" },
		{ "http://h.example/otx/api/v1/pulses/p%2F1/indicators"
		  "?sort=-created&limit=10000&page=1",
		    200, "OK",
		    "{\"results\":[{\"indicator\":\"bad.example\","
		    "\"created\":\"2020-05-21T10:25:12\"}]}" }
	};
	struct drive d;
	struct json_object *whole;

	drive_init(&d, &provider_otx, CLAIMS, replies, COUNT(replies));
	drive_conf(&d, "url", "http://h.example/otx/");
	drive_lookup(&d, PROVIDER_OBSERVE, &domain);
	whole = drive_answer(&d);
	ck_assert_str_eq(
	    jsonin_string(
		jsonin_at(drive_docs(whole, "sightings"), 0), "source_uri"),
	    "http://h.example/otx/pulse/p%2F1");
	json_object_put(whole);
	drive_free(&d);
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

static const struct {
	int status;
	const char *reason, *body, *problem;
} failing_pages[] = { { 0, NULL, NULL,
			  "[connection error, optional] No connection "
			  "(domain bad.example)\n" },
	{ 401, "Unauthorized", "",
	    "[authorization error, optional] " ODD "401 Unauthorized\n" },
	{ 403, "Forbidden", "",
	    "[permission denied, optional] " ODD "403 Forbidden\n" },
	{ 404, "Not Found", "",
	    "[not found, optional] " ODD "404 Not Found\n" },
	{ 429, "Slow", "",
	    "[too many requests, optional] Too many requests "
	    "have been made to AlienVault OTX. Please, try again later.\n" },
	{ 500, "ISE", "",
	    "[internal error, optional] The AlienVault OTX "
	    "internal error.\n" },
	{ 503, "SU", "", "[service unavailable, optional] " ODD "503 SU\n" },
	{ 200, "OK", "",
	    "[unknown, optional] The answer of the service is "
	    "not the JSON that it should be: text that ends too early "
	    "(domain bad.example)\n" },
	{ 200, "OK", "{'results':[{'indicator':'bad.example'}]}",
	    "[unknown, optional] The answer of the service does not say when "
	    "the indicator was created (domain bad.example)\n" } };

START_TEST(a_pulse_that_fails_loses_itself_alone)
{
	struct drive_reply replies[COUNT(two_pulses)];
	struct drive d;
	struct json_object *whole;
	size_t i;

	for (i = 0; i < COUNT(failing_pages); i++) {
		memcpy(replies, two_pulses, sizeof(replies));
		replies[1].status = failing_pages[i].status;
		replies[1].reason = failing_pages[i].reason;
		replies[1].body = failing_pages[i].body;
		drive(&d, replies, COUNT(replies), &domain, 0);
		ck_assert_str_eq(d.problems.data, failing_pages[i].problem);
		ck_assert(!d.first_failed);
		whole = drive_answer(&d);
		ck_assert_uint_eq(
		    jsonin_length(drive_docs(whole, "sightings")), 1);
		ck_assert_str_eq(
		    jsonin_string(
			jsonin_at(drive_docs(whole, "sightings"), 0), "title"),
		    "Two");
		json_object_put(whole);
		drive_free(&d);
	}
}
END_TEST

START_TEST(fifty_pages_are_enough)
{
	static const struct drive_reply replies[] = {
		{ GENERAL, 200, "OK",
		    "{'base_indicator':{'type':'domain'},"
		    "'pulse_info':{'pulses':[{'id':'p','indicator_type_counts':"
		    "{'domain':1}}]}}" },
		{ "*", 200, "OK", "{'results':[],'next':'more'}" }
	};
	struct drive d;

	drive(&d, replies, COUNT(replies), &domain, 0);
	ck_assert_uint_eq(d.lookup.n, 51);
	ck_assert_ptr_nonnull(strstr(d.asked.data, "page=50\n"));
	ck_assert_str_eq(d.problems.data, "");
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

/* The times of pulses a, b, c … and the order of their sightings. */
static const struct {
	const char *created[4];
	const char *order;
	size_t limit;
} orders[] = { { { "2020-01-01T00:00:00", "2021-01-01T00:00:00",
		     "2019-01-01T00:00:00", "2020-06-01T00:00:00" },
		   "bdac", 100 },
	{ { "2020-01-01T00:00:00", "2020-01-01T00:00:00", "2020-01-01T00:00:00",
	      "2020-01-01T00:00:00" },
	    "abcd", 100 },
	{ { "2020-01-01T00:00:00", "2021-01-01T00:00:00", "2020-01-01T00:00:00",
	      "2021-01-01T00:00:00" },
	    "bdac", 100 },
	{ { "2020-01-01T00:00:00", "2021-01-01T00:00:00", "2019-01-01T00:00:00",
	      "2020-06-01T00:00:00" },
	    "bd", 2 },
	/* Fractions are compared as the text that they are. */
	{ { "2020-01-01T00:00:00", "2020-01-01T00:00:00.5",
	      "2020-01-01T00:00:00.25", "2019-12-31T23:59:59.9" },
	    "bcad", 100 } };

START_TEST(the_newest_come_first_and_only_so_many)
{
	static const char *const ids = "abcd";
	struct drive_reply replies[5] = { { GENERAL, 200, "OK", NULL } };
	struct buf general, urls[4], bodies[4];
	struct drive d;
	struct json_object *whole, *docs, *doc;
	size_t i, k;

	buf_init(&general, 4096);
	buf_adds(&general,
	    "{'base_indicator':{'type':'domain'},"
	    "'pulse_info':{'pulses':[");
	for (k = 0; k < 4; k++) {
		buf_addf(&general,
		    "%s{'id':'%c','name':'%c',"
		    "'indicator_type_counts':{'domain':1}}",
		    k == 0 ? "" : ",", ids[k], ids[k]);
		buf_init(&urls[k], 4096);
		buf_addf(&urls[k],
		    BASE "/api/v1/pulses/%c/indicators"
			 "?sort=-created&limit=10000&page=1",
		    ids[k]);
		buf_init(&bodies[k], 4096);
	}
	buf_adds(&general, "]}}");
	replies[0].body = general.data;
	for (i = 0; i < COUNT(orders); i++) {
		for (k = 0; k < 4; k++) {
			buf_reset(&bodies[k]);
			buf_addf(&bodies[k],
			    "{'results':[{'indicator':"
			    "'bad.example','created':'%s'}]}",
			    orders[i].created[k]);
			replies[k + 1] = (struct drive_reply){ urls[k].data,
				200, "OK", bodies[k].data };
		}
		drive(&d, replies, COUNT(replies), &domain, 0);
		d.claims.limit = orders[i].limit;
		whole = drive_answer(&d);
		docs = drive_docs(whole, "sightings");
		ck_assert_uint_eq(jsonin_length(docs), strlen(orders[i].order));
		ck_assert_uint_eq(
		    jsonin_length(drive_docs(whole, "relationships")),
		    strlen(orders[i].order));
		for (k = 0; k < jsonin_length(docs); k++) {
			doc = jsonin_at(docs, k);
			ck_assert_int_eq(
			    jsonin_string(doc, "title")[0], orders[i].order[k]);
		}
		json_object_put(whole);
		drive_free(&d);
	}
	buf_free(&general);
	for (k = 0; k < 4; k++) {
		buf_free(&urls[k]);
		buf_free(&bodies[k]);
	}
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
	const TTest *const tests[] = {
		every_pulse_gives_sighting_indicator_and_relationship,
		pages_are_asked_for_until_the_entry_is_there,
		little_is_kept_of_an_answer,
		each_type_is_asked_for_in_its_category, each_type_has_its_page,
		a_value_too_long_for_a_link_has_none,
		the_base_url_is_the_relays,
		a_status_is_told_in_the_words_of_the_relay,
		a_key_that_no_header_can_carry_is_not_sent,
		a_pulse_that_fails_loses_itself_alone, fifty_pages_are_enough,
		a_page_is_read_no_further_than_the_entry,
		the_newest_come_first_and_only_so_many,
		times_become_those_of_ctim, what_a_pulse_lacks_is_left_out,
		texts_are_no_longer_than_ctim_takes,
		odd_answers_are_nothing_or_a_problem,
		a_pulses_id_has_a_most_of_bytes
	};

	return unit_run("otx", tests, COUNT(tests));
}
