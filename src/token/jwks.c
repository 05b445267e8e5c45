/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "http/http.h"
#include "log/log.h"
#include "os/clock.h"
#include "shared/keysets.h"
#include "shared/shared.h"
#include "token/jwk.h"
#include "token/jwks.h"
#include "token/jwks_cache.h"

/* Seconds. */
#define FRESH      3600  /* a set is not asked for again */
#define STALE      86400 /* it serves while it cannot be fetched */
#define AGAIN      60    /* between tries of a host whose set we have */
#define AGAIN_NONE 10    /* between tries of one that we have none of */
#define SKEW \
	60 /* between the clocks of requests: each reads it
				 * when it begins */
/* Milliseconds. */
#define FETCH       3000
#define LEASE       (FETCH + 2000) /* with the cache before and after */
#define POLL        15
#define POLL_OTHERS 50 /* at the server that gateways share */

#define URL_BYTES   (JWKS_HOST_MAX + 64)

/* The keys of one text; a text is parsed once a thread. */
struct parsed {
	char host[JWKS_HOST_MAX]; /* "": free */
	uint64_t serial;          /* 0: no keys */
	int64_t used;             /* clock_ms() */
	struct jwk_set set;
};

struct jwks {
	struct jwks_table *table;
	struct cache *cache;
	struct http *http;
	struct parsed parsed[JWKS_HOSTS];
	struct buf text;
	char why[JWKS_WHY_MAX];
};

/* One jwks_key() on its way. */
struct search {
	const char *host;
	int64_t now, deadline;
	bool unknown; /* the set is fresh and has no
						 * such kid */
	bool starved; /* memory ran out on the way */
	struct parsed *parsed;
	struct keysets_state state;
};

struct jwks *
jwks_new(struct shared *shared, struct cache *cache, struct http *http)
{
	struct jwks *j;

	if ((j = calloc(1, sizeof(*j))) == NULL)
		return NULL;
	j->table = &shared->jwks;
	j->cache = cache;
	j->http = http;
	buf_init(&j->text, JWKS_BYTES);
	return j;
}

void
jwks_free(struct jwks *j)
{
	size_t i;

	if (j == NULL)
		return;
	for (i = 0; i < JWKS_HOSTS; i++)
		jwk_free(&j->parsed[i].set);
	buf_free(&j->text);
	free(j);
}

/* Whether then is less than seconds before now.  A time ahead of now means that
 * the clock was set back, and says nothing. */
static bool
within(int64_t then, int64_t now, int64_t seconds)
{
	return then > 0 && then <= now + SKEW && now - then < seconds;
}

/* The thread's place for a host, if need be that of another, the longest
 * unused. */
static struct parsed *
jwks_place(struct jwks *j, const char *host)
{
	struct parsed *p = &j->parsed[0];
	size_t i;

	for (i = 0; i < JWKS_HOSTS; i++)
		if (strcmp(j->parsed[i].host, host) == 0)
			return &j->parsed[i];
	for (i = 0; i < JWKS_HOSTS; i++)
		if (j->parsed[i].used < p->used)
			p = &j->parsed[i];
	jwk_free(&p->set);
	p->serial = 0;
	snprintf(p->host, sizeof(p->host), "%s", host);
	return p;
}

/* Brings the search to what is known now; its keys are there when the serials
 * of state and parsed are the same. */
static void
jwks_look(struct jwks *j, struct search *s)
{
	struct parsed *p = s->parsed;

	p->used = clock_ms();
	keysets_look(j->table, s->host, s->now, p->serial, &s->state, &j->text);
	if (p->serial == s->state.serial)
		return;
	jwk_free(&p->set);
	p->serial = 0;
	/* It was a set when it was stored: only memory can fail. */
	s->starved = s->state.serial != 0 &&
	    (j->text.failed ||
		jwk_parse(j->text.data, j->text.len, &p->set) != NULL);
	if (!s->starved)
		p->serial = s->state.serial;
}

static bool
usable(const struct search *s)
{
	return s->parsed->serial != 0 && s->parsed->serial == s->state.serial &&
	    within(s->state.fetched, s->now, STALE);
}

static enum http_take
jwks_take(struct http_call *call, const char *p, size_t n, int64_t length)
{
	(void)length;
	return buf_add(call->arg, p, n) == 0 ? HTTP_MORE : HTTP_REFUSE;
}

/* Asks the host, in ms at most.  True when its set is in j->text and its keys
 * in *set; else why not is in j->why, *late says whether time ran out, and
 * *starved whether memory did. */
static bool
jwks_ask(struct jwks *j, const char *host, int64_t ms, struct jwk_set *set,
    bool *late, bool *starved)
{
	static const char *const headers[] = { "Accept: application/json",
		NULL };
	char url[URL_BYTES];
	struct http_call call = { .url = url,
		.headers = headers,
		.timeout = ms,
		.max_body = JWKS_BYTES,
		.take = jwks_take,
		.arg = &j->text };
	char answered[HTTP_REASON_MAX + 32];
	const char *why;

	snprintf(url, sizeof(url), "https://%s/.well-known/jwks", host);
	buf_reset(&j->text);
	http_do(j->http, &call);
	*late = call.end == HTTP_LATE;
	*starved = call.end == HTTP_NO_MEMORY || j->text.starved;
	if (call.end == HTTP_ANSWERED && call.status == 200) {
		why = jwk_parse(j->text.data, j->text.len, set);
		*starved = why == jwk_no_memory;
	} else if (call.end == HTTP_ANSWERED) {
		snprintf(answered, sizeof(answered), "it answered %d %s",
		    call.status, call.reason);
		why = answered;
	} else {
		why = call.end == HTTP_REFUSED ? "the key set does not fit" :
						 call.why;
	}
	if (why != NULL)
		snprintf(j->why, sizeof(j->why), "%s: %s", url, why);
	return why == NULL;
}

/* Makes the text in j->text, fetched at that time, the set of the host, and its
 * keys the thread's. */
static void
adopt(struct jwks *j, const struct search *s, int64_t at,
    const struct jwk_set *set)
{
	jwk_free(&s->parsed->set);
	s->parsed->set = *set;
	s->parsed->serial =
	    keysets_store(j->table, s->host, at, j->text.data, j->text.len);
}

/*
 * What another process has found out since, from the cache into the table,
 * which ends the claim.  False when that is nothing.
 */
static bool
load(struct jwks *j, const struct search *s)
{
	struct jwk_set set;
	int64_t at;

	if (jwks_cache_get(j->cache, JWKS_CACHED_SET, s->host, &at, &j->text) &&
	    within(at, s->now, STALE) && at > s->state.fetched &&
	    jwk_parse(j->text.data, j->text.len, &set) == NULL) {
		adopt(j, s, at, &set);
		return true;
	}
	if (jwks_cache_get(
		j->cache, JWKS_CACHED_FAILURE, s->host, &at, &j->text) &&
	    within(at, s->now, AGAIN) && at > s->state.tried) {
		keysets_failed(j->table, s->host, at, j->text.data);
		return true;
	}
	if (s->unknown &&
	    jwks_cache_get(
		j->cache, JWKS_CACHED_ASKED, s->host, &at, &j->text) &&
	    within(at, s->now, AGAIN)) {
		keysets_leave(j->table, s->host);
		return true;
	}
	return false;
}

/* Asks the host and says in the table and the cache what came of it, which ends
 * the claim. */
static void
fetch(struct jwks *j, struct search *s)
{
	const int64_t left = s->deadline - clock_ms();
	struct jwk_set set;
	bool late;

	if (s->unknown)
		jwks_cache_put(
		    j->cache, JWKS_CACHED_ASKED, s->host, s->now, "", 0);
	if (jwks_ask(j, s->host,
		left > FETCH ? FETCH :
		    left > 0 ? left :
			       1,
		&set, &late, &s->starved)) {
		adopt(j, s, s->now, &set);
		jwks_cache_put(j->cache, JWKS_CACHED_SET, s->host, s->now,
		    j->text.data, j->text.len);
	} else if (s->starved || (late && left < FETCH)) {
		/* A request short of time or memory says nothing about
		 * the host. */
		keysets_leave(j->table, s->host);
	} else {
		log_warning("%s%s", j->why,
		    usable(s) ? "; the set fetched before serves on" : "");
		keysets_failed(j->table, s->host, s->now, j->why);
		jwks_cache_put(j->cache, JWKS_CACHED_FAILURE, s->host, s->now,
		    j->why, strlen(j->why));
	}
	jwks_cache_fetched(j->cache, s->host);
}

/* Whether the host may be asked.  A new key is found at its first token, also
 * right after a fetch; those that nobody has must wait then. */
static bool
jwks_is_due(const struct search *s)
{
	int64_t pause = usable(s) ? AGAIN : AGAIN_NONE;

	if (s->unknown && s->state.why[0] == '\0')
		return !within(s->state.asked, s->now, AGAIN);
	return !within(s->state.tried, s->now, pause);
}

/*
 * Whether another gateway fetches the set; the claim is given back then.  For a
 * kid that nobody knew each asks for itself: the claim has noted that it did.
 */
static bool
another_fetches(struct jwks *j, const struct search *s)
{
	if (s->unknown || !jwks_cache_theirs(j->cache, s->host, LEASE))
		return false;
	keysets_leave(j->table, s->host);
	return true;
}

/* Looks, fetches once if need be, or waits for who does.  Whether the set now has
 * the kid. */
static bool
search(struct jwks *j, struct search *s, const char *kid)
{
	const struct timespec pause = { .tv_nsec = POLL * 1000000L },
			      others = { .tv_nsec = POLL_OTHERS * 1000000L };
	bool asked = false, waited = false, fresh, found;

	for (;;) {
		jwks_look(j, s);
		found = usable(s) && jwk_find(&s->parsed->set, kid) != NULL;
		fresh = usable(s) && within(s->state.fetched, s->now, FRESH);
		s->unknown = fresh && !found;
		/* What another fetched meanwhile is as new as can be. */
		if ((found && fresh) || asked || (s->unknown && waited) ||
		    !jwks_is_due(s) || clock_ms() >= s->deadline)
			return found;
		if (keysets_claim(j->table, s->host, &s->state, clock_ms(),
			LEASE, s->unknown ? s->now : 0)) {
			if (load(j, s))
				continue;
			if (!another_fetches(j, s)) {
				fetch(j, s);
				asked = true;
			} else if (found) {
				return true;
			} else {
				nanosleep(&others, NULL);
			}
		} else if (found) {
			return true; /* stale, and somebody fetches */
		} else {
			nanosleep(&pause, NULL);
			waited = true;
		}
	}
}

enum jwks_result
jwks_key(struct jwks *j, const char *host, const char *kid, int64_t now,
    int64_t deadline, const struct jwk_set **set, uint64_t *serial,
    const char **cause)
{
	struct search s = { .host = host, .now = now, .deadline = deadline };

	*set = NULL;
	*serial = 0;
	*cause = NULL;
	if (strlen(host) >= JWKS_HOST_MAX) {
		*cause = "the name of the host is too long";
		return JWKS_NO_SET;
	}
	j->why[0] = '\0';
	s.parsed = jwks_place(j, host);
	if (search(j, &s, kid))
		*set = &s.parsed->set;
	*serial = s.parsed->serial;
	if (*set != NULL)
		return JWKS_KEY;
	if (s.state.why[0] != '\0')
		snprintf(j->why, sizeof(j->why), "%s", s.state.why);
	if (j->why[0] != '\0')
		*cause = j->why;
	if (s.starved)
		return JWKS_NO_MEMORY;
	if (usable(&s))
		return JWKS_NO_KID;
	if (*cause == NULL)
		*cause = "no key set could be had in the request's time";
	return JWKS_NO_SET;
}
