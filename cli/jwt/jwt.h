/* SPDX-License-Identifier: MIT */
/*
 * jwt: the state that the parts of the command share: options and keys (jwt.c),
 * RS256 (jwt_rs256.c), messages to people (jwt_say.c).
 */
#ifndef CTIM_JWT_H
#define CTIM_JWT_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/types.h>

#include "base/buf.h"
#include "cli/jwt/module_settings.h"
#include "token/signing.h"

struct command;
struct conf;
struct relay_conf;

struct jwt {
	const struct command *cmd;
	const char *config, *relay_name, *file, *key_file, *expires_text;
	const char *rsa_file, *kid, *aud, *jwks_host, *jwks_file;
	bool rs256, make_key, quiet, help;
	struct module_settings module;  /* of the stage, if one is named */
	struct conf *conf;              /* NULL: none was read */
	const struct relay_conf *relay; /* NULL: for none in particular */
	struct buf key, claims;         /* key: of HS256 */
	bool made;                      /* the key is new */
	int64_t now, expires;
	/* RS256 */
	EVP_PKEY *rsa;
	char own_kid[SIGNING_KID];
	struct buf own_aud;
};

/* Checks that the options of RS256 go together, and with the others. */
int jwt_rs256_check(const struct jwt *);
/* Reads or makes the private key, and fills in kid, aud and jwks_host where
 * they are not given.  Needs configuration and claims. */
int jwt_rs256_prepare(struct jwt *);
/* Writes the key set, where a file is named for it. */
int jwt_rs256_publish(const struct jwt *);
void jwt_rs256_free(struct jwt *);

/* Says on standard error what the token is good for, and how to use it. */
void jwt_say(const struct jwt *);

#endif
