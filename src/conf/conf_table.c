/* SPDX-License-Identifier: MIT */
/* The rows of the configuration that are not a provider's own. */
#include <sys/socket.h>
#include <sys/un.h>

#include <ctype.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/conf_cache.h"
#include "net/endpoint.h"
#include "os/regular.h"

#define AT(member) .offset = offsetof(struct conf, member)
#define IN(member) .offset = offsetof(struct relay_conf, member)

static const char *const conf_table_levels[] = { "debug", "info", "warning",
	"error", NULL };
static const char *const conf_table_formats[] = { "text", "json", NULL };

static const char *const conf_table_pages[] = { "yes", "plain", "no", NULL };
static const char *const conf_table_credentials[] = { "either", "token",
	"gateway", NULL };
static const char *const conf_table_private[] = { "inherit", "no", "yes",
	NULL };

/* unix:/PATH or HOST:PORT, an IPv6 host in brackets. */
static int
set_listen(void *base, const struct conf_key *key, const char *value, char *why)
{
	const char *port = strrchr(value, ':');
	long n;
	char *end;

	if (strncmp(value, "unix:/", 6) == 0 && value[6] != '\0' &&
	    strlen(value + 5) < sizeof(((struct sockaddr_un *)0)->sun_path))
		return conf_set_string(base, key, value, why);
	/* An IPv6 address has colons of its own, hence its brackets. */
	if (port != NULL && port != value && isdigit((unsigned char)port[1]) &&
	    (strchr(value, ':') == port ||
		(value[0] == '[' && port[-1] == ']'))) {
		n = strtol(port + 1, &end, 10);
		if (*end == '\0' && n > 0 && n < 65536)
			return conf_set_string(base, key, value, why);
	}
	snprintf(why, CONF_ERROR_MAX,
	    "must be unix:/PATH, at most %zu bytes, "
	    "or HOST:PORT",
	    sizeof(((struct sockaddr_un *)0)->sun_path) - 1);
	return -1;
}

static int
set_folders(
    void *base, const struct conf_key *key, const char *value, char *why)
{
	char ***at = (char ***)((char *)base + key->offset), **one;

	if (conf_set_list(base, key, value, why) == -1)
		return -1;
	for (one = *at; *one != NULL; one++)
		if (**one != '/') {
			snprintf(why, CONF_ERROR_MAX,
			    "\"%.100s\" is no absolute path", *one);
			return -1;
		}
	return 0;
}

static int
set_metrics(
    void *base, const struct conf_key *key, const char *value, char *why)
{
	union endpoint e;

	if (endpoint_read(&e, value) != 0)
		return conf_set_string(base, key, value, why);
	snprintf(why, CONF_ERROR_MAX,
	    "must be ADDRESS:PORT, without a name, an IPv6 address in "
	    "brackets");
	return -1;
}

/* A named pipe would hold the worker that makes the first call. */
static int
set_ca_file(
    void *base, const struct conf_key *key, const char *value, char *why)
{
	const char *what = regular_other(value);

	if (what != NULL) {
		snprintf(why, CONF_ERROR_MAX, "%s: %s", value, what);
		return -1;
	}
	return conf_set_path(base, key, value, why);
}

static int
set_secret_key(
    void *base, const struct conf_key *key, const char *value, char *why)
{
	if (strlen(value) < (size_t)key->min) {
		snprintf(why, CONF_ERROR_MAX,
		    "must have at least %lld "
		    "characters; `ctim-relay jwt` makes a good one",
		    key->min);
		return -1;
	}
	return conf_set_string(base, key, value, why);
}

static int
set_cache(void *base, const struct conf_key *key, const char *value, char *why)
{
	struct conf_cache parsed;
	bool good = conf_cache_parse(value, &parsed);
#ifndef CTIM_REDIS

	if (parsed.kind == CONF_CACHE_REDIS) {
		explicit_bzero(&parsed, sizeof(parsed));
		snprintf(why, CONF_ERROR_MAX,
		    "this ctim-relay was built without hiredis, and has no "
		    "cache in a Redis server");
		return -1;
	}
#endif

	explicit_bzero(&parsed, sizeof(parsed));
	if (!good) {
		snprintf(why, CONF_ERROR_MAX,
		    "must be sqlite:/PATH, "
		    "redis://[[USER]:PASSWORD@]HOST[:PORT][/DB], the same "
		    "with rediss:// for TLS, redis+sentinel://HOST,HOST/MASTER "
		    "or off");
		return -1;
	}
	return conf_set_string(base, key, value, why);
}

static int
set_target(void *base, const struct conf_key *key, const char *value, char *why)
{
	if (value[0] != '/' && strcmp(value, "stderr") != 0 &&
	    strcmp(value, "syslog") != 0) {
		snprintf(why, CONF_ERROR_MAX,
		    "must be stderr, syslog or an absolute path");
		return -1;
	}
	return conf_set_string(base, key, value, why);
}

#define STRING .release = conf_release_string
#define LIST   .release = conf_release_list

static const struct conf_key table[] = {
	{ "server", "listen", set_listen, AT(listen),
	    .fallback = "unix:/run/ctim-relay/ctim-relay.sock", STRING,
	    .help = "socket of its own, unix:PATH or HOST:PORT" },
	{ "server", "socket_mode", conf_set_mode, AT(socket_mode),
	    .fallback = "0660", .help = "mode of that socket" },
	{ "server", "socket_group", conf_set_string, AT(socket_group), STRING,
	    .help = "group of that socket: the web server's" },
	{ "server", "user", conf_set_string, AT(user), STRING,
	    .help = "started as root, become this user" },
	{ "server", "group", conf_set_string, AT(group), STRING,
	    .help = "and this group" },
	{ "server", "providers", set_folders, AT(providers),
	    .fallback = CTIM_SYSCONFDIR "/ctim-relay/providers " CTIM_DATADIR
					"/providers",
	    .release = conf_release_list,
	    .help = "folders with described providers" },
	{ "server", "workers", conf_set_int, AT(workers), .min = 1, .max = 1024,
	    .help = "processes; the number of cores unless set" },
	{ "server", "threads", conf_set_int, AT(threads), .fallback = "16",
	    .min = 1, .max = 1024, .help = "concurrent requests a process" },
	{ "server", "queue", conf_set_int, AT(queue), .fallback = "64",
	    .min = 0, .max = 65536,
	    .help = "requests that wait for a thread, so many a process" },
	{ "server", "memory", conf_set_size, AT(memory), .min = 16 << 20,
	    .max = 1LL << 40,
	    .help = "bytes of all requests and answers together" },
	{ "server", "connections", conf_set_int, AT(connections),
	    .fallback = "4096", .min = 1, .max = 1 << 20,
	    .help = "connections of a process that wait without a thread" },
	{ "server", "read_timeout", conf_set_int, AT(read_timeout),
	    .fallback = "30", .min = 1, .max = 3600,
	    .help = "seconds for a request to come whole" },
	{ "server", "parked_memory", conf_set_size, AT(parked_memory),
	    .fallback = "32M", .min = 1 << 16, .max = 1LL << 40,
	    .help = "bytes of a process's requests that are not whole" },
	{ "server", "write_timeout", conf_set_int, AT(write_timeout),
	    .fallback = "30", .min = 1, .max = 3600,
	    .help = "seconds in which a reader must take something" },
	{ "server", "write_memory", conf_set_size, AT(write_memory),
	    .fallback = "64M", .min = 0, .max = 1LL << 40,
	    .help = "bytes of a process's answers that are not read" },
	{ "server", "spill", conf_set_size, AT(spill), .fallback = "1G",
	    .min = 0, .max = 1LL << 50, .help = "and on disk, beyond that" },
	{ "server", "max_body", conf_set_size, AT(max_body), .fallback = "1M",
	    .min = 1024, .max = 64 << 20, .help = "bytes of a request body" },
	{ "server", "max_observables", conf_set_int, AT(max_observables),
	    .fallback = "1000", .min = 1, .max = 5000,
	    .help = "observables in a request" },
	{ "server", "max_requests", conf_set_int, AT(max_requests),
	    .fallback = "0", .min = 0, .max = INT_MAX,
	    .help = "a worker is replaced after so many; 0 is never" },
	{ "server", "default_relay", conf_set_string, AT(default_relay), STRING,
	    .help = "the relay that also answers without its prefix" },
	{ "server", "base_url", conf_set_url, AT(base_url), STRING,
	    .help = "the gateway's URL as the platform sees it" },
	{ "server", "page", conf_set_choice, AT(page), .fallback = "yes",
	    .choices = conf_table_pages,
	    .help = "whether / shows the relays, to anybody" },
	{ "server", "probes", conf_set_networks, AT(probes), .lines = true,
	    .release = conf_release_networks, .fallback = "127.0.0.0/8 ::1",
	    .help = "who may ask /healthz and /readyz" },
	{ "server", "metrics", set_metrics, AT(metrics), STRING,
	    .help = "ADDRESS:PORT where Prometheus gets metrics, by HTTP" },
	{ "server", "control", conf_set_path, AT(control), STRING,
	    .fallback = CTIM_RUNSTATEDIR "/ctim-relay/control.sock",
	    .help = "where the command line asks the running pool" },
	{ "auth", "secret_key", set_secret_key, AT(secret_key), STRING,
	    .min = 32, .secret = true, .help = "for HS256 tokens" },
	{ "auth", "secret_key_previous", set_secret_key,
	    AT(secret_key_previous), STRING, .min = 32, .secret = true,
	    .help = "accepted too, while a key is being changed" },
	{ "auth", "jwks_hosts", conf_set_hosts, AT(jwks_hosts), LIST,
	    .fallback = "visibility.amp.cisco.com visibility.eu.amp.cisco.com "
			"visibility.apjc.amp.cisco.com",
	    .help = "hosts that RS256 keys may "
		    "come from" },
	{ "auth", "bind_relays", conf_set_bool, AT(bind_relays),
	    .fallback = "no",
	    .help = "whether HS256 tokens must name the relay" },
	{ "auth", "require", conf_set_require, AT(require), LIST,
	    .help = "CLAIM=VALUE that RS256 tokens must have" },
	{ "auth", "leeway", conf_set_int, AT(leeway), .fallback = "60",
	    .min = 0, .max = 3600, .help = "seconds for exp and nbf" },
	{ "http", "connect_timeout", conf_set_int, AT(connect_timeout),
	    .fallback = "5", .min = 1, .max = 300,
	    .help = "seconds to connect to a provider" },
	{ "http", "timeout", conf_set_int, AT(timeout), .fallback = "15",
	    .min = 1, .max = 300,
	    .help = "seconds for one call to a provider" },
	{ "http", "deadline", conf_set_int, AT(deadline), .fallback = "25",
	    .min = 1, .max = 3600, .help = "seconds for a whole request" },
	{ "http", "retries", conf_set_int, AT(retries), .fallback = "2",
	    .min = 0, .max = 10, .help = "repeats of a call that failed" },
	{ "http", "breaker", conf_set_int, AT(breaker), .fallback = "5",
	    .min = 0, .max = 1000,
	    .help = "failures that open a host's circuit; 0 is never" },
	{ "http", "parallel", conf_set_int, AT(parallel), .fallback = "32",
	    .min = 1, .max = 1024,
	    .help = "concurrent calls of a request to a host" },
	{ "http", "host_parallel", conf_set_int, AT(host_parallel),
	    .fallback = "64", .min = 1, .max = 1024,
	    .help = "concurrent calls of a worker to a host" },
	{ "http", "idle_timeout", conf_set_int, AT(idle_timeout),
	    .fallback = "230", .min = 1, .max = 3600,
	    .help = "seconds that an unused connection is kept" },
	{ "http", "max_answer", conf_set_size, AT(max_answer),
	    .fallback = "64M", .min = 1024, .max = 1LL << 30,
	    .help = "bytes of a provider's answer" },
	{ "http", "ca_file", set_ca_file, AT(ca_file), STRING,
	    .help = "certificates to trust instead of the system's" },
	{ "http", "proxy", conf_set_string, AT(proxy), STRING,
	    .secret_user = true, .help = "proxy for calls to providers" },
	{ "http", "allow_private", conf_set_bool, AT(allow_private),
	    .fallback = "no", .help = "also http and private addresses" },
	{ "cache", "url", set_cache, AT(cache_url), STRING, .secret_user = true,
	    .fallback =
		"sqlite:" CTIM_LOCALSTATEDIR "/cache/ctim-relay/cache.db",
	    .help = "sqlite:PATH, redis[s]://HOST:PORT/DB or off" },
	{ "cache", "key", set_secret_key, AT(cache_key), STRING, .min = 32,
	    .secret = true,
	    .help = "seals what lies in Redis, the same on all gateways" },
	{ "cache", "ca_file", set_ca_file, AT(cache_ca_file), STRING,
	    .help = "who may vouch for a rediss:// server, else the system's" },
	{ "cache", "ttl", conf_set_int, AT(ttl), .fallback = "300", .min = 0,
	    .max = 86400, .help = "seconds that an answer is kept" },
	{ "cache", "negative_ttl", conf_set_int, AT(negative_ttl),
	    .fallback = "60", .min = 0, .max = 86400,
	    .help = "seconds that \"nothing known\" is kept" },
	{ "log", "level", conf_set_choice, AT(log_level), .fallback = "info",
	    .choices = conf_table_levels,
	    .help = "least level that is written" },
	{ "log", "format", conf_set_choice, AT(log_format), .fallback = "text",
	    .choices = conf_table_formats, .help = "form of a record" },
	{ "log", "target", set_target, AT(log_target), STRING,
	    .fallback = "stderr",
	    .help = "stderr, syslog or an absolute path" },
	{ "egress", "networks", conf_set_networks, AT(egress.networks),
	    .lines = true, .release = conf_release_networks,
	    .help = "addresses that no service is asked about" },
	{ "egress", "domains", conf_set_domains, AT(egress.domains),
	    .lines = true, .release = conf_release_domains,
	    .help = "domains, with all below, that no service is asked about" },
	{ "egress", "patterns", conf_set_patterns, AT(egress.patterns),
	    .lines = true, .release = conf_release_patterns,
	    .help = "POSIX extended expressions of whole values, the same" },
	{ "egress", "private", conf_set_bool, AT(egress.private),
	    .fallback = "no",
	    .help = "private, loopback and link-local addresses, the same" },
	{ "egress", "log", conf_set_path, AT(egress.log), STRING,
	    .help = "file with a line for every value that left" },
	{ "egress", "log_required", conf_set_bool, AT(egress.log_required),
	    .fallback = "no",
	    .help = "nothing leaves that could not be written there" },
	{ "relay", "provider", conf_set_string, IN(provider_name), STRING,
	    .help = "which provider serves it; the relay's name unless set" },
	{ "relay", "ttl", conf_set_int, IN(ttl), .fallback = "-1", .min = -1,
	    .max = 86400, .help = "instead of [cache] ttl; -1: not set" },
	{ "relay", "rate", conf_set_rate, IN(rate), .fallback = "-1", .min = -1,
	    .max = CONF_RATE_MOST,
	    .help = "calls a second, or 500/day; 0 is no pacing, "
		    "-1: what the service allows" },
	{ "relay", "timeout", conf_set_int, IN(timeout), .fallback = "0",
	    .min = 0, .max = 300,
	    .help = "instead of [http] timeout; 0: not set" },
	{ "relay", "parallel", conf_set_int, IN(parallel), .fallback = "0",
	    .min = 0, .max = 1024,
	    .help = "instead of [http] parallel; 0: not set" },
	{ "relay", "breaker", conf_set_int, IN(breaker), .fallback = "-1",
	    .min = -1, .max = 1000,
	    .help = "instead of [http] breaker; -1: not set" },
	{ "relay", "allow_private", conf_set_choice, IN(allow_private),
	    .fallback = "inherit", .choices = conf_table_private,
	    .help = "instead of [http] allow_private, for hosts named here" },
	{ "relay", "ca_file", set_ca_file, IN(ca_file), STRING,
	    .help = "instead of [http] ca_file, for hosts named here" },
	{ "relay", "claim.NAME", conf_set_claim, IN(claims), .secret = true,
	    .each = true, .release = conf_release_claims,
	    .help = "a claim that tokens need not have" },
	{ "relay", "credentials", conf_set_choice, IN(credentials),
	    .fallback = "either", .choices = conf_table_credentials,
	    .help = "whose claims count first" },
	{ "relay", "egress", conf_set_bool, IN(egress), .fallback = "yes",
	    .help = "whether [egress] holds values back from it" },
	{ "relay", "quotas", conf_set_bool, IN(quotas), .fallback = "no",
	    .help = "whether its health tells what is left of its quota" },
	{ "relay", "trace", conf_set_bool, IN(trace), .fallback = "no",
	    .help = "whether its service, your own, gets traceparent" },
	{ 0 }
};

const struct conf_key *
conf_keys(void)
{
	return table;
}
