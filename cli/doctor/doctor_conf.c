/* SPDX-License-Identifier: MIT */
/* The configuration, as `check` sees it, and who may read and change it. */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/base/settings.h"
#include "cli/doctor/doctor.h"
#include "conf/conf.h"
#include "log/log.h"
#include "log/logfile.h"
#include "relay/lists.h"
#include "start/pathtrust.h"

#define DOCTOR_COMPLAINTS (1U << 18) /* bytes of them all */

void
doctor_key_file(struct doctor *d, char file[PATH_MAX])
{
	const char *slash = strrchr(d->whole, '/');
	int n = slash == NULL ? 0 : (int)(slash - d->whole) + 1;

	(void)snprintf(file, PATH_MAX, "%.*ssecret.key",
	    n > PATH_MAX - 16 ? 0 : n, d->whole);
}

/* Names the key file that is there; else makes one that the user that serves
 * can read. */
static void
doctor_conf_no_key(struct doctor *d)
{
	char file[PATH_MAX];
	const char *word;
	struct stat st;

	doctor_key_file(d, file);
	if (lstat(file, &st) == 0) {
		doctor_mend_conf(d, "[auth]", "the key is there",
		    "secret_key = file:%s", file);
		return;
	}
	word = doctor_quote(d, file);
	if (d->conf == NULL)
		doctor_sudo(d, "%s jwt --key-file %s", d->program, word);
	else
		doctor_sudo(d,
		    "%s jwt --key-file %s && %schgrp -h %s %s && %schmod 0640 "
		    "%s",
		    d->program, word, d->sudo, doctor_quote(d, d->who.group),
		    word, d->sudo, word);
	doctor_note(
	    d, "then in [auth] of %s: secret_key = file:%s", d->whole, file);
}

static void
doctor_conf_no_base(struct doctor *d)
{
	doctor_mend_conf(d, "[server]",
	    "as the platform sees the gateway; where only HS256 tokens are "
	    "used: jwks_hosts = in [auth]",
	    "base_url = %s",
	    d->url != NULL ? d->url : "https://relay.example.org");
}

static void
doctor_conf_no_relay(struct doctor *d)
{
	doctor_mend(d, "[relay local]");
	doctor_note(d, "a line at the end of %s", d->whole);
}

static void
doctor_conf_environment(struct doctor *d)
{
	doctor_mend(d, "unset SECRET_KEY");
	doctor_note(d, "here, and where the gateway is started");
}

/* What mends the warnings, and those errors that need no editor. */
static const struct {
	const char *said;
	void (*mend)(struct doctor *);
} known[] = { { "no [auth] secret_key", doctor_conf_no_key },
	{ "no [server] base_url", doctor_conf_no_base },
	{ "no [relay NAME]", doctor_conf_no_relay },
	{ "SECRET_KEY in the environment", doctor_conf_environment } };

/* Makes a first configuration where there is none.  The shell's -C keeps one
 * that came meanwhile. */
static void
doctor_conf_first(struct doctor *d)
{
	char dir[PATH_MAX], make[PATH_MAX * 2] = "";
	struct stat st;

	doctor_directory(d->whole, dir);
	if (lstat(dir, &st) == -1 && errno == ENOENT)
		snprintf(make, sizeof(make), "%smkdir -p %s && ", d->sudo,
		    doctor_quote(d, dir));
	doctor_mend(d, "%s%ssh -C -c 'echo \"[relay local]\" >\"$1\"' sh %s",
	    make, d->sudo, doctor_quote(d, d->whole));
	doctor_note(d, CTIM_DATADIR "/ctim-relay.conf is a longer one to copy");
}

/* Splits "FILE:LINE: reason" or "FILE: reason": puts FILE into file and returns
 * LINE, 0 for none. */
static unsigned
doctor_conf_place(const struct doctor *d, const char *line, char file[PATH_MAX])
{
	const char *colon;
	unsigned number = 0;
	size_t i = 0;

	/* The part of the name that the main file has as well may hold ": ". */
	while (d->file[i] != '\0' && line[i] == d->file[i])
		i++;
	colon = strstr(line + i, ": ");
	snprintf(file, PATH_MAX, "%.*s",
	    colon == NULL ? 0 : (int)(colon - line), line);
	for (i = strlen(file);
	     i > 0 && file[i - 1] >= '0' && file[i - 1] <= '9'; i--)
		;
	if (i > 1 && file[i - 1] == ':' && file[i] != '\0') {
		number = (unsigned)strtoul(file + i, NULL, 10);
		file[i - 1] = '\0';
	}
	return number;
}

/* Says what mends a complaint.  Only ENOENT means that nothing is at a path. */
static void
mend_complaint(struct doctor *d, const char *line)
{
	const char *chmod = strstr(line, "chmod o= ");
	unsigned number;
	size_t i;
	char file[PATH_MAX], denied[SETTINGS_DENIED];
	struct stat st;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strstr(line, known[i].said) != NULL) {
			known[i].mend(d);
			return;
		}
	number = doctor_conf_place(d, line, file);
	if (strlen(line) >= CONF_ERROR_MAX - 1) {
		/* The end of the line may have been cut off. */
		doctor_mend_edit(d, d->file, 1);
		/* The line ends with "chmod o= PATH". */
	} else if (chmod != NULL) {
		doctor_mend_mode(d, chmod + strlen("chmod o= "), "o=");
	} else if (geteuid() != 0 && strstr(line, strerror(EACCES)) != NULL) {
		doctor_mend_again(d);
		if (settings_denied(file, denied))
			doctor_note(d, "%s", denied);
	} else if (lstat(file, &st) == -1 && errno == ENOENT) {
		doctor_conf_first(d);
	} else if (number == 0 && !S_ISREG(st.st_mode)) {
		if (!doctor_mend_link(d, file))
			doctor_mend_show(d, file);
	} else {
		doctor_mend_edit(d, file, number == 0 ? 1 : number);
	}
}

/* Keeps complaints until the user that serves is known: a line each, "!" before
 * an error. */
static void
doctor_conf_complain(void *arg, bool error, const char *line)
{
	struct buf *lines = arg;

	(void)buf_addc(lines, error ? '!' : ' ');
	(void)buf_adds(lines, line);
	(void)buf_addc(lines, '\n');
}

/* Warns that this user's rights are not the gateway's. */
static void
look_at_us(struct doctor *d)
{
	const struct passwd *pw = getpwuid(geteuid());

	if (d->who.self || d->who.change)
		return;
	doctor_say(d, DOCTOR_WARN,
	    "the gateway serves as %s, and what is said of files holds for %s",
	    d->who.user, pw == NULL ? "this user" : pw->pw_name);
	doctor_mend_again(d);
}

/* Warns that the gateway serves as root, unless the web server starts it. */
static void
look_at_root(struct doctor *d)
{
	const char *why = settings_as_root(d->conf);

	if (why == NULL || doctor_web_starts(d) != NULL)
		return;
	doctor_say(d, DOCTOR_WARN, "%s", why);
	doctor_mend_conf(d, "[server]",
	    d->conf->user == NULL ? "then start the gateway again" :
				    "instead of the user that is there; then "
				    "start the gateway again",
	    "user = %s", d->who.uid != 0 ? d->who.user : "nobody");
}

void
doctor_config(struct doctor *d)
{
	const struct relay_conf *r;
	struct buf lines;
	char *line, *end;
	int n = 0;

	d->file = d->config != NULL ? d->config : conf_path();
	doctor_places(d);
	buf_init(&lines, DOCTOR_COMPLAINTS);
	d->conf =
	    conf_load(d->file, &relay_lists, doctor_conf_complain, &lines);
	if (d->conf != NULL)
		doctor_who(d);
	for (line = lines.data; (end = strchr(line, '\n')) != NULL;
	     line = end + 1) {
		*end = '\0';
		doctor_say(d, *line == '!' ? DOCTOR_FAIL : DOCTOR_WARN, "%s",
		    line + 1);
		mend_complaint(d, line + 1);
	}
	buf_free(&lines);
	if (d->conf == NULL)
		return;
	for (r = d->conf->relays; r != NULL; r = r->next)
		n++;
	doctor_say(d, DOCTOR_OK, "%s can be used, with %d relay%s", d->file, n,
	    n == 1 ? "" : "s");
	look_at_us(d);
	look_at_root(d);
}

/* --- modes --------------------------------------------------------------- */

/* A file of the configuration. */
struct part {
	struct doctor *d;
	unsigned seen, bad;
};

static int
try_read(void *arg, char why[DOCTOR_WHY])
{
	int fd = open(arg, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	(void)why;
	return fd == -1 ? -1 : close(fd);
}

/* Looks at who may write a file of the configuration: that user decides where
 * the gateway listens, and whose keys it takes.  Returns false after a fault
 * was said. */
static bool
look_at_writers(struct part *p, const char *path, const struct stat *st)
{
	struct doctor *d = p->d;

	if ((st->st_mode & S_IWOTH) != 0) {
		doctor_say(d, DOCTOR_FAIL, "%s: everybody may change it", path);
		doctor_mend_mode(d, path, "o-w");
		return false;
	}
	if (st->st_uid != 0 && st->st_uid != d->who.uid &&
	    st->st_uid != geteuid()) {
		doctor_say(d, DOCTOR_WARN,
		    "%s: belongs to user %ld, who neither serves nor is root",
		    path, (long)st->st_uid);
		if (!doctor_mend_link(d, path))
			doctor_sudo(
			    d, "chown -h root %s", doctor_path_of(d, path));
		return false;
	}
	return true;
}

static void
doctor_conf_look_at(struct part *p, char *path)
{
	struct doctor *d = p->d;
	struct stat st;
	char why[DOCTOR_WHY];

	p->seen++;
	if (stat(path, &st) == -1) {
		p->bad++;
		if (errno == EACCES && doctor_foreign(d, path))
			return;
		doctor_say(d, DOCTOR_FAIL, "%s: %s", path, strerror(errno));
		doctor_mend_show(d, path);
		return;
	}
	if (!look_at_writers(p, path, &st))
		p->bad++;
	if (doctor_as(d, try_read, path, why) == 0)
		return;
	p->bad++;
	if (doctor_foreign(d, path))
		return;
	doctor_say(d, DOCTOR_FAIL,
	    "%s: cannot be read by %s, and a reload needs that: %s", path,
	    d->who.user, why);
	doctor_mend_read(d, path, S_ISDIR(st.st_mode) ? "rx" : "r");
}

/* Looks at the files that file:PATH names. */
static void
look_at_value(void *arg, const char *section, const struct conf_key *key,
    const char *text)
{
	char path[PATH_MAX];

	(void)key;
	if (strcmp(section, "log") == 0 || strncmp(text, "file:", 5) != 0)
		return;
	snprintf(path, sizeof(path), "%s", text + 5);
	doctor_conf_look_at(arg, path);
}

static int
doctor_conf_is_conf(const struct dirent *e)
{
	size_t n = strlen(e->d_name);

	return e->d_name[0] != '.' && n > 5 &&
	    strcmp(e->d_name + n - 5, ".conf") == 0;
}

static void
look_at_folder(struct part *p)
{
	const char *slash = strrchr(p->d->file, '/');
	char folder[PATH_MAX - NAME_MAX - 2], path[PATH_MAX];
	struct dirent **names;
	int i, n;

	snprintf(folder, sizeof(folder), "%.*sconf.d",
	    slash == NULL ? 0 : (int)(slash - p->d->file + 1), p->d->file);
	if ((n = scandir(folder, &names, doctor_conf_is_conf, alphasort)) == -1)
		return;
	doctor_conf_look_at(p, folder);
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, names[i]->d_name);
		doctor_conf_look_at(p, path);
		free(names[i]);
	}
	free(names);
}

void
doctor_modes(struct doctor *d)
{
	struct part p = { .d = d };
	char file[PATH_MAX];

	snprintf(file, sizeof(file), "%s", d->file);
	doctor_conf_look_at(&p, file);
	look_at_folder(&p);
	conf_each(d->conf, look_at_value, &p);
	if (p.bad == 0)
		doctor_say(d, DOCTOR_OK,
		    "%u file%s of the configuration can be read%s, and nobody "
		    "else may change them",
		    p.seen, p.seen == 1 ? "" : "s", d->as_whom);
}

/* --- paths --------------------------------------------------------------- */

static void
doctor_conf_say_path(void *arg, const struct pathtrust_finding *f)
{
	doctor_say(arg, DOCTOR_FAIL, "%s", f->text);
	doctor_mend(arg, "%s", f->mend);
}

/* Looks at who may replace the configuration's files by the folders above
 * them. */
void
doctor_paths(struct doctor *d)
{
	struct pathtrust_who who;
	const char *egress = d->conf->egress.log;
	int error = log_check(d->conf->log_target);
	int other = egress == NULL ? 0 : logfile_check(egress);
	bool good;

	if (error != 0) {
		doctor_say(d, DOCTOR_FAIL, "[log] target %s: %s",
		    d->conf->log_target, log_why(error));
		doctor_mend(d, "target = stderr    (in [log])");
	}
	if (other != 0) {
		doctor_say(d, DOCTOR_FAIL, "[egress] log %s: %s", egress,
		    logfile_why(other));
		doctor_sudo(d, "ls -ld %s", doctor_quote(d, egress));
		doctor_note(d, "name a file of its own there");
	}
	pathtrust_find(d->conf, &who);
	good = pathtrust_look(d->conf, &who, doctor_conf_say_path, d);
	if (good && error == 0 && other == 0)
		doctor_say(d, DOCTOR_OK,
		    "nobody who should not may replace the configuration, or "
		    "what it names");
}
