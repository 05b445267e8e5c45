/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/set.h"
#include "json/jsonin.h"
#include "json/jsonpairs.h"
#include "json/jsonscan.h"
#include "body/bodycheck.h"
#include "body/observables.h"

/* An element is three values of the text, and the list one. */
#define PAIRS_MAX ((JSON_REQUEST_VALUES - 1) / 3)

/* Returns 1 when the pair is new, 0 when it is not, -1 when memory ran out. */
static int
pair_is_new(struct set *seen, enum observable_type type, const char *value)
{
	struct hash h = hash_bytes(value, strlen(value));
	bool before = false;

	h.a += (uint64_t)type;
	return set_add(seen, h, &before) == -1 ? -1 : !before;
}

static const char *const observables_members[] = { "type", "value", NULL };

/* Checks every element before any is used, so that all errors are reported. */
static int
observables_check(struct json_object *body, size_t n, struct buf *errors)
{
	struct bodycheck fe;
	size_t i;

	bodycheck_begin(&fe, errors);
	for (i = 0; i < n; i++)
		bodycheck_check_at(
		    &fe, i, jsonin_at(body, i), observables_members);
	return bodycheck_end(&fe);
}

/* Fills the list with what of the n elements that were read is wanted. */
static int
observables_fill(struct observables *obs, size_t n,
    const struct observable_set *types, bool any_case)
{
	struct set seen = { .used = 0 };
	struct json_object *element;
	struct observable *o;
	enum observable_type type;
	const char *name, *value;
	size_t i;
	int new = 0;

	if ((obs->list = calloc(n + 1, sizeof(*obs->list))) == NULL)
		return -1;
	for (i = 0; i < n && new != -1; i++) {
		if (obs->pairs != NULL) {
			name = obs->pairs[i].a;
			value = obs->pairs[i].b;
		} else {
			element = jsonin_at(obs->body, i);
			name = jsonin_string(element, "type");
			value = jsonin_string(element, "value");
		}
		type = any_case ? observable_type_any_case(name) :
				  observable_type(name);
		if (!observable_set_has(types, type))
			continue;
		o = &obs->list[obs->n];
		o->type = type;
		o->value = value;
		o->index = i;
		if ((new = pair_is_new(&seen, type, o->value)) == 1)
			obs->n++;
	}
	set_free(&seen);
	return new == -1 ? -1 : 0;
}

int
observables_parse(struct observables *obs, const char *text, size_t len,
    const struct observable_set *types, bool any_case, size_t max,
    struct buf *errors)
{
	struct json_object *body;
	const char *why;
	size_t n;

	*obs = (struct observables){ 0 };
	obs->pairs = jsonpairs_read(
	    text, len, "type", "value", max < PAIRS_MAX ? max : PAIRS_MAX, &n);
	if (obs->pairs != NULL) {
		if (observables_fill(obs, n, types, any_case) == 0)
			return 0;
		observables_free(obs);
		return 1;
	}
	body = jsonin_parse(text, len, JSON_REQUEST_VALUES, &why);
	n = jsonin_length(body);
	if (why == jsonscan_no_memory)
		return 1;
	if (!json_object_is_type(body, json_type_array))
		bodycheck_schema(errors, "Invalid input type.");
	else if (n > max)
		bodycheck_schema(
		    errors, "Longer than maximum length %zu.", max);
	else if (observables_check(body, n, errors) == 0) {
		obs->body = body;
		if (observables_fill(obs, n, types, any_case) == 0)
			return 0;
		observables_free(obs);
		return 1;
	}
	json_object_put(body);
	return errors->starved ? 1 : -1;
}

void
observables_free(struct observables *obs)
{
	free(obs->list);
	free(obs->pairs);
	json_object_put(obs->body);
	*obs = (struct observables){ 0 };
}
