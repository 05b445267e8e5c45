/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>

#include "answer/answer.h"
#include "answer/entity.h"
#include "answer/transport.h"
#include "call/fanout.h"
#include "call/provider.h"
#include "call/quotas.h"
#include "conf/conf.h"
#include "ctim/indicator.h"
#include "mapping/maps.h"
#include "egress/egress.h"
#include "json/jsonin.h"
#include "log/log.h"
#include "os/clock.h"
#include "relay/ask.h"
#include "body/observables.h"
#include "relay/request.h"
#include "relay/session.h"
#include "shared/quota.h"
#include "store/store.h"
#include "token/token.h"

#define PUSH_EVERY 100 /* ms that ready entities may wait */

/* A relay that is asked, for the functions that fan-out calls. */
struct asking {
	struct request *request;
	struct answer *answer;
	const struct asked *asked;
	struct store *store; /* NULL: it has none */
	bool told;           /* the log knows that the store cannot be read */
};

/* What follows is of one of the relays that are asked: where there may be several,
 * its errors say so. */
static void
ask_source(const struct request *r, struct answer *a, const struct asked *asked)
{
	answer_source(a, asked->relay == r->relay ? NULL : asked->relay->name);
}

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
		    "The gateway could not hold all calls that this needs",
		    q->observable);
	return some;
}

/* Adds the failure that ends the request, and no other problem. */
static void
tell_end(struct answer *a, const struct query *q)
{
	const struct call *c;

	for (size_t i = 0; i < q->lookup->n; i++) {
		c = q->lookup->calls[i];
		if ((c->flags & CALL_OPTIONAL) ||
		    (c->problem != PROBLEM_AUTHORIZATION &&
			c->problem != PROBLEM_PERMISSION_DENIED))
			continue;
		ask_tell(a, false, c->problem, call_message(c),
		    c->fixed ? NULL : q->observable);
		return;
	}
}

/* Has the provider write what the calls have answered; where a program reads that,
 * it is asked first.  False: it failed, which is told. */
static bool
ask_write(struct asking *x, const struct query *q)
{
	void (*write)(struct answer *, const struct query *) =
	    q->route == PROVIDER_REFER ? q->provider->refer :
					 q->provider->answer;
	struct request *r = x->request;
	struct query mapped = *q;
	struct maps_asked m = { .result = MAP_DONE };
	struct counters_place place;
	size_t left_out = 0;

	if (q->provider->map != NULL)
		m = session_map(
		    r->session, x->asked->relay, q, r->transport->deadline);
	r->log.maps += m.asked;
	r->log.map_ms += m.ms;
	mapped.entities = m.entities;
	mapped.left_out = &left_out;
	write(x->answer, &mapped);
	place = session_place(r->session, x->asked->relay);
	counters_left_out(&place, left_out);
	if (m.result != MAP_DONE)
		ask_tell(x->answer, false,
		    m.internal ? PROBLEM_INTERNAL : PROBLEM_UNKNOWN, m.why,
		    m.broken ? NULL : q->observable);
	json_object_put(m.entities);
	return m.result == MAP_DONE;
}

static bool
ask_complete(void *arg, const struct query *q, bool ends)
{
	struct asking *x = arg;
	struct answer *a = x->answer;
	size_t before = answer_entities(a);
	bool some, whole;

	ask_source(x->request, a, x->asked);
	if (ends) {
		tell_end(a, q);
		return false;
	}
	answer_observable(a, q->claims->limit);
	/* A reference needs no call, unless it names one. */
	some = tell_failures(a, q, &whole) || q->route == PROVIDER_REFER;
	if (some && q->observable != NULL)
		whole = ask_write(x, q) && whole;
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

/* Whether a relay is asked by calls, a described one for references, too: the
 * others answer on this machine. */
static bool
ask_by_calls(const struct asked *asked, enum provider_route route)
{
	const struct provider *p = asked->relay->provider;

	return p->request != NULL && route != PROVIDER_RESPOND &&
	    (route != PROVIDER_REFER || p->map != NULL);
}

static struct query
question(const struct request *r, const struct asked *asked,
    enum provider_route route)
{
	return (struct query){ .provider = asked->relay->provider,
		.route = route,
		.claims = &asked->claims,
		.conf = asked->relay->own,
		.now = r->now,
		.list = asked->obs.list,
		.n_list = asked->obs.n };
}

/* Puts what is left of quotas beside the health. */
static void
ask_quotas(struct answer *a, const struct fanout_job *jobs, size_t n)
{
	struct jsonout *j = NULL;
	size_t i;

	for (i = 0; i < n; i++) {
		if (!jobs[i].quota_told)
			continue;
		if (j == NULL) {
			j = answer_element(a);
			jsonout_kobject(j, "quotas");
		}
		quotas_write(j, jobs[i].relay, jobs[i].quota);
	}
	if (j == NULL)
		return;
	jsonout_end_object(j);
	answer_beside(a);
}

/* The trace that the calls to a relay are of, one of our own where the request is
 * of none; NULL: its service is not to know. */
static const struct traceparent *
ask_trace(struct request *r, const struct relay_conf *relay)
{
	if (!relay->trace ||
	    (r->trace.trace[0] == '\0' && traceparent_begin(&r->trace) == -1))
		return NULL;
	return &r->trace;
}

/* Asks those of n relays that make calls, all at once, about their observables, or
 * for their health. */
static void
ask_services(struct request *r, struct answer *a, const struct asked *asked,
    size_t n, enum provider_route route)
{
	struct fanout_job jobs[ASK_MOST];
	struct asking x[ASK_MOST];
	struct quota_seen quotas[ASK_MOST];
	bool health = route == PROVIDER_HEALTH;
	char field[TRACESTATE_FIELD];
	size_t i, m = 0;

	for (i = 0; i < n; i++) {
		if (!ask_by_calls(&asked[i], route))
			continue;
		x[m] = (struct asking){ r, a, &asked[i], NULL, false };
		jobs[m] = (struct fanout_job){ .relay = asked[i].relay,
			.query = question(r, &asked[i], route),
			.list = health ? NULL : asked[i].obs.list,
			.n = health ? 1 : asked[i].obs.n,
			.deadline = r->transport->deadline,
			.id = r->response.id,
			.place = session_place(r->session, asked[i].relay),
			.trace = ask_trace(r, asked[i].relay),
			.tracestate = asked[i].relay->trace ?
			    traceparent_came(r->transport, field) :
			    NULL,
			.complete = ask_complete,
			.idle = idle,
			.gone = gone,
			.arg = &x[m] };
		if (health && asked[i].relay->quotas)
			jobs[m].quota = &quotas[m];
		m++;
	}
	if (m == 0)
		return;
	fanout_run(session_fanout(r->session), jobs, m);
	for (i = 0; i < m; i++) {
		r->log.calls += jobs[i].calls;
		r->log.cached += jobs[i].cached;
		r->log.retried += jobs[i].retried;
	}
	ask_quotas(a, jobs, m);
}

/* Fills in the records of q->observable from the store.  Returns false when that
 * cannot be read. */
static bool
ask_look_up(struct asking *x, struct query *q)
{
	const struct relay_conf *relay = x->asked->relay;
	char error[STORE_ERROR_MAX];
	ssize_t n;

	if (x->store == NULL)
		return true;
	n = (q->route == PROVIDER_RESPOND ? store_match_around : store_match)(
	    x->store, q->observable, q->now, &q->records, error);
	if (n == -1) {
		if (!x->told)
			log_error("relay %s: %s", relay->name, error);
		x->told = true;
		ask_tell(x->answer, false, session_no_store(relay),
		    ASK_NO_STORE, q->observable);
		return false;
	}
	q->n = (size_t)n;
	if (n > 0 && (q->route & (PROVIDER_DELIBERATE | PROVIDER_OBSERVE)) != 0)
		session_matched(x->request->session, relay, q->observable,
		    q->records, q->n, q->now);
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
relay_ask_one(struct asking *x, struct query *q)
{
	struct answer *a = x->answer;

	if (clock_ms() >= x->request->transport->deadline) {
		ask_tell(a, false, PROBLEM_CONNECTION,
		    "The deadline of the request has passed", q->observable);
		return;
	}
	if (!ask_look_up(x, q))
		return;
	answer_observable(a, q->claims->limit);
	if (q->route == PROVIDER_RESPOND)
		ask_actions(a, q);
	else
		(q->route == PROVIDER_REFER ? q->provider->refer :
					      q->provider->answer)(a, q);
	answer_answered(a);
}

/* Asks a provider that makes no calls about all of them. */
static void
ask_here(struct asking *x, enum provider_route route)
{
	const struct observables *obs = &x->asked->obs;
	struct query q = question(x->request, x->asked, route);
	struct store *store = x->store;
	int64_t pushed = clock_ms();
	size_t i, held, most = store == NULL ? 1 : store_hold_most(store);

	for (i = 0; i < obs->n && !x->request->response.gone; i++) {
		/* Held anew now and then, because a slow client would hold an
		 * old snapshot. */
		if (store != NULL && i % most == 0) {
			held = obs->n - i < most ? obs->n - i : most;
			store_release(store);
			store_hold(store, &obs->list[i], held,
			    route == PROVIDER_RESPOND);
		}
		q.observable = &obs->list[i];
		relay_ask_one(x, &q);
		if (clock_ms() - pushed >= PUSH_EVERY) {
			answer_push(x->answer);
			pushed = clock_ms();
		}
	}
	if (store != NULL)
		store_release(store);
}

/* Asks one that answers on this machine. */
static void
ask_machine(struct request *r, struct answer *a, const struct asked *asked,
    enum provider_route route)
{
	struct asking x = { r, a, asked, NULL, false };

	ask_source(r, a, asked);
	if (asked->relay->provider->store != NULL && asked->obs.n > 0 &&
	    (x.store = session_store(r->session, asked->relay)) == NULL)
		answer_problem(a, session_no_store(asked->relay), ASK_NO_STORE);
	else
		ask_here(&x, route);
}

/* Takes what must not leave for the service out of the list, with a warning for
 * each.  Neither is it referred: a reference carries the value there. */
static void
ask_hold_back(struct request *r, struct answer *a, struct asked *asked)
{
	const struct relay_conf *relay = asked->relay;
	struct observables *obs = &asked->obs;
	const struct observable *o;
	size_t i, n = 0;

	/* A store is on this machine. */
	if (relay->provider->store != NULL || !egress_guards(r->conf, relay))
		return;
	for (i = 0; i < obs->n; i++) {
		o = &obs->list[i];
		if (egress_may(r->conf, o)) {
			obs->list[n++] = *o;
			continue;
		}
		ask_source(r, a, asked);
		answer_warning(a, PROBLEM_PERMISSION_DENIED,
		    "Not sent to %s: it is on this gateway's egress list "
		    "(%s %s)",
		    relay->provider->title, observable_name(o->type), o->value);
	}
	r->log.held += obs->n - n;
	obs->n = n;
}

void
ask_about(struct request *r, struct answer *a, struct asked *asked, size_t n,
    enum provider_route route)
{
	size_t i;

	assert(n <= ASK_MOST);
	for (i = 0; i < n; i++)
		ask_hold_back(r, a, &asked[i]);
	for (i = 0; i < n; i++)
		if (!ask_by_calls(&asked[i], route))
			ask_machine(r, a, &asked[i], route);
	ask_services(r, a, asked, n, route);
	answer_source(a, NULL);
}

/* The health of one that answers on this machine. */
static void
ask_store_health(struct request *r, struct answer *a, const struct asked *asked)
{
	const struct relay_conf *relay = asked->relay;
	char error[STORE_ERROR_MAX];
	struct store *store;

	ask_source(r, a, asked);
	if (relay->provider->store == NULL) {
		/* One that makes no calls either needs nothing. */
		if (relay->provider->request == NULL)
			answer_answered(a);
		return;
	}
	if ((store = session_store(r->session, relay)) == NULL) {
		answer_problem(a, session_no_store(relay), ASK_NO_STORE);
	} else if (store_check(store, error) == -1) {
		log_error("relay %s: %s", relay->name, error);
		answer_problem(a, session_no_store(relay), ASK_NO_STORE);
	} else {
		answer_answered(a);
	}
}

void
ask_health(
    struct request *r, struct answer *a, const struct asked *asked, size_t n)
{
	size_t i;

	assert(n <= ASK_MOST);
	for (i = 0; i < n; i++)
		ask_store_health(r, a, &asked[i]);
	ask_services(r, a, asked, n, PROVIDER_HEALTH);
	answer_source(a, NULL);
}
