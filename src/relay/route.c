/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "answer/transport.h"
#include "conf/conf.h"
#include "relay/route.h"

bool
route_is_first(const char *word)
{
	const struct route *r;
	size_t n = strlen(word);

	for (r = routes; r->path != NULL; r++)
		if (strcspn(r->path, "/") == n &&
		    strncmp(r->path, word, n) == 0)
			return true;
	return false;
}

/* Whether the web server started this program as a script, so that SCRIPT_NAME
 * is its mount and names no route (mod_fcgid, CGI). */
static bool
is_script(const struct transport *t, const char *script)
{
	const char *file = transport_var(t, "SCRIPT_FILENAME");
	const char *uri = transport_var(t, "REQUEST_URI");
	struct stat st;
	size_t n;

	if (t->script)
		return true;
	if (file == NULL || uri == NULL)
		return false;
	n = strcspn(uri, "?");
	while (n > 0 && uri[n - 1] == '/')
		n--;
	return strlen(script) == n && strncmp(script, uri, n) == 0 &&
	    stat(file, &st) == 0 && S_ISREG(st.st_mode);
}

/* The path of a URL without host, "" for none. */
static const char *
path_of(const char *url)
{
	const char *host = strstr(url, "://");
	const char *path = host == NULL ? NULL : strchr(host + 3, '/');

	return path == NULL ? "" : path;
}

/* A path from the last of its leading slashes on. */
static const char *
one_slash(const char *path)
{
	size_t n = strspn(path, "/");

	return n > 1 ? path + n - 1 : path;
}

/* The path of a request without PATH_INFO: SCRIPT_NAME without the path of
 * base_url. */
static const char *
path_of_script(
    const struct conf *conf, const struct transport *t, const char *script)
{
	const char *base, *path = one_slash(script);
	size_t n;

	if (is_script(t, script))
		return "/";
	base = conf->base_url == NULL ? "" : path_of(conf->base_url);
	n = strlen(base);
	if (n > 0 && strncmp(path, base, n) == 0 &&
	    (path[n] == '/' || path[n] == '\0'))
		path += n;
	return path;
}

bool
route_path(
    const struct conf *conf, const struct transport *t, char *path, size_t size)
{
	const char *from = transport_var(t, "PATH_INFO");
	const char *script = transport_var(t, "SCRIPT_NAME");
	size_t n;

	*path = '\0';
	if (from == NULL && script != NULL)
		from = path_of_script(conf, t, script);
	/* A CGI program may be mounted at "/", which SCRIPT_NAME leaves
	 * empty. */
	if (from == NULL)
		return t->script;
	from = one_slash(from);
	n = strcspn(from, "?");
	while (n > 0 && from[n - 1] == '/')
		n--;
	if (n >= size)
		n = 0;
	memcpy(path, from, n);
	path[n] = '\0';
	if (n == 0 && strcspn(from, "?") >= size)
		snprintf(path, size, "/?"); /* too long: no route */
	return true;
}

static void
add_base(struct route_bases *b, const char *root, const char *name)
{
	int n;

	n = snprintf(b->text[b->n], ROUTE_BASE_MAX, "%s%s%s", root,
	    *name == '\0' ? "" : "/", name);
	if (n < 0 || n >= ROUTE_BASE_MAX)
		return;
	assert(b->n < ROUTE_BASES);
	b->url[b->n] = b->text[b->n];
	b->url[++b->n] = NULL;
}

/* Adds the relay's mount below a URL, and for the default relay the URL
 * itself. */
static void __attribute__((format(printf, 4, 5)))
add_mounts(struct route_bases *b, const struct conf *conf,
    const struct relay_conf *relay, const char *fmt, ...)
{
	char root[ROUTE_BASE_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(root, sizeof(root), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(root))
		return;
	add_base(b, root, relay->name);
	if (conf->default_relay != NULL &&
	    strcmp(conf->default_relay, relay->name) == 0)
		add_base(b, root, "");
}

/* The scheme of the request's own URL. */
static const char *
scheme_of(const struct transport *t)
{
	const char *scheme = transport_var(t, "REQUEST_SCHEME");
	const char *https = transport_var(t, "HTTPS");

	if (scheme != NULL)
		return strcasecmp(scheme, "https") == 0 ? "https" : "http";
	return https != NULL && strcasecmp(https, "on") == 0 ? "https" : "http";
}

void
route_bases(const struct conf *conf, const struct transport *t,
    const struct relay_conf *relay, struct route_bases *b)
{
	const char *host = transport_var(t, "HTTP_HOST");
	const char *port = transport_var(t, "SERVER_PORT");
	const char *mount = transport_var(t, "SCRIPT_NAME"), *colon;
	int n;

	b->n = 0;
	b->url[0] = NULL;
	if (conf->base_url != NULL) {
		add_mounts(b, conf, relay, "%s", conf->base_url);
		return;
	}
	/* The Host header comes from outside: it may hold a host, nothing
	 * else. */
	if (host == NULL || strpbrk(host, "/?#@\\") != NULL)
		return;
	if (mount == NULL || transport_var(t, "PATH_INFO") == NULL)
		mount = "";
	n = (int)strnlen(mount, ROUTE_BASE_MAX);
	while (n > 0 && mount[n - 1] == '/')
		n--;
	add_mounts(b, conf, relay, "%s://%s%.*s", scheme_of(t), host, n, mount);
	/* Debian's nginx passes a Host without its port.  The colons of an IPv6
	 * address are inside its brackets. */
	colon = strchr(host, ']');
	if (port != NULL && strchr(colon == NULL ? host : colon, ':') == NULL)
		add_mounts(b, conf, relay, "%s://%s:%s%.*s", scheme_of(t), host,
		    port, n, mount);
}

bool
route_url(const struct conf *conf, const struct transport *t,
    const struct relay_conf *relay, char *url)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "abcdefghijklmnopqrstuvwxyz0123456789"
				    "-._~%:/[]";
	const char *port = transport_var(t, "SERVER_PORT");
	const char *usual = strcmp(scheme_of(t), "https") == 0 ? "443" : "80";
	struct route_bases b;
	size_t i;

	route_bases(conf, t, relay, &b);
	/* The second half has the port, where HTTP_HOST came without. */
	i = port == NULL || strcmp(port, usual) == 0 ? 0 : b.n / 2;
	if (conf->base_url != NULL)
		i = 0;
	if (b.n == 0 || strspn(b.url[i], plain) != strlen(b.url[i]))
		return false;
	memcpy(url, b.url[i], strlen(b.url[i]) + 1);
	return true;
}

static const struct route *
find_row(const char *path)
{
	const struct route *r;

	for (r = routes; r->path != NULL; r++)
		if (strcmp(r->path, path) == 0)
			return r;
	return NULL;
}

const struct route *
route_find(
    const struct conf *conf, const char *path, const struct relay_conf **relay)
{
	const struct route *r;
	size_t n;

	*relay = NULL;
	if (*path == '/')
		path++;
	n = strcspn(path, "/");
	if ((*relay = conf_relay(conf, path, n)) != NULL) {
		path += n;
		r = find_row(*path == '/' ? path + 1 : path);
		return r == NULL || r->owner == ROUTE_GATEWAY ? NULL : r;
	}
	if ((r = find_row(path)) == NULL)
		return NULL;
	/* "/" is the gateway's own page even where a relay is the default. */
	if (conf->default_relay != NULL && *path != '\0' &&
	    r->owner != ROUTE_GATEWAY)
		*relay = conf_relay(
		    conf, conf->default_relay, strlen(conf->default_relay));
	return *relay == NULL && r->owner == ROUTE_RELAY ? NULL : r;
}

size_t
route_prefix(const struct conf *conf, const char *path)
{
	const struct relay_conf *relay;
	const char *p;

	(void)route_find(conf, path, &relay);
	if (relay != NULL)
		return 0;
	for (p = strchr(path + 1, '/'); p != NULL; p = strchr(p + 1, '/')) {
		(void)route_find(conf, p, &relay);
		if (relay != NULL)
			return (size_t)(p - path);
	}
	return 0;
}
