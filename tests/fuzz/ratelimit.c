/* SPDX-License-Identifier: MIT */
/* The header fields of an answer that tell of a quota, one a line. */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "net/ratelimit.h"

#define NOW INT64_C(1700000000)

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *p = (const char *)data, *end = p + size, *stop, *colon;
	struct ratelimit_fields f;
	struct ratelimit told;
	enum ratelimit_field field;

	ratelimit_init(&f);
	for (; p < end; p = stop < end ? stop + 1 : end) {
		if ((stop = memchr(p, '\n', (size_t)(end - p))) == NULL)
			stop = end;
		if ((colon = memchr(p, ':', (size_t)(stop - p))) == NULL)
			continue;
		field = ratelimit_field(p, (size_t)(colon - p));
		if (field != RATELIMIT_OTHER)
			ratelimit_take(&f, field, colon + 1,
			    (size_t)(stop - colon - 1), NOW);
	}
	HOLDS(f.policies <= RATELIMIT_POLICIES);
	if (!ratelimit_told(&f, &told))
		return 0;
	HOLDS(told.limit >= -1 && told.left >= -1);
	HOLDS(told.limit != -1 || told.left != -1);
	HOLDS(told.reset == -1 ||
	    (told.reset >= 0 && told.reset - NOW <= RATELIMIT_LONGEST));
	HOLDS(told.window >= -1 && told.window <= RATELIMIT_LONGEST);
	return 0;
}
