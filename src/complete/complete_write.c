/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "answer/entity.h"
#include "ctim/giventime.h"
#include "complete/complete_own.h"
#include "json/jsonin.h"

/* --- times ----------------------------------------------------------------- */

bool
complete_time(struct json_object *value, bool end, char out[RFC3339_MAX])
{
	const char *text = jsonin_text(value);

	if (text != NULL)
		return (end ? giventime_end(out, text) :
			      giventime_text(out, text)) == 0;
	if (!json_object_is_type(value, json_type_int) &&
	    !json_object_is_type(value, json_type_double))
		return false;
	return giventime_number(out, json_object_get_double(value)) == 0;
}

struct period {
	char start[RFC3339_MAX], end[RFC3339_MAX]; /* "": open */
};

/* A time of a period; "" for null and "". */
static bool
period_time(struct writing *w, struct json_object *period, const char *name,
    bool end, char out[RFC3339_MAX])
{
	struct json_object *value = jsonin_member(period, name);
	const char *text = jsonin_text(value);

	out[0] = '\0';
	return value == NULL || (text != NULL && *text == '\0') ||
	    complete_time(value, end, out) ||
	    complete_wrong(w, name, "is no time");
}

/* A number of days or seconds; false with a reason. */
static bool
period_number(struct writing *w, struct json_object *period, const char *name,
    double *n, bool *there)
{
	struct json_object *value = jsonin_member(period, name);

	*n = 0;
	if (value == NULL)
		return true;
	if (!json_object_is_type(value, json_type_int) &&
	    !json_object_is_type(value, json_type_double))
		return complete_wrong(w, name, "is no number");
	*n = json_object_get_double(value);
	*there = true;
	return true;
}

/* Makes an end that was not given of forever, days and seconds. */
static bool
period_end(struct writing *w, struct json_object *value, struct period *p)
{
	double days, seconds;
	bool there = false;

	if (!period_number(w, value, "days", &days, &there) ||
	    !period_number(w, value, "seconds", &seconds, &there))
		return false;
	if (p->end[0] != '\0')
		return true;
	if (json_object_get_boolean(jsonin_member(value, "forever"))) {
		rfc3339_text(p->end, RFC3339_LAST);
		return true;
	}
	if (!there)
		return true;
	if (p->start[0] == '\0')
		return complete_missing(w, "start_time");
	return giventime_after(p->end, p->start, days, seconds) == 0 ||
	    complete_wrong(w, "end_time", "is no time");
}

/* Reads a period that is an object. */
static bool
period_read(struct writing *w, struct json_object *value, struct period *p)
{
	static const char *const names[] = { "start_time", "end_time", "days",
		"seconds", "forever", NULL };
	struct json_object_iter at;
	size_t i;

	json_object_object_foreachC(value, at)
	{
		for (i = 0; names[i] != NULL && strcmp(names[i], at.key) != 0;
		     i++)
			;
		if (names[i] == NULL && at.val != NULL)
			complete_unknown(w, at.key);
	}
	return period_time(w, value, "start_time", false, p->start) &&
	    period_time(w, value, "end_time", true, p->end) &&
	    period_end(w, value, p);
}

bool
complete_period(
    struct writing *w, const char *name, bool when, struct json_object *value)
{
	struct period p;
	bool read;

	if (json_object_is_type(value, json_type_object)) {
		if (w->depth == COMPLETE_DEPTH)
			return complete_wrong(w, name, "is too deep");
		w->path[w->depth++] = name;
		read = period_read(w, value, &p);
		if (read && when && p.start[0] == '\0')
			read = complete_missing(w, "start_time");
		w->depth--;
		if (!read)
			return false;
	} else {
		if (!complete_time(value, false, p.start))
			return complete_wrong(w, name, "is no time");
		memcpy(p.end, p.start, sizeof(p.end));
	}
	if (p.start[0] != '\0' && p.end[0] != '\0' &&
	    giventime_compare(p.start, p.end) > 0)
		return complete_wrong(w, name, "ends before it begins");
	jsonout_object(&w->json);
	jsonout_kown(&w->json, "end_time", p.end[0] == '\0' ? NULL : p.end);
	jsonout_kown(
	    &w->json, "start_time", p.start[0] == '\0' ? NULL : p.start);
	jsonout_end_object(&w->json);
	return true;
}

/* --- members --------------------------------------------------------------- */

/* The same for a member, which may be a list. */
static bool
member_nothing(const struct form_member *m, struct json_object *value)
{
	size_t i, n = jsonin_length(value);

	if (value == NULL || !m->list ||
	    !json_object_is_type(value, json_type_array))
		return complete_nothing(m, value);
	for (i = 0; i < n; i++)
		if (!complete_nothing(m, jsonin_at(value, i)))
			return false;
	return true;
}

/* Whether an object lacks one of the members that make it something. */
static bool
object_nothing(const struct form *form, struct json_object *value)
{
	const char *const *name = form->value;

	if (name == NULL || !json_object_is_type(value, json_type_object))
		return false;
	for (; *name != NULL; name++)
		if (member_nothing(
			form_find(form, *name), jsonin_member(value, *name)))
			return true;
	return false;
}

/* Whether a list of a table is empty or not there. */
static bool
table_nothing(struct json_object *table, const char *name)
{
	struct json_object *list = jsonin_member(table, name);

	return list == NULL ||
	    (json_object_is_type(list, json_type_array) &&
		jsonin_length(list) == 0);
}

bool
complete_nothing(const struct form_member *m, struct json_object *value)
{
	const char *text = jsonin_text(value);
	struct json_object *html;

	if (value == NULL)
		return true;
	switch (m->kind) {
	case FORM_VALUE:
	case FORM_URI:
	case FORM_TIME:
	case FORM_WHEN:
	case FORM_PERIOD:
		return text != NULL && *text == '\0';
	case FORM_TEXT:
		return json_object_is_type(value, json_type_object) &&
		    json_object_object_length(value) == 1 &&
		    jsonin_has(value, "html", &html) && html == NULL;
	case FORM_OBJECT:
		return object_nothing(m->form, value);
	case FORM_TABLE:
		return json_object_is_type(value, json_type_object) &&
		    (table_nothing(value, "columns") ||
			table_nothing(value, "rows"));
	default:
		return false;
	}
}

static bool
member_list(struct writing *w, const struct form_member *m,
    struct json_object *beside, struct json_object *value)
{
	size_t i, n = jsonin_length(value);

	if (!json_object_is_type(value, json_type_array))
		return complete_wrong(w, m->name, "is no list");
	jsonout_array(&w->json);
	for (i = 0; i < n; i++)
		if (!complete_nothing(m, jsonin_at(value, i)) &&
		    !complete_value(w, m, beside, jsonin_at(value, i)))
			return false;
	jsonout_end_array(&w->json);
	return true;
}

/* Writes what a member is that was not given. */
static bool
member_made(struct writing *w, const struct form_member *m,
    struct json_object *beside, struct json_object *value)
{
	struct jsonout *j = &w->json;

	if (m->made == FORM_LEFT_OUT)
		return true;
	/* A list that must be there may be empty. */
	if (m->made == FORM_NEEDED &&
	    (!m->list || !json_object_is_type(value, json_type_array)))
		return complete_missing(w, m->name);
	jsonout_key(j, m->name);
	if (m->list)
		jsonout_array(j);
	switch (m->made) {
	case FORM_MADE_SCHEMA:
		jsonout_string(j, CTIM_SCHEMA_VERSION);
		break;
	case FORM_MADE_SOURCE:
		jsonout_string(j, w->of->title);
		break;
	case FORM_MADE_ONE:
		jsonout_int(j, 1);
		break;
	case FORM_MADE_ASKED:
		entity_observable(j, w->of->observable);
		break;
	case FORM_MADE_EMPTY:
		jsonout_object(j);
		jsonout_end_object(j);
		break;
	case FORM_MADE_WHEN:
		value = jsonin_member(w->root, m->name);
		return value == NULL ? complete_missing(w, m->name) :
				       complete_period(w, m->name, true, value);
	case FORM_MADE_TITLE:
		value = jsonin_member(beside, "title");
		return complete_text(w, value, m->max) ||
		    complete_wrong(w, "title", "is no text");
	default:
		break;
	}
	if (m->list)
		jsonout_end_array(j);
	return true;
}

/* Writes the type of a form. */
static bool
member_type(struct writing *w, const struct form *form,
    const struct form_member *m, struct json_object *value)
{
	const char *text = jsonin_text(value);

	if (value != NULL && (text == NULL || strcmp(text, form->type) != 0))
		return complete_wrong(w, m->name, "is none of CTIM's");
	if (w->depth == 0)
		w->type_at = jsonout_size(&w->json);
	jsonout_kown(&w->json, m->name, form->type);
	if (w->depth == 0)
		w->type_end = jsonout_size(&w->json);
	return true;
}

static bool
member_write(struct writing *w, const struct form *form,
    const struct form_member *m, struct json_object *object,
    struct json_object *value)
{
	/* One disposition is made of the other. */
	bool pair =
	    m->kind == FORM_DISPOSITION || m->kind == FORM_DISPOSITION_NAME;

	if (m->kind == FORM_END) {
		jsonout_kown(&w->json, m->name, w->ends[m->max]);
		return true;
	}
	if (m->kind == FORM_TYPE)
		return member_type(w, form, m, value);
	if (!pair && member_nothing(m, value))
		return member_made(w, m, object, value);
	jsonout_key(&w->json, m->name);
	return m->list ? member_list(w, m, object, value) :
			 complete_value(w, m, object, value);
}

/* Members of the gateway's own, at the top: what makes the id. */
static bool
is_own(const struct writing *w, const char *name)
{
	return w->depth == 0 &&
	    (strcmp(name, "key") == 0 || strcmp(name, "id") == 0);
}

bool
complete_object(
    struct writing *w, const struct form *form, struct json_object *object)
{
	const struct form_member *m;
	struct json_object_iter at;
	struct json_object *value;
	int known = 0;

	jsonout_object(&w->json);
	for (m = form->members; m->name != NULL; m++) {
		known += jsonin_has(object, m->name, &value);
		if (!member_write(w, form, m, object, value))
			return false;
	}
	jsonout_end_object(&w->json);
	if (known == json_object_object_length(object))
		return true;
	json_object_object_foreachC(object, at)
	{
		if (at.val != NULL && form_find(form, at.key) == NULL &&
		    !is_own(w, at.key))
			complete_unknown(w, at.key);
	}
	return true;
}
