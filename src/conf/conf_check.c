/* SPDX-License-Identifier: MIT */
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/savedtext.h"
#include "conf/conf.h"
#include "conf/conf_loading.h"
#include "net/endpoint.h"

/* A worker's part of [server] memory, in bytes: at least, and unless set, of
 * which parked_memory and write_memory take what they are by default.  A worker
 * keeps a part for bodies in which BODIES / 8 of the largest fit. */
#define MEMORY_LEAST (16U << 20)
#define MEMORY_USUAL (256U << 20)
#define BODIES       16

static void
from_environment(struct loading *l, const char *key)
{
	char why[SAVEDTEXT_WHY];

	if (strlen(key) < 32)
		conf_complain(l, true, l->file, 0,
		    "SECRET_KEY in the environment "
		    "must have at least 32 characters");
	else if (savedtext_plain(key, false, why) == -1)
		conf_complain(l, true, l->file, 0,
		    "SECRET_KEY in the environment "
		    "holds %s",
		    why);
	else if ((l->conf->secret_key = strdup(key)) == NULL)
		conf_complain(l, true, l->file, 0, "no memory left");
}

static void
no_default(struct loading *l)
{
	const struct setting *s;

	s = setting_find(l->settings.first, "server", "default_relay");
	conf_complain(l, true, s->file, s->line,
	    "[server] default_relay: there is "
	    "no [relay %s]",
	    l->conf->default_relay);
}

static void
no_egress_log(struct loading *l)
{
	const struct setting *s;

	s = setting_find(l->settings.first, "egress", "log_required");
	conf_complain(l, true, s->file, s->line,
	    "[egress] log_required: there is no [egress] log, so nothing "
	    "could leave");
}

static bool
is_set(const struct loading *l, const char *section, const char *name)
{
	return setting_find(l->settings.first, section, name) != NULL;
}

/* [server] memory: the default, or whether it is enough. */
static void
conf_check_memory(struct loading *l)
{
	struct conf *c = l->conf;
	const struct setting *s =
	    setting_find(l->settings.first, "server", "memory");
	size_t least = BODIES * c->max_body, usual = MEMORY_USUAL;

	if (least < MEMORY_LEAST)
		least = MEMORY_LEAST;
	if (usual < least)
		usual = least;
	if (c->memory == 0)
		c->memory = usual * (size_t)c->workers;
	else if (c->memory / (size_t)c->workers < least)
		conf_complain(l, true, s->file, s->line,
		    "[server] memory: %d workers with a max_body of %zu bytes "
		    "need at least %zuM",
		    c->workers, c->max_body,
		    (least * (size_t)c->workers + (1 << 20) - 1) >> 20);
}

/* The platform signs for all its customers, and aud names only a URL that each of
 * them may enter there. */
static void
conf_check_customers(struct loading *l)
{
	const struct relay_conf *r = l->conf->relays;

	while (r != NULL && !r->site && r->claims == NULL)
		r = r->next;
	if (r != NULL)
		conf_complain(l, false, r->file, r->line,
		    "[relay %s] RS256 tokens of every customer of the platform "
		    "are taken for %s: name yours in [auth] require, as in "
		    "CLAIM=VALUE, or let [auth] jwks_hosts be empty",
		    r->name,
		    r->claims != NULL ? "credentials of this gateway" :
					"indicators of this gateway");
}

/* [server] metrics: who asks there needs no token. */
static void
conf_check_metrics(struct loading *l)
{
	const struct setting *s =
	    setting_find(l->settings.first, "server", "metrics");
	union endpoint e;

	if (l->conf->metrics != NULL && s != NULL &&
	    endpoint_read(&e, l->conf->metrics) != 0 &&
	    !endpoint_is_loopback(&e))
		conf_complain(l, false, s->file, s->line,
		    "[server] metrics: %s is reached from other machines, and "
		    "no token is asked for there: let a firewall keep out who "
		    "does not collect metrics",
		    l->conf->metrics);
}

void
conf_check(struct loading *l)
{
	struct conf *c = l->conf;
	const char *key = getenv("SECRET_KEY");
	cpu_set_t cpus;
	bool rs256;

	if (c->workers == 0)
		c->workers = sched_getaffinity(0, sizeof(cpus), &cpus) == 0 ?
		    CPU_COUNT(&cpus) :
		    1;
	conf_check_memory(l);
	conf_check_metrics(l);
	if (c->secret_key == NULL && key != NULL && *key != '\0')
		from_environment(l, key);
	if (c->default_relay != NULL &&
	    conf_relay(c, c->default_relay, strlen(c->default_relay)) == NULL)
		no_default(l);
	rs256 = c->jwks_hosts != NULL && c->jwks_hosts[0] != NULL;
	/* A value that is set and was refused has been complained about. */
	if (c->secret_key == NULL && !is_set(l, "auth", "secret_key"))
		conf_complain(l, false, l->file, 0,
		    "no [auth] secret_key: every "
		    "%stoken will be refused; `ctim-relay jwt` makes one",
		    rs256 ? "HS256 " : "");
	if (rs256 && c->base_url == NULL && !is_set(l, "server", "base_url"))
		conf_complain(l, false, l->file, 0,
		    "no [server] base_url: which "
		    "gateway an RS256 token is for is then judged by the Host "
		    "that the request names; set it, or let [auth] jwks_hosts "
		    "be empty");
	if (rs256 && (c->require == NULL || c->require[0] == NULL) &&
	    !is_set(l, "auth", "require"))
		conf_check_customers(l);
	if (c->egress.log_required && c->egress.log == NULL &&
	    !is_set(l, "egress", "log"))
		no_egress_log(l);
	if (c->relays == NULL && l->named == 0)
		conf_complain(l, false, l->file, 0,
		    "no [relay NAME]: nothing is served; a "
		    "first one is the two words [relay local]");
}
