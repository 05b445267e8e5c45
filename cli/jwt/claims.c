/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "call/provider.h"
#include "cli/base/command.h"
#include "cli/base/secret.h"
#include "cli/jwt/claims.h"
#include "cli/terminal/prompt.h"
#include "cli/terminal/text.h"
#include "conf/conf.h"
#include "json/jsonin.h"
#include "json/jsonout.h"
#include "json/jsonscan.h"

#define ANSWER_MAX 2048 /* bytes of one credential */
#define TRIES      3    /* times an empty answer is asked again */

static const char *const none[] = { NULL };

static const char *const *
needed(const struct relay_conf *relay)
{
	if (relay == NULL || relay->provider->claims == NULL)
		return none;
	return relay->provider->claims;
}

bool
claims_given(const struct relay_conf *relay, const char *name)
{
	return relay->credentials != CREDENTIALS_TOKEN &&
	    conf_claim(relay->claims, name) != NULL;
}

/* Whether the object has every claim that the relay needs, as a string that is
 * not empty. */
static int
check_needed(const struct command *cmd, const char *file,
    const struct relay_conf *relay, struct json_object *claims)
{
	const char *text;

	for (const char *const *name = needed(relay); *name != NULL; name++) {
		text = jsonin_string(claims, *name);
		if ((text == NULL || *text == '\0') &&
		    !claims_given(relay, *name))
			return command_fail(cmd, CMD_FAILED,
			    "%s lacks \"%s\", which the relay \"%s\" needs (a "
			    "string that is not empty)",
			    file, *name, relay->name);
	}
	return CMD_OK;
}

static int
claims_from_file(const struct command *cmd, const char *file,
    const struct relay_conf *relay, struct buf *out)
{
	struct json_object *claims;
	const char *why;
	int status;

	if ((status = secret_read(cmd, file, out)) != CMD_OK)
		return status;
	claims = jsonin_parse(out->data, out->len, JSON_REQUEST_VALUES, &why);
	if (!json_object_is_type(claims, json_type_object))
		status = command_fail(cmd, CMD_FAILED,
		    "%s: %s; it should be one JSON object, for example "
		    "{\"key\": \"...\"}",
		    file,
		    claims == NULL && why != NULL ? why : "not an object");
	else
		status = check_needed(cmd, file, relay, claims);
	json_object_put(claims);
	return status;
}

static int
no_answer(const struct command *cmd)
{
	if (errno == ENXIO || errno == ENOTTY)
		return command_fail(cmd, CMD_FAILED,
		    "credentials are needed, and there is no terminal to ask "
		    "at; put them into a file of mode 0600, as JSON, and name "
		    "it with -f");
	if (errno == ENODATA)
		return command_fail(cmd, CMD_FAILED, "nothing was entered");
	if (errno == E2BIG)
		return command_fail(cmd, CMD_FAILED,
		    "that is longer than %d bytes, so it is no credential",
		    ANSWER_MAX - 1);
	return command_fail(
	    cmd, CMD_FAILED, "cannot ask at the terminal: %s", strerror(errno));
}

/* Whether a claim is no secret, so that the terminal may show it. */
static bool
is_open(const char *claim)
{
	static const char *const names[] = { "user", "username", "email",
		"host", "region" };
	size_t len = strlen(claim);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcasecmp(claim, names[i]) == 0)
			return true;
	return len >= 3 &&
	    (strcasecmp(claim + len - 3, "url") == 0 ||
		strcasecmp(claim + len - 3, "uri") == 0);
}

static int
claims_ask_one(const struct command *cmd, const char *claim, const char *what,
    struct jsonout *j)
{
	bool echo = is_open(claim);
	char answer[ANSWER_MAX];
	struct buf question;
	ssize_t len = 0;

	buf_init(&question, ANSWER_MAX);
	text_add(&question, what, strlen(what));
	buf_adds(&question, echo ? ": " : ", not shown: ");
	for (int i = 0; i < TRIES && len == 0; i++)
		len = prompt_ask(question.data, echo, answer, sizeof(answer));
	buf_free(&question);
	if (len == -1)
		return no_answer(cmd);
	if (len == 0)
		return command_fail(
		    cmd, CMD_FAILED, "nothing was entered for \"%s\"", claim);
	jsonout_outer_key(j, claim);
	jsonout_string(j, answer);
	explicit_bzero(answer, sizeof(answer));
	return CMD_OK;
}

static bool
is_among(const char *claim, const struct claims_prompt *prompts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(prompts[i].claim, claim) == 0)
			return true;
	return false;
}

/* Writes the question for a claim that the provider needs. */
static void
question_of(
    const struct relay_conf *relay, const char *claim, char *what, size_t size)
{
	const struct provider_field *f = relay->provider->fields;

	while (f != NULL && f->claim != NULL && strcmp(f->claim, claim) != 0)
		f++;
	snprintf(what, size, "%s for %s (relay %s)",
	    f == NULL || f->claim == NULL ? claim : f->label,
	    relay->provider->title, relay->name);
}

static int
claims_too_long(const struct command *cmd)
{
	return command_fail(cmd, CMD_FAILED,
	    "that is more than %d bytes, which a token cannot hold",
	    CLAIMS_MAX);
}

static int
from_terminal(const struct command *cmd, const struct relay_conf *relay,
    const struct claims_prompt *prompts, size_t n, struct buf *out)
{
	struct jsonout j;
	char what[256];
	int status = CMD_OK;

	jsonout_init(&j, out);
	jsonout_object(&j);
	for (size_t i = 0; i < n && status == CMD_OK; i++)
		status =
		    claims_ask_one(cmd, prompts[i].claim, prompts[i].text, &j);
	for (const char *const *name = needed(relay);
	     *name != NULL && status == CMD_OK; name++) {
		if (is_among(*name, prompts, n) || claims_given(relay, *name))
			continue;
		question_of(relay, *name, what, sizeof(what));
		status = claims_ask_one(cmd, *name, what, &j);
	}
	jsonout_end_object(&j);
	if (jsonout_done(&j) == -1 && status == CMD_OK)
		status = claims_too_long(cmd);
	return status;
}

int
claims_ask(const struct command *cmd, const char *file,
    const struct relay_conf *relay, const struct claims_prompt *prompts,
    size_t n, struct buf *out)
{
	int status;

	status = file != NULL ? claims_from_file(cmd, file, relay, out) :
				from_terminal(cmd, relay, prompts, n, out);
	if (status == CMD_OK && (out->failed || out->len > CLAIMS_MAX))
		status = claims_too_long(cmd);
	return status;
}

int
claims_read(const struct command *cmd, const char *file,
    const struct relay_conf *relay, struct buf *out)
{
	return claims_ask(cmd, file, relay, NULL, 0, out);
}
