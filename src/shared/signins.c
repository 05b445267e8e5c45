#include <string.h>

#include <openssl/crypto.h>

#include "base/hash.h"
#include "os/robustlock.h"
#include "shared/signins.h"

int
signins_init(struct signins_table *t)
{
	return robustlock_init(&t->lock);
}

static void
forget(struct signins *k)
{
	OPENSSL_cleanse(k, sizeof(*k));
}

/* A token that its last user left half written must not be sent.  The counters
 * go on: a serial never stands for two tokens. */
static void
signins_take(struct signins_table *t)
{
	size_t i;

	if (robustlock_take(&t->lock))
		for (i = 0; i < SIGNINS_SLOTS; i++)
			forget(&t->slot[i]);
}

/* Whether slot x is to be given away rather than y, at now. */
static bool
signins_sooner(const struct signins *x, const struct signins *y, int64_t now)
{
	bool bx = x->busy_until > now, by = y->busy_until > now;

	if (x->b == 0 || y->b == 0)
		return y->b != 0;
	return bx != by ? by : x->used < y->used;
}

static struct hash
signins_hash_name(const void *name, size_t len)
{
	struct hash h = hash_bytes(name, len);

	h.b |= 1; /* zero marks a free slot */
	return h;
}

static struct signins *
signins_find(struct signins_table *t, struct hash h)
{
	size_t i;

	for (i = 0; i < SIGNINS_SLOTS; i++)
		if (t->slot[i].a == h.a && t->slot[i].b == h.b)
			return &t->slot[i];
	return NULL;
}

static struct signins *
signins_find_or_make(struct signins_table *t, struct hash h, int64_t now)
{
	struct signins *k = signins_find(t, h);
	size_t i;

	if (k == NULL) {
		k = &t->slot[0];
		for (i = 1; i < SIGNINS_SLOTS; i++)
			if (signins_sooner(&t->slot[i], k, now))
				k = &t->slot[i];
		forget(k);
		k->a = h.a;
		k->b = h.b;
	}
	k->used = ++t->uses;
	return k;
}

/* What to do about the token of a slot. */
static enum signins_way
signins_decide(struct signins *k, uint64_t refused, int64_t now, int64_t lease)
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
	struct hash h = signins_hash_name(name, len);
	struct signins *k;
	enum signins_way w;

	signins_take(t);
	k = signins_find_or_make(t, h, now);
	w = signins_decide(k, refused, now, lease);
	if (w == SIGNINS_HAVE) {
		memcpy(token, k->token, strlen(k->token) + 1);
		*serial = k->serial;
	}
	robustlock_give(&t->lock);
	return w;
}

int
signins_put(struct signins_table *t, const void *name, size_t len,
    const char *token, uint64_t *serial)
{
	struct hash h = signins_hash_name(name, len);
	struct signins *k;
	size_t n = strlen(token);

	if (n == 0 || n >= SIGNINS_MAX)
		return -1;
	signins_take(t);
	/* Its slot is gone only if many others signed in since; no clock is
	 * needed to leave those alone. */
	k = signins_find_or_make(t, h, 0);
	OPENSSL_cleanse(k->token, sizeof(k->token));
	memcpy(k->token, token, n + 1);
	k->have = true;
	k->busy_until = 0;
	*serial = k->serial = ++t->serial;
	robustlock_give(&t->lock);
	return 0;
}

void
signins_failed(struct signins_table *t, const void *name, size_t len)
{
	struct hash h = signins_hash_name(name, len);
	struct signins *k;

	signins_take(t);
	if ((k = signins_find(t, h)) != NULL)
		k->busy_until = 0;
	robustlock_give(&t->lock);
}
