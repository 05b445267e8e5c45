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
words_of(const struct path *where, const struct call *c,
    struct json_object *body, struct buf *words)
{
	struct json_object *v;
	const char *text;

	if (where != NULL && path_is_whole(where)) {
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
failed(const struct query *q, const struct described_call *how, struct call *c,
    enum problem p, struct json_object *body)
{
	const struct described *d = described_from(q);
	struct buf words;

	buf_init(&words, CALL_PARSED);
	words_of(
	    how->message != NULL ? how->message : d->message, c, body, &words);
	if (words.data[0] == '\0')
		call_fail_at(c, p, "Unexpected response from %s: %d %s",
		    d->title, c->status, c->reason);
	else if (p == PROBLEM_AUTHORIZATION)
		call_fail(c, p, "Authorization failed: %s", words.data);
	else
		call_fail(c, p, "%s", words.data);
	buf_free(&words);
}

/* --- what a status or a word means --------------------------------------- */

/* Whether a value is the word of a row.  Any word is a text, a number or true: what
 * says that there is no error (null, false, 0, "") is none. */
static bool
is_word(const char *row, struct json_object *v)
{
	const char *word = json_object_get_string(v);

	if (word == NULL || json_object_is_type(v, json_type_object) ||
	    json_object_is_type(v, json_type_array))
		return false;
	if (strcmp(row, "*") == 0)
		return json_object_is_type(v, json_type_string) ?
		    *word != '\0' :
		    json_object_get_boolean(v);
	return strcasecmp(row, word) == 0;
}

/* What the answer says of itself in a word, or in one of a list; false: nothing of
 * that. */
static bool
said(const struct described *d, struct json_object *body, enum problem *p)
{
	struct json_object *v = path_find(d->says, body);
	const bool list = json_object_is_type(v, json_type_array);
	const size_t n = list ? jsonin_length(v) : 1;
	bool found = false;
	size_t i, j;

	for (i = 0; !found && i < d->n_said; i++)
		for (j = 0; !found && j < n; j++) {
			found = is_word(
			    d->said[i].word, list ? jsonin_at(v, j) : v);
			*p = d->said[i].problem;
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

/* A token is without the blanks and line ends around it. */
static struct json_object *
read_text(const struct call *c)
{
	static const char blanks[] = " \t\r\n";
	const char *text = c->body.data;
	size_t n = c->body.len, before;

	if (c->step == STEP_SIGN_IN) {
		before = strspn(text, blanks);
		text += before;
		for (n -= before; n > 0 && strchr(blanks, text[n - 1]) != NULL;)
			n--;
	}
	return n == 0 ? NULL : json_object_new_string_len(text, (int)n);
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
		failed(q, how, c, PROBLEM_UNKNOWN, body);
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

static bool
is_good(const struct call *c)
{
	return c->status >= 200 && c->status <= 299;
}

/* What a status that is no success means, or a word in any answer.  No token is
 * never nothing, and what refuses one refuses the credential. */
static bool
is_problem(const struct query *q, const struct described_call *how,
    struct call *c, struct json_object *body)
{
	const struct described *d = described_from(q);
	const bool signing = c->step == STEP_SIGN_IN;
	enum problem p = PROBLEM_NONE;

	if (signing &&
	    (c->status == 400 || c->status == 401 || c->status == 403)) {
		p = PROBLEM_AUTHORIZATION;
	} else if (d->says == NULL || !said(d, body, &p)) {
		if (is_good(c) && !is_nothing(how, c->status))
			return false;
		p = is_good(c) ? PROBLEM_NONE :
				 status_problem(d, how, c->status);
	}
	if (signing && p == PROBLEM_NONE) {
		if (is_good(c))
			return false;
		p = PROBLEM_UNKNOWN;
	}
	if (p != PROBLEM_NONE)
		failed(q, how, c, p, body);
	return true;
}

/* Signing in: the token, or why there is none. */
static void
reply_sign_in(const struct query *q, const struct described_call *how,
    struct call *c, struct json_object *body)
{
	struct json_object *token = how->reads == READS_TEXT ?
	    json_object_get(body) :
	    path_find(how->token, body);
	const char *text = jsonin_text(token);

	if (text != NULL && *text != '\0')
		call_found(c, json_object_get(token));
	else
		call_fail_at(c, PROBLEM_UNKNOWN,
		    "%s gave no token when signing in",
		    described_from(q)->title);
	json_object_put(token);
}

void
described_reply(const struct query *q, struct call *c)
{
	const struct described *d = described_from(q);
	const struct described_call *how = c->step == STEP_HEALTH ? d->health :
	    c->step == STEP_SIGN_IN                               ? d->sign_in :
				      &d->calls[c->step];
	struct json_object *body = is_good(c) && !is_nothing(how, c->status) ?
	    read_answer(how, c) :
	    call_parse_error(c);

	if (c->done || is_problem(q, how, c, body))
		; /* it has failed, or nothing is known */
	else if (c->step == STEP_SIGN_IN)
		reply_sign_in(q, how, c, body);
	else if ((how->until == NULL || poll_ends(q, how, c, body)) && !c->done)
		call_found(c, json_object_get(body));
	json_object_put(body);
}
