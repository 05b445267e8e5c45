/* SPDX-License-Identifier: MIT */
#include <arpa/inet.h>

#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "answer/transport.h"
#include "cache/cache.h"
#include "call/provider.h"
#include "conf/conf.h"
#include "net/netset.h"
#include "relay/probe.h"
#include "relay/request.h"
#include "relay/session.h"
#include "shared/shared.h"
#include "store/store.h"

#define PROBE_WHY (STORE_ERROR_MAX + 64) /* bytes of a reason */

bool
probe_offered(const struct request *r)
{
	const char *from = transport_var(r->transport, "REMOTE_ADDR");
	struct netset_address a = { .six = false };

	if (from == NULL || r->conf->probes == NULL)
		return false;
	a.six = strchr(from, ':') != NULL;
	return inet_pton(a.six ? AF_INET6 : AF_INET, from, a.byte) == 1 &&
	    netset_names(r->conf->probes, &a);
}

static void
probe_say(struct request *r, const char *text)
{
	r->response.type = "text/plain; charset=utf-8";
	response_write(&r->response, text, strlen(text));
	response_end(&r->response);
}

void
probe_healthz(struct request *r)
{
	probe_say(r, "ok");
}

/* Whether the store of a relay answers; else says why not. */
static bool
probe_store(
    struct request *r, const struct relay_conf *relay, char why[PROBE_WHY])
{
	char error[STORE_ERROR_MAX];
	struct store *store = session_store(r->session, relay);

	if (store != NULL && store_check(store, error) == 0)
		return true;
	if (store != NULL)
		log_error("relay %s: %s", relay->name, error);
	/* The path and the system's words are for the log alone. */
	(void)snprintf(why, PROBE_WHY,
	    "The store of the relay %s does not open; the log says why",
	    relay->name);
	return false;
}

/* Whether the cache opens; else says why not.  What one thread's cache met a moment
 * ago, and rests for, is not what the gateway can do: so the file is looked at.  A
 * server that is away is away for all gateways that share it, and no request fails
 * for that: were they not ready, a balancer would be left without any. */
static bool
probe_cache(struct request *r, char why[PROBE_WHY])
{
	struct cache *cache = session_cache(r->session);
	char closed[CACHE_WHY];

	if (strcmp(r->conf->cache_url, "off") == 0 || cache_on(cache))
		return true;
	if (cache_is_remote(cache)) {
		(void)snprintf(why, PROBE_WHY,
		    "ok\nThe cache does not answer, and requests go on without "
		    "it; the log says why");
		return true;
	}
	if (cache_check(r->conf, closed) == 0)
		return true;
	/* The path and the system's words are for the log alone, which has them. */
	(void)snprintf(
	    why, PROBE_WHY, "The cache does not open; the log says why");
	return false;
}

static bool
probe_ready(struct request *r, char why[PROBE_WHY])
{
	const struct relay_conf *relay;

	if (atomic_load(&session_shared(r->session)->stopping)) {
		(void)snprintf(why, PROBE_WHY, "The gateway stops");
		return false;
	}
	if (!probe_cache(r, why))
		return false;
	for (relay = r->conf->relays; relay != NULL; relay = relay->next)
		if (relay->provider->store != NULL &&
		    !probe_store(r, relay, why))
			return false;
	return true;
}

void
probe_readyz(struct request *r)
{
	char why[PROBE_WHY] = "ok";

	if (!probe_ready(r, why))
		r->response.status = 503;
	probe_say(r, why);
}
