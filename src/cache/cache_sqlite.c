/* SPDX-License-Identifier: MIT */
#include <sys/random.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cache/cache_sqlite.h"
#include "conf/conf.h"
#include "conf/conf_cache.h"
#include "os/clock.h"
#include "shared/pace.h"

#define ROOM 2048 /* pages made free in a full file */
#define STEP 1024 /* rows removed at a time */
#define TIDY_ROWS \
	256 /* expired ones that go after a flush, once in
				 * 256 of them */
#define AHEAD \
	CACHE_TTL /* s; what expires later was written
					 * when the clock was ahead */

#define PAST "(expires <= ?1 OR expires > ?2)"

static const char *const cache_sqlite_sql[SQL_STATEMENTS] = {
	[SQL_GET] = "SELECT value FROM entry WHERE name = ?1 AND expires > ?2"
		    " AND expires <= ?3",
	[SQL_PUT] = "INSERT OR REPLACE INTO entry(name, expires, value)"
		    " VALUES(?1, ?2, ?3)",
	[SQL_EXPIRED] = "DELETE FROM entry WHERE id IN"
			" (SELECT id FROM entry WHERE " PAST " LIMIT ?3)",
	[SQL_OLDEST] = "DELETE FROM entry WHERE id IN"
		       " (SELECT id FROM entry ORDER BY id LIMIT ?1)",
	[SQL_FREE] = "PRAGMA freelist_count",
	[SQL_BUCKET] = "SELECT back FROM bucket WHERE name = ?1",
	[SQL_BUCKET_PUT] = "INSERT OR REPLACE INTO bucket(name, expires, back)"
			   " VALUES(?1, ?2, ?3)",
	[SQL_BUCKET_EXPIRED] =
	    "DELETE FROM bucket WHERE name IN"
	    " (SELECT name FROM bucket WHERE " PAST " LIMIT ?3)"
};

struct rows {
	const struct cache_entry *entry;
	size_t n;
};

struct turn {
	const struct cache_bucket *bucket;
	int64_t *wait;
};

static void *
cache_sqlite_new(const struct conf *conf, const struct conf_cache *url)
{
	struct cache_file *f = calloc(1, sizeof(*f));

	if (f != NULL) {
		f->conf = conf;
		f->path = url->path;
		f->db.text = cache_sqlite_sql;
	}
	return f;
}

/* Whether the name still leads to the file that is open. */
static bool
cache_sqlite_same(void *arg, struct cache_try *t)
{
	struct cache_file *f = arg;

	(void)t;
	return !sqlite_moved(&f->db, f->path);
}

/* Removes at most n rows whose time has passed. */
static int
cache_sqlite_expire(struct cache_file *f, enum cache_sql which, int n)
{
	int code;
	int64_t now = time(NULL);
	sqlite3_stmt *st = sqlite_statement(&f->db, which, &code);

	if (st == NULL)
		return code;
	sqlite3_bind_int64(st, 1, now);
	sqlite3_bind_int64(st, 2, now + AHEAD);
	sqlite3_bind_int(st, 3, n);
	return sqlite_finish(st);
}

/* Whether ROOM is free within the file. */
static bool
cache_sqlite_has_room(struct cache_file *f)
{
	int code;
	sqlite3_stmt *st = sqlite_statement(&f->db, SQL_FREE, &code);
	bool enough;

	if (st == NULL)
		return true;
	enough = sqlite3_step(st) != SQLITE_ROW ||
	    sqlite3_column_int64(st, 0) >= ROOM;
	sqlite3_reset(st);
	return enough;
}

/* Removes from a full file expired entries, then the oldest, for as long as
 * there is time. */
static int
make_room(struct cache_file *f, void *arg)
{
	static const enum cache_sql order[] = { SQL_EXPIRED, SQL_OLDEST };
	sqlite3_stmt *st;
	int code = SQLITE_OK, n = 1;
	size_t i = 0;

	(void)arg;
	do {
		if (order[i] == SQL_EXPIRED) {
			code = cache_sqlite_expire(f, SQL_EXPIRED, n);
		} else if ((st = sqlite_statement(&f->db, SQL_OLDEST, &code)) !=
		    NULL) {
			sqlite3_bind_int(st, 1, n);
			code = sqlite_finish(st);
		}
		if (code != SQLITE_OK)
			return code;
		/* One row may have megabytes, or a thousand have none. */
		if (sqlite3_changes(f->db.handle) < n) {
			i++;
			n = 1;
		} else if (n < STEP) {
			n *= 2;
		}
	} while (i < 2 && !cache_sqlite_has_room(f) && clock_ms() < f->until);
	return SQLITE_OK;
}

static int
transact(
    struct cache_file *f, int (*work)(struct cache_file *, void *), void *arg)
{
	int code = sqlite_run(&f->db, SQL_BEGIN_WRITE);

	if (code == SQLITE_OK)
		code = work(f, arg);
	if (code == SQLITE_OK)
		code = sqlite_run(&f->db, SQL_COMMIT);
	sqlite_rollback(&f->db);
	return code;
}

/* Does work in a transaction; in a full file a second time, after making
 * room. */
static int
change(
    struct cache_file *f, int (*work)(struct cache_file *, void *), void *arg)
{
	int code = transact(f, work, arg);

	if ((code & 0xff) == SQLITE_FULL &&
	    transact(f, make_room, NULL) == SQLITE_OK)
		code = transact(f, work, arg);
	return code;
}

static int
write_rows(struct cache_file *f, void *arg)
{
	const struct rows *rows = arg;
	sqlite3_stmt *st;
	int64_t now = time(NULL);
	int code;
	size_t i;

	for (i = 0; i < rows->n; i++) {
		if ((st = sqlite_statement(&f->db, SQL_PUT, &code)) == NULL)
			return code;
		sqlite3_bind_blob(
		    st, 1, rows->entry[i].name, CACHE_ID, SQLITE_STATIC);
		sqlite3_bind_int64(st, 2, now + rows->entry[i].ttl);
		sqlite3_bind_blob64(st, 3, rows->entry[i].value,
		    rows->entry[i].len, SQLITE_STATIC);
		if ((code = sqlite_finish(st)) != SQLITE_OK)
			return code;
	}
	return SQLITE_OK;
}

static int
tidy(struct cache_file *f, void *arg)
{
	int code = cache_sqlite_expire(f, SQL_EXPIRED, TIDY_ROWS);

	(void)arg;
	return code == SQLITE_OK ?
	    cache_sqlite_expire(f, SQL_BUCKET_EXPIRED, TIDY_ROWS) :
	    code;
}

static enum cache_result
cache_sqlite_put(
    void *arg, struct cache_try *t, const struct cache_entry *entry, size_t n)
{
	struct cache_file *f = arg;
	struct rows rows = { entry, n };
	unsigned char dice;
	int code;

	f->until = t->until;
	code = change(f, write_rows, &rows);
	/* At random, because a CGI process writes only once. */
	if (code == SQLITE_OK && getrandom(&dice, 1, GRND_NONBLOCK) == 1 &&
	    dice == 0)
		code = transact(f, tidy, NULL);
	return cache_sqlite_result(f, t, code);
}

static enum cache_result
cache_sqlite_get(void *arg, struct cache_try *t,
    const unsigned char name[CACHE_ID], struct buf *value)
{
	struct cache_file *f = arg;
	int64_t now = time(NULL);
	sqlite3_stmt *st;
	const void *blob;
	bool found;
	int code, len;

	f->until = t->until;
	if ((st = sqlite_statement(&f->db, SQL_GET, &code)) == NULL)
		return cache_sqlite_result(f, t, code);
	sqlite3_bind_blob(st, 1, name, CACHE_ID, SQLITE_STATIC);
	sqlite3_bind_int64(st, 2, now);
	sqlite3_bind_int64(st, 3, now + AHEAD);
	if ((code = sqlite3_step(st)) == SQLITE_ROW) {
		blob = sqlite3_column_blob(st, 0);
		len = sqlite3_column_bytes(st, 0);
		if (blob != NULL && len > 0)
			buf_add(value, blob, (size_t)len);
	}
	found = code == SQLITE_ROW;
	code = sqlite_end(st, code);
	return code == SQLITE_OK && !found ? CACHE_NOTHING :
					     cache_sqlite_result(f, t, code);
}

/* When the tokens of a bucket are back; zeros for a new one. */
static int
read_bucket(struct cache_file *f, const struct cache_bucket *b, int64_t now,
    int64_t back[PACE_TOKENS])
{
	const size_t size = PACE_TOKENS * sizeof(*back);
	sqlite3_stmt *st;
	const void *blob;
	int code, i;

	if ((st = sqlite_statement(&f->db, SQL_BUCKET, &code)) == NULL)
		return code;
	sqlite3_bind_blob(st, 1, b->name, CACHE_ID, SQLITE_STATIC);
	if ((code = sqlite3_step(st)) == SQLITE_ROW &&
	    (blob = sqlite3_column_blob(st, 0)) != NULL &&
	    (size_t)sqlite3_column_bytes(st, 0) == size)
		memcpy(back, blob, size);
	code = sqlite_end(st, code);
	for (i = 0; i < PACE_TOKENS; i++)
		if (back[i] < 0 || back[i] > now + b->far)
			back[i] = 0;
	return code;
}

static int
write_bucket(struct cache_file *f, const struct cache_bucket *b, int64_t now,
    const int64_t back[PACE_TOKENS])
{
	sqlite3_stmt *st;
	int code;

	if ((st = sqlite_statement(&f->db, SQL_BUCKET_PUT, &code)) == NULL)
		return code;
	sqlite3_bind_blob(st, 1, b->name, CACHE_ID, SQLITE_STATIC);
	sqlite3_bind_int64(st, 2, (now + b->far) / 1000 + 1);
	sqlite3_bind_blob(
	    st, 3, back, PACE_TOKENS * sizeof(*back), SQLITE_STATIC);
	return sqlite_finish(st);
}

/* Counts by the clock on the wall, because clock_ms() begins anew with every
 * start of the machine, and the file does not. */
static int
take_turn(struct cache_file *f, void *arg)
{
	const struct turn *turn = arg;
	const struct cache_bucket *b = turn->bucket;
	int64_t back[PACE_TOKENS] = { 0 }, now;
	struct timespec ts;
	int code;

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	now = (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
	if ((code = read_bucket(f, b, now, back)) != SQLITE_OK)
		return code;
	*turn->wait = pace_take(back, b->rate, now, now + b->most);
	return *turn->wait < 0 ? SQLITE_OK : write_bucket(f, b, now, back);
}

static enum cache_result
cache_sqlite_turn(void *arg, struct cache_try *t,
    const struct cache_bucket *bucket, int64_t *wait)
{
	struct cache_file *f = arg;
	struct turn one = { bucket, wait };

	f->until = t->until;
	return cache_sqlite_result(f, t, change(f, take_turn, &one));
}

const struct cache_backend cache_sqlite = { .look = 1000,
	.make = cache_sqlite_new,
	.free = free,
	.open = cache_sqlite_open,
	.close = cache_sqlite_close,
	.same = cache_sqlite_same,
	.get = cache_sqlite_get,
	.put = cache_sqlite_put,
	.turn = cache_sqlite_turn };
