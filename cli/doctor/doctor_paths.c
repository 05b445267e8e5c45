/* Who may change what the gateway is told, by the folders above its files. */
#include "cli/doctor/doctor.h"
#include "conf/conf.h"
#include "log/log.h"
#include "start/pathtrust.h"

static void
say_path(void *arg, const struct pathtrust_finding *f)
{
	doctor_say(arg, DOCTOR_FAIL, "%s", f->text);
	doctor_mend(arg, "%s", f->mend);
}

void
doctor_paths(struct doctor *d)
{
	struct pathtrust_who who;
	int error = log_check(d->conf->log_target);
	bool good;

	if (error != 0) {
		doctor_say(d, DOCTOR_FAIL, "[log] target %s: %s",
		    d->conf->log_target, log_why(error));
		doctor_mend(d, "target = stderr    (in [log])");
	}
	pathtrust_find(d->conf, &who);
	good = pathtrust_look(d->conf, &who, say_path, d);
	if (good && error == 0)
		doctor_say(d, DOCTOR_OK,
		    "nobody who should not may replace the configuration, or "
		    "what it names");
}
