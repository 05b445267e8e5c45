/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "answer/transport.h"
#include "cache/cache.h"
#include "call/provider.h"
#include "conf/conf.h"
#include "os/clock.h"
#include "relay/page.h"
#include "relay/probe.h"
#include "relay/relay.h"
#include "relay/request.h"
#include "relay/route.h"
#include "relay/serve.h"
#include "relay/session.h"
#include "token/auth.h"

#define PATH_BYTES  1024  /* of a request's path */
#define READ_BYTES  16384 /* of the body asked for at a time */
#define SEEMS_BYTES 1024  /* of the list of a refused token's relays */

const struct route routes[] = {
	/* path, method, token, owner, provider, serve, offered, about */
	{ "health", ROUTE_POST, true, ROUTE_RELAY, ROUTE_ALL, serve_health,
	    NULL, "whether it works, with this token" },
	{ "version", ROUTE_POST, false, ROUTE_EITHER, ROUTE_ALL, serve_version,
	    NULL, "the gateway's version; takes no token" },
	{ "deliberate/observables", ROUTE_POST, true, ROUTE_RELAY,
	    PROVIDER_DELIBERATE, serve_observables, NULL,
	    "verdicts, and the judgements that they rest on" },
	{ "observe/observables", ROUTE_POST, true, ROUTE_RELAY,
	    PROVIDER_OBSERVE, serve_observables, NULL,
	    "all that is known: also sightings and indicators" },
	{ "refer/observables", ROUTE_POST, true, ROUTE_RELAY, PROVIDER_REFER,
	    serve_observables, NULL, "pages elsewhere that say more" },
	{ "respond/observables", ROUTE_POST, true, ROUTE_RELAY,
	    PROVIDER_RESPOND, serve_observables, NULL,
	    "actions that can be taken" },
	{ "respond/trigger", ROUTE_POST, true, ROUTE_RELAY, PROVIDER_TRIGGER,
	    serve_trigger, NULL, "takes one of these actions" },
	{ "tiles", ROUTE_POST, true, ROUTE_RELAY, PROVIDER_TILES, serve_tiles,
	    NULL, "tiles for a dashboard" },
	{ "tiles/tile", ROUTE_POST, true, ROUTE_RELAY, PROVIDER_TILES,
	    serve_tile, NULL, "what one tile is" },
	{ "tiles/tile-data", ROUTE_POST, true, ROUTE_RELAY, PROVIDER_TILES,
	    serve_tile_data, NULL, "what it shows" },
	{ "watchdog", ROUTE_GET, false, ROUTE_EITHER, 0, serve_watchdog, NULL,
	    NULL },
	{ "healthz", ROUTE_GET, false, ROUTE_GATEWAY, 0, probe_healthz,
	    probe_offered, NULL },
	{ "readyz", ROUTE_GET, false, ROUTE_GATEWAY, 0, probe_readyz,
	    probe_offered, NULL },
	{ "favicon.ico", ROUTE_GET, false, ROUTE_EITHER, 0, page_icon,
	    page_offered, NULL },
	{ "", ROUTE_GET, false, ROUTE_EITHER, 0, page_serve, page_offered,
	    NULL },
	{ 0 }
};

static const struct {
	const char *allow;       /* header field */
	const char *name, *also; /* methods taken */
} methods[] = { [ROUTE_POST] = { "Allow: POST\r\n", "POST", NULL },
	[ROUTE_GET] = { "Allow: GET, HEAD\r\n", "GET", "HEAD" } };

/* Reads the whole body into r->body.  Returns the HTTP status for the result,
 * 200 when the body is complete. */
static int
read_body(struct request *r)
{
	const char *said = transport_var(r->transport, "CONTENT_LENGTH");
	long long length = said == NULL ? -1 : strtoll(said, NULL, 10);
	char *room;
	ssize_t n;
	size_t want;

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
		/* A body of an announced length should not be read in pieces,
		 * nor take more memory than it needs. */
		if (length >= 0 && (size_t)length < want)
			want = (size_t)length + 1 > r->body.len ?
			    (size_t)length + 1 - r->body.len :
			    1;
		if ((room = buf_room(&r->body, want)) == NULL)
			return 500;
		n = r->transport->read(r->transport->arg, room, want);
		if (n < 0)
			return 400;
		if (n == 0)
			break;
		r->body.len += (size_t)n;
		r->body.data[r->body.len] = '\0';
	}
	if (r->body.len > r->conf->max_body)
		return 413;
	return length >= 0 && r->body.len != (size_t)length ? 400 : 200;
}

/* Checks that the token is for this relay: NULL, or the message. */
static const char *
audience(struct request *r, const char **cause)
{
	struct route_bases bases;

	if (r->claims->alg != TOKEN_RS256)
		return NULL;
	route_bases(r->conf, r->transport, r->relay, &bases);
	return auth_audience(
	    session_auth(r->session), r->claims, bases.url, cause);
}

/* Whether a token may be meant for a relay: an RS256 token names it in aud, an
 * HS256 token only has the claims that the relay needs. */
static bool
may_be_for(const struct request *r, const struct claims *c,
    const struct relay_conf *relay)
{
	struct route_bases bases;

	if (c->alg != TOKEN_RS256)
		return token_lacks(c, relay->provider->claims) == NULL;
	route_bases(r->conf, r->transport, relay, &bases);
	return auth_names(c, bases.url);
}

/* Adds the names of the relays that a token may be meant for, of those that
 * need claims (needy) or of the others.  Returns how many. */
static size_t
add_relays(const struct request *r, const struct claims *c, bool needy,
    struct buf *out)
{
	const struct relay_conf *relay;
	size_t n = 0;

	for (relay = r->conf->relays; relay != NULL; relay = relay->next)
		if ((relay->provider->claims != NULL) == needy &&
		    may_be_for(r, c, relay))
			buf_addf(out, "%s%s",
			    n++ == 0 ? "; it seems to be for the relay " : ", ",
			    relay->name);
	return n;
}

/* Logs why a token is refused, and which relay it seems to be for: an aud may
 * be long, so it is read only once the token was found to be genuine. */
static void
log_refusal(const struct request *r, const char *id, const struct claims *c,
    const char *cause)
{
	struct buf seems;

	buf_init(&seems, SEEMS_BYTES);
	if (c != NULL && (c->alg == TOKEN_HS256 || r->claims != NULL) &&
	    add_relays(r, c, true, &seems) == 0 &&
	    add_relays(r, c, false, &seems) == 0 && c->alg == TOKEN_HS256)
		buf_adds(&seems, "; it has the claims of no relay here");
	log_warning("relay %s: token %s refused: %s%s", r->relay->name, id,
	    cause, seems.data);
	buf_free(&seems);
}

/* Checks the token and its claims: NULL, or the message. */
static const char *
authorise(struct request *r, char id[TOKEN_ID_MAX])
{
	struct auth *auth = session_auth(r->session);
	const char *header, *message, *cause;
	const struct claims *claims;
	char why[AUTH_WHY];

	header = transport_var(r->transport, "HTTP_AUTHORIZATION");
	if (header == NULL)
		header =
		    transport_var(r->transport, "REDIRECT_HTTP_AUTHORIZATION");
	message = auth_check(
	    auth, header, r->now, r->transport->deadline, &claims, id, &cause);
	if (message == NULL) {
		r->own = token_for(claims, r->relay, r->relay->provider->hosts);
		r->claims = &r->own;
		message = audience(r, &cause);
	}
	if (message == NULL &&
	    (message = auth_bound(r->conf, claims, r->relay->name, why)) !=
		NULL)
		cause = why;
	if (message == NULL)
		message = auth_claims(
		    auth, r->claims, r->relay->provider->claims, &cause);
	if (message == auth_no_memory)
		cause = message;
	if (message != NULL)
		log_refusal(r, id, claims, cause);
	return message;
}

static const struct {
	int status;
	const char *message;
} bodies[] = { { 400, "The body of the request is not as long as it says" },
	{ 413, "The body of the request is larger than this gateway takes" },
	{ 500, "No memory left" } };

/* The variables that a web server must hand over, for one that does not. */
#define VARIABLES                                                    \
	"PATH_INFO or SCRIPT_NAME, REQUEST_METHOD, CONTENT_LENGTH, " \
	"HTTP_HOST and HTTP_AUTHORIZATION"

/* Answers 404.  "/" has a route, so an empty path means that no path came. */
static void
no_route(struct request *r, const char *path)
{
	static const char none[] = "The request came with neither "
				   "PATH_INFO nor SCRIPT_NAME; the web server "
				   "must hand over " VARIABLES;
	char text[2 * PATH_BYTES + 256];
	size_t n;

	if (*path == '\0') {
		log_warning("%s", none);
		response_error(&r->response, 404, none);
		return;
	}
	n = route_prefix(r->conf, path);
	snprintf(text, sizeof(text), "There is no relay or route %s%s%s%.*s%s",
	    path, page_offered(r) ? "; GET / lists the relays" : "",
	    n == 0 ? "" :
		     ". In front of the "
		     "relay's path is ",
	    (int)n, path,
	    n == 0 ? "" :
		     ", which base_url "
		     "must end with where SCRIPT_NAME is the whole path; else "
		     "the web "
		     "server must split it off PATH_INFO (nginx: "
		     "fastcgi_split_path_info)");
	response_error(&r->response, 404, text);
}

static void
wrong_method(struct request *r, const char *path, bool came)
{
	char text[PATH_BYTES + 256];

	r->response.extra = methods[r->route->method].allow;
	snprintf(text, sizeof(text), "%s takes %s only%s",
	    *path == '\0' ? "/" : path, methods[r->route->method].name,
	    came ? "" :
		   "; no "
		   "REQUEST_METHOD came: the web server must hand "
		   "over " VARIABLES);
	response_error(&r->response, 405, text);
}

/* Whether all that can be said is that the relay's description has an error. */
static bool
is_broken(const struct request *r)
{
	return r->relay != NULL && session_broken(r->session, r->relay) &&
	    r->route->serve != serve_version;
}

/* The checks before a route's own work, in the order of the relay API. */
static void
relay_route(struct request *r, const char *path, char id[TOKEN_ID_MAX])
{
	const char *method, *message = NULL;
	int status;
	size_t i;

	if (r->route == NULL) {
		no_route(r, path);
		return;
	}
	method = transport_var(r->transport, "REQUEST_METHOD");
	if (method == NULL ||
	    (strcmp(method, methods[r->route->method].name) != 0 &&
		(methods[r->route->method].also == NULL ||
		    strcmp(method, methods[r->route->method].also) != 0))) {
		wrong_method(r, path, method != NULL);
		return;
	}
	if ((status = read_body(r)) != 200) {
		for (i = 0; bodies[i].status != status; i++)
			;
		response_error(&r->response, status, bodies[i].message);
		return;
	}
	if (r->route->token)
		message = authorise(r, id);
	if (message == NULL && is_broken(r))
		serve_broken(r);
	else if (message == NULL)
		r->route->serve(r);
	else if (message == auth_no_memory)
		response_error(&r->response, 500, message);
	else
		serve_refusal(r, PROBLEM_AUTHORIZATION, message);
}

/* Of which trace a request is, as it says; a value that is none counts as if it
 * had not come. */
static void
relay_trace(struct request *r)
{
	const char *text = transport_var(r->transport, "HTTP_TRACEPARENT");

	if (text != NULL)
		(void)traceparent_read(&r->trace, text);
}

void
relay_serve(struct session *session, struct transport *t)
{
	struct request r;
	char path[PATH_BYTES], id[TOKEN_ID_MAX] = "-";
	const char *method = transport_var(t, "REQUEST_METHOD");
	int64_t started = clock_ms();

	cache_begin(session_cache(session));
	/* The response is the last member, and large. */
	memset(&r, 0, offsetof(struct request, response));
	r.session = session;
	r.conf = session_conf(session);
	r.transport = t;
	r.now = t->now != 0 ? t->now : (int64_t)time(NULL);
	buf_init(&r.body, 0);
	response_init(&r.response, t);
	relay_trace(&r);
	r.response.head_only = method != NULL && strcmp(method, "HEAD") == 0;
	if (route_path(r.conf, t, path, sizeof(path)))
		r.route = route_find(r.conf, path, &r.relay);
	if (r.route != NULL && r.route->offered != NULL &&
	    !r.route->offered(&r)) {
		r.route = NULL;
		/* An empty path means that none came. */
		if (*path == '\0')
			(void)snprintf(path, sizeof(path), "/");
	}
	relay_route(&r, path, id);
	r.log.relay = r.relay == NULL ? NULL : r.relay->name;
	if (r.route != NULL)
		r.log.route = *r.route->path == '\0' ? "/" : r.route->path;
	r.log.status = r.response.status;
	r.log.bytes = r.response.bytes;
	r.log.ms = clock_ms() - started;
	r.log.id = r.response.id;
	r.log.token = id;
	r.log.trace = r.trace.trace[0] == '\0' ? NULL : r.trace.trace;
	log_request(&r.log);
	session_count(session, r.relay, &r.log);
	buf_free(&r.body);
}

void
relay_busy(const struct conf *conf, struct transport *t, bool memory)
{
	struct response r;
	char text[128];

	response_init(&r, t);
	r.extra = "Retry-After: 1\r\n";
	if (memory)
		snprintf(text, sizeof(text),
		    "The memory for large requests is in use; ask for "
		    "fewer observables, or later");
	else
		snprintf(text, sizeof(text),
		    "All %d x %d threads are busy and the "
		    "queue is full",
		    conf->workers, conf->threads);
	response_error(&r, 503, text);
}
