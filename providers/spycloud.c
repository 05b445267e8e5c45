/* SPDX-License-Identifier: MIT */
/*
 * spycloud: what of a person's accounts was found in breaches.
 *
 * One call, or one a page, gives the breach records of an e-mail address, then
 * one for each source that they name gives the entry of the catalog.  A record
 * becomes a sighting, an entry an indicator.  Records hold passwords and are
 * never kept; the catalog is.
 * Source: relay API, SpyCloud relay; CTIM sighting, indicator.
 */
#include <stdlib.h>
#include <string.h>

#include "base/percent.h"
#include "base/rfc3339.h"
#include "call/provider.h"
#include "conf/conf.h"
#include "json/jsoncopy.h"
#include "json/jsonin.h"
#include "providers/spycloud.h"
#include "token/token.h"

#define CATALOG_TTL  86400 /* seconds */
#define MICROSECONDS 6     /* digits */
#define MESSAGE      1000  /* characters of a message of theirs */

/* Header fields of an answer that are looked at; of c->said. */
static const char *const headers[] = { "SpyCloud-Error", "x-amzn-ErrorType",
	NULL };
enum { SAID_ERROR, SAID_TYPE };

/* What an answer needs, and where one without it says why. */
static const char *const spycloud_needs[] = { "results", NULL };
static const char *const spycloud_excuses[] = { "message", "errorMessage",
	"error", NULL };

/* Members of a catalog entry that are looked at. */
static const char *const spycloud_entry_members[] = { "id", "uuid", "title",
	"description", "site", "site_description", "spycloud_publish_date",
	"confidence", "combo_list_flag", "assets", NULL };

const char *
spycloud_text(struct json_object *object, const char *name)
{
	struct json_object *value = jsonin_member(object, name);
	const char *text;

	if (json_object_is_type(value, json_type_int))
		return json_object_get_string(value);
	text = jsonin_text(value);
	return text == NULL || *text == '\0' ? NULL : text;
}

int
spycloud_published(struct json_object *object, char text[RFC3339_MAX])
{
	const char *given = jsonin_string(object, "spycloud_publish_date");

	return given == NULL ? -1 : rfc3339_again(text, given, MICROSECONDS);
}

static struct call *
spycloud_add_call(
    const struct query *q, int step, unsigned flags, const char *path)
{
	const struct spycloud_conf *conf = q->conf;
	struct call *c;

	c = lookup_call(q->lookup, step, flags, "%s/%s", conf->url, path);
	call_header(c, "X-API-Key", token_claim(q->claims, "key"));
	call_header(c, "Accept", "application/json");
	return c;
}

const struct call *
spycloud_catalog_call(const struct query *q, const char *source)
{
	const struct call *c;
	size_t i;

	for (i = 0; source != NULL && i < q->lookup->n; i++) {
		c = q->lookup->calls[i];
		if (c->step == SPYCLOUD_CATALOG &&
		    strcmp(jsonin_text(c->about), source) == 0)
			return c;
	}
	return NULL;
}

static void
add_catalog_call(const struct query *q, const char *source)
{
	struct json_object *about;
	struct call *c;

	if (source == NULL || spycloud_catalog_call(q, source) != NULL ||
	    (about = json_object_new_string(source)) == NULL)
		return;
	c = spycloud_add_call(q, SPYCLOUD_CATALOG,
	    CALL_CACHE | CALL_SHARED | CALL_OPTIONAL | CALL_WITHOUT_VALUE,
	    "breach/catalog/");
	c->ttl = CATALOG_TTL;
	percent_add(&c->url, source, "");
	call_about(c, about);
	json_object_put(about);
}

/* cursor: of this page, from the page before; NULL for the first.  A later page
 * that fails costs its own records and no others. */
static void
add_page_call(const struct query *q, int64_t number, const char *cursor)
{
	struct call *c = spycloud_add_call(q, SPYCLOUD_RECORDS,
	    cursor == NULL ? 0 : CALL_OPTIONAL, "breach/data/emails/");

	percent_add(&c->url, q->observable->value, "@");
	c->number = number;
	if (cursor != NULL) {
		(void)buf_adds(&c->url, "?cursor=");
		percent_add(&c->url, cursor, "");
	}
}

struct call *
spycloud_page(const struct query *q)
{
	struct call *c;
	size_t i;

	for (i = q->lookup->n; i-- > 0;) {
		c = q->lookup->calls[i];
		if (c->step == SPYCLOUD_RECORDS && c->done &&
		    c->problem == PROBLEM_NONE)
			return c;
	}
	return NULL;
}

/* Asks for catalog entries once all pages are there or one failed: only then are
 * the newest records known, and other records need no entry. */
static void
add_catalog_calls(const struct query *q)
{
	const struct call *page = spycloud_page(q);
	struct json_object *records;
	size_t i;

	if (page == NULL)
		return;
	records = jsonin_member(page->result, "records");
	for (i = 0; i < jsonin_length(records); i++)
		add_catalog_call(
		    q, spycloud_text(jsonin_at(records, i), "source_id"));
}

static void
spycloud_request(const struct query *q, const struct call *done)
{
	const char *cursor;

	if (done == NULL && q->observable == NULL) {
		(void)spycloud_add_call(
		    q, SPYCLOUD_HEALTH, 0, "watchlist/example.org");
	} else if (done == NULL) {
		add_page_call(q, 1, NULL);
	} else if (done->step == SPYCLOUD_RECORDS) {
		cursor = jsonin_string(done->result, "cursor");
		if (cursor != NULL && done->number < SPYCLOUD_PAGES)
			add_page_call(q, done->number + 1, cursor);
		else
			add_catalog_calls(q);
	}
}

/* A record in the list that is sorted. */
struct dated {
	char time[RFC3339_MAX];
	size_t place;
	struct json_object *record;
};

/* Newest first, else as they came. */
static int
spycloud_compare(const void *a, const void *b)
{
	const struct dated *x = a, *y = b;
	int r = strcmp(y->time, x->time);

	return r != 0 ? r : x->place < y->place ? -1 : 1;
}

/* Puts the records of an array that have a date behind the n of the list; how
 * many there are then.  The others are counted. */
static size_t
spycloud_list(
    struct dated *list, size_t n, struct json_object *records, int64_t *undated)
{
	size_t i;

	for (i = 0; i < jsonin_length(records); i++) {
		list[n].record = jsonin_at(records, i);
		list[n].place = n;
		if (spycloud_published(list[n].record, list[n].time) == 0)
			n++;
		else if (json_object_is_type(list[n].record, json_type_object))
			(*undated)++;
	}
	return n;
}

/* Makes the records of a list the result of their page. */
static void
spycloud_keep(struct call *c, const struct dated *list, size_t n,
    int64_t undated, const char *cursor)
{
	struct json_object *result = json_object_new_object();
	struct json_object *array = json_object_new_array();
	bool good;
	size_t i;

	good = result != NULL &&
	    jsoncopy_put(result, "records", json_object_get(array)) &&
	    jsoncopy_put(result, "undated", json_object_new_int64(undated)) &&
	    (cursor == NULL ||
		jsoncopy_put(result, "cursor", json_object_new_string(cursor)));
	for (i = 0; good && i < n; i++)
		if (json_object_array_add(
			array, json_object_get(list[i].record)) != 0) {
			json_object_put(list[i].record);
			good = false;
		}
	json_object_put(array);
	if (good) {
		call_found(c, result);
		return;
	}
	json_object_put(result);
	call_fail_at(c, PROBLEM_INTERNAL, "No memory left");
}

/*
 * The newest of a page and those before it, of which nothing else is kept.  A
 * record without a date would be a sighting without a time, which CTIM does not
 * have.
 */
static void
read_records(const struct query *q, struct call *c, struct json_object *body)
{
	struct call *before = spycloud_page(q);
	struct json_object *old = NULL, *results;
	const char *cursor = jsonin_string(body, "cursor");
	struct dated *list;
	int64_t undated = 0;
	size_t n;

	if (before != NULL) {
		old = jsonin_member(before->result, "records");
		(void)jsonin_int(
		    jsonin_member(before->result, "undated"), &undated);
	}
	results = jsonin_member(body, "results");
	list = calloc(
	    jsonin_length(old) + jsonin_length(results) + 1, sizeof(*list));
	if (list == NULL) {
		call_fail_at(c, PROBLEM_INTERNAL, "No memory left");
		return;
	}
	n = spycloud_list(list, 0, old, &undated);
	n = spycloud_list(list, n, results, &undated);
	qsort(list, n, sizeof(*list), spycloud_compare);
	if (n > q->claims->limit)
		n = q->claims->limit;
	if (cursor != NULL && *cursor == '\0')
		cursor = NULL;
	if (n > 0 || undated > 0 || cursor != NULL)
		spycloud_keep(c, list, n, undated, cursor);
	if (before != NULL && c->problem == PROBLEM_NONE)
		call_found(before, NULL);
	free(list);
}

static void
read_entry(struct call *c, struct json_object *results)
{
	struct json_object *entry;

	entry = jsoncopy_members(jsonin_at(results, 0), spycloud_entry_members);
	if (entry != NULL && jsoncopy_size(entry) > SPYCLOUD_PART) {
		json_object_put(entry);
		call_fail_at(c, PROBLEM_UNKNOWN,
		    "A catalog entry of Spycloud is too large");
		return;
	}
	call_found(c, entry);
}

/* Whether it is the month's quota that is used up, and not the second's. */
static bool
is_quota(const struct call *c)
{
	static const char type[] = "LimitExceededException";
	const char *said = c->said[SAID_TYPE];

	/* A colon and a URL may follow. */
	return c->status == 429 && strncmp(said, type, strlen(type)) == 0 &&
	    (said[strlen(type)] == '\0' || said[strlen(type)] == ':');
}

/* Refused for a reason that the service names: in the header, which tells a key
 * from an address that may not use it, before the body. */
static void
refused_for_reason(struct call *c)
{
	struct json_object *body = call_parse_error(c);
	const char *message = c->said[SAID_ERROR];

	if (*message == '\0')
		message = spycloud_text(body, "message");
	if (message == NULL)
		message = c->reason;
	if (is_quota(c))
		call_fail(c, PROBLEM_TOO_MANY_REQUESTS,
		    "The quota of calls to "
		    "Spycloud is used up: %.*s",
		    (int)jsoncopy_cut(message, MESSAGE), message);
	else
		call_fail(c, PROBLEM_AUTHORIZATION,
		    "Authorization failed: "
		    "%.*s",
		    (int)jsoncopy_cut(message, MESSAGE), message);
	json_object_put(body);
}

static void
spycloud_refused(struct call *c)
{
	static const struct {
		int status;
		const char *message;
	} rows[] = { { 404, "The Spycloud not found." },
		{ 429,
		    "Too many requests have been made to Spycloud. Please, "
		    "try again later." },
		{ 500, "The Spycloud internal error." } };
	size_t i;

	if (c->status == 401 || c->status == 403 || is_quota(c))
		refused_for_reason(c);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].status == c->status)
			call_fail(c, call_status_problem(c->status), "%s",
			    rows[i].message);
	if (c->problem == PROBLEM_NONE)
		call_fail_at(c, call_status_problem(c->status),
		    "Unexpected response from Spycloud: %d %s", c->status,
		    c->reason);
}

static void
spycloud_reply(const struct query *q, struct call *c)
{
	struct json_object *body;

	/* A later page was named by the one before: that cannot be nothing. */
	if ((c->status == 400 && c->number <= 1) ||
	    (c->status == 404 && c->step == SPYCLOUD_CATALOG))
		return;
	if (c->status < 200 || c->status > 299) {
		spycloud_refused(c);
		return;
	}
	body = call_parse(c);
	if (c->problem != PROBLEM_NONE)
		return;
	if (!call_excuse(c, body, spycloud_needs, spycloud_excuses)) {
		if (c->step == SPYCLOUD_RECORDS)
			read_records(q, c, body);
		else if (c->step == SPYCLOUD_CATALOG)
			read_entry(c, jsonin_member(body, "results"));
	}
	json_object_put(body);
}

static const char *const spycloud_claims[] = { "key", NULL };

static const struct conf_key spycloud_keys[] = {
	{ "relay", "url", conf_set_url,
	    .offset = offsetof(struct spycloud_conf, url),
	    .fallback = "https://api.spycloud.io/enterprise-v2",
	    .release = conf_release_string,
	    .help = "base URL of the SpyCloud API" },
	{ "relay", "portal_url", conf_set_url,
	    .offset = offsetof(struct spycloud_conf, portal_url),
	    .fallback = "https://portal.spycloud.com",
	    .release = conf_release_string,
	    .help = "base URL of the SpyCloud portal, for links" },
	{ "relay", "redact", conf_set_list,
	    .offset = offsetof(struct spycloud_conf, redact),
	    .release = conf_release_list,
	    .help = "members of breach records that are not shown" },
	{ 0 }
};

static const struct provider_field spycloud_fields[] = {
	{ "key", FIELD_API_KEY, "SpyCloud API key",
	    "The key for Employee ATO Prevention." },
	{ NULL, FIELD_TEXT, NULL, NULL }
};

const struct provider provider_spycloud = { .name = "spycloud",
	.title = "Spycloud",
	.description = "Accounts and passwords found in breaches.",
	.types = OBSERVABLE_SET(OBSERVABLE_BIT(OBSERVABLE_EMAIL)),
	.routes = PROVIDER_OBSERVE | PROVIDER_HEALTH,
	.claims = spycloud_claims,
	.fields = spycloud_fields,
	.about =
	    "SpyCloud collects what was stolen in breaches of sites and "
	    "by malware. For each record that holds an e-mail address there "
	    "is a sighting, and an indicator for the breach it comes from.",
	.tips = "1. Sign in at the SpyCloud portal, open the menu under your "
		"e-mail address and choose **API Keys**.\n"
		"2. Show the key for Employee ATO Prevention and copy it.\n"
		"3. Paste it here as **SpyCloud API key**, and save.",
	.keys = spycloud_keys,
	.rate = 4,
	.any_case = true,
	.conf_size = sizeof(struct spycloud_conf),
	.request = spycloud_request,
	.reply = spycloud_reply,
	.answer_headers = headers,
	.lasting = is_quota,
	.answer = spycloud_answer };
