/* SPDX-License-Identifier: MIT */
/* What the network half exports. */
#include "http/http.h"
#include "http/http_engine.h"
#include "net/network.h"

static const struct http_functions http_functions = { .global = http_global,
	.engine_make = http_engine_new,
	.engine_start = http_engine_start,
	.engine_free = http_engine_free,
	.join = http_join,
	.make = http_new,
	.free = http_free,
	.start = http_start,
	.cancel = http_cancel,
	.cancel_all = http_cancel_all,
	.wait = http_wait,
	.next = http_next,
	.run = http_do };

__attribute__((visibility("default")))
const struct network ctim_relay_network = {
	.build = network_build, .url = &url_curl, .http = &http_functions
};
