/* SPDX-License-Identifier: MIT */
/* What the first rows show of the columns. */
#include <string.h>

#include "cli/feed/feed_value.h"
#include "cli/table/feed_columns.h"
#include "cli/table/feed_columns_part.h"
#include "ctim/ctim.h"

#define TEXT_LETTERS 4 /* letters in a row make a word for people */

/* What one row has in a column. */
struct look {
	enum heading_kind kind; /* HEADING_ANY: no value */
	struct hash value;      /* the normal form, or the host of the URL */
};

static const enum heading_kind look_kinds[OBSERVABLE_TYPES + 1] = {
	[OBSERVABLE_DOMAIN] = HEADING_NAME,
	[OBSERVABLE_EMAIL] = HEADING_EMAIL,
	[OBSERVABLE_IP] = HEADING_ADDRESS,
	[OBSERVABLE_IPV6] = HEADING_ADDRESS,
	[OBSERVABLE_MD5] = HEADING_HASH,
	[OBSERVABLE_SHA1] = HEADING_HASH,
	[OBSERVABLE_SHA256] = HEADING_HASH,
	[OBSERVABLE_URL] = HEADING_URL
};

static void
look_value(const char *cell, struct look *look)
{
	struct feed_value v;
	char host[INDICATOR_MAX + 1];
	const char *text = v.text;

	look->kind = HEADING_ANY;
	if (!feed_value_look(&v, cell))
		return;
	look->kind = look_kinds[v.type];
	if (v.type == OBSERVABLE_URL) {
		*host = '\0';
		(void)indicator_url_host(v.text, host);
		text = host;
	}
	look->value = hash_bytes(text, strlen(text));
}

static bool
look_is_mask(const char *cell)
{
	double n;

	return strncmp(cell, "255.", 4) == 0 || strcmp(cell, "0.0.0.0") == 0 ||
	    (feed_cell_number(cell, &n) && n <= 128);
}

static bool
look_is_text(const char *cell)
{
	size_t n = 0;

	for (; *cell != '\0' && n < TEXT_LETTERS; cell++)
		n = (*cell >= 'a' && *cell <= 'z') ||
			(*cell >= 'A' && *cell <= 'Z') ||
			(unsigned char)*cell >= 0x80 ?
		    n + 1 :
		    0;
	return n == TEXT_LETTERS;
}

/* The disposition that a word is, or -1.  A number is one only where the heading
 * says so. */
static int64_t
look_judged(const struct feed_columns *c, const char *cell)
{
	double n;

	return feed_cell_number(cell, &n) ?
	    -1 :
	    feed_cell_read(FEED_DISPOSITION, cell, &c->form);
}

/* Whether the cell is understood as what the heading says. */
static bool
look_is_word(
    const struct feed_columns *c, const struct heading *h, const char *cell)
{
	if (h == NULL || (h->kind != HEADING_FIELD && h->kind != HEADING_WORDS))
		return false;
	if (h->kind == HEADING_WORDS && h->field == FEED_DISPOSITION)
		return look_judged(c, cell) != -1;
	return feed_cell_read(h->field, cell, &c->form) != -1;
}

static void
look_cell(struct feed_columns *c, size_t i, const char *cell, struct look *look)
{
	struct feed_column_seen *seen = &c->column[i].seen;
	int64_t judged;
	double n;

	seen->filled++;
	(void)set_new(&seen->different, cell, strlen(cell));
	look_value(cell, look);
	if (look->kind != HEADING_ANY) {
		seen->kind[HEADING_ANY]++;
		seen->kind[look->kind]++;
	}
	seen->types += feed_value_is_type(cell);
	judged = look_judged(c, cell);
	seen->judged += judged != -1;
	seen->clean += judged == CTIM_CLEAN;
	seen->words += look_is_word(c, c->column[i].heading, cell);
	seen->masks += look_is_mask(cell);
	seen->texts += look->kind == HEADING_ANY && look_is_text(cell);
	if (feed_cell_number(cell, &n) && n <= 1) {
		seen->unit++;
		seen->fractions += n > 0 && n < 1;
	}
}

/* Whether a column is one of addresses or names by its heading. */
static bool
look_is_host(const struct feed_columns *c, size_t i)
{
	const struct heading *h = c->column[i].heading;

	return h != NULL &&
	    (h->kind == HEADING_ADDRESS || h->kind == HEADING_NAME);
}

/* Counts whether the URL in column i is on the host that its row names. */
static void
look_beside(struct feed_columns *c, size_t i, const struct look *looks)
{
	struct feed_column_seen *seen = &c->column[i].seen;
	bool beside = false, own = false;
	size_t k;

	for (k = 0; k < c->n; k++) {
		if (k == i || !look_is_host(c, k) ||
		    (looks[k].kind != HEADING_ADDRESS &&
			looks[k].kind != HEADING_NAME))
			continue;
		beside = true;
		own = own ||
		    (looks[k].value.a == looks[i].value.a &&
			looks[k].value.b == looks[i].value.b);
	}
	seen->beside += beside;
	seen->own += own;
}

static int
look_any(void *arg, const struct feed_value *v)
{
	(void)arg;
	(void)v;
	return 1;
}

/* Whether a cell and the next one could be the ends of a range. */
static bool
look_is_range(
    const struct feed_cells *cells, size_t i, const struct look *looks)
{
	const char *why;

	return i + 1 < cells->n && looks[i].kind == HEADING_ADDRESS &&
	    looks[i + 1].kind == HEADING_ADDRESS &&
	    feed_value_pair(cells->text[i], cells->text[i + 1], false, look_any,
		NULL, &why) == 1;
}

void
feed_columns_look(struct feed_columns *c, const struct feed_cells *cells)
{
	struct look looks[FEED_COLUMNS] = { { .kind = HEADING_ANY } };
	size_t i;

	c->rows++;
	for (i = 0; i < cells->n && i < c->n; i++)
		if (cells->text[i] != NULL && !cells->odd[i] &&
		    !feed_columns_silent(c, cells->text[i]))
			look_cell(c, i, cells->text[i], &looks[i]);
	for (i = 0; i < c->n; i++) {
		if (looks[i].kind == HEADING_URL)
			look_beside(c, i, looks);
		c->column[i].seen.ranges += look_is_range(cells, i, looks);
	}
}
