/* SPDX-License-Identifier: MIT */
#include <sys/socket.h>
#include <sys/wait.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fcgi/metrics/metrics.h"
#include "fcgi/metrics/metrics_serve.h"
#include "log/log.h"
#include "os/clock.h"

#define WAITING METRICS_PLACES /* connections not yet let in */
#define TICK    20   /* ms between looks at an address that is taken */
#define PAUSE   1000 /* ms before a successor of one that died */

void
metrics_init(struct metrics *m)
{
	*m = (struct metrics){ .fd = -1 };
}

/* Returns the socket, or -1 with errno. */
static int
metrics_bind(const union endpoint *e, socklen_t size)
{
	int on = 1, error;
	int fd = socket(
	    e->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(fd, &e->any, size) == 0 && listen(fd, WAITING) == 0)
		return fd;
	error = errno;
	(void)close(fd);
	errno = error;
	return -1;
}

static int
metrics_open(const char *address, int64_t wait)
{
	union endpoint e;
	socklen_t size = endpoint_read(&e, address);
	int64_t until = clock_ms() + wait;
	int fd;

	if (size == 0) {
		errno = EINVAL;
		return -1;
	}
	while ((fd = metrics_bind(&e, size)) == -1 && errno == EADDRINUSE &&
	    clock_ms() < until)
		(void)poll(NULL, 0, TICK);
	return fd;
}

static void
metrics_take(struct metrics *m, int fd, const char *address)
{
	m->fd = fd;
	m->next = 0;
	(void)snprintf(m->text, sizeof(m->text), "%s", address);
}

/* Whether two addresses have one port, so that the old one may be what is in the
 * way of the new. */
static bool
metrics_is_in_the_way(const char *a, const char *b)
{
	const char *p = strrchr(a, ':'), *q = strrchr(b, ':');

	return p != NULL && q != NULL && strcmp(p, q) == 0;
}

int
metrics_move(struct metrics *m, const char *address, int64_t wait, char *why)
{
	char old[ENDPOINT_MAX];
	int fd, error;

	if (address == NULL) {
		metrics_close(m);
		return 0;
	}
	if (m->fd != -1 && strcmp(m->text, address) == 0)
		return 0;
	memcpy(old, m->text, sizeof(old));
	fd = metrics_open(address, wait);
	error = errno;
	if (fd == -1 && error == EADDRINUSE && m->fd != -1 &&
	    metrics_is_in_the_way(old, address)) {
		metrics_close(m);
		fd = metrics_open(address, 0);
		error = errno;
		if (fd == -1 && (m->fd = metrics_open(old, 0)) != -1)
			metrics_take(m, m->fd, old);
	}
	if (fd == -1) {
		(void)snprintf(why, METRICS_WHY, "[server] metrics: %s: %s",
		    address, strerror(error));
		return -1;
	}
	metrics_close(m);
	metrics_take(m, fd, address);
	return 0;
}

void
metrics_rest(struct metrics *m)
{
	/* It may be waited for in vain, but never by us. */
	if (m->pid != 0)
		(void)kill(m->pid, SIGTERM);
	m->pid = 0;
}

void
metrics_close(struct metrics *m)
{
	/* Shut down for all who have it, so that the address is free at once. */
	if (m->fd != -1)
		(void)shutdown(m->fd, SHUT_RDWR);
	metrics_rest(m);
	metrics_forget(m);
}

void
metrics_forget(struct metrics *m)
{
	if (m->fd != -1)
		(void)close(m->fd);
	metrics_init(m);
}

void
metrics_look(struct metrics *m, int64_t now,
    void (*text)(void *arg, struct buf *), void *arg)
{
	pid_t parent = getpid();

	if (m->fd == -1 || m->pid != 0 || now < m->next)
		return;
	m->pid = fork();
	if (m->pid == 0) {
		metrics_serve(m->fd, parent, text, arg);
		_exit(0);
	}
	if (m->pid != -1)
		return;
	m->pid = 0;
	m->next = now + PAUSE;
	log_warning("%s: no process that answers with metrics: %s", m->text,
	    strerror(errno));
}

bool
metrics_buried(struct metrics *m, pid_t pid, int status, int64_t now)
{
	if (m->pid == 0 || m->pid != pid)
		return false;
	if (WIFSIGNALED(status))
		log_error("%s: the process that answers with metrics was "
			  "killed by signal %d (%s); another one comes",
		    m->text, WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		log_warning("%s: the process that answers with metrics ended "
			    "with status %d; another one comes",
		    m->text, WEXITSTATUS(status));
	m->pid = 0;
	m->next = now + PAUSE;
	return true;
}
