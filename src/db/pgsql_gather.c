/* SPDX-License-Identifier: MIT */
/*
 * Rows that are written one by one, on their way in arrays: the parameters of a
 * statement that gathers are arrays of what was bound, and it runs when
 * something else is asked.
 */
#include <stdlib.h>

#include "db/pgsql.h"

#define GATHER_BYTES (1U << 20) /* of a parameter's array; then it runs */
#define GATHER_MOST  (GATHER_BYTES + (64U << 10))

/* What was bound to a statement. */
struct pgsql_gather {
	struct buf values[PGSQL_PARAMETER];
	int n; /* parameters; 0: nothing was bound */
};

void
pgsql_array_add(struct buf *b, const char *text)
{
	buf_addc(b, b->len == 0 ? '{' : ',');
	if (text == NULL) {
		buf_adds(b, "NULL");
		return;
	}
	buf_addc(b, '"');
	for (; *text != '\0'; text++) {
		if (*text == '"' || *text == '\\')
			buf_addc(b, '\\');
		buf_addc(b, *text);
	}
	buf_addc(b, '"');
}

void
pgsql_array_end(struct buf *b)
{
	buf_adds(b, b->len == 0 ? "{}" : "}");
}

static struct pgsql_gather *
pgsql_gather_new(void)
{
	struct pgsql_gather *g = calloc(1, sizeof(*g));
	size_t i;

	for (i = 0; g != NULL && i < PGSQL_PARAMETER; i++)
		buf_init(&g->values[i], GATHER_MOST);
	return g;
}

int
pgsql_gather(struct pgsql_stmt *st)
{
	struct pgsql *p = st->of;
	struct pgsql_gather *g = p->gathered[st->which];
	bool full = false;
	int i;

	if (g == NULL && (g = pgsql_gather_new()) == NULL)
		return SQLITE_NOMEM;
	p->gathered[st->which] = g;
	for (i = 0; i < st->n; i++) {
		pgsql_array_add(&g->values[i], st->values[i]);
		if (g->values[i].failed)
			return SQLITE_NOMEM;
		full |= g->values[i].len >= GATHER_BYTES;
	}
	g->n = st->n;
	return full ? pgsql_gathered(p) : SQLITE_OK;
}

/* Runs a statement with what was gathered for it. */
static int
pgsql_gather_run(struct pgsql *p, size_t which)
{
	struct pgsql_gather *g = p->gathered[which];
	const char *values[PGSQL_PARAMETER];
	int i, code;

	for (i = 0; i < g->n; i++) {
		pgsql_array_end(&g->values[i]);
		if (g->values[i].failed)
			return SQLITE_NOMEM;
		values[i] = g->values[i].data;
	}
	code = pgsql_try(p, p->text[which], g->n, values, p->limit, NULL);
	/* A lost connection took it along. */
	if (code != SQLITE_OK)
		return code;
	for (i = 0; i < g->n; i++)
		buf_reset(&g->values[i]);
	g->n = 0;
	return SQLITE_OK;
}

int
pgsql_gathered(struct pgsql *p)
{
	int code = SQLITE_OK;
	size_t i;

	for (i = 0; i < SQL_MOST && code == SQLITE_OK; i++)
		if (p->gathered[i] != NULL && p->gathered[i]->n > 0)
			code = pgsql_gather_run(p, i);
	return code;
}

void
pgsql_gather_drop(struct pgsql *p)
{
	size_t i, k;

	for (i = 0; i < SQL_MOST; i++) {
		for (k = 0; p->gathered[i] != NULL && k < PGSQL_PARAMETER; k++)
			buf_free(&p->gathered[i]->values[k]);
		free(p->gathered[i]);
		p->gathered[i] = NULL;
	}
}
