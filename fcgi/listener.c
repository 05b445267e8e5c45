/*
 * Finding, making and removing the listening socket.
 */
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "listener.h"
#include "log.h"

#define LISTEN_FDS_START 3	/* sd_listen_fds(3) */

static bool
is_listening(int fd)
{
	int		 on = 0;
	socklen_t	 size = sizeof(on);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &size) == 0 &&
	    on != 0;
}

/* Threads wait in accept4(2), so the socket blocks; no program that we start
 * gets it; answers over TCP leave at once (accepted sockets take it over). */
static void
prepare(int fd)
{
	int			 flags = fcntl(fd, F_GETFL), on = 1;
	struct sockaddr_storage	 sa = { 0 };
	socklen_t		 size = sizeof(sa);

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
	const char	*s = getenv(name);
	char		*end;
	long		 n;

	if (s == NULL || *s < '0' || *s > '9')
		return -1;
	errno = 0;
	n = strtol(s, &end, 10);
	return *end != '\0' || errno != 0 ? -1 : n;
}

bool
listener_find(struct listener *l)
{
	*l = (struct listener){ .fd = -1 };
	if (is_listening(STDIN_FILENO)) {
		l->fd = STDIN_FILENO;
		(void)snprintf(l->text, sizeof(l->text), "descriptor 0");
	} else if (env_number("LISTEN_PID") == (long)getpid() &&
	    env_number("LISTEN_FDS") >= 1 && is_listening(LISTEN_FDS_START)) {
		l->fd = LISTEN_FDS_START;
		(void)snprintf(l->text, sizeof(l->text), "systemd's socket");
		if (env_number("LISTEN_FDS") > 1)
			log_warning("of several sockets only the first is "
			    "served");
	}
	(void)unsetenv("LISTEN_PID");
	(void)unsetenv("LISTEN_FDS");
	(void)unsetenv("LISTEN_FDNAMES");
	if (l->fd == -1)
		return false;
	prepare(l->fd);
	return true;
}

static int
socket_gid(const struct conf *conf, gid_t *gid, char *why)
{
	struct group	*gr;

	*gid = (gid_t)-1;
	if (conf->socket_group == NULL)
		return 0;
	errno = 0;
	if ((gr = getgrnam(conf->socket_group)) == NULL)
		return unixsocket_why(why, "[server] socket_group: no group "
		    "`%s`", conf->socket_group);
	*gid = gr->gr_gid;
	return 0;
}

static int
open_unix(struct listener *l, const char *path, const struct conf *conf,
    uid_t owner, char *why)
{
	struct unixsocket_setup	 setup = {
		.key = "[server] listen", .mode = conf->socket_mode,
		.owner = owner, .group = conf->socket_group
	};

	if (socket_gid(conf, &setup.gid, why) == -1)
		return -1;
	l->fd = unixsocket_open(&l->file, path, &setup, why);
	return l->fd == -1 ? -1 : 0;
}

/* Splits HOST:PORT; host has room for size bytes. */
static int
split(const char *address, char *host, size_t size, const char **port)
{
	const char	*colon = strrchr(address, ':');
	size_t		 len;

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
	int	 fd, on = 1, error;

	fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC,
	    ai->ai_protocol);
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

static int
open_tcp(struct listener *l, const char *address, char *why)
{
	struct addrinfo	 hints = { .ai_socktype = SOCK_STREAM,
			    .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo	*list, *ai;
	const char	*port;
	char		 host[256];
	int		 error;

	if (split(address, host, sizeof(host), &port) == -1)
		return unixsocket_why(why, "%s: an address to listen on is "
		    "unix:PATH, HOST:PORT or [IPv6]:PORT", address);
	if ((error = getaddrinfo(host, port, &hints, &list)) != 0)
		return unixsocket_why(why, "%s: %s", address, gai_strerror(error));
	for (ai = list; ai != NULL && l->fd == -1; ai = ai->ai_next)
		l->fd = bind_tcp(ai);
	error = errno;
	freeaddrinfo(list);
	return l->fd != -1 ? 0 :
	    unixsocket_why(why, "%s: %s", address, strerror(error));
}

int
listener_open(struct listener *l, const char *address, const struct conf *conf,
    uid_t owner, char *why)
{
	int	 r;

	*l = (struct listener){ .fd = -1, .own = true };
	(void)snprintf(l->text, sizeof(l->text), "%s", address);
	if (strncmp(address, "unix:", 5) == 0)
		r = open_unix(l, address + 5, conf, owner, why);
	else
		r = open_tcp(l, address, why);
	/* The kernel cuts the length of the queue to net.core.somaxconn. */
	if (r == 0 && listen(l->fd, 65535) == -1)
		r = unixsocket_why(why, "%s: %s", address, strerror(errno));
	if (r == -1)
		listener_close(l);
	else
		prepare(l->fd);
	return r;
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
	if (l->fd != -1)
		(void)close(l->fd);
	l->fd = -1;
}
