/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "shared/breaker.h"

/* Whether the circuit would let calls go that must not, once it is forgotten.
 * One that no probe has tried long after its time keeps its slot no more. */
static bool
breaker_guards(const struct slot *slot, int64_t now)
{
	const struct breaker *b = (const void *)slot;

	return b->open_until != 0 && now - b->open_until < BREAKER_LONGEST;
}

static const struct slots_kind breaker_kind = { SLOTS_KIND(breaker_table, host),
	.needed = breaker_guards };

/* Whether a call may go; sets *left as breaker_ask() does. */
static enum breaker_way
breaker_decide(struct breaker *b, int64_t now, int64_t *left)
{
	b->slot.used = now;
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
	slots_take(&t->slots, &breaker_kind);
	b = slots_find(&t->slots, &breaker_kind, host, strlen(host));
	if (b != NULL)
		w = breaker_decide(b, now, left);
	slots_give(&t->slots);
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

/* Closes the circuit and forgets the failures of the host. */
static void
close_circuit(struct breaker *b)
{
	b->open_until = b->open_for = b->probe_until = 0;
	b->row = 0;
	memset(b->at, 0, sizeof(b->at));
}

/* Takes the result of a probe; returns true when that keeps the circuit
 * open. */
static bool
tell_probe(struct breaker *b, int64_t now, enum breaker_result result)
{
	/* This probe was counted as lost, and another one has failed since. */
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

/* Takes the result of a call through a closed circuit; returns true when that
 * opens it. */
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

/* The circuit of a host, if need be a new one. */
static struct breaker *
breaker_claim(struct breaker_table *t, const char *host, int64_t now)
{
	struct breaker *b =
	    slots_claim(&t->slots, &breaker_kind, host, strlen(host), now);

	if (b->host[0] == '\0')
		(void)snprintf(b->host, sizeof(b->host), "%s", host);
	b->slot.used = now;
	return b;
}

bool
breaker_look_due(
    struct breaker_table *t, const char *host, int threshold, int64_t now)
{
	struct breaker *b;
	bool due;

	if (threshold == 0)
		return false;
	slots_take(&t->slots, &breaker_kind);
	b = breaker_claim(t, host, now);
	due = b->looked == 0 || now - b->looked >= BREAKER_LOOK;
	if (due)
		b->looked = now;
	slots_give(&t->slots);
	return due;
}

void
breaker_adopt(
    struct breaker_table *t, const char *host, int64_t now, int64_t left)
{
	struct breaker *b;

	slots_take(&t->slots, &breaker_kind);
	b = breaker_claim(t, host, now);
	if (b->open_until < now + left) {
		b->open_until = now + left;
		b->probe_until = 0;
		if (b->open_for < BREAKER_FIRST)
			b->open_for = BREAKER_FIRST;
	}
	slots_give(&t->slots);
}

bool
breaker_tell(struct breaker_table *t, const char *host, int threshold,
    int64_t now, enum breaker_result result, bool probe)
{
	struct breaker *b;
	bool opened = false;

	if (threshold == 0 || (result == BREAKER_UNTOLD && !probe))
		return false;
	slots_take(&t->slots, &breaker_kind);
	b = breaker_claim(t, host, now);
	/* For an open circuit the result of its probe alone counts: other
	 * calls began before it opened.  A probe that was counted as lost may
	 * find the circuit closed by another. */
	if (b->open_until != 0 && probe)
		opened = tell_probe(b, now, result);
	else if (b->open_until == 0 && result != BREAKER_UNTOLD)
		opened = tell_call(b, threshold, now, result == BREAKER_FAILED);
	slots_give(&t->slots);
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
	const struct breaker *b;
	size_t i;
	int n = 0;

	if (slots_wait(&t->slots, &breaker_kind, wait) == -1)
		return -1;
	for (i = 0; i < BREAKER_HOSTS; i++)
		if ((b = slots_at(&t->slots, &breaker_kind, i)) != NULL)
			breaker_look(b, now, &seen[n++]);
	slots_give(&t->slots);
	return n;
}
