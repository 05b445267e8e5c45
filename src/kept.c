#include <string.h>

#include <openssl/crypto.h>

#include "hash.h"
#include "kept.h"
#include "sharedlock.h"

int
kept_init(struct kept_table *t)
{
	return sharedlock_init(&t->lock);
}

static void
forget(struct kept *k)
{
	OPENSSL_cleanse(k, sizeof(*k));
}

/* A token that its last user left half written must not be sent.  The counters
 * go on: a serial never stands for two tokens. */
static void
take(struct kept_table *t)
{
	size_t	 i;

	if (sharedlock_take(&t->lock))
		for (i = 0; i < KEPT_SLOTS; i++)
			forget(&t->slot[i]);
}

/* Whether slot x is to be given away rather than y, at now. */
static bool
sooner(const struct kept *x, const struct kept *y, int64_t now)
{
	bool	 bx = x->busy_until > now, by = y->busy_until > now;

	if (x->b == 0 || y->b == 0)
		return y->b != 0;
	return bx != by ? by : x->used < y->used;
}

static struct hash
hash_name(const void *name, size_t len)
{
	struct hash	 h = hash_bytes(name, len);

	h.b |= 1;	/* zero marks a free slot */
	return h;
}

static struct kept *
find(struct kept_table *t, struct hash h)
{
	size_t	 i;

	for (i = 0; i < KEPT_SLOTS; i++)
		if (t->slot[i].a == h.a && t->slot[i].b == h.b)
			return &t->slot[i];
	return NULL;
}

static struct kept *
find_or_make(struct kept_table *t, struct hash h, int64_t now)
{
	struct kept	*k = find(t, h);
	size_t		 i;

	if (k == NULL) {
		k = &t->slot[0];
		for (i = 1; i < KEPT_SLOTS; i++)
			if (sooner(&t->slot[i], k, now))
				k = &t->slot[i];
		forget(k);
		k->a = h.a;
		k->b = h.b;
	}
	k->used = ++t->uses;
	return k;
}

/* What to do about the token of a slot. */
static enum kept_way
way(struct kept *k, uint64_t refused, int64_t now, int64_t lease)
{
	/* The first serial is 1, so that 0 is no token's. */
	if (k->have && k->serial == refused) {
		OPENSSL_cleanse(k->token, sizeof(k->token));
		k->have = false;
	}
	if (k->have)
		return KEPT_HAVE;
	if (k->busy_until > now)
		return KEPT_WAIT;
	k->busy_until = now + lease;
	return KEPT_SIGN_IN;
}

enum kept_way
kept_get(struct kept_table *t, const void *name, size_t len, uint64_t refused,
    int64_t now, int64_t lease, char token[KEPT_MAX], uint64_t *serial)
{
	struct hash	 h = hash_name(name, len);
	struct kept	*k;
	enum kept_way	 w;

	take(t);
	k = find_or_make(t, h, now);
	w = way(k, refused, now, lease);
	if (w == KEPT_HAVE) {
		memcpy(token, k->token, strlen(k->token) + 1);
		*serial = k->serial;
	}
	sharedlock_give(&t->lock);
	return w;
}

int
kept_put(struct kept_table *t, const void *name, size_t len, const char *token,
    uint64_t *serial)
{
	struct hash	 h = hash_name(name, len);
	struct kept	*k;
	size_t		 n = strlen(token);

	if (n == 0 || n >= KEPT_MAX)
		return -1;
	take(t);
	/* Its slot is gone only if many others signed in since; no clock is
	 * needed to leave those alone. */
	k = find_or_make(t, h, 0);
	OPENSSL_cleanse(k->token, sizeof(k->token));
	memcpy(k->token, token, n + 1);
	k->have = true;
	k->busy_until = 0;
	*serial = k->serial = ++t->serial;
	sharedlock_give(&t->lock);
	return 0;
}

void
kept_failed(struct kept_table *t, const void *name, size_t len)
{
	struct hash	 h = hash_name(name, len);
	struct kept	*k;

	take(t);
	if ((k = find(t, h)) != NULL)
		k->busy_until = 0;
	sharedlock_give(&t->lock);
}
