/* SPDX-License-Identifier: MIT */
/* Looks at the hosts that the gateway calls, and at what is on the way to
 * them. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/doctor/doctor.h"
#include "conf/conf.h"
#include "http/http_trust.h"
#include "json/jsonin.h"
#include "net/url.h"

#define SKEW_MAX  30 /* s; tokens are good for a leeway of 60 */
#define HOSTS_MAX 16

/* --- ca ------------------------------------------------------------------ */

static int
try_ca(void *arg, char why[DOCTOR_WHY])
{
	const char *path = arg;
	X509_STORE *store;

	if (access(path, R_OK) == -1)
		return -1;
	if ((store = http_trust_get(path)) == NULL) {
		snprintf(
		    why, DOCTOR_WHY, "no certificates in PEM form are in it");
		return -1;
	}
	http_trust_put(store);
	return 0;
}

void
doctor_ca(struct doctor *d)
{
	char *path = d->conf->ca_file, why[DOCTOR_WHY];

	if (path == NULL) {
		doctor_say(
		    d, DOCTOR_OK, "the system's certificates are trusted");
		return;
	}
	if (doctor_as(d, try_ca, path, why) == 0) {
		doctor_say(d, DOCTOR_OK, "%s can be read%s", path, d->as_whom);
		return;
	}
	if (strcmp(why, strerror(EACCES)) == 0 && doctor_foreign(d, path))
		return;
	doctor_say(
	    d, DOCTOR_FAIL, "%s: cannot be used%s: %s", path, d->as_whom, why);
	if (doctor_mend_way(d, path) == DOCTOR_WAY_SAID)
		return;
	if (access(path, F_OK) == 0 && strcmp(why, strerror(EACCES)) == 0)
		doctor_mend_read(d, path, "r");
	else
		doctor_mend_conf(d, "[http]", NULL,
		    "ca_file = /etc/ssl/certs/ca-certificates.crt");
}

/* --- proxy --------------------------------------------------------------- */

/* Puts host and port of a proxy into out, as libcurl reads them: without a
 * scheme http, without a port 1080.  User and password are left out.  Returns
 * false when proxy is no such URL. */
static bool
proxy_address(const char *proxy, char *out, size_t size)
{
	const char *host = strstr(proxy, "://"), *at;
	char url[DOCTOR_URL], origin[DOCTOR_URL];
	const char *bracket, *colon;

	host = host == NULL ? proxy : host + 3;
	if ((at = strrchr(host, '@')) != NULL)
		host = at + 1;
	snprintf(url, sizeof(url), "http://%s", host);
	if (!url_is_base(url) || url_origin(url, origin, sizeof(origin)) == -1)
		return false;
	bracket = strrchr(host, ']');
	colon = strrchr(host, ':');
	if (colon == NULL || (bracket != NULL && colon < bracket))
		*strrchr(origin, ':') = '\0';
	snprintf(out, size, "%s%s", origin + strlen("http://"),
	    colon == NULL || (bracket != NULL && colon < bracket) ?
		(strncmp(proxy, "https://", 8) == 0 ? ":443" : ":1080") :
		"");
	return true;
}

/* Connects to the proxy: any answer to a request for the proxy itself shows
 * that it is there. */
static void
try_proxy(struct doctor *d, const char *address)
{
	struct doctor_call c;
	struct conf conf = *d->conf;

	conf.proxy = NULL;
	conf.allow_private = true;
	doctor_call_init(&c, address, "http://%s/", address);
	doctor_call_do(d, &conf, &c, 1);
	if (c.http.end == HTTP_NO_HOST || c.http.end == HTTP_NO_CONNECTION ||
	    (c.http.end == HTTP_LATE && !c.http.fresh)) {
		doctor_say(d, DOCTOR_FAIL, "%s cannot be reached: %s", address,
		    c.http.why);
		doctor_mend_conf(d, "[http]", "without the line there is none",
		    "proxy = http://HOST:PORT");
	} else {
		doctor_say(d, DOCTOR_OK, "%s can be reached", address);
	}
	doctor_call_free(&c);
}

void
doctor_proxy(struct doctor *d)
{
	char address[DOCTOR_URL];

	if (d->conf->proxy == NULL) {
		doctor_say(d, DOCTOR_OK, "none is used");
	} else if (!proxy_address(d->conf->proxy, address, sizeof(address))) {
		doctor_say(d, DOCTOR_FAIL, "[http] proxy is no URL of a proxy");
		doctor_mend_conf(d, "[http]", NULL, "proxy = http://HOST:PORT");
	} else {
		try_proxy(d, address);
	}
}

/* --- jwks ---------------------------------------------------------------- */

/* Says how many RSA keys with a kid are in an answer. */
static void
say_jwks(struct doctor *d, const struct doctor_call *c)
{
	struct json_object *answer = doctor_json(c), *keys, *key;
	size_t i, n = 0;
	char text[80];

	keys = jsonin_member(answer, "keys");
	for (i = 0; i < jsonin_length(keys); i++) {
		key = jsonin_at(keys, i);
		n += doctor_is(key, "kty", "RSA") &&
		    jsonin_string(key, "kid") != NULL;
	}
	json_object_put(answer);
	doctor_note_clock(d, c);
	if (!doctor_answered(&c->http) || c->http.end != HTTP_ANSWERED) {
		doctor_say_failed(d, c, "gives no keys");
	} else if (c->http.status != 200 || n == 0) {
		doctor_say(d, DOCTOR_FAIL, "%s gives no keys: status %d, %s",
		    c->host, c->http.status,
		    n == 0 ? "no key set" : c->http.reason);
		doctor_mend_conf(d, "[auth]",
		    "those HOSTs that answer at https://HOST/.well-known/jwks",
		    "jwks_hosts = HOST");
	} else {
		snprintf(text, sizeof(text), "gives %zu key%s", n,
		    n == 1 ? "" : "s");
		doctor_say_good(d, c, text);
	}
}

static void
doctor_net_default(void *arg, const char *section, const struct conf_key *key,
    const char *text)
{
	if (strcmp(section, "auth") == 0 &&
	    strcmp(key->name, "jwks_hosts") == 0)
		*(bool *)arg = strcmp(text, key->fallback) == 0;
}

/* Whether all hosts are out of reach as they are without the Internet.  A host
 * that the configuration names and that only refuses is no sign of that. */
static bool
doctor_net_apart(
    const struct doctor *d, const struct doctor_call *calls, size_t n)
{
	bool unset = false;
	size_t i;

	conf_each(d->conf, doctor_net_default, &unset);
	for (i = 0; i < n; i++)
		if (doctor_answered(&calls[i].http) ||
		    (calls[i].http.end != HTTP_NO_HOST &&
			(!unset ||
			    (calls[i].http.end != HTTP_NO_CONNECTION &&
				calls[i].http.end != HTTP_LATE))))
			return false;
	return d->conf->secret_key != NULL;
}

void
doctor_jwks(struct doctor *d)
{
	struct doctor_call *calls;
	struct conf conf = *d->conf;
	char **host = d->conf->jwks_hosts;
	size_t i, n = 0;

	if (host == NULL || host[0] == NULL) {
		doctor_say(d, DOCTOR_OK, "RS256 is off: no jwks_hosts");
		return;
	}
	while (host[n] != NULL && n < HOSTS_MAX)
		n++;
	if ((calls = calloc(n, sizeof(*calls))) == NULL)
		return;
	for (i = 0; i < n; i++)
		doctor_call_init(
		    &calls[i], host[i], "https://%s/.well-known/jwks", host[i]);
	doctor_call_do(d, &conf, calls, n);
	if (doctor_net_apart(d, calls, n)) {
		doctor_say(d, DOCTOR_FAIL,
		    "none of the %zu jwks_hosts can be reached (%s: %s): every "
		    "RS256 token will be refused",
		    n, calls[0].host, calls[0].http.why);
		doctor_mend_conf(d, "[auth]",
		    "where only HS256 tokens are used; behind a proxy: proxy = "
		    "http://HOST:PORT in [http]",
		    "jwks_hosts =");
	} else {
		for (i = 0; i < n; i++)
			say_jwks(d, &calls[i]);
	}
	for (i = 0; i < n; i++)
		doctor_call_free(&calls[i]);
	free(calls);
}

/* --- clock --------------------------------------------------------------- */

void
doctor_clock(struct doctor *d)
{
	int64_t off = d->skew < 0 ? -d->skew : d->skew;

	if (!d->skew_known) {
		doctor_say(
		    d, DOCTOR_SKIPPED, "no host that was asked told the time");
	} else if (off <= SKEW_MAX) {
		doctor_say(d, DOCTOR_OK, "is as that of %s, within %d s",
		    d->skew_host, SKEW_MAX);
	} else {
		doctor_say(d, DOCTOR_WARN,
		    "is %lld s %s that of %s; tokens expire too %s",
		    (long long)off, d->skew > 0 ? "behind" : "ahead of",
		    d->skew_host, d->skew > 0 ? "late" : "early");
		doctor_sudo(d, "timedatectl set-ntp true");
	}
}
