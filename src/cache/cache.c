/* SPDX-License-Identifier: MIT */
#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "cache/cache.h"
#include "cache/cache_own.h"
#include "conf/conf.h"
#include "conf/conf_cache.h"
#include "log/log.h"
#include "os/clock.h"

#define REST_BUSY   1000  /* ms without another try after CACHE_BUSY */
#define REST_FAILED 10000 /* ms after CACHE_FAILED */
/* A request makes hundreds of calls.  What is counted of each, here and of the
 * time of a request, is what it took beyond QUICK. */
#define QUICK       2    /* ms */
#define SPENT_MOST  1000 /* ms that calls may take in a row … */
#define SPENT_SHARE 4    /* or this part of all time */
/* Of the CACHE_WAIT that a server may take of a request: */
#define KEPT_BACK    20    /* ms for what ends it: others wait for that */
#define LEAST        10    /* ms with less of which no call begins */
#define TELL_EVERY   60000 /* ms between lines in the log, of a process */
#define SCRATCH_KEPT 65536 /* bytes of memory kept between entries */
#define FAR_MORE     2000  /* ms after a deadline that a token is back */
#define TURN_TOLD    2     /* bytes of a name that is under no key */

static const struct cache_backend *const backends[] = { [CONF_CACHE_OFF] = NULL,
	[CONF_CACHE_FILE] = &cache_sqlite,
	[CONF_CACHE_REDIS] = &cache_redis };

struct cache *
cache_new(const struct conf *conf)
{
	struct cache *c = calloc(1, sizeof(*c));
	struct conf_cache url;

	if (c == NULL)
		return NULL;
	c->conf = conf;
	buf_init(&c->text, CACHE_KEPT);
	buf_init(&c->scratch, CACHE_KEPT);
	cache_begin(c);
	(void)conf_cache_parse(conf->cache_url, &url);
	c->backend = backends[url.kind];
	if (c->backend != NULL &&
	    ((c->state = c->backend->make(conf, &url)) == NULL ||
		(c->backend->remote && seal_keys(conf, &c->keys) == -1))) {
		cache_free(c);
		c = NULL;
	}
	explicit_bzero(&url, sizeof(url));
	return c;
}

void
cache_count(struct cache *c, struct counters *counters)
{
	c->counters = counters;
}

void
cache_begin(struct cache *c)
{
	c->left = CACHE_WAIT;
}

static void
forget_queue(struct cache *c)
{
	c->n = 0;
	buf_free(&c->text);
}

static void
cleanse_keys(struct cache *c)
{
	OPENSSL_cleanse(&c->keys, sizeof(c->keys));
}

/* Closes the backend.  The key of a file goes with it; entries that wait have
 * names under that, and go too. */
static void
cache_shut(struct cache *c)
{
	if (c->state != NULL)
		c->backend->close(c->state);
	c->open = false;
	if (c->state != NULL && !c->backend->remote)
		cleanse_keys(c);
	forget_queue(c);
}

void
cache_free(struct cache *c)
{
	if (c == NULL)
		return;
	cache_flush(c);
	cache_shut(c);
	cleanse_keys(c);
	if (c->state != NULL)
		c->backend->free(c->state);
	EVP_MAC_CTX_free(c->mac);
	buf_free(&c->scratch);
	free(c);
}

bool
cache_due(_Atomic int64_t *next)
{
	int64_t now = clock_ms(), due = atomic_load(next);

	return now >= due &&
	    atomic_compare_exchange_strong(next, &due, now + TELL_EVERY);
}

/* Logs a fault. */
static void
cache_tell(const char *why)
{
	static _Atomic int64_t next;

	if (cache_due(&next))
		log_warning("cache: %s; what cannot be cached is asked for "
			    "again",
		    why);
}

/* Whether a call of the backend worked.  After one that did not, the cache
 * rests for a while, so that a request does not wait again and again. */
static bool
worked(struct cache *c, enum cache_use use, enum cache_result result,
    const struct cache_try *t)
{
	const int64_t now = clock_ms();

	if (result == CACHE_DONE || result == CACHE_NOTHING)
		return true;
	cache_tell(t->why);
	c->rests[use] = now + REST_BUSY;
	if (result == CACHE_FAILED) {
		cache_shut(c);
		c->rests[CACHE_READ] = c->rests[CACHE_WRITE] = now +
		    (t->rest && now >= t->until ? REST_BUSY : REST_FAILED);
	}
	return false;
}

/* Whether recent calls, the last of which took that long, have taken too much of
 * the time of requests. */
static bool
too_slow(struct cache *c, int64_t took)
{
	const int64_t now = clock_ms();

	c->spent -= (now - c->counted) / SPENT_SHARE;
	c->spent = took + (c->spent > 0 ? c->spent : 0);
	c->counted = now;
	return c->spent > SPENT_MOST;
}

bool
cache_over(struct cache *c, enum cache_use use, enum cache_result result,
    const struct cache_try *t)
{
	const bool good = worked(c, use, result, t);
	int64_t took = clock_ms() - t->began - QUICK;

	if (took < 0)
		took = 0;
	if (too_slow(c, took) && good) {
		cache_tell("it answers too slowly");
		c->rests[CACHE_READ] = c->rests[CACHE_WRITE] =
		    c->counted + REST_BUSY;
		c->spent = 0;
	}
	if (c->backend->remote)
		c->left -= took;
	return good;
}

/* The limits of a call that keeps so many ms of a request's time back. */
static struct cache_try
begin(const struct cache *c, int64_t back)
{
	const bool remote = c->backend != NULL && c->backend->remote;
	const int64_t now = clock_ms(), left = c->left - back;

	return (struct cache_try){ .began = now,
		.until =
		    now + (remote && left < CACHE_WAIT ? left : CACHE_WAIT),
		.rest = remote && c->left < CACHE_WAIT };
}

struct cache_try
cache_new_try(const struct cache *c)
{
	return begin(c, KEPT_BACK);
}

struct cache_try
cache_last_try(const struct cache *c)
{
	return begin(c, 0);
}

/* Whether a call has the time to begin. */
static bool
has_time(const struct cache *c, const struct cache_try *t)
{
	return !c->backend->remote || t->until - t->began >= LEAST;
}

/* Opens the backend.  A server may take all that is left of the request's time for
 * that; the call for which it is opened has what is left then. */
static void
cache_enter(struct cache *c, struct cache_try *t)
{
	const bool remote = c->backend->remote;
	unsigned char *key = remote ? NULL : c->keys.key[0];
	const int64_t until = t->until;
	enum cache_result r;

	if (remote)
		t->until = t->began + c->left;
	r = c->backend->open(c->state, t, key);
	c->looked = clock_ms();
	c->open = worked(c, CACHE_READ, r, t);
	if (!remote) {
		if (c->open)
			c->keys.n = 1;
		return;
	}
	c->left -= c->looked - t->began;
	t->began = c->looked;
	t->until = until;
	t->rest = true;
}

bool
cache_ready(struct cache *c, enum cache_use use, struct cache_try *t)
{
	int64_t now = clock_ms();

	if (c->backend == NULL || now < c->rests[use] || !has_time(c, t))
		return false;
	if (c->open && now - c->looked >= c->backend->look) {
		c->looked = now;
		if (!c->backend->same(c->state, t))
			cache_shut(c);
	}
	if (!c->open)
		cache_enter(c, t);
	return c->open && has_time(c, t);
}

bool
cache_on(struct cache *c)
{
	struct cache_try t = cache_new_try(c);

	/* One that was just opened may have no time left for a call. */
	return cache_ready(c, CACHE_READ, &t) || c->open;
}

bool
cache_is_remote(const struct cache *c)
{
	return c->backend != NULL && c->backend->remote;
}

int
cache_name(struct cache *c, unsigned char name[CACHE_NAME],
    const struct cache_part *part, size_t n)
{
	struct cache_try t = cache_last_try(c);

	return cache_ready(c, CACHE_READ, &t) && c->keys.n > 0 ?
	    cache_names(c, part, n, name) :
	    -1;
}

/* Finds the value of an entry that has not been written yet. */
static bool
in_queue(struct cache *c, const unsigned char *name, struct buf *value)
{
	const struct cache_waiting *w;
	size_t i;

	for (i = c->n; i-- > 0;) {
		w = &c->queue[i];
		if (memcmp(w->name, name, CACHE_ID) == 0)
			return cache_open_value(
			    c, name, 0, c->text.data + w->at, w->len, value);
	}
	return false;
}

bool
cache_get(
    struct cache *c, const unsigned char name[CACHE_NAME], struct buf *value)
{
	struct cache_try t = cache_new_try(c);
	enum cache_result r;
	bool found;
	size_t i;

	buf_reset(value);
	if (!cache_ready(c, CACHE_READ, &t))
		return false;
	found = in_queue(c, name, value);
	for (i = 0; !found && i < c->keys.n && cache_ready(c, CACHE_READ, &t);
	     i++, t = cache_new_try(c)) {
		buf_reset(&c->scratch);
		r = c->backend->get(
		    c->state, &t, name + i * CACHE_ID, &c->scratch);
		found = cache_over(c, CACHE_READ, r, &t) && r == CACHE_DONE &&
		    !c->scratch.failed &&
		    cache_open_value(
			c, name, i, c->scratch.data, c->scratch.len, value);
	}
	if (c->scratch.cap > SCRATCH_KEPT)
		buf_free(&c->scratch);
	return found;
}

/* Adds the sealed value to the text.  Returns 0 or -1. */
static int
queue_value(struct cache *c, const unsigned char *name, const char *value,
    size_t len, int ttl)
{
	unsigned char tag[CACHE_SEAL];

	if (c->backend->remote)
		return cache_seal(
		    c, name, value, len, (int64_t)ttl * 1000, &c->text);
	if (cache_file_seal(c, name, value, len, tag) == -1)
		return -1;
	buf_add(&c->text, tag, CACHE_SEAL);
	buf_add(&c->text, value, len);
	return 0;
}

void
cache_put(struct cache *c, const unsigned char name[CACHE_NAME],
    const char *value, size_t len, int ttl)
{
	struct cache_waiting *w;

	assert(c->n <= CACHE_QUEUE);
	if (len > CACHE_VALUE || ttl <= 0)
		return;
	if (c->n == CACHE_QUEUE || c->text.max - c->text.len < SEAL_MORE + len)
		cache_flush(c);
	if (!c->open)
		return;
	w = &c->queue[c->n];
	w->at = c->text.len;
	w->ttl = ttl < CACHE_TTL ? ttl : CACHE_TTL;
	memcpy(w->name, name, CACHE_ID);
	if (queue_value(c, name, value, len, w->ttl) == -1 || c->text.failed) {
		forget_queue(c);
		return;
	}
	w->len = c->text.len - w->at;
	c->n++;
}

void
cache_flush(struct cache *c)
{
	struct cache_entry entries[CACHE_QUEUE];
	struct cache_try t = cache_last_try(c);
	size_t i;

	if (c->n == 0)
		return;
	if (cache_ready(c, CACHE_WRITE, &t) && c->n > 0) {
		for (i = 0; i < c->n; i++)
			entries[i] =
			    (struct cache_entry){ .name = c->queue[i].name,
				    .value = c->text.data + c->queue[i].at,
				    .len = c->queue[i].len,
				    .ttl = c->queue[i].ttl };
		cache_over(c, CACHE_WRITE,
		    c->backend->put(c->state, &t, entries, c->n), &t);
	}
	forget_queue(c);
}

/*
 * The name of a bucket.  Without a key it is a hash that anybody can make of a
 * credential that he guesses: of that a server gets a few bits, too few to tell
 * a right guess.  Buckets that happen to have one name give fewer turns, never
 * more.
 */
static int
turn_names(struct cache *c, const struct cache_part *part, size_t n,
    unsigned char name[CACHE_NAME])
{
	if (cache_names(c, part, n, name) == -1)
		return -1;
	if (c->keys.n == 0)
		memset(name + TURN_TOLD, 0, CACHE_NAME - TURN_TOLD);
	return 0;
}

int64_t
cache_turn(struct cache *c, const struct cache_part *part, size_t n,
    struct pace_rate rate, int64_t most)
{
	unsigned char name[CACHE_NAME];
	const struct cache_bucket bucket = { .name = name,
		.names = c->keys.n > 1 ? c->keys.n : 1,
		.rate = rate,
		.most = most,
		.far = FAR_MORE + (int64_t)c->conf->deadline * 1000 +
		    (int64_t)PACE_SECOND * rate.seconds };
	struct cache_try t = cache_new_try(c);
	int64_t wait = -2;

	if (rate.calls <= 0)
		return 0;
	if (!cache_ready(c, CACHE_WRITE, &t) ||
	    turn_names(c, part, n, name) == -1 ||
	    !cache_over(c, CACHE_WRITE,
		c->backend->turn(c->state, &t, &bucket, &wait), &t))
		return -2;
	return wait;
}
