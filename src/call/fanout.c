/* SPDX-License-Identifier: MIT */
/*
 * The loop.  A transfer is in one of four lists: ready, timed, flying, landed.
 * What has landed is looked at in task_landed() and nowhere else, so that nothing
 * calls itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <openssl/crypto.h>

#include "call/fanout.h"
#include "call/signin.h"
#include "call/transfer.h"
#include "conf/conf.h"
#include "os/clock.h"
#include "shared/shared.h"
#include "token/token.h"

#define LOOK_EVERY  200   /* ms between looks whether the client is gone */
#define CACHE_SHARE 5     /* the cache gets a fifth of the time */
#define WHO_MAX     65536 /* bytes of a relay's name and a credential */

struct fanout {
	const struct conf *conf;
	struct shared *shared;
	struct cache *cache;
	struct http *http;
};

struct fanout *
fanout_new(const struct conf *conf, struct shared *shared, struct cache *cache,
    struct http *http)
{
	struct fanout *f = calloc(1, sizeof(*f));

	if (f != NULL)
		*f = (struct fanout){ conf, shared, cache, http };
	return f;
}

void
fanout_free(struct fanout *f)
{
	free(f);
}

static void
task_free(struct task *t)
{
	lookup_free(&t->lookup);
	free(t);
}

/* Tells of a task that is complete, and ends it.  0, or -1 when nobody wants
 * more. */
static int
task_complete(struct run *r, struct task *t)
{
	const struct call *c;
	bool ends = false, more;
	size_t i;

	for (i = 0; i < t->firsts; i++) {
		c = t->lookup.calls[i];
		ends = ends || c->problem == PROBLEM_AUTHORIZATION ||
		    c->problem == PROBLEM_PERMISSION_DENIED;
	}
	more = r->job->complete(r->job->arg, &t->q, ends) && !ends;
	task_free(t);
	return more ? 0 : -1;
}

/* Calls that the provider has added set out; a task without any under way is
 * complete.  0, or -1 when nobody wants more. */
static int
task_go_on(struct run *r, struct task *t)
{
	struct call *c;

	for (; t->seen < t->lookup.n; t->seen++) {
		c = t->lookup.calls[t->seen];
		if (transfer_new(r, t, c) == 0)
			t->open++;
		else
			t->lookup.broken = true;
	}
	return t->open == 0 ? task_complete(r, t) : 0;
}

/* The next observable.  0, or -1 when nobody wants more. */
static int
task_begin(struct run *r, size_t i)
{
	struct task *t = calloc(1, sizeof(*t));
	struct query q = r->job->query;
	struct lookup none;

	q.observable = r->job->list == NULL ? NULL : &r->job->list[i];
	if (t == NULL) {
		lookup_init(&none);
		none.broken = true;
		q.lookup = &none;
		return r->job->complete(r->job->arg, &q, false) ? 0 : -1;
	}
	lookup_init(&t->lookup);
	t->q = q;
	t->q.lookup = &t->lookup;
	r->provider->request(&t->q, NULL);
	t->firsts = t->lookup.n;
	return task_go_on(r, t);
}

/* A call has landed: its result is kept and shared, and its task goes on with
 * what the provider wants next.  0, or -1 when nobody wants more. */
static int
task_landed(struct run *r, struct transfer *x)
{
	struct task *t = x->task;
	struct call *c = x->call;

	transfer_over(r, x);
	if (t == &r->sign) {
		signin_done(r, x);
		transfer_free(r, x);
		return 0;
	}
	transfer_free(r, x);
	t->open--;
	if (c->problem == PROBLEM_NONE || (c->flags & CALL_OPTIONAL))
		r->provider->request(&t->q, c);
	return task_go_on(r, t);
}

/* All that landed, and so much of what is ready as there is room for. */
static int
progress(struct run *r, size_t *next)
{
	struct transfer *x;

	for (;;) {
		if ((x = TAILQ_FIRST(&r->landed)) != NULL) {
			if (task_landed(r, x) == -1)
				return -1;
		} else if ((x = TAILQ_FIRST(&r->ready)) != NULL &&
		    r->in_air < r->room) {
			transfer_start(r, x);
		} else if (*next < r->job->n && r->active < r->room) {
			if (task_begin(r, (*next)++) == -1)
				return -1;
		} else {
			return 0;
		}
	}
}

/* Timed transfers whose time has come are ready.  Returns when the next is. */
static int64_t
look_at_times(struct run *r, int64_t now)
{
	struct transfer *x, *next;
	int64_t first = r->job->deadline;

	for (x = TAILQ_FIRST(&r->timed); x != NULL; x = next) {
		next = TAILQ_NEXT(x, link);
		if (x->at <= now)
			transfer_move(r, x, &r->ready);
		else if (x->at < first)
			first = x->at;
	}
	return TAILQ_EMPTY(&r->ready) || r->in_air >= r->room ? first : now;
}

/* The deadline has passed. */
static void
fanout_expire(struct run *r)
{
	struct transfers *const lists[] = { &r->ready, &r->timed, &r->flying };
	struct transfer *x;
	size_t i;

	http_cancel_all(r->http);
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		while ((x = TAILQ_FIRST(lists[i])) != NULL)
			transfer_late(r, x);
}

/* Waits until something can go on; false when nobody wants more. */
static bool
fanout_wait(struct run *r)
{
	int64_t now = clock_ms(), until;
	struct http_call *h;

	if (now >= r->job->deadline) {
		fanout_expire(r);
		return true;
	}
	until = look_at_times(r, now);
	if (until > now) {
		r->job->idle(r->job->arg);
		if (r->job->gone(r->job->arg))
			return false;
	}
	if (until - now > LOOK_EVERY)
		until = now + LOOK_EVERY;
	http_wait(r->http, until - now);
	while ((h = http_next(r->http)) != NULL)
		transfer_ended(r, h->arg);
	return true;
}

/* Ends what is under way, and its tasks with their last transfer. */
static void
fanout_drop(struct run *r, struct transfer *x)
{
	struct task *t = x->task;

	transfer_free(r, x);
	if (t != &r->sign && --t->open == 0)
		task_free(t);
}

/* What was shared, and who still waited for it. */
static void
end_sharings(struct run *r, struct sharings *list)
{
	struct sharing *s;
	struct transfer *x;

	while ((s = SLIST_FIRST(list)) != NULL) {
		SLIST_REMOVE_HEAD(list, link);
		while ((x = TAILQ_FIRST(&s->followers)) != NULL)
			fanout_drop(r, x);
		json_object_put(s->result);
		free(s->message);
		free(s->url);
		free(s);
	}
}

static void
fanout_end(struct run *r)
{
	struct transfers *const lists[] = { &r->ready, &r->timed, &r->flying,
		&r->landed };
	struct transfer *x;
	size_t i;

	http_cancel_all(r->http);
	for (i = 0; i < SHARING_LISTS; i++)
		end_sharings(r, &r->sharings[i]);
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		while ((x = TAILQ_FIRST(lists[i])) != NULL)
			fanout_drop(r, x);
	lookup_free(&r->sign.lookup);
	OPENSSL_cleanse(r->who.data, r->who.len);
	buf_free(&r->who);
	if (r->cache != NULL)
		cache_flush(r->cache);
}

/* The relay's name and the claims that are its credential, each with its NUL,
 * so that no two have the same. */
static void
name_credential(struct run *r)
{
	const char *const *claim = r->provider->claims;
	const char *name = r->job->relay->name, *value;

	buf_init(&r->who, WHO_MAX);
	(void)buf_add(&r->who, name, strlen(name) + 1);
	for (; claim != NULL && *claim != NULL; claim++) {
		value = token_claim(r->job->query.claims, *claim);
		if (value != NULL)
			(void)buf_add(&r->who, value, strlen(value) + 1);
	}
}

/* A relay's own key, or else what holds for all. */
static int
either(int own, int unset, int all)
{
	return own != unset ? own : all;
}

static void
run_init(struct run *r, struct fanout *f, struct fanout_job *job)
{
	const struct relay_conf *c = job->relay;
	const int64_t left = job->deadline - clock_ms();

	*r = (struct run){ .job = job,
		.conf = f->conf,
		.provider = c->provider,
		.shared = f->shared,
		.cache = f->cache,
		.http = f->http,
		.cache_budget = left / CACHE_SHARE,
		.room = (size_t)either(c->parallel, 0, f->conf->parallel),
		.rate = either(c->rate, -1, c->provider->rate),
		.breaker = either(c->breaker, -1, f->conf->breaker),
		.ttl = either(c->ttl, -1, f->conf->ttl),
		.negative_ttl = f->conf->negative_ttl,
		.timeout =
		    (int64_t)either(c->timeout, 0, f->conf->timeout) * 1000 };
	/* Half of what a call of this request could have at most: with more
	 * calls than the time allows, the last ones always have little. */
	r->fair = (r->timeout < left ? r->timeout : left) / 2;
	TAILQ_INIT(&r->ready);
	TAILQ_INIT(&r->timed);
	TAILQ_INIT(&r->flying);
	TAILQ_INIT(&r->landed);
	/* Lists of zeros are empty (queue(7)): so are r->sharings. */
	lookup_init(&r->sign.lookup);
	name_credential(r);
}

void
fanout_run(struct fanout *f, struct fanout_job *job)
{
	struct run r;
	size_t next = 0;

	job->calls = job->cached = job->retried = 0;
	job->query.provider = job->relay->provider;
	run_init(&r, f, job);
	while (progress(&r, &next) == 0)
		if ((r.active == 0 && next == job->n) || !fanout_wait(&r))
			break;
	fanout_end(&r);
}
