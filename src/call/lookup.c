/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>

#include "call/lookup.h"
#include "http/http.h"
#include "json/jsoncopy.h"
#include "json/jsonin.h"
#include "net/url.h"

#define MESSAGE 8192 /* bytes of a problem's message */
#define EXCUSE  1000 /* characters of a service's own words */

void
lookup_init(struct lookup *l)
{
	*l = (struct lookup){ 0 };
}

static void
call_clear(struct call *c)
{
	size_t i;

	json_object_put(c->about);
	json_object_put(c->result);
	buf_free(&c->url);
	for (i = 0; i < c->n_headers; i++)
		buf_wipe(&c->headers[i]);
	buf_wipe(&c->query);
	buf_free(&c->scope);
	buf_wipe(&c->sign_id);
	buf_wipe(&c->sign_secret);
	buf_wipe(&c->sent);
	buf_free(&c->apart);
	buf_free(&c->body);
	free(c->message);
	*c = (struct call){ 0 };
}

void
lookup_free(struct lookup *l)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		call_clear(l->calls[i]);
		free(l->calls[i]);
	}
	free(l->calls);
	call_clear(&l->spare);
	lookup_init(l);
}

/* A place in the list, or the spare one. */
static struct call *
take_place(struct lookup *l)
{
	struct call **calls, *c = NULL;
	size_t cap = l->cap == 0 ? 4 : l->cap * 2;

	if (l->n == l->cap && l->n < LOOKUP_CALLS) {
		calls = reallocarray(l->calls, cap, sizeof(struct call *));
		if (calls != NULL) {
			l->calls = calls;
			l->cap = cap;
		}
	}
	if (l->n < l->cap && l->n < LOOKUP_CALLS)
		c = calloc(1, sizeof(*c));
	if (c == NULL) {
		l->broken = true;
		call_clear(&l->spare);
		return &l->spare;
	}
	l->calls[l->n++] = c;
	return c;
}

struct call *
lookup_call(struct lookup *l, int step, unsigned flags, const char *url, ...)
{
	struct call *c = take_place(l);
	va_list ap;

	c->lookup = l;
	c->step = step;
	c->flags = flags;
	buf_init(&c->url, CALL_URL);
	buf_init(&c->query, CALL_URL);
	buf_init(&c->scope, 2 * HTTP_SCOPE_MAX + 1);
	buf_init(&c->sign_id, CALL_FIELD);
	buf_init(&c->sign_secret, CALL_FIELD);
	buf_init(&c->sent, CALL_BODY);
	buf_init(&c->apart, CALL_FIELD + 64);
	buf_init(&c->body, CALL_PARSED);
	va_start(ap, url);
	(void)buf_vaddf(&c->url, url, ap);
	va_end(ap);
	return c;
}

void
call_header(struct call *c, const char *name, const char *value)
{
	struct buf *b = &c->headers[c->n_headers];

	if (c->n_headers == CALL_HEADERS || !http_header_safe(value)) {
		call_fail(c, PROBLEM_AUTHORIZATION,
		    "Authorization failed: "
		    "%s cannot be sent with what the token holds",
		    name);
		return;
	}
	buf_init(b, CALL_FIELD);
	c->n_headers++;
	(void)buf_addf(b, "%s: %s", name, value);
}

bool
call_may_sign_for(const char *word)
{
	const size_t n = strlen(word);

	return n > 0 && n <= HTTP_SCOPE_MAX &&
	    strspn(word,
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		"-_.") == n;
}

/* An id stands between "Credential=" and "/DATE/REGION/…, SignedHeaders=". */
static bool
is_sign_id(const char *id)
{
	const char *p;

	for (p = id; *p > ' ' && *p < 0x7f && strchr("/,=", *p) == NULL; p++)
		;
	return *p == '\0' && p > id && p - id <= 128;
}

void
call_sign(struct call *c, const char *region, const char *service,
    const char *id, const char *secret)
{
	const bool may = call_may_sign_for(region) &&
	    call_may_sign_for(service) && is_sign_id(id) && *secret != '\0';

	if (!may) {
		call_fail(c, PROBLEM_AUTHORIZATION,
		    "Authorization failed: "
		    "no call can be signed with what the token holds");
		return;
	}
	(void)buf_addf(&c->scope, "%s:%s", region, service);
	(void)buf_adds(&c->sign_id, id);
	(void)buf_adds(&c->sign_secret, secret);
	if (c->scope.failed || c->sign_id.failed || c->sign_secret.failed)
		call_fail_at(c, PROBLEM_INTERNAL, "No memory left");
}

/* The URL that is called, with the query of the credential: its own, or made in b. */
static const char *
whole_url(const struct call *c, struct buf *b)
{
	if (c->query.len == 0)
		return c->url.data;
	buf_reset(b);
	(void)buf_addf(b, "%s%c%s", c->url.data,
	    strchr(c->url.data, '?') == NULL ? '?' : '&', c->query.data);
	return b->data;
}

const char *
call_sent_url(const struct call *c, struct buf *b, const struct call_signing *s)
{
	return call_is_signed(s) != NULL ? b->data : whole_url(c, b);
}

const struct http_sign *
call_is_signed(const struct call_signing *s)
{
	return s->sign.scope == NULL ? NULL : &s->sign;
}

/* The header field with the hash of the body; NULL: the call has one of its own. */
static const char *
body_field(const struct call *c, char *field)
{
	const size_t n = strlen(CALL_BODY_HASH);
	unsigned char hash[SHA256_BYTES];
	size_t i;

	for (i = 0; i < c->n_headers; i++)
		if (strncasecmp(c->headers[i].data, CALL_BODY_HASH, n - 1) == 0)
			return NULL;
	sha256_hash(c->sent.data, c->sent.len, hash);
	memcpy(field, CALL_BODY_HASH, n);
	sha256_text(hash, field + n);
	return field;
}

/* Whether a service has paths signed as they are sent: those that libcurl's signer
 * knows. */
static bool
signs_once(const char *service)
{
	static const char *const once[] = { "s3", "s3-express", "s3-outposts" };
	size_t i;

	for (i = 0; i < sizeof(once) / sizeof(once[0]); i++)
		if (strcmp(service, once[i]) == 0)
			return true;
	return false;
}

void
call_signed(
    struct call *c, const char *title, struct buf *url, struct call_signing *s)
{
	struct buf whole;
	const char *why;

	buf_init(&s->to_sign, url->max);
	if (c->scope.len == 0)
		return;
	buf_init(&whole, url->max);
	why = url_to_sign(whole_url(c, &whole),
	    signs_once(strchr(c->scope.data, ':') + 1), url, &s->to_sign);
	s->sign = (struct http_sign){ .scope = c->scope.data,
		.id = c->sign_id.data,
		.secret = c->sign_secret.data,
		.body = body_field(c, s->body),
		.url = s->to_sign.data };
	if (whole.starved || url->starved || s->to_sign.starved)
		call_fail_at(c, PROBLEM_INTERNAL, "No memory left");
	else if (whole.failed || url->failed || s->to_sign.failed)
		call_fail_at(c, PROBLEM_INVALID_ARGUMENT,
		    "The question is too long for %s", title);
	else if (why != NULL)
		call_fail_at(c, PROBLEM_INVALID_ARGUMENT,
		    "The URL for %s cannot be signed: %s", title, why);
	buf_wipe(&whole);
}

void
call_about(struct call *c, struct json_object *about)
{
	json_object_put(c->about);
	c->about = json_object_get(about);
}

static void call_vfail(struct call *, bool, enum problem, const char *, va_list)
    __attribute__((format(printf, 4, 0)));

/* The first failure of a call is the one that counts. */
static void
call_vfail(
    struct call *c, bool fixed, enum problem p, const char *format, va_list ap)
{
	struct buf b;

	if (c->problem != PROBLEM_NONE)
		return;
	c->problem = p;
	c->fixed = fixed;
	c->done = true;
	buf_init(&b, MESSAGE);
	if (buf_vaddf(&b, format, ap) == 0)
		c->message = strdup(b.data);
	buf_free(&b);
}

void
call_fail(struct call *c, enum problem p, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	call_vfail(c, true, p, format, ap);
	va_end(ap);
}

void
call_fail_at(struct call *c, enum problem p, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	call_vfail(c, false, p, format, ap);
	va_end(ap);
}

const char *
call_message(const struct call *c)
{
	/* A message that was too long, or for which there was no memory. */
	return c->message != NULL ? c->message : problem_code(c->problem);
}

enum problem
call_status_problem(int status)
{
	static const struct {
		int status;
		enum problem problem;
	} rows[] = { { 401, PROBLEM_AUTHORIZATION },
		{ 403, PROBLEM_PERMISSION_DENIED }, { 404, PROBLEM_NOT_FOUND },
		{ 429, PROBLEM_TOO_MANY_REQUESTS }, { 500, PROBLEM_INTERNAL },
		{ 502, PROBLEM_SERVICE_UNAVAILABLE },
		{ 503, PROBLEM_SERVICE_UNAVAILABLE },
		{ 504, PROBLEM_SERVICE_UNAVAILABLE } };
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (rows[i].status == status)
			return rows[i].problem;
	return PROBLEM_UNKNOWN;
}

void
call_not_json(struct call *c, const char *why)
{
	if (why == jsonscan_no_memory)
		call_fail_at(c, PROBLEM_INTERNAL, "No memory left");
	else
		call_fail_at(c, PROBLEM_UNKNOWN,
		    "The answer of the service "
		    "is not the JSON that it should be: %s",
		    why);
}

struct json_object *
call_parse(struct call *c)
{
	struct json_object *body;
	const char *why = NULL;

	if (c->status == 204)
		return NULL;
	body = jsonin_answer(c->body.data, c->body.len, &why);
	if (why != NULL)
		call_not_json(c, why);
	return body;
}

struct json_object *
call_parse_error(const struct call *c)
{
	return jsonin_answer(c->body.data, c->body.len, NULL);
}

/* The words of a value; NULL when it has none. */
static const char *
excuse_text(struct json_object *value)
{
	const char *text;

	if (value == NULL || json_object_is_type(value, json_type_boolean))
		return NULL;
	text = json_object_is_type(value, json_type_string) ?
	    jsonin_text(value) :
	    json_object_to_json_string_ext(
		value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
	return text == NULL || *text == '\0' ? NULL : text;
}

bool
call_excuse(struct call *c, struct json_object *body, const char *const *needed,
    const char *const *words)
{
	struct json_object *value;
	const char *text = NULL;

	for (; *needed != NULL; needed++)
		if (jsonin_has(body, *needed, &value))
			return false;
	for (; text == NULL && *words != NULL; words++)
		text = excuse_text(jsonin_member(body, *words));
	if (text == NULL)
		return false;
	call_fail_at(
	    c, PROBLEM_UNKNOWN, "%.*s", (int)jsoncopy_cut(text, EXCUSE), text);
	return true;
}

bool
lookup_is_full(const struct lookup *l)
{
	return l->held.values > LOOKUP_VALUES || l->held.bytes > LOOKUP_BYTES;
}

void
call_fail_full(struct call *c)
{
	call_fail_at(c, PROBLEM_UNKNOWN,
	    "All answers together hold more than %u values or %u MB",
	    LOOKUP_VALUES, LOOKUP_BYTES >> 20);
}

void
call_wipe(struct call *c)
{
	if (!json_object_is_type(c->result, json_type_string))
		return;
	/* json-c gives its own bytes, which belong to nobody else. */
	OPENSSL_cleanse((char *)(uintptr_t)json_object_get_string(c->result),
	    (size_t)json_object_get_string_len(c->result));
}

void
call_found(struct call *c, struct json_object *result)
{
	struct json_weight more = { 0 };

	json_object_put(c->result);
	c->result = result;
	if (result == NULL || c->lookup == NULL)
		return;
	jsonin_weigh(result, &more);
	c->lookup->held.values += more.values;
	c->lookup->held.bytes += more.bytes;
	if (!lookup_is_full(c->lookup))
		return;
	c->result = NULL;
	json_object_put(result);
	call_fail_full(c);
}
