/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdbool.h>

#include "base/buf.h"
#include "json/jsonin.h"
#include "body/bodycheck.h"

/* The fault of the member name of element; NULL when there is none. */
static const char *
bodycheck_wrong(struct json_object *element, const char *name)
{
	struct json_object *value;
	const char *text;

	if (!jsonin_has(element, name, &value))
		return "Missing data for required field.";
	if (value == NULL)
		return "Field may not be null.";
	if ((text = jsonin_text(value)) == NULL)
		return "Not a valid string.";
	return *text == '\0' ? "Field may not be blank." : NULL;
}

static void
bodycheck_members(
    struct buf *out, struct json_object *element, const char *const *names)
{
	const char *text, *comma = "";

	for (; *names != NULL; names++) {
		if ((text = bodycheck_wrong(element, *names)) == NULL)
			continue;
		buf_addf(out, "%s\"%s\": [\"%s\"]", comma, *names, text);
		comma = ", ";
	}
}

static bool
all_right(struct json_object *element, const char *const *names)
{
	if (!json_object_is_type(element, json_type_object))
		return false;
	for (; *names != NULL; names++)
		if (bodycheck_wrong(element, *names) != NULL)
			return false;
	return true;
}

void
bodycheck_begin(struct bodycheck *fe, struct buf *out)
{
	*fe = (struct bodycheck){ .out = out };
	buf_reset(out);
}

int
bodycheck_end(struct bodycheck *fe)
{
	if (fe->n == 0)
		return 0;
	buf_addc(fe->out, '}');
	return -1;
}

void
bodycheck_check_at(struct bodycheck *fe, size_t i, struct json_object *element,
    const char *const *names)
{
	if (all_right(element, names))
		return;
	buf_addf(fe->out, "%s\"%zu\": {", fe->n++ == 0 ? "{" : ", ", i);
	if (json_object_is_type(element, json_type_object))
		bodycheck_members(fe->out, element, names);
	else
		buf_adds(fe->out, "\"_schema\": [\"Invalid input type.\"]");
	buf_addc(fe->out, '}');
}

int
bodycheck_check(
    struct buf *out, struct json_object *body, const char *const *names)
{
	buf_reset(out);
	if (all_right(body, names))
		return 0;
	if (!json_object_is_type(body, json_type_object)) {
		bodycheck_schema(out, "Invalid input type.");
		return -1;
	}
	buf_addc(out, '{');
	bodycheck_members(out, body, names);
	buf_addc(out, '}');
	return -1;
}

void
bodycheck_schema(struct buf *out, const char *format, ...)
{
	va_list ap;

	buf_reset(out);
	buf_adds(out, "{\"_schema\": [\"");
	va_start(ap, format);
	buf_vaddf(out, format, ap);
	va_end(ap);
	buf_adds(out, "\"]}");
}
