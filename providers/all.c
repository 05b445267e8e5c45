/* SPDX-License-Identifier: MIT */
/*
 * all: one relay that asks several others at once.
 *
 * It knows no service: whom it asks its key `relays` says (members.h), and the
 * gateway puts the question to each of them, with that one's own credential.
 */
#include "call/members.h"
#include "conf/conf.h"

static const struct conf_key all_keys[] = {
	{ .section = "relay",
	    .name = "relays",
	    .set = conf_set_list,
	    .offset = offsetof(struct members, names),
	    .help = "the relays that it asks",
	    .release = conf_release_list },
	{ 0 }
};

const struct provider provider_all = {
	.name = "all",
	.title = "All relays",
	.description =
	    "What several relays of this gateway know, in one answer.",
	.routes = PROVIDER_HEALTH,
	.about = "Asks several relays of the gateway at once: one module in "
		 "place of one for each service. The keys of the services are "
		 "in the gateway's configuration.",
	.keys = all_keys,
	.joins = true,
	.conf_size = sizeof(struct members),
};
