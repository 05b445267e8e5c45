/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/rfc3339.h"
#include "cli/base/command.h"
#include "cli/terms/terms.h"
#include "cli/view/answers.h"
#include "json/jsonin.h"

#define KEY_MAX 4096 /* bytes of "TYPE:VALUE" */

struct json_object *
answers_docs(const struct answers *f, enum ctim_kind kind)
{
	return jsonin_member(
	    jsonin_member(f->data, ctim_kind_plural(kind)), "docs");
}

/* Writes "TYPE:VALUE", cut where it is longer than any that a relay takes;
 * returns its length. */
static size_t
answers_key_of(char key[KEY_MAX], const char *type, const char *value)
{
	size_t n = type == NULL ? 0 : strnlen(type, KEY_MAX / 2);
	size_t m = value == NULL ? 0 : strnlen(value, KEY_MAX / 2 - 1);

	memcpy(key, type == NULL ? "" : type, n);
	key[n++] = ':';
	memcpy(key + n, value == NULL ? "" : value, m);
	return n + m;
}

static size_t
key_of_observable(char key[KEY_MAX], struct json_object *observable)
{
	return answers_key_of(key, jsonin_string(observable, "type"),
	    jsonin_string(observable, "value"));
}

static void
answers_remember(struct set *set, struct json_object *observable)
{
	char key[KEY_MAX];

	(void)set_new(set, key, key_of_observable(key, observable));
}

int
answers_disposition(struct json_object *entity)
{
	const char *name = jsonin_string(entity, "disposition_name");
	int64_t n;

	if (jsonin_int(jsonin_member(entity, "disposition"), &n) &&
	    n >= CTIM_CLEAN && n <= CTIM_UNKNOWN)
		return (int)n;
	n = ctim_disposition(name == NULL ? "" : name);
	return n == -1 ? CTIM_UNKNOWN : (int)n;
}

/* Whether there is no verdict about the observable of a judgement. */
static bool
undecided(const struct answers *f, struct json_object *judgement)
{
	char key[KEY_MAX];

	return !set_has(&f->decided, key,
	    key_of_observable(key, jsonin_member(judgement, "observable")));
}

static void
index_judgement(struct answers *f, struct json_object *judgement)
{
	const char *id = jsonin_string(judgement, "id");

	answers_remember(&f->mentioned, jsonin_member(judgement, "observable"));
	if (id != NULL)
		(void)json_object_object_add_ex(f->judgements, id,
		    json_object_get(judgement), JSON_C_OBJECT_KEY_IS_CONSTANT);
	f->malicious += answers_disposition(judgement) == CTIM_MALICIOUS &&
	    undecided(f, judgement);
}

static void
index_verdict(struct answers *f, struct json_object *verdict)
{
	const char *id = jsonin_string(verdict, "judgement_id");

	answers_remember(&f->decided, jsonin_member(verdict, "observable"));
	if (id != NULL)
		(void)set_new(&f->based, id, strlen(id));
	f->malicious += answers_disposition(verdict) == CTIM_MALICIOUS;
}

static void
index_answer(struct answers *f)
{
	struct json_object *list = answers_docs(f, CTIM_VERDICT), *one;

	for (size_t i = 0; i < jsonin_length(list); i++)
		index_verdict(f, jsonin_at(list, i));
	list = answers_docs(f, CTIM_JUDGEMENT);
	for (size_t i = 0; i < jsonin_length(list); i++)
		index_judgement(f, jsonin_at(list, i));
	list = answers_docs(f, CTIM_SIGHTING);
	for (size_t i = 0; i < jsonin_length(list); i++) {
		one = jsonin_member(jsonin_at(list, i), "observables");
		for (size_t k = 0; k < jsonin_length(one); k++)
			answers_remember(&f->mentioned, jsonin_at(one, k));
	}
}

int
answers_init(struct answers *f, struct json_object *answer)
{
	*f = (struct answers){ .answer = answer,
		.data = jsonin_member(answer, "data"),
		.judgements = json_object_new_object() };
	if (f->judgements == NULL)
		return -1;
	index_answer(f);
	return 0;
}

void
answers_free(struct answers *f)
{
	json_object_put(f->judgements);
	set_free(&f->decided);
	set_free(&f->mentioned);
	set_free(&f->based);
}

static void
answers_tell(struct json_object *entity, struct json_object *judgement,
    void (*each)(void *, const struct finding *), void *arg)
{
	struct json_object *observable = jsonin_member(entity, "observable");
	const struct finding one = { jsonin_string(observable, "type"),
		jsonin_string(observable, "value"), entity, judgement,
		answers_disposition(entity), true, true };

	each(arg, &one);
}

bool
answers_told(const struct answers *f, struct json_object *judgement)
{
	const char *id = jsonin_string(judgement, "id");

	return undecided(f, judgement) ||
	    (id != NULL && set_has(&f->based, id, strlen(id)));
}

static void
tell_rest(const struct answers *f, const struct terms *asked, size_t from,
    size_t to, void (*each)(void *, const struct finding *), void *arg)
{
	struct finding one = { .disposition = CTIM_UNKNOWN,
		.whole =
		    jsonin_length(jsonin_member(f->answer, "errors")) == 0 };
	char key[KEY_MAX];
	size_t n;

	for (; from < to && from < asked->n; from++) {
		const struct term *about = &asked->list[from];

		one.type = observable_name(about->type);
		one.value = about->value;
		one.taken = observable_set_has(&asked->types, about->type);
		n = answers_key_of(key, one.type, one.value);
		if (!set_has(&f->decided, key, n) &&
		    !set_has(&f->mentioned, key, n))
			each(arg, &one);
	}
}

void
answers_each(const struct answers *f, const struct terms *asked, size_t from,
    size_t to, void (*each)(void *, const struct finding *), void *arg)
{
	struct json_object *list = answers_docs(f, CTIM_VERDICT), *one;
	const char *id;

	for (size_t i = 0; i < jsonin_length(list); i++) {
		one = jsonin_at(list, i);
		id = jsonin_string(one, "judgement_id");
		answers_tell(one,
		    id == NULL ? NULL : jsonin_member(f->judgements, id), each,
		    arg);
	}
	list = answers_docs(f, CTIM_JUDGEMENT);
	for (size_t i = 0; i < jsonin_length(list); i++) {
		one = jsonin_at(list, i);
		if (undecided(f, one))
			answers_tell(one, one, each, arg);
	}
	if (f->data != NULL)
		tell_rest(f, asked, from, to, each, arg);
}

const char *
answers_end(struct json_object *entity, int64_t *seconds)
{
	const char *end =
	    jsonin_string(jsonin_member(entity, "valid_time"), "end_time");

	*seconds = end == NULL ? -1 : rfc3339_parse(end);
	return end;
}

int
answers_status(const struct answers *f)
{
	const char *status = jsonin_string(f->data, "status");

	if (f->malicious > 0)
		return CMD_MALICIOUS;
	if (!json_object_is_type(f->data, json_type_object) &&
	    !json_object_is_type(f->data, json_type_array))
		return CMD_FAILED;
	if (status != NULL && strcmp(status, "failure") == 0)
		return CMD_FAILED;
	return jsonin_length(jsonin_member(f->answer, "errors")) > 0 ?
	    CMD_FAILED :
	    CMD_OK;
}
