/* Root can read and write everything; what matters is whether the gateway can. */
#include <sys/stat.h>
#include <sys/wait.h>

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "doctor.h"

#define PATIENCE	10U	/* s, for a file system that hangs */

static void
name_of(struct doctor_who *w)
{
	const struct passwd	*pw = getpwuid(w->uid);
	const struct group	*gr;

	snprintf(w->user, sizeof(w->user), "%s", pw == NULL ? "" : pw->pw_name);
	gr = getgrgid(w->gid);
	snprintf(w->group, sizeof(w->group), "%s",
	    gr == NULL ? "" : gr->gr_name);
	if (w->user[0] == '\0')
		snprintf(w->user, sizeof(w->user), "%ld", (long)w->uid);
	if (w->group[0] == '\0')
		snprintf(w->group, sizeof(w->group), "%ld", (long)w->gid);
}

/* The user of the configuration; -1 when it names none that exists. */
static int
configured(const struct conf *conf, struct doctor_who *w)
{
	const struct passwd	*pw;
	const struct group	*gr;

	if (conf == NULL || conf->user == NULL ||
	    (pw = getpwnam(conf->user)) == NULL)
		return -1;
	w->uid = pw->pw_uid;
	w->gid = pw->pw_gid;
	if (conf->group != NULL && (gr = getgrnam(conf->group)) != NULL)
		w->gid = gr->gr_gid;
	return 0;
}

/* Where a spawner chose the user, the socket is theirs. */
static int
of_socket(const struct conf *conf, struct doctor_who *w)
{
	const struct passwd	*pw;
	struct stat		 st;

	if (conf == NULL || strncmp(conf->listen, "unix:", 5) != 0 ||
	    lstat(conf->listen + 5, &st) == -1 || !S_ISSOCK(st.st_mode) ||
	    (pw = getpwuid(st.st_uid)) == NULL)
		return -1;
	w->uid = pw->pw_uid;
	w->gid = pw->pw_gid;
	return 0;
}

void
doctor_who(struct doctor *d)
{
	struct doctor_who	*w = &d->who;

	*w = (struct doctor_who){ .uid = geteuid(), .gid = getegid() };
	if (w->uid == 0 && configured(d->conf, w) == -1)
		(void)of_socket(d->conf, w);
	w->change = geteuid() == 0 && w->uid != 0;
	name_of(w);
}

static int
become(const struct doctor_who *w)
{
	return initgroups(w->user, w->gid) == -1 ||
	    setresgid(w->gid, w->gid, w->gid) == -1 ||
	    setresuid(w->uid, w->uid, w->uid) == -1 ? -1 : 0;
}

/* In the child: the result, and why, through the pipe. */
static void
act(const struct doctor_who *w, int (*f)(void *, char *), void *arg, int fd)
{
	char	 why[DOCTOR_WHY] = "";
	int	 r;

	(void)alarm(PATIENCE);
	if (become(w) == -1) {
		snprintf(why, sizeof(why), "becoming %s: %s", w->user,
		    strerror(errno));
		r = -1;
	} else {
		r = f(arg, why);
	}
	if (write(fd, why, strlen(why)) == -1)
		r = -1;
	_exit(r == 0 ? 0 : 1);
}

/* What the child said. */
static int
hear(pid_t child, int fd, char why[DOCTOR_WHY])
{
	size_t	 len = 0;
	ssize_t	 n;
	int	 status;

	while ((n = read(fd, why + len, DOCTOR_WHY - 1 - len)) > 0 ||
	    (n == -1 && errno == EINTR))
		len += n > 0 ? (size_t)n : 0;
	why[len] = '\0';
	while (waitpid(child, &status, 0) == -1 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (len == 0)
		snprintf(why, DOCTOR_WHY, "it did not come to an end within "
		    "%u s", PATIENCE);
	return -1;
}

int
doctor_as(struct doctor *d, int (*f)(void *, char *), void *arg,
    char why[DOCTOR_WHY])
{
	int	 ends[2], r;
	pid_t	 child;

	why[0] = '\0';
	if (!d->who.change)
		return f(arg, why);
	if (pipe(ends) == -1 || (child = fork()) == -1) {
		snprintf(why, DOCTOR_WHY, "%s", strerror(errno));
		return -1;
	}
	if (child == 0) {
		(void)close(ends[0]);
		act(&d->who, f, arg, ends[1]);
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

const char *
doctor_owner(const struct doctor *d, char text[136])
{
	snprintf(text, 136, "%s:%s", d->who.user, d->who.group);
	return text;
}
