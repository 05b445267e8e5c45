/* SPDX-License-Identifier: MIT */
#include <assert.h>

#include "shared/pace.h"

#define AHEAD \
	600000 /* ms; a time further on was written before the clock
			 * was set back */

static const struct slots_kind pace_kind = { SLOTS_KIND(pace_table, bucket) };

/* The token, of n, that is back first.  A token whose turn would be after
 * latest counts as never used. */
static int64_t *
first_back(int64_t *back, int n, int period, int64_t latest)
{
	int64_t *first = back;
	int i;

	for (i = 0; i < n; i++) {
		if (back[i] > latest && back[i] - latest > period)
			back[i] = 0;
		if (back[i] < *first)
			first = &back[i];
	}
	return first;
}

/*
 * The time is cut into the fewest parts in which PACE_TOKENS are enough.  Each
 * token is used once a part, so parts * tokens times at most, which is never more
 * than the rate.
 */
int64_t
pace_take(int64_t back[PACE_TOKENS], struct pace_rate rate, int64_t now,
    int64_t until)
{
	int parts = (rate.calls + PACE_TOKENS - 1) / PACE_TOKENS;
	int period = (PACE_SECOND * rate.seconds + parts - 1) / parts;
	int64_t *token, turn;

	assert(rate.calls >= 1 && rate.calls <= 10000);
	assert(rate.seconds >= 1 && rate.seconds <= 86400);
	/* No caller takes a turn beyond its deadline, and deadlines are much
	 * the same. */
	token = first_back(back, rate.calls / parts, period,
	    until - now > AHEAD ? until : now + AHEAD);
	turn = *token > now ? *token : now;
	if (turn > until)
		return -1;
	*token = turn + period;
	return turn - now;
}

/* A bucket that is new.  In the place of one that is lost, it begins empty: who
 * had that one may have taken all turns of its time just now. */
static void
pace_begin(const struct pace_table *t, struct pace *p, int seconds)
{
	int i;

	if (p->slot.used == 0 && t->born != 0)
		for (i = 0; i < PACE_TOKENS; i++)
			p->back[i] = t->born + PACE_SECOND * (int64_t)seconds;
}

/* When the last token of a bucket is back. */
static int64_t
last_back(const struct pace *p)
{
	int64_t last = p->back[0];
	int i;

	for (i = 1; i < PACE_TOKENS; i++)
		if (p->back[i] > last)
			last = p->back[i];
	return last;
}

int64_t
pace_turn(struct pace_table *t, const void *name, size_t len,
    struct pace_rate rate, int64_t now, int64_t until)
{
	struct pace *p;
	int64_t wait;

	/* After a worker's death in here all buckets begin anew: twice the
	 * rate at worst. */
	slots_take(&t->slots, &pace_kind);
	p = slots_claim(&t->slots, &pace_kind, name, len, now);
	pace_begin(t, p, rate.seconds);
	wait = pace_take(p->back, rate, now, until);
	p->slot.used = last_back(p);
	slots_give(&t->slots);
	return wait;
}
