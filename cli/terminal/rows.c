/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/utf8.h"
#include "cli/terminal/rows.h"

#define ROWS_MAX (1U << 30) /* bytes of all cells */
#define SHORT    160        /* characters of a short one */

void
rows_init(struct rows *r, size_t columns)
{
	*r = (struct rows){ .columns = columns };
	buf_init(&r->cells, ROWS_MAX);
}

void
rows_free(struct rows *r)
{
	buf_free(&r->cells);
}

/* A cell is its colour, 'N' where it has no text, its text, a NUL. */
static void
rows_add(struct rows *r, const char *text, size_t len, enum table_colour colour)
{
	size_t at;

	buf_addc(&r->cells, (char)('0' + (int)colour));
	buf_addc(&r->cells, text == NULL ? 'N' : 'T');
	at = r->cells.len;
	if (text != NULL)
		buf_add(&r->cells, text, len);
	/* A cell is a line, whatever its text was. */
	for (; at < r->cells.len; at++)
		if (strchr("\r\n\t", r->cells.data[at]) != NULL)
			r->cells.data[at] = ' ';
	r->n++;
}

void
rows_cell(struct rows *r, const char *text, enum table_colour colour)
{
	rows_add(r, text, text == NULL ? 0 : strlen(text), colour);
	buf_addc(&r->cells, '\0');
}

void
rows_short(struct rows *r, const char *text, enum table_colour colour)
{
	size_t n = text == NULL ? 0 : utf8_cut(text, SHORT);

	if (text == NULL || text[n] == '\0') {
		rows_cell(r, text, colour);
		return;
	}
	rows_add(r, text, n, colour);
	buf_adds(&r->cells, " ...");
	buf_addc(&r->cells, '\0');
}

size_t
rows_count(const struct rows *r)
{
	return r->n / r->columns;
}

void
rows_put(const struct rows *r, struct table *t)
{
	const char *p = r->cells.data;

	for (size_t i = 0; i < r->n && !r->cells.failed; i++) {
		table_cell(t, p[1] == 'N' ? NULL : p + 2,
		    (enum table_colour)(p[0] - '0'));
		p += strlen(p) + 1;
	}
}
