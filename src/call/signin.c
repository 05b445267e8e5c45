/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "cache/cache_common.h"
#include "call/fanout.h"
#include "call/signin.h"
#include "call/transfer.h"
#include "json/jsonin.h"
#include "net/url.h"
#include "os/clock.h"
#include "shared/shared.h"
#include "shared/signins.h"

#define POLL   15 /* ms between looks for a token that another thread gets */
#define BEARER "Authorization: Bearer "
#define SHARED 3600 /* seconds that a token is kept for other gateways */
#define LEASE  1000 /* ms more than a try that somebody signs in */

/* Fills in the call that signs in; NULL: no memory. */
static struct call *
sign_call(struct run *r)
{
	struct task *t = &r->sign;

	lookup_free(&t->lookup);
	t->q = r->job->query;
	t->q.observable = NULL;
	t->q.lookup = &t->lookup;
	r->provider->sign_in(&t->q);
	if (t->lookup.n != 1)
		return NULL;
	t->lookup.calls[0]->flags |= CALL_SIGN_IN;
	return t->lookup.calls[0];
}

/* Finds out which host gives tokens, unless that is known; false: no memory. */
static bool
sign_giver(struct run *r)
{
	const struct call *c;
	bool known = r->giver[0] != '\0';

	if (known)
		return true;
	if ((c = sign_call(r)) != NULL) {
		known = true;
		/* One that cannot be made gets no token. */
		if (c->url.failed ||
		    url_origin(c->url.data, r->giver, sizeof(r->giver)) == -1)
			(void)stpcpy(r->giver, "none");
	}
	lookup_free(&r->sign.lookup);
	return known;
}

/* Whose token: relay, credential, the host that may see it, and the one that gives
 * it, which need not be the same. */
static void
sign_name(struct run *r, const char *host, struct buf *name)
{
	buf_init(name, r->who.max + 2 * BREAKER_NAME);
	(void)buf_add(name, r->who.data, r->who.len);
	(void)buf_add(name, host, strlen(host) + 1);
	if (sign_giver(r))
		(void)buf_add(name, r->giver, strlen(r->giver) + 1);
	else
		name->failed = true;
}

bool
signin_have(struct run *r, const char *host, struct buf *field)
{
	char token[SIGNINS_MAX];
	struct buf name;
	uint64_t serial;
	enum signins_way way;

	sign_name(r, host, &name);
	way = name.failed ? SIGNINS_WAIT :
			    signins_get(&r->shared->kept, name.data, name.len,
				0, clock_ms(), LEASE, token, &serial);
	if (way == SIGNINS_SIGN_IN)
		signins_failed(&r->shared->kept, name.data, name.len);
	if (way == SIGNINS_HAVE) {
		(void)buf_addf(field, BEARER "%s", token);
		OPENSSL_cleanse(token, sizeof(token));
	}
	buf_free(&name);
	return way == SIGNINS_HAVE;
}

void
signin_forget(struct run *r)
{
	struct buf name;

	r->signing = false;
	sign_name(r, r->signing_for, &name);
	signins_failed(&r->shared->kept, name.data, name.len);
	buf_free(&name);
}

/* The name of a token at the server that gateways share. */
static bool
signin_shared(const struct run *r, const struct buf *name,
    unsigned char entry[CACHE_NAME])
{
	const struct cache_part parts[] = { { "sign-in", 7 },
		{ name->data, name->len } };

	return r->cache != NULL && cache_is_remote(r->cache) &&
	    cache_name(r->cache, entry, parts, 2) == 0;
}

/* Whether another gateway has signed in; its token is then this one's, too.  One
 * that the service has just refused is good for nobody. */
static bool
signin_take(struct run *r, const struct transfer *x, const struct buf *name)
{
	unsigned char entry[CACHE_NAME];
	struct buf token;
	uint64_t serial;
	bool good;

	if (!signin_shared(r, name, entry))
		return false;
	buf_init(&token, SIGNINS_MAX);
	good = cache_get(r->cache, entry, &token);
	if (good && x->refused != 0 && x->bearer.len > strlen(BEARER) &&
	    strcmp(x->bearer.data + strlen(BEARER), token.data) == 0) {
		cache_drop(r->cache, entry);
		good = false;
	}
	good = good && http_header_safe(token.data) &&
	    signins_put(&r->shared->kept, name->data, name->len, token.data,
		&serial) == 0;
	buf_wipe(&token);
	return good;
}

/* Tells the other gateways of a token. */
static void
signin_tell(struct run *r, const struct buf *name, const char *token)
{
	unsigned char entry[CACHE_NAME];

	if (!signin_shared(r, name, entry))
		return;
	cache_put(r->cache, entry, token, strlen(token), SHARED);
	cache_flush(r->cache);
}

/* Begins to sign in, for everybody who waits for a token for the host. */
static void
signin_sign_in(struct run *r, const char *host)
{
	struct call *c = sign_call(r);

	(void)snprintf(r->signing_for, sizeof(r->signing_for), "%s", host);
	r->signing = c != NULL && transfer_new(r, &r->sign, c) == 0;
}

/* Fails as the call that signs in did. */
static void
fail_like(struct run *r, struct transfer *x, const struct call *c)
{
	if (c->fixed)
		call_fail(x->call, c->problem, "%s", call_message(c));
	else
		call_fail_at(x->call, c->problem, "%s", call_message(c));
	transfer_move(r, x, &r->landed);
}

bool
signin_want(struct run *r, struct transfer *x, int64_t now)
{
	char token[SIGNINS_MAX];
	struct buf name;
	enum signins_way way;
	int64_t left = r->job->deadline - now;
	/* When one try is over and nothing was said, its process has died. */
	int64_t lease = LEASE + (left < r->timeout ? left : r->timeout);

	if (!(x->call->flags & CALL_SIGNED) || x->serial != 0)
		return true;
	if (r->signed_in_vain) {
		fail_like(r, x, r->sign.lookup.calls[0]);
		return false;
	}
	x->at = now + POLL;
	if (r->signing) {
		transfer_move(r, x, &r->timed);
		return false;
	}
	sign_name(r, x->host, &name);
	way = name.failed ? SIGNINS_WAIT :
			    signins_get(&r->shared->kept, name.data, name.len,
				x->refused, now, lease, token, &x->serial);
	if (way == SIGNINS_HAVE) {
		buf_reset(&x->bearer);
		(void)buf_addf(&x->bearer, BEARER "%s", token);
		OPENSSL_cleanse(token, sizeof(token));
	} else if (way == SIGNINS_SIGN_IN && signin_take(r, x, &name)) {
		x->at = now;
	} else if (way == SIGNINS_SIGN_IN) {
		signin_sign_in(r, x->host);
		if (!r->signing)
			signins_failed(&r->shared->kept, name.data, name.len);
	}
	buf_free(&name);
	if (way != SIGNINS_HAVE)
		transfer_move(r, x, &r->timed);
	return way == SIGNINS_HAVE;
}

/* Those of a list who wait for a token go on, or fail as the call did. */
static void
signin_release(
    struct run *r, const struct transfers *list, const struct call *c)
{
	struct transfer *y, *next;

	for (y = TAILQ_FIRST(list); y != NULL; y = next) {
		next = TAILQ_NEXT(y, link);
		if (!(y->call->flags & CALL_SIGNED) || y->serial != 0)
			continue;
		if (c->problem == PROBLEM_NONE) {
			transfer_move(r, y, &r->ready);
			continue;
		}
		fail_like(r, y, c);
	}
}

void
signin_done(struct run *r, struct transfer *x)
{
	struct call *c = x->call;
	const char *token = jsonin_text(c->result);
	struct buf name;
	uint64_t serial;

	sign_name(r, r->signing_for, &name);
	if (c->problem == PROBLEM_NONE &&
	    (token == NULL || !http_header_safe(token) ||
		signins_put(&r->shared->kept, name.data, name.len, token,
		    &serial) == -1))
		call_fail_at(c, PROBLEM_UNKNOWN,
		    "%s gave no token when "
		    "signing in",
		    r->provider->title);
	if (c->problem == PROBLEM_NONE)
		signin_tell(r, &name, token);
	else
		signins_failed(&r->shared->kept, name.data, name.len);
	buf_free(&name);
	r->signing = false;
	r->signed_in_vain = c->problem != PROBLEM_NONE;
	if (r->signed_in_vain)
		signin_release(r, &r->ready, c);
	signin_release(r, &r->timed, c);
}
