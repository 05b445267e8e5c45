/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cache/cache_common.h"
#include "call/fanout.h"
#include "call/transfer.h"
#include "json/jsoncopy.h"
#include "json/jsonin.h"
#include "json/jsonout.h"
#include "os/clock.h"

#define LEASE_MORE 1000 /* ms after the deadline that a question is ours */
#define LEASE_POLL 20   /* ms between looks for another gateway's answer */

/* A result that is kept: JSON, or nothing for "nothing known". */
static bool
from_cache(struct run *r, struct transfer *x)
{
	struct json_object *result = NULL;
	const char *why = NULL;
	struct buf value;
	bool found;

	buf_init(&value, CACHE_VALUE);
	found = cache_get(r->cache, x->name, &value);
	if (found && value.len > 0) {
		result = jsonin_answer(value.data, value.len, &why);
		found = result != NULL;
	}
	buf_free(&value);
	if (found)
		call_found(x->call, result);
	return found;
}

/*
 * What a result depends on names it: the service, the URL, the body, the
 * credential, for a scanned page the value that was looked for, and the version that parsed it.
 */
static bool
name_it(struct run *r, struct transfer *x)
{
	const struct observable *o = x->task->q.observable;
	const char *value =
	    (x->call->flags & CALL_SCAN) && o != NULL ? o->value : "";
	const struct cache_part parts[] = { { CTIM_VERSION,
						strlen(CTIM_VERSION) },
		{ r->provider->name, strlen(r->provider->name) },
		{ x->call->url.data, x->call->url.len },
		{ x->call->sent.data, x->call->sent.len },
		{ x->call->apart.data, x->call->apart.len },
		{ r->who.data, r->who.len }, { value, strlen(value) } };

	return r->cache != NULL && r->ttl > 0 &&
	    (x->call->flags & CALL_CACHE) &&
	    cache_name(r->cache, x->name, parts,
		sizeof(parts) / sizeof(parts[0])) == 0;
}

bool
kept_look_up(struct run *r, struct transfer *x)
{
	int64_t began = clock_ms();

	if (r->cache_budget <= 0 || began >= r->job->deadline)
		return false;
	x->cached = name_it(r, x);
	x->hit = x->cached && from_cache(r, x);
	r->cache_budget -= clock_ms() - began;
	return x->hit;
}

/* It lands when another gateway's answer is there. */
static bool
theirs_is_there(struct run *r, struct transfer *x)
{
	x->hit = from_cache(r, x);
	if (!x->hit)
		return false;
	r->job->cached++;
	transfer_move(r, x, &r->landed);
	return true;
}

bool
kept_ours(struct run *r, struct transfer *x, int64_t now)
{
	const int64_t left = r->job->deadline - now;
	int64_t began = clock_ms();
	enum cache_lease lease = CACHE_LEASE_NONE;
	bool there;

	if (!x->cached || x->leased != 0 || x->tries > 0 ||
	    !cache_is_remote(r->cache) || r->cache_budget <= 0)
		return true;
	if (x->patience == 0)
		x->patience =
		    now + (r->timeout < left / 2 ? r->timeout : left / 2);
	if (now < x->patience)
		lease = cache_lease(r->cache, x->name, left + LEASE_MORE);
	if (lease == CACHE_LEASE_OURS)
		x->leased = now + left + LEASE_MORE;
	/* Who had the lease before may have answered since it was looked. */
	there = lease != CACHE_LEASE_NONE && theirs_is_there(r, x);
	r->cache_budget -= clock_ms() - began;
	if (there || lease != CACHE_LEASE_THEIRS)
		return !there;
	x->at = now + LEASE_POLL;
	transfer_move(r, x, &r->timed);
	return false;
}

/* The result goes into the cache. */
static void
kept_put(struct run *r, struct transfer *x)
{
	const struct call *c = x->call;
	struct buf text;
	struct jsonout j;
	int ttl = c->ttl > 0 ? c->ttl : r->ttl;
	int64_t began = clock_ms();

	buf_init(&text, CACHE_VALUE);
	jsonout_init(&j, &text);
	if (c->result == NULL)
		ttl = r->negative_ttl < ttl ? r->negative_ttl : ttl;
	else
		jsoncopy_value(&j, c->result);
	if (jsonout_done(&j) == 0 && ttl > 0)
		cache_put(r->cache, x->name, text.data, text.len, ttl);
	buf_free(&text);
	r->cache_budget -= clock_ms() - began;
}

void
kept_keep(struct run *r, struct transfer *x)
{
	if (!x->cached || (x->call->flags & CALL_AGAIN) || x->hit ||
	    x->call->problem != PROBLEM_NONE || r->cache_budget <= 0)
		return;
	kept_put(r, x);
	/* Others wait for it. */
	if (x->leased != 0)
		cache_flush(r->cache);
}

void
kept_leave(struct run *r, struct transfer *x)
{
	if (x->leased > clock_ms())
		cache_release(r->cache, x->name);
	x->leased = 0;
}
