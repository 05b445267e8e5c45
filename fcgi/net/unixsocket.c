/* SPDX-License-Identifier: MIT */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fcgi/net/unixsocket.h"
#include "log/log.h"

int
unixsocket_why(char *why, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	(void)vsnprintf(why, UNIXSOCKET_WHY, format, ap);
	va_end(ap);
	return -1;
}

/* Makes way for a socket at path.  0 when there is nothing (any more). */
static int
clear_path(
    const struct sockaddr_un *sa, const char *key, bool *taken, char *why)
{
	const char *path = sa->sun_path;
	struct stat st;
	int fd, r, error;

	if (lstat(path, &st) == -1) {
		if (errno == ENOENT)
			return 0;
		return unixsocket_why(why, "%s: %s", path, strerror(errno));
	}
	if (!S_ISSOCK(st.st_mode))
		return unixsocket_why(why,
		    "%s: is there and is no socket; "
		    "remove it or set another `%s`",
		    path, key);
	if ((fd = socket(
		 AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) == -1)
		return unixsocket_why(why, "socket: %s", strerror(errno));
	r = connect(fd, (const struct sockaddr *)sa, sizeof(*sa));
	error = errno;
	(void)close(fd);
	*taken = r == 0 || error == EAGAIN;
	if (r == 0 || error != ECONNREFUSED)
		return unixsocket_why(why, "%s: %s", path,
		    *taken ? "another server answers there" : strerror(error));
	if (unlink(path) == -1 && errno != ENOENT)
		return unixsocket_why(why,
		    "%s: left by a dead server, and "
		    "cannot be removed: %s",
		    path, strerror(errno));
	return 0;
}

/* Why bind(2) failed, with what to do about the usual reason. */
static int
explain_bind(char *why, const char *path, const char *key, int error)
{
	const char *slash = strrchr(path, '/');

	if (error == ENOENT && slash != NULL)
		return unixsocket_why(why,
		    "%s: the directory %.*s does not exist; "
		    "make it, writable for the server, or set `%s`",
		    path, (int)(slash - path), path, key);
	return unixsocket_why(why, "%s: %s", path, strerror(error));
}

/*
 * Owner, group and mode of the socket at path.  Its folder may belong to the
 * user that is to have it, who could put a link in its place: so root pins what
 * it finds, sees that it is a socket of its own, and changes just that.
 */
static int
unixsocket_hand_over(
    const char *path, const struct unixsocket_setup *u, char *why)
{
	struct stat st;
	char pinned[64];
	int fd, r = 0;

	fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &st) == -1 || !S_ISSOCK(st.st_mode) ||
	    st.st_uid != geteuid()) {
		if (fd != -1)
			(void)close(fd);
		return unixsocket_why(
		    why, "%s: it was replaced while it was made", path);
	}
	(void)snprintf(pinned, sizeof(pinned), "/proc/self/fd/%d", fd);
	if (chmod(pinned, u->mode) == -1)
		r = unixsocket_why(why, "%s: %s", path, strerror(errno));
	else if ((u->owner != (uid_t)-1 || u->gid != (gid_t)-1) &&
	    fchownat(fd, "", u->owner, u->gid, AT_EMPTY_PATH) == -1)
		r = unixsocket_why(why, "%s: giving it to group %s: %s", path,
		    u->group != NULL ? u->group : "-", strerror(errno));
	(void)close(fd);
	return r;
}

/* Binds fd, and remembers the file that this makes. */
static int
bind_file(struct unixsocket *u, int fd, const struct sockaddr_un *sa,
    const char *key, char *why)
{
	struct stat st;
	mode_t mask;
	int r, error;

	/* For nobody else until owner, group and mode are as they shall be. */
	mask = umask(0177);
	r = bind(fd, (const struct sockaddr *)sa, sizeof(*sa));
	error = errno;
	(void)umask(mask);
	if (r == -1)
		return explain_bind(why, sa->sun_path, key, error);
	memcpy(u->path, sa->sun_path, sizeof(u->path));
	u->maker = getpid();
	if (lstat(u->path, &st) == -1)
		return unixsocket_why(why, "%s: %s", u->path, strerror(errno));
	u->dev = st.st_dev;
	u->ino = st.st_ino;
	return 0;
}

int
unixsocket_open(struct unixsocket *u, const char *path,
    const struct unixsocket_setup *setup, char *why)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	int fd;

	*u = (struct unixsocket){ 0 };
	if (*path == '\0' || strlen(path) >= sizeof(sa.sun_path))
		return unixsocket_why(why,
		    "unix:%s: the path of a socket has "
		    "1 to %zu bytes",
		    path, sizeof(sa.sun_path) - 1);
	memcpy(sa.sun_path, path, strlen(path) + 1);
	if (clear_path(&sa, setup->key, &u->taken, why) == -1)
		return -1;
	if ((fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) == -1)
		return unixsocket_why(why, "socket: %s", strerror(errno));
	if (bind_file(u, fd, &sa, setup->key, why) == -1 ||
	    unixsocket_hand_over(path, setup, why) == -1) {
		unixsocket_unlink(u);
		(void)close(fd);
		return -1;
	}
	return fd;
}

void
unixsocket_unlink(struct unixsocket *u)
{
	struct stat st;

	if (u->path[0] == '\0' || u->maker != getpid())
		return;
	if (lstat(u->path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    st.st_dev == u->dev && st.st_ino == u->ino && unlink(u->path) == -1)
		log_info("%s stays: %s", u->path, strerror(errno));
	u->path[0] = '\0';
}
