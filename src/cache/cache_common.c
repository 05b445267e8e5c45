/* SPDX-License-Identifier: MIT */
#include <stdlib.h>
#include <string.h>

#include "cache/cache_common.h"
#include "cache/cache_own.h"
#include "shared/breaker.h"

#define CIRCUIT 1    /* the byte of a circuit where there is no key */
#define PLAIN   2000 /* ms that one is taken as open: it is looked for again */

static bool
common_ready(struct cache *c, enum cache_use use, struct cache_try *t)
{
	return cache_is_remote(c) && cache_ready(c, use, t);
}

static int
circuit_name(struct cache *c, const char *host, unsigned char name[CACHE_NAME])
{
	const struct cache_part parts[] = { { "circuit", 7 },
		{ host, strlen(host) } };

	return cache_names(c, parts, 2, name);
}

/* A circuit is a value without bytes: that it opens, and until when it is good,
 * is all.  Without a key it is one byte, which the server itself removes. */
void
cache_circuit_opened(struct cache *c, const char *host, int64_t ms)
{
	unsigned char name[CACHE_NAME];
	struct cache_entry e = { .name = name,
		.ttl = (int)((ms + 999) / 1000) };
	struct cache_try t = cache_last_try(c);
	struct buf sealed;

	if (ms <= 0 || !common_ready(c, CACHE_WRITE, &t) ||
	    circuit_name(c, host, name) == -1)
		return;
	buf_init(&sealed, SEAL_MORE);
	if (c->keys.n == 0)
		buf_addc(&sealed, CIRCUIT);
	else if (cache_seal(c, name, "", 0, ms, &sealed) == -1)
		buf_reset(&sealed);
	e.value = sealed.data;
	e.len = sealed.len;
	if (sealed.len > 0)
		cache_over(
		    c, CACHE_WRITE, c->backend->put(c->state, &t, &e, 1), &t);
	buf_free(&sealed);
}

/* The ms that are left of what lies under the i-th form of a name. */
static int64_t
circuit_left(struct cache *c, const unsigned char *name, size_t i)
{
	struct buf value;
	int64_t left = 0;
	bool good;

	if (c->keys.n == 0)
		return c->scratch.len == 1 && c->scratch.data[0] == CIRCUIT ?
		    PLAIN :
		    0;
	buf_init(&value, SEAL_MORE);
	good = cache_unseal(
	    c, name, i, c->scratch.data, c->scratch.len, &value, &left);
	buf_free(&value);
	return good ? left : 0;
}

int64_t
cache_circuit(struct cache *c, const char *host)
{
	unsigned char name[CACHE_NAME];
	enum cache_result r = CACHE_NOTHING;
	struct cache_try t = cache_new_try(c);
	int64_t left = 0;
	size_t i = 0;

	if (!common_ready(c, CACHE_READ, &t) ||
	    circuit_name(c, host, name) == -1)
		return 0;
	do {
		buf_reset(&c->scratch);
		r = c->backend->get(
		    c->state, &t, name + i * CACHE_ID, &c->scratch);
		if (cache_over(c, CACHE_READ, r, &t) && r == CACHE_DONE)
			left = circuit_left(c, name, i);
		t = cache_new_try(c);
	} while (
	    left == 0 && ++i < c->keys.n && common_ready(c, CACHE_READ, &t));
	return left < BREAKER_LONGEST ? left : BREAKER_LONGEST;
}

void
cache_drop(struct cache *c, const unsigned char name[CACHE_NAME])
{
	struct cache_try t = cache_last_try(c);
	size_t i;

	for (i = 0; i < c->keys.n; i++, t = cache_last_try(c))
		if (common_ready(c, CACHE_WRITE, &t))
			cache_over(c, CACHE_WRITE,
			    c->backend->drop(
				c->state, &t, name + i * CACHE_ID, false),
			    &t);
}

enum cache_lease
cache_lease(struct cache *c, const unsigned char name[CACHE_NAME], int64_t ms)
{
	struct cache_try t = cache_new_try(c);
	bool ours = false;

	if (c->keys.n == 0 || ms <= 0 || !common_ready(c, CACHE_WRITE, &t) ||
	    !cache_over(c, CACHE_WRITE,
		c->backend->lease(c->state, &t, name, ms, &ours), &t))
		return CACHE_LEASE_NONE;
	return ours ? CACHE_LEASE_OURS : CACHE_LEASE_THEIRS;
}

void
cache_release(struct cache *c, const unsigned char name[CACHE_NAME])
{
	struct cache_try t = cache_last_try(c);

	if (common_ready(c, CACHE_WRITE, &t))
		cache_over(c, CACHE_WRITE,
		    c->backend->drop(c->state, &t, name, true), &t);
}
