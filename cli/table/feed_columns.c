/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "cli/feed/feed_value.h"
#include "cli/table/feed_columns.h"
#include "cli/table/feed_columns_part.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define SHOWN    40 /* code points of a heading in a message */

struct feed_columns *
feed_columns_new(const struct feed_options *o)
{
	struct feed_columns *c = calloc(1, sizeof(*c));

	if (c != NULL) {
		c->o = o;
		c->form.now = (int64_t)time(NULL);
	}
	return c;
}

void
feed_columns_free(struct feed_columns *c)
{
	size_t i;

	if (c == NULL)
		return;
	for (i = 0; i < c->n; i++) {
		free(c->column[i].name);
		set_free(&c->column[i].seen.different);
	}
	free(c);
}

size_t
feed_columns_add(struct feed_columns *c, const char *name, size_t n)
{
	char *copy;

	if (c->n == FEED_COLUMNS || (copy = strndup(name, n)) == NULL)
		return CSV_NONE;
	c->column[c->n].name = copy;
	c->exported |= heading_same(copy, "source_title");
	c->column[c->n].heading = heading_of(copy);
	/* "source.ip" of a JSON object, or of what was made a table of one. */
	if (c->column[c->n].heading == NULL && strchr(copy, '.') != NULL) {
		c->column[c->n].heading = heading_nested(copy);
		c->column[c->n].nested = true;
	}
	return c->n++;
}

size_t
feed_columns_find(const struct feed_columns *c, const char *name)
{
	unsigned long number;
	char *end;
	size_t i;

	for (i = 0; i < c->n; i++)
		if (strcasecmp(c->column[i].name, name) == 0)
			return i;
	for (i = 0; i < c->n; i++)
		if (heading_same(c->column[i].name, name))
			return i;
	if (*name < '1' || *name > '9')
		return CSV_NONE;
	number = strtoul(name, &end, 10);
	return *end == '\0' && number <= c->n ? number - 1 : CSV_NONE;
}

/* Calls f for the columns that an option names: one, or several with commas
 * between them.  Stops at one that is not there, and returns its name. */
static const char *
columns_named(const struct feed_columns *c, const struct feed_column *said,
    void (*f)(void *, size_t), void *arg)
{
	static char part[FEED_NAME_MAX];
	const char *name = said->name;
	size_t n, column;

	if (*name == '\0')
		return NULL;
	if ((column = feed_columns_find(c, name)) != CSV_NONE) {
		if (f != NULL)
			f(arg, column);
		return NULL;
	}
	for (;; name += n + 1) {
		n = strcspn(name, ",");
		if (n >= sizeof(part))
			return name;
		memcpy(part, name, n);
		part[n] = '\0';
		if ((column = feed_columns_find(c, part)) == CSV_NONE)
			return part;
		if (f != NULL)
			f(arg, column);
		if (name[n] == '\0')
			return NULL;
	}
}

const char *
feed_columns_missing(const struct feed_columns *c)
{
	const char *missing = NULL;
	size_t i;

	for (i = 0; i < c->o->n_columns && missing == NULL; i++)
		missing = columns_named(c, &c->o->columns[i], NULL, NULL);
	return missing;
}

bool
feed_columns_silent(const struct feed_columns *c, const char *cell)
{
	return c->exported ? *cell == '\0' : feed_value_is_empty(cell);
}

struct feed_group *
feed_columns_group(struct feed_columns *c, size_t column)
{
	struct feed_group *g = &c->group[c->groups];

	if (c->groups == FEED_GROUPS)
		return NULL;
	*g = (struct feed_group){ .column = { column }, .n = 1 };
	c->groups++;
	return g;
}

void
feed_columns_place(struct feed_columns *c, enum feed_field field, size_t column)
{
	if (c->places[field] < FEED_PLACES)
		c->place[field][c->places[field]++] = column;
}

/* Where the columns of an option go. */
struct columns_to {
	struct feed_columns *c;
	enum feed_field field;
};

static void
columns_take(void *arg, size_t column)
{
	struct columns_to *to = arg;
	struct feed_columns *c = to->c;
	struct feed_group *g = &c->group[0];

	if (to->field != FEED_VALUE)
		feed_columns_place(c, to->field, column);
	else if (c->groups == 0)
		(void)feed_columns_group(c, column);
	else if (g->n < FEED_VALUES)
		g->column[g->n++] = column;
}

void
feed_columns_said(struct feed_columns *c, bool said[FEED_FIELDS])
{
	size_t i;

	for (i = 0; i < c->o->n_columns; i++) {
		struct columns_to to = { c, c->o->columns[i].field };

		said[to.field] = true;
		(void)columns_named(c, &c->o->columns[i], columns_take, &to);
	}
}

/* Whether the cells of a column with this heading are such words. */
static bool
columns_speak(const struct feed_columns *c, size_t i)
{
	const struct feed_column_seen *seen = &c->column[i].seen;
	const struct heading *h = c->column[i].heading;

	if (h->field == FEED_TYPE)
		return c->exported || feed_columns_half(seen, seen->types);
	return h->kind == HEADING_FIELD || feed_columns_half(seen, seen->words);
}

/*
 * Takes a column that says of a few rows that they are clean, and of the others
 * something that is no disposition ("Active", "Whitelisted"): what may pass must
 * not become what is blocked.
 */
static void
columns_mixed(struct feed_columns *c)
{
	const struct heading *h;
	size_t i;

	c->form.mixed = false;
	for (i = 0; i < c->n && c->places[FEED_DISPOSITION] == 0; i++) {
		h = c->column[i].heading;
		if (h == NULL || h->kind != HEADING_WORDS ||
		    h->field != FEED_DISPOSITION || c->column[i].nested ||
		    c->column[i].seen.clean == 0)
			continue;
		feed_columns_place(c, FEED_DISPOSITION, i);
		c->form.mixed = true;
	}
}

/* Takes a column for the reason that is called a value, and has words instead:
 * "ip,ioc" of C2IntelFeeds. */
static void
columns_reason(struct feed_columns *c)
{
	const struct heading *h;
	size_t i;

	if (c->exported)
		return; /* it has a column for them, where there are any */
	for (i = 0; i < c->n && c->places[FEED_REASON] == 0; i++) {
		const struct feed_column_seen *seen = &c->column[i].seen;

		h = c->column[i].heading;
		if (h != NULL && h->kind == HEADING_ANY && seen->filled > 0 &&
		    !c->column[i].nested &&
		    !feed_columns_half(seen, seen->kind[HEADING_ANY]) &&
		    feed_columns_half(seen, seen->texts))
			feed_columns_place(c, FEED_REASON, i);
	}
}

/* Gives fields that the options do not place the columns of their headings, in
 * the order of the table of headings. */
static void
columns_fields(struct feed_columns *c, const bool said[FEED_FIELDS])
{
	size_t order[FEED_COLUMNS], n, i, k;
	const struct heading *h;

	for (i = n = 0; i < c->n; i++) {
		if ((h = c->column[i].heading) == NULL || c->column[i].nested)
			continue;
		for (k = n++; k > 0 &&
		     heading_rank(c->column[order[k - 1]].heading) >
			 heading_rank(h);
		     k--)
			order[k] = order[k - 1];
		order[k] = i;
	}
	for (i = 0; i < n; i++) {
		struct feed_column_seen *seen = &c->column[order[i]].seen;

		h = c->column[order[i]].heading;
		if (h->kind == HEADING_REFERENCE &&
		    c->references < FEED_PLACES &&
		    feed_columns_half(seen, seen->kind[HEADING_URL]))
			c->reference[c->references++] = order[i];
		else if ((h->kind == HEADING_FIELD ||
			     h->kind == HEADING_WORDS) &&
		    !said[h->field] && columns_speak(c, order[i]))
			feed_columns_place(c, h->field, order[i]);
	}
}

/* Finds the columns that say of a row that it is not meant. */
static void
columns_idle(struct feed_columns *c)
{
	const struct heading *h;
	size_t i;

	for (i = 0; i < c->n && c->idles < FEED_PLACES; i++) {
		h = c->column[i].heading;
		if (h != NULL &&
		    (h->kind == HEADING_TO_IDS || h->kind == HEADING_PASS))
			c->idle[c->idles++] = i;
	}
}

/* Whether the confidence is written from 0 to 1: all its numbers are, and one of
 * them with a fraction. */
static bool
columns_hundredths(const struct feed_columns *c)
{
	const struct feed_column_seen *seen;

	if (c->places[FEED_CONFIDENCE] == 0)
		return false;
	seen = &c->column[c->place[FEED_CONFIDENCE][0]].seen;
	return seen->fractions > 0 && seen->unit == seen->filled;
}

static void
columns_list(const struct feed_columns *c, char *out, size_t room)
{
	size_t i, n = 0;
	const char *name;

	*out = '\0';
	for (i = 0; i < c->n; i++) {
		name = c->column[i].name;
		if (!utf8_valid(name, strlen(name)) ||
		    n + strlen(name) + 3 > room)
			break;
		n += (size_t)snprintf(
		    out + n, room - n, "%s%s", i == 0 ? "" : ", ", name);
	}
}

/* Says why nothing is the value. */
static int
columns_fail(
    const struct feed_columns *c, const char *lacks, char error[FEED_ERROR_MAX])
{
	const char *what = c->late ? "member" : "column";
	char has[256];

	columns_list(c, has, sizeof(has));
	if (lacks != NULL)
		snprintf(error, FEED_ERROR_MAX,
		    "there is no %s \"%.*s\"; %s: %s", what,
		    (int)utf8_cut(lacks, 64), lacks,
		    c->late ? "the members are" : "the header has", has);
	else if (c->certificates)
		snprintf(error, FEED_ERROR_MAX,
		    "its hashes are those of certificates, as a comment says, "
		    "and not of files; --column value=NAME takes them all the "
		    "same, where NAME is one of: %s",
		    has);
	else if (c->systems)
		snprintf(error, FEED_ERROR_MAX,
		    "it is a list of autonomous systems (AS numbers), which "
		    "are no indicators; --column value=NAME takes another %s, "
		    "where NAME is one of: %s",
		    what, has);
	else if (c->headed)
		snprintf(error, FEED_ERROR_MAX,
		    "no %s is known to hold the value; name "
		    "it with --column value=NAME, where NAME is one of: %s",
		    c->late ? "member" : "column of the header", has);
	else
		snprintf(error, FEED_ERROR_MAX,
		    "there is no header, and no column in which nine cells in "
		    "ten are an indicator; name one by its number with "
		    "--column value=N");
	return -1;
}

/*
 * With nothing found, columns whose headings are those of values and none of
 * whose cells is one: their rows are skipped then, each with its reason.
 */
static void
columns_hopeless(struct feed_columns *c)
{
	const struct heading *h;
	size_t i;

	for (i = 0; i < c->n; i++) {
		h = c->column[i].heading;
		if (h != NULL && (unsigned)h->kind < HEADING_VALUES &&
		    !c->column[i].nested && !c->certificates &&
		    c->column[i].seen.kind[HEADING_ANY] == 0)
			(void)feed_columns_group(c, i);
	}
}

/* Whether it is a list of autonomous systems: their number comes first, and a
 * name beside it is that of who runs it. */
static bool
columns_systems(const struct feed_columns *c)
{
	static const char *const names[] = { "asn", "as", "asnumber" };
	const struct heading *h;
	size_t i;

	for (i = 0; i < c->groups; i++) {
		h = c->column[c->group[i].column[0]].heading;
		if (h == NULL || h->kind != HEADING_NAME)
			return false;
	}
	for (i = 0; c->n > 0 && i < COUNT(names); i++)
		if (heading_same(c->column[0].name, names[i]))
			return true;
	return false;
}

int
feed_columns_choose(struct feed_columns *c, char error[FEED_ERROR_MAX])
{
	bool said[FEED_FIELDS] = { false };
	const char *lacks = c->late ? NULL : feed_columns_missing(c);

	c->groups = c->references = c->idles = 0;
	memset(c->places, 0, sizeof(c->places));
	c->guessed = false;
	if (lacks != NULL)
		return columns_fail(c, lacks, error);
	feed_columns_said(c, said);
	if (c->headed) {
		columns_fields(c, said);
		columns_idle(c);
	}
	if (c->headed && !said[FEED_DISPOSITION])
		columns_mixed(c);
	if (c->headed && !said[FEED_REASON])
		columns_reason(c);
	if (!said[FEED_VALUE] && c->headed)
		feed_columns_by_heading(c);
	if (!said[FEED_VALUE] && (c->systems = columns_systems(c)))
		return columns_fail(c, NULL, error);
	if (!said[FEED_VALUE] && c->groups == 0)
		feed_columns_by_cells(c);
	if (!said[FEED_VALUE] && c->groups == 0)
		columns_hopeless(c);
	c->form.hundredths = columns_hundredths(c);
	return c->groups > 0 ||
		(c->late && (c->rows == 0 || said[FEED_VALUE])) ?
	    0 :
	    columns_fail(c, NULL, error);
}
