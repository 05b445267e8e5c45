/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/utf8.h"
#include "cli/base/infile.h"
#include "cli/base/secret.h"
#include "cli/module/module_file.h"
#include "cli/terminal/text.h"
#include "json/jsonin.h"
#include "json/jsonscan.h"

#define VARIABLE_MAX 256 /* bytes of a variable's name, with the NUL */

/* The members that a file must have; a parent stands before its members. */
static const struct member {
	const char *parent; /* NULL: the file's object */
	const char *name;
	enum json_type type;
} module_file_members[] = { { NULL, "name", json_type_string },
	{ NULL, "module_type_id", json_type_string },
	{ NULL, "visibility", json_type_string },
	{ NULL, "settings", json_type_object },
	{ "settings", "url", json_type_string },
	{ "settings", "supported-apis", json_type_array } };

/* Relay API, module types: what a module may serve. */
static const char *const apis[] = { "health", "observe/observables",
	"deliberate/observables", "refer/observables", "respond/observables",
	"respond/trigger" };

/* Names of types with their articles, by enum json_type. */
static const char *const module_file_kinds[] = { [json_type_null] = "null",
	[json_type_boolean] = "a boolean",
	[json_type_double] = "a number",
	[json_type_int] = "a number",
	[json_type_object] = "an object",
	[json_type_array] = "an array",
	[json_type_string] = "a string" };

#define N(table) (sizeof(table) / sizeof((table)[0]))

static bool
module_file_empty(struct json_object *value)
{
	return json_object_is_type(value, json_type_string) ?
	    json_object_get_string_len(value) == 0 :
	    jsonin_length(value) == 0 &&
		(!json_object_is_type(value, json_type_object) ||
		    json_object_object_length(value) == 0);
}

static void
check_apis(struct json_object *list, struct buf *why)
{
	const char *api;
	size_t i, k;

	for (i = 0; i < jsonin_length(list); i++) {
		api = jsonin_text(jsonin_at(list, i));
		for (k = 0; k < N(apis); k++)
			if (api != NULL && strcmp(api, apis[k]) == 0)
				break;
		if (k < N(apis))
			continue;
		if (api == NULL)
			text_addf(why,
			    "element %zu of \"settings.supported-apis\" is no "
			    "string",
			    i + 1);
		else
			text_addf(why,
			    "\"settings.supported-apis\" holds \"%s\"", api);
		buf_adds(why, "; there are: ");
		for (k = 0; k < N(apis); k++)
			buf_addf(why, "%s%s", k == 0 ? "" : ", ", apis[k]);
		buf_addc(why, '\n');
	}
}

static void
check_member(struct json_object *all, const struct member *m, struct buf *why)
{
	struct json_object *in = all, *value;
	enum json_type type;
	char name[64];

	if (m->parent != NULL)
		in = jsonin_member(all, m->parent);
	/* The parent has been complained about. */
	if (!json_object_is_type(in, json_type_object) ||
	    (m->parent != NULL && json_object_object_length(in) == 0))
		return;
	snprintf(name, sizeof(name), "%s%s%s",
	    m->parent == NULL ? "" : m->parent, m->parent == NULL ? "" : ".",
	    m->name);
	if (!jsonin_has(in, m->name, &value)) {
		text_addf(why, "\"%s\" is missing; it should be %s", name,
		    module_file_kinds[m->type]);
	} else if ((type = json_object_get_type(value)) != m->type) {
		text_addf(why, "\"%s\" is %s and should be %s", name,
		    module_file_kinds[type], module_file_kinds[m->type]);
	} else if (module_file_empty(value)) {
		text_addf(why, "\"%s\" is empty", name);
	} else {
		if (type == json_type_array)
			check_apis(value, why);
		return;
	}
	buf_addc(why, '\n');
}

static void
check_unknown(struct json_object *all, struct buf *why)
{
	struct json_object_iter i;
	size_t k;

	json_object_object_foreachC(all, i)
	{
		for (k = 0; k < N(module_file_members); k++)
			if (module_file_members[k].parent == NULL &&
			    strcmp(module_file_members[k].name, i.key) == 0)
				break;
		if (k < N(module_file_members))
			continue;
		text_addf(why,
		    "\"%s\" is unknown; only \"settings\" may have members of "
		    "its own",
		    i.key);
		buf_addc(why, '\n');
	}
}

/* Checks all members, and puts a line into why for each fault.  Returns 0, or
 * -1. */
static int
module_file_check(const char *path, struct json_object *all, struct buf *why)
{
	size_t i, begin;

	text_addf(why, "Invalid Relay settings JSON schema in \"%s\":", path);
	buf_addc(why, '\n');
	begin = why->len;
	if (!json_object_is_type(all, json_type_object)) {
		text_addf(why, "it is %s and should be an object",
		    module_file_kinds[json_object_get_type(all)]);
		return -1;
	}
	for (i = 0; i < N(module_file_members); i++)
		check_member(all, &module_file_members[i], why);
	check_unknown(all, why);
	if (why->len == begin && !why->failed) {
		buf_reset(why);
		return 0;
	}
	if (why->data[why->len - 1] == '\n')
		why->data[--why->len] = '\0';
	return -1;
}

/* Reads the name behind a dollar: NAME or {NAME} of ASCII letters, digits and
 * '_'.  Returns the bytes that it takes there, 0 when there is none. */
static size_t
variable(const char *p, size_t len, char name[VARIABLE_MAX])
{
	bool braced = len > 0 && *p == '{';
	static const char letters[] =
	    "0123456789_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t n = braced ? 1 : 0, begin = n;

	while (n < len && p[n] != '\0' &&
	    strchr(n == begin ? letters + 10 : letters, p[n]) != NULL)
		n++;
	if (n == begin || n - begin >= VARIABLE_MAX ||
	    (braced && (n == len || p[n] != '}')))
		return 0;
	memcpy(name, p + begin, n - begin);
	name[n - begin] = '\0';
	return braced ? n + 1 : n;
}

static int
add_variable(const char *name, struct buf *out, struct buf *why)
{
	const char *value = getenv(name);

	if (value == NULL) {
		text_addf(why,
		    "Unable to read environment variable \"%s\" for Relay "
		    "settings JSON expansion. Make sure to define it first.",
		    name);
		return -1;
	}
	if (!utf8_valid(value, strlen(value))) {
		text_addf(why,
		    "The environment variable \"%s\" is no UTF-8, so it cannot "
		    "be put into JSON.",
		    name);
		return -1;
	}
	buf_adds(out, value);
	return 0;
}

int
module_file_expand(const char *member, const char *text, size_t len,
    struct buf *out, struct buf *why)
{
	const char *end = text + len, *dollar;
	char name[VARIABLE_MAX];
	size_t n;

	while ((dollar = memchr(text, '$', (size_t)(end - text))) != NULL) {
		buf_add(out, text, (size_t)(dollar - text));
		text = dollar + 1;
		if (text < end && *text == '$') {
			buf_addc(out, *text++);
			continue;
		}
		n = variable(text, (size_t)(end - text), name);
		if (n == 0) {
			text_addf(why,
			    "A \"$\" in \"%s\" of the Relay settings begins no "
			    "$NAME or ${NAME}; write $$ for the character "
			    "itself.",
			    member);
			return -1;
		}
		if (add_variable(name, out, why) == -1)
			return -1;
		text += n;
	}
	buf_add(out, text, (size_t)(end - text));
	return 0;
}

/* Replaces the value of a string by what it expands to. */
static int
expand_value(const char *member, struct json_object *value, struct buf *why)
{
	struct buf out;
	int r;

	buf_init(&out, MODULE_FILE_MAX);
	r = module_file_expand(member, json_object_get_string(value),
	    (size_t)json_object_get_string_len(value), &out, why);
	if (r == 0 &&
	    (out.failed ||
		json_object_set_string_len(value, out.data, (int)out.len) ==
		    0)) {
		text_addf(why, "\"%s\" of the Relay settings becomes too long.",
		    member);
		r = -1;
	} else if (r == 0 && out.len == 0 &&
	    (strcmp(member, "name") == 0 || strcmp(member, "url") == 0)) {
		text_addf(why,
		    "\"%s\" of the Relay settings becomes empty: the "
		    "environment variable in it is.",
		    member);
		r = -1;
	}
	secret_free(&out);
	return r;
}

/* Expands the name and the strings right in "settings", none deeper, as the
 * Relay Module CLI does. */
static int
module_file_replace(struct json_object *all, struct buf *why)
{
	struct json_object_iter i;

	if (expand_value("name", jsonin_member(all, "name"), why) == -1)
		return -1;
	json_object_object_foreachC(jsonin_member(all, "settings"), i)
	{
		if (json_object_is_type(i.val, json_type_string) &&
		    expand_value(i.key, i.val, why) == -1)
			return -1;
	}
	return 0;
}

struct json_object *
module_file_parse(
    const char *path, const char *text, size_t len, struct buf *why)
{
	struct json_object *all;
	const char *reason = NULL;

	all = jsonin_parse(text, len, JSON_REQUEST_VALUES, &reason);
	if (all == NULL && reason != NULL) {
		text_addf(why,
		    "Unable to load Relay settings JSON file \"%s\". It may be "
		    "malformed: %s.",
		    path, reason);
		return NULL;
	}
	if (module_file_check(path, all, why) == -1 ||
	    module_file_replace(all, why) == -1) {
		json_object_put(all);
		return NULL;
	}
	return all;
}

struct json_object *
module_file_read(const char *path, struct buf *why)
{
	bool standard = strcmp(path, "-") == 0;
	const char *what = NULL;
	int fd = standard ? STDIN_FILENO : infile_descriptor(path, &what);
	struct json_object *all = NULL;
	struct buf text;

	buf_init(&text, MODULE_FILE_MAX);
	/* At once: no credentials stay behind in smaller buffers. */
	(void)buf_room(&text, MODULE_FILE_MAX);
	if (fd != -1 && infile_all(fd, &text) == 0)
		all = module_file_parse(path, text.data, text.len, why);
	else if (fd != -1 && errno == EFBIG)
		text_addf(why,
		    "The Relay settings file \"%s\" has more than %d bytes.",
		    path, MODULE_FILE_MAX);
	else
		text_addf(why,
		    "Unable to read the Relay settings file \"%s\": %s. Name "
		    "another with -f.",
		    path, fd == -1 ? what : strerror(errno));
	secret_free(&text);
	if (fd != -1 && !standard)
		(void)close(fd);
	return all;
}
