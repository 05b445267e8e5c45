/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctim/indicator.h"
#include "store/store_db.h"

/* Adds a text (NULL: an empty one) with its NUL and returns where it begins; a
 * text that does not fit sets the buffer's failed mark. */
static size_t
store_match_keep(struct buf *text, const char *s)
{
	size_t at = text->len;

	buf_add(text, s == NULL ? "" : s, s == NULL ? 1 : strlen(s) + 1);
	return at;
}

/* Room for one more record. */
static int
store_grow(struct store *s)
{
	size_t cap = s->cap == 0 ? 16 : s->cap * 2;
	struct record *records;
	size_t(*text_at)[3];

	if (s->n < s->cap)
		return SQLITE_OK;
	if ((records = reallocarray(s->records, cap, sizeof(*records))) == NULL)
		return SQLITE_NOMEM;
	s->records = records;
	if ((text_at = reallocarray(s->text_at, cap, sizeof(*text_at))) == NULL)
		return SQLITE_NOMEM;
	s->text_at = text_at;
	s->cap = cap;
	return SQLITE_OK;
}

/* What a look-up needs besides the value. */
struct want {
	int64_t now;
	bool exact;
	bool
	    below; /* only what matches all below it, by itself or its source */
};

/* Adds the record in the row of a statement, if it is wanted. */
static int
store_take(struct store *s, struct sql_stmt *st, enum observable_type type,
    const char *value, const struct want *want)
{
	struct record *r;
	int code;

	if ((code = store_grow(s)) != SQLITE_OK)
		return code;
	r = &s->records[s->n];
	if ((code = db_record(s, st, type, value, r)) != SQLITE_OK)
		return code;
	if ((r->expires != 0 && r->expires <= want->now) ||
	    (want->below && !r->source.subdomains && !r->below))
		return SQLITE_OK;
	r->exact = want->exact;
	s->text_at[s->n][0] = store_match_keep(&s->text, r->value);
	s->text_at[s->n][1] = store_match_keep(&s->text, r->reason);
	s->text_at[s->n][2] = store_match_keep(&s->text, r->url);
	if (s->text.failed)
		return SQLITE_NOMEM;
	s->n++;
	return SQLITE_OK;
}

/* Adds the records of one value that were read with many others'. */
static int
store_look_read(struct store *s, enum observable_type type, const char *value,
    const struct want *want)
{
	size_t i, n, place = s->backend->found(s, type, value, &n);
	int code = SQLITE_OK;

	for (i = 0; i < n && code == SQLITE_OK; i++)
		code = store_take(
		    s, s->backend->row(s, place + i), type, value, want);
	return code;
}

/* Adds the records of one value. */
static int
store_look_up(struct store *s, enum observable_type type, const char *value,
    const struct want *want)
{
	struct sql_stmt *st;
	int code;

	if (s->backend->look != NULL)
		return store_look_read(s, type, value, want);
	if ((st = sql_statement(&s->sql, SQL_MATCH, &code)) == NULL)
		return code;
	sql_bind_text(st, 1, value);
	sql_bind(st, 2, (int)type);
	while ((code = sql_step(st)) == SQLITE_ROW)
		if ((code = store_take(s, st, type, value, want)) != SQLITE_OK)
			break;
	return sql_end(st, code);
}

static int
networks(struct store *s, enum observable_type type, const char *value,
    const struct want *want)
{
	char network[INDICATOR_MAX + 1];
	int lengths[STORE_NET_LENGTHS];
	int i, n, code = db_networks(s);

	if (code != SQLITE_OK)
		return code;
	n = store_net_lengths(s->facts.net, type, value, lengths);
	for (i = 0; i < n && code == SQLITE_OK; i++)
		if (indicator_network(type, value, lengths[i], network) == 0)
			code = store_look_up(s, type, network, want);
	return code;
}

/* The domains above a domain, but for the top-level one. */
static int
parents(struct store *s, const char *value, const struct want *want)
{
	int code = SQLITE_OK;

	while (code == SQLITE_OK && (value = indicator_parent(value)) != NULL &&
	    strchr(value, '.') != NULL)
		code = store_look_up(s, OBSERVABLE_DOMAIN, value, want);
	return code;
}

static int
url_host_records(struct store *s, const char *url, const struct want *want)
{
	char host[INDICATOR_MAX + 1];
	enum observable_type type = indicator_url_host(url, host);
	int code;

	if (type == OBSERVABLE_UNKNOWN)
		return SQLITE_OK;
	code = store_look_up(s, type, host, want);
	if (code == SQLITE_OK && type == OBSERVABLE_DOMAIN)
		code = parents(s, host, want);
	else if (code == SQLITE_OK && !want->below)
		code = networks(s, type, host, want);
	return code;
}

int
db_match(struct store *s, enum observable_type type, const char *value,
    int64_t now, bool all)
{
	const struct want exact = { now, true, false };
	const struct want around = { now, false, false };
	const struct want below = { now, false, !all };
	int code;

	if ((code = store_look_up(s, type, value, &exact)) != SQLITE_OK)
		return code;
	switch (type) {
	case OBSERVABLE_IP:
	case OBSERVABLE_IPV6:
		return networks(s, type, value, &around);
	case OBSERVABLE_DOMAIN:
		return all || s->facts.below ? parents(s, value, &below) :
					       SQLITE_OK;
	case OBSERVABLE_URL:
		return all || s->facts.below ?
		    url_host_records(s, value, &below) :
		    SQLITE_OK;
	default:
		return SQLITE_OK;
	}
}

size_t
store_hold_most(const struct store *s)
{
	return s->backend->look != NULL ? STORE_BATCH : STORE_HELD;
}

void
store_hold(
    struct store *s, const struct observable *list, size_t n, bool around)
{
	char error[STORE_ERROR_MAX];
	int code;

	s->held = s->backend->look != NULL;
	code =
	    s->held ? s->backend->look(s, list, n, around) : db_begin_read(s);
	if (code != SQLITE_OK)
		(void)db_error(s, code, error);
}

void
store_release(struct store *s)
{
	if (s->held)
		s->backend->unlook(s);
	else if (sql_busy(&s->sql))
		(void)sql_run(&s->sql, SQL_COMMIT);
	s->held = false;
}

/* Reads what an observable can match, where the backend reads that at once; else
 * begins to read. */
static int
store_collect_begin(
    struct store *s, const struct observable *o, bool all, bool held)
{
	if (s->backend->look != NULL)
		return s->backend->look(s, o, 1, all);
	return held ? SQLITE_OK : db_begin_read(s);
}

static int
store_collect_end(struct store *s, bool held)
{
	if (s->backend->look == NULL)
		return held ? SQLITE_OK : sql_run(&s->sql, SQL_COMMIT);
	if (!s->held)
		s->backend->unlook(s);
	return SQLITE_OK;
}

static ssize_t
store_collect(struct store *s, const struct observable *o, int64_t now,
    bool all, const struct record **records, char error[STORE_ERROR_MAX])
{
	char value[INDICATOR_MAX + 1];
	size_t i;
	bool held = sql_busy(&s->sql);
	int code;

	s->n = 0;
	buf_reset(&s->text);
	*records = s->records;
	errno = 0;
	if (indicator_normalise(o->type, o->value, value) == -1)
		return errno != ENOMEM ? 0 : db_error(s, SQLITE_NOMEM, error);
	code = store_collect_begin(s, o, all, held);
	if (code == SQLITE_OK)
		code = db_match(s, o->type, value, now, all);
	if (code == SQLITE_OK)
		code = store_collect_end(s, held);
	else if (s->backend->look != NULL && !s->held)
		s->backend->unlook(s);
	if (code != SQLITE_OK)
		return db_error(s, code, error);
	for (i = 0; i < s->n; i++) {
		s->records[i].value = s->text.data + s->text_at[i][0];
		if (s->records[i].reason != NULL)
			s->records[i].reason = s->text.data + s->text_at[i][1];
		if (s->records[i].url != NULL)
			s->records[i].url = s->text.data + s->text_at[i][2];
	}
	*records = s->records;
	return (ssize_t)s->n;
}

ssize_t
store_match(struct store *s, const struct observable *o, int64_t now,
    const struct record **records, char error[STORE_ERROR_MAX])
{
	return store_collect(s, o, now, false, records, error);
}

ssize_t
store_match_around(struct store *s, const struct observable *o, int64_t now,
    const struct record **records, char error[STORE_ERROR_MAX])
{
	return store_collect(s, o, now, true, records, error);
}
