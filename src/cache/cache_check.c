/* SPDX-License-Identifier: MIT */
/* What is done with a cache before anybody is served: it is checked, loaded, given
 * to who serves. */
#include <sys/stat.h>

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cache/cache.h"
#include "cache/cache_own.h"
#include "conf/conf.h"
#include "conf/conf_cache.h"
#include "db/dbfile.h"
#include "log/log.h"
#include "os/clock.h"
#include "os/folder.h"
#include "redis/redislib.h"

#define CHECK_WAIT 2000 /* ms for an administrator, after that of a request */

/* Opens it as an administrator's check does, within so many ms. */
static enum cache_result
look_within(struct cache *c, struct cache_try *t, int64_t ms)
{
	*t = cache_last_try(c);
	t->look = true;
	t->until = t->began + ms;
	return c->backend->open(c->state, t, c->keys.key[0]);
}

/* Whether a server that was not there in the time of a request is there later; says
 * then how much later. */
static void
look_again(struct cache *c, struct cache_try *t)
{
	struct cache_try late;

	if (look_within(c, &late, CHECK_WAIT) == CACHE_DONE)
		snprintf(late.why, sizeof(late.why),
		    "it took %lld ms to sign in there; requests wait %d ms "
		    "at most, and go without it",
		    (long long)(clock_ms() - late.began), CACHE_WAIT);
	*t = late;
}

int
cache_check(const struct conf *conf, char why[CACHE_WHY])
{
	struct cache *c = cache_new(conf);
	struct cache_try t = { .why = "" };
	enum cache_result r = CACHE_DONE;

	why[0] = '\0';
	if (c == NULL) {
		memcpy(why, "memory ran out", sizeof("memory ran out"));
		return -1;
	}
	if (c->backend != NULL)
		r = look_within(c, &t, CACHE_WAIT);
	if (r == CACHE_FAILED && cache_is_remote(c) && clock_ms() >= t.until)
		look_again(c, &t);
	memcpy(why, t.why, CACHE_WHY);
	cache_free(c);
	return r == CACHE_DONE || r == CACHE_NOTHING ? 0 : -1;
}

int
cache_load(const struct conf *conf, char why[CACHE_WHY])
{
	struct conf_cache url;

	(void)conf_cache_parse(conf->cache_url, &url);
	explicit_bzero(url.password, sizeof(url.password));
	return url.kind != CONF_CACHE_REDIS || redislib_open(why) != NULL ? 0 :
									    -1;
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
