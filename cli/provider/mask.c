/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <openssl/crypto.h>

#include "base/buf.h"
#include "base/percent.h"
#include "call/provider.h"
#include "cli/provider/mask.h"
#include "json/jsonin.h"
#include "json/jsonout.h"

#define SECRET_LEAST 4     /* bytes: a shorter one would be found everywhere */
#define FORM_BYTES   65536 /* of a secret in one of its forms */
#define TEXT_BYTES   (64U << 20)

enum mask_form { MASK_PLAIN, MASK_URL, MASK_JSON, MASK_FORMS };

void
mask_add(struct mask *m, const char *secret, size_t len, const char *by)
{
	size_t i;

	if (len < SECRET_LEAST || m->n == MASK_MAX)
		return;
	for (i = 0; i < m->n; i++)
		if (strlen(m->list[i].secret) == len &&
		    memcmp(m->list[i].secret, secret, len) == 0)
			return;
	m->list[m->n].secret = strndup(secret, len);
	m->list[m->n].by = strdup(by);
	if (m->list[m->n].secret != NULL && m->list[m->n].by != NULL) {
		m->n++;
	} else {
		free(m->list[m->n].secret);
		free(m->list[m->n].by);
	}
}

void
mask_init(struct mask *m, const struct provider *p, struct json_object *claims)
{
	const struct provider_field *f = p->fields;
	const char *value;
	char by[64];

	m->n = 0;
	for (; f != NULL && f->claim != NULL; f++) {
		value = jsonin_string(claims, f->claim);
		if (f->kind == FIELD_TEXT || value == NULL)
			continue;
		snprintf(by, sizeof(by), "{%s}", f->claim);
		mask_add(m, value, strlen(value), by);
	}
}

void
mask_free(struct mask *m)
{
	size_t i;

	for (i = 0; i < m->n; i++) {
		OPENSSL_cleanse(m->list[i].secret, strlen(m->list[i].secret));
		free(m->list[i].secret);
		free(m->list[i].by);
	}
	m->n = 0;
}

/* A text as it stands in a place. */
static void
mask_as(enum mask_form form, const char *text, struct buf *out)
{
	struct jsonout j;
	struct buf string;

	if (form == MASK_PLAIN) {
		buf_adds(out, text);
	} else if (form == MASK_URL) {
		percent_add(out, text, "");
	} else {
		buf_init(&string, FORM_BYTES);
		jsonout_init(&j, &string);
		jsonout_string(&j, text);
		if (jsonout_done(&j) == 0)
			buf_add(out, string.data + 1, string.len - 2);
		OPENSSL_cleanse(string.data, string.cap);
		buf_free(&string);
	}
}

/* The secrets in all forms, made once for a text. */
struct mask_forms {
	struct {
		struct buf secret, by;
	} list[MASK_MAX][MASK_FORMS];
};

/* Adds what stands for the secret that the text begins with.  Returns how many
 * bytes that takes; 0: it begins with none. */
static size_t
mask_one(const struct mask *m, const struct mask_forms *forms, const char *text,
    size_t len, struct buf *out)
{
	const struct buf *secret, *by;
	size_t i, k;

	for (i = 0; i < m->n; i++)
		for (k = 0; k < MASK_FORMS; k++) {
			secret = &forms->list[i][k].secret;
			by = &forms->list[i][k].by;
			if (secret->len > 0 && secret->len <= len &&
			    memcmp(secret->data, text, secret->len) == 0) {
				buf_add(out, by->data, by->len);
				return secret->len;
			}
		}
	return 0;
}

void
mask_text(const struct mask *m, const char *text, size_t len, struct buf *out)
{
	struct mask_forms *forms = calloc(1, sizeof(*forms));
	size_t i, k, n;

	if (forms == NULL) {
		out->failed = out->starved = true;
		return;
	}
	for (i = 0; i < m->n; i++)
		for (k = 0; k < MASK_FORMS; k++) {
			buf_init(&forms->list[i][k].secret, FORM_BYTES);
			buf_init(&forms->list[i][k].by, FORM_BYTES);
			mask_as((enum mask_form)k, m->list[i].secret,
			    &forms->list[i][k].secret);
			mask_as((enum mask_form)k, m->list[i].by,
			    &forms->list[i][k].by);
		}
	for (i = 0; i < len; i += n)
		if ((n = mask_one(m, forms, text + i, len - i, out)) == 0) {
			buf_addc(out, text[i]);
			n = 1;
		}
	for (i = 0; i < m->n; i++)
		for (k = 0; k < MASK_FORMS; k++) {
			OPENSSL_cleanse(forms->list[i][k].secret.data,
			    forms->list[i][k].secret.cap);
			buf_free(&forms->list[i][k].secret);
			buf_free(&forms->list[i][k].by);
		}
	free(forms);
}

/* A number is a secret as a whole or not at all. */
static struct json_object *
mask_number(const struct mask *m, struct json_object *value)
{
	const char *digits = json_object_get_string(value);
	size_t i;

	for (i = 0; digits != NULL && i < m->n; i++)
		if (strcmp(m->list[i].secret, digits) == 0)
			return json_object_new_string(m->list[i].by);
	return json_object_get(value);
}

static struct json_object *
mask_value(const struct mask *m, struct json_object *value, const char *all)
{
	struct json_object *made = NULL;
	struct buf b;

	if (!json_object_is_type(value, json_type_string))
		return mask_number(m, value);
	if (all != NULL)
		return json_object_new_string(all);
	buf_init(&b, TEXT_BYTES);
	mask_text(m, json_object_get_string(value),
	    (size_t)json_object_get_string_len(value), &b);
	if (!b.failed)
		made = json_object_new_string_len(b.data, (int)b.len);
	buf_free(&b);
	return made;
}

static struct json_object *
mask_object(const struct mask *m, struct json_object *value, const char *all)
{
	struct json_object *made = json_object_new_object();
	struct json_object_iter at;
	struct buf name;

	buf_init(&name, TEXT_BYTES);
	json_object_object_foreachC(value, at)
	{
		buf_reset(&name);
		mask_text(m, at.key, strlen(at.key), &name);
		(void)json_object_object_add(
		    made, name.data, mask_json(m, at.val, all));
	}
	buf_free(&name);
	return made;
}

struct json_object *
mask_json(const struct mask *m, struct json_object *value, const char *all)
{
	struct json_object *made;
	size_t i;

	if (value == NULL)
		return NULL;
	if (json_object_is_type(value, json_type_object))
		return mask_object(m, value, all);
	if (!json_object_is_type(value, json_type_array))
		return mask_value(m, value, all);
	made = json_object_new_array();
	for (i = 0; i < jsonin_length(value); i++)
		(void)json_object_array_add(
		    made, mask_json(m, jsonin_at(value, i), all));
	return made;
}
