/* SPDX-License-Identifier: MIT */
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mapping/map.h"
#include "mapping/map_own.h"
#include "os/clock.h"
#include "os/closeall.h"
#include "os/pollone.h"

#define INSTALLED  CTIM_LIBEXECDIR "/" MAP_NAME
#define SEND_TIME  1000  /* ms for one packet */
#define START_TIME 30000 /* ms for all programs to be compiled */
#define COUNT_TIME 200   /* ms for an answer of one that has nothing to do */
#define LEAVE_TIME 1000  /* ms that it may take to end */

#ifdef CTIM_MAP
#define MAP_BUILT true
#else
#define MAP_BUILT false
#endif

/* Sanitizers write to standard error. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MAP_FIRST_CLOSED 3
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define MAP_FIRST_CLOSED 3
#endif
#endif
#ifndef MAP_FIRST_CLOSED
#define MAP_FIRST_CLOSED 1
#endif

const char *map_path = NULL;

/* --- packets ------------------------------------------------------------- */

int
map_send(const struct map_master *m, const struct mapframe *f, const char *text,
    int fd, int64_t until)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .room = { 0 } };
	struct iovec part[2] = { { (void *)(uintptr_t)f, sizeof(*f) },
		{ (void *)(uintptr_t)text, f->length } };
	struct msghdr h = { .msg_iov = part, .msg_iovlen = 2 };
	struct cmsghdr *c;

	if (fd != -1) {
		h.msg_control = &control;
		h.msg_controllen = sizeof(control);
		c = CMSG_FIRSTHDR(&h);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(fd));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	while (sendmsg(m->control, &h, MSG_NOSIGNAL | MSG_DONTWAIT) == -1) {
		if (errno != EAGAIN && errno != EINTR)
			return -1;
		if (pollone(m->control, POLLOUT, until) <= 0) {
			errno = ETIMEDOUT;
			return -1;
		}
	}
	return 0;
}

/* Receives a packet into f, and its text with a NUL into why (size at least 1).
 * Returns whether one came by the time `until`. */
static bool
map_receive(const struct map_master *m, struct mapframe *f, char *why,
    size_t size, int64_t until)
{
	struct iovec part[2] = { { f, sizeof(*f) }, { why, size - 1 } };
	struct msghdr h = { .msg_iov = part, .msg_iovlen = 2 };
	ssize_t n;

	why[0] = '\0';
	if (pollone(m->control, POLLIN, until) <= 0)
		return false;
	n = recvmsg(m->control, &h, MSG_DONTWAIT);
	if (n < (ssize_t)sizeof(*f))
		return false;
	why[(size_t)n - sizeof(*f)] = '\0';
	return true;
}

/* --- start --------------------------------------------------------------- */

/* The program beside this one (the build tree, a folder with all of it), else the
 * one that was installed with it. */
static const char *
map_find(char path[PATH_MAX])
{
	ssize_t n = readlink("/proc/self/exe", path, PATH_MAX - 1);
	char *slash;

	if (map_path != NULL)
		return map_path;
	path[n > 0 ? n : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash == NULL ||
	    (size_t)(slash + 1 - path) + sizeof(MAP_NAME) > PATH_MAX)
		return INSTALLED;
	memcpy(slash + 1, MAP_NAME, sizeof(MAP_NAME));
	return access(path, X_OK) == 0 ? path : INSTALLED;
}

/* The new process, until it is the program.  There may have been threads. */
static _Noreturn void
map_become(const char *path, int control)
{
	static char name[] = MAP_NAME, zone[] = "TZ=UTC";
	char *const argv[] = { name, NULL }, *const env[] = { zone, NULL };
	sigset_t none;
	int sig, fd;

	for (sig = 1; sig < NSIG; sig++)
		(void)signal(sig, SIG_DFL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (control != STDIN_FILENO && dup2(control, STDIN_FILENO) == -1)
		_exit(127);
	(void)fcntl(STDIN_FILENO, F_SETFD, 0);
	for (fd = MAP_FIRST_CLOSED; fd <= STDERR_FILENO; fd++)
		(void)close(fd);
	closeall(-1, -1);
	(void)chdir("/");
	(void)execve(path, argv, env);
	_exit(127);
}

/* Returns 0, or -1 with the reason in why. */
static int
map_spawn(struct map_master *m, char *why, size_t size)
{
	char room[PATH_MAX];
	const char *path = map_find(room);
	int pair[2];

	if (!MAP_BUILT && map_path == NULL) {
		(void)snprintf(why, size,
		    "this build has no " MAP_NAME
		    ": libjq or libseccomp was not there");
		return -1;
	}
	if (access(path, X_OK) == -1) {
		(void)snprintf(why, size, "%s: %s", path,
		    errno == ENOENT ? "is not installed" : strerror(errno));
		return -1;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == -1) {
		(void)snprintf(why, size, MAP_NAME ": %s", strerror(errno));
		return -1;
	}
	if ((m->pid = fork()) == 0)
		map_become(path, pair[1]);
	(void)close(pair[1]);
	m->control = pair[0];
	m->owner = getpid();
	if (m->pid != -1)
		return 0;
	(void)snprintf(why, size, MAP_NAME ": %s", strerror(errno));
	return -1;
}

/* jq's words that nobody understands who has not met them, in jq 1.6. */
static const char *
map_hint(const char *why)
{
	if (strstr(why, "unexpected //") != NULL)
		return " (jq wants parentheses around a value with // in an "
		       "object)";
	if (strstr(why, ", expecting IDENT") != NULL)
		return " (a word of jq, such as label, is no name of a "
		       "variable)";
	return "";
}

/* Tells of a program that cannot be compiled. */
static void
map_bad(const struct map_program *program, size_t number, const char *said,
    map_complain *complain, void *arg)
{
	char line[MAP_LINE];

	(void)snprintf(line, sizeof(line), "%s:%s%s", program->label, said,
	    map_hint(said));
	complain(arg, number, line);
}

/* Hands the programs over and waits until they are compiled, or (complain is NULL)
 * only until they are there. */
static int
map_load(struct map_master *m, const struct map_program *list,
    map_complain *complain, void *arg, char *why, size_t size)
{
	struct mapframe f = { .what = MAPFRAME_PROGRAM };
	int64_t until = clock_ms() + START_TIME;
	char said[MAP_WHY];
	size_t i;

	for (i = 0; i < m->n; i++) {
		f.length = (uint32_t)strlen(list[i].text);
		if (f.length > MAPFRAME_TEXT) {
			(void)snprintf(why, size,
			    "%s:1: is larger than %u bytes", list[i].label,
			    MAPFRAME_TEXT);
			return -1;
		}
		if (map_send(m, &f, list[i].text, -1, until) == -1)
			goto gone;
	}
	f = (struct mapframe){ .what = MAPFRAME_START,
		.number = complain == NULL };
	if (map_send(m, &f, NULL, -1, until) == -1)
		goto gone;
	while (map_receive(m, &f, said, sizeof(said), until)) {
		if (f.what == MAPFRAME_READY)
			return 0;
		if (f.what == MAPFRAME_BAD && f.number < m->n &&
		    complain != NULL)
			map_bad(&list[f.number], f.number, said, complain, arg);
	}
gone:
	(void)snprintf(why, size, MAP_NAME " does not start");
	return -1;
}

static struct map_master *
map_master_make(const struct map_program *list, size_t n,
    map_complain *complain, void *arg, char *why, size_t size)
{
	struct map_master *m = calloc(1, sizeof(*m));

	why[0] = '\0';
	if (m == NULL || n > MAPFRAME_PROGRAMS) {
		(void)snprintf(why, size, MAP_NAME ": %s",
		    m == NULL ? "no memory left" : "too many programs");
		free(m);
		return NULL;
	}
	m->control = -1;
	m->n = n;
	m->circuit = mmap(NULL, (n + 1) * sizeof(*m->circuit),
	    PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (m->circuit == MAP_FAILED) {
		(void)snprintf(why, size, MAP_NAME ": %s", strerror(errno));
		free(m);
		return NULL;
	}
	if (map_spawn(m, why, size) == -1 ||
	    map_load(m, list, complain, arg, why, size) == -1) {
		map_master_stop(m);
		return NULL;
	}
	return m;
}

struct map_master *
map_master_start(const struct map_program *list, size_t n,
    map_complain *complain, void *arg, char *why, size_t size)
{
	return map_master_make(list, n, complain, arg, why, size);
}

struct map_master *
map_master_later(
    const struct map_program *list, size_t n, char *why, size_t size)
{
	return map_master_make(list, n, NULL, NULL, why, size);
}

/* --- end ----------------------------------------------------------------- */

/* Waits for the end of our child, which comes when nobody has its socket; after
 * LEAVE_TIME kills it. */
static void
map_master_bury(const struct map_master *m)
{
	static const struct timespec tick = { 0, 1000000 };
	int64_t until = clock_ms() + LEAVE_TIME;
	pid_t r;

	while ((r = waitpid(m->pid, NULL, WNOHANG)) == 0 ||
	    (r == -1 && errno == EINTR)) {
		if (clock_ms() > until) {
			(void)kill(m->pid, SIGKILL);
			(void)waitpid(m->pid, NULL, 0);
			return;
		}
		(void)nanosleep(&tick, NULL);
	}
}

static void
map_master_end(struct map_master *m, bool wait)
{
	if (m == NULL)
		return;
	if (m->control != -1)
		(void)close(m->control);
	if (wait && m->pid > 0 && m->owner == getpid())
		map_master_bury(m);
	(void)munmap(m->circuit, (m->n + 1) * sizeof(*m->circuit));
	free(m);
}

void
map_master_stop(struct map_master *m)
{
	map_master_end(m, true);
}

void
map_master_leave(struct map_master *m)
{
	map_master_end(m, false);
}

pid_t
map_master_pid(const struct map_master *m)
{
	return m == NULL ? 0 : m->pid;
}

int
map_master_workers(const struct map_master *m)
{
	struct mapframe f = { .what = MAPFRAME_COUNT };
	int64_t until = clock_ms() + COUNT_TIME;
	char said[MAP_WHY];

	/* An answer that came too late for who asked before. */
	while (map_receive(m, &f, said, sizeof(said), 0))
		;
	f = (struct mapframe){ .what = MAPFRAME_COUNT };
	if (map_send(m, &f, NULL, -1, until) == -1 ||
	    !map_receive(m, &f, said, sizeof(said), until) ||
	    f.what != MAPFRAME_IS)
		return -1;
	return (int)f.number;
}
