/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "answer/verdicts.h"
#include "ctim/ctim.h"
#include "ctim/giventime.h"
#include "json/jsonin.h"
#include "json/jsonscan.h"

#define VERDICT_NAME  (1U << 20) /* bytes of an observable as a name */
#define VERDICTS_EVER "1970-01-01T00:00:00Z" /* since when without a time */

struct verdict {
	struct json_object *body;
	size_t place; /* of its source */
};

struct verdicts {
	char *const *sources;
	struct json_object *priorities; /* of judgements, by id */
	struct verdict *list;
	size_t n, cap;
	bool broken; /* memory ran out */
};

/* Which disposition counts more. */
static const int verdict_rank[] = { [CTIM_CLEAN] = 5,
	[CTIM_MALICIOUS] = 4,
	[CTIM_SUSPICIOUS] = 3,
	[CTIM_COMMON] = 2,
	[CTIM_UNKNOWN] = 1 };

struct verdicts *
verdicts_new(char *const *sources)
{
	struct verdicts *v = calloc(1, sizeof(*v));

	if (v == NULL)
		return NULL;
	v->sources = sources;
	if ((v->priorities = json_object_new_object()) == NULL) {
		free(v);
		return NULL;
	}
	return v;
}

void
verdicts_free(struct verdicts *v)
{
	size_t i;

	if (v == NULL)
		return;
	for (i = 0; i < v->n; i++)
		json_object_put(v->list[i].body);
	free(v->list);
	json_object_put(v->priorities);
	free(v);
}

/* Sets a member; takes the value over. */
static int
verdicts_set(struct json_object *o, const char *name, struct json_object *value)
{
	if (value != NULL && json_object_object_add(o, name, value) == 0)
		return 0;
	json_object_put(value);
	return -1;
}

/* Notes the priority of a judgement. */
static int
verdicts_judgement(struct verdicts *v, struct json_object *judgement)
{
	struct json_object *priority = jsonin_member(judgement, "priority");
	const char *id = jsonin_string(judgement, "id");

	if (id == NULL || priority == NULL)
		return 0;
	return verdicts_set(v->priorities, id, json_object_get(priority));
}

/* Notes a verdict; takes the reference over unless it fails. */
static int
verdicts_add(struct verdicts *v, struct json_object *body, const char *source)
{
	struct verdict *list;
	size_t cap = v->cap == 0 ? 64 : 2 * v->cap, place = 0;

	if (v->n == v->cap) {
		list = reallocarray(v->list, cap, sizeof(*list));
		if (list == NULL)
			return -1;
		v->list = list;
		v->cap = cap;
	}
	while (
	    v->sources[place] != NULL && strcmp(v->sources[place], source) != 0)
		place++;
	v->list[v->n++] = (struct verdict){ body, place };
	return 0;
}

bool
verdicts_filter(
    void *arg, const char *source, enum ctim_kind kind, struct buf *json)
{
	struct verdicts *v = arg;
	struct json_object *body;
	int r = -1;

	if (kind != CTIM_JUDGEMENT && kind != CTIM_VERDICT)
		return true;
	body = jsonin_parse(json->data, json->len, JSON_ANSWER_VALUES, NULL);
	if (body != NULL && kind == CTIM_JUDGEMENT)
		r = verdicts_judgement(v, body);
	else if (body != NULL)
		r = verdicts_add(v, body, source == NULL ? "" : source);
	if (r == -1)
		v->broken = true;
	if (r == -1 || kind == CTIM_JUDGEMENT)
		json_object_put(body);
	return kind == CTIM_JUDGEMENT;
}

static int64_t
verdicts_priority(const struct verdicts *v, struct json_object *verdict)
{
	const char *id = jsonin_string(verdict, "judgement_id");
	int64_t n;

	if (id == NULL || !jsonin_int(jsonin_member(v->priorities, id), &n))
		return VERDICTS_PRIORITY;
	return n;
}

static int
verdicts_rank(struct json_object *verdict)
{
	int64_t n;

	if (!jsonin_int(jsonin_member(verdict, "disposition"), &n) || n < 1 ||
	    n > CTIM_UNKNOWN)
		return 0;
	return verdict_rank[n];
}

/* When a verdict begins to hold. */
static const char *
verdicts_start(struct json_object *verdict)
{
	const char *start =
	    jsonin_string(jsonin_member(verdict, "valid_time"), "start_time");

	return start == NULL || strlen(start) < strlen(VERDICTS_EVER) ?
	    VERDICTS_EVER :
	    start;
}

/* Whether x counts before y. */
static bool
verdicts_before(
    const struct verdicts *v, const struct verdict *x, const struct verdict *y)
{
	int64_t p = verdicts_priority(v, x->body),
		q = verdicts_priority(v, y->body);
	int later;

	if (p != q)
		return p > q;
	if (verdicts_rank(x->body) != verdicts_rank(y->body))
		return verdicts_rank(x->body) > verdicts_rank(y->body);
	later =
	    giventime_compare(verdicts_start(x->body), verdicts_start(y->body));
	return later != 0 ? later > 0 : x->place < y->place;
}

static void
verdicts_put(struct answer *a, struct json_object *verdict)
{
	struct jsonout *j = answer_entity(a, CTIM_VERDICT, NULL);
	const char *text;

	if (j == NULL)
		return;
	json_object_object_foreach(verdict, key, value)
	{
		if (strcmp(key, "type") == 0)
			continue;
		text = json_object_to_json_string_ext(value,
		    JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE);
		if (text == NULL) {
			jsonout_starve(j);
			break;
		}
		jsonout_outer_key(j, key);
		jsonout_raw(j, text, strlen(text));
	}
	answer_end(a);
}

/* Puts the observable of a verdict into name, so that no two have the same one;
 * false when memory ran out. */
static bool
verdicts_name(struct json_object *verdict, struct buf *name)
{
	struct json_object *o = jsonin_member(verdict, "observable");
	const char *type = jsonin_string(o, "type"),
		   *value = jsonin_string(o, "value");

	buf_reset(name);
	(void)buf_addf(name, "%s %s", type == NULL ? "" : type,
	    value == NULL ? "" : value);
	return !name->failed;
}

/* Fills best with the place of the verdict that counts, by observable, in the
 * order in which the observables came. */
static int
verdicts_choose(const struct verdicts *v, struct json_object *best)
{
	struct json_object *there;
	struct buf name;
	size_t i;
	int r = 0;

	buf_init(&name, VERDICT_NAME);
	for (i = 0; i < v->n && r == 0; i++) {
		if (!verdicts_name(v->list[i].body, &name)) {
			r = -1;
			break;
		}
		there = jsonin_member(best, name.data);
		if (there != NULL &&
		    !verdicts_before(v, &v->list[i],
			&v->list[(size_t)json_object_get_int64(there)]))
			continue;
		r = verdicts_set(
		    best, name.data, json_object_new_int64((int64_t)i));
	}
	buf_free(&name);
	return r;
}

void
verdicts_write(struct verdicts *v, struct answer *a)
{
	struct json_object *best = json_object_new_object();

	answer_observable(a, SIZE_MAX);
	if (best == NULL || verdicts_choose(v, best) == -1)
		v->broken = true;
	if (best != NULL) {
		json_object_object_foreach(best, name, place)
		{
			(void)name;
			verdicts_put(a,
			    v->list[(size_t)json_object_get_int64(place)].body);
		}
	}
	if (v->broken)
		answer_problem(a, PROBLEM_INTERNAL,
		    "The gateway had no memory to choose all verdicts");
	json_object_put(best);
}
