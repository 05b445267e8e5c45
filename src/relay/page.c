/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "answer/transport.h"
#include "call/provider.h"
#include "conf/conf.h"
#include "ctim/observable.h"
#include "json/jsonout.h"
#include "relay/page.h"
#include "relay/request.h"
#include "relay/route.h"

#define PAGE_MAX (1U << 20) /* bytes of the page */

/* Whether the page lists a route for the relays of a provider. */
static bool
page_has_route(const struct provider *p, const struct route *route)
{
	return route->provider == ROUTE_ALL || (p->routes & route->provider);
}

static bool
is_shown(const struct request *r, const struct relay_conf *relay)
{
	return r->relay == NULL || r->relay == relay;
}

static void
json_relay(struct jsonout *j, const struct relay_conf *relay)
{
	const struct provider *p = relay->provider;
	const struct route *route;
	size_t i;

	jsonout_object(j);
	jsonout_kstring(j, "name", relay->name);
	jsonout_kstring(j, "provider", p->name);
	jsonout_key(j, "routes");
	jsonout_array(j);
	for (route = routes; route->path != NULL; route++)
		if (page_has_route(p, route))
			jsonout_string(j, route->path);
	jsonout_end_array(j);
	jsonout_key(j, "observables");
	jsonout_array(j);
	for (i = 0; i < OBSERVABLE_TYPES; i++)
		if (p->types & OBSERVABLE_BIT(i))
			jsonout_string(
			    j, observable_name((enum observable_type)i));
	jsonout_end_array(j);
	jsonout_end_object(j);
}

static int
json_page(struct request *r, struct buf *b)
{
	const struct relay_conf *relay;
	struct jsonout j;

	jsonout_init(&j, b);
	jsonout_object(&j);
	jsonout_kstring(&j, "name", "ctim-relay");
	jsonout_kstring(&j, "version", CTIM_VERSION);
	jsonout_key(&j, "relays");
	jsonout_array(&j);
	for (relay = r->conf->relays; relay != NULL; relay = relay->next)
		if (is_shown(r, relay))
			json_relay(&j, relay);
	jsonout_end_array(&j);
	jsonout_end_object(&j);
	return jsonout_done(&j);
}

/* Names and texts here are from our own tables and from relay names, which are
 * letters and digits: nothing needs escaping. */
static void
html_relay(struct buf *b, const struct relay_conf *relay)
{
	const struct provider *p = relay->provider;
	const struct route *route;
	size_t i;

	buf_addf(b, "<tr><td>%s</td><td>%s</td><td>%s</td><td>", relay->name,
	    p->title, p->description);
	for (route = routes; route->path != NULL; route++)
		if (page_has_route(p, route))
			buf_addf(b, "/%s/%s<br>", relay->name, route->path);
	buf_adds(b, "</td><td>");
	for (i = 0; i < OBSERVABLE_TYPES; i++)
		if (p->types & OBSERVABLE_BIT(i))
			buf_addf(
			    b, "%s ", observable_name((enum observable_type)i));
	buf_adds(b, "</td></tr>\n");
}

static void
html_page(struct request *r, struct buf *b)
{
	const struct relay_conf *relay;

	buf_adds(b,
	    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n"
	    "<meta charset=\"utf-8\">\n<title>ctim-relay</title>\n<style>"
	    "body{font:16px/1.5 sans-serif;margin:2em}"
	    "table{border-collapse:collapse}"
	    "th,td{text-align:left;vertical-align:top;padding:.4em 1em;"
	    "border-bottom:1px solid #ccc}</style>\n</head>\n<body>\n"
	    "<h1>ctim-relay " CTIM_VERSION "</h1>\n"
	    "<p>A gateway between a security operations platform and "
	    "threat-intelligence services. Every route below but version "
	    "takes a bearer token.</p>\n"
	    "<table>\n<tr><th>Relay</th><th>Provider</th><th>What it knows"
	    "</th><th>Routes (POST)</th><th>Observables</th></tr>\n");
	for (relay = r->conf->relays; relay != NULL; relay = relay->next)
		if (is_shown(r, relay))
			html_relay(b, relay);
	buf_adds(b, "</table>\n</body>\n</html>\n");
}

/*
 * The weight that an Accept header (RFC 9110 section 12.5.1) gives a media type
 * that it names; 0 when it does not name it.
 */
static double
weight(const char *accept, const char *type)
{
	size_t n = strlen(type), len;
	const char *q;

	for (; *accept != '\0'; accept += *accept == ',') {
		accept += strspn(accept, " \t");
		len = strcspn(accept, ",");
		if (len >= n && strncasecmp(accept, type, n) == 0 &&
		    strchr(",; \t", accept[n]) != NULL) {
			q = memmem(accept, len, "q=", 2);
			return q == NULL ? 1.0 : strtod(q + 2, NULL);
		}
		accept += len;
	}
	return 0;
}

void
page_serve(struct request *r)
{
	const char *accept = transport_var(r->transport, "HTTP_ACCEPT");
	struct buf b;
	bool whole;

	buf_init(&b, PAGE_MAX);
	if (accept != NULL &&
	    weight(accept, "text/html") > weight(accept, "application/json")) {
		r->response.type = "text/html; charset=utf-8";
		html_page(r, &b);
		whole = !b.failed;
	} else {
		whole = json_page(r, &b) == 0;
	}
	if (!whole) {
		response_error(
		    &r->response, 500, "The gateway could not hold the answer");
	} else {
		response_write(&r->response, b.data, b.len);
		response_end(&r->response);
	}
	buf_free(&b);
}
