/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "answer/html.h"
#include "answer/transport.h"
#include "base/rfc3339.h"
#include "call/provider.h"
#include "conf/conf.h"
#include "ctim/observable.h"
#include "figures/figures.h"
#include "relay/page.h"
#include "relay/page_html.h"
#include "relay/request.h"
#include "relay/route.h"
#include "relay/session.h"

#define PAGE_ROOT_MAX 2048 /* bytes of the URL of "/", as HTML */

/*
 * Writes the URL of "/", relative to that of the request, as HTML: the path that
 * a browser shows may have a mount in front, and no slash at its end.
 */
static void
page_root(const struct request *r, struct buf *root)
{
	const char *uri = transport_var(r->transport, "REQUEST_URI");
	char last[PAGE_ROOT_MAX / 8];
	size_t n, start;

	if (uri == NULL &&
	    (uri = transport_var(r->transport, "PATH_INFO")) == NULL)
		uri = "/";
	n = start = strcspn(uri, "?#");
	while (start > 0 && uri[start - 1] != '/')
		start--;
	buf_adds(root, n == start && r->relay != NULL ? "../" : "./");
	if (n == start || r->relay != NULL || n - start >= sizeof(last))
		return;
	memcpy(last, uri + start, n - start);
	last[n - start] = '\0';
	html_text(root, last);
	buf_addc(root, '/');
}

static void
page_link(struct buf *b, const char *root, const char *name)
{
	buf_addf(b, "<a href=\"%s", root);
	html_text(b, name);
	buf_adds(b, "\">");
	html_text(b, name);
	buf_adds(b, "</a>");
}

static void
page_types(struct buf *b, const struct provider *p)
{
	size_t i;

	if (observable_set_empty(&p->types)) {
		buf_adds(b, "<p class=\"dim\">Nothing.</p>\n");
		return;
	}
	buf_adds(b, "<ul class=\"types\">\n");
	for (i = 0; i < OBSERVABLE_TYPES; i++)
		if (observable_set_has(&p->types, i))
			buf_addf(b, "<li>%s</li>\n",
			    observable_name((enum observable_type)i));
	buf_adds(b, "</ul>\n");
}

/* Says how many indicators the relay's store has, and since when. */
static void
page_store(struct request *r, struct buf *b, const struct relay_conf *relay)
{
	char error[STORE_ERROR_MAX], when[RFC3339_MAX];
	struct store *store = session_store(r->session, relay);
	struct figures f;
	uint64_t records = 0;
	int64_t newest = 0;
	size_t i;

	/* Anybody may ask: what would take long is not said. */
	if (store != NULL && !store_counted(store))
		return;
	if (store == NULL ||
	    figures_read(store, FIGURES_SOURCES, r->now, r->now, &f, error) ==
		-1) {
		buf_adds(
		    b, "<p>Its store cannot be read; the log says why.</p>\n");
		if (store != NULL) {
			log_error("relay %s: %s", relay->name, error);
			figures_free(&f);
		}
		return;
	}
	for (i = 0; i < f.n; i++) {
		records += f.sources[i].records;
		if (f.sources[i].imported > newest)
			newest = f.sources[i].imported;
	}
	buf_addf(
	    b, "<p>%" PRIu64 " indicator%s", records, records == 1 ? "" : "s");
	if (f.n > 0)
		buf_addf(b, " of %zu source%s", f.n, f.n == 1 ? "" : "s");
	rfc3339_text(when, newest);
	if (newest > 0)
		buf_addf(b, ", the newest since <time>%s</time>", when);
	buf_adds(b, ".</p>\n");
	figures_free(&f);
}

static void
page_routes(struct buf *b, const struct relay_conf *relay)
{
	const struct route *route;

	buf_adds(b, "<dl>\n");
	for (route = routes; route->path != NULL; route++)
		if (page_has_route(relay->provider, route))
			buf_addf(b,
			    "<dt><code>POST /%s/%s</code></dt><dd>%s</dd>\n",
			    relay->name, route->path, route->about);
	buf_adds(b, "</dl>\n");
}

/* A question for a relay of the first type that it takes. */
static const struct {
	enum observable_type type;
	const char *value;
} samples[] = { { OBSERVABLE_IP, "198.51.100.7" },
	{ OBSERVABLE_DOMAIN, "example.com" },
	{ OBSERVABLE_EMAIL, "user@example.com" },
	{ OBSERVABLE_SHA256,
	    "e3b0c44298fc1c149afbf4c8996fb924"
	    "27ae41e4649b934ca495991b7852b855" } };

static void
page_question(struct buf *b, const struct provider *p, const char **path)
{
	size_t i = 0;

	while (i < sizeof(samples) / sizeof(*samples) &&
	    !observable_set_has(&p->types, samples[i].type))
		i++;
	*path = p->routes & PROVIDER_DELIBERATE ? "deliberate/observables" :
						  "observe/observables";
	if (i == sizeof(samples) / sizeof(*samples) ||
	    (p->routes & (PROVIDER_DELIBERATE | PROVIDER_OBSERVE)) == 0) {
		*path = "health";
		buf_adds(b, "-X POST");
		return;
	}
	buf_addf(b,
	    "-d '[{&quot;type&quot;: &quot;%s&quot;, "
	    "&quot;value&quot;: &quot;%s&quot;}]'",
	    observable_name(samples[i].type), samples[i].value);
}

/* The lines to paste into a shell. */
static void
page_try(struct request *r, struct buf *b, const struct relay_conf *relay)
{
	char url[ROUTE_BASE_MAX];
	const char *path;

	buf_addf(b,
	    "<pre><code>token=$(sudo ctim-relay jwt --relay %s --quiet)\n"
	    "curl -H &quot;Authorization: Bearer $token&quot; ",
	    relay->name);
	page_question(b, relay->provider, &path);
	buf_adds(b, " \\\n    ");
	if (route_url(r->conf, r->transport, relay, url)) {
		html_text(b, url);
	} else {
		buf_adds(b, "https://GATEWAY/");
		html_text(b, relay->name);
	}
	buf_addf(b, "/%s</code></pre>\n", path);
}

static void
page_relay(struct request *r, struct buf *b, const char *root,
    const struct relay_conf *relay)
{
	const struct provider *p = relay->provider;
	const bool plain = r->conf->page == CONF_PAGE_PLAIN;

	buf_addf(b, "<section>\n<h2>");
	page_link(b, root, relay->name);
	buf_adds(b, " <small>");
	html_text(b, p->title);
	buf_adds(b, "</small></h2>\n<p>");
	html_text(b, p->description);
	buf_adds(b, "</p>\n<h3>What it knows</h3>\n");
	if (!plain && p->store != NULL)
		page_store(r, b, relay);
	page_types(b, p);
	buf_adds(b, "<h3>Routes</h3>\n");
	page_routes(b, relay);
	if (!plain) {
		buf_adds(b, "<h3>Try it</h3>\n");
		page_try(r, b, relay);
	}
	buf_adds(b, "</section>\n");
}

static void
page_list(const struct request *r, struct buf *b, const char *root)
{
	const struct relay_conf *relay;

	if (r->conf->relays == NULL)
		buf_adds(b,
		    "<p>It has no relay yet: a first one is the line "
		    "<code>[relay local]</code> in its configuration.</p>\n");
	if (r->relay != NULL || r->conf->relays == NULL)
		return;
	buf_adds(b, "<nav aria-label=\"Relays\">\n<ul>\n");
	for (relay = r->conf->relays; relay != NULL; relay = relay->next) {
		buf_adds(b, "<li>");
		page_link(b, root, relay->name);
		buf_adds(b, " <span class=\"dim\">");
		html_text(b, relay->provider->title);
		if (r->conf->default_relay != NULL &&
		    strcmp(r->conf->default_relay, relay->name) == 0)
			buf_adds(b, "; also answers without its name");
		buf_adds(b, "</span></li>\n");
	}
	buf_adds(b, "</ul>\n</nav>\n");
}

static const char manual[] =
    "<section>\n<h2>The manual</h2>\n<dl>\n"
    "<dt><code>man ctim-relay.fcgi</code></dt><dd>the gateway: routes, log, "
    "metrics, signals</dd>\n"
    "<dt><code>man ctim-relay.conf</code></dt><dd>every key of the "
    "configuration, and the claims of tokens</dd>\n"
    "<dt><code>man ctim-relay</code></dt><dd>the command line, with a page "
    "for each command</dd>\n"
    "<dt><code>ctim-relay doctor</code></dt><dd>says what is wrong, and what "
    "mends it</dd>\n"
    "</dl>\n</section>\n";

void
page_html(struct request *r, struct buf *b)
{
	const bool plain = r->conf->page == CONF_PAGE_PLAIN;
	const struct relay_conf *relay;
	char room[PAGE_ROOT_MAX];
	struct buf root, icon;

	buf_fixed(&root, room, sizeof(room));
	page_root(r, &root);
	buf_init(&icon, PAGE_ROOT_MAX + 16);
	buf_addf(&icon, "%sfavicon.ico", root.data);
	html_begin(b, r->relay == NULL ? "ctim-relay" : r->relay->name,
	    icon.data, plain);
	buf_free(&icon);
	buf_addf(b,
	    "<header>\n<h1><a href=\"%s\">ctim-relay</a> <small>" CTIM_VERSION
	    "</small></h1>\n",
	    root.data);
	buf_adds(b,
	    "<p>A gateway between a security operations platform and "
	    "threat intelligence. The platform asks with a bearer token, by "
	    "POST; every answer is JSON.</p>\n</header>\n<main>\n");
	page_list(r, b, root.data);
	for (relay = r->conf->relays; relay != NULL; relay = relay->next)
		if (page_lists(r, relay))
			page_relay(r, b, root.data, relay);
	if (!plain)
		buf_adds(b, manual);
	buf_adds(b, "</main>\n");
	html_end(b);
}
