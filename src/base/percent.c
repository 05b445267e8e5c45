/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "base/buf.h"
#include "base/percent.h"

/* RFC 3986 section 2.3. */
static const char unreserved[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

void
percent_add(struct buf *b, const char *text, const char *keep)
{
	for (; *text != '\0'; text++) {
		if (strchr(unreserved, *text) != NULL ||
		    strchr(keep, *text) != NULL)
			buf_addc(b, *text);
		else
			buf_addf(b, "%%%02X", (unsigned char)*text);
	}
}
