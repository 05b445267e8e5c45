/* SPDX-License-Identifier: MIT */
/*
 * A page of OTX, in pieces whose size the first byte says.  What is found must
 * not depend on them, nor on whether the processor has SSE2, nor on whether it is
 known what all that stands for the same has.
 */
#include <string.h>
#include <strings.h>

#include "tests/fuzz/fuzz.h"
#include "json/jsonfind.h"
#include "json/jsonin.h"

/* The half of jsonfind_block.c that this machine does not use. */
#define JSONFIND_PORTABLE
#define jsonfind_block    portable_block
#define jsonfind_caseless portable_caseless
#include "src/json/jsonfind_block.c"
#undef jsonfind_block
#undef jsonfind_caseless

void jsonfind_block(
    struct jsonfind_carry *, const char *p, unsigned n, struct jsonfind_bits *);
const char *jsonfind_caseless(
    const char *p, const char *end, const char *word, size_t n);

#define VALUE "x.example"
#define CORE  "X.e" /* of all that is it without case */

static void
compare_blocks(const uint8_t *data, size_t size)
{
	struct jsonfind_carry a = { 0 }, b = { 0 };
	struct jsonfind_bits x, y;
	char block[JSONFIND_BLOCK];
	const char *p = (const char *)data, *end = p + size;
	unsigned n;

	HOLDS(jsonfind_caseless(p, end, CORE, strlen(CORE)) ==
	    portable_caseless(p, end, CORE, strlen(CORE)));
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

static bool
is_value(const char *text, size_t n, const void *arg)
{
	(void)arg;
	return n == strlen(VALUE) && strncasecmp(text, VALUE, n) == 0;
}

/* core: NULL where nothing but the value itself is looked for. */
static struct jsonfind *
scan(const uint8_t *p, size_t n, size_t piece, const char *core,
    enum jsonfind_state *state)
{
	struct jsonfind *s = jsonfind_new("results", "indicator", VALUE);
	char *copy;
	size_t step;

	HOLDS(s != NULL);
	if (core != NULL)
		jsonfind_also(s, core, strlen(core), is_value, NULL);
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

/* Two scans of one page, whole and in pieces, find the same. */
static void
compare_scans(const uint8_t *data, size_t size, size_t piece, const char *core,
    const char *other)
{
	enum jsonfind_state a, b;
	struct jsonfind *whole = scan(data, size, size, core, &a);
	struct jsonfind *pieces = scan(data, size, piece, other, &b);
	const char *found;

	HOLDS(a == b);
	if (a == JSONFIND_FOUND) {
		HOLDS(json_object_equal(
		    jsonfind_element(whole), jsonfind_element(pieces)));
		found = jsonin_string(jsonfind_element(whole), "indicator");
		HOLDS(core == NULL ? strcmp(found, VALUE) == 0 :
				     strcasecmp(found, VALUE) == 0);
	} else if (a == JSONFIND_MORE) {
		HOLDS(json_object_equal(
		    jsonfind_top(whole), jsonfind_top(pieces)));
	} else {
		HOLDS(strcmp(jsonfind_why(whole), jsonfind_why(pieces)) == 0);
	}
	jsonfind_free(whole);
	jsonfind_free(pieces);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t piece;

	if (size < 2)
		return 0;
	piece = (size_t)data[0] + 1;
	compare_blocks(data + 1, size - 1);
	compare_scans(data + 1, size - 1, piece, NULL, NULL);
	compare_scans(data + 1, size - 1, piece, "", CORE);
	return 0;
}
