/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <assert.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include "cache/cache.h"
#include "cache/cache_backend.h"
#include "conf/conf.h"
#include "conf/conf_cache.h"
#include "db/dbfile.h"
#include "log/log.h"
#include "os/clock.h"
#include "os/folder.h"

#define REST_BUSY   1000  /* ms without another try after CACHE_BUSY */
#define REST_FAILED 10000 /* ms after CACHE_FAILED */
#define SPENT_MOST  1000  /* ms that calls may take in a row … */
#define SPENT_SHARE \
	4                  /* or this part of all time: a request makes
				 * hundreds of them */
#define TELL_EVERY   60000 /* ms between lines in the log, of a process */
#define SCRATCH_KEPT 65536 /* bytes of memory kept between entries */
#define FAR_MORE     2000  /* ms after a deadline that a token is back */

enum use { READ, WRITE, USES };

/* What an HMAC names or seals. */
enum domain { NAME = 'n', SEAL = 's' };

struct waiting {
	unsigned char name[CACHE_NAME];
	size_t at, len; /* in text */
	int ttl;
};

struct cache {
	const struct conf *conf;
	const struct cache_backend *backend; /* NULL: off */
	void *state;                         /* the backend's */
	bool open;
	int64_t rests[USES];          /* until: clock_ms() */
	int64_t looked;               /* clock_ms() of the last same() */
	int64_t spent;                /* ms that calls took, as of … */
	int64_t counted;              /* clock_ms() */
	EVP_MAC_CTX *mac;             /* NULL until it is needed */
	unsigned char key[CACHE_KEY]; /* while open */
	struct waiting queue[CACHE_QUEUE];
	size_t n;
	struct buf text;    /* sealed values */
	struct buf scratch; /* the last sealed value that was read */
};

static const struct cache_backend *const backends[] = { [CONF_CACHE_OFF] = NULL,
	[CONF_CACHE_FILE] = &cache_sqlite,
	[CONF_CACHE_REDIS] = &cache_redis };

static EVP_MAC_CTX *
new_mac(void)
{
	char digest[] = "SHA256";
	OSSL_PARAM params[2];
	EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
	EVP_MAC_CTX *context = mac == NULL ? NULL : EVP_MAC_CTX_new(mac);

	params[0] =
	    OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0);
	params[1] = OSSL_PARAM_construct_end();
	if (context != NULL && EVP_MAC_CTX_set_params(context, params) != 1) {
		EVP_MAC_CTX_free(context);
		context = NULL;
	}
	EVP_MAC_free(mac); /* the context has a reference of its own */
	return context;
}

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
	(void)conf_cache_parse(conf->cache_url, &url);
	c->backend = backends[url.kind];
	if (c->backend != NULL &&
	    (c->state = c->backend->make(conf, &url)) == NULL) {
		cache_free(c);
		c = NULL;
	}
	explicit_bzero(&url, sizeof(url));
	return c;
}

static void
forget_queue(struct cache *c)
{
	c->n = 0;
	buf_free(&c->text);
}

/* Closes the backend; entries that wait have names under the key that goes, and
 * go too. */
static void
cache_shut(struct cache *c)
{
	if (c->state != NULL)
		c->backend->close(c->state);
	c->open = false;
	OPENSSL_cleanse(c->key, sizeof(c->key));
	forget_queue(c);
}

void
cache_free(struct cache *c)
{
	if (c == NULL)
		return;
	cache_flush(c);
	cache_shut(c);
	if (c->state != NULL)
		c->backend->free(c->state);
	EVP_MAC_CTX_free(c->mac);
	buf_free(&c->scratch);
	free(c);
}

/* Logs a fault, at most every TELL_EVERY ms for all threads together. */
static void
cache_tell(const char *why)
{
	static _Atomic int64_t next;
	int64_t now = clock_ms(), due = atomic_load(&next);

	if (now >= due &&
	    atomic_compare_exchange_strong(&next, &due, now + TELL_EVERY))
		log_warning("cache: %s; what cannot be cached is asked for "
			    "again",
		    why);
}

/* Whether a call of the backend worked.  After one that did not, the cache
 * rests for a while, so that a request does not wait again and again. */
static bool
worked(struct cache *c, enum use use, enum cache_result result,
    const struct cache_try *t)
{
	if (result == CACHE_DONE || result == CACHE_NOTHING)
		return true;
	cache_tell(t->why);
	c->rests[use] = clock_ms() + REST_BUSY;
	if (result == CACHE_FAILED) {
		cache_shut(c);
		c->rests[READ] = c->rests[WRITE] = clock_ms() + REST_FAILED;
	}
	return false;
}

/* Whether recent calls, t the last of them, have taken too much of the time of
 * requests. */
static bool
too_slow(struct cache *c, const struct cache_try *t)
{
	int64_t now = clock_ms(), took = now - (t->until - CACHE_WAIT);

	c->spent -= (now - c->counted) / SPENT_SHARE;
	c->spent = took + (c->spent > 0 ? c->spent : 0);
	c->counted = now;
	return c->spent > SPENT_MOST;
}

/* Ends a call; returns whether it worked. */
static bool
over(struct cache *c, enum use use, enum cache_result result,
    const struct cache_try *t)
{
	bool good = worked(c, use, result, t);

	if (too_slow(c, t) && good) {
		cache_tell("it answers too slowly");
		c->rests[READ] = c->rests[WRITE] = c->counted + REST_BUSY;
		c->spent = 0;
	}
	return good;
}

static struct cache_try
new_try(void)
{
	return (struct cache_try){ .until = clock_ms() + CACHE_WAIT };
}

/* Opens the cache unless it is open or rests; returns whether it may be
 * used. */
static bool
ready(struct cache *c, enum use use, struct cache_try *t)
{
	int64_t now = clock_ms();

	if (c->backend == NULL || now < c->rests[use])
		return false;
	if (c->open && now - c->looked >= c->backend->look) {
		c->looked = now;
		if (!c->backend->same(c->state, t))
			cache_shut(c);
	}
	if (!c->open) {
		if (!worked(c, use, c->backend->open(c->state, t, c->key), t))
			return false;
		c->looked = now;
		c->open = true;
	}
	return true;
}

bool
cache_on(struct cache *c)
{
	struct cache_try t = new_try();

	return ready(c, READ, &t);
}

bool
cache_is_remote(const struct cache *c)
{
	return c->backend != NULL && c->backend->remote;
}

/* HMAC-SHA-256 of the parts, each behind its length. */
static int
mac(struct cache *c, enum domain domain, const struct cache_part *part,
    size_t n, unsigned char out[CACHE_NAME])
{
	unsigned char head[8], kind = (unsigned char)domain;
	size_t i, j, len;

	assert(c->open); /* else there is no key */
	if (c->mac == NULL && (c->mac = new_mac()) == NULL)
		return -1;
	if (EVP_MAC_init(c->mac, c->key, sizeof(c->key), NULL) != 1 ||
	    EVP_MAC_update(c->mac, &kind, 1) != 1)
		return -1;
	for (i = 0; i < n; i++) {
		for (j = 0; j < sizeof(head); j++)
			head[j] = (unsigned char)((uint64_t)part[i].len >>
			    (56 - 8 * j));
		if (EVP_MAC_update(c->mac, head, sizeof(head)) != 1 ||
		    EVP_MAC_update(c->mac, part[i].p, part[i].len) != 1)
			return -1;
	}
	return EVP_MAC_final(c->mac, out, &len, CACHE_NAME) == 1 &&
		len == CACHE_NAME ?
	    0 :
	    -1;
}

int
cache_name(struct cache *c, unsigned char name[CACHE_NAME],
    const struct cache_part *part, size_t n)
{
	struct cache_try t = new_try();

	return ready(c, READ, &t) ? mac(c, NAME, part, n, name) : -1;
}

/*
 * Makes the seal before a value, so that neither damage nor a user who may
 * write the file, but has not the key, can give one name the value of another.
 */
static int
seal(struct cache *c, const unsigned char name[CACHE_NAME], const char *value,
    size_t len, unsigned char out[CACHE_SEAL])
{
	const struct cache_part parts[] = { { name, CACHE_NAME },
		{ value, len } };
	unsigned char whole[CACHE_NAME];

	if (mac(c, SEAL, parts, 2, whole) == -1)
		return -1;
	memcpy(out, whole, CACHE_SEAL);
	return 0;
}

/* Finds the value of an entry that has not been written yet. */
static bool
in_queue(const struct cache *c, const unsigned char name[CACHE_NAME],
    struct buf *value)
{
	const struct waiting *w;
	size_t i;

	for (i = c->n; i-- > 0;) {
		w = &c->queue[i];
		if (memcmp(w->name, name, CACHE_NAME) == 0)
			return buf_add(value, c->text.data + w->at + CACHE_SEAL,
				   w->len - CACHE_SEAL) == 0;
	}
	return false;
}

/* Takes the value out of the bytes that were kept under a name. */
static bool
unseal(struct cache *c, const unsigned char name[CACHE_NAME], struct buf *value)
{
	unsigned char should[CACHE_SEAL];
	const char *text = c->scratch.data + CACHE_SEAL;
	size_t len;

	if (c->scratch.failed || c->scratch.len < CACHE_SEAL)
		return false;
	len = c->scratch.len - CACHE_SEAL;
	return seal(c, name, text, len, should) == 0 &&
	    CRYPTO_memcmp(should, c->scratch.data, CACHE_SEAL) == 0 &&
	    buf_add(value, text, len) == 0;
}

bool
cache_get(
    struct cache *c, const unsigned char name[CACHE_NAME], struct buf *value)
{
	struct cache_try t = new_try();
	enum cache_result r;
	bool found;

	buf_reset(value);
	if (!ready(c, READ, &t))
		return false;
	if (in_queue(c, name, value))
		return true;
	buf_reset(&c->scratch);
	r = c->backend->get(c->state, &t, name, &c->scratch);
	found =
	    over(c, READ, r, &t) && r == CACHE_DONE && unseal(c, name, value);
	if (c->scratch.cap > SCRATCH_KEPT)
		buf_free(&c->scratch);
	return found;
}

void
cache_put(struct cache *c, const unsigned char name[CACHE_NAME],
    const char *value, size_t len, int ttl)
{
	unsigned char tag[CACHE_SEAL];
	struct waiting *w;

	assert(c->n <= CACHE_QUEUE);
	if (len > CACHE_VALUE || ttl <= 0)
		return;
	if (c->n == CACHE_QUEUE || c->text.max - c->text.len < CACHE_SEAL + len)
		cache_flush(c);
	if (!c->open || seal(c, name, value, len, tag) == -1)
		return;
	w = &c->queue[c->n];
	w->at = c->text.len;
	w->len = CACHE_SEAL + len;
	w->ttl = ttl < CACHE_TTL ? ttl : CACHE_TTL;
	memcpy(w->name, name, CACHE_NAME);
	buf_add(&c->text, tag, CACHE_SEAL);
	buf_add(&c->text, value, len);
	if (c->text.failed)
		forget_queue(c);
	else
		c->n++;
}

void
cache_flush(struct cache *c)
{
	struct cache_entry entries[CACHE_QUEUE];
	struct cache_try t = new_try();
	size_t i;

	if (c->n == 0)
		return;
	if (ready(c, WRITE, &t) && c->n > 0) {
		for (i = 0; i < c->n; i++)
			entries[i] =
			    (struct cache_entry){ .name = c->queue[i].name,
				    .value = c->text.data + c->queue[i].at,
				    .len = c->queue[i].len,
				    .ttl = c->queue[i].ttl };
		over(
		    c, WRITE, c->backend->put(c->state, &t, entries, c->n), &t);
	}
	forget_queue(c);
}

int64_t
cache_turn(struct cache *c, const unsigned char name[CACHE_NAME], int rate,
    int64_t most)
{
	const struct cache_bucket bucket = { .name = name,
		.rate = rate,
		.most = most,
		.far = FAR_MORE + (int64_t)c->conf->deadline * 1000 };
	struct cache_try t = new_try();
	int64_t wait = -2;

	if (rate <= 0)
		return 0;
	if (!ready(c, WRITE, &t) ||
	    !over(c, WRITE, c->backend->turn(c->state, &t, &bucket, &wait), &t))
		return -2;
	return wait;
}

int
cache_check(const struct conf *conf, char why[CACHE_WHY])
{
	struct cache *c = cache_new(conf);
	struct cache_try t = new_try();
	enum cache_result r = CACHE_DONE;

	why[0] = '\0';
	if (c == NULL) {
		memcpy(why, "memory ran out", sizeof("memory ran out"));
		return -1;
	}
	t.look = true;
	if (c->backend != NULL)
		r = c->backend->open(c->state, &t, c->key);
	memcpy(why, t.why, CACHE_WHY);
	cache_free(c);
	return r == CACHE_DONE || r == CACHE_NOTHING ? 0 : -1;
}

void
cache_give(const struct conf *conf, uid_t uid, gid_t gid)
{
	const struct folder_owner owner = { uid, gid };
	struct conf_cache url;
	char dir[PATH_MAX], error[DB_ERROR_MAX];
	struct stat st;

	(void)conf_cache_parse(conf->cache_url, &url);
	explicit_bzero(url.password, sizeof(url.password));
	/* A directory that is there keeps its owner. */
	if (url.kind == CONF_CACHE_FILE && folder_of(url.path, dir) == 0 &&
	    lstat(dir, &st) == -1 &&
	    dbfile_directory(url.path, &owner, error) == -1)
		log_warning("cache: %s", error);
}
