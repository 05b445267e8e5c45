/* The lines that mend: who runs them, on what, and never on what a link leads
 * to. */
#include <sys/stat.h>

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf.h"
#include "doctor.h"
#include "keyfile.h"

/* Puts what path is from the root on into out; a link stays one. */
static void
doctor_mend_whole(const char *path, char out[PATH_MAX])
{
	char	 dir[PATH_MAX];

	if (path[0] == '/' || getcwd(dir, sizeof(dir)) == NULL ||
	    snprintf(out, PATH_MAX, "%s/%s", dir, path) >= PATH_MAX)
		snprintf(out, PATH_MAX, "%s", path);
}

void
doctor_places(struct doctor *d)
{
	char	 path[PATH_MAX];
	ssize_t	 n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	doctor_mend_whole(d->file, d->whole);
	path[n > 0 ? n : 0] = '\0';
	snprintf(d->program, sizeof(d->program), "%s",
	    n > 0 ? doctor_quote(d, path) : "ctim-relay");
}

const char *
doctor_path_of(struct doctor *d, const char *path)
{
	char	 whole[PATH_MAX];

	doctor_mend_whole(path, whole);
	return doctor_quote(d, whole);
}

/* Under sudo(8) the shell that a line is pasted into is not root's. */
const char *
doctor_root(void)
{
	const char	*uid = getenv("SUDO_UID");

	return geteuid() == 0 && (uid == NULL || strcmp(uid, "0") == 0) ? "" :
	    "sudo ";
}

const char *
doctor_by(uid_t uid, char text[DOCTOR_AS])
{
	const struct passwd	*pw = getpwuid(uid);
	const char		*root = doctor_root();
	char			 name[64];

	if (uid == 0 || (uid == geteuid() && *root != '\0'))
		return uid == 0 ? root : "";
	if (pw != NULL)
		snprintf(name, sizeof(name), "%s", pw->pw_name);
	else
		snprintf(name, sizeof(name), "'#%ld'", (long)uid);
	/* runuser(1) knows names alone; root needs no sudo(8) installed. */
	if (*root != '\0')
		snprintf(text, DOCTOR_AS, "sudo -u %s ", name);
	else if (pw != NULL)
		snprintf(text, DOCTOR_AS, "runuser -u %s -- ", name);
	else
		snprintf(text, DOCTOR_AS, "setpriv --reuid %ld --regid %ld "
		    "--clear-groups ", (long)uid, (long)uid);
	return text;
}

bool
doctor_mend_link(struct doctor *d, const char *path)
{
	struct stat	 st;

	if (lstat(path, &st) == -1 || !S_ISLNK(st.st_mode))
		return false;
	doctor_mend(d, "%sreadlink -f -- %s", doctor_root(),
	    doctor_path_of(d, path));
	doctor_note(d, "it is a link: see first that what it leads to is meant");
	return true;
}

/* chmod(1) follows links, and who owns a file may put one in its place: run by
 * the owner, it reaches nothing that was not theirs. */
void
doctor_mend_mode(struct doctor *d, const char *path, const char *mode)
{
	struct stat	 st;
	char		 by[DOCTOR_AS];

	if (doctor_mend_link(d, path))
		return;
	doctor_mend(d, "%schmod %s %s", lstat(path, &st) == -1 ?
	    doctor_root() : doctor_by(st.st_uid, by), mode,
	    doctor_path_of(d, path));
}

void
doctor_mend_group(struct doctor *d, const char *path, const char *mode)
{
	struct stat	 st;
	char		 by[DOCTOR_AS];
	const char	*file = doctor_path_of(d, path);

	if (doctor_mend_link(d, path))
		return;
	doctor_mend(d, "%schgrp -h %s %s && %schmod %s %s", doctor_root(),
	    d->who.group, file, lstat(path, &st) == -1 ? doctor_root() :
	    doctor_by(st.st_uid, by), mode, file);
}

void
doctor_mend_edit(struct doctor *d, const char *file, unsigned line)
{
	doctor_mend(d, "%s${EDITOR:-vi} +%u %s", doctor_root(), line,
	    doctor_path_of(d, file));
}

void
doctor_mend_again(struct doctor *d)
{
	doctor_mend(d, "sudo %s doctor -c %s", d->program,
	    doctor_quote(d, d->whole));
}

void
doctor_mend_aside(struct doctor *d, const char *path)
{
	char	 old[PATH_MAX], to[PATH_MAX];

	snprintf(old, sizeof(old), "%.*s.old", PATH_MAX - 8, path);
	keyfile_new_name(old, to);
	doctor_mend(d, "%smv -nT %s %s", doctor_root(),
	    doctor_path_of(d, path), doctor_path_of(d, to));
}

/* Where the server is installed, or beside this program, as it was built. */
static void
doctor_mend_server(char out[PATH_MAX])
{
	char	*slash;
	ssize_t	 n;

	snprintf(out, PATH_MAX, "%s", CTIM_LIBEXECDIR "/ctim-relay.fcgi");
	if (access(out, X_OK) == 0 || (n = readlink("/proc/self/exe", out,
	    PATH_MAX - sizeof("/ctim-relay.fcgi"))) <= 0)
		return;
	out[n] = '\0';
	if ((slash = strrchr(out, '/')) != NULL)
		memcpy(slash, "/ctim-relay.fcgi", sizeof("/ctim-relay.fcgi"));
	if (access(out, X_OK) == -1)
		snprintf(out, PATH_MAX, "%s",
		    CTIM_LIBEXECDIR "/ctim-relay.fcgi");
}

/* With [server] user root starts it and it becomes that user. */
void
doctor_mend_start(struct doctor *d)
{
	char		 server[PATH_MAX], dir[PATH_MAX], by[DOCTOR_AS];
	char		 make[PATH_MAX * 2] = "", *slash;
	const char	*at = d->conf->listen;
	struct stat	 st;

	doctor_mend_server(server);
	snprintf(dir, sizeof(dir), "%s", strncmp(at, "unix:", 5) == 0 ?
	    at + 5 : "");
	if ((slash = strrchr(dir, '/')) != NULL && slash != dir) {
		*slash = '\0';
		/* /run is empty after each start of the system. */
		if (lstat(dir, &st) == -1 && errno == ENOENT)
			snprintf(make, sizeof(make), "%sinstall -d -m 0755 "
			    "-o %s -g %s %s && ", doctor_root(), d->who.user,
			    d->who.group, doctor_quote(d, dir));
	}
	doctor_mend(d, "%s%s%s -c %s &", make, d->conf->user != NULL ?
	    doctor_root() : doctor_by(d->who.uid, by),
	    doctor_quote(d, server), doctor_quote(d, d->whole));
}
