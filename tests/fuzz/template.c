/* SPDX-License-Identifier: MIT */
/*
 * Templates of described providers: the first byte is the place, the rest a
 * template, a line end, and the value that is put in.  And as paths.
 */
#include <string.h>

#include <json-c/json.h>

#include "ctim/observable.h"
#include "template/path.h"
#include "template/placeholders.h"
#include "json/jsonin.h"
#include "json/jsonscan.h"
#include "tests/fuzz/fuzz.h"

#define OUT_MAX (1U << 20)
/* All that a URL can have, % included. */
#define URL_CHARS                                                        \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" \
	"-._~:/?#[]@!$&'()*+,;=%"

static struct json_object *answer;

static enum placeholder_kind
find(const void *arg, const char *name, size_t len)
{
	(void)arg;
	(void)len;
	return *name == 'k' ? PLACEHOLDER_SECRET :
	    *name == 'c'    ? PLACEHOLDER_CLAIM :
	    *name == 'a'    ? PLACEHOLDER_CALL :
			      PLACEHOLDER_UNKNOWN;
}

static const char *
claim(const void *arg, const char *name)
{
	HOLDS(*name == 'k' || *name == 'c');
	return arg;
}

static struct json_object *
call(const void *arg, const char *name)
{
	(void)arg;
	HOLDS(*name == 'a');
	return answer;
}

/* Fills a template with a value. */
static enum placeholders_filled
put(const struct placeholders *t, const char *value, struct buf *out)
{
	const struct observable o = { .type = OBSERVABLE_URL, .value = value };
	const struct placeholders_values values = { .observable = &o,
		.limit = 100,
		.now = INT64_C(1700000000),
		.page = 1,
		.next = value,
		.item = answer,
		.claim = claim,
		.call = call,
		.arg = value };

	buf_reset(out);
	return placeholders_fill(t, &values, out);
}

/* What a text is made of, without its strings: names of members, too. */
static void
shape(struct json_object *value, struct buf *out)
{
	size_t i;

	buf_addi(out, json_object_get_type(value));
	for (i = 0; i < jsonin_length(value); i++)
		shape(jsonin_at(value, i), out);
	if (json_object_is_type(value, json_type_object)) {
		json_object_object_foreach(value, key, member)
		{
			(void)key;
			shape(member, out);
		}
	}
	buf_addc(out, '.');
}

/* The shape of a JSON text; false: it is none. */
static bool
shape_of(const struct buf *text, struct buf *out)
{
	const char *why;
	struct json_object *value =
	    jsonin_parse(text->data, text->len, JSON_REQUEST_VALUES, &why);

	buf_reset(out);
	shape(value, out);
	json_object_put(value);
	return why == NULL;
}

/* Where only strings are filled, JSON stays the JSON that it is. */
static void
look_at_json(const struct placeholders *t, const char *text, const char *value)
{
	struct buf out, before, after;

	buf_init(&out, OUT_MAX);
	buf_init(&before, OUT_MAX);
	buf_init(&after, OUT_MAX);
	if (strstr(text, "\\u") == NULL && put(t, "n", &out) == FILLED &&
	    shape_of(&out, &before) && put(t, value, &out) == FILLED) {
		HOLDS(shape_of(&out, &after));
		HOLDS(strcmp(before.data, after.data) == 0);
	}
	buf_free(&out);
	buf_free(&before);
	buf_free(&after);
}

static void
look_at(const struct placeholders *t, enum placeholders_place place,
    const char *text, const char *value)
{
	enum placeholders_filled r;
	const struct placeholder *p;
	struct buf out;
	size_t i;

	for (i = 0; i < placeholders_count(t); i++) {
		p = placeholders_at(t, i);
		HOLDS(text[p->at] == '{' && p->kind != PLACEHOLDER_UNKNOWN);
		HOLDS(p->n_pipes <= sizeof(p->pipes));
	}
	buf_init(&out, OUT_MAX);
	r = put(t, value, &out);
	HOLDS((r == FILL_MEMORY) == out.failed);
	if (place == PLACE_URL || place == PLACE_FORM)
		HOLDS(strspn(out.data, URL_CHARS) == out.len);
	if (place == PLACE_HEADER)
		HOLDS(strpbrk(out.data, "\r\n\x7f") == NULL);
	buf_free(&out);
	if (place == PLACE_JSON)
		look_at_json(t, text, value);
}

static void
look_at_path(const char *text)
{
	char why[128] = "";
	struct path *p = path_new(text, strlen(text), why, sizeof(why));
	struct json_object *found;

	HOLDS((p == NULL) == (*why != '\0'));
	if (p == NULL)
		return;
	found = path_find(p, answer);
	json_object_put(found);
	path_free(p);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct placeholders_scope scope = { .find = find,
		.allowed = ~0U };
	static const char json[] =
	    "{\"b\": [{\"c\": \"d\\\"e\"}, {\"c\": 1}, null], \"f\": true, "
	    "\"g h\": {\"i\": 1.5}, \"j\": \"\\n\"}";
	enum placeholders_place place;
	struct placeholders *t;
	char *text, *value, why[64] = "";

	if (size < 1)
		return 0;
	HOLDS((text = calloc(1, size)) != NULL);
	memcpy(text, data + 1, size - 1);
	if ((value = strchr(text, '\n')) == NULL)
		value = text + strlen(text);
	else
		*value++ = '\0';
	answer = jsonin_parse(json, sizeof(json) - 1, 100, NULL);
	HOLDS(answer != NULL);
	place = (enum placeholders_place)(data[0] % (PLACE_TEXT + 1));
	t = placeholders_new(text, place, &scope, why, sizeof(why));
	HOLDS((t == NULL) == (*why != '\0'));
	if (t != NULL)
		look_at(t, place, text, value);
	placeholders_free(t);
	look_at_path(text);
	json_object_put(answer);
	free(text);
	return 0;
}
