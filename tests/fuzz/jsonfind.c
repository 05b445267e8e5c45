/*
 * A page of OTX, in pieces whose size the first byte says.  What is found must
 * not depend on them, nor on whether the processor has SSE2.
 */
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "json/jsonfind.h"
#include "json/jsonin.h"

/* The half of jsonfind_block.c that this machine does not use. */
#define JSONFIND_PORTABLE
#define jsonfind_block portable_block
#include "src/json/jsonfind_block.c"
#undef jsonfind_block

void jsonfind_block(
    struct jsonfind_carry *, const char *p, unsigned n, struct jsonfind_bits *);

static void
compare_blocks(const uint8_t *data, size_t size)
{
	struct jsonfind_carry a = { 0 }, b = { 0 };
	struct jsonfind_bits x, y;
	char block[JSONFIND_BLOCK];
	unsigned n;

	for (; size > 0; data += n, size -= n) {
		n = size < JSONFIND_BLOCK ? (unsigned)size : JSONFIND_BLOCK;
		memset(block, ' ', sizeof(block));
		memcpy(block, data, n);
		jsonfind_block(&a, block, n, &x);
		portable_block(&b, block, n, &y);
		HOLDS(x.brackets == y.brackets);
		HOLDS(x.backslashes == y.backslashes);
		HOLDS(a.escaped == b.escaped && a.string == b.string);
	}
}

static struct jsonfind *
scan(const uint8_t *p, size_t n, size_t piece, enum jsonfind_state *state)
{
	struct jsonfind *s = jsonfind_new("results", "indicator", "x.example");
	char *copy;
	size_t step;

	HOLDS(s != NULL);
	for (; n > 0; p += step, n -= step) {
		step = n < piece ? n : piece;
		HOLDS((copy = malloc(step)) != NULL);
		memcpy(copy, p, step);
		(void)jsonfind_add(s, copy, step);
		free(copy);
	}
	*state = jsonfind_end(s);
	return s;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	enum jsonfind_state a, b;
	struct jsonfind *whole, *pieces;

	if (size < 2)
		return 0;
	compare_blocks(data + 1, size - 1);
	whole = scan(data + 1, size - 1, size, &a);
	pieces = scan(data + 1, size - 1, (size_t)data[0] + 1, &b);
	HOLDS(a == b);
	if (a == JSONFIND_FOUND) {
		HOLDS(json_object_equal(
		    jsonfind_element(whole), jsonfind_element(pieces)));
		HOLDS(
		    strcmp(jsonin_string(jsonfind_element(whole), "indicator"),
			"x.example") == 0);
	} else if (a == JSONFIND_MORE) {
		HOLDS(json_object_equal(
		    jsonfind_top(whole), jsonfind_top(pieces)));
	} else {
		HOLDS(strcmp(jsonfind_why(whole), jsonfind_why(pieces)) == 0);
	}
	jsonfind_free(whole);
	jsonfind_free(pieces);
	return 0;
}
