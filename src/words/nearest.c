/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "words/nearest.h"

#define NEAREST_MAX 64 /* letters of a name that is compared */
#define NEAREST_FAR 3  /* letters: what differs in so many is a guess */

static size_t
nearest_least(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Returns how many letters to change, add or take away to make b of a
 * (Levenshtein). */
static size_t
nearest_distance(const char *a, size_t la, const char *b, size_t lb)
{
	size_t row[NEAREST_MAX + 1], diagonal, above, i, j;

	if (la > NEAREST_MAX || lb > NEAREST_MAX)
		return NEAREST_MAX;
	for (j = 0; j <= lb; j++)
		row[j] = j;
	for (i = 1; i <= la; i++) {
		diagonal = row[0];
		row[0] = i;
		for (j = 1; j <= lb; j++) {
			above = row[j];
			row[j] = nearest_least(above + 1, row[j - 1] + 1,
			    diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[lb];
}

void
nearest_init(struct nearest *n, const char *name, size_t len)
{
	*n = (struct nearest){ .name = name, .len = len, .least = NEAREST_FAR };
}

void
nearest_look(struct nearest *n, const char *known)
{
	size_t len = strlen(known);
	size_t d = nearest_distance(n->name, n->len, known, len);

	/* One that differs in all its letters is no guess either. */
	if (d < n->least && d < len) {
		n->least = d;
		n->best = known;
	}
}
