/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <openssl/crypto.h>

#include "shared/signins.h"

/* Whether somebody signs in for the slot. */
static bool
signins_busy(const struct slot *slot, int64_t now)
{
	const struct signin *k = (const void *)slot;

	return k->busy_until > now;
}

static const struct slots_kind signins_kind = { SLOTS_KIND(signins_table, slot),
	.needed = signins_busy };

static struct signin *
signins_claim(
    struct signins_table *t, const void *name, size_t len, int64_t now)
{
	struct signin *k =
	    slots_claim(&t->slots, &signins_kind, name, len, now);

	k->slot.used = ++t->uses;
	return k;
}

/* How to get the token of a slot. */
static enum signins_way
signins_decide(struct signin *k, uint64_t refused, int64_t now, int64_t lease)
{
	/* The first serial is 1, so that 0 is no token's. */
	if (k->have && k->serial == refused) {
		OPENSSL_cleanse(k->token, sizeof(k->token));
		k->have = false;
	}
	if (k->have)
		return SIGNINS_HAVE;
	if (k->busy_until > now)
		return SIGNINS_WAIT;
	k->busy_until = now + lease;
	return SIGNINS_SIGN_IN;
}

enum signins_way
signins_get(struct signins_table *t, const void *name, size_t len,
    uint64_t refused, int64_t now, int64_t lease, char token[SIGNINS_MAX],
    uint64_t *serial)
{
	struct signin *k;
	enum signins_way w;

	slots_take(&t->slots, &signins_kind);
	k = signins_claim(t, name, len, now);
	w = signins_decide(k, refused, now, lease);
	if (w == SIGNINS_HAVE) {
		memcpy(token, k->token, strlen(k->token) + 1);
		*serial = k->serial;
	}
	slots_give(&t->slots);
	return w;
}

int
signins_put(struct signins_table *t, const void *name, size_t len,
    const char *token, uint64_t *serial)
{
	struct signin *k;
	size_t n = strlen(token);

	if (n == 0 || n >= SIGNINS_MAX)
		return -1;
	slots_take(&t->slots, &signins_kind);
	/* Its slot is gone only if many others signed in since; no clock is
	 * needed to leave those alone. */
	k = signins_claim(t, name, len, 0);
	OPENSSL_cleanse(k->token, sizeof(k->token));
	memcpy(k->token, token, n + 1);
	k->have = true;
	k->busy_until = 0;
	*serial = k->serial = ++t->serial;
	slots_give(&t->slots);
	return 0;
}

void
signins_failed(struct signins_table *t, const void *name, size_t len)
{
	struct signin *k;

	slots_take(&t->slots, &signins_kind);
	k = slots_find(&t->slots, &signins_kind, name, len);
	if (k != NULL)
		k->busy_until = 0;
	slots_give(&t->slots);
}
