/* SPDX-License-Identifier: MIT */
/* Calls with little time: to hosts of the configuration, and to the web server
 * in front. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/base/httpbody.h"
#include "cli/doctor/doctor.h"
#include "conf/conf.h"
#include "json/jsonin.h"
#include "net/url.h"
#include "token/auth.h"

#define ANSWER_MAX    (256U << 10) /* bytes of an answer */
#define VALUES_MAX    20000        /* JSON values in it */
#define TOKEN_SECONDS 300
#define DAY           INT64_C(86400)
#define HALF_YEAR     (183 * DAY)

void
doctor_call_init(
    struct doctor_call *c, const char *host, const char *format, ...)
{
	va_list ap;

	*c = (struct doctor_call){ .http = { .max_body = ANSWER_MAX,
				       .take = httpbody_keep,
				       .look = true,
				       .timeout = DOCTOR_CALL } };
	buf_init(&c->body, ANSWER_MAX);
	snprintf(c->host, sizeof(c->host), "%s", host);
	va_start(ap, format);
	vsnprintf(c->url, sizeof(c->url), format, ap);
	va_end(ap);
}

void
doctor_call_free(struct doctor_call *c)
{
	buf_free(&c->body);
}

void
doctor_call_do(
    struct doctor *d, const struct conf *conf, struct doctor_call *c, size_t n)
{
	struct http *h = http_global() == 0 ? http_new(conf) : NULL;
	size_t i, under_way = 0;

	for (i = 0; i < n; i++) {
		c[i].http.end = HTTP_FAILED;
		snprintf(c[i].http.why, sizeof(c[i].http.why),
		    "there was no time left, or no memory");
		c[i].http.url = c[i].url;
		c[i].http.arg = &c[i].body;
		c[i].http.timeout = doctor_left(d, c[i].http.timeout);
		if (h != NULL && c[i].http.timeout > 0 &&
		    http_start(h, &c[i].http) == 0)
			under_way++;
	}
	while (under_way > 0) {
		http_wait(h, 1000);
		while (http_next(h) != NULL)
			under_way--;
	}
	http_free(h);
}

bool
doctor_answered(const struct http_call *call)
{
	return call->status != 0;
}

static void
mend_certificate(struct doctor *d, const struct doctor_call *c)
{
	char origin[DOCTOR_URL + 16];

	/* The origin has host and port; c->host may be a URL. */
	if (url_origin(c->url, origin, sizeof(origin)) == -1)
		snprintf(origin, sizeof(origin), "https://%s", c->host);
	doctor_mend(d,
	    "openssl s_client -connect %s </dev/null | openssl x509 -noout "
	    "-subject -dates",
	    doctor_quote(d, strstr(origin, "://") + 3));
	doctor_note(d, "then let it be renewed there");
}

void
doctor_say_good(struct doctor *d, const struct doctor_call *c, const char *text)
{
	int64_t left = (c->http.until - (int64_t)time(NULL)) / DAY;
	time_t until = (time_t)c->http.until;
	char date[32] = "";
	struct tm tm;

	if (c->http.until == 0) {
		doctor_say(d, DOCTOR_OK, "%s %s", c->host, text);
		return;
	}
	if (gmtime_r(&until, &tm) != NULL)
		(void)strftime(date, sizeof(date), "%Y-%m-%d", &tm);
	doctor_say(d, left < DOCTOR_DAYS ? DOCTOR_WARN : DOCTOR_OK,
	    "%s %s; its certificate is good until %s%s", c->host, text, date,
	    left < DOCTOR_DAYS ? ", which is soon" : "");
	if (left < DOCTOR_DAYS)
		mend_certificate(d, c);
}

void
doctor_mend_curl(struct doctor *d, const char *url)
{
	doctor_mend(d, "curl -sv %s", doctor_quote(d, url));
	doctor_note(d,
	    "behind a proxy: proxy = http://HOST:PORT in [http] of %s",
	    d->whole);
}

void
doctor_say_failed(
    struct doctor *d, const struct doctor_call *c, const char *what)
{
	enum http_end end = c->http.end;
	const char *why = c->http.why;
	char name[DOCTOR_URL];

	doctor_say(d, DOCTOR_FAIL, "%s %s%s%s", c->host, what,
	    *why != '\0' ? ": " : "", why);
	if (end == HTTP_TLS && strstr(why, "expired") != NULL) {
		mend_certificate(d, c);
	} else if (end == HTTP_TLS) {
		doctor_mend_conf(d, "[http]",
		    "or another file with the authority of that host in it",
		    "ca_file = /etc/ssl/certs/ca-certificates.crt");
	} else if (end == HTTP_PRIVATE || end == HTTP_BAD_URL) {
		doctor_mend_conf(d, "[http]",
		    "if that host is meant to be in this network",
		    "allow_private = yes");
	} else if (end == HTTP_NO_HOST) {
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(c->host, ":"),
		    c->host);
		doctor_mend(d, "getent hosts %s", doctor_quote(d, name));
		doctor_note(d, "then mend /etc/resolv.conf");
	} else {
		doctor_mend_curl(d, c->url);
	}
}

struct json_object *
doctor_json(const struct doctor_call *c)
{
	struct json_object *answer;

	answer = jsonin_parse(c->body.data, c->body.len, VALUES_MAX, NULL);
	if (json_object_is_type(answer, json_type_object))
		return answer;
	json_object_put(answer);
	return NULL;
}

bool
doctor_is(struct json_object *answer, const char *name, const char *text)
{
	const char *said = jsonin_string(answer, name);

	return said != NULL && strcmp(said, text) == 0;
}

bool
doctor_own_error(struct json_object *answer, int status)
{
	int64_t code;

	return jsonin_int(jsonin_member(answer, "code"), &code) &&
	    code == status && jsonin_string(answer, "message") != NULL &&
	    jsonin_string(answer, "reason") != NULL;
}

/* http_retry_after() counts from a time that is given, up to a year: from half
 * a year ago it tells the past, too. */
void
doctor_note_clock(struct doctor *d, const struct doctor_call *c)
{
	int64_t now = (int64_t)time(NULL), ms;

	if (c->http.date[0] == '\0' || d->skew_known)
		return;
	if ((ms = http_retry_after(c->http.date, now - HALF_YEAR)) == -1)
		return;
	d->skew = ms / 1000 - HALF_YEAR;
	d->skew_known = true;
	snprintf(d->skew_host, sizeof(d->skew_host), "%.299s", c->host);
}

char *
doctor_token(struct doctor *d, const char *claims)
{
	const char *why = NULL;
	time_t now = time(NULL);
	char *token;

	if (d->conf->secret_key == NULL) {
		doctor_say(d, DOCTOR_SKIPPED,
		    "there is no secret_key to sign a token with");
		return NULL;
	}
	token = auth_token(claims == NULL ? "{}" : claims, d->conf->secret_key,
	    now, now + TOKEN_SECONDS, d->conf, NULL, &why);
	if (token == NULL) {
		doctor_say(
		    d, DOCTOR_FAIL, "a token could not be made: %s", why);
		doctor_mend_run(d, "jwt", NULL);
	}
	return token;
}
