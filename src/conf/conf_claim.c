/* SPDX-License-Identifier: MIT */
/* Claims in the configuration: those that it has for a relay, and those that
 * tokens must have. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "conf/conf.h"

#define CLAIM_MAX 41 /* bytes of a claim's name */

/* What a token says of itself or of who has it, and is no credential. */
static const char *const of_tokens[] = { "iss", "sub", "aud", "exp", "nbf",
	"iat", "jti", "jwks_host", "relay", "CTR_ENTITIES_LIMIT" };

const char *
conf_claim(const struct conf_claim *c, const char *name)
{
	for (; c != NULL; c = c->next)
		if (strcmp(c->name, name) == 0)
			return c->value;
	return NULL;
}

size_t
conf_claim_name(const char *required)
{
	return strcspn(required, "=");
}

static bool
conf_claim_is_credential(const char *name, size_t n)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";

	return n > 0 && n <= CLAIM_MAX && strspn(name, letters) >= n &&
	    strchr("_0123456789", name[0]) == NULL;
}

int
conf_set_claim(
    void *base, const struct conf_key *key, const char *value, char *why)
{
	struct conf_claim **list =
	    (struct conf_claim **)((char *)base + key->offset);
	const char *name = strchr(key->name, '.') + 1;
	struct conf_claim *c;
	size_t i;

	if (!conf_claim_is_credential(name, strlen(name))) {
		snprintf(why, CONF_ERROR_MAX,
		    "\"%s\" is no name of a claim: a letter, and letters, "
		    "digits and _, at most %d",
		    name, CLAIM_MAX);
		return -1;
	}
	for (i = 0; i < sizeof(of_tokens) / sizeof(of_tokens[0]); i++)
		if (strcmp(name, of_tokens[i]) == 0) {
			snprintf(why, CONF_ERROR_MAX,
			    "%s is no credential: it comes with the token "
			    "alone",
			    name);
			return -1;
		}
	if ((c = calloc(1, sizeof(*c))) == NULL ||
	    (c->name = strdup(name)) == NULL ||
	    (c->value = strdup(value)) == NULL) {
		if (c != NULL)
			free(c->name);
		free(c);
		snprintf(why, CONF_ERROR_MAX, "no memory left");
		return -1;
	}
	c->next = *list;
	*list = c;
	return 0;
}

void
conf_release_claims(void *field)
{
	struct conf_claim **list = field, *c;

	while ((c = *list) != NULL) {
		*list = c->next;
		OPENSSL_cleanse(c->value, strlen(c->value));
		free(c->value);
		free(c->name);
		free(c);
	}
}

/* The platform names claims by URIs.  No name has the = that ends it, nor what ends
 * an entry of the list. */
static bool
conf_claim_is_required(const char *name, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (name[i] <= ' ' || name[i] > '~')
			return false;
	return n > 0 && n <= CONF_CLAIM_MAX;
}

int
conf_set_require(
    void *base, const struct conf_key *key, const char *value, char *why)
{
	char ***list = (char ***)((char *)base + key->offset), **one;
	size_t n;

	if (conf_set_list(base, key, value, why) == -1)
		return -1;
	for (one = *list; one != NULL && *one != NULL; one++) {
		n = conf_claim_name(*one);
		if (conf_claim_is_required(*one, n) && (*one)[n] == '=' &&
		    (*one)[n + 1] != '\0')
			continue;
		snprintf(why, CONF_ERROR_MAX,
		    "\"%s\" is no CLAIM=VALUE, as in customer=1234", *one);
		return -1;
	}
	return 0;
}
