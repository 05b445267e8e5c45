/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stddef.h>

#include "answer/html.h"
#include "call/provider.h"
#include "conf/conf.h"
#include "ctim/observable.h"
#include "json/jsonout.h"
#include "relay/page.h"
#include "relay/page_html.h"
#include "relay/request.h"
#include "relay/route.h"

#define PAGE_MAX (1U << 20) /* bytes of the page */

bool
page_has_route(const struct provider *p, const struct route *route)
{
	return route->provider == ROUTE_ALL || (p->routes & route->provider);
}

bool
page_lists(const struct request *r, const struct relay_conf *relay)
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
		if (observable_set_has(&p->types, i))
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
		if (page_lists(r, relay))
			json_relay(&j, relay);
	jsonout_end_array(&j);
	jsonout_end_object(&j);
	return jsonout_done(&j);
}

bool
page_offered(const struct request *r)
{
	return r->conf->page != CONF_PAGE_NO;
}

void
page_icon(struct request *r)
{
	static const char icon[] =
	    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 16 16\">"
	    "<rect width=\"16\" height=\"16\" rx=\"3\" fill=\"#0550ae\"/>"
	    "<path d=\"M3 8h7M7 4.5 10.5 8 7 11.5M13 3.5v9\" fill=\"none\" "
	    "stroke=\"#fff\" stroke-width=\"1.6\"/></svg>\n";

	r->response.type = "image/svg+xml";
	response_write(&r->response, icon, sizeof(icon) - 1);
	response_end(&r->response);
}

void
page_serve(struct request *r)
{
	struct buf b;
	bool whole;

	buf_init(&b, PAGE_MAX);
	if (html_wanted(r->transport)) {
		page_html(r, &b);
		whole = !b.failed;
		if (whole)
			response_html(&r->response);
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
