/* SPDX-License-Identifier: MIT */
/* What the answer to a call of a described provider means. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "describe/described_own.h"
#include "json/jsoncopy.h"
#include "json/jsonin.h"
#include "os/clock.h"

#define LINES_MAX 50000 /* of an answer; a line is small, its objects are not */
#define WORDS_MAX 1000  /* characters of a service's words */
#define CODES     64    /* bytes of the name of a problem */

/* --- the service's words ------------------------------------------------- */

/* The first line of a body, without blanks around it; "" where it is no text. */
static void
first_line(const struct buf *body, struct buf *words)
{
	const char *from = body->data + strspn(body->data, " \t\r\n");
	size_t n = strcspn(from, "\r\n");

	while (n > 0 && (from[n - 1] == ' ' || from[n - 1] == '\t'))
		n--;
	if (utf8_valid(from, n))
		(void)buf_add(words, from, n);
}

/* What a service says, cut; "" where it says nothing. */
static void
words_of(const struct described *d, const struct path *where,
    const struct call *c, struct json_object *body, struct buf *words)
{
	struct json_object *v;
	const char *text;

	if (where == NULL)
		where = d->message;
	if (where == d->message && d->first_line) {
		first_line(&c->body, words);
	} else if (where != NULL && (v = path_find(where, body)) != NULL) {
		text = jsonin_text(v);
		if (text != NULL)
			(void)buf_adds(words, text);
		json_object_put(v);
	}
	if (words->len > 0)
		words->data[jsoncopy_cut(words->data, WORDS_MAX)] = '\0';
}

/* The call has failed, in the service's words where it has some. */
static void
failed(const struct query *q, struct call *c, enum problem p,
    const struct path *where, struct json_object *body)
{
	const struct described *d = described_from(q);
	struct buf words;

	buf_init(&words, CALL_PARSED);
	words_of(d, where, c, body, &words);
	if (p == PROBLEM_AUTHORIZATION && words.data[0] != '\0')
		call_fail(c, p, "Authorization failed: %s", words.data);
	else if (p == PROBLEM_AUTHORIZATION)
		call_fail(
		    c, p, "Authorization failed: %d %s", c->status, c->reason);
	else if (words.data[0] != '\0')
		call_fail(c, p, "%s", words.data);
	else
		call_fail_at(c, p, "Unexpected response from %s: %d %s",
		    d->title, c->status, c->reason);
	buf_free(&words);
}

/* --- what a status or a word means --------------------------------------- */

/* What the answer says of itself in a word; false: nothing of that. */
static bool
said(const struct described *d, struct json_object *body, enum problem *p)
{
	struct json_object *v = path_find(d->says, body);
	const char *word =
	    v == NULL || json_object_is_type(v, json_type_object) ?
	    NULL :
	    json_object_get_string(v);
	bool found = false;
	size_t i;

	for (i = 0; word != NULL && !found && i < d->n_said; i++)
		if (strcmp(d->said[i].word, "*") == 0 ||
		    strcasecmp(d->said[i].word, word) == 0) {
			*p = d->said[i].problem;
			found = true;
		}
	json_object_put(v);
	return found;
}

static bool
is_nothing(const struct described_call *how, int status)
{
	size_t i;

	for (i = 0; how->nothing[i] != 0; i++)
		if (how->nothing[i] == status)
			return true;
	return false;
}

/* The problem of a status; PROBLEM_NONE: nothing is known. */
static enum problem
status_problem(
    const struct described *d, const struct described_call *how, int status)
{
	size_t i;

	if (is_nothing(how, status))
		return PROBLEM_NONE;
	for (i = 0; i < d->n_errors; i++)
		if (d->errors[i].status == status)
			return d->errors[i].problem;
	if (status == 404)
		return PROBLEM_NONE;
	/* Services say 403 of a key that is wrong, or that may not ask this. */
	return status == 403 ? PROBLEM_AUTHORIZATION :
			       call_status_problem(status);
}

/* --- reading ------------------------------------------------------------- */

/* One JSON a line, as an array. */
static struct json_object *
read_lines(struct call *c)
{
	struct json_object *list = json_object_new_array(), *one;
	const char *line = c->body.data, *why = NULL;
	struct json_weight all = { 0 };
	size_t n, lines = 0;

	for (; list != NULL && *line != '\0'; line += n + (line[n] != '\0')) {
		n = strcspn(line, "\n");
		if (strspn(line, " \t\r") >= n)
			continue;
		if (++lines > LINES_MAX)
			why = "more lines than this gateway takes";
		one = lines > LINES_MAX ?
		    NULL :
		    jsonin_answer_part(
			line, n, JSON_ANSWER_VALUES - all.values, &why);
		if (one == NULL && why != NULL) {
			call_not_json(c, why);
			json_object_put(list);
			return NULL;
		}
		jsonin_weigh(one, &all);
		if (json_object_array_add(list, one) == -1)
			json_object_put(one);
	}
	return list;
}

static struct json_object *
read_text(const struct call *c)
{
	return c->body.len == 0 ?
	    NULL :
	    json_object_new_string_len(c->body.data, (int)c->body.len);
}

/* The answer as it is to be read; NULL: nothing, or the call has failed. */
static struct json_object *
read_answer(const struct described_call *how, struct call *c)
{
	struct json_object *value;
	const char *why = NULL;

	if (c->status == 204)
		return NULL;
	switch (how->reads) {
	case READS_LINES:
		return read_lines(c);
	case READS_TEXT:
		return read_text(c);
	case READS_ANY:
		value = jsonin_answer(c->body.data, c->body.len, &why);
		return value == NULL && why != NULL ? read_text(c) : value;
	default:
		return call_parse(c);
	}
}

/* --- polling ------------------------------------------------------------- */

static bool
is_value(const struct path *p, char *const *values, struct json_object *body)
{
	struct json_object *v = path_find(p, body);
	const char *text = v == NULL ? NULL : json_object_get_string(v);
	bool found = false;

	for (; text != NULL && !found && *values != NULL; values++)
		found = strcmp(*values, text) == 0;
	json_object_put(v);
	return found;
}

/* Whether an answer is the last one; else it is asked for again, or has failed. */
static bool
poll_ends(const struct query *q, const struct described_call *how,
    struct call *c, struct json_object *body)
{
	if (how->fail != NULL && is_value(how->fail, how->fail_values, body)) {
		failed(q, c, PROBLEM_UNKNOWN, NULL, body);
		return true;
	}
	if (is_value(how->until, how->until_values, body))
		return true;
	c->flags |= CALL_AGAIN;
	if (clock_ms() + (int64_t)how->every * 1000 >= c->number)
		call_fail_at(c, PROBLEM_CONNECTION,
		    "%s has not finished within %d s", described_from(q)->title,
		    how->within);
	return false;
}

/* --- the three kinds ----------------------------------------------------- */

/* Signing in: the token, or why there is none. */
static void
reply_sign_in(const struct query *q, struct call *c)
{
	const struct described_call *how = described_from(q)->sign_in;
	struct json_object *body, *token;

	if (c->status < 200 || c->status > 299) {
		body = call_parse_error(c);
		failed(q, c,
		    c->status == 400 || c->status == 401 || c->status == 403 ?
			PROBLEM_AUTHORIZATION :
			call_status_problem(c->status),
		    how->message, body);
		json_object_put(body);
		return;
	}
	body = read_answer(how, c);
	token = how->reads == READS_TEXT ? json_object_get(body) :
					   path_find(how->token, body);
	if (jsonin_text(token) != NULL)
		call_found(c, json_object_get(token));
	else if (c->problem == PROBLEM_NONE)
		call_fail_at(c, PROBLEM_UNKNOWN,
		    "%s gave no token when signing in",
		    described_from(q)->title);
	json_object_put(token);
	json_object_put(body);
}

/* What a status that is no success means, or a word in any answer. */
static bool
is_problem(const struct query *q, const struct described_call *how,
    struct call *c, struct json_object *body)
{
	const struct described *d = described_from(q);
	const bool good = c->status >= 200 && c->status <= 299;
	enum problem p = PROBLEM_NONE;

	if (d->says == NULL || !said(d, body, &p)) {
		if (good && !is_nothing(how, c->status))
			return false;
		p = good ? PROBLEM_NONE : status_problem(d, how, c->status);
	}
	if (p != PROBLEM_NONE)
		failed(q, c, p, NULL, body);
	return true;
}

void
described_reply(const struct query *q, struct call *c)
{
	const struct described *d = described_from(q);
	const struct described_call *how = c->step == STEP_HEALTH ? d->health :
	    c->step == STEP_SIGN_IN                               ? d->sign_in :
				      &d->calls[c->step];
	struct json_object *body;

	if (c->step == STEP_SIGN_IN) {
		reply_sign_in(q, c);
		return;
	}
	body = c->status >= 200 && c->status <= 299 &&
		!is_nothing(how, c->status) ?
	    read_answer(how, c) :
	    call_parse_error(c);
	if (!c->done && !is_problem(q, how, c, body) &&
	    (how->until == NULL || poll_ends(q, how, c, body)) && !c->done)
		call_found(c, json_object_get(body));
	json_object_put(body);
}
