/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "store/store_action.h"
#include "store/store_rows.h"

/* Binds what makes two actions equal, from the first parameter on. */
static void
store_action_bind(struct sql_stmt *st, const struct store_action *a)
{
	sql_bind_text(st, 1, a->relay);
	sql_bind_text(st, 2, a->action);
	sql_bind(st, 3, (int)a->type);
	sql_bind_text(st, 4, a->value);
}

static int
store_action_write(struct store *s, const struct store_action *a)
{
	struct sql_stmt *st;
	int code;

	if ((st = sql_statement(&s->sql, SQL_ACTION_ADD, &code)) == NULL)
		return code;
	store_action_bind(st, a);
	sql_bind(st, 5, a->at);
	sql_bind_text(st, 6, a->who);
	sql_bind_text(st, 7, a->status);
	sql_bind_text(st, 8, a->reason);
	if (s->backend->mark != NULL)
		sql_bind_text(st, 9, s->backend->mark(s));
	return sql_finish(st);
}

static int
store_action_remove(
    struct store *s, const struct store_change *c, uint64_t *changed)
{
	const struct store_row *row = db_source_named(s, c->source->name);

	return row == NULL ? SQLITE_OK :
			     store_rows_remove(s, c->record->type,
				 c->record->value, row->id, changed);
}

/* Adds a record as an import of it alone. */
static int
store_action_put(struct store *s, const struct store_change *c, int64_t now,
    uint64_t *changed)
{
	struct store_target to = {
		.source = c->source, .set = c->set, .now = now
	};
	size_t reason, url;
	struct store_entry e = store_rows_entry(c->record, &reason, &url);
	char text[STORE_REASON * 4 + 1];
	int code;

	if (e.reason != NULL)
		e.reason = memcpy(text, e.reason, reason);
	text[reason] = '\0';
	if ((code = store_rows_target(s, &to)) == SQLITE_OK &&
	    (code = store_rows_write(s, &to, &e)) == SQLITE_OK)
		code = store_rows_finish(s, &to, false);
	*changed += to.counts.added + to.counts.updated;
	return code;
}

/* Whether the store takes all that is to be added; error says why not. */
static bool
store_action_good(struct store *s, const struct store_change *changes, size_t n,
    char error[STORE_ERROR_MAX])
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (store_rows_name(changes[i].source->name, error) == -1)
			return false;
		if (changes[i].remove || store_rows_good(changes[i].record))
			continue;
		snprintf(error, STORE_ERROR_MAX,
		    "%s: a record with figures or texts that the store does "
		    "not take",
		    s->path);
		return false;
	}
	return true;
}

int
store_act(struct store *s, const struct store_change *changes, size_t n,
    const struct store_action *a, uint64_t *changed,
    char error[STORE_ERROR_MAX])
{
	uint64_t sum = 0;
	size_t i;
	int code;

	if (!store_action_good(s, changes, n, error)) {
		store_act_cancel(s);
		return -1;
	}
	code = store_rows_begin(s);
	for (i = 0; i < n && code == SQLITE_OK; i++) {
		/* The source of a change may be that of one before. */
		s->facts.known = s->facts.known && i == 0;
		if ((code = db_facts(s)) != SQLITE_OK)
			break;
		code = changes[i].remove ?
		    store_action_remove(s, &changes[i], &sum) :
		    store_action_put(s, &changes[i], a->at, &sum);
	}
	if (code == SQLITE_OK)
		code = store_action_write(s, a);
	if (code == SQLITE_OK)
		code = store_rows_commit(s);
	if (code != SQLITE_OK)
		return db_error(s, code, error);
	if (changed != NULL)
		*changed = sum;
	return 0;
}

int
store_act_begin(struct store *s, int wait, char error[STORE_ERROR_MAX])
{
	int code;

	assert(!s->act);
	s->backend->patience(s, wait);
	if ((code = store_rows_begin(s)) != SQLITE_OK)
		return db_error(s, code, error);
	s->act = true;
	return 0;
}

int
store_act_end(struct store *s, char error[STORE_ERROR_MAX])
{
	int code;

	assert(s->act);
	/* No checkpoint, which would wait for readers: those of a request. */
	if ((code = store_rows_write_out(s)) != SQLITE_OK)
		return db_error(s, code, error);
	s->facts.known = false;
	s->act = false;
	return 0;
}

void
store_act_cancel(struct store *s)
{
	sql_rollback(&s->sql);
	s->facts.known = false;
	s->act = false;
}

int
store_act_last(struct store *s, const struct store_action *a, int64_t since,
    struct store_act_last *last, char error[STORE_ERROR_MAX])
{
	const char *action, *status, *reason;
	struct sql_stmt *st;
	int code;

	assert(s->act);
	*last = (struct store_act_last){ .same = false };
	if ((st = sql_statement(&s->sql, SQL_ACTION_LAST, &code)) == NULL)
		return db_error(s, code, error);
	store_action_bind(st, a);
	sql_bind(st, 5, since);
	if ((code = sql_step(st)) == SQLITE_ROW) {
		action = sql_text(st, 0);
		status = sql_text(st, 1);
		reason = sql_text(st, 2);
		last->same = action != NULL && strcmp(action, a->action) == 0;
		last->success =
		    status != NULL && strcmp(status, "success") == 0;
		(void)snprintf(last->reason, sizeof(last->reason), "%s",
		    reason == NULL ? "" : reason);
	}
	code = sql_end(st, code);
	return code == SQLITE_OK ? 0 : db_error(s, code, error);
}

int
store_action_add(
    struct store *s, const struct store_action *a, char error[STORE_ERROR_MAX])
{
	return store_act(s, NULL, 0, a, NULL, error);
}

/* The row of SQL_ACTIONS. */
static int
store_action_read(struct sql_stmt *st, struct store_action *a)
{
	*a = (struct store_action){ .id = sql_int64(st, 0),
		.at = sql_int64(st, 1),
		.relay = sql_text(st, 2),
		.who = sql_text(st, 3),
		.action = sql_text(st, 4),
		.type = (enum observable_type)sql_int(st, 5),
		.value = sql_text(st, 6),
		.status = sql_text(st, 7),
		.reason = sql_text(st, 8) };
	if (a->relay == NULL || a->who == NULL || a->action == NULL ||
	    a->value == NULL || a->status == NULL)
		return SQLITE_NOMEM;
	return a->type < 0 || a->type >= OBSERVABLE_TYPES ? SQLITE_CORRUPT :
							    SQLITE_OK;
}

int
store_actions(struct store *s, const struct store_action_filter *filter,
    int (*each)(void *, const struct store_action *), void *arg,
    char error[STORE_ERROR_MAX])
{
	struct store_action a;
	struct sql_stmt *st = NULL;
	int code;

	if ((code = db_begin_read(s)) == SQLITE_OK)
		st = sql_statement(&s->sql, SQL_ACTIONS, &code);
	if (st == NULL)
		return db_error(s, code, error);
	sql_bind(st, 1, filter->since);
	if (filter->type != OBSERVABLE_UNKNOWN)
		sql_bind(st, 2, (int)filter->type);
	sql_bind_text(st, 3, filter->value);
	sql_bind(st, 4, filter->limit);
	while ((code = sql_step(st)) == SQLITE_ROW)
		if ((code = store_action_read(st, &a)) != SQLITE_OK ||
		    each(arg, &a) != 0)
			break;
	if ((code = sql_end(st, code)) == SQLITE_OK)
		code = sql_run(&s->sql, SQL_COMMIT);
	return code == SQLITE_OK ? 0 : db_error(s, code, error);
}
