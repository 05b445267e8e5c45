/* SPDX-License-Identifier: MIT */
/* Words, numbers and templates of a description. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "describe/described_reader.h"

#define BLANKS " \t\r\n,"

static const struct {
	const char *name;
	enum provider_route route;
} reader_route[] = { { "deliberate", PROVIDER_DELIBERATE },
	{ "observe", PROVIDER_OBSERVE }, { "refer", PROVIDER_REFER } };

void *
described_keep(struct described *d, void *what, void (*release)(void *))
{
	struct described_kept *k;

	if (what == NULL)
		return NULL;
	if ((k = calloc(1, sizeof(*k))) == NULL) {
		release(what);
		return NULL;
	}
	*k = (struct described_kept){ what, release, d->kept };
	d->kept = k;
	return what;
}

char *
reader_copy(struct reader *r, const char *s)
{
	char *copy = described_keep(r->d, strdup(s), free);

	if (copy == NULL)
		ini_error(r->text, 0, "no memory left");
	return copy;
}

bool
reader_is_variable(const char *name)
{
	static const char *const variables[] = { "value", "type", "type_name",
		"limit", "page", "next", "item", "entries", "ago" };
	size_t i;

	for (i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		if (strcmp(variables[i], name) == 0)
			return true;
	return false;
}

int
reader_claim(const struct reader *r, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < r->d->n_claims; i++)
		if (strlen(r->d->claims[i].name) == len &&
		    strncmp(r->d->claims[i].name, name, len) == 0)
			return (int)i;
	return -1;
}

int
reader_call(const struct reader *r, const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < r->above; i++)
		if (strlen(r->d->calls[i].name) == len &&
		    strncmp(r->d->calls[i].name, name, len) == 0)
			return (int)i;
	return -1;
}

static enum placeholder_kind
reader_find(const void *arg, const char *name, size_t len)
{
	const struct reader *r = arg;
	const int claim = reader_claim(r, name, len);

	if (claim >= 0)
		return r->d->claims[claim].kind == KIND_PASSWORD ||
			r->d->claims[claim].kind == KIND_API_KEY ?
		    PLACEHOLDER_SECRET :
		    PLACEHOLDER_CLAIM;
	return reader_call(r, name, len) >= 0 ? PLACEHOLDER_CALL :
						PLACEHOLDER_UNKNOWN;
}

/* The names that there are: claims, then the calls above. */
static const char *
reader_name(const void *arg, size_t i)
{
	const struct reader *r = arg;

	if (i < r->d->n_claims)
		return r->d->claims[i].name;
	i -= r->d->n_claims;
	return i < r->above ? r->d->calls[i].name : NULL;
}

static void
reader_free_template(void *p)
{
	placeholders_free(p);
}

struct placeholders *
reader_template(struct reader *r, unsigned line, const char *text,
    enum placeholders_place place, unsigned allowed)
{
	const struct placeholders_scope scope = { reader_find, r, allowed,
		reader_name };
	char why[DESCRIPTION_WHY];
	struct placeholders *p =
	    placeholders_new(text, place, &scope, why, sizeof(why));
	size_t i;

	if (p == NULL) {
		ini_error(r->text, line, "%s", why);
		return NULL;
	}
	for (i = 0; place == PLACE_URL && i < placeholders_count(p); i++)
		if (placeholders_at(p, i)->kind == PLACEHOLDER_VALUE &&
		    placeholders_at(p, i)->quoted) {
			description_warning(r->text, "provider.ini", line,
			    "{value} stands between quotes; with |lucene, "
			    "|odata, |kql or |aql no value can end them");
			break;
		}
	p = described_keep(r->d, p, reader_free_template);
	if (p == NULL)
		ini_error(r->text, line, "no memory left");
	return p;
}

/* Line ends, and the blanks around them, fall away. */
static void
join_lines(char *s)
{
	char *to = s, *line = s;
	size_t n;

	while (*line != '\0') {
		line += strspn(line, " \t\r\n");
		n = strcspn(line, "\r\n");
		(void)memmove(to, line, n);
		line += n;
		to += n;
		while (to > s && (to[-1] == ' ' || to[-1] == '\t'))
			to--;
	}
	*to = '\0';
}

char *
reader_text(struct reader *r, const struct description_key *k,
    const char *extension, size_t max)
{
	const char *name = k->value + 1;
	const size_t n = strlen(name), e = strlen(extension);
	char *text;
	bool there;

	if (k->value[0] != '@') {
		if ((text = strdup(k->value)) == NULL)
			ini_error(r->text, k->line, "no memory left");
		return text;
	}
	if (strchr(name, '/') != NULL || name[0] == '.' || n <= e ||
	    strcmp(name + n - e, extension) != 0) {
		ini_error(r->text, k->line,
		    "%s: a file of this directory, @NAME%s, may stand here",
		    k->value, extension);
		return NULL;
	}
	text = description_file(r->text, name, max, &there);
	if (!there)
		ini_error(r->text, k->line, "%s is not there", name);
	if (text != NULL && strcmp(extension, ".txt") == 0)
		join_lines(text);
	return text;
}

static void
reader_free_path(void *p)
{
	path_free(p);
}

struct path *
reader_path(struct reader *r, const struct description_key *k, const char *text)
{
	char why[DESCRIPTION_WHY];
	struct path *p = path_new(text, strlen(text), why, sizeof(why));

	if (p == NULL)
		ini_error(r->text, k->line, "%s: %s", k->name, why);
	else if ((p = described_keep(r->d, p, reader_free_path)) == NULL)
		ini_error(r->text, k->line, "no memory left");
	return p;
}

const char *
reader_value(
    const struct description_part *part, const char *name, unsigned *line)
{
	const struct description_key *k = description_find(part, name, NULL);

	if (k == NULL)
		return NULL;
	if (line != NULL)
		*line = k->line;
	return k->value;
}

int
reader_choice(struct reader *r, unsigned line, const char *name,
    const char *word, const char *const *choices)
{
	struct buf known;
	int i;

	for (i = 0; choices[i] != NULL; i++)
		if (strcmp(choices[i], word) == 0)
			return i;
	buf_init(&known, DESCRIPTION_WHY);
	for (i = 0; choices[i] != NULL; i++)
		(void)buf_addf(&known, "%s%s", i == 0 ? "" : ", ", choices[i]);
	ini_error(
	    r->text, line, "%s: %s is none of %s", name, word, known.data);
	buf_free(&known);
	return -1;
}

bool
reader_yes(struct reader *r, const struct description_part *part,
    const char *name, bool fallback)
{
	static const char *const words[] = { "no", "yes", NULL };
	unsigned line;
	const char *value = reader_value(part, name, &line);
	int i;

	if (value == NULL)
		return fallback;
	i = reader_choice(r, line, name, value, words);
	return i == -1 ? fallback : i == 1;
}

int
reader_number(struct reader *r, const struct description_part *part,
    const char *name, int min, int max, int fallback)
{
	unsigned line;
	const char *value = reader_value(part, name, &line);
	long n;
	char *end;

	if (value == NULL)
		return fallback;
	n = strtol(value, &end, 10);
	if (*end == '\0' && strspn(value, "0123456789") == strlen(value) &&
	    n >= min && n <= max)
		return (int)n;
	ini_error(r->text, line, "%s: %s is no number from %d to %d", name,
	    value, min, max);
	return fallback;
}

char *
reader_word(char **rest)
{
	char *word = *rest + strspn(*rest, BLANKS);
	bool quoted = false;
	size_t n;

	for (n = 0;
	     word[n] != '\0' && (quoted || strchr(BLANKS, word[n]) == NULL);
	     n++)
		quoted = quoted != (word[n] == '"');
	if (n == 0)
		return NULL;
	*rest = word[n] == '\0' ? word + n : word + n + 1;
	word[n] = '\0';
	return word;
}

/* Adds the names of the types that there are. */
static void
add_types(struct buf *b, const bool *within)
{
	bool some = false;
	int i;

	for (i = 0; i < OBSERVABLE_TYPES; i++) {
		if (within != NULL && !within[i])
			continue;
		(void)buf_addf(b, "%s%s", some ? ", " : "",
		    observable_name((enum observable_type)i));
		some = true;
	}
}

void
reader_types(struct reader *r, const struct description_key *k,
    const bool *within, bool types[OBSERVABLE_TYPES])
{
	char *list = reader_copy(r, k->value), *word;
	enum observable_type type;
	struct buf known;

	while (list != NULL && (word = reader_word(&list)) != NULL) {
		type = observable_type(word);
		if (type != OBSERVABLE_UNKNOWN &&
		    (within == NULL || within[type])) {
			types[type] = true;
			continue;
		}
		buf_init(&known, DESCRIPTION_WHY * 2);
		add_types(&known, within);
		ini_error(r->text, k->line,
		    within == NULL ?
			"types: %s is no type of observables; there are %s" :
			"types: %s is not in the types of [provider]: %s",
		    word, known.data);
		buf_free(&known);
	}
}

unsigned
reader_routes(
    struct reader *r, const struct description_key *k, unsigned within)
{
	char *list = reader_copy(r, k->value), *word;
	unsigned routes = 0;
	size_t i;

	while (list != NULL && (word = reader_word(&list)) != NULL) {
		for (i = 0; i < 3; i++)
			if (strcmp(reader_route[i].name, word) == 0)
				break;
		if (i == 3)
			ini_error(r->text, k->line,
			    "routes: %s is no route; there are deliberate, "
			    "observe, refer",
			    word);
		else if (!(within & reader_route[i].route))
			ini_error(r->text, k->line,
			    "routes: %s is not in the routes of [provider]",
			    word);
		else
			routes |= reader_route[i].route;
	}
	return routes;
}

bool
reader_problem(
    struct reader *r, unsigned line, const char *word, enum problem *p)
{
	struct buf known;
	int i;

	*p = PROBLEM_NONE;
	if (strcmp(word, "nothing") == 0)
		return true;
	buf_init(&known, DESCRIPTION_WHY);
	for (i = PROBLEM_NONE + 1; i < PROBLEM_HEALTH_CHECK; i++) {
		*p = (enum problem)i;
		if (strcmp(problem_code(*p), word) == 0)
			break;
		(void)buf_addf(&known, ", %s", problem_code(*p));
	}
	if (i == PROBLEM_HEALTH_CHECK)
		ini_error(r->text, line, "%s is no code; there are nothing%s",
		    word, known.data);
	buf_free(&known);
	return i < PROBLEM_HEALTH_CHECK;
}

bool
reader_is_token(const char *s, size_t n)
{
	static const char letters[] = "!#$%&'*+-.^_`|~0123456789"
				      "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return n > 0 && n < 128 && strspn(s, letters) >= n;
}

/* Whether a field is one that says how a call is sent, which is the gateway's. */
static bool
is_of_sending(const char *name, size_t n)
{
	static const char *const names[] = { "Connection", "Content-Length",
		"Expect", "Host", "Keep-Alive", "Proxy-Authorization",
		"Proxy-Connection", "TE", "Trailer", "Transfer-Encoding",
		"Upgrade" };
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == n &&
		    strncasecmp(name, names[i], n) == 0)
			return true;
	return false;
}

bool
reader_header(struct reader *r, const struct description_key *k,
    unsigned allowed, struct described_header *h)
{
	const char *colon = strchr(k->value, ':');
	const size_t n = colon == NULL ? 0 : (size_t)(colon - k->value);

	if (colon == NULL) {
		ini_error(r->text, k->line,
		    "%s: \"Name: value\" is wanted, there is no colon",
		    k->name);
		return false;
	}
	if (!reader_is_token(k->value, n)) {
		ini_error(r->text, k->line,
		    "%s: %.*s cannot be the name of a header field", k->name,
		    (int)n, k->value);
		return false;
	}
	if (is_of_sending(k->value, n)) {
		ini_error(r->text, k->line,
		    "%s: the gateway itself makes the field %.*s", k->name,
		    (int)n, k->value);
		return false;
	}
	if ((h->name = reader_copy(r, k->value)) == NULL)
		return false;
	h->name[n] = '\0';
	h->value = reader_template(r, k->line,
	    colon + 1 + strspn(colon + 1, " "), PLACE_HEADER, allowed);
	return h->value != NULL;
}
