/* SPDX-License-Identifier: MIT */
#include <assert.h>

#include "fcgi/net/connection.h"
#include "fcgi/net/large.h"

#define LARGE_BODY 8192 /* bytes of a body that is not large */
#define LARGE_NEED \
	(6UL << 20) /* bytes for what is made of it: ANSWER_MEMORY,
				* an entity, ids, calls */
#define LARGE_TIMES \
	8 /* so often its body: as it came, in the memory
				* file, as text, as a list of observables */

void
large_init(struct large *l, size_t most, size_t waiting_most, int places)
{
	*l = (struct large){
		.most = most, .waiting_most = waiting_most, .places = places
	};
	l->end = &l->first;
}

/* The bytes that a request may need; 0: it is small. */
static size_t
large_need(const struct connection *c)
{
	size_t body = (size_t)c->record.kept;

	return body <= LARGE_BODY ? 0 : LARGE_NEED + LARGE_TIMES * body;
}

/* Takes the memory if it is there. */
static bool
large_take(struct large *l, struct connection *c)
{
	size_t need = large_need(c);

	assert(c->taken == 0);
	if (l->used > 0 && (l->used > l->most || need > l->most - l->used))
		return false;
	l->used += need;
	c->taken = need;
	return true;
}

enum large_result
large_enter(struct large *l, struct connection *c, bool patient)
{
	size_t body;

	if (large_need(c) == 0 || (l->first == NULL && large_take(l, c)))
		return LARGE_GO;
	body = record_memory(&c->record);
	if (!patient || l->waiting >= l->places || body > l->waiting_most ||
	    l->bodies > l->waiting_most - body)
		return LARGE_FULL;
	c->counted = body;
	l->bodies += body;
	l->waiting++;
	c->next = NULL;
	*l->end = c;
	l->end = &c->next;
	return LARGE_WAITS;
}

struct connection *
large_next(struct large *l, int64_t late)
{
	struct connection *c = l->first;

	if (c == NULL || (!large_take(l, c) && c->whole > late))
		return NULL;
	if ((l->first = c->next) == NULL)
		l->end = &l->first;
	l->waiting--;
	l->bodies -= c->counted;
	return c;
}

void
large_leave(struct large *l, struct connection *c)
{
	assert(l->used >= c->taken);
	l->used -= c->taken;
	c->taken = 0;
}
