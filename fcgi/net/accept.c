/* SPDX-License-Identifier: MIT */
#include <sys/epoll.h>
#include <sys/socket.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "fcgi/net/accept.h"
#include "fcgi/net/connection.h"
#include "fcgi/net/listener.h"
#include "log/log.h"

#define ACCEPT_BACK_OFF 50  /* ms when descriptors ran out */
#define EAGAIN_TICK     250 /* ms between tries of a non-blocking socket */

int
accept_join(const struct listener *l, int *epoll)
{
	struct epoll_event e = { .events = EPOLLIN | EPOLLEXCLUSIVE };
	size_t i;

	*epoll = -1;
	if (l->n == 1)
		return 0;
	if ((*epoll = epoll_create1(EPOLL_CLOEXEC)) == -1)
		return -1;
	for (i = 0; i < l->n; i++) {
		e.data.fd = l->fd[i];
		if (epoll_ctl(*epoll, EPOLL_CTL_ADD, l->fd[i], &e) == -1)
			return -1;
	}
	return 0;
}

/* Waits for ms; whether somebody is in a listen queue.  One that was hung up is
 * always "readable". */
static bool
accept_poll(const struct listener *l, int ms)
{
	struct pollfd in[LISTENER_MAX];
	size_t i;

	for (i = 0; i < l->n; i++)
		in[i] = (struct pollfd){ .fd = l->fd[i], .events = POLLIN };
	if (poll(in, (nfds_t)l->n, ms) < 1)
		return false;
	for (i = 0; i < l->n; i++)
		if ((in[i].revents & (POLLIN | POLLHUP)) == POLLIN)
			return true;
	return false;
}

bool
accept_pending(const struct listener *l)
{
	return accept_poll(l, 0);
}

int
accept_next(const struct listener *l, int epoll)
{
	struct epoll_event e = { .data.fd = l->fd[0] };

	if (epoll != -1 && epoll_wait(epoll, &e, 1, -1) != 1)
		return -1;
	return accept4(e.data.fd, NULL, NULL, SOCK_CLOEXEC);
}

void
accept_failed(const struct listener *l, int epoll, int error)
{
	switch (error) {
	case EINTR:
	case ECONNABORTED:
	case EPROTO:
		return;
	case EAGAIN:
		/* Another was quicker; or somebody made the socket that we
		 * share with others non-blocking. */
		if (epoll == -1)
			(void)accept_poll(l, EAGAIN_TICK);
		return;
	}
	if (connection_may_warn())
		log_warning("accept: %s", strerror(error));
	(void)poll(NULL, 0, ACCEPT_BACK_OFF);
}

void
accept_unblock_kick(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGURG);
	(void)pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}
