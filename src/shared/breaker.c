#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "os/robustlock.h"
#include "shared/breaker.h"

int
breaker_init(struct breaker_table *t)
{
	return robustlock_init(&t->lock);
}

/* A slot that its last user left half written is worth less than none. */
static void
breaker_mend(struct breaker_table *t, bool broken)
{
	if (broken)
		memset(t->host, 0, sizeof(t->host));
}

static void
breaker_take(struct breaker_table *t)
{
	breaker_mend(t, robustlock_take(&t->lock));
}

static struct hash
breaker_hash_name(const char *host)
{
	struct hash h = hash_bytes(host, strlen(host));

	h.b |= 1; /* zero marks a free slot */
	return h;
}

static struct breaker *
breaker_find(struct breaker_table *t, struct hash h)
{
	size_t i;

	for (i = 0; i < BREAKER_HOSTS; i++)
		if (t->host[i].a == h.a && t->host[i].b == h.b)
			return &t->host[i];
	return NULL;
}

/* Whether to forget it would let calls go that must not.  One that nobody has
 * probed for long after its time holds its place no more. */
static bool
guards(const struct breaker *b, int64_t now)
{
	return b->open_until != 0 && now - b->open_until < BREAKER_LONGEST;
}

/* Whether the slot of x is to be given away rather than that of y. */
static bool
breaker_sooner(const struct breaker *x, const struct breaker *y, int64_t now)
{
	bool gx = guards(x, now), gy = guards(y, now);

	if (x->b == 0 || y->b == 0)
		return y->b != 0;
	return gx != gy ? gy : x->used < y->used;
}

static struct breaker *
breaker_find_or_make(struct breaker_table *t, const char *host, int64_t now)
{
	struct hash h = breaker_hash_name(host);
	struct breaker *b = breaker_find(t, h);
	size_t i;

	if (b != NULL)
		return b;
	b = &t->host[0];
	for (i = 1; i < BREAKER_HOSTS; i++)
		if (breaker_sooner(&t->host[i], b, now))
			b = &t->host[i];
	*b = (struct breaker){ .a = h.a, .b = h.b };
	(void)snprintf(b->host, sizeof(b->host), "%s", host);
	return b;
}

/* The way of a call through a circuit. */
static enum breaker_way
breaker_decide(struct breaker *b, int64_t now, int64_t *left)
{
	b->used = now;
	if (b->open_until == 0)
		return BREAKER_GO;
	if (now < b->open_until || now < b->probe_until) {
		*left = (now < b->open_until ? b->open_until : b->probe_until) -
		    now;
		return BREAKER_OPEN;
	}
	b->probe_until = now + BREAKER_PROBE;
	return BREAKER_TRY;
}

enum breaker_way
breaker_ask(struct breaker_table *t, const char *host, int threshold,
    int64_t now, int64_t *left)
{
	struct breaker *b;
	enum breaker_way w = BREAKER_GO;

	if (threshold == 0)
		return BREAKER_GO;
	breaker_take(t);
	if ((b = breaker_find(t, breaker_hash_name(host))) != NULL)
		w = breaker_decide(b, now, left);
	robustlock_give(&t->lock);
	return w;
}

static void
open_circuit(struct breaker *b, int64_t now, int64_t ms)
{
	b->open_for = ms < BREAKER_LONGEST ? ms : BREAKER_LONGEST;
	b->open_until = now + b->open_for;
	b->probe_until = 0;
	b->opened++;
}

/* Closed, and nothing held against the host. */
static void
close_circuit(struct breaker *b)
{
	b->open_until = b->open_for = b->probe_until = 0;
	b->row = 0;
	memset(b->at, 0, sizeof(b->at));
}

/* What a probe said; true when it opened the circuit for longer. */
static bool
tell_probe(struct breaker *b, int64_t now, enum breaker_result result)
{
	/* One that was lost, and another has failed since: once is enough. */
	if (result == BREAKER_FAILED && b->probe_until == 0)
		return false;
	if (result == BREAKER_FAILED)
		open_circuit(b, now, b->open_for * 2);
	else if (result == BREAKER_WORKED)
		close_circuit(b);
	else
		b->probe_until = 0;
	return result == BREAKER_FAILED;
}

/* Whether the last BREAKER_CALLS were within the window, and half failed. */
static bool
half_failed(const struct breaker *b, int64_t now)
{
	unsigned i, failed = 0;

	for (i = 0; i < BREAKER_CALLS; i++) {
		if (b->at[i] == 0 || now - b->at[i] > BREAKER_WINDOW)
			return false;
		failed += b->failed[i];
	}
	return failed * 2 >= BREAKER_CALLS;
}

/* The result of a call through a closed circuit; true when it opened that. */
static bool
tell_call(struct breaker *b, int threshold, int64_t now, bool failed)
{
	if (!failed)
		b->row = 0;
	else if (b->row < threshold)
		b->row++;
	b->at[b->next] = now;
	b->failed[b->next] = failed;
	b->next = (b->next + 1) % BREAKER_CALLS;
	if (b->row < threshold && !half_failed(b, now))
		return false;
	open_circuit(b, now, BREAKER_FIRST);
	return true;
}

bool
breaker_tell(struct breaker_table *t, const char *host, int threshold,
    int64_t now, enum breaker_result result, bool probe)
{
	struct breaker *b;
	bool opened = false;

	if (threshold == 0 || (result == BREAKER_UNTOLD && !probe))
		return false;
	breaker_take(t);
	b = breaker_find_or_make(t, host, now);
	b->used = now;
	/* An open circuit hears its probe only: other calls began before it
	 * opened.  And a probe may find it closed, by another after it was
	 * lost. */
	if (b->open_until != 0 && probe)
		opened = tell_probe(b, now, result);
	else if (b->open_until == 0 && result != BREAKER_UNTOLD)
		opened = tell_call(b, threshold, now, result == BREAKER_FAILED);
	robustlock_give(&t->lock);
	return opened;
}

static void
breaker_look(const struct breaker *b, int64_t now, struct breaker_seen *seen)
{
	*seen = (struct breaker_seen){ .row = b->row, .opened = b->opened };
	memcpy(seen->host, b->host, sizeof(seen->host));
	if (b->open_until == 0)
		return;
	seen->state = now < b->open_until ? BREAKER_IS_OPEN : BREAKER_HALF_OPEN;
	if (now < b->open_until)
		seen->left = b->open_until - now;
}

int
breaker_list(struct breaker_table *t, int64_t now, int wait,
    struct breaker_seen seen[BREAKER_HOSTS])
{
	int i, n = 0, got = robustlock_wait(&t->lock, wait);

	if (got == -1)
		return -1;
	breaker_mend(t, got == 1);
	for (i = 0; i < BREAKER_HOSTS; i++)
		if (t->host[i].b != 0)
			breaker_look(&t->host[i], now, &seen[n++]);
	robustlock_give(&t->lock);
	return n;
}
