/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <assert.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "call/provider.h"
#include "conf/conf.h"
#include "conf/conf_cache.h"
#include "conf/conf_setting.h"
#include "start/pathtrust.h"

#define LINKS_MAX 40 /* on one way, as the kernel has it */
#define TOLD_MAX  64 /* places that are remembered as reported */

static const char *const whats[PATHTRUST_KINDS] = { [PATHTRUST_CONFIGURATION] =
							"the configuration",
	[PATHTRUST_KEY] = "what file: names",
	[PATHTRUST_STORE] = "the store",
	[PATHTRUST_CACHE] = "the cache",
	[PATHTRUST_LOG] = "the log",
	[PATHTRUST_PROGRAM] = "the program of on_change" };

struct trustlook {
	const struct pathtrust_who *who;
	void (*each)(void *, const struct pathtrust_finding *);
	void *arg;
	enum pathtrust_kind kind; /* of the path that is walked */
	bool good;
	bool led; /* a link on the way belongs to the service */
	struct {
		dev_t dev;
		ino_t ino;
	} told[TOLD_MAX];
	size_t n_told;
};

/* A way that is walked: the part behind, without links, and the part ahead. */
struct trustway {
	char at[PATH_MAX], ahead[PATH_MAX];
	const char *next; /* in ahead: where it goes on */
	int links;
};

/* --- who ----------------------------------------------------------------- */

static void
who_is(struct pathtrust_who *who, const struct passwd *pw, gid_t gid)
{
	const struct group *gr = getgrgid(gid);

	who->uid = pw->pw_uid;
	snprintf(who->name, sizeof(who->name), "%s", pw->pw_name);
	snprintf(who->group, sizeof(who->group), "%s",
	    gr == NULL ? "root" : gr->gr_name);
	who->n = PATHTRUST_GROUPS;
	if (getgrouplist(pw->pw_name, gid, who->groups, &who->n) == -1)
		who->n = PATHTRUST_GROUPS;
}

/* Takes the group that may read the configuration, unless that is root's. */
static void
who_is_group(struct pathtrust_who *who, gid_t gid)
{
	const struct group *gr;

	if (gid == 0 || (gr = getgrgid(gid)) == NULL)
		return;
	who->groups[who->n++] = gid;
	snprintf(who->name, sizeof(who->name), "group %s", gr->gr_name);
	snprintf(who->group, sizeof(who->group), "%s", gr->gr_name);
}

static void
who_is_configured(struct pathtrust_who *who, const struct conf *conf)
{
	const struct passwd *pw = getpwnam(conf->user);
	const struct group *gr;
	gid_t gid;

	if (pw == NULL)
		return;
	gid = pw->pw_gid;
	if (conf->group != NULL && (gr = getgrnam(conf->group)) != NULL)
		gid = gr->gr_gid;
	if (pw->pw_uid != 0)
		who_is(who, pw, gid);
}

void
pathtrust_find(const struct conf *conf, struct pathtrust_who *who)
{
	const struct passwd *pw;
	struct stat own, st;

	*who = (struct pathtrust_who){ .uid = (uid_t)-1, .group = "root" };
	if (stat(conf->file, &own) == -1)
		return;
	if (conf->user != NULL)
		who_is_configured(who, conf);
	else if (strncmp(conf->listen, "unix:", 5) == 0 &&
	    lstat(conf->listen + 5, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    st.st_uid != 0 && (pw = getpwuid(st.st_uid)) != NULL)
		who_is(who, pw, pw->pw_gid);
	else if (own.st_uid == 0)
		who_is_group(who, own.st_gid);
	else
		who->uid = own.st_uid;
	who->owner = own.st_uid == who->uid &&
	    (conf->user == NULL || geteuid() == who->uid);
}

/* --- one place ----------------------------------------------------------- */

static bool
trust_told(struct trustlook *l, const struct stat *st)
{
	size_t i;

	for (i = 0; i < l->n_told; i++)
		if (l->told[i].dev == st->st_dev &&
		    l->told[i].ino == st->st_ino)
			return true;
	if (l->n_told < TOLD_MAX) {
		l->told[l->n_told].dev = st->st_dev;
		l->told[l->n_told++].ino = st->st_ino;
	}
	return false;
}

/* Adds a word, quoted for a shell. */
static void
trust_quote(struct buf *b, const char *word)
{
	static const char plain[] =
	    "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:,+@%=";

	if (word[strspn(word, plain)] == '\0') {
		buf_adds(b, word);
		return;
	}
	buf_addc(b, '\'');
	for (; *word != '\0'; word++)
		if (*word == '\'')
			buf_adds(b, "'\\''");
		else
			buf_addc(b, *word);
	buf_addc(b, '\'');
}

/*
 * Writes the command that mends a fault.  find(1) without -L takes the file at
 * the path itself, so that a link that came there meanwhile leads nowhere.
 */
static void
trust_mend(const struct trustlook *l, const char *path, const struct stat *st,
    bool owner, struct buf *mend)
{
	if (S_ISLNK(st->st_mode)) {
		buf_adds(mend, "chown -h root ");
		trust_quote(mend, path);
		return;
	}
	buf_adds(mend, "find ");
	trust_quote(mend, path);
	buf_addf(
	    mend, " -prune -type %c -exec ", S_ISDIR(st->st_mode) ? 'd' : 'f');
	if (owner)
		buf_addf(mend,
		    "chown -h root:%s {} + -exec chmod g=rX,o-w {} +",
		    l->who->group);
	else
		buf_adds(mend, "chmod go-w {} +");
}

/* Writes '?' over all that a terminal obeys or that ends a line: the user whom
 * the text is about may have chosen the names in it.  Returns whether there was
 * any. */
static bool
trust_plain(char *text)
{
	bool found = false;
	size_t n;

	for (; *text != '\0'; text += n == 0 ? 1 : n) {
		n = utf8_control(text, strnlen(text, 2));
		memset(text, '?', n);
		found = found || n != 0;
	}
	return found;
}

static void
trust_tell(struct trustlook *l, const char *path, const struct stat *st,
    const char *whose, bool owner, bool shared)
{
	struct pathtrust_finding f = { .kind = l->kind, .shared = shared };
	char text[PATHTRUST_TEXT];
	struct buf mend;
	const char *may = S_ISDIR(st->st_mode) ? "may replace what is in it" :
	    S_ISLNK(st->st_mode)               ? "may let it lead elsewhere" :
						 "may change it";

	l->good = false;
	if (trust_told(l, st))
		return;
	if (S_ISREG(st->st_mode))
		snprintf(text, sizeof(text), "%s: %s %s (mode %04o)", path,
		    whose, may, (unsigned)st->st_mode & 07777);
	else
		snprintf(text, sizeof(text), "%s: %s %s, %s too (mode %04o)",
		    path, whose, may, whats[l->kind],
		    (unsigned)st->st_mode & 07777);
	buf_init(&mend, PATHTRUST_MEND);
	trust_mend(l, path, st, owner, &mend);
	f.text = text;
	f.mend = trust_plain(text) || mend.failed ? "ls -ld FILE" : mend.data;
	l->each(l->arg, &f);
	buf_free(&mend);
}

static bool
trust_has_group(const struct pathtrust_who *who, gid_t gid)
{
	int i;

	for (i = 0; i < who->n; i++)
		if (who->groups[i] == gid)
			return true;
	return false;
}

/* Judges a file or folder.  In a sticky folder only the owners of files may
 * rename them, so all may write such a folder. */
static void
trust_judge(
    struct trustlook *l, const char *path, const struct stat *st, bool own)
{
	bool dir = S_ISDIR(st->st_mode);
	bool sticky = dir && (st->st_mode & S_ISVTX) != 0;
	char whose[128];

	snprintf(whose, sizeof(whose), "%s, who serves,", l->who->name);
	if (!dir && !S_ISREG(st->st_mode))
		return;
	if ((st->st_mode & S_IWOTH) != 0 && !sticky)
		trust_tell(l, path, st, "everybody", false,
		    own && l->kind != PATHTRUST_PROGRAM);
	else if (own || l->who->owner)
		return;
	else if (st->st_uid == l->who->uid)
		trust_tell(l, path, st, whose, true, false);
	else if ((st->st_mode & S_IWGRP) != 0 && !sticky &&
	    trust_has_group(l->who, st->st_gid))
		trust_tell(l, path, st, whose, false, dir && st->st_uid == 0);
}

/* Judges a link.  A link has no mode; its owner may replace it in a sticky
 * folder, and other users who may write the folder are found when that is
 * judged. */
static void
trust_judge_link(struct trustlook *l, const char *path, const struct stat *st)
{
	char whose[64];

	if (st->st_uid == 0 || l->who->owner)
		return;
	if (st->st_uid == l->who->uid && l->kind != PATHTRUST_LOG) {
		trust_tell(l, path, st, l->who->name, true, false);
	} else if (st->st_uid == l->who->uid) {
		l->led = true;
	} else if (l->kind == PATHTRUST_LOG) {
		snprintf(whose, sizeof(whose), "user %ld", (long)st->st_uid);
		trust_tell(l, path, st, whose, true, false);
	}
}

/* --- a way --------------------------------------------------------------- */

/* Moves the next name from ahead to at; returns false at the end. */
static bool
way_step(struct trustway *w)
{
	const char *name = w->next + strspn(w->next, "/");
	char *slash;
	size_t len = strcspn(name, "/"), n = strlen(w->at);

	if (len == 0)
		return false;
	if (len == 2 && memcmp(name, "..", 2) == 0) {
		slash = strrchr(w->at, '/');
		slash[slash == w->at] = '\0';
	} else if (len != 1 || *name != '.') {
		if (n + len + 2 > sizeof(w->at))
			return false;
		snprintf(w->at + n, sizeof(w->at) - n, "%s%.*s",
		    n == 1 ? "" : "/", (int)len, name);
	}
	w->next = name + len;
	return true;
}

/* Puts the target of the link at the end of at before the part ahead. */
static bool
way_follow(struct trustway *w)
{
	char to[PATH_MAX], rest[PATH_MAX];
	ssize_t n = readlink(w->at, to, sizeof(to) - 1);
	char *slash = strrchr(w->at, '/');

	assert(slash != NULL); /* at is absolute */
	if (n <= 0 || ++w->links > LINKS_MAX)
		return false;
	to[n] = '\0';
	memcpy(rest, w->next, strlen(w->next) + 1);
	w->next = w->ahead;
	if ((size_t)snprintf(w->ahead, sizeof(w->ahead), "%s/%s", to, rest) >=
	    sizeof(w->ahead))
		return false;
	if (to[0] == '/')
		slash = w->at;
	slash[slash == w->at] = '\0';
	return true;
}

/* Begins a path at "/"; a relative one in the current folder. */
static bool
way_begin(struct trustway *w, const char *path, size_t len)
{
	char here[PATH_MAX] = "";

	if (*path != '/' && getcwd(here, sizeof(here)) == NULL)
		return false;
	w->links = 0;
	w->next = w->ahead;
	memcpy(w->at, "/", 2);
	return (size_t)snprintf(w->ahead, sizeof(w->ahead), "%s/%.*s", here,
		   (int)len, path) < sizeof(w->ahead);
}

/*
 * Judges every folder and link on the way to the first len bytes of path, and
 * the file at its end.  service: that file belongs to the service.  A missing
 * file ends the way.
 */
static void
trust_walk(struct trustlook *l, const char *path, size_t len, bool service)
{
	struct trustway w;
	struct stat st;
	bool last;

	if (len >= PATH_MAX || !way_begin(&w, path, len))
		return;
	do {
		last = w.next[strspn(w.next, "/")] == '\0';
		if (lstat(w.at, &st) == -1)
			return;
		if (S_ISLNK(st.st_mode)) {
			trust_judge_link(l, w.at, &st);
			if (!way_follow(&w))
				return;
		} else {
			trust_judge(l, w.at, &st, service && last);
		}
	} while (way_step(&w));
}

static void
pathtrust_trust_file(
    struct trustlook *l, enum pathtrust_kind kind, const char *path)
{
	l->kind = kind;
	trust_walk(l, path, strlen(path), false);
}

/* Judges the folder of a file that the service makes. */
static void
trust_data(struct trustlook *l, enum pathtrust_kind kind, const char *path)
{
	const char *slash = strrchr(path, '/');

	l->kind = kind;
	if (slash != NULL)
		trust_walk(l, path, (size_t)(slash - path) + 1, true);
}

/* --- all of them --------------------------------------------------------- */

/* Judges the files that were read, conf.d itself, and the files of
 * file:PATH. */
static void
trust_settings(struct trustlook *l, const struct conf *conf)
{
	const struct whole *whole = (const struct whole *)conf;
	const struct setting *s;
	const struct relay_conf *r;
	const char *slash = strrchr(conf->file, '/');
	char folder[PATH_MAX];

	pathtrust_trust_file(l, PATHTRUST_CONFIGURATION, conf->file);
	if ((size_t)snprintf(folder, sizeof(folder), "%.*sconf.d",
		slash == NULL ? 0 : (int)(slash - conf->file) + 1,
		conf->file) < sizeof(folder))
		pathtrust_trust_file(l, PATHTRUST_CONFIGURATION, folder);
	for (s = whole->settings; s != NULL; s = s->next) {
		if (s->file == NULL)
			continue;
		pathtrust_trust_file(l, PATHTRUST_CONFIGURATION, s->file);
		if (strcmp(s->section, "log") != 0 &&
		    strncmp(s->text, "file:", 5) == 0)
			pathtrust_trust_file(l, PATHTRUST_KEY, s->text + 5);
	}
	for (r = conf->relays; r != NULL; r = r->next)
		pathtrust_trust_file(l, PATHTRUST_CONFIGURATION, r->file);
}

/* Judges the program that runs after changes; the service, which runs it, may own
 * the file itself. */
static void
trust_program(struct trustlook *l, const struct relay_conf *r)
{
	const char *path = r->provider->on_change == NULL ?
	    NULL :
	    r->provider->on_change(r->own);

	l->kind = PATHTRUST_PROGRAM;
	if (path != NULL)
		trust_walk(l, path, strlen(path), true);
}

bool
pathtrust_look(const struct conf *conf, const struct pathtrust_who *who,
    void (*each)(void *, const struct pathtrust_finding *), void *arg)
{
	struct trustlook l = {
		.who = who, .each = each, .arg = arg, .good = true
	};
	const struct relay_conf *r;
	struct conf_cache url;

	/* First, because a place is reported once, and settings are judged most
	 * strictly. */
	trust_settings(&l, conf);
	if (conf->log_target[0] == '/')
		trust_data(&l, PATHTRUST_LOG, conf->log_target);
	if (conf->egress.log != NULL)
		trust_data(&l, PATHTRUST_LOG, conf->egress.log);
	for (r = conf->relays; r != NULL; r = r->next)
		if (r->provider->store != NULL &&
		    r->provider->store(r->own)[0] == '/')
			trust_data(
			    &l, PATHTRUST_STORE, r->provider->store(r->own));
	for (r = conf->relays; r != NULL; r = r->next)
		trust_program(&l, r);
	(void)conf_cache_parse(conf->cache_url, &url);
	explicit_bzero(url.password, sizeof(url.password));
	if (url.kind == CONF_CACHE_FILE)
		trust_data(&l, PATHTRUST_CACHE, url.path);
	return l.good;
}

static void
trust_ignore(void *arg, const struct pathtrust_finding *f)
{
	(void)arg;
	(void)f;
}

bool
pathtrust_log_is_led(const struct conf *conf, const struct pathtrust_who *who)
{
	struct trustlook l = { .who = who, .each = trust_ignore };

	if (conf->log_target[0] == '/')
		trust_data(&l, PATHTRUST_LOG, conf->log_target);
	if (conf->egress.log != NULL)
		trust_data(&l, PATHTRUST_LOG, conf->egress.log);
	return l.led;
}
