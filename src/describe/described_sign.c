/* SPDX-License-Identifier: MIT */
/* How calls are signed: sign, sign_id and sign_key of [auth]. */
#include <string.h>
#include <strings.h>

#include "call/lookup.h"
#include "describe/described_reader.h"

/* "{CLAIM}": its number; -1 with an error told. */
static int
sign_claim(struct reader *r, const struct description_part *part,
    const struct description_key *sign, const char *name)
{
	const struct description_key *k = description_find(part, name, NULL);
	const size_t n = k == NULL ? 0 : strlen(k->value);
	int claim = -1;

	if (n > 2 && k->value[0] == '{' && k->value[n - 1] == '}')
		claim = reader_claim(r, k->value + 1, n - 2);
	if (claim == -1)
		ini_error(r->text, k == NULL ? sign->line : k->line,
		    "%s: {CLAIM} is wanted, a claim to sign with", name);
	return claim;
}

/* Name: template. */
static void
sign_hmac(struct reader *r, const struct description_part *part,
    const struct description_key *k, char *text)
{
	struct description_key header = *k;
	struct described_header h = { NULL, NULL };

	r->d->sign_key = sign_claim(r, part, k, "sign_key");
	header.value = text;
	if (r->d->sign_key == -1 ||
	    !reader_header(r, &header, MAY_SECRET | MAY_VALUE, &h))
		return;
	r->d->sign_name = h.name;
	r->d->sign = h.value;
	if ((k = description_find(part, "sign_id", NULL)) != NULL)
		ini_error(r->text, k->line, "sign_id: hmac-sha256 has none");
}

/* A word of "REGION SERVICE", n bytes, with claims in it. */
static struct placeholders *
sign_word(
    struct reader *r, const struct description_key *k, const char *p, size_t n)
{
	struct placeholders *word = NULL;
	char *copy = reader_copy(r, p);

	if (copy == NULL)
		return NULL;
	copy[n] = '\0';
	word = reader_template(
	    r, k->line, copy, PLACE_TEXT, PLACEHOLDER_BIT(PLACEHOLDER_CLAIM));
	if (word != NULL && placeholders_count(word) == 0 &&
	    !call_may_sign_for(copy))
		ini_error(r->text, k->line,
		    "sign: \"%s\" cannot be a region or a service", copy);
	return word;
}

/* REGION SERVICE. */
static void
sign_aws(struct reader *r, const struct description_part *part,
    const struct description_key *k, char *text)
{
	const char *blank = strchr(text, ' ');

	if (blank == NULL || blank == text) {
		ini_error(r->text, k->line,
		    "sign: aws-sigv4 wants a region and a service");
		return;
	}
	if (description_find(part, "basic", NULL) != NULL ||
	    description_find(part, "bearer", NULL) != NULL ||
	    description_part(r->text, SECTION_SIGN_IN, NULL) != NULL)
		ini_error(r->text, k->line,
		    "sign: aws-sigv4 not together with basic, bearer or "
		    "[sign-in]");
	r->d->sign_key = sign_claim(r, part, k, "sign_key");
	r->d->sign_id = sign_claim(r, part, k, "sign_id");
	r->d->sign_region = sign_word(r, k, text, (size_t)(blank - text));
	blank += strspn(blank, " ");
	r->d->sign_service = sign_word(r, k, blank, strlen(blank));
}

void
reader_sign(struct reader *r, const struct description_part *part)
{
	static const struct {
		const char *word;
		void (*read)(struct reader *, const struct description_part *,
		    const struct description_key *, char *);
	} ways[] = { { "hmac-sha256 ", sign_hmac },
		{ "aws-sigv4 ", sign_aws } };
	static const char *const with[] = { "sign_id", "sign_key" };
	const struct description_key *k = description_find(part, "sign", NULL),
				     *more;
	size_t i, n;

	for (i = 0; k == NULL && i < 2; i++)
		if ((more = description_find(part, with[i], NULL)) != NULL)
			ini_error(r->text, more->line, "%s: there is no sign",
			    with[i]);
	for (i = 0; k != NULL && i < 2; i++) {
		n = strlen(ways[i].word);
		if (strncmp(k->value, ways[i].word, n) != 0)
			continue;
		n += strspn(k->value + n, " ");
		ways[i].read(r, part, k, k->value + n);
		return;
	}
	if (k != NULL)
		ini_error(r->text, k->line,
		    "sign: \"hmac-sha256 Name: template\" or \"aws-sigv4 "
		    "REGION SERVICE\" is wanted");
}

/* --- header fields of what is signed ------------------------------------- */

/* Whether libcurl 7.88 signs a field in front of one with a shorter name that it
 * begins with: it sorts lines, and not names. */
static bool
sorts_wrong(const char *a, size_t n, const char *b, size_t m)
{
	return n < m ? strncasecmp(a, b, n) == 0 && b[n] < ':' :
	    n > m    ? strncasecmp(a, b, m) == 0 && a[m] < ':' :
		       false;
}

/* Complains of a field of a call beside another, or one that all calls have. */
static void
check_beside(struct reader *r, const struct description_key *k,
    const char *other, size_t m, bool ours)
{
	const size_t n = strcspn(k->value, ":");

	if (sorts_wrong(k->value, n, other, m))
		ini_error(r->text, k->line,
		    "%s: libcurl 7.88 signs no call with both %.*s and %.*s",
		    k->name, (int)n, k->value, (int)m, other);
	else if (!ours && n == m && strncasecmp(k->value, other, n) == 0)
		ini_error(r->text, k->line,
		    "%s: a call that is signed has %.*s once", k->name, (int)n,
		    k->value);
}

static void
check_field(struct reader *r, const struct description_key *k)
{
	static const char *const made[] = { "Authorization", "Date",
		"X-Amz-Date" };
	static const char *const ours[] = { "Accept", "Content-Type", "Host",
		"traceparent", "tracestate", "X-Amz-Content-Sha256",
		"X-Amz-Date" };
	const struct description_part *auth =
	    description_part(r->text, SECTION_AUTH, NULL);
	const struct description_key *other;
	const size_t n = strcspn(k->value, ":");
	size_t i;

	for (i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		if (n == strlen(made[i]) &&
		    strncasecmp(k->value, made[i], n) == 0)
			ini_error(r->text, k->line,
			    "%s: %s is not for a call that is signed", k->name,
			    made[i]);
	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
		check_beside(r, k, ours[i], strlen(ours[i]), true);
	for (other = auth->keys; other != NULL && other != k;
	     other = other->next)
		if (strcmp(other->name, "header") == 0)
			check_beside(r, k, other->value,
			    strcspn(other->value, ":"), false);
}

void
reader_signed_fields(struct reader *r)
{
	static const enum description_kind kinds[] = { SECTION_AUTH,
		SECTION_CALL, SECTION_HEALTH };
	const struct description_part *part;
	const struct description_key *k;
	size_t i;

	if (r->d->sign_region == NULL)
		return;
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		part = NULL;
		while (
		    (part = description_part(r->text, kinds[i], part)) != NULL)
			for (k = part->keys; k != NULL; k = k->next)
				if (strcmp(k->name, "header") == 0)
					check_field(r, k);
	}
}
