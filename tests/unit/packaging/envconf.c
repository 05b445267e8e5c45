/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "packaging/container/envconf.h"
#include "relay/lists.h"
#include "tests/unit/unit.h"

#define P   "CTIM_RELAY_"
#define KEY "0123456789012345678901234567890123456789"
#define AGE                                                               \
	"# Written by ctim-relay-container at each start and on SIGHUP, " \
	"from variables of\n# the environment: what is changed here is "  \
	"lost.\n"

static struct buf said;
static char said_room[100000];
static char text[100000];
static struct envconf env;

static void
say(void *arg, bool error, const char *line)
{
	(void)arg;
	buf_addf(&said, "%s%s\n", error ? "" : "warning: ", line);
}

/* Takes variables and expresses them; what is said is in said. */
static void
take(const char *const *variables)
{
	buf_fixed(&said, said_room, sizeof(said_room));
	env = (struct envconf){ .tell = say };
	envconf_take(&env, (char *const *)(uintptr_t)variables, &relay_lists);
	envconf_express(&env);
}

/* The configuration of variables, without the words at its top. */
static const char *
written(const char *const *variables)
{
	struct buf out;

	take(variables);
	ck_assert_msg(env.good, "%s", said.data);
	buf_fixed(&out, text, sizeof(text));
	ck_assert_int_eq(envconf_write(&env, &out), 0);
	ck_assert_int_eq(strncmp(text, AGE, strlen(AGE)), 0);
	return text + strlen(AGE);
}

#define WRITTEN(...) written((const char *const[]){ __VA_ARGS__, NULL })
#define TAKE(...)    take((const char *const[]){ __VA_ARGS__, NULL })

START_TEST(keys_are_found_by_their_table)
{
	ck_assert_str_eq(WRITTEN("PATH=/bin", P "SERVER_WORKERS=4",
			     P "SERVER_BASE_URL=https://relay.example.org",
			     P "HTTP_CA_FILE=/etc/ca.pem", P "LOG_LEVEL=debug",
			     "CTIM_RELAYSERVER_THREADS=1"),
	    "\n[http]\nca_file = /etc/ca.pem\n"
	    "\n[log]\nlevel = debug\n"
	    "\n[server]\nbase_url = https://relay.example.org\n"
	    "workers = 4\n");
	ck_assert_str_eq(said.data, "");
	envconf_free(&env);
}
END_TEST

START_TEST(relays_have_two_underscores_before_the_key)
{
	ck_assert_str_eq(
	    WRITTEN(P "RELAY_OTX__RATE=3", P "RELAY_OTX__CA_FILE=/ca",
		P "RELAY_LOCAL__STORE=/s", P "RELAY_MY_LIST__PROVIDER=local",
		P "RELAY_MY_LIST__RESPOND_EXPIRES=1d",
		P "RELAY_A-B___PROVIDER=template",
		P "RELAY_A__B__PROVIDER=otx"),
	    "\n[relay a-b_]\nprovider = template\n"
	    "\n[relay a__b]\nprovider = otx\n"
	    "\n[relay local]\nstore = /s\n"
	    "\n[relay my_list]\nprovider = local\nrespond_expires = 1d\n"
	    "\n[relay otx]\nca_file = /ca\nrate = 3\n");
	ck_assert_str_eq(said.data, "");
	envconf_free(&env);
}
END_TEST

START_TEST(an_exact_name_comes_before_a_file)
{
	size_t i;

	TAKE(P "HTTP_CA_FILE=/a", P "HTTP_CA_FILE_FILE=/b",
	    P "RELAY_OTX__CA_FILE=/c", P "AUTH_SECRET_KEY_FILE=/d",
	    P "RELAY_QUALYS__API_URL_FILE=/e");
	ck_assert_str_eq(said.data,
	    P "HTTP_CA_FILE and " P "HTTP_CA_FILE_FILE are both set; leave "
	      "one of them out\n");
	ck_assert_uint_eq(env.n, 5);
	for (i = 0; i < env.n; i++)
		ck_assert_int_eq(env.row[i].file,
		    strcmp(env.row[i].value, "/a") != 0 &&
			strcmp(env.row[i].value, "/c") != 0);
	envconf_free(&env);
}
END_TEST

/* What Kubernetes sets for a service called ctim-relay, and what is misspelt. */
START_TEST(what_is_no_key_is_one_warning)
{
	ck_assert_str_eq(
	    WRITTEN(P "PORT=tcp://10.0.0.1:9090", P "SERVICE_HOST=10.0.0.1",
		P "PORT_9090_TCP=tcp://10.0.0.1:9090", P "CONF=/x",
		P "SERVER_WORKER=1", P "SERVERS_WORKERS=1",
		P "server_workers=1", P "SERVER__WORKERS=1",
		P "SERVER_WORKERS_=1", P "=1", P "SERVER=1", P "SERVER_=1",
		P "LOG_TARGET_FILE=/a", P "RELAY_OTX_RATE=1",
		P "RELAY_otx__RATE=1", P "RELAY___RATE=1",
		P "RELAY_OTX__STORE=/s", P "RELAY_LOCL__TTL=1",
		P "RELAY_X__PROVIDER_FILE=/a", P "\x1b[m=1",
		P "RELAY_OTX__RATE=2"),
	    "\n[relay otx]\nrate = 2\n");
	ck_assert_str_eq(said.data,
	    "warning: " P "PORT, " P "SERVICE_HOST, " P "PORT_9090_TCP, " P
	    "SERVER_WORKER, " P "SERVERS_WORKERS, " P "server_workers, " P
	    "SERVER__WORKERS, " P "SERVER_WORKERS_, " P ", " P "SERVER, " P
	    "SERVER_, " P "LOG_TARGET_FILE, " P "RELAY_OTX_RATE, " P
	    "RELAY_otx__RATE, " P "RELAY___RATE, " P "RELAY_OTX__STORE, " P
	    "RELAY_LOCL__TTL, " P "RELAY_X__PROVIDER_FILE, " P
	    "?[m: not used, as no key is called so; `ctim-relay check --keys` "
	    "lists them (" P "SECTION_KEY; " P "RELAY_NAME__KEY, with "
	    "__PROVIDER where the relay's name is not its provider's)\n");
	envconf_free(&env);
}
END_TEST

START_TEST(many_unknown_names_are_told_to_be_more)
{
	static char names[60][40];
	const char *variables[61] = { NULL };
	size_t i;

	for (i = 0; i < 60; i++) {
		snprintf(
		    names[i], sizeof(names[i]), P "PORT_%zu_TCP_ADDRESS=x", i);
		variables[i] = names[i];
	}
	written(variables);
	ck_assert_ptr_nonnull(strstr(said.data, " and others: not used"));
	envconf_free(&env);
}
END_TEST

START_TEST(an_empty_value_is_none_but_for_lists)
{
	ck_assert_str_eq(WRITTEN(P "SERVER_WORKERS=", P "AUTH_JWKS_HOSTS=",
			     P "AUTH_SECRET_KEY_FILE=", P "EGRESS_DOMAINS=",
			     P "RELAY_OTX__PROVIDER="),
	    "\n[auth]\njwks_hosts = \n\n[egress]\ndomains = \n");
	ck_assert_str_eq(said.data, "");
	ck_assert(!envconf_has(&env, "relay ", NULL));
	ck_assert(envconf_has(&env, "auth", "jwks_hosts"));
	envconf_free(&env);
}
END_TEST

START_TEST(defaults_stand_behind_variables)
{
	struct buf out;

	TAKE(P "SERVER_LISTEN=unix:/a");
	envconf_default(&env, "server", "listen", "unix:/b");
	envconf_default(&env, "relay local", "provider", "local");
	envconf_default(&env, "auth", "secret_key", "file:/k");
	buf_fixed(&out, text, sizeof(text));
	ck_assert_int_eq(envconf_write(&env, &out), 0);
	ck_assert_str_eq(text,
	    AGE "\n[auth]\nsecret_key = file:/k\n\n[relay local]\nprovider = "
		"local\n\n[server]\nlisten = unix:/a\n");
	/* Lines: 4 [auth], 5 the key, 7 [relay local], 8, 10 [server], 11. */
	ck_assert_ptr_null(envconf_at(&env, 5));
	ck_assert_ptr_null(envconf_at(&env, 7));
	ck_assert_ptr_null(envconf_at(&env, 9));
	ck_assert_str_eq(envconf_at(&env, 10)->variable, P "SERVER_LISTEN");
	ck_assert_str_eq(envconf_at(&env, 11)->variable, P "SERVER_LISTEN");
	envconf_free(&env);
}
END_TEST

/* --- bytes --------------------------------------------------------------- */

static struct conf *
loaded(const char *variable)
{
	char path[] = "/tmp/ctim-envconf.XXXXXX";
	const char *body = written((const char *const[]){ variable, NULL });
	struct conf *conf;
	int fd = mkstemp(path);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(write(fd, body, strlen(body)), (ssize_t)strlen(body));
	close(fd);
	ck_assert_int_eq(putenv((char *)(uintptr_t)variable), 0);
	conf = conf_load(path, &relay_lists, say, NULL);
	unlink(path);
	ck_assert_msg(conf != NULL, "%s", said.data);
	return conf;
}

static const char *const values[] = { "x", "a;b", "a ;b", ";a", "; a", "#a",
	"[server]", "a = b", "a : b", "=", ":", " a", "a ", " a ", "  ",
	"\"a\"", "'a'", "\"", "\\", "a\\", "$A", "${A}", "%s%n", "a\xff\xfe",
	"\xff\xfe", "\xc3\xa9 \xe2\x82\xac", "a  b", "a;", "a ;", "-",
	"File:/a", "a file:/b", "ENV:A", "env", "file" };

static void
reads_back(const char *value)
{
	char entry[600];
	struct conf *conf;

	snprintf(entry, sizeof(entry), P "HTTP_PROXY=%s", value);
	conf = loaded(entry);
	ck_assert_str_eq(conf->proxy, value);
	conf_free(conf);
	envconf_free(&env);
	unsetenv(P "HTTP_PROXY");
}

START_TEST(values_are_read_back_to_the_same_bytes)
{
	char longer[402];
	size_t i, n;

	for (i = 0; i < COUNT(values); i++) {
		reads_back(values[i]);
		/* At each length around that of a line, and far above. */
		for (n = 180; n < 400; n += n < 205 ? 1 : 97) {
			memset(longer, 'y', n);
			memcpy(longer, values[i], strlen(values[i]));
			longer[n] = '\0';
			reads_back(longer);
		}
	}
}
END_TEST

START_TEST(lists_may_have_many_lines)
{
	char entry[] =
	    P "AUTH_JWKS_HOSTS=a.example\nb.example,c.example\r\n\td";
	char words[400] = P "EGRESS_DOMAINS=a.example";
	struct conf *conf = loaded(entry);

	ck_assert_str_eq(conf->jwks_hosts[2], "c.example");
	ck_assert_str_eq(conf->jwks_hosts[3], "d");
	ck_assert_ptr_null(conf->jwks_hosts[4]);
	conf_free(conf);
	envconf_free(&env);
	/* One line that is too long for the file is not one entry. */
	while (strlen(words) < 300)
		strcat(words, ", b.example");
	conf = loaded(words);
	conf_free(conf);
	envconf_free(&env);
}
END_TEST

static const struct {
	const char *variable, *why;
} refused[] = {
	{ P "HTTP_PROXY=a\nb", P "HTTP_PROXY: holds more than one line\n" },
	{ P "HTTP_PROXY=a\n", P "HTTP_PROXY: holds more than one line\n" },
	{ P "HTTP_PROXY=a\r",
	    P "HTTP_PROXY: holds a control character (0x0d) in line 1\n" },
	{ P "AUTH_SECRET_KEY=" KEY "\x1b",
	    P "AUTH_SECRET_KEY: holds a control character (0x1b) in line 1\n" },
	{ P "AUTH_SECRET_KEY=file:/run/secrets/secret_key_of_the_relay",
	    P "AUTH_SECRET_KEY: holds a value that begins with file:; name the "
	      "file in the variable that has _FILE behind this name\n" },
	{ P "AUTH_SECRET_KEY=env:A_VARIABLE_WITH_A_LONG_LONG_NAME",
	    P "AUTH_SECRET_KEY: holds a value that begins with env:; set this "
	      "variable to the value itself\n" },
	{ P "HTTP_PROXY=\xef\xbb\xbf a ;",
	    P "HTTP_PROXY: holds a byte order mark\n" },
	{ P "LOG_TARGET=/a ;b",
	    P "LOG_TARGET: holds more than a line of the configuration can "
	      "hold, blanks at an end or a \" ;\"\n" },
	{ P "EGRESS_DOMAINS=a\x01",
	    P "EGRESS_DOMAINS: holds a control character (0x01) in line 1\n" },
};

START_TEST(what_cannot_be_held_is_refused_in_words)
{
	size_t i;

	for (i = 0; i < COUNT(refused); i++) {
		TAKE(refused[i].variable);
		ck_assert(!env.good);
		ck_assert_str_eq(said.data, refused[i].why);
		envconf_free(&env);
	}
}
END_TEST

START_TEST(log_targets_are_words_not_files)
{
	ck_assert_str_eq(
	    WRITTEN(P "LOG_TARGET=file:/a"), "\n[log]\ntarget = file:/a\n");
	envconf_free(&env);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { keys_are_found_by_their_table,
		relays_have_two_underscores_before_the_key,
		an_exact_name_comes_before_a_file,
		what_is_no_key_is_one_warning,
		many_unknown_names_are_told_to_be_more,
		an_empty_value_is_none_but_for_lists,
		defaults_stand_behind_variables,
		values_are_read_back_to_the_same_bytes,
		lists_may_have_many_lines,
		what_cannot_be_held_is_refused_in_words,
		log_targets_are_words_not_files };

	return unit_run("envconf", tests, COUNT(tests));
}
