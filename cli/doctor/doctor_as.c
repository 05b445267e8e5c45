/* Root can read and write everything; what matters is whether the gateway can. */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/doctor/doctor.h"
#include "conf/conf.h"

#define PATIENCE 10U /* s, for a file system that hangs */

static void
doctor_as_name_of(struct doctor_who *w)
{
	const struct passwd *pw = getpwuid(w->uid);
	const struct group *gr;

	snprintf(w->user, sizeof(w->user), "%s", pw == NULL ? "" : pw->pw_name);
	gr = getgrgid(w->gid);
	snprintf(
	    w->group, sizeof(w->group), "%s", gr == NULL ? "" : gr->gr_name);
	if (w->user[0] == '\0')
		snprintf(w->user, sizeof(w->user), "%ld", (long)w->uid);
	if (w->group[0] == '\0')
		snprintf(w->group, sizeof(w->group), "%ld", (long)w->gid);
}

/* Nobody means the gateway to serve as root. */
static bool
doctor_as_user(const struct passwd *pw, struct doctor_who *w)
{
	if (pw == NULL || pw->pw_uid == 0)
		return false;
	w->uid = pw->pw_uid;
	w->gid = pw->pw_gid;
	return true;
}

/* The user of the configuration, who need not be there. */
static bool
doctor_as_configured(struct doctor *d, struct doctor_who *w)
{
	const struct group *gr;

	if (d->conf->user == NULL ||
	    !doctor_as_user(getpwnam(d->conf->user), w))
		return false;
	if (d->conf->group != NULL && (gr = getgrnam(d->conf->group)) != NULL)
		w->gid = gr->gr_gid;
	return true;
}

/* Where a spawner chose the user, the socket is theirs. */
static bool
doctor_as_socket(struct doctor *d, struct doctor_who *w)
{
	struct stat st;

	return strncmp(d->conf->listen, "unix:", 5) == 0 &&
	    lstat(d->conf->listen + 5, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    doctor_as_user(getpwuid(st.st_uid), w);
}

/* Who is not root and keeps a configuration serves with it. */
static bool
doctor_as_keeper(struct doctor *d, struct doctor_who *w)
{
	struct stat st;

	return geteuid() != 0 && stat(d->file, &st) == 0 &&
	    st.st_uid == geteuid() && doctor_as_user(getpwuid(st.st_uid), w);
}

/* The user of the group that may use the socket: of its name, else the first
 * whose own group it is. */
static bool
doctor_as_group(struct doctor *d, struct doctor_who *w)
{
	const struct group *gr;
	const struct passwd *pw;
	gid_t gid;
	bool found = false;

	if (d->conf->socket_group == NULL ||
	    (gr = getgrnam(d->conf->socket_group)) == NULL)
		return false;
	gid = gr->gr_gid;
	if ((pw = getpwnam(d->conf->socket_group)) != NULL && pw->pw_gid == gid)
		return doctor_as_user(pw, w);
	setpwent();
	while (!found && (pw = getpwent()) != NULL)
		found = pw->pw_gid == gid && doctor_as_user(pw, w);
	endpwent();
	return found;
}

static bool
doctor_as_known(struct doctor *d, struct doctor_who *w)
{
	size_t i;

	(void)d;
	for (i = 0; doctor_web_users[i] != NULL; i++)
		if (doctor_as_user(getpwnam(doctor_web_users[i]), w))
			return true;
	return false;
}

void
doctor_who(struct doctor *d)
{
	/* The first that knows it. */
	static bool (*const sources[])(struct doctor *, struct doctor_who *) = {
		doctor_as_configured, doctor_as_socket, doctor_as_keeper,
		doctor_web_user, doctor_as_group, doctor_as_known
	};
	struct doctor_who *w = &d->who;
	size_t i;

	*w = (struct doctor_who){ .uid = geteuid(), .gid = getegid() };
	for (i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		if (sources[i](d, w))
			break;
	w->self = w->uid == geteuid();
	w->change = geteuid() == 0 && !w->self;
	doctor_as_name_of(w);
}

bool
doctor_foreign(struct doctor *d, const char *path)
{
	if (d->who.self || d->who.change)
		return false;
	doctor_say(d, DOCTOR_SKIPPED, "%s: only root can try it as %s", path,
	    d->who.user);
	return true;
}

/* Calls f; when it fails without a reason, the reason is that of errno. */
static int
doctor_as_try(int (*f)(void *, char *), void *arg, char why[DOCTOR_WHY])
{
	int r = f(arg, why);

	if (r == -1 && *why == '\0')
		snprintf(why, DOCTOR_WHY, "%s", strerror(errno));
	return r;
}

/* In the child: the result, and why, through the pipe. */
static void
doctor_as_act(
    const struct doctor_who *w, int (*f)(void *, char *), void *arg, int fd)
{
	char why[DOCTOR_WHY] = "";
	int r;

	(void)alarm(PATIENCE);
	if (initgroups(w->user, w->gid) == -1 ||
	    setresgid(w->gid, w->gid, w->gid) == -1 ||
	    setresuid(w->uid, w->uid, w->uid) == -1) {
		snprintf(why, sizeof(why), "becoming %s: %s", w->user,
		    strerror(errno));
		r = -1;
	} else {
		r = doctor_as_try(f, arg, why);
	}
	if (write(fd, why, strlen(why)) == -1)
		r = -1;
	_exit(r == 0 ? 0 : 1);
}

/* What the child said. */
static int
hear(pid_t child, int fd, char why[DOCTOR_WHY])
{
	size_t len = 0;
	ssize_t n;
	int status;

	while ((n = read(fd, why + len, DOCTOR_WHY - 1 - len)) > 0 ||
	    (n == -1 && errno == EINTR))
		len += n > 0 ? (size_t)n : 0;
	why[len] = '\0';
	while (waitpid(child, &status, 0) == -1 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (len == 0)
		snprintf(why, DOCTOR_WHY,
		    "it did not come to an end within %u s", PATIENCE);
	return -1;
}

int
doctor_as(
    struct doctor *d, int (*f)(void *, char *), void *arg, char why[DOCTOR_WHY])
{
	int ends[2], r;
	pid_t child;

	why[0] = '\0';
	if (!d->who.change)
		return doctor_as_try(f, arg, why);
	if (pipe(ends) == -1 || (child = fork()) == -1) {
		snprintf(why, DOCTOR_WHY, "%s", strerror(errno));
		return -1;
	}
	if (child == 0) {
		(void)close(ends[0]);
		doctor_as_act(&d->who, f, arg, ends[1]);
	}
	(void)close(ends[1]);
	r = hear(child, ends[0], why);
	(void)close(ends[0]);
	return r;
}

const char *
doctor_as_whom(const struct doctor *d, char text[80])
{
	text[0] = '\0';
	if (d->who.change)
		snprintf(text, 80, " as %s", d->who.user);
	return text;
}

/* A name may hold blanks and more, when a directory service gives it. */
const char *
doctor_owner(struct doctor *d)
{
	char text[sizeof(d->who.user) + sizeof(d->who.group)];

	snprintf(text, sizeof(text), "%s:%s", d->who.user, d->who.group);
	return doctor_quote(d, text);
}

const char *
doctor_install(struct doctor *d, char text[DOCTOR_INSTALL])
{
	snprintf(text, DOCTOR_INSTALL, "-o %s -g %s",
	    doctor_quote(d, d->who.user), doctor_quote(d, d->who.group));
	return text;
}
