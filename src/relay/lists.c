/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "call/members.h"
#include "call/provider.h"
#include "conf/conf.h"
#include "describe/described.h"
#include "relay/lists.h"
#include "relay/route.h"
#include "store/store.h"

static bool
lists_provider(size_t i, struct conf_provider *p)
{
	const struct provider *row = providers[i];

	if (row == NULL)
		return false;
	*p = (struct conf_provider){ .name = row->name,
		.provider = row,
		.keys = row->keys,
		.conf_size = row->conf_size,
		.site = row->store != NULL };
	return true;
}

/* --- described ones ------------------------------------------------------ */

struct lists_complaint {
	void (*complain)(void *arg, bool error, const char *line);
	void *arg;
	bool lenient;
};

static void
lists_complain(void *arg, bool error, const char *line)
{
	const struct lists_complaint *c = arg;

	c->complain(c->arg, error && !c->lenient, line);
}

static void
lists_release(void *described)
{
	described_free(described);
}

/* The folder that has a provider's directory first; false: none. */
static bool
lists_folder(const struct conf *conf, const char *name, char path[PATH_MAX])
{
	char **folder = conf->providers;
	struct stat st;

	for (; folder != NULL && *folder != NULL; folder++)
		if (snprintf(path, PATH_MAX, "%s/%s", *folder, name) <
			PATH_MAX &&
		    stat(path, &st) == 0)
			return true;
	return false;
}

static enum conf_described
lists_read_described(const struct conf *conf, const char *name,
    struct conf_provider *p, const struct lists_complaint *c)
{
	char path[PATH_MAX];
	struct described *d;

	if (!described_is_name(name) || !lists_folder(conf, name, path))
		return CONF_DESCRIBED_NONE;
	d = described_read(path, lists_complain, (void *)(uintptr_t)c);
	if (d == NULL && c->lenient)
		d = described_broken(path);
	if (d == NULL)
		return CONF_DESCRIBED_WRONG;
	*p = (struct conf_provider){ .name = name,
		.provider = described_provider(d),
		.keys = described_keys,
		.conf_size = described_provider(d)->conf_size,
		.url = described_url(d),
		.sign_in_url = described_sign_in_url(d),
		.held = d,
		.release = lists_release };
	return CONF_DESCRIBED;
}

static enum conf_described
lists_described(const struct conf *conf, const char *name,
    struct conf_provider *p, void (*complain)(void *, bool, const char *),
    void *arg)
{
	const struct lists_complaint c = { complain, arg, false };

	return lists_read_described(conf, name, p, &c);
}

static enum conf_described
lists_described_start(const struct conf *conf, const char *name,
    struct conf_provider *p, void (*complain)(void *, bool, const char *),
    void *arg)
{
	const struct lists_complaint c = { complain, arg, true };

	return lists_read_described(conf, name, p, &c);
}

/* --- what a relay needs of others ---------------------------------------- */

/* The first claim that the provider needs and that nobody can give; NULL: none. */
static const char *
lists_missing(const struct relay_conf *relay)
{
	const char *const *name = relay->provider->claims;

	if (relay->credentials != CREDENTIALS_GATEWAY)
		return NULL;
	while (name != NULL && *name != NULL &&
	    conf_claim(relay->claims, *name) != NULL)
		name++;
	return name == NULL ? NULL : *name;
}

/* Whether a relay's own keys say where its service is. */
static bool
lists_has_place(const struct relay_conf *relay)
{
	const struct conf_key *k = relay->provider->keys;

	while (k != NULL && k->name != NULL &&
	    strcmp(k->name, relay->provider->host_key) != 0)
		k++;
	return k != NULL && k->name != NULL &&
	    *(char *const *)((const char *)relay->own + k->offset) != NULL;
}

/* The first claim that says where the service is, where a token may not because
 * the credential is the gateway's, and nobody else does; NULL: none. */
static const char *
lists_nowhere(const struct relay_conf *relay)
{
	const struct provider *p = relay->provider;
	const char *const *host, *const *need;
	const struct conf_claim *c = relay->claims;

	while (c != NULL && c->host)
		c = c->next;
	if (c == NULL || relay->credentials == CREDENTIALS_TOKEN)
		return NULL;
	for (host = p->hosts; host != NULL && *host != NULL; host++) {
		if (conf_claim(relay->claims, *host) != NULL)
			continue;
		if (p->host_key != NULL)
			return lists_has_place(relay) ? NULL : *host;
		for (need = p->claims; need != NULL && *need != NULL; need++)
			if (strcmp(*need, *host) == 0)
				return *host;
	}
	return NULL;
}

/* Whether a relay may call its service without TLS, where it would. */
static bool
lists_tls(const struct relay_conf *relay, const struct conf *conf)
{
	const struct described *d = described_of(relay->provider);

	return d == NULL ||
	    described_has_tls(
		d, ((const struct described_conf *)relay->own)->url != NULL) ||
	    relay->allow_private == RELAY_PRIVATE_YES ||
	    (conf->allow_private && relay->allow_private != RELAY_PRIVATE_NO);
}

/* Runs of the program are kept apart by locks on the store's file. */
static int
lists_program(const struct relay_conf *relay, char *why)
{
	const struct provider *p = relay->provider;

	if (p->store == NULL || p->on_change == NULL ||
	    p->on_change(relay->own) == NULL ||
	    !store_is_url(p->store(relay->own)))
		return 0;
	(void)snprintf(why, CONF_ERROR_MAX,
	    "on_change needs a store in a file; with one in PostgreSQL let the "
	    "database tell of changes");
	return -1;
}

/* Which of a relay's claims say where its service is. */
static void
lists_hosts(struct relay_conf *relay)
{
	const char *const *host = relay->provider->hosts;
	struct conf_claim *c;

	for (; host != NULL && *host != NULL; host++)
		for (c = relay->claims; c != NULL; c = c->next)
			if (strcmp(c->name, *host) == 0)
				c->host = true;
}

static int
lists_complete(struct relay_conf *relay, const struct conf *conf, char *why)
{
	const char *missing;
	char path[PATH_MAX];

	lists_hosts(relay);
	if (described_of(relay->provider) == NULL &&
	    lists_folder(conf, relay->provider->name, path)) {
		(void)snprintf(why, CONF_ERROR_MAX,
		    "%.900s has the name of a built-in provider", path);
		return -1;
	}
	if (!lists_tls(relay, conf)) {
		(void)snprintf(why, CONF_ERROR_MAX,
		    "the url of %s, or of its sign-in, is http, which is "
		    "called with allow_private = yes alone",
		    relay->provider->title);
		return -1;
	}

	if (relay->provider->joins)
		return members_join(relay, conf, why);
	if ((missing = lists_missing(relay)) != NULL) {
		(void)snprintf(why, CONF_ERROR_MAX,
		    "credentials = gateway, but claim.%s is not set", missing);
		return -1;
	}
	if (relay->credentials == CREDENTIALS_TOKEN && relay->claims != NULL) {
		(void)snprintf(why, CONF_ERROR_MAX,
		    "credentials = token: claim.%s is not used",
		    relay->claims->name);
		return 1;
	}
	if ((missing = lists_nowhere(relay)) != NULL) {
		(void)snprintf(why, CONF_ERROR_MAX,
		    "claim.%s is not set, and no token may name it beside a "
		    "credential of the gateway: requests that would need both "
		    "are refused",
		    missing);
		return 1;
	}
	return lists_program(relay, why);
}

static const char *
lists_wrong_claim(const struct provider *p, const char *name, const char *value)
{
	const struct described *d = described_of(p);

	return d == NULL ? NULL : described_wrong_value(d, name, value);
}

const struct conf_lists relay_lists = { .provider = lists_provider,
	.described = lists_described,
	.wrong_claim = lists_wrong_claim,
	.reserved = route_is_first,
	.complete = lists_complete };
const struct conf_lists relay_lists_start = { .provider = lists_provider,
	.described = lists_described_start,
	.wrong_claim = lists_wrong_claim,
	.reserved = route_is_first,
	.complete = lists_complete };
