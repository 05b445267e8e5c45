/* SPDX-License-Identifier: MIT */
/* ctim-relay jwt: a token for a relay. */
#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "call/provider.h"
#include "cli/base/command.h"
#include "cli/base/expires.h"
#include "cli/base/options.h"
#include "cli/base/secret.h"
#include "cli/base/settings.h"
#include "cli/jwt/claims.h"
#include "cli/jwt/jwt.h"
#include "cli/jwt/keyfile.h"
#include "conf/conf.h"
#include "token/auth.h"

#define KEY_TEXT       65 /* of a new key, with its NUL */

#define JWT_AT(member) offsetof(struct jwt, member)

static const struct options_row jwt_rows[] = { OPTIONS_CONFIG(struct jwt),
	{ "relay", 'r', &options_text, JWT_AT(relay_name), "NAME",
	    "the relay that the token is for" },
	{ "file", 'f', &options_text, JWT_AT(file), "FILE",
	    "its claims, as a JSON object (-: standard input)" },
	{ "key-file", 'k', &options_text, JWT_AT(key_file), "FILE",
	    "sign with the key in this file, which is made\n"
	    "(mode 0600) when it is not there; without -c or\n"
	    "-r no configuration is read then" },
	{ "expires", 'e', &options_text, JWT_AT(expires_text), "T",
	    EXPIRES_FORMS },
	{ "quiet", 'q', &options_flag, JWT_AT(quiet), NULL,
	    "print nothing but the token" },
	{ NULL, 0, NULL, 0, NULL,
	    "\nFor a token that is checked with a key set, as platforms make "
	    "them:\n\n" },
	{ "rs256", 0, &options_flag, JWT_AT(rs256), NULL,
	    "sign with RS256 instead of HS256" },
	{ "key", 0, &options_text, JWT_AT(rsa_file), "FILE",
	    "the RSA private key (PEM); implies --rs256" },
	{ "make-key", 0, &options_flag, JWT_AT(make_key), NULL,
	    "make that file (mode 0600) when it is not there" },
	{ "kid", 0, &options_text, JWT_AT(kid), "KID",
	    "the name of the key, instead of its thumbprint" },
	{ "jwks", 0, &options_text, JWT_AT(jwks_file), "FILE",
	    "put the public key into this key set, to be\n"
	    "served as https://HOST/.well-known/jwks" },
	{ "jwks-host", 0, &options_text, JWT_AT(jwks_host), "HOST",
	    "where that is, HOST or HOST:PORT" },
	{ "aud", 0, &options_text, JWT_AT(aud), "URL",
	    "the relay's URL, where it is not base_url/NAME" },
	{ "help", 'h', &options_flag, JWT_AT(help), NULL, NULL } };

static const struct options jwt_option_table = { jwt_rows,
	sizeof(jwt_rows) / sizeof(jwt_rows[0]), 24, false,
	"Without -f it asks for the credentials that the relay needs, if any.\n"
	"The token alone goes to standard output, everything else to standard\n"
	"error. With STAGE, which zappa_settings.json in this folder must "
	"have,\n"
	"module_settings.json beside it says what else to ask for.\n\n",
	NULL };

static int
jwt_options(struct jwt *jwt, int argc, char **argv)
{
	int status = options_read(&jwt_option_table, jwt->cmd, jwt, argc, argv);

	if (status != CMD_OK || jwt->help)
		return status;
	if (argc - optind > 1)
		return command_usage(jwt->cmd,
		    "what is \"%s\"? There is one stage at most",
		    argv[optind + 1]);
	jwt->module.stage = argv[optind];
	if (jwt->rsa_file != NULL)
		jwt->rs256 = true;
	if (jwt->expires_text != NULL &&
	    (jwt->expires = expires_parse(jwt->expires_text, jwt->now)) == -1)
		return command_usage(jwt->cmd,
		    "\"%s\" is no time to come; "
		    "write " EXPIRES_FORMS,
		    jwt->expires_text);
	return jwt_rs256_check(jwt);
}

static bool
needs_claims(const struct relay_conf *relay)
{
	const char *const *name = relay->provider->claims;

	while (name != NULL && *name != NULL && claims_given(relay, *name))
		name++;
	return name != NULL && *name != NULL;
}

/* Chooses the relay of a stage: the first whose service has the name of the
 * module, or none in particular. */
static void
choose_by_module(struct jwt *jwt)
{
	const struct relay_conf *relay = jwt->conf->relays;

	while (relay != NULL &&
	    strcasecmp(relay->provider->title, jwt->module.name) != 0)
		relay = relay->next;
	jwt->relay = relay;
}

/*
 * Chooses the relay when none is named: the only one; none in particular when
 * the claims are given, or when no relay needs any.
 */
static int
choose_relay(struct jwt *jwt)
{
	const struct relay_conf *relay = jwt->conf->relays;
	bool needed = false;

	if (jwt->module.name != NULL) {
		choose_by_module(jwt);
		return CMD_OK;
	}
	if (relay != NULL && relay->next == NULL) {
		jwt->relay = relay;
		return CMD_OK;
	}
	for (; relay != NULL; relay = relay->next)
		needed = needed || needs_claims(relay);
	if (!needed || jwt->file != NULL)
		return CMD_OK;
	(void)command_fail(jwt->cmd, CMD_USAGE,
	    "which relay is the token for? Name it with --relay:");
	for (relay = jwt->conf->relays; relay != NULL; relay = relay->next)
		fprintf(stderr, "  %s (%s%s)\n", relay->name,
		    relay->provider->title,
		    needs_claims(relay) ? "" : "; needs no credentials");
	return CMD_USAGE;
}

static int
jwt_read_conf(struct jwt *jwt)
{
	if ((jwt->conf = settings_load(jwt->cmd, jwt->config)) == NULL)
		return CMD_CONFIG;
	if (jwt->relay_name == NULL)
		return choose_relay(jwt);
	jwt->relay = settings_relay(jwt->cmd, jwt->conf, jwt->relay_name);
	return jwt->relay == NULL ? CMD_FAILED : CMD_OK;
}

/* Takes the key of the configuration, or makes a new one. */
static int
jwt_find_key(struct jwt *jwt)
{
	char text[KEY_TEXT];

	if (jwt->conf != NULL && jwt->conf->secret_key != NULL) {
		buf_adds(&jwt->key, jwt->conf->secret_key);
		return CMD_OK;
	}
	if (jwt->quiet)
		return command_fail(jwt->cmd, CMD_FAILED,
		    "%s has no secret_key, and --quiet could not show a new "
		    "one; name a file for it with --key-file, or leave --quiet "
		    "away",
		    jwt->conf != NULL ? jwt->conf->file : conf_path());
	if (auth_new_key(text) == -1)
		return command_fail(jwt->cmd, CMD_FAILED,
		    "the system gave no random bytes for a key");
	buf_adds(&jwt->key, text);
	explicit_bzero(text, sizeof(text));
	jwt->made = true;
	return CMD_OK;
}

/*
 * Whether to read the configuration: not where the command line says all there
 * is to know, nor where a stage is named on a machine without a gateway.
 */
static bool
wants_conf(const struct jwt *jwt)
{
	if (jwt->config != NULL || jwt->relay_name != NULL)
		return true;
	if (jwt->key_file != NULL ||
	    (jwt->aud != NULL && jwt->jwks_host != NULL))
		return false;
	return jwt->module.stage == NULL || getenv("CTIM_RELAY_CONF") != NULL ||
	    access(conf_path(), F_OK) == 0 || errno != ENOENT;
}

/* Reads the key file first: the configuration may name the same file, and would
 * be refused while there is none. */
static int
jwt_prepare(struct jwt *jwt)
{
	int status;

	if (jwt->module.stage != NULL &&
	    (status = module_settings_read(
		 jwt->cmd, jwt->module.stage, &jwt->module)) != CMD_OK)
		return status;
	if (jwt->key_file != NULL &&
	    (status = keyfile_open(
		 jwt->cmd, jwt->key_file, &jwt->key, &jwt->made)) != CMD_OK)
		return status;
	if (wants_conf(jwt) && (status = jwt_read_conf(jwt)) != CMD_OK)
		return status;
	if (!jwt->rs256 && jwt->key_file == NULL &&
	    (status = jwt_find_key(jwt)) != CMD_OK)
		return status;
	status = claims_ask(jwt->cmd, jwt->file, jwt->relay,
	    jwt->module.prompts, jwt->module.n, &jwt->claims);
	return status == CMD_OK && jwt->rs256 ? jwt_rs256_prepare(jwt) : status;
}

static char *
jwt_make_token(const struct jwt *jwt, const char **why)
{
	const struct signing s = { .key = jwt->rsa,
		.kid = jwt->kid,
		.aud = jwt->aud,
		.jwks_host = jwt->jwks_host,
		.now = jwt->now,
		.expires = jwt->expires };

	return jwt->rs256 ?
	    signing_token(jwt->claims.data, &s, why) :
	    auth_token(jwt->claims.data, jwt->key.data, jwt->now, jwt->expires,
		jwt->conf, jwt->relay == NULL ? NULL : jwt->relay->name, why);
}

static int
jwt_print(struct jwt *jwt)
{
	const char *why = NULL;
	char *token;
	int status;

	if ((token = jwt_make_token(jwt, &why)) == NULL)
		return command_fail(jwt->cmd, CMD_FAILED,
		    "the token could not be made: %s", why);
	if ((status = jwt_rs256_publish(jwt)) == CMD_OK) {
		printf("%s\n", token);
		fflush(stdout);
	}
	OPENSSL_cleanse(token, strlen(token));
	free(token);
	if (status == CMD_OK && !jwt->quiet)
		jwt_say(jwt);
	return status;
}

int
cmd_jwt(const struct command *cmd, int argc, char **argv)
{
	struct jwt jwt = { .cmd = cmd, .now = time(NULL) };
	int status;

	if ((status = jwt_options(&jwt, argc, argv)) != CMD_OK)
		return status;
	if (jwt.help)
		return options_help(&jwt_option_table, cmd);
	buf_init(&jwt.key, SECRET_MAX);
	buf_init(&jwt.claims, SECRET_MAX);
	buf_init(&jwt.own_aud, SECRET_MAX);
	if ((status = jwt_prepare(&jwt)) == CMD_OK)
		status = jwt_print(&jwt);
	secret_free(&jwt.key);
	secret_free(&jwt.claims);
	jwt_rs256_free(&jwt);
	module_settings_free(&jwt.module);
	conf_free(jwt.conf);
	return status;
}
