/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctim/ctim.h"
#include "ctim/indicator.h"
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
store_read_source(struct store_facts *f, sqlite3_stmt *st)
{
	struct store_row *r = new_row(f);
	int column = 1;

	if (r == NULL)
		return SQLITE_NOMEM;
	*r = (struct store_row){ .id = sqlite3_column_int64(st, 0) };
	for (; column <= (int)TEXTS; column++)
		store_keep(
		    &f->text, (const char *)sqlite3_column_text(st, column));
	r->source.subdomains = sqlite3_column_int(st, column++) != 0;
	r->source.below = sqlite3_column_int(st, column++) != 0;
	r->imported = sqlite3_column_int64(st, column++);
	r->run = sqlite3_column_int64(st, column++);
	r->source.checked = sqlite3_column_int64(st, column);
	return f->text.failed ? SQLITE_NOMEM : SQLITE_OK;
}

static int
read_sources(struct store *s)
{
	struct store_facts *f = &s->facts;
	sqlite3_stmt *st;
	int code;

	f->n = 0;
	buf_reset(&f->text);
	if ((st = sqlite_statement(&s->db, SQL_SOURCES, &code)) == NULL)
		return code;
	while ((code = sqlite3_step(st)) == SQLITE_ROW)
		if ((code = store_read_source(f, st)) != SQLITE_OK)
			break;
	if ((code = sqlite_end(st, code)) != SQLITE_OK)
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
	sqlite3_stmt *st;
	int code;

	if ((st = sqlite_statement(&s->db, which, &code)) == NULL)
		return code;
	code = sqlite3_step(st);
	*n = sqlite3_column_int64(st, 0);
	return code == SQLITE_DONE ? SQLITE_CORRUPT : sqlite_end(st, code);
}

/* Reads all networks into a filter. */
static int
store_read_networks(void *arg, struct store_net *net)
{
	struct store *s = arg;
	sqlite3_stmt *st;
	const char *value;
	int64_t n;
	int code, type;

	if ((code = store_number(s, SQL_NETWORKS_COUNT, &n)) != SQLITE_OK)
		return code;
	if (store_net_reset(net, (size_t)n) == -1)
		return SQLITE_NOMEM;
	if ((st = sqlite_statement(&s->db, SQL_NETWORKS, &code)) == NULL)
		return code;
	while ((code = sqlite3_step(st)) == SQLITE_ROW) {
		type = sqlite3_column_int(st, 0);
		value = (const char *)sqlite3_column_text(st, 1);
		if (value == NULL || type < 0 ||
		    store_net_add(net, (enum observable_type)type, value) ==
			-1) {
			code = SQLITE_CORRUPT;
			break;
		}
	}
	return sqlite_end(st, code);
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
		code = store_net_take(&f->net,
		    s->mode == STORE_READ ? s->path : NULL, state,
		    store_read_networks, s);
	f->net_known = code == SQLITE_OK;
	f->net_state = state;
	return code == -1 ? SQLITE_NOMEM : code;
}

int
db_begin_read(struct store *s)
{
	int code = sqlite_run(&s->db, SQL_BEGIN);

	return code == SQLITE_OK ? db_facts(s) : code;
}

/* Another program may have brought the store to a newer format, while it was
 * open here, which these statements know or do not. */
static int
store_format_now(struct store *s)
{
	struct sqlite_format f;
	int code = sqlite_format(&s->db, &f);

	return code == SQLITE_OK ? db_use(s, f.version) : code;
}

int
db_facts(struct store *s)
{
	struct store_facts *f = &s->facts;
	sqlite3_stmt *st;
	int64_t version;
	int code;

	/* Reading the version begins the snapshot. */
	if ((st = sqlite_statement(&s->db, SQL_VERSION, &code)) == NULL)
		return code;
	code = sqlite3_step(st);
	version = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	if (code != SQLITE_ROW)
		return code;
	if (f->known && f->version == version)
		return SQLITE_OK;
	f->known = f->net_known = false;
	if ((code = store_format_now(s)) == SQLITE_OK &&
	    (code = read_sources(s)) == SQLITE_OK) {
		f->known = true;
		f->version = version;
	}
	return code;
}

int
db_record(const struct store *s, sqlite3_stmt *st, enum observable_type type,
    const char *value, struct record *r)
{
	const struct store_row *row = db_source(s, sqlite3_column_int64(st, 0));

	if (row == NULL)
		return SQLITE_CORRUPT;
	*r = (struct record){ .type = type,
		.value = value,
		.source = row->source,
		.disposition = sqlite3_column_int(st, 1),
		.severity = sqlite3_column_int(st, 2),
		.confidence = sqlite3_column_int(st, 3),
		.tlp = sqlite3_column_int(st, 4),
		.priority = sqlite3_column_int(st, 5),
		.reason = (const char *)sqlite3_column_text(st, 6),
		.first_seen = sqlite3_column_int64(st, 7),
		.last_seen = sqlite3_column_int64(st, 8),
		.count = sqlite3_column_int64(st, 9),
		.expires = sqlite3_column_int64(st, 10),
		.imported = sqlite3_column_int64(st, 11),
		.url = (const char *)sqlite3_column_text(st, 12),
		.below = sqlite3_column_int(st, 13) != 0,
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

/* Adds the records of one value. */
static int
store_look_up(struct store *s, enum observable_type type, const char *value,
    const struct want *want)
{
	sqlite3_stmt *st;
	struct record *r;
	int code;

	if ((st = sqlite_statement(&s->db, SQL_MATCH, &code)) == NULL)
		return code;
	sqlite3_bind_text(st, 1, value, -1, SQLITE_STATIC);
	sqlite3_bind_int(st, 2, (int)type);
	while ((code = sqlite3_step(st)) == SQLITE_ROW) {
		if ((code = store_grow(s)) != SQLITE_OK)
			break;
		r = &s->records[s->n];
		if ((code = db_record(s, st, type, value, r)) != SQLITE_OK)
			break;
		if ((r->expires != 0 && r->expires <= want->now) ||
		    (want->below && !r->source.subdomains && !r->below))
			continue;
		r->exact = want->exact;
		s->text_at[s->n][0] = store_keep(&s->text, r->value);
		s->text_at[s->n][1] = store_keep(&s->text, r->reason);
		s->text_at[s->n][2] = store_keep(&s->text, r->url);
		code = SQLITE_NOMEM;
		if (s->text.failed)
			break;
		s->n++;
	}
	return sqlite_end(st, code);
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

/* Collects all records that match a normalised value; all: also those above it
 * that match nothing below them. */
static int
match(struct store *s, enum observable_type type, const char *value,
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

void
store_hold(struct store *s)
{
	char error[STORE_ERROR_MAX];
	int code = db_begin_read(s);

	if (code != SQLITE_OK)
		(void)db_error(s, code, error);
}

void
store_release(struct store *s)
{
	if (sqlite_busy(&s->db))
		(void)sqlite_run(&s->db, SQL_COMMIT);
}

static ssize_t
store_collect(struct store *s, const struct observable *o, int64_t now,
    bool all, const struct record **records, char error[STORE_ERROR_MAX])
{
	char value[INDICATOR_MAX + 1];
	size_t i;
	bool held = sqlite_busy(&s->db);
	int code = SQLITE_OK;

	s->n = 0;
	buf_reset(&s->text);
	*records = s->records;
	errno = 0;
	if (indicator_normalise(o->type, o->value, value) == -1)
		return errno != ENOMEM ? 0 : db_error(s, SQLITE_NOMEM, error);
	if (!held)
		code = db_begin_read(s);
	if (code == SQLITE_OK)
		code = match(s, o->type, value, now, all);
	if (code == SQLITE_OK && !held)
		code = sqlite_run(&s->db, SQL_COMMIT);
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
