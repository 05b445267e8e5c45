/* SPDX-License-Identifier: MIT */
/* Pulses and their entries as CTIM, and the pages of the service.
 * Source: OTX relay; CTIM sighting, indicator, relationship. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer/entity.h"
#include "base/buf.h"
#include "base/percent.h"
#include "base/rfc3339.h"
#include "json/jsoncopy.h"
#include "json/jsonin.h"
#include "providers/otx.h"
#include "token/token.h"

#define SCHEMA_VERSION "1.0.17"
#define TAGS_BYTES     (256U << 10) /* of all tags of a pulse */
#define LINK_BYTES     (64U << 10)  /* of the URL of a reference */
#define TEXT_BYTES     256          /* of its title and description */

/* An entry that was found, and its pulse. */
struct entry {
	struct json_object *pulse;
	const char *created, *expiration; /* or NULL */
	int64_t place;
};

/* Newest first; of one time, in the order of the pulses. */
static int
otx_write_compare(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = strcmp(y->created, x->created);

	return order != 0 ? order :
			    (x->place > y->place) - (x->place < y->place);
}

/* What the calls found, in order; returns how many.  The caller frees *list. */
static size_t
entries(const struct lookup *l, struct entry *list)
{
	struct json_object *entry;
	const struct call *c;
	size_t i, n = 0;

	for (i = 0; i < l->n; i++) {
		c = l->calls[i];
		entry = jsonin_member(c->result, "entry");
		list[n].created = jsonin_string(entry, "created");
		if (c->step != OTX_PAGE || list[n].created == NULL)
			continue;
		list[n].expiration = jsonin_string(entry, "expiration");
		list[n].pulse = c->about;
		(void)jsonin_int(
		    jsonin_member(c->about, "place"), &list[n].place);
		n++;
	}
	qsort(list, n, sizeof(*list), otx_write_compare);
	return n;
}

static void
otx_write_tags(struct jsonout *j, struct json_object *tags)
{
	const char *text;
	size_t i, cut, bytes = 0;

	jsonout_karray(j, "tags");
	for (i = 0; i < jsonin_length(tags); i++) {
		if ((text = jsonin_text(jsonin_at(tags, i))) == NULL)
			continue;
		cut = jsoncopy_cut(text, CTIM_SHORT);
		if ((bytes += cut) > TAGS_BYTES)
			break;
		jsonout_bytes(j, text, cut);
	}
	jsonout_end_array(j);
}

/* What a pulse's sighting and indicator have in common. */
static void
write_pulse(struct jsonout *j, const struct query *q, struct json_object *pulse)
{
	const char *id = jsonin_string(pulse, "id");
	const char *tlp = jsonin_string(pulse, "TLP");
	struct buf link;

	jsonout_kstring(j, "schema_version", SCHEMA_VERSION);
	jsonout_kstring(
	    j, "confidence", ctim_severity_name(CTIM_SEVERITY_HIGH));
	jsonout_kstring(j, "source", OTX_NAME);
	jsonout_karray(j, "external_ids");
	jsonout_string(j, id);
	jsonout_end_array(j);
	jsoncopy_text(j, "title", jsonin_string(pulse, "name"), CTIM_SHORT);
	jsonout_kstring(
	    j, "tlp", tlp == NULL ? NULL : ctim_tlp_name(ctim_tlp_given(tlp)));
	buf_init(&link, CTIM_URI);
	(void)buf_addf(&link, "%s/pulse/", otx_url(q));
	percent_add(&link, id, "");
	if (!link.failed)
		jsonout_kstring(j, "source_uri", link.data);
	buf_free(&link);
}

/* A pulse without a description has an empty one. */
static void
write_description(
    struct jsonout *j, const char *key, struct json_object *pulse, size_t max)
{
	const char *text = jsonin_string(pulse, "description");

	jsoncopy_text(j, key, text == NULL ? "" : text, max);
}

static bool
otx_write_sighting(struct answer *a, const struct query *q,
    const struct entry *e, const char *time, char id[CTIM_ID_MAX])
{
	struct jsonout *j;

	if ((j = answer_entity(a, CTIM_SIGHTING, NULL)) == NULL)
		return false;
	(void)stpcpy(id, answer_id(a));
	write_pulse(j, q, e->pulse);
	jsonout_kint(j, "count", 1);
	jsonout_kbool(j, "internal", false);
	entity_times(j, "observed_time", time, time);
	write_description(j, "description", e->pulse, CTIM_MARKDOWN);
	entity_observables(j, q->observable);
	answer_end(a);
	return true;
}

/* CTIM asks for a producer: where the author has no name it is the service. */
static bool
otx_write_indicator(struct answer *a, const struct query *q,
    const struct entry *e, const char *time, char id[CTIM_ID_MAX])
{
	const char *author = jsonin_string(e->pulse, "author");
	struct json_object *tags = jsonin_member(e->pulse, "tags");
	char end[RFC3339_MAX];
	struct jsonout *j;

	j = answer_entity(a, CTIM_INDICATOR,
	    ctim_id_of(id, CTIM_INDICATOR, jsonin_string(e->pulse, "id")));
	if (j == NULL)
		return false;
	write_pulse(j, q, e->pulse);
	jsoncopy_text(
	    j, "producer", author == NULL ? OTX_NAME : author, CTIM_SHORT);
	entity_times(j, "valid_time", time,
	    e->expiration != NULL &&
		    rfc3339_again(end, e->expiration, -1) == 0 ?
		end :
		NULL);
	write_description(j, "short_description", e->pulse, CTIM_MEDIUM);
	if (json_object_is_type(tags, json_type_array))
		otx_write_tags(j, tags);
	answer_end(a);
	return true;
}

static void
write_entry(struct answer *a, const struct query *q, const struct entry *e)
{
	char sighting[CTIM_ID_MAX], indicator[CTIM_ID_MAX];
	char time[RFC3339_MAX];

	if (rfc3339_again(time, e->created, -1) == -1)
		return;
	if (otx_write_sighting(a, q, e, time, sighting) &&
	    otx_write_indicator(a, q, e, time, indicator))
		entity_relationship(
		    a, SCHEMA_VERSION, sighting, "member-of", indicator);
}

void
otx_answer(struct answer *a, const struct query *q)
{
	struct entry *list;
	size_t i, n;

	if (q->lookup->n == 0)
		return;
	if ((list = calloc(q->lookup->n, sizeof(*list))) == NULL) {
		entity_no_memory(a, q->observable);
		return;
	}
	n = entries(q->lookup, list);
	for (i = 0; i < n && i < q->claims->limit; i++)
		write_entry(a, q, &list[i]);
	free(list);
}

/* A reference to the page of the service about the observable.  One that is too
 * long for a browser is left out. */
void
otx_refer(struct answer *a, const struct query *q)
{
	const struct observable *o = q->observable;
	const struct otx_kind *kind = &otx_kinds[o->type];
	char title[TEXT_BYTES], description[TEXT_BYTES];
	struct buf id, url;

	buf_init(&id, LINK_BYTES);
	buf_init(&url, LINK_BYTES);
	(void)buf_addf(&id, "ref-avotx-search-%s-", observable_name(o->type));
	percent_add(&id, o->value, "");
	(void)buf_addf(&url, "%s/indicator/%s/", otx_url(q), kind->link);
	percent_add(&url, o->value, "@:");
	(void)snprintf(title, sizeof(title), "Search for this %s", kind->name);
	(void)snprintf(description, sizeof(description),
	    "Lookup this %s on " OTX_NAME, kind->name);
	if (!id.failed && !url.failed)
		entity_reference(
		    a, id.data, title, description, url.data, OTX_NAME);
	buf_free(&id);
	buf_free(&url);
}
