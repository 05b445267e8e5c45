/* SPDX-License-Identifier: MIT */
#include <string.h>

#include <json-c/json.h>

#include "base/buf.h"
#include "cli/played/playedrow.h"
#include "json/jsonin.h"

/* Members that a row may have: another one is a slip of the pen. */
static bool
playedrow_is_member(const char *name)
{
	static const char *const members[] = { "request", "headers", "body",
		"status", "json", "text", "reply_headers" };
	size_t i;

	for (i = 0; i < sizeof(members) / sizeof(*members); i++)
		if (strcmp(members[i], name) == 0)
			return true;
	return false;
}

/* Looks at a member that is an object of texts, where it is there. */
static void
playedrow_headers(
    struct json_object *row, const char *name, size_t i, struct buf *wrong)
{
	struct json_object *headers = jsonin_member(row, name);

	if (headers == NULL)
		return;
	if (!json_object_is_type(headers, json_type_object)) {
		buf_addf(wrong, "[%zu].%s is no object\n", i, name);
		return;
	}
	json_object_object_foreach(
	    headers, key, value) if (jsonin_text(value) == NULL)
	    buf_addf(wrong, "[%zu].%s.%s is no text\n", i, name, key);
}

/* Looks at what the answer is. */
static void
playedrow_body(struct json_object *row, size_t i, struct buf *wrong)
{
	struct json_object *json, *text;

	if (!jsonin_has(row, "text", &text))
		return;
	if (jsonin_has(row, "json", &json))
		buf_addf(wrong, "[%zu] has both json and text\n", i);
	if (!json_object_is_type(text, json_type_string))
		buf_addf(wrong, "[%zu].text is no text\n", i);
}

void
playedrow_look(struct json_object *row, size_t i, struct buf *wrong)
{
	int64_t status;

	if (jsonin_string(row, "request") == NULL) {
		buf_addf(wrong, "[%zu] has no \"request\": \"GET URL\"\n", i);
		return;
	}
	if (jsonin_member(row, "status") != NULL &&
	    (!jsonin_int(jsonin_member(row, "status"), &status) ||
		status < 100 || status > 599))
		buf_addf(wrong, "[%zu].status is none of HTTP\n", i);
	playedrow_headers(row, "headers", i, wrong);
	playedrow_headers(row, "reply_headers", i, wrong);
	playedrow_body(row, i, wrong);
	json_object_object_foreach(row, key, value)
	{
		(void)value;
		if (!playedrow_is_member(key))
			buf_addf(wrong,
			    "[%zu] has a member %s; there are request, "
			    "headers, body, status, json, text, "
			    "reply_headers\n",
			    i, key);
	}
}
