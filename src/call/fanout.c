/* SPDX-License-Identifier: MIT */
/*
 * The loop.  A transfer is in one of four lists: ready, timed, flying, landed.
 * What has landed is looked at in task_landed() and nowhere else, so that nothing
 * calls itself.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <json-c/json.h>
#include <openssl/crypto.h>

#include "call/fanout.h"
#include "call/finals.h"
#include "call/quotas.h"
#include "call/signin.h"
#include "call/transfer.h"
#include "conf/conf.h"
#include "json/jsonin.h"
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
task_free(struct run *r, struct task *t)
{
	finals_add(r, t);
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
		ends = ends ||
		    (!(c->flags & CALL_OPTIONAL) &&
			(c->problem == PROBLEM_AUTHORIZATION ||
			    c->problem == PROBLEM_PERMISSION_DENIED));
	}
	more = r->job->complete(r->job->arg, &t->q, ends) && !ends;
	task_free(r, t);
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

/* Tells of an observable that there is no memory for.  0, or -1 when nobody wants
 * more. */
static int
task_starved(struct fanout_job *job, struct query q)
{
	struct lookup none;

	lookup_init(&none);
	none.broken = true;
	q.lookup = &none;
	return job->complete(job->arg, &q, false) ? 0 : -1;
}

/* The question about observable i. */
static struct query
task_query(const struct fanout_job *job, size_t i)
{
	struct query q = job->query;

	q.observable = job->list == NULL ? NULL : &job->list[i];
	return q;
}

/* The next observable.  0, or -1 when nobody wants more. */
static int
task_begin(struct run *r, size_t i)
{
	struct task *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return task_starved(r->job, task_query(r->job, i));
	lookup_init(&t->lookup);
	t->q = task_query(r->job, i);
	t->q.lookup = &t->lookup;
	t->q.batch = &r->batch;
	r->provider->request(&t->q, NULL);
	t->firsts = t->lookup.n;
	return task_go_on(r, t);
}

/* Tells of all observables of a job that there is no memory for. */
static void
fanout_starved(struct fanout_job *job)
{
	size_t i;

	for (i = 0; i < job->n; i++)
		if (task_starved(job, task_query(job, i)) == -1)
			break;
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
progress(struct run *r)
{
	struct transfer *x;

	for (;;) {
		if ((x = TAILQ_FIRST(&r->landed)) != NULL) {
			if (task_landed(r, x) == -1)
				return -1;
		} else if ((x = TAILQ_FIRST(&r->ready)) != NULL &&
		    r->in_air < r->room) {
			transfer_start(r, x);
		} else if (r->next < r->job->n && r->active < r->room) {
			if (task_begin(r, r->next++) == -1)
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

	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		while ((x = TAILQ_FIRST(lists[i])) != NULL)
			transfer_late(r, x);
}

/* Waits until something can go on in one of n runs, which have their deadline and
 * their client in common; false when nobody wants more. */
static bool
fanout_wait(struct run *runs, size_t n)
{
	const struct fanout_job *job = runs[0].job;
	int64_t now = clock_ms(), until = job->deadline, at;
	struct http_call *h;
	struct transfer *x;
	size_t i;

	if (now >= job->deadline) {
		http_cancel_all(runs[0].http);
		for (i = 0; i < n; i++)
			fanout_expire(&runs[i]);
		return true;
	}
	for (i = 0; i < n; i++)
		if ((at = look_at_times(&runs[i], now)) < until)
			until = at;
	if (until > now) {
		job->idle(job->arg);
		if (job->gone(job->arg))
			return false;
	}
	if (until - now > LOOK_EVERY)
		until = now + LOOK_EVERY;
	http_wait(runs[0].http, until - now);
	while ((h = http_next(runs[0].http)) != NULL) {
		x = h->arg;
		transfer_ended(x->run, x);
	}
	return true;
}

/* Ends what is under way, and its tasks with their last transfer. */
static void
fanout_drop(struct run *r, struct transfer *x)
{
	struct task *t = x->task;

	transfer_free(r, x);
	if (t != &r->sign && --t->open == 0)
		task_free(r, t);
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
		free(s->sent);
		free(s->apart);
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

	for (i = 0; i < SHARING_LISTS; i++)
		end_sharings(r, &r->sharings[i]);
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		while ((x = TAILQ_FIRST(lists[i])) != NULL)
			fanout_drop(r, x);
	lookup_free(&r->sign.lookup);
	if (r->job->quota != NULL)
		r->job->quota_told = quotas_seen(r, r->job->quota);
	if (r->cache != NULL)
		cache_flush(r->cache);
	r->over = true;
}

/* Adds a claim, with its name, as others may lack it; unless it is no credential. */
static void
name_claim(struct run *r, const char *claim)
{
	const struct claims *claims = r->job->query.claims;
	const char *const *option = r->provider->options;
	const char *value = token_claim(claims, claim);
	struct json_object *other = NULL;

	for (; option != NULL && *option != NULL; option++)
		if (strcmp(*option, claim) == 0)
			return;
	/* Numbers, and yes or no, may come as such. */
	if (value == NULL && !token_is_given(claims, claim) &&
	    (other = jsonin_member(claims->payload, claim)) != NULL)
		value = json_object_to_json_string(other);
	if (value == NULL)
		return;
	(void)buf_add(&r->who, claim, strlen(claim) + 1);
	(void)buf_add(&r->who, value, strlen(value) + 1);
}

/* The relay's name and the claims that are its credential, needed ones and others
 * that people may enter, each with its NUL, so that no two have the same. */
static void
name_credential(struct run *r)
{
	const char *const *claim = r->provider->claims;
	const struct provider_field *field = r->provider->fields;
	const char *name = r->job->relay->name;

	buf_init(&r->who, WHO_MAX);
	(void)buf_add(&r->who, name, strlen(name) + 1);
	for (; claim != NULL && *claim != NULL; claim++)
		name_claim(r, *claim);
	for (; field != NULL && field->claim != NULL; field++)
		name_claim(r, field->claim);
}

/* A relay's own key, or else what holds for all. */
static int
either(int own, int unset, int all)
{
	return own != unset ? own : all;
}

static struct pace_rate
run_rate(const struct relay_conf *c)
{
	const struct provider *p = c->provider;

	if (c->rate.calls != -1)
		return (struct pace_rate){ c->rate.calls, c->rate.seconds };
	return (struct pace_rate){ p->rate,
		p->rate_seconds == 0 ? 1 : p->rate_seconds };
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
		.rate = run_rate(c),
		.breaker = either(c->breaker, -1, f->conf->breaker),
		.ttl = either(c->ttl, -1, f->conf->ttl),
		.negative_ttl = f->conf->negative_ttl,
		.timeout =
		    (int64_t)either(c->timeout, 0, f->conf->timeout) * 1000 };
	if (job->query.now != 0)
		r->ahead = job->query.now - (int64_t)time(NULL);
	/* Half of what a call of this request could have at most: with more
	 * calls than the time allows, the last ones always have little. */
	r->fair = (r->timeout < left ? r->timeout : left) / 2;
	TAILQ_INIT(&r->ready);
	TAILQ_INIT(&r->timed);
	TAILQ_INIT(&r->flying);
	TAILQ_INIT(&r->landed);
	/* Lists of zeros are empty (queue(7)): so are r->sharings. */
	lookup_init(&r->sign.lookup);
	lookup_init(&r->finals);
	buf_init(&r->batch.text, CALL_BODY);
	name_credential(r);
}

/* Goes on with all runs; those that are at their end are over then.  Returns how
 * many are not. */
static size_t
fanout_progress(struct run *runs, size_t n, size_t left)
{
	struct run *r;
	bool ends;

	for (r = runs; r < runs + n; r++) {
		if (r->over)
			continue;
		ends = progress(r) == -1;
		if (!ends && (r->active > 0 || r->next < r->job->n))
			continue;
		/* None of the others goes out meanwhile. */
		if (ends && left == 1)
			http_cancel_all(r->http);
		fanout_end(r);
		left--;
	}
	return left;
}

void
fanout_run(struct fanout *f, struct fanout_job *jobs, size_t n)
{
	struct run one, *runs = n == 1 ? &one : calloc(n, sizeof(*runs));
	size_t i, left = n;

	for (i = 0; i < n; i++) {
		jobs[i].calls = jobs[i].cached = jobs[i].retried = 0;
		jobs[i].query.provider = jobs[i].relay->provider;
		if (runs == NULL)
			fanout_starved(&jobs[i]);
		else
			run_init(&runs[i], f, &jobs[i]);
	}
	if (runs == NULL)
		return;
	while ((left = fanout_progress(runs, n, left)) > 0)
		if (!fanout_wait(runs, n))
			break;
	if (left > 0)
		http_cancel_all(f->http);
	for (i = 0; i < n; i++)
		if (!runs[i].over)
			fanout_end(&runs[i]);
	finals_make(runs, n);
	for (i = 0; i < n; i++) {
		lookup_free(&runs[i].finals);
		buf_free(&runs[i].batch.text);
		buf_wipe(&runs[i].who);
	}
	if (runs != &one)
		free(runs);
}
