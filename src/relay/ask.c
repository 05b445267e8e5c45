/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdbool.h>

#include "answer/answer.h"
#include "answer/entity.h"
#include "answer/transport.h"
#include "call/fanout.h"
#include "call/provider.h"
#include "conf/conf.h"
#include "ctim/indicator.h"
#include "egress/egress.h"
#include "figures/figures.h"
#include "log/log.h"
#include "os/clock.h"
#include "relay/ask.h"
#include "body/observables.h"
#include "relay/request.h"
#include "relay/session.h"
#include "store/store.h"
#include "token/token.h"

#define PUSH_EVERY 100 /* ms that ready entities may wait */
#define HELD       32  /* observables that see the store unchanged */
#define STORE_FAILED                                            \
	"The local indicator store cannot be read; the log of " \
	"the gateway says why"

struct asking {
	struct request *request;
	struct answer *answer;
};

/* Adds a problem to the answer, with its observable unless that is NULL. */
static void
ask_tell(struct answer *a, bool mild, enum problem p, const char *message,
    const struct observable *o)
{
	void (*say)(struct answer *, enum problem, const char *, ...)
	    __attribute__((format(printf, 3, 4))) =
		mild ? answer_warning : answer_problem;

	if (o == NULL)
		say(a, p, "%s", message);
	else
		say(a, p, "%s (%s %s)", message, observable_name(o->type),
		    o->value);
}

/* Adds the problems of failed calls; returns whether any call succeeded, and
 * sets *whole to whether all did. */
static bool
tell_failures(struct answer *a, const struct query *q, bool *whole)
{
	const struct lookup *l = q->lookup;
	const struct call *c;
	bool some = l->n == 0;
	size_t i;

	*whole = !l->broken && l->n > 0;
	for (i = 0; i < l->n; i++) {
		c = l->calls[i];
		if (c->problem == PROBLEM_NONE) {
			some = true;
			continue;
		}
		*whole = false;
		if (c->echo)
			continue;
		ask_tell(a, c->flags & CALL_OPTIONAL, c->problem,
		    call_message(c), c->fixed ? NULL : q->observable);
	}
	if (l->broken)
		ask_tell(a, false, PROBLEM_INTERNAL,
		    "The gateway could not hold "
		    "all calls that this needs",
		    q->observable);
	return some;
}

/* Adds the failure that ends the request, and no other problem. */
static void
tell_end(struct answer *a, const struct query *q)
{
	const struct call *c;
	size_t i;

	for (i = 0; i < q->lookup->n; i++) {
		c = q->lookup->calls[i];
		if (c->problem != PROBLEM_AUTHORIZATION &&
		    c->problem != PROBLEM_PERMISSION_DENIED)
			continue;
		ask_tell(a, false, c->problem, call_message(c),
		    c->fixed ? NULL : q->observable);
		return;
	}
}

static bool
ask_complete(void *arg, const struct query *q, bool ends)
{
	const struct asking *x = arg;
	struct answer *a = x->answer;
	size_t before = answer_entities(a);
	bool whole;

	if (ends) {
		tell_end(a, q);
		return false;
	}
	answer_observable(a, q->claims->limit);
	if (tell_failures(a, q, &whole) && q->observable != NULL)
		q->provider->answer(a, q);
	if (whole || answer_entities(a) > before)
		answer_answered(a);
	return !x->request->response.gone;
}

/* Sends the entities that are ready while calls are still out. */
static void
idle(void *arg)
{
	const struct asking *x = arg;

	answer_push(x->answer);
}

static bool
gone(void *arg)
{
	const struct asking *x = arg;
	struct transport *t = x->request->transport;

	if (t->gone != NULL && t->gone(t->arg))
		x->request->response.gone = true;
	return x->request->response.gone;
}

static struct query
question(const struct request *r, enum provider_route route)
{
	return (struct query){ .provider = r->relay->provider,
		.route = route,
		.claims = r->claims,
		.conf = r->relay->own,
		.now = r->now };
}

/* Asks the service about n observables, or for its health (list NULL, n 1). */
static void
ask_service(struct request *r, struct answer *a, const struct observable *list,
    size_t n, enum provider_route route)
{
	struct asking x = { r, a };
	struct fanout_job job = { .relay = r->relay,
		.query = question(r, route),
		.list = list,
		.n = n,
		.deadline = r->transport->deadline,
		.id = r->response.id,
		.complete = ask_complete,
		.idle = idle,
		.gone = gone,
		.arg = &x };

	fanout_run(session_fanout(r->session), &job);
	r->log.calls = job.calls;
	r->log.cached = job.cached;
	r->log.retried = job.retried;
}

/* Fills in the records of q->observable from the store (NULL: the provider has
 * none).  Returns false when the store cannot be read. */
static bool
ask_look_up(
    struct request *r, struct answer *a, struct store *store, struct query *q)
{
	char error[STORE_ERROR_MAX];
	ssize_t n;

	if (store == NULL)
		return true;
	n = (q->route == PROVIDER_RESPOND ? store_match_around : store_match)(
	    store, q->observable, q->now, &q->records, error);
	if (n == -1) {
		log_error("relay %s: %s", r->relay->name, error);
		ask_tell(
		    a, false, PROBLEM_INTERNAL, STORE_FAILED, q->observable);
		return false;
	}
	q->n = (size_t)n;
	if (n > 0 && (q->route & (PROVIDER_DELIBERATE | PROVIDER_OBSERVE)) != 0)
		session_matched(r->session, r->relay, q->observable, q->records,
		    q->n, q->now);
	return true;
}

/* Has the provider write the actions for an observable, in its normal form.
 * There are none for a value that is not of its type. */
static void
ask_actions(struct answer *a, const struct query *q)
{
	char value[INDICATOR_MAX + 1];
	struct observable normal = *q->observable;
	struct query asked = *q;

	errno = 0;
	if (indicator_normalise(normal.type, normal.value, value) == -1) {
		if (errno == ENOMEM)
			entity_no_memory(a, q->observable);
		return;
	}
	normal.value = value;
	asked.observable = &normal;
	q->provider->actions(a, &asked);
}

/* Asks a provider that makes no calls about one observable. */
static void
relay_ask_one(
    struct request *r, struct answer *a, struct store *store, struct query *q)
{
	const struct provider *p = q->provider;

	if (clock_ms() >= r->transport->deadline) {
		ask_tell(a, false, PROBLEM_CONNECTION,
		    "The deadline of the "
		    "request has passed",
		    q->observable);
		return;
	}
	if (!ask_look_up(r, a, store, q))
		return;
	answer_observable(a, r->claims->limit);
	if (q->route == PROVIDER_RESPOND)
		ask_actions(a, q);
	else if (q->route == PROVIDER_REFER)
		p->refer(a, q);
	else
		p->answer(a, q);
	answer_answered(a);
}

/* Asks a provider that makes no calls about all of them. */
static void
ask_here(struct request *r, struct answer *a, const struct observables *obs,
    struct store *store, enum provider_route route)
{
	struct query q = question(r, route);
	int64_t pushed = clock_ms();
	size_t i;

	for (i = 0; i < obs->n && !r->response.gone; i++) {
		/* Held anew now and then, because a slow client would hold an
		 * old snapshot. */
		if (store != NULL && i % HELD == 0) {
			store_release(store);
			store_hold(store);
		}
		q.observable = &obs->list[i];
		relay_ask_one(r, a, store, &q);
		if (clock_ms() - pushed >= PUSH_EVERY) {
			answer_push(a);
			pushed = clock_ms();
		}
	}
	if (store != NULL)
		store_release(store);
}

/* Takes what must not leave for the service out of the list, with a warning for
 * each.  Neither is it referred: a reference carries the value there. */
static void
ask_hold_back(struct request *r, struct answer *a, struct observables *obs)
{
	const struct observable *o;
	size_t i, n = 0;

	/* A store is on this machine. */
	if (r->relay->provider->store != NULL ||
	    !egress_guards(r->conf, r->relay))
		return;
	for (i = 0; i < obs->n; i++) {
		o = &obs->list[i];
		if (egress_may(r->conf, o)) {
			obs->list[n++] = *o;
			continue;
		}
		answer_warning(a, PROBLEM_PERMISSION_DENIED,
		    "Not sent to %s: it is on this gateway's egress list "
		    "(%s %s)",
		    r->relay->provider->title, observable_name(o->type),
		    o->value);
	}
	r->log.held = obs->n - n;
	obs->n = n;
}

void
ask_about(struct request *r, struct answer *a, struct observables *obs,
    enum provider_route route)
{
	const struct provider *p = r->relay->provider;
	struct store *store = NULL;

	ask_hold_back(r, a, obs);
	if (p->request != NULL && route != PROVIDER_REFER &&
	    route != PROVIDER_RESPOND) {
		ask_service(r, a, obs->list, obs->n, route);
		return;
	}
	if (p->store != NULL && obs->n > 0 &&
	    (store = session_store(r->session, r->relay)) == NULL) {
		answer_problem(a, PROBLEM_INTERNAL, STORE_FAILED);
		return;
	}
	ask_here(r, a, obs, store, route);
}

void
ask_health(struct request *r, struct answer *a)
{
	struct store *store;
	char error[STORE_ERROR_MAX];

	if (r->relay->provider->request != NULL)
		ask_service(r, a, NULL, 1, PROVIDER_HEALTH);
	if (r->relay->provider->store == NULL)
		return;
	store = session_store(r->session, r->relay);
	if (store == NULL) {
		answer_problem(a, PROBLEM_INTERNAL, STORE_FAILED);
	} else if (store_check(store, error) == -1) {
		log_error("relay %s: %s", r->relay->name, error);
		answer_problem(a, PROBLEM_INTERNAL, STORE_FAILED);
	}
}

void
ask_tile(struct request *r, struct answer *a, const struct tile *tile,
    enum tile_period period)
{
	const struct query query = question(r, PROVIDER_TILES);
	struct figures figures = { .n = 0 };
	struct tile_question q = { .query = &query,
		.tile = tile,
		.period = period,
		.since = r->now - tile_seconds(period) };
	char error[STORE_ERROR_MAX] = "";
	struct store *store;

	if (r->relay->provider->store != NULL) {
		store = session_store(r->session, r->relay);
		if (store == NULL ||
		    figures_read(store, tile->needs, q.since, r->now, &figures,
			error) == -1) {
			if (error[0] != '\0')
				log_error(
				    "relay %s: %s", r->relay->name, error);
			answer_problem(a, PROBLEM_INTERNAL, STORE_FAILED);
			figures_free(&figures);
			return;
		}
		q.figures = &figures;
	}
	tile_write(answer_element(a), &q);
	answer_end(a);
	figures_free(&figures);
}
