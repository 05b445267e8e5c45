/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "answer/transport.h"
#include "call/provider.h"
#include "conf/conf.h"
#include "relay/route.h"
#include "tests/unit/unit.h"

static struct relay_conf second = { .name = (char *)(uintptr_t) "local",
	.provider = &provider_local };
static struct relay_conf first = { .name = (char *)(uintptr_t) "t-1",
	.provider = &provider_template,
	.next = &second };

/* script: classic CGI.  A NULL variable is absent. */
static const struct {
	const char *path_info, *script_name, *uri, *file, *base;
	bool script;
	const char *path;
} urls[] = { { "/local/health", "/cgi", 0, 0, 0, false, "/local/health" },
	{ "/local/health/", "/cgi", 0, 0, 0, false, "/local/health" },
	{ "/local//", NULL, 0, 0, 0, false, "/local" },
	{ "", "/local/health", 0, 0, 0, false, "/local/health" },
	{ NULL, "/local/health?x=1", 0, 0, 0, false, "/local/health" },
	{ NULL, NULL, 0, 0, 0, false, "" }, { "/", "/cgi", 0, 0, 0, false, "" },
	{ "", "/cgi-bin/ctim", 0, 0, 0, true, "" },
	{ "", "/relay", "/relay?x", "FILE", 0, false, "" },
	{ "", "/relay", "/relay/", "FILE", 0, false, "" },
	{ "", "/relay", "/other", "FILE", 0, false, "/relay" },
	{ "", "/relay", "/relay", "/nonexistent", 0, false, "/relay" },
	{ "", "/p/local/health", 0, 0, "https://h/p", false, "/local/health" },
	{ "", "/p", 0, 0, "https://h/p", false, "" },
	{ "", "/pp/local", 0, 0, "https://h/p", false, "/pp/local" },
	{ "", "/local/health", 0, 0, "https://h", false, "/local/health" },
	{ "/p/health", "/x", 0, 0, "https://h/p", false, "/p/health" },
	/* Slashes in front. */
	{ "//local/health", "/cgi", 0, 0, 0, false, "/local/health" },
	{ "///", "/cgi", 0, 0, 0, false, "" },
	{ "", "//local/health", 0, 0, 0, false, "/local/health" },
	{ "", "//p/local/health", 0, 0, "https://h/p", false, "/local/health" },
	{ "", "/p//local/health", 0, 0, "https://h/p", false, "/local/health" },
	{ "", "//?/x", 0, 0, 0, false, "" },
	/* No path. */
	{ "", "", "/local/health", 0, "https://h/p", false, "" },
	{ "", "", "/", 0, 0, true, "" }, { NULL, NULL, "/", 0, 0, true, "" } };

static char *
variable(const char *name, const char *value)
{
	char *text;

	ck_assert_int_ne(asprintf(&text, "%s=%s", name, value), -1);
	return text;
}

static bool
has(const char *value)
{
	return value != NULL && *value != '\0';
}

START_TEST(the_path_is_where_the_web_server_puts_it)
{
	char file[] = "/tmp/ctim-route.XXXXXX", path[100];
	int fd = mkstemp(file);
	struct conf conf = { 0 };
	char *env[5];
	struct transport t = { .env = env };
	size_t i, n, k;
	bool came;

	for (i = 0; i < COUNT(urls); i++) {
		n = 0;
		if (urls[i].path_info != NULL)
			env[n++] = variable("PATH_INFO", urls[i].path_info);
		if (urls[i].script_name != NULL)
			env[n++] = variable("SCRIPT_NAME", urls[i].script_name);
		if (urls[i].uri != NULL)
			env[n++] = variable("REQUEST_URI", urls[i].uri);
		if (urls[i].file != NULL)
			env[n++] = variable("SCRIPT_FILENAME",
			    urls[i].file[0] == 'F' ? file : urls[i].file);
		env[n] = NULL;
		conf.base_url = (char *)(uintptr_t)urls[i].base;
		t.script = urls[i].script;
		came = route_path(&conf, &t, path, sizeof(path));
		ck_assert_msg(
		    strcmp(path, urls[i].path) == 0, "%zu: %s", i, path);
		/* A CGI program may stand at the top, where nothing comes. */
		ck_assert_msg(came ==
			(urls[i].script || has(urls[i].path_info) ||
			    has(urls[i].script_name)),
		    "%zu", i);
		for (k = 0; k < n; k++)
			free(env[k]);
	}
	close(fd);
	unlink(file);
}
END_TEST

START_TEST(a_path_that_is_too_long_is_no_route)
{
	static char long_path[3000];
	char *env[] = { long_path, NULL }, path[1024];
	struct transport t = { .env = env };
	const struct relay_conf *relay;
	struct conf conf = { .relays = &first };

	memset(long_path, 'x', sizeof(long_path) - 1);
	memcpy(long_path, "PATH_INFO=/", 11);
	route_path(&conf, &t, path, sizeof(path));
	ck_assert_ptr_null(route_find(&conf, path, &relay));
}
END_TEST

static const struct {
	const char *path, *fallback, *route, *relay;
} finds[] = { { "/local/health", NULL, "health", "local" },
	{ "/t-1/respond/trigger", NULL, "respond/trigger", "t-1" },
	{ "/local/version", NULL, "version", "local" },
	{ "/local/watchdog", NULL, "watchdog", "local" },
	{ "/local", NULL, "", "local" }, { "", NULL, "", NULL },
	{ "/version", NULL, "version", NULL },
	{ "/watchdog", NULL, "watchdog", NULL },
	{ "/health", NULL, NULL, NULL },
	{ "/health", "local", "health", "local" }, { "", "local", "", NULL },
	{ "/loca/health", "local", NULL, NULL },
	{ "/locall/health", NULL, NULL, NULL },
	{ "/local/Health", NULL, NULL, NULL },
	{ "/local//health", NULL, NULL, NULL },
	{ "/local/health/x", NULL, NULL, NULL },
	{ "/observe", NULL, NULL, NULL }, { "/?", NULL, NULL, NULL } };

START_TEST(a_path_names_a_relay_and_a_route)
{
	const struct relay_conf *relay;
	const struct route *r;
	struct conf conf = { .relays = &first };
	size_t i;

	for (i = 0; i < COUNT(finds); i++) {
		conf.default_relay = (char *)(uintptr_t)finds[i].fallback;
		r = route_find(&conf, finds[i].path, &relay);
		ck_assert_msg((r == NULL) == (finds[i].route == NULL), "%s",
		    finds[i].path);
		if (r == NULL)
			continue;
		ck_assert_str_eq(r->path, finds[i].route);
		if (finds[i].relay == NULL)
			ck_assert_ptr_null(relay);
		else
			ck_assert_str_eq(relay->name, finds[i].relay);
	}
}
END_TEST

static const struct {
	const char *path, *fallback;
	size_t n;
} prefixes[] = { { "/ctim/local/health", NULL, 5 },
	{ "/a/b/t-1/nothing", NULL, 4 }, { "/ctim/local", NULL, 5 },
	{ "/ctim//local", NULL, 6 }, { "/ctim/health", "local", 5 },
	{ "/ctim/health", NULL, 0 }, { "/ctim/version", NULL, 0 },
	{ "/ctim/locall/health", NULL, 0 }, { "/local/t-1/health", NULL, 0 },
	{ "/local/nothing", "local", 0 }, { "/nothing", NULL, 0 },
	{ "/?", "local", 0 } };

START_TEST(what_stands_in_front_of_a_relay_is_a_prefix)
{
	struct conf conf = { .relays = &first };
	size_t i;

	for (i = 0; i < COUNT(prefixes); i++) {
		conf.default_relay = (char *)(uintptr_t)prefixes[i].fallback;
		ck_assert_msg(
		    route_prefix(&conf, prefixes[i].path) == prefixes[i].n,
		    "%s", prefixes[i].path);
	}
}
END_TEST

START_TEST(first_segments_of_routes_are_known)
{
	ck_assert(route_is_first("health"));
	ck_assert(route_is_first("tiles"));
	ck_assert(route_is_first("respond"));
	ck_assert(!route_is_first("trigger"));
	ck_assert(!route_is_first("heal"));
}
END_TEST

/* What the web server says; a NULL variable is absent. */
static const struct {
	const char *host, *port, *scheme, *https, *script, *info;
	const char *base; /* base_url */
	bool is_default;  /* the relay is the default one */
	const char *bases[5];
} bases[] = {
	{ "h.example", "443", "https", 0, 0, 0, 0, false,
	    { "https://h.example/local", "https://h.example:443/local" } },
	{ "h.example:8443", "443", "https", 0, 0, 0, 0, false,
	    { "https://h.example:8443/local" } },
	{ "h.example", 0, "http", 0, 0, 0, 0, false,
	    { "http://h.example/local" } },
	{ "h.example", 0, 0, "on", 0, 0, 0, false,
	    { "https://h.example/local" } },
	{ "h.example", 0, 0, "off", 0, 0, 0, false,
	    { "http://h.example/local" } },
	{ "h.example", 0, 0, 0, 0, 0, 0, false, { "http://h.example/local" } },
	/* REQUEST_SCHEME before HTTPS. */
	{ "h.example", 0, "http", "on", 0, 0, 0, false,
	    { "http://h.example/local" } },
	/* The mount counts where PATH_INFO names the route. */
	{ "h.example", 0, "https", 0, "/cgi-bin/ctim", "/local/health", 0,
	    false, { "https://h.example/cgi-bin/ctim/local" } },
	{ "h.example", 0, "https", 0, "/p/", "/local/health", 0, false,
	    { "https://h.example/p/local" } },
	{ "h.example", 0, "https", 0, "/local/health", 0, 0, false,
	    { "https://h.example/local" } },
	{ "h.example", 0, "https", 0, 0, "/local/health", 0, false,
	    { "https://h.example/local" } },
	/* The default relay is also the root. */
	{ "h.example", "80", "http", 0, 0, 0, 0, true,
	    { "http://h.example/local", "http://h.example",
		"http://h.example:80/local", "http://h.example:80" } },
	/* base_url alone, whatever the request says. */
	{ "evil.example", "80", "http", 0, "/x", "/local/health",
	    "https://h.example/p", false, { "https://h.example/p/local" } },
	{ 0, 0, 0, 0, 0, 0, "https://h.example", true,
	    { "https://h.example/local", "https://h.example" } },
	/* IPv6: the colons inside the brackets are no port. */
	{ "[::1]", "8080", "http", 0, 0, 0, 0, false,
	    { "http://[::1]/local", "http://[::1]:8080/local" } },
	{ "[::1]:80", "8080", "http", 0, 0, 0, 0, false,
	    { "http://[::1]:80/local" } },
	/* No host, or a Host that says more than a host. */
	{ 0, "80", "http", 0, 0, 0, 0, true, { 0 } },
	{ "h.example/x", 0, "http", 0, 0, 0, 0, false, { 0 } },
	{ "u@h.example", 0, "http", 0, 0, 0, 0, false, { 0 } },
	{ "h.example?", 0, "http", 0, 0, 0, 0, false, { 0 } },
	{ "h.example#", 0, "http", 0, 0, 0, 0, false, { 0 } }
};

START_TEST(base_urls_come_from_base_url_or_the_request)
{
	char *env[7];
	struct transport t = { .env = env };
	struct conf conf = { .relays = &first };
	struct route_bases b;
	size_t i, n, k;

	for (i = 0; i < COUNT(bases); i++) {
		const char *const variables[][2] = { { "HTTP_HOST",
							 bases[i].host },
			{ "SERVER_PORT", bases[i].port },
			{ "REQUEST_SCHEME", bases[i].scheme },
			{ "HTTPS", bases[i].https },
			{ "SCRIPT_NAME", bases[i].script },
			{ "PATH_INFO", bases[i].info } };

		for (n = k = 0; k < COUNT(variables); k++)
			if (variables[k][1] != NULL)
				env[n++] =
				    variable(variables[k][0], variables[k][1]);
		env[n] = NULL;
		conf.base_url = (char *)(uintptr_t)bases[i].base;
		conf.default_relay =
		    bases[i].is_default ? second.name : first.name;
		route_bases(&conf, &t, &second, &b);
		for (k = 0; bases[i].bases[k] != NULL; k++) {
			ck_assert_msg(b.url[k] != NULL, "%zu: %zu", i, k);
			ck_assert_str_eq(b.url[k], bases[i].bases[k]);
		}
		ck_assert_msg(
		    b.url[k] == NULL && b.n == k, "%zu: %s", i, b.url[k]);
		while (n > 0)
			free(env[--n]);
	}
}
END_TEST

START_TEST(a_base_url_that_is_too_long_is_left_out)
{
	static char host[ROUTE_BASE_MAX + 20];
	char *env[] = { host, NULL };
	struct transport t = { .env = env };
	struct conf conf = { .relays = &first, .default_relay = second.name };
	struct route_bases b;

	memset(host, 'x', sizeof(host) - 1);
	memcpy(host, "HTTP_HOST=", 10);
	route_bases(&conf, &t, &second, &b);
	ck_assert_uint_eq(b.n, 0);
	ck_assert_ptr_null(b.url[0]);
	/* The root fits, with the relay's name it does not. */
	host[10 + ROUTE_BASE_MAX - 10] = '\0';
	route_bases(&conf, &t, &second, &b);
	ck_assert_uint_eq(b.n, 1);
	ck_assert_uint_eq(strlen(b.url[0]), ROUTE_BASE_MAX - 10 + 7);
	ck_assert_ptr_null(b.url[1]);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { the_path_is_where_the_web_server_puts_it,
		a_path_that_is_too_long_is_no_route,
		a_path_names_a_relay_and_a_route,
		what_stands_in_front_of_a_relay_is_a_prefix,
		first_segments_of_routes_are_known,
		base_urls_come_from_base_url_or_the_request,
		a_base_url_that_is_too_long_is_left_out };

	return unit_run("route", tests, COUNT(tests));
}
