/* SPDX-License-Identifier: MIT */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/savedtext.h"
#include "cli/base/command.h"
#include "cli/base/infile.h"
#include "cli/jwt/module_settings.h"
#include "cli/terminal/text.h"
#include "json/jsonin.h"
#include "json/jsonscan.h"
#include "os/regular.h"

#define MODULE "module_settings.json"
#define ZAPPA  "zappa_settings.json"
#define BYTES  65536 /* of such a file */
#define WORD                                                   \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz" \
	"0123456789-_"

static const char *const module_settings_regions[] = { "us", "eu", "apjc" };

#define REGIONS \
	(sizeof(module_settings_regions) / sizeof(module_settings_regions[0]))

static int
module_settings_no_file(
    const struct command *cmd, const char *path, const char *why)
{
	if (errno == ENOENT)
		return command_fail(cmd, CMD_FAILED,
		    "there is no file \"%s\" here; a stage is looked for in "
		    "the folder of a published relay. Without one: ctim-relay "
		    "jwt --relay NAME",
		    path);
	return command_fail(cmd, CMD_FAILED, "%s: %s", path, why);
}

static int
read_object(
    const struct command *cmd, const char *path, struct json_object **object)
{
	struct buf text;
	const char *why = NULL;
	struct stat st;
	int fd = regular_open(path, O_RDONLY, &st, &why), status = CMD_OK;

	buf_init(&text, BYTES);
	if (fd == -1) {
		status = module_settings_no_file(cmd, path, why);
	} else if (infile_all(fd, &text) == -1) {
		status = command_fail(
		    cmd, CMD_FAILED, "%s: %s", path, strerror(errno));
	} else {
		text.len = savedtext_trim(text.data, text.len);
		*object = jsonin_parse(
		    text.data, text.len, JSON_REQUEST_VALUES, &why);
		if (!json_object_is_type(*object, json_type_object))
			status = command_fail(cmd, CMD_FAILED, "%s: %s", path,
			    why != NULL ? why : "not a JSON object");
	}
	if (fd != -1)
		close(fd);
	buf_free(&text);
	return status;
}

static int
find_stage(const struct command *cmd, const struct module_settings *m)
{
	if (json_object_is_type(
		jsonin_member(m->zappa, m->stage), json_type_object))
		return CMD_OK;
	(void)command_fail(
	    cmd, CMD_FAILED, ZAPPA " has no stage \"%s\"", m->stage);
	fprintf(stderr, "Stages:");
	json_object_object_foreach(m->zappa, name, value)
	{
		if (!json_object_is_type(value, json_type_object))
			continue;
		putc(' ', stderr);
		(void)text_print(stderr, name);
	}
	putc('\n', stderr);
	return CMD_FAILED;
}

/* Reads what the module asks for, in the order of the file. */
static int
find_prompts(const struct command *cmd, struct module_settings *m)
{
	struct json_object *jwt = jsonin_member(m->file, "jwt");
	struct claims_prompt *p;

	if (!json_object_is_type(jwt, json_type_object))
		return command_fail(cmd, CMD_FAILED,
		    MODULE " lacks \"jwt\", "
			   "an object of the claims to ask for; {} for none");
	json_object_object_foreach(jwt, name, value)
	{
		if (m->n == MODULE_PROMPTS)
			return command_fail(cmd, CMD_FAILED,
			    MODULE " asks for more than %d claims",
			    MODULE_PROMPTS);
		p = &m->prompts[m->n++];
		p->claim = name;
		p->text = jsonin_text(value);
		if (p->text == NULL || *p->text == '\0')
			return command_fail(cmd, CMD_FAILED,
			    MODULE
			    ": \"%s\" in \"jwt\" should be what to ask for it, "
			    "a text",
			    name);
	}
	return CMD_OK;
}

/* Returns a member that can stand in a link; NULL for any other. */
static const char *
module_settings_word(struct json_object *object, const char *name)
{
	const char *text = jsonin_string(object, name);

	return text == NULL || *text == '\0' ||
		text[strspn(text, WORD)] != '\0' ?
	    NULL :
	    text;
}

static int
check_regions(const struct command *cmd, const struct module_settings *m)
{
	struct json_object *ids = jsonin_member(m->file, "region");

	for (size_t i = 0; i < REGIONS; i++)
		if (jsonin_member(ids, module_settings_regions[i]) != NULL &&
		    module_settings_word(ids, module_settings_regions[i]) ==
			NULL)
			return command_fail(cmd, CMD_FAILED,
			    MODULE
			    ": \"%s\" in \"region\" is neither the id of a "
			    "module nor null",
			    module_settings_regions[i]);
	return CMD_OK;
}

int
module_settings_read(
    const struct command *cmd, const char *stage, struct module_settings *m)
{
	int status;

	*m = (struct module_settings){ .stage = stage };
	if ((status = read_object(cmd, ZAPPA, &m->zappa)) != CMD_OK ||
	    (status = find_stage(cmd, m)) != CMD_OK ||
	    (status = read_object(cmd, MODULE, &m->file)) != CMD_OK ||
	    (status = find_prompts(cmd, m)) != CMD_OK ||
	    (status = check_regions(cmd, m)) != CMD_OK)
		return status;
	if ((m->name = jsonin_string(m->file, "name")) == NULL)
		return command_fail(cmd, CMD_FAILED,
		    MODULE " lacks \"name\", what people call the module");
	return CMD_OK;
}

void
module_settings_free(struct module_settings *m)
{
	json_object_put(m->file);
	json_object_put(m->zappa);
	*m = (struct module_settings){ .n = 0 };
}

static void
say_stage(const struct module_settings *m)
{
	struct json_object *stage = jsonin_member(m->zappa, m->stage);
	const char *project = module_settings_word(stage, "project_name");
	const char *region = module_settings_word(stage, "aws_region");

	if (project == NULL || region == NULL ||
	    m->stage[strspn(m->stage, WORD)] != '\0')
		return;
	fprintf(stderr,
	    "\nWhere the published relay still runs on AWS Lambda, "
	    "it takes the same key:\n\n"
	    "    https://console.aws.amazon.com/lambda/home?region=%s#/"
	    "functions/%s-%s/edit/environment-variables?tab=configuration\n",
	    region, project, m->stage);
}

static void
say_region(const char *region, const char *id)
{
	char name[8];
	size_t i;

	for (i = 0; region[i] != '\0'; i++)
		name[i] = (char)(region[i] & ~0x20);
	name[i] = '\0';
	if (id == NULL)
		fprintf(stderr, "    %s: not available\n", name);
	else
		fprintf(stderr,
		    "    %s: "
		    "https://securex.%s.security.cisco.com/settings/modules/"
		    "available/%s/new\n",
		    name, region, id);
}

void
module_settings_say(const struct module_settings *m)
{
	struct json_object *ids = jsonin_member(m->file, "region");

	say_stage(m);
	fprintf(stderr, "\nThe module ");
	(void)text_print(stderr, m->name);
	fprintf(
	    stderr, " is made, with the relay's URL and the token, at:\n\n");
	for (size_t i = 0; i < REGIONS; i++)
		say_region(module_settings_regions[i],
		    module_settings_word(ids, module_settings_regions[i]));
}
