/* SPDX-License-Identifier: MIT */
/* The sections of a description that say what becomes of answers: [refer],
 * [errors], [quota]. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "describe/described_reader.h"
#include "net/ratelimit.h"

/* --- [refer ID] ---------------------------------------------------------- */

/* The calls that a template names. */
uint64_t
described_calls_in(const struct reader *r, const struct placeholders *p)
{
	const struct placeholder *one;
	uint64_t calls = 0;
	size_t i;

	for (i = 0; p != NULL && i < placeholders_count(p); i++) {
		one = placeholders_at(p, i);
		if (one->kind == PLACEHOLDER_CALL)
			calls |= UINT64_C(1)
			    << reader_call(r, one->name, strlen(one->name));
	}
	return calls;
}

/* Whether all that is put into a text is hosts as they are, and something is. */
static bool
is_of_hosts(const struct reader *r, const struct placeholders *p)
{
	const size_t n = p == NULL ? 0 : placeholders_count(p);
	const struct placeholder *one;
	size_t i;
	int claim;

	for (i = 0; i < n; i++) {
		one = placeholders_at(p, i);
		claim = one->kind == PLACEHOLDER_CLAIM && one->n_pipes == 0 ?
		    reader_claim(r, one->name, strlen(one->name)) :
		    -1;
		if (claim == -1 || r->d->claims[claim].kind != KIND_HOST)
			return false;
	}
	return n > 0;
}

/* Scheme and host of a URL, of which *behind is the rest then, where claims that are
 * hosts stand in them: HOST:PORT stays as it is.  Else NULL. */
static struct placeholders *
refer_front(struct reader *r, unsigned line, const char *text, unsigned may,
    const char **behind)
{
	const char *host = strstr(text, "://");
	struct placeholders *p;
	char *front = reader_copy(r, text);
	size_t n;

	if (host == NULL || front == NULL)
		return NULL;
	n = (size_t)(host - text) + 3 + strcspn(host + 3, "/?#");
	front[n] = '\0';
	p = strchr(front, '{') == NULL ?
	    NULL :
	    reader_template(r, line, front, PLACE_TEXT, may);
	if (!is_of_hosts(r, p))
		return NULL;
	*behind = text + n;
	return p;
}

static void
refer_url(struct reader *r, const struct description_key *k,
    struct described_refer *ref, const bool types[OBSERVABLE_TYPES])
{
	const unsigned may = MAY_VALUE | PLACEHOLDER_BIT(PLACEHOLDER_CALL);
	char *text = reader_text(r, k, ".txt", DESCRIPTION_TEXT);
	struct placeholders *p = NULL, *front = NULL;
	const char *behind;
	bool whole = false;
	int i;

	if (text != NULL)
		p = reader_template(r, k->line, text, PLACE_URL, may);
	if (p != NULL && placeholders_alone(p)) {
		whole = true;
		p = reader_template(r, k->line, text, PLACE_TEXT, may);
	} else if (p != NULL && strncmp(text, "https://", 8) != 0 &&
	    strncmp(text, "http://", 7) != 0) {
		ini_error(r->text, k->line, "url: %s is no https URL", text);
		p = NULL;
	} else if (p != NULL &&
	    (front = refer_front(r, k->line, text, may, &behind)) != NULL) {
		p = reader_template(r, k->line, behind, PLACE_URL, may);
	}
	free(text);
	if (p == NULL)
		return;
	for (i = 0; i < OBSERVABLE_TYPES; i++) {
		if (!types[i] ||
		    (k->suffix != NULL && (int)observable_type(k->suffix) != i))
			continue;
		ref->front[i] = front;
		ref->url[i] = p;
		ref->by_url[i] = described_calls_in(r, p);
		ref->whole[i] = whole;
	}
}

/* ID with a capital. */
static struct placeholders *
category(struct reader *r, const struct description_part *part)
{
	char *word = reader_copy(r, part->name);

	if (word == NULL)
		return NULL;
	word[0] = (char)toupper((unsigned char)word[0]);
	return reader_template(r, part->line, word, PLACE_TEXT, 0);
}

static struct placeholders *
refer_text(struct reader *r, const struct description_part *part,
    const char *name, struct described_refer *ref)
{
	const struct description_key *k = description_find(part, name, NULL);
	struct placeholders *p;

	if (k == NULL)
		return NULL;
	p = reader_template(r, k->line, k->value, PLACE_TEXT,
	    MAY_VALUE | PLACEHOLDER_BIT(PLACEHOLDER_CALL));
	ref->calls |= described_calls_in(r, p);
	return p;
}

static void
reader_refer(struct reader *r, const struct description_part *part)
{
	struct described *d = r->d;
	struct described_refer *ref = &d->refers[d->n_refers];
	const struct description_key *k = description_find(part, "types", NULL);
	bool url = false;

	if (d->n_refers == DESCRIBED_REFERS) {
		ini_error(r->text, part->line,
		    "there are more than %d references", DESCRIBED_REFERS);
		return;
	}
	ref->line = part->line;
	ref->id = reader_copy(r, part->name);
	if (k == NULL)
		(void)memcpy(ref->types, d->takes, sizeof(ref->types));
	else
		reader_types(r, k, d->takes, ref->types);
	if (description_find(part, "title", NULL) == NULL)
		ini_error(r->text, part->line, "[refer %s] wants a title",
		    part->name);
	ref->title = refer_text(r, part, "title", ref);
	ref->description = refer_text(r, part, "description", ref);
	ref->category = refer_text(r, part, "category", ref);
	if (ref->category == NULL)
		ref->category = category(r, part);
	/* The plain one first: those with a type stand above it. */
	for (k = part->keys; k != NULL; k = k->next)
		if (strcmp(k->name, "url") == 0 && k->suffix == NULL)
			refer_url(r, k, ref, ref->types);
	for (k = part->keys; k != NULL; k = k->next)
		if (strcmp(k->name, "url") == 0) {
			url = true;
			if (k->suffix != NULL)
				refer_url(r, k, ref, ref->types);
		}
	if (!url)
		ini_error(
		    r->text, part->line, "[refer %s] wants a url", part->name);
	d->n_refers++;
}

void
reader_refers(struct reader *r)
{
	const struct description_part *part = NULL;

	while (
	    (part = description_part(r->text, SECTION_REFER, part)) != NULL) {
		if (!(r->d->provider.routes & PROVIDER_REFER))
			ini_error(r->text, part->line,
			    "[refer %s]: refer is not in the routes of "
			    "[provider]",
			    part->name);
		reader_refer(r, part);
	}
}

/* --- [errors], [quota] --------------------------------------------------- */

/* WORD: nothing, or WORD: CODE. */
static void
reader_said(struct reader *r, const struct description_key *k)
{
	struct described *d = r->d;
	const char *colon = strrchr(k->value, ':');
	char *word;

	if (colon == NULL || colon == k->value) {
		ini_error(r->text, k->line,
		    "says.%s: \"WORD: nothing\" or \"WORD: CODE\" is wanted",
		    k->suffix);
		return;
	}
	if (d->n_said == DESCRIBED_SAYS) {
		ini_error(r->text, k->line, "there are more than %d words",
		    DESCRIBED_SAYS);
		return;
	}
	if ((word = reader_copy(r, k->value)) == NULL)
		return;
	word[colon - k->value] = '\0';
	if (!reader_problem(r, k->line, colon + 1 + strspn(colon + 1, " "),
		&d->said[d->n_said].problem))
		return;
	d->said[d->n_said++].word = word;
}

/* The rows by their numbers, so that their order in the file means nothing. */
static void
reader_says(struct reader *r, const struct description_part *part)
{
	const struct description_key *k, *says;
	int n;

	if ((says = description_find(part, "says", NULL)) != NULL)
		r->d->says = reader_path(r, says, says->value);
	for (n = 0; n <= 999; n++)
		for (k = part->keys; k != NULL; k = k->next)
			if (k->suffix != NULL &&
			    strtol(k->suffix, NULL, 10) == n) {
				if (says == NULL)
					ini_error(r->text, k->line,
					    "says.%s: there is no says",
					    k->suffix);
				else
					reader_said(r, k);
			}
}

void
reader_errors(struct reader *r)
{
	const struct description_part *part =
	    description_part(r->text, SECTION_ERRORS, NULL);
	struct described *d = r->d;
	const struct description_key *k;

	if (part == NULL)
		return;
	for (k = part->keys; k != NULL; k = k->next) {
		if (strcmp(k->name, "message") == 0) {
			d->message = reader_path(r, k, k->value);
		} else if (isdigit((unsigned char)k->name[0])) {
			if (d->n_errors == DESCRIBED_STATUS) {
				ini_error(r->text, k->line,
				    "there are more than %d statuses",
				    DESCRIBED_STATUS);
				return;
			}
			d->errors[d->n_errors].status =
			    (int)strtol(k->name, NULL, 10);
			d->n_errors += reader_problem(r, k->line, k->value,
			    &d->errors[d->n_errors].problem);
		}
	}
	reader_says(r, part);
}

void
reader_quota(struct reader *r)
{
	static const char *const names[] = { [RATELIMIT_LIMIT] = "limit",
		[RATELIMIT_LEFT] = "left",
		[RATELIMIT_RESET] = "reset" };
	const struct description_part *part =
	    description_part(r->text, SECTION_QUOTA, NULL);
	const struct description_key *k;
	size_t i;

	if (part == NULL)
		return;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if ((k = description_find(part, names[i], NULL)) == NULL)
			continue;
		if (!reader_is_token(k->value, strlen(k->value)))
			ini_error(r->text, k->line,
			    "%s: %s cannot be the name of a header field",
			    k->name, k->value);
		else
			r->d->quota[i] = reader_copy(r, k->value);
	}
	r->d->provider.quota = r->d->quota;
}
