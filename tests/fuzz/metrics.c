/* SPDX-License-Identifier: MIT */
/* A request to the metrics listener, as it comes. */
#include <string.h>

#include "base/buf.h"
#include "fcgi/metrics/metrics_http.h"
#include "tests/fuzz/fuzz.h"

#define STEP 97 /* bytes that come at a time */

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const int known[] = { 0, 200, 400, 404, 405, 431, 505 };
	const char *p = (const char *)data;
	struct buf answer;
	bool head, first;
	size_t n, i;
	int status = 0;

	if (size > METRICS_HTTP_ASKED)
		size = METRICS_HTTP_ASKED;
	for (n = 0; n < size && status == 0;) {
		n = size - n < STEP ? size : n + STEP;
		status = metrics_http_read(p, n, &head);
	}
	for (i = 0; known[i] != status; i++)
		HOLDS(i + 1 < sizeof(known) / sizeof(known[0]));
	HOLDS(status != 0 || size < METRICS_HTTP_ASKED);
	if (status == 0)
		return 0;
	/* What comes behind a request changes nothing. */
	HOLDS(metrics_http_read(p, size, &first) == status);
	HOLDS(status == 431 || first == head);
	buf_init(&answer, 1024);
	metrics_http_answer(&answer, status, head, size, 0);
	HOLDS(!answer.failed && strstr(answer.data, "\r\n\r\n") != NULL);
	buf_free(&answer);
	return 0;
}
