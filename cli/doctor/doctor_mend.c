/* SPDX-License-Identifier: MIT */
/* The lines that mend: as which user they run, on which file, and never on the
 * file that a link leads to. */
#include <sys/stat.h>

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/doctor/doctor.h"
#include "cli/jwt/keyfile.h"
#include "conf/conf.h"

#define NAME_PLAIN                   \
	"abcdefghijklmnopqrstuvwxyz" \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-."

/* Puts path into out as it is from the root on; links are not followed. */
static void
doctor_mend_whole(const char *path, char out[PATH_MAX])
{
	char dir[PATH_MAX];

	if (path[0] == '/' || getcwd(dir, sizeof(dir)) == NULL ||
	    snprintf(out, PATH_MAX, "%s/%s", dir, path) >= PATH_MAX)
		snprintf(out, PATH_MAX, "%s", path);
}

void
doctor_directory(const char *path, char dir[PATH_MAX])
{
	char *slash;

	snprintf(dir, PATH_MAX, "%s", path);
	if ((slash = strrchr(dir, '/')) != NULL)
		slash[slash == dir] = '\0';
}

void
doctor_places(struct doctor *d)
{
	const char *uid = getenv("SUDO_UID");
	char path[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);

	doctor_mend_whole(d->file, d->whole);
	/* Under sudo(8) the shell that a line is pasted into is not root's. */
	d->sudo = geteuid() == 0 && (uid == NULL || strcmp(uid, "0") == 0) ?
	    "" :
	    "sudo ";
	path[n > 0 ? n : 0] = '\0';
	snprintf(d->program, sizeof(d->program), "%s",
	    n > 0 ? doctor_quote(d, path) : "ctim-relay");
}

const char *
doctor_path_of(struct doctor *d, const char *path)
{
	char whole[PATH_MAX];

	doctor_mend_whole(path, whole);
	return doctor_quote(d, whole);
}

const char *
doctor_by(struct doctor *d, uid_t uid)
{
	const struct passwd *pw = getpwuid(uid);
	char name[32];

	/* A name that is not plain would have to be quoted. */
	if (pw != NULL &&
	    (strlen(pw->pw_name) >= sizeof(name) ||
		pw->pw_name[strspn(pw->pw_name, NAME_PLAIN)] != '\0'))
		pw = NULL;
	if (uid == 0 || (uid == geteuid() && *d->sudo != '\0'))
		return uid == 0 ? d->sudo : "";
	if (pw != NULL)
		snprintf(name, sizeof(name), "%s", pw->pw_name);
	else
		snprintf(name, sizeof(name), "'#%ld'", (long)uid);
	/* runuser(1) knows names alone; root needs no sudo(8) installed. */
	if (*d->sudo != '\0')
		snprintf(d->by, sizeof(d->by), "sudo -u %s ", name);
	else if (pw != NULL)
		snprintf(d->by, sizeof(d->by), "runuser -u %s -- ", name);
	else
		snprintf(d->by, sizeof(d->by),
		    "setpriv --reuid %ld --regid %ld --clear-groups ",
		    (long)uid, (long)uid);
	return d->by;
}

bool
doctor_mend_link(struct doctor *d, const char *path)
{
	struct stat st;

	if (lstat(path, &st) == -1 || !S_ISLNK(st.st_mode))
		return false;
	doctor_sudo(d, "readlink -f -- %s", doctor_path_of(d, path));
	doctor_note(
	    d, "it is a link: see first that what it leads to is meant");
	return true;
}

/* chmod(1) follows links, and a file's owner may put a link in its place: run
 * as the owner, chmod reaches nothing that was not the owner's. */
void
doctor_mend_mode(struct doctor *d, const char *path, const char *mode)
{
	struct stat st;

	if (doctor_mend_link(d, path))
		return;
	doctor_mend(d, "%schmod %s %s",
	    lstat(path, &st) == -1 ? d->sudo : doctor_by(d, st.st_uid), mode,
	    doctor_path_of(d, path));
}

/* Whether another group uses a file: then the file stays that group's. */
static bool
doctor_mend_used(const struct stat *st, gid_t gid)
{
	return st->st_gid != 0 && st->st_gid != gid &&
	    (st->st_mode & S_IRWXG) != 0;
}

void
doctor_mend_pass(
    struct doctor *d, const char *dir, gid_t gid, const char *group)
{
	const char *word = doctor_path_of(d, dir);
	struct stat st;

	if (doctor_mend_link(d, dir))
		return;
	if (lstat(dir, &st) == 0 && doctor_mend_used(&st, gid))
		doctor_sudo(d, "chmod o+x %s", word);
	else
		doctor_sudo(d, "chgrp -h %s %s && %schmod g-w+x %s",
		    doctor_quote(d, group), word, d->sudo, word);
}

/* Whether path is dir, or is in it. */
static bool
doctor_mend_within(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	while (n > 0 && dir[n - 1] == '/')
		n--;
	return n > 0 && strncmp(path, dir, n) == 0 &&
	    (path[n] == '/' || path[n] == '\0');
}

bool
doctor_mend_is_home(const struct doctor *d, const char *dir)
{
	char real[PATH_MAX];
	const struct passwd *pw;
	struct stat st;

	if (realpath(dir, real) == NULL || stat(real, &st) == -1)
		return false;
	if (doctor_mend_within(real, "/root") ||
	    doctor_mend_within(real, "/home"))
		return true;
	pw = st.st_uid == d->who.uid ? NULL : getpwuid(st.st_uid);
	return pw != NULL && doctor_mend_within(real, pw->pw_dir);
}

static int
doctor_mend_try(void *arg, char why[DOCTOR_WHY])
{
	(void)why;
	return eaccess(arg, X_OK);
}

enum doctor_way
doctor_mend_way(struct doctor *d, const char *path)
{
	char whole[PATH_MAX], why[DOCTOR_WHY], *p = whole;
	struct stat st;

	doctor_mend_whole(path, whole);
	while ((p = strchr(p + 1, '/')) != NULL) {
		*p = '\0';
		if (stat(whole, &st) == 0 && S_ISDIR(st.st_mode) &&
		    doctor_as(d, doctor_mend_try, whole, why) == -1 &&
		    strcmp(why, strerror(EACCES)) == 0) {
			if (doctor_mend_is_home(d, whole))
				return DOCTOR_WAY_HOME;
			doctor_mend_pass(d, whole, d->who.gid, d->who.group);
			doctor_note(d, "who serves may not pass it");
			return DOCTOR_WAY_SAID;
		}
		*p = '/';
	}
	return DOCTOR_WAY_OPEN;
}

/* The mend copies a file or a folder out of a home: beside the configuration
 * or, when that is in a home as well, to the usual folder of a configuration.
 * A home holds more than the gateway reads, so no mend opens it. */
static void
doctor_mend_copy(struct doctor *d, const char *path)
{
	char dir[PATH_MAX], to[PATH_MAX], whole[PATH_MAX];
	const char *base, *word;

	doctor_mend_whole(path, whole);
	base = strrchr(whole, '/') == NULL ? "/copy" : strrchr(whole, '/');
	doctor_directory(d->whole, dir);
	/* No path may be cut off, with the number of keyfile_new_name(). */
	if (doctor_mend_is_home(d, dir) ||
	    strlen(dir) > PATH_MAX - NAME_MAX - 16)
		snprintf(dir, sizeof(dir), CTIM_SYSCONFDIR "/ctim-relay");
	snprintf(to, sizeof(to), "%.*s%.*s", PATH_MAX - NAME_MAX - 16, dir,
	    NAME_MAX + 1, base);
	keyfile_new_name(to, whole);
	word = doctor_quote(d, whole);
	doctor_sudo(d,
	    "mkdir -p %s && %scp -rnT %s %s && %schgrp -hR %s %s && %schmod -R "
	    "g-w+rX,o= %s",
	    doctor_quote(d, dir), d->sudo, doctor_path_of(d, path), word,
	    d->sudo, doctor_quote(d, d->who.group), word, d->sudo, word);
	doctor_note(d,
	    "who serves may not pass that home: name %s instead, in %s or, for "
	    "the configuration itself, with -c",
	    whole, d->whole);
}

void
doctor_mend_read(struct doctor *d, const char *path, const char *rights)
{
	struct stat st;
	const char *file = doctor_path_of(d, path), *owner;
	enum doctor_way way = doctor_mend_way(d, path);

	if (way == DOCTOR_WAY_SAID || doctor_mend_link(d, path))
		return;
	if (way == DOCTOR_WAY_HOME) {
		doctor_mend_copy(d, path);
		return;
	}
	if (lstat(path, &st) == -1)
		st = (struct stat){ .st_uid = 0 };
	owner = doctor_by(d, st.st_uid);
	if (!doctor_mend_used(&st, d->who.gid)) {
		doctor_sudo(d, "chgrp -h %s %s && %schmod g-w+%s %s",
		    doctor_quote(d, d->who.group), file, owner, rights, file);
	} else if (access("/usr/bin/setfacl", X_OK) == 0) {
		doctor_mend(d, "%ssetfacl -m u:%s:%s -- %s", owner,
		    doctor_quote(d, d->who.user), rights, file);
	} else {
		doctor_sudo(d, "ls -l -- %s", file);
		doctor_note(d,
		    "group %ld uses it: let %s be of that group, install "
		    "setfacl(1), or name a copy",
		    (long)st.st_gid, d->who.user);
	}
}

void
doctor_mend_edit(struct doctor *d, const char *file, unsigned line)
{
	doctor_sudo(d, "${EDITOR:-vi} +%u %s", line, doctor_path_of(d, file));
}

void
doctor_mend_show(struct doctor *d, const char *path)
{
	doctor_sudo(d, "ls -ld %s", doctor_path_of(d, path));
}

void
doctor_mend_run(struct doctor *d, const char *command, const char *relay)
{
	doctor_sudo(d, "%s %s%s%s -c %s", d->program, command,
	    relay == NULL ? "" : " ", relay == NULL ? "" : relay,
	    doctor_quote(d, d->whole));
}

void
doctor_mend_again(struct doctor *d)
{
	doctor_mend(
	    d, "sudo %s doctor -c %s", d->program, doctor_quote(d, d->whole));
}

void
doctor_mend_aside(struct doctor *d, const char *path)
{
	char old[PATH_MAX], to[PATH_MAX];
	struct stat st;

	if (doctor_mend_link(d, path))
		return;
	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		doctor_mend_show(d, path);
		doctor_note(
		    d, "then set another file in [server] of %s", d->whole);
		return;
	}
	snprintf(old, sizeof(old), "%.*s.old", PATH_MAX - 8, path);
	keyfile_new_name(old, to);
	doctor_sudo(
	    d, "mv -nT %s %s", doctor_path_of(d, path), doctor_path_of(d, to));
}

/* Finds the server where it is installed, else beside this program, as it was
 * built. */
static void
doctor_mend_server(char out[PATH_MAX])
{
	char *slash;
	ssize_t n;

	snprintf(out, PATH_MAX, "%s", CTIM_LIBEXECDIR "/ctim-relay.fcgi");
	if (access(out, X_OK) == 0 ||
	    (n = readlink("/proc/self/exe", out,
		 PATH_MAX - sizeof("/ctim-relay.fcgi"))) <= 0)
		return;
	out[n] = '\0';
	if ((slash = strrchr(out, '/')) != NULL)
		memcpy(slash, "/ctim-relay.fcgi", sizeof("/ctim-relay.fcgi"));
	if (access(out, X_OK) == -1)
		snprintf(
		    out, PATH_MAX, "%s", CTIM_LIBEXECDIR "/ctim-relay.fcgi");
}

/* With [server] user root starts the gateway, which becomes that user. */
void
doctor_mend_start(struct doctor *d)
{
	char server[PATH_MAX], dir[PATH_MAX];
	char make[PATH_MAX * 2] = "";
	const char *at = d->conf->listen;
	struct stat st;

	doctor_mend_server(server);
	if (strncmp(at, "unix:", 5) == 0) {
		doctor_directory(at + strlen("unix:"), dir);
		/* /run is empty after each start of the system. */
		if (lstat(dir, &st) == -1 && errno == ENOENT)
			snprintf(make, sizeof(make),
			    "%sinstall -d -m 0755 %s %s && ", d->sudo,
			    d->install, doctor_quote(d, dir));
	}
	doctor_mend(d, "%s%s%s -c %s &", make,
	    d->conf->user != NULL ? d->sudo : doctor_by(d, d->who.uid),
	    doctor_quote(d, server), doctor_quote(d, d->whole));
}
