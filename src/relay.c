#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "answer.h"
#include "auth.h"
#include "conf.h"
#include "field.h"
#include "index.h"
#include "jsonin.h"
#include "jsonscan.h"
#include "provider.h"
#include "relay.h"
#include "request.h"
#include "route.h"
#include "store.h"
#include "transport.h"

#define PATH_BYTES	1024	/* of a request's path */
#define FIELDS_MAX	(1U << 20) /* bytes of the object of field errors */
#define READ_BYTES	65536	/* of the body asked for at a time */
#define STORE_FAILED	"The local indicator store cannot be read; the log of " \
	    "the gateway says why"

static void	serve_health(struct request *);
static void	serve_version(struct request *);
static void	serve_deliberate(struct request *);
static void	serve_observe(struct request *);
static void	serve_refer(struct request *);
static void	serve_respond(struct request *);
static void	serve_trigger(struct request *);
static void	serve_tiles(struct request *);
static void	serve_tile(struct request *);
static void	serve_tile_data(struct request *);
static void	serve_watchdog(struct request *);

const struct route routes[] = {
	/* path			  method      token  gateway serve */
	{ "health",		  ROUTE_POST, true,  false, serve_health },
	{ "version",		  ROUTE_POST, false, true,  serve_version },
	{ "deliberate/observables", ROUTE_POST, true, false, serve_deliberate },
	{ "observe/observables",  ROUTE_POST, true,  false, serve_observe },
	{ "refer/observables",	  ROUTE_POST, true,  false, serve_refer },
	{ "respond/observables",  ROUTE_POST, true,  false, serve_respond },
	{ "respond/trigger",	  ROUTE_POST, true,  false, serve_trigger },
	{ "tiles",		  ROUTE_POST, true,  false, serve_tiles },
	{ "tiles/tile",		  ROUTE_POST, true,  false, serve_tile },
	{ "tiles/tile-data",	  ROUTE_POST, true,  false, serve_tile_data },
	{ "watchdog",		  ROUTE_GET,  false, true,  serve_watchdog },
	{ "",			  ROUTE_GET,  false, true,  index_serve },
	{ 0 }
};

static const struct {
	const char	*allow;		/* header field */
	const char	*name, *also;	/* methods taken */
} methods[] = {
	[ROUTE_POST] =	{ "Allow: POST\r\n", "POST", NULL },
	[ROUTE_GET] =	{ "Allow: GET, HEAD\r\n", "GET", "HEAD" }
};

/* An answer whose only result is one fatal error. */
static void
refuse(struct request *r, enum problem p, const char *message)
{
	struct answer	*a;

	a = answer_new(&r->response, ANSWER_OBJECT, CTIM_SIGHTING);
	if (a == NULL) {
		response_error(&r->response, 500, "No memory left");
		return;
	}
	answer_refuse(a, p, "%s", message);
	r->log.errors = answer_errors(a);
	answer_free(a);
}

static struct answer *
begin(struct request *r, enum answer_shape shape, enum ctim_kind streamed)
{
	struct answer	*a = answer_new(&r->response, shape, streamed);

	if (a == NULL)
		response_error(&r->response, 500, "No memory left");
	return a;
}

static void
finish(struct request *r, struct answer *a)
{
	answer_finish(a);
	r->log.entities = answer_entities(a);
	r->log.errors = answer_errors(a);
	answer_free(a);
}

/* The body as an object that has all of names, or NULL when it was refused. */
static struct json_object *
object_body(struct request *r, const char *const *names)
{
	struct json_object	*body;
	struct buf		 errors, message;

	buf_init(&errors, FIELDS_MAX);
	body = jsonin_parse(r->body.data, r->body.len, JSON_REQUEST_VALUES,
	    NULL);
	if (field_check(&errors, body, names) == -1) {
		buf_init(&message, FIELDS_MAX + 64);
		buf_addf(&message, "Invalid JSON payload received. %s.",
		    errors.data);
		refuse(r, PROBLEM_INVALID_ARGUMENT, message.data);
		buf_free(&message);
		json_object_put(body);
		body = NULL;
	}
	buf_free(&errors);
	return body;
}

/* The observables of the body that the provider takes; false: refused. */
static bool
observables_body(struct request *r, struct observables *obs)
{
	struct buf	 errors, message;
	bool		 good;

	buf_init(&errors, FIELDS_MAX);
	good = observables_parse(obs, r->body.data, r->body.len,
	    r->relay->provider->types, (size_t)r->conf->max_observables,
	    &errors) == 0;
	if (!good) {
		buf_init(&message, FIELDS_MAX + 64);
		buf_addf(&message, "Invalid JSON payload received. %s.",
		    errors.data);
		refuse(r, PROBLEM_INVALID_ARGUMENT, message.data);
		buf_free(&message);
	}
	buf_free(&errors);
	r->log.observables = obs->n;
	return good;
}

static void
serve_health(struct request *r)
{
	struct answer	*a;
	struct store	*store;
	char		 error[STORE_ERROR_MAX];

	if ((a = begin(r, ANSWER_STATUS, CTIM_SIGHTING)) == NULL)
		return;
	if (r->relay->provider->store != NULL) {
		store = session_store(r->session, r->relay);
		if (store == NULL) {
			answer_problem(a, PROBLEM_INTERNAL, STORE_FAILED);
		} else if (store_check(store, error) == -1) {
			log_error("relay %s: %s", r->relay->name, error);
			answer_problem(a, PROBLEM_INTERNAL, STORE_FAILED);
		}
	}
	finish(r, a);
}

static void
serve_version(struct request *r)
{
	static const char	 text[] = "{\"version\":\"" CTIM_VERSION "\"}";

	response_write(&r->response, text, sizeof(text) - 1);
	response_end(&r->response);
}

/* Fills in what the store holds on q->observable; false when it cannot. */
static bool
look_up(struct request *r, struct answer *a, struct query *q)
{
	struct store	*store;
	char		 error[STORE_ERROR_MAX];
	ssize_t		 n = -1;

	if (r->relay->provider->store == NULL)
		return true;
	if ((store = session_store(r->session, r->relay)) != NULL) {
		n = store_match(store, q->observable, q->now, &q->records,
		    error);
		if (n == -1)
			log_error("relay %s: %s", r->relay->name, error);
	}
	if (n == -1) {
		answer_problem(a, PROBLEM_INTERNAL, STORE_FAILED);
		return false;
	}
	q->n = (size_t)n;
	return true;
}

/*
 * Asks the provider about every observable.  What the deadline leaves over is
 * an error each, the rest of the answer stays.
 */
static void
ask(struct request *r, struct answer *a, const struct observables *obs,
    enum provider_route route)
{
	const struct provider	*p = r->relay->provider;
	struct query		 q = {
		.route = route, .claims = r->claims, .conf = r->relay->own,
		.now = r->now
	};
	size_t			 i;

	for (i = 0; i < obs->n && !r->response.gone; i++) {
		q.observable = &obs->list[i];
		if (clock_ms() >= r->transport->deadline) {
			answer_problem(a, PROBLEM_CONNECTION, "The deadline of "
			    "the request has passed (%s %s)",
			    observable_name(q.observable->type),
			    q.observable->value);
			continue;
		}
		if (!look_up(r, a, &q))
			return;
		answer_observable(a, r->claims->limit);
		if (route == PROVIDER_REFER)
			p->refer(a, &q);
		else
			p->answer(a, &q);
		answer_answered(a);
	}
}

static void
serve_observables(struct request *r, enum provider_route route,
    enum answer_shape shape, enum ctim_kind streamed)
{
	struct observables	 obs;
	struct answer		*a;

	if (!observables_body(r, &obs))
		return;
	if ((a = begin(r, shape, streamed)) != NULL) {
		if (r->relay->provider->routes & route)
			ask(r, a, &obs, route);
		finish(r, a);
	}
	observables_free(&obs);
}

static void
serve_deliberate(struct request *r)
{
	serve_observables(r, PROVIDER_DELIBERATE, ANSWER_ENTITIES,
	    CTIM_JUDGEMENT);
}

static void
serve_observe(struct request *r)
{
	serve_observables(r, PROVIDER_OBSERVE, ANSWER_ENTITIES, CTIM_SIGHTING);
}

static void
serve_refer(struct request *r)
{
	serve_observables(r, PROVIDER_REFER, ANSWER_LIST, CTIM_SIGHTING);
}

/* No provider of this release offers actions; the body is checked as if. */
static void
serve_respond(struct request *r)
{
	struct observables	 obs;
	struct answer		*a;

	if (!observables_body(r, &obs))
		return;
	if ((a = begin(r, ANSWER_LIST, CTIM_SIGHTING)) != NULL)
		finish(r, a);
	observables_free(&obs);
}

static void
serve_trigger(struct request *r)
{
	static const char *const	 names[] = { "action-id",
					    "observable_type",
					    "observable_value", NULL };
	const struct provider		*p = r->relay->provider;
	const struct query		 q = {
		.route = PROVIDER_TRIGGER, .claims = r->claims,
		.conf = r->relay->own, .now = r->now
	};
	struct json_object		*body;
	struct trigger			 trigger;
	struct answer			*a;

	if ((body = object_body(r, names)) == NULL)
		return;
	trigger.action = jsonin_string(body, "action-id");
	trigger.type = jsonin_string(body, "observable_type");
	trigger.value = jsonin_string(body, "observable_value");
	if ((a = begin(r, ANSWER_STATUS, CTIM_SIGHTING)) != NULL) {
		answer_status(a, (p->routes & PROVIDER_TRIGGER) &&
		    p->trigger(a, &q, &trigger) ? "success" : "failure");
		answer_answered(a);
		finish(r, a);
	}
	json_object_put(body);
}

static void
serve_tiles(struct request *r)
{
	struct answer	*a;

	if ((a = begin(r, ANSWER_LIST, CTIM_SIGHTING)) != NULL)
		finish(r, a);
}

/* No provider of this release has tiles; the body is checked as if. */
static void
no_tile(struct request *r, const char *const *names)
{
	struct json_object	*body;
	struct answer		*a;

	if ((body = object_body(r, names)) == NULL)
		return;
	if ((a = begin(r, ANSWER_OBJECT, CTIM_SIGHTING)) != NULL)
		finish(r, a);
	json_object_put(body);
}

static void
serve_tile(struct request *r)
{
	static const char *const	 names[] = { "tile_id", NULL };

	no_tile(r, names);
}

static void
serve_tile_data(struct request *r)
{
	static const char *const	 names[] = { "tile_id", "period", NULL };

	no_tile(r, names);
}

static void
serve_watchdog(struct request *r)
{
	const char	*said;
	struct buf	 b;
	struct jsonout	 j;

	said = transport_var(r->transport, "HTTP_HEALTH_CHECK");
	if (said == NULL) {
		refuse(r, PROBLEM_HEALTH_CHECK, "Invalid Health Check");
		return;
	}
	buf_init(&b, RESPONSE_HELD);
	jsonout_init(&j, &b);
	jsonout_object(&j);
	jsonout_kstring(&j, "data", said);
	jsonout_end_object(&j);
	if (b.failed)
		response_error(&r->response, 500, "Health-Check is too long");
	else if (response_write(&r->response, b.data, b.len) == 0)
		response_end(&r->response);
	buf_free(&b);
}

/*
 * The whole body into r->body.  Returns the HTTP status that its fate means,
 * 200 when it is all there.
 */
static int
read_body(struct request *r)
{
	const char	*said = transport_var(r->transport, "CONTENT_LENGTH");
	long long	 length = said == NULL ? -1 : strtoll(said, NULL, 10);
	char		*room;
	ssize_t		 n;
	size_t		 want;

	if (length >= 0 && (unsigned long long)length > r->conf->max_body)
		return 413;
	/* One byte more than may be, to tell full from too long. */
	buf_init(&r->body, r->conf->max_body + 1);
	for (;;) {
		want = r->body.max - r->body.len;
		if (want == 0)
			return 413;
		if (want > READ_BYTES)
			want = READ_BYTES;
		/* What is announced to fit should not be read in pieces, nor
		 * take more memory than it needs. */
		if (length >= 0 && (size_t)length < want)
			want = (size_t)length + 1 > r->body.len ?
			    (size_t)length + 1 - r->body.len : 1;
		if ((room = buf_room(&r->body, want)) == NULL)
			return 500;
		n = r->transport->read(r->transport->arg, room, want);
		if (n < 0)
			return 400;
		if (n == 0)
			break;
		r->body.len += (size_t)n;
	}
	if (r->body.len > r->conf->max_body)
		return 413;
	return length >= 0 && r->body.len != (size_t)length ? 400 : 200;
}

/* NULL when the token and its claims are good, else the message. */
static const char *
authorise(struct request *r, char id[TOKEN_ID_MAX])
{
	const char	*header, *message, *cause;

	header = transport_var(r->transport, "HTTP_AUTHORIZATION");
	if (header == NULL)
		header = transport_var(r->transport,
		    "REDIRECT_HTTP_AUTHORIZATION");
	message = auth_check(session_auth(r->session), header, r->now,
	    &r->claims, id, &cause);
	if (message == NULL)
		message = auth_claims(r->claims, r->relay->provider->claims);
	if (cause != NULL)
		log_warning("relay %s: token %s refused: %s", r->relay->name,
		    id, cause);
	return message;
}

static const struct {
	int		 status;
	const char	*message;
} bodies[] = {
	{ 400, "The body of the request is not as long as it says" },
	{ 413, "The body of the request is larger than this gateway takes" },
	{ 500, "No memory left" }
};

/* The checks before a route's own work, in the order of the relay API. */
static void
serve(struct request *r, const char *path, char id[TOKEN_ID_MAX])
{
	const char	*method, *message;
	char		 text[PATH_BYTES + 128];
	int		 status;
	size_t		 i;

	if (r->route == NULL) {
		snprintf(text, sizeof(text), "There is no relay or route %s; "
		    "GET / lists the relays", *path == '\0' ? "/" : path);
		response_error(&r->response, 404, text);
		return;
	}
	method = transport_var(r->transport, "REQUEST_METHOD");
	if (method == NULL || (strcmp(method, methods[r->route->method].name) !=
	    0 && (methods[r->route->method].also == NULL ||
	    strcmp(method, methods[r->route->method].also) != 0))) {
		r->response.extra = methods[r->route->method].allow;
		snprintf(text, sizeof(text), "%s takes %s only", *path == '\0' ?
		    "/" : path, methods[r->route->method].name);
		response_error(&r->response, 405, text);
		return;
	}
	if ((status = read_body(r)) != 200) {
		for (i = 0; bodies[i].status != status; i++)
			;
		response_error(&r->response, status, bodies[i].message);
		return;
	}
	if (r->route->token && (message = authorise(r, id)) != NULL)
		refuse(r, PROBLEM_AUTHORIZATION, message);
	else
		r->route->serve(r);
}

void
relay_serve(struct session *session, struct transport *t)
{
	struct request	 r = {
		.session = session, .conf = session_conf(session),
		.transport = t, .now = (int64_t)time(NULL)
	};
	char		 path[PATH_BYTES], id[TOKEN_ID_MAX] = "-";
	const char	*method = transport_var(t, "REQUEST_METHOD");
	int64_t		 started = clock_ms();

	buf_init(&r.body, 0);
	response_init(&r.response, t);
	r.response.head_only = method != NULL && strcmp(method, "HEAD") == 0;
	route_path(r.conf, t, path, sizeof(path));
	r.route = route_find(r.conf, path, &r.relay);
	serve(&r, path, id);
	r.log.relay = r.relay == NULL ? NULL : r.relay->name;
	if (r.route != NULL)
		r.log.route = *r.route->path == '\0' ? "/" : r.route->path;
	r.log.status = r.response.status;
	r.log.bytes = r.response.bytes;
	r.log.ms = clock_ms() - started;
	r.log.id = r.response.id;
	r.log.token = id;
	log_request(&r.log);
	response_free(&r.response);
	buf_free(&r.body);
}

void
relay_busy(const struct conf *conf, struct transport *t)
{
	struct response	 r;
	char		 text[128];

	response_init(&r, t);
	r.extra = "Retry-After: 1\r\n";
	snprintf(text, sizeof(text), "All %d x %d threads are busy and the "
	    "queue is full", conf->workers, conf->threads);
	response_error(&r, 503, text);
	response_free(&r);
}
