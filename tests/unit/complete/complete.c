/* SPDX-License-Identifier: MIT */
/*
 * What maps write, and the entities that become of it.  JSON is written with '
 * for ", and ids as #1, #2 … in the order in which they come.
 */
#include <ctype.h>
#include <string.h>

#include "answer/answer.h"
#include "answer/response.h"
#include "answer/transport.h"
#include "base/buf.h"
#include "ctim/form.h"
#include "complete/complete.h"
#include "json/jsonin.h"
#include "tests/unit/unit.h"

#define UUID_LENGTH 36

static struct buf complete_sent; /* what the client got */
static struct buf complete_seen; /* the same, as the tests write it */
static const struct observable asked = { OBSERVABLE_DOMAIN, "a.example", 0 };
static struct completion_of complete_of;
static size_t complete_left; /* entities and members that were left out */

static int
complete_take(void *arg, const void *p, size_t n, bool push)
{
	(void)arg;
	(void)push;
	return buf_add(&complete_sent, p, n);
}

static void
complete_setup(void)
{
	buf_init(&complete_sent, 64U << 20);
	buf_init(&complete_seen, 64U << 20);
	complete_of = (struct completion_of){ "abuse", "AbuseX", &asked,
		PROVIDER_OBSERVE, 1700000000, 100 };
}

static void
complete_teardown(void)
{
	buf_free(&complete_sent);
	buf_free(&complete_seen);
}

static bool
is_uuid(const char *s)
{
	size_t i;

	for (i = 0; i < UUID_LENGTH; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23 ?
			s[i] != '-' :
			!isxdigit((unsigned char)s[i]))
			return false;
	return true;
}

/* The answer with ' for " and numbers for ids. */
static const char *
as_written(const char *answer)
{
	char ids[256][UUID_LENGTH];
	size_t n = 0, i;
	const char *s;

	buf_reset(&complete_seen);
	for (s = answer; *s != '\0'; s++) {
		if (*s == '"') {
			buf_addc(&complete_seen, '\'');
		} else if (*s == '-' && is_uuid(s + 1)) {
			for (i = 0; i < n; i++)
				if (memcmp(ids[i], s + 1, UUID_LENGTH) == 0)
					break;
			if (i == n) {
				ck_assert_uint_lt(n, COUNT(ids));
				memcpy(ids[n++], s + 1, UUID_LENGTH);
			}
			buf_addf(&complete_seen, "#%zu", i + 1);
			s += UUID_LENGTH;
		} else {
			buf_addc(&complete_seen, *s);
		}
	}
	return complete_seen.data;
}

static const char *
complete_json(struct json_object *entities)
{
	static char *const env[] = { NULL };
	struct transport client = { .env = env, .write = complete_take };
	bool refer = complete_of.route == PROVIDER_REFER;
	struct response response;
	struct answer *a;

	buf_reset(&complete_sent);
	response_init(&response, &client);
	a = answer_new(
	    &response, refer ? ANSWER_LIST : ANSWER_ENTITIES, CTIM_SIGHTING);
	ck_assert_ptr_nonnull(a);
	answer_observable(a, (size_t)complete_of.limit);
	complete_left = (refer ? complete_refer : complete_answer)(
	    a, &complete_of, entities);
	answer_answered(a);
	ck_assert_int_eq(answer_finish(a), 0);
	answer_free(a);
	return as_written(strstr(complete_sent.data, "\r\n\r\n") + 4);
}

static const char *
complete(const char *entities)
{
	struct json_object *list;
	const char *why, *seen;
	char *text = strdup(entities), *s;

	for (s = text; *s != '\0'; s++)
		if (*s == '\'')
			*s = '"';
	list = jsonin_answer(text, strlen(text), &why);
	ck_assert_msg(why == NULL, "%s: %s", why, text);
	seen = complete_json(list);
	json_object_put(list);
	free(text);
	return seen;
}

struct made {
	const char *given, *made;
};

static void
complete_rows(const struct made *rows, size_t n)
{
	size_t i;

	complete_setup();
	for (i = 0; i < n; i++)
		ck_assert_msg(
		    strcmp(complete(rows[i].given), rows[i].made) == 0,
		    "%s\nbecame %s\nnot    %s", rows[i].given,
		    complete(rows[i].given), rows[i].made);
	complete_teardown();
}

/* One entity of a kind in an answer. */
#define ANSWERED(kinds, docs) \
	"{'data':{'" kinds "':{'count':1,'docs':[" docs "]}}}"
#define STREAMED(docs) "{'data':{'sightings':{'docs':[" docs "],'count':1}}}"
#define LEFT(n, reason)                                            \
	"{'data':{},'errors':[{'type':'warning','code':'unknown'," \
	"'message':'AbuseX: " n " left out (" reason ") (domain "  \
	"a.example)'}]}"

#define DAY      "'2026-01-02T00:00:00Z'"
#define ASKED    "{'type':'domain','value':'a.example'}"
#define SIGHTING "'type':'sighting','confidence':'High'"
#define SEEN     SIGHTING ",'observed_time':'2026-01-02'"
#define WHEN     "'observed_time':{'end_time':" DAY ",'start_time':" DAY "}"
#define JUDGED                                                      \
	"'type':'judgement','confidence':'High','severity':'High'," \
	"'priority':85,'valid_time':{}"

/* The whole of a sighting: what is before, between and after its usual members. */
#define SIGHTED(before, observed, between, after)                   \
	STREAMED("{'type':'sighting','id':'transient:sighting#1',"  \
		 "'confidence':'High'," before "'count':1," between \
		 "'observables':[" ASKED "]," observed              \
		 ",'schema_version':'1.0.17'," after "}")
#define BY "'source':'AbuseX'"

START_TEST(what_every_entity_has_is_made)
{
	const struct made rows[] = { { "[{" SEEN "}]",
					 SIGHTED("", WHEN, "", BY) },
		{ "[{'type':'indicator'}]",
		    ANSWERED("indicators",
			"{'type':'indicator','id':'transient:indicator#1',"
			"'producer':'AbuseX','schema_version':'1.0.17',"
			"'valid_time':{}}") },
		{ "[{" JUDGED ",'disposition':'Malicious'}]",
		    ANSWERED("judgements",
			"{'type':'judgement','id':'transient:judgement#1',"
			"'confidence':'High','disposition':2,"
			"'disposition_name':'Malicious','observable':" ASKED
			",'priority':85,'schema_version':'1.0.17',"
			"'severity':'High'," BY ",'valid_time':{}}") },
		{ "[{'type':'verdict','disposition':1,"
		  "'valid_time':{'start_time':0}}]",
		    ANSWERED("verdicts",
			"{'type':'verdict','disposition':1,"
			"'disposition_name':'Clean','observable':" ASKED
			",'valid_time':{'start_time':"
			"'1970-01-01T00:00:00Z'}}") },
		{ "[{'type':'verdict','disposition_name':'Unknown',"
		  "'valid_time':{},'judgement_id':null}]",
		    ANSWERED("verdicts",
			"{'type':'verdict','disposition':5,"
			"'disposition_name':'Unknown','observable':" ASKED
			",'valid_time':{}}") },
		/* What is given stays. */
		{ "[{" SEEN ",'source':'S','schema_version':'1.1.0','count':7,"
		  "'observables':[{'type':'ip','value':'192.0.2.1'}]}]",
		    STREAMED("{'type':'sighting','id':'transient:sighting#1',"
			     "'confidence':'High','count':7,'observables':["
			     "{'type':'ip','value':'192.0.2.1'}]," WHEN
			     ",'schema_version':'1.1.0','source':'S'}") },
		{ "[]", "{'data':{}}" }, { "{}", "{'data':{}}" },
		{ "'x'", "{'data':{}}" } };

	complete_rows(rows, COUNT(rows));
}
END_TEST

START_TEST(what_is_null_or_has_no_value_is_dropped)
{
	const struct made rows[] = {
		{ "[{" SEEN ",'title':null,'external_ids':[],'key':null,"
		  "'external_references':[null],'source_uri':'',"
		  "'timestamp':'','observables':[null,"
		  "{'type':'ip','value':''},{'type':'url','value':null}]}]",
		    SIGHTED("", WHEN, "", BY) },
		{ "[{" SEEN ",'relations':["
		  "{'source':" ASKED ",'relation':'Resolved_To','related':{'"
		  "type':'ip','value':''}},"
		  "{'source':null,'relation':'Resolved_To','related':" ASKED
		  "}]}]",
		    SIGHTED("", WHEN, "", BY) },
		{ "[{" SEEN ",'targets':[{'type':'email','observables':["
		  "{'type':'email','value':null}]},{'type':'x'},"
		  "{'type':'endpoint','observables':[" ASKED ",null]}]}]",
		    SIGHTED("", WHEN, "",
			BY ",'targets':[{'observables':[" ASKED "]," WHEN
			   ",'type':'endpoint'}]") },
		{ "[{" SEEN ",'data':{'columns':[],'rows':[[]]},"
		  "'description':{'html':null}}]",
		    SIGHTED("", WHEN, "", BY) },
		{ "[{'type':'indicator','tags':['a',null,'b']}]",
		    ANSWERED("indicators",
			"{'type':'indicator','id':'transient:indicator#1',"
			"'producer':'AbuseX','schema_version':'1.0.17',"
			"'tags':['a','b'],'valid_time':{}}") },
		{ "[{" JUDGED ",'disposition':2,"
		  "'observable':{'type':'ip','value':''}}]",
		    ANSWERED("judgements",
			"{'type':'judgement','id':'transient:judgement#1',"
			"'confidence':'High','disposition':2,"
			"'disposition_name':'Malicious','observable':" ASKED
			",'priority':85,'schema_version':'1.0.17',"
			"'severity':'High'," BY ",'valid_time':{}}") }
	};

	complete_rows(rows, COUNT(rows));
}
END_TEST

START_TEST(relations_and_targets_are_completed)
{
	const struct made rows[] = {
		{ "[{" SEEN ",'relations':[{'source':" ASKED
		  ",'relation':'Resolved_To','related':{'type':'ipv6',"
		  "'value':'::1'},'origin_uri':'https://x.example/',"
		  "'relation_info':{'c':[null],'b':1.50,'a':null}},{'source'"
		  ":" ASKED ",'relation':'X','related':" ASKED
		  ",'origin':'O'}]}]",
		    SIGHTED("",
			WHEN ",'relations':[{'origin':'AbuseX','origin_uri':"
			     "'https://x.example/','related':{'type':'ipv6',"
			     "'value':'::1'},'relation':'Resolved_To',"
			     "'relation_info':{'b':1.5,'c':[]},'source':" ASKED
			     "},{'origin':'O','related':" ASKED
			     ",'relation':'X','source':" ASKED "}]",
			"", BY) },
		{ "[{" SEEN ",'targets':[{'type':'endpoint','os':'x',"
		  "'observables':[" ASKED
		  "],'observed_time':1700000000}],'sensor_coordinates':"
		  "{'type':'network.ips','observables':[" ASKED "]}}]",
		    SIGHTED("", WHEN, "",
			"'sensor_coordinates':{'observables':[" ASKED
			"],'type':'network.ips'}," BY
			",'targets':[{'observables':[" ASKED
			"],'observed_time':{'end_time':'2023-11-14T22:13:20Z'"
			",'start_time':'2023-11-14T22:13:20Z'},'os':'x',"
			"'type':'endpoint'}]") }
	};

	complete_rows(rows, COUNT(rows));
}
END_TEST

START_TEST(periods_get_their_ends)
{
	/* Of a valid_time, and what it becomes; NULL: the reason. */
	const struct {
		const char *given, *made, *why;
	} rows[] = { { "'2026-01-02'", "'end_time':" DAY ",'start_time':" DAY,
			 NULL },
		{ "{'start_time':'2026-01-02'}", "'start_time':" DAY, NULL },
		{ "{'end_time':'2026-01-02','start_time':null}",
		    "'end_time':" DAY, NULL },
		{ "{'end_time':'','start_time':''}", "", NULL },
		{ "{}", "", NULL },
		{ "{'start_time':'2026-01-01T00:00:00Z','days':1}",
		    "'end_time':" DAY ",'start_time':'2026-01-01T00:00:00Z'",
		    NULL },
		{ "{'start_time':'2026-01-01T12:00:00.5Z','days':0.25,"
		  "'seconds':21599.5}",
		    "'end_time':'2026-01-02T00:00:00.000000Z',"
		    "'start_time':'2026-01-01T12:00:00.5Z'",
		    NULL },
		{ "{'start_time':'2026-01-01','days':7,'end_time':"
		  "'2026-01-02'}",
		    "'end_time':" DAY ",'start_time':'2026-01-01T00:00:00Z'",
		    NULL },
		{ "{'start_time':'2026-01-02','forever':true,'days':1}",
		    "'end_time':'2525-01-01T00:00:00Z','start_time':" DAY,
		    NULL },
		{ "{'start_time':'2026-01-02','forever':false}",
		    "'start_time':" DAY, NULL },
		{ "{'start_time':'2026-01-02','end_time':'9999-12-31'}",
		    "'end_time':'2525-01-01T00:00:00Z','start_time':" DAY,
		    NULL },
		{ "{'start_time':'2026-01-02','days':1e300}",
		    "'end_time':'2525-01-01T00:00:00Z','start_time':" DAY,
		    NULL },
		{ "{'days':1}", NULL, "no valid_time.start_time" },
		{ "{'start_time':'2026-01-02','days':'1'}", NULL,
		    "valid_time.days is no number" },
		{ "{'start_time':'2026-01-02','days':-1}", NULL,
		    "valid_time ends before it begins" },
		{ "{'start_time':'2026-01-02','days':-1e300}", NULL,
		    "valid_time.end_time is no time" },
		{ "{'start_time':'2026-01-02','end_time':'2026-01-01'}", NULL,
		    "valid_time ends before it begins" },
		{ "{'start_time':1e300}", NULL,
		    "valid_time.start_time is no time" },
		{ "{'start_time':'9999-12-31'}", NULL,
		    "valid_time.start_time is no time" },
		{ "{'end_time':'9999-99-99'}", NULL,
		    "valid_time.end_time is no time" },
		{ "{'start_time':[]}", NULL,
		    "valid_time.start_time is no time" },
		{ "[]", NULL, "valid_time is no time" },
		{ "true", NULL, "valid_time is no time" },
		{ "null", NULL, "no valid_time" },
		{ "''", NULL, "no valid_time" } };
	char given[400], made[400];
	size_t i;

	complete_setup();
	for (i = 0; i < COUNT(rows); i++) {
		snprintf(given, sizeof(given),
		    "[{'type':'verdict','disposition':3,'valid_time':%s}]",
		    rows[i].given);
		if (rows[i].made != NULL)
			snprintf(made, sizeof(made),
			    "{'data':{'verdicts':{'count':1,'docs':[{'type':"
			    "'verdict','disposition':3,'disposition_name':"
			    "'Suspicious','observable':" ASKED
			    ",'valid_time':{%s}}]}}}",
			    rows[i].made);
		else
			snprintf(made, sizeof(made),
			    LEFT("1 entity was", "verdict: %s"), rows[i].why);
		ck_assert_str_eq(complete(given), made);
	}
	complete_teardown();
}
END_TEST

START_TEST(what_fails_is_left_out_with_its_reason)
{
	/* What follows SEEN or a whole entity, and why it fails. */
	const struct {
		const char *given, *why;
	} rows[] = { { "'type':'judgement','disposition':2,'confidence':'High',"
		       "'priority':1,'valid_time':{}",
			 "judgement: no severity" },
		{ "'type':'judgement'", "judgement: no confidence" },
		{ JUDGED, "judgement: no disposition" },
		{ JUDGED ",'disposition':6",
		    "judgement: disposition is none of CTIM's" },
		{ JUDGED ",'disposition':'malicious'",
		    "judgement: disposition \\'malicious\\' is none of "
		    "CTIM's" },
		{ JUDGED ",'disposition':1,'disposition_name':'Malicious'",
		    "judgement: disposition is not that of "
		    "disposition_name" },
		{ "'type':'sighting','confidence':'High'",
		    "sighting: no observed_time" },
		{ SIGHTING ",'observed_time':{'end_time':'2026-01-02'}",
		    "sighting: no observed_time.start_time" },
		{ SIGHTING ",'observed_time':'yesterday'",
		    "sighting: observed_time is no time" },
		{ SEEN ",'severity':'Extreme'",
		    "sighting: severity \\'Extreme\\' is none of CTIM's" },
		{ SEEN ",'severity':5", "sighting: severity is no text" },
		{ SEEN ",'title':5", "sighting: title is no text" },
		{ SEEN ",'title':{'html':5}", "sighting: title is no text" },
		{ SEEN ",'count':-1", "sighting: count is below 0" },
		{ SEEN ",'count':1e300", "sighting: count is no integer" },
		{ SEEN ",'count':'1'", "sighting: count is no integer" },
		{ SEEN ",'internal':'no'",
		    "sighting: internal is neither true nor false" },
		{ SEEN ",'source_uri':'a b'",
		    "sighting: source_uri \\'a b\\' is no URI" },
		{ SEEN ",'external_ids':'x'",
		    "sighting: external_ids is no list" },
		{ SEEN ",'external_ids':[5]",
		    "sighting: external_ids is no text" },
		{ SEEN ",'external_references':[{'url':'x'}]",
		    "sighting: no external_references.source_name" },
		{ SEEN ",'external_references':['x']",
		    "sighting: external_references is no object" },
		{ SEEN ",'relations':[{'source':" ASKED ",'related':" ASKED
		       "}]",
		    "sighting: no relations.relation" },
		{ SEEN ",'observables':[{'type':'word','value':'x'}]",
		    "sighting: observables.type \\'word\\' is none of "
		    "CTIM's" },
		{ SEEN ",'targets':[{'observables':[" ASKED "]}]",
		    "sighting: no targets.type" },
		{ SEEN ",'context':{'http_events':[{'type':'X'}]}",
		    "sighting: no context.http_events.host" },
		{ SEEN ",'data':5", "sighting: data is no object" },
		{ SEEN ",'data':{'columns':[{'name':'a','type':'bool'}],"
		       "'rows':[[1]]}",
		    "sighting: data.columns.type \\'bool\\' is none of "
		    "CTIM's" },
		{ SEEN ",'data':{'columns':[{'name':'a','type':'integer'}],"
		       "'rows':[['x']]}",
		    "sighting: data.rows have a cell that is no integer" },
		{ SEEN ",'data':{'columns':[{'name':'a','type':'integer'}],"
		       "'rows':[[1,2]]}",
		    "sighting: data.rows have one that has not a cell for "
		    "each column" },
		{ "'type':'indicator','kill_chain_phases':[{'kill_chain_name':"
		  "'lockheed-martin-cyber-kill-chain','phase_name':'x'}]",
		    "indicator: kill_chain_phases.phase_name \\'x\\' is none "
		    "of CTIM's" },
		{ "'type':'indicator','kill_chain_phases':[{'kill_chain_name':"
		  "'A','phase_name':'x'}]",
		    "indicator: kill_chain_phases.kill_chain_name \\'A\\' is "
		    "not of small letters, digits, - and _" },
		{ "'type':'indicator','specification':{'type':'X'}",
		    "indicator: specification has no type of CTIM's" },
		{ "'type':'indicator','composite_indicator_expression':"
		  "{'operator':'and','indicator_ids':['x']}",
		    "indicator: composite_indicator_expression.indicator_ids "
		    "\\'x\\' is no id of an entity" },
		{ "'type':'relationship'", "relationship: no source_ref" },
		{ "'type':'relationship','relationship_type':'x',"
		  "'source_ref':'transient:x','target_ref':5",
		    "relationship: source_ref is no entity of this answer" },
		{ "'type':'warning','message':'x'", "warning: no code" },
		{ "'type':'warning','code':'x'", "warning: no message" },
		{ "'type':'malware'",
		    "entity: its type is none that a map may write" },
		{ "'type':5", "entity: no type" },
		{ "'a':5", "entity: no type" } };
	char given[600], made[600];
	size_t i;

	complete_setup();
	for (i = 0; i < COUNT(rows); i++) {
		snprintf(given, sizeof(given), "[{%s}]", rows[i].given);
		snprintf(made, sizeof(made), LEFT("1 entity was", "%s"),
		    rows[i].why);
		ck_assert_str_eq(complete(given), made);
	}
	complete_teardown();
}
END_TEST

START_TEST(one_warning_tells_of_all_that_is_left_out)
{
	const struct made rows[] = {
		{ "[{'type':'judgement'},{'type':'indicator','tags':5},7]",
		    LEFT("3 entities were", "judgement: no confidence") },
		/* The same one counts once. */
		{ "[5,5,null,'x']",
		    LEFT("3 entities were", "entity: no type") },
		{ "[{'type':'indicator','titel':'x','tags':null,'tag':null,"
		  "'external_references':[{'source_name':'s','uri':'x'}],"
		  "'id':'mine'}]",
		    "{'data':{'indicators':{'count':1,'docs':[{'type':"
		    "'indicator','id':'transient:indicator#1',"
		    "'external_references':[{'source_name':'s'}],'producer':"
		    "'AbuseX','schema_version':'1.0.17','valid_time':{}}]}},"
		    "'errors':[{'type':'warning','code':'unknown','message':"
		    "'AbuseX: 2 members were left out (indicator: "
		    "external_references.uri is none of CTIM's) (domain "
		    "a.example)'}]}" }
	};

	complete_rows(rows, COUNT(rows));
	complete_setup();
	(void)complete(rows[0].given);
	ck_assert_uint_eq(complete_left, 3);
	(void)complete(rows[2].given);
	ck_assert_uint_eq(complete_left, 2);
	complete_teardown();
}
END_TEST

#define INDICATED(n)                                            \
	"{'type':'indicator','id':'transient:indicator#" n "'," \
	"'producer':'AbuseX','schema_version':'1.0.17',"        \
	"'title':'" n "','valid_time':{}}"
#define LINKED(n, from, to)                                           \
	"{'type':'relationship','id':'transient:relationship#" n "'," \
	"'relationship_type':'x','schema_version':'1.0.17',"          \
	"'source_ref':'transient:indicator#" from "',"                \
	"'target_ref':'transient:indicator#" to "'}"
#define LINK(from, to)                                    \
	"{'type':'relationship','relationship_type':'x'," \
	"'source_ref':{'type':'indicator','title':'" from \
	"'},'target_ref':{'type':'indicator','title':'" to "'}}"

START_TEST(a_relationship_goes_with_its_ends)
{
	const struct made rows[] = {
		{ "[" LINK("1", "2") "," LINK("2", "1") "," LINK("1", "2") "]",
		    "{'data':{'indicators':{'count':2,'docs':[" INDICATED(
			"1") "," INDICATED("2") "]},'relationships':{'count':2,"
						"'docs':[" LINKED("3", "1",
						    "2") "," LINKED("4", "2",
						    "1") "]}}}" },
		/* One end fails: the other stays. */
		{ "[{'type':'relationship','relationship_type':'x','source_ref'"
		  ":{'type':'judgement'},'target_ref':{'type':'indicator',"
		  "'title':'1'}}]",
		    "{'data':{'indicators':{'count':1,'docs':[" INDICATED(
			"1") "]}},'errors':[{'type':'warning','code':"
			     "'unknown','message':'AbuseX: 1 entity was left "
			     "out (judgement: no confidence) (domain "
			     "a.example)'}]}" },
		{ "[{'type':'relationship','relationship_type':'x','source_ref'"
		  ":{'type':'relationship'},'target_ref':{'type':'verdict'}}]",
		    LEFT("1 entity was",
			"relationship: source_ref is no entity that it may "
			"name") }
	};

	complete_rows(rows, COUNT(rows));
}
END_TEST

START_TEST(the_limit_holds_for_each_kind)
{
	complete_setup();
	complete_of.limit = 1;
	/* The second end is one too many, and its relationship with it. */
	ck_assert_str_eq(complete("[" LINK("1", "2") "," LINK("1", "1") "]"),
	    "{'data':{'indicators':{'count':1,'docs':[" INDICATED(
		"1") "]},'relationships':{'count':1,'docs':[" LINKED("2", "1",
		"1") "]}}}");
	/* Relationships have none of their own. */
	complete_of.limit = 2;
	ck_assert_ptr_nonnull(
	    strstr(complete("[" LINK("1", "2") "," LINK("2", "1") "," LINK(
		       "1", "1") "," LINK("2", "2") "]"),
		"'relationships':{'count':4"));
	complete_teardown();
}
END_TEST

#define JUDGEMENT "{" JUDGED ",'disposition':2}"
#define VERDICT                                              \
	"{'type':'verdict','disposition':2,'valid_time':{}," \
	"'judgement_id':" JUDGEMENT "}"

START_TEST(a_verdict_names_its_judgement)
{
	const char *seen;

	complete_setup();
	seen = complete("[" VERDICT "," JUDGEMENT "," VERDICT "]");
	ck_assert_ptr_nonnull(strstr(seen, "'judgements':{'count':1"));
	ck_assert_ptr_nonnull(strstr(seen,
	    "'verdicts':{'count':1,'docs':[{'type':'verdict','disposition':2,"
	    "'disposition_name':'Malicious','judgement_id':'transient:"
	    "judgement#1','observable':" ASKED ",'valid_time':{}}]}"));
	/* Where the judgement fails the verdict stays. */
	seen = complete("[{'type':'verdict','disposition':2,'valid_time':{},"
			"'judgement_id':{'type':'judgement'}}]");
	ck_assert_ptr_nonnull(strstr(seen,
	    "{'type':'verdict','disposition':2,'disposition_name':"
	    "'Malicious','observable':" ASKED ",'valid_time':{}}"));
	ck_assert_ptr_nonnull(strstr(seen, "(judgement: no confidence)"));
	complete_of.route = PROVIDER_DELIBERATE;
	ck_assert_str_eq(complete("[{" SEEN "}," LINK(
			     "1", "2") "," VERDICT "," JUDGEMENT "]"),
	    ANSWERED("verdicts",
		"{'type':'verdict','disposition':2,'disposition_name':"
		"'Malicious','observable':" ASKED ",'valid_time':{}}"));
	complete_teardown();
}
END_TEST

/* The id of the only entity, without "transient:". */
static const char *
id_of(const char *entity)
{
	static char id[CTIM_ID_MAX];
	const char *s;

	(void)complete(entity);
	s = strstr(complete_sent.data, "transient:");
	ck_assert_ptr_nonnull(s);
	snprintf(id, sizeof(id), "%.*s", (int)strcspn(s + 10, "\""), s + 10);
	return id;
}

START_TEST(the_same_thing_has_the_same_id)
{
	char first[CTIM_ID_MAX], id[CTIM_ID_MAX];

	complete_setup();
	/* Of the content as RFC 8785 writes it. */
	ctim_id_of(id, CTIM_INDICATOR,
	    "abuse|indicator|{\"producer\":\"AbuseX\",\"schema_version\":"
	    "\"1.0.17\",\"title\":\"\xc3\xa9\\n\",\"type\":\"indicator\","
	    "\"valid_time\":{\"start_time\":\"2026-01-02T00:00:00Z\"}}");
	ck_assert_str_eq(
	    id_of("[{'type':'indicator','title':'\\u00e9\\n','valid_time':"
		  "{'start_time':'2026-01-02 01:00+01:00'}}]"),
	    id + 10);
	ck_assert_str_eq(id_of("[{'valid_time':{'start_time':1767312000},"
			       "'title':'\xc3\xa9\\u000a','tags':[],"
			       "'type':'indicator'}]"),
	    id + 10);
	/* Of its key; an indicator is the same for all observables. */
	ctim_id_of(id, CTIM_INDICATOR, "abuse|indicator|7");
	ck_assert_str_eq(id_of("[{'type':'indicator','key':'7'}]"), id + 10);
	ck_assert_str_eq(
	    id_of("[{'type':'indicator','key':7.0,'tags':['x']}]"), id + 10);
	ctim_id_of(id, CTIM_SIGHTING, "abuse|sighting|7|domain|a.example");
	ck_assert_str_eq(id_of("[{" SEEN ",'key':'7'}]"), id + 10);
	ctim_id_of(id, CTIM_SIGHTING,
	    "abuse|sighting|{\"a\":[1,null],\"b\":\"\"}|domain|a.example");
	ck_assert_str_eq(
	    id_of("[{" SEEN ",'key':{'b':'','a':[1,null]}}]"), id + 10);
	strcpy(first, id_of("[{" SEEN "}]"));
	ck_assert_str_ne(first, id_of("[{" SEEN ",'title':'x'}]"));
	complete_of.provider = "other";
	ck_assert_str_ne(first, id_of("[{" SEEN "}]"));
	complete_teardown();
}
END_TEST

START_TEST(the_first_with_a_key_counts)
{
	complete_setup();
	ck_assert_str_eq(
	    complete("[{'type':'indicator','title':'1','key':'k'},"
		     "{'type':'indicator','title':'2','key':'k'}]"),
	    "{'data':{'indicators':{'count':1,'docs':[" INDICATED("1") "]}}}");
	complete_teardown();
}
END_TEST

/* Adds n times a text. */
static void
add_times(struct buf *b, const char *s, size_t n)
{
	while (n-- > 0)
		buf_adds(b, s);
}

START_TEST(texts_are_cut_by_characters)
{
	struct buf b;
	const char *s;

	complete_setup();
	buf_init(&b, 1U << 20);
	buf_adds(&b, "[{'type':'indicator','title':'");
	add_times(&b, "\xc3\xa9", CTIM_SHORT + 1);
	buf_adds(&b, "','description':{'html':'<b>");
	add_times(&b, "\xf0\x9f\x98\x80", CTIM_MARKDOWN + 1);
	buf_adds(&b, "</b>'},'external_ids':['");
	add_times(&b, "x", CTIM_MARKDOWN + 1);
	buf_adds(&b, "']}]");
	s = complete(b.data);
	ck_assert_uint_eq(
	    strcspn(strstr(s, "'title':'") + 9, "'"), (size_t)2 * CTIM_SHORT);
	ck_assert_uint_eq(strcspn(strstr(s, "'description':'") + 15, "'"),
	    2 + (size_t)4 * (CTIM_MARKDOWN - 2));
	ck_assert_uint_eq(strcspn(strstr(s, "'external_ids':['") + 17, "'"),
	    (size_t)CTIM_MARKDOWN + 1);
	buf_free(&b);
	complete_teardown();
}
END_TEST

START_TEST(cells_fit_their_columns)
{
	const struct made rows[] = {
		{ "[{" SEEN ",'data':{'columns':[{'name':'a','type':'string'},"
		  "{'name':'b','type':'integer','required':true},{'name':'c',"
		  "'type':'number'},{'name':'d','type':'url'},{'name':'e',"
		  "'type':'observable'}],'rows':[['x',1,1.50,'a:b'," ASKED
		  "],[{'b':1,'a':[]},null,2,'',null],[true,3.0,-0.0,'a',null]]"
		  "}}]",
		    SIGHTED("", WHEN,
			"'data':{'columns':[{'name':'a','type':'string'},"
			"{'name':'b','required':false,'type':'integer'},"
			"{'name':'c','type':'number'},{'name':'d','required':"
			"false,'type':'url'},{'name':'e','required':false,"
			"'type':'observable'}],'rows':[['x',1,1.5,'a:b'," ASKED
			"],['{\\'a\\':[],\\'b\\':1}',null,2,null,null],"
			"['true',3,0,'a',null]]},",
			BY) }
	};

	complete_rows(rows, COUNT(rows));
}
END_TEST

/* As many columns as rows: minutes if the rows were looked at for each. */
START_TEST(no_table_takes_long)
{
	const size_t columns = 33000, rows = 99000;
	struct buf b;

	complete_setup();
	buf_init(&b, 8U << 20);
	buf_adds(&b, "[{" SEEN ",'data':{'columns':[");
	add_times(&b, "{'name':'a','type':'url'},", columns - 1);
	buf_adds(&b, "{'name':'a','type':'url'}],'rows':[");
	add_times(&b, "null,", rows - 1);
	buf_adds(&b, "null]}}]");
	ck_assert(!b.failed);
	ck_assert_ptr_nonnull(strstr(complete(b.data), "'rows':[]}"));
	buf_free(&b);
	complete_teardown();
}
END_TEST

START_TEST(warnings_of_a_map_are_told)
{
	const struct made rows[] = {
		{ "[{'type':'warning','code':'not found','message':'gone'},"
		  "{'type':'warning','code':'too-many-messages-warning',"
		  "'message':'gone'},{'type':'warning','code':'not found',"
		  "'message':'gone'},{'type':'warning','code':"
		  "'too-many-messages-warning','message':'gone'}]",
		    "{'data':{},'errors':[{'type':'warning','code':"
		    "'not found','message':'gone'},{'type':'warning','code':"
		    "'too-many-messages-warning','message':'gone'}]}" },
		{ "[{'type':'warning','code':'internal error','message':'x'}]",
		    "{'data':{},'errors':[{'type':'warning','code':"
		    "'internal error','message':'x'}]}" }
	};

	complete_rows(rows, COUNT(rows));
}
END_TEST

START_TEST(specifications_and_contexts_are_forms)
{
	const struct made rows[] = {
		{ "[{'type':'indicator','specification':{'type':'ThreatBrain',"
		  "'variables':[]},'composite_indicator_expression':"
		  "{'operator':'or','indicator_ids':['transient:x',"
		  "'https://a.example:443/x/ctia/indicator/indicator-"
		  "01234567-89ab-cdef-0123-456789abcdef']},"
		  "'kill_chain_phases':[{'kill_chain_name':'mitre',"
		  "'phase_name':'x'}]}]",
		    ANSWERED("indicators",
			"{'type':'indicator','id':'transient:indicator#1',"
			"'composite_indicator_expression':{'indicator_ids':"
			"['transient:x','https://a.example:443/x/ctia/"
			"indicator/indicator#2'],'operator':'or'},"
			"'kill_chain_phases':[{'kill_chain_name':'mitre',"
			"'phase_name':'x'}],'producer':'AbuseX',"
			"'schema_version':'1.0.17','specification':{'type':"
			"'ThreatBrain','variables':[]},'valid_time':{}}") },
		{ "[{" SEEN ",'context':{'registry_create_events':["
		  "{'process_id':4,'process_name':'p','registry_key':'k',"
		  "'time':'2026-01-02'}]}}]",
		    SIGHTED("'context':{'registry_create_events':["
			    "{'process_id':4,'process_name':'p',"
			    "'registry_key':'k','time':{'end_time':" DAY
			    ",'start_time':" DAY
			    "},'type':'RegistryCreateEvent'}]},",
			WHEN, "", BY) }
	};

	complete_rows(rows, COUNT(rows));
}
END_TEST

START_TEST(references_are_checked)
{
	complete_setup();
	complete_of.route = PROVIDER_REFER;
	ck_assert_str_eq(
	    complete("[{'id':'r1','title':'T','url':'https://x.example/?a=b',"
		     "'more':1},{'id':'r2','title':'T','description':'D',"
		     "'url':'http://x.example/','categories':['C',null]},"
		     "{'id':'r1','title':'U','url':'https://x.example/'}]"),
	    "{'data':[{'categories':['AbuseX'],'description':'T','id':'r1',"
	    "'title':'T','url':'https://x.example/?a=b'},{'categories':['C'],"
	    "'description':'D','id':'r2','title':'T','url':"
	    "'http://x.example/'}],'errors':[{'type':'warning','code':"
	    "'unknown','message':'AbuseX: 1 member was left out (reference: "
	    "more is none of CTIM's) (domain a.example)'}]}");
	ck_assert_str_eq(
	    complete("[5,{'title':'T','url':'https://x.example/'},{'id':'r',"
		     "'title':'T','url':'javascript:x'},{'id':'r','url':"
		     "'https://x.example/'}]"),
	    "{'data':[],'errors':[{'type':'warning','code':'unknown',"
	    "'message':'AbuseX: 4 entities were left out (reference: it is no "
	    "object) (domain a.example)'}]}");
	complete_teardown();
}
END_TEST

START_TEST(large_output_is_bounded)
{
	struct json_object *list = json_object_new_array(), *entity;
	const char *seen;
	char title[32];
	char *large;
	int i;

	complete_setup();
	for (i = 0; i < 100000; i++) {
		entity = json_object_new_object();
		snprintf(title, sizeof(title), "%d", i);
		json_object_object_add(
		    entity, "type", json_object_new_string("indicator"));
		json_object_object_add(
		    entity, "title", json_object_new_string(title));
		json_object_array_add(list, entity);
	}
	ck_assert_ptr_nonnull(
	    strstr(complete_json(list), "'indicators':{'count':100,"));
	ck_assert_ptr_null(strstr(complete_seen.data, "errors"));
	json_object_put(list);

	/* A text without a maximum that does not fit. */
	large = malloc(5U << 20);
	memset(large, 'x', 5U << 20);
	list = json_object_new_array();
	entity = json_object_new_object();
	json_object_object_add(
	    entity, "type", json_object_new_string("indicator"));
	json_object_object_add(entity, "schema_version",
	    json_object_new_string_len(large, 5 << 20));
	json_object_array_add(list, entity);
	seen = complete_json(list);
	ck_assert_str_eq(seen, LEFT("1 entity was", "indicator: too large"));
	json_object_put(list);
	free(large);
	complete_teardown();
}
END_TEST

START_TEST(deep_objects_end_in_a_reason)
{
	struct json_object *list = json_object_new_array(), *inner, *outer;
	int i;

	complete_setup();
	inner = json_object_new_object();
	for (i = 0; i < 1000; i++) {
		outer = json_object_new_object();
		json_object_object_add(
		    outer, "type", json_object_new_string("relationship"));
		json_object_object_add(outer, "target_ref", inner);
		json_object_object_add(
		    outer, "source_ref", json_object_get(inner));
		inner = outer;
		if (i == 8)
			break; /* twice as large with each level, as text */
	}
	json_object_array_add(list, inner);
	ck_assert_str_eq(complete_json(list),
	    LEFT("1 entity was",
		"relationship: source_ref is no entity that it may name"));
	json_object_put(list);
	complete_teardown();
}
END_TEST

/* Members stand in the order in which RFC 8785 has them, which makes an entity's
 * text its canonical one. */
static void
sorted(const struct form *form, unsigned depth)
{
	const struct form_member *m;

	for (m = form->members; m->name != NULL; m++) {
		if (m[1].name != NULL)
			ck_assert_msg(strcmp(m->name, m[1].name) < 0, "%s %s",
			    m->name, m[1].name);
		ck_assert(m->kind != FORM_OBJECT || m->form != NULL);
		ck_assert(m->kind != FORM_WORD || m->words != NULL);
		if (m->kind == FORM_OBJECT && depth < 8)
			sorted(m->form, depth + 1);
	}
}

START_TEST(forms_are_sorted)
{
	const struct form *f;
	size_t i;

	for (i = 0; i < CTIM_KINDS; i++)
		sorted(&form_entities[i], 0);
	for (f = form_specifications; f->members != NULL; f++)
		sorted(f, 0);
	sorted(&form_column, 0);
	sorted(&form_reference, 0);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { what_every_entity_has_is_made,
		what_is_null_or_has_no_value_is_dropped,
		relations_and_targets_are_completed, periods_get_their_ends,
		what_fails_is_left_out_with_its_reason,
		one_warning_tells_of_all_that_is_left_out,
		a_relationship_goes_with_its_ends,
		the_limit_holds_for_each_kind, a_verdict_names_its_judgement,
		the_same_thing_has_the_same_id, the_first_with_a_key_counts,
		texts_are_cut_by_characters, cells_fit_their_columns,
		no_table_takes_long, warnings_of_a_map_are_told,
		specifications_and_contexts_are_forms, references_are_checked,
		large_output_is_bounded, deep_objects_end_in_a_reason,
		forms_are_sorted };

	return unit_run("complete", tests, COUNT(tests));
}
