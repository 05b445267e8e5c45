/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "answer/entity.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/set.h"
#include "base/utf8.h"
#include "complete/complete_own.h"
#include "json/jsoncanon.h"
#include "json/jsoncopy.h"
#include "json/jsonin.h"

/* Bytes of what a map wrote of one entity, which gets an id more. */
#define TEXT_MAX    (ANSWER_ENTITY - 4096)
#define CODE_MAX    100 /* code points of the code of a warning of a map's … */
#define MESSAGE_MAX 1000 /* … and of its message */

/* What was left out: how many, and of what kind and why the first was. */
struct left_out {
	size_t n;
	const char *kind;
	char why[COMPLETE_WHY];
};

/* One lookup. */
struct completion {
	struct answer *answer;
	const struct completion_of *of;
	struct buf text;      /* the entity at hand, behind "PROVIDER|KIND|" */
	size_t prefix;        /* bytes of that */
	struct set in;        /* ids, and verdicts, that are in the answer */
	struct set failed;    /* entities that are not, as the map wrote them */
	size_t n[CTIM_KINDS]; /* in the answer */
	struct left_out entities, members;
	bool starved; /* memory ran out */
};

/* --- what is left out ------------------------------------------------------ */

static void
leave_out(struct left_out *l, size_t n, const char *kind, const char *why)
{
	size_t len = strlen(why);

	if (l->n == 0) {
		l->kind = kind;
		len = len < sizeof(l->why) ? len : sizeof(l->why) - 1;
		memcpy(l->why, why, len);
		l->why[len] = '\0';
	}
	l->n += n;
}

/* An entity that fails counts once, however often the map wrote it. */
static void
leave_out_entity(struct completion *c, const char *kind,
    struct json_object *entity, const char *why)
{
	size_t len;
	const char *text = json_object_to_json_string_length(
	    entity, JSON_C_TO_STRING_PLAIN, &len);

	if (text == NULL)
		c->starved = true;
	else if (set_new(&c->failed, text, len))
		leave_out(&c->entities, 1, kind, why);
}

static void
tell_left_out(struct completion *c, const struct left_out *l, const char *one,
    const char *many, const char *after)
{
	const struct observable *o = c->of->observable;

	if (l->n > 0)
		answer_warning(c->answer, PROBLEM_UNKNOWN,
		    "%s: %zu %s left out (%s: %s%s) (%s %s)", c->of->title,
		    l->n, l->n == 1 ? one : many, l->kind, l->why, after,
		    observable_name(o->type), o->value);
}

static size_t
complete_end(struct completion *c)
{
	if (c->starved)
		entity_no_memory(c->answer, c->of->observable);
	tell_left_out(c, &c->entities, "entity was", "entities were", "");
	tell_left_out(
	    c, &c->members, "member was", "members were", " is none of CTIM's");
	buf_free(&c->text);
	set_free(&c->in);
	set_free(&c->failed);
	return c->entities.n + c->members.n;
}

static void
complete_begin(
    struct completion *c, struct answer *a, const struct completion_of *of)
{
	*c = (struct completion){ .answer = a, .of = of };
	buf_init(&c->text, TEXT_MAX);
}

/* --- one entity ------------------------------------------------------------ */

/* Writes an object by its form into c->text; false: it has failed, which is
 * noted. */
static bool
put_text(struct completion *c, struct writing *w, const struct form *form,
    const char *kind, struct json_object *object)
{
	bool whole;

	w->of = c->of;
	w->root = object;
	buf_reset(&c->text);
	(void)buf_addf(&c->text, "%s|%s|", c->of->provider, kind);
	c->prefix = c->text.len;
	jsonout_init(&w->json, &c->text);
	whole = complete_object(w, form, object);
	if (!whole)
		jsonout_starve(&w->json);
	if (jsonout_done(&w->json) == 0)
		return true;
	if (whole && c->text.starved)
		c->starved = true;
	else
		leave_out_entity(c, kind, object, whole ? "too large" : w->why);
	return false;
}

/* The id, of the text in c->text or of the member `key`; false as above. */
static bool
put_id(struct completion *c, enum ctim_kind kind, struct json_object *entity,
    char id[CTIM_ID_MAX])
{
	const struct observable *o = c->of->observable;
	struct json_object *key = jsonin_member(entity, "key");
	struct jsonout j;
	struct buf b;
	bool whole;

	if (key == NULL) {
		(void)ctim_id_of_bytes(id, kind, c->text.data, c->text.len);
		return true;
	}
	buf_init(&b, TEXT_MAX);
	(void)buf_add(&b, c->text.data, c->prefix);
	if (json_object_is_type(key, json_type_string)) {
		(void)buf_add(&b, json_object_get_string(key),
		    (size_t)json_object_get_string_len(key));
	} else {
		jsonout_init(&j, &b);
		jsoncanon_value(&j, key);
		if (jsonout_done(&j) == -1)
			b.failed = true;
	}
	if (kind != CTIM_INDICATOR)
		(void)buf_addf(
		    &b, "|%s|%s", observable_name(o->type), o->value);
	whole = !b.failed;
	if (whole)
		(void)ctim_id_of_bytes(id, kind, b.data, b.len);
	else if (b.starved)
		c->starved = true;
	else
		leave_out_entity(
		    c, ctim_kind_name(kind), entity, "key is too large");
	buf_free(&b);
	return whole;
}

/* Hands c->text over to the answer, without the member "type", which is there
 * already. */
static bool
put_entity(struct completion *c, const struct writing *w, enum ctim_kind kind,
    const char *id)
{
	const char *text = c->text.data + c->prefix;
	size_t len = c->text.len - c->prefix;
	struct jsonout *j = kind == CTIM_RELATIONSHIP ?
	    answer_link(c->answer, id) :
	    answer_entity(c->answer, kind, id);

	if (j == NULL)
		return false;
	/* {"a":1,"type":"x","z":2}: type is never the first. */
	jsonout_raw(j, text + 1, w->type_at - 1);
	if (text[w->type_end] == ',')
		jsonout_raw(j, text + w->type_end + 1, len - w->type_end - 2);
	answer_end(c->answer);
	return true;
}

/* Puts an entity into the answer, unless it is there.  ends: of its FORM_END
 * members; id: gets its own, "" for a verdict.  False: it is not there, as the
 * limit is reached or it has failed. */
static bool
put(struct completion *c, enum ctim_kind kind, struct json_object *entity,
    const char *const ends[2], char id[CTIM_ID_MAX])
{
	struct writing w = { .ends = { ends[0], ends[1] } };
	const char *name = ctim_kind_name(kind);
	bool verdict = kind == CTIM_VERDICT;
	const char *same;
	size_t len;

	id[0] = '\0';
	if (!put_text(c, &w, &form_entities[kind], name, entity) ||
	    (!verdict && !put_id(c, kind, entity, id)))
		return false;
	same = verdict ? c->text.data : id;
	len = verdict ? c->text.len : strlen(id);
	if (set_has(&c->in, same, len))
		return true;
	if (kind != CTIM_RELATIONSHIP && c->n[kind] >= (size_t)c->of->limit)
		return false;
	if (!put_entity(c, &w, kind, verdict ? NULL : id))
		return false;
	(void)set_new(&c->in, same, len);
	c->n[kind]++;
	if (w.unknown > 0)
		leave_out(&c->members, w.unknown, name, w.unknown_why);
	return true;
}

/* The kind of an entity that a map wrote; CTIM_KINDS for none. */
static enum ctim_kind
complete_kind(struct json_object *entity)
{
	const char *type = jsonin_string(entity, "type");
	size_t i;

	for (i = 0; type != NULL && i < CTIM_KINDS; i++)
		if (strcmp(ctim_kind_name((enum ctim_kind)i), type) == 0)
			return (enum ctim_kind)i;
	return CTIM_KINDS;
}

/* --- what entities name ---------------------------------------------------- */

/*
 * Puts the entity that a member of another one names, an object there, into the
 * answer, its id into id; or takes the id of one that is in the answer.  kinds:
 * bits of enum ctim_kind that it may be of.  wrong: why it is none, a constant;
 * NULL and false: it is one, and not in the answer.
 */
static bool
put_named(struct completion *c, struct json_object *value, unsigned kinds,
    char id[CTIM_ID_MAX], const char **wrong)
{
	static const char *const none[2] = { NULL, NULL };
	const char *text = jsonin_text(value);
	enum ctim_kind kind = complete_kind(value);
	size_t len;

	*wrong = NULL;
	if (text != NULL) {
		len = strlen(text);
		if (len < CTIM_ID_MAX && set_has(&c->in, text, len)) {
			memcpy(id, text, len + 1);
			return true;
		}
		*wrong = "is no entity of this answer";
		return false;
	}
	if (kind == CTIM_KINDS || (kinds & 1U << kind) == 0) {
		*wrong = "is no entity that it may name";
		return false;
	}
	return put(c, kind, value, none, id);
}

#define KINDS_WITH_ID \
	(1U << CTIM_SIGHTING | 1U << CTIM_INDICATOR | 1U << CTIM_JUDGEMENT)

/* A relationship goes with its ends. */
static void
put_relationship(struct completion *c, struct json_object *entity)
{
	static const char *const names[2] = { "source_ref", "target_ref" };
	char ids[2][CTIM_ID_MAX], own[CTIM_ID_MAX], why[COMPLETE_WHY];
	const char *ends[2] = { ids[0], ids[1] }, *wrong;
	struct json_object *value;
	bool both = true, told = false;
	struct buf b;
	size_t i;

	for (i = 0; i < 2; i++) {
		value = jsonin_member(entity, names[i]);
		buf_fixed(&b, why, sizeof(why));
		if (value == NULL) {
			wrong = names[i];
			(void)buf_addf(&b, "no %s", names[i]);
			both = false;
		} else {
			both = put_named(
				   c, value, KINDS_WITH_ID, ids[i], &wrong) &&
			    both;
			(void)buf_addf(
			    &b, "%s %s", names[i], wrong == NULL ? "" : wrong);
		}
		if (wrong != NULL && !told)
			leave_out_entity(c, "relationship", entity, why);
		told = told || wrong != NULL;
	}
	if (both)
		(void)put(c, CTIM_RELATIONSHIP, entity, ends, own);
}

/* A verdict stays without its judgement, where that is not in the answer. */
static void
put_verdict(struct completion *c, struct json_object *entity)
{
	struct json_object *value = jsonin_member(entity, "judgement_id");
	char id[CTIM_ID_MAX], none[CTIM_ID_MAX];
	const char *ends[2] = { NULL, NULL }, *wrong = NULL;

	if (c->of->route == PROVIDER_DELIBERATE)
		value = NULL;
	if (value != NULL &&
	    put_named(c, value, 1U << CTIM_JUDGEMENT, id, &wrong))
		ends[0] = id;
	if (wrong != NULL)
		leave_out(&c->members, 1, "verdict", "judgement_id");
	(void)put(c, CTIM_VERDICT, entity, ends, none);
}

/* --- all of them ----------------------------------------------------------- */

/* A warning of the map's own. */
static void
put_warning(struct completion *c, struct json_object *warning)
{
	const char *code = jsonin_string(warning, "code");
	const char *message = jsonin_string(warning, "message");
	struct buf b;
	size_t n;

	if (code == NULL || *code == '\0' || message == NULL ||
	    *message == '\0') {
		leave_out_entity(c, "warning", warning,
		    code == NULL || *code == '\0' ? "no code" : "no message");
		return;
	}
	/* Both, each ended by a NUL. */
	buf_init(&b, TEXT_MAX);
	(void)buf_add(&b, code, jsoncopy_cut(code, CODE_MAX));
	(void)buf_addc(&b, '\0');
	n = b.len;
	(void)buf_add(&b, message, jsoncopy_cut(message, MESSAGE_MAX));
	if (b.failed)
		c->starved = true;
	else
		answer_own_warning(c->answer, b.data, b.data + n);
	buf_free(&b);
}

/* Why a value without a type is none; of one that could not be read its reason is
 * with it (complete.h). */
static const char *
complete_no_type(struct json_object *value)
{
	const char *why = json_object_is_type(value, json_type_string) ?
	    json_object_get_userdata(value) :
	    NULL;

	return why == NULL ? "no type" : why;
}

static void
complete_one(struct completion *c, struct json_object *entity)
{
	static const char *const none[2] = { NULL, NULL };
	enum ctim_kind kind = complete_kind(entity);
	const char *type = jsonin_string(entity, "type");
	char id[CTIM_ID_MAX];

	if (type != NULL && strcmp(type, "warning") == 0) {
		put_warning(c, entity);
		return;
	}
	if (kind == CTIM_KINDS) {
		leave_out_entity(c, "entity", entity,
		    type == NULL ? complete_no_type(entity) :
				   "its type is none that a map may write");
		return;
	}
	if (c->of->route == PROVIDER_DELIBERATE && kind != CTIM_VERDICT)
		return;
	if (kind == CTIM_RELATIONSHIP)
		put_relationship(c, entity);
	else if (c->n[kind] >= (size_t)c->of->limit)
		return; /* no need to look at it */
	else if (kind == CTIM_VERDICT)
		put_verdict(c, entity);
	else
		(void)put(c, kind, entity, none, id);
}

size_t
complete_answer(struct answer *a, const struct completion_of *of,
    struct json_object *entities)
{
	struct completion c;
	size_t i, n = jsonin_length(entities);

	complete_begin(&c, a, of);
	for (i = 0; i < n && !c.starved; i++)
		complete_one(&c, jsonin_at(entities, i));
	return complete_end(&c);
}

/* --- references ------------------------------------------------------------ */

/* Whether a text is the URL of a page. */
static bool
refer_is_page(const char *url)
{
	return strncmp(url, "http://", 7) == 0 ||
	    strncmp(url, "https://", 8) == 0;
}

static void
refer_one(struct completion *c, struct json_object *reference)
{
	const char *url = jsonin_string(reference, "url");
	const char *id = jsonin_string(reference, "id");
	struct writing w = { .of = c->of };
	struct jsonout *j;

	if (!json_object_is_type(reference, json_type_object)) {
		leave_out_entity(c, "reference", reference, "it is no object");
		return;
	}
	if (url != NULL && !refer_is_page(url)) {
		leave_out_entity(
		    c, "reference", reference, "url is none of http or https");
		return;
	}
	if (!put_text(c, &w, &form_reference, "reference", reference))
		return;
	if (id == NULL) { /* it has a NUL */
		leave_out_entity(c, "reference", reference, "id is no text");
		return;
	}
	if (!set_new(&c->in, id, strlen(id)))
		return;
	j = answer_element(c->answer);
	jsonout_raw(
	    j, c->text.data + c->prefix + 1, c->text.len - c->prefix - 2);
	answer_end(c->answer);
	if (w.unknown > 0)
		leave_out(&c->members, w.unknown, "reference", w.unknown_why);
}

size_t
complete_refer(struct answer *a, const struct completion_of *of,
    struct json_object *references)
{
	struct completion c;
	size_t i, n = jsonin_length(references);

	complete_begin(&c, a, of);
	for (i = 0; i < n && !c.starved; i++)
		refer_one(&c, jsonin_at(references, i));
	return complete_end(&c);
}
