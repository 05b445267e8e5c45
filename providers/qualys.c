/* SPDX-License-Identifier: MIT */
/*
 * qualys: what happened on the hosts that Qualys IOC watches.
 *
 * A call gives the events that are active now, a second one those of the past,
 * as far as there is room for more.  Where the service is comes with the token.
 * Source: relay API, Qualys IOC relay.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "answer/entity.h"
#include "base/buf.h"
#include "base/percent.h"
#include "call/provider.h"
#include "conf/conf.h"
#include "json/jsoncopy.h"
#include "json/jsonin.h"
#include "net/url.h"
#include "providers/qualys.h"
#include "token/token.h"

#define VALUE_BYTES 65536             /* of a value that is asked for */
#define QUERY_BYTES (8 * VALUE_BYTES) /* of texts made with it */
#define MESSAGE     200               /* characters of a body in a message */
#define TEXT_BYTES  64                /* of a title of a reference */
#define BLANKS      " \t\r\n"

struct qualys_conf {
	char *api_url, *platform_url; /* NULL: the token says */
	char **api_hosts;             /* NULL: any */
};

/* How a type is called and asked for; V is the value. */
static const struct kind {
	const char *name, *filter;
} qualys_kinds[OBSERVABLE_TYPES] = { [OBSERVABLE_MD5] = { "MD5",
					 "file.hash.md5: \"V\"" },
	[OBSERVABLE_SHA256] = { "SHA256", "file.hash.sha256: \"V\"" },
	[OBSERVABLE_FILE_NAME] = { "file name", "file.name: \"V\"" },
	[OBSERVABLE_FILE_PATH] = { "file path", "file.fullPath: \"V\"" },
	[OBSERVABLE_IP] = { "IP",
	    "network.local.address.ip: \"V\" or "
	    "network.remote.address.ip: \"V\"" },
	[OBSERVABLE_DOMAIN] = { "domain",
	    "network.remote.address.fqdn: \"V\"" },
	[OBSERVABLE_MUTEX] = { "mutex", "handle.name: \"V\"" } };

/* Events are an array; an object instead says why there is none. */
static const char *const qualys_needs[] = { NULL };
static const char *const qualys_excuses[] = { "message", "error",
	"errorMessage", "detail", NULL };

/* Adds the filter for an observable, encoded. */
static void
add_filter(struct buf *b, const struct observable *o)
{
	const char *part = qualys_kinds[o->type].filter, *v;
	struct buf filter;

	buf_init(&filter, QUERY_BYTES);
	for (; (v = strchr(part, 'V')) != NULL; part = v + 1) {
		buf_add(&filter, part, (size_t)(v - part));
		buf_adds(&filter, o->value);
	}
	buf_adds(&filter, part);
	if (filter.failed)
		b->failed = true;
	else
		percent_add(b, filter.data, "/");
	buf_free(&filter);
}

/* Why a value is not asked for; NULL when it is. */
static const char *
obstacle(const struct observable *o)
{
	/* It would end the value in the filter, and what follows it would be
	 * part of the query. */
	if (strchr(o->value, '"') != NULL)
		return "A value with a quotation mark";
	return strlen(o->value) > VALUE_BYTES ? "A value so long" : NULL;
}

/* Says why a value is not asked for, if so. */
static bool
unaskable(struct answer *a, const struct observable *o)
{
	const char *why = obstacle(o);

	if (why != NULL)
		answer_warning(a, PROBLEM_INVALID_ARGUMENT,
		    "%s cannot be "
		    "searched for in Qualys IOC (%s %s)",
		    why, observable_name(o->type), o->value);
	return why != NULL;
}

/* A URL of the token, else of the configuration; NULL when neither has it. */
static const char *
url_of(const struct query *q, const char *claim, const char *configured)
{
	const char *url = token_claim(q->claims, claim);

	return url != NULL ? url : configured;
}

static const char *
api_url(const struct query *q)
{
	const struct qualys_conf *conf = q->conf;

	return url_of(q, "API_URL", conf->api_url);
}

/* Whether a list has a host, with its port or without. */
static bool
is_listed(char *const *hosts, const char *url)
{
	char origin[URL_MAX + 16];
	const char *host, *port;

	if (url_origin(url, origin, sizeof(origin)) == -1 ||
	    (host = strstr(origin, "://")) == NULL ||
	    (port = strrchr(host += 3, ':')) == NULL)
		return false;
	for (; *hosts != NULL; hosts++)
		if (strcasecmp(*hosts, host) == 0 ||
		    (strlen(*hosts) == (size_t)(port - host) &&
			strncasecmp(*hosts, host, (size_t)(port - host)) == 0))
			return true;
	return false;
}

/* A host that the configuration names itself need not be in api_hosts. */
static bool
may_call(const struct query *q, const char *url)
{
	const struct qualys_conf *conf = q->conf;

	return url_is_base(url) &&
	    (conf->api_hosts == NULL || url == conf->api_url ||
		token_is_given(q->claims, "API_URL") ||
		is_listed(conf->api_hosts, url));
}

/* The URL is shown as it was given, but for a password in it. */
static void
unreachable(const struct query *q, struct call *c)
{
	const char *url = api_url(q), *at;

	if (url == NULL)
		return;
	if ((at = strrchr(url, '@')) != NULL)
		url = at + 1;
	call_fail(c, PROBLEM_CONNECTION,
	    "Unable to connect Qualys IOC, "
	    "validate the configured API URL: %.*s",
	    URL_MAX, url);
}

/* A call to a path of the API, which has failed when there is no such API. */
static struct call *
qualys_add_call(
    const struct query *q, int step, unsigned flags, const char *path)
{
	const char *url = api_url(q);
	size_t n = url == NULL ? 0 : strlen(url);
	struct call *c;

	while (n > 0 && url[n - 1] == '/')
		n--;
	c = lookup_call(q->lookup, step, flags, "%.*s%s", (int)n,
	    url == NULL ? "" : url, path);
	if (url == NULL)
		call_fail(c, PROBLEM_AUTHORIZATION,
		    token_is_pinned(q->claims, "API_URL") ?
			"Authorization failed: API_URL of the token does not "
			"count beside a credential of the gateway" :
			"Authorization failed: Wrong JWT payload structure");
	else if (!may_call(q, url))
		unreachable(q, c);
	return c;
}

static void
qualys_sign_in(const struct query *q)
{
	struct call *c = qualys_add_call(q, QUALYS_SIGN_IN, 0, "/auth");

	buf_adds(&c->sent, "username=");
	percent_add(&c->sent, token_claim(q->claims, "user"), "");
	buf_adds(&c->sent, "&password=");
	percent_add(&c->sent, token_claim(q->claims, "pass"), "");
	buf_adds(&c->sent, "&token=true");
}

/* The events of an observable (NULL: of all), as many as there is room for. */
static void
add_events_call(const struct query *q, int step, unsigned flags, size_t room)
{
	struct call *c =
	    qualys_add_call(q, step, CALL_SIGNED | flags, "/ioc/events");

	call_header(c, "Accept", "application/json");
	buf_addf(&c->url, "?pageSize=%zu", room);
	if (q->observable != NULL) {
		buf_adds(&c->url, "&filter=");
		add_filter(&c->url, q->observable);
	}
	if (step != QUALYS_HISTORICAL)
		buf_adds(&c->url, "&state=true");
}

static void
qualys_request(const struct query *q, const struct call *done)
{
	size_t limit = q->claims->limit, taken;

	if (q->observable == NULL) {
		if (done == NULL)
			add_events_call(q, QUALYS_HEALTH, 0, 1);
	} else if (done == NULL) {
		if (obstacle(q->observable) == NULL)
			add_events_call(q, QUALYS_ACTIVE, CALL_CACHE, limit);
	} else if (done->step == QUALYS_ACTIVE) {
		taken = qualys_sightings(done->result);
		if (taken < limit)
			add_events_call(
			    q, QUALYS_HISTORICAL, CALL_CACHE, limit - taken);
	}
}

/* The token is the whole body. */
static void
read_token(struct call *c)
{
	const char *begin = c->body.data + strspn(c->body.data, BLANKS);
	size_t n = c->body.len - (size_t)(begin - c->body.data);

	while (n > 0 && strchr(BLANKS, begin[n - 1]) != NULL)
		n--;
	if (n == 0)
		call_fail_at(c, PROBLEM_UNKNOWN,
		    "Qualys IOC gave no token when signing in");
	else
		call_found(c, json_object_new_string_len(begin, (int)n));
}

static void
read_events(struct call *c)
{
	struct json_object *body = call_parse(c), *found, *event;
	size_t i;

	if (body == NULL)
		return;
	if (call_excuse(c, body, qualys_needs, qualys_excuses) ||
	    c->step == QUALYS_HEALTH || jsonin_length(body) == 0 ||
	    (found = json_object_new_array()) == NULL) {
		json_object_put(body);
		return;
	}
	for (i = 0; i < jsonin_length(body); i++) {
		event = jsonin_at(body, i);
		if (!json_object_is_type(event, json_type_object))
			continue;
		event = qualys_event(event);
		if (json_object_array_add(found, event) != 0)
			json_object_put(event);
	}
	json_object_put(body);
	if (jsonin_length(found) > 0)
		call_found(c, found);
	else
		json_object_put(found);
}

/* Why the credentials were refused, as far as the body says. */
static void
refuse_credentials(struct call *c)
{
	static const char *const names[] = { "message",
		"authentication_exceptions" };
	struct json_object *body = call_parse_error(c), *value;
	const char *text = NULL;
	size_t i;

	for (i = 0; text == NULL && i < 2; i++) {
		value = jsonin_member(body, names[i]);
		if ((text = jsonin_text(value)) == NULL && value != NULL)
			text = json_object_to_json_string_ext(value,
			    JSON_C_TO_STRING_PLAIN |
				JSON_C_TO_STRING_NOSLASHESCAPE);
		if (text != NULL && *text == '\0')
			text = NULL;
	}
	if (text == NULL)
		text = c->body.data;
	call_fail(c, PROBLEM_AUTHORIZATION, "Authorization failed: %.*s",
	    (int)jsoncopy_cut(text, MESSAGE), text);
	json_object_put(body);
}

static void
qualys_refused(struct call *c)
{
	enum problem problem = call_status_problem(c->status);

	switch (c->status) {
	case 401:
		refuse_credentials(c);
		break;
	case 429:
		call_fail(c, problem,
		    "Too many requests to Qualys IOC have "
		    "been made. Please try again later.");
		break;
	case 503:
		call_fail(c, problem,
		    "Service temporarily unavailable. "
		    "Please try again later.");
		break;
	default:
		/* A path that is not there is nothing that another answer of
		 * the service named. */
		if (problem == PROBLEM_NOT_FOUND)
			problem = PROBLEM_UNKNOWN;
		call_fail(c, problem,
		    "Unexpected response from Qualys IOC: "
		    "%.*s",
		    (int)jsoncopy_cut(c->body.data, MESSAGE), c->body.data);
		break;
	}
}

static void
qualys_reply(const struct query *q, struct call *c)
{
	(void)q;
	if ((c->status == 400 || c->status == 404) && c->step != QUALYS_SIGN_IN)
		return;
	if (c->status < 200 || c->status > 299)
		qualys_refused(c);
	else if (c->step == QUALYS_SIGN_IN)
		read_token(c);
	else
		read_events(c);
}

static void
qualys_answer(struct answer *a, const struct query *q)
{
	if (!unaskable(a, q->observable))
		qualys_write(a, q);
}

static void
qualys_write_reference(
    struct answer *a, const struct observable *o, const char *platform)
{
	const char *name = qualys_kinds[o->type].name;
	char title[TEXT_BYTES], description[TEXT_BYTES];
	size_t n = strlen(platform);
	struct buf id, url;

	buf_init(&id, QUERY_BYTES);
	buf_init(&url, QUERY_BYTES);
	buf_addf(&id, "ref-qualys-search-%s-", observable_name(o->type));
	percent_add(&id, o->value, "");
	while (n > 0 && platform[n - 1] == '/')
		n--;
	buf_addf(&url, "%.*s/ioc/#/hunting?search=", (int)n, platform);
	add_filter(&url, o);
	(void)snprintf(title, sizeof(title), "Search for this %s", name);
	(void)snprintf(description, sizeof(description),
	    "Check this %s status with Qualys", name);
	entity_reference(a, id.data, title, description, url.data, "Qualys");
	buf_free(&id);
	buf_free(&url);
}

static void
qualys_refer(struct answer *a, const struct query *q)
{
	const struct qualys_conf *conf = q->conf;
	const char *platform;

	if (unaskable(a, q->observable))
		return;
	platform = url_of(q, "PLATFORM_URL", conf->platform_url);
	if (platform == NULL || !url_is_base(platform))
		answer_warning(a, PROBLEM_INVALID_ARGUMENT,
		    "There are no "
		    "links to Qualys IOC without a valid PLATFORM_URL in the "
		    "token, or platform_url in the relay's section");
	else
		qualys_write_reference(a, q->observable, platform);
}

static const char *const qualys_claims[] = { "user", "pass", NULL };

static const struct conf_key qualys_keys[] = {
	{ "relay", "api_url", conf_set_url,
	    .offset = offsetof(struct qualys_conf, api_url),
	    .release = conf_release_string,
	    .help = "base URL of the Qualys API, unless the token names it" },
	{ "relay", "platform_url", conf_set_url,
	    .offset = offsetof(struct qualys_conf, platform_url),
	    .release = conf_release_string,
	    .help = "base URL of the Qualys platform, for links, unless the "
		    "token names it" },
	{ "relay", "api_hosts", conf_set_hosts,
	    .offset = offsetof(struct qualys_conf, api_hosts),
	    .release = conf_release_list,
	    .help = "hosts that a token may name in API_URL, HOST or "
		    "HOST:PORT" },
	{ 0 }
};

static const char *const qualys_hosts[] = { "API_URL", NULL };

static const struct provider_field qualys_fields[] = {
	{ "user", FIELD_TEXT, "User name",
	    "The name of a Qualys user who may use IOC." },
	{ "pass", FIELD_PASSWORD, "Password", "The password of this user." },
	{ "API_URL", FIELD_TEXT, "API URL",
	    "The gateway URL of your Qualys platform, for calls; needed unless "
	    "the relay has an api_url." },
	{ "PLATFORM_URL", FIELD_TEXT, "Platform URL",
	    "Where you open Qualys in a browser, for links; needed unless the "
	    "relay has a platform_url." },
	{ NULL, FIELD_TEXT, NULL, NULL }
};

const struct provider provider_qualys = { .name = "qualys",
	.title = "Qualys IOC",
	.description = "Events on the hosts that Qualys IOC watches.",
	.types = OBSERVABLE_SET(OBSERVABLE_BIT(OBSERVABLE_MD5) |
	    OBSERVABLE_BIT(OBSERVABLE_SHA256) |
	    OBSERVABLE_BIT(OBSERVABLE_FILE_NAME) |
	    OBSERVABLE_BIT(OBSERVABLE_FILE_PATH) |
	    OBSERVABLE_BIT(OBSERVABLE_IP) | OBSERVABLE_BIT(OBSERVABLE_DOMAIN) |
	    OBSERVABLE_BIT(OBSERVABLE_MUTEX)),
	.routes = PROVIDER_OBSERVE | PROVIDER_REFER | PROVIDER_HEALTH,
	.claims = qualys_claims,
	.hosts = qualys_hosts,
	.host_key = "api_url",
	.fields = qualys_fields,
	.about =
	    "Qualys Indication of Compromise records what happens on "
	    "hosts: files, processes, handles and network connections. For "
	    "each event that holds an observable there is a sighting on its "
	    "host, with an indicator and a judgement where Qualys scored it, "
	    "and links lead to a search for it.",
	.tips =
	    "1. In Qualys, open **Administration** and **User "
	    "Management**, and make a **Reader User**.\n"
	    "2. Edit it, and give it the role **IOC User** under **Roles and "
	    "Scopes**.\n"
	    "3. Its name and password are **User name** and **Password** "
	    "here.\n"
	    "4. **API URL** and **Platform URL** are those of your platform: "
	    "www.qualys.com/platform-identification lists them.",
	.keys = qualys_keys,
	.conf_size = sizeof(struct qualys_conf),
	.request = qualys_request,
	.reply = qualys_reply,
	.sign_in = qualys_sign_in,
	.unreachable = unreachable,
	.answer = qualys_answer,
	.refer = qualys_refer };
