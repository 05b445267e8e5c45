/* SPDX-License-Identifier: MIT */
#include <sys/random.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache/cache_backend.h"
#include "cache/rediscon.h"
#include "conf/conf.h"
#include "conf/conf_cache.h"
#include "shared/pace.h"

#define KEY      "ctim-relay:key"
#define ENTRY    "ctim-relay:entry:"
#define BUCKET   "ctim-relay:bucket:"
#define KEY_NAME (sizeof(BUCKET) + 2 * CACHE_NAME)
#define SHORT    4096 /* bytes of a reply that is no value */
#define NUMBER   24   /* bytes of a number as text */

struct server {
	struct rediscon con;
	struct conf_cache url;
	unsigned char key[CACHE_KEY];
};

/*
 * pace_take() by the server's own clock, so that all gateways agree.  KEYS: the
 * bucket.  ARGV: tokens, ms until one is back, most ms to wait, ms ahead that
 * no token can be.  Its commands replicate as effects, as TIME before a write
 * must: Redis 5 or later.
 */
static const char script[] =
    "local t = redis.call('TIME')\n"
    "local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"
    "local n, period = tonumber(ARGV[1]), tonumber(ARGV[2])\n"
    "local most, far = tonumber(ARGV[3]), tonumber(ARGV[4])\n"
    "local back, first = {}, 1\n"
    "for v in string.gmatch(redis.call('GET', KEYS[1]) or '', '%d+') do\n"
    "  v = tonumber(v)\n"
    "  back[#back + 1] = v > now + far and 0 or v\n"
    "end\n"
    "for i = 1, n do\n"
    "  back[i] = back[i] or 0\n"
    "  if back[i] < back[first] then first = i end\n"
    "end\n"
    "local turn = math.max(now, back[first])\n"
    "if turn - now > most then return -1 end\n"
    "back[first] = turn + period\n"
    "for i = 1, #back do back[i] = string.format('%.0f', back[i]) end\n"
    "redis.call('SET', KEYS[1], table.concat(back, ' '), 'PX',\n"
    "  string.format('%.0f', far + period))\n"
    "return turn - now\n";

static struct rediscon_arg
cache_redis_text(const char *s)
{
	return (struct rediscon_arg){ s, strlen(s) };
}

static enum cache_result
cache_redis_fail(const struct server *s, struct cache_try *t, const char *why)
{
	snprintf(t->why, sizeof(t->why), "redis://%s:%s/%s: %s", s->url.host,
	    s->url.port, s->url.db, why);
	return CACHE_FAILED;
}

/* Fails with the connection's reason. */
static enum cache_result
lost(const struct server *s, struct cache_try *t)
{
	return cache_redis_fail(s, t, s->con.why);
}

/* Fails for an unexpected reply.  Of an error only its code is logged: the rest
 * may repeat what we sent. */
static enum cache_result
cache_redis_wrong(const struct server *s, struct cache_try *t,
    const struct rediscon_reply *reply)
{
	char why[64];
	size_t n;

	if (reply->type != REDISCON_ERROR)
		return cache_redis_fail(
		    s, t, "it does not answer as it should");
	n = strspn(reply->text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	if (n == 0 || n > 16)
		return cache_redis_fail(s, t, "it answers with an error");
	snprintf(why, sizeof(why), "it answers with the error %.*s", (int)n,
	    reply->text);
	return cache_redis_fail(s, t, why);
}

static void *
cache_redis_make(const struct conf *conf, const struct conf_cache *url)
{
	struct server *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	rediscon_init(&s->con);
	(void)conf;
	s->url = *url;
	return s;
}

static void
cache_redis_release(void *arg)
{
	struct server *s = arg;

	rediscon_free(&s->con);
	explicit_bzero(s, sizeof(*s));
	free(s);
}

static void
cache_redis_shut(void *arg)
{
	struct server *s = arg;

	rediscon_close(&s->con);
}

/* Sends a command and reads its reply of about max bytes at most, to be freed;
 * NULL when the connection is lost. */
static struct rediscon_reply *
cache_redis_ask(struct server *s, const struct cache_try *t,
    const struct rediscon_arg *arg, size_t n, size_t max)
{
	return rediscon_send(&s->con, arg, n, t->until) == -1 ?
	    NULL :
	    rediscon_reply(&s->con, max, t->until);
}

/* The next reply must be OK or, where nil is true, nil. */
static enum cache_result
expect_ok(struct server *s, struct cache_try *t, bool nil)
{
	struct rediscon_reply *reply;
	enum cache_result r = CACHE_DONE;

	if ((reply = rediscon_reply(&s->con, SHORT, t->until)) == NULL)
		return lost(s, t);
	if (!(nil && reply->type == REDISCON_NIL) &&
	    (reply->type != REDISCON_STATUS || strcmp(reply->text, "OK") != 0))
		r = cache_redis_wrong(s, t, reply);
	free(reply);
	return r;
}

/* Asks for the key; CACHE_NOTHING when there is none. */
static enum cache_result
cache_redis_read_key(
    struct server *s, struct cache_try *t, unsigned char key[CACHE_KEY])
{
	const struct rediscon_arg get[] = { cache_redis_text("GET"),
		cache_redis_text(KEY) };
	struct rediscon_reply *reply;
	enum cache_result r = CACHE_DONE;

	if ((reply = cache_redis_ask(s, t, get, 2, SHORT)) == NULL)
		return lost(s, t);
	if (reply->type == REDISCON_NIL)
		r = CACHE_NOTHING;
	else if (reply->type != REDISCON_STRING)
		r = cache_redis_wrong(s, t, reply);
	else if (reply->len != CACHE_KEY)
		r = cache_redis_fail(
		    s, t, "what it has as " KEY " is not ours");
	else
		memcpy(key, reply->text, CACHE_KEY);
	free(reply);
	return r;
}

/* Sends user and password, and the number of the database. */
static enum cache_result
greet(struct server *s, struct cache_try *t)
{
	const struct rediscon_arg select[] = { cache_redis_text("SELECT"),
		cache_redis_text(s->url.db) };
	struct rediscon_arg auth[3] = { cache_redis_text("AUTH") };
	enum cache_result r;
	size_t n = 1;

	if (s->url.password[0] != '\0') {
		if (s->url.user[0] != '\0')
			auth[n++] = cache_redis_text(s->url.user);
		auth[n++] = cache_redis_text(s->url.password);
		if (rediscon_send(&s->con, auth, n, t->until) == -1)
			return lost(s, t);
		if ((r = expect_ok(s, t, false)) != CACHE_DONE)
			return r;
	}
	if (strcmp(s->url.db, "0") == 0)
		return CACHE_DONE;
	return rediscon_send(&s->con, select, 2, t->until) == -1 ?
	    lost(s, t) :
	    expect_ok(s, t, false);
}

/* Reads the key of all gateways; the first one to come makes it. */
static enum cache_result
get_key(struct server *s, struct cache_try *t, unsigned char key[CACHE_KEY])
{
	const struct rediscon_arg set[] = { cache_redis_text("SET"),
		cache_redis_text(KEY), { key, CACHE_KEY },
		cache_redis_text("NX") };
	enum cache_result r = CACHE_DONE;

	if (!t->look) {
		if (getrandom(key, CACHE_KEY, 0) != CACHE_KEY)
			return cache_redis_fail(
			    s, t, "the system has no random bytes");
		if (rediscon_send(&s->con, set, 4, t->until) == -1)
			return lost(s, t);
		r = expect_ok(s, t, true);
	}
	return r == CACHE_DONE ? cache_redis_read_key(s, t, key) : r;
}

static enum cache_result
cache_redis_start(void *arg, struct cache_try *t, unsigned char key[CACHE_KEY])
{
	struct server *s = arg;
	enum cache_result r;

	if (s->url.host[0] == '\0') {
		snprintf(t->why, sizeof(t->why),
		    "[cache] url is no "
		    "redis://HOST:PORT/DB");
		return CACHE_FAILED;
	}
	if (rediscon_open(&s->con, s->url.host, s->url.port, t->until) == -1)
		return lost(s, t);
	if ((r = greet(s, t)) == CACHE_DONE)
		r = get_key(s, t, key);
	/* Another client may have emptied the server between two commands. */
	if (r == CACHE_NOTHING && !t->look)
		r = cache_redis_fail(s, t, "it does not keep what it is given");
	if (r == CACHE_DONE)
		memcpy(s->key, key, CACHE_KEY);
	return r;
}

/* Whether the server still has the key under which its entries are named. */
static bool
cache_redis_same(void *arg, struct cache_try *t)
{
	struct server *s = arg;
	unsigned char key[CACHE_KEY];

	return cache_redis_read_key(s, t, key) == CACHE_DONE &&
	    memcmp(key, s->key, CACHE_KEY) == 0;
}

static struct rediscon_arg
key_name(char out[KEY_NAME], const char *prefix, const unsigned char *name)
{
	size_t i, n = strlen(prefix);

	memcpy(out, prefix, n);
	for (i = 0; i < CACHE_NAME; i++, n += 2)
		snprintf(out + n, 3, "%02x", name[i]);
	return (struct rediscon_arg){ out, n };
}

static enum cache_result
cache_redis_get(void *arg, struct cache_try *t,
    const unsigned char name[CACHE_NAME], struct buf *value)
{
	struct server *s = arg;
	char place[KEY_NAME];
	struct rediscon_arg command[] = { cache_redis_text("GET"),
		key_name(place, ENTRY, name) };
	enum cache_result r = CACHE_DONE;
	struct rediscon_reply *reply;

	reply = cache_redis_ask(s, t, command, 2, CACHE_KEPT + SHORT);
	if (reply == NULL)
		return lost(s, t);
	if (reply->type == REDISCON_NIL)
		r = CACHE_NOTHING;
	else if (reply->type != REDISCON_STRING)
		r = cache_redis_wrong(s, t, reply);
	else
		buf_add(value, reply->text, reply->len);
	free(reply);
	return r;
}

static enum cache_result
cache_redis_put(
    void *arg, struct cache_try *t, const struct cache_entry *entry, size_t n)
{
	struct server *s = arg;
	char place[KEY_NAME], ttl[NUMBER];
	struct rediscon_arg command[5] = { cache_redis_text("SET") };
	enum cache_result r = CACHE_DONE;
	size_t i;

	for (i = 0; i < n; i++) {
		snprintf(ttl, sizeof(ttl), "%d", entry[i].ttl);
		command[1] = key_name(place, ENTRY, entry[i].name);
		command[2] =
		    (struct rediscon_arg){ entry[i].value, entry[i].len };
		command[3] = cache_redis_text("EX");
		command[4] = cache_redis_text(ttl);
		if (rediscon_send(&s->con, command, 5, t->until) == -1)
			return lost(s, t);
	}
	for (i = 0; i < n && r == CACHE_DONE; i++)
		r = expect_ok(s, t, false);
	return r;
}

/* The tokens of a bucket and the ms for which one is away, found by asking
 * pace_take(), so that the arithmetic is in one place. */
static void
shape(int rate, int *tokens, int64_t *period)
{
	const int64_t now = 1;
	int64_t back[PACE_TOKENS] = { 0 };

	*tokens = 0;
	while (*tokens < PACE_TOKENS && pace_take(back, rate, now, now) == 0)
		++*tokens;
	*period = back[0] - now;
}

static enum cache_result
cache_redis_turn(
    void *arg, struct cache_try *t, const struct cache_bucket *b, int64_t *wait)
{
	struct server *s = arg;
	char place[KEY_NAME], number[4][NUMBER];
	int tokens, i;
	int64_t period;
	struct rediscon_arg command[8] = { cache_redis_text("EVAL"),
		cache_redis_text(script), cache_redis_text("1"),
		key_name(place, BUCKET, b->name) };
	struct rediscon_reply *reply;
	enum cache_result r = CACHE_DONE;

	shape(b->rate, &tokens, &period);
	snprintf(number[0], NUMBER, "%d", tokens);
	snprintf(number[1], NUMBER, "%lld", (long long)period);
	snprintf(number[2], NUMBER, "%lld", (long long)b->most);
	snprintf(number[3], NUMBER, "%lld", (long long)b->far);
	for (i = 0; i < 4; i++)
		command[4 + i] = cache_redis_text(number[i]);
	if ((reply = cache_redis_ask(s, t, command, 8, SHORT)) == NULL)
		return lost(s, t);
	if (reply->type == REDISCON_INTEGER && reply->integer >= -1)
		*wait = reply->integer;
	else
		r = cache_redis_wrong(s, t, reply);
	free(reply);
	return r;
}

const struct cache_backend cache_redis = { .remote = true,
	.look = 1000,
	.make = cache_redis_make,
	.free = cache_redis_release,
	.open = cache_redis_start,
	.close = cache_redis_shut,
	.same = cache_redis_same,
	.get = cache_redis_get,
	.put = cache_redis_put,
	.turn = cache_redis_turn };
