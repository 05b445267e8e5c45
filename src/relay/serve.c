/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "answer/answer.h"
#include "answer/transport.h"
#include "base/utf8.h"
#include "call/change.h"
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

#define FIELDS_MAX   (1U << 20) /* bytes of the object of field errors */
#define TRIGGER_WAIT 5000       /* ms for others that write the store */
#define TILE_GIVEN   64         /* code points of a name that is refused */
#define TILE_WHY     1024       /* bytes of the refusal */

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

static struct answer *
serve_begin(struct request *r, enum answer_shape shape, enum ctim_kind streamed)
{
	struct answer *a = answer_new(&r->response, shape, streamed);

	if (a == NULL)
		serve_no_memory(r);
	return a;
}

static void
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

/* Parses the body, an object that has all of names; NULL when it was
 * refused. */
static struct json_object *
object_body(struct request *r, const char *const *names)
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

/* Reads the observables that the provider takes from the body; false:
 * refused. */
static bool
observables_body(struct request *r, struct observables *obs)
{
	struct buf errors;
	int said;

	buf_init(&errors, FIELDS_MAX);
	said = observables_parse(obs, r->body.data, r->body.len,
	    r->relay->provider->types, r->relay->provider->any_case,
	    (size_t)r->conf->max_observables, &errors);
	if (said == 1)
		serve_no_memory(r);
	else if (said == -1)
		refuse_body(r, &errors);
	buf_free(&errors);
	r->log.observables = obs->n;
	return said == 0;
}

void
serve_health(struct request *r)
{
	struct answer *a;

	if ((a = serve_begin(r, ANSWER_STATUS, CTIM_SIGHTING)) == NULL)
		return;
	ask_health(r, a);
	serve_finish(r, a);
}

void
serve_version(struct request *r)
{
	static const char text[] = "{\"version\":\"" CTIM_VERSION "\"}";

	response_write(&r->response, text, sizeof(text) - 1);
	response_end(&r->response);
}

/* Answers deliberate, observe, refer and respond. */
void
serve_observables(struct request *r)
{
	const unsigned route = r->route->provider;
	struct observables obs;
	struct answer *a;

	if (!observables_body(r, &obs))
		return;
	a = serve_begin(r,
	    route & (PROVIDER_DELIBERATE | PROVIDER_OBSERVE) ? ANSWER_ENTITIES :
							       ANSWER_LIST,
	    route & PROVIDER_DELIBERATE ? CTIM_JUDGEMENT : CTIM_SIGHTING);
	if (a != NULL) {
		if (r->relay->provider->routes & route)
			ask_about(r, a, &obs, (enum provider_route)route);
		serve_finish(r, a);
	}
	observables_free(&obs);
}

/* Does a trigger by a change of the relay's store. */
static bool
trigger_change(struct request *r, struct answer *a, const struct query *q,
    const struct trigger *t)
{
	struct change_result result;
	int64_t left = r->transport->deadline - clock_ms();

	change_do(r->relay, q, t,
	    left < 0                ? 0 :
		left < TRIGGER_WAIT ? (int)left :
				      TRIGGER_WAIT,
	    &result);
	if (result.changed)
		session_changed(r->session, r->relay);
	if (!result.success)
		answer_problem(a, result.problem, "%s", result.reason);
	return result.success;
}

/* Does a trigger in the way of its provider. */
static bool
trigger_do(struct request *r, struct answer *a, const struct trigger *t)
{
	const struct provider *p = r->relay->provider;
	const struct query q = { .provider = p,
		.route = PROVIDER_TRIGGER,
		.claims = r->claims,
		.conf = r->relay->own,
		.now = r->now };

	if ((p->routes & PROVIDER_TRIGGER) == 0)
		return false;
	return p->change != NULL ? trigger_change(r, a, &q, t) :
				   p->trigger(a, &q, t);
}

void
serve_trigger(struct request *r)
{
	static const char *const names[] = { "action-id", "observable_type",
		"observable_value", NULL };
	struct json_object *body;
	struct trigger trigger;
	struct answer *a;

	if ((body = object_body(r, names)) == NULL)
		return;
	trigger.action = jsonin_string(body, "action-id");
	trigger.type = jsonin_string(body, "observable_type");
	trigger.value = jsonin_string(body, "observable_value");
	trigger.body = body;
	if ((a = serve_begin(r, ANSWER_STATUS, CTIM_SIGHTING)) != NULL) {
		answer_status(
		    a, trigger_do(r, a, &trigger) ? "success" : "failure");
		serve_finish(r, a);
	}
	json_object_put(body);
}

/* Whether the relay has a tile. */
static bool
tile_is_shown(const struct request *r, const struct tile *t)
{
	const struct provider *p = r->relay->provider;

	return p->tile_shown == NULL || p->tile_shown(r->relay->own, t);
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
	const struct tile *t = r->relay->provider->tiles;
	struct answer *a;

	if ((a = serve_begin(r, ANSWER_LIST, CTIM_SIGHTING)) == NULL)
		return;
	for (; t != NULL && t->id != NULL; t++)
		if (tile_is_shown(r, t))
			tile_describe_one(a, t);
	serve_finish(r, a);
}

/* Finds the tile, and its period (NULL: not asked for), that a body names; of a
 * relay without tiles it is NULL.  Returns false when the relay has tiles, but
 * not this one, or not for that period: the request is refused then. */
static bool
tile_named(struct request *r, struct json_object *body, const struct tile **t,
    int *period)
{
	const char *id = jsonin_string(body, "tile_id");
	char why[TILE_WHY];

	*t = r->relay->provider->tiles;
	if (*t == NULL)
		return true;
	*t = tile_find(*t, id);
	if (*t == NULL || !tile_is_shown(r, *t)) {
		(void)snprintf(why, sizeof(why), "There is no tile \"%.*s\"",
		    (int)utf8_cut(id, TILE_GIVEN), id);
		serve_refusal(r, PROBLEM_INVALID_ARGUMENT, why);
		return false;
	}
	if (period == NULL)
		return true;
	id = jsonin_string(body, "period");
	if ((*period = tile_period(*t, id)) != -1)
		return true;
	(void)snprintf(why, sizeof(why),
	    "The tile \"%s\" has no period \"%.*s\"", (*t)->id,
	    (int)utf8_cut(id, TILE_GIVEN), id);
	serve_refusal(r, PROBLEM_INVALID_ARGUMENT, why);
	return false;
}

/* Answers with what a provider with tiles has of the one that the body names, and
 * with nothing for another provider. */
static void
tile_serve(struct request *r, const char *const *names, bool data)
{
	struct json_object *body;
	const struct tile *t;
	struct answer *a;
	int period = 0;

	if ((body = object_body(r, names)) == NULL)
		return;
	if (tile_named(r, body, &t, data ? &period : NULL) &&
	    (a = serve_begin(r, ANSWER_OBJECT, CTIM_SIGHTING)) != NULL) {
		if (t != NULL && data)
			ask_tile(r, a, t, (enum tile_period)period);
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
