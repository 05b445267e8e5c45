/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "call/members.h"
#include "conf/conf.h"

const struct members *
members_of(const struct relay_conf *relay)
{
	return relay->provider->joins ? relay->own : NULL;
}

static bool
members_have(const struct members *m, const struct relay_conf *relay)
{
	size_t i;

	for (i = 0; i < m->n; i++)
		if (m->list[i] == relay)
			return true;
	return false;
}

/* Why a relay cannot be the next member, NULL: it can. */
static const char *
members_refuse(const struct members *m, const struct relay_conf *relay)
{
	if (relay == NULL)
		return "there is no such relay";
	if (relay->provider != NULL && relay->provider->joins)
		return "it asks several relays itself";
	if (members_have(m, relay))
		return "it is named twice";
	return m->n == MEMBERS_MOST ? "there are too many of them" : NULL;
}

int
members_join(struct relay_conf *relay, const struct conf *conf, char *why)
{
	struct members *m = relay->own;
	const struct relay_conf *member;
	const char *refused;
	char **name;

	m->provider = *relay->provider;
	for (name = m->names; name != NULL && *name != NULL; name++) {
		member = conf_relay(conf, *name, strlen(*name));
		if ((refused = members_refuse(m, member)) != NULL) {
			(void)snprintf(why, CONF_ERROR_MAX, "relays: %s: %s",
			    *name, refused);
			return -1;
		}
		/* What is wrong with its section was said. */
		if (member->provider == NULL)
			continue;
		m->list[m->n++] = member;
		observable_set_join(
		    &m->provider.types, &member->provider->types);
		m->provider.routes |= member->provider->routes;
	}
	if (m->names == NULL || m->names[0] == NULL) {
		(void)snprintf(why, CONF_ERROR_MAX,
		    "relays: it names none; write which relays it asks, as in "
		    "`relays = local otx`");
		return -1;
	}
	relay->provider = &m->provider;
	return 0;
}
