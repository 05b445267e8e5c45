/* SPDX-License-Identifier: MIT */
/* Credentials from a file and from a person at a terminal. */
#include <sys/socket.h>
#include <sys/un.h>

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/buf.h"
#include "call/provider.h"
#include "cli/base/command.h"
#include "cli/base/expires.h"
#include "cli/base/infile.h"
#include "cli/base/secret.h"
#include "cli/jwt/claims.h"
#include "cli/pool/poolask.h"
#include "conf/conf.h"
#include "tests/unit/unit.h"

static const char *const needs[] = { "pass", "user", NULL };
static const struct provider_field fields[] = { { "other", FIELD_TEXT,
						    "Another", "" },
	{ "pass", FIELD_PASSWORD, "The word", "" },
	{ NULL, FIELD_TEXT, NULL, NULL } };
static const struct provider needy = { .name = "needy",
	.title = "Needy service",
	.claims = needs,
	.fields = fields };
static const struct relay_conf relay = { .name = (char *)(uintptr_t) "one",
	.provider = &needy };
static const struct command cmd = { "test", "", "", NULL };

/* Someone at a terminal whom a child process asks for claims. */
struct person {
	pid_t child;
	int terminal;
	FILE *result;    /* the claims, when they were read */
	char seen[8192]; /* everything the terminal showed */
	size_t n;
};

static void
child_asks(int result)
{
	struct buf out;
	int status;

	signal(SIGINT, SIG_DFL); /* Check has a handler of its own */
	buf_init(&out, SECRET_MAX);
	status = claims_read(&cmd, NULL, &relay, &out);
	if (write(result, out.data, out.len) != (ssize_t)out.len)
		status = CMD_FAILED;
	secret_free(&out);
	_exit(status);
}

static void
sit_down(struct person *p)
{
	int ends[2];

	memset(p, 0, sizeof(*p));
	ck_assert_int_eq(pipe(ends), 0);
	p->child = forkpty(&p->terminal, NULL, NULL, NULL);
	ck_assert_int_ne(p->child, -1);
	if (p->child == 0)
		child_asks(ends[1]);
	close(ends[1]);
	ck_assert_ptr_nonnull(p->result = fdopen(ends[0], "r"));
}

/* Waits until the terminal has shown text, from where it was left. */
static void
wait_for(struct person *p, const char *text)
{
	size_t from = p->n;
	ssize_t r;

	while (strstr(p->seen + from, text) == NULL) {
		r = read(
		    p->terminal, p->seen + p->n, sizeof(p->seen) - 1 - p->n);
		ck_assert_int_gt(r, 0);
		p->n += (size_t)r;
	}
}

static void
type(const struct person *p, const char *text)
{
	ck_assert_int_eq(
	    write(p->terminal, text, strlen(text)), (ssize_t)strlen(text));
}

static bool
echoes(const struct person *p)
{
	struct termios mode;

	ck_assert_int_eq(tcgetattr(p->terminal, &mode), 0);
	return (mode.c_lflag & ECHO) != 0;
}

/* The rest of what is shown, and how the child ended (waitpid(2)). */
static int
get_up(struct person *p, char *claims, size_t size)
{
	int status;
	size_t n = fread(claims, 1, size - 1, p->result);
	ssize_t r;

	claims[n] = '\0';
	ck_assert_int_eq(waitpid(p->child, &status, 0), p->child);
	while ((r = read(p->terminal, p->seen + p->n,
		    sizeof(p->seen) - 1 - p->n)) > 0)
		p->n += (size_t)r;
	fclose(p->result);
	close(p->terminal);
	return status;
}

START_TEST(asked_credentials_become_claims_and_secrets_are_not_shown)
{
	struct person p;
	char claims[1000];
	int status;

	NEEDS_TERMINAL();
	sit_down(&p);
	wait_for(&p, "The word for Needy service (relay one), not shown: ");
	ck_assert(!echoes(&p));
	type(&p, "s3\"cret\n");
	wait_for(&p, "user for Needy service (relay one): ");
	ck_assert(echoes(&p));
	type(&p, "alice\n");
	status = get_up(&p, claims, sizeof(claims));
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), CMD_OK);
	ck_assert_str_eq(
	    claims, "{\"pass\":\"s3\\\"cret\",\"user\":\"alice\"}");
	ck_assert_ptr_nonnull(strstr(p.seen, "alice"));
	ck_assert_ptr_null(strstr(p.seen, "cret"));
}
END_TEST

START_TEST(an_empty_answer_is_asked_again_and_then_refused)
{
	struct person p;
	char claims[1000];
	int status;

	NEEDS_TERMINAL();
	sit_down(&p);
	for (int i = 0; i < 3; i++) {
		wait_for(&p, "not shown: ");
		type(&p, "\n");
	}
	status = get_up(&p, claims, sizeof(claims));
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), CMD_FAILED);
	ck_assert_ptr_nonnull(strstr(p.seen, "nothing was entered"));
}
END_TEST

START_TEST(the_terminal_echoes_again_after_an_interrupt)
{
	struct person p;
	struct termios mode;
	int keep;
	char claims[1000];
	int status;

	NEEDS_TERMINAL();
	sit_down(&p);
	wait_for(&p, "not shown: ");
	ck_assert(!echoes(&p));
	ck_assert_int_ne(keep = dup(p.terminal), -1);
	type(&p, "half\003");
	status = get_up(&p, claims, sizeof(claims));
	ck_assert(WIFSIGNALED(status));
	ck_assert_int_eq(WTERMSIG(status), SIGINT);
	ck_assert_int_eq(tcgetattr(keep, &mode), 0);
	ck_assert(mode.c_lflag & ECHO);
	close(keep);
}
END_TEST

START_TEST(the_end_of_the_terminals_input_is_a_failure)
{
	struct person p;
	char claims[1000];
	int status;

	NEEDS_TERMINAL();
	sit_down(&p);
	wait_for(&p, "not shown: ");
	type(&p, "\004");
	status = get_up(&p, claims, sizeof(claims));
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), CMD_FAILED);
}
END_TEST

START_TEST(without_a_terminal_it_says_to_use_a_file)
{
	struct buf out;
	int ends[2], status;
	char said[1000];
	pid_t child;
	ssize_t n;

	ck_assert_int_eq(pipe(ends), 0);
	if ((child = fork()) == 0) {
		setsid();
		dup2(ends[1], STDERR_FILENO);
		buf_init(&out, SECRET_MAX);
		_exit(claims_read(&cmd, NULL, &relay, &out));
	}
	close(ends[1]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(WEXITSTATUS(status), CMD_FAILED);
	ck_assert_int_gt(n = read(ends[0], said, sizeof(said) - 1), 0);
	said[n] = '\0';
	ck_assert_ptr_nonnull(strstr(said, "name it with -f"));
	close(ends[0]);
}
END_TEST

/* The status for a file of that content and mode, and what was read of it. */
static int
read_file(const char *content, mode_t mode, struct buf *out)
{
	char path[] = "/tmp/claims.XXXXXX";
	int fd = mkstemp(path), status;

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(
	    write(fd, content, strlen(content)), (ssize_t)strlen(content));
	ck_assert_int_eq(fchmod(fd, mode), 0);
	close(fd);
	buf_init(out, SECRET_MAX);
	status = claims_read(&cmd, path, &relay, out);
	unlink(path);
	return status;
}

START_TEST(a_file_must_be_private_and_hold_what_the_relay_needs)
{
	static const struct {
		const char *content;
		mode_t mode;
		int status;
	} cases[] = { { "{\"user\":\"u\",\"pass\":\"p\",\"x\":1}\n", 0600,
			  CMD_OK },
		{ "{\"user\":\"u\",\"pass\":\"p\"}", 0640, CMD_OK },
		{ "{\"user\":\"u\",\"pass\":\"p\"}", 0604, CMD_FAILED },
		{ "{\"user\":\"u\",\"pass\":\"p\"}", 0602, CMD_FAILED },
		{ "{\"user\":\"u\"}", 0600, CMD_FAILED },
		{ "{\"user\":\"u\",\"pass\":\"\"}", 0600, CMD_FAILED },
		{ "{\"user\":\"u\",\"pass\":7}", 0600, CMD_FAILED },
		{ "[]", 0600, CMD_FAILED }, { "null", 0600, CMD_FAILED },
		{ "{\"user\":", 0600, CMD_FAILED }, { "", 0600, CMD_FAILED } };
	struct buf out;

	for (size_t i = 0; i < COUNT(cases); i++) {
		ck_assert_int_eq(
		    read_file(cases[i].content, cases[i].mode, &out),
		    cases[i].status);
		if (cases[i].status == CMD_OK)
			ck_assert_int_eq(
			    strncmp(out.data, cases[i].content, out.len), 0);
		secret_free(&out);
	}
}
END_TEST

START_TEST(a_time_to_come_is_a_span_or_a_date)
{
	static const struct {
		const char *text;
		int64_t seconds; /* from now, -1: refused */
	} cases[] = { { "1s", 1 }, { "90m", 5400 }, { "12h", 43200 },
		{ "30d", 2592000 }, { "2w", 1209600 },
		{ "2020-01-02T00:00:00Z", 86400 },
		{ "2020-01-01T01:00:00+00:00", 3600 },
		{ "2019-12-31T00:00:00Z", -1 }, { "0d", -1 }, { "d", -1 },
		{ "", -1 }, { "-1d", -1 }, { "3", -1 }, { "3y", -1 },
		{ "3dd", -1 }, { "99999999999999999999d", -1 },
		{ "9999999999w", -1 } };
	const int64_t now = 1577836800; /* 2020-01-01T00:00:00Z */

	for (size_t i = 0; i < COUNT(cases); i++)
		ck_assert_int_eq(expires_parse(cases[i].text, now),
		    cases[i].seconds == -1 ? -1 : now + cases[i].seconds);
}
END_TEST

/* Readers of whole files, by their limit: exactly so many bytes are taken, and
 * one more is not. */
START_TEST(files_are_taken_up_to_their_limit)
{
	static int (*const readers[])(const struct command *, const char *,
	    struct buf *) = { secret_read, infile_read };
	static const size_t limits[] = { 1, 4095, 8191, 8192, 8193, 16384,
		20000 };
	static char bytes[20001];
	char path[] = "/tmp/ctim-limit.XXXXXX";
	struct buf out;
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	memset(bytes, 'x', sizeof(bytes));
	for (size_t i = 0; i < COUNT(readers) * COUNT(limits) * 3; i++) {
		size_t limit = limits[i / 3 % COUNT(limits)];
		size_t size = limit - 1 + i % 3;

		ck_assert_int_eq(ftruncate(fd, 0), 0);
		ck_assert_int_eq(pwrite(fd, bytes, size, 0), (ssize_t)size);
		buf_init(&out, limit);
		ck_assert_msg((readers[i / 3 / COUNT(limits)](&cmd, path,
				   &out) == CMD_OK) == (size <= limit),
		    "reader %zu, %zu of "
		    "%zu bytes",
		    i / 3 / COUNT(limits), size, limit);
		if (size <= limit)
			ck_assert_uint_eq(strlen(out.data), size);
		buf_free(&out);
	}
	close(fd);
	unlink(path);
}
END_TEST

/* Says so many bytes to the next who asks. */
static void
child_says(int listening, size_t n)
{
	char question[16];
	int fd = accept(listening, NULL, NULL);

	if (fd == -1 || read(fd, question, sizeof(question)) <= 0)
		_exit(1);
	while (n > 0 && write(fd, "x", 1) == 1)
		n--;
	_exit(0);
}

START_TEST(what_a_pool_says_is_taken_up_to_the_limit)
{
	static const size_t limit = 20000;
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	char folder[] = "/tmp/ctim-pool.XXXXXX";
	char why[POOLASK_WHY];
	struct buf out;
	int fd, status;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/s", folder);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&sa, sizeof(sa)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	for (size_t size = limit - 1; size <= limit + 1; size++) {
		pid_t pid = fork();

		if (pid == 0)
			child_says(fd, size);
		buf_init(&out, limit);
		ck_assert_msg((poolask(sa.sun_path, "status", 30000, &out,
				   why) == 0) == (size <= limit),
		    "%zu", size);
		if (size <= limit)
			ck_assert_uint_eq(out.len, size);
		buf_free(&out);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	}
	close(fd);
	unlink(sa.sun_path);
	rmdir(folder);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
		asked_credentials_become_claims_and_secrets_are_not_shown,
		an_empty_answer_is_asked_again_and_then_refused,
		the_terminal_echoes_again_after_an_interrupt,
		the_end_of_the_terminals_input_is_a_failure,
		without_a_terminal_it_says_to_use_a_file,
		a_file_must_be_private_and_hold_what_the_relay_needs,
		a_time_to_come_is_a_span_or_a_date,
		files_are_taken_up_to_their_limit,
		what_a_pool_says_is_taken_up_to_the_limit
	};

	return unit_run("claims", tests, COUNT(tests));
}
