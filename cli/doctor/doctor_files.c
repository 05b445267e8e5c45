/* SPDX-License-Identifier: MIT */
/* The files that the gateway writes and reads while it serves. */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cache/cache.h"
#include "call/provider.h"
#include "cli/base/settings.h"
#include "cli/doctor/doctor.h"
#include "conf/conf.h"
#include "conf/conf_cache.h"
#include "store/store.h"

#define DOCTOR_FILES (4 * PATH_MAX) /* bytes of the names of a store */

/* Whether a folder may become the gateway's: it holds nothing but files whose
 * names begin with that of path.  A folder right below the root, or one that
 * everybody may write, is the system's, even while it is empty. */
static bool
doctor_files_own(const char *dir, const char *path)
{
	const char *base = strrchr(path, '/');
	struct dirent *e;
	struct stat st;
	DIR *all = opendir(dir);
	bool own;

	base = base == NULL ? path : base + 1;
	own = all != NULL && *base != '\0' && strrchr(dir, '/') != dir &&
	    fstat(dirfd(all), &st) == 0 && (st.st_mode & S_IWOTH) == 0;
	while (own && (e = readdir(all)) != NULL)
		own = strcmp(e->d_name, ".") == 0 ||
		    strcmp(e->d_name, "..") == 0 ||
		    strncmp(e->d_name, base, strlen(base)) == 0;
	if (all != NULL)
		(void)closedir(all);
	return own;
}

/* Whether st is a file that nobody uses but root and the user that serves. */
static bool
doctor_files_free(const struct doctor *d, const struct stat *st)
{
	return S_ISREG(st->st_mode) &&
	    (st->st_uid == 0 || st->st_uid == d->who.uid) &&
	    (st->st_gid == 0 || st->st_gid == d->who.gid ||
		(st->st_mode & S_IRWXG) == 0);
}

/* The mend gives a file to the user that serves, who sets its mode. */
static void
doctor_files_give(struct doctor *d, const char *path)
{
	const char *word = doctor_quote(d, path);

	doctor_sudo(d, "chown -h %s %s && %schmod 0660 %s", d->owner, word,
	    doctor_by(d, d->who.uid), word);
}

/* The mend names another folder: what others use stays theirs. */
static void
doctor_files_elsewhere(
    struct doctor *d, const char *path, const char *section, const char *key)
{
	const char *base = strrchr(path, '/');
	char note[PATH_MAX + 128];

	snprintf(note, sizeof(note),
	    "a directory of its own: %sinstall -d -m 0750 "
	    "%s " CTIM_LOCALSTATEDIR "/lib/ctim-relay",
	    d->sudo, d->install);
	doctor_mend_conf(d, section, note,
	    "%s" CTIM_LOCALSTATEDIR "/lib/ctim-relay%s", key,
	    base == NULL || base[1] == '\0' ? "/file" : base);
}

/* The mend lets the gateway write a file, or make it.  key is the line of the
 * section without the path. */
static void
mend_file(
    struct doctor *d, const char *path, const char *section, const char *key)
{
	char dir[PATH_MAX];
	enum doctor_way way;
	struct stat st;
	bool there;

	doctor_directory(path, dir);
	way = doctor_mend_way(d, dir);
	if (way == DOCTOR_WAY_SAID || doctor_mend_link(d, path))
		return;
	there = lstat(path, &st) == 0;
	if (way == DOCTOR_WAY_HOME || doctor_mend_is_home(d, dir) ||
	    (there && !doctor_files_free(d, &st)))
		doctor_files_elsewhere(d, path, section, key);
	else if (there)
		doctor_files_give(d, path);
	else if (doctor_mend_link(d, dir))
		return;
	else if (lstat(dir, &st) == 0 && !doctor_files_own(dir, path))
		doctor_files_elsewhere(d, path, section, key);
	else
		doctor_sudo(d, "install -d -m 0750 %s %s", d->install,
		    doctor_quote(d, dir));
}

/* --- log ----------------------------------------------------------------- */

static int
try_log(void *arg, char why[DOCTOR_WHY])
{
	const char *path = arg;
	char dir[PATH_MAX];

	(void)why;
	doctor_directory(path, dir);
	return eaccess(path, W_OK) == 0 ||
		(errno == ENOENT && eaccess(dir, W_OK | X_OK) == 0) ?
	    0 :
	    -1;
}

/* Looks whether the user that serves can write a log, which the key of the section
 * names. */
static void
doctor_files_log(
    struct doctor *d, char *path, const char *section, const char *key)
{
	char why[DOCTOR_WHY];
	struct stat st;

	if (doctor_as(d, try_log, path, why) == -1) {
		if (doctor_foreign(d, path))
			return;
		doctor_say(d, DOCTOR_FAIL, "%s: cannot be written%s: %s", path,
		    d->as_whom, why);
		mend_file(d, path, section, key);
	} else if (stat(path, &st) == 0 && (st.st_mode & S_IWOTH) != 0) {
		doctor_say(d, DOCTOR_WARN, "%s: everybody may change it", path);
		/* The user that serves may be one of them. */
		if (st.st_uid != d->who.uid && doctor_files_free(d, &st) &&
		    !doctor_mend_link(d, path))
			doctor_files_give(d, path);
		else
			doctor_mend_mode(d, path, "o=");
	} else {
		doctor_say(
		    d, DOCTOR_OK, "%s can be written%s", path, d->as_whom);
	}
}

void
doctor_log(struct doctor *d)
{
	char *path = d->conf->log_target;

	if (strcmp(path, "syslog") == 0 && access("/dev/log", W_OK) == -1) {
		doctor_say(d, DOCTOR_WARN,
		    "[log] target is syslog, and nobody listens at /dev/log");
		doctor_mend_conf(d, "[log]", NULL, "target = stderr");
	} else if (path[0] != '/') {
		doctor_say(d, DOCTOR_OK, "goes to %s", path);
	} else {
		doctor_files_log(d, path, "[log]", "target = ");
	}
	if (d->conf->egress.log != NULL)
		doctor_files_log(d, d->conf->egress.log, "[egress]", "log = ");
}

/* --- store --------------------------------------------------------------- */

/* Opens a store.  Readers of a store write as well: SQLite keeps its locks in a
 * file beside it. */
static int
doctor_files_try_store(void *arg, char why[DOCTOR_WHY])
{
	const char *path = arg;
	char dir[PATH_MAX], error[STORE_ERROR_MAX] = "";
	struct store *store = store_open(path, STORE_READ, error);
	int r = -1;

	doctor_directory(path, dir);
	if (store == NULL || store_check(store, error) == -1)
		snprintf(why, DOCTOR_WHY, "%s", error);
	else if (store_is_url(path))
		r = 0;
	else if (eaccess(path, W_OK) == -1 || eaccess(dir, W_OK | X_OK) == -1)
		snprintf(why, DOCTOR_WHY, "%s: cannot be written: %s", path,
		    strerror(errno));
	else
		r = 0;
	store_close(store);
	return r;
}

/* Adds the names of a store's files that exist, a blank before each.  Returns
 * false after a mend for one that is a link, or belongs to others. */
static bool
doctor_files_of_store(struct doctor *d, const char *path, struct buf *out)
{
	static const char *const ends[] = { "", "-wal", "-shm" };
	char file[PATH_MAX + 8];
	struct stat st;
	size_t i;

	for (i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		snprintf(file, sizeof(file), "%s%s", path, ends[i]);
		if (lstat(file, &st) == -1)
			continue;
		if (S_ISLNK(st.st_mode) && doctor_mend_link(d, file))
			return false;
		if (!doctor_files_free(d, &st)) {
			doctor_sudo(d, "ls -l %s", doctor_quote(d, file));
			doctor_note(d, "it belongs to others, who may need it");
			return false;
		}
		buf_addf(out, " %s", doctor_quote(d, file));
	}
	return true;
}

static void
mend_store(struct doctor *d, const char *relay, const char *path)
{
	char dir[PATH_MAX], section[300];
	const char *folder, *run;
	enum doctor_way way;
	struct stat st;
	struct buf files;

	doctor_directory(path, dir);
	if (lstat(path, &st) == -1 && errno == ENOENT) {
		doctor_sudo(d, "%s intel import FEED --source NAME --store %s",
		    d->program, doctor_quote(d, path));
		doctor_note(
		    d, "FEED is a file, NAME what to call what is in it");
		return;
	}
	way = doctor_mend_way(d, dir);
	if (way == DOCTOR_WAY_SAID || doctor_mend_link(d, dir))
		return;
	if (way == DOCTOR_WAY_HOME || doctor_mend_is_home(d, dir) ||
	    !doctor_files_own(dir, path)) {
		snprintf(section, sizeof(section), "[relay %s]", relay);
		doctor_files_elsewhere(d, path, section, "store = ");
		return;
	}
	folder = doctor_quote(d, dir);
	buf_init(&files, DOCTOR_FILES);
	if (doctor_files_of_store(d, path, &files)) {
		run = doctor_by(d, d->who.uid);
		doctor_sudo(d,
		    "chown -h %s %s%s && %schmod u+rwx %s && %schmod 0660%s",
		    d->owner, folder, files.data, run, folder, run, files.data);
	}
	buf_free(&files);
}

/* A store in PostgreSQL, of which the password is not shown. */
static void
doctor_store_of_url(struct doctor *d, const char *relay, char *url)
{
	char shown[STORE_SHOWN], why[DOCTOR_WHY];

	if (doctor_as(d, doctor_files_try_store, url, why) == 0) {
		doctor_say(d, DOCTOR_OK, "relay %s: %s answers%s", relay,
		    store_shown(url, shown), d->as_whom);
		return;
	}
	doctor_say(d, DOCTOR_FAIL, "relay %s%s: %s", relay, d->as_whom, why);
	doctor_note(d, "look at the database, its users and its log");
}

void
doctor_store(struct doctor *d)
{
	const struct relay_conf *r;
	char path[PATH_MAX], why[DOCTOR_WHY];
	bool any = false;

	for (r = d->conf->relays; r != NULL; r = r->next) {
		if (r->provider->store == NULL)
			continue;
		any = true;
		snprintf(path, sizeof(path), "%s", r->provider->store(r->own));
		if (store_is_url(path)) {
			doctor_store_of_url(d, r->name, path);
			continue;
		}
		if (doctor_as(d, doctor_files_try_store, path, why) == 0) {
			doctor_say(d, DOCTOR_OK,
			    "relay %s: %s opens, and can be written%s", r->name,
			    path, d->as_whom);
			continue;
		}
		if (doctor_foreign(d, path))
			continue;
		doctor_say(
		    d, DOCTOR_FAIL, "relay %s%s: %s", r->name, d->as_whom, why);
		mend_store(d, r->name, path);
	}
	if (!any)
		doctor_say(d, DOCTOR_OK, "no relay answers from one");
}

/* --- cache --------------------------------------------------------------- */

_Static_assert(CACHE_WHY <= DOCTOR_WHY, "reasons are handed on");

struct doctor_cache {
	const struct conf *conf;
	struct conf_cache url; /* of conf, taken apart */
};

static int
doctor_files_try_cache(void *arg, char why[DOCTOR_WHY])
{
	struct doctor_cache *c = arg;

	if (cache_check(c->conf, why) == -1)
		return -1;
	/* A cache that opens for reading only keeps nothing. */
	if (c->url.kind == CONF_CACHE_FILE && access(c->url.path, F_OK) == 0 &&
	    eaccess(c->url.path, W_OK) == -1) {
		snprintf(
		    why, DOCTOR_WHY, "%s: %s", c->url.path, strerror(errno));
		return -1;
	}
	return 0;
}

/* Says what mends a Redis cache.  why begins with the URL, without user and
 * password, and a colon. */
static void
doctor_files_redis(struct doctor *d, const char *why)
{
	const char *url = d->conf->cache_url + strlen("redis://");
	const char *at = strchr(why, ' ');

	if (*settings_cache_hint(why) == '\0' || at == NULL ||
	    strncmp(why, "redis://", 8) != 0) {
		doctor_mend_conf(d, "[cache]", "or start the Redis server",
		    "url = sqlite:" CTIM_LOCALSTATEDIR
		    "/cache/ctim-relay/cache.db");
		return;
	}
	doctor_mend_conf(d, "[cache]", "PASSWORD is that of the Redis server",
	    "url = redis://%.*s:PASSWORD@%.*s",
	    strchr(url, '@') == NULL ? 0 : (int)strcspn(url, ":"), url,
	    (int)(at - why - 9), why + 8);
}

void
doctor_cache(struct doctor *d)
{
	struct doctor_cache c = { .conf = d->conf };
	char why[DOCTOR_WHY];
	bool file;

	(void)conf_cache_parse(d->conf->cache_url, &c.url);
	explicit_bzero(c.url.password, sizeof(c.url.password));
	file = c.url.kind == CONF_CACHE_FILE;
	if (c.url.kind == CONF_CACHE_OFF) {
		doctor_say(d, DOCTOR_OK, "is off");
	} else if (doctor_as(d, doctor_files_try_cache, &c, why) == 0) {
		doctor_say(d, DOCTOR_OK, "%s can be used%s",
		    file ? c.url.path : "the Redis server", d->as_whom);
	} else if (!file || !doctor_foreign(d, c.url.path)) {
		doctor_say(d, DOCTOR_FAIL, "nothing is cached%s: %s%s",
		    d->as_whom, why, settings_cache_hint(why));
		if (file)
			mend_file(d, c.url.path, "[cache]", "url = sqlite:");
		else
			doctor_files_redis(d, why);
	}
}
