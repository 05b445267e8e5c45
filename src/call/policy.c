/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "call/policy.h"
#include "conf/conf.h"
#include "http/http.h"
#include "net/url.h"

/* Whether a URL of the relay's own keys, or the default of one, has that
 * origin. */
static bool
policy_names(const struct relay_conf *r, const char *origin)
{
	char own[HTTP_ORIGIN_MAX];
	const struct conf_key *k;
	const char *url;

	for (k = r->own_keys; k != NULL && k->name != NULL; k++) {
		if (k->set != conf_set_url)
			continue;
		url = *(char *const *)((const char *)r->own + k->offset);
		if (url != NULL && url_origin(url, own, sizeof(own)) == 0 &&
		    strcmp(own, origin) == 0)
			return true;
	}
	return false;
}

struct http_policy
policy_for(
    const struct conf *conf, const struct relay_conf *r, const char *origin)
{
	struct http_policy p = { conf->allow_private, conf->ca_file };

	if (r->allow_private == RELAY_PRIVATE_NO)
		p.allow_private = false;
	if ((r->allow_private != RELAY_PRIVATE_YES && r->ca_file == NULL) ||
	    !policy_names(r, origin))
		return p;
	if (r->allow_private == RELAY_PRIVATE_YES)
		p.allow_private = true;
	if (r->ca_file != NULL)
		p.ca_file = r->ca_file;
	return p;
}
