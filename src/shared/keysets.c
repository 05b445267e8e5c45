#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "os/robustlock.h"
#include "shared/keysets.h"

int
keysets_init(struct jwks_table *t)
{
	return robustlock_init(&t->lock);
}

/* Serials go on counting when the table is emptied: a thread that has keys
 * under one must never meet another text under it. */
static void
keysets_mend(struct jwks_table *t, bool broken)
{
	size_t i;

	for (i = 0; broken && i < JWKS_HOSTS; i++)
		t->host[i].host[0] = '\0';
}

static void
keysets_take(struct jwks_table *t)
{
	keysets_mend(t, robustlock_take(&t->lock));
}

/* The slot of a host; a new one when it has none, instead of the longest
 * unused. */
static struct keyset *
slot(struct jwks_table *t, const char *host)
{
	struct keyset *s = &t->host[0];
	size_t i;

	for (i = 0; i < JWKS_HOSTS; i++)
		if (strcmp(t->host[i].host, host) == 0)
			return &t->host[i];
	for (i = 0; i < JWKS_HOSTS && s->host[0] != '\0'; i++)
		if (t->host[i].host[0] == '\0' || t->host[i].used < s->used)
			s = &t->host[i];
	s->state = (struct keysets_state){ 0 };
	s->used = s->busy_until = 0;
	s->len = 0;
	snprintf(s->host, sizeof(s->host), "%s", host);
	return s;
}

void
keysets_look(struct jwks_table *t, const char *host, int64_t now, uint64_t have,
    struct keysets_state *state, struct buf *text)
{
	struct keyset *s;

	buf_reset(text);
	keysets_take(t);
	s = slot(t, host);
	s->used = now;
	*state = s->state;
	if (state->serial != have)
		buf_add(text, s->text, s->len);
	robustlock_give(&t->lock);
}

bool
keysets_claim(struct jwks_table *t, const char *host,
    const struct keysets_state *seen, int64_t clock, int64_t lease,
    int64_t asked)
{
	struct keyset *s;
	bool claimed;

	keysets_take(t);
	s = slot(t, host);
	claimed = s->busy_until <= clock && s->state.serial == seen->serial &&
	    s->state.fetched == seen->fetched &&
	    s->state.tried == seen->tried && s->state.asked == seen->asked;
	if (claimed) {
		s->busy_until = clock + lease;
		if (asked != 0)
			s->state.asked = asked;
	}
	robustlock_give(&t->lock);
	return claimed;
}

uint64_t
keysets_store(struct jwks_table *t, const char *host, int64_t fetched,
    const char *text, size_t len)
{
	struct keyset *s;
	uint64_t serial;

	keysets_take(t);
	s = slot(t, host);
	if (s->state.serial == 0 || s->len != len ||
	    memcmp(s->text, text, len) != 0) {
		memcpy(s->text, text, len);
		s->len = len;
		s->state.serial = ++t->serial;
	}
	s->state.fetched = s->state.tried = s->used = fetched;
	s->state.why[0] = '\0';
	s->busy_until = 0;
	serial = s->state.serial;
	robustlock_give(&t->lock);
	return serial;
}

void
keysets_failed(
    struct jwks_table *t, const char *host, int64_t tried, const char *why)
{
	struct keyset *s;

	keysets_take(t);
	s = slot(t, host);
	s->state.tried = s->used = tried;
	snprintf(s->state.why, sizeof(s->state.why), "%s", why);
	s->busy_until = 0;
	robustlock_give(&t->lock);
}

void
keysets_leave(struct jwks_table *t, const char *host)
{
	keysets_take(t);
	slot(t, host)->busy_until = 0;
	robustlock_give(&t->lock);
}

int
keysets_list(
    struct jwks_table *t, int wait, struct keysets_seen seen[JWKS_HOSTS])
{
	const struct keyset *s;
	int n = 0, got = robustlock_wait(&t->lock, wait);

	if (got == -1)
		return -1;
	keysets_mend(t, got == 1);
	for (s = t->host; s < t->host + JWKS_HOSTS; s++) {
		if (s->host[0] == '\0')
			continue;
		memcpy(seen[n].host, s->host, sizeof(s->host));
		seen[n].fetched = s->state.fetched;
		seen[n].have = s->state.serial != 0;
		seen[n].failed = s->state.why[0] != '\0';
		n++;
	}
	robustlock_give(&t->lock);
	return n;
}
