/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <string.h>

#include "cli/sharing/misp_type.h"

/* Hashes of other things than files (certificates, TLS clients) and those that
 * only compare are not there; nor are addresses of victims. */
static const struct misp_type misp_types[] = { { "domain", "domain", NULL },
	{ "domain|ip", "domain", "ip" }, { "email", "email", NULL },
	{ "email-dst", "email", NULL }, { "email-reply-to", "email", NULL },
	{ "email-src", "email", NULL }, { "filename|md5", NULL, "md5" },
	{ "filename|sha1", NULL, "sha1" },
	{ "filename|sha256", NULL, "sha256" }, { "hostname", "domain", NULL },
	{ "hostname|port", "domain", NULL }, { "ip-dst", "ip", NULL },
	{ "ip-dst|port", "ip", NULL }, { "ip-src", "ip", NULL },
	{ "ip-src|port", "ip", NULL }, { "malware-sample", NULL, "md5" },
	{ "md5", "md5", NULL }, { "sha1", "sha1", NULL },
	{ "sha256", "sha256", NULL }, { "uri", "url", NULL },
	{ "url", "url", NULL } };

const struct misp_type *
misp_type(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(misp_types) / sizeof(misp_types[0]); i++)
		if (strcmp(misp_types[i].name, name) == 0)
			return &misp_types[i];
	return NULL;
}
