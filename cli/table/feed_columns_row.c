/* SPDX-License-Identifier: MIT */
/* A row under the columns that were chosen, and what is told of the choice. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "cli/feed/feed_cell.h"
#include "cli/table/feed_columns.h"
#include "cli/table/feed_columns_part.h"

#define LABEL 128 /* bytes of a heading in a note */

/* The cell, NULL where it says nothing. */
static const char *
row_cell(const struct feed_columns *c, const struct feed_cells *cells, size_t i)
{
	return i < cells->n && cells->text[i] != NULL && !cells->odd[i] &&
		!feed_columns_silent(c, cells->text[i]) ?
	    cells->text[i] :
	    NULL;
}

/* Takes a group's cells for the values.  Returns whether there are any. */
static bool
row_take(const struct feed_columns *c, const struct feed_group *g,
    const struct feed_cells *cells, struct feed_row *row)
{
	const char *cell;
	size_t i;

	for (i = 0; i < g->n; i++)
		if ((cell = row_cell(c, cells, g->column[i])) != NULL)
			row->values[row->n_values++] = cell;
	if (g->pair != NULL && row->n_values == 2)
		row->pair = g->pair->mask ? FEED_PAIR_MASK : FEED_PAIR_RANGE;
	return row->n_values > 0;
}

/* Whether the column holds URLs, of which one beside the value is a page about
 * it. */
static bool
row_is_page(const struct feed_columns *c, size_t column)
{
	const struct feed_column_seen *seen = &c->column[column].seen;
	const struct heading *h = c->column[column].heading;

	return h == NULL ?
	    seen->filled > 0 && seen->kind[HEADING_URL] == seen->filled :
	    feed_columns_kind(c, column) == HEADING_URL;
}

/* Finds the value; counts what could be it, too. */
static void
row_choose(struct feed_columns *c, const struct feed_cells *cells,
    struct feed_row *row)
{
	const struct feed_group *g;
	const char *cell;
	size_t i;

	for (i = 0; i < c->groups; i++) {
		g = &c->group[i];
		if (row->n_values == 0 && row_take(c, g, cells, row))
			continue;
		if ((cell = row_cell(c, cells, g->column[0])) == NULL)
			continue;
		c->column[g->column[0]].passed++;
		if (row->reference == NULL && row_is_page(c, g->column[0]))
			row->reference = cell;
	}
}

/* The first cell of a field that says something; of judgements and times also
 * one that cannot be understood, which differs from none. */
static const char *
row_text(const struct feed_columns *c, enum feed_field field,
    const struct feed_cells *cells)
{
	const size_t *place = c->place[field];
	const char *odd = NULL;
	size_t i, n = c->places[field];

	for (i = 0; i < n; i++) {
		if (place[i] >= cells->n || cells->text[place[i]] == NULL)
			continue;
		if (cells->odd[place[i]]) {
			if (odd == NULL &&
			    (field == FEED_TYPE || !feed_cell_is_text(field)))
				odd = cells->text[place[i]];
		} else if (cells->text[place[i]][0] != '\0')
			return cells->text[place[i]];
	}
	return odd;
}

void
feed_columns_row(struct feed_columns *c, const struct feed_cells *cells,
    struct feed_row *row)
{
	size_t i;
	int field;

	row->form = &c->form;
	for (i = 0; i < c->references && row->reference == NULL; i++)
		row->reference = row_cell(c, cells, c->reference[i]);
	row_choose(c, cells, row);
	for (field = 0; field < FEED_FIELDS; field++)
		if (field != FEED_VALUE)
			row->text[field] =
			    row_text(c, (enum feed_field)field, cells);
}

static bool
row_is_one_of(const char *cell, const char *const words[3])
{
	size_t i;

	for (i = 0; i < 3; i++)
		if (strcasecmp(cell, words[i]) == 0)
			return true;
	return false;
}

const char *
feed_columns_idle(const struct feed_columns *c, const struct feed_cells *cells)
{
	static const char *const no[] = { "0", "false", "no" },
				 *const yes[] = { "1", "true", "yes" };
	const char *cell;
	size_t i;

	for (i = 0; i < c->idles; i++) {
		if (c->idle[i] >= cells->n ||
		    (cell = cells->text[c->idle[i]]) == NULL)
			continue;
		if (c->column[c->idle[i]].heading->kind == HEADING_TO_IDS) {
			if (row_is_one_of(cell, no))
				return "to_ids says that it is not meant for "
				       "detection";
		} else if (row_is_one_of(cell, yes))
			return "the feed says that it may pass, or is "
			       "withdrawn";
	}
	return NULL;
}

/* A column as people are told of it. */
static const char *
row_label(const struct feed_columns *c, size_t i, char out[LABEL])
{
	const char *name = c->column[i].name;

	if (c->headed && *name != '\0' && utf8_valid(name, strlen(name)))
		snprintf(out, LABEL, "%.*s", (int)utf8_cut(name, 30), name);
	else
		snprintf(out, LABEL, "%zu", i + 1);
	return out;
}

/* Tells of a column under a heading of a field whose cells are none. */
static void
row_note_type(
    const struct feed_columns *c, size_t i, const struct feed_sink *to)
{
	const struct heading *h = c->column[i].heading;
	char label[LABEL];
	size_t k;

	if (h == NULL || h->kind != HEADING_FIELD || h->field != FEED_TYPE ||
	    c->column[i].nested || c->column[i].seen.filled == 0)
		return;
	for (k = 0; k < c->o->n_columns; k++)
		if (c->o->columns[k].field == FEED_TYPE)
			return;
	for (k = 0; k < c->places[FEED_TYPE]; k++)
		if (c->place[FEED_TYPE][k] == i)
			return;
	feed_note(to,
	    "\"%s\" is not taken for the type: its words are no types of "
	    "indicators",
	    row_label(c, i, label));
}

/* Tells of a column that could be the value too. */
static void
row_note_passed(
    const struct feed_columns *c, size_t i, const struct feed_sink *to)
{
	char label[LABEL], taken[LABEL];
	size_t first = c->group[0].column[0];

	if (c->column[i].passed == 0)
		return;
	row_label(c, i, label);
	row_label(c, first, taken);
	feed_note(to,
	    "in %" PRIu64 " row%s \"%s\" is %s, as another column is the "
	    "value: --column value=%s takes it, value=%s,%s both",
	    c->column[i].passed, c->column[i].passed == 1 ? "" : "s", label,
	    row_is_page(c, i) ? "taken for the reference" : "not taken", label,
	    taken, label);
}

void
feed_columns_note(const struct feed_columns *c, const struct feed_sink *to)
{
	char label[LABEL];
	size_t i;

	if (c->guessed && c->groups > 0 && c->n > 1)
		feed_note(to,
		    "the value is taken from column %s, whose cells are "
		    "indicators%s",
		    row_label(c, c->group[0].column[0], label),
		    c->headed ? "; no heading is known to be that of one" : "");
	for (i = 0; i < c->n; i++) {
		row_note_type(c, i, to);
		row_note_passed(c, i, to);
	}
}
