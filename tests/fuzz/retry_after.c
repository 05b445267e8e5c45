/* SPDX-License-Identifier: MIT */
/* A Retry-After header.  The first bytes are what time it is. */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "http/http.h"

#define LAST INT64_C(253402300799) /* 9999-12-31T23:59:59Z */

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[128];
	int64_t now = 0, ms;
	size_t n;

	if (size < sizeof(now))
		return 0;
	memcpy(&now, data, sizeof(now));
	now = now < 0 || now > LAST ? 1700000000 : now;
	n = size - sizeof(now) < sizeof(text) ? size - sizeof(now) :
						sizeof(text) - 1;
	memcpy(text, data + sizeof(now), n);
	text[n] = '\0';
	ms = http_retry_after(text, now);
	HOLDS(ms >= -1 && ms <= HTTP_RETRY_MAX);
	(void)http_header_safe(text);
	return 0;
}
