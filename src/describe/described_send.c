/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/base64url.h"
#include "base/buf.h"
#include "base/percent.h"
#include "base/sha256.h"
#include "conf/conf.h"
#include "describe/described_send.h"
#include "json/jsoncopy.h"
#include "json/jsonin.h"
#include "json/jsonout.h"
#include "net/url.h"
#include "token/token.h"

#define NEXT_ORIGIN 512 /* bytes of scheme, host and port */

/* A call being put together: all of it is there before it is added. */
struct sending {
	struct described_values *v;
	const struct described *d;
	enum placeholders_filled filled; /* the first that is not FILLED */
	const char *refused;             /* why a host may not be called */
	const struct placeholder *wrong; /* what FILL_WRONG is about; NULL: the
					  * path of the URL */
};

static void
fill(struct sending *s, const struct placeholders *p, struct buf *b)
{
	enum placeholders_filled filled;

	if (s->filled != FILLED || p == NULL)
		return;
	s->v->values.wrong = &s->wrong;
	filled = placeholders_fill(p, &s->v->values, b);
	s->filled = filled == FILLED && b->failed ? FILL_MEMORY : filled;
}

/* --- the URL ------------------------------------------------------------- */

static bool
is_among_hosts(char *const *hosts, const char *value)
{
	const size_t n = strcspn(value, ":");

	for (; *hosts != NULL; hosts++)
		if (strcasecmp(*hosts, value) == 0 ||
		    (strlen(*hosts) == n && strncasecmp(*hosts, value, n) == 0))
			return true;
	return false;
}

/* Whether all hosts that claims name may be called. */
static void
check_hosts(struct sending *s)
{
	const struct query *q = s->v->query;
	const struct described_conf *conf = q->conf;
	const char *value;
	size_t i;

	for (i = 0; i < s->d->n_claims; i++) {
		if (s->d->claims[i].kind != KIND_HOST)
			continue;
		value = described_claim(q, i);
		if (value == NULL)
			continue;
		if (!described_is_host(value))
			s->refused = "is no host";
		else if (conf != NULL && conf->hosts != NULL &&
		    value != s->d->claims[i].fallback &&
		    !token_is_given(q->claims, s->d->claims[i].name) &&
		    !is_among_hosts(conf->hosts, value))
			s->refused = "may not be called by this relay";
	}
}

/* What stands in front of a path: of the relay, or of the description. */
static void
fill_front(struct sending *s, bool whole, struct buf *b)
{
	const struct described_conf *conf = s->v->query->conf;
	const char *url = conf == NULL ? NULL : conf->url, *path;

	if (url == NULL) {
		fill(s, s->d->origin.host, b);
		if (!whole)
			fill(s, s->d->base, b);
		return;
	}
	path = strstr(url, "://");
	path = path == NULL ? NULL : strchr(path + 3, '/');
	(void)buf_add(
	    b, url, whole && path != NULL ? (size_t)(path - url) : strlen(url));
}

/* Where the path of a URL begins. */
static const char *
behind_host(const char *url)
{
	const char *host = strstr(url, "://");

	return host == NULL ? url : host + 3 + strcspn(host + 3, "/?#");
}

/* Whether a URL has the host and port of another; it may say http for https, as what
 * is called is the other. */
static bool
is_same_host(const char *url, const char *own)
{
	char a[NEXT_ORIGIN], b[NEXT_ORIGIN];
	struct buf same;
	bool is;

	buf_init(&same, CALL_URL);
	(void)buf_add(&same, own, strcspn(own, ":"));
	(void)buf_adds(&same, strstr(url, "://"));
	is = !same.failed && url_origin(same.data, a, sizeof(a)) == 0 &&
	    url_origin(own, b, sizeof(b)) == 0 && strcmp(a, b) == 0;
	buf_free(&same);
	return is;
}

/* Where an answer says that the next page is: a URL of this host, or its path where
 * the call has no place for it.  False: the template says where. */
static bool
fill_next(struct sending *s, const struct described_request *how, struct buf *b)
{
	const char *next = s->v->values.next;
	const bool whole = next != NULL &&
	    (strncmp(next, "https://", 8) == 0 ||
		strncmp(next, "http://", 7) == 0);
	struct buf rest;

	if (next == NULL || *next == '\0' || (!whole && how->takes_next))
		return false;
	fill_front(s, true, b);
	if (whole ? !is_same_host(next, b->data) : next[0] != '/') {
		s->filled = FILL_MISSING;
		return true;
	}
	if (whole)
		next = behind_host(next);
	buf_init(&rest, CALL_URL);
	(void)buf_add(&rest, next, strcspn(next, "#"));
	percent_add(b, rest.data, "/?:@!$&'()*+,;=%[]");
	b->failed = b->failed || rest.failed;
	buf_free(&rest);
	return true;
}

bool
described_has_dots(const char *path)
{
	size_t n;

	for (; *path == '/'; path += n) {
		path++;
		n = strcspn(path, "/?#");
		if ((n == 1 && path[0] == '.') ||
		    (n == 2 && path[0] == '.' && path[1] == '.'))
			return true;
	}
	return false;
}

static void
fill_url(
    struct sending *s, const struct described_request *how, struct buf *url)
{
	check_hosts(s);
	if (!fill_next(s, how, url)) {
		if (how->elsewhere)
			fill(s, s->d->sign_in_origin.host, url);
		else
			fill_front(s, how->whole, url);
		fill(s, how->url, url);
	}
	/* No value leads out of the path that the template has. */
	if (s->filled == FILLED && described_has_dots(behind_host(url->data)))
		s->filled = FILL_WRONG;
}

/* --- [auth] -------------------------------------------------------------- */

/* Whether all claims that a template has are there; an optional key that is not
 * there leaves its field out. */
static bool
is_whole(const struct sending *s, const struct placeholders *p)
{
	const struct placeholder *one;
	size_t i;

	for (i = 0; i < placeholders_count(p); i++) {
		one = placeholders_at(p, i);
		if ((one->kind == PLACEHOLDER_CLAIM ||
			one->kind == PLACEHOLDER_SECRET) &&
		    s->v->values.claim(s->v->values.arg, one->name) == NULL)
			return false;
	}
	return true;
}

/* Adds name=value to a form, or a member to an object. */
static void
add_secret_member(
    struct sending *s, const struct described_request *how, struct buf *sent)
{
	const char *why = NULL;
	struct json_object *body;
	struct jsonout j;
	struct buf value;

	if (s->d->body_name == NULL || how->body == NULL ||
	    s->filled != FILLED || !is_whole(s, s->d->auth_body))
		return;
	if (!how->json) {
		if (sent->len > 0)
			(void)buf_addc(sent, '&');
		fill(s, s->d->auth_form, sent);
		return;
	}
	buf_init(&value, CALL_FIELD);
	fill(s, s->d->auth_body, &value);
	body = jsonin_answer(sent->data, sent->len, &why);
	if (!json_object_is_type(body, json_type_object) ||
	    !jsoncopy_put(
		body, s->d->body_name, json_object_new_string(value.data)))
		s->filled = FILL_MEMORY;
	buf_reset(sent);
	jsonout_init(&j, sent);
	jsoncopy_value(&j, body);
	if (jsonout_done(&j) == -1)
		s->filled = FILL_MEMORY;
	json_object_put(body);
	buf_wipe(&value);
}

static void
add_header(struct sending *s, const struct described_header *h, struct call *c)
{
	struct buf value;

	if (h->name == NULL)
		return;
	buf_init(&value, CALL_FIELD);
	fill(s, h->value, &value);
	if (s->filled == FILLED)
		call_header(c, h->name, value.data);
	buf_wipe(&value);
}

static void
add_basic(struct sending *s, struct call *c)
{
	struct buf pair, value;

	buf_init(&pair, CALL_FIELD);
	buf_init(&value, CALL_FIELD);
	fill(s, s->d->basic, &pair);
	(void)buf_adds(&value, "Basic ");
	base64_add(&value, pair.data, pair.len);
	if (value.failed && s->filled == FILLED)
		s->filled = FILL_MEMORY;
	if (s->filled == FILLED)
		call_header(c, "Authorization", value.data);
	buf_wipe(&pair);
	buf_wipe(&value);
}

static void
add_bearer(struct sending *s, struct call *c)
{
	struct buf value;

	buf_init(&value, CALL_FIELD);
	(void)buf_adds(&value, "Bearer ");
	fill(s, s->d->bearer, &value);
	if (s->filled == FILLED)
		call_header(c, "Authorization", value.data);
	buf_wipe(&value);
}

/* A claim to sign with; NULL: there is none, and the call has failed. */
static const char *
sign_with(const struct sending *s, int claim, struct call *c)
{
	const char *value = described_claim(s->v->query, (size_t)claim);

	if (value == NULL)
		call_fail(c, PROBLEM_AUTHORIZATION,
		    "Authorization failed: there is no %s to sign with",
		    s->d->claims[claim].name);
	return value;
}

/* libcurl signs, when the call goes out. */
static void
add_sigv4(struct sending *s, struct call *c)
{
	const char *id = sign_with(s, s->d->sign_id, c);
	const char *key = sign_with(s, s->d->sign_key, c);
	struct buf region, service;

	buf_init(&region, CALL_FIELD);
	buf_init(&service, CALL_FIELD);
	fill(s, s->d->sign_region, &region);
	fill(s, s->d->sign_service, &service);
	if (id != NULL && key != NULL && s->filled == FILLED)
		call_sign(c, region.data, service.data, id, key);
	buf_free(&region);
	buf_free(&service);
}

/* The HMAC of a template under the key. */
static void
add_hmac(struct sending *s, struct call *c)
{
	const char *key = sign_with(s, s->d->sign_key, c);
	unsigned char mac[SHA256_BYTES];
	char text[SHA256_TEXT];
	struct buf value;

	buf_init(&value, CALL_BODY);
	fill(s, s->d->sign, &value);
	if (key != NULL && s->filled == FILLED) {
		sha256_hmac(key, strlen(key), value.data, value.len, mac);
		sha256_text(mac, text);
		call_header(c, s->d->sign_name, text);
	}
	buf_wipe(&value);
}

/* With [sign-in], a user and password are for that alone. */
static void
add_auth(struct sending *s, struct call *c, bool signing)
{
	const struct described *d = s->d;
	size_t i;

	if (d->basic != NULL && (d->sign_in != NULL) == signing &&
	    is_whole(s, d->basic))
		add_basic(s, c);
	if (signing)
		return;
	for (i = 0; i < d->n_auth; i++)
		if (is_whole(s, d->auth[i].value))
			add_header(s, &d->auth[i], c);
	if (d->bearer != NULL && is_whole(s, d->bearer))
		add_bearer(s, c);
	if (d->sign_name != NULL)
		add_hmac(s, c);
	if (d->sign_region != NULL)
		add_sigv4(s, c);
	if (d->auth_query != NULL && is_whole(s, d->auth_query))
		fill(s, d->auth_query, &c->query);
}

/* --- the call ------------------------------------------------------------ */

/* Says why a call was not sent. */
static void
tell_unsent(struct call *c, const char *title, enum placeholders_filled filled,
    const struct placeholder *wrong)
{
	if (filled == FILL_MEMORY) {
		c->flags |= CALL_OPTIONAL;
		call_fail_at(c, PROBLEM_INVALID_ARGUMENT,
		    "The question is too long for %s", title);
	} else if (wrong == NULL) {
		call_fail_at(c, PROBLEM_INVALID_ARGUMENT,
		    "The path of the URL for %s would have a . or .. of its "
		    "own",
		    title);
	} else {
		call_fail_at(c, PROBLEM_INVALID_ARGUMENT,
		    "What {%s} stands for cannot be sent to %s",
		    placeholders_name(wrong), title);
	}
}

struct call *
send_failed(struct described_values *v, int step,
    enum placeholders_filled filled, const struct placeholder *wrong)
{
	struct call *c;

	if (filled == FILL_MISSING)
		return NULL;
	c = lookup_call(v->into, step, 0, "https://none.invalid/");
	tell_unsent(c, v->query->provider->title, filled, wrong);
	return c;
}

static unsigned
flags_of(const struct described *d, const struct described_call *c,
    const struct described_request *request, int step)
{
	unsigned flags = 0;

	if (step >= 0 && c->cache != 0)
		flags |= CALL_CACHE;
	if (c->shared || c->batch > 0)
		flags |= CALL_SHARED;
	if (c->batch > 0)
		flags |= CALL_BATCH;
	if (c->optional)
		flags |= CALL_OPTIONAL;
	if (step == STEP_SIGN_IN)
		flags |= CALL_SIGN_IN;
	else if (d->sign_in != NULL)
		flags |= CALL_SIGNED;
	if (request->elsewhere)
		flags |= CALL_ELSEWHERE;
	if (!c->valued)
		flags |= CALL_WITHOUT_VALUE;
	return flags;
}

/* Whether a field of the description is Accept. */
static bool
says_accept(const struct described *d, const struct described_call *how)
{
	size_t i;

	for (i = 0; i < d->n_auth; i++)
		if (strcasecmp(d->auth[i].name, "Accept") == 0)
			return true;
	return how->header.name != NULL &&
	    strcasecmp(how->header.name, "Accept") == 0;
}

/* Moves what is put together into a call. */
static struct call *
send_add(struct sending *s, const struct described_call *how,
    const struct described_request *request, int step, struct buf *url,
    struct buf *sent, const struct buf *header)
{
	struct call *c = lookup_call(s->v->into, step,
	    flags_of(s->d, how, request, step), "%s", url->data);

	c->method = request->method;
	c->type = request->json ? "application/json" : NULL;
	c->ttl = how->cache > 0 ? how->cache : 0;
	(void)buf_add(&c->sent, sent->data, sent->len);
	if (how->reads != READS_TEXT && !says_accept(s->d, how))
		call_header(c, "Accept", "application/json");
	if (how->header.name != NULL)
		call_header(c, how->header.name, header->data);
	(void)buf_addf(&c->apart, "%s %d %s", request->method, (int)how->reads,
	    header->data);
	add_auth(s, c, step == STEP_SIGN_IN);
	if (s->refused != NULL)
		call_fail(c, PROBLEM_AUTHORIZATION,
		    "Authorization failed: the host that the token names %s",
		    s->refused);
	else if (s->filled != FILLED)
		tell_unsent(c, s->d->title, s->filled, s->wrong);
	return c;
}

struct call *
send_call(struct described_values *v, const struct described_call *how,
    const struct described_request *request, int step)
{
	struct sending s = { v, described_from(v->query), FILLED, NULL, NULL };
	struct call *c = NULL;
	struct buf url, sent, header;

	buf_init(&url, CALL_URL);
	buf_init(&sent, CALL_BODY);
	buf_init(&header, CALL_FIELD);
	fill_url(&s, request, &url);
	fill(&s, request->body, &sent);
	fill(&s, how->header.value, &header);
	if (step != STEP_SIGN_IN)
		add_secret_member(&s, request, &sent);
	if (s.filled == FILLED || s.refused != NULL)
		c = send_add(&s, how, request, step, &url, &sent, &header);
	else
		c = send_failed(v, step, s.filled, s.wrong);
	buf_free(&header);
	buf_free(&url);
	buf_wipe(&sent);
	return c;
}
