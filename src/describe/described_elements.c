/* SPDX-License-Identifier: MIT */
/* What a call is made for: elements of an answer, or observables of a batch. */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/set.h"
#include "describe/described_own.h"
#include "json/jsoncanon.h"
#include "json/jsonin.h"
#include "json/jsonout.h"
#include "json/jsonscan.h"
#include "token/token.h"

/* Of an element, in which an escape of two bytes may take six. */
#define ELEMENT_BYTES (JSON_ANSWER_BYTES * 6)

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

/* Writes an element so that the same one has the same bytes, in whatever order its
 * members come. */
static bool
element_text(struct json_object *value, struct buf *b)
{
	struct jsonout j;

	buf_reset(b);
	jsonout_init(&j, b);
	jsoncanon_value(&j, value);
	return jsonout_done(&j) == 0;
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
	struct buf text;
	size_t i, item = 0;

	if (e == NULL)
		q->lookup->broken = true;
	buf_init(&text, ELEMENT_BYTES);
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
		if (!element_text(e[i].value, &text))
			q->lookup->broken = true;
		else if (set_new(&seen, text.data, text.len))
			each(v, c, e[i].value, item++);
	}
	buf_free(&text);
	for (i = 0; e != NULL && i < n; i++)
		json_object_put(e[i].key);
	set_free(&seen);
	free(e);
	json_object_put(list);
}

/* --- batches ------------------------------------------------------------- */

/* Whether an observable can be in the call that another one is in. */
static bool
goes_with(const struct described_call *c, const struct observable *a,
    const struct observable *b)
{
	const struct described_request *x = &c->by[a->type],
				       *y = &c->by[b->type];

	return y->method != NULL && x->url == y->url && x->body == y->body &&
	    described_askable(b);
}

/* Bytes of the entries of one call; around them is room for the rest of it. */
static size_t
most_bytes(const struct placeholders *url)
{
	size_t i;

	for (i = 0; i < placeholders_count(url); i++)
		if (placeholders_at(url, i)->kind == PLACEHOLDER_ENTRIES)
			return CALL_URL * 3 / 4;
	return CALL_BODY - CALL_BODY / 16;
}

/* The entries of a call, as they are put together. */
struct entries {
	const struct query *q;
	const struct described_call *call;
	struct buf *all, one;
	size_t most;
	const struct observable *first, *last;
	bool mine;       /* that of the observable in question is among them */
	bool twice;      /* a value came twice */
	struct set seen; /* values */
};

/* Takes those that were put together for another observable of the batch. */
static bool
entries_known(const struct entries *e)
{
	const struct query_batch *known = e->q->batch;
	const struct observable *o = e->q->observable;

	if (known == NULL || known->of != e->call || o < known->first ||
	    o > known->last || !goes_with(e->call, o, known->first))
		return false;
	(void)buf_add(e->all, known->text.data, known->text.len);
	return true;
}

static void
entries_keep(const struct entries *e)
{
	struct query_batch *known = e->q->batch;

	if (known == NULL || e->q->list == NULL || e->twice)
		return;
	buf_reset(&known->text);
	known->first = e->first;
	known->last = e->last;
	known->of = buf_add(&known->text, e->all->data, e->all->len) == 0 ?
	    e->call :
	    NULL;
}

/* Adds the entry of an observable, which is in e->one; false: no more, as those
 * with that in question are full. */
static bool
entries_add(struct entries *e, const struct observable *o)
{
	if (e->all->len > 0 && e->all->len + 1 + e->one.len > e->most) {
		if (e->mine)
			return false;
		buf_reset(e->all);
	}
	if (e->all->len > 0)
		(void)buf_addc(e->all, ',');
	else
		e->first = o;
	e->last = o;
	(void)buf_add(e->all, e->one.data, e->one.len);
	e->mine = e->mine || strcmp(o->value, e->q->observable->value) == 0;
	return true;
}

/* Whether an observable has an entry of its own. */
static bool
entries_want(struct entries *e, const struct observable *o)
{
	if (set_new(&e->seen, o->value, strlen(o->value)))
		return true;
	e->twice = true;
	return false;
}

/* Of the observables that go together each `batch` are one call; more where these
 * have too many bytes for it. */
static enum placeholders_filled
entries_make(struct entries *e, struct described_values *v)
{
	const struct query *q = e->q;
	const size_t n = q->list == NULL ? 1 : q->n_list;
	const struct observable *o = q->list == NULL ? q->observable : q->list;
	const size_t batch = (size_t)e->call->batch;
	enum placeholders_filled filled = FILLED;
	size_t i, rank = 0, place = 0;

	for (i = 0; i < n && &o[i] != q->observable; i++)
		place += goes_with(e->call, q->observable, &o[i]);
	place -= place % batch;
	for (i = 0; filled == FILLED && i < n; i++) {
		if (!goes_with(e->call, q->observable, &o[i]) || rank++ < place)
			continue;
		if (rank > place + batch)
			break;
		if (!entries_want(e, &o[i]))
			continue;
		v->values.observable = &o[i];
		buf_reset(&e->one);
		filled = placeholders_fill(e->call->entry, &v->values, &e->one);
		if (e->one.failed)
			filled = FILL_MEMORY;
		if (filled == FILLED && !entries_add(e, &o[i]))
			break;
	}
	return filled;
}

enum placeholders_filled
described_entries(const struct query *q, const struct described_call *c,
    struct buf *b, const struct placeholder **wrong)
{
	struct entries e = { .q = q,
		.call = c,
		.all = b,
		.most = most_bytes(c->by[q->observable->type].url) };
	enum placeholders_filled filled;
	struct described_values v;

	if (entries_known(&e))
		return FILLED;
	buf_init(&e.one, CALL_BODY);
	described_values_init(&v, q);
	v.values.wrong = wrong;
	filled = entries_make(&e, &v);
	if (filled == FILLED)
		entries_keep(&e);
	described_values_free(&v);
	buf_free(&e.one);
	set_free(&e.seen);
	return filled;
}
