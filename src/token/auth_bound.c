/* SPDX-License-Identifier: MIT */
/* Whether a genuine token is for this site and this relay. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "conf/conf.h"
#include "json/jsonin.h"
#include "token/auth.h"

#define FAILED "Authorization failed: Wrong JWT payload structure"

/* Whether a value is this text, or the integer that it writes. */
static bool
auth_is(struct json_object *value, const char *text)
{
	const char *said = jsonin_text(value);
	char digits[24];
	int64_t n;

	if (said == NULL && jsonin_int(value, &n)) {
		(void)snprintf(digits, sizeof(digits), "%" PRId64, n);
		said = digits;
	}
	return said != NULL && strcmp(said, text) == 0;
}

/* Whether a claim is that, or a list that has it. */
static bool
auth_says(const struct claims *c, const char *claim, const char *text)
{
	struct json_object *value = jsonin_member(c->payload, claim);
	size_t i;

	if (auth_is(value, text))
		return true;
	for (i = 0; i < jsonin_length(value); i++)
		if (auth_is(jsonin_at(value, i), text))
			return true;
	return false;
}

/* Whether it has one of the values that [auth] require has for a claim, the one
 * whose name is the first n bytes of required. */
static bool
auth_has_required(const struct conf *conf, const struct claims *c,
    const char *required, size_t n)
{
	char name[CONF_CLAIM_MAX + 1];
	char **r;

	memcpy(name, required, n);
	name[n] = '\0';
	for (r = conf->require; *r != NULL; r++)
		if (strncmp(*r, required, n + 1) == 0 &&
		    auth_says(c, name, *r + n + 1))
			return true;
	return false;
}

const char *
auth_bound(const struct conf *conf, const struct claims *c, const char *relay,
    char why[AUTH_WHY])
{
	char **r = conf->require;
	size_t n;

	if (c->alg == TOKEN_HS256) {
		if (!conf->bind_relays || auth_says(c, "relay", relay))
			return NULL;
		(void)snprintf(why, AUTH_WHY,
		    "[auth] bind_relays is on, and its claim relay does not "
		    "name this one");
		return FAILED;
	}
	for (; r != NULL && *r != NULL; r++) {
		n = conf_claim_name(*r);
		if (auth_has_required(conf, c, *r, n))
			continue;
		(void)snprintf(why, AUTH_WHY,
		    "[auth] require: its claim %.*s has none of the values "
		    "named there",
		    (int)n, *r);
		return FAILED;
	}
	return NULL;
}
