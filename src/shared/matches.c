/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "os/robustlock.h"
#include "shared/matches.h"

#define HOUR      3600 /* seconds */
#define DAY       86400
#define NAMES_MAX 4096 /* bytes of a key, a value and a source */

/* How full a part may become: observables leave a quarter of it to sources, and
 * these an eighth to the others of both.  One cell is always free. */
static const struct matches_room {
	uint32_t cells, text;
} matches_values = { MATCHES_CELLS / 4 * 3, MATCHES_TEXT / 4 * 3 },
  matches_sources = { MATCHES_CELLS / 8 * 7, MATCHES_TEXT / 8 * 7 },
  matches_others = { MATCHES_CELLS - 1, MATCHES_TEXT };

int
matches_init(struct matches *m)
{
	size_t i;

	for (i = 0; i < MATCHES_PARTS; i++) {
		m->part[i].body = &m->body[i];
		if (robustlock_init(&m->part[i].lock) == -1)
			return -1;
	}
	return 0;
}

/* Empties a part, but for what was lost. */
static void
matches_clear(struct matches_part *p)
{
	memset(p->body->cell, 0, sizeof(p->body->cell));
	p->cells = 0;
	p->used = 0;
}

static void
matches_lock(struct matches_part *p)
{
	if (robustlock_take(&p->lock))
		matches_clear(p);
}

/* Whether a cell has a name. */
static bool
matches_is(const struct matches_part *p, const struct matches_cell *c,
    const char *name, size_t len)
{
	return c->hash != 0 && c->len == len &&
	    memcmp(p->body->text + c->at, name, len) == 0;
}

/* Finds the cell of a name, or a free one, in which *hash is to be written. */
static struct matches_cell *
matches_find(
    struct matches_part *p, uint64_t *hash, const char *name, size_t len)
{
	struct matches_cell *c;
	uint64_t i;

	*hash = hash_bytes(name, len).a | 1;
	for (i = *hash;; i++) {
		c = &p->body->cell[i % MATCHES_CELLS];
		if (c->hash == 0 ||
		    (c->hash == *hash && matches_is(p, c, name, len)))
			return c;
	}
}

/* Counts one more of a key with its names.  Returns false when there is no place
 * in the room. */
static bool
matches_count(struct matches_part *p, const struct matches_key *key,
    const char *value, const char *source, const struct matches_room *room)
{
	char name[NAMES_MAX];
	size_t v = strlen(value) + 1, s = strlen(source) + 1;
	size_t len = sizeof(*key) + v + s;
	struct matches_cell *c;
	uint64_t hash = 0;

	if (len > sizeof(name))
		return false;
	memcpy(name, key, sizeof(*key));
	memcpy(name + sizeof(*key), value, v);
	memcpy(name + sizeof(*key) + v, source, s);
	/* A request finds most of what it asks for in one list. */
	c = &p->body->cell[p->last[key->kind] % MATCHES_CELLS];
	if (!matches_is(p, c, name, len))
		c = matches_find(p, &hash, name, len);
	if (c->hash == 0) {
		if (p->cells >= room->cells || p->used + len > room->text)
			return false;
		memcpy(p->body->text + p->used, name, len);
		*c = (struct matches_cell){ hash, 0, p->used, (uint32_t)len };
		p->used += (uint32_t)len;
		p->cells++;
	}
	c->n++;
	p->last[key->kind] = (uint32_t)(c - p->body->cell);
	return true;
}

/* Counts a match by its source, and as one of others where that has no place. */
static void
matches_add_source(
    struct matches_part *p, struct matches_key key, const struct match *m)
{
	key.what = (int8_t)m->disposition;
	if (!matches_count(p, &key, "", m->source, &matches_sources) &&
	    !matches_count(p, &key, "", "", &matches_others))
		p->lost++;
}

void
matches_add(struct matches *m, size_t part, size_t relay, int64_t now, int type,
    const char *value, const struct match *list, size_t n)
{
	struct matches_part *p = &m->part[part];
	const struct matches_key hour = { .when = (uint32_t)(now / HOUR),
		.relay = (uint16_t)relay,
		.kind = MATCHES_SOURCE };
	const struct matches_key day = { .when = (uint32_t)(now / DAY),
		.relay = (uint16_t)relay,
		.kind = MATCHES_VALUE,
		.what = (int8_t)type };
	struct matches_key other = day;
	size_t i;

	assert(part < MATCHES_PARTS);
	other.what = MATCHES_OTHER;
	matches_lock(p);
	for (i = 0; i < n; i++) {
		matches_add_source(p, hour, &list[i]);
		if (!matches_count(
			p, &day, value, list[i].source, &matches_values) &&
		    !matches_count(p, &other, "", "", &matches_others))
			p->lost++;
	}
	robustlock_give(&p->lock);
}

bool
matches_wait(const struct matches *m)
{
	size_t i;

	for (i = 0; i < MATCHES_PARTS; i++)
		if (atomic_load_explicit(
			&m->part[i].cells, memory_order_relaxed) > 0)
			return true;
	return false;
}

/* Reads the key of a cell. */
static struct matches_key
matches_key(const struct matches_body *b, const struct matches_cell *c)
{
	struct matches_key key;

	memcpy(&key, b->text + c->at, sizeof(key));
	return key;
}

/* Copies a part, and takes the numbers of a relay out of the original.  Returns
 * whether there were any. */
static bool
matches_copy(struct matches_part *p, size_t relay, struct matches_body *copy)
{
	struct matches_body *b = p->body;
	struct matches_cell *c;
	bool any = false, rest = false;

	memcpy(copy->cell, b->cell, sizeof(b->cell));
	memcpy(copy->text, b->text, p->used);
	for (c = b->cell; c < b->cell + MATCHES_CELLS; c++) {
		if (c->n == 0)
			continue;
		if (matches_key(b, c).relay == relay) {
			any = true;
			c->n = 0;
		} else {
			rest = true;
		}
	}
	if (!rest)
		matches_clear(p);
	return any;
}

int
matches_take(struct matches *m, size_t part, size_t relay,
    struct matches_body *copy, uint64_t *lost,
    int (*each)(void *, const struct matched *), void *arg)
{
	struct matches_part *p = &m->part[part];
	const struct matches_cell *c;
	struct matches_key key;
	struct matched one;
	bool any;
	int r = 0;

	matches_lock(p);
	any = p->cells > 0 && matches_copy(p, relay, copy);
	*lost += p->lost;
	p->lost = 0;
	robustlock_give(&p->lock);
	for (c = copy->cell; any && r == 0 && c < copy->cell + MATCHES_CELLS;
	     c++) {
		if (c->n == 0 || (key = matches_key(copy, c)).relay != relay)
			continue;
		one = (struct matched){ .kind = (enum matches_kind)key.kind,
			.when = key.when,
			.what = key.what,
			.value = copy->text + c->at + sizeof(key),
			.n = c->n };
		one.source = one.value + strlen(one.value) + 1;
		r = each(arg, &one);
	}
	return r;
}
