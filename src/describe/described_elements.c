/* SPDX-License-Identifier: MIT */
/* What a call is made for: elements of an answer, or observables of a batch. */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/set.h"
#include "describe/described_own.h"
#include "json/jsonin.h"
#include "token/token.h"

/* --- elements ------------------------------------------------------------ */

struct element {
	struct json_object *value, *key;
	size_t place;
};

/* Numbers, then texts and what has one, then what has none. */
static int
key_rank(struct json_object *v)
{
	if (v == NULL)
		return 2;
	return json_object_is_type(v, json_type_int) ||
		json_object_is_type(v, json_type_double) ?
	    0 :
	    1;
}

static const char *
key_text(struct json_object *v)
{
	const char *text = json_object_get_string(v);

	return text == NULL ? "" : text;
}

static int
compare_keys(struct json_object *a, struct json_object *b)
{
	const bool numbers = (json_object_is_type(a, json_type_int) ||
				 json_object_is_type(a, json_type_double)) &&
	    (json_object_is_type(b, json_type_int) ||
		json_object_is_type(b, json_type_double));
	double x, y;
	int order;

	/* Those of another kind are in an order of their own. */
	order = key_rank(a) - key_rank(b);
	if (order != 0 || a == NULL)
		return order;
	if (!numbers)
		return strcmp(key_text(b), key_text(a));
	x = json_object_get_double(a);
	y = json_object_get_double(b);
	return (x < y) - (x > y);
}

/* The newest first; those that are equally new stay in their order. */
static int
compare_elements(const void *a, const void *b)
{
	const struct element *x = a, *y = b;
	const int order = compare_keys(x->key, y->key);

	return order != 0 ? order : x->place < y->place ? -1 : 1;
}

/* The elements of an answer; a value alone is one.  NULL: there are none. */
static struct json_object *
elements_of(const struct query *q, const struct described_call *c)
{
	struct json_object *result = described_result(q, (size_t)c->each);
	struct json_object *found = path_find(c->each_path, result), *list;

	json_object_put(result);
	if (found == NULL || json_object_is_type(found, json_type_array))
		return found;
	if ((list = json_object_new_array()) == NULL ||
	    json_object_array_add(list, found) == -1) {
		json_object_put(found);
		q->lookup->broken = true;
	}
	return list;
}

void
described_each_element(struct described_values *v,
    const struct described_call *c,
    void (*each)(struct described_values *, const struct described_call *,
	struct json_object *, size_t item))
{
	const struct query *q = v->query;
	struct json_object *list = elements_of(q, c);
	const size_t n = jsonin_length(list);
	const size_t max = c->max > 0 ? (size_t)c->max : q->claims->limit;
	struct element *e = calloc(n + 1, sizeof(*e));
	struct set seen = { 0 };
	const char *text;
	size_t i, item = 0;

	if (e == NULL)
		q->lookup->broken = true;
	for (i = 0; e != NULL && i < n; i++) {
		e[i].value = jsonin_at(list, i);
		e[i].place = i;
		if (c->newest != NULL)
			e[i].key = path_find(c->newest, e[i].value);
	}
	if (e != NULL && c->newest != NULL)
		qsort(e, n, sizeof(*e), compare_elements);
	for (i = 0; e != NULL && i < n && item < max; i++) {
		if (e[i].value == NULL)
			continue;
		text = json_object_to_json_string_ext(
		    e[i].value, JSON_C_TO_STRING_PLAIN);
		if (text != NULL && set_new(&seen, text, strlen(text)))
			each(v, c, e[i].value, item++);
	}
	for (i = 0; e != NULL && i < n; i++)
		json_object_put(e[i].key);
	set_free(&seen);
	free(e);
	json_object_put(list);
}

/* --- batches ------------------------------------------------------------- */

/* Whether observables of two types can be in one call. */
static bool
goes_with(const struct described_call *c, const struct observable *a,
    const struct observable *b)
{
	const struct described_request *x = &c->by[a->type],
				       *y = &c->by[b->type];

	return y->method != NULL && x->url == y->url && x->body == y->body;
}

enum placeholders_filled
described_entries(const struct query *q, const struct described_call *c,
    struct buf *b, const struct placeholder **wrong)
{
	const size_t n = q->list == NULL ? 0 : q->n_list;
	const struct observable *o = q->list;
	enum placeholders_filled filled = FILLED;
	struct described_values v;
	struct set seen = { 0 };
	size_t i, rank = 0, mine = 0, from;

	for (i = 0; i < n && &o[i] != q->observable; i++)
		mine += goes_with(c, q->observable, &o[i]);
	from = mine - mine % (size_t)c->batch;
	described_values_init(&v, q);
	v.values.wrong = wrong;
	for (i = 0; filled == FILLED && i < (n == 0 ? 1 : n); i++) {
		v.values.observable = n == 0 ? q->observable : &o[i];
		if (!goes_with(c, q->observable, v.values.observable))
			continue;
		if (rank++ < from || !described_askable(v.values.observable) ||
		    !set_new(&seen, v.values.observable->value,
			strlen(v.values.observable->value)))
			continue;
		if (rank > from + (size_t)c->batch)
			break;
		if (b->len > 0)
			(void)buf_addc(b, ',');
		filled = placeholders_fill(c->entry, &v.values, b);
	}
	described_values_free(&v);
	set_free(&seen);
	return filled;
}
