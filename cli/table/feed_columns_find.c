/* SPDX-License-Identifier: MIT */
/* Which columns are the value. */
#include <stdlib.h>
#include <string.h>

#include "cli/table/feed_columns.h"
#include "cli/table/feed_columns_part.h"

/* A column that may be the value, and when it is its turn: lower comes first. */
struct candidate {
	size_t column, turn;
};

#define TURN_KIND   10000 /* headings, at most */
#define TURN_NESTED (TURN_KIND * 100)

enum heading_kind
feed_columns_kind(const struct feed_columns *c, size_t i)
{
	const struct feed_column_seen *seen = &c->column[i].seen;

	return c->column[i].heading->kind == HEADING_URL && seen->filled > 0 &&
		feed_columns_half(seen, seen->kind[HEADING_NAME]) ?
	    HEADING_NAME :
	    c->column[i].heading->kind;
}

/* The first column with this heading, nested ones aside. */
static size_t
find_headed(const struct feed_columns *c, const char *name)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		if (heading_same(c->column[i].name, name))
			return i;
	return CSV_NONE;
}

/* Whether most cells are what the heading says.  A name may be an address; an
 * export has values that only their types tell. */
static bool
find_proves(const struct feed_columns *c, size_t i)
{
	const struct feed_column_seen *seen = &c->column[i].seen;
	enum heading_kind kind = feed_columns_kind(c, i);
	uint32_t n = seen->kind[kind];

	if (c->exported && heading_same(c->column[i].name, "value"))
		return true;
	if (kind == HEADING_NAME)
		n += seen->kind[HEADING_ADDRESS];
	return feed_columns_half(seen, n) && feed_columns_differ(seen);
}

/* Whether the URLs are on the host that their row names: then the URL is the
 * thing, and the address or name is said of it. */
static bool
find_url_is_thing(const struct feed_columns *c)
{
	uint64_t beside = 0, own = 0;
	size_t i;

	for (i = 0; i < c->n; i++)
		if (c->column[i].heading != NULL &&
		    c->column[i].heading->kind == HEADING_URL) {
			beside += c->column[i].seen.beside;
			own += c->column[i].seen.own;
		}
	return own * 2 > beside;
}

static size_t
find_turn(const struct feed_columns *c, size_t i, bool url_first)
{
	const struct heading *h = c->column[i].heading;
	size_t kind = (size_t)feed_columns_kind(c, i);

	if (kind == HEADING_URL && !url_first)
		kind = HEADING_VALUES;
	return heading_rank(h) + kind * TURN_KIND +
	    (c->column[i].nested ? TURN_NESTED : 0);
}

static int
find_compare(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	return x->turn < y->turn  ? -1 :
	    x->turn > y->turn     ? 1 :
	    x->column < y->column ? -1 :
				    1;
}

/* Finds two columns that are networks together. */
static const struct heading_pair *
find_pair(const struct feed_columns *c, size_t *first, size_t *second)
{
	const struct feed_column_seen *a, *b;
	const struct heading_pair *p;

	for (p = heading_pairs; p->first != NULL; p++) {
		if ((*first = find_headed(c, p->first)) == CSV_NONE ||
		    (*second = find_headed(c, p->second)) == CSV_NONE)
			continue;
		a = &c->column[*first].seen;
		b = &c->column[*second].seen;
		if (a->filled > 0 && b->filled > 0 &&
		    feed_columns_half(a, a->kind[HEADING_ADDRESS]) &&
		    feed_columns_half(
			b, p->mask ? b->masks : b->kind[HEADING_ADDRESS]))
			return p;
	}
	return NULL;
}

/* Makes groups of the candidates, which are in order. */
static void
find_groups(struct feed_columns *c, const struct candidate *all, size_t n)
{
	const struct heading *h, *last = NULL;
	struct feed_group *g = NULL;
	size_t i, column;

	for (i = 0; i < n; i++) {
		column = all[i].column;
		h = c->column[column].heading;
		if (g != NULL && h->group != 0 && h->group == last->group &&
		    c->column[column].nested ==
			c->column[g->column[0]].nested &&
		    g->n < FEED_VALUES)
			g->column[g->n++] = column;
		else
			g = feed_columns_group(c, column);
		if (g == NULL)
			return;
		last = h;
	}
}

void
feed_columns_by_heading(struct feed_columns *c)
{
	struct candidate all[FEED_COLUMNS];
	const struct heading_pair *pair;
	const struct heading *h;
	bool url_first = find_url_is_thing(c);
	size_t i, n = 0, first = CSV_NONE, second = CSV_NONE;

	if ((pair = find_pair(c, &first, &second)) != NULL) {
		struct feed_group *g = feed_columns_group(c, first);

		g->column[g->n++] = second;
		g->pair = pair;
	}
	for (i = 0; i < c->n; i++) {
		h = c->column[i].heading;
		if (h == NULL || (unsigned)h->kind >= HEADING_VALUES ||
		    heading_is_never(c->column[i].name) ||
		    (h->kind == HEADING_HASH && c->certificates) ||
		    (pair != NULL && (i == first || i == second)) ||
		    !find_proves(c, i))
			continue;
		all[n++] = (struct candidate){ i, find_turn(c, i, url_first) };
	}
	qsort(all, n, sizeof(all[0]), find_compare);
	find_groups(c, all, n);
	/* Headings of columns that nobody has filled yet prove nothing. */
	for (i = 0; i < c->groups; i++)
		if (c->column[c->group[i].column[0]].seen.filled > 0)
			return;
	if (c->rows > 0 && c->groups > 0 && !c->late)
		feed_columns_by_cells(c);
}

static bool
find_is_hash(const struct feed_columns *c, size_t i)
{
	const struct feed_column_seen *seen = &c->column[i].seen;

	return seen->kind[HEADING_HASH] == seen->filled;
}

/*
 * Whether all cells are indicators, or, where no column is such, all but one in
 * ten, and most rows have one.  Those few are what published lists have in
 * passing: a name without a dot ("com" among the most frequent names), a line of
 * totals.
 */
static bool
find_is_full(const struct feed_columns *c, size_t i, bool all)
{
	const struct feed_column_seen *seen = &c->column[i].seen;
	const struct heading *h = c->column[i].heading;

	return seen->filled > 0 &&
	    seen->kind[HEADING_ANY] * 10 >= seen->filled * (all ? 10U : 9U) &&
	    seen->filled * 10 >= c->rows * 9 && feed_columns_differ(seen) &&
	    !heading_is_never(c->column[i].name) &&
	    !(c->certificates && find_is_hash(c, i)) &&
	    (h == NULL || h->kind != HEADING_REFERENCE);
}

/* The column without a heading that has most words for people. */
static size_t
find_words(const struct feed_columns *c, size_t value)
{
	size_t i, best = CSV_NONE;
	uint32_t most = 0;

	for (i = 0; i < c->n; i++)
		if (i != value && c->column[i].seen.texts > most &&
		    c->column[i].seen.types < c->column[i].seen.filled &&
		    c->column[i].seen.judged < c->column[i].seen.filled) {
			most = c->column[i].seen.texts;
			best = i;
		}
	return best;
}

/* The first column but the value of which every cell counts in n. */
static void
find_all(struct feed_columns *c, size_t value, enum feed_field field)
{
	const struct feed_column_seen *seen;
	size_t i;

	for (i = 0; i < c->n && c->places[field] == 0; i++) {
		seen = &c->column[i].seen;
		if (i != value && seen->filled > 0 &&
		    seen->filled ==
			(field == FEED_TYPE ? seen->types : seen->judged))
			feed_columns_place(c, field, i);
	}
}

/* Takes all hashes of a row, when the value is one. */
static void
find_hashes(struct feed_columns *c)
{
	struct feed_group *g = &c->group[0];
	size_t i, column, left = 1;

	if (!find_is_hash(c, g->column[0]))
		return;
	for (i = 1; i < c->groups; i++) {
		column = c->group[i].column[0];
		if (find_is_hash(c, column) && g->n < FEED_VALUES)
			g->column[g->n++] = column;
		else
			c->group[left++] = c->group[i];
	}
	c->groups = left;
}

/* Where the columns have no headings, what the cells beside the value show. */
static void
find_beside(struct feed_columns *c, size_t value)
{
	static const struct heading_pair range = { "", "", false };
	size_t words;

	find_all(c, value, FEED_TYPE);
	find_all(c, value, FEED_DISPOSITION);
	find_hashes(c);
	if (c->column[value].seen.ranges == c->column[value].seen.filled) {
		c->group[0].column[1] = value + 1;
		c->group[0].n = 2;
		c->group[0].pair = &range;
		c->groups = 1;
	}
	if (c->places[FEED_REASON] == 0 &&
	    (words = find_words(c, value)) != CSV_NONE)
		feed_columns_place(c, FEED_REASON, words);
}

/* Groups the columns whose cells are indicators.  Returns the first, or
 * CSV_NONE. */
static size_t
find_full(struct feed_columns *c, bool all)
{
	size_t i, first = CSV_NONE;

	for (i = 0; i < c->n; i++) {
		if (!find_is_full(c, i, all))
			continue;
		if (first == CSV_NONE) {
			first = i;
			c->groups = 0;
		}
		(void)feed_columns_group(c, i);
	}
	return first;
}

void
feed_columns_by_cells(struct feed_columns *c)
{
	size_t value = find_full(c, true);

	if (value == CSV_NONE)
		value = find_full(c, false);
	c->guessed = value != CSV_NONE;
	if (value != CSV_NONE && !c->headed)
		find_beside(c, value);
}
