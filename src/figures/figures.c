/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "figures/figures.h"
#include "store/store_db.h"

#define DAY 86400 /* seconds */

/* Keeps a copy of a column of text; NULL for none, or when memory ran out. */
static const char *
figures_text(struct figures *f, struct sql_stmt *st, int column)
{
	const char *text = sql_text(st, column);

	if (text == NULL)
		return NULL;
	return f->texts[f->n_texts++] = strdup(text);
}

static int
figures_sources(struct store *s, int64_t since, int64_t now, struct figures *f)
{
	int code = store_tally_read(s, now, false);

	(void)since;
	f->sources = s->counts;
	f->n = s->facts.n;
	return code;
}

static int
figures_expired(struct store *s, int64_t since, int64_t now, struct figures *f)
{
	struct sql_stmt *st;
	int code;

	if ((st = sql_statement(&s->sql, SQL_EXPIRED_IN, &code)) == NULL)
		return code;
	sql_bind(st, 1, since / STORE_HOUR);
	sql_bind(st, 2, now / STORE_HOUR);
	if ((code = sql_step(st)) == SQLITE_ROW)
		f->expired = (uint64_t)sql_int64(st, 0);
	return sql_end(st, code);
}

static int
figures_acted(struct store *s, int64_t since, int64_t now, struct figures *f)
{
	struct sql_stmt *st;
	int code;

	(void)now;
	if ((st = sql_statement(&s->sql, SQL_ACTED, &code)) == NULL)
		return code;
	sql_bind(st, 1, since);
	sql_bind(st, 2, FIGURES_AUDIT);
	if ((code = sql_step(st)) == SQLITE_ROW) {
		f->acted = (uint64_t)sql_int64(st, 0);
		f->acted_more = sql_int64(st, 1) == FIGURES_AUDIT;
	}
	return sql_end(st, code);
}

/* The row of SQL_LAST_ACTIONS. */
static int
figures_action(struct figures *f, struct sql_stmt *st)
{
	struct store_action *a = &f->actions[f->n_actions];
	int type = sql_int(st, 3);

	*a = (struct store_action){ .at = sql_int64(st, 0),
		.who = figures_text(f, st, 1),
		.action = figures_text(f, st, 2),
		.type = (enum observable_type)type,
		.value = figures_text(f, st, 4),
		.status = figures_text(f, st, 5),
		.reason = figures_text(f, st, 6) };
	if (a->who == NULL || a->action == NULL || a->value == NULL ||
	    a->status == NULL)
		return SQLITE_NOMEM;
	if (type < 0 || type >= OBSERVABLE_TYPES)
		return SQLITE_CORRUPT;
	f->n_actions++;
	return SQLITE_OK;
}

static int
figures_actions(struct store *s, int64_t since, int64_t now, struct figures *f)
{
	struct sql_stmt *st;
	int code;

	(void)now;
	if ((st = sql_statement(&s->sql, SQL_LAST_ACTIONS, &code)) == NULL)
		return code;
	sql_bind(st, 1, since);
	sql_bind(st, 2, FIGURES_AUDIT);
	sql_bind(st, 3, FIGURES_ROWS);
	while ((code = sql_step(st)) == SQLITE_ROW)
		if ((code = figures_action(f, st)) != SQLITE_OK)
			break;
	return sql_end(st, code);
}

/* Adds the row of SQL_MATCHES; other programs' dispositions stay out. */
static void
figures_bin(struct figures *f, struct sql_stmt *st)
{
	int64_t i = sql_int64(st, 0) - f->first;
	int disposition = sql_int(st, 1);

	if (i >= 0 && i < (int64_t)f->bins && disposition >= CTIM_CLEAN &&
	    disposition <= CTIM_UNKNOWN)
		f->matched[i][disposition] = (uint64_t)sql_int64(st, 2);
}

static int
figures_matched(struct store *s, int64_t since, int64_t now, struct figures *f)
{
	struct sql_stmt *st;
	int code;

	f->bin = now - since > DAY ? DAY : STORE_HOUR;
	f->first = since / f->bin;
	f->bins = (size_t)(now / f->bin - f->first + 1);
	if (f->bins > FIGURES_BINS)
		f->bins = FIGURES_BINS;
	if (s->format != STORE_FORMAT)
		return SQLITE_OK;
	if ((st = sql_statement(&s->sql, SQL_MATCHES, &code)) == NULL)
		return code;
	sql_bind(st, 1, f->first * (f->bin / STORE_HOUR));
	sql_bind(st, 2, f->bin / STORE_HOUR);
	while ((code = sql_step(st)) == SQLITE_ROW)
		figures_bin(f, st);
	return sql_end(st, code);
}

/* The row of SQL_TOP_MATCHES. */
static int
figures_top_row(struct figures *f, struct sql_stmt *st)
{
	struct figures_top *t = &f->top[f->n_top];
	int type = sql_int(st, 0);

	if (type < 0 || type >= OBSERVABLE_TYPES)
		return SQLITE_CORRUPT;
	*t = (struct figures_top){ .type = (enum observable_type)type,
		.value = figures_text(f, st, 1),
		.sources = figures_text(f, st, 2),
		.n = (uint64_t)sql_int64(st, 3) };
	if (t->value == NULL || t->sources == NULL)
		return SQLITE_NOMEM;
	f->n_top++;
	return SQLITE_OK;
}

static int
figures_others(struct store *s, int64_t day, struct figures *f)
{
	struct sql_stmt *st;
	int code;

	if ((st = sql_statement(&s->sql, SQL_OTHER_MATCHES, &code)) == NULL)
		return code;
	sql_bind(st, 1, day);
	if ((code = sql_step(st)) == SQLITE_ROW)
		f->others = (uint64_t)sql_int64(st, 0);
	return sql_end(st, code);
}

static int
figures_tops(struct store *s, int64_t since, int64_t now, struct figures *f)
{
	struct sql_stmt *st;
	int code;

	(void)now;
	if ((st = sql_statement(&s->sql, SQL_TOP_MATCHES, &code)) == NULL)
		return code;
	sql_bind(st, 1, since / DAY);
	sql_bind(st, 2, FIGURES_ROWS);
	while ((code = sql_step(st)) == SQLITE_ROW)
		if ((code = figures_top_row(f, st)) != SQLITE_OK)
			break;
	if ((code = sql_end(st, code)) == SQLITE_OK)
		code = figures_others(s, since / DAY, f);
	return code;
}

static const struct {
	unsigned need;
	bool any_format; /* also of a store without counts */
	int (*read)(struct store *, int64_t, int64_t, struct figures *);
} figures_parts[] = {
	{ FIGURES_SOURCES, true, figures_sources },
	{ FIGURES_EXPIRED, false, figures_expired },
	{ FIGURES_ACTED, false, figures_acted },
	{ FIGURES_ACTIONS, false, figures_actions },
	{ FIGURES_MATCHED, true, figures_matched },
	{ FIGURES_TOP, false, figures_tops },
};

int
figures_read(struct store *s, unsigned needs, int64_t since, int64_t now,
    struct figures *f, char error[STORE_ERROR_MAX])
{
	size_t i;
	int code;

	*f = (struct figures){ .n = 0 };
	code = db_begin_read(s);
	for (i = 0; i < sizeof(figures_parts) / sizeof(figures_parts[0]); i++)
		if (code == SQLITE_OK && (needs & figures_parts[i].need) &&
		    (figures_parts[i].any_format || s->format == STORE_FORMAT))
			code = figures_parts[i].read(s, since, now, f);
	if (code == SQLITE_OK)
		code = sql_run(&s->sql, SQL_COMMIT);
	return code == SQLITE_OK ? 0 : db_error(s, code, error);
}

void
figures_free(struct figures *f)
{
	size_t i;

	for (i = 0; i < f->n_texts; i++)
		free(f->texts[i]);
	f->n_texts = 0;
}
