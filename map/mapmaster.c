/* SPDX-License-Identifier: MIT */
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/wait.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "map/maplock.h"
#include "map/mapmaster.h"
#include "map/mapworker.h"
#include "net/mapframe.h"

#define WORKERS 4096 /* at once */

struct mapmaster_child {
	pid_t pid; /* 0: the place is free */
	uint32_t number;
};

struct mapmaster {
	struct mapworker_program *list;
	size_t n;
	struct mapmaster_child *child;
	size_t children;
	uint32_t next; /* number of the next worker */
};

/* One packet. */
struct mapmaster_packet {
	struct mapframe frame;
	char text[MAPFRAME_TEXT + 1];
	size_t n; /* bytes of the text, which a NUL ends */
	int fd;   /* that came with it, or -1 */
};

/* Only there so that the signal interrupts. */
static void
mapmaster_handler(int sig)
{
	(void)sig;
}

static int
mapmaster_signals(sigset_t *waiting)
{
	struct sigaction sa = { .sa_handler = mapmaster_handler };
	sigset_t set;

	(void)sigemptyset(waiting);
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	(void)signal(SIGPIPE, SIG_IGN);
	/* What a terminal sends to all is for the gateway, which ends us. */
	(void)signal(SIGINT, SIG_IGN);
	(void)signal(SIGHUP, SIG_IGN);
	return sigaction(SIGCHLD, &sa, NULL) == -1 ||
		sigprocmask(SIG_SETMASK, &set, NULL) == -1 ?
	    -1 :
	    0;
}

static void
mapmaster_reap(struct mapmaster *m)
{
	pid_t pid;
	size_t i;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0)
		for (i = 0; i < WORKERS; i++)
			if (m->child[i].pid == pid) {
				m->child[i].pid = 0;
				m->children--;
			}
}

/* Returns 1 with a packet, 0 at the end, -1 when it must be tried again. */
static int
mapmaster_receive(struct mapmaster_packet *p)
{
	union {
		struct cmsghdr align;
		char room[CMSG_SPACE(sizeof(int))];
	} control;
	struct iovec part[2] = { { &p->frame, sizeof(p->frame) },
		{ p->text, sizeof(p->text) - 1 } };
	struct msghdr h = { .msg_iov = part,
		.msg_iovlen = 2,
		.msg_control = &control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *c;
	ssize_t n = recvmsg(
	    MAPLOCK_FD, &h, MSG_CMSG_CLOEXEC | MSG_DONTWAIT | MSG_TRUNC);

	if (n == -1)
		return errno == EINTR || errno == EAGAIN ? -1 : 0;
	if (n == 0)
		return 0;
	p->fd = -1;
	if ((c = CMSG_FIRSTHDR(&h)) != NULL && c->cmsg_type == SCM_RIGHTS)
		memcpy(&p->fd, CMSG_DATA(c), sizeof(p->fd));
	if ((size_t)n < sizeof(p->frame) || (h.msg_flags & MSG_TRUNC) != 0)
		return 0;
	p->n = (size_t)n - sizeof(p->frame);
	p->text[p->n] = '\0';
	return 1;
}

static void
mapmaster_say(enum mapframe_what what, uint32_t number, const char *text)
{
	struct mapframe f = { .what = (uint32_t)what, .number = number };
	struct iovec part[2] = { { &f, sizeof(f) }, { NULL, 0 } };
	const struct msghdr h = { .msg_iov = part, .msg_iovlen = 2 };

	if (text != NULL)
		part[1] =
		    (struct iovec){ (void *)(uintptr_t)text, strlen(text) };
	f.length = (uint32_t)part[1].iov_len;
	while (sendmsg(MAPLOCK_FD, &h, MSG_NOSIGNAL) == -1 && errno == EINTR)
		;
}

/* One more program.  False: no memory, or there are too many. */
static bool
mapmaster_program(struct mapmaster *m, const struct mapmaster_packet *p)
{
	struct mapworker_program *list;

	if (m->n == MAPFRAME_PROGRAMS ||
	    (list = realloc(m->list, (m->n + 1) * sizeof(*list))) == NULL)
		return false;
	m->list = list;
	list[m->n] = (struct mapworker_program){ .text = strdup(p->text) };
	if (list[m->n].text == NULL)
		return false;
	m->n++;
	return true;
}

static void
mapmaster_start(struct mapmaster *m, bool later)
{
	size_t i;

	for (i = 0; i < m->n && !later; i++)
		if (!mapworker_compile(&m->list[i]) &&
		    m->list[i].why[0] != '\0')
			mapmaster_say(
			    MAPFRAME_BAD, (uint32_t)i, m->list[i].why);
	mapmaster_say(MAPFRAME_READY, 0, NULL);
}

static struct mapmaster_child *
mapmaster_place(struct mapmaster *m)
{
	size_t i;

	for (i = 0; i < WORKERS; i++)
		if (m->child[i].pid == 0)
			return &m->child[i];
	return NULL;
}

static bool
mapmaster_tell(int fd, enum mapframe_what what, uint32_t number)
{
	const struct mapframe f = { .what = (uint32_t)what, .number = number };

	return send(fd, &f, sizeof(f), MSG_NOSIGNAL | MSG_DONTWAIT) ==
	    (ssize_t)sizeof(f);
}

/* Forks a worker that has the socket fd, which stays open here.  Whoever asked
 * is told when there is none. */
static void
mapmaster_fork(struct mapmaster *m, int fd, uint32_t program)
{
	const uint32_t number = ++m->next;
	struct mapmaster_child *c = mapmaster_place(m);
	const pid_t parent = getpid();
	const bool starved = program < m->n &&
	    !mapworker_compile(&m->list[program]) &&
	    m->list[program].why[0] == '\0';
	pid_t pid;

	if (!mapmaster_tell(fd, MAPFRAME_HELLO, number))
		return;
	errno = starved ? ENOMEM : EAGAIN;
	if (starved || c == NULL || (pid = fork()) == -1) {
		(void)mapmaster_tell(fd, MAPFRAME_NONE, (uint32_t)errno);
		return;
	}
	if (pid == 0) {
		if (dup2(fd, MAPLOCK_FD) == -1)
			_exit(1);
		mapworker_run(m->list, m->n, parent);
	}
	*c = (struct mapmaster_child){ .pid = pid, .number = number };
	m->children++;
}

/* One that has ended, and was not reaped yet, is one still. */
static void
mapmaster_kill(const struct mapmaster *m, uint32_t number)
{
	size_t i;

	for (i = 0; i < WORKERS; i++)
		if (m->child[i].pid != 0 && m->child[i].number == number)
			(void)kill(m->child[i].pid, SIGKILL);
}

/* Returns whether there is more to come. */
static bool
mapmaster_take(struct mapmaster *m, struct mapmaster_packet *p)
{
	switch (p->frame.what) {
	case MAPFRAME_PROGRAM:
		return mapmaster_program(m, p);
	case MAPFRAME_START:
		mapmaster_start(m, p->frame.number != 0);
		return true;
	case MAPFRAME_WORKER:
		if (p->fd != -1)
			mapmaster_fork(m, p->fd, p->frame.number);
		return true;
	case MAPFRAME_KILL:
		mapmaster_kill(m, p->frame.number);
		return true;
	case MAPFRAME_COUNT:
		mapmaster_say(MAPFRAME_IS, (uint32_t)m->children, NULL);
		return true;
	default:
		return false;
	}
}

/* Until the gateway has gone. */
static void
mapmaster_loop(
    struct mapmaster *m, struct mapmaster_packet *p, const sigset_t *waiting)
{
	struct pollfd in = { .fd = MAPLOCK_FD, .events = POLLIN };
	int r;

	do {
		mapmaster_reap(m);
		if (ppoll(&in, 1, NULL, waiting) == -1) {
			r = errno == EINTR ? -1 : 0;
			continue;
		}
		r = mapmaster_receive(p);
		if (r == 1) {
			r = mapmaster_take(m, p) ? 1 : 0;
			if (p->fd != -1)
				(void)close(p->fd);
		}
	} while (r != 0);
}

int
mapmaster_run(void)
{
	struct mapmaster m = { .child = calloc(WORKERS, sizeof(*m.child)) };
	struct mapmaster_packet *p = malloc(sizeof(*p));
	sigset_t waiting;

	if (m.child == NULL || p == NULL || maplock_close() == -1 ||
	    maplock_begin() == -1 || mapmaster_signals(&waiting) == -1)
		return 1;
	maplock_warm();
	mapmaster_loop(&m, p, &waiting);
	/* The kernel kills the workers, and a leak checker could not look at a
	 * process that is locked. */
	_exit(0);
}
