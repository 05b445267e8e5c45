/* SPDX-License-Identifier: MIT */
/* Programs of the operator's, here shell scripts. */
#include <sys/stat.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "hook/program.h"
#include "os/clock.h"
#include "tests/unit/unit.h"

#define LONG_TIME 30000 /* ms: none of these needs as much */

static char script[] = "/tmp/ctim-program-XXXXXX";
static struct buf said;
static size_t said_lines;

static void
program_setup(void)
{
	int fd;

	(void)strcpy(script + strlen(script) - 6, "XXXXXX");
	fd = mkstemp(script);
	ck_assert_int_ne(fd, -1);
	close(fd);
	buf_init(&said, 1U << 20);
	said_lines = 0;
}

static void
program_teardown(void)
{
	unlink(script);
	buf_free(&said);
}

static void
take_line(void *arg, const char *line)
{
	(void)arg;
	buf_addf(&said, "%s\n", line);
	said_lines++;
}

static struct program_end
run(const char *text, int64_t most)
{
	static char path[] = "PATH=/usr/bin:/bin", a[] = "A=b c";
	static char *env[] = { path, a, NULL };
	const struct program p = {
		.path = script, .env = env, .most = most, .line = take_line
	};
	FILE *f = fopen(script, "w");

	ck_assert_ptr_nonnull(f);
	fprintf(f, "#!/bin/sh\n%s\n", text);
	fclose(f);
	ck_assert_int_eq(chmod(script, 0700), 0);
	return program_run(&p);
}

/* Whether a process that a script named is gone. */
static bool
is_gone(const char *pid)
{
	return kill((pid_t)strtol(pid, NULL, 10), 0) == -1 && errno == ESRCH;
}

START_TEST(status_and_output_come_back)
{
	struct program_end end =
	    run("echo one; echo two >&2; printf three; exit 7", LONG_TIME);

	ck_assert_int_eq(end.how, PROGRAM_ENDED);
	ck_assert_int_eq(end.value, 7);
	ck_assert_uint_eq(end.left_out, 0);
	ck_assert_str_eq(said.data, "one\ntwo\nthree\n");
}
END_TEST

START_TEST(only_what_is_said_is_handed_on)
{
	signal(SIGPIPE, SIG_IGN);
	setenv("SECRET", "x", 1);
	ck_assert_int_eq(
	    run("env | grep -v '^_=\\|^SHLVL=\\|^PWD=' | sort; pwd;"
		"readlink /proc/self/fd/0; cat; echo $#;"
		/* SIGPIPE is not ignored; make may ignore others. */
		"grep -c "
		"'SigIgn:.*[02468ace][0-9a-f][0-9a-f][0-9a-f]$' "
		"/proc/self/status;"
		"grep -c 'SigBlk:.0000000000000000' "
		"/proc/self/status",
		LONG_TIME)
		.value,
	    0);
	ck_assert_str_eq(
	    said.data, "A=b c\nPATH=/usr/bin:/bin\n/\n/dev/null\n0\n1\n1\n");
}
END_TEST

START_TEST(what_cannot_run_says_why)
{
	struct program_end end;
	const struct program p = { .path = "/nonexistent/program",
		.env = (char *[]){ NULL },
		.most = LONG_TIME,
		.line = take_line };

	end = program_run(&p);
	ck_assert_int_eq(end.how, PROGRAM_FAILED);
	ck_assert_int_eq(end.value, ENOENT);
	end = run("kill -9 $$", LONG_TIME);
	ck_assert_int_eq(end.how, PROGRAM_SIGNALLED);
	ck_assert_int_eq(end.value, SIGKILL);
}
END_TEST

START_TEST(output_is_bounded)
{
	struct program_end end = run("i=0; while [ $i -lt 70 ]; do echo line; "
				     "i=$((i + 1)); done",
	    LONG_TIME);

	ck_assert_uint_eq(said_lines, PROGRAM_LINES);
	ck_assert_uint_eq(end.left_out, 6 * 4);
	buf_reset(&said);
	said_lines = 0;
	/* A line of 2,500 bytes, one of them NUL, comes in parts. */
	end = run("printf 'a\\000'; head -c 2498 /dev/zero | tr '\\000' b; "
		  "echo",
	    LONG_TIME);
	ck_assert_uint_eq(said_lines, 3);
	ck_assert_int_eq(strncmp(said.data, "a b", 3), 0);
	ck_assert_uint_eq(said.len, 2500 + 3);
}
END_TEST

START_TEST(what_takes_too_long_is_killed_with_its_children)
{
	/* A child, one in a session of its own, and the program itself, none of
	 * which obeys SIGTERM. */
	struct program_end end = run("trap '' TERM; sleep 600 & echo $!; "
				     "setsid sleep 600 & echo $!; echo $$; "
				     "sleep 600",
	    500);
	char *pid;

	ck_assert_int_eq(end.how, PROGRAM_LATE);
	ck_assert_uint_eq(said_lines, 3);
	for (pid = strtok(said.data, "\n"); pid != NULL;
	     pid = strtok(NULL, "\n"))
		ck_assert_msg(is_gone(pid), "%s lives", pid);
}
END_TEST

START_TEST(a_child_that_is_left_behind_is_waited_for)
{
	struct program_end end =
	    run("(sleep 0.3; echo late) & exit 3", LONG_TIME);

	ck_assert_int_eq(end.how, PROGRAM_ENDED);
	ck_assert_int_eq(end.value, 3);
	ck_assert_str_eq(said.data, "late\n");
	/* And killed when it, too, takes too long; its output is closed. */
	buf_reset(&said);
	end = run("sleep 600 >/dev/null 2>&1 & echo $!", 300);
	ck_assert_int_eq(end.how, PROGRAM_LATE);
	ck_assert_msg(is_gone(said.data), "%s lives", said.data);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = { status_and_output_come_back,
		only_what_is_said_is_handed_on, what_cannot_run_says_why,
		output_is_bounded,
		what_takes_too_long_is_killed_with_its_children,
		a_child_that_is_left_behind_is_waited_for };
	Suite *suite = suite_create("program");
	TCase *tcase = tcase_create("program");
	SRunner *runner;
	size_t i;
	int failed;

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, program_setup, program_teardown);
	for (i = 0; i < COUNT(tests); i++)
		tcase_add_test(tcase, tests[i]);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
