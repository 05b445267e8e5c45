/* SPDX-License-Identifier: MIT */
#include <stdbool.h>
#include <string.h>

#include "cli/sharing/stix_lex.h"
#include "cli/sharing/stix_path.h"
#include "cli/sharing/stix_pattern.h"

#define DEPTH    32 /* brackets within each other */
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Why a part is left out. */
static const char stix_and_objects[] =
    "its pattern joins different objects by AND";
static const char stix_and_observations[] =
    "its pattern joins observations by AND";
static const char stix_and_values[] = "its pattern joins two values by AND";
static const char stix_other[] = "its pattern compares what is no value here";
static const char stix_not[] = "its pattern has NOT";
static const char stix_unequal[] = "its pattern has !=";
static const char stix_followed[] = "its pattern has FOLLOWEDBY";
static const char stix_qualifier[] = "its pattern has REPEATS, WITHIN or START";

struct stix_read {
	struct stix_pattern *to;
	struct stix_lex lex;
	size_t depth;
};

/* What an expression comes to: the parts from first to the end of the list when
 * it was read. */
struct stix_found {
	size_t first;
	enum stix_rank rank;
	const char *spoilt; /* why nothing can be joined to it by AND */
	size_t object;      /* its name, in texts; SIZE_MAX: several */
};

void
stix_pattern_init(struct stix_pattern *p)
{
	buf_init(&p->parts, STIX_PATTERN_MAX * sizeof(struct stix_part));
	buf_init(&p->texts, 4 * STIX_PATTERN_MAX);
}

void
stix_pattern_free(struct stix_pattern *p)
{
	buf_free(&p->parts);
	buf_free(&p->texts);
}

const struct stix_part *
stix_pattern_part(const struct stix_pattern *p, size_t i)
{
	const struct stix_part *parts = (const void *)p->parts.data;

	return i < p->parts.len / sizeof(*parts) ? &parts[i] : NULL;
}

const char *
stix_pattern_text(const struct stix_pattern *p, const struct stix_part *part)
{
	return p->texts.data + part->text;
}

static size_t
stix_count(const struct stix_read *r)
{
	return r->to->parts.len / sizeof(struct stix_part);
}

/* Takes parts out of the list: those from one number up to another. */
static void
stix_drop(struct stix_read *r, size_t from, size_t to)
{
	struct buf *b = &r->to->parts;
	size_t size = sizeof(struct stix_part);

	memmove(b->data + from * size, b->data + to * size, b->len - to * size);
	b->len -= (to - from) * size;
}

static void
stix_push(
    struct stix_read *r, const char *type, const char *reason, size_t text)
{
	const struct stix_part part = { type, reason, text };

	if (buf_add(&r->to->parts, &part, sizeof(part)) == -1)
		stix_lex_fail(&r->lex, stix_lex_memory);
}

/* Leaves the parts of an expression out, for a reason about its first text. */
static void
stix_spoil(struct stix_read *r, struct stix_found *f, const char *why)
{
	const struct stix_part *part = stix_pattern_part(r->to, f->first);
	size_t text = part == NULL ? 0 : part->text;

	stix_drop(r, f->first, stix_count(r));
	stix_push(r, NULL, why, text);
	f->spoilt = why;
	f->rank = STIX_NONE;
}

/* Reads one literal, which is a value where type is not NULL. */
static void
stix_literal(struct stix_read *r, const char *type)
{
	if (r->lex.kind == STIX_STRING && type != NULL)
		stix_push(r, type, NULL, r->lex.text);
	else if (r->lex.kind != STIX_STRING && r->lex.kind != STIX_LITERAL &&
	    !stix_lex_is(&r->lex, "true") && !stix_lex_is(&r->lex, "false"))
		stix_lex_fail(&r->lex, "what is compared with is missing");
	stix_lex_next(&r->lex);
}

/* Reads several literals in brackets. */
static void
stix_set(struct stix_read *r, const char *type)
{
	stix_lex_expect(&r->lex, '(', "a set does not begin with a bracket");
	while (r->lex.kind != ')' && r->lex.kind != STIX_END) {
		stix_literal(r, type);
		if (r->lex.kind != ',')
			break;
		stix_lex_next(&r->lex);
	}
	stix_lex_expect(&r->lex, ')', "a set is not closed");
}

/* Operators that are words; the first take the values, the others do not. */
static const struct {
	const char *word, *reason;
} stix_operators[] = { { "ISSUBSET", NULL }, { "IN", NULL },
	{ "LIKE", "its pattern has LIKE" },
	{ "MATCHES", "its pattern has MATCHES" },
	{ "ISSUPERSET", "its pattern has ISSUPERSET" } };

/* Reads an operator that is a word.  Returns why it cannot be taken. */
static const char *
stix_operator(struct stix_read *r)
{
	size_t i;

	for (i = 0; i < COUNT(stix_operators); i++)
		if (stix_lex_word(&r->lex, stix_operators[i].word))
			return stix_operators[i].reason;
	stix_lex_fail(&r->lex, "an operator is missing");
	return NULL;
}

/* Reads an operator and what is behind it.  Returns why the comparison cannot
 * be taken; NULL: it can. */
static const char *
stix_compare(struct stix_read *r, const char *type)
{
	bool not = stix_lex_word(&r->lex, "NOT"),
	     set = stix_lex_is(&r->lex, "IN");
	int kind = r->lex.kind;
	const char *why = NULL;

	if (kind == '=' || kind == '!' || kind == '<')
		stix_lex_next(&r->lex);
	else
		why = stix_operator(r);
	if (kind == '!')
		why = stix_unequal;
	if (not )
		why = stix_not;
	if (why != NULL || kind == '<')
		type = NULL;
	if (set)
		stix_set(r, type);
	else
		stix_literal(r, type);
	return why;
}

static struct stix_found stix_or(struct stix_read *);

/* Reads "(", an expression, ")". */
static struct stix_found
stix_within(
    struct stix_read *r, struct stix_found (*inside)(struct stix_read *))
{
	struct stix_found f;
	int end = r->lex.kind == '[' ? ']' : ')';

	if (++r->depth > DEPTH)
		stix_lex_fail(
		    &r->lex, "too many brackets are within each other");
	stix_lex_next(&r->lex);
	f = inside(r);
	stix_lex_expect(&r->lex, end, "a bracket is not closed");
	r->depth--;
	return f;
}

/* Reads one comparison. */
static struct stix_found
stix_test(struct stix_read *r)
{
	struct stix_found f = { .first = stix_count(r) };
	const char *why, *type = NULL;
	struct buf path;
	bool not, exists;

	if (r->lex.kind == '(')
		return stix_within(r, stix_or);
	not = stix_lex_word(&r->lex, "NOT");
	exists = stix_lex_word(&r->lex, "EXISTS");
	buf_init(&path, STIX_PATTERN_MAX);
	stix_path_read(&r->lex, &path);
	f.object = r->to->texts.len;
	buf_add(&r->to->texts, path.data, path.len + 1);
	f.rank = exists || not ? STIX_NONE : stix_path_rank(path.data, &type);
	why = exists ? NULL : stix_compare(r, type);
	if (not )
		why = stix_not;
	buf_free(&path);
	if (stix_count(r) == f.first) { /* no value was taken */
		stix_push(r, NULL, why == NULL ? stix_other : why, f.object);
		f.rank = STIX_NONE;
	}
	f.spoilt = why;
	return f;
}

/* Whether two paths begin with the same type of object. */
static bool
stix_same_object(const struct stix_read *r, size_t a, size_t b)
{
	const char *x = r->to->texts.data + a, *y = r->to->texts.data + b;
	size_t n = strcspn(x, ":");

	return n == strcspn(y, ":") && memcmp(x, y, n) == 0;
}

/* Joins what is behind AND to what is before it. */
static void
stix_join_and(
    struct stix_read *r, struct stix_found *a, const struct stix_found *b)
{
	const char *why = a->spoilt != NULL ? a->spoilt : b->spoilt;

	if (why == NULL &&
	    (a->object == SIZE_MAX || b->object == SIZE_MAX ||
		!stix_same_object(r, a->object, b->object)))
		why = stix_and_objects;
	if (why == NULL && a->rank == b->rank && a->rank != STIX_NONE &&
	    a->rank != STIX_HASH)
		why = stix_and_values;
	if (why != NULL)
		stix_spoil(r, a, why);
	else if (a->rank < b->rank) {
		stix_drop(r, a->first, b->first);
		a->rank = b->rank;
	} else if (a->rank > b->rank || a->rank == STIX_NONE)
		stix_drop(r, b->first, stix_count(r));
}

static void
stix_join_or(
    struct stix_read *r, struct stix_found *a, const struct stix_found *b)
{
	if (a->object == SIZE_MAX || b->object == SIZE_MAX ||
	    !stix_same_object(r, a->object, b->object))
		a->object = SIZE_MAX;
	if (a->spoilt == NULL)
		a->spoilt = b->spoilt;
	if (a->rank < b->rank)
		a->rank = b->rank;
}

/* Comparisons joined by AND, which binds stronger than OR. */
static struct stix_found
stix_and(struct stix_read *r)
{
	struct stix_found f = stix_test(r), next;

	while (stix_lex_word(&r->lex, "AND")) {
		next = stix_test(r);
		if (r->lex.wrong == NULL)
			stix_join_and(r, &f, &next);
	}
	return f;
}

static struct stix_found
stix_or(struct stix_read *r)
{
	struct stix_found f = stix_and(r), next;

	while (stix_lex_word(&r->lex, "OR")) {
		next = stix_and(r);
		if (r->lex.wrong == NULL)
			stix_join_or(r, &f, &next);
	}
	return f;
}

/* Passes over the qualifiers of an observation.  Whether there are any. */
static bool
stix_qualifiers(struct stix_read *r)
{
	static const char *const words[][2] = { { "WITHIN", "SECONDS" },
		{ "REPEATS", "TIMES" }, { "START", "STOP" } };
	bool any = false;
	size_t i = 0;

	while (i < COUNT(words)) {
		if (!stix_lex_word(&r->lex, words[i][0])) {
			i++;
			continue;
		}
		any = true;
		stix_literal(r, NULL);
		if (!stix_lex_word(&r->lex, words[i][1]))
			stix_lex_fail(&r->lex, "a qualifier is not complete");
		else if (i == 2)
			stix_literal(r, NULL);
		i = 0;
	}
	return any;
}

static struct stix_found stix_observations(struct stix_read *);

static struct stix_found
stix_observation(struct stix_read *r)
{
	struct stix_found f = { .first = stix_count(r) };

	if (r->lex.kind == '[')
		f = stix_within(r, stix_or);
	else if (r->lex.kind == '(')
		f = stix_within(r, stix_observations);
	else
		stix_lex_fail(&r->lex, "an observation in brackets is missing");
	if (stix_qualifiers(r) && r->lex.wrong == NULL)
		stix_spoil(r, &f, stix_qualifier);
	return f;
}

static struct stix_found
stix_observations_and(struct stix_read *r)
{
	struct stix_found f = stix_observation(r);

	while (stix_lex_word(&r->lex, "AND")) {
		(void)stix_observation(r);
		if (r->lex.wrong == NULL)
			stix_spoil(r, &f, stix_and_observations);
	}
	return f;
}

static struct stix_found
stix_observations_or(struct stix_read *r)
{
	struct stix_found f = stix_observations_and(r);

	while (stix_lex_word(&r->lex, "OR"))
		(void)stix_observations_and(r);
	return f;
}

static struct stix_found
stix_observations(struct stix_read *r)
{
	struct stix_found f = stix_observations_or(r);

	while (stix_lex_word(&r->lex, "FOLLOWEDBY")) {
		(void)stix_observations_or(r);
		if (r->lex.wrong == NULL)
			stix_spoil(r, &f, stix_followed);
	}
	return f;
}

/* Keeps the first of several parts that are left out for the same reason. */
static void
stix_say_once(struct stix_read *r)
{
	const struct stix_part *part;
	const char *said[16];
	size_t i = 0, k, n = 0;

	while ((part = stix_pattern_part(r->to, i)) != NULL) {
		for (k = 0; k < n && said[k] != part->reason;)
			k++;
		if (k < n) {
			stix_drop(r, i, i + 1);
			continue;
		}
		if (part->reason != NULL && n < COUNT(said))
			said[n++] = part->reason;
		i++;
	}
}

const char *
stix_pattern_read(struct stix_pattern *p, const char *pattern, size_t *at)
{
	struct stix_read r = { .to = p };

	buf_reset(&p->parts);
	buf_reset(&p->texts);
	buf_addc(&p->texts, '\0');
	stix_lex_begin(&r.lex, pattern, &p->texts);
	(void)stix_observations(&r);
	if (r.lex.kind != STIX_END)
		stix_lex_fail(&r.lex, "there is more behind its end");
	if (r.lex.wrong == NULL)
		stix_say_once(&r);
	else
		buf_reset(&p->parts);
	*at = r.lex.at;
	return r.lex.wrong;
}
