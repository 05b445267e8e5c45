/* SPDX-License-Identifier: MIT */
/* Cuts the members that are used out of an event; only these are cached. */
#include <stdlib.h>
#include <string.h>

#include "base/rfc3339.h"
#include "json/jsoncopy.h"
#include "json/jsonin.h"
#include "providers/qualys.h"

/* Bytes of an event that is taken: one that cannot be written must not cost the
 * others the answer (ANSWER_ENTITY). */
#define EVENT_BYTES (256U << 10)

/* Members of an event that are looked at, and those of its parts. */
static const char *const event_members[] = { "id", "score", NULL };
static const char *const asset_members[] = { "fullOSName", "netBiosName",
	"hostName", "interfaces", NULL };
static const char *const file_members[] = { "fileName", "fullPath", "sha256",
	"md5", NULL };
static const char *const process_members[] = { "processName", NULL };
static const char *const network_members[] = { "remoteIP", "remoteDns", NULL };
static const char *const interface_members[] = { "ipAddress", "macAddress",
	NULL };
static const char *const indicator_members[] = { "verdict", "threatName",
	NULL };

static const struct {
	const char *name;
	const char *const *members;
} parts[] = { { "asset", asset_members }, { "file", file_members },
	{ "process", process_members }, { "network", network_members } };

/* Adds a value to an object, whose it is then; NULL: there is none to add. */
static bool
cut_put(struct json_object *object, const char *name, struct json_object *value)
{
	return value == NULL || jsoncopy_put(object, name, value);
}

/* The objects of an array with the members that are named; NULL for none.
 * null: the name of a member (or NULL) whose null is kept. */
static struct json_object *
cut_array(struct json_object *array, const char *const *names, const char *null)
{
	struct json_object *copy, *element, *value;
	size_t i;

	if (jsonin_length(array) == 0 ||
	    (copy = json_object_new_array()) == NULL)
		return NULL;
	for (i = 0; i < jsonin_length(array); i++) {
		element = jsoncopy_members(jsonin_at(array, i), names);
		if (element == NULL)
			continue;
		if (null != NULL &&
		    jsonin_has(jsonin_at(array, i), null, &value) &&
		    value == NULL)
			(void)json_object_object_add(element, null, NULL);
		if (json_object_array_add(copy, element) != 0)
			json_object_put(element);
	}
	return copy;
}

/* The time, as CTIM has it; NULL when there is none.  Some events have it in
 * milliseconds since 1970, as a number or as its digits. */
static struct json_object *
cut_time(struct json_object *event)
{
	struct json_object *given = jsonin_member(event, "dateTime");
	const char *string = jsonin_text(given);
	char text[RFC3339_MAX];
	int64_t ms;
	int r;

	if (jsonin_int(given, &ms))
		r = rfc3339_milli(text, ms);
	else if (string == NULL)
		return NULL;
	else if (*string != '\0' &&
	    string[strspn(string, "0123456789")] == '\0')
		r = rfc3339_milli(text, strtoll(string, NULL, 10));
	else
		r = rfc3339_again(text, string, -1);
	return r == -1 ? NULL : json_object_new_string(text);
}

/* The parts of an event, cut, into its copy. */
static bool
cut_parts(struct json_object *copy, struct json_object *event)
{
	struct json_object *part, *interfaces;
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		part = jsoncopy_members(
		    jsonin_member(event, parts[i].name), parts[i].members);
		if (part == NULL)
			continue;
		interfaces = cut_array(
		    jsonin_member(part, "interfaces"), interface_members, NULL);
		json_object_object_del(part, "interfaces");
		if (!cut_put(part, "interfaces", interfaces)) {
			json_object_put(part);
			return false;
		}
		if (!cut_put(copy, parts[i].name, part))
			return false;
	}
	return true;
}

struct json_object *
qualys_event(struct json_object *event)
{
	struct json_object *copy = jsoncopy_members(event, event_members);

	if (copy == NULL)
		return NULL;
	if (!cut_put(copy, "dateTime", cut_time(event)) ||
	    !cut_put(copy, "indicator2",
		cut_array(jsonin_member(event, "indicator2"), indicator_members,
		    "threatName")) ||
	    !cut_parts(copy, event) || jsoncopy_size(copy) > EVENT_BYTES) {
		json_object_put(copy);
		return NULL;
	}
	return copy;
}

size_t
qualys_sightings(struct json_object *events)
{
	size_t i, n = 0;

	for (i = 0; i < jsonin_length(events); i++)
		n += jsonin_string(jsonin_at(events, i), "dateTime") != NULL;
	return n;
}
