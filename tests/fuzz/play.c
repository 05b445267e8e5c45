/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>

#include "answer/answer.h"
#include "answer/response.h"
#include "answer/transport.h"
#include "call/lookup.h"
#include "call/provider.h"
#include "conf/conf.h"
#include "tests/fuzz/fuzz.h"
#include "json/jsonin.h"
#include "tests/fuzz/play.h"
#include "body/observables.h"
#include "token/token.h"

#define ANSWERS     16 /* of an input */
#define CALLS       60 /* that are made, at most */
#define OBSERVABLES 4
#define SENT_MAX    (64U << 20) /* bytes of the gateway's answer */

struct text {
	const char *p;
	size_t n;
};

struct stage {
	const struct provider *provider;
	struct query q;
	struct claims claims;
	void *conf;
	struct lookup lookup;
	struct text answer[ANSWERS];
	int status[ANSWERS];
	size_t n, next;
	struct answer *out;
};

/* The text up to the next line that begins with '%'; *from is behind it. */
static struct text
take_part(struct text *from)
{
	struct text part = *from;
	const char *end = memmem(from->p, from->n, "\n%", 2);

	if (end != NULL)
		part.n = (size_t)(end - from->p);
	from->p += end == NULL ? part.n : part.n + 1;
	from->n -= end == NULL ? part.n : part.n + 1;
	return part;
}

/* "%200 …\n" and what follows. */
static void
take_answer(struct stage *s, struct text *from)
{
	struct text part = take_part(from);
	const char *line = memchr(part.p, '\n', part.n);
	char number[4] = "";
	size_t skip = line == NULL ? part.n : (size_t)(line - part.p) + 1;

	if (part.n >= 4)
		memcpy(number, part.p + 1, 3);
	s->status[s->n] = atoi(number);
	s->answer[s->n] = (struct text){ part.p + skip, part.n - skip };
	s->n++;
}

static void
set_keys(struct stage *s)
{
	const struct conf_key *key = s->provider->keys;
	char why[CONF_ERROR_MAX];

	HOLDS((s->conf = calloc(1, s->provider->conf_size + 1)) != NULL);
	for (; key != NULL && key->name != NULL; key++)
		if (key->fallback != NULL)
			HOLDS(key->set(s->conf, key, key->fallback, why) == 0);
}

static void
release_keys(struct stage *s)
{
	const struct conf_key *key = s->provider->keys;

	for (; key != NULL && key->name != NULL; key++)
		if (key->release != NULL)
			key->release((char *)s->conf + key->offset);
	free(s->conf);
}

/* A page in pieces of many sizes, each in memory of its own. */
static void
scan(struct stage *s, struct call *c, struct text page)
{
	enum scan_result r = SCAN_MORE;
	size_t step, turn = 0;
	char *piece;

	HOLDS((c->scan = calloc(1, s->provider->scan_size)) != NULL);
	for (; r == SCAN_MORE && page.n > 0; page.p += step, page.n -= step) {
		step = 1 + turn++ * 37 % 101;
		step = step < page.n ? step : page.n;
		HOLDS((piece = malloc(step)) != NULL);
		memcpy(piece, page.p, step);
		r = s->provider->scan(&s->q, c, piece, step);
		free(piece);
	}
	if (r == SCAN_MORE)
		r = s->provider->scan(&s->q, c, NULL, 0);
	if (r == SCAN_BAD)
		call_fail_at(c, PROBLEM_UNKNOWN, "The scan found it bad");
	s->provider->scan_free(c);
	free(c->scan);
	c->scan = NULL;
}

static void
make_call(struct stage *s, struct call *c)
{
	struct text body = s->answer[s->next % s->n];
	int status = s->status[s->next++ % s->n];

	if (c->problem == PROBLEM_NONE && (c->url.failed || c->sent.failed))
		call_fail_at(c, PROBLEM_UNKNOWN, "Too long");
	if (c->problem != PROBLEM_NONE)
		return;
	c->status = status;
	if (c->flags & CALL_SCAN && status / 100 == 2) {
		scan(s, c, body);
		return;
	}
	HOLDS(buf_add(&c->body, body.p, body.n) == 0);
	s->provider->reply(&s->q, c);
}

static void
sign_in(struct stage *s)
{
	struct call *c;

	s->provider->sign_in(&s->q);
	HOLDS(s->lookup.n == 1);
	c = s->lookup.calls[0];
	make_call(s, c);
	HOLDS(c->problem != PROBLEM_NONE ||
	    json_object_is_type(c->result, json_type_string));
	lookup_free(&s->lookup);
}

static void
ask(struct stage *s)
{
	struct call *c;
	size_t i;

	if (s->provider->sign_in != NULL)
		sign_in(s);
	s->provider->request(&s->q, NULL);
	for (i = 0; i < s->lookup.n; i++) {
		c = s->lookup.calls[i];
		if (i < CALLS)
			make_call(s, c);
		else
			call_fail_at(c, PROBLEM_UNKNOWN, "Too many");
		c->done = true;
		if (c->problem == PROBLEM_NONE || c->flags & CALL_OPTIONAL)
			s->provider->request(&s->q, c);
		if (c->problem != PROBLEM_NONE)
			answer_problem(
			    s->out, c->problem, "%s", call_message(c));
	}
	HOLDS(!s->lookup.broken);
}

static int
write_out(void *arg, const void *p, size_t n, bool push)
{
	(void)push;
	return buf_add(arg, p, n);
}

static void
check_sent(const struct buf *sent)
{
	const char *body = memmem(sent->data, sent->len, "\r\n\r\n", 4);
	struct json_object *whole;

	HOLDS(!sent->failed && body != NULL);
	body += 4;
	whole = jsonin_parse(
	    body, sent->len - (size_t)(body - sent->data), SIZE_MAX, NULL);
	HOLDS(whole != NULL);
	json_object_put(whole);
}

/* Asks about each observable, and writes one answer about all of them. */
static void
observe(struct stage *s, const struct observables *obs, bool refer)
{
	static char *const no_env[] = { NULL };
	struct buf sent;
	struct transport t = {
		.env = no_env, .write = write_out, .arg = &sent
	};
	struct response r;
	size_t i;

	buf_init(&sent, SENT_MAX);
	response_init(&r, &t);
	s->out = answer_new(
	    &r, refer ? ANSWER_LIST : ANSWER_ENTITIES, CTIM_SIGHTING);
	HOLDS(s->out != NULL);
	s->q.route = refer ? PROVIDER_REFER : PROVIDER_OBSERVE;
	for (i = 0; i < obs->n; i++) {
		s->q.observable = &obs->list[i];
		answer_observable(s->out, s->claims.limit);
		lookup_init(&s->lookup);
		if (!refer)
			ask(s);
		if (refer)
			s->provider->refer(s->out, &s->q);
		else
			s->provider->answer(s->out, &s->q);
		answer_answered(s->out);
		lookup_free(&s->lookup);
	}
	HOLDS(answer_finish(s->out) == 0);
	answer_free(s->out);
	check_sent(&sent);
	buf_free(&sent);
}

void
play(const struct provider *provider, const char *claims, const uint8_t *data,
    size_t size)
{
	struct stage s = { .provider = provider };
	struct text left = { (const char *)data, size }, body;
	struct observables obs;
	struct buf errors;

	body = take_part(&left);
	while (left.n > 0 && s.n < ANSWERS)
		take_answer(&s, &left);
	buf_init(&errors, 65536);
	if (s.n > 0 &&
	    observables_parse(&obs, body.p, body.n, &provider->types,
		provider->any_case, OBSERVABLES, &errors) == 0) {
		set_keys(&s);
		s.claims.limit = TOKEN_LIMIT;
		s.claims.payload =
		    jsonin_parse(claims, strlen(claims), 100, NULL);
		HOLDS(s.claims.payload != NULL);
		s.q = (struct query){ .provider = provider,
			.claims = &s.claims,
			.conf = s.conf,
			.now = 1700000000,
			.lookup = &s.lookup };
		observe(&s, &obs, false);
		if (provider->refer != NULL)
			observe(&s, &obs, true);
		json_object_put(s.claims.payload);
		release_keys(&s);
		observables_free(&obs);
	}
	buf_free(&errors);
}
