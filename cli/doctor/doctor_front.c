/* SPDX-License-Identifier: MIT */
/* Asks the web server in front from outside whether a gateway is behind it, and
 * what of a request comes through. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "call/provider.h"
#include "cli/doctor/doctor.h"
#include "conf/conf.h"
#include "json/jsonin.h"
#include "token/token.h"

#define HEADER_MAX (TOKEN_MAX + 64)

/* A line for each of the two web servers, and where it goes.  The web server
 * that answers decides which one is said. */
struct pair {
	const char *nginx, *nginx_at, *apache, *apache_at;
};

static void
mend_by(struct doctor *d, struct pair pair)
{
	doctor_mend(d, "%s", d->apache ? pair.apache : pair.nginx);
	doctor_note(d, "%s", d->apache ? pair.apache_at : pair.nginx_at);
}

static const struct pair mount = { "location /PATH/ { fastcgi_split_path_info "
				   "^(/PATH)(/.*)$; include " CTIM_DATADIR
				   "/nginx/ctim-relay-location.conf; }",
	"in the server { } of nginx, /PATH as in the URL; for the root: "
	"location / without the split",
	"Define CTIM_RELAY_MOUNT /PATH/",
	"as in the URL, before: Include " CTIM_DATADIR
	"/apache/ctim-relay-proxy_fcgi.conf" };
static const struct pair pass_authorization = {
	"fastcgi_param HTTP_AUTHORIZATION $http_authorization;",
	"beside fastcgi_pass", "CGIPassAuth On",
	"in the <Location> of the gateway"
};
static const struct pair long_header = { "large_client_header_buffers 4 16k;",
	"in the server { } of nginx", "LimitRequestFieldSize 16380",
	"in the <VirtualHost> of Apache" };
static const struct pair ask_nobody = { "auth_basic off;",
	"in the location of the gateway", "Require all granted",
	"in the <Location> of the gateway, without AuthType" };
static void
doctor_front_log(struct doctor *d)
{
	bool socket = doctor_was_bad(d, "socket");
	bool users = doctor_was_bad(d, "users");

	doctor_sudo(d, "tail -n 3 /var/log/%s/error.log",
	    d->apache ? "apache2" : "nginx");
	if (socket || users)
		doctor_note(d, "then mend what %s%s%s",
		    socket ? "`socket`" : "`users`",
		    socket && users ? " and `users`" : "",
		    socket && users ? " say" : " says");
}

/* The mend has the gateway read its configuration again. */
static void
doctor_front_reload(struct doctor *d)
{
	doctor_sudo(d, "ctim-relay reload");
}

/* Sends a request to the web server in front.  The answer is in c, which the
 * caller frees. */
static void
doctor_front_ask(struct doctor *d, struct doctor_call *c, const char *path,
    const char *header, const char *body)
{
	struct conf conf = *d->conf;
	const char *headers[] = { "Accept: application/json", header, NULL };

	/* The web server may be on this machine, and is called without a
	 * proxy. */
	conf.proxy = NULL;
	conf.allow_private = true;
	doctor_call_init(c, d->url, "%s%s", d->url, path);
	c->http.headers = headers;
	c->http.body = body;
	c->http.type = body == NULL ? NULL : "application/json";
	if (body != NULL && strlen(body) > 65536)
		c->http.timeout = 4 * DOCTOR_CALL;
	doctor_call_do(d, &conf, c, 1);
	c->http.headers = NULL;
	c->http.body = NULL;
	if (strncmp(c->http.server, "Apache", 6) == 0)
		d->apache = true;
}

/* Whether an answer is a gateway's own error. */
static bool
own_error(const struct doctor_call *c)
{
	struct json_object *answer = doctor_json(c);
	bool own = doctor_own_error(answer, c->http.status);

	json_object_put(answer);
	return own;
}

/* Says that no answer came, or that the gateway refused for a reason of its
 * own.  Returns false when neither is so. */
static bool
doctor_front_said(
    struct doctor *d, const struct doctor_call *c, const char *what)
{
	if (!doctor_answered(&c->http))
		doctor_say_failed(d, c, what);
	else if (own_error(c))
		doctor_say(d, DOCTOR_SKIPPED, "%s: status %d, %s", c->url,
		    c->http.status, c->http.reason);
	else
		return false;
	return true;
}

/* --- front --------------------------------------------------------------- */

/* Says which relays of the configuration the gateway that runs does not
 * have. */
static void
compare_relays(struct doctor *d, struct json_object *answer)
{
	struct json_object *list = jsonin_member(answer, "relays");
	const struct relay_conf *r;
	size_t i;

	for (r = d->conf->relays; r != NULL; r = r->next) {
		for (i = 0; i < jsonin_length(list); i++)
			if (doctor_is(jsonin_at(list, i), "name", r->name))
				break;
		if (i < jsonin_length(list))
			continue;
		doctor_say(d, DOCTOR_FAIL,
		    "the gateway that runs has no relay \"%s\"", r->name);
		doctor_front_reload(d);
	}
}

static void
say_gateway(
    struct doctor *d, const struct doctor_call *c, struct json_object *answer)
{
	const char *version = jsonin_string(answer, "version");

	if (doctor_is(answer, "version", CTIM_VERSION)) {
		doctor_say_good(
		    d, c, "shows a ctim-relay " CTIM_VERSION ", as this is");
	} else {
		doctor_say(d, DOCTOR_WARN,
		    "%s shows a ctim-relay %s, and this is %s", c->host,
		    version == NULL ? "without a version" : version,
		    CTIM_VERSION);
		doctor_front_reload(d);
		doctor_note(d,
		    "which starts the installed one; if it does not, another "
		    "installation runs");
	}
	compare_relays(d, answer);
}

static void
say_no_gateway(struct doctor *d, const struct doctor_call *c)
{
	int status = c->http.status;

	if (c->http.end == HTTP_TLS) {
		doctor_say(d, DOCTOR_FAIL,
		    "%s: %s, and the platform will not take it either", c->host,
		    c->http.why);
		doctor_mend(d, "ssl_certificate FULLCHAIN.pem;");
		doctor_note(d,
		    "in the server { } of nginx; of Apache: SSLCertificateFile "
		    "FULLCHAIN.pem");
		return;
	}
	if (c->http.end == HTTP_NO_CONNECTION) {
		doctor_say(d, DOCTOR_FAIL, "%s cannot be reached: %s", c->host,
		    c->http.why);
		doctor_sudo(d, "systemctl start nginx");
		doctor_note(d, "or apache2; then: curl -sv %s",
		    doctor_quote(d, c->url));
		return;
	}
	if (!doctor_answered(&c->http)) {
		doctor_say_failed(d, c, "cannot be reached");
		return;
	}
	doctor_say(d, DOCTOR_FAIL, "%s is no ctim-relay: status %d, %s",
	    c->host, status, c->http.reason);
	if (status >= 502 && status <= 504)
		doctor_front_log(d);
	else
		mend_by(d, status == 401 || status == 403 ? ask_nobody : mount);
}

void
doctor_front(struct doctor *d)
{
	struct doctor_call c;
	struct json_object *answer;

	doctor_front_ask(d, &c, "/", NULL, NULL);
	answer = doctor_json(&c);
	if (c.http.status == 200 && doctor_is(answer, "name", "ctim-relay")) {
		d->front = true;
		say_gateway(d, &c, answer);
	} else if (own_error(&c)) {
		/* The gateway is there; the check `path` says what is wrong. */
		d->front = true;
		doctor_say_good(d, &c, "shows a ctim-relay");
	} else {
		say_no_gateway(d, &c);
	}
	json_object_put(answer);
	doctor_call_free(&c);
}

/* --- path ---------------------------------------------------------------- */

void
doctor_path(struct doctor *d)
{
	struct doctor_call c;
	struct json_object *answer;

	doctor_front_ask(
	    d, &c, "/watchdog", "Health-Check: " DOCTOR_MARK, NULL);
	answer = doctor_json(&c);
	if (doctor_is(answer, "data", DOCTOR_MARK)) {
		doctor_say(d, DOCTOR_OK,
		    "the gateway gets the path below %s, and headers", d->url);
	} else if (!doctor_answered(&c.http)) {
		doctor_say_failed(d, &c, "gives no answer to /watchdog");
	} else {
		doctor_say(d, DOCTOR_FAIL,
		    "the gateway gets another path than /watchdog for %s: "
		    "status %d, %s",
		    c.url, c.http.status, c.http.reason);
		mend_by(d, mount);
	}
	json_object_put(answer);
	doctor_call_free(&c);
}

/* --- authorization ------------------------------------------------------- */

/* Asks a relay with a token, preferably a relay that needs no credentials.
 * Returns false after the reason was said. */
static bool
ask_relay(struct doctor *d, struct doctor_call *c, const char *route,
    const char *claims, const char *body)
{
	const struct relay_conf *r = d->conf->relays;
	char header[HEADER_MAX], path[128], *token;
	int n;

	while (r != NULL && r->provider->claims != NULL)
		r = r->next;
	if (r == NULL && (r = d->conf->relays) == NULL)
		doctor_say(d, DOCTOR_SKIPPED, "there is no relay to ask");
	if (r == NULL || (token = doctor_token(d, claims)) == NULL)
		return false;
	n = snprintf(header, sizeof(header), "Authorization: Bearer %s", token);
	explicit_bzero(token, strlen(token));
	free(token);
	if (n < 0 || (size_t)n >= sizeof(header))
		return false;
	snprintf(path, sizeof(path), "/%s/%s", r->name, route);
	doctor_front_ask(d, c, path, header, body);
	explicit_bzero(header, sizeof(header));
	return true;
}

/* Says what the gateway's answer means for the Authorization header: it did not
 * come, or the key is another. */
static void
say_authorization(
    struct doctor *d, const struct doctor_call *c, const char *message)
{
	if (message == NULL)
		message = "";
	if (strstr(message, "header is missing") != NULL) {
		doctor_say(d, DOCTOR_FAIL,
		    "the web server keeps the Authorization header from the "
		    "gateway");
		mend_by(d, pass_authorization);
	} else if (strstr(message, "Failed to decode") != NULL ||
	    strstr(message, "SECRET_KEY") != NULL) {
		doctor_say(d, DOCTOR_FAIL,
		    "the gateway that runs has another secret_key than %s",
		    d->file);
		doctor_front_reload(d);
	} else if (strstr(message, "expired") != NULL ||
	    strstr(message, "not valid yet") != NULL) {
		doctor_say(d, DOCTOR_FAIL,
		    "the clock of the gateway's machine is not that of this "
		    "one");
		doctor_sudo(d, "timedatectl set-ntp true");
	} else if (c->http.status == 401 || c->http.status == 403) {
		doctor_say(d, DOCTOR_FAIL,
		    "the web server asks for credentials of its own: status %d",
		    c->http.status);
		mend_by(d, ask_nobody);
	} else {
		doctor_say(d, DOCTOR_OK,
		    "the Authorization header comes through, and its token is "
		    "taken");
	}
}

void
doctor_authorization(struct doctor *d)
{
	struct doctor_call c;
	struct json_object *answer;

	if (!ask_relay(d, &c, "health", NULL, ""))
		return;
	answer = doctor_json(&c);
	if (doctor_front_said(d, &c, "gives no answer to health")) {
		;
	} else if (answer == NULL && c.http.status != 401 &&
	    c.http.status != 403) {
		doctor_say(d, DOCTOR_FAIL, "%s: status %d, %s", c.url,
		    c.http.status, c.http.reason);
		mend_by(d, mount);
	} else {
		say_authorization(d, &c,
		    jsonin_string(jsonin_at(jsonin_member(answer, "errors"), 0),
			"message"));
	}
	json_object_put(answer);
	doctor_call_free(&c);
}

/* --- header -------------------------------------------------------------- */

void
doctor_header(struct doctor *d)
{
	struct doctor_call c;
	char claims[TOKEN_MAX], *token;
	size_t n;

	if ((token = doctor_token(d, "{\"fill\":\"\"}")) == NULL)
		return;
	/* The token is nearly as long as one may be: three bytes of claims are
	 * four of the token. */
	n = (TOKEN_MAX - strlen(token)) / 4 * 3 - 3;
	explicit_bzero(token, strlen(token));
	free(token);
	snprintf(claims, sizeof(claims), "{\"fill\":\"%0*d\"}", (int)n, 0);
	if (!ask_relay(d, &c, "health", claims, ""))
		return;
	if (c.http.status == 200) {
		doctor_say(d, DOCTOR_OK, "a token of 8 KB comes through");
	} else if (!doctor_front_said(
		       d, &c, "gives no answer to a long token")) {
		doctor_say(d, DOCTOR_WARN,
		    "the web server refuses tokens of 8 KB: status %d, %s",
		    c.http.status, c.http.reason);
		mend_by(d, long_header);
	}
	doctor_call_free(&c);
}

/* --- body ---------------------------------------------------------------- */

static void
mend_body(struct doctor *d)
{
	size_t mb = (d->conf->max_body >> 20) + 1;

	if (d->apache) {
		doctor_mend(d, "LimitRequestBody %zu", mb << 20);
		doctor_note(d,
		    "in the <Location> of the gateway; with mod_fcgid: "
		    "FcgidMaxRequestLen %zu",
		    mb << 20);
	} else {
		doctor_mend(d, "client_max_body_size %zum;", mb);
		doctor_note(d, "in the location of the gateway");
	}
}

/* Sends [] with blanks in it: as large as a body may be, and nothing to look
 * up. */
void
doctor_body(struct doctor *d)
{
	size_t n = d->conf->max_body;
	struct doctor_call c;
	char *body = malloc(n + 1);
	bool asked;

	if (body == NULL) {
		doctor_say(d, DOCTOR_SKIPPED, "no memory for max_body");
		return;
	}
	memset(body, ' ', n);
	body[0] = '[';
	body[n - 1] = ']';
	body[n] = '\0';
	asked = ask_relay(d, &c, "observe/observables", NULL, body);
	free(body);
	if (!asked)
		return;
	if (c.http.status == 200) {
		doctor_say(d, DOCTOR_OK,
		    "a body of max_body, %zu bytes, comes through", n);
	} else if (c.http.status == 413 && own_error(&c)) {
		doctor_say(d, DOCTOR_FAIL,
		    "the gateway that runs has a smaller max_body than %s",
		    d->file);
		doctor_front_reload(d);
	} else if (c.http.status != 0 && doctor_front_said(d, &c, "")) {
		;
	} else if (c.http.end == HTTP_LATE) {
		doctor_say(d, DOCTOR_SKIPPED,
		    "%zu bytes took longer than there is time", n);
	} else {
		/* nginx says 413 and Apache 500, or the connection breaks. */
		doctor_say(d, DOCTOR_FAIL,
		    "the web server refuses a body of max_body, %zu bytes: "
		    "%s%s",
		    n, c.http.status == 0 ? c.http.why : c.http.reason,
		    c.http.status == 413 ?
			"" :
			" (its limit, if smaller ones come through)");
		mend_body(d);
	}
	doctor_call_free(&c);
}
