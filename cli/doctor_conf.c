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

#include "conf.h"
#include "doctor.h"

/* What mends the warnings, and those errors that need no editor. */
static const struct {
	const char	*said;
	const char	*mend;
} known[] = {
	{ "no [auth] secret_key", "ctim-relay jwt    (makes a key, and says "
	  "where it goes)" },
	{ "no [server] base_url", "base_url = https://relay.example.org    "
	  "(in [server]: as the platform sees it)" },
	{ "no [relay NAME]", "[relay local]" },
	{ "SECRET_KEY in the environment", "unset SECRET_KEY; ctim-relay jwt" }
};

/* "chmod o= PATH" stands at the end of what says so. */
static void
mend_complaint(struct doctor *d, const char *line)
{
	const char	*chmod = strstr(line, "chmod o= "), *colon;
	unsigned	 number = 0;
	size_t		 i;
	char		 file[PATH_MAX];

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strstr(line, known[i].said) != NULL) {
			doctor_mend(d, "%s", known[i].mend);
			return;
		}
	if (chmod != NULL) {
		doctor_mend(d, "chmod o= %s",
		    doctor_quote(d, chmod + strlen("chmod o= ")));
		return;
	}
	/* FILE:LINE: reason, or FILE: reason. */
	colon = strstr(line, ": ");
	snprintf(file, sizeof(file), "%.*s", colon == NULL ? 0 :
	    (int)(colon - line), line);
	for (i = strlen(file); i > 0 && file[i - 1] >= '0' &&
	    file[i - 1] <= '9'; i--)
		;
	if (i > 1 && file[i - 1] == ':' && file[i] != '\0') {
		number = (unsigned)strtoul(file + i, NULL, 10);
		file[i - 1] = '\0';
	}
	if (access(file, F_OK) == -1)
		doctor_mend(d, "printf '[relay local]\\n' | sudo tee %s",
		    doctor_quote(d, d->file));
	else
		doctor_mend(d, "${EDITOR:-vi} +%u %s", number == 0 ? 1 : number,
		    doctor_quote(d, file));
}

static void
complain(void *arg, bool error, const char *line)
{
	struct doctor	*d = arg;

	doctor_say(d, error ? DOCTOR_FAIL : DOCTOR_WARN, "%s", line);
	mend_complaint(d, line);
}

/* Somebody else may be let where the gateway is not, and the other way round. */
static void
look_at_us(struct doctor *d)
{
	const struct passwd	*pw;

	if (geteuid() == 0 || d->conf->user == NULL ||
	    (pw = getpwnam(d->conf->user)) == NULL || pw->pw_uid == geteuid())
		return;
	doctor_say(d, DOCTOR_WARN, "the gateway serves as %s, and what is said "
	    "of files holds for %s", d->conf->user, d->who.user);
	doctor_mend(d, "sudo ctim-relay doctor -c %s",
	    doctor_quote(d, d->file));
}

void
doctor_config(struct doctor *d)
{
	const struct relay_conf	*r;
	int			 n = 0;

	d->file = d->config != NULL ? d->config : conf_path();
	if ((d->conf = conf_load(d->file, complain, d)) == NULL)
		return;
	doctor_who(d);
	for (r = d->conf->relays; r != NULL; r = r->next)
		n++;
	doctor_say(d, DOCTOR_OK, "%s can be used, with %d relay%s", d->file, n,
	    n == 1 ? "" : "s");
	look_at_us(d);
}

/* --- modes --------------------------------------------------------------- */

/* A file of the configuration. */
struct part {
	struct doctor	*d;
	unsigned	 seen, bad;
};

static int
try_read(void *arg, char why[DOCTOR_WHY])
{
	int	 fd = open(arg, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);

	if (fd == -1) {
		snprintf(why, DOCTOR_WHY, "%s", strerror(errno));
		return -1;
	}
	(void)close(fd);
	return 0;
}

/* Who may write a file of the configuration says what is listened to, and whose
 * keys are taken. */
static bool
look_at_writers(struct part *p, const char *path, const struct stat *st)
{
	struct doctor	*d = p->d;

	if ((st->st_mode & S_IWOTH) != 0) {
		doctor_say(d, DOCTOR_FAIL, "%s: everybody may change it", path);
		doctor_mend(d, "chmod o= %s", doctor_quote(d, path));
		return false;
	}
	if (st->st_uid != 0 && st->st_uid != d->who.uid &&
	    st->st_uid != geteuid()) {
		doctor_say(d, DOCTOR_WARN, "%s: belongs to user %ld, who "
		    "neither serves nor is root", path, (long)st->st_uid);
		doctor_mend(d, "chown root %s", doctor_quote(d, path));
		return false;
	}
	return true;
}

static void
look_at(struct part *p, char *path)
{
	struct doctor	*d = p->d;
	struct stat	 st;
	char		 why[DOCTOR_WHY];

	p->seen++;
	if (stat(path, &st) == -1) {
		doctor_say(d, DOCTOR_FAIL, "%s: %s", path, strerror(errno));
		doctor_mend(d, "ls -ld %s", doctor_quote(d, path));
		p->bad++;
		return;
	}
	if (!look_at_writers(p, path, &st))
		p->bad++;
	if (doctor_as(d, try_read, path, why) == 0)
		return;
	p->bad++;
	doctor_say(d, DOCTOR_FAIL, "%s: cannot be read by %s, and a reload "
	    "needs that: %s", path, d->who.user, why);
	doctor_mend(d, "chgrp %s %s && chmod %s %s", d->who.group,
	    doctor_quote(d, path), S_ISDIR(st.st_mode) ? "g+rx" : "g+r",
	    doctor_quote(d, path));
}

/* The files that stand behind file:PATH. */
static void
look_at_value(void *arg, const char *section, const struct conf_key *key,
    const char *text)
{
	char	path[PATH_MAX];

	(void)key;
	if (strcmp(section, "log") == 0 || strncmp(text, "file:", 5) != 0)
		return;
	snprintf(path, sizeof(path), "%s", text + 5);
	look_at(arg, path);
}

static int
is_conf(const struct dirent *e)
{
	size_t	 n = strlen(e->d_name);

	return e->d_name[0] != '.' && n > 5 &&
	    strcmp(e->d_name + n - 5, ".conf") == 0;
}

static void
look_at_folder(struct part *p)
{
	const char	*slash = strrchr(p->d->file, '/');
	char		 folder[PATH_MAX - NAME_MAX - 2], path[PATH_MAX];
	struct dirent	**names;
	int		 i, n;

	snprintf(folder, sizeof(folder), "%.*sconf.d", slash == NULL ? 0 :
	    (int)(slash - p->d->file + 1), p->d->file);
	if ((n = scandir(folder, &names, is_conf, alphasort)) == -1)
		return;
	look_at(p, folder);
	for (i = 0; i < n; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder,
		    names[i]->d_name);
		look_at(p, path);
		free(names[i]);
	}
	free(names);
}

void
doctor_modes(struct doctor *d)
{
	struct part	 p = { .d = d };
	char		 file[PATH_MAX], whom[80];

	snprintf(file, sizeof(file), "%s", d->file);
	look_at(&p, file);
	look_at_folder(&p);
	conf_each(d->conf, look_at_value, &p);
	if (p.bad == 0)
		doctor_say(d, DOCTOR_OK, "%u file%s of the configuration can "
		    "be read%s, and nobody else may change them", p.seen,
		    p.seen == 1 ? "" : "s", doctor_as_whom(d, whom));
}
