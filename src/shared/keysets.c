/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "shared/keysets.h"

static const struct slots_kind keysets_kind = { SLOTS_KIND(jwks_table, host) };

/* Takes the lock and claims the slot of a host. */
static struct keyset *
keysets_take(struct jwks_table *t, const char *host)
{
	struct keyset *s;

	assert(host[0] != '\0' && strlen(host) < JWKS_HOST_MAX);
	slots_take(&t->slots, &keysets_kind);
	s = slots_claim(&t->slots, &keysets_kind, host, strlen(host), 0);
	memcpy(s->host, host, strlen(host) + 1);
	return s;
}

void
keysets_look(struct jwks_table *t, const char *host, int64_t now, uint64_t have,
    struct keysets_state *state, struct buf *text)
{
	struct keyset *s;

	buf_reset(text);
	s = keysets_take(t, host);
	s->slot.used = now;
	*state = s->state;
	if (state->serial != have)
		buf_add(text, s->text, s->len);
	slots_give(&t->slots);
}

bool
keysets_claim(struct jwks_table *t, const char *host,
    const struct keysets_state *seen, int64_t clock, int64_t lease,
    int64_t asked)
{
	struct keyset *s;
	bool claimed;

	s = keysets_take(t, host);
	claimed = s->busy_until <= clock && s->state.serial == seen->serial &&
	    s->state.fetched == seen->fetched &&
	    s->state.tried == seen->tried && s->state.asked == seen->asked;
	if (claimed) {
		s->busy_until = clock + lease;
		if (asked != 0)
			s->state.asked = asked;
	}
	slots_give(&t->slots);
	return claimed;
}

uint64_t
keysets_store(struct jwks_table *t, const char *host, int64_t fetched,
    const char *text, size_t len)
{
	struct keyset *s;
	uint64_t serial;

	assert(len <= JWKS_BYTES);
	s = keysets_take(t, host);
	if (s->state.serial == 0 || s->len != len ||
	    memcmp(s->text, text, len) != 0) {
		memcpy(s->text, text, len);
		s->len = len;
		s->state.serial = ++t->serial;
	}
	s->state.fetched = s->state.tried = s->slot.used = fetched;
	s->state.why[0] = '\0';
	s->busy_until = 0;
	serial = s->state.serial;
	slots_give(&t->slots);
	return serial;
}

void
keysets_failed(
    struct jwks_table *t, const char *host, int64_t tried, const char *why)
{
	struct keyset *s;

	s = keysets_take(t, host);
	s->state.tried = s->slot.used = tried;
	s->failures++;
	snprintf(s->state.why, sizeof(s->state.why), "%s", why);
	s->busy_until = 0;
	slots_give(&t->slots);
}

void
keysets_leave(struct jwks_table *t, const char *host)
{
	keysets_take(t, host)->busy_until = 0;
	slots_give(&t->slots);
}

int
keysets_list(
    struct jwks_table *t, int wait, struct keysets_seen seen[JWKS_HOSTS])
{
	const struct keyset *s;
	size_t i;
	int n = 0;

	if (slots_wait(&t->slots, &keysets_kind, wait) == -1)
		return -1;
	for (i = 0; i < JWKS_HOSTS; i++) {
		if ((s = slots_at(&t->slots, &keysets_kind, i)) == NULL)
			continue;
		memcpy(seen[n].host, s->host, sizeof(s->host));
		seen[n].fetched = s->state.fetched;
		seen[n].have = s->state.serial != 0;
		seen[n].failed = s->state.why[0] != '\0';
		seen[n].failures = s->failures;
		n++;
	}
	slots_give(&t->slots);
	return n;
}
