/* SPDX-License-Identifier: MIT */
/* Opens a cache in a Redis server, by asking Sentinels where there are any; and
 * what all calls of it have in common. */
#include <stdio.h>
#include <string.h>

#include "cache/cache_redis.h"
#include "conf/conf.h"
#include "os/clock.h"

#define INFO_MOST 65536 /* bytes of what it says of itself */
#define CLUSTER \
	"it is a cluster, which is not supported; name a server that is none"

struct rediscon_arg
cache_redis_text(const char *s)
{
	return (struct rediscon_arg){ s, strlen(s) };
}

static enum cache_result
cache_redis_fail(
    const struct cache_redis *s, struct cache_try *t, const char *why)
{
	snprintf(t->why, sizeof(t->why), "redis%s%s://%s:%s/%s: %s",
	    s->url.tls ? "s" : "", s->url.sentinels > 0 ? "+sentinel" : "",
	    s->at.host, s->at.port,
	    s->url.sentinels > 0 ? s->url.master : s->url.db, why);
	return CACHE_FAILED;
}

enum cache_result
cache_redis_lost(const struct cache_redis *s, struct cache_try *t)
{
	return cache_redis_fail(s, t, s->con.why);
}

/* Errors that say more than that a command failed. */
static const struct {
	const char *code;
	enum cache_result result;
	const char *why; /* NULL: the code says it */
} cache_redis_errors[] = {
	/* What it has can still be read. */
	{ "OOM", CACHE_BUSY, NULL }, { "MOVED", CACHE_FAILED, CLUSTER },
	{ "CROSSSLOT", CACHE_FAILED, CLUSTER },
	{ "CLUSTERDOWN", CACHE_FAILED, CLUSTER },
	{ "READONLY", CACHE_FAILED,
	    "it is a replica, which takes nothing; name the master" }
};

/* What comes of an error.  Only its code is logged: the rest may repeat what we
 * sent. */
static enum cache_result
cache_redis_error(
    const struct cache_redis *s, struct cache_try *t, const char *text)
{
	const size_t kinds =
	    sizeof(cache_redis_errors) / sizeof(cache_redis_errors[0]);
	size_t i, n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	enum cache_result r = CACHE_FAILED;
	char why[64];

	if (n == 0 || n > 16)
		return cache_redis_fail(s, t, "it answers with an error");
	snprintf(
	    why, sizeof(why), "it answers with the error %.*s", (int)n, text);
	for (i = 0; i < kinds; i++) {
		if (strlen(cache_redis_errors[i].code) != n ||
		    memcmp(cache_redis_errors[i].code, text, n) != 0)
			continue;
		r = cache_redis_errors[i].result;
		if (cache_redis_errors[i].why != NULL)
			return cache_redis_fail(
			    s, t, cache_redis_errors[i].why);
	}
	(void)cache_redis_fail(s, t, why);
	return r;
}

enum cache_result
cache_redis_wrong(const struct cache_redis *s, struct cache_try *t,
    const struct rediscon_reply *reply)
{
	return reply->type == REDISCON_ERROR ?
	    cache_redis_error(s, t, reply->text) :
	    cache_redis_fail(s, t, "it does not answer as it should");
}

struct rediscon_reply *
cache_redis_ask(struct cache_redis *s, const struct cache_try *t,
    const struct rediscon_arg *arg, size_t n, size_t max)
{
	return s->lib->send(&s->con, arg, n, t->until) == -1 ?
	    NULL :
	    s->lib->reply(&s->con, max, t->until);
}

enum cache_result
cache_redis_expect(
    struct cache_redis *s, struct cache_try *t, const char *status)
{
	struct rediscon_reply *reply;
	enum cache_result r = CACHE_DONE;

	if ((reply = s->lib->reply(&s->con, CACHE_REDIS_SHORT, t->until)) ==
	    NULL)
		return cache_redis_lost(s, t);
	if (reply->type != REDISCON_STATUS || strcmp(reply->text, status) != 0)
		r = cache_redis_wrong(s, t, reply);
	s->lib->drop(reply);
	return r;
}

/* Sends user and password, and the number of the database. */
static enum cache_result
greet(struct cache_redis *s, struct cache_try *t)
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
		if (s->lib->send(&s->con, auth, n, t->until) == -1)
			return cache_redis_lost(s, t);
		if ((r = cache_redis_expect(s, t, "OK")) != CACHE_DONE)
			return r;
	}
	if (strcmp(s->url.db, "0") == 0)
		return CACHE_DONE;
	return s->lib->send(&s->con, select, 2, t->until) == -1 ?
	    cache_redis_lost(s, t) :
	    cache_redis_expect(s, t, "OK");
}

/* What INFO says of the server, where the user may ask that: redis_mode, or
 * server_mode as Valkey calls it, and its role. */
static enum cache_result
cache_redis_mode(struct cache_redis *s, struct cache_try *t,
    const struct rediscon_reply *info)
{
	if (info->type == REDISCON_ERROR)
		return CACHE_DONE;
	if (info->type != REDISCON_STRING)
		return cache_redis_wrong(s, t, info);
	if (strstr(info->text, "_mode:cluster") != NULL)
		return cache_redis_fail(s, t, CLUSTER);
	if (strstr(info->text, "_mode:sentinel") != NULL)
		return cache_redis_fail(s, t,
		    "it is a Sentinel; name it as "
		    "redis+sentinel://HOST/MASTER");
	if (s->url.sentinels > 0 && strstr(info->text, "role:slave") != NULL)
		return cache_redis_fail(
		    s, t, "a Sentinel named a replica; it is asked again");
	return CACHE_DONE;
}

/* Asks whether it serves, and as what. */
static enum cache_result
cache_redis_look(struct cache_redis *s, struct cache_try *t)
{
	const struct rediscon_arg ping[] = { cache_redis_text("PING") },
				  info[] = { cache_redis_text("INFO") };
	struct rediscon_reply *reply;
	enum cache_result r;

	if (s->lib->send(&s->con, ping, 1, t->until) == -1)
		return cache_redis_lost(s, t);
	if ((r = cache_redis_expect(s, t, "PONG")) != CACHE_DONE)
		return r;
	if ((reply = cache_redis_ask(s, t, info, 1, INFO_MOST)) == NULL)
		return cache_redis_lost(s, t);
	r = cache_redis_mode(s, t, reply);
	s->lib->drop(reply);
	return r;
}

static enum cache_result
cache_redis_open(struct cache_redis *s, struct cache_try *t, int64_t until)
{
	return s->lib->open(&s->con, s->at.host, s->at.port, s->authorities,
		   until) == -1 ?
	    cache_redis_lost(s, t) :
	    CACHE_DONE;
}

/* Whether a Sentinel's answer is a host and a port; both are shown to people. */
static bool
cache_redis_is_place(
    const struct cache_redis *s, const struct rediscon_reply *reply)
{
	struct rediscon_reply *const *pair = reply->pair;

	return reply->type == REDISCON_PAIR &&
	    pair[0]->type == REDISCON_STRING && pair[0]->len > 0 &&
	    pair[0]->len < sizeof(s->at.host) &&
	    strspn(pair[0]->text,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789.-_:") == pair[0]->len &&
	    pair[1]->type == REDISCON_STRING && pair[1]->len > 0 &&
	    pair[1]->len < sizeof(s->at.port) &&
	    strspn(pair[1]->text, "0123456789") == pair[1]->len;
}

/* Asks the Sentinel at s->at where the master is, which then is at s->at. */
static enum cache_result
cache_redis_ask_sentinel(struct cache_redis *s, struct cache_try *t)
{
	const struct rediscon_arg where[] = { cache_redis_text("SENTINEL"),
		cache_redis_text("get-master-addr-by-name"),
		cache_redis_text(s->url.master) };
	struct rediscon_reply *reply;
	enum cache_result r = CACHE_DONE;

	if ((reply = cache_redis_ask(s, t, where, 3, CACHE_REDIS_SHORT)) ==
	    NULL)
		return cache_redis_lost(s, t);
	if (reply->type == REDISCON_NIL) {
		r = cache_redis_fail(s, t, "it knows no master of that name");
	} else if (!cache_redis_is_place(s, reply)) {
		r = cache_redis_wrong(s, t, reply);
	} else {
		(void)stpcpy(s->at.host, reply->pair[0]->text);
		(void)stpcpy(s->at.port, reply->pair[1]->text);
	}
	s->lib->drop(reply);
	return r;
}

/* Finds the master: the Sentinel that knew it last is asked first; each has its
 * share of the time. */
static enum cache_result
cache_redis_find(struct cache_redis *s, struct cache_try *t)
{
	struct cache_try one = *t;
	enum cache_result r = CACHE_FAILED;
	size_t i, n = s->url.sentinels, first = s->sentinel;
	int64_t now;

	for (i = 0; i < n && r != CACHE_DONE; i++) {
		s->sentinel = (first + i) % n;
		s->at = s->url.sentinel[s->sentinel];
		now = clock_ms();
		one.until = now + (t->until - now) / (int64_t)(n - i + 1);
		if ((r = cache_redis_open(s, &one, one.until)) == CACHE_DONE)
			r = cache_redis_ask_sentinel(s, &one);
		s->lib->close(&s->con);
	}
	memcpy(t->why, one.why, sizeof(t->why));
	return r;
}

/* There is no key to read: what lies here is sealed under one that the server
 * never sees. */
enum cache_result
cache_redis_start(void *arg, struct cache_try *t, unsigned char key[CACHE_KEY])
{
	struct cache_redis *s = arg;
	enum cache_result r = CACHE_DONE;

	(void)key;
	if (s->url.db[0] == '\0') {
		snprintf(t->why, sizeof(t->why),
		    "[cache] url is no "
		    "redis://HOST:PORT/DB");
		return CACHE_FAILED;
	}
	if (s->lib == NULL && (s->lib = redislib_open(t->why)) == NULL)
		return CACHE_FAILED;
	s->at = s->url.server;
	if (s->url.sentinels > 0)
		r = cache_redis_find(s, t);
	if (r == CACHE_DONE)
		r = cache_redis_open(s, t, t->until);
	if (r == CACHE_DONE && (r = greet(s, t)) == CACHE_DONE)
		r = cache_redis_look(s, t);
	return r;
}