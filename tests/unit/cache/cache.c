/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <string.h>
#include <unistd.h>

#include "tests/unit/cache_drive.h"
#include "conf/conf_cache.h"

#define NOBODY 65534

START_TEST(what_is_put_is_got)
{
	struct cache *a, *b;

	begin();
	a = new ();
	b = new ();
	ck_assert(cache_on(a) && !cache_is_remote(a));
	ck_assert(has(a, "x", NULL));
	put(a, "x", "1");
	put(a, "x", "2");
	put(a, "y", "");
	ck_assert(has(a, "x", "2")); /* before it is written */
	ck_assert(has(b, "x", NULL));
	cache_flush(a);
	ck_assert(has(a, "x", "2") && has(b, "x", "2"));
	ck_assert(has(b, "y", "") && has(b, "z", NULL));
	put_now(b, "x", "3");
	ck_assert(has(a, "x", "3"));
	put(a, "last", "4");
	cache_free(a);
	ck_assert(has(b, "last", "4"));
	cache_free(b);
	end();
}
END_TEST

START_TEST(more_entries_than_can_wait_are_all_kept)
{
	struct cache *c;
	char name[16];
	int i;

	begin();
	c = new ();
	for (i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "%d", i);
		put(c, name, name);
	}
	cache_free(c);
	c = new ();
	for (i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "%d", i);
		ck_assert_msg(has(c, name, name), "%d", i);
	}
	cache_free(c);
	end();
}
END_TEST

START_TEST(names_depend_on_where_parts_end_and_on_the_key)
{
	static const struct {
		struct cache_part part[3];
		size_t n;
	} lists[] = { { { { "abc", 3 } }, 1 },
		{ { { "ab", 2 }, { "c", 1 } }, 2 },
		{ { { "a", 1 }, { "bc", 2 } }, 2 },
		{ { { "", 0 }, { "abc", 3 } }, 2 },
		{ { { "abc", 3 }, { "", 0 } }, 2 },
		{ { { "a", 1 }, { "b", 1 }, { "c", 1 } }, 3 },
		{ { { "", 0 } }, 0 }, { { { NULL, 0 } }, 1 } };
	unsigned char name[2 * COUNT(lists)][CACHE_NAME];
	unsigned char again[CACHE_NAME];
	struct cache *c;
	size_t i, j;

	for (j = 0; j < 2; j++) { /* in two installations */
		begin();
		c = new ();
		for (i = 0; i < COUNT(lists); i++)
			ck_assert_int_eq(
			    cache_name(c, name[j * COUNT(lists) + i],
				lists[i].part, lists[i].n),
			    0);
		cache_free(c);
		c = new ();
		ck_assert_int_eq(cache_name(c, again, lists[0].part, 1), 0);
		ck_assert_mem_eq(again, name[j * COUNT(lists)], CACHE_NAME);
		cache_free(c);
		end();
	}
	for (i = 0; i < COUNT(name); i++)
		for (j = 0; j < i; j++)
			ck_assert_mem_ne(name[i], name[j], CACHE_NAME);
}
END_TEST

START_TEST(entries_end_with_their_time)
{
	struct cache *c;

	begin();
	c = new ();
	put_now(c, "x", "1");
	sql("UPDATE entry SET expires = unixepoch() - 1");
	ck_assert(has(c, "x", NULL));
	/* Written before the clock was set back. */
	sql("UPDATE entry SET expires = unixepoch() + 3 * 86400");
	ck_assert(has(c, "x", NULL));
	sql("UPDATE entry SET expires = unixepoch() + 60");
	ck_assert(has(c, "x", "1"));
	cache_free(c);
	end();
}
END_TEST

START_TEST(the_time_to_live_is_as_asked_and_has_a_limit)
{
	static const struct {
		int ttl, least, most;
	} lives[] = { { 1000, 900, 1000 },
		{ 1000000, CACHE_TTL - 100, CACHE_TTL } };
	unsigned char name[CACHE_NAME];
	struct cache *c;
	int64_t left;
	size_t i;

	begin();
	c = new ();
	name_of(c, "x", name);
	cache_put(c, name, "1", 1, 0);
	cache_put(c, name, "1", 1, -1);
	ck_assert(has(c, "x", NULL));
	for (i = 0; i < COUNT(lives); i++) {
		cache_put(c, name, "1", 1, lives[i].ttl);
		cache_flush(c);
		left = number("SELECT expires - unixepoch() FROM entry");
		ck_assert_int_ge(left, lives[i].least);
		ck_assert_int_le(left, lives[i].most);
	}
	cache_free(c);
	end();
}
END_TEST

START_TEST(a_value_under_another_name_or_changed_is_none)
{
	struct cache *c;

	begin();
	c = new ();
	put_now(c, "x", "mine");
	put_now(c, "y", "yours");
	sql("UPDATE entry SET value = (SELECT value FROM entry WHERE id = 2)");
	ck_assert(has(c, "x", NULL) && has(c, "y", "yours"));
	put_now(c, "x", "mine");
	sql("UPDATE entry SET value = CAST(substr(value, 1, 19) || 'X' AS BLOB)"
	    " WHERE length(value) = 20");
	ck_assert(has(c, "x", NULL));
	put_now(c, "x", "mine");
	sql("UPDATE entry SET value = 'text'");
	ck_assert(has(c, "x", NULL));
	cache_free(c);
	end();
}
END_TEST

START_TEST(nothing_that_was_asked_or_answered_is_told_by_the_names)
{
	struct cache *c;

	begin();
	c = new ();
	put_now(c, "a-credential", "1");
	ck_assert_int_eq(
	    number("SELECT count(*) FROM entry WHERE"
		   " instr(name, CAST('a-credential' AS BLOB)) > 0"),
	    0);
	ck_assert_int_eq(number("SELECT length(name) FROM entry"), 32);
	cache_free(c);
	end();
}
END_TEST

START_TEST(values_have_a_limit)
{
	unsigned char name[2][CACHE_NAME];
	struct cache *c;
	struct buf b;
	char *large = calloc(1, CACHE_VALUE + 1);

	begin();
	c = new ();
	buf_init(&b, CACHE_VALUE + 1);
	name_of(c, "fits", name[0]);
	name_of(c, "does not", name[1]);
	cache_put(c, name[0], large, CACHE_VALUE, 60);
	cache_put(c, name[1], large, CACHE_VALUE + 1, 60);
	cache_flush(c);
	ck_assert(cache_get(c, name[0], &b));
	ck_assert_uint_eq(b.len, CACHE_VALUE);
	ck_assert(!cache_get(c, name[1], &b));
	buf_free(&b);
	buf_init(&b, CACHE_VALUE - 1); /* the caller's own limit holds too */
	ck_assert(!cache_get(c, name[0], &b));
	buf_free(&b);
	cache_free(c);
	free(large);
	end();
}
END_TEST

START_TEST(off_keeps_nothing)
{
	char text[] = "off";
	struct conf off = { .cache_url = text, .deadline = 25 };
	struct cache *c = cache_new(&off);
	unsigned char name[CACHE_NAME] = { 0 };
	char why[CACHE_WHY];
	struct buf b;

	buf_init(&b, 10);
	ck_assert(!cache_on(c) && !cache_is_remote(c));
	ck_assert_int_eq(name_of(c, "x", name), -1);
	cache_put(c, name, "1", 1, 60);
	ck_assert(!cache_get(c, name, &b));
	cache_flush(c);
	ck_assert_int_eq(turn_of(c, "x", 5, 1000), -2);
	ck_assert_int_eq(turn_of(c, "x", 0, 1000), 0);
	cache_free(c);
	cache_free(NULL);
	ck_assert_int_eq(cache_check(&off, why), 0);
}
END_TEST

START_TEST(urls_are_told_apart)
{
	static const struct {
		const char *url;
		bool good;
	} urls[] = { { "off", true }, { "on", false }, { "", false },
		{ "sqlite:/x/y.db", true }, { "sqlite:x", false },
		{ "sqlite:/x/", false }, { "sqlite:", false },
		{ "redis://h", true }, { "redis://h:6379/0", true },
		{ "redis://[::1]:6379/15", true }, { "redis://[::1]", true },
		{ "redis://:pass%40word@h/1", true },
		{ "redis://user:p@h:1/", true }, { "redis://a@b@h", false },
		{ "redis://", false }, { "redis:///0", false },
		{ "redis://h:", false }, { "redis://h:0", false },
		{ "redis://h:65536", false },
		{ "redis://h:99999999999", false }, { "redis://h:x", false },
		{ "redis://h/x", false }, { "redis://h/1/2", false },
		{ "redis://h/10000", false }, { "redis://h/0?x", false },
		{ "redis://h?x", false }, { "redis://h#x", false },
		{ "redis://[::1", false }, { "redis://[::1]x", false },
		{ "redis://[h]", false }, { "redis://[]", false },
		{ "redis://:@h", false }, { "redis://user@h", false },
		{ "redis://:%00@h", false }, { "redis://:%4@h", false },
		{ "redis://h h", false }, { "redis://h\x80", false },
		{ "redis:h", false }, { "rediss://h", true },
		{ "rediss://:p@[::1]/3", true }, { "redisss://h", false },
		{ "redis+sentinel://a/m", true },
		{ "rediss+sentinel://:p@a,b:1,[::1]:2/m/3", true },
		{ "redis+sentinel://a", false },
		{ "redis+sentinel://a/", false },
		{ "redis+sentinel://a//0", false },
		{ "redis+sentinel://a,/m", false },
		{ "redis+sentinel://,a/m", false },
		{ "redis+sentinel://a:0/m", false },
		{ "redis+sentinel://a/m/x", false },
		{ "redis+sentinel://a,b,c,d,e,f,g,h/m", true },
		{ "redis+sentinel://a,b,c,d,e,f,g,h,i/m", false },
		{ "http://h", false } };
	struct conf_cache parsed;
	size_t i;

	for (i = 0; i < COUNT(urls); i++)
		ck_assert_msg(
		    conf_cache_parse(urls[i].url, &parsed) == urls[i].good,
		    "%s", urls[i].url);
}
END_TEST

START_TEST(directory_and_file_are_for_the_service_and_its_group)
{
	struct stat st;

	begin();
	ck_assert_int_eq(rmdir(folder), 0);
	umask(077);
	ck_assert(works());
	ck_assert_int_eq(stat(folder, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 02770);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 07777, 0660);
	end();
}
END_TEST

START_TEST(root_gives_the_file_away_but_makes_no_directory_of_a_user)
{
	struct stat st;

	if (geteuid() != 0)
		return;
	begin();
	ck_assert_int_eq(chown(folder, NOBODY, NOBODY), 0);
	ck_assert(works());
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_uid, NOBODY);
	end();
	begin();
	ck_assert_int_eq(rmdir(folder), 0);
	conf.user = folder;
	ck_assert(!works());
	conf.user = NULL;
	ck_assert_int_eq(access(folder, F_OK), -1);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { what_is_put_is_got,
		more_entries_than_can_wait_are_all_kept,
		names_depend_on_where_parts_end_and_on_the_key,
		entries_end_with_their_time,
		the_time_to_live_is_as_asked_and_has_a_limit,
		a_value_under_another_name_or_changed_is_none,
		nothing_that_was_asked_or_answered_is_told_by_the_names,
		values_have_a_limit, off_keeps_nothing, urls_are_told_apart,
		directory_and_file_are_for_the_service_and_its_group,
		root_gives_the_file_away_but_makes_no_directory_of_a_user };

	return unit_run("cache", tests, COUNT(tests));
}
