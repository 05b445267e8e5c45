/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>
#include <sys/wait.h>

#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/cache_drive.h"

#define PROCESSES 4
#define ENTRIES   50
#define RATE      5
#define TURNS     20 /* of each process */

/* Runs work in so many processes at once, each with its number; all must end
 * well. */
static void
in_processes(int n, int (*work)(int))
{
	pid_t pids[PROCESSES];
	int i, status, pipes[2];
	char c;

	ck_assert_int_eq(pipe(pipes), 0);
	for (i = 0; i < n; i++) {
		if ((pids[i] = fork()) == 0) {
			close(pipes[1]);
			/* All begin when the last one is there. */
			if (read(pipes[0], &c, 1) != 0)
				_exit(100);
			_exit(work(i));
		}
		ck_assert_int_gt(pids[i], 0);
	}
	close(pipes[0]);
	close(pipes[1]);
	for (i = 0; i < n; i++) {
		ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
		ck_assert_msg(status == 0, "process %d: %d", i, status);
	}
}

static int
put_and_get(int me)
{
	struct cache *c = new ();
	char name[16], value[5000];
	int i, bad = 0;

	memset(value, 'a' + me, sizeof(value) - 1);
	value[sizeof(value) - 1] = '\0';
	for (i = 0; i < ENTRIES; i++) {
		snprintf(name, sizeof(name), "%d-%d", me, i);
		/* What finds the file busy is dropped. */
		do {
			ahead += 10000;
			put_now(c, name, value);
		} while (has(c, name, NULL));
		bad += !has(c, name, value);
	}
	cache_free(c);
	return bad;
}

START_TEST(processes_share_what_they_put)
{
	struct cache *c;
	char name[16];
	int i;

	begin();
	ck_assert_int_eq(rmdir(folder), 0); /* all make it at once */
	in_processes(PROCESSES, put_and_get);
	c = new ();
	for (i = 0; i < PROCESSES * ENTRIES; i++) {
		snprintf(name, sizeof(name), "%d-%d", i / ENTRIES, i % ENTRIES);
		ck_assert_msg(has(c, name, NULL) == false, "%s", name);
	}
	ck_assert_int_eq(number("SELECT count(*) FROM meta"), 1);
	cache_free(c);
	end();
}
END_TEST

static void *
thread(void *arg)
{
	struct cache *c = cache_new(&conf);
	int *bad = arg, i;
	char name[16];

	/* The clock is everybody's here: so no waiting for another try. */
	for (i = 0; i < ENTRIES; i++) {
		snprintf(name, sizeof(name), "%d", i);
		put_now(c, name, name);
		*bad += !has(c, name, name) && !has(c, name, NULL);
	}
	cache_free(c);
	return NULL;
}

START_TEST(threads_that_make_the_file_at_once_agree)
{
	pthread_t threads[PROCESSES];
	int bad[PROCESSES] = { 0 }, i;

	begin();
	for (i = 0; i < PROCESSES; i++)
		ck_assert_int_eq(
		    pthread_create(&threads[i], NULL, thread, &bad[i]), 0);
	for (i = 0; i < PROCESSES; i++) {
		pthread_join(threads[i], NULL);
		ck_assert_int_eq(bad[i], 0);
	}
	ck_assert_int_eq(number("SELECT count(*) FROM meta"), 1);
	ck_assert_int_gt(number("SELECT count(*) FROM entry"), 0);
	ck_assert_int_eq(number("SELECT count(*) FROM pragma_integrity_check"
				" WHERE integrity_check = 'ok'"),
	    1);
	end();
}
END_TEST

static int
damage_and_use(int me)
{
	struct cache *c;
	sqlite3 *db;
	int i, bad = 0;

	for (i = 0; i < 10; i++) {
		if (me == 0 && sqlite3_open(path, &db) == SQLITE_OK) {
			sqlite3_exec(db, "DROP TABLE entry", NULL, NULL, NULL);
			sqlite3_close(db);
		}
		c = new ();
		put_now(c, "x", "1");
		bad += !has(c, "x", "1") && !has(c, "x", NULL);
		cache_free(c);
	}
	return bad;
}

START_TEST(processes_that_find_damage_at_once_do_not_undo_each_other)
{
	begin();
	in_processes(PROCESSES, damage_and_use);
	ahead += 10000;
	ck_assert(works() || works());
	end();
}
END_TEST

static int last[2]; /* a pipe: the time of each one's last turn */

static int
take_turns(int me)
{
	struct cache *c = new ();
	int64_t wait, at = 0;
	int i;

	(void)me;
	for (i = 0; i < TURNS; i++) {
		while ((wait = turn_of(c, "bucket", RATE, 20000)) == -2)
			ahead += 10000;
		if (wait < 0)
			return 1;
		at = real_ms(CLOCK_REALTIME) + wait;
	}
	cache_free(c);
	return write(last[1], &at, sizeof(at)) == (ssize_t)sizeof(at) ? 0 : 2;
}

START_TEST(processes_together_have_no_more_turns_than_the_rate)
{
	int64_t began, at[2];

	begin();
	ck_assert_int_eq(pipe(last), 0);
	began = real_ms(CLOCK_REALTIME);
	in_processes(2, take_turns);
	ck_assert_int_eq(read(last[0], at, sizeof(at)), sizeof(at));
	/* The last of all turns is so many seconds after the first ones. */
	ck_assert_int_ge((at[0] > at[1] ? at[0] : at[1]) - began,
	    1000 * (2 * TURNS / RATE - 1));
	end();
}
END_TEST

START_TEST(a_turn_that_is_too_late_is_not_taken)
{
	struct cache *c;
	int64_t wait;
	int i;

	begin();
	c = new ();
	for (i = 0; i < RATE; i++)
		ck_assert_int_eq(turn_of(c, "a", RATE, 0), 0);
	/* The clock may go on between two calls, but not by 20 seconds. */
	for (i = 0; i < 20 * RATE; i++)
		ck_assert_int_ge(turn_of(c, "b", RATE, 25000), 0);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(turn_of(c, "b", RATE, 0), -1);
	wait = turn_of(c, "b", RATE, 25000);
	ck_assert_int_gt(wait, 0);
	ck_assert_int_lt(wait, 22000);
	ck_assert_int_eq(turn_of(c, "other", RATE, 0), 0);
	cache_free(c);
	end();
}
END_TEST

START_TEST(turns_from_before_the_clock_was_set_back_do_not_count)
{
	char text[512] = "UPDATE bucket SET back = x'";
	struct cache *c;
	int i;

	begin();
	c = new ();
	ck_assert_int_eq(turn_of(c, "a", 1, 0), 0);
	for (i = 0; i < 16; i++)
		strcat(text, "ffffffffffffff7f");
	strcat(text, "'");
	sql(text);
	ck_assert_int_eq(turn_of(c, "a", 1, 0), 0);
	sql("UPDATE bucket SET back = 'nonsense'");
	ck_assert_int_eq(turn_of(c, "a", 1, 0), 0);
	ck_assert_int_gt(number("SELECT expires - unixepoch() FROM bucket"), 0);
	cache_free(c);
	end();
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { processes_share_what_they_put,
		threads_that_make_the_file_at_once_agree,
		processes_that_find_damage_at_once_do_not_undo_each_other,
		processes_together_have_no_more_turns_than_the_rate,
		a_turn_that_is_too_late_is_not_taken,
		turns_from_before_the_clock_was_set_back_do_not_count };

	return unit_run("cache_shared", tests, COUNT(tests));
}
