/* SPDX-License-Identifier: MIT */
/* What is around the programs of jq: the processes of the plain ctim-relay-map, as
 * the kernel shows them. */
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>

#include "mapping/map_own.h"
#include "tests/unit/mapping/map_bed.h"

#define SECRET "1f8a-the-secret-key-of-the-gateway-93c2"

/* Bytes of a mapping that is looked at: a sanitizer's own are larger. */
#define LOCK_MOST (1UL << 30)

/* A configuration's, as the gateway has it. */
static char *lock_secret;

/* A map master and a worker with nothing to do; the sockets, files and variables
 * that a gateway has are there. */
static void
lock_start(void)
{
	int pair[2];

	ck_assert_int_eq(setenv("CANARY", "xanthic-canary", 1), 0);
	lock_secret = strdup(SECRET);
	ck_assert_ptr_nonnull(lock_secret);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert_int_ne(open("/etc/passwd", O_RDONLY), -1);
	bed_start("if .a == \"spin\" then def f: f; f else .a end");
	ck_assert_int_eq(bed_ask(0, "1"), MAP_DONE);
}

static void
lock_end(void)
{
	bed_end();
	free(lock_secret);
}

/* A file of /proc of a process, NUL bytes as newlines. */
static void
lock_read(pid_t pid, const char *name, char *text, size_t size)
{
	char path[128];
	ssize_t n, i;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_msg(fd != -1, "%s: %s", path, strerror(errno));
	n = read(fd, text, size - 1);
	ck_assert_int_ge(n, 0);
	text[n] = '\0';
	for (i = 0; i < n; i++)
		if (text[i] == '\0')
			text[i] = '\n';
	close(fd);
}

static void
lock_has_line(const char *text, const char *line)
{
	const char *at = strstr(text, line);

	ck_assert_msg(at != NULL && (at == text || at[-1] == '\n'),
	    "no \"%s\" in\n%s", line, text);
}

START_TEST(the_environment_is_one_time_zone)
{
	char text[4096];

	NEEDS_MAP();
	if (geteuid() != 0)
		SKIP("only root reads a process that is not dumpable");
	lock_start();
	lock_read(map_master_pid(bed_master), "environ", text, sizeof(text));
	ck_assert_str_eq(text, "TZ=UTC\n");
	lock_read(bed_worker_pid(), "environ", text, sizeof(text));
	ck_assert_str_eq(text, "TZ=UTC\n");
	lock_end();
}
END_TEST

/* How many descriptors a process has; the first is a socket. */
static int
lock_descriptors(pid_t pid)
{
	char path[64], name[128], to[128];
	const struct dirent *e;
	int n = 0;
	ssize_t len;
	DIR *d;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	d = opendir(path);
	ck_assert_msg(d != NULL, "%s: %s", path, strerror(errno));
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		n++;
		(void)snprintf(name, sizeof(name), "%s/%.16s", path, e->d_name);
		len = readlink(name, to, sizeof(to) - 1);
		ck_assert_int_gt(len, 0);
		to[len] = '\0';
		ck_assert_msg(strncmp(to, "socket:", 7) == 0, "%s", to);
		ck_assert_str_eq(e->d_name, "0");
	}
	closedir(d);
	return n;
}

START_TEST(one_descriptor_is_open)
{
	NEEDS_MAP();
	if (geteuid() != 0)
		SKIP("only root reads a process that is not dumpable");
	lock_start();
	ck_assert_int_eq(lock_descriptors(map_master_pid(bed_master)), 1);
	ck_assert_int_eq(lock_descriptors(bed_worker_pid()), 1);
	lock_end();
}
END_TEST

START_TEST(a_worker_is_locked)
{
	char text[8192];

	NEEDS_MAP();
	lock_start();
	lock_read(bed_worker_pid(), "status", text, sizeof(text));
	lock_has_line(text, "Seccomp:\t2");
	lock_has_line(text, "NoNewPrivs:\t1");
	if (geteuid() == 0) {
		lock_read(bed_worker_pid(), "limits", text, sizeof(text));
		lock_has_line(text,
		    "Max address space         268435456            268435456");
		lock_has_line(
		    text, "Max core file size        0                    0");
		lock_has_line(
		    text, "Max file size             0                    0");
		lock_has_line(
		    text, "Max processes             0                    0");
	}
	lock_read(map_master_pid(bed_master), "status", text, sizeof(text));
	lock_has_line(text, "NoNewPrivs:\t1");
	lock_end();
}
END_TEST

/* What is not dumpable belongs to root in /proc, whoever runs it. */
START_TEST(their_memory_is_for_nobody)
{
	char copy[] = "/tmp/ctim-map-XXXXXX", command[PATH_MAX * 2];
	pid_t child, master;
	char path[64];
	int status;

	NEEDS_MAP();
	if (geteuid() != 0)
		SKIP("a test as root becomes a user for it");
	/* The folder of the build may be root's alone. */
	bed_find();
	close(mkstemp(copy));
	(void)snprintf(command, sizeof(command),
	    "cp '%s' '%s' && chmod 755 '%s'", map_path, copy, copy);
	ck_assert_int_eq(system(command), 0);
	if ((child = fork()) == 0) {
		if (setgid(65534) == -1 || setuid(65534) == -1)
			_exit(2);
		map_path = copy;
		bed_master =
		    map_master_later(&(struct map_program){ "a/map.jq", ".a" },
			1, bed_why, sizeof(bed_why));
		if (bed_master == NULL)
			_exit(3);
		bed_worker = map_worker_new(bed_master);
		if (bed_ask(0, "1") != MAP_DONE)
			_exit(4);
		master = map_master_pid(bed_master);
		(void)snprintf(path, sizeof(path), "/proc/%d/mem", (int)master);
		if (open(path, O_RDONLY) != -1 || errno != EACCES)
			_exit(5);
		if (ptrace(PTRACE_ATTACH, master, NULL, NULL) != -1)
			_exit(6);
		bed_end();
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	unlink(copy);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

/* Whether the bytes of text are somewhere in the memory of a process. */
static bool
lock_remembers(pid_t pid, const char *text)
{
	char path[64], line[512];
	unsigned long from, to;
	bool found = false;
	char *room;
	ssize_t n;
	FILE *maps;
	int mem;

	(void)snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	mem = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_msg(mem != -1, "%s: %s", path, strerror(errno));
	(void)snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "r");
	ck_assert_ptr_nonnull(maps);
	while (!found && fgets(line, sizeof(line), maps) != NULL) {
		if (sscanf(line, "%lx-%lx r", &from, &to) != 2 ||
		    strstr(line, "[v") != NULL || to - from > LOCK_MOST)
			continue;
		room = malloc(to - from);
		ck_assert_ptr_nonnull(room);
		n = pread(mem, room, to - from, (off_t)from);
		found = n > 0 && memmem(room, (size_t)n, text, strlen(text));
		free(room);
	}
	fclose(maps);
	close(mem);
	return found;
}

START_TEST(nothing_of_the_gateway_is_in_their_memory)
{
	NEEDS_MAP();
	if (geteuid() != 0)
		SKIP("only root reads a process that is not dumpable");
	lock_start();
	/* The look finds what is there. */
	ck_assert(lock_remembers(getpid(), SECRET));
	ck_assert(lock_remembers(map_master_pid(bed_master), "TZ=UTC"));
	ck_assert(!lock_remembers(map_master_pid(bed_master), SECRET));
	ck_assert(!lock_remembers(bed_worker_pid(), SECRET));
	ck_assert(
	    !lock_remembers(map_master_pid(bed_master), "xanthic-canary"));
	ck_assert(!lock_remembers(bed_worker_pid(), "xanthic-canary"));
	lock_end();
}
END_TEST

#if defined(__x86_64__)
/* Has the worker, which waits in read(2), make a system call instead.  Returns the
 * signal that ended it; 0: it lives. */
static int
lock_call(pid_t pid, unsigned long call, unsigned long first)
{
	struct user_regs_struct regs;
	int status, i;

	ck_assert_int_eq(waitpid(pid, &status, __WALL), pid);
	ck_assert(WIFSTOPPED(status));
	ck_assert_int_eq(ptrace(PTRACE_GETREGS, pid, NULL, &regs), 0);
	regs.rip -= 2; /* the instruction again */
	regs.rax = call;
	regs.orig_rax = (unsigned long)-1; /* no restart of read(2) */
	regs.rdi = first;
	ck_assert_int_eq(ptrace(PTRACE_SETREGS, pid, NULL, &regs), 0);
	/* To its beginning, to its end, and what else comes. */
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(ptrace(PTRACE_SYSCALL, pid, NULL, NULL), 0);
		ck_assert_int_eq(waitpid(pid, &status, __WALL), pid);
		if (WIFSIGNALED(status))
			return WTERMSIG(status);
		ck_assert(WIFSTOPPED(status));
	}
	ck_assert_int_eq(ptrace(PTRACE_DETACH, pid, NULL, NULL), 0);
	return 0;
}

static const struct {
	unsigned long call, first;
	int ends; /* signal */
} calls[] = {
	{ SYS_brk, 0, 0 },
	{ SYS_getpid, 0, SIGSYS },
	{ SYS_openat, (unsigned long)AT_FDCWD, SIGSYS },
	{ SYS_socket, AF_INET, SIGSYS },
	{ SYS_fork, 0, SIGSYS },
	{ SYS_execve, 0, SIGSYS },
	{ SYS_kill, 1, SIGSYS },
	{ SYS_prctl, PR_SET_DUMPABLE, SIGSYS },
	/* read(2) of another descriptor, write(2) to another. */
	{ SYS_read, 1, SIGSYS },
	{ SYS_write, 2, SIGSYS },
};

START_TEST(a_system_call_that_is_not_needed_kills)
{
	pid_t pid;

	NEEDS_MAP();
	lock_start();
	pid = bed_worker_pid();
	if (ptrace(PTRACE_ATTACH, pid, NULL, NULL) == -1) {
		bed_end();
		SKIP("no process may be traced here");
	}
	ck_assert_int_eq(
	    lock_call(pid, calls[_i].call, calls[_i].first), calls[_i].ends);
	if (calls[_i].ends != 0)
		bed_wait_none();
	/* The next question has a worker either way, when the call that was put
	 * in the place of read(2) did not confuse it. */
	if (calls[_i].ends != 0)
		ck_assert_int_eq(bed_ask(0, "2"), MAP_DONE);
	lock_end();
}
END_TEST
#endif

/* Waits for the end of a process that is no child of ours; what nobody has looked
 * at after its end is a zombie. */
static void
lock_wait_end(pid_t pid)
{
	int64_t until = clock_ms() + BED_TIME;
	char path[64], text[512];
	bool lives = true;
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	while (lives) {
		ck_assert_int_lt(clock_ms(), until);
		n = 0;
		if ((fd = open(path, O_RDONLY | O_CLOEXEC)) != -1) {
			n = read(fd, text, sizeof(text) - 1);
			close(fd);
		}
		text[n > 0 ? n : 0] = '\0';
		lives = n > 0 && strstr(text, ") Z ") == NULL;
		(void)usleep(1000);
	}
}

START_TEST(workers_end_with_their_master)
{
	pid_t worker;

	NEEDS_MAP();
	lock_start();
	worker = bed_worker_pid();
	ck_assert_int_eq(kill(map_master_pid(bed_master), SIGKILL), 0);
	/* It is a child of another process then, which may not look at it. */
	lock_wait_end(worker);
	ck_assert_int_eq(bed_ask(0, "1"), MAP_NONE);
	ck_assert_msg(strncmp(bed_why, "there is no map worker: ", 24) == 0,
	    "%s", bed_why);
	lock_end();
}
END_TEST

START_TEST(the_master_ends_when_nobody_has_its_socket)
{
	pid_t master, worker;

	NEEDS_MAP();
	lock_start();
	master = map_master_pid(bed_master);
	worker = bed_worker_pid();
	lock_end();
	/* map_master_stop() has waited for it. */
	ck_assert_int_eq(kill(master, 0), -1);
	ck_assert_int_eq(errno, ESRCH);
	lock_wait_end(worker);
}
END_TEST

START_TEST(a_worker_leaves_after_a_minute_without_work)
{
	pid_t worker;
	int64_t until = clock_ms() + BED_TIME;

	NEEDS_MAP();
	lock_start();
	worker = bed_worker_pid();
	/* Its seconds are signals. */
	while (map_master_workers(bed_master) != 0) {
		(void)kill(worker, SIGALRM);
		(void)usleep(1000);
		ck_assert_int_lt(clock_ms(), until);
	}
	ck_assert_int_eq(bed_ask(0, "2"), MAP_DONE);
	lock_end();
}
END_TEST

/* Who would kill it has died. */
START_TEST(a_worker_ends_that_is_stuck_without_a_gateway)
{
	struct mapframe f = { .what = MAPFRAME_WORKER };
	static const char question[] = "{\"answers\":{\"a\":\"spin\"}}";
	int64_t until = clock_ms() + BED_TIME;
	pid_t worker;
	int pair[2];

	NEEDS_MAP();
	lock_start();
	map_worker_free(bed_worker);
	bed_worker = NULL;
	bed_wait_none();
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert_int_eq(map_send(bed_master, &f, NULL, pair[1], until), 0);
	ck_assert_int_eq(read(pair[0], &f, sizeof(f)), sizeof(f));
	ck_assert_uint_eq(f.what, MAPFRAME_HELLO);
	f = (struct mapframe){ .what = MAPFRAME_ASK,
		.length = sizeof(question) - 1 };
	ck_assert_int_eq(write(pair[0], &f, sizeof(f)), sizeof(f));
	ck_assert_int_eq(write(pair[0], question, f.length), (ssize_t)f.length);
	close(pair[0]);
	close(pair[1]);
	/* HELLO comes before the fork, this answer after it. */
	ck_assert_int_eq(map_master_workers(bed_master), 1);
	worker = bed_worker_pid();
	ck_assert_int_gt(worker, 0);
	while (map_master_workers(bed_master) != 0) {
		(void)kill(worker, SIGALRM);
		(void)usleep(1000);
		ck_assert_int_lt(clock_ms(), until);
	}
	lock_end();
}
END_TEST

START_TEST(an_idle_worker_that_was_killed_is_replaced_in_silence)
{
	NEEDS_MAP();
	lock_start();
	ck_assert_int_eq(kill(bed_worker_pid(), SIGKILL), 0);
	bed_wait_none();
	ck_assert_int_eq(bed_ask(0, "2"), MAP_DONE);
	lock_end();
}
END_TEST

/* As the pool does: its processes share a map master, each has a worker. */
START_TEST(processes_share_a_master)
{
	pid_t child;
	int status, i, workers = 0;

	NEEDS_MAP();
	lock_start();
	for (i = 0; i < 4; i++)
		if ((child = fork()) == 0) {
			bed_worker = map_worker_new(bed_master);
			for (i = 0; i < 50; i++)
				if (bed_ask(0, "3") != MAP_DONE ||
				    strcmp(bed_text(), "[3]") != 0)
					_exit(1);
			_exit(0);
		}
	while (wait(&status) > 0) {
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
		if (++workers == 4)
			break;
	}
	ck_assert_int_eq(bed_ask(0, "2"), MAP_DONE);
	lock_end();
}
END_TEST

int
main(void)
{
	const TTest *tests[] = { the_environment_is_one_time_zone,
		one_descriptor_is_open, a_worker_is_locked,
		their_memory_is_for_nobody,
		nothing_of_the_gateway_is_in_their_memory,
		workers_end_with_their_master,
		the_master_ends_when_nobody_has_its_socket,
		a_worker_leaves_after_a_minute_without_work,
		a_worker_ends_that_is_stuck_without_a_gateway,
		an_idle_worker_that_was_killed_is_replaced_in_silence,
		processes_share_a_master };
	Suite *suite = suite_create("map_lock");
	TCase *tcase = tcase_create("map_lock");
	SRunner *runner;
	int failed;
	size_t i;

	tcase_set_timeout(tcase, 120);
	for (i = 0; i < COUNT(tests); i++)
		tcase_add_test(tcase, tests[i]);
#if defined(__x86_64__)
	tcase_add_loop_test(
	    tcase, a_system_call_that_is_not_needed_kills, 0, COUNT(calls));
#endif
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
