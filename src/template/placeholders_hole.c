/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "template/path.h"
#include "template/placeholders_own.h"
#include "words/nearest.h"

#define HOLES_MAX  1000 /* placeholders of one template */
#define HOLE_SHOWN 60   /* characters of a placeholder in a message */
#define DIGITS_MAX 6    /* of the number in ago and limit */

#define DIGITS     "0123456789"

/* What is between the braces. */
struct hole {
	const char *text; /* all of it */
	size_t len;
	size_t name;  /* bytes of it that are before the first | */
	size_t word;  /* … that are the first name */
	size_t shown; /* … that stand in a message */
};

/* The variables.  A rest is what stands behind the name: nothing, a path, or what
 * the row says. */
enum hole_rest { REST_NONE, REST_PATH, REST_PLUS, REST_AGO };

static const struct {
	const char *name;
	enum placeholder_kind kind;
	enum hole_rest rest;
} hole_variables[] = { { "value", PLACEHOLDER_VALUE, REST_NONE },
	{ "type", PLACEHOLDER_TYPE, REST_NONE },
	{ "type_name", PLACEHOLDER_TYPE_NAME, REST_NONE },
	{ "limit", PLACEHOLDER_LIMIT, REST_PLUS },
	{ "page", PLACEHOLDER_PAGE, REST_NONE },
	{ "next", PLACEHOLDER_NEXT, REST_NONE },
	{ "item", PLACEHOLDER_ITEM, REST_PATH },
	{ "entries", PLACEHOLDER_ENTRIES, REST_NONE },
	{ "ago", PLACEHOLDER_AGO, REST_AGO } };
#define VARIABLES (sizeof(hole_variables) / sizeof(*hole_variables))

const char *
placeholders_name(const struct placeholder *p)
{
	size_t i;

	for (i = 0; i < VARIABLES; i++)
		if (hole_variables[i].kind == p->kind)
			return hole_variables[i].name;
	return p->name;
}

bool
placeholders_refuse(
    const struct placeholders_reading *r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(r->why, r->size, format, ap);
	va_end(ap);
	return false;
}

static bool
hole_allowed(const struct placeholders_reading *r, enum placeholder_kind kind)
{
	return (r->scope->allowed & PLACEHOLDER_BIT(kind)) != 0;
}

static enum placeholder_kind
hole_named(const struct placeholders_reading *r, const char *name, size_t len)
{
	return r->scope->find == NULL ?
	    PLACEHOLDER_UNKNOWN :
	    r->scope->find(r->scope->arg, name, len);
}

/* The i-th of all names that may stand here: the variables, then those of the
 * scope.  NULL behind the last; *skip: this one may not. */
static const char *
hole_known(const struct placeholders_reading *r, size_t i, bool *skip)
{
	const char *name;

	*skip = false;
	if (i < VARIABLES) {
		*skip = !hole_allowed(r, hole_variables[i].kind);
		return hole_variables[i].name;
	}
	if (r->scope->name == NULL ||
	    (name = r->scope->name(r->scope->arg, i - VARIABLES)) == NULL)
		return NULL;
	*skip = !hole_allowed(r, hole_named(r, name, strlen(name)));
	return name;
}

static bool
hole_unknown(const struct placeholders_reading *r, const struct hole *h)
{
	struct nearest meant;
	const char *known;
	struct buf why;
	size_t i, n = 0;
	bool skip;

	nearest_init(&meant, h->text, h->word);
	for (i = 0; (known = hole_known(r, i, &skip)) != NULL; i++)
		if (!skip)
			nearest_look(&meant, known);
	buf_fixed(&why, r->why, r->size);
	buf_addf(&why, "{%.*s} is not known", (int)h->shown, h->text);
	if (meant.best != NULL) {
		buf_addf(&why, "; did you mean %s?", meant.best);
		return false;
	}
	for (i = 0; (known = hole_known(r, i, &skip)) != NULL; i++)
		if (!skip)
			buf_addf(&why, "%s%s", n++ == 0 ? "; there are " : ", ",
			    known);
	return false;
}

/* A path behind the name.  NULL in *path: all is meant. */
static bool
hole_path(const struct placeholders_reading *r, const struct hole *h,
    struct path **path)
{
	const char *rest = h->text + h->word;
	size_t len = h->name - h->word;
	char why[128];

	if (len == 0)
		return true;
	if (*rest == '.') {
		rest++;
		len--;
	} else if (*rest != '[')
		return hole_unknown(r, h);
	if ((*path = path_new(rest, len, why, sizeof(why))) == NULL)
		return placeholders_refuse(
		    r, "{%.*s}: %s", (int)h->shown, h->text, why);
	return true;
}

/* The number at s, which has only digits; -1: it is none, or too long. */
static int64_t
hole_number(const char *s, size_t len)
{
	int64_t n = 0;
	size_t i;

	if (len == 0 || len > DIGITS_MAX || strspn(s, DIGITS) < len)
		return -1;
	for (i = 0; i < len; i++)
		n = n * 10 + (s[i] - '0');
	return n;
}

/* limit+N */
static bool
hole_plus(const struct placeholders_reading *r, const struct hole *h,
    struct placeholder *p)
{
	const char *rest = h->text + h->word;
	size_t len = h->name - h->word;

	if (len == 0)
		return true;
	if (*rest != '+' || (p->number = hole_number(rest + 1, len - 1)) == -1)
		return placeholders_refuse(r,
		    "{%.*s}: with limit may stand + and a number of at most "
		    "6 digits, as in {limit+1}",
		    (int)h->shown, h->text);
	return true;
}

/* ago 30d, ago 12h ms, ago 5m iso */
static bool
hole_ago(const struct placeholders_reading *r, const struct hole *h,
    struct placeholder *p)
{
	static const struct {
		const char *rest;
		enum placeholder_ago ago;
	} forms[] = { { "", AGO_SECONDS }, { " ms", AGO_MS },
		{ " iso", AGO_ISO } };
	static const struct {
		char letter;
		int seconds;
	} units[] = { { 'd', 86400 }, { 'h', 3600 }, { 'm', 60 } };
	const char *rest = h->text + h->word, *end = h->text + h->name;
	size_t digits, i, k;

	if (rest < end && *rest == ' ') {
		digits = strspn(++rest, DIGITS);
		p->number = hole_number(rest, digits);
		rest += digits;
		for (i = 0; p->number != -1 && i < 3; i++)
			for (k = 0; *rest == units[i].letter && k < 3; k++)
				if ((size_t)(end - rest - 1) ==
					strlen(forms[k].rest) &&
				    memcmp(rest + 1, forms[k].rest,
					(size_t)(end - rest - 1)) == 0) {
					p->number *= units[i].seconds;
					p->ago = forms[k].ago;
					return true;
				}
	}
	return placeholders_refuse(r,
	    "{%.*s}: behind ago stands a number of at most 6 digits with d, h "
	    "or m, as in {ago 30d}, {ago 12h ms} or {ago 30d iso}",
	    (int)h->shown, h->text);
}

static bool
hole_rest_read(const struct placeholders_reading *r, const struct hole *h,
    enum hole_rest rest, struct placeholder *p)
{
	switch (rest) {
	case REST_PATH:
		return hole_path(r, h, &p->path);
	case REST_PLUS:
		return hole_plus(r, h, p);
	case REST_AGO:
		return hole_ago(r, h, p);
	case REST_NONE:
		break;
	}
	return h->name == h->word || hole_unknown(r, h);
}

static bool
hole_may_stand(const struct placeholders_reading *r, const struct hole *h,
    enum placeholder_kind kind)
{
	if (hole_allowed(r, kind))
		return true;
	if (kind == PLACEHOLDER_SECRET)
		return placeholders_refuse(r,
		    "{%.*s} is a secret: it may stand in [auth] and [sign-in] "
		    "only",
		    (int)h->shown, h->text);
	return placeholders_refuse(
	    r, "{%.*s} may not stand here", (int)h->shown, h->text);
}

static bool
hole_name_read(const struct placeholders_reading *r, const struct hole *h,
    struct placeholder *p)
{
	enum hole_rest rest = REST_NONE;
	size_t i;

	for (i = 0; i < VARIABLES; i++)
		if (strlen(hole_variables[i].name) == h->word &&
		    memcmp(hole_variables[i].name, h->text, h->word) == 0) {
			p->kind = hole_variables[i].kind;
			rest = hole_variables[i].rest;
			break;
		}
	if (i == VARIABLES) {
		p->kind = hole_named(r, h->text, h->word);
		if (p->kind == PLACEHOLDER_UNKNOWN)
			return hole_unknown(r, h);
		if (p->kind == PLACEHOLDER_CALL)
			rest = REST_PATH;
		if ((p->name = strndup(h->text, h->word)) == NULL)
			return placeholders_refuse(r, "out of memory");
	}
	return hole_may_stand(r, h, p->kind) && hole_rest_read(r, h, rest, p);
}

static bool
hole_pipe_unknown(const struct placeholders_reading *r, const struct hole *h,
    const char *pipe, size_t len)
{
	struct buf why;

	buf_fixed(&why, r->why, r->size);
	buf_addf(&why, "{%.*s}: %.*s is no pipe; there are ", (int)h->shown,
	    h->text, (int)(len < HOLE_SHOWN ? len : HOLE_SHOWN), pipe);
	placeholders_pipe_names(&why);
	return false;
}

static bool
hole_pipes_read(const struct placeholders_reading *r, const struct hole *h,
    struct placeholder *p)
{
	const char *at = h->text + h->name, *end = h->text + h->len;
	size_t len;
	int pipe;

	if (at < end && p->kind == PLACEHOLDER_ENTRIES)
		return placeholders_refuse(r,
		    "{%.*s}: pipes stand in entry, not behind entries",
		    (int)h->shown, h->text);
	for (; at < end; at += len) {
		at++;
		len = strcspn(at, "|}");
		if ((pipe = placeholders_pipe(at, len)) == -1)
			return hole_pipe_unknown(r, h, at, len);
		if (p->n_pipes == sizeof(p->pipes))
			return placeholders_refuse(r,
			    "{%.*s} has more than 8 pipes", (int)h->shown,
			    h->text);
		p->pipes[p->n_pipes++] = (unsigned char)pipe;
		if (placeholders_pipe_quotes(pipe))
			p->quoted = false;
	}
	return true;
}

/* Finds the ends of what begins behind the brace at `brace`. */
static bool
hole_ends(
    const struct placeholders_reading *r, const char *brace, struct hole *h)
{
	const char *p = brace + 1, *bar = NULL;
	bool quoted = false;

	for (; *p != '\0' && (quoted || *p != '}'); p++) {
		quoted ^= *p == '"' && bar == NULL;
		if (*p == '|' && !quoted && bar == NULL)
			bar = p;
	}
	*h = (struct hole){ .text = brace + 1, .len = (size_t)(p - brace - 1) };
	h->name = bar == NULL ? h->len : (size_t)(bar - h->text);
	h->word = strspn(h->text, PLACEHOLDERS_LETTERS DIGITS "_");
	h->shown = utf8_cut(h->text, HOLE_SHOWN);
	if (h->shown > h->len)
		h->shown = h->len;
	if (*p == '}')
		return true;
	return placeholders_refuse(r,
	    "{%.*s has no } behind it; a brace that begins no placeholder is "
	    "followed by \", a blank, [ or }",
	    (int)h->shown, h->text);
}

static struct placeholders_part *
hole_room(struct placeholders *t)
{
	struct placeholders_part *parts;
	size_t cap;

	if (t->n == t->cap) {
		cap = t->cap == 0 ? 4 : t->cap * 2;
		if ((parts = reallocarray(t->parts, cap, sizeof(*parts))) ==
		    NULL)
			return NULL;
		t->parts = parts;
		t->cap = cap;
	}
	parts = &t->parts[t->n++];
	*parts = (struct placeholders_part){ .end = t->text.len };
	return parts;
}

bool
placeholders_hole(
    struct placeholders_reading *r, const char *brace, const char **behind)
{
	struct placeholders_part *part;
	struct hole h;

	if (!hole_ends(r, brace, &h))
		return false;
	*behind = h.text + h.len + 1;
	if (r->t->n == HOLES_MAX)
		return placeholders_refuse(r, "more than 1000 placeholders");
	if ((part = hole_room(r->t)) == NULL)
		return placeholders_refuse(r, "out of memory");
	if (r->escaped)
		return placeholders_refuse(r,
		    "{%.*s} stands behind a backslash, whose meaning it would "
		    "change",
		    (int)h.shown, h.text);
	part->hole.inside = r->inside;
	part->hole.at = (size_t)(brace - r->begin);
	part->hole.quoted = r->quote != '\0';
	return hole_name_read(r, &h, &part->hole) &&
	    hole_pipes_read(r, &h, &part->hole);
}
