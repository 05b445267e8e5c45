/* SPDX-License-Identifier: MIT */
#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "ctim/indicator.h"
#include "store/store_rows.h"
#include "store/store_tally.h"

#define NAME_BYTES 64 /* of a source's name */

bool
store_source_name(const char *name)
{
	size_t i;

	for (i = 0; name[i] != '\0'; i++) {
		if (!isascii((unsigned char)name[i]) || i == NAME_BYTES)
			return false;
		if (!isalnum((unsigned char)name[i]) &&
		    (i == 0 || strchr(" ._-", name[i]) == NULL))
			return false;
	}
	return i > 0;
}

int
store_rows_name(const char *name, char error[STORE_ERROR_MAX])
{
	if (store_source_name(name))
		return 0;
	snprintf(error, STORE_ERROR_MAX,
	    "a source's name is at most %d letters, digits and \" ._-\", a "
	    "letter or digit first",
	    NAME_BYTES);
	return -1;
}

bool
store_rows_good(const struct record *r)
{
	size_t n = strlen(r->value);

	return n != 0 && n <= INDICATOR_MAX && utf8_valid(r->value, n) &&
	    (r->reason == NULL || utf8_valid(r->reason, strlen(r->reason))) &&
	    (r->url == NULL || utf8_valid(r->url, strlen(r->url))) &&
	    (!r->below || r->type == OBSERVABLE_DOMAIN) &&
	    r->type < OBSERVABLE_TYPES &&
	    ctim_disposition_name(r->disposition) != NULL &&
	    ctim_severity_name(r->severity) != NULL &&
	    ctim_severity_name(r->confidence) != NULL &&
	    r->confidence != CTIM_SEVERITY_CRITICAL &&
	    ctim_tlp_name(r->tlp) != NULL && r->priority >= 0 &&
	    r->priority <= STORE_PRIORITY && r->first_seen >= 0 &&
	    r->last_seen >= 0 && r->count >= 0 && r->expires >= 0;
}

struct store_entry
store_rows_entry(const struct record *r, size_t *reason, size_t *url)
{
	*reason = r->reason == NULL ? 0 : utf8_cut(r->reason, STORE_REASON);
	*url = r->url == NULL ? 0 : strlen(r->url);
	if (*url > STORE_URL)
		*url = 0;
	return (struct store_entry){ .value = r->value,
		.reason = *reason == 0 ? NULL : r->reason,
		.url = *url == 0 ? NULL : r->url,
		.first_seen = r->first_seen,
		.last_seen = r->last_seen,
		.count = r->count,
		.expires = r->expires,
		.type = (uint8_t)r->type,
		.disposition = (uint8_t)r->disposition,
		.severity = (uint8_t)r->severity,
		.confidence = (uint8_t)r->confidence,
		.tlp = (uint8_t)r->tlp,
		.priority = (uint8_t)r->priority,
		.below = r->below };
}

int
store_rows_begin(struct store *s)
{
	int code;

	if (s->act)
		return db_facts(s);
	store_tally_reset(s);
	s->networks = false;
	if ((code = s->backend->begin(s, true)) == SQLITE_OK) {
		s->facts.known = false;
		code = db_facts(s);
	}
	return code;
}

int
store_rows_target(struct store *s, struct store_target *t)
{
	const struct store_row *row = db_source_named(s, t->source->name);
	struct sql_stmt *st;
	int code;

	t->id = row == NULL ? 0 : row->id;
	t->run = row == NULL ? 1 : row->run + 1;
	if (row != NULL)
		return SQLITE_OK;
	if ((st = sql_statement(&s->sql, SQL_SOURCE_ADD, &code)) == NULL)
		return code;
	sql_bind_text(st, 1, t->source->name);
	code = sql_step(st);
	t->id = sql_int64(st, 0);
	return code == SQLITE_DONE ? SQLITE_CORRUPT : sql_end(st, code);
}

/* The text fields of a source, and where SQL_SOURCE_SET has them. */
static const struct {
	unsigned set;
	size_t at;
	int column;
} source_fields[] = { { STORE_SET_TITLE, offsetof(struct source, title), 2 },
	{ STORE_SET_URL, offsetof(struct source, url), 3 },
	{ STORE_SET_FEED, offsetof(struct source, feed), 4 },
	{ STORE_SET_HEADER, offsetof(struct source, header), 5 },
	{ STORE_SET_OPTIONS, offsetof(struct source, options), 6 },
	{ STORE_SET_ETAG, offsetof(struct source, etag), 7 },
	{ STORE_SET_MODIFIED, offsetof(struct source, modified), 8 } };

int
store_rows_source(struct store *s, const struct store_row *is,
    const struct source *new, unsigned set)
{
	const struct source *from;
	struct sql_stmt *st;
	size_t i;
	int code;

	if ((st = sql_statement(&s->sql, SQL_SOURCE_SET, &code)) == NULL)
		return code;
	sql_bind(st, 1, is->id);
	for (i = 0; i < sizeof(source_fields) / sizeof(source_fields[0]); i++) {
		from = set & source_fields[i].set ? new : &is->source;
		sql_bind_text(st, source_fields[i].column,
		    *(const char *const *)((const char *)from +
			source_fields[i].at));
	}
	from = set & STORE_SET_SUBDOMAINS ? new : &is->source;
	sql_bind(st, 9, from->subdomains);
	from = set & STORE_SET_CHECKED ? new : &is->source;
	sql_bind(st, 10, from->checked);
	sql_bind(st, 11, is->source.below);
	sql_bind(st, 12, is->imported);
	sql_bind(st, 13, is->run);
	return sql_finish(st);
}

/* The prefix length of a network, -1 for all else. */
static int
store_rows_bits(const struct store_entry *r)
{
	return r->type == OBSERVABLE_IP || r->type == OBSERVABLE_IPV6 ?
	    indicator_prefix(r->value) :
	    -1;
}

/* Binds a record to one of the statements that write records, and runs the
 * statement. */
static int
write_with(struct store *s, enum store_sql which, const struct store_target *t,
    const struct store_entry *r)
{
	struct sql_stmt *st;
	int code;

	if ((st = sql_statement(&s->sql, which, &code)) == NULL)
		return code;
	sql_bind_text(st, 1, r->value);
	sql_bind(st, 2, r->type);
	sql_bind(st, 3, t->id);
	sql_bind(st, 4, r->disposition);
	sql_bind(st, 5, r->severity);
	sql_bind(st, 6, r->confidence);
	sql_bind(st, 7, r->tlp);
	sql_bind(st, 8, r->priority);
	sql_bind_text(st, 9, r->reason);
	sql_bind(st, 10, r->first_seen);
	sql_bind(st, 11, r->last_seen);
	sql_bind(st, 12, r->count);
	sql_bind(st, 13, r->expires);
	sql_bind(st, 14, t->now);
	sql_bind(st, 15, t->run);
	sql_bind_text(st, 16, r->url);
	sql_bind(st, 17, r->below);
	if (which == SQL_ADD && store_rows_bits(r) != -1)
		sql_bind(st, 18, store_rows_bits(r));
	return sql_finish(st);
}

/* Takes the record that is there, and is about to change, off the tally. */
static int
uncount_old(
    struct store *s, const struct store_target *t, const struct store_entry *r)
{
	struct sql_stmt *st;
	int code;

	if ((st = sql_statement(&s->sql, SQL_OLD, &code)) == NULL)
		return code;
	sql_bind_text(st, 1, r->value);
	sql_bind(st, 2, r->type);
	sql_bind(st, 3, t->id);
	if ((code = sql_step(st)) == SQLITE_ROW)
		code = store_tally_change(
		    s, t->id, r->type, sql_int(st, 0), sql_int64(st, 1), -1);
	else if (code == SQLITE_DONE)
		code = SQLITE_CORRUPT;
	return sql_end(st, code);
}

int
store_rows_write(
    struct store *s, struct store_target *t, const struct store_entry *r)
{
	int code;

	t->below |= r->below;
	/* Each statement changes a record only where those before did not. */
	if ((code = write_with(s, SQL_ADD, t, r)) != SQLITE_OK)
		return code;
	if (sql_changes(&s->sql) != 0) {
		t->counts.added++;
		s->networks |= store_rows_bits(r) != -1;
		return store_tally_change(
		    s, t->id, r->type, r->disposition, r->expires, 1);
	}
	if ((code = write_with(s, SQL_TOUCH, t, r)) != SQLITE_OK)
		return code;
	if (sql_changes(&s->sql) != 0) {
		t->counts.unchanged++;
		return SQLITE_OK;
	}
	t->counts.updated++;
	if ((code = uncount_old(s, t, r)) == SQLITE_OK &&
	    (code = write_with(s, SQL_CHANGE, t, r)) == SQLITE_OK)
		code = store_tally_change(
		    s, t->id, r->type, r->disposition, r->expires, 1);
	return code;
}

/* Removes records that the source listed in former imports only. */
static int
remove_former(struct store *s, struct store_target *t)
{
	static const enum store_sql steps[] = { SQL_FORMER, SQL_REPLACED };
	struct sql_stmt *st;
	size_t i;
	int code = SQLITE_OK;

	for (i = 0; i < 2 && code == SQLITE_OK; i++) {
		if ((st = sql_statement(&s->sql, steps[i], &code)) == NULL)
			return code;
		sql_bind(st, 1, t->id);
		sql_bind(st, 2, t->run);
		while ((code = sql_step(st)) == SQLITE_ROW) {
			t->counts.removed++;
			s->networks |= sql_type(st, 3) != SQLITE_NULL;
			if ((code = store_tally_change(s, t->id, sql_int(st, 0),
				 sql_int(st, 1), sql_int64(st, 2), -1)) !=
			    SQLITE_OK)
				break;
		}
		code = sql_end(st, code);
		if (t->counts.removed == 0)
			return code;
	}
	return code;
}

int
store_rows_finish(struct store *s, struct store_target *t, bool replace)
{
	const struct store_row *row = db_source(s, t->id);
	struct store_row is = { .source.title = t->source->name };
	int code;

	if (s->backend->finish != NULL)
		code = s->backend->finish(s, t, replace);
	else
		code = replace ? remove_former(s, t) : SQLITE_OK;
	if (code != SQLITE_OK)
		return code;
	if (row != NULL)
		is = *row;
	is.id = t->id;
	is.run = t->run;
	is.imported = t->now;
	is.source.below = t->below || (is.source.below && !replace);
	return store_rows_source(s, &is, t->source, t->set);
}

int
store_rows_remove(struct store *s, enum observable_type type, const char *value,
    int64_t source, uint64_t *n)
{
	struct sql_stmt *st;
	int code;

	if ((st = sql_statement(&s->sql, SQL_REMOVE, &code)) == NULL)
		return code;
	sql_bind_text(st, 1, value);
	sql_bind(st, 2, (int)type);
	if (source != 0)
		sql_bind(st, 3, source);
	while ((code = sql_step(st)) == SQLITE_ROW) {
		(*n)++;
		s->networks |= sql_type(st, 3) != SQLITE_NULL;
		if ((code = store_tally_change(s, sql_int64(st, 0), (int)type,
			 sql_int(st, 1), sql_int64(st, 2), -1)) != SQLITE_OK)
			break;
	}
	return sql_end(st, code);
}

int
store_rows_write_out(struct store *s)
{
	int code = store_tally_flush(s);

	if (code == SQLITE_OK && s->networks)
		code = sql_run(&s->sql, SQL_NETWORKS_CHANGED);
	return code == SQLITE_OK ? s->backend->commit(s) : code;
}

int
store_rows_commit(struct store *s)
{
	int code;

	s->facts.known = false;
	if (s->act)
		return SQLITE_OK;
	if ((code = store_rows_write_out(s)) == SQLITE_OK)
		s->backend->tidy(s);
	return code;
}
