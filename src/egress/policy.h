/* SPDX-License-Identifier: MIT */
/*
 * policy: whom the calls of a relay may reach, and which certificates count
 * there.
 *
 * What a relay's own keys allow beyond [http] holds for hosts that the relay's
 * configuration names, and for none that a token names.
 */
#ifndef CTIM_POLICY_H
#define CTIM_POLICY_H

#include <stdbool.h>

struct conf;
struct http_policy;
struct relay_conf;

/* Whether a URL of the relay's own keys or claims, or of its description, has that
 * origin: then it is the operator's word, not a token's.  Where the description
 * signs in does not count. */
bool policy_is_named(const struct relay_conf *, const char *origin);
/* The policy for a call of the relay to origin (url_origin()).  It points into
 * the configuration. */
struct http_policy policy_for(
    const struct conf *, const struct relay_conf *, const char *origin);

#endif
