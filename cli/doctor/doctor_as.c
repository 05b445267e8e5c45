/* SPDX-License-Identifier: MIT */
/* Runs checks as the user that serves: root can read and write everything, and
 * what matters is whether the gateway can. */
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/doctor/doctor.h"
#include "conf/conf.h"

#define PATIENCE 10U /* s, for a file system that hangs */

/* Takes a user over.  Returns false for root, whom nobody means to serve. */
static bool
doctor_as_user(const struct passwd *pw, struct doctor_who *w)
{
	if (pw == NULL || pw->pw_uid == 0)
		return false;
	w->uid = pw->pw_uid;
	w->gid = pw->pw_gid;
	return true;
}

/* The owner of the program, as whom suexec runs it; a host need not tell its
 * users' names. */
static bool
doctor_as_suexec(struct doctor *d, struct doctor_who *w)
{
	char program[PATH_MAX];
	struct stat st;

	if (d->cgi == NULL || !doctor_cgi_path(d, "ctim-relay.cgi", program) ||
	    stat(program, &st) == -1 || st.st_uid == 0)
		return false;
	w->uid = st.st_uid;
	w->gid = st.st_gid;
	return true;
}

/* The user that the configuration names, who need not exist. */
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

/* The owner of the socket: a spawner has chosen that user. */
static bool
doctor_as_socket(struct doctor *d, struct doctor_who *w)
{
	struct stat st;

	return strncmp(d->conf->listen, "unix:", 5) == 0 &&
	    lstat(d->conf->listen + 5, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    doctor_as_user(getpwuid(st.st_uid), w);
}

/* The owner of the configuration, when that user runs doctor. */
static bool
doctor_as_keeper(struct doctor *d, struct doctor_who *w)
{
	struct stat st;

	return geteuid() != 0 && stat(d->file, &st) == 0 &&
	    st.st_uid == geteuid() && doctor_as_user(getpwuid(st.st_uid), w);
}

/* The user of the group that may use the socket: the one named as the group is,
 * else the first whose own group it is. */
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

/* Fills in the names of the user that serves, and the words that have them. */
static void
doctor_as_words(struct doctor *d)
{
	struct doctor_who *w = &d->who;
	const struct passwd *pw = getpwuid(w->uid);
	const struct group *gr = getgrgid(w->gid);
	char name[sizeof(w->user) + sizeof(w->group)];

	snprintf(w->user, sizeof(w->user), "%ld", (long)w->uid);
	if (pw != NULL)
		snprintf(w->user, sizeof(w->user), "%s", pw->pw_name);
	snprintf(w->group, sizeof(w->group), "%ld", (long)w->gid);
	if (gr != NULL)
		snprintf(w->group, sizeof(w->group), "%s", gr->gr_name);
	if (w->change)
		snprintf(d->as_whom, sizeof(d->as_whom), " as %s", w->user);
	/* A name may hold blanks and more, when a directory service gives it. */
	snprintf(name, sizeof(name), "%s:%s", w->user, w->group);
	snprintf(d->owner, sizeof(d->owner), "%s", doctor_quote(d, name));
	snprintf(d->install, sizeof(d->install), "-o %s -g %s",
	    doctor_quote(d, w->user), doctor_quote(d, w->group));
}

void
doctor_who(struct doctor *d)
{
	/* The first source that knows a user decides. */
	static bool (*const sources[])(
	    struct doctor *, struct doctor_who *) = { doctor_as_suexec,
		doctor_as_configured, doctor_as_socket, doctor_as_keeper,
		doctor_web_user, doctor_as_group, doctor_as_known };
	struct doctor_who *w = &d->who;
	size_t i;

	*w = (struct doctor_who){ .uid = geteuid(), .gid = getegid() };
	for (i = 0; i < sizeof(sources) / sizeof(sources[0]); i++)
		if (sources[i](d, w))
			break;
	w->self = w->uid == geteuid();
	w->change = geteuid() == 0 && !w->self;
	doctor_as_words(d);
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

/* What the child does; its end tells the result, and why is shared memory. */
static void
doctor_as_act(const struct doctor_who *w, int (*f)(void *, char *), void *arg,
    char why[DOCTOR_WHY])
{
	const struct passwd *pw = getpwuid(w->uid);

	(void)alarm(PATIENCE);
	/* As the server has it: libpq looks there for passwords. */
	if (pw != NULL && setenv("HOME", pw->pw_dir, 1) == -1)
		snprintf(why, DOCTOR_WHY, "HOME: %s", strerror(errno));
	else if (initgroups(w->user, w->gid) == 0 &&
	    setresgid(w->gid, w->gid, w->gid) == 0 &&
	    setresuid(w->uid, w->uid, w->uid) == 0)
		_exit(doctor_as_try(f, arg, why) == 0 ? 0 : 1);
	else
		snprintf(why, DOCTOR_WHY, "becoming %s: %s", w->user,
		    strerror(errno));
	_exit(1);
}

int
doctor_as(
    struct doctor *d, int (*f)(void *, char *), void *arg, char why[DOCTOR_WHY])
{
	int status = -1;
	pid_t child;
	char *said;

	why[0] = '\0';
	if (!d->who.change)
		return doctor_as_try(f, arg, why);
	said = mmap(NULL, DOCTOR_WHY, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (said == MAP_FAILED || (child = fork()) == -1) {
		snprintf(why, DOCTOR_WHY, "%s", strerror(errno));
		if (said != MAP_FAILED)
			(void)munmap(said, DOCTOR_WHY);
		return -1;
	}
	if (child == 0)
		doctor_as_act(&d->who, f, arg, said);
	while (waitpid(child, &status, 0) == -1 && errno == EINTR)
		;
	snprintf(why, DOCTOR_WHY, "%.*s", DOCTOR_WHY - 1, said);
	(void)munmap(said, DOCTOR_WHY);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (why[0] == '\0')
		snprintf(why, DOCTOR_WHY,
		    "it did not come to an end within %u s", PATIENCE);
	return -1;
}
