/* SPDX-License-Identifier: MIT */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "cache/cache.h"
#include "call/fanout.h"
#include "call/provider.h"
#include "conf/conf.h"
#include "ctim/indicator.h"
#include "mapping/maps.h"
#include "http/http.h"
#include "log/log.h"
#include "os/clock.h"
#include "relay/session.h"
#include "shared/shared.h"
#include "store/store.h"
#include "token/auth.h"
#include "token/jwks.h"

#define LOOK_EVERY   1000 /* ms between looks whether the file is the same */
#define MATCHES_MOST 32   /* sources of an observable that are counted */

struct opened {
	const struct relay_conf *relay;
	struct store *store;
	int64_t looked; /* clock_ms() */
	struct opened *next;
};

struct session {
	const struct conf *conf;
	struct shared *own; /* NULL unless this process is alone */
	struct shared *shared;
	struct cache *cache;
	struct http *http;
	struct jwks *jwks;
	struct auth *auth;
	struct fanout *fanout;
	struct opened *stores;
	struct maps *own_maps; /* NULL unless the configuration has none */
	struct map_worker *map_worker; /* NULL until it is asked */
	struct counters *counters;
	size_t shard;
	size_t *counted; /* place of each relay in counters */
};

/* Chooses the shard and the places in which this thread counts. */
static int
count_begin(struct session *s, struct counters *c)
{
	const struct relay_conf *r;
	size_t n = 0;

	for (r = s->conf->relays; r != NULL; r = r->next)
		n++;
	if ((s->counted = calloc(n + 1, sizeof(*s->counted))) == NULL)
		return -1;
	for (r = s->conf->relays; r != NULL; r = r->next)
		s->counted[r->place] = counters_relay(c, r->name);
	s->counters = c;
	s->shard = counters_shard(c);
	return 0;
}

/* Makes the parts in order: each uses those before it. */
static int
build(struct session *s, struct shared *shared, struct http_engine *engine)
{
	if (shared == NULL) {
		if ((shared = s->own = shared_new()) == NULL)
			return -1;
		shared->alone = true;
	}
	s->shared = shared;
	if ((s->cache = cache_new(s->conf)) == NULL)
		return -1;
	cache_count(s->cache, &shared->counters);
	return count_begin(s, &shared->counters) == -1 || http_global() == -1 ||
		(s->http = engine == NULL ? http_new(s->conf) :
					    http_join(engine)) == NULL ||
		(s->jwks = jwks_new(shared, s->cache, s->http)) == NULL ||
		(s->auth = auth_new(s->conf, s->jwks)) == NULL ||
		(s->fanout = fanout_new(s->conf, shared, s->cache, s->http)) ==
		    NULL ?
	    -1 :
	    0;
}

struct session *
session_new(
    const struct conf *conf, struct shared *shared, struct http_engine *engine)
{
	struct session *s;

	if ((s = calloc(1, sizeof(*s))) == NULL)
		return NULL;
	s->conf = conf;
	if (build(s, shared, engine) == -1) {
		session_free(s);
		return NULL;
	}
	return s;
}

void
session_free(struct session *s)
{
	struct opened *o;

	if (s == NULL)
		return;
	while ((o = s->stores) != NULL) {
		s->stores = o->next;
		store_close(o->store);
		free(o);
	}
	map_worker_free(s->map_worker);
	maps_free(s->own_maps);
	fanout_free(s->fanout);
	auth_free(s->auth);
	jwks_free(s->jwks);
	http_free(s->http);
	cache_free(s->cache);
	shared_free(s->own);
	free(s->counted);
	free(s);
}

void
session_rest(struct session *s)
{
	struct opened *o;

	for (o = s->stores; o != NULL; o = o->next)
		if (o->store != NULL)
			store_rest(o->store);
}

const struct conf *
session_conf(const struct session *s)
{
	return s->conf;
}

struct auth *
session_auth(struct session *s)
{
	return s->auth;
}

struct fanout *
session_fanout(struct session *s)
{
	return s->fanout;
}

struct cache *
session_cache(struct session *s)
{
	return s->cache;
}

static struct opened *
session_find(struct session *s, const struct relay_conf *relay)
{
	struct opened *o;

	for (o = s->stores; o != NULL; o = o->next)
		if (o->relay == relay)
			return o;
	if ((o = calloc(1, sizeof(*o))) == NULL)
		return NULL;
	o->relay = relay;
	o->next = s->stores;
	s->stores = o;
	return o;
}

struct store *
session_store(struct session *s, const struct relay_conf *relay)
{
	const char *path = relay->provider->store(relay->own);
	char error[STORE_ERROR_MAX];
	struct opened *o = session_find(s, relay);
	int64_t now = clock_ms();

	if (o == NULL)
		return NULL;
	if (o->store != NULL && now - o->looked < LOOK_EVERY)
		return o->store;
	o->looked = now;
	/* A file that was removed or replaced stays readable through the open
	 * connection, but its answers would be out of date. */
	if (o->store != NULL && store_moved(o->store)) {
		store_close(o->store);
		o->store = NULL;
	}
	if (o->store == NULL) {
		o->store = store_open(path, STORE_READ, error);
		if (o->store == NULL)
			log_error("relay %s: %s", relay->name, error);
	}
	return o->store;
}

enum problem
session_no_store(const struct relay_conf *relay)
{
	return store_is_url(relay->provider->store(relay->own)) ?
	    PROBLEM_SERVICE_UNAVAILABLE :
	    PROBLEM_INTERNAL;
}

void
session_changed(struct session *s, const struct relay_conf *relay)
{
	(void)atomic_fetch_add(
	    &s->shared->changes[s->counted[relay->place]], 1);
}

/* What each result of a question is counted as. */
static const enum counters_map session_counted[MAP_RESULTS] = {
	[MAP_DONE] = COUNTERS_MAP_DONE,
	[MAP_ERROR] = COUNTERS_MAP_ERROR,
	[MAP_LATE] = COUNTERS_MAP_LATE,
	[MAP_CRASHED] = COUNTERS_MAP_CRASH,
	[MAP_MEMORY] = COUNTERS_MAP_MEMORY,
	[MAP_OFF] = COUNTERS_MAP_OFF,
	[MAP_NONE] = COUNTERS_MAP_UNAVAILABLE
};

bool
session_broken(const struct session *s, const struct relay_conf *relay)
{
	return relay->provider->broken ||
	    maps_broken(
		s->conf->maps != NULL ? s->conf->maps : s->own_maps, relay);
}

struct maps_asked
session_map(struct session *s, const struct relay_conf *relay,
    const struct query *q, int64_t deadline)
{
	const struct counters_place place = session_place(s, relay);
	struct maps *m = s->conf->maps;
	struct maps_asked asked;

	if (m == NULL && s->own_maps == NULL)
		s->own_maps = maps_new(s->conf);
	if (m == NULL)
		m = s->own_maps;
	asked = maps_ask(m, &s->map_worker, relay, q, deadline);
	if (asked.asked)
		counters_map(&place, session_counted[asked.result], asked.ms);
	return asked;
}

struct shared *
session_shared(struct session *s)
{
	return s->shared;
}

/* Adds the source of a record to those that list the observable, each once for
 * a disposition.  Returns how many there are. */
static size_t
session_match(struct match *list, size_t n, const struct record *r)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (list[i].disposition == r->disposition &&
		    strcmp(list[i].source, r->source.name) == 0)
			return n;
	list[n] = (struct match){ r->source.name, r->disposition };
	return n + 1;
}

void
session_matched(struct session *s, const struct relay_conf *relay,
    const struct observable *o, const struct record *records, size_t n,
    int64_t now)
{
	const size_t place = s->counted[relay->place];
	struct match list[MATCHES_MOST];
	char value[INDICATOR_MAX + 1];
	const char *known = NULL;
	size_t i, matches = 0;

	/* Several relays share the last place, and may have other stores. */
	if (place == COUNTERS_RELAYS - 1)
		return;
	for (i = 0; i < n && matches < MATCHES_MOST; i++) {
		matches = session_match(list, matches, &records[i]);
		if (records[i].exact)
			known = records[i].value;
	}
	/* What a record is not itself is counted in its normal form, too. */
	if (known == NULL && indicator_normalise(o->type, o->value, value) == 0)
		known = value;
	if (known != NULL)
		matches_add(&s->shared->matches, s->shard, place, now,
		    (int)o->type, known, list, matches);
}

struct counters_place
session_place(const struct session *s, const struct relay_conf *relay)
{
	return (struct counters_place){ s->counters, s->shard,
		relay == NULL ? 0 : s->counted[relay->place] };
}

void
session_count(struct session *s, const struct relay_conf *relay,
    const struct log_request *r)
{
	counters_request(s->counters, s->shard,
	    relay == NULL ? 0 : s->counted[relay->place], r);
}
