/* SPDX-License-Identifier: MIT */
/* The provider of each relay: one of the program's list, or one that is read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf_loading.h"

static void
no_provider(struct loading *l, const struct relay_conf *r)
{
	struct conf_provider p;
	char names[256];
	size_t i, n = 0;

	for (i = 0; n < sizeof(names) && l->lists->provider(i, &p); i++)
		n += (size_t)snprintf(names + n, sizeof(names) - n, "%s%s",
		    i == 0 ? "" : ", ", p.name);
	conf_complain(l, true, r->file, r->line,
	    "[relay %s] there is no provider \"%s\"; add a line `provider = "
	    "NAME` with one of: %s, or one of the directories in [server] "
	    "providers",
	    r->name, r->provider_name == NULL ? "" : r->provider_name, names);
}

static bool
find_provider(
    const struct loading *l, const char *name, struct conf_provider *p)
{
	size_t i;

	for (i = 0; l->lists->provider(i, p); i++)
		if (strcmp(p->name, name) == 0)
			return true;
	return false;
}

/* A relay that has the same described provider already; NULL: none. */
static const struct relay_conf *
same_provider(const struct loading *l, const struct relay_conf *relay)
{
	const struct relay_conf *r = l->conf->relays;

	while (r != relay &&
	    (r->provider == NULL || r->provider_name == NULL ||
		strcmp(r->provider_name, relay->provider_name) != 0))
		r = r->next;
	return r == relay ? NULL : r;
}

/* What is read is the configuration's, to be freed with it. */
static bool
hold(struct conf *conf, const struct conf_provider *p)
{
	struct conf_held *h = calloc(1, sizeof(*h));

	if (h == NULL) {
		p->release(p->held);
		return false;
	}
	*h = (struct conf_held){ p->held, p->release, conf->held };
	conf->held = h;
	return true;
}

/* An error of the description is one of the configuration. */
static void
conf_provider_complain(void *arg, bool error, const char *line)
{
	struct loading *l = arg;

	if (error)
		l->good = false;
	if (l->complain != NULL)
		l->complain(l->arg, error, line);
}

/* Reads the provider of a relay.  False: there is none, or its errors are told. */
static bool
read_provider(
    struct loading *l, const struct relay_conf *r, struct conf_provider *p)
{
	const enum conf_described d = l->lists->described(
	    l->conf, r->provider_name, p, conf_provider_complain, l);

	if (d == CONF_DESCRIBED_NONE)
		no_provider(l, r);
	if (d != CONF_DESCRIBED)
		return false;
	if (hold(l->conf, p))
		return true;
	conf_complain(l, true, r->file, r->line, "no memory left");
	return false;
}

/* Finds the provider of a relay. */
static bool
conf_provider_find(
    struct loading *l, const struct relay_conf *r, struct conf_provider *p)
{
	const struct relay_conf *same;

	if (r->provider_name == NULL) {
		no_provider(l, r);
		return false;
	}
	if (find_provider(l, r->provider_name, p))
		return true;
	if ((same = same_provider(l, r)) == NULL)
		return read_provider(l, r, p);
	*p = (struct conf_provider){ .provider = same->provider,
		.keys = same->own_keys,
		.conf_size = same->own_size,
		.url = same->url,
		.sign_in_url = same->sign_in_url };
	return true;
}

/* Whether its provider can use the claims of a relay.  Their values are secrets, so
 * that none is shown. */
static void
conf_provider_claims(
    struct loading *l, const struct relay_conf *r, const char *section)
{
	const struct conf_claim *c = r->claims;
	char key[sizeof("claim.") + CONF_CLAIM_MAX];
	const struct setting *s;
	const char *wrong;

	if (r->credentials == CREDENTIALS_TOKEN)
		return;
	for (; c != NULL; c = c->next) {
		wrong = l->lists->wrong_claim(r->provider, c->name, c->value);
		if (wrong == NULL)
			continue;
		(void)snprintf(key, sizeof(key), "claim.%s", c->name);
		s = setting_find(l->settings.first, section, key);
		conf_complain(l, true, s->file, s->line, "[%s] %s %s", section,
		    key, wrong);
	}
}

void
conf_apply_relay(struct loading *l, struct relay_conf *r)
{
	struct conf_provider p;
	char *section;

	if (asprintf(&section, "relay %s", r->name) == -1) {
		conf_complain(l, true, l->file, 0, "no memory left");
		return;
	}
	conf_apply(l, section, "relay", conf_keys(), r);
	if (r->provider_name == NULL)
		r->provider_name = strdup(r->name);
	if (conf_provider_find(l, r, &p)) {
		r->provider = p.provider;
		r->own_keys = p.keys;
		r->own_size = p.conf_size;
		r->url = p.url;
		r->sign_in_url = p.sign_in_url;
		r->site = p.site;
		if (p.keys != NULL && (r->own = calloc(1, p.conf_size)) == NULL)
			conf_complain(l, true, l->file, 0, "no memory left");
		else if (p.keys != NULL)
			conf_apply(l, section, "relay", p.keys, r->own);
		conf_provider_claims(l, r, section);
	}
	free(section);
}
