/* SPDX-License-Identifier: MIT */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "conf/duration.h"
#include "base/rfc3339.h"

static const struct unit {
	char letter;
	int64_t seconds;
} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 },
	{ 'w', 604800 } };

int64_t
duration_parse(const char *s)
{
	int64_t n = 0;

	if (*s < '0' || *s > '9')
		return -1;
	for (; *s >= '0' && *s <= '9'; s++) {
		n = n * 10 + (*s - '0');
		if (n > RFC3339_LAST)
			return -1;
	}
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (s[0] != units[i].letter || s[1] != '\0')
			continue;
		return n > RFC3339_LAST / units[i].seconds ?
		    -1 :
		    n * units[i].seconds;
	}
	return -1;
}

char *
duration_text(char out[DURATION_MAX], int64_t seconds)
{
	size_t i = sizeof(units) / sizeof(units[0]) - 1;

	while (seconds % units[i].seconds != 0)
		i--;
	(void)snprintf(out, DURATION_MAX, "%lld%c",
	    (long long)(seconds / units[i].seconds), units[i].letter);
	if (seconds == 0)
		(void)snprintf(out, DURATION_MAX, "never");
	return out;
}
