/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "shared/quota.h"

/* Whether nothing is left, and it is known until when. */
static bool
quota_is_spent(const struct quota *q, int64_t now)
{
	return q->told.left == 0 && q->told.reset > now;
}

/* A slot that holds calls back is worth more than one that is only shown. */
static bool
quota_needed(const struct slot *slot, int64_t now)
{
	return quota_is_spent((const struct quota *)(const void *)slot, now);
}

static const struct slots_kind quota_credentials_kind = {
	SLOTS_KIND(quota_credentials, quota), .needed = quota_needed
};
static const struct slots_kind quota_relays_kind = { SLOTS_KIND(
    quota_relays, quota) };

int
quota_init(struct quota_table *t)
{
	return slots_init(&t->credentials.slots) == -1 ||
		slots_init(&t->relays.slots) == -1 ?
	    -1 :
	    0;
}

/* Whether what is told now is of the window that the slot knows: times of reset
 * that are counted from an answer on differ by a second. */
static bool
quota_is_same_window(
    const struct quota *q, const struct ratelimit *told, int64_t now)
{
	int64_t ahead = told->reset - q->told.reset;

	return q->told.left != -1 && told->left != -1 && told->reset != -1 &&
	    q->told.reset > now && ahead >= -1 && ahead <= 1;
}

static void
quota_put(struct quota *q, const struct ratelimit *told, int64_t now)
{
	struct ratelimit new = *told;

	if (quota_is_same_window(q, told, now) && q->told.left < new.left)
		new.left = q->told.left;
	if (new.left != 0)
		q->reached = 0;
	else if (q->reached == 0 || !quota_is_same_window(q, told, now))
		q->reached = now;
	q->told = new;
	q->at = now;
	q->last = true;
	q->slot.used = now;
}

void
quota_tell(struct quota_table *t, const char *relay, const void *who,
    size_t len, const struct ratelimit *told, int64_t now)
{
	struct quota *q;

	slots_take(&t->credentials.slots, &quota_credentials_kind);
	q = slots_claim(
	    &t->credentials.slots, &quota_credentials_kind, who, len, now);
	quota_put(q, told, now);
	slots_give(&t->credentials.slots);

	slots_take(&t->relays.slots, &quota_relays_kind);
	q = slots_claim(
	    &t->relays.slots, &quota_relays_kind, relay, strlen(relay), now);
	(void)snprintf(q->relay, sizeof(q->relay), "%s", relay);
	quota_put(q, told, now);
	slots_give(&t->relays.slots);
}

void
quota_tell_nothing(struct quota_table *t, const void *who, size_t len)
{
	struct quota *q;

	slots_take(&t->credentials.slots, &quota_credentials_kind);
	q = slots_find(
	    &t->credentials.slots, &quota_credentials_kind, who, len);
	if (q != NULL)
		q->last = false;
	slots_give(&t->credentials.slots);
}

/* Copies what a slot knows, unless its window is over. */
static bool
quota_show(const struct quota *q, int64_t now, struct quota_seen *seen)
{
	int64_t until =
	    q->told.reset != -1 ? q->told.reset : q->at + QUOTA_KEPT;

	if (until <= now)
		return false;
	memcpy(seen->relay, q->relay, sizeof(seen->relay));
	seen->told = q->told;
	seen->reached = q->reached;
	return true;
}

bool
quota_get(struct quota_table *t, const void *who, size_t len, int64_t now,
    struct quota_seen *seen)
{
	const struct quota *q;
	bool shown;

	slots_take(&t->credentials.slots, &quota_credentials_kind);
	q = slots_find(
	    &t->credentials.slots, &quota_credentials_kind, who, len);
	shown = q != NULL && q->last && quota_show(q, now, seen);
	slots_give(&t->credentials.slots);
	return shown;
}

int64_t
quota_held(struct quota_table *t, const void *who, size_t len, int64_t now)
{
	const struct quota *q;
	int64_t left = 0;

	slots_take(&t->credentials.slots, &quota_credentials_kind);
	q = slots_find(
	    &t->credentials.slots, &quota_credentials_kind, who, len);
	if (q != NULL && quota_is_spent(q, now))
		left = q->told.reset - now;
	slots_give(&t->credentials.slots);
	return left;
}

int
quota_list(struct quota_table *t, int64_t now, int wait,
    struct quota_seen seen[QUOTA_RELAYS])
{
	const struct quota *q;
	size_t i;
	int n = 0;

	if (slots_wait(&t->relays.slots, &quota_relays_kind, wait) == -1)
		return -1;
	for (i = 0; i < QUOTA_RELAYS; i++) {
		q = slots_at(&t->relays.slots, &quota_relays_kind, i);
		if (q != NULL)
			n += quota_show(q, now, &seen[n]);
	}
	slots_give(&t->relays.slots);
	return n;
}
