/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>

#include "egress/policy.h"
#include "conf/conf.h"
#include "http/http.h"
#include "net/url.h"

static bool
policy_is_origin(const char *url, const char *origin)
{
	char own[HTTP_ORIGIN_MAX];

	return url_origin(url, own, sizeof(own)) == 0 &&
	    strcmp(own, origin) == 0;
}

/* Whether a URL, or a host with its port or without, is of an origin. */
static bool
policy_is_of(const char *url, const char *origin)
{
	char text[HTTP_ORIGIN_MAX];
	bool tls;

	if (url == NULL)
		return false;
	if (strstr(url, "://") != NULL)
		return policy_is_origin(url, origin);
	tls = strncmp(origin, "https://", 8) == 0;
	return snprintf(text, sizeof(text), "%s://%s", tls ? "https" : "http",
		   url) < (int)sizeof(text) &&
	    policy_is_origin(text, origin);
}

bool
policy_is_named(const struct relay_conf *r, const char *origin)
{
	const struct conf_key *k;
	const struct conf_claim *c;

	if (policy_is_of(r->url, origin))
		return true;
	for (k = r->own_keys; k != NULL && k->name != NULL; k++)
		if (k->set == conf_set_url &&
		    policy_is_of(
			*(char *const *)((const char *)r->own + k->offset),
			origin))
			return true;
	/* With those of the token alone nothing goes there. */
	if (r->credentials == CREDENTIALS_TOKEN)
		return false;
	for (c = r->claims; c != NULL; c = c->next)
		if (c->host && policy_is_of(c->value, origin))
			return true;
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
	    (!policy_is_named(r, origin) &&
		!policy_is_of(r->sign_in_url, origin)))
		return p;
	if (r->allow_private == RELAY_PRIVATE_YES)
		p.allow_private = true;
	if (r->ca_file != NULL)
		p.ca_file = r->ca_file;
	return p;
}
