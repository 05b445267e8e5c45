#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "provider.h"
#include "route.h"
#include "transport.h"
#include "unit.h"

static struct relay_conf	 second = { .name = (char *)(uintptr_t)"local",
					    .provider = &provider_local };
static struct relay_conf	 first = { .name = (char *)(uintptr_t)"t-1",
					   .provider = &provider_template,
					   .next = &second };

/* script: classic CGI.  A NULL variable is absent. */
static const struct {
	const char	*path_info, *script_name, *uri, *file, *base;
	bool		 script;
	const char	*path;
} urls[] = {
	{ "/local/health", "/cgi", 0, 0, 0, false, "/local/health" },
	{ "/local/health/", "/cgi", 0, 0, 0, false, "/local/health" },
	{ "/local//", NULL, 0, 0, 0, false, "/local" },
	{ "", "/local/health", 0, 0, 0, false, "/local/health" },
	{ NULL, "/local/health?x=1", 0, 0, 0, false, "/local/health" },
	{ NULL, NULL, 0, 0, 0, false, "" },
	{ "/", "/cgi", 0, 0, 0, false, "" },
	{ "", "/cgi-bin/ctim", 0, 0, 0, true, "" },
	{ "", "/relay", "/relay?x", "FILE", 0, false, "" },
	{ "", "/relay", "/relay/", "FILE", 0, false, "" },
	{ "", "/relay", "/other", "FILE", 0, false, "/relay" },
	{ "", "/relay", "/relay", "/nonexistent", 0, false, "/relay" },
	{ "", "/p/local/health", 0, 0, "https://h/p", false, "/local/health" },
	{ "", "/p", 0, 0, "https://h/p", false, "" },
	{ "", "/pp/local", 0, 0, "https://h/p", false, "/pp/local" },
	{ "", "/local/health", 0, 0, "https://h", false, "/local/health" },
	{ "/p/health", "/x", 0, 0, "https://h/p", false, "/p/health" }
};

static char *
variable(const char *name, const char *value)
{
	char	*text;

	ck_assert_int_ne(asprintf(&text, "%s=%s", name, value), -1);
	return text;
}

START_TEST(the_path_is_where_the_web_server_puts_it)
{
	char		 file[] = "/tmp/ctim-route.XXXXXX", path[100];
	int		 fd = mkstemp(file);
	struct conf	 conf = { 0 };
	char		*env[5];
	struct transport t = { .env = env };
	size_t		 i, n, k;

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
		route_path(&conf, &t, path, sizeof(path));
		ck_assert_msg(strcmp(path, urls[i].path) == 0, "%zu: %s", i,
		    path);
		for (k = 0; k < n; k++)
			free(env[k]);
	}
	close(fd);
	unlink(file);
}
END_TEST

START_TEST(a_path_that_is_too_long_is_no_route)
{
	static char		 long_path[3000];
	char			*env[] = { long_path, NULL }, path[1024];
	struct transport	 t = { .env = env };
	const struct relay_conf	*relay;
	struct conf		 conf = { .relays = &first };

	memset(long_path, 'x', sizeof(long_path) - 1);
	memcpy(long_path, "PATH_INFO=/", 11);
	route_path(&conf, &t, path, sizeof(path));
	ck_assert_ptr_null(route_find(&conf, path, &relay));
}
END_TEST

static const struct {
	const char	*path, *fallback, *route, *relay;
} finds[] = {
	{ "/local/health", NULL, "health", "local" },
	{ "/t-1/respond/trigger", NULL, "respond/trigger", "t-1" },
	{ "/local/version", NULL, "version", "local" },
	{ "/local/watchdog", NULL, "watchdog", "local" },
	{ "/local", NULL, "", "local" },
	{ "", NULL, "", NULL },
	{ "/version", NULL, "version", NULL },
	{ "/watchdog", NULL, "watchdog", NULL },
	{ "/health", NULL, NULL, NULL },
	{ "/health", "local", "health", "local" },
	{ "", "local", "", NULL },
	{ "/loca/health", "local", NULL, NULL },
	{ "/locall/health", NULL, NULL, NULL },
	{ "/local/Health", NULL, NULL, NULL },
	{ "/local//health", NULL, NULL, NULL },
	{ "/local/health/x", NULL, NULL, NULL },
	{ "/observe", NULL, NULL, NULL },
	{ "/?", NULL, NULL, NULL }
};

START_TEST(a_path_names_a_relay_and_a_route)
{
	const struct relay_conf	*relay;
	const struct route	*r;
	struct conf		 conf = { .relays = &first };
	size_t			 i;

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

START_TEST(first_segments_of_routes_are_known)
{
	ck_assert(route_is_first("health"));
	ck_assert(route_is_first("tiles"));
	ck_assert(route_is_first("respond"));
	ck_assert(!route_is_first("trigger"));
	ck_assert(!route_is_first("heal"));
}
END_TEST

int
main(void)
{
	const TTest	*const tests[] = {
		the_path_is_where_the_web_server_puts_it,
		a_path_that_is_too_long_is_no_route,
		a_path_names_a_relay_and_a_route,
		first_segments_of_routes_are_known
	};

	return unit_run("route", tests, COUNT(tests));
}
