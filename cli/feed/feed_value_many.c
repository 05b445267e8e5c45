/* SPDX-License-Identifier: MIT */
/* Cells that mean several indicators: ranges, networks with a mask, lists. */
#include <stdlib.h>
#include <string.h>

#include "cli/feed/feed_value.h"

#define MANY_MAX 16384 /* bytes of a list in one cell */
#define PARTS    " ,;|\t\r\n"

/* On the way from networks to each. */
struct many {
	struct feed_value v;
	int (*each)(void *, const struct feed_value *);
	void *arg;
};

static int
many_network(void *arg, const char *network)
{
	struct many *m = arg;

	memcpy(m->v.text, network, strlen(network) + 1);
	return m->each(m->arg, &m->v);
}

/* Reads the address of a range or network; false when it is none. */
static bool
many_address(struct feed_value *v, const char *text)
{
	return feed_value_read(v, text, "ip") &&
	    indicator_prefix(v->text) == -1;
}

/* The network of the address and a mask, or a number of bits. */
static int
many_masked(struct many *m, const char *mask)
{
	char out[INDICATOR_MAX + 1];
	size_t digits = strspn(mask, "0123456789");
	int bits;

	if (digits > 0 && digits <= 3 && mask[digits] == '\0') {
		bits = (int)strtol(mask, NULL, 10);
		if (indicator_network(m->v.type, m->v.text, bits, out) == -1)
			return -1;
	} else if (indicator_masked(m->v.type, m->v.text, mask, out) == -1)
		return -1;
	return many_network(m, out);
}

int
feed_value_pair(const char *first, const char *second, bool mask,
    int (*each)(void *, const struct feed_value *), void *arg, const char **why)
{
	struct many m = { .each = each, .arg = arg };
	struct feed_value from, last;
	int r = INDICATOR_RANGE_NONE;

	*why = NULL;
	if (!many_address(&m.v, first))
		return -1;
	if (mask)
		return many_masked(&m, second + strspn(second, " /"));
	from = m.v; /* whose text gives way to the networks */
	if (many_address(&last, second) && last.type == from.type)
		r = indicator_range(
		    from.type, from.text, last.text, many_network, &m);
	if (r < 0)
		*why = indicator_range_error(r);
	return r < 0 ? -1 : r;
}

/* A range or network in one cell, whose text may be written to: "a - b", "a-b",
 * "a mask", "a/mask".  Says in *is whether it has that form. */
static int
many_pair(char *text, int (*each)(void *, const struct feed_value *), void *arg,
    const char **why, bool *is)
{
	size_t n = strcspn(text, " \t-/");
	char *second = text + n + strspn(text + n, " \t-/");
	bool dash = memchr(text + n, '-', (size_t)(second - text) - n) != NULL;
	struct feed_value v;

	*is = false;
	if (n == 0 || *second == '\0' || second == text + n)
		return -1;
	text[n] = '\0';
	if (!many_address(&v, text) || !many_address(&v, second) ||
	    (!dash && strncmp(second, "255.", 4) != 0))
		return -1;
	*is = true;
	return feed_value_pair(text, second, !dash, each, arg, why);
}

/* Reads all parts of a list, or, with each, hands them on.  Returns how many, 0
 * when one is none, or -1 with what each returned in *stop. */
static int
many_parts(char *text, const char *type,
    int (*each)(void *, const struct feed_value *), void *arg, int *stop)
{
	struct feed_value v;
	char *part, *at = NULL;
	int n = 0;

	for (part = strtok_r(text, PARTS, &at); part != NULL;
	     part = strtok_r(NULL, PARTS, &at), n++) {
		if (!feed_value_read(&v, part, type))
			return 0;
		if (each != NULL && (*stop = each(arg, &v)) != 0)
			return -1;
	}
	return n;
}

int
feed_value_each(const char *cell, const char *type,
    int (*each)(void *, const struct feed_value *), void *arg, const char **why)
{
	char copy[MANY_MAX];
	struct feed_value v;
	size_t n;
	bool is;
	int r = 0;

	*why = NULL;
	if (feed_value_read(&v, cell, type))
		return each(arg, &v);
	cell += strspn(cell, " \t\r\n");
	n = strlen(cell);
	if (n >= sizeof(copy) || cell[strcspn(cell, PARTS "-/")] == '\0')
		return -1;
	memcpy(copy, cell, n + 1);
	r = many_pair(copy, each, arg, why, &is);
	if (is)
		return r;
	memcpy(copy, cell, n + 1);
	if (many_parts(copy, type, NULL, NULL, &r) < 2)
		return -1;
	memcpy(copy, cell, n + 1);
	return many_parts(copy, type, each, arg, &r) == -1 ? r : 0;
}

static int
many_first(void *arg, const struct feed_value *v)
{
	*(struct feed_value *)arg = *v;
	return 1;
}

bool
feed_value_look(struct feed_value *v, const char *text)
{
	char line[INDICATOR_MAX + 1];
	size_t n = strcspn(text, "\n");
	const char *why;

	if (feed_value_each(text, NULL, many_first, v, &why) == 1)
		return true;
	/* A cell with several values has a line for each. */
	if (text[n] == '\0' || n >= sizeof(line))
		return false;
	memcpy(line, text, n);
	line[n] = '\0';
	return feed_value_each(line, NULL, many_first, v, &why) == 1;
}
