/* SPDX-License-Identifier: MIT */
/* Records and catalog entries as CTIM. */
#include <string.h>

#include "answer/entity.h"
#include "base/buf.h"
#include "base/percent.h"
#include "base/rfc3339.h"
#include "json/jsoncopy.h"
#include "json/jsonin.h"
#include "providers/spycloud.h"

#define SCHEMA_VERSION "1.0.17"
#define SOURCE         "Spycloud"
#define TEXT_BYTES     (1U << 20) /* of a text made here */

/* Members of a record that are not in its table. */
static const char *const untold[] = { "sighting", "infected_machine_id",
	"email_domain", "domain", "email_username", "document_id", "source_id",
	"spycloud_publish_date", "severity", NULL };

static bool
is_in(const char *const *names, const char *name)
{
	for (; names != NULL && *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

static void
spycloud_write_relations(
    struct jsonout *j, const struct query *q, struct json_object *entry)
{
	const char *site = jsonin_string(entry, "site");

	jsonout_karray(j, "relations");
	if (site != NULL && *site != '\0' && strcmp(site, "n/a") != 0) {
		jsonout_object(j);
		jsonout_kstring(j, "origin", "Spycloud Breach Module");
		jsonout_key(j, "source");
		entity_observable(j, q->observable);
		jsonout_key(j, "related");
		entity_pair(j, observable_name(OBSERVABLE_DOMAIN), site);
		jsonout_kstring(j, "relation", "Leaked_From");
		jsonout_end_object(j);
	}
	jsonout_end_array(j);
}

/* The texts that are there of the members named (ended by NULL). */
static void
write_external_ids(
    struct jsonout *j, struct json_object *object, const char *const *names)
{
	const char *text;

	jsonout_karray(j, "external_ids");
	for (; *names != NULL; names++)
		if ((text = spycloud_text(object, *names)) != NULL)
			jsonout_string(j, text);
	jsonout_end_array(j);
}

/* How bad a record is; one in a list of lists is Medium.  NULL: unknown. */
static const char *
spycloud_write_severity(struct json_object *record, struct json_object *entry)
{
	static const struct {
		double from, to;
		enum ctim_severity severity;
	} bands[] = { { 0, 2, CTIM_SEVERITY_LOW },
		{ 3, 5, CTIM_SEVERITY_MEDIUM }, { 6, 25, CTIM_SEVERITY_HIGH } };
	struct json_object *flag, *score;
	const char *text;
	double n;
	size_t i;

	flag = jsonin_member(entry, "combo_list_flag");
	text = jsonin_text(flag);
	if ((json_object_is_type(flag, json_type_boolean) &&
		json_object_get_boolean(flag)) ||
	    (text != NULL && strcmp(text, "YES") == 0))
		return ctim_severity_name(CTIM_SEVERITY_MEDIUM);
	score = jsonin_member(record, "severity");
	if (!json_object_is_type(score, json_type_int) &&
	    !json_object_is_type(score, json_type_double))
		return NULL;
	n = json_object_get_double(score);
	for (i = 0; i < sizeof(bands) / sizeof(bands[0]); i++)
		if (n >= bands[i].from && n <= bands[i].to)
			return ctim_severity_name((int)bands[i].severity);
	return NULL;
}

/* The record as a table of one row. */
static void
spycloud_write_data(struct jsonout *j, const struct spycloud_conf *conf,
    struct json_object *record)
{
	struct json_object_iter i;

	jsonout_kobject(j, "data");
	jsonout_karray(j, "columns");
	json_object_object_foreachC(record, i)
	{
		if (is_in(untold, i.key))
			continue;
		jsonout_object(j);
		jsonout_kstring(j, "name", i.key);
		jsonout_kstring(j, "type", "string");
		jsonout_end_object(j);
	}
	jsonout_end_array(j);
	jsonout_karray(j, "rows");
	jsonout_array(j);
	json_object_object_foreachC(record, i)
	{
		if (is_in(untold, i.key))
			continue;
		if (is_in((const char *const *)conf->redact, i.key))
			jsonout_string(j, "********");
		else
			jsoncopy_value(j, i.val);
	}
	jsonout_end_array(j);
	jsonout_end_array(j);
	jsonout_end_object(j);
}

/* The page of an entry in the portal; "" without an entry. */
static const char *
page_of(
    struct buf *b, const struct spycloud_conf *conf, struct json_object *entry)
{
	const char *uuid = spycloud_text(entry, "uuid");

	buf_reset(b);
	if (uuid != NULL) {
		buf_addf(b, "%s/breach/catalog/", conf->portal_url);
		percent_add(b, uuid, "");
	}
	return b->failed || b->len > CTIM_URI ? "" : b->data;
}

static void
spycloud_write_sighting(struct answer *a, const struct query *q,
    struct json_object *record, struct json_object *entry, struct buf *b)
{
	static const char *const ids[] = { "document_id", "source_id",
		"infected_machine_id", NULL };
	char time[RFC3339_MAX];
	const char *title = jsonin_string(entry, "title");
	const char *page;
	struct jsonout *j;
	int64_t count;

	if (spycloud_published(record, time) == -1 ||
	    (j = answer_entity(a, CTIM_SIGHTING, NULL)) == NULL)
		return;
	if (!jsonin_int(jsonin_member(record, "sighting"), &count) || count < 1)
		count = 1;
	jsonout_kstring(j, "schema_version", SCHEMA_VERSION);
	jsonout_kstring(j, "source", SOURCE);
	jsonout_kstring(j, "confidence", "High");
	jsonout_kstring(j, "title", "Reported to Spycloud");
	jsonout_kbool(j, "internal", false);
	jsonout_kint(j, "count", count);
	entity_observables(j, q->observable);
	entity_times(j, "observed_time", time, time);
	spycloud_write_relations(j, q, entry);
	write_external_ids(j, record, ids);
	jsonout_kstring(j, "severity", spycloud_write_severity(record, entry));
	jsonout_karray(j, "targets");
	jsonout_object(j);
	jsonout_kstring(j, "type", "email");
	entity_observables(j, q->observable);
	entity_times(j, "observed_time", time, time);
	jsonout_end_object(j);
	jsonout_end_array(j);
	spycloud_write_data(j, q->conf, record);
	buf_reset(b);
	buf_addf(b, "Present in %s", title == NULL ? "breach" : title);
	jsoncopy_text(j, "description", b->data, CTIM_MARKDOWN);
	page = page_of(b, q->conf, entry);
	jsonout_kstring(j, "source_uri", *page == '\0' ? NULL : page);
	answer_end(a);
}

static void
write_confidence(struct jsonout *j, struct json_object *entry)
{
	int64_t n;
	enum ctim_severity confidence = CTIM_SEVERITY_LOW;

	if (!jsonin_int(jsonin_member(entry, "confidence"), &n))
		n = 0;
	if (n == 1)
		confidence = CTIM_SEVERITY_HIGH;
	else if (n == 2)
		confidence = CTIM_SEVERITY_MEDIUM;
	jsonout_kstring(j, "confidence", ctim_severity_name((int)confidence));
}

static void
spycloud_write_reference(
    struct jsonout *j, const char *description, const char *url, const char *id)
{
	jsonout_object(j);
	jsonout_kstring(j, "source_name", SOURCE);
	jsoncopy_text(j, "description", description, CTIM_MARKDOWN);
	jsonout_kstring(j, "url", ctim_is_uri(url) ? url : NULL);
	jsonout_kstring(j, "external_id", id);
	jsonout_end_object(j);
}

/* The site that was breached, and the page in the portal. */
static void
write_references(struct jsonout *j, const struct query *q,
    struct json_object *entry, struct buf *b)
{
	const char *site = spycloud_text(entry, "site");
	const char *about = spycloud_text(entry, "site_description");
	const char *uuid = spycloud_text(entry, "uuid");
	const char *description = spycloud_text(entry, "description");

	jsonout_karray(j, "external_references");
	if (site != NULL && about != NULL)
		spycloud_write_reference(j, about, site, NULL);
	if (uuid != NULL && description != NULL)
		spycloud_write_reference(
		    j, description, page_of(b, q->conf, entry), uuid);
	jsonout_end_array(j);
}

/* The names of what the breach disclosed. */
static void
spycloud_write_tags(struct jsonout *j, struct json_object *entry)
{
	struct json_object *assets = jsonin_member(entry, "assets");
	struct json_object_iter i;

	jsonout_karray(j, "tags");
	if (json_object_is_type(assets, json_type_object)) {
		json_object_object_foreachC(assets, i)
		    jsonout_bytes(j, i.key, jsoncopy_cut(i.key, CTIM_SHORT));
	}
	jsonout_end_array(j);
}

static void
spycloud_write_indicator(struct answer *a, const struct query *q,
    const struct call *c, struct buf *b)
{
	static const char *const ids[] = { "id", "uuid", NULL };
	struct json_object *entry = c->result;
	char id[CTIM_ID_MAX], time[RFC3339_MAX];
	const char *name = spycloud_text(entry, "id");
	const char *title = jsonin_string(entry, "title");
	struct jsonout *j;

	ctim_id_of(
	    id, CTIM_INDICATOR, name != NULL ? name : jsonin_text(c->about));
	if ((j = answer_entity(a, CTIM_INDICATOR, id)) == NULL)
		return;
	jsonout_kstring(j, "schema_version", SCHEMA_VERSION);
	jsonout_kstring(j, "producer", SOURCE);
	entity_times(j, "valid_time",
	    spycloud_published(entry, time) == 0 ? time : NULL, NULL);
	write_confidence(j, entry);
	jsoncopy_text(j, "title", title, CTIM_SHORT);
	jsoncopy_text(j, "description", jsonin_string(entry, "description"),
	    CTIM_MARKDOWN);
	jsoncopy_text(j, "short_description", title, CTIM_MEDIUM);
	write_external_ids(j, entry, ids);
	write_references(j, q, entry, b);
	spycloud_write_tags(j, entry);
	answer_end(a);
}

/* What the catalog says of the sources; a call that failed has been told of. */
static void
write_catalog(struct answer *a, const struct query *q, struct buf *b)
{
	const struct call *c;
	size_t i;

	for (i = 0; i < q->lookup->n; i++) {
		c = q->lookup->calls[i];
		if (c->step != SPYCLOUD_CATALOG || c->problem != PROBLEM_NONE)
			continue;
		if (c->result != NULL)
			spycloud_write_indicator(a, q, c, b);
		else
			answer_warning(a, PROBLEM_NOT_FOUND,
			    "SpyCloud did not "
			    "return results for %s",
			    jsonin_text(c->about));
	}
}

/* What is known to be missing from the answer; a page that failed has been told
 * of. */
static void
write_missing(struct answer *a, const struct query *q, const struct call *page)
{
	const char *type = observable_name(q->observable->type);
	int64_t undated = 0;

	(void)jsonin_int(jsonin_member(page->result, "undated"), &undated);
	if (undated > 0)
		answer_warning(a, PROBLEM_UNKNOWN,
		    "Records of Spycloud "
		    "without a publish date are left out: %lld (%s %s)",
		    (long long)undated, type, q->observable->value);
	if (page->number == SPYCLOUD_PAGES &&
	    jsonin_member(page->result, "cursor") != NULL)
		answer_warning(a, PROBLEM_UNKNOWN,
		    "Spycloud has more records "
		    "than the %d pages that were read (%s %s)",
		    SPYCLOUD_PAGES, type, q->observable->value);
}

void
spycloud_answer(struct answer *a, const struct query *q)
{
	const struct call *page = spycloud_page(q), *catalog;
	struct json_object *records, *record;
	struct buf b;
	size_t i;

	if (page == NULL)
		return;
	records = jsonin_member(page->result, "records");
	buf_init(&b, TEXT_BYTES);
	for (i = 0; i < jsonin_length(records); i++) {
		record = jsonin_at(records, i);
		if (jsoncopy_size(record) > SPYCLOUD_PART) {
			answer_warning(a, PROBLEM_UNKNOWN,
			    "A record of "
			    "Spycloud is too large and is left out (%s %s)",
			    observable_name(q->observable->type),
			    q->observable->value);
			continue;
		}
		catalog = spycloud_catalog_call(
		    q, spycloud_text(record, "source_id"));
		spycloud_write_sighting(
		    a, q, record, catalog == NULL ? NULL : catalog->result, &b);
	}
	write_catalog(a, q, &b);
	write_missing(a, q, page);
	buf_free(&b);
}
