/* SPDX-License-Identifier: MIT */
/*
 * Finding, making and removing the listening socket.
 */
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "fcgi/net/listener.h"
#include "log/log.h"
#include "os/clock.h"

#define TAKEOVER         1000 /* ms that the workers of a dead master get */
#define TAKEOVER_TICK    20   /* ms between looks whether they have gone */
#define PENDING_MAX      4096 /* connections of a listen queue that are kept */
#define LISTEN_FDS_START 3    /* sd_listen_fds(3) */

static bool
is_listening(int fd)
{
	int on = 0;
	socklen_t size = sizeof(on);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &size) == 0 &&
	    on != 0;
}

/* Threads wait in accept4(2), so the socket blocks; no program that we start
 * gets it; answers over TCP leave at once (accepted sockets take it over). */
static void
listener_prepare(int fd)
{
	int flags = fcntl(fd, F_GETFL), on = 1;
	struct sockaddr_storage sa = { 0 };
	socklen_t size = sizeof(sa);

	if (flags != -1 && (flags & O_NONBLOCK) != 0 &&
	    fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) == -1)
		log_warning("listening socket: %s", strerror(errno));
	(void)fcntl(fd, F_SETFD, FD_CLOEXEC);
	if (getsockname(fd, (struct sockaddr *)&sa, &size) == 0 &&
	    sa.ss_family != AF_UNIX)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

/* A variable that is a plain number, -1 when it is not. */
static long
env_number(const char *name)
{
	const char *s = getenv(name);
	char *end;
	long n;

	if (s == NULL || *s < '0' || *s > '9')
		return -1;
	errno = 0;
	n = strtol(s, &end, 10);
	return *end != '\0' || errno != 0 ? -1 : n;
}

bool
listener_find(struct listener *l)
{
	*l = (struct listener){ .n = 0 };
	if (is_listening(STDIN_FILENO)) {
		l->fd[l->n++] = STDIN_FILENO;
		(void)snprintf(l->text, sizeof(l->text), "descriptor 0");
	} else if (env_number("LISTEN_PID") == (long)getpid() &&
	    env_number("LISTEN_FDS") >= 1 && is_listening(LISTEN_FDS_START)) {
		l->fd[l->n++] = LISTEN_FDS_START;
		(void)snprintf(l->text, sizeof(l->text), "systemd's socket");
		if (env_number("LISTEN_FDS") > 1)
			log_warning("of several sockets only the first is "
				    "served");
	}
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_FDNAMES");
	if (l->n == 0)
		return false;
	listener_prepare(l->fd[0]);
	return true;
}

static int
socket_gid(const struct conf *conf, gid_t *gid, char *why)
{
	struct group *gr;

	*gid = (gid_t)-1;
	if (conf->socket_group == NULL)
		return 0;
	errno = 0;
	if ((gr = getgrnam(conf->socket_group)) == NULL)
		return unixsocket_why(why,
		    "[server] socket_group: no group "
		    "`%s`",
		    conf->socket_group);
	*gid = gr->gr_gid;
	return 0;
}

static int
open_unix(struct listener *l, const char *path, const struct conf *conf,
    uid_t owner, char *why)
{
	struct unixsocket_setup setup = { .key = "[server] listen",
		.mode = conf->socket_mode,
		.owner = owner,
		.group = conf->socket_group };

	if (socket_gid(conf, &setup.gid, why) == -1)
		return -1;
	l->fd[0] = unixsocket_open(&l->file, path, &setup, why);
	if (l->fd[0] == -1) {
		l->taken = l->file.taken;
		return -1;
	}
	l->n = 1;
	return 0;
}

/* Splits HOST:PORT; host has room for size bytes. */
static int
listener_split(const char *address, char *host, size_t size, const char **port)
{
	const char *colon = strrchr(address, ':');
	size_t len;

	if (colon == NULL || colon == address || colon[1] == '\0' ||
	    strspn(colon + 1, "0123456789") != strlen(colon + 1))
		return -1;
	len = (size_t)(colon - address);
	if (address[0] == '[') {
		if (len < 3 || address[len - 1] != ']')
			return -1;
		address++;
		len -= 2;
	} else if (memchr(address, ':', len) != NULL) {
		return -1;
	}
	if (len >= size)
		return -1;
	memcpy(host, address, len);
	host[len] = '\0';
	*port = colon + 1;
	return 0;
}

static int
bind_tcp(const struct addrinfo *ai)
{
	int fd, on = 1, error;

	fd = socket(
	    ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC, ai->ai_protocol);
	if (fd == -1)
		return -1;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
	    bind(fd, ai->ai_addr, ai->ai_addrlen) == 0)
		return fd;
	error = errno;
	(void)close(fd);
	errno = error;
	return -1;
}

/* Whether an address of the list stands there before, too: a hosts file may
 * name it twice. */
static bool
listener_repeated(const struct addrinfo *list, const struct addrinfo *ai)
{
	for (; list != ai; list = list->ai_next)
		if (list->ai_addrlen == ai->ai_addrlen &&
		    memcmp(list->ai_addr, ai->ai_addr, ai->ai_addrlen) == 0)
			return true;
	return false;
}

/* One address of the name.  One that this machine does not have is noted. */
static int
listener_add(struct listener *l, const struct addrinfo *ai, char *why)
{
	size_t used = strlen(l->note);
	char host[INET6_ADDRSTRLEN + IF_NAMESIZE + 1] = "?";
	int fd, error;

	if (l->n == LISTENER_MAX)
		return unixsocket_why(why,
		    "%s: this name has more than %d "
		    "addresses",
		    l->text, LISTENER_MAX);
	if ((fd = bind_tcp(ai)) != -1) {
		l->fd[l->n++] = fd;
		return 0;
	}
	error = errno;
	l->taken = error == EADDRINUSE;
	(void)unixsocket_why(why, "%s: %s", l->text, strerror(error));
	if (error != EADDRNOTAVAIL && error != EAFNOSUPPORT)
		return -1;
	(void)getnameinfo(ai->ai_addr, ai->ai_addrlen, host, sizeof(host), NULL,
	    0, NI_NUMERICHOST);
	(void)snprintf(l->note + used, sizeof(l->note) - used, "%s%s: %s",
	    used > 0 ? "; " : "", host, strerror(error));
	return 0;
}

static int
open_tcp(struct listener *l, const char *address, char *why)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
		.ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *list, *ai;
	const char *port;
	char host[256];
	int error, r = 0;

	if (listener_split(address, host, sizeof(host), &port) == -1)
		return unixsocket_why(why,
		    "%s: an address to listen on is "
		    "unix:PATH, HOST:PORT or [IPv6]:PORT",
		    address);
	if ((error = getaddrinfo(host, port, &hints, &list)) != 0)
		return unixsocket_why(
		    why, "%s: %s", address, gai_strerror(error));
	for (ai = list; ai != NULL && r == 0; ai = ai->ai_next)
		if (!listener_repeated(list, ai))
			r = listener_add(l, ai, why);
	freeaddrinfo(list);
	return l->n == 0 ? -1 : r;
}

/* Several sockets are waited for together, so accept4(2) must not wait. */
static int
listener_listen(struct listener *l, char *why)
{
	size_t i;

	for (i = 0; i < l->n; i++) {
		/* The kernel cuts the queue's length to net.core.somaxconn. */
		if (listen(l->fd[i], 65535) == -1) {
			l->taken = errno == EADDRINUSE;
			return unixsocket_why(
			    why, "%s: %s", l->text, strerror(errno));
		}
		listener_prepare(l->fd[i]);
		if (l->n > 1 && fcntl(l->fd[i], F_SETFL, O_NONBLOCK) == -1)
			return unixsocket_why(
			    why, "%s: %s", l->text, strerror(errno));
	}
	return 0;
}

static int
listener_try(struct listener *l, const char *address, const struct conf *conf,
    uid_t owner, char *why)
{
	int r;

	*l = (struct listener){ .own = true };
	(void)snprintf(l->text, sizeof(l->text), "%s", address);
	if (strncmp(address, "unix:", 5) == 0)
		r = open_unix(l, address + 5, conf, owner, why);
	else
		r = open_tcp(l, address, why);
	if (r == 0)
		r = listener_listen(l, why);
	if (r == -1)
		listener_close(l);
	return r;
}

int
listener_open(struct listener *l, const char *address, const struct conf *conf,
    uid_t owner, char *why)
{
	int64_t until = clock_ms() + TAKEOVER;
	int r;

	while ((r = listener_try(l, address, conf, owner, why)) == -1 &&
	    l->taken && clock_ms() < until)
		(void)poll(NULL, 0, TAKEOVER_TICK);
	return r;
}

/* Without waiting: the socket is shut down, or does not block. */
static void
listener_keep(int listening, void (*keep)(void *, int), void *arg)
{
	int fd, n;

	for (n = 0; n < PENDING_MAX; n++) {
		fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
		if (fd == -1)
			return;
		keep(arg, fd);
	}
}

/*
 * Shutting a listening socket down works on the socket itself, in every process
 * that has it: unix(7) connects are refused, and who is in the queue can still
 * be accepted; tcp(7) resets these, so they are taken before.
 */
static void
listener_shut(int fd, void (*keep)(void *, int), void *arg)
{
	if (fcntl(fd, F_SETFL, O_NONBLOCK) == 0)
		listener_keep(fd, keep, arg);
	(void)shutdown(fd, SHUT_RDWR);
	listener_keep(fd, keep, arg);
}

void
listener_hang_up(const struct listener *l, void (*keep)(void *, int), void *arg)
{
	size_t i;
	int dead;

	for (i = 0; l->own && i < l->n; i++)
		listener_shut(l->fd[i], keep, arg);
	if (l->own)
		return;
	/* Closed, with something deaf in its place: threads still use it. */
	dead = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (dead == -1 || dup3(dead, l->fd[0], O_CLOEXEC) == -1)
		log_warning("%s stays open: %s", l->text, strerror(errno));
	if (dead != -1)
		(void)close(dead);
}

void
listener_unlink(struct listener *l)
{
	unixsocket_unlink(&l->file);
}

void
listener_close(struct listener *l)
{
	listener_unlink(l);
	while (l->n > 0)
		(void)close(l->fd[--l->n]);
}
