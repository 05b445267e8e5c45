/* The socket between the web server and the gateway, and who may use it. */
#include <arpa/inet.h>
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

#include "cli/doctor/doctor.h"
#include "cli/pool/fcgiask.h"
#include "conf/conf.h"
#include "json/jsonin.h"

#define GROUPS_MAX 256 /* groups of a user that are looked at */

/* Where the web server starts the gateway nobody listens, and nothing is wrong;
 * false: it was not said. */
static bool
doctor_socket_spawned(struct doctor *d)
{
	const char *how = doctor_web_starts(d);

	if (how != NULL)
		doctor_say(d, DOCTOR_OK, "none is needed: %s", how);
	return how != NULL;
}

/* Says who is there instead of a gateway. */
static void
doctor_socket_other(struct doctor *d, const char *why)
{
	const char *at = d->conf->listen;

	doctor_say(d, DOCTOR_FAIL,
	    "something else than a gateway answers at %s%s%s", at,
	    *why != '\0' ? ": " : "", why);
	if (strncmp(at, "unix:", 5) == 0)
		doctor_mend(d, "%sss -xlp | grep -F -- %s", doctor_root(),
		    doctor_quote(d, at + 5));
	else
		doctor_mend(d, "%sss -ltnp 'sport = %s'", doctor_root(),
		    strrchr(at, ':'));
	doctor_note(d,
	    "shows who; end that, or set another listen in [server] of %s and "
	    "in the web server",
	    d->whole);
}

/* Whether what listens there is a gateway; if not, that was said.  One that is
 * busy says so, which is an answer, too. */
static bool
doctor_socket_knock(struct doctor *d)
{
	char why[FCGIASK_WHY] = "";
	const char *at = d->conf->listen, *said;
	struct json_object *answer;
	struct buf body;
	int status;

	buf_init(&body, FCGIASK_MAX);
	status = fcgiask(at, "/watchdog", DOCTOR_MARK,
	    (int)doctor_left(d, DOCTOR_CALL), &body, why);
	answer =
	    status == -1 ? NULL : jsonin_parse(body.data, body.len, 100, NULL);
	said = jsonin_string(answer, "data");
	d->listens =
	    (status == 200 && said != NULL && strcmp(said, DOCTOR_MARK) == 0) ||
	    doctor_own_error(answer, status);
	json_object_put(answer);
	buf_free(&body);
	if (d->listens)
		return true;
	if (status == -1 && strstr(why, "no answer in time") != NULL) {
		doctor_say(d, DOCTOR_WARN,
		    "%s: takes connections, and does not answer within %d s",
		    at, DOCTOR_CALL / 1000);
		doctor_mend(d, "%s%s status -c %s", doctor_root(), d->program,
		    doctor_quote(d, d->whole));
		doctor_note(d,
		    "shows a gateway that is busy; another program does not "
		    "answer that");
	} else {
		doctor_socket_other(
		    d, status == -1 ? "" : "it does not know /watchdog");
	}
	return false;
}

/* 0, or the errno of connecting. */
static int
try_connect(int family, const struct sockaddr *sa, socklen_t len)
{
	int fd, error = 0;
	socklen_t size = sizeof(error);
	struct pollfd p;

	fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return errno;
	if (connect(fd, sa, len) == -1) {
		error = errno;
		p = (struct pollfd){ .fd = fd, .events = POLLOUT };
		if (error == EINPROGRESS && poll(&p, 1, DOCTOR_CALL) < 1)
			error = ETIMEDOUT;
		else if (error == EINPROGRESS)
			(void)getsockopt(
			    fd, SOL_SOCKET, SO_ERROR, &error, &size);
	}
	(void)close(fd);
	return error;
}

/* Moves the gateway to a socket in a place of its own. */
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

/* Who has one of a name's addresses alone misses those who ask at another. */
static void
say_unanswered(struct doctor *d, const struct addrinfo *ai, int error)
{
	char host[INET6_ADDRSTRLEN] = "?";

	(void)getnameinfo(ai->ai_addr, ai->ai_addrlen, host, sizeof(host), NULL,
	    0, NI_NUMERICHOST);
	doctor_say(d, DOCTOR_WARN, "%s: nobody answers at %s: %s",
	    d->conf->listen, host, strerror(error));
	doctor_mend_start(d);
}

/* At which of the addresses somebody answers; NULL: at none, and why. */
static const struct addrinfo *
first_answering(const struct addrinfo *list, int *error)
{
	for (; list != NULL; list = list->ai_next)
		if ((*error = try_connect(list->ai_family, list->ai_addr,
			 list->ai_addrlen)) == 0)
			return list;
	return NULL;
}

/* Every address of the name, as the gateway listens on all that there are. */
static void
try_addresses(struct doctor *d, const struct addrinfo *list)
{
	int error = 0;
	const struct addrinfo *good = first_answering(list, &error);

	say_tcp(d, error);
	for (; good != NULL && list != NULL; list = list->ai_next) {
		if (list == good)
			continue;
		error = try_connect(
		    list->ai_family, list->ai_addr, list->ai_addrlen);
		if (error == ECONNREFUSED)
			say_unanswered(d, list, error);
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

/* error: of lstat(2) or connect(2); nothing is there, or not for us. */
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
		doctor_mend(
		    d, "%sls -ld %s", doctor_root(), doctor_quote(d, path));
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
	error = try_connect(AF_UNIX, (struct sockaddr *)&sa, sizeof(sa));
	if (error != 0)
		say_unconnected(d, path, error);
	else if (doctor_socket_knock(d))
		say_mode(d, path, &st);
}

/* --- users --------------------------------------------------------------- */

struct user {
	uid_t uid;
	gid_t groups[GROUPS_MAX];
	int n;
};

/* Whether the bits of one kind (4, 2, 1) are there for the user. */
static bool
may(const struct user *u, const struct stat *st, unsigned bits)
{
	int i;

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
signins_out(const struct user *u, const char *path, char by[PATH_MAX])
{
	struct stat st;
	const char *p = path;

	while ((p = strchr(p + 1, '/')) != NULL) {
		snprintf(by, PATH_MAX, "%.*s", (int)(p - path), path);
		if (stat(by, &st) == -1 || !may(u, &st, 1))
			return true;
	}
	snprintf(by, PATH_MAX, "%s", path);
	return stat(path, &st) == -1 || !may(u, &st, 2);
}

/* The user of an entry, with all groups. */
static void
doctor_socket_user(const struct passwd *pw, struct user *u)
{
	u->uid = pw->pw_uid;
	u->n = GROUPS_MAX;
	if (getgrouplist(pw->pw_name, pw->pw_gid, u->groups, &u->n) == -1)
		u->n = GROUPS_MAX;
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

/* The web server's user as its files say it, else who serves HTTP on the systems
 * that there are; i: which of them, false: no more. */
static bool
doctor_socket_web_user(struct doctor *d, size_t *i, struct passwd *pw)
{
	const struct passwd *found;
	struct doctor_who w = { .uid = 0 };

	if (*i == 0 && doctor_web_user(d, &w) &&
	    (found = getpwuid(w.uid)) != NULL) {
		*i = SIZE_MAX;
		*pw = *found;
		return true;
	}
	while (*i != SIZE_MAX && doctor_web_users[*i] != NULL)
		if ((found = getpwnam(doctor_web_users[(*i)++])) != NULL) {
			*pw = *found;
			return true;
		}
	return false;
}

void
doctor_users(struct doctor *d)
{
	const char *path = d->conf->listen + 5;
	char by[PATH_MAX], first_by[PATH_MAX] = "";
	struct passwd pw;
	struct user u;
	struct stat st;
	uid_t first = 0;
	size_t i = 0;

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
	while (doctor_socket_web_user(d, &i, &pw)) {
		doctor_socket_user(&pw, &u);
		if (!signins_out(&u, path, by)) {
			doctor_say(
			    d, DOCTOR_OK, "%s may use %s", pw.pw_name, path);
			return;
		}
		if (first_by[0] == '\0') {
			first = pw.pw_uid;
			memcpy(first_by, by, sizeof(by));
		}
	}
	if (first_by[0] == '\0')
		doctor_say(d, DOCTOR_SKIPPED,
		    "no user of a web server is known on this machine");
	else
		say_kept_out(d, getpwuid(first), first_by);
}
