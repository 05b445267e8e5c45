/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "call/provider.h"
#include "conf/conf.h"
#include "hook/hook.h"
#include "hook/program.h"
#include "log/log.h"
#include "os/clock.h"
#include "os/closeall.h"
#include "os/regular.h"
#include "shared/shared.h"

#define PATH    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define ENV_MAX 8192 /* bytes of a variable */
/* Seconds after which a process that waits for its turn gives up: more than two
 * programs take. */
#define PATIENCE 180
/* Where the locks are, two for each program: SQLite has its own at 1 GiB. */
#define LOCKS ((off_t)1 << 62)

enum hook_lock { HOOK_WAITS = 0, HOOK_RUNS = 1 };

/* One run. */
struct hook {
	const struct relay_conf *relay;
	const char *program, *store, *reason;
	const struct conf *conf; /* of the command line, which may be root's and
				  * has not opened the log; else NULL */
	int done; /* closed when nobody need wait any longer; -1: nobody does */
};

/* --- the process that runs it -------------------------------------------- */

/* The place of a lock: relays that share a store may have other programs. */
static struct flock
hook_lock_of(const struct hook *h, enum hook_lock which)
{
	uint32_t n = 2166136261U; /* FNV-1a */
	const char *p;

	for (p = h->program; *p != '\0'; p++)
		n = (n ^ (unsigned char)*p) * 16777619U;
	return (struct flock){ .l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = LOCKS + 2 * (off_t)n + which,
		.l_len = 1 };
}

/* Takes a lock; wait: until it is free.  Returns false when another has it. */
static bool
hook_take(const struct hook *h, int fd, enum hook_lock which, bool wait)
{
	struct flock lock = hook_lock_of(h, which);
	int r;

	do
		r = fcntl(fd, wait ? F_OFD_SETLKW : F_OFD_SETLK, &lock);
	while (r == -1 && errno == EINTR);
	return r == 0;
}

static void
hook_give(const struct hook *h, int fd, enum hook_lock which)
{
	struct flock lock = hook_lock_of(h, which);

	lock.l_type = F_UNLCK;
	(void)fcntl(fd, F_OFD_SETLK, &lock);
}

static void
hook_line(void *arg, const char *line)
{
	const struct hook *h = arg;

	log_info("relay %s: on_change: %s", h->relay->name, line);
}

static void
hook_tell(const struct hook *h, const struct program_end *end)
{
	const char *relay = h->relay->name;

	if (end->left_out > 0)
		log_warning("relay %s: on_change: %zu bytes of output more",
		    relay, end->left_out);
	switch (end->how) {
	case PROGRAM_ENDED:
		if (end->value != 0)
			log_warning("relay %s: on_change %s ended with status "
				    "%d",
			    relay, h->program, end->value);
		else
			log_info("relay %s: on_change %s ran (%s)", relay,
			    h->program, h->reason);
		break;
	case PROGRAM_SIGNALLED:
		log_warning("relay %s: on_change %s was ended by signal %d "
			    "(%s)",
		    relay, h->program, end->value, strsignal(end->value));
		break;
	case PROGRAM_LATE:
		log_error("relay %s: on_change %s did not end within %d s and "
			  "was killed",
		    relay, h->program, HOOK_TIME / 1000);
		break;
	case PROGRAM_FAILED:
		log_error("relay %s: on_change %s cannot be run: %s", relay,
		    h->program, strerror(end->value));
		break;
	}
}

static void
hook_program(const struct hook *h)
{
	char store[ENV_MAX], reason[64];
	char path[] = PATH;
	char *env[] = { path, store, reason, NULL };
	struct program p = { .path = h->program,
		.env = env,
		.most = HOOK_TIME,
		.line = hook_line,
		.arg = (void *)h };
	struct program_end end;

	(void)snprintf(store, sizeof(store), "CTIM_RELAY_STORE=%s", h->store);
	(void)snprintf(
	    reason, sizeof(reason), "CTIM_RELAY_REASON=%s", h->reason);
	end = program_run(&p);
	hook_tell(h, &end);
}

/* Makes root the user who serves.  Returns 0, or -1 with errno. */
static int
hook_become(const struct hook *h)
{
	const struct passwd *pw;
	const struct group *gr;
	struct stat st;
	gid_t gid;

	if (geteuid() != 0)
		return 0;
	if (stat(h->store, &st) == -1)
		return -1;
	errno = ENOENT; /* of a user who is not listed */
	pw = h->conf->user != NULL ? getpwnam(h->conf->user) :
				     getpwuid(st.st_uid);
	if (pw == NULL)
		return -1;
	gid = h->conf->user != NULL ? pw->pw_gid : st.st_gid;
	if (h->conf->user != NULL && h->conf->group != NULL &&
	    (gr = getgrnam(h->conf->group)) != NULL)
		gid = gr->gr_gid;
	if (pw->pw_uid == 0)
		return 0;
	return initgroups(pw->pw_name, gid) == -1 ||
		setresgid(gid, gid, gid) == -1 ||
		setresuid(pw->pw_uid, pw->pw_uid, pw->pw_uid) == -1 ?
	    -1 :
	    0;
}

static void
hook_silence(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null == -1 || dup2(null, fd) == -1)
		(void)close(fd);
	if (null != -1)
		(void)close(null);
}

/* Nobody waits any longer: standard error belongs to those again who started the
 * command; the log goes on if it is another. */
static void
hook_leave(struct hook *h)
{
	if (h->done == -1)
		return;
	hook_silence(STDERR_FILENO);
	(void)close(h->done);
	h->done = -1;
}

/* Makes the process one that has nothing of its parent's but the log. */
static int
hook_alone(struct hook *h)
{
	sigset_t none;
	int log;

	(void)setsid();
	(void)signal(SIGALRM, SIG_DFL);
	(void)signal(SIGTERM, SIG_DFL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	(void)alarm(PATIENCE);
	log = log_keep();
	closeall(log, h->done);
	hook_silence(STDIN_FILENO);
	hook_silence(STDOUT_FILENO);
	if (h->conf == NULL && log != STDERR_FILENO)
		hook_silence(STDERR_FILENO);
	if (h->conf == NULL)
		return 0;
	if (hook_become(h) == -1)
		return -1;
	/* One that this user may not write: then the terminal is the log. */
	(void)log_open(h->conf);
	return 0;
}

/* Waits for the turn of the program, runs it, and keeps the turn for as long as
 * no other may begin. */
static void
hook_process(struct hook *h)
{
	const char *what = NULL;
	struct stat st;
	int64_t started;
	int fd;

	if (hook_alone(h) == -1 ||
	    (fd = regular_open(h->store, O_RDWR, &st, &what)) == -1) {
		log_error("relay %s: on_change %s was not run: %s",
		    h->relay->name, h->program,
		    what != NULL ? what : strerror(errno));
		return;
	}
	if (!hook_take(h, fd, HOOK_WAITS, false))
		return;
	if (!hook_take(h, fd, HOOK_RUNS, false)) {
		hook_leave(h);
		if (!hook_take(h, fd, HOOK_RUNS, true))
			return;
	}
	started = clock_ms();
	/* Before the program reads the store: who changes the store from here on
	 * wants another run. */
	hook_give(h, fd, HOOK_WAITS);
	hook_program(h);
	hook_leave(h);
	while (clock_ms() < started + HOOK_EVERY)
		(void)usleep(20000);
}

/* Makes the process, a child of nobody's: no parent has to wait for it. */
static void
hook_fork(struct hook *h)
{
	pid_t pid = fork();

	if (pid == 0) {
		if ((pid = fork()) == 0)
			hook_process(h);
		_exit(pid == -1 ? 1 : 0);
	}
	if (pid == -1)
		log_error("relay %s: on_change %s was not run: %s",
		    h->relay->name, h->program, strerror(errno));
	while (pid != -1 && waitpid(pid, NULL, 0) == -1 && errno == EINTR)
		;
}

/* --- who changes stores -------------------------------------------------- */

/* Fills in the run of a relay.  Returns false when nothing is to be run. */
static bool
hook_of(struct hook *h, const struct relay_conf *relay, const char *reason)
{
	const struct provider *p = relay->provider;

	*h = (struct hook){ .relay = relay, .reason = reason, .done = -1 };
	if (p->store == NULL || p->on_change == NULL)
		return false;
	h->program = p->on_change(relay->own);
	h->store = p->store(relay->own);
	return h->program != NULL;
}

void
hook_look(
    struct hook_seen *seen, const struct conf *conf, struct shared *shared)
{
	const struct relay_conf *relay;
	struct hook h;
	unsigned n;
	size_t place;

	for (relay = conf->relays; relay != NULL; relay = relay->next) {
		if (!hook_of(&h, relay, "trigger"))
			continue;
		place = counters_relay(&shared->counters, relay->name);
		n = atomic_load(&shared->changes[place]);
		if (n != seen->n[place])
			hook_fork(&h);
		seen->n[place] = n;
	}
}

void
hook_hand_over(struct hook_seen *seen, struct shared *shared)
{
	size_t i;

	for (i = 0; i < COUNTERS_RELAYS; i++)
		(void)atomic_fetch_sub(&shared->changes[i], seen->n[i]);
	*seen = (struct hook_seen){ 0 };
}

void
hook_run(
    const struct conf *conf, const struct relay_conf *relay, const char *reason)
{
	struct hook h;
	int done[2];
	char c;

	if (!hook_of(&h, relay, reason))
		return;
	if (pipe2(done, O_CLOEXEC) == -1)
		done[0] = done[1] = -1;
	h.conf = conf;
	h.done = done[1];
	hook_fork(&h);
	if (done[1] == -1)
		return;
	(void)close(done[1]);
	while (read(done[0], &c, 1) == -1 && errno == EINTR)
		;
	(void)close(done[0]);
}

int
hook_check(const char *program, char why[HOOK_WHY])
{
	const char *other = regular_other(program);
	struct stat st;

	if (stat(program, &st) == -1)
		(void)snprintf(why, HOOK_WHY, "%s", strerror(errno));
	else if (other != NULL)
		(void)snprintf(why, HOOK_WHY, "%s", other);
	else if ((st.st_mode & (S_IXUSR | S_IXGRP | S_IXOTH)) == 0)
		(void)snprintf(why, HOOK_WHY,
		    "is not executable (mode %04o); chmod +x it",
		    (unsigned)st.st_mode & 07777);
	else if ((st.st_mode & S_IWGRP) != 0 && st.st_gid != 0)
		(void)snprintf(why, HOOK_WHY,
		    "its group may change it (mode %04o); chmod g-w it",
		    (unsigned)st.st_mode & 07777);
	else
		return 0;
	return -1;
}
