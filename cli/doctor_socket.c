/* The socket between the web server and the gateway, and who may use it. */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <poll.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "doctor.h"

#define GROUPS_MAX	256	/* groups of a user that are looked at */

/* Who serves HTTP on the systems that there are. */
static const char *const web_users[] = {
	"www-data", "nginx", "apache", "httpd", "http", "www", "wwwrun",
	"caddy", "lighttpd"
};

static void
mend_start(struct doctor *d)
{
	if (d->who.uid != 0 && d->who.change && d->conf->user == NULL)
		doctor_mend(d, "sudo -u %s ctim-relay.fcgi -c %s &",
		    d->who.user, doctor_quote(d, d->file));
	else
		doctor_mend(d, "ctim-relay.fcgi -c %s &",
		    doctor_quote(d, d->file));
}

/* 0, or the errno of connecting. */
static int
try_connect(int family, const struct sockaddr *sa, socklen_t len)
{
	int		 fd, error = 0;
	socklen_t	 size = sizeof(error);
	struct pollfd	 p;

	fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return errno;
	if (connect(fd, sa, len) == -1) {
		error = errno;
		p = (struct pollfd){ .fd = fd, .events = POLLOUT };
		if (error == EINPROGRESS && poll(&p, 1, DOCTOR_CALL) < 1)
			error = ETIMEDOUT;
		else if (error == EINPROGRESS)
			(void)getsockopt(fd, SOL_SOCKET, SO_ERROR, &error,
			    &size);
	}
	(void)close(fd);
	return error;
}

/* --- TCP ----------------------------------------------------------------- */

static void
say_tcp(struct doctor *d, int error)
{
	const char	*at = d->conf->listen;
	bool		 local = strncmp(at, "127.", 4) == 0 ||
	    strncmp(at, "localhost:", 10) == 0 ||
	    strncmp(at, "[::1]:", 6) == 0;

	if (error != 0) {
		doctor_say(d, DOCTOR_FAIL, "nobody answers at %s: %s", at,
		    strerror(error));
		mend_start(d);
	} else if (!local) {
		doctor_say(d, DOCTOR_WARN, "%s: whoever reaches it speaks to "
		    "the gateway without the web server", at);
		doctor_mend(d, "listen = unix:" CTIM_RUNSTATEDIR
		    "/ctim-relay/ctim-relay.sock    (in [server])");
	} else {
		doctor_say(d, DOCTOR_OK, "somebody answers at %s", at);
	}
}

static void
look_at_tcp(struct doctor *d)
{
	struct addrinfo	 hints = { .ai_socktype = SOCK_STREAM }, *list;
	char		 host[256];
	const char	*colon = strrchr(d->conf->listen, ':');
	size_t		 n = (size_t)(colon - d->conf->listen);
	bool		 v6 = d->conf->listen[0] == '[';
	int		 error;

	snprintf(host, sizeof(host), "%.*s", (int)n - 2 * v6,
	    d->conf->listen + v6);
	if (getaddrinfo(host, colon + 1, &hints, &list) != 0) {
		say_tcp(d, EADDRNOTAVAIL);
		return;
	}
	error = try_connect(list->ai_family, list->ai_addr, list->ai_addrlen);
	freeaddrinfo(list);
	say_tcp(d, error);
}

/* --- a file -------------------------------------------------------------- */

static void
say_unconnected(struct doctor *d, const char *path, int error)
{
	if (error == ECONNREFUSED) {
		doctor_say(d, DOCTOR_FAIL, "%s: nobody listens, a gateway that "
		    "died left it", path);
		mend_start(d);
	} else if (error == EACCES) {
		doctor_say(d, DOCTOR_WARN, "%s: not for this user to use", path);
		doctor_mend(d, "sudo ctim-relay doctor -c %s",
		    doctor_quote(d, d->file));
	} else if (error == EAGAIN) {
		doctor_say(d, DOCTOR_WARN, "%s: the queue is full", path);
		doctor_mend(d, "workers = %d    (in [server])",
		    d->conf->workers * 2);
	} else {
		doctor_say(d, DOCTOR_FAIL, "%s: %s", path, strerror(error));
		mend_start(d);
	}
}

static void
say_mode(struct doctor *d, const char *path, const struct stat *st)
{
	unsigned	 mode = st->st_mode & 07777;

	if ((mode & S_IWOTH) != 0) {
		doctor_say(d, DOCTOR_WARN, "%s: mode %04o lets everybody on "
		    "this machine speak to the gateway", path, mode);
		doctor_mend(d, "socket_mode = 0660    (in [server], and "
		    "socket_group = the web server's group)");
	} else if (mode != d->conf->socket_mode) {
		doctor_say(d, DOCTOR_WARN, "%s: mode %04o, and the "
		    "configuration says %04o", path, mode,
		    (unsigned)d->conf->socket_mode);
		doctor_mend(d, "chmod %04o %s", (unsigned)d->conf->socket_mode,
		    doctor_quote(d, path));
	} else {
		doctor_say(d, DOCTOR_OK, "%s: a gateway listens, mode %04o",
		    path, mode);
	}
}

static void
say_missing(struct doctor *d, const char *path, int error)
{
	if (error == ENOENT && doctor_apache_starts(d)) {
		doctor_say(d, DOCTOR_OK, "none is needed: Apache starts the "
		    "gateway itself");
		return;
	}
	doctor_say(d, DOCTOR_FAIL, "%s: %s", path, error == ENOENT ?
	    "is not there, so no gateway runs" : strerror(error));
	mend_start(d);
}

void
doctor_socket(struct doctor *d)
{
	struct sockaddr_un	 sa = { .sun_family = AF_UNIX };
	const char		*path = d->conf->listen + 5;
	struct stat		 st;
	int			 error;

	if (strncmp(d->conf->listen, "unix:", 5) != 0) {
		look_at_tcp(d);
		return;
	}
	if (lstat(path, &st) == -1) {
		say_missing(d, path, errno);
		return;
	}
	if (!S_ISSOCK(st.st_mode)) {
		doctor_say(d, DOCTOR_FAIL, "%s: is no socket", path);
		doctor_mend(d, "mv %s %s.old", doctor_quote(d, path),
		    doctor_quote(d, path));
		return;
	}
	/* conf_table.c has seen that it fits. */
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	error = try_connect(AF_UNIX, (struct sockaddr *)&sa, sizeof(sa));
	if (error != 0)
		say_unconnected(d, path, error);
	else
		say_mode(d, path, &st);
}

/* --- users --------------------------------------------------------------- */

struct user {
	uid_t	 uid;
	gid_t	 groups[GROUPS_MAX];
	int	 n;
};

/* Whether the bits of one kind (4, 2, 1) are there for the user. */
static bool
may(const struct user *u, const struct stat *st, unsigned bits)
{
	int	 i;

	if (u->uid == 0)
		return true;
	if (st->st_uid == u->uid)
		return (st->st_mode >> 6 & bits) == bits;
	for (i = 0; i < u->n; i++)
		if (u->groups[i] == st->st_gid)
			return (st->st_mode >> 3 & bits) == bits;
	return (st->st_mode & bits) == bits;
}

/* What on the way to the socket keeps the user out; false: nothing. */
static bool
kept_out(const struct user *u, const char *path, char by[PATH_MAX])
{
	struct stat	 st;
	const char	*p = path;

	while ((p = strchr(p + 1, '/')) != NULL) {
		snprintf(by, PATH_MAX, "%.*s", (int)(p - path), path);
		if (stat(by, &st) == -1 || !may(u, &st, 1))
			return true;
	}
	snprintf(by, PATH_MAX, "%s", path);
	return stat(path, &st) == -1 || !may(u, &st, 2);
}

static bool
find_user(const char *name, struct user *u)
{
	const struct passwd	*pw = getpwnam(name);

	if (pw == NULL)
		return false;
	u->uid = pw->pw_uid;
	u->n = GROUPS_MAX;
	if (getgrouplist(name, pw->pw_gid, u->groups, &u->n) == -1)
		u->n = GROUPS_MAX;
	return true;
}

static void
say_kept_out(struct doctor *d, const char *user, const char *by)
{
	const struct passwd	*pw = getpwnam(user);
	const struct group	*gr = pw == NULL ? NULL : getgrgid(pw->pw_gid);
	const char		*group = gr == NULL ? user : gr->gr_name;
	const char		*path = d->conf->listen + 5;

	doctor_say(d, DOCTOR_FAIL, "no web server may use %s: %s keeps %s out",
	    path, by, user);
	if (strcmp(by, path) == 0)
		doctor_mend(d, "socket_group = %s    (in [server], with "
		    "socket_mode = 0660; then start the gateway again)", group);
	else
		doctor_mend(d, "chgrp %s %s && chmod g+x %s", group,
		    doctor_quote(d, by), doctor_quote(d, by));
}

void
doctor_users(struct doctor *d)
{
	const char	*path = d->conf->listen + 5, *first = NULL;
	char		 by[PATH_MAX], first_by[PATH_MAX] = "";
	struct user	 u;
	struct stat	 st;
	size_t		 i;

	if (strncmp(d->conf->listen, "unix:", 5) != 0) {
		doctor_say(d, DOCTOR_OK, "%s is for everybody who reaches it",
		    d->conf->listen);
		return;
	}
	if (stat(path, &st) == -1 || !S_ISSOCK(st.st_mode)) {
		doctor_say(d, DOCTOR_SKIPPED, "there is no socket");
		return;
	}
	for (i = 0; i < sizeof(web_users) / sizeof(web_users[0]); i++) {
		if (!find_user(web_users[i], &u))
			continue;
		if (!kept_out(&u, path, by)) {
			doctor_say(d, DOCTOR_OK, "%s may use %s", web_users[i],
			    path);
			return;
		}
		if (first == NULL) {
			first = web_users[i];
			memcpy(first_by, by, sizeof(by));
		}
	}
	if (first == NULL)
		doctor_say(d, DOCTOR_SKIPPED, "no user of a web server is "
		    "known on this machine");
	else
		say_kept_out(d, first, first_by);
}
