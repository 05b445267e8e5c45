/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "cli/sharing/sharing.h"
#include "json/jsonin.h"

#define BLANKS " \t\r\n"

bool
sharing_begins(const char *head, const char *form)
{
	bool string = false;

	for (; *form != '\0'; form++, head++) {
		if (!string)
			head += strspn(head, BLANKS);
		if (*head != *form)
			return false;
		if (*form == '"')
			string = !string;
	}
	return true;
}

const char *
sharing_member(const char *head, const char *name)
{
	size_t n = strlen(name);
	const char *s = head;

	while ((s = strchr(s, '"')) != NULL) {
		s++;
		if (strncmp(s, name, n) != 0 || s[n] != '"')
			continue;
		s += n + 1;
		s += strspn(s, BLANKS);
		if (*s == ':')
			return s + 1 + strspn(s + 1, BLANKS);
	}
	return NULL;
}

bool
sharing_uuid(const char *s)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
	size_t i;

	for (i = 0; form[i] != '\0'; i++)
		if (form[i] == '-' ? s[i] != '-' :
				     s[i] == '\0' ||
			    strchr("0123456789abcdefABCDEF", s[i]) == NULL)
			return false;
	return true;
}

bool
sharing_yes(struct json_object *value)
{
	const char *text = jsonin_text(value);
	int64_t n;

	if (text != NULL)
		return strcmp(text, "1") == 0 || strcmp(text, "true") == 0;
	if (json_object_is_type(value, json_type_boolean))
		return json_object_get_boolean(value);
	return jsonin_int(value, &n) && n == 1;
}
