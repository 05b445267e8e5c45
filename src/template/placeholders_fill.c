/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <json-c/json.h>
#include <openssl/crypto.h>

#include "base/percent.h"
#include "base/rfc3339.h"
#include "ctim/observable.h"
#include "template/path.h"
#include "template/placeholders_own.h"
#include "http/http.h"
#include "json/jsonin.h"
#include "json/jsonout.h"
#include "json/jsonscan.h"
#include "words/typetitle.h"

#define VALUE_MAX 1048576 /* bytes of a value behind a pipe */

/* One placeholder that is filled. */
struct filling {
	const struct placeholders_part *part;
	const struct placeholders_values *values;
	enum placeholders_place place;
	struct buf *out;
};

/* What a buffer says after additions. */
static enum placeholders_filled
fill_state(const struct buf *b)
{
	return b->failed ? FILL_MEMORY : FILLED;
}

static enum placeholders_filled
fill_starved(struct filling *f)
{
	f->out->failed = f->out->starved = true;
	return FILL_MEMORY;
}

/* Within a string of JSON: what the writer makes of it, without its quotation
 * marks. */
static enum placeholders_filled
fill_json_string(struct filling *f, const char *value)
{
	struct jsonout j;
	struct buf text;

	buf_init(&text, f->out->max);
	jsonout_init(&j, &text);
	jsonout_string(&j, value);
	if (jsonout_done(&j) == 0)
		buf_add(f->out, text.data + 1, text.len - 2);
	else if (text.starved)
		(void)fill_starved(f);
	else
		f->out->failed = true;
	OPENSSL_cleanse(text.data, text.cap);
	buf_free(&text);
	return fill_state(f->out);
}

/* Elsewhere in JSON, where anything else could become something that the template
 * does not say. */
static enum placeholders_filled
fill_json_bare(struct filling *f, const char *value)
{
	static const struct {
		const char *word, *json;
	} words[] = { { "yes", "true" }, { "true", "true" }, { "no", "false" },
		{ "false", "false" } };
	struct json_object *number;
	const char *why;
	bool good;
	size_t i;

	for (i = 0; i < sizeof(words) / sizeof(*words); i++)
		if (strcasecmp(value, words[i].word) == 0) {
			buf_adds(f->out, words[i].json);
			return fill_state(f->out);
		}
	/* A claim may be written with zeros in front, which JSON does not have. */
	if (f->part->hole.kind == PLACEHOLDER_CLAIM &&
	    value[strspn(value, "0123456789")] == '\0')
		while (value[0] == '0' && value[1] != '\0')
			value++;
	number = jsonin_parse(value, strlen(value), 1, &why);
	if (number == NULL && why == jsonscan_no_memory)
		return fill_starved(f);
	good = json_object_is_type(number, json_type_int) ||
	    json_object_is_type(number, json_type_double);
	json_object_put(number);
	if (!good)
		return FILL_WRONG;
	buf_adds(f->out, value);
	return fill_state(f->out);
}

static enum placeholders_filled
fill_escaped(struct filling *f, const char *value)
{
	switch (f->place) {
	case PLACE_URL:
	case PLACE_FORM:
		percent_add(f->out, value, "");
		break;
	case PLACE_JSON:
	case PLACE_STRING:
		return f->part->hole.inside ? fill_json_string(f, value) :
					      fill_json_bare(f, value);
	case PLACE_HEADER:
		if (!http_header_safe(value))
			return FILL_WRONG;
		buf_adds(f->out, value);
		break;
	case PLACE_TEXT:
		buf_adds(f->out, value);
		break;
	}
	return fill_state(f->out);
}

/* Puts a text in, through the pipes. */
static enum placeholders_filled
fill_text(struct filling *f, const char *value)
{
	const struct placeholder *p = &f->part->hole;
	enum placeholders_filled r = FILLED;
	struct buf piped[2];
	size_t i;

	buf_init(&piped[0], VALUE_MAX);
	buf_init(&piped[1], VALUE_MAX);
	for (i = 0; i < p->n_pipes && r == FILLED; i++) {
		buf_reset(&piped[i % 2]);
		r = placeholders_pipe_put(p->pipes[i], value, &piped[i % 2]);
		value = piped[i % 2].data;
		if (piped[i % 2].failed)
			r = piped[i % 2].starved ? fill_starved(f) : FILL_WRONG;
	}
	if (r == FILLED)
		r = fill_escaped(f, value);
	/* It may have been a secret. */
	for (i = 0; i < 2; i++) {
		OPENSSL_cleanse(piped[i].data, piped[i].cap);
		buf_free(&piped[i]);
	}
	return r;
}

static enum placeholders_filled
fill_number(struct filling *f, int64_t n)
{
	char text[24];
	struct buf b;

	buf_fixed(&b, text, sizeof(text));
	buf_addi(&b, n);
	return fill_text(f, text);
}

/* A value of an answer that is not null. */
static enum placeholders_filled
fill_scalar(struct filling *f, struct json_object *value)
{
	const char *text = NULL;

	switch (json_object_get_type(value)) {
	case json_type_string:
		text = jsonin_text(value);
		break;
	case json_type_boolean:
		text = json_object_get_boolean(value) ? "true" : "false";
		break;
	case json_type_int:
	case json_type_double:
		/* As the answer has it. */
		if ((text = json_object_get_string(value)) == NULL)
			return fill_starved(f);
		break;
	case json_type_null:
	case json_type_array:
	case json_type_object:
		break;
	}
	return text == NULL ? FILL_WRONG : fill_text(f, text);
}

static enum placeholders_filled
fill_list(struct filling *f, struct json_object *list)
{
	enum placeholders_filled r = FILL_MISSING;
	struct json_object *value;
	size_t i, n = jsonin_length(list);

	for (i = 0; i < n; i++) {
		if ((value = jsonin_at(list, i)) == NULL)
			continue;
		if (r == FILLED)
			buf_addc(f->out, ',');
		if ((r = fill_scalar(f, value)) != FILLED)
			break;
	}
	return r;
}

/* What a path finds in an answer; path NULL: all of it. */
static enum placeholders_filled
fill_found(struct filling *f, const struct path *path, struct json_object *in)
{
	enum placeholders_filled r;
	struct json_object *value;

	errno = 0;
	value = path == NULL ? json_object_get(in) : path_find(path, in);
	if (value == NULL)
		return errno == ENOMEM ? fill_starved(f) : FILL_MISSING;
	r = json_object_is_type(value, json_type_array) ? fill_list(f, value) :
							  fill_scalar(f, value);
	json_object_put(value);
	return r;
}

static enum placeholders_filled
fill_ago(struct filling *f)
{
	const struct placeholder *p = &f->part->hole;
	int64_t then = f->values->now - p->number;
	char text[RFC3339_MAX];

	if (then < 0)
		then = 0;
	switch (p->ago) {
	case AGO_MS:
		return fill_number(f, then * 1000);
	case AGO_ISO:
		rfc3339_text(text, then);
		return fill_text(f, text);
	case AGO_SECONDS:
		break;
	}
	return fill_number(f, then);
}

static enum placeholders_filled
fill_type_name(struct filling *f)
{
	char room[64];
	struct buf title;

	buf_fixed(&title, room, sizeof(room));
	typetitle_add(&title, observable_name(f->values->observable->type));
	return fill_text(f, title.data);
}

static enum placeholders_filled
fill_observable(struct filling *f)
{
	const struct observable *o = f->values->observable;

	if (o == NULL)
		return FILL_MISSING;
	if (f->part->hole.kind == PLACEHOLDER_VALUE)
		return fill_text(f, o->value);
	if (f->part->hole.kind == PLACEHOLDER_TYPE)
		return fill_text(f, observable_name(o->type));
	return fill_type_name(f);
}

static enum placeholders_filled
fill_optional(struct filling *f, const char *text)
{
	return fill_text(f, text == NULL ? "" : text);
}

static enum placeholders_filled
fill_hole(struct filling *f)
{
	const struct placeholders_values *v = f->values;
	const struct placeholder *p = &f->part->hole;

	switch (p->kind) {
	case PLACEHOLDER_VALUE:
	case PLACEHOLDER_TYPE:
	case PLACEHOLDER_TYPE_NAME:
		return fill_observable(f);
	case PLACEHOLDER_LIMIT:
		return fill_number(f, v->limit + p->number);
	case PLACEHOLDER_PAGE:
		return fill_number(f, v->page);
	case PLACEHOLDER_NEXT:
		return fill_optional(f, v->next);
	case PLACEHOLDER_ITEM:
		return fill_found(f, p->path, v->item);
	case PLACEHOLDER_ENTRIES:
		if (v->entries != NULL)
			buf_adds(f->out, v->entries);
		return fill_state(f->out);
	case PLACEHOLDER_AGO:
		return fill_ago(f);
	case PLACEHOLDER_CLAIM:
	case PLACEHOLDER_SECRET:
		return fill_optional(f, v->claim(v->arg, p->name));
	case PLACEHOLDER_CALL:
		return fill_found(f, p->path, v->call(v->arg, p->name));
	case PLACEHOLDER_UNKNOWN:
		break;
	}
	return FILL_WRONG;
}

enum placeholders_filled
placeholders_fill(const struct placeholders *t,
    const struct placeholders_values *values, struct buf *b)
{
	struct filling f = { .values = values, .place = t->place, .out = b };
	enum placeholders_filled r;
	size_t i, at = 0;

	for (i = 0; i < t->n; i++) {
		f.part = &t->parts[i];
		buf_add(b, t->text.data + at, f.part->end - at);
		at = f.part->end;
		if ((r = fill_hole(&f)) == FILLED)
			continue;
		if (r == FILL_WRONG && values->wrong != NULL)
			*values->wrong = &f.part->hole;
		return r;
	}
	buf_add(b, t->text.data + at, t->text.len - at);
	return fill_state(b);
}
