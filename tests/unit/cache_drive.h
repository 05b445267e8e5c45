/* SPDX-License-Identifier: MIT */
/*
 * cache_drive: what the tests of the cache have in common: a clock of their
 * own, a cache in a folder of its own, entries named by one word, and another
 * program that is at the same file.
 */
#ifndef CTIM_CACHE_DRIVE_H
#define CTIM_CACHE_DRIVE_H

#include <sys/stat.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <sqlite3.h>

#include "cache/cache.h"
#include "conf/conf.h"
#include "os/clock.h"
#include "tests/unit/unit.h"

static int64_t ahead = 1000; /* ms that the clock was put forward */
static int64_t since;        /* when the pace of the clock was last set */
static int slow = 100;
static char folder[64], path[128], url[160];
static char secret[64] = "a secret that only these gateways have";
static struct conf conf = {
	.cache_url = url, .secret_key = secret, .deadline = 25
};

static inline int64_t
real_ms(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Instead of the one of transport.c: no test has to sleep, and on a busy
 * machine what should work has time to. */
int64_t
clock_ms(void)
{
	return ahead + (real_ms(CLOCK_MONOTONIC) - since) / slow;
}

/* From now on a second is so many; 1 where something is to be late. */
static inline void
slow_down(int times)
{
	ahead = clock_ms();
	since = real_ms(CLOCK_MONOTONIC);
	slow = times;
}

static inline void
begin(void)
{
	slow_down(100);
	snprintf(folder, sizeof(folder), "/tmp/ctim-cache.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/cache.db", folder);
	snprintf(url, sizeof(url), "sqlite:%s", path);
}

static inline void
end(void)
{
	static const char *const names[] = { "cache.db", "cache.db-wal",
		"cache.db-shm", "log", "other" };
	char name[256];
	size_t i;

	for (i = 0; i < COUNT(names); i++) {
		snprintf(name, sizeof(name), "%s/%s", folder, names[i]);
		unlink(name);
	}
	ck_assert_int_eq(rmdir(folder), 0);
}

static inline struct cache *new (void)
{
	struct cache *c = cache_new(&conf);

	ck_assert_ptr_nonnull(c);
	return c;
}

static inline int
name_of(struct cache *c, const char *text, unsigned char name[CACHE_NAME])
{
	const struct cache_part part = { text, strlen(text) };

	return cache_name(c, name, &part, 1);
}

static inline int64_t
turn_of(struct cache *c, const char *bucket, int rate, int64_t most)
{
	const struct cache_part part = { bucket, strlen(bucket) };

	return cache_turn(c, &part, 1, (struct pace_rate){ rate, 1 }, most);
}

/* A rate of few calls: a token that was just taken stays taken. */
static inline void
slow_turns(struct cache *c)
{
	static const int seconds[] = { 60, 3600, 86400 };
	struct pace_rate rate = { .calls = 2 };
	char name[24];
	size_t i;
	int n;

	for (i = 0; i < sizeof(seconds) / sizeof(seconds[0]); i++) {
		rate.seconds = seconds[i];
		n = snprintf(name, sizeof(name), "slow %d", seconds[i]);
		const struct cache_part part = { name, (size_t)n };

		ck_assert_int_eq(cache_turn(c, &part, 1, rate, 1000), 0);
		ck_assert_int_eq(cache_turn(c, &part, 1, rate, 1000), 0);
		ck_assert_int_eq(cache_turn(c, &part, 1, rate, 1000), -1);
	}
}

static inline void
put(struct cache *c, const char *name, const char *value)
{
	unsigned char n[CACHE_NAME];

	if (name_of(c, name, n) == 0)
		cache_put(c, n, value, strlen(value), 300);
}

static inline void
put_now(struct cache *c, const char *name, const char *value)
{
	put(c, name, value);
	cache_flush(c);
}

/* Whether c has that value; NULL: whether it has none. */
static inline bool
has(struct cache *c, const char *name, const char *value)
{
	unsigned char n[CACHE_NAME];
	struct buf b;
	bool found;

	buf_init(&b, CACHE_VALUE);
	found = name_of(c, name, n) == 0 && cache_get(c, n, &b);
	found = value == NULL ? !found : found && strcmp(b.data, value) == 0;
	buf_free(&b);
	return found;
}

/* Whether a cache that is opened now works. */
static inline bool
works(void)
{
	struct cache *c = new ();
	bool good;

	put_now(c, "works", "yes");
	good = has(c, "works", "yes");
	cache_free(c);
	return good;
}

/* What another program does to the file. */
static inline sqlite3 *
intrude(const char *sql)
{
	sqlite3 *db;
	char *why = NULL;

	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	ck_assert_msg(
	    sqlite3_exec(db, sql, NULL, NULL, &why) == SQLITE_OK, "%s", why);
	return db;
}

static inline void
sql(const char *text)
{
	sqlite3_close(intrude(text));
}

static inline int64_t
number(const char *query)
{
	sqlite3 *db = intrude("");
	sqlite3_stmt *st;
	int64_t n;

	ck_assert_int_eq(
	    sqlite3_prepare_v2(db, query, -1, &st, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(st), SQLITE_ROW);
	n = sqlite3_column_int64(st, 0);
	sqlite3_finalize(st);
	sqlite3_close(db);
	return n;
}

static inline void
write_file(const char *text, size_t len, off_t at)
{
	int fd = open(path, O_WRONLY | O_CREAT, 0660);

	ck_assert_int_eq(pwrite(fd, text, len, at), (ssize_t)len);
	close(fd);
}

#endif
