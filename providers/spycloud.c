/*
 * spycloud: what of a person's accounts was found in breaches.
 *
 * One call gives the breach records of an e-mail address, then one for each
 * source that they name gives the entry of the catalog.  A record becomes a
 * sighting, an entry an indicator.  Records hold passwords and are never kept;
 * the catalog is.
 * Source: relay API, SpyCloud relay; CTIM sighting, indicator.
 */
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "jsoncopy.h"
#include "jsonin.h"
#include "percent.h"
#include "provider.h"
#include "spycloud.h"
#include "token.h"

#define CATALOG_TTL	86400		/* seconds */
#define MICROSECONDS	6		/* digits */
#define MESSAGE		1000		/* characters of a message of theirs */

/* Members of a catalog entry that are looked at. */
static const char *const entry_members[] = {
	"id", "uuid", "title", "description", "site", "site_description",
	"spycloud_publish_date", "confidence", "combo_list_flag", "assets",
	NULL
};

const char *
spycloud_text(struct json_object *object, const char *name)
{
	struct json_object	*value = jsonin_member(object, name);
	const char		*text;

	if (json_object_is_type(value, json_type_int))
		return json_object_get_string(value);
	text = jsonin_text(value);
	return text == NULL || *text == '\0' ? NULL : text;
}

int
spycloud_published(struct json_object *object, char text[CTIM_TIME_MAX])
{
	const char	*given = jsonin_string(object, "spycloud_publish_date");

	return given == NULL ? -1 :
	    ctim_time_again(text, given, MICROSECONDS);
}

static struct call *
add_call(const struct query *q, int step, unsigned flags,
    const char *path)
{
	const struct spycloud_conf	*conf = q->conf;
	struct call			*c;

	c = lookup_call(q->lookup, step, flags, "%s/%s", conf->url, path);
	call_header(c, "X-API-Key", token_claim(q->claims, "key"));
	call_header(c, "Accept", "application/json");
	return c;
}

const struct call *
spycloud_catalog_call(const struct query *q, const char *source)
{
	const struct call	*c;
	size_t			 i;

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
	struct json_object	*about;
	struct call		*c;

	if (source == NULL || spycloud_catalog_call(q, source) != NULL ||
	    (about = json_object_new_string(source)) == NULL)
		return;
	c = add_call(q, SPYCLOUD_CATALOG, CALL_CACHE | CALL_SHARED |
	    CALL_OPTIONAL, "breach/catalog/");
	c->ttl = CATALOG_TTL;
	percent_add(&c->url, source, "");
	call_about(c, about);
	json_object_put(about);
}

static void
request(const struct query *q, const struct call *done)
{
	struct call	*c;
	size_t		 i;

	if (done == NULL && q->observable == NULL) {
		(void)add_call(q, SPYCLOUD_HEALTH, 0, "watchlist/example.org");
	} else if (done == NULL) {
		c = add_call(q, SPYCLOUD_RECORDS, 0, "breach/data/emails/");
		percent_add(&c->url, q->observable->value, "@");
	} else if (done->step == SPYCLOUD_RECORDS) {
		for (i = 0; i < jsonin_length(done->result); i++)
			add_catalog_call(q, spycloud_text(jsonin_at(
			    done->result, i), "source_id"));
	}
}

/* A record in the list that is sorted. */
struct dated {
	char			 time[CTIM_TIME_MAX];
	size_t			 place;
	struct json_object	*record;
};

/* Newest first, else as they came. */
static int
compare(const void *a, const void *b)
{
	const struct dated	*x = a, *y = b;
	int			 r = strcmp(y->time, x->time);

	return r != 0 ? r : x->place < y->place ? -1 : 1;
}

/* An array of the newest; NULL when there is none or memory ran out. */
static struct json_object *
newest(struct dated *list, size_t n, size_t limit)
{
	struct json_object	*array;
	size_t			 i;

	qsort(list, n, sizeof(*list), compare);
	if (n == 0 || (array = json_object_new_array()) == NULL)
		return NULL;
	for (i = 0; i < n && i < limit; i++)
		if (json_object_array_add(array,
		    json_object_get(list[i].record)) != 0) {
			json_object_put(list[i].record);
			break;
		}
	return array;
}

/* A record without a date would be a sighting without a time, which CTIM does
 * not have. */
static void
read_records(const struct query *q, struct call *c, struct json_object *results)
{
	struct dated	*list;
	size_t		 i, n = jsonin_length(results), k = 0;

	if ((list = calloc(n + 1, sizeof(*list))) == NULL) {
		call_fail_at(c, PROBLEM_INTERNAL, "No memory left");
		return;
	}
	for (i = 0; i < n; i++) {
		list[k].record = jsonin_at(results, i);
		list[k].place = i;
		if (spycloud_published(list[k].record, list[k].time) == 0)
			k++;
	}
	call_found(c, newest(list, k, q->claims->limit));
	free(list);
}

static void
read_entry(struct call *c, struct json_object *results)
{
	struct json_object	*entry;

	entry = jsoncopy_members(jsonin_at(results, 0), entry_members);
	if (entry != NULL && jsoncopy_size(entry) > SPYCLOUD_PART) {
		json_object_put(entry);
		call_fail_at(c, PROBLEM_UNKNOWN,
		    "A catalog entry of Spycloud is too large");
		return;
	}
	call_found(c, entry);
}

static void
refused(struct call *c)
{
	static const struct {
		int		 status;
		const char	*message;
	} rows[] = {
		{ 404, "The Spycloud not found." },
		{ 429, "Too many requests have been made to Spycloud. Please, "
		    "try again later." },
		{ 500, "The Spycloud internal error." }
	};
	struct json_object	*body;
	const char		*message;
	size_t			 i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].status == c->status)
			call_fail(c, call_status_problem(c->status), "%s",
			    rows[i].message);
	if (c->status == 401 || c->status == 403) {
		body = call_parse_error(c);
		message = spycloud_text(body, "message");
		if (message == NULL)
			message = c->reason;
		call_fail(c, PROBLEM_AUTHORIZATION, "Authorization failed: "
		    "%.*s", (int)jsoncopy_cut(message, MESSAGE), message);
		json_object_put(body);
	}
	if (c->problem == PROBLEM_NONE)
		call_fail_at(c, call_status_problem(c->status),
		    "Unexpected response from Spycloud: %d %s", c->status,
		    c->reason);
}

static void
reply(const struct query *q, struct call *c)
{
	struct json_object	*body, *results;

	if (c->status == 400 ||
	    (c->status == 404 && c->step == SPYCLOUD_CATALOG))
		return;
	if (c->status < 200 || c->status > 299) {
		refused(c);
		return;
	}
	if ((body = call_parse(c)) == NULL)
		return;
	results = jsonin_member(body, "results");
	if (c->step == SPYCLOUD_RECORDS)
		read_records(q, c, results);
	else if (c->step == SPYCLOUD_CATALOG)
		read_entry(c, results);
	json_object_put(body);
}

static const char *const claims[] = { "key", NULL };

static const struct conf_key keys[] = {
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

static const struct provider_field fields[] = {
	{ "key", FIELD_API_KEY, "SpyCloud API key",
	  "The key for Employee ATO Prevention." },
	{ NULL, FIELD_TEXT, NULL, NULL }
};

const struct provider provider_spycloud = {
	.name = "spycloud",
	.title = "Spycloud",
	.description = "Accounts and passwords found in breaches.",
	.types = OBSERVABLE_BIT(OBSERVABLE_EMAIL),
	.routes = PROVIDER_OBSERVE | PROVIDER_HEALTH,
	.claims = claims,
	.fields = fields,
	.about = "SpyCloud collects what was stolen in breaches of sites and "
	    "by malware. For each record that holds an e-mail address there "
	    "is a sighting, and an indicator for the breach it comes from.",
	.tips = "1. Sign in at the SpyCloud portal, open the menu under your "
	    "e-mail address and choose **API Keys**.\n"
	    "2. Show the key for Employee ATO Prevention and copy it.\n"
	    "3. Paste it here as **SpyCloud API key**, and save.",
	.keys = keys,
	.rate = 4,
	.any_case = true,
	.conf_size = sizeof(struct spycloud_conf),
	.request = request,
	.reply = reply,
	.answer = spycloud_answer
};
