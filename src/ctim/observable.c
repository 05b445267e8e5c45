/* SPDX-License-Identifier: MIT */
#include <string.h>
#include <strings.h>

#include "ctim/observable.h"

static const char *const observable_names[OBSERVABLE_TYPES] = {
	[OBSERVABLE_DOMAIN] = "domain",
	[OBSERVABLE_EMAIL] = "email",
	[OBSERVABLE_IP] = "ip",
	[OBSERVABLE_IPV6] = "ipv6",
	[OBSERVABLE_MD5] = "md5",
	[OBSERVABLE_SHA1] = "sha1",
	[OBSERVABLE_SHA256] = "sha256",
	[OBSERVABLE_URL] = "url",
	[OBSERVABLE_FILE_NAME] = "file_name",
	[OBSERVABLE_FILE_PATH] = "file_path",
	[OBSERVABLE_MUTEX] = "mutex"
};

const char *
observable_name(enum observable_type type)
{
	return observable_names[type];
}

static enum observable_type
observable_find(const char *name, int (*compare)(const char *, const char *))
{
	unsigned i;

	for (i = 0; i < OBSERVABLE_TYPES; i++)
		if (compare(observable_names[i], name) == 0)
			break;
	return (enum observable_type)i;
}

enum observable_type
observable_type(const char *name)
{
	return observable_find(name, strcmp);
}

enum observable_type
observable_type_any_case(const char *name)
{
	return observable_find(name, strcasecmp);
}
