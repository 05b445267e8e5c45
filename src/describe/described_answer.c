/* SPDX-License-Identifier: MIT */
/* The question to the map of a described provider, and what comes of its answer. */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "base/percent.h"
#include "base/rfc3339.h"
#include "complete/complete.h"
#include "describe/described_own.h"
#include "json/jsoncopy.h"
#include "json/jsonin.h"
#include "json/jsonout.h"
#include "token/token.h"
#include "words/typetitle.h"

#define TEXT_BYTES 8192 /* of a title, a URL, an id of a reference */

/* --- the question -------------------------------------------------------- */

/* The claims that are no secret. */
static void
write_claims(struct jsonout *j, const struct query *q)
{
	const struct described *d = described_from(q);
	const struct described_claim *c;
	const char *value;
	size_t i;

	jsonout_kobject(j, "claim");
	for (i = 0; i < d->n_claims; i++) {
		c = &d->claims[i];
		if (c->kind == KIND_PASSWORD || c->kind == KIND_API_KEY ||
		    (value = described_claim(q, i)) == NULL)
			continue;
		jsonout_key(j, c->name);
		if (c->kind == KIND_YESNO)
			jsonout_bool(j, described_claim_yes(q, i));
		else if (c->kind == KIND_NUMBER)
			jsonout_int(j, described_claim_number(q, i, 999999999));
		else
			jsonout_string(j, value);
	}
	jsonout_end_object(j);
}

static void
write_type_name(struct jsonout *j, const struct observable *o)
{
	struct buf b;

	buf_init(&b, TEXT_BYTES);
	typetitle_add(&b, observable_name(o->type));
	jsonout_kstring(j, "type_name", b.data);
	buf_free(&b);
}

static const char *
route_name(enum provider_route route)
{
	return route == PROVIDER_REFER   ? "refer" :
	    route == PROVIDER_DELIBERATE ? "deliberate" :
					   "observe";
}

/* Writes what the calls have found; returns whether one has. */
static bool
write_results(struct jsonout *j, const struct query *q)
{
	const struct described *d = described_from(q);
	const uint64_t wanted = described_wanted(q);
	struct json_object *result;
	bool some = false;
	size_t i;

	jsonout_kobject(j, "answers");
	for (i = 0; i < d->n_calls; i++) {
		if (!(wanted & UINT64_C(1) << i))
			continue;
		result = described_result(q, i);
		/* An `each` that was made for no element has an empty list. */
		some = some ||
		    (d->calls[i].each == -1 ? result != NULL :
					      jsonin_length(result) > 0);
		jsonout_key(j, d->calls[i].name);
		jsoncopy_exact(j, result);
		json_object_put(result);
	}
	jsonout_end_object(j);
	return some;
}

bool
described_map(const struct query *q, struct buf *question, int *program)
{
	const struct described *d = described_from(q);
	const struct observable *o = q->observable;
	char now[RFC3339_MAX];
	struct jsonout j;
	bool some;

	*program = q->route == PROVIDER_REFER ? d->refer : d->map;
	if (*program == -1 || !described_askable(o))
		return false;
	rfc3339_text(now, q->now);
	jsonout_init(&j, question);
	jsonout_object(&j);
	jsonout_kobject(&j, "observable");
	jsonout_kown(&j, "type", observable_name(o->type));
	jsonout_kstring(&j, "value", o->value);
	jsonout_end_object(&j);
	write_type_name(&j, o);
	jsonout_kstring(&j, "now", now);
	jsonout_kint(&j, "limit", (int64_t)q->claims->limit);
	jsonout_kown(&j, "route", route_name(q->route));
	write_claims(&j, q);
	jsonout_key(&j, "data");
	jsonout_raw(&j, d->data, strlen(d->data));
	some = write_results(&j, q);
	jsonout_end_object(&j);
	if (jsonout_done(&j) == -1)
		return true; /* which the map refuses, and so it is told */
	return some || d->n_calls == 0 || q->route == PROVIDER_REFER;
}

/* --- the answer ---------------------------------------------------------- */

static struct completion_of
completion(const struct query *q)
{
	const struct described *d = described_from(q);

	return (struct completion_of){ .provider = d->name,
		.title = d->title,
		.observable = q->observable,
		.route = q->route,
		.now = q->now,
		.limit = (int)q->claims->limit };
}

/* Says which pages were not read. */
static void
tell_more(struct answer *a, const struct query *q)
{
	size_t i;

	for (i = 0; i < q->lookup->n; i++)
		if (described_cut(q, q->lookup->calls[i])) {
			answer_warning(a, PROBLEM_UNKNOWN,
			    "%s has more about %s than was read",
			    q->provider->title, q->observable->value);
			return;
		}
}

static void
described_left_out(const struct query *q, size_t n)
{
	if (q->left_out != NULL)
		*q->left_out += n;
}

void
described_answer(struct answer *a, const struct query *q)
{
	const struct completion_of of = completion(q);

	tell_more(a, q);
	described_left_out(q, complete_answer(a, &of, q->entities));
}

/* --- references ---------------------------------------------------------- */

static void
add_reference_id(
    struct buf *b, const struct query *q, const struct described_refer *ref)
{
	(void)buf_addf(b, "ref-%s-%s-%s-", q->provider->name, ref->id,
	    observable_name(q->observable->type));
	percent_add(b, q->observable->value, "");
}

/* Whether a URL of an answer is one that people may be led to. */
static bool
is_web(const char *url)
{
	return strncmp(url, "https://", 8) == 0 ||
	    strncmp(url, "http://", 7) == 0;
}

static void
write_categories(struct jsonout *j, const char *category, const char *title)
{
	jsonout_karray(j, "categories");
	jsonout_string(j, category);
	if (strcmp(category, title) != 0)
		jsonout_string(j, title);
	jsonout_end_array(j);
}

/* Writes one reference, unless an answer lacks what is in it. */
static void
write_refer(struct answer *a, struct described_values *v,
    const struct described_refer *ref)
{
	const struct query *q = v->query;
	const struct placeholders *front = ref->front[q->observable->type];
	const struct placeholders *text[] = { ref->title,
		ref->description != NULL ? ref->description : ref->title,
		ref->url[q->observable->type], ref->category };
	struct buf b[5];
	struct jsonout *j;
	bool whole = true;
	size_t i;

	for (i = 0; i < 5; i++)
		buf_init(&b[i], TEXT_BYTES);
	if (front != NULL)
		whole = placeholders_fill(front, &v->values, &b[2]) == FILLED &&
		    described_is_host(strstr(b[2].data, "://") + 3);
	for (i = 0; i < 4; i++)
		whole = whole && text[i] != NULL &&
		    placeholders_fill(text[i], &v->values, &b[i]) == FILLED &&
		    !b[i].failed;
	add_reference_id(&b[4], q, ref);
	if (whole && !b[4].failed &&
	    (!ref->whole[q->observable->type] || is_web(b[2].data)) &&
	    (j = answer_element(a)) != NULL) {
		jsonout_kstring(j, "id", b[4].data);
		jsonout_kstring(j, "title", b[0].data);
		jsonout_kstring(j, "description", b[1].data);
		jsonout_kstring(j, "url", b[2].data);
		write_categories(j, b[3].data, q->provider->title);
		answer_end(a);
	}
	for (i = 0; i < 5; i++)
		buf_free(&b[i]);
}

void
described_refer(struct answer *a, const struct query *q)
{
	const struct described *d = described_from(q);
	const struct completion_of of = completion(q);
	struct described_values v;
	size_t i;

	if (!described_askable(q->observable))
		return;
	described_values_init(&v, q);
	for (i = 0; i < d->n_refers; i++)
		if (d->refers[i].url[q->observable->type] != NULL)
			write_refer(a, &v, &d->refers[i]);
	described_values_free(&v);
	tell_more(a, q);
	described_left_out(q, complete_refer(a, &of, q->entities));
}
