/* SPDX-License-Identifier: MIT */
/*
 * A FastCGI connection, in pieces whose size the first byte says.  What comes
 * of it must not depend on them, and what libfcgi is shown must be plain.
 */
#include <string.h>

#include "fcgi/net/record.h"
#include "tests/fuzz/fuzz.h"

#define BODY_MAX 1000 /* bytes of a request's body */

struct reader {
	struct record r;
	enum record_result result;
};

static void
read_in(struct reader *x, const uint8_t *p, size_t n, size_t piece)
{
	uint8_t *copy;
	size_t step;

	if (x->r.max_body == 0)
		record_init(&x->r, BODY_MAX);
	record_reset(&x->r);
	x->result = RECORD_MORE;
	for (; n > 0 && x->result == RECORD_MORE; p += step, n -= step) {
		step = n < piece ? n : piece;
		HOLDS((copy = malloc(step)) != NULL);
		memcpy(copy, p, step);
		x->result = record_feed(&x->r, copy, step);
		free(copy);
	}
}

/* BEGIN_REQUEST, PARAMS, STDIN, nothing else, and all of one request; behind
 * them a header of zeros, where libfcgi would stop. */
static void
check_plain(const struct reader *x)
{
	static const unsigned char stop[FCGIFRAME_HEADER];
	const unsigned char *p = (const unsigned char *)x->r.frames.data;
	const unsigned char *end = p + x->r.frames.len - sizeof(stop);
	char *env[RECORD_NAMES_MAX + 1];
	size_t n;
	int last = 1;

	record_variables(&x->r, env);
	for (n = 0; env[n] != NULL; n++)
		HOLDS(strchr(env[n], '=') != NULL);
	HOLDS(x->r.frames.len > FCGIFRAME_HEADER &&
	    memcmp(end, stop, sizeof(stop)) == 0);
	while (p < end) {
		HOLDS(end - p >= FCGIFRAME_HEADER && p[0] == 1);
		HOLDS(p[1] == last || (p[1] == 4 && last == 1) ||
		    (p[1] == 5 && last == 4));
		HOLDS((p[2] << 8 | p[3]) == x->r.id);
		last = p[1];
		n = (size_t)(p[4] << 8 | p[5]) + p[6] + FCGIFRAME_HEADER;
		HOLDS((size_t)(end - p) >= n);
		p += n;
	}
	HOLDS(last == 5 && x->r.kept <= BODY_MAX + 1);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct reader whole, pieces;

	if (size < 2)
		return 0;
	read_in(&whole, data + 1, size - 1, size);
	read_in(&pieces, data + 1, size - 1, (size_t)data[0] + 1);
	HOLDS(whole.result == pieces.result);
	if (whole.result != RECORD_WHOLE)
		return 0;
	HOLDS(whole.r.frames.len == pieces.r.frames.len &&
	    whole.r.body == pieces.r.body);
	HOLDS(memcmp(whole.r.frames.data, pieces.r.frames.data,
		  whole.r.frames.len) == 0);
	HOLDS(whole.r.params.len == pieces.r.params.len &&
	    memcmp(whole.r.params.data, pieces.r.params.data,
		whole.r.params.len) == 0);
	check_plain(&whole);
	return 0;
}
