/* The control socket: where `status` and `ping` ask the pool.  It goes wrong in
 * silence: the gateway serves without it. */
#include <sys/stat.h>

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "cli/doctor/doctor.h"
#include "cli/pool/poolask.h"
#include "conf/conf.h"

/* Somebody else's: who serves can neither connect to it nor take its place.  One
 * where nobody listens is given to who serves; another may be a program's. */
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
		doctor_mend(d, "%schown -h %s %s", doctor_root(),
		    doctor_owner(d), doctor_quote(d, path));
	else
		doctor_mend_conf(d, "[server]",
		    answers ? "a gateway of that user answers at the other; "
			      "then start this one again" :
			      "the other may be another program's; then start "
			      "the gateway again",
		    "control = %s.%s", path, d->who.user);
}

static void
doctor_control_root(struct doctor *d)
{
	doctor_say(d, DOCTOR_WARN,
	    "the gateway that answers at %s serves as root", d->conf->control);
	doctor_mend_conf(d, "[server]", "then start the gateway again",
	    "user = %s", d->who.uid != 0 ? d->who.user : "nobody");
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
		if (errno == ENOENT)
			doctor_say(
			    d, DOCTOR_SKIPPED, "no pool runs with %s", path);
		else
			doctor_say(
			    d, DOCTOR_SKIPPED, "%s: %s", path, strerror(errno));
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
	if (st.st_uid == 0 && answers)
		doctor_control_root(d);
	else if (st.st_uid != d->who.uid)
		doctor_control_stranger(
		    d, &st, answers, strstr(why, "nobody listens") != NULL);
	else if (answers)
		doctor_say(d, DOCTOR_OK, "the gateway answers at %s", path);
	else
		doctor_say(d, DOCTOR_SKIPPED,
		    *why != '\0' ? "%s" :
				   "%s gives another answer than a gateway",
		    *why != '\0' ? why : path);
}
