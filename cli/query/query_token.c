/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "cli/base/command.h"
#include "cli/base/secret.h"
#include "cli/base/settings.h"
#include "cli/jwt/claims.h"
#include "cli/query/asker.h"
#include "cli/query/query_options.h"
#include "cli/terminal/prompt.h"
#include "conf/conf.h"
#include "token/auth.h"

#define KEY_TEXT 65 /* of a new key, with its NUL */
/* The life of a token made here: as long as a list may take. */
#define TOKEN_SECONDS 86400

/* Takes the given token: itself, env:NAME or file:PATH. */
static int
given_token(const struct command *cmd, char *text, struct buf *token)
{
	const char *value = text;

	if (strncmp(text, "file:", 5) == 0)
		return secret_line(cmd, text + 5, token);
	if (strncmp(text, "env:", 4) == 0) {
		if ((value = getenv(text + 4)) == NULL)
			return command_fail(cmd, CMD_FAILED,
			    "%s is not in the environment", text + 4);
		buf_adds(token, value);
		return CMD_OK;
	}
	buf_adds(token, text);
	/* Now the list of processes no longer shows it. */
	memset(text, 'x', strlen(text));
	return CMD_OK;
}

/* Gives a configuration without a key, which would take no token, a temporary
 * one: nothing leaves the process. */
static int
lend_key(const struct command *cmd, struct conf *conf)
{
	char key[KEY_TEXT];

	if (conf->secret_key != NULL)
		return CMD_OK;
	if (auth_new_key(key) == -1)
		return command_fail(cmd, CMD_FAILED,
		    "the system gave no random bytes for a key");
	conf->secret_key = strdup(key);
	explicit_bzero(key, sizeof(key));
	return conf->secret_key != NULL ?
	    CMD_OK :
	    command_fail(cmd, CMD_FAILED, "no memory left");
}

/* Makes a token of the credentials in a file (NULL: asks for them). */
static int
query_token_make_token(const struct command *cmd, const char *file,
    const struct conf *conf, const struct relay_conf *relay, struct buf *token)
{
	struct buf claims;
	const char *why = NULL;
	char *text = NULL;
	time_t now = time(NULL);
	int status;

	buf_init(&claims, SECRET_MAX);
	status = claims_read(cmd, file, relay, &claims);
	if (status == CMD_OK) {
		text = auth_token(claims.data, conf->secret_key, now,
		    now + TOKEN_SECONDS, conf,
		    relay == NULL ? NULL : relay->name, &why);
		if (text == NULL)
			status = command_fail(cmd, CMD_FAILED,
			    "the token could not be made: %s", why);
		else
			buf_adds(token, text);
	}
	free(text);
	secret_free(&claims);
	return status;
}

/* Makes one for a relay elsewhere, whose key this machine may have. */
static int
make_token_elsewhere(
    const struct command *cmd, const struct query_options *o, struct buf *token)
{
	struct conf *conf = settings_load(cmd, o->config);
	int status;

	if (conf == NULL)
		return CMD_CONFIG;
	if (conf->secret_key == NULL)
		status = command_fail(cmd, CMD_FAILED,
		    "%s has no secret key to make a token with for the relay "
		    "at %s; take a token that was made there: --token-file "
		    "FILE",
		    conf->file, o->url);
	else
		status =
		    query_token_make_token(cmd, o->file, conf, NULL, token);
	conf_free(conf);
	return status;
}

static int
ask_token(const struct command *cmd, const char *url, struct buf *token)
{
	char question[1024], answer[SECRET_MAX];
	ssize_t len;

	snprintf(
	    question, sizeof(question), "Token for %.900s (not shown): ", url);
	len = prompt_ask(question, false, answer, sizeof(answer));
	if (len == -1 && (errno == ENXIO || errno == ENOTTY))
		return command_fail(cmd, CMD_FAILED,
		    "a relay elsewhere needs a token, and there is no terminal "
		    "to ask at; put it into a file of mode 0600 and name that "
		    "with --token-file");
	if (len <= 0)
		return command_fail(cmd, CMD_FAILED, "no token was entered");
	buf_adds(token, answer);
	explicit_bzero(answer, sizeof(answer));
	return CMD_OK;
}

int
query_token(const struct command *cmd, const struct query_options *o,
    struct conf *conf, const struct relay_conf *relay, struct buf *token)
{
	int status;

	if (o->token_file != NULL)
		return secret_line(cmd, o->token_file, token);
	if (o->token != NULL)
		return given_token(cmd, o->token, token);
	if (relay == NULL)
		return o->file != NULL ? make_token_elsewhere(cmd, o, token) :
					 ask_token(cmd, o->url, token);
	if ((status = lend_key(cmd, conf)) != CMD_OK)
		return status;
	return query_token_make_token(cmd, o->file, conf, relay, token);
}
