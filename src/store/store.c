/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctim/ctim.h"
#include "store/store_db.h"

#define SOURCES_MAX 100000

const struct store_row *
db_source(const struct store *s, int64_t id)
{
	size_t low = 0, high = s->facts.n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (s->facts.rows[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < s->facts.n && s->facts.rows[low].id == id ?
	    &s->facts.rows[low] :
	    NULL;
}

const struct store_row *
db_source_named(const struct store *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->facts.n; i++)
		if (strcmp(s->facts.rows[i].source.name, name) == 0)
			return &s->facts.rows[i];
	return NULL;
}

/* Adds a text (NULL: an empty one) with its NUL and returns where it begins; a
 * text that does not fit sets the buffer's failed mark. */
static size_t
store_keep(struct buf *text, const char *s)
{
	size_t at = text->len;

	buf_add(text, s == NULL ? "" : s, s == NULL ? 1 : strlen(s) + 1);
	return at;
}

/* Room for one more source. */
static struct store_row *
new_row(struct store_facts *f)
{
	struct store_row *rows;
	size_t cap = f->n == 0 ? 1 : f->n * 2;

	if (f->n == SOURCES_MAX)
		return NULL;
	if ((f->n & (f->n - 1)) == 0) { /* the room is full at powers of two */
		if ((rows = reallocarray(f->rows, cap, sizeof(*rows))) == NULL)
			return NULL;
		f->rows = rows;
	}
	return &f->rows[f->n++];
}

/* The texts of a source in the order of SQL_SOURCES, where the first is column
 * 1; name and title are never NULL. */
static const size_t store_source_texts[] = { offsetof(struct source, name),
	offsetof(struct source, title), offsetof(struct source, url),
	offsetof(struct source, feed), offsetof(struct source, header),
	offsetof(struct source, options), offsetof(struct source, etag),
	offsetof(struct source, modified) };

#define TEXTS (sizeof(store_source_texts) / sizeof(store_source_texts[0]))

/* Points the rows at their texts, which lie one after another. */
static void
point_at_texts(struct store_facts *f)
{
	const char *text = f->text.data, **to;
	struct store_row *r;
	size_t i;

	f->below = false;
	for (r = f->rows; r < f->rows + f->n; r++) {
		for (i = 0; i < TEXTS; i++) {
			to = (const char **)((char *)&r->source +
			    store_source_texts[i]);
			*to = i > 1 && *text == '\0' ? NULL : text;
			text += strlen(text) + 1;
		}
		if (r->source.subdomains || r->source.below)
			f->below = true;
	}
}

/* Reads the row of SQL_SOURCES; its texts are kept one after another. */
static int
store_read_source(struct store_facts *f, struct sql_stmt *st)
{
	struct store_row *r = new_row(f);
	int column = 1;

	if (r == NULL)
		return SQLITE_NOMEM;
	*r = (struct store_row){ .id = sql_int64(st, 0) };
	for (; column <= (int)TEXTS; column++)
		store_keep(&f->text, sql_text(st, column));
	r->source.subdomains = sql_int(st, column++) != 0;
	r->source.below = sql_int(st, column++) != 0;
	r->imported = sql_int64(st, column++);
	r->run = sql_int64(st, column++);
	r->source.checked = sql_int64(st, column);
	return f->text.failed ? SQLITE_NOMEM : SQLITE_OK;
}

static int
read_sources(struct store *s)
{
	struct store_facts *f = &s->facts;
	struct sql_stmt *st;
	int code;

	f->n = 0;
	buf_reset(&f->text);
	if ((st = sql_statement(&s->sql, SQL_SOURCES, &code)) == NULL)
		return code;
	while ((code = sql_step(st)) == SQLITE_ROW)
		if ((code = store_read_source(f, st)) != SQLITE_OK)
			break;
	if ((code = sql_end(st, code)) != SQLITE_OK)
		return code;
	/* Only now: the buffer moved while it grew. */
	if (f->n != 0)
		point_at_texts(f);
	else
		f->below = false;
	return SQLITE_OK;
}

/* The integer that a statement without parameters answers. */
static int
store_number(struct store *s, enum store_sql which, int64_t *n)
{
	struct sql_stmt *st;
	int code;

	if ((st = sql_statement(&s->sql, which, &code)) == NULL)
		return code;
	code = sql_step(st);
	*n = sql_int64(st, 0);
	return code == SQLITE_DONE ? SQLITE_CORRUPT : sql_end(st, code);
}

/* Reads all networks into a filter. */
static int
store_read_networks(void *arg, struct store_net *net)
{
	struct store *s = arg;
	struct sql_stmt *st;
	const char *value;
	int64_t n;
	int code, type;

	if ((code = store_number(s, SQL_NETWORKS_COUNT, &n)) != SQLITE_OK)
		return code;
	if (store_net_reset(net, (size_t)n) == -1)
		return SQLITE_NOMEM;
	if ((st = sql_statement(&s->sql, SQL_NETWORKS, &code)) == NULL)
		return code;
	while ((code = sql_step(st)) == SQLITE_ROW) {
		type = sql_int(st, 0);
		value = sql_text(st, 1);
		if (value == NULL || type < 0 ||
		    store_net_add(net, (enum observable_type)type, value) ==
			-1) {
			code = SQLITE_CORRUPT;
			break;
		}
	}
	return sql_end(st, code);
}

/* What the filter of networks is in common by; not while the open transaction
 * has changed some, of which nobody else knows, nor in a command. */
static const char *
store_networks_name(const struct store *s)
{
	return s->mode == STORE_READ ||
		(s->mode == STORE_SERVE && !s->networks) ?
	    s->name :
	    NULL;
}

int
db_networks(struct store *s)
{
	struct store_facts *f = &s->facts;
	int64_t state;
	int code;

	if (f->net_known)
		return SQLITE_OK;
	if ((code = store_number(s, SQL_NETWORKS_STATE, &state)) != SQLITE_OK)
		return code;
	if (f->net == NULL || f->net_state != state)
		code = store_net_take(&f->net, store_networks_name(s), state,
		    s->backend->until(s), store_read_networks, s);
	f->net_known = code == SQLITE_OK;
	f->net_state = state;
	return code == STORE_NET_LATE ? SQLITE_INTERRUPT :
	    code == -1                ? SQLITE_NOMEM :
					code;
}

int
db_begin_read(struct store *s)
{
	int code = sql_run(&s->sql, SQL_BEGIN);

	return code == SQLITE_OK ? db_facts(s) : code;
}

int
db_facts(struct store *s)
{
	struct store_facts *f = &s->facts;
	struct sql_stmt *st;
	int64_t version;
	int code;

	/* Reading the version begins the snapshot. */
	if ((st = sql_statement(&s->sql, SQL_VERSION, &code)) == NULL)
		return code;
	code = sql_step(st);
	version = sql_int64(st, 0);
	if (code != SQLITE_ROW)
		return code == SQLITE_DONE ? SQLITE_CORRUPT : sql_end(st, code);
	(void)sql_end(st, code);
	if (f->known && f->version == version)
		return SQLITE_OK;
	f->known = f->net_known = false;
	if ((code = s->backend->format(s)) == SQLITE_OK &&
	    (code = read_sources(s)) == SQLITE_OK) {
		f->known = true;
		f->version = version;
	}
	return code;
}

int
db_record(const struct store *s, struct sql_stmt *st, enum observable_type type,
    const char *value, struct record *r)
{
	const struct store_row *row = db_source(s, sql_int64(st, 0));

	if (row == NULL)
		return SQLITE_CORRUPT;
	*r = (struct record){ .type = type,
		.value = value,
		.source = row->source,
		.disposition = sql_int(st, 1),
		.severity = sql_int(st, 2),
		.confidence = sql_int(st, 3),
		.tlp = sql_int(st, 4),
		.priority = sql_int(st, 5),
		.reason = sql_text(st, 6),
		.first_seen = sql_int64(st, 7),
		.last_seen = sql_int64(st, 8),
		.count = sql_int64(st, 9),
		.expires = sql_int64(st, 10),
		.imported = sql_int64(st, 11),
		.url = sql_text(st, 12),
		.below = sql_int(st, 13) != 0,
		.exact = true };
	/* Another program may have written here: values that CTIM does not have
	 * stay out. */
	if (ctim_disposition_name(r->disposition) == NULL ||
	    ctim_severity_name(r->severity) == NULL ||
	    ctim_severity_name(r->confidence) == NULL ||
	    r->confidence == CTIM_SEVERITY_CRITICAL ||
	    ctim_tlp_name(r->tlp) == NULL || r->count < 0)
		return SQLITE_CORRUPT;
	return SQLITE_OK;
}
