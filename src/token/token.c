/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64url.h"
#include "conf/conf.h"
#include "json/jsonin.h"
#include "json/jsonscan.h"
#include "token/token.h"

static const struct {
	const char *name;
	enum token_alg alg;
} algorithms[] = { { "HS256", TOKEN_HS256 }, { "RS256", TOKEN_RS256 } };

/* Parses a part of the token that must be a JSON object.  Returns NULL when it
 * is none, and sets *starved when memory ran out. */
static struct json_object *
object(const char *part, size_t len, bool *starved)
{
	struct json_object *value = NULL;
	unsigned char text[TOKEN_MAX];
	const char *why = NULL;
	ssize_t n;

	if ((n = base64url_decode(part, len, text)) > 0)
		value = jsonin_parse(
		    (const char *)text, (size_t)n, JSON_REQUEST_VALUES, &why);
	*starved = why == jsonscan_no_memory;
	if (value != NULL && !json_object_is_type(value, json_type_object)) {
		json_object_put(value);
		value = NULL;
	}
	return value;
}

/* Reads the header into the claims; returns as token_parse() does. */
static const char *
token_header(const char *part, size_t len, struct claims *c)
{
	struct json_object *h, *crit;
	const char *name, *kid;
	const char *why = "alg is neither HS256 nor RS256";
	size_t i;
	bool starved;

	if ((h = object(part, len, &starved)) == NULL)
		return starved ? jsonscan_no_memory :
				 "its header is no JSON object in base64url";
	name = jsonin_string(h, "alg");
	for (i = 0;
	     name != NULL && i < sizeof(algorithms) / sizeof(*algorithms); i++)
		if (strcmp(algorithms[i].name, name) == 0) {
			c->alg = algorithms[i].alg;
			why = NULL;
		}
	/* RFC 7515 section 4.1.11: a critical extension that is not understood
	 * is refused, and this program understands none. */
	if (jsonin_has(h, "crit", &crit))
		why = "its header has crit, and no extension is known here";
	kid = jsonin_string(h, "kid");
	if (why == NULL && kid != NULL)
		why =
		    (c->kid = strdup(kid)) == NULL ? jsonscan_no_memory : NULL;
	json_object_put(h);
	return why;
}

static void
token_read_time(struct claims *c, const char *name, bool *has, int64_t *at)
{
	struct json_object *value;

	*has = jsonin_has(c->payload, name, &value);
	if (*has && !jsonin_digits(value, at)) {
		c->bad_time = name;
		*has = false;
	}
}

/* Reads an integer, or one in a string; anything else gives the default. */
static size_t
read_limit(struct json_object *value)
{
	const char *text;
	char *end;
	int64_t n;

	if ((text = jsonin_text(value)) != NULL) {
		if (strspn(text, "0123456789") != strlen(text) || *text == '\0')
			return TOKEN_LIMIT;
		/* Overflow gives the largest number, which is cut below. */
		n = strtoll(text, &end, 10);
	} else if (!jsonin_digits(value, &n)) {
		return TOKEN_LIMIT;
	}
	if (n <= 0)
		return TOKEN_LIMIT;
	return n > TOKEN_LIMIT_MAX ? TOKEN_LIMIT_MAX : (size_t)n;
}

const char *
token_parse(const char *token, size_t len, struct claims *c)
{
	unsigned char signature[TOKEN_MAX];
	const char *dot1, *dot2, *end = token + len, *why;
	bool starved;

	*c = (struct claims){ 0 };
	if (len > TOKEN_MAX)
		return "it has more than 8192 bytes";
	if (memchr(token, '\0', len) != NULL ||
	    (dot1 = memchr(token, '.', len)) == NULL ||
	    (dot2 = memchr(dot1 + 1, '.', (size_t)(end - dot1 - 1))) == NULL ||
	    memchr(dot2 + 1, '.', (size_t)(end - dot2 - 1)) != NULL)
		return "it has not three parts with dots between them";
	if (base64url_decode(dot2 + 1, (size_t)(end - dot2 - 1), signature) <=
	    0)
		return "its signature is empty or no base64url";
	if ((why = token_header(token, (size_t)(dot1 - token), c)) != NULL)
		return why;
	c->payload = object(dot1 + 1, (size_t)(dot2 - dot1 - 1), &starved);
	if (c->payload == NULL) {
		token_free(c);
		return starved ? jsonscan_no_memory :
				 "its payload is no JSON object in base64url";
	}
	token_read_time(c, "exp", &c->has_exp, &c->exp);
	token_read_time(c, "nbf", &c->has_nbf, &c->nbf);
	c->limit = read_limit(jsonin_member(c->payload, "CTR_ENTITIES_LIMIT"));
	return NULL;
}

void
token_free(struct claims *c)
{
	free(c->kid);
	c->kid = NULL;
	json_object_put(c->payload);
	c->payload = NULL;
}

static bool
token_among(const char *const *names, const char *name)
{
	for (; names != NULL && *names != NULL; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

/* A claim of the token itself. */
static const char *
token_own(const struct claims *c, const char *name)
{
	const char *text = jsonin_string(c->payload, name);

	return text == NULL || *text == '\0' ? NULL : text;
}

struct claims
token_for(const struct claims *c, const struct relay_conf *relay,
    const char *const *hosts)
{
	struct claims all = *c;
	const struct conf_claim *g;

	if (relay->credentials == CREDENTIALS_TOKEN || relay->claims == NULL)
		return all;
	all.given = relay->claims;
	all.credentials = relay->credentials;
	for (g = all.given; g != NULL; g = g->next)
		if (!token_among(hosts, g->name) &&
		    token_is_given(&all, g->name))
			all.pinned = hosts;
	return all;
}

bool
token_is_given(const struct claims *c, const char *name)
{
	return conf_claim(c->given, name) != NULL &&
	    (c->credentials == CREDENTIALS_GATEWAY ||
		token_among(c->pinned, name) || token_own(c, name) == NULL);
}

bool
token_is_pinned(const struct claims *c, const char *name)
{
	return token_among(c->pinned, name) && token_own(c, name) != NULL;
}

const char *
token_claim(const struct claims *c, const char *name)
{
	if (c->given != NULL && token_is_given(c, name))
		return conf_claim(c->given, name);
	return token_among(c->pinned, name) ? NULL : token_own(c, name);
}

const char *
token_lacks(const struct claims *c, const char *const *names)
{
	for (; names != NULL && *names != NULL; names++)
		if (token_claim(c, *names) == NULL)
			return *names;
	return NULL;
}

const char *
token_times(
    const struct claims *c, int64_t now, int leeway, char why[TOKEN_WHY_MAX])
{
	static const char times[] =
	    "%s is %" PRId64 ", and now is %" PRId64 ", leeway %d";

	if (c->bad_time != NULL) {
		snprintf(why, TOKEN_WHY_MAX, "%s is no integer", c->bad_time);
		return "Authorization failed: Wrong JWT payload structure";
	}
	/* RFC 7519 section 4.1.4: on or after exp it is not accepted.  The
	 * leeway moves our clock, which cannot overflow, not theirs. */
	if (c->has_exp && now - leeway >= c->exp) {
		snprintf(why, TOKEN_WHY_MAX, times, "exp", c->exp, now, leeway);
		return "Authorization failed: JWT has expired";
	}
	if (c->has_nbf && now + leeway < c->nbf) {
		snprintf(why, TOKEN_WHY_MAX, times, "nbf", c->nbf, now, leeway);
		return "Authorization failed: JWT is not valid yet";
	}
	return NULL;
}
