/* SPDX-License-Identifier: MIT */
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "json/jsonin.h"
#include "log/log.h"
#include "tests/unit/unit.h"

static char path[] = "/tmp/ctim-log.XXXXXX";

/* Opens a log of a form in a new file. */
static void
open_log(int format, int level)
{
	struct conf conf = { .log_format = format, .log_level = level };
	int fd;

	memcpy(strrchr(path, '.') + 1, "XXXXXX", 6);
	ck_assert_int_ne(fd = mkstemp(path), -1);
	close(fd);
	conf.log_target = path;
	ck_assert_int_eq(log_open(&conf), 0);
}

/* What was written, without the time and the process of each line. */
static const char *
written(void)
{
	static char text[65536];
	FILE *f = fopen(path, "r");
	size_t n;

	ck_assert_ptr_nonnull(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	unlink(path);
	return text;
}

START_TEST(nothing_from_outside_makes_a_line_or_moves_a_cursor)
{
	const char *text;

	open_log(LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
	log_info("a%sb", "\n\r\t\x1b[31m\x7f\xc2\x9bz\xc3\xa9");
	text = written();
	ck_assert_ptr_nonnull(strstr(text,
	    " info a\\x0a\\x0d\\x09\\x1b[31m"
	    "\\x7f\\x9bz\xc3\xa9"
	    "b\n"));
	ck_assert_ptr_eq(strchr(text, '\n'), strrchr(text, '\n'));
}
END_TEST

START_TEST(a_long_message_is_cut_not_lost)
{
	static char message[5000];
	const char *text;

	memset(message, 'y', sizeof(message) - 1);
	open_log(LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
	log_error("why: %s", message);
	text = written();
	ck_assert_ptr_nonnull(strstr(text, " error why: yyyy"));
	ck_assert_ptr_nonnull(strstr(text, "yyyy (cut)\n"));
	ck_assert_uint_gt(strlen(text), 2000);
}
END_TEST

START_TEST(less_than_the_level_is_not_written)
{
	open_log(LOG_FORMAT_TEXT, LOG_LEVEL_WARNING);
	log_debug("d");
	log_info("i");
	log_warning("w");
	ck_assert_ptr_nonnull(strstr(written(), " warning w\n"));
	open_log(LOG_FORMAT_TEXT, LOG_LEVEL_WARNING);
	log_request(&(struct log_request){ .status = 200 });
	ck_assert_str_eq(written(), "");
}
END_TEST

START_TEST(a_request_is_one_json_object_a_line)
{
	struct json_object *v;
	const char *text;

	open_log(LOG_FORMAT_JSON, LOG_LEVEL_INFO);
	log_request(&(struct log_request){ .relay = "local",
	    .route = "health",
	    .status = 200,
	    .observables = 1,
	    .entities = 2,
	    .errors = 3,
	    .bytes = 4,
	    .ms = 5,
	    .id = "x",
	    .token = "01234567" });
	text = written();
	v = jsonin_parse(text, strlen(text), 100, NULL);
	ck_assert_ptr_nonnull(v);
	ck_assert_str_eq(jsonin_string(v, "relay"), "local");
	ck_assert_str_eq(jsonin_string(v, "token"), "01234567");
	ck_assert_int_eq(json_object_get_int(jsonin_member(v, "bytes")), 4);
	json_object_put(v);
}
END_TEST

START_TEST(a_rotated_file_is_opened_again)
{
	char old[sizeof(path) + 4];

	open_log(LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
	log_info("one");
	snprintf(old, sizeof(old), "%s.1", path);
	ck_assert_int_eq(rename(path, old), 0);
	log_info("two");
	ck_assert_int_eq(log_reopen(), 0);
	log_info("three");
	ck_assert_ptr_null(strstr(written(), "two"));
	unlink(old);
}
END_TEST

/* The files of this process may be that many bytes large, which to it is a full
 * disk.  No check in between: those write to a file as well. */
static void
disk_of(off_t size)
{
	struct rlimit rl;

	(void)signal(SIGXFSZ, SIG_IGN);
	(void)getrlimit(RLIMIT_FSIZE, &rl);
	rl.rlim_cur = size == -1 ? rl.rlim_max : (rlim_t)size;
	(void)setrlimit(RLIMIT_FSIZE, &rl);
}

static off_t
size_of(void)
{
	struct stat st;

	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_size;
}

START_TEST(a_line_cut_by_a_full_disk_does_not_join_the_next)
{
	const char *text, *second;
	pid_t child;

	open_log(LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
	log_info("whole");
	disk_of(size_of() + 20);
	log_info("cut");
	log_info("lost");
	disk_of(-1);
	/* Another worker goes on, and then this one. */
	if ((child = fork()) == 0) {
		log_info("second");
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	log_info("third");
	text = written();
	ck_assert_ptr_nonnull(strstr(text, " info whole\n"));
	ck_assert_ptr_null(strstr(text, "cut"));
	ck_assert_ptr_null(strstr(text, "lost"));
	ck_assert_ptr_null(strstr(text, "\n\n"));
	/* The cut one has 20 bytes and its end. */
	second = strchr(text, '\n') + 1 + 20;
	ck_assert_int_eq(*second, '\n');
	ck_assert_ptr_nonnull(strstr(second + 1, " info second\n"));
	ck_assert_ptr_nonnull(strstr(second + 1, " info third\n"));
	ck_assert_ptr_eq(
	    strchr(second + 1, '\n') + 1, strstr(second + 1, "second\n") + 7);
}
END_TEST

START_TEST(a_file_that_ends_within_a_line_is_gone_on_with_in_another)
{
	struct conf conf = { .log_target = path,
		.log_format = LOG_FORMAT_TEXT,
		.log_level = LOG_LEVEL_INFO };
	const char *text;
	FILE *f;

	open_log(LOG_FORMAT_TEXT, LOG_LEVEL_INFO);
	ck_assert_ptr_nonnull(f = fopen(path, "w"));
	fputs("cut", f);
	fclose(f);
	ck_assert_int_eq(log_open(&conf), 0);
	log_info("next");
	text = written();
	ck_assert_int_eq(strncmp(text, "cut\n2", 5), 0);
	ck_assert_ptr_nonnull(strstr(text, " info next\n"));
}
END_TEST

START_TEST(a_reader_that_stalls_holds_nobody)
{
	struct conf conf = { .log_level = LOG_LEVEL_INFO,
		.log_target = (char *)(uintptr_t) "stderr" };
	int ends[2], i;

	/* Nobody reads; a pipe holds 64 KB. */
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_ne(dup2(ends[1], STDERR_FILENO), -1);
	ck_assert_int_eq(log_open(&conf), 0);
	for (i = 0; i < 5000; i++)
		log_error("a line that nobody reads");
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		nothing_from_outside_makes_a_line_or_moves_a_cursor,
		a_long_message_is_cut_not_lost,
		less_than_the_level_is_not_written,
		a_request_is_one_json_object_a_line,
		a_line_cut_by_a_full_disk_does_not_join_the_next,
		a_file_that_ends_within_a_line_is_gone_on_with_in_another,
		a_rotated_file_is_opened_again,
		a_reader_that_stalls_holds_nobody
	};

	return unit_run("log", tests, COUNT(tests));
}
