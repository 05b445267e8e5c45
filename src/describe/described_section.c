/* SPDX-License-Identifier: MIT */
/* The sections of a description that are calls. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "describe/described_reader.h"
#include "json/jsonin.h"
#include "net/url.h"

#define NOBODY   OBSERVABLE_TYPES /* the place of what has no observable */
#define HOST_MAX 512              /* bytes of scheme, host and port */

static const char *const answers[] = { "json", "lines", "text", "any", NULL };

/* What may stand in the templates of a call. */
static unsigned
call_may(const struct description_part *part)
{
	unsigned may = MAY_VALUE | PLACEHOLDER_BIT(PLACEHOLDER_CALL);
	const bool pages = description_find(part, "pages", NULL) != NULL;
	const bool next = description_find(part, "next", NULL) != NULL;

	if (part->kind == SECTION_SIGN_IN)
		return MAY_SECRET;
	if (part->kind == SECTION_HEALTH)
		return MAY_CLAIM | PLACEHOLDER_BIT(PLACEHOLDER_LIMIT) |
		    PLACEHOLDER_BIT(PLACEHOLDER_ENTRIES);
	if (pages || next)
		may |= PLACEHOLDER_BIT(PLACEHOLDER_PAGE);
	if (next)
		may |= PLACEHOLDER_BIT(PLACEHOLDER_NEXT);
	if (description_find(part, "each", NULL) != NULL)
		may |= PLACEHOLDER_BIT(PLACEHOLDER_ITEM);
	if (description_find(part, "batch", NULL) != NULL)
		may |= PLACEHOLDER_BIT(PLACEHOLDER_ENTRIES);
	return may;
}

/* --- where a key holds --------------------------------------------------- */

/* Keys of which one holds. */
static const char *const method_keys[] = { "get", "post", "delete", NULL };
static const char *const body_keys[] = { "json", "form", NULL };

/* Whether a word is one of a list. */
static bool
is_one_of(const char *const *list, const char *word)
{
	while (*list != NULL && strcmp(*list, word) != 0)
		list++;
	return *list != NULL;
}

/* Whether a key with a suffix or without holds for a place of by[]. */
static bool
holds(const struct description_part *part, const struct description_key *k,
    size_t place)
{
	const char *const *like =
	    is_one_of(method_keys, k->name) ? method_keys : body_keys;
	const char *type;

	if (place == NOBODY)
		return k->suffix == NULL;
	type = observable_name((enum observable_type)place);
	if (k->suffix != NULL)
		return strcmp(k->suffix, type) == 0;
	/* The plain one is for the types without one. */
	for (; *like != NULL; like++)
		if (description_find(part, *like, type) != NULL)
			return false;
	return true;
}

static bool
is_typed(enum description_kind kind)
{
	return kind == SECTION_CALL;
}

/* The first and the last place of by[] that a section fills. */
static size_t
first_place(const struct description_part *part)
{
	return is_typed(part->kind) ? 0 : NOBODY;
}

static size_t
end_place(const struct description_part *part)
{
	return is_typed(part->kind) ? NOBODY : NOBODY + 1;
}

/* --- URLs ---------------------------------------------------------------- */

/* How many bytes scheme and host of a URL have, where they are those of origin,
 * however both are written; else 0.  Claims in them stand for the same if they are
 * the same. */
static size_t
of_origin(const char *url, const char *origin)
{
	const char *host = strstr(url, "://") + 3;
	const size_t n = (size_t)(host - url) + strcspn(host, "/?#");
	char front[HOST_MAX], a[HOST_MAX], b[HOST_MAX];

	if (origin == NULL)
		return 0;
	if (strlen(origin) == n && strncmp(url, origin, n) == 0)
		return n;
	if (n >= sizeof(front))
		return 0;
	(void)snprintf(front, sizeof(front), "%.*s", (int)n, url);
	return strpbrk(front, "{@") == NULL &&
		url_origin(front, a, sizeof(a)) == 0 &&
		url_origin(origin, b, sizeof(b)) == 0 && strcmp(a, b) == 0 ?
	    n :
	    0;
}

/* A path behind the URL of [provider], or a URL of the same host; to sign in, of
 * another one, too: what of it comes behind that.  NULL with an error told. */
static const char *
behind(struct reader *r, const struct description_part *part,
    const struct description_key *k, const char *text,
    struct described_request *how)
{
	const char *rest = text;
	size_t n = 0;

	how->whole = strncmp(text, "https://", 8) == 0 ||
	    strncmp(text, "http://", 7) == 0;
	if (how->whole && (n = of_origin(text, r->d->origin.text)) > 0) {
		rest = text + n;
	} else if (how->whole && part->kind == SECTION_SIGN_IN) {
		how->elsewhere = true;
		rest = reader_origin(
		    r, k->name, k->line, text, &r->d->sign_in_origin);
		if (rest == NULL)
			return NULL;
	} else if (how->whole) {
		ini_error(r->text, k->line,
		    "%s: another host than that of [provider] url; the "
		    "credential goes to one alone",
		    k->name);
		return NULL;
	}
	if (described_has_dots(rest)) {
		ini_error(r->text, k->line,
		    "%s: a path has no segments . and ..", k->name);
		return NULL;
	}
	if (strchr(rest, '#') != NULL) {
		ini_error(r->text, k->line,
		    "%s: # and what is behind it is never sent; %%23 is",
		    k->name);
		return NULL;
	}
	if (r->d->sign_region != NULL && strstr(rest, "//") != NULL &&
	    strstr(rest, "//") < rest + strcspn(rest, "?#")) {
		ini_error(r->text, k->line,
		    "%s: a path that is signed has no empty segments", k->name);
		return NULL;
	}
	if (rest != text || text[0] == '/' || text[0] == '?')
		return rest;
	ini_error(r->text, k->line,
	    "%s: a path that begins with / or ?, or a URL, is wanted", k->name);
	return NULL;
}

/* A key get or post: the template of its URL goes where it holds. */
static void
call_url(struct reader *r, const struct description_part *part,
    const struct description_key *k, struct described_call *c)
{
	char *text = reader_text(r, k, ".txt", DESCRIPTION_TEXT);
	struct described_request how = { .method = k->name[0] == 'g' ? "GET" :
		    k->name[0] == 'p'                                ? "POST" :
								       "DELETE" };
	const char *rest;
	size_t i;

	if (text != NULL && (rest = behind(r, part, k, text, &how)) != NULL)
		how.url = reader_template(
		    r, k->line, rest, PLACE_URL, call_may(part));
	free(text);
	if (how.url == NULL)
		return;
	how.after = described_calls_in(r, how.url);
	for (i = first_place(part); i < end_place(part); i++) {
		if (!holds(part, k, i) || (i != NOBODY && !r->d->takes[i]))
			continue;
		if (c->by[i].method != NULL)
			ini_error(r->text, k->line,
			    "get and post are both there%s%s",
			    i == NOBODY ? "" : " for ",
			    i == NOBODY ?
				"" :
				observable_name((enum observable_type)i));
		c->by[i] = how;
	}
}

/* --- body_keys -------------------------------------------------------------- */

/* What is behind a placeholder, whose names may hold braces in quotation marks. */
static const char *
behind_placeholder(const char *s)
{
	bool quoted = false;

	for (; *s != '}' || quoted; s++)
		quoted = quoted != (*s == '"');
	return s + 1;
}

struct json_object *
reader_json(const char *text, const struct placeholders *p, const char *before,
    const char *behind)
{
	const struct placeholder *one;
	struct json_object *value;
	const char *from = text;
	struct buf b;
	size_t i;

	buf_init(&b, (size_t)2 * DESCRIBED_FILE);
	(void)buf_adds(&b, before);
	for (i = 0; i < placeholders_count(p); i++) {
		one = placeholders_at(p, i);
		(void)buf_add(&b, from, (size_t)(text + one->at - from));
		/* There may be several of these. */
		(void)buf_adds(
		    &b, one->kind == PLACEHOLDER_ENTRIES ? "1,1" : "1");
		from = behind_placeholder(text + one->at);
	}
	(void)buf_adds(&b, from);
	(void)buf_adds(&b, behind);
	value = jsonin_answer(b.data, b.len, NULL);
	buf_free(&b);
	return value;
}

/* Whether a template is JSON once values are put in, an object where [auth] adds a
 * member; else an error is told. */
static bool
is_json(struct reader *r, const struct description_part *part, unsigned line,
    const char *text, const struct placeholders *p)
{
	const bool member =
	    r->d->body_name != NULL && part->kind != SECTION_SIGN_IN;
	struct json_object *value = reader_json(text, p, "", "");
	bool good = false;

	if (value == NULL)
		ini_error(
		    r->text, line, "json: no JSON once values are put in");
	else if (member && !json_object_is_type(value, json_type_object))
		ini_error(r->text, line,
		    "json: no object, to which the body of [auth] is added");
	else
		good = true;
	json_object_put(value);
	return good;
}

static void
call_body(struct reader *r, const struct description_part *part,
    const struct description_key *k, struct described_call *c)
{
	const bool json = k->name[0] == 'j';
	char *text = reader_text(r, k, json ? ".json" : ".txt",
	    json ? DESCRIBED_FILE : DESCRIPTION_TEXT);
	struct placeholders *p = NULL;
	bool get = false, sent = false;
	size_t i;

	if (text != NULL)
		p = reader_template(r, k->line, text,
		    json ? PLACE_JSON : PLACE_FORM, call_may(part));
	if (p != NULL && json && !is_json(r, part, k->line, text, p))
		p = NULL;
	free(text);
	if (p == NULL)
		return;
	for (i = first_place(part); i < end_place(part); i++) {
		if (!holds(part, k, i) || c->by[i].method == NULL)
			continue;
		if (c->by[i].method[0] == 'G') {
			get = true;
			continue;
		}
		sent = true;
		if (c->by[i].body != NULL)
			ini_error(
			    r->text, k->line, "json and form are both there");
		c->by[i].body = p;
		c->by[i].json = json;
		c->by[i].after |= described_calls_in(r, p);
	}
	/* The plain one is for the types that have a body. */
	if (!sent && get)
		ini_error(r->text, k->line, "%s: a get has no body", k->name);
	else if (!sent && k->suffix != NULL && r->text->good)
		ini_error(r->text, k->line, "%s.%s: there is no post for it",
		    k->name, k->suffix);
}

/* --- the sections ------------------------------------------------------- */

/* What [call], [health] and [sign-in] have in common. */
static void
any_call(struct reader *r, const struct description_part *part,
    struct described_call *c)
{
	const struct description_key *k;
	unsigned line = 0;
	const char *value = reader_value(part, "answer", &line);
	int reads = READS_JSON;
	size_t i;
	bool some = false;

	c->line = part->line;
	for (k = part->keys; k != NULL; k = k->next)
		if (is_one_of(method_keys, k->name))
			call_url(r, part, k, c);
	for (k = part->keys; k != NULL; k = k->next)
		if (is_one_of(body_keys, k->name))
			call_body(r, part, k, c);
	for (k = part->keys; k != NULL; k = k->next) {
		some = some || is_one_of(method_keys, k->name);
		if (strcmp(k->name, "header") == 0 &&
		    reader_header(r, k, call_may(part), &c->header))
			c->after |= described_calls_in(r, c->header.value);
	}
	if (!some)
		ini_error(
		    r->text, part->line, "a call wants one of get and post");
	if (value != NULL &&
	    (reads = reader_choice(r, line, "answer", value, answers)) == -1)
		reads = READS_JSON;
	c->reads = (enum described_reads)reads;
	reader_nothing(r, part, c);
	c->when = c->each = c->max_pages = c->max_pages_claim = c->cache = -1;
	for (i = 0; r->d->body_name != NULL && i <= NOBODY; i++)
		if (part->kind != SECTION_SIGN_IN && c->by[i].method != NULL &&
		    c->by[i].body == NULL) {
			ini_error(r->text, part->line,
			    "[auth] body: this call has no body");
			break;
		}
}

static void
reader_call_part(struct reader *r, const struct description_part *part)
{
	struct described *d = r->d;
	struct described_call *c = &d->calls[d->n_calls];

	if (d->n_calls == DESCRIBED_CALLS) {
		ini_error(r->text, part->line, "there are more than %d calls",
		    DESCRIBED_CALLS);
		return;
	}
	if ((c->name = reader_copy(r, part->name)) == NULL)
		return;
	if (reader_is_variable(part->name) ||
	    reader_claim(r, part->name, strlen(part->name)) != -1)
		ini_error(r->text, part->line,
		    "[call %s]: a claim or a variable has this name",
		    part->name);
	any_call(r, part, c);
	reader_options(r, part, c);
	d->n_calls++;
	r->above = d->n_calls;
}

static void
sign_in_part(struct reader *r, const struct description_part *part)
{
	static const char *const words[] = { "json", "text", NULL };
	struct described_call *c = r->d->sign_in;
	const struct description_key *token =
	    description_find(part, "token", NULL);
	const struct description_key *message =
	    description_find(part, "message", NULL);
	unsigned line;
	const char *value = reader_value(part, "answer", &line);
	const struct description_key fallback = { .line = part->line,
		.name = (char *)(uintptr_t) "token" };

	any_call(r, part, c);
	if (value != NULL)
		(void)reader_choice(r, line, "answer", value, words);
	c->token = token == NULL ? reader_path(r, &fallback, "access_token") :
				   reader_path(r, token, token->value);
	if (message != NULL)
		c->message = reader_path(r, message, message->value);
}

static struct described_call *
extra_call(struct reader *r)
{
	struct described_call *c =
	    described_keep(r->d, calloc(1, sizeof(*c)), free);

	if (c == NULL)
		ini_error(r->text, 0, "no memory left");
	else
		c->name = reader_copy(r, "");
	return c;
}

/* Whether a template (or NULL) cannot be filled in without an observable. */
static bool
names_observable(const struct placeholders *p)
{
	const unsigned of = PLACEHOLDER_BIT(PLACEHOLDER_VALUE) |
	    PLACEHOLDER_BIT(PLACEHOLDER_TYPE) |
	    PLACEHOLDER_BIT(PLACEHOLDER_TYPE_NAME);
	size_t i;

	for (i = 0; p != NULL && i < placeholders_count(p); i++)
		if (of & PLACEHOLDER_BIT(placeholders_at(p, i)->kind))
			return true;
	return false;
}

void
reader_calls(struct reader *r)
{
	const struct description_part *part =
	    description_part(r->text, SECTION_SIGN_IN, NULL);

	if (part != NULL && (r->d->sign_in = extra_call(r)) != NULL)
		sign_in_part(r, part);
	part = description_part(r->text, SECTION_HEALTH, NULL);
	if (part != NULL && (r->d->health = extra_call(r)) != NULL) {
		any_call(r, part, r->d->health);
		if (names_observable(r->d->sign))
			ini_error(r->text, part->line,
			    "[health]: sign of [auth] names an observable, "
			    "and here is none");
	}
	part = NULL;
	while ((part = description_part(r->text, SECTION_CALL, part)) != NULL)
		reader_call_part(r, part);
	reader_not_kept(r);
}
