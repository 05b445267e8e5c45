/* SPDX-License-Identifier: MIT */
/* Asks the services behind the relays: with credentials whether a service
 * takes them, by the code of the server; without, whether the service can be
 * reached. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "egress/policy.h"
#include "call/provider.h"
#include "cli/doctor/doctor.h"
#include "cli/query/local_call.h"
#include "conf/conf.h"
#include "json/jsonin.h"
#include "log/log.h"
#include "net/url.h"
#include "token/auth.h"
#include "store/store.h"

#define ANSWER_MAX 65536
#define DEADLINE   10 /* s for the health of one relay */

struct place {
	const char *relay;
	char url[DOCTOR_URL]; /* "": none */
};

/* Keeps the base URL of a service's API; links for people have other names. */
static void
note_place(void *arg, const char *section, const struct conf_key *key,
    const char *text)
{
	struct place *p = arg;

	if (strncmp(section, "relay ", 6) == 0 &&
	    strcmp(section + 6, p->relay) == 0 && key->set == conf_set_url &&
	    (strcmp(key->name, "url") == 0 ||
		strcmp(key->name, "api_url") == 0))
		snprintf(p->url, sizeof(p->url), "%s", text);
}

/* Its url is "" where a claim says which the service is. */
static struct place
doctor_provider_place(const struct doctor *d, const struct relay_conf *r)
{
	struct place p = { .relay = r->name };

	if (r->url != NULL)
		snprintf(p.url, sizeof(p.url), "%s", r->url);
	conf_each(d->conf, note_place, &p);
	return p;
}

/* Whether the configuration has all claims that the relay needs, so that it can
 * be asked without a token's. */
static bool
doctor_provider_has_claims(const struct relay_conf *r)
{
	const char *const *need = r->provider->claims;
	const struct conf_claim *c;

	for (; need != NULL && *need != NULL; need++) {
		for (c = r->claims; c != NULL; c = c->next)
			if (strcmp(c->name, *need) == 0)
				break;
		if (c == NULL)
			return false;
	}
	return r->claims != NULL && r->credentials != CREDENTIALS_TOKEN;
}

static void
doctor_provider_jwt(struct doctor *d, const struct relay_conf *r)
{
	if (doctor_provider_has_claims(r)) {
		doctor_mend_edit(d, r->file, r->line);
		doctor_note(d,
		    "claim.%s there is to be what the service takes, and to "
		    "have the right there",
		    r->claims->name);
		return;
	}
	doctor_mend_run(d, "jwt --relay", r->name);
	doctor_note(d,
	    "with credentials that the service takes and that have the right "
	    "there; the new token goes to the platform");
}

static void
doctor_provider_rate(struct doctor *d, const struct relay_conf *r)
{
	doctor_mend(d, "rate = 1");
	doctor_note(d, "in [relay %s] of %s", r->name, d->whole);
}

static void
doctor_provider_curl(struct doctor *d, const struct relay_conf *r)
{
	const struct place p = doctor_provider_place(d, r);

	if (p.url[0] == '\0')
		doctor_provider_jwt(d, r);
	else
		doctor_mend_curl(d, p.url);
}

static void
doctor_provider_query(struct doctor *d, const struct relay_conf *r)
{
	doctor_mend_run(d, "query --route health", r->name);
	doctor_note(d,
	    "shows all of the answer; it may be the service's own trouble: "
	    "again later");
}

/* The mend for each code of an answer. */
static const struct {
	const char *code;
	void (*mend)(struct doctor *, const struct relay_conf *);
} doctor_provider_mends[] = { { "authorization error", doctor_provider_jwt },
	{ "permission denied", doctor_provider_jwt },
	{ "too many requests", doctor_provider_rate },
	{ "connection error", doctor_provider_curl },
	{ NULL, doctor_provider_query } };

static void
doctor_provider_mend(
    struct doctor *d, const struct relay_conf *r, const char *code)
{
	size_t i = 0;

	if (r->provider->store != NULL &&
	    store_is_url(r->provider->store(r->own))) {
		doctor_note(
		    d, "look at the database, and at what `store` says");
		return;
	}
	if (r->provider->store != NULL) {
		doctor_sudo(d, "%s intel stats --store %s", d->program,
		    doctor_quote(d, r->provider->store(r->own)));
		if (doctor_was_bad(d, "store"))
			doctor_note(d, "first mend what `store` says");
		return;
	}
	while (doctor_provider_mends[i].code != NULL &&
	    strcmp(doctor_provider_mends[i].code, code) != 0)
		i++;
	doctor_provider_mends[i].mend(d, r);
}

/* What is left of the quota, where the service told that. */
static void
say_quota(
    struct doctor *d, const struct relay_conf *r, struct json_object *data)
{
	struct json_object *values = jsonin_member(
	    jsonin_member(jsonin_member(data, "quotas"), r->name), "values");
	int64_t limit, used;

	if (json_object_get_boolean(
		jsonin_member(values, "current_bucket_limit_reached"))) {
		doctor_say(d, DOCTOR_WARN,
		    "relay %s: %s takes no more calls of this credential until "
		    "its quota begins anew",
		    r->name, r->provider->title);
		doctor_mend_run(d, "query --route health", r->name);
		doctor_note(
		    d, "shows when; more calls are the service's to give");
	} else if (jsonin_int(jsonin_member(values, "bucket_limit"), &limit) &&
	    jsonin_int(
		jsonin_member(values, "current_bucket_consumption"), &used))
		doctor_say(d, DOCTOR_OK,
		    "relay %s: %lld of %lld calls are left of the quota",
		    r->name, (long long)(limit - used), (long long)limit);
}

static void
say_health(struct doctor *d, const struct relay_conf *r, const char *why,
    const struct buf *text)
{
	struct json_object *answer, *error;
	const char *code, *message;

	answer = why != NULL ? NULL :
			       jsonin_parse(text->data, text->len, 1000, NULL);
	error = jsonin_at(jsonin_member(answer, "errors"), 0);
	code = jsonin_string(error, "code");
	message = jsonin_string(error, "message");
	if (why == NULL && error == NULL &&
	    jsonin_string(jsonin_member(answer, "data"), "status") != NULL) {
		doctor_say(d, DOCTOR_OK, "relay %s: %s takes the credentials",
		    r->name, r->provider->title);
		say_quota(d, r, jsonin_member(answer, "data"));
	} else {
		doctor_say(d, DOCTOR_FAIL, "relay %s: %s", r->name,
		    why != NULL         ? why :
			message != NULL ? message :
					  "an answer without a status");
		doctor_provider_mend(d, r, code == NULL ? "" : code);
	}
	json_object_put(answer);
}

/* Asks a relay for its health.  For that call the configuration has a key,
 * little time, no repeats, no cache (root would make its file) and a silent
 * log, as doctor itself says what goes wrong; and the relay tells of its quota.
 * Afterwards the configuration is as it was. */
static void
doctor_provider_ask(struct doctor *d, struct relay_conf *r, const char *claims)
{
	const bool quotas = r->quotas;
	struct conf *c = d->conf, kept = *d->conf;
	char key[65], off[] = "off", target[] = "stderr", path[80];
	struct buf answer;
	struct local_call *gateway;
	const char *why = "this system has no random numbers";
	char *token = NULL;
	int left;

	buf_init(&answer, ANSWER_MAX);
	if (c->secret_key == NULL && auth_new_key(key) == 0)
		c->secret_key = key;
	c->cache_url = off;
	c->log_target = target;
	c->log_level = LOG_LEVEL_NONE;
	c->retries = 0;
	r->quotas = true;
	left = (int)(doctor_left(d, DEADLINE * 1000) / 1000) + 1;
	c->deadline = c->deadline < left ? c->deadline : left;
	(void)log_open(c);
	snprintf(path, sizeof(path), "/%s/health", r->name);
	if (c->secret_key != NULL &&
	    (token = doctor_token(d, claims)) != NULL) {
		why = "no memory left";
		if ((gateway = local_call_open(c, path, token)) != NULL)
			why = local_call_post(gateway, "", 0, &answer);
		local_call_close(gateway);
	}
	say_health(d, r, why, &answer);
	free(token);
	buf_free(&answer);
	*c = kept;
	r->quotas = quotas;
	explicit_bzero(key, sizeof(key));
}

/* --- without credentials ------------------------------------------------- */

static void
reach(struct doctor *d, const struct relay_conf *r)
{
	const struct place p = doctor_provider_place(d, r);
	struct http_policy policy;
	struct doctor_call c;
	char origin[DOCTOR_URL], text[160];
	const char *host;

	if (url_origin(p.url, origin, sizeof(origin)) == -1) {
		doctor_say(d, DOCTOR_SKIPPED,
		    "relay %s: a claim says where its service is; give "
		    "credentials with -f",
		    r->name);
		return;
	}
	host = strstr(origin, "://") + 3;
	doctor_call_init(&c, host, "%s/", origin);
	policy = policy_for(d->conf, r, origin);
	c.http.policy = &policy;
	doctor_call_do(d, d->conf, &c, 1);
	doctor_note_clock(d, &c);
	snprintf(text, sizeof(text),
	    "(relay %s) answers, and no credentials were given with -f to try",
	    r->name);
	if (doctor_answered(&c.http))
		doctor_say_good(d, &c, text);
	else
		doctor_say_failed(d, &c, "cannot be reached");
	doctor_call_free(&c);
}

static void
doctor_provider_look_at(struct doctor *d, struct relay_conf *r)
{
	struct json_object *claims;

	if (doctor_left(d, 1) == 0) {
		doctor_say(
		    d, DOCTOR_SKIPPED, "relay %s: the time is up", r->name);
		return;
	}
	claims = jsonin_member(d->credentials, r->name);
	if (claims != NULL)
		doctor_provider_ask(d, r, json_object_to_json_string(claims));
	else if (r->provider->request != NULL && !doctor_provider_has_claims(r))
		reach(d, r);
	else
		doctor_provider_ask(d, r, NULL);
}

void
doctor_providers(struct doctor *d)
{
	struct relay_conf *r;

	if (d->conf->relays == NULL)
		doctor_say(d, DOCTOR_SKIPPED, "there is no relay");
	for (r = d->conf->relays; r != NULL; r = r->next)
		doctor_provider_look_at(d, r);
	if (d->credentials == NULL)
		return;
	json_object_object_foreach(d->credentials, name, value)
	{
		(void)value;
		if (conf_relay(d->conf, name, strlen(name)) != NULL)
			continue;
		doctor_say(d, DOCTOR_FAIL,
		    "%s has credentials for a relay \"%s\", which there is not",
		    d->credentials_file, name);
		doctor_mend(d, "[relay %s]", name);
		doctor_note(d, "a line at the end of %s; or leave it out of %s",
		    d->whole, d->credentials_file);
	}
}
