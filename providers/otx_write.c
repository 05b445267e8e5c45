/* Pulses and their entries as CTIM, and the pages of the service.
 * Source: OTX relay; CTIM sighting, indicator, relationship. */
#include <stdlib.h>
#include <string.h>

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
otx_write_write_tags(struct jsonout *j, struct json_object *tags)
{
	const char *text;
	size_t i, cut, bytes = 0;

	jsonout_key(j, "tags");
	jsonout_array(j);
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
	jsonout_key(j, "external_ids");
	jsonout_array(j);
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

/* end: as the service wrote it; NULL, or no time: none. */
static void
otx_write_write_times(
    struct jsonout *j, const char *key, const char *start, const char *end)
{
	char text[RFC3339_MAX];

	jsonout_key(j, key);
	jsonout_object(j);
	jsonout_kstring(j, "start_time", start);
	if (end != NULL && rfc3339_again(text, end, -1) == 0)
		jsonout_kstring(j, "end_time", text);
	jsonout_end_object(j);
}

static bool
otx_write_write_sighting(struct answer *a, const struct query *q,
    const struct entry *e, const char *time, char id[CTIM_ID_MAX])
{
	struct jsonout *j;

	if ((j = answer_entity(a, CTIM_SIGHTING, NULL)) == NULL)
		return false;
	(void)stpcpy(id, answer_id(a));
	write_pulse(j, q, e->pulse);
	jsonout_kint(j, "count", 1);
	jsonout_kbool(j, "internal", false);
	otx_write_write_times(j, "observed_time", time, time);
	write_description(j, "description", e->pulse, CTIM_MARKDOWN);
	jsonout_key(j, "observables");
	jsonout_array(j);
	jsonout_object(j);
	jsonout_kstring(j, "type", observable_name(q->observable->type));
	jsonout_kstring(j, "value", q->observable->value);
	jsonout_end_object(j);
	jsonout_end_array(j);
	answer_end(a);
	return true;
}

/* CTIM asks for a producer: where the author has no name it is the service. */
static bool
otx_write_write_indicator(struct answer *a, const struct query *q,
    const struct entry *e, const char *time, char id[CTIM_ID_MAX])
{
	const char *author = jsonin_string(e->pulse, "author");
	struct json_object *tags = jsonin_member(e->pulse, "tags");
	struct jsonout *j;

	ctim_id_of(id, CTIM_INDICATOR, jsonin_string(e->pulse, "id"));
	if ((j = answer_entity(a, CTIM_INDICATOR, id)) == NULL)
		return false;
	write_pulse(j, q, e->pulse);
	jsoncopy_text(
	    j, "producer", author == NULL ? OTX_NAME : author, CTIM_SHORT);
	otx_write_write_times(j, "valid_time", time, e->expiration);
	write_description(j, "short_description", e->pulse, CTIM_MEDIUM);
	if (json_object_is_type(tags, json_type_array))
		otx_write_write_tags(j, tags);
	answer_end(a);
	return true;
}

static void
otx_write_write_relationship(struct answer *a, const char *from, const char *to)
{
	struct jsonout *j;

	if ((j = answer_entity(a, CTIM_RELATIONSHIP, NULL)) == NULL)
		return;
	jsonout_kstring(j, "schema_version", SCHEMA_VERSION);
	jsonout_kstring(j, "relationship_type", "member-of");
	jsonout_kstring(j, "source_ref", from);
	jsonout_kstring(j, "target_ref", to);
	answer_end(a);
}

static void
write_entry(struct answer *a, const struct query *q, const struct entry *e)
{
	char sighting[CTIM_ID_MAX], indicator[CTIM_ID_MAX];
	char time[RFC3339_MAX];

	if (rfc3339_again(time, e->created, -1) == -1)
		return;
	if (otx_write_write_sighting(a, q, e, time, sighting) &&
	    otx_write_write_indicator(a, q, e, time, indicator))
		otx_write_write_relationship(a, sighting, indicator);
}

void
otx_answer(struct answer *a, const struct query *q)
{
	struct entry *list;
	size_t i, n;

	if (q->lookup->n == 0)
		return;
	if ((list = calloc(q->lookup->n, sizeof(*list))) == NULL) {
		answer_problem(a, PROBLEM_INTERNAL, "No memory left (%s %s)",
		    observable_name(q->observable->type), q->observable->value);
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
	const char *type = observable_name(o->type);
	struct jsonout *j;
	struct buf id, url, text;

	buf_init(&id, LINK_BYTES);
	buf_init(&url, LINK_BYTES);
	buf_init(&text, TEXT_BYTES);
	(void)buf_addf(&id, "ref-avotx-search-%s-", type);
	percent_add(&id, o->value, "");
	(void)buf_addf(
	    &url, "%s/indicator/%s/", otx_url(q), otx_kinds[o->type].link);
	percent_add(&url, o->value, "@:");
	if (!id.failed && !url.failed) {
		j = answer_element(a);
		jsonout_kstring(j, "id", id.data);
		(void)buf_addf(
		    &text, "Search for this %s", otx_kinds[o->type].name);
		jsonout_kstring(j, "title", text.data);
		buf_reset(&text);
		(void)buf_addf(&text, "Lookup this %s on " OTX_NAME,
		    otx_kinds[o->type].name);
		jsonout_kstring(j, "description", text.data);
		jsonout_kstring(j, "url", url.data);
		jsonout_key(j, "categories");
		jsonout_array(j);
		jsonout_string(j, "Search");
		jsonout_string(j, OTX_NAME);
		jsonout_end_array(j);
		answer_end(a);
	}
	buf_free(&id);
	buf_free(&url);
	buf_free(&text);
}
