/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <json-c/json.h>
#include <openssl/crypto.h>

#include "base/base64url.h"
#include "base/buf.h"
#include "base/percent.h"
#include "base/sha256.h"
#include "json/jsonin.h"
#include "json/jsonout.h"
#include "token/mask.h"

#define SECRET_LEAST 4 /* bytes: a shorter one would be found everywhere */
#define TEXT_BYTES   (64U << 20)
#define BASE64_BYTES 3 /* that four digits hold: so many places begin one */

enum mask_form {
	MASK_PLAIN,
	MASK_URL,
	MASK_JSON,
	MASK_SHA256,
	MASK_BASE64, /* as it is, and all lower and upper, in each place */
	MASK_FORMS = MASK_BASE64 + 3 * BASE64_BYTES
};

struct mask_secret {
	char *secret, *by;
	struct {
		struct buf text, by;
		bool shared; /* base64: the digit behind it has bits of it */
	} forms[MASK_FORMS];
};

/* --- the forms ----------------------------------------------------------- */

/* A text as it stands in a place. */
static void
mask_as(enum mask_form form, const char *text, struct buf *out)
{
	unsigned char hash[SHA256_BYTES];
	char hex[SHA256_TEXT];
	struct jsonout j;
	struct buf string;

	if (form == MASK_URL) {
		percent_add(out, text, "");
	} else if (form == MASK_SHA256) {
		sha256_hash(text, strlen(text), hash);
		sha256_text(hash, hex);
		buf_adds(out, hex);
	} else if (form == MASK_JSON) {
		buf_init(&string, TEXT_BYTES);
		jsonout_init(&j, &string);
		jsonout_string(&j, text);
		if (jsonout_done(&j) == 0)
			buf_add(out, string.data + 1, string.len - 2);
		else
			out->failed = true;
		buf_wipe(&string);
	} else {
		buf_adds(out, text);
	}
}

/* The digits of base64 that have nothing but bits of a text, with `before` bytes of
 * something else in front of it.  Returns whether the next has some, too. */
static bool
mask_digits(const char *text, size_t before, int (*spell)(int), struct buf *out)
{
	const size_t n = before + strlen(text);
	const size_t from = (before * 8 + 5) / 6, to = n * 8 / 6;
	struct buf bytes, digits;

	buf_init(&bytes, TEXT_BYTES);
	buf_init(&digits, TEXT_BYTES);
	buf_add(&bytes, "--", before);
	for (; *text != '\0'; text++)
		buf_addc(&bytes,
		    spell == NULL ? *text : (char)spell((unsigned char)*text));
	base64_add(&digits, bytes.data, bytes.len);
	if (bytes.failed || digits.failed)
		out->failed = true;
	else
		buf_add(out, digits.data + from, to - from);
	buf_wipe(&bytes);
	buf_wipe(&digits);
	return n * 8 % 6 != 0;
}

static void
mask_forms(struct mask *m, struct mask_secret *s)
{
	static int (*const spells[])(int) = { NULL, tolower, toupper };
	struct buf *text, *by;
	int k;

	for (k = 0; k < MASK_FORMS; k++) {
		text = &s->forms[k].text;
		by = &s->forms[k].by;
		buf_init(text, TEXT_BYTES);
		buf_init(by, TEXT_BYTES);
		if (k < MASK_BASE64)
			mask_as((enum mask_form)k, s->secret, text);
		else
			s->forms[k].shared = mask_digits(s->secret,
			    (size_t)(k - MASK_BASE64) % BASE64_BYTES,
			    spells[(k - MASK_BASE64) / BASE64_BYTES], text);
		mask_as(k == MASK_URL || k == MASK_JSON ? (enum mask_form)k :
							  MASK_PLAIN,
		    s->by, by);
		m->failed = m->failed || text->failed || by->failed;
		if (text->len == 0)
			continue;
		m->begins[tolower((unsigned char)*text->data)] = true;
		m->begins[toupper((unsigned char)*text->data)] = true;
	}
}

void
mask_init(struct mask *m)
{
	*m = (struct mask){ 0 };
	/* What stands for + and / of base64. */
	m->begins['%'] = m->begins['-'] = m->begins['_'] = m->begins['\\'] =
	    true;
}

void
mask_add(struct mask *m, const char *secret, size_t len, const char *by)
{
	struct mask_secret *list;
	size_t i;

	if (len < SECRET_LEAST)
		return;
	for (i = 0; i < m->n; i++)
		if (strlen(m->list[i].secret) == len &&
		    memcmp(m->list[i].secret, secret, len) == 0)
			return;
	list = reallocarray(m->list, m->n + 1, sizeof(*list));
	if (list == NULL) {
		m->failed = true;
		return;
	}
	m->list = list;
	list += m->n++;
	*list = (struct mask_secret){ .secret = strndup(secret, len),
		.by = strdup(by) };
	if (list->secret != NULL && list->by != NULL)
		mask_forms(m, list);
	else
		m->failed = true;
}

void
mask_add_all(struct mask *m, const struct mask *from)
{
	size_t i;

	for (i = 0; i < from->n; i++)
		mask_add(m, from->list[i].secret, strlen(from->list[i].secret),
		    from->list[i].by);
}

void
mask_free(struct mask *m)
{
	struct mask_secret *s;
	int k;

	for (s = m->list; s != NULL && s < m->list + m->n; s++) {
		if (s->secret != NULL)
			OPENSSL_cleanse(s->secret, strlen(s->secret));
		free(s->secret);
		free(s->by);
		for (k = 0; k < MASK_FORMS; k++) {
			buf_wipe(&s->forms[k].text);
			buf_free(&s->forms[k].by);
		}
	}
	free(m->list);
	mask_init(m);
}

/* --- finding ------------------------------------------------------------- */

/* A digit of base64 as it can be written: in both alphabets (RFC 4648), in a URL and
 * in JSON.  Returns how many bytes it takes, 0: none is there. */
static size_t
mask_digit(const char *text, size_t len, char *digit)
{
	static const struct {
		const char *text;
		char digit;
	} rows[] = { { "%2B", '+' }, { "%2F", '/' }, { "%3D", '=' },
		{ "\\/", '/' }, { "-", '+' }, { "_", '/' } };
	size_t i, n;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		n = strlen(rows[i].text);
		if (n <= len && strncasecmp(rows[i].text, text, n) == 0) {
			*digit = rows[i].digit;
			return n;
		}
	}
	if (len > 0)
		*digit = *text;
	return len > 0;
}

/* How many bytes of a text the digits take, with the one that they share and those
 * that fill up; 0: it does not begin with them. */
static size_t
mask_base64(const struct buf *digits, bool shared, bool cut, const char *text,
    size_t len)
{
	size_t at = 0, i, n;
	char digit = '\0';

	if (digits->len < SECRET_LEAST)
		return 0;
	for (i = 0; i < digits->len; i++, at += n) {
		n = mask_digit(text + at, len - at, &digit);
		if (n == 0)
			return cut && i >= SECRET_LEAST ? len : 0;
		if (digit != digits->data[i])
			return 0;
	}
	if (!shared)
		return at;
	n = mask_digit(text + at, len - at, &digit);
	if (n > 0 &&
	    (isalnum((unsigned char)digit) || digit == '+' || digit == '/'))
		at += n;
	while (
	    (n = mask_digit(text + at, len - at, &digit)) > 0 && digit == '=')
		at += n;
	return at;
}

/* The same of what is compared without case. */
static size_t
mask_same(const struct buf *secret, bool cut, const char *text, size_t len)
{
	size_t n = secret->len;

	if (n > len && cut && len >= SECRET_LEAST)
		n = len;
	return n > 0 && n <= len && strncasecmp(secret->data, text, n) == 0 ?
	    n :
	    0;
}

/* Adds what stands for the secret that the text begins with.  Returns how many
 * bytes that takes; 0: it begins with none. */
static size_t
mask_one(const struct mask *m, const char *text, size_t len, struct buf *out)
{
	const struct mask_secret *s;
	size_t n;
	int k;

	for (s = m->list; s != NULL && s < m->list + m->n; s++)
		for (k = 0; k < MASK_FORMS; k++) {
			n = k < MASK_BASE64 ?
			    mask_same(&s->forms[k].text, m->cut, text, len) :
			    mask_base64(&s->forms[k].text, s->forms[k].shared,
				m->cut, text, len);
			if (n > 0) {
				buf_add(out, s->forms[k].by.data,
				    s->forms[k].by.len);
				return n;
			}
		}
	return 0;
}

void
mask_text(const struct mask *m, const char *text, size_t len, struct buf *out)
{
	size_t i, n;

	if (m->failed) {
		out->failed = out->starved = true;
		return;
	}
	for (i = 0; i < len; i += n) {
		n = m->begins[(unsigned char)text[i]] ?
		    mask_one(m, text + i, len - i, out) :
		    0;
		if (n == 0) {
			buf_addc(out, text[i]);
			n = 1;
		}
	}
}

/* --- JSON ---------------------------------------------------------------- */

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
