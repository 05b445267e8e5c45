/*
 * A FastCGI connection, in pieces whose size the first byte says.  What comes
 * of it must not depend on them, and what libfcgi is shown must be plain.
 */
#include <sys/mman.h>

#include <string.h>
#include <unistd.h>

#include "fcgi/net/record.h"
#include "tests/fuzz/fuzz.h"

#define BODY_MAX 1000       /* bytes of a request's body */
#define SINK_MAX (1U << 18) /* bytes of a request in the sink */

struct reader {
	struct record r;
	int sink;
	enum record_result result;
	ssize_t n;
	unsigned char text[SINK_MAX];
};

static void
read_in(struct reader *x, const uint8_t *p, size_t n, size_t piece)
{
	uint8_t *copy;
	size_t step;

	if (x->r.input == NULL) {
		x->sink = memfd_create("record", MFD_CLOEXEC);
		HOLDS(x->sink != -1);
		HOLDS(record_init(&x->r, x->sink, BODY_MAX) == 0);
	}
	record_reset(&x->r);
	HOLDS(ftruncate(x->sink, 0) == 0);
	x->result = RECORD_MORE;
	for (; n > 0 && x->result == RECORD_MORE; p += step, n -= step) {
		step = n < piece ? n : piece;
		HOLDS((copy = malloc(step)) != NULL);
		memcpy(copy, p, step);
		x->result = record_feed(&x->r, copy, step);
		free(copy);
	}
	x->n = pread(x->sink, x->text, SINK_MAX, 0);
	HOLDS(x->n >= 0 && x->n < SINK_MAX);
}

/* BEGIN_REQUEST, PARAMS, STDIN, nothing else, and all of one request; behind
 * them a header of zeros, where libfcgi would stop. */
static void
check_plain(const struct reader *x)
{
	static const unsigned char stop[RECORD_HEADER];
	const unsigned char *p = x->text, *end = p + x->n - sizeof(stop);
	size_t n;
	int last = 1;

	HOLDS(x->n > RECORD_HEADER && memcmp(end, stop, sizeof(stop)) == 0);
	while (p < end) {
		HOLDS(end - p >= RECORD_HEADER && p[0] == 1);
		HOLDS(p[1] == last || (p[1] == 4 && last == 1) ||
		    (p[1] == 5 && last == 4));
		HOLDS((p[2] << 8 | p[3]) == x->r.id);
		last = p[1];
		n = (size_t)(p[4] << 8 | p[5]) + p[6] + RECORD_HEADER;
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
	HOLDS(whole.n == pieces.n && whole.r.body == pieces.r.body);
	HOLDS(memcmp(whole.text, pieces.text, (size_t)whole.n) == 0);
	check_plain(&whole);
	return 0;
}
