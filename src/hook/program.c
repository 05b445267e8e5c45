/* SPDX-License-Identifier: MIT */
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "hook/program.h"
#include "os/clock.h"
#include "os/pollone.h"

#define STEP        20   /* ms between looks at the children */
#define KILLED_TIME 5000 /* ms that a killed process may take to end */
#define CHILDREN    4096 /* bytes of the kernel's list of children */

/* A program that runs. */
struct running {
	const struct program *program;
	pid_t pid;
	int out; /* its output; -1: nothing more comes */
	int64_t until;
	bool ended; /* it, not its children */
	struct program_end end;
	char line[PROGRAM_LINE + 1];
	size_t used, lines;
};

/* --- start --------------------------------------------------------------- */

static void
program_default_signals(void)
{
	sigset_t none;
	int sig;

	for (sig = 1; sig < NSIG; sig++)
		(void)signal(sig, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* The new process, until it is the program; tells the errno of what fails. */
static void
program_become(const struct program *p, int out, int tell)
{
	char *argv[] = { NULL, NULL };
	int null = open("/dev/null", O_RDONLY | O_CLOEXEC), error;

	program_default_signals();
	(void)setsid();
	(void)umask(022);
	if (null != -1 && dup2(null, STDIN_FILENO) != -1 &&
	    dup2(out, STDOUT_FILENO) != -1 && dup2(out, STDERR_FILENO) != -1 &&
	    chdir("/") == 0 && (argv[0] = strdup(p->path)) != NULL)
		(void)execve(p->path, argv, p->env);
	error = errno;
	(void)!write(tell, &error, sizeof(error));
	_exit(127);
}

/* Reads what the new process tells: 0 once it is the program, else an errno. */
static int
program_told(int told)
{
	int error = 0;
	ssize_t n;

	do
		n = read(told, &error, sizeof(error));
	while (n == -1 && errno == EINTR);
	return n == (ssize_t)sizeof(error) ? error : 0;
}

/* Returns 0, or an errno. */
static int
program_start(struct running *r)
{
	int out[2], told[2], error;

	if (pipe2(out, O_CLOEXEC | O_NONBLOCK) == -1)
		return errno;
	if (pipe2(told, O_CLOEXEC) == -1) {
		error = errno;
		(void)close(out[0]);
		(void)close(out[1]);
		return error;
	}
	/* Programs do not expect an output that does not block. */
	(void)fcntl(out[1], F_SETFL, 0);
	if ((r->pid = fork()) == 0)
		program_become(r->program, out[1], told[1]);
	error = r->pid == -1 ? errno : 0;
	(void)close(out[1]);
	(void)close(told[1]);
	if (error == 0 && (error = program_told(told[0])) != 0)
		(void)waitpid(r->pid, NULL, 0);
	(void)close(told[0]);
	r->out = out[0];
	return error;
}

/* --- output -------------------------------------------------------------- */

static void
program_end_line(struct running *r)
{
	if (r->lines < PROGRAM_LINES) {
		r->line[r->used] = '\0';
		r->program->line(r->program->arg, r->line);
	} else {
		r->end.left_out += r->used;
	}
	r->lines++;
	r->used = 0;
}

static void
program_take(struct running *r, const char *p, size_t n)
{
	for (; n > 0; p++, n--) {
		if (*p == '\n') {
			program_end_line(r);
			continue;
		}
		if (r->used == PROGRAM_LINE)
			program_end_line(r);
		r->line[r->used++] = *p == '\0' ? ' ' : *p;
	}
}

/* Reads the output that is there. */
static void
program_read(struct running *r)
{
	char p[4096];
	ssize_t n = 1;

	while (r->out != -1 && (n = read(r->out, p, sizeof(p))) > 0)
		program_take(r, p, (size_t)n);
	if (r->out != -1 && (n == 0 || (errno != EAGAIN && errno != EINTR))) {
		(void)close(r->out);
		r->out = -1;
	}
}

/* --- end ----------------------------------------------------------------- */

/* Takes leave of children that have ended.  Returns whether there are others. */
static bool
program_reap(struct running *r)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != r->pid)
			continue;
		r->ended = true;
		if (r->end.how == PROGRAM_LATE)
			continue;
		r->end.how =
		    WIFSIGNALED(status) ? PROGRAM_SIGNALLED : PROGRAM_ENDED;
		r->end.value = WIFSIGNALED(status) ? WTERMSIG(status) :
						     WEXITSTATUS(status);
	}
	return pid == 0 || errno != ECHILD;
}

/* Kills the children of this process.  Those of a child become ours when it
 * dies. */
static void
program_kill_children(void)
{
	char path[64], list[CHILDREN], *at = list, *end;
	ssize_t n;
	long pid;
	int fd;

	(void)snprintf(
	    path, sizeof(path), "/proc/self/task/%ld/children", (long)getpid());
	if ((fd = open(path, O_RDONLY | O_CLOEXEC)) == -1)
		return;
	n = read(fd, list, sizeof(list) - 1);
	(void)close(fd);
	list[n < 0 ? 0 : n] = '\0';
	while ((pid = strtol(at, &end, 10)) > 0) {
		/* A number that is cut is the last one: it comes again. */
		if (*end == '\0' && n == (ssize_t)sizeof(list) - 1)
			break;
		(void)kill((pid_t)pid, SIGKILL);
		at = end;
	}
}

static void
program_kill(struct running *r)
{
	int64_t until = clock_ms() + KILLED_TIME;

	r->end.how = PROGRAM_LATE;
	if (!r->ended)
		(void)kill(-r->pid, SIGKILL);
	do {
		program_kill_children();
		(void)poll(NULL, 0, STEP);
	} while (program_reap(r) && clock_ms() < until);
}

struct program_end
program_run(const struct program *p)
{
	struct running r = {
		.program = p, .out = -1, .until = clock_ms() + p->most
	};
	int64_t now;
	int error;

	/* What the program leaves behind becomes a child of this process. */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if ((error = program_start(&r)) != 0) {
		if (r.out != -1)
			(void)close(r.out);
		return (struct program_end){ PROGRAM_FAILED, error, 0 };
	}
	while (program_reap(&r)) {
		if ((now = clock_ms()) >= r.until) {
			program_kill(&r);
			break;
		}
		if (now + STEP > r.until)
			now = r.until - STEP;
		if (r.out == -1)
			(void)poll(NULL, 0, STEP);
		else if (pollone(r.out, POLLIN, now + STEP) != 0)
			program_read(&r);
	}
	program_read(&r);
	if (r.used > 0)
		program_end_line(&r);
	if (r.out != -1)
		(void)close(r.out);
	return r.end;
}
