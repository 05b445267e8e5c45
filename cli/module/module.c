/* SPDX-License-Identifier: MIT */
/*
 * ctim-relay relay: the module at the platform, as the Relay Module CLI manages
 * it.
 */
#include <errno.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "cli/base/command.h"
#include "cli/base/options.h"
#include "cli/base/secret.h"
#include "cli/base/settings.h"
#include "cli/module/module_file.h"
#include "cli/module/platform.h"
#include "cli/terminal/prompt.h"
#include "cli/terminal/table.h"
#include "cli/terminal/text.h"
#include "conf/conf.h"
#include "json/jsonin.h"
#include "net/url.h"

#define ANSWER_MAX   2048  /* bytes of an ID or password */
#define TRIES        3     /* times an empty answer is asked again */
#define WHY_MAX      65536 /* bytes of what is wrong */
#define SECRET_LEAST 8     /* bytes of a text to keep out of messages */

struct relay {
	const struct command *cmd;
	const struct action *action;
	const char *file, *region, *config;
	bool help;
	struct buf id, password;
	char url[PLATFORM_URL_MAX];
	struct conf *conf;
	struct json_object *settings; /* what the file says, expanded */
	const char *name;             /* of the module, in settings */
	const char **secrets;         /* of password and settings */
	struct platform platform;
	struct buf why; /* what is wrong */
};

static int module_add(struct relay *, struct json_object *found);
static int module_edit(struct relay *, struct json_object *found);
static int module_remove(struct relay *, struct json_object *found);

static const struct action {
	const char *name, *done;
	/* found: the module at the platform, or NULL. */
	int (*run)(struct relay *, struct json_object *found);
} actions[] = { { "add", "added", module_add },
	{ "edit", "edited", module_edit },
	{ "remove", "removed", module_remove } };

#define ACTIONS (sizeof(actions) / sizeof(actions[0]))

static int
module_set_id(const struct options_found *found)
{
	buf_reset(found->at);
	buf_adds(found->at, found->text);
	return CMD_OK;
}

/* Takes a secret out of the arguments, where the list of processes shows it. */
static int
module_set_password(const struct options_found *found)
{
	(void)module_set_id(found);
	explicit_bzero(found->text, strlen(found->text));
	return CMD_OK;
}

static const struct options_kind module_id = { .set = module_set_id };
static const struct options_kind module_password = { .set =
							 module_set_password };

#define MODULE_AT(member) offsetof(struct relay, member)

static const struct options_row module_rows[] = {
	{ "client_id", 'i', &module_id, MODULE_AT(id), "ID",
	    "the platform's API client; else from\n"
	    "TR_API_CLIENT_ID, else asked for" },
	{ "client_password", 'p', &module_password, MODULE_AT(password),
	    "PASSWORD",
	    "its password; else from\n"
	    "TR_API_CLIENT_PASSWORD, else asked for\n"
	    "and not shown, both of which are safer" },
	{ "settings_file", 'f', &options_text, MODULE_AT(file), "FILE",
	    "the file (relay_settings.json; -:\n"
	    "standard input)" },
	{ "region", 'r', &options_text, MODULE_AT(region), "REGION",
	    PLATFORM_REGIONS " (us)" },
	{ "config", 'c', &options_text, MODULE_AT(config), "FILE",
	    "a configuration with the proxy, the\n"
	    "time-outs and the certificates to use" },
	{ "help", 'h', &options_flag, MODULE_AT(help), NULL, NULL }
};

static const struct options module_option_table = { module_rows,
	sizeof(module_rows) / sizeof(module_rows[0]), 33, false,
	"The file says what the module is: name, module_type_id, visibility, "
	"and\n"
	"settings with url and supported-apis. $NAME and ${NAME} in its name "
	"and\n"
	"settings are replaced from the environment.\n\n",
	NULL };

static int
module_options(struct relay *relay, int argc, char **argv)
{
	int status =
	    options_read(&module_option_table, relay->cmd, relay, argc, argv);

	if (status != CMD_OK || relay->help)
		return status;
	if (platform_url(relay->region, relay->url) == -1)
		return command_usage(relay->cmd,
		    "there is no region \"%s\"; it is " PLATFORM_REGIONS,
		    relay->region);
	if (optind == argc)
		return command_usage(
		    relay->cmd, "what is to be done: add, edit or remove?");
	for (size_t i = 0; i < ACTIONS; i++)
		if (strcmp(argv[optind], actions[i].name) == 0)
			relay->action = &actions[i];
	if (relay->action == NULL)
		return command_usage(relay->cmd,
		    "what is \"%s\"? There are add, edit and remove",
		    argv[optind]);
	if (optind + 1 < argc)
		return command_usage(relay->cmd,
		    "what is \"%s\"? A settings file is named with -f",
		    argv[optind + 1]);
	return CMD_OK;
}

/* Takes scheme and host of TR_API_URL, if set; that host may be on this
 * machine.  Returns 0, or -1 with relay->why. */
static int
replace_url(struct relay *relay)
{
	const char *given = getenv("TR_API_URL");
	char *slash, *host;

	if (given == NULL || *given == '\0')
		return 0;
	if (!url_is_base(given) ||
	    url_normalise(given, relay->url, sizeof(relay->url)) == -1 ||
	    (host = strstr(relay->url, "://")) == NULL ||
	    (slash = strchr(host + 3, '/')) == NULL || slash[1] != '\0') {
		/* The text is not shown: a password may be in it. */
		text_addf(&relay->why,
		    "TR_API_URL should be a scheme and a host, such as "
		    "https://platform.example.org, and nothing else.");
		return -1;
	}
	*slash = '\0';
	relay->conf->allow_private = true;
	return 0;
}

/* Notes the texts that no message may show: all strings of the settings but the
 * URL may be credentials.  Returns 0, or -1 with relay->why. */
static int
note_secrets(struct relay *relay)
{
	struct json_object_iter i;
	struct json_object *in;
	const char *text;
	size_t n = 0;

	in = jsonin_member(relay->settings, "settings");
	relay->secrets = calloc(
	    (size_t)json_object_object_length(in) + 2, sizeof(*relay->secrets));
	if (relay->secrets == NULL) {
		text_addf(&relay->why, "There is no memory left.");
		return -1;
	}
	relay->secrets[n++] = relay->password.data;
	json_object_object_foreachC(in, i)
	{
		text = jsonin_text(i.val);
		if (text != NULL && strlen(text) >= SECRET_LEAST &&
		    strcmp(i.key, "url") != 0)
			relay->secrets[n++] = text;
	}
	return 0;
}

/* Fills in a credential from the environment or by asking a person, unless the
 * command line gave it.  Returns 0, or -1 with relay->why. */
static int
credential(struct relay *relay, struct buf *out, const char *what,
    const char *variable, bool echo)
{
	const char *value = getenv(variable), *reason;
	char answer[ANSWER_MAX], question[64];
	ssize_t len = 0;

	if (out->len == 0 && value != NULL)
		buf_adds(out, value);
	if (out->failed) {
		text_addf(&relay->why,
		    "The %s is longer than %d bytes, so it cannot be one.",
		    what, ANSWER_MAX);
		return -1;
	}
	if (out->len > 0)
		return 0;
	snprintf(question, sizeof(question), "%s: ", what);
	for (int i = 0; i < TRIES && len == 0; i++)
		len = prompt_ask(question, echo, answer, sizeof(answer));
	if (len > 0) {
		buf_adds(out, answer);
		explicit_bzero(answer, sizeof(answer));
		return 0;
	}
	if (len == 0 || errno == ENODATA)
		reason = "nothing was entered";
	else if (errno == ENXIO || errno == ENOTTY)
		reason = "there is no terminal to ask at";
	else
		reason = errno == E2BIG ? "that is too long" : strerror(errno);
	text_addf(&relay->why, "The %s is needed: %s. It may be put into %s.",
	    what, reason, variable);
	return -1;
}

static bool
is_same(
    struct json_object *module, struct json_object *settings, const char *name)
{
	return json_object_equal(jsonin_member(module, name),
		   jsonin_member(settings, name)) == 1;
}

/* Finds the module with the name and type of settings; NULL: there is none. */
static struct json_object *
module_find(struct json_object *modules, struct json_object *settings)
{
	for (size_t i = 0; i < jsonin_length(modules); i++)
		if (is_same(jsonin_at(modules, i), settings, "name") &&
		    is_same(jsonin_at(modules, i), settings, "module_type_id"))
			return jsonin_at(modules, i);
	return NULL;
}

static int
module_refuse(struct relay *relay, const char *what)
{
	text_addf(&relay->why, "Relay module \"%s\" %s!", relay->name, what);
	return -1;
}

/* Returns the ID of a module; NULL after it was said that the module does not
 * exist, or has no ID. */
static const char *
id_of(struct relay *relay, struct json_object *found)
{
	const char *id = jsonin_string(found, "id");

	if (found == NULL)
		(void)module_refuse(relay, "does not exist");
	else if (id == NULL || *id == '\0')
		(void)module_refuse(relay, "has no ID at the platform");
	else
		return id;
	return NULL;
}

static int
module_add(struct relay *relay, struct json_object *found)
{
	if (found != NULL)
		return module_refuse(relay, "already exists");
	return platform_add(&relay->platform, relay->settings);
}

static int
module_edit(struct relay *relay, struct json_object *found)
{
	struct json_object_iter i;
	struct json_object *changes;
	const char *id = id_of(relay, found);
	int r;

	if (id == NULL)
		return -1;
	if ((changes = json_object_new_object()) == NULL)
		return module_refuse(
		    relay, "cannot be compared: no memory left");
	json_object_object_foreachC(relay->settings, i)
	{
		if (is_same(found, relay->settings, i.key))
			continue;
		json_object_object_add(changes, i.key, json_object_get(i.val));
	}
	r = json_object_object_length(changes) == 0 ?
	    module_refuse(relay, "has not been changed") :
	    platform_edit(&relay->platform, id, changes);
	json_object_put(changes);
	return r;
}

static int
module_remove(struct relay *relay, struct json_object *found)
{
	const char *id = id_of(relay, found);

	return id == NULL ? -1 : platform_remove(&relay->platform, id);
}

/* Does what the command line asks for.  Returns 0, or -1 with relay->why. */
static int
module_work(struct relay *relay)
{
	struct json_object *modules;
	int r;

	relay->settings = module_file_read(relay->file, &relay->why);
	if (relay->settings == NULL || replace_url(relay) == -1 ||
	    credential(relay, &relay->id, "Client ID", "TR_API_CLIENT_ID",
		true) == -1 ||
	    credential(relay, &relay->password, "Client Password",
		"TR_API_CLIENT_PASSWORD", false) == -1 ||
	    note_secrets(relay) == -1)
		return -1;
	relay->name = jsonin_string(relay->settings, "name");
	r = platform_open(&relay->platform, relay->conf, relay->url,
	    relay->id.data, relay->password.data, relay->secrets, &relay->why);
	if (r == 0 && (r = platform_list(&relay->platform, &modules)) == 0) {
		r = relay->action->run(
		    relay, module_find(modules, relay->settings));
		json_object_put(modules);
	}
	platform_close(&relay->platform);
	return r;
}

static int
module_say(const struct relay *relay, bool done)
{
	FILE *f = done ? stdout : stderr;
	bool colours = table_colours(f);

	if (done) {
		printf("%sRelay module \"", table_sgr(TABLE_GREEN, colours));
		(void)text_print(f, relay->name);
		printf("\" has been successfully %s!", relay->action->done);
	} else {
		fprintf(f, "%sError: %s", table_sgr(TABLE_RED, colours),
		    relay->why.data);
	}
	fprintf(f, "%s\n", table_sgr(TABLE_PLAIN, colours));
	return done ? CMD_OK : CMD_FAILED;
}

int
cmd_relay(const struct command *cmd, int argc, char **argv)
{
	struct relay relay = {
		.cmd = cmd, .file = "relay_settings.json", .region = "us"
	};
	int status;

	buf_init(&relay.id, ANSWER_MAX);
	buf_init(&relay.password, ANSWER_MAX);
	buf_init(&relay.why, WHY_MAX);
	if ((status = module_options(&relay, argc, argv)) != CMD_OK)
		;
	else if (relay.help)
		status = options_help(&module_option_table, cmd);
	/* The defaults, unless a configuration is named: it may hold what this
	 * user must not read. */
	else if ((relay.conf = relay.config != NULL ?
			 settings_load(cmd, relay.config) :
			 settings_default(cmd)) == NULL)
		status = relay.config != NULL ? CMD_CONFIG : CMD_FAILED;
	else
		status = module_say(&relay, module_work(&relay) == 0);
	json_object_put(relay.settings);
	conf_free(relay.conf);
	free(relay.secrets);
	secret_free(&relay.password);
	secret_free(&relay.id);
	buf_free(&relay.why);
	return status;
}
