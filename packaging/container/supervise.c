/* SPDX-License-Identifier: MIT */
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "os/clock.h"
#include "packaging/container/supervise.h"

#define SUPERVISE_TICK  20    /* ms between looks while something is awaited */
#define SUPERVISE_START 60000 /* ms until the pool must serve */
#define SUPERVISE_MORE  5000  /* ms beyond the deadline until it is over */
#define SUPERVISE_FAST  2000 /* ms that an end takes that cuts requests short */
#define SUPERVISE_LINE  512

enum supervise_phase { STARTS, SERVES, NGINX_ENDS, POOL_ENDS, OVER };

/* One of the two, which is in a process group of its own. */
struct supervise_child {
	const struct supervised *what;
	pid_t pid;  /* 0: was not started */
	bool ended; /* it, not all that it started */
	int status; /* as a shell has it */
	int force;  /* the signal that comes next, when its time is over */
};

struct supervise_state {
	const struct supervise *s;
	struct supervise_child pool, nginx;
	enum supervise_phase phase;
	int64_t until; /* when what is awaited is late */
	int deadline;
	bool asked; /* to end, by a signal */
	int status;
};

static void __attribute__((format(printf, 2, 3)))
supervise_say(const struct supervise *s, const char *format, ...)
{
	char line[SUPERVISE_LINE];
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(line, sizeof(line), format, ap);
	va_end(ap);
	s->tell(line);
}

static void
supervise_set(sigset_t *set)
{
	static const int taken[] = { SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1,
		SIGCHLD };
	size_t i;

	(void)sigemptyset(set);
	for (i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		(void)sigaddset(set, taken[i]);
}

void
supervise_signals(void)
{
	sigset_t set;

	supervise_set(&set);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
}

/* --- processes ----------------------------------------------------------- */

/* The new process, until it is the program. */
static void
supervise_become(const struct supervised *what)
{
	/* exec(3) does not change them, but is older than const. */
	char *const *argv = (char *const *)(uintptr_t)what->argv;
	sigset_t none;

	(void)
	    setsid(); /* a terminal's Ctrl-C is for us: we end both in order */
	(void)prctl(PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
	/* What comes before the program takes these does not end it. */
	(void)signal(SIGHUP, SIG_IGN);
	(void)signal(SIGUSR1, SIG_IGN);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)execvpe(argv[0], argv, what->env != NULL ? what->env : environ);
	(void)dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
	_exit(errno == ENOENT ? 127 : 126);
}

/* Returns whether there is a new process. */
static bool
supervise_start(struct supervise_state *t, struct supervise_child *c)
{
	if ((c->pid = fork()) == 0)
		supervise_become(c->what);
	if (c->pid > 0)
		return true;
	c->pid = 0;
	supervise_say(
	    t->s, "%s cannot be started: %s", c->what->name, strerror(errno));
	return false;
}

static void
supervise_buried(struct supervise_child *c, pid_t pid, int status)
{
	if (pid != c->pid)
		return;
	c->ended = true;
	c->status =
	    WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* Takes leave of all that has ended, which may be a stranger's child. */
static void
supervise_reap(struct supervise_state *t)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		supervise_buried(&t->pool, pid, status);
		supervise_buried(&t->nginx, pid, status);
	}
}

/* Whether nothing is left of it, nor of what it started: nginx's workers go on
 * serving when their master is killed. */
static bool
supervise_gone(const struct supervise_child *c)
{
	return c->pid == 0 || (c->ended && kill(-c->pid, 0) == -1);
}

/* To the one process, which tells its own; when that is dead, to all of them. */
static void
supervise_send(const struct supervise_child *c, int sig)
{
	if (c->pid != 0)
		(void)kill(c->ended ? -c->pid : c->pid, sig);
}

/* Whether somebody listens on the socket. */
static bool
supervise_is_open(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), r = -1;

	if (fd != -1 && strlen(path) < sizeof(a.sun_path)) {
		(void)memcpy(a.sun_path, path, strlen(path) + 1);
		r = connect(fd, (const struct sockaddr *)&a, sizeof(a));
	}
	if (fd != -1)
		(void)close(fd);
	return r == 0;
}

/* --- phases -------------------------------------------------------------- */

static void
supervise_end_pool(struct supervise_state *t)
{
	t->phase = POOL_ENDS;
	t->until = clock_ms() + (int64_t)t->deadline * 1000 + SUPERVISE_MORE;
	t->pool.force = SIGKILL;
	supervise_send(&t->pool, SIGTERM);
}

/* nginx finishes what it has, for which it needs the pool. */
static void
supervise_end(struct supervise_state *t)
{
	t->phase = NGINX_ENDS;
	t->until = clock_ms() + (int64_t)t->deadline * 1000 + SUPERVISE_MORE;
	t->nginx.force = SIGTERM;
	supervise_send(&t->nginx, SIGQUIT);
}

/* It ended by itself: says so, and what its status is. */
static void
supervise_died(struct supervise_state *t, const struct supervise_child *c)
{
	t->status = c->status;
	if (c->status > 128)
		supervise_say(t->s, "%s was killed by signal %d (%s)",
		    c->what->name, c->status - 128, strsignal(c->status - 128));
	else
		supervise_say(
		    t->s, "%s ended with status %d", c->what->name, c->status);
	supervise_end(t);
}

static void
supervise_try_nginx(struct supervise_state *t)
{
	if (!supervise_is_open(t->s->socket)) {
		if (clock_ms() < t->until)
			return;
		supervise_say(t->s, "%s does not serve within %d s",
		    t->pool.what->name, SUPERVISE_START / 1000);
	} else if (supervise_start(t, &t->nginx)) {
		t->phase = SERVES;
		t->s->tell(t->s->ready);
		return;
	}
	t->status = 1;
	supervise_end(t);
}

/* What is late gets a stronger signal, then the strongest. */
static void
supervise_force(struct supervise_state *t, struct supervise_child *c)
{
	if (clock_ms() < t->until)
		return;
	if (c->force == SIGKILL) {
		supervise_say(t->s, "%s did not end in time and is killed",
		    c->what->name);
		(void)kill(-c->pid, SIGKILL);
	} else {
		supervise_send(c, c->force);
	}
	c->force = SIGKILL;
	t->until = clock_ms() + SUPERVISE_FAST;
}

/* Does what is to be done now. */
static void
supervise_step(struct supervise_state *t)
{
	switch (t->phase) {
	case STARTS:
	case SERVES:
		if (t->pool.ended)
			supervise_died(t, &t->pool);
		else if (t->nginx.ended)
			supervise_died(t, &t->nginx);
		else if (t->phase == STARTS)
			supervise_try_nginx(t);
		break;
	case NGINX_ENDS:
		if (supervise_gone(&t->nginx))
			supervise_end_pool(t);
		else
			supervise_force(t, &t->nginx);
		break;
	case POOL_ENDS:
		if (supervise_gone(&t->pool))
			t->phase = OVER;
		else
			supervise_force(t, &t->pool);
		break;
	case OVER:
		break;
	}
}

/* --- signals ------------------------------------------------------------- */

static void
supervise_asked(struct supervise_state *t, int sig)
{
	if (t->phase == STARTS || t->phase == SERVES) {
		t->asked = true;
		supervise_say(
		    t->s, "%s: nginx ends, then the pool", strsignal(sig));
		supervise_end(t);
	} else if (t->phase == NGINX_ENDS && t->nginx.force == SIGTERM) {
		supervise_say(
		    t->s, "%s again: nginx ends at once", strsignal(sig));
		t->until = clock_ms();
	}
}

static void
supervise_reload(struct supervise_state *t)
{
	int deadline = t->deadline;

	if (t->phase != SERVES || !t->s->reload(t->s->arg, &deadline))
		return;
	/* Requests of before may take the time of before. */
	if (deadline > t->deadline)
		t->deadline = deadline;
	supervise_send(&t->pool, SIGHUP);
	supervise_send(&t->nginx, SIGHUP);
}

static void
supervise_take(struct supervise_state *t, int sig)
{
	switch (sig) {
	case SIGTERM:
	case SIGINT:
	case SIGQUIT:
		supervise_asked(t, sig);
		break;
	case SIGHUP:
		supervise_reload(t);
		break;
	case SIGUSR1:
		supervise_send(&t->pool, SIGUSR1);
		break;
	default:
		break;
	}
}

/* Waits for a signal; 0: a tick is over. */
static int
supervise_next(const struct supervise_state *t)
{
	const struct timespec tick = { .tv_nsec = SUPERVISE_TICK * 1000000L };
	sigset_t set;
	int sig;

	supervise_set(&set);
	sig = sigtimedwait(&set, NULL, t->phase == SERVES ? NULL : &tick);
	return sig > 0 ? sig : 0;
}

int
supervise_run(const struct supervise *s)
{
	struct supervise_state t = { .s = s,
		.pool.what = &s->pool,
		.nginx.what = &s->nginx,
		.until = clock_ms() + SUPERVISE_START,
		.deadline = s->deadline };

	/* Where we are not the first process, too. */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (!supervise_start(&t, &t.pool))
		return 1;
	while (t.phase != OVER) {
		supervise_take(&t, supervise_next(&t));
		supervise_reap(&t);
		supervise_step(&t);
	}
	if (t.asked && t.status == 0)
		t.status = t.nginx.status != 0 ? t.nginx.status : t.pool.status;
	return t.status;
}
