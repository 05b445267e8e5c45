/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "base/percent.h"
#include "template/path.h"
#include "template/placeholders_own.h"
#include "http/http.h"

#define TEMPLATE_MAX 65536 /* bytes of one: a body file has no more */

#define HEX_DIGITS   "0123456789abcdefABCDEF"
/* What a URL can have besides what is unreserved (RFC 3986 section 2.2). */
#define URL_OWN ":/?#[]@!$&'()*+,;="

/* The template's own text in a URL or form: what that cannot have is encoded. */
static void
own_url(struct placeholders_reading *r, const char *text, size_t len)
{
	bool url = r->t->place == PLACE_URL;
	char one[2] = "", quote;
	size_t i;

	for (i = 0; i < len; i++) {
		quote = one[0] = text[i];
		if (text[i] == '%' && len - i > 2 &&
		    strspn(text + i + 1, HEX_DIGITS) >= 2) {
			quote = strncmp(text + i, "%22", 3) == 0 ? '"' :
			    strncmp(text + i, "%27", 3) == 0     ? '\'' :
								   '%';
			buf_addc(&r->t->text, '%');
		} else
			percent_add(&r->t->text, one, URL_OWN);
		if (url && (quote == '"' || quote == '\''))
			r->quote = r->quote == quote ? '\0' :
			    r->quote == '\0'         ? quote :
						       r->quote;
	}
}

/* … in JSON: what matters is whether it leads into a string. */
static void
own_json(struct placeholders_reading *r, const char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (r->escaped)
			r->escaped = false;
		else if (text[i] == '"')
			r->inside = !r->inside;
		else
			r->escaped = r->inside && text[i] == '\\';
	}
	buf_add(&r->t->text, text, len);
}

static void
own_text(struct placeholders_reading *r, const char *text, size_t len)
{
	if (r->t->place == PLACE_URL || r->t->place == PLACE_FORM)
		own_url(r, text, len);
	else if (r->t->place == PLACE_JSON || r->t->place == PLACE_STRING)
		own_json(r, text, len);
	else
		buf_add(&r->t->text, text, len);
}

static bool
hole_begins(const char *p)
{
	return p[0] == '{' && p[1] != '\0' &&
	    strchr(PLACEHOLDERS_LETTERS, p[1]) != NULL;
}

static bool
template_read(struct placeholders_reading *r)
{
	const char *p = r->begin, *own = p;

	if (strlen(p) > TEMPLATE_MAX)
		return placeholders_refuse(r, "longer than 64 KB");
	while (*p != '\0') {
		if (!hole_begins(p)) {
			p++;
			continue;
		}
		own_text(r, own, (size_t)(p - own));
		if (!placeholders_hole(r, p, &p))
			return false;
		own = p;
	}
	own_text(r, own, (size_t)(p - own));
	if (r->t->text.failed)
		return placeholders_refuse(r, "out of memory");
	if (r->t->place == PLACE_HEADER && !http_header_safe(r->t->text.data))
		return placeholders_refuse(
		    r, "a control character, which no header can carry");
	return true;
}

struct placeholders *
placeholders_new(const char *text, enum placeholders_place place,
    const struct placeholders_scope *scope, char *why, size_t size)
{
	struct placeholders_reading r = { .scope = scope,
		.begin = text,
		.inside = place == PLACE_STRING,
		.why = why,
		.size = size };

	if ((r.t = calloc(1, sizeof(*r.t))) == NULL) {
		(void)placeholders_refuse(&r, "out of memory");
		return NULL;
	}
	r.t->place = place;
	/* Each byte may become three. */
	buf_init(&r.t->text, (size_t)3 * TEMPLATE_MAX);
	if (!template_read(&r)) {
		placeholders_free(r.t);
		return NULL;
	}
	return r.t;
}

void
placeholders_free(struct placeholders *t)
{
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < t->n; i++) {
		free(t->parts[i].hole.name);
		path_free(t->parts[i].hole.path);
	}
	free(t->parts);
	buf_free(&t->text);
	free(t);
}

size_t
placeholders_count(const struct placeholders *t)
{
	return t->n;
}

const struct placeholder *
placeholders_at(const struct placeholders *t, size_t i)
{
	return &t->parts[i].hole;
}

bool
placeholders_alone(const struct placeholders *t)
{
	return t->n == 1 && t->text.len == 0;
}
