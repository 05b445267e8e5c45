/* SPDX-License-Identifier: MIT */
/* A file of its own: only programs that make tokens link libjwt. */
#include <stdlib.h>
#include <string.h>

#include <jwt.h>

#include "conf/conf.h"
#include "json/jsonin.h"
#include "json/jsonscan.h"
#include "token/auth.h"

/* Adds the claim that names the relay, or all relays where that is NULL, unless
 * the claims have one.  Returns 0, or -1 when memory ran out. */
static int
auth_token_bind(
    struct json_object *claims, const struct conf *conf, const char *relay)
{
	struct json_object *names, *name;
	const struct relay_conf *r;

	if (jsonin_member(claims, "relay") != NULL)
		return 0;
	names = relay != NULL ? json_object_new_string(relay) :
				json_object_new_array();
	for (r = conf->relays; relay == NULL && r != NULL; r = r->next) {
		name = json_object_new_string(r->name);
		if (names == NULL || name == NULL ||
		    json_object_array_add(names, name) != 0) {
			json_object_put(name);
			json_object_put(names);
			return -1;
		}
	}
	if (names != NULL &&
	    json_object_object_add(claims, "relay", names) == 0)
		return 0;
	json_object_put(names);
	return -1;
}

char *
auth_token(const char *payload, const char *key, int64_t now, int64_t expires,
    const struct conf *conf, const char *relay, const char **why)
{
	struct json_object *claims;
	jwt_t *jwt = NULL;
	char *token = NULL;

	*why = NULL;
	claims =
	    jsonin_parse(payload, strlen(payload), JSON_REQUEST_VALUES, why);
	if (*why == NULL && !json_object_is_type(claims, json_type_object))
		*why = "the claims are no JSON object";
	if (*why == NULL && *key == '\0')
		*why = "the secret key is empty";
	if (*why == NULL && conf != NULL && conf->bind_relays &&
	    auth_token_bind(claims, conf, relay) == -1)
		*why = auth_no_memory;
	if (*why == NULL) {
		if (jwt_new(&jwt) != 0 ||
		    jwt_add_grants_json(
			jwt, json_object_to_json_string(claims)) != 0 ||
		    jwt_del_grants(jwt, "iat") != 0 ||
		    jwt_add_grant_int(jwt, "iat", (long)now) != 0 ||
		    (expires != 0 &&
			(jwt_del_grants(jwt, "exp") != 0 ||
			    jwt_add_grant_int(jwt, "exp", (long)expires) !=
				0)) ||
		    jwt_set_alg(jwt, JWT_ALG_HS256, (const unsigned char *)key,
			(int)strlen(key)) != 0 ||
		    (token = jwt_encode_str(jwt)) == NULL)
			*why = "the token could not be signed";
		else if (strlen(token) > TOKEN_MAX)
			*why =
			    "the claims make a token of more than 8192 bytes";
	}
	if (*why != NULL) {
		free(token);
		token = NULL;
	}
	jwt_free(jwt);
	json_object_put(claims);
	return token;
}
