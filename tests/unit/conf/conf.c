/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "call/provider.h"
#include "conf/conf.h"
#include "providers/local.h"
#include "relay/lists.h"
#include "tests/unit/unit.h"

#define KEY "0123456789012345678901234567890123456789"

static char folder[] = "/tmp/ctim-conf.XXXXXX";
static bool made;       /* the folder, in this test's process */
static struct buf said; /* complaints of the last load, a line each */

static void
complain(void *arg, bool error, const char *line)
{
	(void)arg;
	/* Only what stands behind the folder, which has another name each time. */
	if (strncmp(line, folder, strlen(folder)) == 0)
		line += strlen(folder) + 1;
	buf_addf(&said, "%s%s\n", error ? "" : "warning: ", line);
}

static const char *
path_of(const char *name)
{
	static char path[200];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void
write_file(const char *name, const char *text, mode_t mode)
{
	FILE *f = fopen(path_of(name), "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fchmod(fileno(f), mode);
	fclose(f);
}

static struct conf *
load(const char *text)
{
	buf_init(&said, 100000);
	if (!made)
		ck_assert_ptr_nonnull(mkdtemp(folder));
	made = true;
	unsetenv("SECRET_KEY");
	write_file("a.conf", text, 0640);
	return conf_load(path_of("a.conf"), &relay_lists, complain, NULL);
}

static void
forget(struct conf *c)
{
	char command[300];

	conf_free(c);
	buf_free(&said);
	snprintf(command, sizeof(command), "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

START_TEST(what_is_written_is_in_force)
{
	struct conf *c =
	    load("# a comment\n; another\n"
		 "[server]\nlisten = 127.0.0.1:9000\nsocket_mode = 0600\n"
		 "workers = 3\nmax_body = 64K\ndefault_relay = own\n"
		 "base_url = https://soc.example/p/\n"
		 "[auth]\nsecret_key = " KEY "\njwks_hosts =\n"
		 "[http]\nallow_private = yes\n"
		 "[log]\nlevel = debug\nformat = json\n"
		 "[relay own]\nprovider = local\nstore = /tmp/x.db\nttl = 5\n"
		 "[relay template]\n");
	const struct relay_conf *r;

	ck_assert_msg(c != NULL, "%s", said.data);
	ck_assert_str_eq(c->listen, "127.0.0.1:9000");
	ck_assert_uint_eq(c->socket_mode, 0600);
	ck_assert_int_eq(c->workers, 3);
	ck_assert_int_eq(c->threads, 16);
	ck_assert_uint_eq(c->max_body, 65536);
	ck_assert_str_eq(c->base_url, "https://soc.example/p");
	ck_assert_str_eq(c->secret_key, KEY);
	ck_assert_ptr_null(c->jwks_hosts[0]);
	ck_assert(c->allow_private);
	ck_assert_int_eq(c->log_level, LOG_LEVEL_DEBUG);
	ck_assert_int_eq(c->log_format, LOG_FORMAT_JSON);
	r = conf_relay(c, "own", 3);
	ck_assert_ptr_nonnull(r);
	ck_assert_str_eq(((struct local_conf *)r->own)->store, "/tmp/x.db");
	ck_assert_int_eq(r->ttl, 5);
	ck_assert_int_eq(r->breaker, -1);
	r = conf_relay(c, "template", 8);
	ck_assert_ptr_eq(r->provider, &provider_template);
	ck_assert_ptr_null(conf_relay(c, "templat", 7));
	ck_assert_str_eq(said.data, "");
	forget(c);
}
END_TEST

static const struct {
	const char *text;
	const char *complaint; /* the first of them */
} bad[] = { { "[server]\nlissen = x\n",
		"a.conf:2: there is no key \"lissen\" in "
		"[server]; `ctim-relay check --keys` lists them" },
	{ "[sever]\n",
	    "a.conf:1: there is no section [sever]; the sections "
	    "are server, auth, http, cache, log, egress and relay NAME" },
	{ "[relay]\n",
	    "a.conf:1: there is no section [relay]; the sections "
	    "are server, auth, http, cache, log, egress and relay NAME" },
	{ "x = 1\n", "a.conf:1: a key before the first [section]" },
	{ "[server]\nhello\n",
	    "a.conf:2: neither a [section] nor key = value" },
	{ "[server\n", "a.conf:1: a section must be one line as in [server]" },
	{ "[server]\nthreads = 0\n",
	    "a.conf:2: [server] threads: must be a number from 1 to 1024" },
	{ "[server]\nthreads = 5x\n",
	    "a.conf:2: [server] threads: must be a number from 1 to 1024" },
	{ "[server]\nthreads = 99999999999999999999\n",
	    "a.conf:2: [server] threads: must be a number from 1 to 1024" },
	{ "[server]\nthreads =\n",
	    "a.conf:2: [server] threads: has no value; "
	    "leave the line out for the default" },
	{ "[server]\nmax_body = 1X\n",
	    "a.conf:2: [server] max_body: must be a "
	    "number from 1024 to 67108864" },
	{ "[server]\nmax_body = 9999999999G\n",
	    "a.conf:2: [server] max_body: "
	    "must be a size from 1024 to 67108864 bytes, as in 64K or 1M" },
	{ "[server]\nworkers = 4\nmemory = 63M\n",
	    "a.conf:3: [server] memory: 4 workers with a max_body of 1048576 "
	    "bytes need at least 64M" },
	{ "[server]\nworkers = 2\nmemory = 32M\nmax_body = 3M\n",
	    "a.conf:3: [server] memory: 2 workers with a max_body of 3145728 "
	    "bytes need at least 96M" },
	{ "[server]\nsocket_mode = 888\n",
	    "a.conf:2: [server] socket_mode: "
	    "must be a file mode in octal, as in 0660" },
	{ "[server]\nlisten = /run/x\n",
	    "a.conf:2: [server] listen: must be "
	    "unix:/PATH, at most 107 bytes, or HOST:PORT" },
	{ "[server]\nlisten = ::1:80\n",
	    "a.conf:2: [server] listen: must be "
	    "unix:/PATH, at most 107 bytes, or HOST:PORT" },
	{ "[server]\nlisten = host:99999\n",
	    "a.conf:2: [server] listen: must "
	    "be unix:/PATH, at most 107 bytes, or HOST:PORT" },
	{ "[server]\nbase_url = ftp://x\n",
	    "a.conf:2: [server] base_url: must "
	    "be a URL as in https://host/path, without user, query or "
	    "fragment" },
	{ "[server]\nbase_url = https://x/?q\n",
	    "a.conf:2: [server] base_url: "
	    "must be a URL as in https://host/path, without user, query or "
	    "fragment" },
	{ "[server]\ndefault_relay = none\n",
	    "a.conf:2: [server] default_relay: there is no [relay none]" },
	{ "[server]\nthreads = 1\nthreads = 2\n",
	    "a.conf:3: threads a second time in [server]" },
	{ "[server]\n[log]\n[server]\n",
	    "a.conf:3: a second [server]; put its keys into one section" },
	{ "[auth]\nsecret_key = short\n",
	    "a.conf:2: [auth] secret_key: must "
	    "have at least 32 characters; `ctim-relay jwt` makes a good one" },
	{ "[auth]\nsecret_key = env:CTIM_NONE\n",
	    "a.conf:2: [auth] secret_key:"
	    " CTIM_NONE is not in the environment" },
	{ "[auth]\nsecret_key = file:/nonexistent\n",
	    "a.conf:2: [auth] "
	    "secret_key: /nonexistent cannot be read: No such file or "
	    "directory" },
	{ "[http]\nallow_private = maybe\n",
	    "a.conf:2: [http] allow_private: must be yes or no" },
	{ "[cache]\nurl = memcached\n",
	    "a.conf:2: [cache] url: must be "
	    "sqlite:/PATH, redis://[[USER]:PASSWORD@]HOST[:PORT][/DB], the "
	    "same with rediss:// for TLS, redis+sentinel://HOST,HOST/MASTER "
	    "or off" },
	{ "[log]\nlevel = loud\n",
	    "a.conf:2: [log] level: must be one of "
	    "debug, info, warning, error" },
	{ "[log]\ntarget = env:X\n",
	    "a.conf:2: [log] target: must be stderr, "
	    "syslog or an absolute path" },
	{ "[relay health]\n",
	    "a.conf:1: \"health\" is no name for a relay: it is the first "
	    "part of a route of the gateway" },
	{ "[relay readyz]\n",
	    "a.conf:1: \"readyz\" is no name for a relay: it is the first "
	    "part of a route of the gateway" },
	{ "[relay Otx]\n",
	    "a.conf:1: \"Otx\" is no name for a relay: small "
	    "letters, digits, _ and -, at most 41, and not the first part of a "
	    "route" },
	{ "[relay local]\n[relay  local]\n",
	    "a.conf:2: \" local\" is no name "
	    "for a relay: small letters, digits, _ and -, at most 41, and not "
	    "the first part of a route" },
	{ "[relay x]\n",
	    "a.conf:1: [relay x] there is no provider \"x\"; add a "
	    "line `provider = NAME` with one of: template, local, "
	    "otx, spycloud, qualys, all, or one of the directories in [server] "
	    "providers" },
	{ "[relay local]\nstore = here\n",
	    "a.conf:2: [relay local] store: "
	    "must be an absolute path, as in /var/…" },
	{ "[relay local]\nkey = 1\n",
	    "a.conf:2: there is no key \"key\" in "
	    "[relay local]; `ctim-relay check --keys` lists them" },
	{ "[relay local]\nrate = 500/week\n",
	    "a.conf:2: [relay local] rate: must be a number from -1 to 10000, "
	    "alone or with /second, /minute, /hour or /day" },
	{ "[relay local]\nrate = -1/day\n",
	    "a.conf:2: [relay local] rate: must be a number from -1 to 10000, "
	    "alone or with /second, /minute, /hour or /day" },
	{ "[relay local]\nrate = 10001/day\n",
	    "a.conf:2: [relay local] rate: must be a number from -1 to 10000, "
	    "alone or with /second, /minute, /hour or /day" },
	{ "[server]\n threads = 1\n",
	    "a.conf:2: this line begins with a "
	    "blank; begin it at the margin" },
	{ "[server]\nthreads = 1 ; one\n",
	    "a.conf:2: a comment must be a line "
	    "of its own (this one would cut the value)" } };

START_TEST(what_is_wrong_is_said_with_its_line)
{
	struct conf *c;
	size_t i;

	for (i = 0; i < COUNT(bad); i++) {
		c = load(bad[i].text);
		ck_assert_msg(c == NULL, "taken: %s", bad[i].text);
		*strchrnul(said.data, '\n') = '\0';
		ck_assert_str_eq(said.data, bad[i].complaint);
		buf_free(&said);
	}
	buf_init(&said, 10);
	forget(NULL);
}
END_TEST

START_TEST(a_rate_holds_for_a_time)
{
	static const struct {
		const char *line;
		struct conf_rate rate;
	} rows[] = { { "", { -1, 1 } }, { "rate = -1\n", { -1, 1 } },
		{ "rate = 0\n", { 0, 1 } }, { "rate = 4\n", { 4, 1 } },
		{ "rate = 4/second\n", { 4, 1 } },
		{ "rate = 4/minute\n", { 4, 60 } },
		{ "rate = 10000/hour\n", { 10000, 3600 } },
		{ "rate = 500/day\n", { 500, 86400 } } };
	char text[100];
	struct conf *c;
	size_t i;

	for (i = 0; i < COUNT(rows); i++) {
		snprintf(text, sizeof(text), "[relay local]\n%s", rows[i].line);
		c = load(text);
		ck_assert_msg(c != NULL, "%s", said.data);
		ck_assert_int_eq(c->relays->rate.calls, rows[i].rate.calls);
		ck_assert_int_eq(c->relays->rate.seconds, rows[i].rate.seconds);
		conf_free(c);
		buf_free(&said);
	}
	buf_init(&said, 10);
	forget(NULL);
}
END_TEST

START_TEST(all_errors_are_said_at_once)
{
	struct conf *c = load("[server]\nthreads = x\n[nosuch]\na = b\n"
			      "[relay local]\nstore = x\n");

	ck_assert_ptr_null(c);
	ck_assert_ptr_nonnull(strstr(said.data, "a.conf:2: "));
	ck_assert_ptr_nonnull(strstr(said.data, "a.conf:3: "));
	ck_assert_ptr_nonnull(strstr(said.data, "a.conf:6: "));
	ck_assert_ptr_null(strstr(said.data, "a.conf:4: "));
	forget(c);
}
END_TEST

START_TEST(a_long_line_is_refused_not_cut)
{
	char text[1000];

	memset(text, 'x', sizeof(text));
	memcpy(text, "[auth]\nsecret_key = ", 20);
	text[990] = '\0';
	ck_assert_ptr_null(load(text));
	ck_assert_ptr_nonnull(
	    strstr(said.data, "a.conf:2: this line is longer than 198 bytes"));
	forget(NULL);
}
END_TEST

START_TEST(a_secret_that_all_may_read_is_refused)
{
	struct conf *c = load("[auth]\nsecret_key = " KEY "\n[relay local]\n");

	ck_assert_ptr_nonnull(c);
	conf_free(c);
	chmod(path_of("a.conf"), 0644);
	c = conf_load(path_of("a.conf"), &relay_lists, complain, NULL);
	ck_assert_ptr_null(c);
	ck_assert_ptr_nonnull(strstr(said.data,
	    "a.conf:2: [auth] secret_key: "
	    "secret_key is a secret and everybody may read this file; chmod "
	    "o="));
	forget(NULL);
}
END_TEST

START_TEST(secrets_come_from_files_and_the_environment)
{
	char text[400];
	struct conf *c = load("");

	conf_free(c);
	buf_free(&said);
	setenv("CTIM_TEST_KEY", "E" KEY, 1);
	write_file("key", "F" KEY "\n", 0600);
	snprintf(text, sizeof(text),
	    "[auth]\nsecret_key = file:%s/key\n"
	    "secret_key_previous = env:CTIM_TEST_KEY\n",
	    folder);
	c = load(text);
	ck_assert_msg(c != NULL, "%s", said.data);
	ck_assert_str_eq(c->secret_key, "F" KEY);
	ck_assert_str_eq(c->secret_key_previous, "E" KEY);
	conf_free(c);
	buf_free(&said);
	write_file("key", "F" KEY "\n", 0604);
	ck_assert_ptr_null(load(text));
	ck_assert_ptr_nonnull(strstr(said.data,
	    "holds a secret and everybody "
	    "may read it; chmod o="));
	forget(NULL);
}
END_TEST

/* What an editor or a download made of a file with one value in it. */
START_TEST(one_line_end_of_a_file_is_dropped)
{
	static const char *const good[] = { KEY, KEY "\n", KEY "\r\n",
		"\xef\xbb\xbf" KEY "\r\n" };
	static const struct {
		const char *text, *why;
	} wrong[] = { { KEY "\r", "control character (0x0d) in line 1" },
		{ KEY "\n\n", "more than one line" },
		{ KEY "\r\n\r\n", "more than one line" },
		{ "a\n" KEY "\n", "more than one line" },
		{ KEY "\t\n", "control character (0x09) in line 1" },
		{ "\x1b[A" KEY, "control character (0x1b) in line 1" },
		{ KEY "\x7f\n", "control character (0x7f) in line 1" },
		{ "\xff\xfe" KEY, "is in UTF-16; save it as UTF-8" },
		{ "\xfe\xff" KEY, "is in UTF-16; save it as UTF-8" } };
	char text[400];
	struct conf *c = load("");
	size_t i;

	conf_free(c);
	snprintf(
	    text, sizeof(text), "[auth]\nsecret_key = file:%s/key\n", folder);
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		buf_free(&said);
		write_file("key", good[i], 0600);
		c = load(text);
		ck_assert_msg(c != NULL, "%zu: %s", i, said.data);
		ck_assert_str_eq(c->secret_key, KEY);
		conf_free(c);
	}
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		buf_free(&said);
		write_file("key", wrong[i].text, 0600);
		ck_assert_msg(load(text) == NULL, "%zu", i);
		ck_assert_msg(strstr(said.data,
				  "a.conf:2: [auth] secret_key: ") != NULL &&
			strstr(said.data, wrong[i].why) != NULL,
		    "%zu: %s", i, said.data);
		ck_assert_ptr_null(strstr(said.data, KEY));
	}
	forget(NULL);
}
END_TEST

START_TEST(the_environment_is_read_as_a_file_is)
{
	struct conf *c = load("");

	conf_free(c);
	buf_free(&said);
	setenv("CTIM_TEST_KEY", KEY "\r", 1);
	ck_assert_ptr_null(load("[auth]\nsecret_key = env:CTIM_TEST_KEY\n"));
	ck_assert_ptr_nonnull(strstr(said.data,
	    "CTIM_TEST_KEY holds a control "
	    "character (0x0d)"));
	setenv("CTIM_TEST_KEY", KEY "\r\n", 1);
	buf_free(&said);
	c = load("[auth]\nsecret_key = env:CTIM_TEST_KEY\n");
	ck_assert_msg(c != NULL, "%s", said.data);
	ck_assert_str_eq(c->secret_key, KEY);
	conf_free(c);
	buf_free(&said);
	conf_free(load(""));
	setenv("SECRET_KEY", KEY "\r", 1);
	ck_assert_ptr_null(
	    conf_load(path_of("a.conf"), &relay_lists, complain, NULL));
	ck_assert_ptr_nonnull(strstr(said.data,
	    "SECRET_KEY in the environment "
	    "holds a control character (0x0d)"));
	unsetenv("SECRET_KEY");
	forget(NULL);
}
END_TEST

/* What is too long for a line of the configuration is sent to file:. */
START_TEST(a_list_that_is_too_long_for_a_line_works_from_a_file)
{
	static const char *const ends[] = { "\n", "\r\n", " ", ", ", "\t",
		"\n\n" };
	char text[400];
	struct buf hosts;
	struct conf *c = load("");
	size_t i;
	int k;

	conf_free(c);
	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		buf_init(&hosts, 10000);
		for (k = 0; k < 200; k++)
			buf_addf(
			    &hosts, "host-%d.example.org:8443%s", k, ends[i]);
		snprintf(text, sizeof(text),
		    "[auth]\njwks_hosts = %.180s%.10s"
		    "\n",
		    hosts.data, "aaaaaaaaaa");
		if (strstr(ends[i], "\n") == NULL) {
			buf_free(&said);
			ck_assert_ptr_null(load(text));
			ck_assert_ptr_nonnull(strstr(said.data, "file:PATH"));
		}
		write_file("hosts", hosts.data, 0644);
		buf_free(&hosts);
		snprintf(text, sizeof(text),
		    "[auth]\njwks_hosts = "
		    "file:%s/hosts\n",
		    folder);
		buf_free(&said);
		c = load(text);
		ck_assert_msg(c != NULL, "%zu: %s", i, said.data);
		ck_assert_str_eq(c->jwks_hosts[0], "host-0.example.org:8443");
		ck_assert_str_eq(
		    c->jwks_hosts[199], "host-199.example.org:8443");
		ck_assert_ptr_null(c->jwks_hosts[200]);
		conf_free(c);
	}
	write_file("hosts", "a.example\n\x1b[A\n", 0644);
	buf_free(&said);
	ck_assert_ptr_null(load(text));
	ck_assert_ptr_nonnull(strstr(said.data,
	    "hosts holds a control "
	    "character (0x1b) in line 2"));
	forget(NULL);
}
END_TEST

/* [log] takes nothing from a file, so nobody is sent there. */
START_TEST(what_file_cannot_hold_is_not_sent_there)
{
	char text[400];

	snprintf(text, sizeof(text), "[log]\ntarget = /%0250d\n", 0);
	ck_assert_ptr_null(load(text));
	ck_assert_ptr_nonnull(strstr(said.data,
	    "a.conf:2: this line is longer "
	    "than 198 bytes"));
	ck_assert_ptr_null(strstr(said.data, "file:"));
	forget(NULL);
}
END_TEST

START_TEST(the_environment_has_the_key_when_the_file_has_none)
{
	struct conf *c = load("[relay local]\n");

	ck_assert_ptr_null(c->secret_key);
	ck_assert_ptr_nonnull(strstr(said.data,
	    "warning: a.conf: no [auth] "
	    "secret_key"));
	conf_free(c);
	setenv("SECRET_KEY", KEY, 1);
	c = conf_load(path_of("a.conf"), &relay_lists, complain, NULL);
	ck_assert_str_eq(c->secret_key, KEY);
	conf_free(c);
	setenv("SECRET_KEY", "short", 1);
	ck_assert_ptr_null(
	    conf_load(path_of("a.conf"), &relay_lists, complain, NULL));
	unsetenv("SECRET_KEY");
	forget(NULL);
}
END_TEST

START_TEST(conf_d_is_read_after_it_by_name)
{
	struct conf *c = load("[relay template]\n");

	conf_free(c);
	buf_free(&said);
	ck_assert_int_eq(mkdir(path_of("conf.d"), 0700), 0);
	write_file("conf.d/20.conf", "[relay zwei]\nprovider = local\n", 0600);
	write_file("conf.d/10.conf", "[relay local]\n", 0600);
	write_file("conf.d/30.conf~", "[nonsense]\n", 0600);
	c = load("[relay template]\n");
	ck_assert_msg(c != NULL, "%s", said.data);
	ck_assert_str_eq(c->relays->name, "template");
	ck_assert_str_eq(c->relays->next->name, "local");
	ck_assert_str_eq(c->relays->next->next->name, "zwei");
	conf_free(c);
	buf_free(&said);
	write_file("conf.d/40.conf", "\n[relay local]\n", 0600);
	ck_assert_ptr_null(load("[relay template]\n"));
	*strchrnul(said.data, '\n') = '\0';
	ck_assert_str_eq(said.data,
	    "conf.d/40.conf:2: a second [relay local]; "
	    "put its keys into one section");
	forget(NULL);
}
END_TEST

static void
note(void *arg, const char *section, const struct conf_key *key,
    const char *value)
{
	buf_addf(arg, "[%s] %s = %s\n", section, key->name, value);
}

START_TEST(a_conf_d_that_cannot_be_read_is_said)
{
	struct conf *c = load("[relay template]\n");

	conf_free(c);
	buf_free(&said);
	write_file("conf.d", "", 0600);
	ck_assert_ptr_null(load("[relay template]\n"));
	ck_assert_ptr_nonnull(
	    strstr(said.data, "conf.d: cannot be read: Not a directory\n"));
	forget(NULL);
}
END_TEST

START_TEST(a_dump_shows_all_but_secrets)
{
	struct conf *c = load("[auth]\nsecret_key = " KEY "\n[relay local]\n");
	struct buf b;

	buf_init(&b, 100000);
	conf_each(c, note, &b);
	ck_assert_ptr_null(strstr(b.data, KEY));
	ck_assert_ptr_nonnull(strstr(b.data, "[auth] secret_key = ********\n"));
	ck_assert_ptr_nonnull(strstr(b.data, "[server] threads = 16\n"));
	ck_assert_ptr_nonnull(
	    strstr(b.data, "[relay local] store = " LOCAL_STORE "\n"));
	buf_free(&b);
	forget(c);
}
END_TEST

START_TEST(memory_goes_with_workers_and_bodies)
{
	struct conf *c = load("[server]\nworkers = 3\n");

	ck_assert_uint_eq(c->memory, 3 * (256U << 20));
	/* So that a worker has what the manual says of them. */
	ck_assert_uint_ge(c->memory / 3 / 8, c->parked_memory);
	ck_assert_uint_ge(c->memory / 3 / 4, c->write_memory);
	conf_free(c);
	buf_free(&said);
	c = load("[server]\nworkers = 2\nmax_body = 64M\n");
	ck_assert_uint_eq(c->memory, 2 * 16 * (64ULL << 20));
	conf_free(c);
	buf_free(&said);
	c = load("[server]\nworkers = 2\nmemory = 32M\n");
	ck_assert_uint_eq(c->memory, 32U << 20);
	forget(c);
}
END_TEST

START_TEST(a_missing_file_is_named)
{
	struct conf *c = load("");

	conf_free(c);
	buf_free(&said);
	buf_init(&said, 1000);
	ck_assert_ptr_null(
	    conf_load(path_of("none.conf"), &relay_lists, complain, NULL));
	ck_assert_str_eq(said.data,
	    "none.conf: cannot be read: No such file or directory\n");
	forget(NULL);
}
END_TEST

START_TEST(the_defaults_need_no_file)
{
	struct conf *c = conf_default();

	ck_assert_ptr_nonnull(c);
	ck_assert_int_eq(c->threads, 16);
	ck_assert_int_eq(c->connect_timeout, 5);
	ck_assert_int_eq(c->timeout, 15);
	ck_assert(!c->allow_private);
	ck_assert_str_eq(c->file, "the defaults");
	ck_assert_ptr_null(c->relays);
	conf_free(c);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { what_is_written_is_in_force,
		what_is_wrong_is_said_with_its_line, a_rate_holds_for_a_time,
		all_errors_are_said_at_once, a_long_line_is_refused_not_cut,
		a_secret_that_all_may_read_is_refused,
		secrets_come_from_files_and_the_environment,
		one_line_end_of_a_file_is_dropped,
		the_environment_is_read_as_a_file_is,
		a_list_that_is_too_long_for_a_line_works_from_a_file,
		what_file_cannot_hold_is_not_sent_there,
		the_environment_has_the_key_when_the_file_has_none,
		conf_d_is_read_after_it_by_name,
		a_conf_d_that_cannot_be_read_is_said,
		a_dump_shows_all_but_secrets, a_missing_file_is_named,
		memory_goes_with_workers_and_bodies,
		the_defaults_need_no_file };

	return unit_run("conf", tests, COUNT(tests));
}
