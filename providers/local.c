/* SPDX-License-Identifier: MIT */
/*
 * local: indicators on this machine: block lists, allow lists, feeds.
 *
 * The gateway looks an observable up in the store; here the records become
 * CTIM.  Ids are version 5, so that the platform recognises a judgement that it
 * has seen before.
 * Source: CTIM judgement, verdict, indicator, sighting, relationship.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "answer/entity.h"
#include "base/buf.h"
#include "base/percent.h"
#include "base/rfc3339.h"
#include "call/provider.h"
#include "conf/conf.h"
#include "ctim/indicator.h"
#include "providers/local.h"
#include "store/store.h"

#define SCHEMA_VERSION "1.3.28"
#define VALID_FOR      (30 * 86400) /* seconds, where nothing expires */
#define LINK_BYTES     16384        /* a filled-in URL, text that an id is of */
#define LOCAL_FEW      8 /* records that need no memory of their own */
/* What it answers about: names of machines are in the store alone. */
#define LOCAL_TYPES (INDICATOR_TYPES & ~OBSERVABLE_BIT(OBSERVABLE_HOSTNAME))
#define URI_MAX     2048 /* characters of a URI in CTIM */

/* Verdicts: of judgements with one priority, which disposition counts more. */
static const int rank[] = { [CTIM_CLEAN] = 5,
	[CTIM_MALICIOUS] = 4,
	[CTIM_SUSPICIOUS] = 3,
	[CTIM_COMMON] = 2,
	[CTIM_UNKNOWN] = 1 };

static int64_t
later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The time a record was seen last, as far as anybody said. */
static int64_t
last_seen(const struct record *r)
{
	int64_t seen = later(r->first_seen, r->last_seen);

	return seen != 0 ? seen : r->imported;
}

/* Before: counts more for the verdict.  The sources' names make the order of
 * equals the same every time. */
static int
local_compare(const void *a, const void *b)
{
	const struct record *x = *(const struct record *const *)a;
	const struct record *y = *(const struct record *const *)b;

	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	if (x->disposition != y->disposition)
		return rank[x->disposition] > rank[y->disposition] ? -1 : 1;
	if (last_seen(x) != last_seen(y))
		return last_seen(x) > last_seen(y) ? -1 : 1;
	if (strcmp(x->source.name, y->source.name) != 0)
		return strcmp(x->source.name, y->source.name);
	return strcmp(x->value, y->value);
}

/* The id is made of {source}|{type}|{value} of the record.  Where the record is a
 * network around the observable or a parent of it, the observable follows: each
 * observable has a judgement of its own then. */
static void
judgement_id(char id[CTIM_ID_MAX], struct buf *b, const struct record *r,
    const struct observable *o)
{
	const char *const parts[] = { r->source.name, "|",
		observable_name(r->type), "|", r->value, "|",
		observable_name(o->type), "|", o->value };
	size_t i, n = sizeof(parts) / sizeof(parts[0]);

	buf_reset(b);
	for (i = 0; i < (r->exact ? n - 4 : n); i++)
		(void)buf_adds(b, parts[i]);
	ctim_id_of(id, CTIM_JUDGEMENT, b->data);
}

/* The URL of a source for an observable; NULL when it has none that fits. */
static const char *
link_to(struct buf *b, const struct record *r, const struct observable *o)
{
	const char *url = r->source.url;
	size_t n;

	buf_reset(b);
	while (url != NULL && *url != '\0') {
		n = strcspn(url + 1, "{") + 1;
		if (strncmp(url, "{type}", 6) == 0) {
			percent_add(b, observable_name(o->type), "");
			n = 6;
		} else if (strncmp(url, "{value}", 7) == 0) {
			percent_add(b, o->value, "");
			n = 7;
		} else {
			buf_add(b, url, n);
		}
		url += n;
	}
	return b->failed || b->len == 0 || b->len > URI_MAX ? NULL : b->data;
}

/* Where more is said of a record: its own reference before the source's page. */
static const char *
local_source_uri(
    struct buf *b, const struct record *r, const struct observable *o)
{
	return r->url != NULL ? r->url : link_to(b, r, o);
}

struct local_times {
	char start[RFC3339_MAX], end[RFC3339_MAX];
};

/* Two times in order, whatever a feed says. */
static struct local_times
local_times(int64_t start, int64_t end)
{
	struct local_times t;

	rfc3339_text(t.start, start < end ? start : end);
	rfc3339_text(t.end, end);
	return t;
}

/* A judgement holds, and so does the verdict made of it, from when the record
 * was first seen to its expiry. */
static struct local_times
local_valid_time(const struct record *r, int64_t now)
{
	return local_times(r->first_seen != 0 ? r->first_seen : r->imported,
	    r->expires != 0 ? r->expires : now + VALID_FOR);
}

static void
write_disposition(struct jsonout *j, const struct record *r)
{
	jsonout_kint(j, "disposition", r->disposition);
	jsonout_kown(
	    j, "disposition_name", ctim_disposition_name(r->disposition));
}

/* It and the verdict name the observable, which is asked for once. */
static bool
local_write_judgement(struct answer *a, const struct query *q,
    const struct record *r, const struct local_times *valid, struct buf *link,
    char id[CTIM_ID_MAX])
{
	struct jsonout *j;

	judgement_id(id, link, r, q->observable);
	if ((j = answer_entity(a, CTIM_JUDGEMENT, id)) == NULL)
		return false;
	jsonout_kown(j, "schema_version", SCHEMA_VERSION);
	jsonout_key(j, "observable");
	entity_observable(j, q->observable);
	write_disposition(j, r);
	jsonout_kown(j, "severity", ctim_severity_name(r->severity));
	jsonout_kown(j, "confidence", ctim_severity_name(r->confidence));
	jsonout_kint(j, "priority", r->priority);
	jsonout_kstring(j, "reason", r->reason);
	jsonout_kstring(j, "source", r->source.name);
	jsonout_kstring(
	    j, "source_uri", local_source_uri(link, r, q->observable));
	jsonout_kown(j, "tlp", ctim_tlp_name(r->tlp));
	entity_times(j, "valid_time", valid->start, valid->end);
	answer_end_unique(a);
	return true;
}

static void
write_verdict(struct answer *a, const struct query *q, const struct record *r,
    const struct local_times *valid, const char *judgement)
{
	struct jsonout *j;

	if ((j = answer_entity(a, CTIM_VERDICT, NULL)) == NULL)
		return;
	write_disposition(j, r);
	jsonout_key(j, "observable");
	entity_observable(j, q->observable);
	jsonout_kown(j, "judgement_id", judgement);
	entity_times(j, "valid_time", valid->start, valid->end);
	answer_end_unique(a);
}

/* The feed itself, as the thing that a judgement of it is based on. */
static bool
local_write_indicator(
    struct answer *a, const struct record *r, char id[CTIM_ID_MAX])
{
	struct jsonout *j;

	j = answer_entity(
	    a, CTIM_INDICATOR, ctim_id_of(id, CTIM_INDICATOR, r->source.name));
	if (j == NULL)
		return false;
	jsonout_kown(j, "schema_version", SCHEMA_VERSION);
	jsonout_kstring(j, "producer", r->source.name);
	jsonout_kstring(j, "source", r->source.name);
	jsonout_kstring(j, "title", r->source.title);
	entity_times(j, "valid_time", NULL, NULL);
	answer_end(a);
	return true;
}

static bool
local_write_sighting(struct answer *a, const struct query *q,
    const struct record *r, struct buf *link, char id[CTIM_ID_MAX])
{
	const struct local_times seen =
	    local_times(r->first_seen != 0 ? r->first_seen : r->last_seen,
		later(r->first_seen, r->last_seen));
	struct jsonout *j;

	if ((j = answer_entity(a, CTIM_SIGHTING, NULL)) == NULL)
		return false;
	(void)stpcpy(id, answer_id(a));
	jsonout_kown(j, "schema_version", SCHEMA_VERSION);
	jsonout_kown(j, "confidence", ctim_severity_name(r->confidence));
	jsonout_kint(j, "count", r->count > 0 ? r->count : 1);
	jsonout_kown(j, "severity", ctim_severity_name(r->severity));
	jsonout_kstring(j, "source", r->source.name);
	jsonout_kstring(
	    j, "source_uri", local_source_uri(link, r, q->observable));
	jsonout_kstring(j, "title", r->source.title);
	jsonout_kstring(j, "description", r->reason);
	jsonout_kown(j, "tlp", ctim_tlp_name(r->tlp));
	entity_observables(j, q->observable);
	entity_times(j, "observed_time", seen.start, seen.end);
	answer_end(a);
	return true;
}

static void
answer_record(struct answer *a, const struct query *q, const struct record *r,
    bool first, struct buf *link)
{
	const struct local_times valid = local_valid_time(r, q->now);
	char judgement[CTIM_ID_MAX], indicator[CTIM_ID_MAX];
	char sighting[CTIM_ID_MAX];
	bool judged, indicated;

	judged = local_write_judgement(a, q, r, &valid, link, judgement);
	if (first && judged)
		write_verdict(a, q, r, &valid, judgement);
	if (q->route != PROVIDER_OBSERVE)
		return;
	/* A relationship joins only what is in the answer. */
	indicated = local_write_indicator(a, r, indicator);
	if (judged && indicated)
		entity_relationship(
		    a, SCHEMA_VERSION, judgement, "based-on", indicator);
	if (r->first_seen == 0 && r->last_seen == 0)
		return;
	if (local_write_sighting(a, q, r, link, sighting) && indicated)
		entity_relationship(
		    a, SCHEMA_VERSION, sighting, "sighting-of", indicator);
}

/* The records in the order in which they count: in few where they fit, else in
 * memory that the caller frees. */
static const struct record **
in_order(struct answer *a, const struct query *q,
    const struct record *few[LOCAL_FEW])
{
	const struct record **order = few;
	size_t i;

	if (q->n > LOCAL_FEW &&
	    (order = calloc(q->n, sizeof(*order))) == NULL) {
		entity_no_memory(a, q->observable);
		return NULL;
	}
	for (i = 0; i < q->n; i++)
		order[i] = &q->records[i];
	if (q->n > 1)
		qsort(order, q->n, sizeof(*order), local_compare);
	return order;
}

static void
local_answer(struct answer *a, const struct query *q)
{
	const struct record *few[LOCAL_FEW], **order;
	char room[LINK_BYTES + 1];
	struct buf link;
	size_t i;

	if (q->n == 0 || (order = in_order(a, q, few)) == NULL)
		return;
	buf_fixed(&link, room, sizeof(room));
	for (i = 0; i < q->n; i++)
		answer_record(a, q, order[i], i == 0, &link);
	if (order != few)
		free(order);
}

static void
local_write_reference(struct answer *a, const struct query *q,
    const struct record *r, const char *url)
{
	const char *type = observable_name(q->observable->type);
	struct buf id, title, description;

	buf_init(&id, LINK_BYTES);
	buf_init(&title, LINK_BYTES);
	buf_init(&description, LINK_BYTES);
	buf_addf(&id, "ref-local-%s-%s-", r->source.name, type);
	percent_add(&id, q->observable->value, "");
	buf_addf(&title, "Look up in %s", r->source.title);
	buf_addf(&description, "Look up this %s in %s", type, r->source.title);
	entity_reference(
	    a, id.data, title.data, description.data, url, r->source.title);
	buf_free(&id);
	buf_free(&title);
	buf_free(&description);
}

/* One reference a source, however many of its records match. */
static void
local_refer(struct answer *a, const struct query *q)
{
	const struct record *few[LOCAL_FEW], **order;
	struct buf link;
	const char *url;
	size_t i, k;

	if (q->n == 0 || (order = in_order(a, q, few)) == NULL)
		return;
	buf_init(&link, LINK_BYTES);
	for (i = 0; i < q->n; i++) {
		for (k = 0; k < i; k++)
			if (strcmp(order[k]->source.name,
				order[i]->source.name) == 0)
				break;
		if (k == i &&
		    (url = link_to(&link, order[i], q->observable)) != NULL)
			local_write_reference(a, q, order[i], url);
	}
	buf_free(&link);
	if (order != few)
		free(order);
}

static const char *
store(const void *conf)
{
	return ((const struct local_conf *)conf)->store;
}

static const char *
local_on_change(const void *conf)
{
	return ((const struct local_conf *)conf)->on_change;
}

/* The path of a file, or the URL of a database. */
static int
local_set_store(
    void *base, const struct conf_key *key, const char *value, char *why)
{
	char cause[STORE_ERROR_MAX];

	if (!store_is_url(value))
		return conf_set_path(base, key, value, why);
	if (store_url_good(value, cause))
		return conf_set_string(base, key, value, why);
	(void)snprintf(why, CONF_ERROR_MAX, "%s", cause);
	return -1;
}

static const struct conf_key local_keys[] = {
	{ "relay", "store", local_set_store,
	    .offset = offsetof(struct local_conf, store),
	    .fallback = LOCAL_STORE, .release = conf_release_string,
	    .secret_user = true,
	    .help = "SQLite file of the indicators, or a database's URL" },
	{ "relay", "protect", local_set_protect,
	    .offset = offsetof(struct local_conf, protect),
	    .release = conf_release_list,
	    .help = "domains and networks of the site: never blocked" },
	{ "relay", "respond_expires", conf_set_duration,
	    .offset = offsetof(struct local_conf, respond_expires),
	    .fallback = "30d", .min = 1, .max = RFC3339_LAST,
	    .help = "how long what people add by an action stays" },
	{ "relay", "on_change", conf_set_path,
	    .offset = offsetof(struct local_conf, on_change),
	    .release = conf_release_string,
	    .help = "program that runs after a change of the store" },
	{ "relay", "tiles_show_values", conf_set_bool,
	    .offset = offsetof(struct local_conf, tiles_show_values),
	    .fallback = "yes", .help = "whether tiles name observables" },
	{ 0 }
};

const struct provider provider_local = { .name = "local",
	.title = "Local indicators",
	.description = "Block lists, allow lists and feeds on this machine.",
	.types = OBSERVABLE_SET(LOCAL_TYPES),
	.routes = PROVIDER_DELIBERATE | PROVIDER_OBSERVE | PROVIDER_REFER |
	    PROVIDER_RESPOND | PROVIDER_TRIGGER | PROVIDER_TILES,
	.about =
	    "Answers from the indicators that were imported into the "
	    "gateway: block lists, allow lists, feeds, and what people added. "
	    "Nothing leaves the gateway.",
	.keys = local_keys,
	.conf_size = sizeof(struct local_conf),
	.store = store,
	.on_change = local_on_change,
	.answer = local_answer,
	.refer = local_refer,
	.actions = local_actions,
	.change = local_change,
	.tiles = local_tiles,
	.tile_shown = local_tile_shown };
