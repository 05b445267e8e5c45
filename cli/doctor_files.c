/* The files that the gateway writes and reads while it serves. */
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cache.h"
#include "conf.h"
#include "doctor.h"
#include "provider.h"
#include "store.h"

/* The directory of a path, "/" for one below the root. */
static void
directory(const char *path, char dir[PATH_MAX])
{
	char	*slash;

	snprintf(dir, PATH_MAX, "%s", path);
	if ((slash = strrchr(dir, '/')) != NULL)
		slash[slash == dir] = '\0';
}

/* A directory where the gateway may make files, or the file's owner. */
static void
mend_file(struct doctor *d, const char *path)
{
	char	 dir[PATH_MAX], owner[136];
	bool	 there = access(path, F_OK) == 0;

	directory(path, dir);
	if (there)
		doctor_mend(d, "chown %s %s && chmod 0660 %s",
		    doctor_owner(d, owner), doctor_quote(d, path),
		    doctor_quote(d, path));
	else
		doctor_mend(d, "install -d -m 2770 -o %s -g %s %s",
		    d->who.user, d->who.group, doctor_quote(d, dir));
}

/* --- log ----------------------------------------------------------------- */

static int
try_log(void *arg, char why[DOCTOR_WHY])
{
	const char	*path = arg;
	char		 dir[PATH_MAX];

	directory(path, dir);
	if (eaccess(path, W_OK) == 0 ||
	    (errno == ENOENT && eaccess(dir, W_OK | X_OK) == 0))
		return 0;
	snprintf(why, DOCTOR_WHY, "%s", strerror(errno));
	return -1;
}

void
doctor_log(struct doctor *d)
{
	char		 path[PATH_MAX], why[DOCTOR_WHY], whom[80];
	struct stat	 st;

	snprintf(path, sizeof(path), "%s", d->conf->log_target);
	if (strcmp(path, "syslog") == 0 && access("/dev/log", W_OK) == -1) {
		doctor_say(d, DOCTOR_WARN, "[log] target is syslog, and "
		    "nobody listens at /dev/log");
		doctor_mend(d, "target = stderr    (in [log])");
	} else if (path[0] != '/') {
		doctor_say(d, DOCTOR_OK, "goes to %s", path);
	} else if (doctor_as(d, try_log, path, why) == -1) {
		doctor_say(d, DOCTOR_FAIL, "%s: cannot be written%s: %s", path,
		    doctor_as_whom(d, whom), why);
		mend_file(d, path);
	} else if (stat(path, &st) == 0 && (st.st_mode & S_IWOTH) != 0) {
		doctor_say(d, DOCTOR_WARN, "%s: everybody may change it", path);
		doctor_mend(d, "chmod o= %s", doctor_quote(d, path));
	} else {
		doctor_say(d, DOCTOR_OK, "%s can be written%s", path,
		    doctor_as_whom(d, whom));
	}
}

/* --- store --------------------------------------------------------------- */

/* Its readers write, too: the file beside it that SQLite keeps locks in. */
static int
try_store(void *arg, char why[DOCTOR_WHY])
{
	const char	*path = arg;
	char		 dir[PATH_MAX], error[STORE_ERROR_MAX] = "";
	struct store	*store = store_open(path, STORE_READ, error);
	int		 r = -1;

	directory(path, dir);
	if (store == NULL || store_check(store, error) == -1)
		snprintf(why, DOCTOR_WHY, "%s", error);
	else if (eaccess(path, W_OK) == -1 || eaccess(dir, W_OK | X_OK) == -1)
		snprintf(why, DOCTOR_WHY, "%s: cannot be written: %s", path,
		    strerror(errno));
	else
		r = 0;
	store_close(store);
	return r;
}

static void
mend_store(struct doctor *d, const char *path)
{
	char	 dir[PATH_MAX], owner[136];

	directory(path, dir);
	if (access(path, F_OK) == -1)
		doctor_mend(d, "ctim-relay intel import FEED --source NAME "
		    "--store %s", doctor_quote(d, path));
	else
		doctor_mend(d, "chown %s %s %s* && chmod 2770 %s && chmod 0660 "
		    "%s*", doctor_owner(d, owner), doctor_quote(d, dir),
		    doctor_quote(d, path), doctor_quote(d, dir),
		    doctor_quote(d, path));
}

void
doctor_store(struct doctor *d)
{
	const struct relay_conf	*r;
	char			 path[PATH_MAX], why[DOCTOR_WHY], whom[80];
	bool			 any = false;

	for (r = d->conf->relays; r != NULL; r = r->next) {
		if (r->provider->store == NULL)
			continue;
		any = true;
		snprintf(path, sizeof(path), "%s", r->provider->store(r->own));
		if (doctor_as(d, try_store, path, why) == 0) {
			doctor_say(d, DOCTOR_OK, "relay %s: %s opens, and can "
			    "be written%s", r->name, path,
			    doctor_as_whom(d, whom));
			continue;
		}
		doctor_say(d, DOCTOR_FAIL, "relay %s%s: %s", r->name,
		    doctor_as_whom(d, whom), why);
		mend_store(d, path);
	}
	if (!any)
		doctor_say(d, DOCTOR_OK, "no relay answers from one");
}

/* --- cache --------------------------------------------------------------- */

static int
try_cache(void *arg, char why[DOCTOR_WHY])
{
	const struct conf	*conf = arg;
	const char		*path = conf->cache_url + strlen("sqlite:");
	char			 text[CACHE_WHY];

	if (cache_check(conf, text) == -1) {
		snprintf(why, DOCTOR_WHY, "%s", text);
		return -1;
	}
	/* One that opens for reading only keeps nothing. */
	if (strncmp(conf->cache_url, "sqlite:", 7) == 0 &&
	    access(path, F_OK) == 0 && eaccess(path, W_OK) == -1) {
		snprintf(why, DOCTOR_WHY, "%s: %s", path, strerror(errno));
		return -1;
	}
	return 0;
}

void
doctor_cache(struct doctor *d)
{
	const char	*url = d->conf->cache_url;
	char		 why[DOCTOR_WHY], whom[80];
	bool		 file = strncmp(url, "sqlite:", 7) == 0;

	if (strcmp(url, "off") == 0) {
		doctor_say(d, DOCTOR_OK, "is off");
	} else if (doctor_as(d, try_cache, d->conf, why) == 0) {
		doctor_say(d, DOCTOR_OK, "%s can be used%s",
		    file ? url + 7 : "the Redis server",
		    doctor_as_whom(d, whom));
	} else {
		doctor_say(d, DOCTOR_FAIL, "nothing is cached%s: %s",
		    doctor_as_whom(d, whom), why);
		if (file)
			mend_file(d, url + 7);
		else
			doctor_mend(d, "url = sqlite:" CTIM_LOCALSTATEDIR
			    "/cache/ctim-relay/cache.db    (in [cache], or "
			    "start the Redis server)");
	}
}
