/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "answer/answer.h"
#include "answer/transport.h"
#include "answer/verdicts.h"
#include "base/utf8.h"
#include "hook/change.h"
#include "call/members.h"
#include "call/provider.h"
#include "conf/conf.h"
#include "json/jsonin.h"
#include "json/jsonscan.h"
#include "log/log.h"
#include "os/clock.h"
#include "os/spill.h"
#include "relay/ask.h"
#include "body/bodycheck.h"
#include "body/observables.h"
#include "relay/request.h"
#include "relay/route.h"
#include "relay/serve.h"
#include "relay/session.h"
#include "token/token.h"

#define FIELDS_MAX   (1U << 20) /* bytes of the object of field errors */
#define TRIGGER_WAIT 5000       /* ms for others that write the store */

static void
serve_no_memory(struct request *r)
{
	response_error(&r->response, 500, "No memory left");
}

void
serve_refusal(struct request *r, enum problem p, const char *message)
{
	struct answer *a;

	a = answer_new(&r->response, ANSWER_OBJECT, CTIM_SIGHTING);
	if (a == NULL) {
		serve_no_memory(r);
		return;
	}
	answer_refuse(a, p, "%s", message);
	r->log.errors = answer_errors(a);
	answer_free(a);
}

void
serve_broken(struct request *r)
{
	char message[256];

	(void)snprintf(message, sizeof(message), PROVIDER_BROKEN,
	    r->relay->provider->title);
	serve_refusal(r, PROBLEM_INTERNAL, message);
}

struct answer *
serve_begin(struct request *r, enum answer_shape shape, enum ctim_kind streamed)
{
	struct answer *a = answer_new(&r->response, shape, streamed);

	if (a == NULL)
		serve_no_memory(r);
	return a;
}

void
serve_finish(struct request *r, struct answer *a)
{
	int error;

	if (answer_finish(a) == -1) {
		error = answer_spill_error(a);
		log_error("relay %s: an answer could not be held and was cut: "
			  "%s%s%s",
		    r->relay->name, error == 0 ? "" : spill_folder(),
		    error == 0 ? "" : ": ",
		    strerror(error == 0 ? ENOMEM : error));
	}
	r->log.entities = answer_entities(a);
	r->log.errors = answer_errors(a);
	answer_free(a);
}

/* errors: the object that bodycheck.h made. */
static void
refuse_body(struct request *r, const struct buf *errors)
{
	struct buf message;

	buf_init(&message, FIELDS_MAX + 64);
	buf_addf(&message, "Invalid JSON payload received. %s.", errors->data);
	if (errors->starved || message.starved)
		serve_no_memory(r);
	else
		serve_refusal(r, PROBLEM_INVALID_ARGUMENT, message.data);
	buf_free(&message);
}

struct json_object *
serve_body(struct request *r, const char *const *names)
{
	struct json_object *body;
	struct buf errors;
	const char *why;

	buf_init(&errors, FIELDS_MAX);
	body =
	    jsonin_parse(r->body.data, r->body.len, JSON_REQUEST_VALUES, &why);
	if (why == jsonscan_no_memory)
		serve_no_memory(r);
	else if (bodycheck_check(&errors, body, names) == -1) {
		refuse_body(r, &errors);
		json_object_put(body);
		body = NULL;
	}
	buf_free(&errors);
	return body;
}

size_t
serve_asked(const struct request *r, struct asked *asked)
{
	const struct members *m = members_of(r->relay);
	size_t i;

	if (m == NULL) {
		asked[0] =
		    (struct asked){ .relay = r->relay, .claims = *r->claims };
		return 1;
	}
	for (i = 0; i < m->n; i++)
		asked[i] = (struct asked){ .relay = m->list[i],
			.claims = token_for(r->claims, m->list[i],
			    m->list[i]->provider->hosts) };
	return m->n;
}

/* Reads the observables that each of n relays takes from the body; false:
 * refused. */
static bool
observables_body(struct request *r, struct asked *asked, size_t n)
{
	const struct provider *p;
	struct buf errors;
	int said = 0;
	size_t i;

	buf_init(&errors, FIELDS_MAX);
	for (i = 0; i < n && said == 0; i++) {
		p = asked[i].relay->provider;
		said = observables_parse(&asked[i].obs, r->body.data,
		    r->body.len, &p->types, p->any_case,
		    (size_t)r->conf->max_observables, &errors);
		if (asked[i].obs.n > r->log.observables)
			r->log.observables = asked[i].obs.n;
	}
	if (said == 1)
		serve_no_memory(r);
	else if (said == -1)
		refuse_body(r, &errors);
	buf_free(&errors);
	return said == 0;
}

/* Says why a member that has the route is not asked; false: it is.  The request's
 * own relay was looked at before. */
static bool
serve_unable(
    const struct request *r, struct answer *a, const struct asked *asked)
{
	const struct provider *p = asked->relay->provider;
	const char *lacks = NULL;
	bool broken;

	if (asked->relay == r->relay)
		return false;
	broken = session_broken(r->session, asked->relay);
	if (!broken && (lacks = token_lacks(&asked->claims, p->claims)) == NULL)
		return false;
	answer_source(a, asked->relay->name);
	if (broken)
		answer_problem(a, PROBLEM_INTERNAL, PROVIDER_BROKEN, p->title);
	else
		answer_problem(a, PROBLEM_AUTHORIZATION,
		    token_is_pinned(&asked->claims, lacks) ?
			"The claim %s of the token does not count "
			"beside a credential of the gateway" :
			"The token does not have the claim %s",
		    lacks);
	answer_source(a, NULL);
	return true;
}

/* Takes out of the list the relays that have no such route, and members that cannot
 * be asked, with an error.  Returns how many are left. */
static size_t
serve_able(const struct request *r, struct answer *a, struct asked *asked,
    size_t n, unsigned route)
{
	size_t i, m = 0;

	for (i = 0; i < n; i++) {
		if ((asked[i].relay->provider->routes & route) != 0 &&
		    !serve_unable(r, a, &asked[i]))
			asked[m++] = asked[i];
		else
			observables_free(&asked[i].obs);
	}
	return m;
}

void
serve_health(struct request *r)
{
	struct asked asked[ASK_MOST];
	struct answer *a;
	size_t n = serve_asked(r, asked);

	if ((a = serve_begin(r, ANSWER_STATUS, CTIM_SIGHTING)) == NULL)
		return;
	n = serve_able(r, a, asked, n, ROUTE_ALL);
	ask_health(r, a, asked, n);
	serve_finish(r, a);
}

void
serve_version(struct request *r)
{
	static const char text[] = "{\"version\":\"" CTIM_VERSION "\"}";

	response_write(&r->response, text, sizeof(text) - 1);
	response_end(&r->response);
}

/* answer_filterer: puts the relay's name before the id of an action, so that a
 * trigger finds it. */
static bool
serve_name_action(
    void *arg, const char *source, enum ctim_kind kind, struct buf *json)
{
	bool *broken = arg;
	struct json_object *action = NULL, *id = NULL;
	const char *text = NULL;
	struct buf name;

	(void)kind;
	buf_init(&name, FIELDS_MAX);
	action = jsonin_parse(json->data, json->len, JSON_ANSWER_VALUES, NULL);
	if (action != NULL && jsonin_string(action, "id") != NULL) {
		(void)buf_addf(
		    &name, "%s/%s", source, jsonin_string(action, "id"));
		id = json_object_new_string(name.data);
	}
	if (id != NULL && !name.failed &&
	    json_object_object_add(action, "id", json_object_get(id)) == 0)
		text = json_object_to_json_string_ext(action,
		    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	buf_reset(json);
	if (text == NULL || buf_adds(json, text) == -1)
		*broken = true;
	json_object_put(id);
	json_object_put(action);
	buf_free(&name);
	return !*broken;
}

/* Asks several relays for what is a list: one list after another, in their
 * order. */
static void
serve_lists(struct request *r, struct answer *a, struct asked *asked, size_t n,
    enum provider_route route)
{
	bool broken = false;
	size_t i;

	if (route == PROVIDER_RESPOND)
		answer_filter(a, serve_name_action, &broken);
	for (i = 0; i < n; i++)
		ask_about(r, a, &asked[i], 1, route);
	answer_filter(a, NULL, NULL);
	if (broken)
		answer_problem(a, PROBLEM_INTERNAL,
		    "The gateway had no memory for all actions");
}

/* Asks several relays for entities: all at once, and of their verdicts on an
 * observable the one that counts is in the answer. */
static void
serve_entities(struct request *r, struct answer *a, struct asked *asked,
    size_t n, enum provider_route route)
{
	struct verdicts *v = verdicts_new(members_of(r->relay)->names);

	if (v == NULL) {
		answer_problem(a, PROBLEM_INTERNAL, "No memory left");
		return;
	}
	answer_filter(a, verdicts_filter, v);
	ask_about(r, a, asked, n, route);
	answer_filter(a, NULL, NULL);
	verdicts_write(v, a);
	verdicts_free(v);
}

static void
serve_ask(struct request *r, struct answer *a, struct asked *asked, size_t n,
    enum provider_route route)
{
	if (members_of(r->relay) == NULL)
		ask_about(r, a, asked, n, route);
	else if (route == PROVIDER_REFER || route == PROVIDER_RESPOND)
		serve_lists(r, a, asked, n, route);
	else
		serve_entities(r, a, asked, n, route);
}

/* Answers deliberate, observe, refer and respond. */
void
serve_observables(struct request *r)
{
	const unsigned route = r->route->provider;
	struct asked asked[ASK_MOST];
	size_t i, n = serve_asked(r, asked);
	struct answer *a = NULL;

	if (observables_body(r, asked, n))
		a = serve_begin(r,
		    route & (PROVIDER_DELIBERATE | PROVIDER_OBSERVE) ?
			ANSWER_ENTITIES :
			ANSWER_LIST,
		    route & PROVIDER_DELIBERATE ? CTIM_JUDGEMENT :
						  CTIM_SIGHTING);
	if (a != NULL) {
		n = serve_able(r, a, asked, n, route);
		serve_ask(r, a, asked, n, (enum provider_route)route);
		serve_finish(r, a);
	}
	for (i = 0; i < n; i++)
		observables_free(&asked[i].obs);
}

/* Does a trigger by a change of a relay's store. */
static bool
trigger_change(struct request *r, struct answer *a,
    const struct relay_conf *relay, const struct query *q,
    const struct trigger *t)
{
	struct change_result result;
	int64_t left = r->transport->deadline - clock_ms();

	change_do(relay, q, t,
	    left < 0                ? 0 :
		left < TRIGGER_WAIT ? (int)left :
				      TRIGGER_WAIT,
	    &result);
	if (result.changed)
		session_changed(r->session, relay);
	if (!result.success)
		answer_problem(a, result.problem, "%s", result.reason);
	return result.success;
}

/* Does a trigger in the way of a relay's provider. */
static bool
trigger_do(struct request *r, struct answer *a, const struct asked *asked,
    const struct trigger *t)
{
	const struct provider *p = asked->relay->provider;
	const struct query q = { .provider = p,
		.route = PROVIDER_TRIGGER,
		.claims = &asked->claims,
		.conf = asked->relay->own,
		.now = r->now };

	if ((p->routes & PROVIDER_TRIGGER) == 0)
		return false;
	return p->change != NULL ? trigger_change(r, a, asked->relay, &q, t) :
				   p->trigger(a, &q, t);
}

/* The relay whose action a trigger names, of those that are asked; a member's
 * action is MEMBER/ACTION.  NULL: none. */
static const struct asked *
trigger_find(const struct request *r, const struct asked *asked, size_t n,
    struct trigger *t)
{
	size_t i, len;

	if (members_of(r->relay) == NULL)
		return &asked[0];
	for (i = 0; i < n; i++) {
		len = strlen(asked[i].relay->name);
		if (strncmp(t->action, asked[i].relay->name, len) == 0 &&
		    t->action[len] == '/') {
			t->action += len + 1;
			return &asked[i];
		}
	}
	return NULL;
}

/* Whether it was done; if not, an error in the answer may say why. */
static bool
serve_act(struct request *r, struct answer *a, struct trigger *t)
{
	struct asked asked[ASK_MOST];
	const struct asked *one;
	size_t n = serve_asked(r, asked);

	one = trigger_find(r, asked, n, t);
	if (one == NULL)
		answer_problem(a, PROBLEM_INVALID_ARGUMENT,
		    "There is no action \"%.*s\"",
		    (int)utf8_cut(t->action, SERVE_GIVEN), t->action);
	return one != NULL && trigger_do(r, a, one, t);
}

void
serve_trigger(struct request *r)
{
	static const char *const names[] = { "action-id", "observable_type",
		"observable_value", NULL };
	struct json_object *body;
	struct trigger trigger;
	struct answer *a;

	if ((body = serve_body(r, names)) == NULL)
		return;
	trigger.action = jsonin_string(body, "action-id");
	trigger.type = jsonin_string(body, "observable_type");
	trigger.value = jsonin_string(body, "observable_value");
	trigger.body = body;
	if ((a = serve_begin(r, ANSWER_STATUS, CTIM_SIGHTING)) != NULL) {
		answer_status(
		    a, serve_act(r, a, &trigger) ? "success" : "failure");
		serve_finish(r, a);
	}
	json_object_put(body);
}

void
serve_watchdog(struct request *r)
{
	const char *said;
	struct buf b;
	struct jsonout j;
	bool whole;

	said = transport_var(r->transport, "HTTP_HEALTH_CHECK");
	if (said == NULL) {
		serve_refusal(r, PROBLEM_HEALTH_CHECK, "Invalid Health Check");
		return;
	}
	buf_init(&b, RESPONSE_HELD);
	jsonout_init(&j, &b);
	jsonout_object(&j);
	jsonout_kstring(&j, "data", said);
	jsonout_end_object(&j);
	whole = jsonout_done(&j) == 0;
	if (b.starved)
		serve_no_memory(r);
	else if (!whole)
		response_error(&r->response, 400, "Health-Check is too long");
	else if (response_write(&r->response, b.data, b.len) == 0)
		response_end(&r->response);
	buf_free(&b);
}
