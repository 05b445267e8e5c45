/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "answer/markdown.h"
#include "base/buf.h"
#include "base/utf8.h"
#include "complete/complete_own.h"
#include "json/jsoncanon.h"
#include "json/jsonin.h"

#define HTML_MAX  (1U << 20) /* bytes of Markdown that are made of a text */
#define SHOWN_MAX 40         /* code points of a wrong text in a reason */

/* --- reasons --------------------------------------------------------------- */

/* Adds "a.b." of the members that are being written. */
static void
add_path(struct buf *b, const struct writing *w)
{
	unsigned i;

	for (i = 0; i < w->depth; i++)
		(void)buf_addf(b, "%s.", w->path[i]);
}

bool
complete_missing(struct writing *w, const char *name)
{
	struct buf b;

	buf_fixed(&b, w->why, sizeof(w->why));
	(void)buf_adds(&b, "no ");
	add_path(&b, w);
	(void)buf_adds(&b, name);
	return false;
}

bool
complete_wrong(struct writing *w, const char *name, const char *what)
{
	struct buf b;

	buf_fixed(&b, w->why, sizeof(w->why));
	add_path(&b, w);
	(void)buf_addf(&b, "%s %s", name, what);
	return false;
}

bool
complete_wrong_text(
    struct writing *w, const char *name, const char *text, const char *what)
{
	char shown[SHOWN_MAX * 4 + 1], said[COMPLETE_WHY];
	size_t n = text == NULL ? 0 : utf8_cut(text, SHOWN_MAX);

	if (n == 0 || n >= sizeof(shown) || !utf8_valid(text, n))
		return complete_wrong(w, name, what);
	memcpy(shown, text, n);
	(void)snprintf(
	    said, sizeof(said), "\"%s\" %s", utf8_line(shown, n), what);
	return complete_wrong(w, name, said);
}

void
complete_unknown(struct writing *w, const char *name)
{
	char shown[SHOWN_MAX * 4 + 1] = "";
	size_t n = utf8_cut(name, SHOWN_MAX);
	struct buf b;

	if (w->unknown++ > 0)
		return;
	if (n < sizeof(shown) && utf8_valid(name, n))
		memcpy(shown, name, n);
	buf_fixed(&b, w->unknown_why, sizeof(w->unknown_why));
	add_path(&b, w);
	(void)buf_addf(&b, "%s", utf8_line(shown, strlen(shown)));
}

/* --- values ---------------------------------------------------------------- */

/* Bytes of the first max code points (0: all) of n bytes; one that is no UTF-8
 * counts as one. */
static size_t
text_cut(const char *s, size_t n, size_t max)
{
	size_t i = 0, step;

	if (max == 0 || n <= max)
		return n;
	for (; max > 0 && i < n; max--) {
		step = utf8_length((const unsigned char *)s + i, n - i);
		i += step == 0 ? 1 : step;
	}
	return i;
}

/* Of {"html": "…"} the text, else NULL. */
static struct json_object *
html_of(struct json_object *value)
{
	struct json_object *html = jsonin_member(value, "html");

	return json_object_is_type(html, json_type_string) &&
		json_object_object_length(value) == 1 ?
	    html :
	    NULL;
}

bool
complete_text(struct writing *w, struct json_object *value, size_t max)
{
	struct json_object *html = html_of(value);
	const char *s;
	struct buf b;
	size_t n;

	if (html == NULL && !json_object_is_type(value, json_type_string))
		return false;
	if (html != NULL)
		value = html;
	s = json_object_get_string(value);
	n = (size_t)json_object_get_string_len(value);
	if (html == NULL) {
		jsonout_bytes(&w->json, s, text_cut(s, n, max));
		return true;
	}
	buf_init(&b, HTML_MAX);
	markdown_add(&b, s, n);
	if (b.starved)
		jsonout_starve(&w->json);
	jsonout_bytes(&w->json, b.data, text_cut(b.data, b.len, max));
	buf_free(&b);
	return true;
}

static bool
value_word(
    struct writing *w, const struct form_member *m, struct json_object *value)
{
	const char *text = jsonin_text(value);
	const char *const *word;

	if (text == NULL)
		return complete_wrong(w, m->name, "is no text");
	for (word = m->words; *word != NULL; word++)
		if (strcmp(*word, text) == 0) {
			jsonout_string(&w->json, text);
			return true;
		}
	return complete_wrong_text(w, m->name, text, "is none of CTIM's");
}

/* A name of a kill chain, or of a phase of the one in `chain`. */
static bool
value_term(struct writing *w, const struct form_member *m, const char *chain,
    struct json_object *value)
{
	static const char term[] = "0123456789abcdefghijklmnopqrstuvwxyz_-";
	const char *text = jsonin_text(value);
	const char *const *phase = form_known_phases;

	if (text == NULL)
		return complete_wrong(w, m->name, "is no text");
	if (*text == '\0' || text[strspn(text, term)] != '\0' ||
	    strlen(text) > CTIM_SHORT)
		return complete_wrong_text(w, m->name, text,
		    "is not of small letters, digits, - and _");
	if (chain != NULL && strcmp(chain, form_known_chain) == 0) {
		while (*phase != NULL && strcmp(*phase, text) != 0)
			phase++;
		if (*phase == NULL)
			return complete_wrong_text(
			    w, m->name, text, "is none of CTIM's");
	}
	jsonout_string(&w->json, text);
	return true;
}

static bool
is_observable_type(const char *name)
{
	return observable_type(name) != OBSERVABLE_UNKNOWN;
}

/* A text that a function takes. */
static bool
value_checked(struct writing *w, const struct form_member *m,
    bool (*is)(const char *), const char *what, struct json_object *value)
{
	const char *text = jsonin_text(value);

	if (text == NULL)
		return complete_wrong(w, m->name, what);
	if (!is(text) || !utf8_valid(text, strlen(text)))
		return complete_wrong_text(w, m->name, text, what);
	jsonout_string(&w->json, text);
	return true;
}

static bool
value_integer(
    struct writing *w, const struct form_member *m, struct json_object *value)
{
	int64_t n;

	if (!jsonin_int(value, &n))
		return complete_wrong(w, m->name, "is no integer");
	if (m->kind == FORM_COUNT && n < 0)
		return complete_wrong(w, m->name, "is below 0");
	jsonout_int(&w->json, n);
	return true;
}

/* The disposition that an object names in one or both of its members; 0 with the
 * reason. */
static int
disposition_of(struct writing *w, struct json_object *beside)
{
	static const char *const names[2] = { "disposition",
		"disposition_name" };
	struct json_object *number = jsonin_member(beside, names[0]);
	struct json_object *name = jsonin_member(beside, names[1]);
	struct json_object *said[2] = { number, name };
	int64_t found[2] = { 0, 0 };
	const char *text;
	size_t i;

	for (i = 0; i < 2; i++) {
		if (said[i] == NULL)
			continue;
		text = jsonin_text(said[i]);
		if (text != NULL)
			found[i] = ctim_disposition(text);
		else if (i > 0 || !jsonin_int(said[i], &found[i]))
			found[i] = 0;
		/* Its name is compared without case; CTIM's is not. */
		if (found[i] < CTIM_CLEAN || found[i] > CTIM_UNKNOWN ||
		    (text != NULL &&
			strcmp(text, ctim_disposition_name((int)found[i])) !=
			    0)) {
			(void)complete_wrong_text(
			    w, names[i], text, "is none of CTIM's");
			return 0;
		}
	}
	if (number != NULL && name != NULL && found[0] != found[1]) {
		(void)complete_wrong(
		    w, "disposition", "is not that of disposition_name");
		return 0;
	}
	if (number == NULL && name == NULL)
		(void)complete_missing(w, "disposition");
	return (int)(number != NULL ? found[0] : found[1]);
}

static bool
value_disposition(
    struct writing *w, const struct form_member *m, struct json_object *beside)
{
	int disposition = disposition_of(w, beside);

	if (disposition == 0)
		return false;
	if (m->kind == FORM_DISPOSITION)
		jsonout_int(&w->json, disposition);
	else
		jsonout_string(&w->json, ctim_disposition_name(disposition));
	return true;
}

/* An object by its form, under the name of its member. */
static bool
value_object(struct writing *w, const struct form_member *m,
    const struct form *form, struct json_object *value)
{
	bool done;

	if (!json_object_is_type(value, json_type_object))
		return complete_wrong(w, m->name, "is no object");
	if (w->depth == COMPLETE_DEPTH)
		return complete_wrong(w, m->name, "is too deep");
	w->path[w->depth++] = m->name;
	done = complete_object(w, form, value);
	w->depth--;
	return done;
}

static bool
value_specification(
    struct writing *w, const struct form_member *m, struct json_object *value)
{
	const char *type = jsonin_string(value, "type");
	const struct form *form = form_specifications;

	while (type != NULL && form->members != NULL &&
	    strcmp(form->type, type) != 0)
		form++;
	if (type == NULL || form->members == NULL)
		return complete_wrong(w, m->name, "has no type of CTIM's");
	return value_object(w, m, form, value);
}

static bool
value_time(
    struct writing *w, const struct form_member *m, struct json_object *value)
{
	char text[RFC3339_MAX];

	if (!complete_time(value, false, text))
		return complete_wrong(w, m->name, "is no time");
	jsonout_string(&w->json, text);
	return true;
}

bool
complete_value(struct writing *w, const struct form_member *m,
    struct json_object *beside, struct json_object *value)
{
	switch (m->kind) {
	case FORM_TEXT:
	case FORM_VALUE:
		return complete_text(w, value, m->max) ||
		    complete_wrong(w, m->name, "is no text");
	case FORM_WORD:
		return value_word(w, m, value);
	case FORM_TERM:
		return value_term(w, m, NULL, value);
	case FORM_PHASE:
		return value_term(
		    w, m, jsonin_string(beside, "kill_chain_name"), value);
	case FORM_OBSERVABLE:
		return value_checked(
		    w, m, is_observable_type, "is none of CTIM's", value);
	case FORM_URI:
		return value_checked(w, m, ctim_is_uri, "is no URI", value);
	case FORM_ID:
		return value_checked(
		    w, m, ctim_is_ref, "is no id of an entity", value);
	case FORM_TIME:
		return value_time(w, m, value);
	case FORM_WHEN:
	case FORM_PERIOD:
		return complete_period(w, m->name, m->kind == FORM_WHEN, value);
	case FORM_INTEGER:
	case FORM_COUNT:
		return value_integer(w, m, value);
	case FORM_DISPOSITION:
	case FORM_DISPOSITION_NAME:
		return value_disposition(w, m, beside);
	case FORM_OBJECT:
		return value_object(w, m, m->form, value);
	case FORM_SPECIFICATION:
		return value_specification(w, m, value);
	case FORM_TABLE:
		return complete_table(w, m->name, value);
	case FORM_YESNO:
		if (!json_object_is_type(value, json_type_boolean))
			return complete_wrong(
			    w, m->name, "is neither true nor false");
		jsonout_bool(&w->json, json_object_get_boolean(value));
		return true;
	case FORM_ANY:
		if (!json_object_is_type(value, json_type_object))
			return complete_wrong(w, m->name, "is no object");
		jsoncanon_filled(&w->json, value);
		return true;
	case FORM_TYPE:
	case FORM_END:
		break; /* complete_object() writes these */
	}
	return complete_wrong(w, m->name, "is none of CTIM's");
}
