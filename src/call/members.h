/* SPDX-License-Identifier: MIT */
/*
 * members: a relay that asks others, `[relay all] provider = all`.
 *
 * Its own keys name the relays that it asks.  They are looked up once all
 * sections are read, whatever the order of these; then the relay has a provider
 * of its own, with the types and routes that at least one of them has.
 */
#ifndef CTIM_MEMBERS_H
#define CTIM_MEMBERS_H

#include <stddef.h>

#include "call/provider.h"

#define MEMBERS_MOST 32 /* relays that one asks */

struct conf;
struct relay_conf;

/* relay_conf.own of such a relay; all of it belongs to the configuration. */
struct members {
	char **names; /* [relay NAME] relays, ended by NULL; NULL: none */
	struct provider provider;
	const struct relay_conf *list[MEMBERS_MOST]; /* in the order of names */
	size_t n;
};

/* Those of a relay that asks others, NULL for any other relay. */
const struct members *members_of(const struct relay_conf *);
/* Looks up the members of such a relay.  Returns 0, or -1 with the reason in why
 * (CONF_ERROR_MAX bytes). */
int members_join(struct relay_conf *, const struct conf *, char *why);

#endif
