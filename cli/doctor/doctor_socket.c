/* SPDX-License-Identifier: MIT */
/* Looks at the socket between the web server and the gateway, and at which
 * users may use it. */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/doctor/doctor.h"
#include "cli/pool/fcgiask.h"
#include "conf/conf.h"
#include "json/jsonin.h"
#include "os/clock.h"
#include "os/pollone.h"

#define GROUPS_MAX 256 /* groups of a user that are looked at */

/* Says that no socket is needed because the web server starts the gateway.
 * Returns false, and says nothing, when the web server does not. */
static bool
doctor_socket_spawned(struct doctor *d)
{
	const char *how = doctor_web_starts(d);

	if (how != NULL)
		doctor_say(d, DOCTOR_OK, "none is needed: %s", how);
	return how != NULL;
}

/* Says that another program is there instead of a gateway. */
static void
doctor_socket_other(struct doctor *d, const char *why)
{
	const char *at = d->conf->listen;

	doctor_say(d, DOCTOR_FAIL,
	    "something else than a gateway answers at %s%s%s", at,
	    *why != '\0' ? ": " : "", why);
	if (strncmp(at, "unix:", 5) == 0)
		doctor_sudo(
		    d, "ss -xlp | grep -F -- %s", doctor_quote(d, at + 5));
	else
		doctor_sudo(d, "ss -ltnp 'sport = %s'", strrchr(at, ':'));
	doctor_note(d,
	    "shows who; end that, or set another listen in [server] of %s and "
	    "in the web server",
	    d->whole);
}

/* Whether a gateway listens there; if not, that was said.  A busy gateway
 * answers that it is busy, which counts. */
static bool
doctor_socket_knock(struct doctor *d)
{
	char why[FCGIASK_WHY] = "";
	const char *at = d->conf->listen;
	struct json_object *answer;
	struct buf body;
	bool gateway;
	int status;

	buf_init(&body, FCGIASK_MAX);
	status = fcgiask(at, "/watchdog", DOCTOR_MARK,
	    (int)doctor_left(d, DOCTOR_CALL), &body, why);
	answer =
	    status == -1 ? NULL : jsonin_parse(body.data, body.len, 100, NULL);
	gateway = (status == 200 && doctor_is(answer, "data", DOCTOR_MARK)) ||
	    doctor_own_error(answer, status);
	json_object_put(answer);
	buf_free(&body);
	if (gateway)
		return true;
	if (status == -1 && strstr(why, "no answer in time") != NULL) {
		doctor_say(d, DOCTOR_WARN,
		    "%s: takes connections, and does not answer within %d s",
		    at, DOCTOR_CALL / 1000);
		doctor_mend_run(d, "status", NULL);
		doctor_note(d,
		    "shows a gateway that is busy; another program does not "
		    "answer that");
	} else {
		doctor_socket_other(
		    d, status == -1 ? "" : "it does not know /watchdog");
	}
	return false;
}

/* Returns 0, or the errno of connecting. */
static int
try_connect(const struct addrinfo *to)
{
	int fd, error = 0;
	socklen_t size = sizeof(error);

	fd = socket(
	    to->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return errno;
	if (connect(fd, to->ai_addr, to->ai_addrlen) == -1) {
		error = errno;
		if (error == EINPROGRESS &&
		    pollone(fd, POLLOUT, clock_ms() + DOCTOR_CALL) < 1)
			error = ETIMEDOUT;
		else if (error == EINPROGRESS)
			(void)getsockopt(
			    fd, SOL_SOCKET, SO_ERROR, &error, &size);
	}
	(void)close(fd);
	return error;
}

/* The mend moves the gateway to a socket in a folder of its own. */
static void
doctor_socket_move(struct doctor *d)
{
	doctor_mend_conf(d, "[server]", "and in the web server",
	    "listen = unix:" CTIM_RUNSTATEDIR "/ctim-relay/ctim-relay.sock");
}

/* --- TCP ----------------------------------------------------------------- */

static void
say_tcp(struct doctor *d, int error)
{
	const char *at = d->conf->listen;
	bool local = strncmp(at, "127.", 4) == 0 ||
	    strncmp(at, "localhost:", 10) == 0 || strncmp(at, "[::1]:", 6) == 0;

	if (error != 0) {
		if (doctor_socket_spawned(d))
			return;
		doctor_say(d, DOCTOR_FAIL, "nobody answers at %s: %s", at,
		    strerror(error));
		doctor_mend_start(d);
	} else if (!doctor_socket_knock(d)) {
		return;
	} else if (!local) {
		doctor_say(d, DOCTOR_WARN,
		    "%s: whoever reaches it speaks to the gateway without the "
		    "web server",
		    at);
		doctor_socket_move(d);
	} else {
		doctor_say(d, DOCTOR_OK, "a gateway answers at %s", at);
	}
}

/* Tries every address of the name, as the gateway listens on all of them: a
 * gateway that has only some misses the clients that ask at another. */
static void
try_addresses(struct doctor *d, const struct addrinfo *list)
{
	const struct addrinfo *ai, *good = NULL;
	char host[INET6_ADDRSTRLEN] = "?";
	int error = 0;

	for (ai = list; ai != NULL && good == NULL; ai = ai->ai_next)
		if ((error = try_connect(ai)) == 0)
			good = ai;
	say_tcp(d, error);
	for (ai = list; good != NULL && ai != NULL; ai = ai->ai_next) {
		if (ai == good || try_connect(ai) != ECONNREFUSED)
			continue;
		(void)getnameinfo(ai->ai_addr, ai->ai_addrlen, host,
		    sizeof(host), NULL, 0, NI_NUMERICHOST);
		doctor_say(d, DOCTOR_WARN, "%s: nobody answers at %s: %s",
		    d->conf->listen, host, strerror(ECONNREFUSED));
		doctor_mend_start(d);
	}
}

static void
look_at_tcp(struct doctor *d)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
	char host[256];
	const char *colon = strrchr(d->conf->listen, ':');
	size_t n = (size_t)(colon - d->conf->listen);
	bool v6 = d->conf->listen[0] == '[';

	snprintf(
	    host, sizeof(host), "%.*s", (int)n - 2 * v6, d->conf->listen + v6);
	if (getaddrinfo(host, colon + 1, &hints, &list) != 0) {
		say_tcp(d, EADDRNOTAVAIL);
		return;
	}
	try_addresses(d, list);
	freeaddrinfo(list);
}

/* --- a file -------------------------------------------------------------- */

/* Says why nobody could be asked.  error is that of lstat(2) or connect(2). */
static void
say_unconnected(struct doctor *d, const char *path, int error)
{
	if (error == EACCES) {
		doctor_say(
		    d, DOCTOR_WARN, "%s: not for this user to use", path);
		doctor_mend_again(d);
	} else if (error == EAGAIN) {
		doctor_say(d, DOCTOR_WARN, "%s: the queue is full", path);
		doctor_mend_conf(
		    d, "[server]", NULL, "workers = %d", d->conf->workers * 2);
	} else if (error == ENOENT || error == ECONNREFUSED) {
		if (doctor_socket_spawned(d))
			return;
		doctor_say(d, DOCTOR_FAIL, "%s: %s", path,
		    error == ENOENT ?
			"is not there, so no gateway runs" :
			"nobody listens, a gateway that died left it");
		doctor_mend_start(d);
	} else {
		doctor_say(d, DOCTOR_FAIL, "%s: %s", path, strerror(error));
		doctor_mend_show(d, path);
	}
}

static void
say_mode(struct doctor *d, const char *path, const struct stat *st)
{
	unsigned mode = st->st_mode & 07777;
	char octal[8];

	if ((mode & S_IWOTH) != 0) {
		doctor_say(d, DOCTOR_WARN,
		    "%s: mode %04o lets everybody on this machine speak to the "
		    "gateway",
		    path, mode);
		doctor_mend_conf(d, "[server]",
		    "and socket_group = the web server's group; then start the "
		    "gateway again",
		    "socket_mode = 0660");
	} else if (mode != d->conf->socket_mode) {
		doctor_say(d, DOCTOR_WARN,
		    "%s: mode %04o, and the configuration says %04o", path,
		    mode, (unsigned)d->conf->socket_mode);
		snprintf(octal, sizeof(octal), "%04o",
		    (unsigned)d->conf->socket_mode & 07777);
		doctor_mend_mode(d, path, octal);
	} else {
		doctor_say(d, DOCTOR_OK, "%s: a gateway listens, mode %04o",
		    path, mode);
	}
}

void
doctor_socket(struct doctor *d)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	const struct addrinfo to = { .ai_family = AF_UNIX,
		.ai_addr = (struct sockaddr *)&sa,
		.ai_addrlen = sizeof(sa) };
	const char *path = d->conf->listen + 5;
	struct stat st;
	int error;

	if (strncmp(d->conf->listen, "unix:", 5) != 0) {
		look_at_tcp(d);
		return;
	}
	if (lstat(path, &st) == -1) {
		say_unconnected(d, path, errno);
		return;
	}
	if (!S_ISSOCK(st.st_mode)) {
		doctor_say(d, DOCTOR_FAIL, "%s: is no socket", path);
		doctor_mend_aside(d, path);
		return;
	}
	/* conf_table.c has seen that it fits. */
	snprintf(sa.sun_path, sizeof(sa.sun_path), "%s", path);
	if ((error = try_connect(&to)) != 0)
		say_unconnected(d, path, error);
	else if (doctor_socket_knock(d))
		say_mode(d, path, &st);
}

/* --- users --------------------------------------------------------------- */

/* Whether a user of n groups has the rights of these bits (4, 2, 1). */
static bool
doctor_socket_may(
    uid_t uid, const gid_t *groups, int n, const struct stat *st, unsigned bits)
{
	int i;

	if (uid == 0)
		return true;
	if (st->st_uid == uid)
		return (st->st_mode >> 6 & bits) == bits;
	for (i = 0; i < n; i++)
		if (groups[i] == st->st_gid)
			return (st->st_mode >> 3 & bits) == bits;
	return (st->st_mode & bits) == bits;
}

/* Whether a file or folder on the way to the socket keeps a user out: by is its
 * name. */
static bool
doctor_socket_closed(
    const struct passwd *pw, const char *path, char by[PATH_MAX])
{
	gid_t groups[GROUPS_MAX];
	int n = GROUPS_MAX;
	struct stat st;
	const char *p = path;

	if (getgrouplist(pw->pw_name, pw->pw_gid, groups, &n) == -1)
		n = GROUPS_MAX;
	while ((p = strchr(p + 1, '/')) != NULL) {
		snprintf(by, PATH_MAX, "%.*s", (int)(p - path), path);
		if (stat(by, &st) == -1 ||
		    !doctor_socket_may(pw->pw_uid, groups, n, &st, 1))
			return true;
	}
	snprintf(by, PATH_MAX, "%s", path);
	return stat(path, &st) == -1 ||
	    !doctor_socket_may(pw->pw_uid, groups, n, &st, 2);
}

static void
say_kept_out(struct doctor *d, const struct passwd *pw, const char *by)
{
	const struct group *gr = getgrgid(pw->pw_gid);
	const char *group = gr == NULL ? pw->pw_name : gr->gr_name;
	const char *path = d->conf->listen + 5;

	doctor_say(d, DOCTOR_FAIL, "no web server may use %s: %s keeps %s out",
	    path, by, pw->pw_name);
	if (strcmp(by, path) == 0)
		doctor_mend_conf(d, "[server]",
		    "with socket_mode = 0660; then start the gateway again",
		    "socket_group = %s", group);
	else if (doctor_mend_is_home(d, by))
		doctor_socket_move(d);
	else
		doctor_mend_pass(d, by, pw->pw_gid, group);
}

/* The web server's user must get through to the socket.  Where its files name
 * none, one of the usual users must. */
void
doctor_users(struct doctor *d)
{
	const char *path = d->conf->listen + 5;
	char by[PATH_MAX], name[64];
	const char *const one[] = { name, NULL };
	const char *const *names = doctor_web_users;
	struct doctor_who w = { .uid = 0 };
	const struct passwd *pw;
	struct stat st;
	uid_t first = 0; /* root is never kept out */

	if (strncmp(d->conf->listen, "unix:", 5) != 0) {
		doctor_say(d, DOCTOR_OK, "%s is for everybody who reaches it",
		    d->conf->listen);
		return;
	}
	if (stat(path, &st) == -1 || !S_ISSOCK(st.st_mode)) {
		doctor_say(d, DOCTOR_SKIPPED,
		    errno == EACCES ? "this user may not look at the socket" :
				      "there is no socket");
		return;
	}
	if (doctor_web_user(d, &w) && (pw = getpwuid(w.uid)) != NULL) {
		snprintf(name, sizeof(name), "%s", pw->pw_name);
		names = one;
	}
	for (; *names != NULL; names++) {
		if ((pw = getpwnam(*names)) == NULL)
			continue;
		if (!doctor_socket_closed(pw, path, by)) {
			doctor_say(
			    d, DOCTOR_OK, "%s may use %s", pw->pw_name, path);
			return;
		}
		if (first == 0)
			first = pw->pw_uid;
	}
	pw = first == 0 ? NULL : getpwuid(first);
	if (pw == NULL)
		doctor_say(d, DOCTOR_SKIPPED,
		    "no user of a web server is known on this machine");
	else if (doctor_socket_closed(pw, path, by))
		say_kept_out(d, pw, by);
}
