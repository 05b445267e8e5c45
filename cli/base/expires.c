/* SPDX-License-Identifier: MIT */
#include "conf/duration.h"
#include "base/rfc3339.h"
#include "cli/base/expires.h"

int64_t
expires_parse(const char *s, int64_t now)
{
	int64_t seconds = duration_parse(s), when;

	when = seconds > 0 ? now + seconds : rfc3339_parse(s);
	return when > now ? when : -1;
}
