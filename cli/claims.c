#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "claims.h"
#include "command.h"
#include "conf.h"
#include "jsonin.h"
#include "jsonout.h"
#include "jsonscan.h"
#include "prompt.h"
#include "provider.h"
#include "secret.h"

#define ANSWER_MAX	2048	/* bytes of one credential */
#define TRIES		3	/* times an empty answer is asked again */

static const char *const none[] = { NULL };

static const char *const *
needed(const struct relay_conf *relay)
{
	if (relay == NULL || relay->provider->claims == NULL)
		return none;
	return relay->provider->claims;
}

/* Whether the object holds what the relay needs, each a non-empty string. */
static int
check_needed(const struct command *cmd, const char *file,
    const struct relay_conf *relay, struct json_object *claims)
{
	const char	*text;

	for (const char *const *name = needed(relay); *name != NULL; name++) {
		text = jsonin_string(claims, *name);
		if (text == NULL || *text == '\0')
			return command_fail(cmd, CMD_FAILED, "%s lacks \"%s\", "
			    "which the relay \"%s\" needs (a string that is "
			    "not empty)", file, *name, relay->name);
	}
	return CMD_OK;
}

static int
from_file(const struct command *cmd, const char *file,
    const struct relay_conf *relay, struct buf *out)
{
	struct json_object	*claims;
	const char		*why;
	int			 status;

	if ((status = secret_read(cmd, file, out)) != CMD_OK)
		return status;
	claims = jsonin_parse(out->data, out->len, JSON_REQUEST_VALUES, &why);
	if (!json_object_is_type(claims, json_type_object))
		status = command_fail(cmd, CMD_FAILED, "%s: %s; it should be "
		    "one JSON object, for example {\"key\": \"...\"}", file,
		    claims == NULL && why != NULL ? why : "not an object");
	else
		status = check_needed(cmd, file, relay, claims);
	json_object_put(claims);
	return status;
}

static int
no_answer(const struct command *cmd, const struct relay_conf *relay)
{
	if (errno == ENXIO || errno == ENOTTY)
		return command_fail(cmd, CMD_FAILED, "the relay \"%s\" needs "
		    "credentials and there is no terminal to ask at; put them "
		    "into a file of mode 0600, as JSON, and name it with -f",
		    relay->name);
	if (errno == ENODATA)
		return command_fail(cmd, CMD_FAILED, "nothing was entered");
	if (errno == E2BIG)
		return command_fail(cmd, CMD_FAILED, "that is longer than "
		    "%d bytes, so it is no credential", ANSWER_MAX - 1);
	return command_fail(cmd, CMD_FAILED, "cannot ask at the terminal: %s",
	    strerror(errno));
}

static int
ask_one(const struct command *cmd, const struct relay_conf *relay,
    const char *name, struct jsonout *j)
{
	char		answer[ANSWER_MAX], question[256];
	ssize_t		len = 0;

	snprintf(question, sizeof(question), "%s for %s (relay %s, not "
	    "shown): ", name, relay->provider->title, relay->name);
	for (int i = 0; i < TRIES && len == 0; i++)
		len = prompt_ask(question, false, answer, sizeof(answer));
	if (len == -1)
		return no_answer(cmd, relay);
	if (len == 0)
		return command_fail(cmd, CMD_FAILED, "nothing was entered for "
		    "\"%s\"", name);
	jsonout_kstring(j, name, answer);
	explicit_bzero(answer, sizeof(answer));
	return CMD_OK;
}

static int
from_terminal(const struct command *cmd, const struct relay_conf *relay,
    struct buf *out)
{
	struct jsonout	j;
	int		status = CMD_OK;

	jsonout_init(&j, out);
	jsonout_object(&j);
	for (const char *const *name = needed(relay);
	    *name != NULL && status == CMD_OK; name++)
		status = ask_one(cmd, relay, *name, &j);
	jsonout_end_object(&j);
	return status;
}

int
claims_read(const struct command *cmd, const char *file,
    const struct relay_conf *relay, struct buf *out)
{
	int	status;

	status = file != NULL ? from_file(cmd, file, relay, out) :
	    from_terminal(cmd, relay, out);
	if (status == CMD_OK && (out->failed || out->len > CLAIMS_MAX))
		return command_fail(cmd, CMD_FAILED, "that is more than %d "
		    "bytes, which a token cannot hold", CLAIMS_MAX);
	return status;
}
