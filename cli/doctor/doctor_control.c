/* SPDX-License-Identifier: MIT */
/* The control socket, at which `status` and `ping` ask the pool.  Its faults
 * are silent: the gateway serves without it. */
#include <sys/stat.h>

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "cli/doctor/doctor.h"
#include "cli/pool/poolask.h"
#include "conf/conf.h"

/* Says that the socket belongs to another user: the user that serves can
 * neither connect to it nor replace it.  The mend gives away a socket at which
 * nobody listens; any other may be another program's. */
static void
doctor_control_stranger(
    struct doctor *d, const struct stat *st, bool answers, bool dead)
{
	const struct passwd *pw = getpwuid(st->st_uid);
	const char *path = d->conf->control;
	char number[32];

	snprintf(number, sizeof(number), "user %ld", (long)st->st_uid);
	doctor_say(d, DOCTOR_WARN,
	    "%s: belongs to %s, and the gateway serves as %s: status and ping "
	    "cannot ask it",
	    path, pw == NULL ? number : pw->pw_name, d->who.user);
	if (dead)
		doctor_sudo(
		    d, "chown -h %s %s", d->owner, doctor_quote(d, path));
	else
		doctor_mend_conf(d, "[server]",
		    answers ? "a gateway of that user answers at the other; "
			      "then start this one again" :
			      "the other may be another program's; then start "
			      "the gateway again",
		    "control = %s.%s", path, d->who.user);
}

void
doctor_control(struct doctor *d)
{
	const char *path = d->conf->control;
	char why[POOLASK_WHY] = "";
	struct stat st;
	struct buf answer;
	bool answers;

	if (lstat(path, &st) == -1) {
		doctor_say(d, DOCTOR_SKIPPED, "%s%s%s",
		    errno == ENOENT ? "no pool runs with " : path,
		    errno == ENOENT ? "" : ": ",
		    errno == ENOENT ? path : strerror(errno));
		return;
	}
	if (!S_ISSOCK(st.st_mode)) {
		doctor_say(d, DOCTOR_WARN,
		    "%s: is no socket, so that status and ping cannot ask the "
		    "gateway",
		    path);
		doctor_mend_aside(d, path);
		return;
	}
	buf_init(&answer, POOLASK_MAX);
	answers = poolask(path, "ping", (int)doctor_left(d, DOCTOR_CALL),
		      &answer, why) == 0 &&
	    strcmp(answer.data, "ok\n") == 0;
	buf_free(&answer);
	if (st.st_uid == 0 && answers) {
		doctor_say(d, DOCTOR_WARN,
		    "the gateway that answers at %s serves as root", path);
		doctor_mend_conf(d, "[server]", "then start the gateway again",
		    "user = %s", d->who.uid != 0 ? d->who.user : "nobody");
	} else if (st.st_uid != d->who.uid) {
		doctor_control_stranger(
		    d, &st, answers, strstr(why, "nobody listens") != NULL);
	} else if (answers) {
		doctor_say(d, DOCTOR_OK, "the gateway answers at %s", path);
	} else {
		doctor_say(d, DOCTOR_SKIPPED, "%s%s", *why != '\0' ? why : path,
		    *why != '\0' ? "" : " gives another answer than a gateway");
	}
}
