/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cache/cache_redis.h"
#include "conf/conf.h"
#include "shared/pace.h"

#define ENTRY    "ctim-relay:entry:"
#define BUCKET   "ctim-relay:bucket:"
#define LEASE    "ctim-relay:lease:"
#define KEY_NAME (sizeof(BUCKET) + 2 * CACHE_ID)
#define NUMBER   24 /* bytes of a number as text */

/*
 * pace_take() by the server's own clock, so that all gateways agree.  KEYS: the
 * names of the bucket, under each of which the turn must be free, and is taken:
 * while a key is changed, gateways that have the old one, the new one, or both
 * give no more turns than the rate.  ARGV: tokens, ms until one is back, most ms
 * to wait, ms ahead that no token can be.  Its commands replicate as effects, as
 * TIME before a write must: Redis 5 or later.
 */
static const char script[] =
    "local t = redis.call('TIME')\n"
    "local now = t[1] * 1000 + math.floor(t[2] / 1000)\n"
    "local n, period = tonumber(ARGV[1]), tonumber(ARGV[2])\n"
    "local most, far = tonumber(ARGV[3]), tonumber(ARGV[4])\n"
    "local turn, backs = now, {}\n"
    "for k = 1, #KEYS do\n"
    "  local back, first = {}, 1\n"
    "  for v in string.gmatch(redis.call('GET', KEYS[k]) or '', '%d+') do\n"
    "    v = tonumber(v)\n"
    "    back[#back + 1] = v > now + far and 0 or v\n"
    "  end\n"
    "  for i = 1, n do\n"
    "    back[i] = back[i] or 0\n"
    "    if back[i] < back[first] then first = i end\n"
    "  end\n"
    "  turn = math.max(turn, back[first])\n"
    "  backs[k] = { back, first }\n"
    "end\n"
    "if turn - now > most then return -1 end\n"
    "for k = 1, #KEYS do\n"
    "  local back = backs[k][1]\n"
    "  back[backs[k][2]] = turn + period\n"
    "  for i = 1, #back do back[i] = string.format('%.0f', back[i]) end\n"
    "  redis.call('SET', KEYS[k], table.concat(back, ' '), 'PX',\n"
    "    string.format('%.0f', far + period))\n"
    "end\n"
    "return turn - now\n";

static void *
cache_redis_make(const struct conf *conf, const struct conf_cache *url)
{
	struct cache_redis *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	s->con = REDISCON_NONE;
	s->url = *url;
	if (url->tls)
		s->authorities =
		    conf->cache_ca_file != NULL ? conf->cache_ca_file : "";
	return s;
}

static void
cache_redis_release(void *arg)
{
	struct cache_redis *s = arg;

	if (s->lib != NULL)
		s->lib->free(&s->con);
	explicit_bzero(s, sizeof(*s));
	free(s);
}

static void
cache_redis_shut(void *arg)
{
	struct cache_redis *s = arg;

	if (s->lib != NULL)
		s->lib->close(&s->con);
}

/* Whether nobody has closed the connection. */
static bool
cache_redis_same(void *arg, struct cache_try *t)
{
	struct cache_redis *s = arg;

	(void)t;
	return s->lib->quiet(&s->con);
}

static struct rediscon_arg
key_name(char out[KEY_NAME], const char *prefix, const unsigned char *name)
{
	size_t i, n = strlen(prefix);

	memcpy(out, prefix, n);
	for (i = 0; i < CACHE_ID; i++, n += 2)
		snprintf(out + n, 3, "%02x", name[i]);
	return (struct rediscon_arg){ out, n };
}

static enum cache_result
cache_redis_get(void *arg, struct cache_try *t,
    const unsigned char name[CACHE_ID], struct buf *value)
{
	struct cache_redis *s = arg;
	char place[KEY_NAME];
	struct rediscon_arg command[] = { cache_redis_text("GET"),
		key_name(place, ENTRY, name) };
	enum cache_result r = CACHE_DONE;
	struct rediscon_reply *reply;

	reply =
	    cache_redis_ask(s, t, command, 2, CACHE_KEPT + CACHE_REDIS_SHORT);
	if (reply == NULL)
		return cache_redis_lost(s, t);
	if (reply->type == REDISCON_NIL)
		r = CACHE_NOTHING;
	else if (reply->type != REDISCON_STRING)
		r = cache_redis_wrong(s, t, reply);
	else
		buf_add(value, reply->text, reply->len);
	s->lib->drop(reply);
	return r;
}

static enum cache_result
cache_redis_put(
    void *arg, struct cache_try *t, const struct cache_entry *entry, size_t n)
{
	struct cache_redis *s = arg;
	char place[KEY_NAME], ttl[NUMBER];
	struct rediscon_arg command[5] = { cache_redis_text("SET") };
	enum cache_result r = CACHE_DONE, one;
	size_t i;

	for (i = 0; i < n; i++) {
		snprintf(ttl, sizeof(ttl), "%d", entry[i].ttl);
		command[1] = key_name(place, ENTRY, entry[i].name);
		command[2] =
		    (struct rediscon_arg){ entry[i].value, entry[i].len };
		command[3] = cache_redis_text("EX");
		command[4] = cache_redis_text(ttl);
		if (s->lib->send(&s->con, command, 5, t->until) == -1)
			return cache_redis_lost(s, t);
	}
	/* After one that the server has no memory for the other replies are
	 * still to come. */
	for (i = 0; i < n && r != CACHE_FAILED; i++)
		if ((one = cache_redis_expect(s, t, "OK")) != CACHE_DONE)
			r = one;
	return r;
}

/* The tokens of a bucket and the ms for which one is away, found by asking
 * pace_take(), so that the arithmetic is in one place. */
static void
shape(struct pace_rate rate, int *tokens, int64_t *period)
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
	struct cache_redis *s = arg;
	char place[SEAL_KEYS][KEY_NAME], number[5][NUMBER];
	struct rediscon_arg command[REDISCON_ARGS] = { cache_redis_text("EVAL"),
		cache_redis_text(script), { number[0], 1 } };
	struct rediscon_reply *reply;
	enum cache_result r = CACHE_DONE;
	int tokens;
	int64_t period;
	size_t i, n = 3;

	shape(b->rate, &tokens, &period);
	snprintf(number[0], NUMBER, "%zu", b->names);
	snprintf(number[1], NUMBER, "%d", tokens);
	snprintf(number[2], NUMBER, "%lld", (long long)period);
	snprintf(number[3], NUMBER, "%lld", (long long)b->most);
	snprintf(number[4], NUMBER, "%lld", (long long)b->far);
	for (i = 0; i < b->names; i++)
		command[n++] =
		    key_name(place[i], BUCKET, b->name + i * CACHE_ID);
	for (i = 1; i < 5; i++)
		command[n++] = cache_redis_text(number[i]);
	if ((reply = cache_redis_ask(s, t, command, n, CACHE_REDIS_SHORT)) ==
	    NULL)
		return cache_redis_lost(s, t);
	if (reply->type == REDISCON_INTEGER && reply->integer >= -1)
		*wait = reply->integer;
	else
		r = cache_redis_wrong(s, t, reply);
	s->lib->drop(reply);
	return r;
}

static enum cache_result
cache_redis_drop(void *arg, struct cache_try *t,
    const unsigned char name[CACHE_ID], bool lease)
{
	struct cache_redis *s = arg;
	char place[KEY_NAME];
	const struct rediscon_arg command[] = { cache_redis_text("DEL"),
		key_name(place, lease ? LEASE : ENTRY, name) };
	struct rediscon_reply *reply;
	enum cache_result r = CACHE_DONE;

	if ((reply = cache_redis_ask(s, t, command, 2, CACHE_REDIS_SHORT)) ==
	    NULL)
		return cache_redis_lost(s, t);
	if (reply->type != REDISCON_INTEGER)
		r = cache_redis_wrong(s, t, reply);
	s->lib->drop(reply);
	return r;
}

static enum cache_result
cache_redis_lease(void *arg, struct cache_try *t,
    const unsigned char name[CACHE_ID], int64_t ms, bool *ours)
{
	struct cache_redis *s = arg;
	char place[KEY_NAME], time[NUMBER];
	const struct rediscon_arg command[] = { cache_redis_text("SET"),
		key_name(place, LEASE, name), cache_redis_text("1"),
		cache_redis_text("NX"), cache_redis_text("PX"),
		{ time,
		    (size_t)snprintf(time, NUMBER, "%lld", (long long)ms) } };
	struct rediscon_reply *reply;
	enum cache_result r = CACHE_DONE;

	if ((reply = cache_redis_ask(s, t, command, 6, CACHE_REDIS_SHORT)) ==
	    NULL)
		return cache_redis_lost(s, t);
	*ours =
	    reply->type == REDISCON_STATUS && strcmp(reply->text, "OK") == 0;
	if (!*ours && reply->type != REDISCON_NIL)
		r = cache_redis_wrong(s, t, reply);
	s->lib->drop(reply);
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
	.turn = cache_redis_turn,
	.drop = cache_redis_drop,
	.lease = cache_redis_lease };
