/* SPDX-License-Identifier: MIT */
/* What templates and maps see of a question: claims, and the results of calls. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <json-c/json.h>

#include "describe/described_own.h"
#include "json/jsoncopy.h"
#include "json/jsonin.h"
#include "token/token.h"

/* --- claims -------------------------------------------------------------- */

/* Of a number, or yes or no, what a token holds that is no string. */
static const char *
claim_of_token(const struct query *q, const struct described_claim *c)
{
	struct json_object *v;

	if ((c->kind != KIND_NUMBER && c->kind != KIND_YESNO) ||
	    token_is_given(q->claims, c->name))
		return NULL;
	v = jsonin_member(q->claims->payload, c->name);
	return v == NULL || json_object_is_type(v, json_type_string) ?
	    NULL :
	    json_object_to_json_string(v);
}

const char *
described_claim(const struct query *q, size_t claim)
{
	const struct described_claim *c = &described_from(q)->claims[claim];
	const char *value = token_claim(q->claims, c->name);

	if (value == NULL)
		value = claim_of_token(q, c);
	return value != NULL ? value : c->fallback;
}

const char *
described_wrong_of_kind(enum described_kind kind, const char *value)
{
	static const char *const words[] = { "yes", "true", "1", "no", "false",
		"0" };
	size_t w;

	if (kind == KIND_HOST)
		return described_is_host(value) ? NULL : "is no host";
	if (kind == KIND_NUMBER)
		return strlen(value) > 9 ||
			value[strspn(value, "0123456789")] != '\0' ?
		    "is no number of at most 9 digits" :
		    NULL;
	for (w = 0; kind == KIND_YESNO && w < 6; w++)
		if (strcasecmp(value, words[w]) == 0)
			return NULL;
	return kind == KIND_YESNO ? "is neither yes nor no" : NULL;
}

const char *
described_wrong_value(
    const struct described *d, const char *name, const char *value)
{
	size_t i;

	for (i = 0; i < d->n_claims; i++)
		if (strcmp(d->claims[i].name, name) == 0)
			return described_wrong_of_kind(
			    d->claims[i].kind, value);
	return NULL;
}

const char *
described_wrong_claim(const struct query *q, const char **why)
{
	const struct described *d = described_from(q);
	const char *value;
	size_t i;

	for (i = 0; i < d->n_claims; i++) {
		/* Only what is sent needs a host: the call tells. */
		if (d->claims[i].kind == KIND_HOST ||
		    (value = described_claim(q, i)) == NULL)
			continue;
		if ((*why = described_wrong_of_kind(
			 d->claims[i].kind, value)) != NULL)
			return d->claims[i].name;
	}
	return NULL;
}

bool
described_refused(const struct query *q)
{
	const char *why, *claim = described_wrong_claim(q, &why);

	if (claim == NULL)
		return false;
	call_fail(
	    lookup_call(q->lookup, STEP_HEALTH, 0, "https://none.invalid/"),
	    PROBLEM_AUTHORIZATION, "Authorization failed: the claim %s %s",
	    claim, why);
	return true;
}

bool
described_claim_yes(const struct query *q, size_t claim)
{
	const char *value = described_claim(q, claim);

	return value != NULL && strcasecmp(value, "no") != 0 &&
	    strcasecmp(value, "false") != 0 && strcmp(value, "0") != 0;
}

int
described_claim_number(const struct query *q, size_t claim, int max)
{
	const char *value = described_claim(q, claim);
	const long n = value == NULL ? 0 : strtol(value, NULL, 10);

	return n > max ? max : (int)n;
}

/* A claim as templates have it: yes and no are true and false there. */
static const char *
values_claim(const void *arg, const char *name)
{
	const struct described_values *v = arg;
	const struct described *d = described_from(v->query);
	size_t i;

	for (i = 0; i < d->n_claims; i++) {
		if (strcmp(d->claims[i].name, name) != 0)
			continue;
		if (d->claims[i].kind != KIND_YESNO)
			return described_claim(v->query, i);
		return described_claim_yes(v->query, i) ? "true" : "false";
	}
	return NULL;
}

/* --- results ------------------------------------------------------------- */

/* The answers of the pages of one element (or of all where there is none), in their
 * order; NULL: none has one. */
static struct json_object *
pages_of(const struct lookup *l, int step, int64_t item)
{
	struct json_object *list = NULL;
	size_t i;

	for (i = 0; i < l->n; i++) {
		if (l->calls[i]->step != step || l->calls[i]->item != item ||
		    l->calls[i]->result == NULL)
			continue;
		if (list == NULL && (list = json_object_new_array()) == NULL)
			return NULL;
		if (json_object_array_add(
			list, json_object_get(l->calls[i]->result)) == -1)
			json_object_put(l->calls[i]->result);
	}
	return list;
}

/* The answer of the last call, which is the one that a poll ended with. */
static struct json_object *
last_of(const struct lookup *l, int step, int64_t item)
{
	struct json_object *last = NULL;
	size_t i;

	for (i = 0; i < l->n; i++)
		if (l->calls[i]->step == step && l->calls[i]->item == item)
			last = l->calls[i]->result;
	return json_object_get(last);
}

static struct json_object *
one_of(const struct described_call *c, const struct lookup *l, int step,
    int64_t item)
{
	return c->pages != NULL || c->next != NULL ? pages_of(l, step, item) :
						     last_of(l, step, item);
}

/* Adds what a call about an element has found to its {"item": …, "answer": …}: with
 * pages to the list of their answers, else in the place of the call before.  False:
 * memory ran out. */
static bool
add_answer(const struct described_call *c, struct json_object *one,
    struct json_object *result)
{
	struct json_object *answer = jsonin_member(one, "answer");

	if (c->pages == NULL && c->next == NULL)
		return json_object_object_add(
			   one, "answer", json_object_get(result)) == 0;
	if (result == NULL)
		return true;
	if (answer == NULL) {
		answer = json_object_new_array();
		if (!jsoncopy_put(one, "answer", answer))
			return false;
	}
	if (json_object_array_add(answer, json_object_get(result)) == 0)
		return true;
	json_object_put(result);
	return false;
}

/* {"item": …, "answer": …} for each element, in one look at all calls. */
static struct json_object *
items_of(const struct described_call *c, const struct lookup *l, int step)
{
	struct json_object *list = json_object_new_array(), *one;
	const struct call *call;
	size_t i;

	for (i = 0; list != NULL && i < l->n; i++) {
		call = l->calls[i];
		if (call->step != step || call->item < 0 ||
		    (size_t)call->item > jsonin_length(list))
			continue;
		/* The first call of each comes before all second pages. */
		if ((size_t)call->item == jsonin_length(list)) {
			if ((one = json_object_new_object()) == NULL)
				break;
			(void)jsoncopy_put(
			    one, "item", json_object_get(call->about));
			if (json_object_object_add(one, "answer", NULL) == -1 ||
			    json_object_array_add(list, one) == -1) {
				json_object_put(one);
				break;
			}
		}
		if (!add_answer(
			c, jsonin_at(list, (size_t)call->item), call->result))
			break;
	}
	return list;
}

struct json_object *
described_result(const struct query *q, size_t call)
{
	const struct described_call *c = &described_from(q)->calls[call];

	return c->each != -1 ? items_of(c, q->lookup, (int)call) :
			       one_of(c, q->lookup, (int)call, 0);
}

static struct json_object *
values_call(const void *arg, const char *name)
{
	struct described_values *v = (struct described_values *)(uintptr_t)arg;
	const struct described *d = described_from(v->query);
	size_t i;

	for (i = 0; i < d->n_calls; i++)
		if (strcmp(d->calls[i].name, name) == 0)
			break;
	if (i == d->n_calls)
		return NULL;
	if (!(v->made & UINT64_C(1) << i)) {
		v->made |= UINT64_C(1) << i;
		v->results[i] = described_result(v->query, i);
	}
	return v->results[i];
}

void
described_values_init(struct described_values *v, const struct query *q)
{
	*v = (struct described_values){ .values = { .observable = q->observable,
					    .limit = (int)q->claims->limit,
					    .now = q->now,
					    .page = 1,
					    .next = "",
					    .entries = "",
					    .claim = values_claim,
					    .call = values_call,
					    .arg = v },
		.query = q,
		.into = q->lookup };
}

void
described_values_free(struct described_values *v)
{
	size_t i;

	for (i = 0; i < DESCRIBED_CALLS; i++)
		json_object_put(v->results[i]);
}
