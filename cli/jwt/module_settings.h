/* SPDX-License-Identifier: MIT */
/*
 * module_settings: the two files that lie in the folder of a published relay:
 * what its module at the platform is called and asks for, and where a stage of
 * it runs.
 * Source: the files module_settings.json and zappa_settings.json of the
 * published relays.
 */
#ifndef CTIM_MODULE_SETTINGS_H
#define CTIM_MODULE_SETTINGS_H

#include <stddef.h>

#include "cli/jwt/claims.h"

struct command;
struct json_object;

#define MODULE_PROMPTS 32 /* claims that a module asks for */

struct module_settings {
	struct json_object *file; /* NULL: nothing was read */
	struct json_object *zappa;
	const char *stage;
	const char *name; /* what people call the module */
	struct claims_prompt prompts[MODULE_PROMPTS];
	size_t n;
};

/* Reads both files from the working directory.  stage is an entry of the
 * second.  Returns CMD_OK, and the caller ends with module_settings_free();
 * else the error has been printed, and the result is its status. */
int module_settings_read(
    const struct command *, const char *stage, struct module_settings *);
void module_settings_free(struct module_settings *);

/* Says on standard error where the stage gets its secret key, and where to make
 * the module in each region. */
void module_settings_say(const struct module_settings *);

#endif
