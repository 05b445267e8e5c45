/* SPDX-License-Identifier: MIT */
/* Events as CTIM. */
#include <stdlib.h>
#include <string.h>

#include "answer/entity.h"
#include "base/buf.h"
#include "json/jsoncopy.h"
#include "json/jsonin.h"
#include "providers/qualys.h"
#include "token/token.h"

#define SCHEMA_VERSION "1.0.17"
#define SOURCE         "Qualys IOC"
#define PRIORITY       90
#define TEXT_BYTES     (1U << 20) /* of a text made here */

/* What a score means; its place is the score. */
static const struct score {
	const char *title;
	enum ctim_severity severity;
} scores[] = { { "Known Good", CTIM_SEVERITY_NONE },
	{ "Remediated", CTIM_SEVERITY_HIGH },
	{ "Suspicious Low File event", CTIM_SEVERITY_LOW },
	{ "Suspicious Low Process event", CTIM_SEVERITY_LOW },
	{ "Suspicious Low Network event", CTIM_SEVERITY_LOW },
	{ "Suspicious Medium File event", CTIM_SEVERITY_MEDIUM },
	{ "Suspicious Medium Process event", CTIM_SEVERITY_MEDIUM },
	{ "Suspicious Medium Network event", CTIM_SEVERITY_MEDIUM },
	{ "Malicious File event", CTIM_SEVERITY_HIGH },
	{ "Malicious Process event", CTIM_SEVERITY_HIGH },
	{ "Malicious Network event", CTIM_SEVERITY_HIGH } };
static const struct score no_score = { "Unknown", CTIM_SEVERITY_UNKNOWN };

static const struct {
	const char *verdict;
	enum ctim_disposition disposition;
} verdicts[] = { { "KNOWN", CTIM_CLEAN }, { "MALICIOUS", CTIM_MALICIOUS },
	{ "REMEDIATED", CTIM_MALICIOUS }, { "SUSPICIOUS", CTIM_SUSPICIOUS } };

/* Two ends in an event, each a member of a part, and what joins them. */
static const struct end {
	const char *type, *part, *member;
} file_name = { "file_name", "file", "fileName" },
  file_path = { "file_path", "file", "fullPath" },
  sha256 = { "sha256", "file", "sha256" }, md5 = { "md5", "file", "md5" },
  process = { "file_name", "process", "processName" },
  ip = { "ip", "network", "remoteIP" },
  domain = { "domain", "network", "remoteDns" };

static const struct {
	const struct end *source;
	const char *relation;
	const struct end *related;
} relations[] = { { &file_name, "File_Name_Of", &sha256 },
	{ &file_name, "File_Name_Of", &md5 },
	{ &file_path, "File_Path_Of", &sha256 },
	{ &file_path, "File_Path_Of", &md5 }, { &process, "Connected_To", &ip },
	{ &process, "Connected_To", &domain },
	{ &ip, "Resolved_To", &domain } };

/* One event on its way into an answer. */
struct event {
	struct json_object *json;
	const char *id; /* NULL: has none */
	const struct score *score;
	bool scored;
	bool active;
};

/* What is made of an event: what relationships join. */
struct made {
	bool sighted, indicated;
	char sighting[CTIM_ID_MAX], indicator[CTIM_ID_MAX];
	char (*judgements)[CTIM_ID_MAX]; /* room for a limit of them */
	size_t n;
};

/* An integer, or one as a string; a score that is neither, or is in no row, has
 * the meaning of none. */
static const struct score *
meaning(struct json_object *score)
{
	const char *text = jsonin_text(score);
	char *end;
	int64_t n = -1;

	if (text != NULL && *text >= '0' && *text <= '9') {
		n = strtoll(text, &end, 10);
		if (*end != '\0')
			n = -1;
	} else if (!jsonin_int(score, &n)) {
		n = -1;
	}
	return n >= 0 && n < (int64_t)(sizeof(scores) / sizeof(scores[0])) ?
	    &scores[n] :
	    &no_score;
}

/* A text in a part of an event; NULL when it is not there or empty. */
static const char *
text_in(const struct event *e, const char *part, const char *member)
{
	const char *text = jsonin_string(jsonin_member(e->json, part), member);

	return text == NULL || *text == '\0' ? NULL : text;
}

static void
write_empty(struct jsonout *j, const char *key)
{
	jsonout_karray(j, key);
	jsonout_end_array(j);
}

/* What all kinds begin with. */
static void
write_common(struct jsonout *j, const struct event *e)
{
	jsonout_kstring(j, "schema_version", SCHEMA_VERSION);
	jsonout_kstring(j, "source", SOURCE);
	jsonout_kstring(j, "confidence", "High");
	jsonout_kstring(
	    j, "severity", ctim_severity_name((int)e->score->severity));
	jsonout_karray(j, "external_ids");
	if (e->id != NULL)
		jsonout_string(j, e->id);
	jsonout_end_array(j);
}

static void
qualys_event_write_relations(struct jsonout *j, const struct event *e)
{
	const struct end *from, *to;
	const char *source, *related;
	size_t i;

	jsonout_karray(j, "relations");
	for (i = 0; i < sizeof(relations) / sizeof(relations[0]); i++) {
		from = relations[i].source;
		to = relations[i].related;
		source = text_in(e, from->part, from->member);
		related = text_in(e, to->part, to->member);
		if (source == NULL || related == NULL)
			continue;
		jsonout_object(j);
		jsonout_kstring(j, "origin", SOURCE);
		jsonout_key(j, "source");
		entity_pair(j, from->type, source);
		jsonout_key(j, "related");
		entity_pair(j, to->type, related);
		jsonout_kstring(j, "relation", relations[i].relation);
		jsonout_end_object(j);
	}
	jsonout_end_array(j);
}

/* The host that it happened on. */
static void
write_targets(struct jsonout *j, const struct event *e, const char *time)
{
	struct json_object *asset = jsonin_member(e->json, "asset");
	struct json_object *list = jsonin_member(asset, "interfaces");
	const char *text = text_in(e, "asset", "netBiosName");
	size_t i;

	if (text == NULL)
		text = text_in(e, "asset", "hostName");

	jsonout_karray(j, "targets");
	jsonout_object(j);
	jsonout_kstring(j, "type", "endpoint");
	jsonout_karray(j, "observables");
	if (text != NULL)
		entity_pair(j, "hostname", text);
	for (i = 0; i < jsonin_length(list); i++) {
		text = jsonin_string(jsonin_at(list, i), "ipAddress");
		if (text != NULL && *text != '\0')
			entity_pair(j, "ip", text);
		text = jsonin_string(jsonin_at(list, i), "macAddress");
		if (text != NULL && *text != '\0')
			entity_pair(j, "mac_address", text);
	}
	jsonout_end_array(j);
	entity_times(j, "observed_time", time, time);
	jsonout_kstring(j, "os", jsonin_string(asset, "fullOSName"));
	jsonout_end_object(j);
	jsonout_end_array(j);
}

/* Whether the event is active, as a table. */
static void
qualys_event_write_data(struct jsonout *j, bool active)
{
	jsonout_kobject(j, "data");
	jsonout_karray(j, "columns");
	jsonout_object(j);
	jsonout_kstring(j, "name", "Active");
	jsonout_kstring(j, "type", "string");
	jsonout_end_object(j);
	jsonout_end_array(j);
	jsonout_karray(j, "rows");
	jsonout_array(j);
	jsonout_string(j, active ? "True" : "False");
	jsonout_end_array(j);
	jsonout_end_array(j);
	jsonout_kint(j, "row_count", 1);
	jsonout_end_object(j);
}

/* An event without a time is no sighting: CTIM has none without. */
static void
qualys_event_write_sighting(struct answer *a, const struct query *q,
    const struct event *e, struct made *m)
{
	const char *time = jsonin_string(e->json, "dateTime");
	struct buf b;
	struct jsonout *j;

	m->sighted = false;
	if (time == NULL || (j = answer_entity(a, CTIM_SIGHTING, NULL)) == NULL)
		return;
	m->sighted = true;
	(void)stpcpy(m->sighting, answer_id(a));
	write_common(j, e);
	jsonout_kint(j, "count", 1);
	write_empty(j, "external_references");
	entity_observables(j, q->observable);
	entity_times(j, "observed_time", time, time);
	qualys_event_write_relations(j, e);
	jsonout_kstring(j, "sensor", "endpoint");
	write_targets(j, e, time);
	buf_init(&b, TEXT_BYTES);
	buf_addf(
	    &b, "A Qualys IOC event related to \"%s\"", q->observable->value);
	jsoncopy_text(j, "description", b.data, CTIM_MARKDOWN);
	buf_free(&b);
	qualys_event_write_data(j, e->active);
	answer_end(a);
}

static void
qualys_event_write_indicator(
    struct answer *a, const struct event *e, struct made *m)
{
	struct jsonout *j;

	m->indicated = false;
	if (!e->scored)
		return;
	if (e->id == NULL || *e->id == '\0')
		j = answer_entity(a, CTIM_INDICATOR, NULL);
	else
		j = answer_entity(a, CTIM_INDICATOR,
		    ctim_id_of(m->indicator, CTIM_INDICATOR, e->id));
	if (j == NULL)
		return;
	if (e->id == NULL || *e->id == '\0')
		(void)stpcpy(m->indicator, answer_id(a));
	m->indicated = true;
	write_common(j, e);
	jsonout_kstring(j, "title", e->score->title);
	jsonout_kstring(j, "producer", SOURCE);
	entity_times(j, "valid_time", NULL, NULL);
	answer_end(a);
}

static enum ctim_disposition
qualys_event_disposition(const char *verdict)
{
	size_t i;

	for (i = 0;
	     verdict != NULL && i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (strcmp(verdicts[i].verdict, verdict) == 0)
			return verdicts[i].disposition;
	return CTIM_UNKNOWN;
}

/* "" where the service names none; where it says null, nothing. */
static void
write_reason(struct jsonout *j, struct json_object *indicator)
{
	struct json_object *name;
	const char *text;

	if (jsonin_has(indicator, "threatName", &name) && name == NULL)
		return;
	text = jsonin_text(name);
	jsoncopy_text(j, "reason", text == NULL ? "" : text, CTIM_SHORT);
}

static void
qualys_event_write_judgement(struct answer *a, const struct query *q,
    const struct event *e, struct json_object *indicator, struct made *m)
{
	enum ctim_disposition d;
	struct jsonout *j;

	if ((j = answer_entity(a, CTIM_JUDGEMENT, NULL)) == NULL)
		return;
	(void)stpcpy(m->judgements[m->n++], answer_id(a));
	d = qualys_event_disposition(jsonin_string(indicator, "verdict"));
	write_common(j, e);
	jsonout_kint(j, "disposition", d);
	jsonout_kstring(j, "disposition_name", ctim_disposition_name((int)d));
	write_empty(j, "external_references");
	jsonout_key(j, "observable");
	entity_observable(j, q->observable);
	jsonout_kint(j, "priority", PRIORITY);
	write_reason(j, indicator);
	entity_times(j, "valid_time", NULL, NULL);
	answer_end(a);
}

static void
qualys_event_join(
    struct answer *a, const char *from, const char *type, const char *to)
{
	struct jsonout *j = answer_link(a, NULL);

	jsonout_kstring(j, "schema_version", SCHEMA_VERSION);
	jsonout_kstring(j, "source", SOURCE);
	jsonout_kstring(j, "source_ref", from);
	jsonout_kstring(j, "target_ref", to);
	jsonout_kstring(j, "relationship_type", type);
	write_empty(j, "external_ids");
	answer_end(a);
}

/* Entities of an event that the limit left out are not joined. */
static void
join_all(struct answer *a, const struct made *m)
{
	size_t i;

	for (i = 0; m->indicated && i < m->n; i++)
		qualys_event_join(
		    a, m->judgements[i], "based-on", m->indicator);
	for (i = 0; m->sighted && i < m->n; i++)
		qualys_event_join(a, m->sighting, "based-on", m->judgements[i]);
	if (m->sighted && m->indicated)
		qualys_event_join(a, m->sighting, "sighting-of", m->indicator);
}

static void
write_event(struct answer *a, const struct query *q, const struct event *e,
    struct made *m)
{
	struct json_object *list = jsonin_member(e->json, "indicator2");
	size_t i;

	qualys_event_write_sighting(a, q, e, m);
	qualys_event_write_indicator(a, e, m);
	m->n = 0;
	for (i = 0; i < jsonin_length(list) && m->n < q->claims->limit; i++)
		qualys_event_write_judgement(a, q, e, jsonin_at(list, i), m);
	join_all(a, m);
}

void
qualys_write(struct answer *a, const struct query *q)
{
	struct made made = { .n = 0 };
	struct event e;
	const struct call *c;
	struct json_object *score;
	size_t i, k, lost = 0;

	made.judgements = calloc(q->claims->limit, CTIM_ID_MAX);
	if (made.judgements == NULL) {
		entity_no_memory(a, q->observable);
		return;
	}
	for (i = 0; i < q->lookup->n; i++) {
		c = q->lookup->calls[i];
		for (k = 0; k < jsonin_length(c->result); k++) {
			e.json = jsonin_at(c->result, k);
			lost += jsonin_string(e.json, "dateTime") == NULL;
			if (e.json == NULL)
				continue;
			e.id = jsonin_string(e.json, "id");
			score = jsonin_member(e.json, "score");
			e.scored = score != NULL;
			e.score = meaning(score);
			e.active = c->step == QUALYS_ACTIVE;
			write_event(a, q, &e, &made);
		}
	}
	if (lost > 0)
		answer_warning(a, PROBLEM_UNKNOWN,
		    "Events of Qualys IOC "
		    "without a time or too large are left out: %zu (%s %s)",
		    lost, observable_name(q->observable->type),
		    q->observable->value);
	free(made.judgements);
}
