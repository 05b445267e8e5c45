/* SPDX-License-Identifier: MIT */
/*
 * The calls of a lookup.  Nothing is kept between two looks: which calls were made
 * and what they found is in the lookup, and the others follow from that.
 *
 * Of a call, step is its [call …], item the element of `each` that it is about,
 * and number its page or, with `until`, the time at which polling ends.
 */
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "conf/conf.h"
#include "ctim/indicator.h"
#include "describe/described_own.h"
#include "describe/described_send.h"
#include "json/jsonin.h"
#include "os/clock.h"
#include "token/token.h"

#define BIT(i)    (UINT64_C(1) << (i))
#define ANY_TIME  INT64_MAX /* polling ends with the request */
#define PAGE_LOST (-1)      /* the number of one that cannot be read */

/* Those whose values are looked at before a service is asked about them. */
#define CHECKED_TYPES                                                          \
	(OBSERVABLE_BIT(OBSERVABLE_IP) | OBSERVABLE_BIT(OBSERVABLE_IPV6) |     \
	    OBSERVABLE_BIT(OBSERVABLE_DOMAIN) |                                \
	    OBSERVABLE_BIT(OBSERVABLE_EMAIL) |                                 \
	    OBSERVABLE_BIT(OBSERVABLE_MD5) | OBSERVABLE_BIT(OBSERVABLE_SHA1) | \
	    OBSERVABLE_BIT(OBSERVABLE_SHA256))

/* How far a [call …] is. */
struct progress {
	size_t made, open;
	bool items; /* one is about an element */
	bool found; /* something */
};

/* --- which ones ---------------------------------------------------------- */

/* A service is asked about the value as it is: none that is one once its spelling is
 * mended, and no network. */
bool
described_askable(const struct observable *o)
{
	char normal[INDICATOR_MAX + 1];
	const char *never =
	    o->type == OBSERVABLE_EMAIL ? " \t\r\n[]()" : " \t\r\n[](){}/";

	return !(CHECKED_TYPES & OBSERVABLE_BIT(o->type)) ||
	    (o->value[strcspn(o->value, never)] == '\0' &&
		indicator_normalise(o->type, o->value, normal) == 0);
}

/* Whether a [call …] is made for an observable at all. */
static bool
is_for(const struct query *q, const struct described_call *c)
{
	return c->by[q->observable->type].method != NULL &&
	    (c->when == -1 ||
		described_claim_yes(q, (size_t)c->when) != c->when_not);
}

/* The calls that one needs for the observable. */
static uint64_t
needs(const struct query *q, const struct described_call *c)
{
	return described_after(c, q->observable->type);
}

/* Those that the references for the observable name. */
static uint64_t
referred(const struct query *q)
{
	const struct described *d = described_from(q);
	uint64_t calls = 0;
	size_t i;

	for (i = 0; i < d->n_refers; i++)
		if (d->refers[i].url[q->observable->type] != NULL)
			calls |= d->refers[i].calls |
			    d->refers[i].by_url[q->observable->type];
	return calls;
}

uint64_t
described_wanted(const struct query *q)
{
	const struct described *d = described_from(q);
	uint64_t wanted = 0, all = 0;
	size_t i;

	if (q->route == PROVIDER_REFER)
		wanted = referred(q);
	for (i = 0; i < d->n_calls; i++)
		if (d->calls[i].routes & q->route)
			wanted |= BIT(i);
	/* What these need is wanted, too; it stands above them. */
	for (i = d->n_calls; i-- > 0;)
		if (wanted & BIT(i))
			wanted |= needs(q, &d->calls[i]);
	for (i = 0; i < d->n_calls; i++)
		if ((wanted & BIT(i)) && !d->calls[i].finally &&
		    is_for(q, &d->calls[i]))
			all |= BIT(i);
	return all;
}

/* --- making them --------------------------------------------------------- */

/* One in the place of those that cannot be made, so that they are not tried again
 * each time that another call lands. */
static struct call *
make_none(const struct query *q, const struct described_call *c)
{
	struct call *none = lookup_call(q->lookup,
	    (int)(c - described_from(q)->calls), 0, "https://none.invalid/");

	none->done = true;
	none->item = -1;
	return none;
}

/* Makes one call: about an element or NULL, for a page, with what {next} is then, or
 * its whole URL. */
static struct call *
make_with(struct described_values *v, const struct described_call *c,
    struct json_object *item, const char *next, int64_t page)
{
	const struct query *q = v->query;
	const int step = (int)(c - described_from(q)->calls);
	enum placeholders_filled filled = FILLED;
	const struct placeholder *wrong = NULL;
	struct call *made = NULL;
	struct buf entries;

	if (lookup_is_full(q->lookup)) {
		made = make_none(q, c);
		call_fail_full(made);
		return made;
	}
	buf_init(&entries, CALL_BODY);
	if (c->batch > 0)
		filled = described_entries(q, c, &entries, &wrong);
	v->values.item = item;
	v->values.page = page;
	v->values.next = next;
	v->values.entries = entries.data;
	if (filled == FILLED && !entries.failed)
		made = send_call(v, c, &c->by[q->observable->type], step);
	else
		made = send_failed(
		    v, step, entries.failed ? FILL_MEMORY : filled, wrong);
	if (made != NULL) {
		call_about(made, item);
		made->number = c->until == NULL ? page : ANY_TIME;
		if (c->until != NULL && c->within > 0)
			made->number = clock_ms() + (int64_t)c->within * 1000;
	}
	buf_free(&entries);
	return made;
}

static struct call *
make_one(const struct query *q, const struct described_call *c,
    struct json_object *item, const char *next, int64_t page)
{
	struct described_values v;
	struct call *made;

	described_values_init(&v, q);
	made = make_with(&v, c, item, next, page);
	described_values_free(&v);
	return made;
}

static void
make_element(struct described_values *v, const struct described_call *c,
    struct json_object *item, size_t number)
{
	const struct query *q = v->query;
	struct call *made = make_with(v, c, item, "", 1);

	/* One that lacks what the call needs is shown to the map all the same. */
	if (made == NULL) {
		made =
		    lookup_call(q->lookup, (int)(c - described_from(q)->calls),
			0, "https://none.invalid/");
		made->done = true;
		call_about(made, item);
	}
	made->item = (int64_t)number;
}

/* --- what follows one ---------------------------------------------------- */

/* How many pages are read, and whether people said so. */
static int
most_pages(const struct query *q, const struct described_call *c, bool *said)
{
	const size_t claim = (size_t)c->max_pages_claim;
	int most = c->max_pages;

	if (c->max_pages_claim != -1 && described_claim(q, claim) != NULL)
		most = described_claim_number(q, claim, DESCRIBED_PAGES);
	*said = most != -1;
	if (!*said)
		return PAGES_DEFAULT;
	return most == 0 ? DESCRIBED_PAGES : most;
}

/* How many pages an answer says that there are. */
static int64_t
pages_said(const struct described_call *c, struct json_object *answer)
{
	struct json_object *v;
	int64_t n = 0;
	size_t i;

	for (i = 0; c->pages[i] != NULL && n <= 0; i++) {
		v = path_find(c->pages[i], answer);
		if (!jsonin_int(v, &n))
			n = 0;
		json_object_put(v);
	}
	return n;
}

bool
described_more(
    const struct described_call *c, const struct call *done, char **next)
{
	struct json_object *v;
	const char *text;

	*next = NULL;
	if (done->result == NULL || (c->pages == NULL && c->next == NULL))
		return false;
	if (c->pages != NULL)
		return done->number < pages_said(c, done->result);
	v = path_find(c->next, done->result);
	text = json_object_is_type(v, json_type_string) ||
		json_object_is_type(v, json_type_int) ?
	    json_object_get_string(v) :
	    NULL;
	if (text != NULL && *text != '\0')
		*next = strdup(text);
	json_object_put(v);
	return *next != NULL;
}

bool
described_cut(const struct query *q, const struct call *done)
{
	const struct described_call *c;
	bool said, more;
	char *next;

	if (done->step < 0)
		return false;
	c = &described_from(q)->calls[done->step];
	if (c->next != NULL && done->number == PAGE_LOST)
		return true;
	if (done->number < most_pages(q, c, &said) || said)
		return false;
	more = described_more(c, done, &next);
	free(next);
	return more;
}

/* Whether a page is the same question as one before it, so that the answer would
 * be, too. */
static bool
is_asked_again(const struct lookup *l, const struct call *made)
{
	const struct call *c;
	size_t i;

	for (i = 0; i < l->n; i++) {
		c = l->calls[i];
		if (c != made && c->step == made->step &&
		    c->item == made->item &&
		    strcmp(c->url.data, made->url.data) == 0 &&
		    strcmp(c->apart.data, made->apart.data) == 0 &&
		    c->sent.len == made->sent.len &&
		    memcmp(c->sent.data, made->sent.data, made->sent.len) == 0)
			return true;
	}
	return false;
}

/* The page behind one that is there. */
static void
follow_page(const struct query *q, const struct described_call *c,
    const struct call *done)
{
	struct call *made;
	char *next;
	bool said;

	if (done->number >= most_pages(q, c, &said) ||
	    !described_more(c, done, &next))
		return;
	made = make_one(
	    q, c, done->about, next == NULL ? "" : next, done->number + 1);
	if (made == NULL) {
		made = make_none(q, c);
		made->number = PAGE_LOST;
	}
	made->item = done->item;
	if (next != NULL && made->number != PAGE_LOST &&
	    is_asked_again(q->lookup, made)) {
		made->done = true;
		made->number = PAGE_LOST;
	}
	free(next);
}

/* The same question once more, a while later. */
static void
follow_poll(const struct query *q, const struct described_call *c,
    const struct call *done)
{
	struct call *made = make_one(q, c, done->about, "", 1);

	if (made == NULL)
		return;
	made->item = done->item;
	made->number = done->number;
	made->wait = (int64_t)c->every * 1000;
}

/* --- the next ones ------------------------------------------------------- */

/* How far each of them is.  What failed has found nothing. */
static void
look_back(const struct query *q, struct progress *p)
{
	const struct lookup *l = q->lookup;
	const struct call *c;
	size_t i;

	for (i = 0; i < l->n; i++) {
		c = l->calls[i];
		if (c->step < 0)
			continue;
		p[c->step].made++;
		p[c->step].open += !c->done;
		p[c->step].items = p[c->step].items || c->item >= 0;
		p[c->step].found = p[c->step].found ||
		    (c->result != NULL &&
			(!json_object_is_type(c->result, json_type_array) ||
			    jsonin_length(c->result) > 0));
	}
}

/* Makes those of a [call …]; whether there are any.  What they name of the calls
 * above is put together once for all elements. */
static bool
make_all(const struct query *q, const struct described_call *c)
{
	const size_t before = q->lookup->n;
	struct described_values v;

	described_values_init(&v, q);
	if (c->each != -1)
		described_each_element(&v, c, make_element);
	else
		(void)make_with(&v, c, NULL, "", 1);
	described_values_free(&v);
	if (q->lookup->n > before)
		return true;
	(void)make_none(q, c);
	return false;
}

/* Makes all whose time has come, in the order of the file. */
static void
make_what_is_due(const struct query *q)
{
	const struct described *d = described_from(q);
	const uint64_t wanted = described_wanted(q);
	struct progress p[DESCRIBED_CALLS] = { 0 };
	uint64_t over = 0, found = 0, after;
	size_t i;

	look_back(q, p);
	for (i = 0; i < d->n_calls; i++) {
		after = needs(q, &d->calls[i]);
		if ((wanted & BIT(i)) && p[i].made == 0) {
			/* It waits, or is not made as something is missing. */
			if (after & ~over)
				continue;
			if (!(after & ~found) && make_all(q, &d->calls[i]))
				continue;
		}
		if (p[i].open > 0)
			continue;
		over |= BIT(i);
		/* A list of elements is something, whatever they answered. */
		if (p[i].found || (d->calls[i].each != -1 && p[i].items))
			found |= BIT(i);
	}
}

void
described_finish(const struct query *q, struct lookup *last)
{
	const struct described *d = described_from(q);
	struct progress p[DESCRIBED_CALLS] = { 0 };
	struct described_values v;
	uint64_t found = 0;
	const char *why;
	struct call *c;
	size_t i;

	if (q->observable == NULL || !described_askable(q->observable) ||
	    described_wrong_claim(q, &why) != NULL)
		return;
	look_back(q, p);
	for (i = 0; i < d->n_calls; i++)
		if (p[i].found)
			found |= BIT(i);
	described_values_init(&v, q);
	v.into = last;
	for (i = 0; i < d->n_calls; i++) {
		if (!d->calls[i].finally || !is_for(q, &d->calls[i]) ||
		    !(d->calls[i].routes & q->route) ||
		    (needs(q, &d->calls[i]) & ~found))
			continue;
		c = send_call(&v, &d->calls[i],
		    &d->calls[i].by[q->observable->type], (int)i);
		if (c != NULL)
			c->flags &= CALL_SIGNED | CALL_WITHOUT_VALUE;
	}
	described_values_free(&v);
}

/* Asks for the health: [health], or signing in. */
static void
request_health(const struct query *q)
{
	const struct described *d = described_from(q);
	struct described_values v;

	described_values_init(&v, q);
	if (d->health != NULL)
		(void)send_call(&v, d->health, &d->health->by[OBSERVABLE_TYPES],
		    STEP_HEALTH);
	else if (d->sign_in != NULL)
		(void)send_call(&v, d->sign_in,
		    &d->sign_in->by[OBSERVABLE_TYPES], STEP_SIGN_IN);
	described_values_free(&v);
}

void
described_sign_in(const struct query *q)
{
	const struct described *d = described_from(q);
	struct described_values v;

	described_values_init(&v, q);
	(void)send_call(
	    &v, d->sign_in, &d->sign_in->by[OBSERVABLE_TYPES], STEP_SIGN_IN);
	described_values_free(&v);
}

void
described_request(const struct query *q, const struct call *done)
{
	const struct described *d = described_from(q);
	const struct described_call *c;

	if (done == NULL && described_refused(q))
		return;
	if (q->observable == NULL) {
		if (done == NULL)
			request_health(q);
		return;
	}
	if (!described_askable(q->observable))
		return;
	if (done != NULL && done->problem == PROBLEM_NONE && done->step >= 0) {
		c = &d->calls[done->step];
		if (done->flags & CALL_AGAIN)
			follow_poll(q, c, done);
		else if (c->pages != NULL || c->next != NULL)
			follow_page(q, c, done);
	}
	make_what_is_due(q);
}
