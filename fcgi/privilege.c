/* SPDX-License-Identifier: MIT */
/*
 * Root only as long as it takes to make the socket and open the log.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/conf.h"
#include "fcgi/privilege.h"
#include "log/log.h"

/* LeakSanitizer has to trace its own process at the end. */
#if defined(__SANITIZE_ADDRESS__)
#define TRACES_ITSELF
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TRACES_ITSELF
#endif
#endif

int
privilege_find(struct privilege *p, const struct conf *conf, char *why)
{
	struct passwd *pw;
	struct group *gr;

	*p = (struct privilege){ .uid = (uid_t)-1, .gid = (gid_t)-1 };
	if (geteuid() != 0 || conf->user == NULL)
		return 0;
	if ((pw = getpwnam(conf->user)) == NULL) {
		(void)snprintf(why, PRIVILEGE_WHY,
		    "[server] user: no user `%s`", conf->user);
		return -1;
	}
	p->uid = pw->pw_uid;
	p->gid = pw->pw_gid;
	(void)snprintf(p->user, sizeof(p->user), "%s", pw->pw_name);
	(void)snprintf(p->home, sizeof(p->home), "%s", pw->pw_dir);
	if (conf->group != NULL) {
		if ((gr = getgrnam(conf->group)) == NULL) {
			(void)snprintf(why, PRIVILEGE_WHY,
			    "[server] group: no group `%s`", conf->group);
			return -1;
		}
		p->gid = gr->gr_gid;
	}
	p->change = p->uid != 0;
	return 0;
}

/* Whether all three ids of both kinds are what they shall be, and whether the
 * way back is closed. */
static bool
proven(const struct privilege *p)
{
	uid_t r, e, s;
	gid_t gr, ge, gs;

	return getresuid(&r, &e, &s) == 0 && getresgid(&gr, &ge, &gs) == 0 &&
	    r == p->uid && e == p->uid && s == p->uid && gr == p->gid &&
	    ge == p->gid && gs == p->gid &&
	    setresuid((uid_t)-1, 0, (uid_t)-1) == -1;
}

int
privilege_drop(const struct privilege *p, char *why)
{
	if (!p->change) {
		if (geteuid() == 0)
			log_warning("serving as root: set `[server] user`");
		return 0;
	}
	if (initgroups(p->user, p->gid) == -1 ||
	    setresgid(p->gid, p->gid, p->gid) == -1 ||
	    setresuid(p->uid, p->uid, p->uid) == -1) {
		(void)snprintf(why, PRIVILEGE_WHY, "becoming user %s: %s",
		    p->user, strerror(errno));
		return -1;
	}
	/* Where libpq looks for passwords and certificates. */
	if (setenv("HOME", p->home, 1) == -1) {
		(void)snprintf(why, PRIVILEGE_WHY, "HOME: %s", strerror(errno));
		return -1;
	}
	if (!proven(p)) {
		(void)snprintf(why, PRIVILEGE_WHY,
		    "becoming user %s did not hold", p->user);
		return -1;
	}
	return 0;
}

void
privilege_harden(void)
{
	const struct rlimit none = { 0, 0 };

	if (setrlimit(RLIMIT_CORE, &none) == -1)
		log_warning("no core files: %s", strerror(errno));
#ifndef TRACES_ITSELF
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == -1)
		log_warning("PR_SET_DUMPABLE: %s", strerror(errno));
#endif
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == -1)
		log_warning("PR_SET_NO_NEW_PRIVS: %s", strerror(errno));
}
