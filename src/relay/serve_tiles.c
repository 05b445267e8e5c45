/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "answer/answer.h"
#include "base/utf8.h"
#include "call/provider.h"
#include "conf/conf.h"
#include "figures/figures.h"
#include "json/jsonin.h"
#include "log/log.h"
#include "relay/ask.h"
#include "relay/request.h"
#include "relay/serve.h"
#include "relay/session.h"
#include "store/store.h"

#define TILE_WHY 1024 /* bytes of the refusal */

/* Whether a relay shows a tile. */
static bool
tile_is_shown(const struct relay_conf *relay, const struct tile *t)
{
	const struct provider *p = relay->provider;

	return p->tile_shown == NULL || p->tile_shown(relay->own, t);
}

/* The first of n relays that shows the tile of a name, and the tile; NULL: none
 * does.  some: whether one of them has tiles at all. */
static const struct asked *
tile_of(const struct asked *asked, size_t n, const char *id,
    const struct tile **t, bool *some)
{
	size_t i;

	*some = false;
	for (i = 0; i < n; i++) {
		if (asked[i].relay->provider->tiles == NULL)
			continue;
		*some = true;
		*t = tile_find(asked[i].relay->provider->tiles, id);
		if (*t != NULL && tile_is_shown(asked[i].relay, *t))
			return &asked[i];
	}
	return NULL;
}

static void
tile_describe_one(struct answer *a, const struct tile *t)
{
	tile_describe(answer_element(a), t);
	answer_end(a);
}

void
serve_tiles(struct request *r)
{
	struct asked asked[ASK_MOST];
	const struct tile *t, *first;
	struct answer *a;
	size_t i, n = serve_asked(r, asked);
	bool some;

	if ((a = serve_begin(r, ANSWER_LIST, CTIM_SIGHTING)) == NULL)
		return;
	for (i = 0; i < n; i++) {
		t = asked[i].relay->provider->tiles;
		/* One that an earlier relay has, too, is that one's. */
		for (; t != NULL && t->id != NULL; t++)
			if (tile_of(asked, n, t->id, &first, &some) ==
			    &asked[i])
				tile_describe_one(a, t);
	}
	serve_finish(r, a);
}

/* Finds the tile, its relay, and its period (NULL: not asked for), that a body
 * names; of relays without tiles *t is NULL.  Returns false when they have tiles,
 * but not this one, or not for that period: the request is refused then. */
static bool
tile_named(struct request *r, struct json_object *body, struct asked *of,
    const struct tile **t, int *period)
{
	const char *id = jsonin_string(body, "tile_id");
	struct asked asked[ASK_MOST];
	const struct asked *found;
	char why[TILE_WHY];
	bool some;

	found = tile_of(asked, serve_asked(r, asked), id, t, &some);
	if (found == NULL) {
		*t = NULL;
		(void)snprintf(why, sizeof(why), "There is no tile \"%.*s\"",
		    (int)utf8_cut(id, SERVE_GIVEN), id);
		if (some)
			serve_refusal(r, PROBLEM_INVALID_ARGUMENT, why);
		return !some;
	}
	*of = *found;
	if (period == NULL)
		return true;
	id = jsonin_string(body, "period");
	if ((*period = tile_period(*t, id)) != -1)
		return true;
	(void)snprintf(why, sizeof(why),
	    "The tile \"%s\" has no period \"%.*s\"", (*t)->id,
	    (int)utf8_cut(id, SERVE_GIVEN), id);
	serve_refusal(r, PROBLEM_INVALID_ARGUMENT, why);
	return false;
}

/* Has the provider of a relay write the data of a tile; where the store cannot be
 * read, the answer is an error. */
static void
tile_ask(struct request *r, struct answer *a, const struct asked *asked,
    const struct tile *tile, enum tile_period period)
{
	const struct query query = { .provider = asked->relay->provider,
		.route = PROVIDER_TILES,
		.claims = &asked->claims,
		.conf = asked->relay->own,
		.now = r->now };
	struct figures figures = { .n = 0 };
	struct tile_question q = { .query = &query,
		.tile = tile,
		.period = period,
		.since = r->now - tile_seconds(period) };
	char error[STORE_ERROR_MAX] = "";
	struct store *store;

	if (asked->relay->provider->store != NULL) {
		store = session_store(r->session, asked->relay);
		if (store == NULL ||
		    figures_read(store, tile->needs, q.since, r->now, &figures,
			error) == -1) {
			if (error[0] != '\0')
				log_error(
				    "relay %s: %s", asked->relay->name, error);
			answer_problem(
			    a, session_no_store(asked->relay), ASK_NO_STORE);
			figures_free(&figures);
			return;
		}
		q.figures = &figures;
	}
	tile_write(answer_element(a), &q);
	answer_end(a);
	figures_free(&figures);
}

/* Answers with what a provider with tiles has of the one that the body names, and
 * with nothing for another provider. */
static void
tile_serve(struct request *r, const char *const *names, bool data)
{
	struct json_object *body;
	const struct tile *t;
	struct asked of;
	struct answer *a;
	int period = 0;

	if ((body = serve_body(r, names)) == NULL)
		return;
	if (tile_named(r, body, &of, &t, data ? &period : NULL) &&
	    (a = serve_begin(r, ANSWER_OBJECT, CTIM_SIGHTING)) != NULL) {
		if (t != NULL && data)
			tile_ask(r, a, &of, t, (enum tile_period)period);
		else if (t != NULL)
			tile_describe_one(a, t);
		serve_finish(r, a);
	}
	json_object_put(body);
}

void
serve_tile(struct request *r)
{
	static const char *const names[] = { "tile_id", NULL };

	tile_serve(r, names, false);
}

void
serve_tile_data(struct request *r)
{
	static const char *const names[] = { "tile_id", "period", NULL };

	tile_serve(r, names, true);
}
