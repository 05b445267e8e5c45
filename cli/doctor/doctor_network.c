/* SPDX-License-Identifier: MIT */
/* The object with the half of the gateway that makes calls, which is installed
 * with the programs. */
#include "call/provider.h"
#include "cli/doctor/doctor.h"
#include "conf/conf.h"
#include "net/network.h"

void
doctor_network(struct doctor *d)
{
	const struct relay_conf *r = d->conf->relays;
	char why[NETWORK_WHY];

	if (network_open(why) != NULL) {
		doctor_say(d, DOCTOR_OK, "%s is of this build", NETWORK_FILE);
		return;
	}
	while (r != NULL && r->provider->request == NULL)
		r = r->next;
	doctor_say(d, r == NULL ? DOCTOR_WARN : DOCTOR_FAIL, "%s", why);
	doctor_sudo(d, "make install");
	doctor_note(d,
	    "in the folder that the gateway was built in: programs and %s are "
	    "installed together",
	    NETWORK_FILE);
}
