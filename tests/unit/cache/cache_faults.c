/* SPDX-License-Identifier: MIT */
#include <sys/resource.h>
#include <sys/stat.h>

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/cache_drive.h"

#define REST 10000 /* ms for which a cache that failed is left alone */
#define LOOK 1000  /* ms between looks whether the file is the same */

/* Whether the file holds just that. */
static bool
file_is(const char *text, size_t len)
{
	char b[100000];
	int fd = open(path, O_RDONLY);
	ssize_t n = read(fd, b, sizeof(b));

	close(fd);
	return n == (ssize_t)len && memcmp(b, text, len) == 0;
}

START_TEST(a_file_that_is_no_cache_stays_as_it_is)
{
	static const char *const texts[] = { "xy",
		"no database, but somebody's only copy of something",
		"SQLite format 3" };
	char large[9000], why[CACHE_WHY];
	size_t i;

	for (i = 0; i < COUNT(texts); i++) {
		begin();
		write_file(texts[i], strlen(texts[i]), 0);
		ck_assert(!works());
		ck_assert_int_eq(cache_check(&conf, why), -1);
		ck_assert_ptr_nonnull(strstr(why, "cache.db: "));
		ck_assert(file_is(texts[i], strlen(texts[i])));
		end();
	}
	begin();
	memset(large, 'x', sizeof(large));
	write_file(large, sizeof(large), 0);
	ck_assert(!works());
	ck_assert(file_is(large, sizeof(large)));
	end();
}
END_TEST

START_TEST(what_is_no_file_is_refused_at_once)
{
	static const char *const ends[] = { "", "-wal", "-shm", "-journal" };
	char why[CACHE_WHY], name[256];
	size_t i;

	for (i = 0; i < COUNT(ends); i++) {
		begin();
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		ck_assert_int_eq(mkfifo(name, 0600), 0);
		ck_assert(!works());
		ck_assert_int_eq(cache_check(&conf, why), -1);
		ck_assert_ptr_nonnull(strstr(why, name));
		ck_assert_ptr_nonnull(strstr(why, ": it is a named pipe"));
		unlink(name);
		ck_assert(works());
		end();
	}
}
END_TEST

START_TEST(the_database_of_another_program_stays_as_it_is)
{
	static const char *const theirs[] = {
		"CREATE TABLE t(a); INSERT INTO t VALUES(7)",
		"PRAGMA application_id = 1; CREATE TABLE t(a);"
		"INSERT INTO t VALUES(7)",
		/* The store of indicators. */
		"PRAGMA application_id = 0x4354494d; CREATE TABLE t(a);"
		"INSERT INTO t VALUES(7)",
		"PRAGMA journal_mode = WAL; CREATE TABLE t(a);"
		"INSERT INTO t VALUES(7)"
	};
	size_t i;

	for (i = 0; i < COUNT(theirs); i++) {
		begin();
		sql(theirs[i]);
		ck_assert(!works());
		ck_assert_int_eq(number("SELECT a FROM t"), 7);
		ck_assert_int_eq(
		    number("SELECT count(*) FROM sqlite_schema"), 1);
		end();
	}
}
END_TEST

START_TEST(an_empty_file_is_taken)
{
	begin();
	write_file("", 0, 0);
	ck_assert(works());
	end();
}
END_TEST

/* A cache with an entry, whose file nobody has open. */
static void
make_cache(void)
{
	struct cache *c = new ();

	put_now(c, "x", "1");
	cache_free(c);
	sql("PRAGMA wal_checkpoint(TRUNCATE)");
}

static void
cut_short(void)
{
	ck_assert_int_eq(truncate(path, 4096), 0);
}

static void
overwrite(void)
{
	char junk[4096];

	memset(junk, 'j', sizeof(junk));
	write_file(junk, sizeof(junk), 4096);
	write_file(junk, sizeof(junk), 8192);
	write_file(junk, sizeof(junk), 12288);
	write_file(junk, sizeof(junk), 16384);
	write_file(junk, sizeof(junk), 20480);
}

static void
overwrite_header(void)
{
	write_file("jjjj", 4, 18);
}

static void
lose_the_key(void)
{
	sql("DELETE FROM meta");
}

static void
age(void)
{
	sql("PRAGMA user_version = 0");
}

START_TEST(a_damaged_or_old_cache_is_made_anew)
{
	static void (*const damages[])(void) = { cut_short, overwrite,
		overwrite_header, lose_the_key, age };
	char why[CACHE_WHY];
	size_t i;

	for (i = 0; i < COUNT(damages); i++) {
		begin();
		make_cache();
		ck_assert_int_eq(cache_check(&conf, why), 0);
		damages[i]();
		ck_assert_msg(cache_check(&conf, why) == -1, "%zu", i);
		ck_assert_msg(works(), "%zu", i);
		ck_assert_int_eq(cache_check(&conf, why), 0);
		end();
	}
}
END_TEST

START_TEST(damage_that_is_found_later_is_mended_too)
{
	struct cache *a, *b;

	begin();
	a = new ();
	b = new ();
	put_now(a, "x", "1");
	ck_assert(has(b, "x", "1"));
	sql("DROP TABLE entry");
	ck_assert(has(a, "x", NULL));
	put_now(a, "x", "2");
	ck_assert(has(a, "x", NULL)); /* left alone for a while */
	ck_assert(works());
	/* The second one to notice does not remove what was made since. */
	ck_assert(has(b, "x", NULL));
	ahead += REST;
	ck_assert(has(a, "works", "yes") && has(b, "works", "yes"));
	cache_free(a);
	cache_free(b);
	end();
}
END_TEST

START_TEST(a_newer_cache_is_left_to_the_newer_program)
{
	begin();
	make_cache();
	sql("PRAGMA user_version = 2");
	ck_assert(!works());
	ck_assert_int_eq(number("SELECT count(*) FROM entry"), 1);
	end();
}
END_TEST

START_TEST(where_no_file_can_be_made_nothing_is_cached)
{
	static const char *const places[] = {
		"/cache.db/cache.db", /* below a file */
		"/link", "/"          /* to nowhere; a directory */
	};
	char other[128], why[CACHE_WHY];
	size_t i;

	begin();
	write_file("xy", 2, 0);
	snprintf(other, sizeof(other), "%s/link", folder);
	ck_assert_int_eq(symlink("other", other), 0);
	for (i = 0; i < COUNT(places); i++) {
		snprintf(url, sizeof(url), "sqlite:%s%s", folder, places[i]);
		ck_assert_msg(!works(), "%s", url);
		ck_assert_msg(cache_check(&conf, why) == -1, "%s", url);
		ck_assert_ptr_nonnull(strstr(why, folder));
	}
	unlink(other);
	snprintf(other, sizeof(other), "%s/other", folder);
	ck_assert_int_eq(access(other, F_OK), -1);
	end();
}
END_TEST

START_TEST(a_check_makes_nothing)
{
	char why[CACHE_WHY];

	begin();
	ck_assert_int_eq(cache_check(&conf, why), 0);
	ck_assert_str_eq(why, "");
	ck_assert_int_eq(access(path, F_OK), -1);
	write_file("", 0, 0);
	ck_assert_int_eq(cache_check(&conf, why), 0);
	ck_assert(file_is("", 0));
	end();
	ck_assert_int_eq(cache_check(&conf, why), 0);
	ck_assert_int_eq(access(folder, F_OK), -1);
}
END_TEST

START_TEST(a_file_that_is_removed_is_made_again)
{
	struct cache *a, *b;
	char other[128];

	begin();
	a = new ();
	b = new ();
	put_now(a, "x", "1");
	ck_assert(has(b, "x", "1"));
	ck_assert_int_eq(unlink(path), 0);
	ahead += LOOK;
	ck_assert(has(a, "x", NULL));
	put_now(a, "x", "2");
	ck_assert(has(b, "x", "2"));
	ck_assert(works());
	/* And one that has another in its place. */
	snprintf(other, sizeof(other), "%s/other", folder);
	ck_assert_int_eq(rename(path, other), 0);
	ck_assert(works());
	ahead += LOOK;
	ck_assert(has(a, "works", "yes") && has(b, "works", "yes"));
	cache_free(a);
	cache_free(b);
	end();
}
END_TEST

START_TEST(what_waits_when_the_file_goes_is_dropped)
{
	struct cache *c;

	begin();
	c = new ();
	put_now(c, "x", "1");
	put(c, "y", "2");
	ck_assert_int_eq(unlink(path), 0);
	ahead += LOOK;
	cache_flush(c);
	ck_assert(has(c, "y", NULL));
	ck_assert_int_eq(number("SELECT count(*) FROM entry"), 0);
	cache_free(c);
	end();
}
END_TEST

START_TEST(while_another_writes_reads_go_on_and_puts_are_dropped)
{
	struct cache *c;
	sqlite3 *db;

	begin();
	c = new ();
	put_now(c, "x", "1");
	db = intrude("BEGIN EXCLUSIVE");
	slow_down(1);
	put_now(c, "y", "2");
	ck_assert(has(c, "x", "1") && has(c, "y", NULL));
	ahead += REST;
	ck_assert_int_eq(turn_of(c, "bucket", 5, 1000), -2);
	sqlite3_close(db);
	slow_down(100);
	ahead += REST;
	put_now(c, "y", "2");
	ck_assert(has(c, "y", "2"));
	ck_assert_int_eq(turn_of(c, "bucket", 5, 1000), 0);
	slow_turns(c);
	cache_free(c);
	end();
}
END_TEST

START_TEST(a_file_that_another_holds_alone_is_not_waited_for)
{
	struct cache *c;
	sqlite3 *db;

	begin();
	make_cache();
	db = intrude("PRAGMA locking_mode = EXCLUSIVE;"
		     "PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE");
	c = new ();
	slow_down(1);
	ck_assert(!cache_on(c));
	slow_down(100);
	ck_assert(has(c, "x", NULL));
	sqlite3_close(db);
	ck_assert(has(c, "x", NULL)); /* left alone for a while */
	ahead += REST;
	ck_assert(has(c, "x", "1"));
	cache_free(c);
	end();
}
END_TEST

START_TEST(on_a_full_disk_nothing_is_cached)
{
	struct rlimit limit;
	unsigned char name[CACHE_NAME];
	struct cache *c;
	char *large = calloc(1, 1U << 20);

	begin();
	c = new ();
	put_now(c, "x", "1");
	name_of(c, "large", name);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = 200000;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	cache_put(c, name, large, 1U << 20, 60);
	cache_flush(c);
	ck_assert(has(c, "large", NULL));
	limit.rlim_cur = limit.rlim_max;
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ahead += REST;
	ck_assert(has(c, "x", "1"));
	cache_put(c, name, large, 1U << 20, 60);
	cache_flush(c);
	ck_assert(has(c, "large", NULL) == false);
	free(large);
	cache_free(c);
	end();
}
END_TEST

START_TEST(a_full_cache_loses_what_has_expired_and_then_the_oldest)
{
	struct cache *c;
	unsigned char name[CACHE_NAME];
	char *large = calloc(1, CACHE_VALUE), text[16];
	struct stat st;
	int i;

	begin();
	c = new ();
	put_now(c, "oldest", "1");
	put_now(c, "expired", "2");
	for (i = 0; i < 64; i++) {
		snprintf(text, sizeof(text), "%d", i);
		name_of(c, text, name);
		cache_put(c, name, large, CACHE_VALUE, 60);
		cache_flush(c);
		if (i == 50)
			sql("UPDATE entry SET expires = unixepoch() - 1"
			    " WHERE length(value) = 17 AND id = 2");
		ahead += REST;
	}
	ck_assert(has(c, "oldest", NULL));
	ck_assert_int_eq(number("SELECT count(*) FROM entry"
				" WHERE expires < unixepoch()"),
	    0);
	/* The newest are there, and not a few. */
	ck_assert_int_ge(number("SELECT count(*) FROM entry"), 40);
	ck_assert_int_eq(number("SELECT sum(length(value) > 1000000) =="
				" max(id) - min(id) + 1 FROM entry"),
	    1);
	cache_free(c);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_lt(st.st_size, 256 << 20);
	ck_assert(works());
	free(large);
	end();
}
END_TEST

static int
lines_in_log(void)
{
	char name[128], b[8192];
	ssize_t n;
	int fd, lines = 0;

	snprintf(name, sizeof(name), "%s/log", folder);
	fd = open(name, O_RDONLY);
	n = read(fd, b, sizeof(b));
	close(fd);
	while (n-- > 0)
		lines += b[n] == '\n';
	return lines;
}

START_TEST(what_is_wrong_is_logged_once_a_minute)
{
	char name[128];
	struct cache *c;
	int fd, i;

	begin();
	write_file("xy", 2, 0);
	snprintf(name, sizeof(name), "%s/log", folder);
	fd = open(name, O_WRONLY | O_CREAT | O_APPEND, 0600);
	ck_assert_int_eq(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	close(fd);
	c = new ();
	for (i = 0; i < 5; i++) {
		ck_assert(!works());
		ck_assert(!cache_on(c));
		ahead += REST;
	}
	ck_assert_int_eq(lines_in_log(), 1);
	ahead += REST;
	ck_assert(!cache_on(c));
	ck_assert_int_eq(lines_in_log(), 2);
	cache_free(c);
	end();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { a_file_that_is_no_cache_stays_as_it_is,
		what_is_no_file_is_refused_at_once,
		the_database_of_another_program_stays_as_it_is,
		an_empty_file_is_taken, a_damaged_or_old_cache_is_made_anew,
		damage_that_is_found_later_is_mended_too,
		a_newer_cache_is_left_to_the_newer_program,
		where_no_file_can_be_made_nothing_is_cached,
		a_check_makes_nothing, a_file_that_is_removed_is_made_again,
		what_waits_when_the_file_goes_is_dropped,
		while_another_writes_reads_go_on_and_puts_are_dropped,
		a_file_that_another_holds_alone_is_not_waited_for,
		on_a_full_disk_nothing_is_cached,
		a_full_cache_loses_what_has_expired_and_then_the_oldest,
		what_is_wrong_is_logged_once_a_minute };

	return unit_run("cache_faults", tests, COUNT(tests));
}
