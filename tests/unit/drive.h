/* SPDX-License-Identifier: MIT */
/*
 * drive: plays the fan-out for one lookup of a provider, with answers from a
 * table, so that a provider is tested with texts.
 *
 *	struct drive	 d;
 *
 *	drive_init(&d, &provider_x, "{'key': 'k'}", replies, COUNT(replies));
 *	drive_conf(&d, "url", "https://x.example");
 *	drive_lookup(&d, PROVIDER_OBSERVE, &observable);
 *	… d.asked, d.problems, d.lookup …
 *	whole = drive_answer(&d);
 *	drive_free(&d);
 *
 * What fan-out does about time (retries, turns, concurrency) is not played: the
 * calls are made one by one, in the order in which they were added.
 */
#ifndef CTIM_DRIVE_H
#define CTIM_DRIVE_H

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "answer/answer.h"
#include "answer/response.h"
#include "answer/transport.h"
#include "call/lookup.h"
#include "call/provider.h"
#include "conf/conf.h"
#include "json/jsonin.h"
#include "token/token.h"
#include "tests/unit/unit.h"

#define DRIVE_NOW  INT64_C(1700000000) /* 2023-11-14T22:13:20Z */
#define DRIVE_UUID 36                  /* characters of a UUID */

/* What the service answers to a URL.  Of several rows with one URL each is
 * taken once, in their order, and the last one for good. */
struct drive_reply {
	const char *url;    /* "*": any that no other row has */
	int status;         /* 0: no connection can be made */
	const char *reason; /* NULL: "" */
	const char *body;   /* NULL: "" */
};

struct drive {
	const struct provider *provider;
	struct query query;
	struct claims claims;
	void *conf;
	struct lookup lookup; /* calls, as left */
	const struct drive_reply *replies;
	size_t n_replies;
	bool used[256];
	size_t piece;              /* bytes that scan()
							 * gets, 0: all */
	bool first_failed;         /* a call that was
							 * added first failed */
	size_t scanned;            /* bytes scan() took */
	struct json_object *token; /* of sign_in() */
	struct buf asked;          /* "URL\n", with a form
							 * "\tFORM\n", a call */
	struct buf problems;       /* "[code] message\n" */
	struct buf sent;           /* the answer's text */
};

/* Makes JSON of a text that has single quotes for double ones.  Not by
 * strchr(): where the sanitizers check that, each call reads the text to its
 * end. */
static inline void
drive_quotes(char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '\'')
			*text = '"';
}

static inline void
drive_conf(struct drive *d, const char *name, const char *value)
{
	const struct conf_key *key = d->provider->keys;
	char why[CONF_ERROR_MAX];

	while (key->name != NULL && strcmp(key->name, name) != 0)
		key++;
	ck_assert_msg(key->name != NULL, "no key %s", name);
	ck_assert_msg(key->set(d->conf, key, value, why) == 0, "%s", why);
}

/* claims: the token's payload as JSON, without single quotes to write it in:
 * "{'key':'k'}" is the same. */
static inline void
drive_init(struct drive *d, const struct provider *p, const char *claims,
    const struct drive_reply *replies, size_t n)
{
	const struct conf_key *key;
	char *text = strdup(claims);

	*d =
	    (struct drive){ .provider = p, .replies = replies, .n_replies = n };
	ck_assert_uint_le(n, COUNT(d->used));
	ck_assert_ptr_nonnull(text);
	drive_quotes(text);
	d->claims.payload = jsonin_parse(text, strlen(text), 100, NULL);
	ck_assert_ptr_nonnull(d->claims.payload);
	free(text);
	d->claims.limit = TOKEN_LIMIT;
	d->conf = calloc(1, p->conf_size + 1);
	ck_assert_ptr_nonnull(d->conf);
	for (key = p->keys; key != NULL && key->name != NULL; key++)
		if (key->fallback != NULL)
			drive_conf(d, key->name, key->fallback);
	buf_init(&d->asked, 1U << 20);
	buf_init(&d->problems, 1U << 20);
	buf_init(&d->sent, 64U << 20);
	lookup_init(&d->lookup);
	d->query.provider = p;
	d->query.claims = &d->claims;
	d->query.conf = d->conf;
	d->query.now = DRIVE_NOW;
	d->query.lookup = &d->lookup;
}

static inline void
drive_free(struct drive *d)
{
	const struct conf_key *key;

	for (key = d->provider->keys; key != NULL && key->name != NULL; key++)
		if (key->release != NULL)
			key->release((char *)d->conf + key->offset);
	free(d->conf);
	lookup_free(&d->lookup);
	json_object_put(d->claims.payload);
	json_object_put(d->token);
	buf_free(&d->asked);
	buf_free(&d->problems);
	buf_free(&d->sent);
}

static inline const struct drive_reply *
drive_reply(struct drive *d, const char *url)
{
	const struct drive_reply *any = NULL, *last = NULL;
	size_t i;

	for (i = 0; i < d->n_replies; i++) {
		if (strcmp(d->replies[i].url, "*") == 0)
			any = &d->replies[i];
		if (strcmp(d->replies[i].url, url) != 0)
			continue;
		last = &d->replies[i];
		if (!d->used[i])
			break;
	}
	if (last == NULL)
		return any;
	d->used[last - d->replies] = true;
	return last;
}

/* The body of a 2xx answer in pieces, as it would come. */
static inline void
drive_scan(struct drive *d, struct call *c, const char *body)
{
	const struct provider *p = d->provider;
	enum scan_result r = SCAN_MORE;
	size_t left = strlen(body), n;
	char *piece;

	c->scan = calloc(1, p->scan_size);
	ck_assert_ptr_nonnull(c->scan);
	while (r == SCAN_MORE && left > 0) {
		n = d->piece == 0 || d->piece > left ? left : d->piece;
		/* A copy of its own, so that a read beyond it is noticed. */
		piece = malloc(n);
		ck_assert_ptr_nonnull(piece);
		memcpy(piece, body, n);
		r = p->scan(&d->query, c, piece, n);
		free(piece);
		d->scanned += n;
		body += n;
		left -= n;
	}
	if (r == SCAN_MORE)
		r = p->scan(&d->query, c, NULL, 0);
	if (r == SCAN_BAD)
		call_fail_at(c, PROBLEM_UNKNOWN,
		    "The scan found the answer "
		    "bad");
	if (p->scan_free != NULL)
		p->scan_free(c);
	free(c->scan);
	c->scan = NULL;
}

static inline void
drive_call(struct drive *d, struct call *c)
{
	const struct drive_reply *r = drive_reply(d, c->url.data);
	const char *body;

	buf_addf(&d->asked, "%s\n", c->url.data);
	if (c->sent.len > 0)
		buf_addf(&d->asked, "\t%s\n", c->sent.data);
	if (r == NULL || r->status == 0) {
		if (d->provider->unreachable != NULL)
			d->provider->unreachable(&d->query, c);
		call_fail_at(c, PROBLEM_CONNECTION, "No connection");
		return;
	}
	body = r->body == NULL ? "" : r->body;
	c->status = r->status;
	snprintf(c->reason, sizeof(c->reason), "%s",
	    r->reason == NULL ? "" : r->reason);
	if (c->flags & CALL_SCAN && r->status / 100 == 2) {
		drive_scan(d, c, body);
		return;
	}
	buf_reset(&c->body);
	buf_adds(&c->body, body);
	ck_assert(!c->body.failed);
	d->provider->reply(&d->query, c);
}

/* The call that gets a token; false when it failed.  Its problem becomes that
 * of the call which needs the token. */
static inline bool
drive_sign_in(struct drive *d, struct call *needs)
{
	struct lookup l, *mine = d->query.lookup;
	struct call *c;

	json_object_put(d->token);
	d->token = NULL;
	lookup_init(&l);
	d->query.lookup = &l;
	d->provider->sign_in(&d->query);
	ck_assert_uint_eq(l.n, 1);
	c = l.calls[0];
	if (c->problem == PROBLEM_NONE)
		drive_call(d, c);
	if (c->problem == PROBLEM_NONE) {
		ck_assert(json_object_is_type(c->result, json_type_string));
		d->token = json_object_get(c->result);
	} else if (c->fixed) {
		call_fail(needs, c->problem, "%s", c->message);
	} else {
		call_fail_at(needs, c->problem, "%s", c->message);
	}
	d->query.lookup = mine;
	lookup_free(&l);
	return d->token != NULL;
}

/* One call as fan-out makes it: signed in for, and once more after a 401. */
static inline void
drive_make(struct drive *d, struct call *c)
{
	const struct drive_reply *r;

	if (c->url.failed || c->sent.failed) {
		call_fail_at(c, PROBLEM_UNKNOWN, "Too long to be asked");
		return;
	}
	if (c->flags & CALL_SIGNED && d->token == NULL && !drive_sign_in(d, c))
		return;
	if (c->flags & CALL_SIGNED) {
		r = drive_reply(d, c->url.data);
		if (r != NULL && r->status == 401) {
			buf_addf(&d->asked, "%s\n", c->url.data);
			if (!drive_sign_in(d, c))
				return;
		} else if (r != NULL) {
			d->used[r - d->replies] = false;
		}
	}
	drive_call(d, c);
}

static inline void
drive_problem(struct drive *d, const struct call *c)
{
	const struct observable *o = d->query.observable;

	buf_addf(&d->problems, "[%s%s] %s", problem_code(c->problem),
	    c->flags & CALL_OPTIONAL ? ", optional" : "", c->message);
	if (!c->fixed && o != NULL)
		buf_addf(&d->problems, " (%s %s)", observable_name(o->type),
		    o->value);
	buf_addc(&d->problems, '\n');
}

/* Asks all there is to ask about an observable (NULL: health).  The drive can
 * be used again for the next one; what was signed in for stays. */
static inline void
drive_lookup(
    struct drive *d, enum provider_route route, const struct observable *o)
{
	struct call *c;
	size_t i, first;

	lookup_free(&d->lookup);
	buf_reset(&d->asked);
	buf_reset(&d->problems);
	d->query.route = route;
	d->query.observable = o;
	d->first_failed = false;
	d->scanned = 0;
	d->provider->request(&d->query, NULL);
	first = d->lookup.n;
	for (i = 0; i < d->lookup.n; i++) {
		c = d->lookup.calls[i];
		if (c->problem == PROBLEM_NONE)
			drive_make(d, c);
		c->done = true;
		if (c->problem == PROBLEM_NONE || c->flags & CALL_OPTIONAL)
			d->provider->request(&d->query, c);
		if (c->problem == PROBLEM_NONE)
			continue;
		drive_problem(d, c);
		if (i < first)
			d->first_failed = true;
	}
	ck_assert(!d->lookup.broken);
}

static inline int
drive_take(void *arg, const void *p, size_t n, bool push)
{
	(void)push;
	return buf_add(arg, p, n);
}

/* Each version 4 UUID in the text becomes #1, #2 … in the order in which they
 * come first, so that answers can be compared.  #1 is the X-Request-Id.  As in
 * drive_quotes(), strspn() is not for every byte. */
static inline void
drive_mask(struct buf *b)
{
	static const char hex[] = "0123456789abcdef";
	struct buf out, seen;
	const char *p = b->data, *end = p + b->len, *known;

	buf_init(&out, b->max);
	buf_init(&seen, 1U << 20);
	while (*p != '\0') {
		if (end - p < DRIVE_UUID || p[8] != '-' || p[13] != '-' ||
		    p[14] != '4' || p[18] != '-' || p[23] != '-' ||
		    strspn(p, hex) != 8 || strspn(p + 9, hex) != 4 ||
		    strspn(p + 24, hex) != 12) {
			buf_addc(&out, *p++);
			continue;
		}
		known = memmem(seen.data, seen.len, p, DRIVE_UUID);
		if (known == NULL) {
			buf_add(&seen, p, DRIVE_UUID);
			known = seen.data + seen.len - DRIVE_UUID;
		}
		buf_addf(&out, "#%td", (known - seen.data) / DRIVE_UUID + 1);
		p += DRIVE_UUID;
	}
	buf_free(&seen);
	buf_free(b);
	*b = out;
}

/* The answer of a route about the observable of the last drive_lookup() (of o
 * for refer, which needs none), parsed, UUIDs masked; the caller puts it.  Its
 * text is in d->sent. */
static inline struct json_object *
drive_answer_of(
    struct drive *d, enum provider_route route, const struct observable *o)
{
	static char *const no_env[] = { NULL };
	struct transport t = {
		.env = no_env, .write = drive_take, .arg = &d->sent
	};
	struct response r;
	struct answer *a;
	struct json_object *whole;
	const char *body, *why;

	buf_reset(&d->sent);
	response_init(&r, &t);
	a = answer_new(&r,
	    route == PROVIDER_REFER ? ANSWER_LIST : ANSWER_ENTITIES,
	    CTIM_SIGHTING);
	ck_assert_ptr_nonnull(a);
	answer_observable(a, d->claims.limit);
	d->query.route = route;
	d->query.observable = o;
	if (route == PROVIDER_REFER)
		d->provider->refer(a, &d->query);
	else
		d->provider->answer(a, &d->query);
	answer_answered(a);
	ck_assert_int_eq(answer_finish(a), 0);
	answer_free(a);
	drive_mask(&d->sent);
	body = strstr(d->sent.data, "\r\n\r\n");
	ck_assert_ptr_nonnull(body);
	body += 4;
	whole = jsonin_parse(body, strlen(body), 1000000, &why);
	ck_assert_msg(whole != NULL, "%s: %s", why, body);
	return whole;
}

static inline struct json_object *
drive_answer(struct drive *d)
{
	return drive_answer_of(d, d->query.route, d->query.observable);
}

/* The documents of a kind ("sightings") in an answer; NULL for none. */
static inline struct json_object *
drive_docs(struct json_object *whole, const char *kind)
{
	return jsonin_member(
	    jsonin_member(jsonin_member(whole, "data"), kind), "docs");
}

/* Whether got is the JSON text want, in which ' stands for ". */
static inline void
drive_same(struct json_object *got, const char *want)
{
	char *text = strdup(want);
	const char *why;
	struct json_object *other;

	ck_assert_ptr_nonnull(text);
	drive_quotes(text);
	other = jsonin_parse(text, strlen(text), 100000, &why);
	ck_assert_msg(why == NULL, "%s: %s", why, text);
	/* Check takes no longer message than some thousand bytes. */
	ck_assert_msg(json_object_equal(got, other),
	    "got  %.1900s\nwant "
	    "%.1900s",
	    json_object_to_json_string_ext(
		got, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE),
	    text);
	json_object_put(other);
	free(text);
}

#endif
