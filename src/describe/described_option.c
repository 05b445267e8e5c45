/* SPDX-License-Identifier: MIT */
/* What a [call NAME] has besides its URL and body. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "describe/described_reader.h"

static bool
names_kind(const struct placeholders *p, enum placeholder_kind kind)
{
	size_t i;

	for (i = 0; p != NULL && i < placeholders_count(p); i++)
		if (placeholders_at(p, i)->kind == kind)
			return true;
	return false;
}

/* Whether a placeholder of a kind is in what a call sends. */
static bool
call_names(const struct described_call *c, enum placeholder_kind kind)
{
	size_t i;

	for (i = 0; i <= OBSERVABLE_TYPES; i++)
		if (names_kind(c->by[i].url, kind) ||
		    names_kind(c->by[i].body, kind))
			return true;
	return names_kind(c->header.value, kind);
}

static void
call_types(struct reader *r, const struct description_part *part,
    struct described_call *c)
{
	const struct description_key *k = description_find(part, "types", NULL);
	bool types[OBSERVABLE_TYPES] = { false };
	size_t i;

	if (k != NULL) {
		reader_types(r, k, r->d->takes, types);
		for (i = 0; i < OBSERVABLE_TYPES; i++)
			if (!types[i])
				c->by[i] = (struct described_request){ 0 };
	}
	for (k = part->keys; k != NULL; k = k->next)
		if (k->suffix != NULL &&
		    !r->d->takes[observable_type(k->suffix)])
			ini_error(r->text, k->line,
			    "%s.%s: %s is not in the types of [provider]",
			    k->name, k->suffix, k->suffix);
}

static void
call_when(struct reader *r, const struct description_part *part,
    struct described_call *c)
{
	unsigned line;
	const char *value = reader_value(part, "when", &line);

	c->when = -1;
	if (value == NULL)
		return;
	c->when_not = strncmp(value, "not ", 4) == 0;
	if (c->when_not)
		value += 4;
	c->when = reader_claim(r, value, strlen(value));
	if (c->when == -1 || r->d->claims[c->when].kind != KIND_YESNO) {
		ini_error(r->text, line,
		    "when: %s is no claim that is yes or no", value);
		c->when = -1;
	}
}

static void
call_after(struct reader *r, const struct description_part *part,
    struct described_call *c)
{
	const struct description_key *k = description_find(part, "after", NULL);
	char *list = k == NULL ? NULL : reader_copy(r, k->value), *word;
	int call;

	while (list != NULL && (word = reader_word(&list)) != NULL) {
		if ((call = reader_call(r, word, strlen(word))) == -1)
			ini_error(r->text, k->line,
			    "after: %s is no call above this one", word);
		else
			c->after |= UINT64_C(1) << call;
	}
}

/* CALL.path */
static void
call_each(struct reader *r, const struct description_part *part,
    struct described_call *c)
{
	const struct description_key *k = description_find(part, "each", NULL);
	const struct description_key *newest =
	    description_find(part, "newest", NULL);
	const struct description_key *max = description_find(part, "max", NULL);
	size_t n;

	c->each = -1;
	if (newest != NULL && k == NULL)
		ini_error(r->text, newest->line, "newest: there is no each");
	if (max != NULL && k == NULL)
		ini_error(r->text, max->line, "max: there is no each");
	else if (max != NULL && strcmp(max->value, "{limit}") != 0)
		c->max = reader_number(r, part, "max", 1, DESCRIBED_MAX, 0);
	if (k == NULL)
		return;
	n = strcspn(k->value, ".[");
	if ((c->each = reader_call(r, k->value, n)) == -1) {
		ini_error(r->text, k->line,
		    "each: %.*s is no call above this one", (int)n, k->value);
		return;
	}
	c->after |= UINT64_C(1) << c->each;
	if (k->value[n] == '.')
		n++;
	c->each_path =
	    reader_path(r, k, k->value[n] == '\0' ? "." : k->value + n);
	if (newest != NULL)
		c->newest = reader_path(r, newest, newest->value);
}

static void
pages_paths(
    struct reader *r, const struct description_key *k, struct described_call *c)
{
	char *list = reader_copy(r, k->value), *word;
	size_t n = 0;

	c->pages = described_keep(
	    r->d, calloc(strlen(k->value) + 1, sizeof(struct path *)), free);
	while (c->pages != NULL && list != NULL &&
	    (word = reader_word(&list)) != NULL)
		if ((c->pages[n] = reader_path(r, k, word)) != NULL)
			n++;
}

static void
call_pages(struct reader *r, const struct description_part *part,
    struct described_call *c)
{
	const struct description_key *pages =
	    description_find(part, "pages", NULL);
	const struct description_key *next =
	    description_find(part, "next", NULL);
	const struct description_key *max =
	    description_find(part, "max_pages", NULL);
	size_t i;

	c->max_pages = c->max_pages_claim = -1;
	if (pages != NULL && next != NULL)
		ini_error(r->text, next->line, "next: not together with pages");
	if (pages != NULL) {
		pages_paths(r, pages, c);
		if (!call_names(c, PLACEHOLDER_PAGE))
			ini_error(r->text, pages->line,
			    "pages: no {page} is in the call");
	}
	if (next != NULL)
		c->next = reader_path(r, next, next->value);
	for (i = 0; i < OBSERVABLE_TYPES; i++)
		c->by[i].takes_next =
		    names_kind(c->by[i].url, PLACEHOLDER_NEXT) ||
		    names_kind(c->by[i].body, PLACEHOLDER_NEXT) ||
		    names_kind(c->header.value, PLACEHOLDER_NEXT);
	if (max == NULL)
		return;
	if (pages == NULL && next == NULL)
		ini_error(r->text, max->line,
		    "max_pages: there is neither pages nor next");
	if (max->value[0] != '{') {
		c->max_pages =
		    reader_number(r, part, "max_pages", 0, DESCRIBED_PAGES, -1);
		return;
	}
	c->max_pages_claim =
	    reader_claim(r, max->value + 1, strcspn(max->value + 1, "}"));
	if (c->max_pages_claim == -1 ||
	    r->d->claims[c->max_pages_claim].kind != KIND_NUMBER) {
		ini_error(r->text, max->line,
		    "max_pages: %s is no claim that is a number", max->value);
		c->max_pages_claim = -1;
	}
}

/* Notes that {entries} stands in a place, where it does. */
static void
entries_in(const struct placeholders *p, enum placeholders_place place,
    unsigned *places)
{
	size_t i;

	for (i = 0; p != NULL && i < placeholders_count(p); i++)
		if (placeholders_at(p, i)->kind == PLACEHOLDER_ENTRIES)
			*places |= 1U << (place == PLACE_JSON &&
					       placeholders_at(p, i)->inside ?
					   PLACE_STRING :
					   place);
}

/* The places of {entries}; a header has them as a URL does. */
static unsigned
entries_places(const struct described_call *c)
{
	unsigned places = 0;
	size_t i;

	for (i = 0; i < OBSERVABLE_TYPES; i++) {
		entries_in(c->by[i].url, PLACE_URL, &places);
		entries_in(c->by[i].body,
		    c->by[i].json ? PLACE_JSON : PLACE_URL, &places);
	}
	entries_in(c->header.value, PLACE_URL, &places);
	return places;
}

/* Reads the entry for the one place where {entries} stands. */
static void
batch_entry(struct reader *r, const struct description_key *entry,
    enum placeholders_place place, struct described_call *c)
{
	char *text = reader_text(r, entry, ".txt", DESCRIPTION_TEXT);
	const bool string = place == PLACE_STRING;
	struct json_object *value = NULL;

	if (text != NULL)
		c->entry =
		    reader_template(r, entry->line, text, place, MAY_VALUE);
	if (c->entry != NULL && place != PLACE_URL) {
		value = reader_json(
		    text, c->entry, string ? "\"" : "[", string ? "\"" : "]");
		if (value == NULL)
			ini_error(r->text, entry->line,
			    "entry: no JSON once values are put in");
	}
	json_object_put(value);
	free(text);
}

static void
call_batch(struct reader *r, const struct description_part *part,
    struct described_call *c)
{
	const struct description_key *batch =
	    description_find(part, "batch", NULL);
	const struct description_key *entry =
	    description_find(part, "entry", NULL);
	const unsigned places = entries_places(c);

	if (batch == NULL) {
		if (entry != NULL)
			ini_error(
			    r->text, entry->line, "entry: there is no batch");
		return;
	}
	c->batch = reader_number(r, part, "batch", 2, 1000, 0);
	if (c->each != -1 || c->pages != NULL || c->next != NULL)
		ini_error(r->text, batch->line,
		    "batch: not together with each, pages or next");
	if (places == 0)
		ini_error(
		    r->text, batch->line, "batch: no {entries} is in the call");
	/* They are escaped for one place. */
	if ((places & 1U << PLACE_URL) && places != 1U << PLACE_URL)
		ini_error(r->text, batch->line,
		    "batch: {entries} stands in JSON and elsewhere, too");
	else if (places == (1U << PLACE_JSON | 1U << PLACE_STRING))
		ini_error(r->text, batch->line,
		    "batch: {entries} stands in a string of JSON and outside "
		    "of one, too");
	if (entry == NULL)
		ini_error(r->text, batch->line, "batch: entry is wanted, too");
	else
		batch_entry(r, entry,
		    places & 1U << PLACE_STRING   ? PLACE_STRING :
			places & 1U << PLACE_JSON ? PLACE_JSON :
						    PLACE_URL,
		    c);
}

void
reader_nothing(struct reader *r, const struct description_part *part,
    struct described_call *c)
{
	const struct description_key *k =
	    description_find(part, "nothing", NULL);
	char *list = k == NULL ? NULL : reader_copy(r, k->value), *word;
	size_t n = 0;

	while (list != NULL && (word = reader_word(&list)) != NULL) {
		if (strlen(word) != 3 || strspn(word, "0123456789") != 3 ||
		    word[0] < '2' || word[0] > '5')
			ini_error(r->text, k->line,
			    "nothing: %s is no status from 200 to 599", word);
		else if (n < DESCRIBED_STATUS - 1)
			c->nothing[n++] = (int)strtol(word, NULL, 10);
	}
}

static void
call_cache(struct reader *r, const struct description_part *part,
    struct described_call *c)
{
	const char *value = reader_value(part, "cache", NULL);

	c->cache = -1;
	if (value != NULL)
		c->cache = strcmp(value, "no") == 0 ?
		    0 :
		    reader_number(r, part, "cache", 1, 31536000, -1);
}

/* PATH VALUE…: the path, and the values in *values. */
static struct path *
path_values(struct reader *r, const struct description_part *part,
    const char *name, char ***values)
{
	const struct description_key *k = description_find(part, name, NULL);
	char *list = k == NULL ? NULL : reader_copy(r, k->value), *path, *word;
	size_t n = 0;

	if (list == NULL)
		return NULL;
	*values = described_keep(
	    r->d, calloc(strlen(k->value) + 1, sizeof(char *)), free);
	path = reader_word(&list);
	while (*values != NULL && (word = reader_word(&list)) != NULL)
		(*values)[n++] = word;
	if (n == 0)
		ini_error(r->text, k->line,
		    "%s: a path and the values that it may have are wanted",
		    name);
	return path == NULL ? NULL : reader_path(r, k, path);
}

static void
call_until(struct reader *r, const struct description_part *part,
    struct described_call *c)
{
	static const char *const needs[] = { "fail", "every", "within" };
	const struct description_key *k;
	size_t i;

	c->until = path_values(r, part, "until", &c->until_values);
	c->fail = path_values(r, part, "fail", &c->fail_values);
	c->every = reader_number(r, part, "every", 1, 60, 2);
	c->within = reader_number(r, part, "within", 1, 3600, 0);
	if (c->until == NULL)
		for (i = 0; i < 3; i++)
			if ((k = description_find(part, needs[i], NULL)) !=
			    NULL)
				ini_error(r->text, k->line,
				    "%s: there is no until", needs[i]);
	if ((k = description_find(part, "until", NULL)) != NULL &&
	    (c->pages != NULL || c->next != NULL || c->shared || c->batch > 0))
		ini_error(r->text, k->line,
		    "until: not together with pages, next, shared or batch");
}

/* Made at the end: nothing comes of it, so it is one call. */
static void
call_finally(struct reader *r, const struct description_part *part,
    struct described_call *c)
{
	const struct description_key *k =
	    description_find(part, "finally", NULL);
	size_t i;

	c->finally = reader_yes(r, part, "finally", false);
	if (c->finally &&
	    (c->each != -1 || c->pages != NULL || c->next != NULL ||
		c->batch > 0 || c->until != NULL))
		ini_error(r->text, k->line,
		    "finally: not together with each, pages, next, batch or "
		    "until");
	for (i = 0; i < OBSERVABLE_TYPES && !c->finally; i++)
		if (c->by[i].method != NULL && c->by[i].method[0] == 'D') {
			ini_error(r->text, part->line,
			    "delete: only with finally = yes");
			break;
		}
}

/* The calls that one needs for some type. */
static uint64_t
after_of_any(const struct described_call *c)
{
	uint64_t after = 0;
	int i;

	for (i = 0; i < OBSERVABLE_TYPES; i++)
		after |= described_after(c, (enum observable_type)i);
	return after;
}

/* What a call made at the end deletes is no answer for another request: the calls
 * that it needs, and all that need these, are not kept. */
void
reader_not_kept(struct reader *r)
{
	const struct description_part *part = NULL;
	const struct description_key *k;
	struct described *d = r->d;
	uint64_t ends = 0;
	size_t i;

	for (i = 0; i < d->n_calls; i++)
		if (d->calls[i].finally)
			ends |= after_of_any(&d->calls[i]);
	/* What a call needs stands above it. */
	for (i = 0; i < d->n_calls; i++)
		if (after_of_any(&d->calls[i]) & ends)
			ends |= UINT64_C(1) << i;
	for (i = 0; i < d->n_calls &&
	     (part = description_part(r->text, SECTION_CALL, part)) != NULL;
	     i++) {
		if (!(ends & UINT64_C(1) << i))
			continue;
		k = description_find(part, "cache", NULL);
		if (k != NULL && d->calls[i].cache > 0)
			ini_error(r->text, k->line,
			    "cache: a call with finally ends what [call %s] "
			    "is about; only no is possible",
			    part->name);
		d->calls[i].cache = 0;
	}
}

/* A value may be known by what is sent, by an answer before too. */
static bool
is_valued(const struct described_call *c)
{
	return call_names(c, PLACEHOLDER_VALUE) ||
	    call_names(c, PLACEHOLDER_ITEM) ||
	    call_names(c, PLACEHOLDER_CALL) ||
	    call_names(c, PLACEHOLDER_NEXT) ||
	    call_names(c, PLACEHOLDER_ENTRIES);
}

static void
call_routes(struct reader *r, const struct description_part *part,
    struct described_call *c)
{
	const struct description_key *k =
	    description_find(part, "routes", NULL);
	const unsigned all = r->d->provider.routes;

	c->routes = k == NULL ? all & ~(unsigned)PROVIDER_REFER :
				reader_routes(r, k, all);
}

void
reader_options(struct reader *r, const struct description_part *part,
    struct described_call *c)
{
	call_types(r, part, c);
	call_routes(r, part, c);
	call_when(r, part, c);
	call_after(r, part, c);
	call_each(r, part, c);
	call_pages(r, part, c);
	call_batch(r, part, c);
	call_cache(r, part, c);
	c->optional = reader_yes(r, part, "optional", false);
	c->shared = reader_yes(r, part, "shared", false);
	call_until(r, part, c);
	call_finally(r, part, c);
	c->valued = is_valued(c);
}
