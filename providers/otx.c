/* SPDX-License-Identifier: MIT */
/*
 * otx: AlienVault Open Threat Exchange.
 *
 * A pulse is a report with the indicators that belong to it.  A first call gives
 * the pulses that name the observable.  When a pulse got the observable stands in
 * its list of indicators, which comes in pages, newest first; otx_scan_page()
 * looks for that one entry while a page arrives.
 * Source: OTX relay.
 */
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/percent.h"
#include "base/rfc3339.h"
#include "conf/conf.h"
#include "json/jsoncopy.h"
#include "json/jsonfind.h"
#include "json/jsonin.h"
#include "providers/otx.h"
#include "token/token.h"

#define OTX_URL  "https://otx.alienvault.com"
#define PAGES    50  /* looked at of one pulse */
#define ID_BYTES 256 /* of a pulse's id; they have 24 */

const struct otx_kind otx_kinds[OBSERVABLE_TYPES] = {
	[OBSERVABLE_DOMAIN] = { "domain", "domain", "domain", NULL },
	[OBSERVABLE_EMAIL] = { "email", NULL, "email", NULL },
	[OBSERVABLE_MD5] = { "MD5", "file", "file", "FileHash-MD5" },
	[OBSERVABLE_SHA1] = { "SHA1", "file", "file", "FileHash-SHA1" },
	[OBSERVABLE_SHA256] = { "SHA256", "file", "file", "FileHash-SHA256" },
	[OBSERVABLE_IP] = { "IP", "IPv4", "ip", NULL },
	[OBSERVABLE_IPV6] = { "IPv6", "IPv6", "ip", NULL },
	[OBSERVABLE_URL] = { "URL", "url", "url", NULL }
};

/* The members of a pulse, and of an entry of its pages, that are used. */
static const char *const pulse_members[] = { "id", "name", "description", "TLP",
	"tags", NULL };
static const char *const otx_entry_members[] = { "created", "expiration",
	NULL };

/* What each answer needs (enum otx_step), and where one without it says why. */
static const char *const health_needs[] = { "username", "user_id", NULL };
static const char *const general_needs[] = { "base_indicator", "pulse_info",
	NULL };
static const char *const page_needs[] = { "results", NULL };
static const char *const otx_excuses[] = { "error", "detail", NULL };

/* The state of one page's scan. */
struct otx_scan {
	struct jsonfind *page;
	struct otx_spelling spelling;
};

const char *
otx_url(const struct query *q)
{
	return ((const struct otx_conf *)q->conf)->url;
}

/* "." and "..", which would be folded into the path around them. */
static bool
is_dots(const char *text)
{
	return strcmp(text, ".") == 0 || strcmp(text, "..") == 0;
}

static void
add_key(const struct query *q, struct call *c)
{
	call_header(c, "X-OTX-API-KEY", token_claim(q->claims, "key"));
}

static void
ask_general(const struct query *q)
{
	const struct observable *o = q->observable;
	char text[INDICATOR_MAX + 1];
	struct call *c;

	if (otx_kinds[o->type].api == NULL || is_dots(o->value))
		return;
	c = lookup_call(q->lookup, OTX_GENERAL, CALL_CACHE,
	    "%s/api/v1/indicators/%s/", otx_url(q), otx_kinds[o->type].api);
	errno = 0;
	percent_add(&c->url, otx_value(o, text), "@:");
	/* In another spelling the service may not know it. */
	if (errno == ENOMEM)
		call_fail_at(c, PROBLEM_INTERNAL, "No memory left");
	(void)buf_adds(&c->url, "/general");
	add_key(q, c);
}

static void
ask_page(const struct query *q, struct json_object *pulse, int64_t page)
{
	struct call *c;

	c = lookup_call(q->lookup, OTX_PAGE,
	    CALL_CACHE | CALL_OPTIONAL | CALL_SCAN | CALL_WITHOUT_VALUE,
	    "%s/api/v1/pulses/", otx_url(q));
	percent_add(&c->url, jsonin_string(pulse, "id"), "");
	(void)buf_addf(&c->url, "/indicators?sort=-created&limit=10000&page=%d",
	    (int)page);
	call_about(c, pulse);
	c->number = page;
	add_key(q, c);
}

static void
otx_request(const struct query *q, const struct call *done)
{
	struct json_object *pulses;
	size_t i;

	if (done == NULL && q->route == PROVIDER_HEALTH) {
		add_key(q,
		    lookup_call(q->lookup, OTX_HEALTH, 0, "%s/api/v1/user/me",
			otx_url(q)));
	} else if (done == NULL) {
		ask_general(q);
	} else if (done->step == OTX_GENERAL) {
		pulses = jsonin_member(done->result, "pulses");
		for (i = 0; i < jsonin_length(pulses); i++)
			ask_page(q, jsonin_at(pulses, i), 1);
	} else if (done->step == OTX_PAGE && done->number < PAGES &&
	    jsonin_member(done->result, "next") != NULL) {
		ask_page(q, done->about, done->number + 1);
	}
}

/* A status that is no success.  Only a page is something that another answer
 * named, so only its absence is "not found". */
static void
otx_refused(struct call *c)
{
	static const struct {
		int status;
		const char *message;
	} rows[] = { { 429,
			 "Too many requests have been made to " OTX_NAME
			 ". Please, try again later." },
		{ 500, "The " OTX_NAME " internal error." } };
	enum problem p = call_status_problem(c->status);
	size_t i;

	if (c->step != OTX_PAGE && (c->status == 401 || c->status == 403)) {
		call_fail(c, PROBLEM_AUTHORIZATION,
		    "Authorization failed: "
		    "Authorization failed on " OTX_NAME " side");
		return;
	}
	if (c->step != OTX_PAGE && p == PROBLEM_NOT_FOUND)
		p = PROBLEM_UNKNOWN;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].status == c->status) {
			call_fail(c, p, "%s", rows[i].message);
			return;
		}
	call_fail(c, p, "Unexpected response from " OTX_NAME ": %d%s%s",
	    c->status, c->reason[0] == '\0' ? "" : " ", c->reason);
}

/* Whether a pulse counts indicators of one of the types (NULL: of none). */
static bool
otx_counts(struct json_object *pulse, const char *type, const char *other)
{
	struct json_object *counts, *count;

	counts = jsonin_member(pulse, "indicator_type_counts");
	return (type != NULL && jsonin_has(counts, type, &count)) ||
	    (other != NULL && jsonin_has(counts, other, &count));
}

/* Whether a pulse can be asked for. */
static bool
is_askable(struct json_object *pulse)
{
	const char *id = jsonin_string(pulse, "id");

	return id != NULL && *id != '\0' && strlen(id) <= ID_BYTES &&
	    !is_dots(id);
}

/* Adds the members of a pulse that are used.  Its place decides between entries
 * that were made at one time.  False: no memory. */
static bool
add_pulse(struct json_object *list, struct json_object *pulse)
{
	struct json_object *kept, *author;

	if ((kept = jsoncopy_members(pulse, pulse_members)) == NULL)
		return false;
	author = jsonin_member(jsonin_member(pulse, "author"), "username");
	if (!jsoncopy_put(kept, "place",
		json_object_new_int64((int64_t)jsonin_length(list))) ||
	    (author != NULL &&
		!jsoncopy_put(kept, "author", json_object_get(author))) ||
	    json_object_array_add(list, kept) != 0) {
		json_object_put(kept);
		return false;
	}
	return true;
}

/* {"pulses": […]} of what `general` answered, in c->result; nothing when no
 * pulse is wanted.  A file may be told of under another of its hashes. */
static void
keep_pulses(const struct query *q, struct call *c, struct json_object *body)
{
	const char *own = otx_kinds[q->observable->type].counted;
	struct json_object *pulses, *pulse, *list, *result;
	const char *type;
	size_t i;
	bool good = true;

	type = jsonin_string(jsonin_member(body, "base_indicator"), "type");
	pulses = jsonin_member(jsonin_member(body, "pulse_info"), "pulses");
	result = json_object_new_object();
	list = json_object_new_array();
	if (result == NULL || list == NULL ||
	    !jsoncopy_put(result, "pulses", json_object_get(list)))
		good = false;
	for (i = 0; good && i < jsonin_length(pulses); i++) {
		pulse = jsonin_at(pulses, i);
		if (is_askable(pulse) && otx_counts(pulse, type, own))
			good = add_pulse(list, pulse);
	}
	if (!good)
		call_fail_at(c, PROBLEM_INTERNAL, "No memory left");
	else if (jsonin_length(list) > 0)
		call_found(c, json_object_get(result));
	json_object_put(list);
	json_object_put(result);
}

static void
otx_reply(const struct query *q, struct call *c)
{
	struct json_object *body;

	if (c->step == OTX_GENERAL && (c->status == 400 || c->status == 404))
		return; /* nothing is known */
	if (c->status / 100 != 2) {
		otx_refused(c);
		return;
	}
	if ((body = call_parse(c)) == NULL)
		return;
	if (!call_excuse(c, body,
		c->step == OTX_GENERAL ? general_needs : health_needs,
		otx_excuses) &&
	    c->step == OTX_GENERAL)
		keep_pulses(q, c, body);
	json_object_put(body);
}

/* {name: value}, the value being the object's then, in c->result. */
static bool
otx_found(struct call *c, const char *name, struct json_object *value)
{
	struct json_object *result = json_object_new_object();

	if (result == NULL || !jsoncopy_put(result, name, value)) {
		if (result == NULL)
			json_object_put(value);
		json_object_put(result);
		call_fail_at(c, PROBLEM_INTERNAL, "No memory left");
		return false;
	}
	call_found(c, result);
	return true;
}

/* Takes the entry that was found.  Without a time nothing can be made of it. */
static enum scan_result
found_entry(struct call *c, struct json_object *entry)
{
	const char *created = jsonin_string(entry, "created");

	if (created == NULL || rfc3339_parse(created) == -1) {
		call_fail_at(c, PROBLEM_UNKNOWN,
		    "The answer of the service "
		    "does not say when the indicator was created");
		return SCAN_BAD;
	}
	return otx_found(
		   c, "entry", jsoncopy_members(entry, otx_entry_members)) ?
	    SCAN_ENOUGH :
	    SCAN_BAD;
}

static bool
begin_scan(const struct query *q, struct otx_scan *s)
{
	const char *core;
	size_t n;

	otx_spelling(&s->spelling, q->observable);
	s->page = jsonfind_new("results", "indicator", s->spelling.asked);
	if (s->page == NULL)
		return false;
	core = otx_core(&s->spelling, &n);
	jsonfind_also(s->page, core, n, otx_is, &s->spelling);
	return true;
}

static enum scan_result
otx_scan_page(const struct query *q, struct call *c, const char *p, size_t n)
{
	struct otx_scan *s = c->scan;
	enum jsonfind_state state;
	const char *next;

	if (s->page == NULL && !begin_scan(q, s)) {
		call_fail_at(c, PROBLEM_INTERNAL, "No memory left");
		return SCAN_BAD;
	}
	state = n == 0 ? jsonfind_end(s->page) : jsonfind_add(s->page, p, n);
	if (state == JSONFIND_FOUND)
		return found_entry(c, jsonfind_element(s->page));
	if (state == JSONFIND_BAD) {
		call_not_json(c, jsonfind_why(s->page));
		return SCAN_BAD;
	}
	if (n > 0)
		return SCAN_MORE;
	if (call_excuse(c, jsonfind_top(s->page), page_needs, otx_excuses))
		return SCAN_BAD;
	next = jsonin_string(jsonfind_top(s->page), "next");
	if (next != NULL && *next != '\0' &&
	    !otx_found(c, "next", json_object_new_boolean(true)))
		return SCAN_BAD;
	return SCAN_MORE;
}

static void
scan_free(struct call *c)
{
	jsonfind_free(((struct otx_scan *)c->scan)->page);
}

static const char *const otx_claims[] = { "key", NULL };

static const struct conf_key otx_keys[] = {
	{ "relay", "url", conf_set_url,
	    .offset = offsetof(struct otx_conf, url), .fallback = OTX_URL,
	    .release = conf_release_string, .help = "base URL of " OTX_NAME },
	{ 0 }
};

static const struct provider_field otx_fields[] = {
	{ "key", FIELD_API_KEY, "OTX API key",
	    "The key of the OTX account that is asked." },
	{ NULL, FIELD_TEXT, NULL, NULL }
};

const struct provider provider_otx = { .name = "otx",
	.title = OTX_NAME,
	.description = "Open Threat Exchange: pulses that name an observable.",
	.types = OBSERVABLE_SET(OBSERVABLE_BIT(OBSERVABLE_DOMAIN) |
	    OBSERVABLE_BIT(OBSERVABLE_EMAIL) | OBSERVABLE_BIT(OBSERVABLE_IP) |
	    OBSERVABLE_BIT(OBSERVABLE_IPV6) | OBSERVABLE_BIT(OBSERVABLE_MD5) |
	    OBSERVABLE_BIT(OBSERVABLE_SHA1) |
	    OBSERVABLE_BIT(OBSERVABLE_SHA256) | OBSERVABLE_BIT(OBSERVABLE_URL)),
	.routes = PROVIDER_OBSERVE | PROVIDER_REFER | PROVIDER_HEALTH,
	.claims = otx_claims,
	.fields = otx_fields,
	.about =
	    "AlienVault Open Threat Exchange is a community that shares "
	    "what its members know of threats as pulses: named lists of "
	    "indicators with a description. For each pulse that names an "
	    "observable there is a sighting and an indicator, and links lead "
	    "to the page of the observable.",
	.tips = "1. Sign in at otx.alienvault.com, open the menu under your "
		"name and choose **Settings**.\n"
		"2. Copy the **OTX Key**.\n"
		"3. Paste it here as **OTX API key**, and save.",
	.keys = otx_keys,
	.conf_size = sizeof(struct otx_conf),
	.request = otx_request,
	.reply = otx_reply,
	.scan = otx_scan_page,
	.scan_free = scan_free,
	.scan_size = sizeof(struct otx_scan),
	.answer = otx_answer,
	.refer = otx_refer };
